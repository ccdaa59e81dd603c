// Worker processes that run storyboards and judges beside each other: most of a run is waiting, for tasks that a person
// completes and for webhooks.
import { fork } from 'node:child_process';
import path from 'node:path';

// Runs every job on one of n processes, in the order given; done(job, result) as each ends. A result has `trouble` when
// the job could not be run, or the agent did not survive it.
export async function runJobs(jobs, { n, work }, done) {
  const left = [...jobs];
  const one = async () => {
    const child = fork(path.join(import.meta.dirname, 'worker.mjs'), [work], { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
    try {
      while (left.length) {
        const job = left.shift();
        done(job, await ask(child, job));
      }
    } finally {
      child.disconnect();
    }
  };
  await Promise.all(Array.from({ length: Math.min(n, jobs.length) }, one));
}

function ask(child, job) {
  return new Promise((resolve, reject) => {
    const gone = (code, signal) => reject(new Error(`a worker ended with ${code ?? signal} during ${JSON.stringify(job)}`));
    child.once('exit', gone);
    child.once('message', (result) => { child.off('exit', gone); resolve(result); });
    child.send(job);
  });
}
