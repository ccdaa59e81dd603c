// Settings: where they come from, what a running agent takes over and what needs a restart; listeners with their roles
// and hosts; sockets that a service manager passes.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { Agent, binary, cli } from './lib/agent.mjs';
import { Supervisor, exited, started } from './lib/supervisor.mjs';

const run = promisify(execFile);

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-config-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// GET with a Host of its own; the status, and the body as text.
const get = (port, url, { host = 'localhost', method = 'GET', headers = {} } = {}) => new Promise((resolve, reject) => {
  const q = http.request({ host: '127.0.0.1', port, path: url, method, agent: false, headers: { host, ...headers } }, (r) => {
    let text = '';
    r.on('data', (d) => { text += d; }).on('end', () => resolve({ status: r.statusCode, text }));
  });
  q.on('error', reject);
  q.end(method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' : undefined);
});

const until = async (what, says) => {
  for (let i = 0; i < 600; i++) {
    if (await says()) return;
    await new Promise((r) => setTimeout(r, 25));
  }
  assert.fail(`never: ${what}`);
};

const freePort = () => new Promise((resolve) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

async function certificate(dir, name) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((f) => path.join(dir, f));
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-keyout', key, '-out', cert]);
  return { cert, key };
}

const nameShown = (port) => new Promise((resolve, reject) => {
  const s = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => { resolve(s.getPeerCertificate().subject.CN); s.end(); });
  s.on('error', reject);
});

test('config show tells each value and where it comes from, config check all that is wrong', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'salesagent.conf');
  writeFileSync(path.join(dir, 'token'), 'abc\n');
  writeFileSync(file, `# mine\ndrain=5\nmetrics_token_file=${dir}/token\n`);
  const shown = JSON.parse((await cli('config', 'show', '--json', '--config', file, '--data=/srv/x')).stdout).settings;
  const of = (name) => shown.filter((s) => s.name === name);
  assert.deepEqual(of('drain'), [{ name: 'drain', value: '5', source: `${file}:2` }]);
  assert.deepEqual(of('data'), [{ name: 'data', value: '/srv/x', source: '--data' }]);
  assert.deepEqual(of('log'), [{ name: 'log', value: 'info', source: 'default' }]);
  assert.equal(of('metrics_token')[0].value, '(hidden)');
  assert.equal((await cli('config', 'check', '--config', file)).code, 0);

  writeFileSync(file, 'drian=5\nlisten=localhost:1 agent ads\ntls_cert=/nonexistent\n');
  const wrong = await cli('config', 'check', '--config', file);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /salesagent\.conf:1: there is no setting 'drian'; did you mean drain\?/);
  assert.match(wrong.stderr, /listen \(from .*salesagent\.conf:2\): in production ads never share an origin with agent or desk/);
  assert.match(wrong.stderr, /tls_cert \(from .*:3\): tls_cert and tls_key belong together/);
  const refused = await cli('serve', '--config', file);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /did you mean drain/);

  const example = (await cli('config', 'example')).stdout;
  writeFileSync(file, example.replaceAll(/^#(\w+=)/gm, '$1'));
  const all = await cli('config', 'check', '--config', file);
  assert.equal(all.code, 0, `the example can be used as it stands, with every line in force: ${all.stderr}`);
});

test('commands find the data directory in the configuration file', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'salesagent.conf');
  writeFileSync(file, `data=${dir}/elsewhere\n`);
  await assert.rejects(run(binary, ['task', 'list'], { env: { ...process.env, SALESAGENT_CONFIG: file, SALESAGENT_DATA: '' } }),
    (e) => e.code === 3 && e.stderr.includes(`${dir}/elsewhere`));
});

