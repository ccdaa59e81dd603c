// The headers of the seeds through every way a call can be made: both eras of MCP, both mounts of REST and its
// resources, both generations of A2A, at once and as a stream. Then what HTTP wants of every path: OPTIONS, HEAD, 405
// with Allow, entity tags, CORS; and the listener's flags: TLS, origins, hosts.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent } from './lib/agent.mjs';

const run = promisify(execFile);
let agent;
before(async () => {
  agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] });
  const stated = await agent.cli('tenant', 'set', '--settings', '{"rate_limits": {"discovery": 1000, "buying": 1000, "reporting": 1000, "update": 1000}}'); // a sandbox has none of its own
  assert.equal(stated.code, 0, stated.stderr);
});
after(async () => { await agent.stop(); });

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
let n = 0;
const buy = () => ({ adcp_version: '3.1', idempotency_key: `headers-test-key-${String(++n).padStart(4, '0')}`, account,
  brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });

async function send(url, init, headers, token) {
  const res = await fetch(agent.base + url, { ...init,
    headers: { 'content-type': 'application/json', ...(token ? { 'x-adcp-auth': token } : {}), ...init.headers, ...headers } });
  return { status: res.status, headers: res.headers, text: await res.text() };
}
const posted = (url, body, headers = {}) => ({ url, init: { method: 'POST', body: JSON.stringify(body), headers } });
const mcp = (r) => r.result?.structuredContent ?? r.error?.data;
const a2a = (r) => (r.result?.task ?? r.result)?.artifacts?.[0].parts.find((p) => p.data).data ?? r.error?.data;
const event = (text) => JSON.parse(text.match(/^data: (.*)$/m)?.[1] ?? text);
const message = (v1, tool, args) => ({ message: v1 ? { messageId: `m${++n}`, role: 'ROLE_USER', parts: [{ data: { skill: tool, input: args } }] }
  : { kind: 'message', messageId: `m${++n}`, role: 'user', parts: [{ kind: 'data', data: { skill: tool, parameters: args } }] } });
const talk = (method, v1) => ({ ask: (tool, args) => posted('/a2a', { jsonrpc: '2.0', id: 1, method, params: message(v1, tool, args) }),
  read: (text) => a2a(event(text)) });
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };

