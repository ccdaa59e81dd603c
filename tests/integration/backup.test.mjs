// salesagent backup: a copy taken under load holds all that was answered before it, and is a whole agent's database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, cli } from './lib/agent.mjs';

let n = 0;
const buy = () => ({ adcp_version: '3.1', idempotency_key: `backup-test-key-${String(++n).padStart(4, '0')}`,
  account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true }, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });

test('a backup under load, restored', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-backup-'));
  const agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] });
  const file = path.join(folder, 'copy.db');
  const answered = [];
  let stop = false, restored;
  const load = Array.from({ length: 4 }, async () => {
    while (!stop) {
      const { body } = await agent.post('/adcp/create_media_buy', buy(), { headers: { 'x-auto-advance': 'true' } });
      assert.ok(body.media_buy_id, JSON.stringify(body));
      answered.push(body.media_buy_id);
    }
  });
  try {
    while (answered.length < 40) await new Promise((r) => setTimeout(r, 10));
    const before = answered.slice();
    const took = await agent.cli('backup', file, '--json');
    assert.equal(took.code, 0, took.stderr);
    assert.equal(JSON.parse(took.stdout).bytes, statSync(file).size);
    assert.equal(statSync(file).mode & 0o077, 0, 'credentials are in there');
    stop = true;
    await Promise.all(load);
    assert.deepEqual(readdirSync(folder), ['copy.db'], 'nothing else is left behind');

    const again = await agent.cli('backup', file);
    assert.deepEqual([again.code, again.stdout], [1, '']);
    assert.match(again.stderr, /never overwritten/);

    const data = path.join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    copyFileSync(file, path.join(data, 'salesagent.db'));
    copyFileSync(path.join(agent.data, 'secret.key'), path.join(data, 'secret.key'));
    restored = await Agent.start({ data, args: ['--clock', '2026-03-09T15:30:00Z'] });
    for (let i = 0; i < before.length; i += 20) {
      const ids = before.slice(i, i + 20);
      const { body } = await restored.post('/adcp/get_media_buys', { adcp_version: '3.1', media_buy_ids: ids });
      assert.deepEqual(body.media_buys.map((b) => b.media_buy_id).sort(), ids.toSorted());
    }
    const verify = await restored.cli('audit', 'verify');
    assert.equal(verify.code, 0, verify.stderr);
  } finally {
    stop = true;
    await Promise.allSettled(load);
    await agent.stop();
    if (restored) await restored.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what cannot be copied is said, and nothing is left behind', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-backup-'));
  const file = path.join(folder, 'copy.db');
  const none = await cli('backup', file, '--data', path.join(folder, 'nowhere'));
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^error: .*salesagent\.db cannot be opened/);
  writeFileSync(path.join(folder, 'salesagent.db'), 'not a database, but long enough to look like one'.repeat(100));
  const damaged = await cli('backup', file, '--data', folder);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /^error: /);
  assert.deepEqual(readdirSync(folder), ['salesagent.db']);
  const usage = await cli('backup', '--data', folder);
  assert.equal(usage.code, 2);
  rmSync(folder, { recursive: true, force: true });
});