test('each listener serves its roles, each host its site', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const agent = await Agent.start({ sandbox: false, listen: [`127.0.0.1:${one} agent host=sales.example`, `127.0.0.1:${one} ads host=ads.example`,
    `127.0.0.1:${two} desk`, `127.0.0.1:0 metrics`] });
  try {
    const at = async (port, url, host, method) => (await get(port, url, { host, method })).status;
    assert.equal(await at(one, '/.well-known/jwks.json', 'sales.example'), 404, 'there is no publisher');
    assert.match((await get(one, '/.well-known/jwks.json', { host: 'sales.example:9' })).text, /No publisher/);
    assert.match((await get(one, '/.well-known/jwks.json', { host: 'ads.example' })).text, /nothing at this path/);
    assert.match((await get(two, '/.well-known/jwks.json')).text, /nothing at this path/);
    assert.equal(await at(one, '/mcp', 'sales.example', 'POST'), 200);
    assert.equal(await at(one, '/mcp', 'ads.example', 'POST'), 404);
    assert.equal(await at(two, '/mcp', 'localhost', 'POST'), 404);
    assert.equal(await at(one, '/decide/x', 'sales.example'), 404);
    assert.notEqual(await at(two, '/decide/x', 'localhost'), 403);
    assert.match((await get(two, '/decide/x')).text, /<html/);
    for (const [port, host] of [[one, 'sales.example'], [one, 'ads.example'], [two, 'localhost']]) assert.equal(await at(port, '/health', host), 200);
    assert.equal(await at(one, '/health', 'evil.example'), 403);
  } finally {
    await agent.stop();
  }
});

test('a publisher is found at its own host without being named in the settings', async (t) => {
  const dir = folder(t);
  writeFileSync(path.join(dir, 'p.json'), JSON.stringify({ salesagent_import: 1, tenant: { tenant_id: 'pub', name: 'Pub', host: 'agent.pub.example', adapter: 'manual' } }));
  const made = await cli('import', '--sandbox', path.join(dir, 'p.json'), '--data', dir);
  assert.equal(made.code, 0, made.stderr);
  const agent = await Agent.start({ sandbox: false, data: dir });
  const { port } = new URL(agent.base);
  try {
    for (const host of ['agent.pub.example', 'agent.pub.example:8443', 'AGENT.pub.example', 'localhost']) {
      assert.equal((await get(port, '/.well-known/jwks.json', { host })).status, 200, host);
    }
    assert.equal((await get(port, '/.well-known/jwks.json', { host: 'other.example' })).status, 403);
  } finally {
    await agent.stop();
  }
});

test('SIGHUP and reload: certificate, hosts and log level are taken over, the rest is named, a mistake changes nothing', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'salesagent.conf');
  const { cert, key } = await certificate(dir, 'first.example');
  const settings = `tls_cert=${cert}\ntls_key=${key}\n`;
  writeFileSync(file, settings);
  const agent = await Agent.start({ args: ['--config', file], env: { SALESAGENT_LOG: '' } });
  const { port } = new URL(agent.base);
  const ask = (host) => new Promise((resolve, reject) => {
    const s = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => s.write(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    s.on('data', (d) => resolve(Number(String(d).split(' ')[1]))).on('error', reject);
  });
  try {
    assert.equal(await nameShown(port), 'first.example');
    assert.equal(await ask('new.example'), 403);
    await certificate(dir, 'second.example');
    writeFileSync(file, `${settings}allow_host=new.example\nlog=debug\ndata=/elsewhere\n`);
    agent.child.kill('SIGHUP');
    await until('reloaded', () => agent.stderr.includes('reloaded'));
    assert.equal(await nameShown(port), 'second.example');
    assert.equal(await ask('new.example'), 200);
    await until('debug lines', () => agent.stderr.includes('level=debug'));

    writeFileSync(file, `${settings}allow_host=new.example\ntypo=1\n`);
    const refused = await agent.cli('reload');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /salesagent\.conf:4: there is no setting 'typo'/);
    assert.match(refused.stderr, /goes on with the settings it had/);
    assert.equal(await ask('new.example'), 200);

    writeFileSync(cert, 'not a certificate');
    writeFileSync(file, settings);
    const broken = await agent.cli('reload');
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /cannot use the TLS certificate/);
    assert.equal(await ask('new.example'), 200, 'nothing of it was taken');
    assert.equal(await nameShown(port), 'second.example');

    await certificate(dir, 'third.example');
    writeFileSync(file, `${settings}sandbox=no\nlisten=localhost:1\nmax_body=1M\n`);
    const done = await agent.cli('reload', '--json');
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(JSON.parse(done.stdout), { taken: ['allow_host', 'max_body', 'log'], restart: [], certificate: true }, 'options stand above the file');
    assert.equal(await ask('new.example'), 403);
    assert.equal(await nameShown(port), 'third.example');
    const again = await agent.cli('reload');
    assert.match(again.stdout, /no setting has changed/);
  } finally {
    await agent.stop();
  }
  assert.equal((await agent.cli('reload')).code, 3);
});

