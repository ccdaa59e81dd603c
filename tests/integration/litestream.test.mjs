// Others at an agent's database while it works: the real Litestream with the settings of docs/backup.md, and a process that
// checkpoints, holds snapshots and takes the write lock as no well-behaved one would.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agent, cli } from './lib/agent.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const litestream = path.join(execFileSync('bash', ['-c', '. scripts/lib.sh; judges_dir'], { cwd: top }).toString().trim(), 'bin/litestream');
const CLOCK = ['--clock', '2026-03-09T14:30:00Z', '--log', 'warn'];
const LOST_MS_MAX = 2000; // what docs/backup.md says of the last seconds
const GRACE_MS = 2000; // of a loaded machine
const WAL_MAX = 256 << 20;

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-litestream-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// The page's own settings, with a test's folders.
function settings(dir, data) {
  const [, yaml] = readFileSync(path.join(top, 'docs/backup.md'), 'utf8').match(/^```yaml\n(dbs:[^]*?)^```$/m);
  const file = path.join(dir, 'litestream.yml');
  writeFileSync(file, yaml.replace('/var/lib/salesagent', data).replace('/mnt/standby/salesagent', path.join(dir, 'replica')));
  return file;
}

let n = 0;
const buy = () => ({ adcp_version: '3.1', idempotency_key: `litestream-key-${String(++n).padStart(8, '0')}`,
  account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true }, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1000 }] });

// Buyers that go on over restarts until stop(): answered: [when, task_id], and how long the slowest waited.
function load(current, buyers) {
  const l = { answered: [], slowest: 0, wrong: [] };
  let over = false;
  const all = Array.from({ length: buyers }, async () => {
    while (!over) {
      const args = buy(), began = Date.now();
      for (let done = false; !done && !over;) {
        try {
          const { body } = await current().post('/adcp/create_media_buy', args);
          if (body.task_id) l.answered.push([Date.now(), body.task_id]);
          else l.wrong.push(JSON.stringify(body));
          done = true;
        } catch { await sleep(50); } // it is being started again: the same call, the same key
      }
      l.slowest = Math.max(l.slowest, Date.now() - began);
    }
  });
  l.stop = () => { over = true; return Promise.all(all); };
  return l;
}

const tasksIn = async (file) => {
  const script = 'import sqlite3, sys\nc = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)\n' +
    'assert c.execute("PRAGMA integrity_check").fetchone()[0] == "ok"\nfor (t,) in c.execute("SELECT task_id FROM task"): print(t)';
  return new Set((await run('python3', ['-c', script, file], { maxBuffer: 1 << 26 })).stdout.split('\n'));
};

test('Litestream beside it: over restarts of both, the machine then lost, all but the last seconds is in the copy, which serves', async (t) => {
  const dir = folder(t), data = path.join(dir, 'data'), config = settings(dir, data), copy = path.join(dir, 'copy.db');
  const options = { data, args: CLOCK };
  let agent = await Agent.start(options), said = '';
  t.after(() => agent.child.kill('SIGKILL'));
  const replicate = () => {
    const child = spawn(litestream, ['replicate', '-config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const out of [child.stdout, child.stderr]) out.on('data', (d) => { said += d; });
    child.over = new Promise((r) => child.on('exit', r));
    return child;
  };
  let beside = replicate();
  t.after(() => beside.kill('SIGKILL'));
  const buyers = load(() => agent, 4);
  await sleep(1500);
  await agent.stop();
  agent = await Agent.start(options);
  await sleep(1000);
  beside.kill('SIGKILL');
  await beside.over;
  await sleep(500);
  beside = replicate();
  await sleep(1000);
  await agent.kill();
  agent = await Agent.start(options);
  await sleep(2000);

  const wal = statSync(path.join(data, 'salesagent.db-wal')).size, lostAt = Date.now();
  beside.kill('SIGKILL');
  await agent.kill();
  await buyers.stop();
  assert.deepEqual(buyers.wrong, []);
  assert.ok(buyers.answered.length > 40, `${buyers.answered.length} writes are no load`);
  assert.doesNotMatch(said, /level=(ERROR|WARN)/);
  assert.ok(wal < WAL_MAX, `${wal} bytes of log`);

  await run(litestream, ['restore', '-config', config, '-o', copy, path.join(data, 'salesagent.db')]);
  const there = await tasksIn(copy), lost = buyers.answered.filter(([, id]) => !there.has(id));
  const since = lost.length ? lostAt - Math.min(...lost.map(([at]) => at)) : 0;
  t.diagnostic(`${buyers.answered.length} writes, ${lost.length} lost, of the last ${since} ms; log ${(wal / 1048576).toFixed(1)} MiB`);
  assert.ok(since <= LOST_MS_MAX + GRACE_MS, `lost are ${since} ms`);

  const elsewhere = path.join(dir, 'elsewhere');
  mkdirSync(elsewhere, { mode: 0o700 });
  for (const name of ['secret.key', 'seal.keys']) copyFileSync(path.join(data, name), path.join(elsewhere, name));
  const restored = await cli('restore', copy, '--data', elsewhere);
  assert.equal(restored.code, 0, restored.stderr);
  agent = await Agent.start({ data: elsewhere, args: CLOCK });
  const verify = await agent.cli('audit', 'verify');
  assert.equal(verify.code, 0, verify.stderr);
  for (const [, id] of buyers.answered.filter(([, id]) => there.has(id)).slice(-20)) {
    const { body } = await agent.post('/adcp/get_task_status', { adcp_version: '3.1', task_id: id });
    assert.equal(body.task_id, id, JSON.stringify(body));
  }
  await agent.stop();
});

test('checkpoints from outside, readers that stay, a write lock held for a second: each write is answered and there', async (t) => {
  const dir = folder(t), data = path.join(dir, 'data');
  const agent = await Agent.start({ data, args: CLOCK });
  t.after(() => agent.child.kill('SIGKILL'));
  const script = `import sqlite3, sys, time
db = lambda: sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
reader, writer, other = db(), db(), db()
for kind in ['PASSIVE', 'RESTART', 'TRUNCATE', 'FULL']:
    reader.execute('BEGIN'); reader.execute('SELECT count(*) FROM task').fetchone()
    other.execute('PRAGMA wal_checkpoint(PASSIVE)'); time.sleep(0.3)
    reader.execute('COMMIT')
    print(kind, other.execute('PRAGMA wal_checkpoint(%s)' % kind).fetchone(), flush=True)
writer.execute('BEGIN IMMEDIATE'); time.sleep(1); writer.execute('ROLLBACK')
print('ok', other.execute('PRAGMA integrity_check').fetchone())
`;
  const buyers = load(() => agent, 4);
  const { stdout } = await run('python3', ['-c', script, path.join(data, 'salesagent.db')]);
  await buyers.stop();
  t.diagnostic(`${stdout.replaceAll('\n', '; ')}${buyers.answered.length} writes, the slowest took ${buyers.slowest} ms`);
  assert.match(stdout, /ok \('ok',\)/);
  assert.deepEqual(buyers.wrong, []);
  assert.ok(buyers.answered.length > 20, `${buyers.answered.length} writes are no load`);
  assert.ok(buyers.slowest < 2000 + GRACE_MS, `${buyers.slowest} ms`);
  await agent.kill();
  const there = await tasksIn(path.join(data, 'salesagent.db'));
  assert.deepEqual(buyers.answered.filter(([, id]) => !there.has(id)), []);
});
