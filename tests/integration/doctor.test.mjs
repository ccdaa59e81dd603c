// salesagent doctor: what it finds with and without an agent, that it changes and betrays nothing, and the same findings as an
// operation of the running agent.
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, cli } from './lib/agent.mjs';

const run = promisify(execFile);
const SECRET = 'xoxb-very-secret-4711';

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-doctor-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, 'data');
}

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

const doctor = async (data, ...more) => {
  const r = await cli('doctor', '--json', '--data', data, ...more);
  const report = r.stdout ? JSON.parse(r.stdout) : undefined;
  const all = report ? [...report.installation, ...report.publishers.flatMap((p) => p.findings)] : [];
  const of = (check, severity) => all.filter((f) => f.check === check && (!severity || f.severity === severity));
  return { ...r, report, all, of };
};

async function made(data, host) {
  const r = await cli('init', '--name', 'The Daily News', '--domain', 'news.example', '--ad-server', 'manual', ...(host ? ['--host', host] : []), '--data', data);
  assert.equal(r.code, 0, r.stderr);
}

test('without a database, and without an agent', async (t) => {
  const data = folder(t);
  const none = await doctor(data);
  assert.equal(none.code, 1);
  assert.match(none.of('database', 'error')[0].remedy, /salesagent init/);
  await made(data, 'sales.news.example');
  const before = readFileSync(path.join(data, 'salesagent.db'));
  const r = await doctor(data, '--offline');
  assert.equal(r.code, 1);
  assert.match(r.of('agent', 'error')[0].found, /No agent is serving/);
  assert.equal(r.of('database', 'well').length, 1);
  assert.equal(r.of('backup', 'warning').length, 1);
  assert.equal(r.of('descriptors', 'unknown').length, 1);
  assert.deepEqual([r.of('world', 'unknown').length, r.of('address').length], [1, 0], 'what was not asked is unknown, and not well');
  assert.deepEqual(readFileSync(path.join(data, 'salesagent.db')), before, 'a look changes nothing');
  for (const f of r.all.filter((x) => x.severity === 'error')) assert.ok(f.remedy, JSON.stringify(f));
});

test('an ad server that invents delivery, in production', async (t) => {
  const data = folder(t);
  assert.equal((await cli('init', '--demo', '--data', data)).code, 0);
  const r = await doctor(data, '--offline');
  assert.match(r.of('ad_server', 'error')[0].found, /invents delivery|cannot be used/);
  assert.equal((await doctor(data, '--offline', '--sandbox')).of('ad_server', 'error').length, 0);
});

test('settings that contradict each other, and a damaged database', async (t) => {
  const data = folder(t);
  await made(data, 'sales.news.example');
  const open = await doctor(data, '--offline', '--listen', '0.0.0.0:8000');
  assert.match(open.of('settings', 'error')[0].found, /without TLS/);
  const sandbox = await doctor(data, '--offline', '--listen', '0.0.0.0:8000', '--sandbox');
  assert.match(sandbox.of('settings', 'error')[0].found, /sandbox/);
  const proxied = await doctor(data, '--offline', '--trust-proxy', '127.0.0.1');
  assert.equal(proxied.of('settings', 'well').length, 1);
  const wrong = await cli('doctor', '--data', data, '--listen', 'nowhere');
  assert.equal(wrong.code, 2, wrong.stdout);
  chmodSync(data, 0o755);
  assert.match((await doctor(data, '--offline')).of('database', 'warning')[0].found, /mode 755/);
  const file = path.join(data, 'salesagent.db'), bytes = readFileSync(file);
  bytes.fill(0x5a, 8192, Math.min(bytes.length, 60000));
  writeFileSync(file, bytes);
  const damaged = await doctor(data, '--offline');
  assert.equal(damaged.of('database', 'error').length > 0, true, JSON.stringify(damaged.report));
});

test('a certificate that ends soon, and the age of the newest backup', async (t) => {
  const data = folder(t);
  await made(data, 'sales.news.example');
  const [cert, key] = ['cert.pem', 'key.pem'].map((f) => path.join(data, f));
  const looked = async (days) => {
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days), '-subj', '/CN=sales.news.example', '-keyout', key, '-out', cert]);
    return (await doctor(data, '--offline', '--tls-cert', cert, '--tls-key', key)).of('certificate');
  };
  assert.match((await looked(90)).find((f) => f.severity === 'well').found, /another (89|90) days/);
  const ends = (await looked(2)).find((f) => f.severity === 'error');
  assert.match(ends.found, /another [12] days/);
  assert.match(ends.remedy, /reload/);

  const backups = path.join(data, 'backups');
  mkdirSync(backups);
  const aged = () => doctor(data, '--offline', '--backup-folder', backups).then((r) => r.of('backup'));
  assert.notEqual((await aged())[0].severity, 'well', 'there is none yet');
  const made_at = async (ms) => { // the name says when
    rmSync(backups, { recursive: true });
    mkdirSync(backups);
    const name = `salesagent-${new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')}.db`;
    assert.equal((await cli('backup', path.join(backups, name), '--data', data)).code, 0);
    return (await aged())[0];
  };
  assert.equal((await made_at(Date.now() - 3600e3)).severity, 'well');
  const old = await made_at(Date.now() - 9 * 86400e3);
  assert.match(old.found, /216 hours old/);
  assert.notEqual(old.severity, 'well');
});

