// The snippets of docs/proxy.md as they stand there, in front of an agent: only addresses and certificate files are replaced.
import assert from 'node:assert/strict';
import https from 'node:https';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { Agent } from './lib/agent.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const snippet = (language) => readFileSync(path.join(top, 'docs/proxy.md'), 'utf8').match(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``))[1];

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

async function behind(t, begin) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-proxy-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=sales.publisher.example',
    '-addext', 'subjectAltName=DNS:sales.publisher.example', '-keyout', path.join(dir, 'key.pem'), '-out', path.join(dir, 'cert.pem')]);
  const agent = await Agent.start({ args: ['--trust-proxy', '127.0.0.1'] });
  const port = await freePort();
  const { command, args } = begin(dir, port, new URL(agent.base).port);
  const proxy = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
  let said = '';
  for (const s of [proxy.stdout, proxy.stderr]) s.on('data', (d) => { said += d; });
  const ended = new Promise((r) => proxy.on('exit', r));
  const ca = readFileSync(path.join(dir, 'cert.pem'));
  const ask = (method, url, body, headers = {}) => new Promise((resolve, reject) => {
    const req = https.request({ host: '127.0.0.1', port, servername: 'sales.publisher.example', ca, method, path: url, agent: false,
      headers: { host: 'sales.publisher.example', ...(body ? { 'content-type': 'application/json', 'x-adcp-auth': 'test-token' } : {}), ...headers } }, (res) => {
      let text = '';
      res.on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
    });
    req.on('error', reject).end(body && JSON.stringify(body));
  });
  try {
    for (let i = 0; ; i++) {
      const up = await ask('GET', '/healthz').catch((e) => e);
      if (up.status) break;
      assert.ok(i < 400, `${command} does not answer: ${up.message ?? up.status}\n${said}`);
      await new Promise((r) => setTimeout(r, 25));
    }
    // The publisher's own host needs no --allow-host; before it is the publisher's, it is a stranger's.
    assert.equal((await ask('POST', '/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' })).status, 403, 'a host that nobody named');
    writeFileSync(path.join(dir, 'host.json'), JSON.stringify({ salesagent_import: 1, tenant: { host: 'sales.publisher.example' } }));
    const named = await agent.cli('import', path.join(dir, 'host.json'));
    assert.equal(named.code, 0, named.stderr);
    await judge(agent, ask);
  } finally {
    proxy.kill('SIGTERM');
    await ended;
    await agent.stop();
  }
}

async function judge(agent, ask) {
  const call = (name, args, headers) => ask('POST', '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }, { accept: 'application/json, text/event-stream', ...headers });
  const products = await call('get_products', { brief: 'tech' }, { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example' });
  assert.equal(products.status, 200, products.text);
  assert.ok(JSON.parse(products.text).result.structuredContent.products.length > 0);
  const card = JSON.parse((await ask('GET', '/.well-known/agent-card.json')).text);
  assert.match(JSON.stringify(card), /"url":"https:\/\/sales\.publisher\.example\/a2a"/, 'the card shows the address in front');
  // What a caller writes into the headers itself is not believed: the line has the connection's address.
  const id = products.headers['x-request-id'];
  const find = () => agent.stderr.split('\n').find((l) => l.includes(`id=${id}`));
  for (let i = 0; i < 200 && !find(); i++) await new Promise((r) => setTimeout(r, 25)); // the log follows the answer
  const line = find();
  assert.match(line, /peer=127\.0\.0\.1 /, line);
  // Events of a stream come through.
  const stream = await ask('POST', '/a2a', { jsonrpc: '2.0', id: 's', method: 'message/stream', params: { message: { kind: 'message', role: 'user', messageId: 'm-1',
    parts: [{ kind: 'data', data: { skill: 'get_adcp_capabilities', input: {} } }] } } }, { accept: 'text/event-stream' });
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.match(stream.text, /^data: \{/m);
  // One that is silent for a while, and then speaks.
  const bought = await ask('POST', '/a2a', { jsonrpc: '2.0', id: 'b', method: 'message/send', params: { message: { kind: 'message', role: 'user', messageId: 'm-2',
    parts: [{ kind: 'data', data: { skill: 'create_media_buy', parameters: { adcp_version: '3.1', idempotency_key: 'through-the-proxy-1',
      account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true }, brand: { domain: 'acme.example' },
      start_time: '2030-04-01T00:00:00Z', end_time: '2030-05-01T00:00:00Z', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] } } }] } } });
  const { id: waits } = JSON.parse(bought.text).result;
  const began = Date.now(), watched = ask('POST', '/a2a', { jsonrpc: '2.0', id: 'w', method: 'tasks/resubscribe', params: { id: waits } }, { accept: 'text/event-stream' });
  await new Promise((r) => setTimeout(r, 1500));
  const { tasks } = JSON.parse((await agent.cli('task', 'list', '--json')).stdout);
  assert.equal((await agent.cli('task', 'approve', tasks[0].task_id)).code, 0);
  const events = (await watched).text.match(/^data: .*$/gm);
  assert.ok(Date.now() - began >= 1500 && events.length >= 2, `${Date.now() - began} ms, ${events}`);
  assert.match(events.at(-1), /"state":"completed"/);
  // Large bodies up to max_body pass, larger ones are refused by somebody.
  const large = await call('get_products', { brief: 'x'.repeat(1 << 20) });
  assert.ok([200, 400, 422].includes(large.status), String(large.status));
  assert.equal((await ask('POST', '/mcp', { x: 'x'.repeat(9 << 20) }).catch(() => ({ status: 413 }))).status, 413);
}

test('nginx, with TLS and streams', (t) => behind(t, (dir, port, agent) => {
  const server = snippet('nginx').replace('127.0.0.1:8000', `127.0.0.1:${agent}`).replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate +\S+;/, `ssl_certificate ${dir}/cert.pem;`).replace(/ssl_certificate_key +\S+;/, `ssl_certificate_key ${dir}/key.pem;`);
  mkdirSync(path.join(dir, 'tmp'));
  writeFileSync(path.join(dir, 'nginx.conf'), `${process.getuid() === 0 ? 'user root; ' : ''}daemon off; pid ${dir}/pid; error_log stderr; worker_processes 1;\nevents {}\nhttp {\naccess_log off;\n` +
    ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${dir}/tmp/${n};\n`).join('') + `${server}}\n`);
  return { command: 'nginx', args: ['-p', dir, '-c', path.join(dir, 'nginx.conf')] };
}));

const caddy = path.join(execFileSync('bash', ['-c', '. scripts/lib.sh; unpacked_dir'], { cwd: top }).toString().trim(), 'usr/bin/caddy');
test('Caddy, with TLS and streams', { skip: !existsSync(caddy) && 'this system has no package caddy' }, (t) => behind(t, (dir, port, agent) => {
  const site = snippet('caddy').replace('127.0.0.1:8000', `127.0.0.1:${agent}`)
    .replace('sales.publisher.example {', `https://sales.publisher.example:${port} {\n    bind 127.0.0.1\n    tls ${dir}/cert.pem ${dir}/key.pem\n    request_body {\n        max_size 8MB\n    }`);
  writeFileSync(path.join(dir, 'Caddyfile'), `{\n    admin off\n    auto_https off\n}\n${site}`);
  return { command: caddy, args: ['run', '--config', path.join(dir, 'Caddyfile'), '--adapter', 'caddyfile'] };
}));
