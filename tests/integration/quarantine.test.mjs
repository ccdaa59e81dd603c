// A row that time cannot move on: visible, tried again, given up by a person; and the agent starts and serves all the while.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { Agent } from './lib/agent.mjs';

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
let data, agent, buys;
const start = async (now) => { agent = await Agent.start({ data, args: ['--clock', now] }); };
const rows = async () => JSON.parse((await agent.cli('quarantine', 'list', '--json')).stdout).rows;
const eventually = async (what) => {
  for (const end = Date.now() + 20000; Date.now() < end; await new Promise((r) => setTimeout(r, 100))) {
    const r = await what();
    if (r) return r;
  }
  throw new Error(`never: ${what}\n${agent.stderr.slice(-2000)}`);
};

before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-quarantine-'));
  await start('2026-03-09T14:30:00Z');
  buys = [];
  for (const n of [1, 2]) {
    const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: `quarantine-test-${n}`, account,
      brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', context: { n },
      packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] }, { headers: { 'x-auto-advance': 'true' } });
    buys.push(r.body.result.structuredContent.media_buy_id);
  }
  await agent.stop();
  const db = new DatabaseSync(path.join(data, 'salesagent.db'));
  db.prepare('UPDATE media_buy SET echo = ? WHERE media_buy_id = ?').run('{"context":', buys[0]);
  db.close();
  await start('2026-05-01T00:00:00Z');
});
after(async () => { await agent.stop(); rmSync(data, { recursive: true, force: true }); });

test('what failed is listed with its reason, and its neighbour went on', async () => {
  const [row] = await eventually(async () => { const r = await rows(); return r.length && r; });
  assert.deepEqual([row.kind, row.id, row.state, row.deaths], ['flight', buys[0], 'tried_later', 0]);
  assert.match(row.reason, /cannot be read/);
  assert.ok(Date.parse(row.retry_at) > Date.parse(row.last_at));
  const seen = (await agent.call('get_media_buys', { adcp_version: '3.1', account, media_buy_ids: [buys[1]] })).body.result.structuredContent;
  assert.equal(seen.media_buys[0].status, 'canceled'); // it never had a creative
  const log = agent.stderr.split('\n').find((l) => l.includes('a row failed and is tried later'));
  assert.match(log, new RegExp(buys[0]));
  assert.ok((await agent.cli('quarantine', 'list')).stdout.includes(buys[0]));
});

test('retry makes it due at once; drop gives it up; both are in the audit trail', async () => {
  assert.equal((await agent.cli('quarantine', 'retry', 'flight', buys[0])).code, 0);
  await eventually(async () => (await rows()).length === 1); // it failed again
  assert.equal((await agent.cli('quarantine', 'drop', 'flight', buys[0])).code, 0);
  assert.deepEqual(await rows(), []);
  assert.equal((await agent.cli('quarantine', 'drop', 'flight', buys[0])).code, 1);
  const trail = JSON.parse((await agent.cli('audit', 'list', '--action', 'quarantine.*', '--json')).stdout);
  assert.deepEqual(trail.entries.map((l) => l.action).sort(), ['quarantine.drop', 'quarantine.retry']);
});

test('a reading of the damaged row is refused, of the others not', async () => {
  const read = async (id) => (await agent.call('get_media_buys', { adcp_version: '3.1', account, media_buy_ids: [id] })).body.result;
  const r = (await read(buys[0])).structuredContent;
  assert.equal(r.adcp_error.code, 'SERVICE_UNAVAILABLE', JSON.stringify(r).slice(0, 300));
  assert.ok(!(await read(buys[1])).isError);
});
