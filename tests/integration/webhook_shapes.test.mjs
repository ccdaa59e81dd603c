// What is sent: every kind of event in every shape a receiver can have registered for, verified by the public SDK, judged
// by the published schemas, with operation_id and context as the buyer gave them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { judgeDocument } from '../conformance/lib/schemas.mjs';
import { Agent } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const data = mkdtempSync(path.join(tmpdir(), 'salesagent-'));
let agent;
let hooks;
let base;
let rpcs = 0;

before(async () => {
  hooks = await Receiver.start({ agent: () => agent, secret: 'x'.repeat(32) });
  base = hooks.base;
  agent = await Agent.start({ data });
  const rule = await agent.cli('rule', 'add', '--name', 'people accept accounts', '--then', 'person', '--operations', 'account', '--accounts', 'newbrand.example');
  assert.equal(rule.code, 0, rule.stderr);
});
after(async () => {
  try {
    await hooks.close();
  } finally {
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

async function arrivals(where, wanted = () => true, n = 1) {
  const until = Date.now() + 20000;
  for (;;) {
    const found = hooks.deliveries.filter((a) => a.path === where && wanted(a.body));
    if (found.length >= n) return found;
    assert.ok(Date.now() < until, `${found.length} of ${n} at ${where}: ${JSON.stringify(hooks.deliveries.filter((a) => a.path === where).map((a) => a.body))}\n${agent.stderr}`);
    await new Promise((r) => setTimeout(r, 25));
  }
}

const verify = (w) => assert.equal(w.verified, 'rfc9421');

const account = { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example', sandbox: true };
const days = (n) => new Date(Date.now() + n * 86400e3).toISOString();
const buy = (more = {}) => ({
  account, brand: { domain: 'acmeoutdoor.example' }, start_time: days(1), end_time: days(30),
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }], ...more,
});

async function rpc(method, params, v1) {
  const r = await agent.post('/a2a', { jsonrpc: '2.0', id: ++rpcs, method, params }, { headers: v1 ? { 'a2a-version': '1.0' } : {} });
  assert.ok(r.body.result, JSON.stringify(r.body));
  return r.body.result;
}

// How a receiver registers, and how what it gets is taken apart: { call, open } where open gives
// { status, message, result, operation_id, idempotency_key, task_type, names }.
const mcpOpen = (line) => (w) => {
  const wrong = judgeDocument(line, 'mcp-webhook-payload', w.body);
  // AdCP 3.0 has no name for the task of a report; its own SDK listens for the one of 3.1.
  if (wrong && !(line === '3.0' && w.body.task_type === 'media_buy_delivery' && /^\/task_type [^;]*$/.test(wrong))) assert.fail(wrong);
  assert.equal(w.headers['content-type'], 'application/json');
  const { status, message, result, operation_id, idempotency_key, task_type, task_id, context } = w.body;
  return { status, message, result, operation_id, idempotency_key, task_type, task_id, context };
};
const states = { TASK_STATE_COMPLETED: 'completed', TASK_STATE_REJECTED: 'rejected', TASK_STATE_CANCELED: 'canceled', TASK_STATE_FAILED: 'failed' };
const a2aOpen = (v1) => (w) => {
  assert.equal(w.headers['content-type'], v1 ? 'application/a2a+json' : 'application/json');
  assert.equal(w.headers['x-a2a-notification-token'], 'a-token-of-sixteen');
  const task = v1 ? w.body.task : w.body;
  if (v1) assert.deepEqual(Object.keys(w.body), ['task']); // StreamResponse: exactly one member
  if (!v1) assert.equal(task.kind, 'task');
  assert.ok(task.id && task.contextId && task.status.timestamp);
  const part = task.artifacts[0].parts.find((p) => p.data);
  if (!v1) assert.equal(part.kind, 'data');
  if (v1) assert.equal(part.kind, undefined);
  const m = task.metadata;
  return { status: v1 ? states[task.status.state] : task.status.state, result: part.data, operation_id: m.operation_id,
    idempotency_key: m.idempotency_key, task_type: m.task_type, task_id: m.adcp_task_id, context: part.data.context };
};
const config = (where, operation) => ({ url: base + where, ...(operation ? { operation_id: operation } : {}) });
const inArguments = (line) => async (tool, args, where, operation) => (await agent.call(tool, {
  adcp_version: line, ...args, push_notification_config: config(where, operation) })).body.result.structuredContent;
const message = (v1, tool, args) => ({ message: { messageId: randomUUID(), ...(v1
  ? { role: 'ROLE_USER', parts: [{ data: { skill: tool, input: args } }] }
  : { kind: 'message', role: 'user', parts: [{ kind: 'data', data: { skill: tool, parameters: args } }] }) } });
const native = (v1) => async (tool, args, where) => {
  const push = { url: base + where, token: 'a-token-of-sixteen' };
  const configuration = v1 ? { taskPushNotificationConfig: push } : { pushNotificationConfig: push };
  const r = await rpc(v1 ? 'SendMessage' : 'message/send', { ...message(v1, tool, args), configuration }, v1);
  const task = v1 ? r.task : r;
  return task.artifacts.at(-1).parts.find((p) => p.data).data;
};
const shapes = {
  'MCP, AdCP 3.0': { call: inArguments('3.0'), open: mcpOpen('3.0'), named: true },
  'MCP, AdCP 3.1': { call: inArguments('3.1'), open: mcpOpen('3.1'), named: true },
  'A2A 0.3, registered with the arguments': {
    call: async (tool, args, where, operation) => {
      const r = await rpc('message/send', message(false, tool, { ...args, push_notification_config: config(where, operation) }), false);
      return r.artifacts.at(-1).parts.find((p) => p.data).data;
    },
    open: mcpOpen('3.1'), named: true,
  },
  'A2A 0.3': { call: native(false), open: a2aOpen(false) },
  'A2A 1.0': { call: native(true), open: a2aOpen(true) },
};

const listed = async () => JSON.parse((await agent.cli('task', 'list', '--state', 'all', '--json')).stdout).tasks;
const subjectOf = async (taskId) => (await listed()).find((t) => t.task_id === taskId).subject_id;

// What a person or the buyer does with a task that waits, and what its receiver hears.
const events = {
  completed: {
    act: (id) => agent.cli('task', 'approve', id),
    check: (o) => { assert.ok(o.result.media_buy_id.startsWith('mb-')); assert.equal(o.result.packages.length, 1); },
  },
  rejected: {
    act: (id) => agent.cli('task', 'reject', id, '--reason', 'Sold out in May'),
    check: (o) => assert.match(JSON.stringify(o.result.errors), /Sold out in May/),
  },
  canceled: {
    act: async (id) => {
      const r = await agent.call('update_media_buy', { adcp_version: '3.1', idempotency_key: randomUUID(), account, media_buy_id: await subjectOf(id), canceled: true });
      assert.notEqual(r.body.result.isError, true, JSON.stringify(r.body));
      return { code: 0 };
    },
    check: (o) => assert.ok(o.result.errors.length > 0),
  },
};

let n = 0;
for (const [shape, { call, open, named }] of Object.entries(shapes)) {
  for (const [status, { act, check }] of Object.entries(events)) {
    test(`${shape}: submitted, then ${status}`, async () => {
      const where = `/${++n}`, operation = `op:${n}_${randomUUID()}.x`, context = { trace: `t${n}`, nested: { list: [1, { deep: null }], n: 1.5 } };
      const submitted = await call('create_media_buy', buy({ idempotency_key: randomUUID(), context }), where, operation);
      assert.equal(submitted.status, 'submitted', JSON.stringify(submitted));
      const done = await act(submitted.task_id);
      assert.equal(done.code, 0, done.stderr);
      const [w] = await arrivals(where);
      verify(w);
      const o = open(w);
      assert.equal(o.status, status);
      assert.equal(o.task_id, submitted.task_id);
      assert.equal(o.task_type, 'create_media_buy');
      assert.match(o.idempotency_key, /^[0-9a-f-]{36}$/);
      if (named) assert.equal(o.operation_id, operation);
      assert.deepEqual(o.context, context);
      assert.deepEqual(o.result.context, context);
      check(o);
      await new Promise((r) => setTimeout(r, 100));
      assert.equal(hooks.deliveries.filter((a) => a.path === where).length, 1); // one event, one call
    });
  }
}

test('an account that a person accepts is told of, with what sync_accounts would have said', async () => {
  const where = '/account', context = { who: 'accounts' };
  const r = await agent.call('sync_accounts', { adcp_version: '3.1', idempotency_key: randomUUID(), context,
    accounts: [{ brand: { domain: 'newbrand.example' }, operator: 'newbrand.example', billing: 'operator' }],
    push_notification_config: config(where, 'op-account') });
  assert.equal(r.body.result.structuredContent.accounts[0].status, 'pending_approval', JSON.stringify(r.body));
  const task = (await listed()).find((t) => t.kind === 'account');
  assert.equal((await agent.cli('task', 'approve', task.task_id)).code, 0);
  const [w] = await arrivals(where, (b) => b.task_id === task.task_id);
  verify(w);
  const o = mcpOpen('3.1')(w);
  assert.equal(o.status, 'completed');
  assert.equal(o.task_type, 'sync_accounts');
  assert.equal(o.operation_id, 'op-account');
  assert.deepEqual(o.result.context, context);
  assert.deepEqual([o.result.accounts[0].status, o.result.accounts[0].action], ['active', 'updated']);
});

// Registers a subscriber of the account's library; it must prove itself first.
async function subscribe(subscriber, where) {
  const r = await agent.call('sync_accounts', { adcp_version: '3.1', idempotency_key: randomUUID(), accounts: [{
    ...account, billing: 'operator',
    notification_configs: [{ subscriber_id: subscriber, url: base + where, event_types: ['creative.status_changed'], active: true }],
  }] });
  const [a] = r.body.result.structuredContent.accounts;
  assert.ok(['created', 'updated', 'unchanged'].includes(a.action), JSON.stringify(a));
  return a;
}

test('the receiver of account notifications proves that it controls its URL, then hears of creatives', async () => {
  const shown = await subscribe('library', '/library');
  assert.deepEqual(shown.notification_configs, [{ subscriber_id: 'library', url: `${base}/library`, event_types: ['creative.status_changed'], active: true }]);
  const [challenge] = await arrivals('/library', (b) => b.type === 'webhook.challenge');
  verify(challenge);
  assert.equal(judgeDocument('3.1', 'webhook-challenge', challenge.body) ?? null, null);
  assert.equal(challenge.body.subscriber_id, 'library');
  const sent = await agent.call('sync_creatives', { adcp_version: '3.1', idempotency_key: randomUUID(), account, creatives: [{
    creative_id: 'banner-1', name: 'Banner', format_id: { agent_url: agent.url, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.acmeoutdoor.example/a.png', width: 300, height: 250, format: 'png' },
      click_url: { asset_type: 'url', url: 'https://acmeoutdoor.example/', url_type: 'clickthrough' } } }] });
  const [creative] = sent.body.result.structuredContent.creatives;
  assert.notEqual(creative.action, 'failed', JSON.stringify(creative));
  const done = await agent.cli('creative', 'approve', 'banner-1');
  assert.equal(done.code, 0, done.stderr + done.stdout);
  const [w] = await arrivals('/library', (b) => b.notification_type === 'creative.status_changed');
  verify(w);
  assert.equal(judgeDocument('3.1', 'creative-status-changed-webhook', w.body) ?? null, null);
  assert.deepEqual([w.body.creative_id, w.body.transition.to, w.body.subscriber_id], ['banner-1', 'approved', 'library']);
});

test('who does not echo the challenge hears of nothing', async () => {
  const other = await Receiver.start({ agent: () => agent, answer: () => ({ body: { challenge: 'guessed' } }) });
  const seen = other.deliveries;
  try {
    const url = `${other.base}/deaf`;
    await agent.call('sync_accounts', { adcp_version: '3.1', idempotency_key: randomUUID(), accounts: [{ ...account, billing: 'operator',
      notification_configs: [{ subscriber_id: 'deaf', url, event_types: ['creative.status_changed'], active: true }] }] });
    const rejected = await agent.cli('creative', 'suspend', 'banner-1', '--reason', 'Too loud');
    assert.equal(rejected.code, 0, rejected.stderr + rejected.stdout);
    for (let i = 0; i < 60 && seen.length < 2; i++) await new Promise((r) => setTimeout(r, 50));
    assert.ok(seen.length >= 1);
    const jobs = JSON.parse((await agent.cli('job', 'list', '--json')).stdout).jobs;
    assert.ok(jobs.every((j) => j.state !== 'done' || j.kind !== 'webhook.challenge' || j.attempts > 0));
    const told = jobs.filter((j) => j.kind === 'webhook' && /127.0.0.1/.test(j.lane ?? '') && j.state === 'ready');
    for (const j of told) assert.match(j.last_error ?? '', /has not proved|^$/);
  } finally {
    await other.close();
  }
});

test('a budget that is spent is told once', async () => {
  const where = '/budget';
  const token = JSON.parse((await agent.cli('token', 'add', 'test-buyer', '--sandbox', '--json')).stdout).token.token;
  const as = { token, headers: { 'x-auto-advance': 'true' } };
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: randomUUID(), ...buy({ start_time: 'asap' }),
    context: { b: 1 }, push_notification_config: config(where, 'op-budget') }, as);
  const id = r.body.result.structuredContent.media_buy_id;
  assert.ok(id, JSON.stringify(r.body));
  const spend = async (percent) => {
    const c = await agent.call('comply_test_controller', { account, scenario: 'simulate_budget_spend', params: { media_buy_id: id, spend_percentage: percent } }, { token });
    assert.equal(c.body.result.structuredContent.success, true, JSON.stringify(c.body));
  };
  const creative = await agent.call('sync_creatives', { adcp_version: '3.1', idempotency_key: randomUUID(), account, creatives: [{
    creative_id: 'banner-2', name: 'Banner', format_id: { agent_url: agent.url, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.acmeoutdoor.example/a.png', width: 300, height: 250, format: 'png' },
      click_url: { asset_type: 'url', url: 'https://acmeoutdoor.example/', url_type: 'clickthrough' } } }],
    assignments: [{ creative_id: 'banner-2', package_id: r.body.result.structuredContent.packages[0].package_id }] }, as);
  assert.notEqual(creative.body.result.isError, true, JSON.stringify(creative.body));
  await spend(50);
  await spend(100);
  await spend(100);
  const spent = (b) => /budget of package .* is spent/.test(b.message ?? '');
  const [w] = await arrivals(where, spent);
  verify(w);
  const o = mcpOpen('3.1')(w);
  assert.equal(o.task_type, 'update_media_buy');
  assert.equal(o.operation_id, 'op-budget');
  assert.equal(o.result.media_buy_id, id);
  await new Promise((done) => setTimeout(done, 300));
  assert.equal((await arrivals(where, spent)).length, 1);
  const shown = await agent.call('get_media_buys', { adcp_version: '3.1', account, media_buy_ids: [id], include_history: 20 }, { token });
  const history = shown.body.result.structuredContent.media_buys[0].history;
  assert.equal(history.filter((h) => h.action === 'budget_exhausted').length, 1);
});

