// The manifest: every operation of the publisher's people through every door, for every role. What is called comes from
// the served description of the operations, so that one that is added is in here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, cli } from './lib/agent.mjs';

const RANK = { viewer: 1, operator: 2, administrator: 3 };
const top = path.resolve(import.meta.dirname, '../..');
let agent, dir, operations, served;
const tokens = {};
let keys = 0;
const key = () => `operations-test-${String(++keys).padStart(6, '0')}`;

const json = async (...args) => {
  const r = await agent.cli(...args, '--publisher', 'demo', '--json');
  assert.equal(r.code, 0, `${args.join(' ')}: ${r.stderr}`);
  return JSON.parse(r.stdout);
};

// The least that fits a schema.
function least(schema, name = '') {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.examples) return schema.examples[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') return Object.fromEntries((schema.required ?? []).map((k) => [k, least(schema.properties[k], k)]));
  if (type === 'array') return Array.from({ length: schema.minItems ?? 0 }, () => least(schema.items, name));
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (schema.format === 'date-time') return '2027-01-01T00:00:00Z';
  if (schema.format === 'date') return '2027-01-01';
  if (schema.format === 'uri') return 'https://example.com/';
  if (schema.format === 'email') return 'ann@example.com';
  if (schema.pattern === '^[A-Z]{3}$') return 'USD';
  if (schema.pattern === '^[0-9a-f]{64}$') return '0'.repeat(64);
  return 'nobody-has-this-id'.padEnd(schema.minLength ?? 0, 'x').slice(0, schema.maxLength ?? 99);
}

const argumentsOf = (o) => {
  const args = least(o.schema);
  if (o.schema.oneOf) for (const k of o.schema.oneOf[0].required) args[k] = least(o.schema.properties[k], k);
  if (o.changes) args.idempotency_key = key();
  return args;
};

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'salesagent-operations-'));
  const data = path.join(dir, 'data'), demo = JSON.parse(readFileSync(path.join(top, 'data/demo-publisher.json'), 'utf8'));
  const other = { ...demo, tenant: { ...demo.tenant, tenant_id: 'other', name: 'Other' }, principals: [
    { principal_id: 'theirs', role: 'administrator', tokens: [{ token: 'their-administrator', may_decide: true }] }] };
  writeFileSync(path.join(dir, 'demo.json'), JSON.stringify(demo));
  writeFileSync(path.join(dir, 'other.json'), JSON.stringify(other));
  for (const f of ['demo.json', 'other.json']) assert.equal((await cli('import', '--sandbox', path.join(dir, f), '--data', data, '--new-publisher')).code, 0);
  agent = await Agent.start({ data });
  for (const role of Object.keys(RANK)) {
    await json('user', 'add', role, '--role', role);
    tokens[role] = (await json('token', 'add', role)).token.token;
    if (role !== 'viewer') tokens[`${role} who may decide`] = (await json('token', 'add', role, '--may-decide')).token.token;
  }
  tokens.reader = (await json('token', 'add', 'administrator', '--scope', 'read')).token.token;
  served = (await (await fetch(`${agent.base}/api/v1/publisher/openapi.json`)).json());
  const list = await tools(tokens['administrator who may decide']);
  operations = Object.entries(served.paths).flatMap(([where, ways]) => Object.entries(ways).map(([method, o]) => ({
    name: o.operationId, where, method: method.toUpperCase(), changes: method !== 'get', parameters: o.parameters,
    role: o.description.match(/For the role (\w+)/)[1], schema: list.find((t) => t.name === o.operationId)?.inputSchema,
    tool: list.find((t) => t.name === o.operationId) }))).filter((o) => o.role !== 'installation');
});

after(async () => {
  await agent.stop();
  rmSync(dir, { recursive: true, force: true });
});

