// Mixed load for a long time with a restart every few minutes, one in order, the next by SIGKILL: nothing that was acknowledged is
// lost, an orderly restart cuts nobody off, and memory does not grow.
//   node tests/soak/soak.mjs [--minutes 60] [--every 300] [--rate 18] [--seed 1] [--json FILE]
//     --every  seconds between restarts      --rate  things done in a second, about
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { World } from './world.mjs';

const { values: opt } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, every: { type: 'string', default: '300' },
  rate: { type: 'string', default: '18' }, seed: { type: 'string', default: '1' }, json: { type: 'string' } } });
const until = Date.now() + Number(opt.minutes) * 60000;
const PATIENCE_MS = 60000; // for the last webhooks
const HOUSE_LOST_MS = 1000; // a second of impressions may be lost at a SIGKILL (docs/ad-servers/house.md)
const GRACE_MS = 1500; // what a loaded machine takes to write it
const GROWTH_MAX_MIB = 16; // of a late life over an early one at the same age, beside what live packages take: these
const PACKAGE_KIB = 8;
const WORK = [['read', 10], ['create', 1.5], ['update', 2], ['creative', 0.5], ['decide', 0.3], ['ad', 3.5]];

let state = Number(opt.seed) >>> 0;
const random = () => { // mulberry32
  state = (state + 0x6D2B79F5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

// Counts what arrives: path -> idempotency keys.
async function receive() {
  const arrived = new Map();
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (d) => { text += d; }).on('end', () => {
      const body = JSON.parse(text);
      if (body.type === 'webhook.challenge') { res.end(JSON.stringify({ challenge: body.challenge })); return; }
      const keys = arrived.get(req.url) ?? new Set();
      arrived.set(req.url, keys.add(body.idempotency_key ?? text));
      res.end('{}');
    });
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  return { base: `http://127.0.0.1:${server.address().port}`, arrived, close: () => { server.closeAllConnections(); server.close(); } };
}

let n = 0, failed = 0;
function check(name, good, ...more) {
  console.log(`${good ? 'ok' : 'not ok'} ${++n} - ${name}`);
  if (!good) { failed++; for (const line of more.flat()) console.log(`# ${line}`); }
}

async function work(w) {
  const total = WORK.reduce((s, [, x]) => s + x, 0);
  let at = random() * total;
  const [what] = WORK.find(([, x]) => (at -= x) < 0);
  try {
    await w[what]();
  } catch (e) {
    w.wrong.push(`${what}: ${e.stack}`);
  }
}

// Restarts at their times; afterwards some of what was acknowledged is looked at.
async function restarts(w) {
  for (let kill = false; Date.now() + Number(opt.every) * 1000 < until; kill = !kill) {
    await sleep(Number(opt.every) * 1000);
    await w.restart({ kill });
    await w.verifySome(5);
    const [before] = w.lives.slice(-2);
    console.log(`# ${((Date.now() - began) / 60000).toFixed(1)} minutes: ${before.end}, down for ${before.down_ms} ms, ${before.rss.at(-1)[1].toFixed(1)} MiB before, ${w.buys.size} media buys, ${w.wrong.length} wrong`);
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-soak-'));
const receiver = await receive();
const began = Date.now();
const w = await World.start({ folder, random, receiver });
const timer = setInterval(() => w.sample(), 5000);
const turning = restarts(w);
const under_way = new Set();
for (let next = Date.now(); Date.now() < until; next += 1000 / Number(opt.rate)) {
  if (under_way.size < 64) {
    const one = work(w).finally(() => under_way.delete(one));
    under_way.add(one);
  }
  await sleep(Math.max(1, next - Date.now()));
}
await turning;
await Promise.all(under_way);
clearInterval(timer);
await sleep(1500); // the built-in ad server writes what it counted each second
w.sample();
const requests = w.counts.requests, minutes = (Date.now() - began) / 60000;
await w.verifyAll();
await w.auditIsWhole();
const counted = await w.counted();
const want = [...w.buys.values()].filter((b) => b.decided).map((b) => `/${b.args.idempotency_key}`);
for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !want.every((p) => receiver.arrived.has(p));) await sleep(100);
const missing = want.filter((p) => !receiver.arrived.has(p));
await w.end();
receiver.close();

const lost = w.wrong.filter((x) => /^LOST/.test(x)), twice = w.wrong.filter((x) => /^TWICE/.test(x));
const other = w.wrong.filter((x) => !/^(LOST|TWICE)/.test(x));
const kills = w.lives.filter((l) => l.end === 'killed');
const atRisk = w.impressions.filter((t) => kills.some((l) => t <= l.ended && t > l.ended - HOUSE_LOST_MS - GRACE_MS)).length;
const acknowledged = w.counts.creates + w.counts.updates + w.counts.creatives + w.counts.decisions;
console.log(`# ${minutes.toFixed(1)} minutes, ${requests} requests, ${w.lives.length - 1} restarts (${kills.length} by SIGKILL), ${JSON.stringify(w.counts)}`);
check(`nothing that was acknowledged is lost: ${acknowledged} writes`, lost.length === 0, lost.slice(0, 20));
check('nothing was done twice', twice.length === 0, twice.slice(0, 20));
check('every request was answered as it should be, and an orderly restart cut none', other.length === 0, other.slice(0, 20));
check(`every decision was told: ${want.length} webhooks`, missing.length === 0, missing.slice(0, 20));
check(`impressions: ${counted} counted of ${w.impressions.length} acknowledged, ${atRisk} of them in the second before a SIGKILL`,
  counted <= w.impressions.length && counted >= w.impressions.length - atRisk);

// Memory at one age of each life: an early one after the first, against the last that got so old.
const age = Math.max(1, Math.min(Number(opt.every) - 10, 240));
const old = w.lives.filter((l) => l.rss.some(([a]) => a >= age)).map((l) => ({ rss: l.rss.find(([a]) => a >= age)[1], buys: l.buys }));
const most = Math.max(...w.lives.flatMap((l) => l.rss.map((x) => x[1])));
console.log(`# RSS in MiB at ${age} s of each life, and media buys at its start: ${old.map((x) => `${x.rss.toFixed(1)} (${x.buys})`).join(' ')}`);
console.log(`# the most there was: ${most.toFixed(1)}; down for ${w.lives.filter((l) => l.down_ms).map((l) => l.down_ms).join(' ')} ms`);
if (old.length >= 8) {
  const grown = old.at(-1).rss - old[1].rss, packages = (old.at(-1).buys - old[1].buys) * PACKAGE_KIB / 1024;
  check(`memory is flat: ${grown.toFixed(1)} MiB more in the last life than in the second, with ${old.at(-1).buys - old[1].buys} more live media buys`, grown < GROWTH_MAX_MIB + packages);
}
const real = w.counts.creates > 0 && w.counts.updates > 0 && w.counts.decisions > 0 && w.counts.creatives > 0 && w.counts.impressions > 0 && w.lives.length > 1;
check(`the load was real: ${acknowledged} acknowledged writes, ${w.lives.length - 1} restarts`, real);
if (opt.json) writeFileSync(opt.json, JSON.stringify({ counts: w.counts, lives: w.lives, wrong: w.wrong.slice(0, 1000), counted, stderr: w.service.stderr.slice(-20000) }, null, 1));
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