const ways = {
  mcp: { ask: (tool, args) => posted('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }),
    read: (text) => mcp(JSON.parse(text)) },
  'mcp 2026-07-28': { ask: (tool, args) => posted('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args, _meta: meta } },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool }), read: (text) => mcp(JSON.parse(text)) },
  rest: { ask: (tool, args) => posted(`/adcp/${tool}`, args), read: JSON.parse },
  'rest api': { ask: (tool, args) => posted(`/api/v1/${tool}`, args), read: JSON.parse },
  'a2a 0.3': talk('message/send', false),
  'a2a 1.0': talk('SendMessage', true),
  'a2a 0.3 stream': talk('message/stream', false),
  'a2a 1.0 stream': talk('SendStreamingMessage', true),
  // The two tools that the tests below call, as resources; the dialect is told by a header there.
  'rest resources': { ask: (tool, { media_buy_ids, ...args }) => (tool === 'get_media_buy_delivery'
    ? { url: `/api/v1/media-buys/${media_buy_ids[0]}/delivery`, init: { method: 'GET', headers: { 'x-adcp-dialect': 'adcp-3.1' } } }
    : posted('/api/v1/media-buys', args)), read: JSON.parse },
};

async function call(way, tool, args, headers = {}, token = 'test-token') {
  const { url, init } = ways[way].ask(tool, args);
  const r = await send(url, init, headers, token);
  return { ...r, payload: ways[way].read(r.text) };
}
const error = (r) => r.payload.adcp_error ?? r.payload.error ?? r.payload;

for (const way of Object.keys(ways)) {
  const delivery = (id, headers, token) => call(way, 'get_media_buy_delivery', { adcp_version: '3.1', media_buy_ids: [id] }, headers, token);

  test(`headers through ${way}: who asks`, async () => {
    const id = 'mb-none';
    assert.notEqual((await delivery(id)).status, 401);
    assert.notEqual((await delivery(id, { authorization: 'Bearer test-token' }, null)).status, 401);
    for (const headers of [{}, { 'x-adcp-auth': 'nobody' }, { authorization: 'Bearer nobody' }, { authorization: 'Basic eDp5' }]) {
      const r = await delivery(id, headers, null);
      assert.equal(r.status, 401, JSON.stringify(headers));
      assert.match(r.headers.get('www-authenticate'), /^Bearer/);
    }
    assert.notEqual((await delivery(id, { 'x-adcp-tenant': 'demo' })).status, 401);
    const other = await delivery(id, { 'x-adcp-tenant': 'other' });
    assert.equal(other.status, 401);
    assert.equal(error(other).code, 'AUTH_INVALID');
  });

  test(`headers through ${way}: the world is played, and tells`, async () => {
    const { payload: made } = await call(way, 'create_media_buy', buy(), { 'x-auto-advance': 'true', 'x-context-id': 'ctx-7' });
    const id = made.media_buy_id;
    assert.ok(id, 'X-Auto-Advance');
    assert.equal(made.context_id, 'ctx-7');
    const half = { 'x-mock-time': '2026-04-16T00:00:00Z', 'x-context-id': 'ctx-8' };
    const mid = await delivery(id, half);
    assert.equal(mid.headers.get('x-context-id'), 'ctx-8');
    assert.equal(mid.payload.context_id, 'ctx-8');
    assert.equal(mid.headers.get('x-next-event'), 'campaign-75-percent');
    assert.equal(mid.headers.get('x-next-event-time'), '2026-04-23T12:00:00Z');
    assert.equal(Number(mid.headers.get('x-simulated-spend')), mid.payload.media_buy_deliveries[0].totals.spend);
    for (const name of ['limit', 'remaining', 'reset']) assert.match(mid.headers.get(`x-ratelimit-${name}`), /^\d+$/);
    const more = await delivery(id, { ...half, 'x-simulated-spend': '12.50' });
    assert.equal(Number(more.headers.get('x-simulated-spend')), mid.payload.media_buy_deliveries[0].totals.spend + 12.5);
    const jumped = await delivery(id, { 'x-jump-to-event': 'campaign-75-percent' });
    assert.equal(jumped.headers.get('x-next-event'), 'campaign-complete');
    assert.equal((await delivery(id)).headers.get('x-next-event'), null);
    const forced = await delivery(id, { 'x-force-error': 'platform_error' });
    assert.equal(error(forced).code, 'SERVICE_UNAVAILABLE');
    const elsewhere = await delivery(id, { 'x-test-session-id': 'another' });
    assert.doesNotMatch(elsewhere.text, new RegExp(`"media_buy_id": ?"${id}","`), 'a session is a world of its own');
    assert.equal(elsewhere.payload.media_buy_deliveries?.length ?? 0, 0);
  });

  test(`headers through ${way}: rehearsed, and told elsewhere`, async () => {
    const args = buy();
    const dry = await call(way, 'create_media_buy', args, { 'x-dry-run': 'true' });
    assert.equal(dry.headers.get('x-dry-run'), 'true');
    assert.equal(dry.payload.ext.salesagent.dry_run, true);
    const real = await call(way, 'create_media_buy', args, { 'x-push-notification-url': 'http://127.0.0.1:9/hook', 'x-push-notification-token': 'a-token-of-sixteen' });
    assert.equal(real.headers.get('x-dry-run'), null);
    assert.equal(real.payload.replayed, undefined, 'nothing of the rehearsal was kept');
    const status = await call('mcp', 'get_task_status', { adcp_version: '3.1', task_id: real.payload.task_id });
    assert.equal(status.payload.has_webhook, true);
    const unsafe = await call(way, 'create_media_buy', buy(), { 'x-push-notification-url': 'http://10.0.0.1/hook' });
    assert.match(error(unsafe).field, /^\/?push_notification_config/);
  });
}

test('OPTIONS says what a path is for; other methods are refused with it', async () => {
  const paths = { '/mcp': 'POST', '/a2a': 'POST', '/': 'POST', '/health': 'GET, HEAD', '/docs': 'GET, HEAD', '/api/v1/openapi.json': 'GET, HEAD',
    '/.well-known/agent-card.json': 'GET, HEAD', '/.well-known/jwks.json': 'GET, HEAD', '/api/v1/get_products': 'POST', '/adcp/get_products': 'POST',
    '/api/v1/media-buys': 'GET, HEAD, POST', '/api/v1/media-buys/x': 'GET, HEAD, PATCH', '/api/v1/media-buys/x/delivery': 'GET, HEAD' };
  for (const [url, allow] of Object.entries(paths)) {
    const options = await send(url, { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow'), options.text], [204, `${allow}, OPTIONS`, ''], url);
    for (const method of ['PUT', 'DELETE']) {
      const r = await send(url, { method });
      if (url === '/') continue;
      assert.equal(r.status, 405, `${method} ${url}`);
      assert.ok(r.headers.get('allow').startsWith(allow), `${method} ${url}`);
    }
  }
  assert.equal((await send('/nothing', { method: 'OPTIONS' })).status, 404);
});

test('HEAD is GET without the body; entity tags spare the body', async () => {
  for (const url of ['/health', '/docs', '/api/v1/openapi.json', '/.well-known/agent-card.json', '/api/v1/media-buys', '/api/v1/products', '/api/v1/accounts']) {
    const get = await send(url, { method: 'GET', headers: { 'accept-encoding': 'identity' } }, {}, 'test-token');
    const head = await send(url, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } }, {}, 'test-token');
    assert.deepEqual([get.status, head.status, head.text], [200, 200, ''], url);
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(get.text)), url);
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'), url);
    const tag = get.headers.get('etag');
    assert.equal(tag, head.headers.get('etag'));
    if (['/health', '/docs'].includes(url)) continue;
    for (const have of [tag, `"other", W/${tag}`, '*']) {
      const same = await send(url, { method: 'GET' }, { 'if-none-match': have }, 'test-token');
      assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', tag], `${url} ${have}`);
    }
    assert.equal((await send(url, { method: 'GET' }, { 'if-none-match': '"other"' }, 'test-token')).status, 200);
  }
});

test('pages of other origins: preflight and exposed headers', async () => {
  const own = await Agent.start({ sandbox: true, args: ['--allow-origin', 'https://buyer.example', '--clock', '2026-03-09T14:30:00Z'] });
  const ask = (url, method, headers) => fetch(own.base + url, { method, headers });
  try {
    for (const url of ['/mcp', '/a2a', '/api/v1/media-buys', '/adcp/get_products']) {
      for (const origin of ['https://buyer.example', 'http://localhost:6274']) {
        const r = await ask(url, 'OPTIONS', { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-adcp-auth, content-type' });
        assert.equal(r.status, 204, url);
        assert.equal(r.headers.get('access-control-allow-origin'), origin);
        assert.match(r.headers.get('access-control-allow-methods'), /GET.*POST.*PATCH/);
        assert.equal(r.headers.get('access-control-allow-headers'), 'x-adcp-auth, content-type');
        assert.match(r.headers.get('vary'), /Origin/);
        assert.equal(r.headers.get('access-control-allow-credentials'), null);
      }
      for (const origin of ['https://evil.example', 'https://buyer.example.evil.example', 'http://buyer.example', 'null', 'https://buyer.example:444']) {
        const r = await ask(url, 'OPTIONS', { origin, 'access-control-request-method': 'POST' });
        assert.equal(r.status, 403, `${url} ${origin}`);
        assert.equal(r.headers.get('access-control-allow-origin'), null);
      }
    }
    const r = await ask('/api/v1/media-buys', 'GET', { origin: 'https://buyer.example', 'x-adcp-auth': 'test-token', 'x-context-id': 'c' });
    const exposed = r.headers.get('access-control-expose-headers').toLowerCase().split(', ');
    const simple = ['date', 'content-type', 'content-length', 'cache-control', 'vary', 'connection', 'keep-alive', 'content-encoding',
      'x-content-type-options'];
    for (const name of r.headers.keys()) {
      if (!simple.includes(name) && !name.startsWith('access-control-')) assert.ok(exposed.includes(name), name);
    }
    for (const name of ['x-next-event', 'x-next-event-time', 'x-simulated-spend', 'www-authenticate', 'retry-after']) assert.ok(exposed.includes(name), name);
  } finally {
    await own.stop();
  }
});

test('discovery without a credential is as configured, and nothing pretends to be OAuth', async () => {
  const own = await Agent.start();
  const shared = agent;
  agent = own;
  const ask = async (tool) => Promise.all(Object.keys(ways).filter((w) => w !== 'rest resources')
    .map(async (way) => (await call(way, tool, { adcp_version: '3.1', ...(tool === 'get_products' ? { buying_mode: 'wholesale' } : {}) }, {}, null)).status));
  try {
    for (const open of [true, false]) {
      const set = await own.cli('tenant', 'set', '--settings', JSON.stringify({ public_discovery: open }));
      assert.equal(set.code, 0, set.stderr);
      for (const tool of ['get_products', 'list_creative_formats']) assert.deepEqual([...new Set(await ask(tool))], [open ? 200 : 401], tool);
      assert.deepEqual([...new Set(await ask('get_adcp_capabilities'))], [200]);
      assert.ok((await call('mcp', 'get_products', { adcp_version: '3.1', buying_mode: 'wholesale' })).payload.products.length);
    }
    for (const url of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server', '/.well-known/openid-configuration',
      '/.well-known/oauth-protected-resource/mcp', '/register', '/authorize', '/token']) {
      assert.equal((await send(url, { method: 'GET' })).status, 404, url);
    }
  } finally {
    agent = shared;
    await own.stop();
  }
});

test('--tls-cert and --tls-key: https on the same listener, and nothing else', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-tls-'));
  const [cert, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert]);
  const own = await Agent.start({ args: ['--tls-cert', cert, '--tls-key', key] });
  const { port } = new URL(own.url);
  const ask = (method, url, body) => new Promise((resolve, reject) => {
    const q = https.request({ host: '127.0.0.1', port, path: url, method, ca: readFileSync(cert), servername: 'localhost',
      headers: { host: `localhost:${port}`, 'x-adcp-auth': 'test-token', 'content-type': 'application/json' } }, (r) => {
      let text = '';
      const protocol = r.socket.getProtocol();
      r.on('data', (d) => { text += d; }).on('end', () => resolve({ status: r.statusCode, protocol, body: JSON.parse(text) }));
    });
    q.on('error', reject);
    q.end(body);
  });
  try {
    assert.match(own.url, /^https:/);
    const listed = await ask('POST', '/mcp', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    assert.ok(listed.body.result.tools.length);
    assert.match(listed.protocol, /^TLSv1\.[23]$/);
    const card = await ask('GET', '/.well-known/agent-card.json');
    assert.equal(card.body.url, `https://localhost:${port}/a2a`);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health`), 'plain HTTP is not answered');
    assert.equal((await ask('GET', '/health')).status, 200, 'and does no harm');
  } finally {
    await own.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
