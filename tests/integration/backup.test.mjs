// salesagent backup: a copy taken under load holds all that was answered before it, and is a whole agent's database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, binary, cli } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const run = promisify(execFile);

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
    assert.deepEqual(readdirSync(folder), ['copy.db', 'copy.db.json'], 'nothing else is left behind');

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

// A database large enough for a copy to be met half done.
async function large(folder) {
  const made = await cli('import', '--sandbox', path.join(import.meta.dirname, '../conformance/publisher.json'), '--data', folder);
  assert.equal(made.code, 0, made.stderr);
  await run('python3', ['-c', `import sqlite3,sys
db = sqlite3.connect(sys.argv[1]); db.execute('CREATE TABLE ballast(x)')
for i in range(60): db.execute('INSERT INTO ballast VALUES (zeroblob(1 << 20))')
db.commit()`, path.join(folder, 'salesagent.db')]);
}

test('a backup that ends half way leaves no part behind, and the next one removes those of one that was killed', async (t) => {
  const top = mkdtempSync(path.join(tmpdir(), 'salesagent-parts-'));
  t.after(() => rmSync(top, { recursive: true, force: true }));
  const data = path.join(top, 'data'), out = path.join(top, 'a[1]*'), file = path.join(out, 'copy.db');
  mkdirSync(out);
  await large(data);
  const half = async (signal) => { // how it ends when `signal` comes while its part grows
    const child = spawn(binary, ['backup', file, '--data', data], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (d) => { said += d; });
    const ended = new Promise((r) => child.on('exit', (code, by) => r({ code, by })));
    const written = () => readdirSync(out).some((n) => n.endsWith('.part') && statSync(path.join(out, n)).size > 4096);
    for (let i = 0; i < 5000 && child.exitCode === null && !written(); i++) await new Promise((r) => setTimeout(r, 1));
    child.kill(signal);
    return { ...await ended, said };
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    const r = await half(signal);
    assert.deepEqual([r.code, r.by], [1, null], r.said);
    assert.match(r.said, /interrupted/, signal);
    assert.deepEqual(readdirSync(out), [], signal);
  }
  const full = await run('bash', ['-c', 'ulimit -f 8192; exec "$@"', '-', binary, 'backup', file, '--data', data]).catch((e) => e);
  assert.equal(full.code, 1, full.stderr);
  assert.match(full.stderr, /could not be copied/);
  assert.deepEqual(readdirSync(out), [], 'a disk that is full');
  const killed = await half('SIGKILL');
  assert.equal(killed.by, 'SIGKILL');
  assert.match(readdirSync(out)[0], /^copy\.db\.\d+\.part/);
  writeFileSync(path.join(out, 'copy.db.1.part'), 'of somebody who lives');
  const good = await cli('backup', file, '--data', data);
  assert.equal(good.code, 0, good.stderr);
  assert.deepEqual(readdirSync(out).sort(), ['copy.db', 'copy.db.1.part', 'copy.db.json']);
});

const counted = (folder) => readdirSync(folder).filter((n) => n.endsWith('.db'));

