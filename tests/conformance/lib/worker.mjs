// A worker process of crew.mjs: runs what it is sent, one thing after the other.
import './clock.mjs';
import { fuzz, gradeSigning } from './judges.mjs';
import { forgedKey } from './forged_key.mjs';
import { rest } from './rest.mjs';
import { play, token, withAgent } from './stage.mjs';
import { storyboards } from './storyboards.mjs';
import path from 'node:path';

process.env.ADCP_SKIP_VERSION_CHECK = '1';
process.env.STORYBOARD_TASK_POLL_INTERVAL_MS = '300';
process.env.STORYBOARD_TASK_POLL_TIMEOUT_MS = '10000';
const work = process.argv[2];
const items = storyboards();

const jobs = {
  storyboard: ({ at, pin, times }) => play(work, items[at], { pin, times }),
  rest: ({ pin }) => rest(work, pin),
  fuzz: () => withAgent(work, {}, async (proxy, agent) => {
    const second = await agent.cli('import', '--sandbox', path.join(import.meta.dirname, '../second_publisher.json'), '--new-publisher');
    if (second.code !== 0) throw new Error(second.stderr);
    const list = await agent.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    const tools = list.body.result.tools.map((t) => t.name);
    return fuzz(agent.url, { token, otherToken: 'demo-harbor-rival-v1', tools });
  }),
  grade: () => withAgent(work, {}, (proxy, agent) => gradeSigning(agent.url)),
  forged_key: () => withAgent(work, {}, (proxy, agent) => forgedKey(agent)),
};

process.on('message', async (job) => {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  try {
    process.send({ ...await jobs[job.kind](job), seconds: seconds() });
  } catch (e) {
    process.send({ trouble: String(e.stack ?? e), seconds: seconds() });
  }
});
