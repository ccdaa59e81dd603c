// Bytes that no JSON text can hold, in every place of a request where a client can put them: the answer is an answer,
// and the agent lives on. And other findings of a review, each kept from coming back.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent;
let wide;
const junk = '\xff\xfe\x80';
const json = 'application/json';

// Sends the bytes of a request as they stand (latin1: one character, one byte); resolves with the status.
function raw(base, { method = 'POST', path = '/mcp', headers = {}, body = '', host = 'localhost' }) {
  const lines = Object.entries({ host, 'content-type': json, 'content-length': body.length, connection: 'close', ...headers })
    .map(([k, v]) => `${k}: ${v}\r\n`).join('');
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    let got = '';
    const socket = connect(port, hostname, () => socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (d) => { got += d; });
    socket.on('close', () => resolve(Number(got.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0)));
    socket.on('error', reject);
  });
}

const rpc = (name, args) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { messageId: 'm', kind: 'message',
  role: 'user', parts: [{ kind: 'data', data: { skill: 'get_products', input: {} } }] } } });

before(async () => {
  agent = await Agent.start();
  wide = await Agent.start({ args: ['--listen', '0.0.0.0:0'] }).catch(() => null);
});
after(async () => { await agent.stop(); await wide?.stop(); });

test('in headers', async () => {
  for (const name of ['x-adcp-dialect', 'x-adcp-tenant', 'x-adcp-auth', 'authorization', 'x-mock-time', 'x-jump-to-event',
    'x-test-session-id', 'x-force-error', 'x-simulated-spend', 'x-context-id', 'idempotency-key', 'mcp-protocol-version', 'origin',
    'if-none-match', 'a2a-version', 'a2a-extensions', 'x-push-notification-url', 'x-push-notification-token', 'x-forwarded-host']) {
    for (const token of [undefined, 'test-token']) {
      const headers = { ...(token ? { 'x-adcp-auth': token } : {}), [name]: `Bearer ${junk}abcdefghijklmnop` };
      for (const [path, body] of [['/mcp', rpc('get_products', { brief: 'x' })], ['/mcp', rpc('create_media_buy', { packages: [] })],
        ['/adcp/create_media_buy', '{}'], ['/api/v1/media-buys', '{"packages":[]}'], ['/a2a', message]]) {
        const status = await raw(agent.base, { path, headers, body });
        assert.ok(status >= 200 && status < 500, `${name} to ${path}: ${status}`);
      }
    }
  }
});

test('in paths and queries', async () => {
  const headers = { 'x-adcp-auth': 'test-token' };
  for (const [method, path, want] of [['GET', '/api/v1/media-buys/%ff', 400], ['GET', '/api/v1/media-buys/%00', 400],
    ['PATCH', '/api/v1/media-buys/%ff', 400], ['GET', '/api/v1/media-buys?status=%ff', 400], ['GET', '/api/v1/products?brief=%ff', 400],
    ['POST', '/api/v1/%ff', 400], ['POST', '/adcp/%ff', 400]]) {
    assert.equal(await raw(agent.base, { method, path, headers, body: method === 'GET' ? '' : '{}' }), want, `${method} ${path}`);
  }
});

test('in the form of the signing page', async () => {
  for (const field of ['token=%ff', 'token=a&action=approve&reason=%ff', 'token=a&action=reject&reason=%00', `token=a&action=reject&reason=${junk}`]) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const status = await raw(agent.base, { path: '/sign/task-1', headers, body: field });
    assert.ok(status >= 200 && status < 500, `${field}: ${status}`);
  }
});

test('a package named twice for one creative gets one answer', async () => {
  const creative = { creative_id: 'cr-twice', name: 'B', format_id: { agent_url: agent.url, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.acme.com/a.png', width: 300, height: 250 } } };
  const assignments = [{ creative_id: 'cr-twice', package_id: 'pkg-none' }, { creative_id: 'cr-twice', package_id: 'pkg-none' }];
  const args = { adcp_version: '3.1', idempotency_key: 'twice-named-000001', account: { brand: { domain: 'acme.com' }, operator: 'acme.com' },
    creatives: [creative], assignments, validation_mode: 'lenient' };
  const r = await agent.call('sync_creatives', { ...args, adcp_version: '3.0' });
  const [one] = r.body.result.structuredContent.creatives;
  assert.deepEqual(Object.keys(one.assignment_errors ?? {}), ['pkg-none'], JSON.stringify(r.body));
  assert.ok(!/ill-formed reply/.test(agent.stderr), agent.stderr);
});

test('the headers of a batch do not grow with its calls', async () => {
  const one = JSON.parse(rpc('create_media_buy', { packages: [] }));
  const r = await agent.post('/mcp', Array(50).fill(one), { token: undefined });
  assert.equal(r.body.length, 50);
  assert.ok(!(r.headers.get('www-authenticate') ?? '').includes(','), 'one answer, not fifty');
});

test('the database is nobody else\'s to read', () => {
  const shared = mkdtempSync(path.join(tmpdir(), 'salesagent-modes-'));
  chmodSync(shared, 0o755);
  return Agent.start({ data: shared }).then(async (a) => {
    for (const f of ['salesagent.db', 'salesagent.db-wal', 'agent.sock']) assert.equal(statSync(path.join(shared, f)).mode & 0o077, 0, f);
    await a.stop();
    rmSync(shared, { recursive: true });
  });
});

test('in the name of the host', async () => {
  for (const a of [agent, wide].filter(Boolean)) {
    for (const [method, path] of [['POST', '/mcp'], ['GET', '/.well-known/agent-card.json'], ['GET', '/.well-known/adagents.json']]) {
      const request = { method, path, host: `127.${junk}`, body: method === 'POST' ? rpc('get_adcp_capabilities', {}) : '' };
      const status = await raw(a.base, request);
      assert.ok(status === 400 || status === 403, `${path}: ${status}`);
    }
  }
});