test('a plan that spends its money early is told of when it has', async () => {
  await agent.stop();
  const at = async (clock) => { agent = await Agent.start({ data, args: ['--clock', clock] }); };
  await at('2040-05-06T10:00:00Z');
  const creative = { creative_id: 'banner-4', name: 'Banner', format_id: { agent_url: agent.url, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.acmeoutdoor.example/a.png', width: 300, height: 250, format: 'png' },
      click_url: { asset_type: 'url', url: 'https://acmeoutdoor.example/', url_type: 'clickthrough' } } };
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: randomUUID(), account,
    brand: { domain: 'acmeoutdoor.example' }, start_time: '2040-05-07T00:00:00Z', end_time: '2040-06-07T00:00:00Z',
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1500, pacing: 'asap', creatives: [creative] }],
    push_notification_config: config('/early', 'op-early') }, { headers: { 'x-auto-advance': 'true' } });
  assert.ok(r.body.result.structuredContent.media_buy_id, JSON.stringify(r.body));
  const spent = (b) => /is spent/.test(b.message ?? '');
  await agent.stop();
  await at('2040-06-06T00:00:00Z'); // the flight has a day to go
  const [w] = await arrivals('/early', spent);
  const o = mcpOpen('3.1')(w);
  assert.deepEqual([o.status, o.operation_id], ['completed', 'op-early']);
  await new Promise((done) => setTimeout(done, 300));
  assert.equal((await arrivals('/early', spent)).length, 1);
});

