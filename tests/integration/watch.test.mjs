// What whoever runs the agent sees of it: health, log, metrics.
import assert from 'node:assert/strict';
import http from 'node:http';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { holdDatabase } from './lib/database.mjs';
import { openmetrics, prometheus, promtool } from './lib/metrics.mjs';
import { Receiver } from './lib/receiver.mjs';

const run = promisify(execFile);
const HOOK = 'a-secret-of-32-characters-at-least';
const top = path.resolve(import.meta.dirname, '../..');

// GET; status, headers, text.
const get = (port, url, headers = {}) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port, path: url, agent: false, headers }, (r) => {
    let text = '';
    r.on('data', (d) => { text += d; }).on('end', () => resolve({ status: r.statusCode, headers: r.headers, text }));
  }).on('error', reject);
});
const until = async (what, says) => {
  for (let i = 0; i < 1200; i++) {
    const found = await says();
    if (found) return found;
    await new Promise((r) => setTimeout(r, 25));
  }
  assert.fail(`never: ${what}`);
};
const portOf = (agent) => Number(new URL(agent.base).port);

test('healthz is the process; readyz says what keeps it from its work; healthcheck is both for scripts', async (t) => {
  const empty = await Agent.start({ sandbox: false });
  try {
    assert.deepEqual(JSON.parse((await get(portOf(empty), '/healthz')).text), { status: 'ok' });
    const r = await get(portOf(empty), '/readyz');
    assert.equal(r.status, 503);
    assert.deepEqual(JSON.parse(r.text), { ready: false, reasons: [{ check: 'publisher', detail: 'There is no publisher yet.' }] });
    assert.equal(r.headers['cache-control'], 'no-store');
    const said = await empty.cli('healthcheck');
    assert.equal(said.code, 1);
    assert.equal(said.stdout, 'publisher: There is no publisher yet.\n');
    assert.equal((await empty.cli('healthcheck', '--alive')).code, 0);
  } finally {
    await empty.stop();
  }
  assert.equal((await empty.cli('healthcheck')).code, 3);

  const agent = await Agent.start();
  try {
    for (const url of ['/readyz', '/healthz', '/health']) assert.equal((await get(portOf(agent), url)).status, 200, url);
    assert.deepEqual(JSON.parse((await agent.cli('healthcheck', '--json')).stdout), { ready: true, reasons: [] });
    const letGo = await holdDatabase(agent.data);
    const stuck = await until('not ready', async () => { const r = await get(portOf(agent), '/readyz'); return r.status === 503 && r; });
    assert.equal(JSON.parse(stuck.text).reasons[0].check, 'store');
    assert.equal((await get(portOf(agent), '/healthz')).status, 200, 'the process is there all the same');
    await letGo();
    await until('ready again', async () => (await get(portOf(agent), '/readyz')).status === 200);
    await until('both are in the log', () => /level=error area=store msg="cannot be written"/.test(agent.stderr) &&
      /level=info area=store msg="can be written again"/.test(agent.stderr));
    const post = await fetch(`${agent.base}/readyz`, { method: 'POST' });
    assert.equal(post.status, 405);
  } finally {
    await agent.stop();
  }
});

test('a publisher whose settings are broken does not take the others off the air, and is named', async () => {
  const agent = await Agent.start();
  const damage = (sql) => run('python3', ['-c', 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute(sys.argv[2])\nc.commit()',
    path.join(agent.data, 'salesagent.db'), sql]);
  try {
    await damage("INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES ('broken', 'Broken', 'mock', '{', 0, 0)");
    const r = await get(portOf(agent), '/readyz');
    assert.equal(r.status, 200);
    assert.deepEqual(JSON.parse(r.text).warnings, [{ check: 'publisher', detail: 'The settings of a publisher cannot be read; the others are served.' }]);
    await damage("DELETE FROM tenant WHERE tenant_id = 'demo'");
    assert.equal((await get(portOf(agent), '/readyz')).status, 503);
  } finally {
    await agent.stop();
  }
});

