// Each fake is a program that runs alone, and is driven from another process.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { FakeClient } from '../lib/fake.mjs';

const folder = path.join(import.meta.dirname, '../fakes'), run = promisify(execFile);

async function alone(name, args, use) {
  const child = spawn(process.execPath, [path.join(folder, `${name}.mjs`), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
  try {
    const line = await new Promise((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (d) => { said += d; if (said.includes('\n')) resolve(said.trim()); });
      child.stderr.on('data', (d) => { said += d; });
      ended.then((how) => reject(new Error(`it ended (${how}): ${said}`)));
    });
    const m = new RegExp(`^${name} fake on (http://127.0.0.1:(\\d+))  port (\\d+)$`).exec(line);
    assert.ok(m && m[2] === m[3] && m[2] !== '0', line);
    await use(new FakeClient(name, m[1]));
  } finally {
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
  }
}

for (const name of ['gam', 'kevel', 'triton']) {
  test(`${name} prints its port, keeps the time it is given, writes its log and its credentials`, async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'fake-')), log = path.join(dir, 'log'), credentials = path.join(dir, 'credentials');
    await alone(name, ['--port', '0', '--log', log, '--clock', '2026-04-01T00:00:00Z', '--credentials', credentials, '--set', 'report_polls=3'], async (fake) => {
      assert.equal((await fake.summary()).orders.length, 0);
      assert.match((await fake.clock({})).now, /^2026-04-01T00:0/);
      await fake.advance(86400);
      assert.match((await fake.clock({})).now, /^2026-04-02T00:0/);
      await assert.rejects(fake.clock({ now: '2026-01-01T00:00:00Z' }), /only goes forward/);
      assert.equal((await fake.set({ report_polls: 4 })).report_polls, 4);
      await assert.rejects(fake.set({ weather: 'fine' }), /no setting weather/);
      assert.equal((await fetch(`${fake.base}/somewhere`)).status >= 400, true);
      assert.equal((await fetch(`${fake.base}/_debug/nowhere`)).status, 404);
      assert.deepEqual(JSON.parse(readFileSync(credentials, 'utf8')), await fake.credentials());
      assert.equal(statSync(credentials).mode & 0o077, 0);
      assert.equal(JSON.parse(readFileSync(log, 'utf8')).path, '/somewhere');
    });
    rmSync(dir, { recursive: true });
    assert.ok(!existsSync(dir));
  });
  test(`${name} --help names its settings; what it does not know is an error`, async () => {
    const { stdout } = await run(process.execPath, [path.join(folder, `${name}.mjs`), '--help']);
    assert.match(stdout, new RegExp(`Usage: node tests/adapters/fakes/${name}.mjs`));
    assert.match(stdout, /report_polls=1/);
    await assert.rejects(run(process.execPath, [path.join(folder, `${name}.mjs`), '--set', 'weather=1']), /weather/);
    await assert.rejects(run(process.execPath, [path.join(folder, `${name}.mjs`), '--clock', 'soon']), /RFC 3339/);
  });
}
