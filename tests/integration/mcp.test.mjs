// MCP as clients and as broken clients speak it: both eras, batches, and every way to get it wrong. What a client got
// wrong is never a 5xx and never harms what comes after.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent;
before(async () => { agent = await Agent.start(); });
after(async () => { await agent.stop(); });

const req = (method, params, id = 1) => ({ jsonrpc: '2.0', id, method, ...(params ? { params } : {}) });
const modern = (method, params = {}) => req(method, { ...params, _meta: {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } } });
const modernHeaders = (method, name) => ({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method,
  ...(name ? { 'mcp-name': name } : {}) });

test('initialize answers the version asked for, or our latest', async () => {
  for (const v of ['2025-03-26', '2025-06-18', '2025-11-25']) {
    const r = await agent.post('/mcp', req('initialize', { protocolVersion: v, capabilities: {}, clientInfo: {} }));
    assert.equal(r.body.result.protocolVersion, v);
  }
  const r = await agent.post('/mcp', req('initialize', { protocolVersion: '1999-01-01' }));
  assert.equal(r.body.result.protocolVersion, '2025-11-25');
  assert.equal(r.headers.get('mcp-session-id'), null);
});

test('/mcp and /mcp/ are the same without a redirect', async () => {
  for (const where of ['/mcp', '/mcp/']) {
    const r = await agent.post(where, req('ping'));
    assert.equal(r.status, 200);
    assert.deepEqual(r.body, { jsonrpc: '2.0', id: 1, result: {} });
  }
});

test('ids keep their type', async () => {
  for (const id of [0, -5, 'a', '1', 9007199254740991]) {
    assert.deepEqual((await agent.post('/mcp', req('ping', undefined, id))).body.id, id);
  }
});

test('GET and DELETE are 405, notifications 202, lists are in a fixed order', async () => {
  for (const method of ['GET', 'DELETE', 'PUT']) {
    const r = await fetch(agent.url, { method });
    assert.equal(r.status, 405);
    assert.equal(r.headers.get('allow'), 'POST');
  }
  const n = await agent.post('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' });
  assert.equal(n.status, 202);
  assert.equal(n.body, null);
  const [a, b] = [await agent.post('/mcp', req('tools/list')), await agent.post('/mcp', req('tools/list'))];
  assert.deepEqual(a.body, b.body);
  assert.ok(a.body.result.tools.length >= 10);
  for (const t of a.body.result.tools) {
    assert.equal(t.inputSchema.type, 'object', t.name);
    assert.ok(t.description.length > 10, t.name);
    assert.equal(typeof t.annotations.readOnlyHint, 'boolean', t.name);
    assert.ok(!t.name.startsWith('x_'), t.name);
  }
});

test('every list of tools names every member of the first level', async () => {
  const list = async (q) => (await agent.post(`/mcp${q}`, req('tools/list'))).body.result.tools;
  const [whole, outline, short] = [await list('?schemas=full'), await list('?schemas=outline'), await list('')];
  assert.ok(JSON.stringify(outline).length < JSON.stringify(whole).length / 3);
  for (const lean of [outline, short]) {
    for (const o of lean) {
      const t = whole.find((x) => x.name === o.name);
      const own = Object.keys(t.inputSchema.properties ?? {});
      const parts = lean === short ? (t.inputSchema.allOf ?? []).flatMap((part) => Object.keys(part.properties ?? {})) : [];
      const named = Object.keys(o.inputSchema.properties ?? {});
      assert.deepEqual([...own, ...parts].filter((k) => !named.includes(k)), [], t.name);
      // The MCP SDK takes objects only, where JSON Schema would take `true`.
      for (const list of [o, t]) assert.deepEqual(Object.entries(list.inputSchema.properties ?? {}).filter(([, s]) => typeof s !== 'object').map(([k]) => k), [], t.name);
      assert.deepEqual(o.inputSchema.required, t.inputSchema.required, t.name);
    }
  }
});

