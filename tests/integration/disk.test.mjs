// A disk that takes nothing more, under the real process (every fault at every place: tests/sim/test_disk.c). The limit of
// a file's size stands for a full disk: it can be set and lifted while the agent runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Agent } from './lib/agent.mjs';

const auto = { 'x-mock-time': '2026-03-09T14:30:00Z', 'x-auto-advance': 'true' };
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const limit = (agent, bytes) => promisify(execFile)('prlimit', ['--pid', String(agent.child.pid), `--fsize=${bytes}:unlimited`]);
let keys = 0;

const create = async (agent) => {
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: `disk-test-${String(++keys).padStart(8, '0')}`, account,
    brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] }, { headers: auto });
  return r.body.result?.structuredContent ?? r.body;
};
const known = async (agent) => (await agent.call('get_media_buys', { adcp_version: '3.1', account,
  status_filter: ['pending_creatives', 'pending_start', 'active'] }, { headers: auto })).body.result.structuredContent.media_buys.map((b) => b.media_buy_id);
const until = async (what, condition) => {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`never: ${what}`);
};
const ready = async (agent) => {
  const r = await fetch(`${agent.base}/readyz`);
  return { status: r.status, body: await r.json() };
};

test('a full disk: refused and said, what was acknowledged is there, and all goes on when there is room', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-disk-'));
  let agent = await Agent.start({ data });
  try {
    const before = (await create(agent)).media_buy_id;
    assert.ok(before);
    await limit(agent, 4096);
    const refused = await create(agent);
    assert.match(JSON.stringify(refused), /SERVICE_UNAVAILABLE/);
    assert.match(JSON.stringify(refused), /nothing of it happened/);
    await until('readyz says so', async () => (await ready(agent)).status === 503);
    assert.equal((await ready(agent)).body.reasons[0].check, 'store');
    assert.equal((await fetch(`${agent.base}/healthz`)).status, 200);
    await until('the log says so', () => /level=error area=store msg="cannot be written"/.test(agent.stderr));
    assert.deepEqual(await known(agent), [before], 'reading goes on');

    await limit(agent, 'unlimited');
    await until('ready again', async () => (await ready(agent)).status === 200);
    const afterwards = (await create(agent)).media_buy_id;
    assert.ok(afterwards);
    assert.deepEqual((await known(agent)).sort(), [before, afterwards].sort());

    await limit(agent, 4096);
    assert.match(JSON.stringify(await create(agent)), /SERVICE_UNAVAILABLE/);
    await agent.kill(); // and nobody has freed anything
    agent = await Agent.start({ data });
    assert.deepEqual((await known(agent)).sort(), [before, afterwards].sort());
  } finally {
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
