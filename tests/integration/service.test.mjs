// Under a service manager: what it is told, what it passes, what it sees when the agent is stuck, and a restart that nobody
// notices. supervisor.py plays its part; the units themselves are judged by systemd-analyze.
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { binary } from './lib/agent.mjs';
import { holdDatabase } from './lib/database.mjs';
import { Supervisor, exited, says, started } from './lib/supervisor.mjs';

const top = path.resolve(import.meta.dirname, '../..');

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-service-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const get = (port, url, { agent = false, headers = {} } = {}) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port, path: url, agent, headers }, (r) => {
    r.resume().on('end', () => resolve(r.statusCode));
  }).on('error', reject);
});

const command = (data, ...more) => [binary, 'serve', '--sandbox', '--data', data, ...more];

test('the service manager is told when it serves, what it does, when it reloads and stops', async (t) => {
  const s = await Supervisor.begin({ sockets: ['agent+desk=0'], watchdog: 60, command: command(folder(t)) });
  try {
    const ready = await s.tellUntil('start', says('READY', '1'));
    assert.match(ready.STATUS, /^Serving 1 publisher; \d+ connections, \d+ requests; \d+ jobs wait, 0 are dead$/);
    await s.event(says('WATCHDOG', '1'));
    const from = s.events.length;
    s.tell('reload');
    const reloading = await s.event(says('RELOADING', '1'), from);
    assert.match(reloading.MONOTONIC_USEC, /^\d+$/);
    await s.event(says('READY', '1'), from);
    assert.equal(await get(s.ports[0], '/healthz'), 200);
    const stopping = s.tellUntil('stop', says('STOPPING', '1'));
    assert.match((await stopping).STATUS, /^Stopping; \d+ requests are being answered$/);
    assert.equal((await s.event(exited)).code, 0);
  } finally {
    await s.quit();
  }
});

test('a store that cannot be written ends in a restart, after which the agent serves again', async (t) => {
  const data = folder(t);
  const s = await Supervisor.begin({ sockets: ['agent+desk=0'], watchdog: 6, command: command(data) });
  try {
    await s.tellUntil('start', says('WATCHDOG', '1'));
    const letGo = await holdDatabase(data);
    const from = s.events.length;
    await s.event(says('STATUS', undefined), from);
    await s.event((e) => e.event === 'watchdog', from);
    assert.ok(s.events.some((e) => /THE STORE CANNOT BE WRITTEN/.test(e.STATUS ?? '')), 'and said so before');
    await letGo();
    await s.event(started, from);
    await s.event(says('READY', '1'), from);
    assert.equal(await get(s.ports[0], '/readyz'), 200);
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
  } finally {
    await s.quit();
  }
});

test('a loop that stands still ends in a restart, too', async (t) => {
  const s = await Supervisor.begin({ sockets: ['agent+desk=0'], watchdog: 4, command: command(folder(t)) });
  try {
    await s.tellUntil('start', says('WATCHDOG', '1'));
    const { pid } = await s.event(started), from = s.events.length;
    process.kill(pid, 'SIGSTOP');
    await s.event((e) => e.event === 'watchdog', from);
    process.kill(pid, 'SIGCONT'); // so that the manager's SIGABRT arrives
    assert.equal((await s.event(exited, from)).signal, 'SIGABRT');
    await s.event(says('READY', '1'), from);
    assert.equal(await get(s.ports[0], '/readyz'), 200);
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
  } finally {
    await s.quit();
  }
});

test('restarts under load: every request is answered', async (t) => {
  const s = await Supervisor.begin({ sockets: ['agent+desk=0'], command: command(folder(t)) });
  const [port] = s.ports, kept = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const answers = {};
  let over = false;
  const ask = async (agent) => {
    while (!over) {
      const how = await get(port, '/docs', { agent }).catch((e) => e.code);
      answers[how] = (answers[how] ?? 0) + 1;
    }
  };
  try {
    await s.tellUntil('start', says('READY', '1'));
    const load = [ask(kept), ask(kept), ask(kept), ask(false), ask(false)];
    for (let i = 0; i < 3; i++) {
      const before = answers[200] ?? 0;
      const from = s.events.length;
      s.tell('restart');
      assert.equal((await s.event(exited, from)).code, 0);
      await s.event(says('READY', '1'), from);
      while ((answers[200] ?? 0) < before + 20) await new Promise((r) => setTimeout(r, 20));
    }
    over = true;
    await Promise.all(load);
    assert.deepEqual(Object.keys(answers), ['200'], JSON.stringify(answers));
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
  } finally {
    over = true;
    kept.destroy();
    await s.quit();
  }
});

test('credentials of the service manager are settings', async (t) => {
  const dir = folder(t), file = path.join(dir, 'token');
  writeFileSync(file, 'seen-by-the-manager\n');
  const s = await Supervisor.begin({ sockets: ['agent+desk=0'], credentials: { metrics_token: file }, command: command(path.join(dir, 'data')) });
  try {
    await s.tellUntil('start', says('READY', '1'));
    assert.equal(await get(s.ports[0], '/metrics', { headers: { authorization: 'Bearer seen-by-the-manager' } }), 200);
    assert.equal(await get(s.ports[0], '/metrics', { headers: { authorization: 'Bearer something-else' } }), 404);
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
  } finally {
    await s.quit();
  }
});

test('the units: systemd finds no fault, and an exposure below 2.0', (t) => {
  const dir = folder(t), unit = path.join(dir, 'salesagent.service');
  // verify wants the program to be there; the tests' is elsewhere than a package's.
  writeFileSync(unit, readFileSync(path.join(top, 'packaging/salesagent.service'), 'utf8').replaceAll('/usr/bin/salesagent', binary));
  writeFileSync(path.join(dir, 'salesagent.socket'), readFileSync(path.join(top, 'packaging/salesagent.socket')));
  const said = execFileSync('systemd-analyze', ['verify', '--man=no', unit, path.join(dir, 'salesagent.socket')], { stdio: ['ignore', 'pipe', 'pipe'] });
  assert.equal(said.toString().trim(), '');
  const exposure = execFileSync('systemd-analyze', ['security', '--offline=true', unit]).toString().match(/exposure level for \S+: ([\d.]+)/);
  assert.ok(Number(exposure[1]) < 2, exposure[0]);
});