test('the list that a language model gets by default is short, described, and of names it may call', async () => {
  const { body } = await agent.post('/mcp', req('tools/list'));
  const { tools } = body.result;
  assert.ok(JSON.stringify(body).length < 60_000, `${JSON.stringify(body).length} bytes`);
  const main = ['get_adcp_capabilities', 'get_products', 'list_creative_formats', 'create_media_buy', 'update_media_buy',
    'get_media_buys', 'get_media_buy_delivery', 'sync_creatives', 'get_task_status', 'sync_accounts', 'provide_performance_feedback'];
  for (const t of tools) assert.match(t.name, /^[a-zA-Z0-9_-]{1,64}$/);
  // Plain objects: interfaces of language models refuse these words at the top of a tool's input.
  for (const t of tools) assert.deepEqual(['allOf', 'anyOf', 'oneOf', 'not', 'if', 'dependencies'].filter((k) => k in t.inputSchema), [], t.name);
  for (const name of main) {
    const { properties } = tools.find((t) => t.name === name).inputSchema;
    const mute = Object.keys(properties).filter((k) => !properties[k].description);
    assert.ok(mute.length <= Object.keys(properties).length / 4, `${name}: nothing is said of ${mute.join(', ')}`);
  }
});

test('the one curl line of AdCP:Buy v1: a bare body at /mcp/sse', async () => {
  const r = await agent.post('/mcp/sse', { method: 'tools/call',
    params: { name: 'discover_products', arguments: { campaign_brief: 'technology readers' } } }, { token: 'test-token' });
  assert.equal(r.status, 200);
  assert.ok(Array.isArray(r.body.result.structuredContent.recommended_products));
  assert.equal((await agent.post('/mcp', { method: 'ping', params: {} })).status, 400, 'elsewhere JSON-RPC is JSON-RPC');
});

test('JSON-RPC mistakes get their codes', async () => {
  const cases = [
    ['{', 400, -32700], ['{"jsonrpc":"2.0","id":1,"method":"ping"} x', 400, -32700],
    ['{"a":1,"a":2}', 400, -32700], ['{"a":"\\u0000"}', 400, -32700], [Buffer.from('{"a":"\xff"}', 'latin1'), 400, -32700],
    ['['.repeat(5000) + ']'.repeat(5000), 400, -32700], ['NaN', 400, -32700],
    ['{}', 400, -32600], ['1', 400, -32600], ['[]', 400, -32600], ['"x"', 400, -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600], ['{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    [JSON.stringify(req('no/such')), 200, -32601], [JSON.stringify(req('resources/list')), 200, -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', 200, -32602],
    [JSON.stringify(req('tools/call', {})), 200, -32602], [JSON.stringify(req('tools/call', { name: 5 })), 200, -32602],
    [JSON.stringify(req('tools/call', { name: 'get_products', arguments: 5 })), 200, -32602],
    [JSON.stringify(req('tools/call', { name: 'no_such_tool', arguments: {} })), 200, -32602],
    [JSON.stringify(req('tools/call', { name: 'x_link_decide', arguments: {} })), 200, -32602],
  ];
  for (const [body, status, code] of cases) {
    const r = await agent.post('/mcp', body);
    assert.equal(r.status, status, String(body).slice(0, 80));
    assert.equal(r.body.error.code, code, String(body).slice(0, 80));
  }
});

test('batches belong to 2025-03-26', async () => {
  const two = [req('ping', undefined, 1), { jsonrpc: '2.0', method: 'notifications/x' }, req('tools/list', undefined, 'b')];
  const r = await agent.post('/mcp', two, { headers: { 'mcp-protocol-version': '2025-03-26' } });
  assert.deepEqual(r.body.map((x) => x.id), [1, 'b']);
  const no = await agent.post('/mcp', two, { headers: { 'mcp-protocol-version': '2025-06-18' } });
  assert.equal(no.status, 400);
  const only = await agent.post('/mcp', [{ jsonrpc: '2.0', method: 'notifications/x' }]);
  assert.equal(only.status, 202);
});

test('an unknown protocol version is 400', async () => {
  assert.equal((await agent.post('/mcp', req('ping'), { headers: { 'mcp-protocol-version': '2001-01-01' } })).status, 400);
});