test('the log: a line for each request and for each thing that matters, no secret, and as JSON every line is an object', async () => {
  const agent = await Agent.start({ args: ['--log-format', 'json', '--clock', '2026-03-09T14:30:00Z'] });
  const lines = () => agent.stderr.trim().split('\n').filter(Boolean).map((l) => JSON.parse(l));
  const buy = { adcp_version: '3.1', idempotency_key: 'log-me-0123456789', account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true },
    brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] };
  try {
    const made = await agent.call('create_media_buy', buy);
    const id = made.headers.get('x-request-id');
    assert.match(id, /^[0-9a-z]{16}$/);
    const line = await until('its line', () => lines().find((l) => l.id === id));
    assert.equal(line.level, 'info');
    assert.deepEqual([line.msg, line.route, line.status, line.publisher, line.buyer, line.tool, line.dialect, line.outcome],
      ['request', '/mcp', 200, 'demo', 'test-buyer', 'create_media_buy', 'adcp-3.1', 'submitted']);
    assert.ok(line.ms > 0 && line.bytes_in > 100 && line.bytes_out > 100);
    assert.match(line.time, /^20\d\d-.*Z$/);

    const { task_id: task } = made.body.result.structuredContent;
    assert.equal((await agent.cli('task', 'approve', task)).code, 0);
    const changes = await until('its decision', () => lines().filter((l) => l.msg === 'change' && l.subject?.startsWith('task:')).length && lines().filter((l) => l.msg === 'change'));
    const actions = changes.map((c) => c.action);
    for (const action of ['catalog.import', 'media_buy.created', 'task.created', 'task.approved', 'media_buy.approved']) assert.ok(actions.includes(action), `${action}: ${actions}`);
    assert.ok(changes.every((c) => c.actor && c.audit));

    await agent.call('get_products', { brief: 'x' }, { token: 'wrong-token' });
    await get(portOf(agent), '/mcp', { host: 'evil.example' });
    await get(portOf(agent), '/', { origin: 'https://evil.example' });
    await get(portOf(agent), '/decide/secret-of-a-link');
    const bad = await until('refusals', () => ['token refused', 'host refused', 'origin refused'].every((m) => lines().some((l) => l.msg === m)) && lines());
    assert.equal(bad.find((l) => l.msg === 'host refused').host, 'evil.example');
    for (const l of bad.filter((x) => x.msg.endsWith(' refused'))) assert.deepEqual([l.level, l.peer], ['warn', '127.0.0.1']);
    await until('the page', () => lines().find((l) => l.route === '/decide/'));
    await agent.cli('import', '--sandbox', path.join(top, 'data/demo-publisher.json'));
    assert.doesNotMatch(agent.stderr, /wrong-token|test-token|secret-of-a-link/);
  } finally {
    await agent.stop();
  }
  const last = lines();
  assert.deepEqual(last.slice(-3).map((l) => l.msg), ['stopping', 'drained', 'stopped']);
  assert.equal(last.at(-2).requests_cut, 0);
});

test('the log: a receiver that is down and up again, and a message that nobody will get', async (t) => {
  const hooks = await Receiver.start({ agent: () => undefined, secret: HOOK, answer: () => say });
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-lanes-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  let say = 'reset', n = 0;
  let agent = await Agent.start({ data, args: ['--clock', '2026-03-09T14:30:00Z', '--log', 'warn'] });
  const decided = async () => {
    const made = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: `lane-test-key-${String(++n).padStart(4, '0')}`,
      account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true }, brand: { domain: 'acme.example' },
      start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }],
      push_notification_config: { url: `${hooks.base}/hook`, authentication: { schemes: ['Bearer'], credentials: HOOK } } });
    assert.equal((await agent.cli('task', 'approve', made.body.result.structuredContent.task_id)).code, 0);
  };
  try {
    for (let i = 0; i < 5; i++) await decided(); // so many failures in a row and it is left alone
    await until('it is down', () => /level=warn area=jobs msg="does not answer" lane=\S*127\.0\.0\.1\S* .*why=/.test(agent.stderr));
    await agent.stop();
    say = 401;
    agent = await Agent.start({ data, args: ['--clock', '2026-03-09T20:30:00Z', '--log', 'warn'] });
    await until('it is up', () => /level=warn area=jobs msg="answers again" lane=\S*127\.0\.0\.1/.test(agent.stderr));
    await until('one is given up', () => /level=warn area=jobs msg=dead job=\S+ kind=webhook why="?HTTP 401/.test(agent.stderr));
    assert.doesNotMatch(agent.stderr, new RegExp(HOOK));
  } finally {
    await agent.stop();
    await hooks.close();
  }
});

test('the log is bounded by kind, and says what it left out', async () => {
  const agent = await Agent.start({ args: ['--log-rate', '5'] });
  try {
    for (let i = 0; i < 60; i++) await get(portOf(agent), '/nothing');
    const said = await until('what was left out', async () => {
      await get(portOf(agent), '/healthz'); // a turn
      return agent.stderr.match(/level=warn area=http msg="lines left out" of=request lines=(\d+)/);
    });
    assert.ok(Number(said[1]) > 0);
    assert.ok((agent.stderr.match(/msg=request/g) ?? []).length < 60);
  } finally {
    await agent.stop();
  }
});