test('a running agent behind its address: it is asked, and knows itself; another one is noticed', async (t) => {
  const data = folder(t), port = await freePort();
  await made(data);
  const settings = { agent_url: `http://127.0.0.1:${port}`, hitl_webhook_url: `https://hooks.slack.example/services/${SECRET}` };
  const agent = await Agent.start({ data, listen: [`127.0.0.1:${port}`] });
  try {
    assert.equal((await agent.cli('publisher', 'set', '--settings', JSON.stringify(settings))).code, 0);
    assert.equal((await agent.cli('key', 'rotate')).code, 0);
    const r = await doctor(data, '--sandbox');
    assert.equal(r.of('address', 'well').length, 1, JSON.stringify(r.report, null, 1));
    assert.equal(r.of('proxy', 'well').length, 1);
    assert.equal(r.of('keys', 'well').length, 1);
    assert.equal(r.of('agent', 'well').length, 1);
    assert.equal(r.of('descriptors', 'unknown').length, 0, 'the limit of the agent that runs');
    assert.equal(r.of('adagents', 'unknown').length, 1, 'a sandbox asks nobody outside');
    assert.ok(r.of('links', 'warning').length, 'only this machine can open them');

    const support = await cli('doctor', '--support', '--data', data, '--sandbox');
    assert.match(support.stdout, /^salesagent \d/);
    assert.ok(!support.stdout.includes(SECRET) && !JSON.stringify(r.report).includes(SECRET));

    // The same as an operation, for the desk.
    const first = JSON.parse((await agent.cli('health', 'show', '--json')).stdout);
    assert.equal(first.looked_at, undefined);
    assert.ok(first.findings.some((f) => f.check === 'world' && f.severity === 'unknown'));
    assert.equal((await agent.cli('health', 'check')).code, 0);
    let seen;
    for (let i = 0; i < 200 && !seen?.looked_at; i++) {
      await new Promise((done) => setTimeout(done, 50));
      seen = JSON.parse((await agent.cli('health', 'show', '--json')).stdout);
    }
    assert.ok(seen.looked_at, 'it was looked');
    for (const check of ['address', 'proxy', 'keys', 'disk', 'database', 'descriptors']) {
      assert.ok(seen.findings.some((f) => f.check === check && f.severity === 'well'), `${check}: ${JSON.stringify(seen)}`);
    }
    assert.equal(seen.errors, seen.findings.filter((f) => f.severity === 'error').length);
    assert.ok(!JSON.stringify(seen).includes(SECRET));
    await agent.cli('jobs', 'hold');
    const held = await agent.cli('health', 'check');
    assert.deepEqual([held.code, /held/.test(held.stderr)], [1, true]);
    assert.ok((await doctor(data, '--sandbox')).of('agent', 'warning').length, 'jobs are held');
  } finally {
    await agent.stop();
  }
  // Somebody else at our address: a card that calls itself something else, keys that are not ours, a redirect.
  const other = http.createServer((req, res) => {
    if (req.url.endsWith('agent-card.json')) res.end(JSON.stringify({ url: 'http://127.0.0.1:9/a2a' }));
    else if (req.url.endsWith('jwks.json')) res.end('{"keys":[]}');
    else res.writeHead(302, { location: '/' }).end();
  }).listen(port, '127.0.0.1');
  await new Promise((done) => other.once('listening', done));
  try {
    const r = await doctor(data, '--sandbox');
    assert.match(r.of('proxy', 'error')[0].remedy, /trust_proxy/);
    assert.equal(r.of('keys', 'error').length, 1);
    assert.equal(r.of('agent', 'error').length, 1);
  } finally {
    other.close();
    other.closeAllConnections();
  }
  const gone = await doctor(data, '--sandbox');
  assert.equal(gone.of('address', 'error').length, 1);
  assert.match(gone.of('address', 'error')[0].found, /does not answer/);
});

test('a property whose name leads to a private address is not asked', async (t) => {
  const data = folder(t);
  await made(data, 'sales.invalid');
  const file = path.join(data, 'more.json');
  writeFileSync(file, JSON.stringify({ salesagent_import: 1, properties: [{ property_id: 'inside', property_type: 'website', name: 'Inside',
    publisher_domain: 'localhost', identifiers: [{ type: 'domain', value: 'localhost' }] }] }));
  assert.equal((await cli('import', file, '--data', data)).code, 0);
  let asked = 0;
  const inside = http.createServer((req, res) => { asked++; res.end('{}'); }).listen(0, '127.0.0.1');
  await new Promise((done) => inside.once('listening', done));
  t.after(() => inside.close());
  const r = await doctor(data);
  const about = r.of('adagents').find((f) => f.about === 'localhost');
  assert.deepEqual([about?.severity, asked], ['unknown', 0], JSON.stringify(r.report, null, 1));
  assert.equal(r.of('dns', 'error').length, 1, 'sales.invalid does not resolve');
  assert.equal(statSync(data).mode & 0o077, 0);
});