test('restore: checked, refused when it is damaged or newer, and held until somebody says go', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-restore-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'copy.db'), data = path.join(folder, 'data');
  const hooks = await Receiver.start({ agent: () => undefined, secret: 'a-secret-of-32-characters-at-least' });
  const agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] });
  try {
    assert.equal((await agent.cli('jobs', 'hold', '--why', 'about to copy')).code, 0);
    const bought = await agent.call('create_media_buy', { ...buy(), push_notification_config: { url: `${hooks.base}/hook`,
      authentication: { schemes: ['Bearer'], credentials: 'a-secret-of-32-characters-at-least' } } });
    const task = bought.body.result.structuredContent.task_id;
    assert.equal((await agent.cli('task', 'approve', task)).code, 0);
    assert.match((await agent.cli('jobs', 'show')).stdout, /^held since 20\S+ by operator:local-\d+: about to copy$/m);
    const ready = JSON.parse((await agent.cli('healthcheck', '--json')).stdout);
    assert.deepEqual([ready.ready, ready.warnings[0].check], [true, 'jobs']);
    assert.equal((await agent.cli('backup', file)).code, 0);
    assert.equal(hooks.deliveries.length, 0, 'nothing is sent while jobs are held');

    const busy = await agent.cli('restore', file);
    assert.deepEqual([busy.code, /Another agent is serving/.test(busy.stderr)], [1, true]);
    const lost = await cli('restore', file, '--data', data);
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, /secret\.key is missing.*\n.*--new-secret/);
    copyFileSync(path.join(agent.data, 'secret.key'), path.join(data, 'secret.key'));
    const checked = await cli('restore', file, '--check');
    assert.match(checked.stdout, /^.*copy\.db is whole and as its manifest says: 1 publisher, \d+ rows of the audit trail\n$/);
    assert.deepEqual(counted(data), [], 'nothing was put in place');
    const done = await cli('restore', file, '--data', data);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /salesagent jobs release/);
    const twice = await cli('restore', file, '--data', data);
    assert.match(twice.stdout, /the database that was there is now .*salesagent\.db\.before-restore-/);

    await agent.stop();
    const restored = await Agent.start({ data, args: ['--clock', '2026-03-09T15:00:00Z'] });
    hooks.agent = () => restored;
    try {
      assert.match(restored.stdout, /jobs are held: nothing is sent; salesagent jobs release/);
      assert.equal((await restored.cli('audit', 'verify')).code, 0);
      assert.equal((await restored.call('get_media_buys', { adcp_version: '3.1' })).status, 200, 'buyers are answered');
      await new Promise((r) => setTimeout(r, 500));
      assert.equal(hooks.deliveries.length, 0);
      assert.deepEqual(JSON.parse((await restored.cli('jobs', 'release', '--json')).stdout), { held: false });
      for (let i = 0; i < 400 && !hooks.deliveries.length; i++) await new Promise((r) => setTimeout(r, 25));
      assert.equal(hooks.deliveries.length, 1, 'what waited is sent, once');
      const { stdout } = await run('python3', ['-c', 'import sqlite3, sys\nprint(sqlite3.connect(sys.argv[1]).execute("SELECT group_concat(action) FROM (SELECT action FROM audit WHERE tenant_id = \'system\' ORDER BY seq)").fetchone()[0])', path.join(data, 'salesagent.db')]);
      assert.match(stdout, /jobs\.held,database\.restored,jobs\.released/, `the trail has it: ${stdout}`);
    } finally {
      await restored.stop();
    }

    writeFileSync(path.join(folder, 'cut.db'), readFileSync(file).subarray(0, 100000));
    copyFileSync(`${file}.json`, path.join(folder, 'cut.db.json'));
    assert.match((await cli('restore', path.join(folder, 'cut.db'), '--check')).stderr, /no whole database|not the file that its manifest describes/);
    await run('python3', ['-c', 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute("INSERT INTO schema_migration VALUES (\'9999_later.sql\')")\nc.commit()', file]);
    const changed = await cli('backup', file, '--check');
    assert.match(changed.stderr, /is not the file that its manifest describes/);
    rmSync(`${file}.json`);
    assert.match((await cli('restore', file, '--check')).stderr, /written by a newer version \(it has 9999_later\.sql\)/);
    rmSync(path.join(data, 'secret.key'));
    const unsealed = await cli('serve', '--data', data, '--listen', '127.0.0.1:0');
    assert.deepEqual([unsealed.code, /secret\.key is missing/.test(unsealed.stderr)], [1, true]);
  } finally {
    await agent.stop().catch(() => {});
    await hooks.close();
  }
});

test('the agent makes a backup each day, reads it through and keeps so many', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-schedule-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const made = path.join(folder, 'made');
  mkdirSync(made);
  for (const day of ['01', '02', '03']) {
    for (const end of ['.db', '.db.json']) writeFileSync(path.join(made, `salesagent-202603${day}T031500Z${end}`), 'old');
  }
  writeFileSync(path.join(made, 'salesagent-notes.db'), 'mine');
  for (const end of ['part', 'part-journal']) writeFileSync(path.join(made, `salesagent-20260304T031500Z.db.999999999.${end}`), 'of an agent that was killed');
  const agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z', '--backup-folder', made, '--backup-keep', '2'] });
  try {
    for (let i = 0; i < 400 && !agent.stderr.includes('area=backup msg=made'); i++) await new Promise((r) => setTimeout(r, 25));
    const [oldest, newest, ...others] = counted(made);
    assert.deepEqual([oldest, others], ['salesagent-20260303T031500Z.db', ['salesagent-notes.db']]);
    assert.match(newest, /^salesagent-20260309T1430\d\dZ\.db$/);
    assert.deepEqual(readdirSync(made).filter((n) => n.includes('.part')), [], 'what a killed agent has left is gone');
    assert.match((await cli('backup', path.join(made, newest), '--check')).stdout, /^whole, as its manifest says; 1 publishers/);
  } finally {
    await agent.stop();
  }
  const unwritable = await Agent.start({ args: ['--backup-folder', path.join(made, 'salesagent-notes.db')] });
  try {
    for (let i = 0; i < 400 && !unwritable.stderr.includes('area=backup msg=failed'); i++) await new Promise((r) => setTimeout(r, 25));
    assert.match(unwritable.stderr, /level=error area=backup msg=failed/);
  } finally {
    await unwritable.stop();
  }
  const wrong = await cli('serve', '--backup-at', '25:00', '--data', path.join(folder, 'x'));
  assert.match(wrong.stderr, /backup_at .*as 03:15/);
});
