// Requests that begin as valid ones and are bent at random: whatever comes, the agent answers in JSON, says nothing of
// its insides, and lives. Corpus: the golden cases of every dialect, what the published schemas allow for every tool, and
// a few calls that succeed. Reproduce a finding with its SEED; run longer with MUTATE_SECONDS. The sanitized build is the
// one to run it on: a report makes the agent's exit code non-zero.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

const seconds = Number(process.env.MUTATE_SECONDS ?? 15);
const seed = Number(process.env.SEED ?? 20260309);
const golden = path.resolve(import.meta.dirname, '../dialects/golden');
const LANES = 4;

let agent;
let corpus;
let tools;
let state = seed >>> 0;

function random() { // mulberry32
  state = (state + 0x6D2B79F5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];

// --- values as a schema wants them, with the demo publisher's names where a name says what it stands for ---------------

const ids = {
  product_id: ['prod-tech-display-001', 'prod-dev-video-001', 'nope'], pricing_option_id: ['price-001', 'price-002'],
  media_buy_id: ['mb-1'], format_id: ['fmt-display-300x250'], id: ['fmt-display-300x250', 'x1'], package_id: ['pkg-001'],
  task_id: ['task-1'], creative_id: ['cr-1', 'cr-2'], agent_url: ['https://creatives.example/mcp'], brief: ['tech video'],
  idempotency_key: ['mutate-key-0000000001', 'mutate-key-0000000002'], domain: ['devtool.example'], brand_id: ['devtool'],
  account_id: ['acc-demo'], currency: ['USD'], adcp_version: ['3.1', '3.0'], list_id: ['list-1'], standards_id: ['std-1'],
};

function text(name, schema) {
  if (ids[name]) return pick(ids[name]);
  if (schema.format === 'date-time') return pick(['2026-04-01T00:00:00Z', '2026-04-30T23:59:59+02:00']);
  if (schema.format === 'date') return '2026-04-01';
  if (schema.format === 'uri' || /url/.test(name)) return 'https://cdn.devtool.example/a.png';
  if (schema.format === 'email') return 'a@devtool.example';
  return pick(['a', 'text', 'US', 'x'.repeat(20), 'Zürich €']);
}

function valid(schema, root, name = '', depth = 0) {
  if (!schema || schema === true) return 'x';
  if (schema.$ref) return valid(schema.$ref.slice(2).split('/').reduce((o, k) => o?.[k], root), root, name, depth);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(schema.enum);
  const either = schema.oneOf ?? schema.anyOf;
  let value = either && depth < 8 ? valid(pick(either), root, name, depth + 1) : undefined;
  for (const part of schema.allOf ?? []) {
    const v = valid(part, root, name, depth + 1);
    value = v && typeof v === 'object' && !Array.isArray(v) ? { ...value, ...v } : value ?? v;
  }
  const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type;
  if (type === 'object' || schema.properties) {
    const required = schema.required ?? [];
    const out = value && typeof value === 'object' ? { ...value } : {};
    for (const [key, sub] of Object.entries(schema.properties ?? {})) {
      if (required.includes(key) || (depth < 6 && random() < 0.3)) out[key] = valid(sub, root, key, depth + 1);
    }
    return out;
  }
  if (value !== undefined) return value;
  if (type === 'array') {
    const n = Math.max(schema.minItems ?? 0, depth > 6 ? 0 : 1 + below(2));
    return Array.from({ length: n }, () => valid(schema.items, root, name.replace(/s$/, ''), depth + 1));
  }
  if (type === 'integer' || type === 'number') return schema.minimum ?? pick([1, 5000, 300]);
  if (type === 'boolean') return random() < 0.5;
  return text(name, schema);
}

// --- bending ------------------------------------------------------------------------------------------------------------

const names = ['status', 'errors', 'error', 'ext', 'context', 'packages', 'package_id', 'account', 'creatives', 'media_buy_id', 'name',
  'reply', 'aux', 'message', 'task_id', 'adcp_version', 'salesagent', 'x', '', '/', '~', '__proto__', '€'.repeat(90), 'k'.repeat(700)];
const deep = (n) => { let v = 1; for (let i = 0; i < n; i++) v = i % 2 ? [v] : { d: v }; return v; };
const odd = [
  () => null, () => true, () => '', () => 0, () => -1, () => 1e15, () => 2 ** 53, () => 1e308, () => -0.0000001, () => [], () => ({}),
  () => 'x'.repeat(70000), () => '€'.repeat(400), () => '\u{1F600}'.repeat(130), () => '\ud800', () => '\u0000', () => 'a\u0000b',
  () => '\n\r\t"\\', () => '%s%n%d', () => "'; DROP TABLE tenant; --", () => '<script>', () => '../../etc/passwd', () => deep(40),
  () => deep(58), () => Array(120).fill({}), () => Array(2000).fill('a'), () => '9999-12-31T23:59:59Z', () => '0001-01-01', () => '2026-02-30',
  () => 'http://127.0.0.1:1/', () => 'https://[::1]/', () => 'file:///', () => '2026-04-01T00:00:00.123456789+14:00', () => '\u202e', () => NaN,
  () => [null], () => [[]], () => Object.fromEntries(names.map((n) => [n, 1])), () => 99999999999999999999n.toString(), () => Number.MAX_SAFE_INTEGER,
];

function places(value, out = []) {
  if (!value || typeof value !== 'object') return out;
  for (const key of Object.keys(value)) {
    out.push([value, key]);
    places(value[key], out);
  }
  return out;
}

function bend(args) {
  const all = places(args);
  const [holder, key] = all.length ? pick(all) : [args, 'x'];
  const kind = below(10);
  if (kind < 4) holder[key] = pick(odd)();
  else if (kind === 4) delete holder[key];
  else if (kind === 5 && Array.isArray(holder)) holder.push(...holder.slice(0, 40).map((v) => structuredClone(v)));
  else if (kind === 6 && all.length) { const [h, k] = pick(all); holder[key] = structuredClone(h[k]); }
  else if (kind === 7 && typeof holder[key] === 'number') holder[key] *= pick([-1, 0, 0.001, 1e6, 1.0000001, 1e12]);
  else if (!Array.isArray(holder)) holder[pick(names)] = random() < 0.5 ? pick(odd)() : structuredClone(holder[key]);
}

const known = (o) => places(o).forEach(([holder, key]) => {
  const pool = ids[key];
  if (pool && typeof holder[key] === 'string' && /^(media_buy|package|task|creative|account|list|standards)_id$/.test(key) &&
      !pool.includes(holder[key])) pool.splice(pool.length > 30 ? below(30) : pool.length, 0, holder[key]);
});

function next() {
  const from = random() < 0.5 && corpus.length ? pick(corpus) : null;
  const tool = from ? null : pick(tools);
  const args = from ? structuredClone(from.args) : valid(tool.inputSchema, tool.inputSchema);
  if (from) places(args).forEach(([h, k]) => { if (ids[k] && random() < 0.7) h[k] = pick(ids[k]); });
  for (let n = below(5); n > 0; n--) bend(args);
  if (!from && random() < 0.8) args.adcp_version = pick(['3.1', '3.0']);
  const headers = { 'x-mock-time': '2026-03-09T14:30:00Z' };
  if (from && random() < 0.9) headers['x-adcp-dialect'] = from.dialect;
  if (random() < 0.1) headers['x-adcp-dialect'] = pick(['tutorial', 'buy-v1', 'data-model', 'rc', 'adcp-3.0', 'adcp-3.1', 'x']);
  if (random() < 0.5) headers['x-auto-advance'] = 'true';
  if (random() < 0.1) headers['x-dry-run'] = 'true';
  return { tool: from ? from.tool : tool.name, args, headers, token: random() < 0.9 ? 'test-token' : undefined, door: below(10) };
}

async function send({ tool, args, headers, token, door }) {
  const auth = token ? { 'x-adcp-auth': token } : {};
  let where = '/mcp';
  let body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } };
  if (door === 0) {
    where = `/api/v1/${encodeURIComponent(tool)}`;
    body = args;
  } else if (door === 1) {
    where = '/a2a';
    const parts = [{ kind: 'data', data: { skill: tool, input: args } }];
    body = { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { messageId: 'm', kind: 'message', role: 'user', parts } } };
  }
  const res = await fetch(agent.base + where, { method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...auth, ...headers } });
  return { status: res.status, text: await res.text() };
}

