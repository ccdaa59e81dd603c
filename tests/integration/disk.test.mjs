// A disk that takes nothing more, and one that takes its time, under the real process (every fault at every place: tests/sim/test_disk.c). The limit of
// a file's size stands for a full disk: it can be set and lifted while the agent runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, binary } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const auto = { 'x-mock-time': '2026-03-09T14:30:00Z', 'x-auto-advance': 'true' };
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const limit = (agent, bytes) => promisify(execFile)('prlimit', ['--pid', String(agent.child.pid), `--fsize=${bytes}:unlimited`]);
let keys = 0;

const create = async (agent, more = {}) => {
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: `disk-test-${String(++keys).padStart(8, '0')}`, account,
    brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }], ...more }, { headers: auto });
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

test('a slow disk: said, nothing is lost or done twice, reading goes on, and it is over when the disk is quick again', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-slow-')), speed = path.join(data, 'speed');
  const takes = (write, sync) => writeFileSync(speed, `${write} ${sync}\n`);
  const program = path.join(path.dirname(binary), 'tests/sim/salesagent-slow-disk');
  const timed = async (work) => { const begun = performance.now(); const r = await work(); return [r, performance.now() - begun]; };
  takes(0, 0);
  let agent = await Agent.start({ data, program, env: { SLOW_DISK: speed } });
  const hooks = await Receiver.start({ agent: () => agent, secret: 's'.repeat(40) });
  try {
    const before = (await create(agent)).media_buy_id;
    const ids = [before];
    for (const [write, sync] of [[0, 2500], [120, 0]]) {
      takes(write, sync);
      const where = `/slow-${sync}`, same = { idempotency_key: `disk-slow-${sync}-0001`, push_notification_config: { url: hooks.base + where } };
      const written = timed(() => create(agent, same));
      await new Promise((r) => setTimeout(r, 100));
      const again = create(agent, same); // whoever has lost patience repeats the call
      const unready = until('readyz says so', async () => (await ready(agent)).status === 503);
      for (let i = 0; i < 10; i++) {
        const [list, ms] = await timed(() => known(agent));
        assert.deepEqual(list, ids, 'reading goes on, of what was acknowledged');
        assert.ok(ms < 1000, `a read took ${ms} ms`);
      }
      await unready;
      assert.equal((await fetch(`${agent.base}/healthz`)).status, 200);
      const [made, took] = await written;
      assert.ok(made.media_buy_id && took > 1000, JSON.stringify([made, took]));
      const repeated = await again;
      assert.deepEqual([repeated.media_buy_id, repeated.replayed], [made.media_buy_id, true]);
      ids.push(made.media_buy_id);
      assert.deepEqual((await known(agent)).sort(), ids.toSorted());
      takes(0, 0);
      await until('ready again', async () => (await ready(agent)).status === 200);
      await hooks.arrivals(where, 1);
    }
    assert.match(agent.stderr, /level=error area=store msg="a write was not on the disk within a second"/);
    assert.match(agent.stderr, /level=warn area=store msg="a commit took long" ms=\d{4,}/);
    assert.match(agent.stderr, /level=info area=store msg="can be written again"/);
    assert.doesNotMatch(agent.stderr, /cannot be written|commit failed/, 'slow is not broken');

    takes(0, 3000);
    const lost = create(agent).catch(() => ({}));
    await new Promise((r) => setTimeout(r, 300));
    await agent.kill(); // in the middle of an fsync
    const answered = await lost;
    takes(0, 0);
    agent = await Agent.start({ data, program, env: { SLOW_DISK: speed } });
    const there = await known(agent);
    for (const id of answered.media_buy_id ? [...ids, answered.media_buy_id] : ids) assert.ok(there.includes(id), `${id} is lost`);
    assert.equal(hooks.deliveries.length, 2, 'each webhook once');

    takes(0, 2000); // a stop waits for what is on its way
    const last = create(agent);
    await new Promise((r) => setTimeout(r, 300));
    agent.child.kill('SIGTERM');
    const kept = (await last).media_buy_id;
    assert.ok(kept);
    assert.equal((await agent.exited).code, 0, agent.stderr);
    takes(0, 0);
    agent = await Agent.start({ data, program, env: { SLOW_DISK: speed } });
    assert.ok((await known(agent)).includes(kept));
  } finally {
    await hooks.close();
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
