// What it takes to go beyond one box (docs/scaling.md): a publisher with N media buys moves to another installation, a backup is made
// and restored, and a standby takes over, from a backup and from Litestream. Each figure is the wall time of the command that the
// document names, beside a running agent where there is one.
//   node tests/bench/move.mjs [--buys 10000] [--json FILE]
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Agent, binary } from '../integration/lib/agent.mjs';
import { clock, publisher, seedArgs } from './workload.mjs';

const { values: opt } = parseArgs({ options: { buys: { type: 'string', default: '10000' }, json: { type: 'string' } } });
const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const work = mkdtempSync(path.join(os.tmpdir(), 'salesagent-move-'));
const BUYS = Number(opt.buys), PRINCIPALS = 200;
const rows = [];
const at = (name) => path.join(work, name);
const MiB = (file) => (statSync(file).size / 1048576).toFixed(1);

async function timed(what, fn, more = () => '') {
  const began = process.hrtime.bigint();
  const result = await fn();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  rows.push({ what, seconds: Number(seconds.toFixed(2)), more: more(result) });
  process.stderr.write(`${what}: ${seconds.toFixed(2)} s ${more(result)}\n`);
  return result;
}
const command = async (data, ...args) => (await run(binary, [...args, '--data', data], { maxBuffer: 1 << 26 })).stdout;
const start = (data) => Agent.start({ data, args: ['--clock', clock, '--log', 'error'] });
const ask = async (agent, i, tool, args) => {
  const { body } = await agent.call(tool, args, { token: `bench-token-${i}` });
  if (!body.result || body.result.isError) throw new Error(`${tool}: ${JSON.stringify(body).slice(0, 500)}`);
  return body.result.structuredContent;
};
// A page of the first buyer's, as text without what differs from answer to answer.
const one = async (agent) => JSON.stringify((await ask(agent, 0, 'get_media_buys', { adcp_version: '3.1', account: seedArgs(0, PRINCIPALS).account }))
  .media_buys.map((m) => [m.media_buy_id, m.status, m.total_budget]));
const keys = (from, to) => {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of ['secret.key', 'seal.keys']) if (!existsSync(path.join(to, name))) copyFileSync(path.join(from, name), path.join(to, name));
};

async function seed(agent) {
  let next = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let n = next++; n < BUYS; n = next++) await ask(agent, n % PRINCIPALS, 'create_media_buy', seedArgs(n, PRINCIPALS));
  }));
}

// How long the slowest poll took while `fn` ran.
async function beside(agent, fn) {
  let over = false, slowest = 0;
  const polls = (async () => {
    while (!over) {
      const began = performance.now();
      await fetch(`${agent.base}/healthz`).then((r) => r.text());
      slowest = Math.max(slowest, performance.now() - began);
      await new Promise((r) => setTimeout(r, 5));
    }
  })();
  await fn();
  over = true;
  await polls;
  return slowest;
}

writeFileSync(at('publisher.json'), JSON.stringify(publisher(PRINCIPALS)));
await command(at('here'), 'import', '--sandbox', at('publisher.json'));
let here = await start(at('here'));
await timed(`fill with ${BUYS} media buys`, () => seed(here));
rows.at(-1).more = `database ${MiB(at('here/salesagent.db'))} MiB`;

const before = await one(here);
const same = (now) => { if (now !== before) throw new Error(`another answer than before: ${now}`); };
const waited = (ms) => `slowest other answer ${ms.toFixed(0)} ms`;
await timed('backup, beside the agent', () => beside(here, () => command(at('here'), 'backup', at('copy.db'))), (ms) => `${MiB(at('copy.db'))} MiB, ${waited(ms)}`);
keys(at('here'), at('standby'));
await timed('standby: restore the backup', () => command(at('standby'), 'restore', at('copy.db')));
const standby = await timed('standby: start to the first answer', () => start(at('standby')));
same(await timed('standby: the first buyer is answered', () => one(standby), () => ''));
await command(at('standby'), 'jobs', 'release');
await standby.stop();

const litestream = path.join((await run('bash', ['-c', '. scripts/lib.sh; judges_dir'], { cwd: top })).stdout.trim(), 'bin/litestream');
if (existsSync(litestream)) {
  writeFileSync(at('litestream.yml'), `dbs:\n  - path: ${at('here/salesagent.db')}\n    replica:\n      type: file\n      path: ${at('replica')}\n`);
  await timed('Litestream: the first copy', () => run(litestream, ['replicate', '-once', '-config', at('litestream.yml')]));
  await timed('standby: restore from Litestream', () => run(litestream, ['restore', '-config', at('litestream.yml'), '-o', at('followed.db'), at('here/salesagent.db')]),
    () => `${MiB(at('followed.db'))} MiB`);
  keys(at('here'), at('standby2'));
  await timed('standby: check and put in place', () => command(at('standby2'), 'restore', at('followed.db')));
}

await command(at('here'), 'publisher', 'disable', 'demo', '--why', 'moves');
await timed('publisher export, beside the agent', () => beside(here, () => command(at('here'), 'publisher', 'export', 'demo', at('demo.publisher'))),
  (ms) => `${MiB(at('demo.publisher'))} MiB, ${waited(ms)}`);
await command(at('there'), 'init', '--name', 'Other', '--domain', 'other.example', '--ad-server', 'manual');
const there = await start(at('there'));
await timed('publisher import, beside the agent', () => beside(there, () => command(at('there'), 'publisher', 'import', at('demo.publisher'))), waited);
same(await timed('publisher enable, and its first buyer is answered', async () => {
  await command(at('there'), 'publisher', 'enable', 'demo');
  return one(there);
}));
await there.stop();
await here.stop();
rmSync(work, { recursive: true, force: true });

console.log(`${BUYS} media buys of ${PRINCIPALS} buyers, ${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}:\n`);
console.log('| | s | |\n|---|---|---|');
for (const r of rows) console.log(`| ${r.what} | ${r.seconds} | ${r.more} |`);
if (opt.json) writeFileSync(opt.json, JSON.stringify(rows, null, 1));