test('what needs a restart is named and stays as it was', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, 'salesagent.conf');
  const port = await freePort();
  writeFileSync(file, `listen=127.0.0.1:${port} agent\nsandbox=yes\n`);
  const agent = await Agent.start({ sandbox: false, listen: [], args: ['--config', file] });
  try {
    writeFileSync(file, `listen=127.0.0.1:1 agent host=x.example\ndry_run=yes\ntls_cert=/x\ntls_key=/y\n`);
    const said = await agent.cli('reload');
    assert.match(said.stdout, /^needs a restart: sandbox, dry_run, listen, tls_cert, tls_key$/m);
    assert.equal((await get(port, '/mcp', { method: 'POST', headers: { 'content-type': 'application/json' } })).status, 200);
    assert.match((await agent.cli('reload')).stdout, /^needs a restart: sandbox/m, 'and is named again, because it is still so');
    writeFileSync(file, `listen=127.0.0.1:${port} agent host=x.example\nsandbox=yes\n`);
    assert.match((await agent.cli('reload')).stdout, /^taken over: listen$/m, 'the same sockets, other hosts');
    assert.equal((await get(port, '/health', { host: 'x.example' })).status, 200);
  } finally {
    await agent.stop();
  }
});

test('a socket that was passed serves what its name says, and its connections wait while nobody is there', async (t) => {
  const data = folder(t);
  const command = [binary, 'serve', '--sandbox', '--data', data, '--listen', '127.0.0.1:0 metrics'];
  const bad = await Supervisor.begin({ sockets: ['agnet=0'], command });
  assert.equal((await bad.tellUntil('start', exited)).code, 1);
  await bad.quit();
  assert.match(bad.stderr, /a name \(FileDescriptorName=\) is made of agent, desk, ads and metrics/);

  const s = await Supervisor.begin({ sockets: ['salesagent.socket=0', 'metrics=0'], command });
  const [port, metrics] = s.ports;
  try {
    const early = get(port, '/health'); // before there is anybody
    await s.tellUntil('start', started);
    assert.equal((await early).status, 200);
    assert.match(s.stderr, new RegExp(`http://localhost:${port}/mcp`));
    const list = { method: 'POST', headers: { 'content-type': 'application/json' } };
    assert.equal((await get(port, '/mcp', list)).status, 200);
    assert.equal((await get(metrics, '/mcp', list)).status, 404);
    assert.equal((await get(metrics, '/health')).status, 200);
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
    const waiting = Promise.all(Array.from({ length: 50 }, () => get(port, '/health'))); // nobody accepts them now
    s.tell('start');
    assert.deepEqual([...new Set((await waiting).map((r) => r.status))], [200]);
    assert.equal((await s.tellUntil('stop', exited)).code, 0);
  } finally {
    await s.quit();
  }
});

test('when its terminal is gone, the agent that was started in it ends', async (t) => {
  const dir = folder(t);
  const script = `
import os, pty, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"MCP" not in seen:
    seen += os.read(master, 4096)
os.close(master)
until = time.monotonic() + 30
while time.monotonic() < until:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        sys.exit(0 if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 else 1)
    time.sleep(0.02)
os.kill(pid, 9)
sys.exit(3)
`;
  await run('python3', ['-c', script, binary, 'serve', '--sandbox', '--listen', '127.0.0.1:0', '--data', dir]);
});