test('the stateless revision', async () => {
  const d = await agent.post('/mcp', modern('server/discover'), { headers: modernHeaders('server/discover') });
  assert.deepEqual(d.body.result.supportedVersions, ['2026-07-28']);
  assert.equal(d.body.result.resultType, 'complete');
  assert.equal(d.body.result._meta['io.modelcontextprotocol/serverInfo'].name, 'salesagent');
  const l = await agent.post('/mcp', modern('tools/list'), { headers: modernHeaders('tools/list') });
  assert.equal(typeof l.body.result.ttlMs, 'number');
  assert.ok(l.body.result.tools.length);
  const c = await agent.post('/mcp', modern('tools/call', { name: 'get_adcp_capabilities', arguments: {} }),
    { headers: modernHeaders('tools/call', 'get_adcp_capabilities') });
  assert.equal(c.body.result.resultType, 'complete');
  const mismatch = await agent.post('/mcp', modern('tools/list'), { headers: modernHeaders('tools/call') });
  assert.deepEqual([mismatch.status, mismatch.body.error.code], [400, -32020]);
  const versions = await agent.post('/mcp', modern('tools/list'),
    { headers: { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2025-11-25' } });
  assert.deepEqual([versions.status, versions.body.error.code], [400, -32020]);
  const bare = await agent.post('/mcp', req('tools/list'), { headers: modernHeaders('tools/list') });
  assert.deepEqual([bare.status, bare.body.error.code], [400, -32602]);
  const unknown = await agent.post('/mcp', modern('ping'), { headers: modernHeaders('ping') });
  assert.deepEqual([unknown.status, unknown.body.error.code], [404, -32601]);
  const old = modern('tools/list');
  old.params._meta['io.modelcontextprotocol/protocolVersion'] = '2030-01-01';
  const v = await agent.post('/mcp', old, { headers: { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2030-01-01' } });
  assert.deepEqual([v.status, v.body.error.code, v.body.error.data.supported], [400, -32022, ['2026-07-28']]);
});

test('credentials: missing, malformed, unknown', async () => {
  for (const [token, headers] of [[null, {}], ['nobody', {}], ['', { 'x-adcp-auth': '' }], [null, { authorization: 'Basic eA==' }],
    [null, { authorization: 'Bearer ' }], [null, { authorization: 'Bearer a b' }], ['x'.repeat(600), {}]]) {
    const r = await agent.call('get_media_buys', {}, { token, headers });
    assert.equal(r.status, 401, JSON.stringify([token, headers]));
    assert.match(r.headers.get('www-authenticate'), /^Bearer/);
    assert.match(r.body.error.data.error.code, /^AUTHENTICATION_(REQUIRED|FAILED)$/);
  }
  const adcp = await agent.call('get_media_buys', { adcp_version: '3.1' }, { token: null });
  assert.equal(adcp.status, 401);
  assert.equal(adcp.body.error.data.adcp_error.code, 'AUTH_MISSING');
  const both = await agent.call('get_media_buys', {}, { token: 'nobody', headers: { authorization: 'Bearer test-token' } });
  assert.equal(both.status, 200, 'Authorization wins');
});

test('only known origins and loopback names', async () => {
  const raw = (lines) => new Promise((resolve, reject) => {
    const body = JSON.stringify(req('ping'));
    const s = net.connect(new URL(agent.url).port, '127.0.0.1', () => s.end(
      `POST /mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`));
    let out = '';
    s.on('data', (d) => { out += d; }).on('end', () => resolve(Number(out.split(' ')[1]))).on('error', reject);
  });
  assert.equal(await raw(['Host: localhost']), 200);
  assert.equal(await raw(['Host: evil.example']), 403);
  assert.equal(await raw(['Host: localhost', 'Origin: https://evil.example']), 403);
  assert.equal(await raw(['Host: localhost', 'Origin: http://localhost:6274']), 200);
  assert.equal(await raw(['Host: localhost', 'Origin: null']), 403);
});