const tools = async (token, query = '?tools=publisher') => {
  const r = await agent.post(`/mcp${query}`, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
  return r.body.result.tools;
};

const mcp = async (o, args, token) => {
  const { status, body } = await agent.call(o.name, args, { token });
  if (status === 401) return { code: 'AUTH', body };
  if (body.error) return { code: 'UNKNOWN', body };
  return { code: body.result.isError ? body.result.structuredContent.adcp_error.code : 'OK', body: body.result.structuredContent };
};

// Arguments where the route wants them: in the path, in the query, in the body.
const rest = async (o, args, token) => {
  const left = { ...args };
  const where = o.where.replace(/{(\w+)}/g, (_, k) => { const v = left[k]; delete left[k]; return encodeURIComponent(v); });
  const headers = { ...(token ? { 'x-adcp-auth': token } : {}) };
  let url = `${agent.base}/api/v1${where}`, body;
  if (o.changes) {
    headers['content-type'] = 'application/json';
    headers['idempotency-key'] = left.idempotency_key;
    delete left.idempotency_key;
    body = JSON.stringify(left);
  } else {
    const text = (v) => (Array.isArray(v) && v.every((x) => typeof x === 'string') ? v.join(',') : typeof v === 'object' ? JSON.stringify(v) : String(v));
    url += `?${new URLSearchParams(Object.entries(left).map(([k, v]) => [k, text(v)]))}`;
  }
  const res = await fetch(url, { method: o.method, headers, body });
  const answer = await res.json();
  if (res.status === 401) return { code: 'AUTH', body: answer };
  return { code: res.ok ? 'OK' : answer.adcp_error?.code ?? `HTTP ${res.status}`, body: answer };
};

test('there are operations, each with its place in tools/list', () => {
  assert.ok(operations.length >= 30, String(operations.length));
  for (const o of operations) {
    assert.ok(o.tool, o.name);
    assert.equal(o.tool.annotations.readOnlyHint, !o.changes, o.name);
    assert.equal(o.schema.type, 'object', o.name);
    assert.equal(o.schema.required?.includes('idempotency_key') ?? false, o.changes, o.name);
    assert.ok(o.tool.description.length > 20 && o.tool.title, o.name);
  }
});

for (const [door, call] of Object.entries({ mcp, rest })) {
  test(`${door}: no session, a buyer, a lower role and a token without the right are refused by name`, async () => {
    for (const o of operations) {
      const where = `${door} ${o.name}`;
      assert.equal((await call(o, argumentsOf(o), null)).code, 'AUTH', where);
      const buyer = await call(o, argumentsOf(o), 'test-token');
      assert.deepEqual([buyer.code, /for the publisher's people/.test(JSON.stringify(buyer.body))], ['PERMISSION_DENIED', true], where);
      for (const role of Object.keys(RANK)) {
        const enough = RANK[role] >= RANK[o.role];
        const decides = !tokens[`${role} who may decide`] ? false : (await tools(tokens[role])).every((t) => t.name !== o.name) && enough;
        const r = await call(o, argumentsOf(o), tokens[role]);
        const text = `${where} as ${role}: ${JSON.stringify(r.body)}`;
        if (!enough || decides) assert.equal(r.code, 'PERMISSION_DENIED', text);
        else assert.notEqual(r.code, 'PERMISSION_DENIED', text);
        if (decides) assert.match(text, /may not decide/);
        assert.notEqual(r.code, 'UNKNOWN', text);
      }
      if (o.changes) assert.match(JSON.stringify((await call(o, argumentsOf(o), tokens.reader)).body), /only reads/, where);
    }
  });
}

test('a member that no operation has, and a value of another type, are refused by name', async () => {
  for (const o of operations) {
    const extra = await mcp(o, { ...argumentsOf(o), no_such_member: 1 }, tokens['administrator who may decide']);
    assert.deepEqual([extra.code, extra.body.adcp_error.field], ['INVALID_REQUEST', 'no_such_member'], o.name);
    for (const [k, schema] of Object.entries(o.schema.properties)) {
      if (k === 'idempotency_key' || !schema.type) continue;
      const wrong = await mcp(o, { ...argumentsOf(o), [k]: schema.type === 'object' ? 7 : { wrong: true } }, tokens['administrator who may decide']);
      assert.equal(wrong.code, 'INVALID_REQUEST', `${o.name} ${k}`);
      assert.ok(wrong.body.adcp_error.field.startsWith(k), `${o.name} ${k}: ${wrong.body.adcp_error.field}`);
    }
    if (!o.changes) {
      const res = await fetch(`${agent.base}/api/v1${o.where.replace(/{\w+}/g, '1')}?no_such_member=1`, { headers: { 'x-adcp-auth': tokens.administrator } });
      assert.equal(res.status, 400, o.name);
      assert.match((await res.json()).detail, /no_such_member/, o.name);
    }
  }
});

test('tools/list shows each token what it may call, and buyers nothing of it', async () => {
  const names = async (token, query) => (await tools(token, query)).map((t) => t.name);
  assert.ok((await names('test-token', '')).every((n) => !n.startsWith('x_')));
  assert.ok((await names(null, '')).every((n) => !n.startsWith('x_')));
  assert.deepEqual(await names('no-such-token', ''), await names(null, ''));
  const viewer = await names(tokens.viewer), administrator = await names(tokens.administrator);
  assert.ok(viewer.includes('x_task_list') && !viewer.includes('x_task_assign') && !viewer.includes('x_tenant_get'));
  assert.ok(administrator.includes('x_task_assign') && administrator.includes('x_tenant_set') && !administrator.includes('x_task_resolve'));
  assert.ok((await names(tokens['operator who may decide'])).includes('x_task_resolve'));
  assert.ok(!(await names(tokens['operator who may decide'])).includes('x_tenant_set'));
  for (const t of await tools(tokens.reader)) assert.equal(t.annotations.readOnlyHint, true, t.name);
  const everything = await names(tokens.viewer, '');
  assert.ok(everything.includes('x_task_list') && everything.includes('get_products') && !everything.includes('create_media_buy'));
  assert.equal(new Set(everything).size, everything.length);
});

test('a write is done once for a key, needs one over the network, and says who did it', async () => {
  const o = operations.find((x) => x.name === 'x_principal_add'), k = key(), who = tokens.administrator;
  const made = await mcp(o, { principal_id: 'once', idempotency_key: k }, who);
  assert.equal(made.code, 'OK', JSON.stringify(made.body));
  const again = await mcp(o, { principal_id: 'once', idempotency_key: k }, who);
  assert.deepEqual([again.code, again.body.replayed], ['OK', true]);
  assert.equal((await mcp(o, { principal_id: 'twice', idempotency_key: k }, who)).code, 'IDEMPOTENCY_CONFLICT');
  assert.equal((await mcp(o, { principal_id: 'keyless' }, who)).code, 'INVALID_REQUEST');
  assert.equal((await rest(o, { principal_id: 'by-rest', idempotency_key: key() }, who)).code, 'OK');
  await json('principal', 'add', 'by-shell', '--as', 'administrator');
  const rows = (await json('audit', 'list', '--action', 'principal.add')).entries;
  const of = (id) => rows.find((r) => r.subject === `principal:${id}`);
  for (const id of ['once', 'by-rest', 'by-shell']) assert.equal(of(id).actor, 'operator:administrator', id);
  assert.ok(!of('twice') && !of('keyless'));
  assert.deepEqual(Object.keys(of('once').doc), Object.keys(of('by-shell').doc)); // the same line for all ways
});

test('on behalf of a person: with that person\'s role, and nobody else\'s name', async () => {
  const r = (...words) => agent.cli(...words, '--publisher', 'demo');
  assert.match((await r('principal', 'add', 'p1', '--as', 'viewer')).stderr, /not for this role/);
  assert.match((await r('task', 'list', '--as', 'nobody')).stderr, /There is no active user nobody/);
  assert.match((await r('task', 'list', '--as', 'test-buyer')).stderr, /There is no active user/);
  assert.equal((await r('task', 'list', '--as', 'viewer')).code, 0);
  // The header is the local socket's alone.
  const forged = await agent.call('x_principal_add', { principal_id: 'forged', idempotency_key: key() },
    { token: tokens.viewer, headers: { 'x-salesagent-as': 'administrator' } });
  assert.equal(forged.body.result.structuredContent.adcp_error.code, 'PERMISSION_DENIED');
});

test('another publisher\'s administrator sees and changes nothing here', async () => {
  const theirs = { token: 'their-administrator' };
  const ids = { principal_id: 'test-buyer', token_id: (await json('token', 'list')).tokens[0].token_id };
  for (const o of operations) {
    const args = { ...argumentsOf(o) };
    if (!o.name.endsWith('_add')) for (const k of Object.keys(ids)) if (k in args) args[k] = ids[k]; // what is added is theirs
    const r = await mcp(o, args, theirs.token);
    if (r.code === 'OK') assert.doesNotMatch(JSON.stringify(r.body), /test-buyer|test-operator|"demo"/, o.name);
  }
  assert.equal((await agent.call('x_principal_list', {}, { ...theirs, headers: { 'x-adcp-tenant': 'demo' } })).status, 401);
  assert.equal((await json('token', 'list')).tokens.find((t) => t.token_id === ids.token_id).state, 'active');
});

test('the manual page has no mistake that man sees', async () => {
  const page = (await cli('manual')).stdout;
  writeFileSync(path.join(dir, 'salesagent.1'), page);
  const r = await promisify(execFile)('man', ['--warnings', '-l', path.join(dir, 'salesagent.1')], { env: { ...process.env, MANPAGER: 'cat', LC_ALL: 'C.UTF-8' } });
  assert.equal(r.stderr, '');
  for (const o of operations) assert.ok(r.stdout.length > 1000, o.name);
  assert.match(r.stdout, /task approve ID\.\.\./);
});