test('time changes a media buy: it begins and ends, and its receiver hears of both; reports come in the line\'s words', async () => {
  await agent.stop();
  const at = async (clock) => { agent = await Agent.start({ data, args: ['--clock', clock] }); };
  await at('2041-05-06T10:30:00Z');
  const where = '/life', context = { life: true };
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: randomUUID(), account, context,
    brand: { domain: 'acmeoutdoor.example' }, start_time: '2041-05-06T12:00:00Z', end_time: '2041-05-06T18:00:00Z',
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1500,
      creatives: [{ creative_id: 'banner-3', name: 'Banner', format_id: { agent_url: agent.url, id: 'fmt-display-300x250' },
        assets: { primary: { asset_type: 'image', url: 'https://cdn.acmeoutdoor.example/a.png', width: 300, height: 250, format: 'png' },
          click_url: { asset_type: 'url', url: 'https://acmeoutdoor.example/', url_type: 'clickthrough' } } }] }],
    push_notification_config: config(where, 'op-life'),
    reporting_webhook: { url: `${base}/life-reports`, reporting_frequency: 'hourly', token: 'token-of-the-report',
      authentication: { schemes: ['HMAC-SHA256'], credentials: 'x'.repeat(32) } },
  }, { headers: { 'x-auto-advance': 'true' } });
  const id = r.body.result.structuredContent.media_buy_id;
  assert.ok(id, JSON.stringify(r.body));
  await agent.stop();
  await at('2041-05-06T14:10:00Z');
  const [begun] = await arrivals(where, (b) => /began/.test(b.message ?? ''));
  await agent.stop();
  await at('2041-05-07T14:10:00Z');
  const [over] = await arrivals(where, (b) => /ended/.test(b.message ?? ''));
  for (const [w, status] of [[begun, 'active'], [over, 'completed']]) {
    const o = mcpOpen('3.1')(w);
    assert.deepEqual([o.status, o.task_type, o.operation_id, o.result.media_buy_status ?? o.result.status], ['completed', 'update_media_buy', 'op-life', status]);
    assert.deepEqual(o.context, context);
  }
  const reports = await arrivals('/life-reports', () => true, 2);
  for (const line of ['3.0', '3.1']) {
    for (const w of reports) {
      const o = mcpOpen(line)(w);
      assert.equal(o.task_type, 'media_buy_delivery');
      assert.equal(w.body.token, 'token-of-the-report');
      assert.equal(o.result.media_buy_deliveries[0].media_buy_id, id);
      assert.equal(judgeDocument(line, 'media-buy-delivery-webhook-result', o.result) ?? null, null);
    }
  }
  assert.deepEqual(reports.map((w) => w.body.result.notification_type), ['scheduled', 'final']);
});
