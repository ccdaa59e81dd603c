// Kills the server with SIGKILL at random moments under load, restarts it on the same data, and proves that every
// acknowledged write is there exactly once and that no half-written buy exists.
//   node tests/crash/crash.mjs [--kills N] [--seed N]
// One TAP line for each kill.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, cli } from '../integration/lib/agent.mjs';

const { values } = parseArgs({ options: {
  kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } });
const kills = Number(values.kills);
const writers = 6;
let state = BigInt(values.seed);
const random = () => { // SplitMix64, so that a failing run can be repeated as far as the machine allows
  state = BigInt.asUintN(64, state + 0x9E3779B97F4A7C15n);
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94D049BB133111EBn);
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
};

const clock = { 'x-mock-time': '2026-03-09T14:30:00Z' };
const approved = { ...clock, 'x-auto-advance': 'true' };
const acked = new Map(); // buyer_ref -> { id, budgets: every total that was sent for it, last: the last one acknowledged }
const keyed = new Map(); // idempotency key -> { args, task_id }
let serial = 0;
const did = { creates: 0, updates: 0, keyed: 0 };

const pkg = (budget) => ({ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'Crash',
  budget, start_date: '2026-04-01', end_date: '2026-04-30', creative_format_ids: ['fmt-display-300x250'] });

async function call(agent, tool, args, headers = clock) {
  const { status, body } = await agent.call(tool, args, { headers });
  if (status !== 200 || body.error || body.result.isError) {
    throw Object.assign(new Error(`${tool}: ${JSON.stringify(body)}`), { answered: true });
  }
  return body.result.structuredContent;
}

async function create(agent) {
  const buyer_ref = `crash-${++serial}`;
  const r = await call(agent, 'create_media_buy', { name: buyer_ref, buyer_ref, packages: [pkg(1000), pkg(2000)],
    total_budget: 3000, currency: 'USD' }, approved);
  acked.set(buyer_ref, { id: r.media_buy.id, sent: [3000], last: 0 });
  did.creates++;
}

async function update(agent) {
  const all = [...acked.values()];
  const buy = all[Math.floor(random() * all.length)];
  if (!buy || buy.busy) return;
  buy.busy = true;
  const first = 1000 + Math.floor(random() * 5000);
  buy.sent.push(first + 2000);
  try {
    await call(agent, 'update_media_buy', { media_buy_id: buy.id, packages: [{ package_id: 'pkg-001', budget: first }] });
    buy.last = buy.sent.length - 1;
    did.updates++;
  } finally {
    buy.busy = false;
  }
}

const adcp = (key) => ({ adcp_version: '3.1', idempotency_key: key, account: { brand: { domain: 'crash.example' },
  operator: 'crash.example' }, brand: { domain: 'crash.example' }, start_time: '2026-04-01T00:00:00Z',
  end_time: '2026-05-01T00:00:00Z', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001',
    budget: 1500 }] });

async function keyedCreate(agent) {
  const key = `crash-key-${values.seed}-${String(++serial).padStart(8, '0')}`;
  const args = adcp(key);
  const r = await call(agent, 'create_media_buy', args);
  keyed.set(key, { args, task_id: r.task_id });
  did.keyed++;
}

// Works until the connection breaks; an answer that is an error is a failure of the test.
async function writer(agent, failures) {
  for (;;) {
    try {
      const r = random();
      await (r < 0.5 ? create(agent) : r < 0.8 ? update(agent) : keyedCreate(agent));
    } catch (e) {
      if (e.answered) failures.push(e.message);
      return;
    }
  }
}

async function allBuys(agent) {
  const found = [];
  for (const ids = [...acked.values()].map((b) => b.id); ids.length;) {
    const r = await call(agent, 'get_media_buys', { media_buy_ids: ids.splice(0, 50) });
    found.push(...r.media_buys);
  }
  return new Map(found.map((b) => [b.id, b]));
}

async function verify(agent, failures) {
  const found = await allBuys(agent);
  for (const [ref, buy] of acked) {
    const b = found.get(buy.id);
    if (!b) { failures.push(`${ref} was acknowledged and is gone`); continue; }
    if (b.packages.length !== 2) failures.push(`${ref} has ${b.packages.length} packages`);
    const sum = b.packages.reduce((n, p) => n + p.budget, 0);
    if (sum !== b.total_budget) failures.push(`${ref}: packages ${sum}, total ${b.total_budget}`);
    const at = buy.sent.lastIndexOf(b.total_budget);
    if (at < buy.last) failures.push(`${ref}: total ${b.total_budget}, acknowledged ${buy.sent[buy.last]}`);
  }
  const keys = [...keyed];
  for (const [key, { args, task_id }] of keys.slice(-20)) {
    const r = await call(agent, 'create_media_buy', args);
    if (r.task_id !== task_id || r.replayed !== true) failures.push(`${key} was executed twice`);
  }
}

const data = mkdtempSync(path.join(tmpdir(), 'salesagent-crash-'));
// The demo publisher with more to sell than this test can buy.
const publisher = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../data/demo-publisher.json'), 'utf8'));
for (const p of publisher.products) p.ext.salesagent.capacity = { daily_impressions: 1e12 };
writeFileSync(path.join(data, 'publisher.json'), JSON.stringify(publisher));
const imported = await cli('import', '--sandbox', path.join(data, 'publisher.json'), '--data', data);
if (imported.code !== 0) throw new Error(imported.stderr);
let failed = 0;
let agent = await Agent.start({ data });
for (let kill = 1; kill <= kills; kill++) {
  const failures = [];
  const work = Promise.all(Array.from({ length: writers }, () => writer(agent, failures)));
  await new Promise((r) => setTimeout(r, 20 + random() * 120));
  await agent.kill();
  await work;
  agent = await Agent.start({ data });
  await verify(agent, failures);
  if (acked.size > 300) for (const ref of [...acked.keys()].slice(0, acked.size - 100)) acked.delete(ref);
  if (failures.length) failed++;
  console.log(`${failures.length ? 'not ok' : 'ok'} ${kill} - kill ${kill}: ${acked.size} buys and ${keyed.size} keys checked`);
  for (const f of failures.slice(0, 5)) console.log(`# ${f}`);
}
const all = did.creates > kills && did.updates > kills / 2 && did.keyed > kills / 2;
if (!all) failed++;
console.log(`${all ? 'ok' : 'not ok'} ${kills + 1} - the load was real: ${JSON.stringify(did)} acknowledged`);
await agent.stop();
rmSync(data, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