before(async () => {
  agent = await Agent.start();
  tools = (await agent.post('/mcp?schemas=full', { jsonrpc: '2.0', id: 1, method: 'tools/list' })).body.result.tools;
  corpus = readdirSync(golden).map((f) => JSON.parse(readFileSync(path.join(golden, f), 'utf8')))
    .map(({ dialect, tool, args }) => ({ dialect, tool, args }));
  const pkg = { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 5000, name: 'P',
    start_date: '2026-04-01', end_date: '2026-04-30', creative_format_ids: ['fmt-display-300x250'] };
  for (let i = 0; i < 4; i++) corpus.push({ dialect: 'tutorial', tool: 'create_media_buy', args: { name: 'N', total_budget: 5000, packages: [pkg] } });
});
after(async () => { await agent.stop(); });

test(`nothing that is sent ends the agent (seed ${seed}, ${seconds} s)`, { timeout: (seconds + 60) * 1000 }, async () => {
  const until = Date.now() + seconds * 1000;
  const recent = [];
  const count = { sent: 0, answered: 0, ok: 0 };
  const lane = async () => {
    while (Date.now() < until) {
      const request = next();
      recent.push(request);
      if (recent.length > 2 * LANES) recent.shift();
      count.sent++;
      const { status, text: reply } = await send(request).catch((e) => {
        assert.fail(`${e.cause ?? e}\n${agent.stderr}\namong the last requests:\n${recent.map((r) => JSON.stringify(r).slice(0, 3000)).join('\n')}`);
      });
      const shown = () => `${JSON.stringify(request).slice(0, 2000)}\n${status} ${reply.slice(0, 1000)}`;
      assert.ok(status < 500, shown());
      const body = JSON.parse(reply);
      assert.ok(!/sqlite|SQLITE|\.c:\d+|arena/.test(reply.slice(0, 3000)) || /arena/.test(JSON.stringify(request)), shown());
      count.answered++;
      if (body.result && !body.result.isError) {
        count.ok++;
        known(body.result);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  assert.ok(!/ill-formed reply/.test(agent.stderr), agent.stderr.slice(-2000));
  assert.ok(count.ok > 20, `too few requests are good enough to go deep: ${JSON.stringify(count)}`);
  console.log(`# ${JSON.stringify(count)}`);
});