test('metrics: promtool and the OpenMetrics parser take them, the numbers move, and only those who may see them', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-metrics-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(path.join(dir, 'token'), 'let-me-see\n');
  const agent = await Agent.start({ listen: ['127.0.0.1:0 agent desk', '127.0.0.1:0 metrics'], args: ['--metrics-token-file', path.join(dir, 'token')] });
  const url = await until('its port', () => agent.stdout.match(/metrics\s+(http:\S+)/)?.[1]);
  const page = async (headers = {}) => (await fetch(url, { headers })).text();
  try {
    assert.equal((await get(portOf(agent), '/metrics')).status, 404);
    assert.equal((await get(portOf(agent), '/metrics', { authorization: 'Bearer let-me-not' })).status, 404);
    assert.equal((await get(portOf(agent), '/metrics', { authorization: 'Bearer let-me-see' })).status, 200);

    await agent.call('get_products', { adcp_version: '3.1', buying_mode: 'brief', brief: 'video' });
    await agent.call('get_products', { adcp_version: '3.1', buying_mode: 'nonsense' });
    await agent.call('no_such_tool', {});
    await agent.call('get_products', {}, { token: 'wrong' });
    await get(portOf(agent), '/mcp', { host: 'evil.example' });
    const job = await agent.call('create_media_buy', { name: 'x', total_budget: 5000, packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001',
      budget: 5000, start_date: '2030-04-01', end_date: '2030-04-30', creative_format_ids: ['fmt-display-300x250'] }] });
    assert.equal(job.status, 200);

    const text = await page();
    const m = prometheus(text);
    const of = (name, labels = {}) => m.find((s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v))?.value;
    assert.equal(of('salesagent_calls_total', { tool: 'get_products', dialect: 'adcp-3.1', outcome: 'ok' }), 1);
    assert.equal(of('salesagent_calls_total', { tool: 'get_products', dialect: 'adcp-3.1', outcome: 'refused' }), 1);
    assert.equal(of('salesagent_calls_total', { tool: 'unknown', outcome: 'unknown_tool' }), 1);
    assert.equal(of('salesagent_call_errors_total', { code: 'AUTH_INVALID' }), 1);
    assert.equal(of('salesagent_refusals_total', { of: 'credential' }), 1);
    assert.equal(of('salesagent_refusals_total', { of: 'host name' }), 1);
    assert.equal(of('salesagent_http_requests_total', { route: '/mcp', code: '401' }), 1);
    assert.ok(of('salesagent_http_request_duration_seconds_count', { route: '/mcp' }) >= 5);
    assert.ok(of('salesagent_store_commits_total', { outcome: 'ok' }) >= 2);
    assert.equal(of('salesagent_tasks_open', { kind: 'create_media_buy' }), 1);
    assert.ok(of('salesagent_store_size_bytes', { file: 'wal' }) > 0);
    assert.equal(of('salesagent_build_info', { mode: 'sandbox' }), 1);
    assert.equal(of('salesagent_http_memory_max_bytes'), 64 << 20);
    assert.ok(of('salesagent_http_memory_bytes') > 0 && of('salesagent_http_memory_bytes') < 1 << 20, 'this request, at least');
    assert.ok(of('process_resident_memory_bytes') > 1e6 && of('process_open_fds') > 5 && of('process_max_fds') > 100);
    assert.ok(Math.abs(of('process_start_time_seconds') - Date.now() / 1000) < 300);
    // Buckets are cumulative and end with the count.
    for (const s of m.filter((x) => x.name.endsWith('_bucket') && x.labels.le === '+Inf')) {
      const { le, ...labels } = s.labels;
      assert.equal(of(s.name.replace('_bucket', '_count'), labels), s.value, s.name);
    }

    await promtool(text, ['check', 'metrics']);
    const reply = await fetch(url, { headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3' } });
    assert.match(reply.headers.get('content-type'), /^application\/openmetrics-text; version=1\.0\.0/);
    const families = await openmetrics(await reply.text());
    assert.ok(families.salesagent_calls === 'counter' && families.salesagent_call_duration_seconds === 'histogram' && families.salesagent_build === 'info');
    for (const accept of ['*/*', 'text/plain', 'application/openmetrics-text;q=0.1,text/plain;q=0.9', 'text/html']) {
      assert.match((await fetch(url, { headers: { accept } })).headers.get('content-type'), /^text\/plain; version=0\.0\.4/, accept);
    }

    // What is offered is described, and dashboard and alerts ask for nothing that is not there.
    const names = [...new Set(m.map((s) => s.name.replace(/_(bucket|sum|count|total|info)$/, '')))];
    const documented = readFileSync(path.join(top, 'docs/metrics.md'), 'utf8');
    for (const name of names) assert.ok(documented.includes(name), `docs/metrics.md does not name ${name}`);
    for (const file of ['docs/grafana-dashboard.json', 'docs/alerts.yml']) {
      const used = [...readFileSync(path.join(top, file), 'utf8').matchAll(/\b((?:salesagent|process)_[a-z_]+)/g)].map((x) => x[1]);
      assert.ok(used.length > 5, file);
      for (const name of used) assert.ok(documented.includes(name.replace(/_(bucket|sum|count|total|info)$/, '')), `${file}: ${name}`);
    }
    JSON.parse(readFileSync(path.join(top, 'docs/grafana-dashboard.json'), 'utf8'));
    await promtool(null, ['check', 'rules', path.join(top, 'docs/alerts.yml')]);
  } finally {
    await agent.stop();
  }
});
