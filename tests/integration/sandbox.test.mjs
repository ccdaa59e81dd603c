// The headers a sandbox is played with, through every door alike, and their absence in production.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, cli } from './lib/agent.mjs';
import { doors } from './lib/doors.mjs';

let agent;
before(async () => { agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] }); });
after(async () => { await agent.stop(); });

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
let n = 0;
const key = () => `sandbox-test-key-${String(++n).padStart(4, '0')}`;
const buy = (more = {}) => ({ adcp_version: '3.1', idempotency_key: key(), account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }], ...more });
const call = async (tool, args, headers = {}, to = agent) => {
  const r = await to.post(`/adcp/${tool}`, { adcp_version: '3.1', ...args }, { headers });
  return { headers: r.headers, body: r.body, status: r.status };
};
// A media buy that delivers: approved, with an approved creative.
const made = async () => {
  const auto = { 'x-auto-advance': 'true' };
  const { body } = await call('create_media_buy', buy(), auto);
  const creative_id = `cr-${n}`;
  const synced = await call('sync_creatives', { idempotency_key: key(), account, creatives: [{ creative_id, name: 'A banner',
    format_id: { agent_url: agent.base, id: 'fmt-display-300x250' },
    assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
      click_url: { asset_type: 'url', url: 'https://acme.example/landing' } } }],
  assignments: [{ creative_id, package_id: body.packages[0].package_id }] }, auto);
  assert.equal(synced.body.creatives[0].status, 'approved', JSON.stringify(synced.body));
  return body.media_buy_id;
};
const delivery = async (id, headers) => {
  const r = await call('get_media_buy_delivery', { account, media_buy_ids: [id] }, headers);
  assert.ok(r.body.media_buy_deliveries, JSON.stringify(r.body));
  return { ...r, totals: r.body.media_buy_deliveries[0].totals };
};

test('what is imported at the start is of the sandbox\'s time, not of the world\'s', async () => {
  const { entries } = JSON.parse((await agent.cli('audit', 'list', '--json')).stdout);
  const imported = entries.filter((e) => e.actor === 'operator:import');
  assert.ok(imported.length > 0, JSON.stringify(entries));
  for (const e of imported) assert.match(e.at, /^2026-03-09T14:3/, JSON.stringify(e));
});

test('events are moments of the flight, and the next one is told', async () => {
  const id = await made();
  const cases = [['campaign-start', 'campaign-midpoint', '2026-04-16T00:00:00Z'], ['campaign-midpoint', 'campaign-75-percent', '2026-04-23T12:00:00Z'],
    ['campaign-75-percent', 'campaign-complete', '2026-05-01T00:00:00Z'], ['campaign-creation', 'campaign-pending', '2026-03-31T23:00:00Z']];
  let before = -1;
  for (const [event, next, at] of cases.slice(0, 3)) {
    const r = await delivery(id, { 'x-jump-to-event': event });
    assert.equal(r.headers.get('x-next-event'), next, event);
    assert.equal(r.headers.get('x-next-event-time'), at, event);
    assert.equal(Number(r.headers.get('x-simulated-spend')), r.totals.spend, event);
    assert.ok(r.totals.spend > before, event);
    before = r.totals.spend;
  }
  const done = await delivery(id, { 'x-jump-to-event': 'campaign-complete' });
  assert.equal(done.headers.get('x-next-event'), null);
  assert.ok(done.totals.spend > 2900 && done.totals.spend <= 3000, String(done.totals.spend));
  const early = await call('get_media_buys', { account, media_buy_ids: [id] }, { 'x-jump-to-event': 'campaign-creation' });
  assert.equal(early.headers.get('x-next-event'), 'campaign-pending');
  const mock = await delivery(id, { 'x-mock-time': '2026-04-16T00:00:00Z' });
  assert.equal(mock.headers.get('x-next-event'), 'campaign-75-percent');
  const none = await delivery(id, {});
  assert.equal(none.headers.get('x-next-event'), null, 'nothing was played');
});

test('all seventeen events are known, others and impossible ones are refused', async () => {
  const id = await made();
  const events = ['campaign-creation', 'campaign-pending', 'campaign-approved', 'campaign-start', 'campaign-midpoint', 'campaign-75-percent',
    'campaign-complete', 'campaign-paused', 'campaign-cancelled', 'creative-policy-violation', 'budget-exceeded', 'inventory-unavailable',
    'manual-approval-delay', 'delivery-underperforming', 'platform-error', 'targeting-conflict', 'creative-rejection'];
  for (const e of events) {
    const r = await call('get_media_buys', { account, media_buy_ids: [id] }, { 'x-jump-to-event': e });
    assert.equal(r.body.adcp_error?.code, e === 'platform-error' ? 'SERVICE_UNAVAILABLE' : undefined, e);
  }
  const wrong = { 'x-jump-to-event': 'lunch', 'x-force-error': 'x', 'x-simulated-spend': '-1', 'x-mock-time': 'soon', 'x-test-session-id': 'a b' };
  for (const [h, value] of Object.entries(wrong)) {
    assert.equal((await call('get_media_buys', { account }, { [h]: value })).body.adcp_error.code, 'INVALID_REQUEST', h);
  }
  const nobody = await call('list_creative_formats', {}, { 'x-jump-to-event': 'campaign-start', 'x-test-session-id': 'empty' });
  assert.match(nobody.body.adcp_error.message, /no media buy/);
});

test('error events and forced errors', async () => {
  const id = await made();
  const cases = [['create_media_buy', buy(), 'x-jump-to-event', 'inventory-unavailable', 'PRODUCT_UNAVAILABLE'],
    ['create_media_buy', buy(), 'x-jump-to-event', 'targeting-conflict', 'VALIDATION_ERROR'],
    ['create_media_buy', buy(), 'x-jump-to-event', 'budget-exceeded', 'BUDGET_EXCEEDED'],
    ['create_media_buy', buy(), 'x-force-error', 'budget_exceeded', 'BUDGET_EXCEEDED'],
    ['list_accounts', {}, 'x-force-error', 'platform_error', 'SERVICE_UNAVAILABLE']];
  for (const [tool, args, header, value, code] of cases) {
    for (const door of Object.values(doors)) {
      const got = await door(agent, tool, { adcp_version: '3.1', ...args }, { headers: { [header]: value } });
      assert.equal(got.payload.adcp_error?.code, code, `${tool} ${value}`);
    }
    if (args.idempotency_key) {
      const again = await call(tool, args, { 'x-auto-advance': 'true' });
      assert.ok(again.body.media_buy_id, 'a forced error leaves nothing behind, and its key is free');
      assert.equal(again.body.replayed, undefined);
    }
  }
  const when = { 'x-mock-time': '2026-04-21T00:00:00Z' };
  const normal = await delivery(id, when), low = await delivery(id, { ...when, 'x-force-error': 'low_delivery' });
  assert.ok(low.totals.spend < normal.totals.spend * 0.5, `${low.totals.spend} of ${normal.totals.spend}`);
  const over = await delivery(id, { ...when, 'x-force-error': 'budget_exceeded' });
  assert.equal(over.totals.spend, 3300);
  assert.equal(over.headers.get('x-simulated-spend'), '3300');
  const more = await delivery(id, { ...when, 'x-simulated-spend': '100.50' });
  assert.equal(more.totals.spend, normal.totals.spend + 100.5);
  assert.equal(Number(more.headers.get('x-simulated-spend')), more.totals.spend);
  assert.equal((await delivery(id, when)).totals.spend, normal.totals.spend, 'and nothing of it is kept');
});

test('a test session is a world of its own', async () => {
  const args = buy();
  const ids = new Set();
  for (const session of ['one', 'two', '']) {
    const headers = { 'x-auto-advance': 'true', ...(session ? { 'x-test-session-id': session } : {}) };
    const r = await call('create_media_buy', args, headers);
    assert.ok(r.body.media_buy_id, JSON.stringify(r.body));
    assert.equal(r.body.replayed, undefined, 'the key is the session\'s own');
    ids.add(r.body.media_buy_id);
    assert.equal((await call('create_media_buy', args, headers)).body.replayed, true);
    if (!session) continue;
    const seen = await call('get_media_buys', { account, media_buy_ids: [...ids] }, headers);
    assert.deepEqual(seen.body.media_buys.map((b) => b.media_buy_id), [r.body.media_buy_id]);
  }
  assert.equal(ids.size, 3);
  const [one, two] = [...ids];
  const other = await call('update_media_buy', { account, idempotency_key: key(), media_buy_id: one, paused: true }, { 'x-test-session-id': 'two' });
  assert.equal(other.body.adcp_error.code, 'MEDIA_BUY_NOT_FOUND');
  const a2a = await doors['a2a 1.0'](agent, 'get_media_buys', { adcp_version: '3.1', account, media_buy_ids: [...ids] }, { headers: { 'x-test-session-id': 'two' } });
  assert.deepEqual(a2a.payload.media_buys.map((b) => b.media_buy_id), [two]);
});

// data/demo-judges.json; all of it is played by tests/conformance/sandbox.mjs.
test('what the public storyboards name is there, with the right to the test controller', async () => {
  const kit = (tool, args) => agent.call(tool, { adcp_version: '3.1', ...args }, { token: 'demo-acme-outdoor-v1' })
    .then((r) => r.body.result.structuredContent);
  for (const [product_id, pricing_option_id] of [['test-product', 'default'], ['test-product', 'test-pricing'], ['outdoor_ctv_q2', 'cpm_guaranteed'],
    ['local_display_dynamic', 'cpm_standard'], ['primetime_30s_mf', 'unit_primetime_30s']]) {
    const bought = await kit('create_media_buy', buy({ packages: [{ product_id, pricing_option_id, budget: 5000 }] }));
    assert.ok(bought.media_buy_id, `${product_id} is bought at once: ${JSON.stringify(bought)}`);
  }
  const review = await kit('create_media_buy', buy({ packages: [{ product_id: 'async_signed_io_q2', pricing_option_id: 'cpm_guaranteed', budget: 5000 }] }));
  assert.equal(review.status, 'submitted', 'an order that somebody signs');
  const signals = await kit('get_signals', { signal_spec: 'audience', account });
  assert.deepEqual(signals.signals.map((s) => s.signal_agent_segment_id).sort(), ['prism_cart_abandoner', 'prism_ev_intenders', 'prism_high_ltv']);
  assert.equal((await kit('comply_test_controller', { account, scenario: 'list_scenarios' })).success, true);
  const card = (await call('get_products', { buying_mode: 'brief', brief: 'display' })).body;
  assert.ok(card.proposals.some((p) => p.proposal_id === 'balanced_reach_q2'));
});

test('x-context-id comes back', async () => {
  for (const door of Object.values(doors)) {
    const got = await door(agent, 'list_accounts', { adcp_version: '3.1' }, { headers: { 'x-context-id': 'ctx-42' } });
    assert.equal(got.payload.context_id, 'ctx-42');
  }
  const r = await call('list_accounts', {}, { 'x-context-id': 'ctx-42' });
  assert.equal(r.headers.get('x-context-id'), 'ctx-42');
});

test('push notification headers become the argument', async () => {
  for (const door of Object.values(doors)) {
    const got = await door(agent, 'create_media_buy', buy(), { headers: { 'x-push-notification-url': 'http://127.0.0.1:9/hook',
      'x-push-notification-auth-scheme': 'Bearer', 'x-push-notification-credentials': 'x'.repeat(40) } });
    const task = await call('get_task_status', { task_id: got.payload.task_id });
    assert.equal(task.body.has_webhook, true);
    const bad = await door(agent, 'create_media_buy', buy(), { headers: { 'x-push-notification-url': 'http://127.0.0.1:9/hook',
      'x-push-notification-auth-scheme': 'Carrier-Pigeon' } });
    assert.match(bad.payload.adcp_error.field, /push_notification_config/);
  }
});

test('they reach the same place in dialects that have no word for it', async () => {
  const headers = { 'x-push-notification-url': 'http://127.0.0.1:9/older' };
  const asked = [
    ['tutorial', { name: 'x', total_budget: 3000, packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001',
      budget: 3000, start_date: '2026-04-01', end_date: '2026-04-30', creative_format_ids: ['fmt-display-300x250'] }] },
    (body) => body.media_buy.workflow_tasks[0].id],
    ['buy-v1', { packages: ['prod-tech-display-001'], po_number: 'PO-1', total_budget: 3000, flight_start_date: '2026-04-01',
      flight_end_date: '2026-04-30' }, (body) => body.detail],
  ];
  for (const [dialect, args, task] of asked) {
    const r = await agent.post('/api/v1/create_media_buy', args, { headers: { ...headers, 'x-adcp-dialect': dialect } });
    const status = await call('get_task_status', { task_id: task(r.body) });
    assert.equal(status.body.has_webhook, true, dialect);
  }
});

test('in production none of them is looked at', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-production-'));
  const file = path.join(import.meta.dirname, '../../data/demo-publisher.json');
  const imported = await cli('import', file, '--data', data);
  assert.equal(imported.code, 0, imported.stderr);
  const real = await Agent.start({ data, sandbox: false });
  try {
    const r = await call('list_creative_formats', {}, { 'x-force-error': 'platform_error', 'x-mock-time': 'soon', 'x-jump-to-event': 'x',
      'x-test-session-id': 'a b', 'x-simulated-spend': 'x' }, real);
    assert.equal(r.status, 200);
    assert.ok(r.body.formats.length);
  } finally {
    await real.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('outside a sandbox the mock says in words that it simulates, and so does every reply with its numbers', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-simulated-')), data = path.join(dir, 'data');
  const demo = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../data/demo-publisher.json'), 'utf8'));
  const bring = (settings, ...flags) => {
    writeFileSync(path.join(dir, 'p.json'), JSON.stringify({ ...demo, tenant: { ...demo.tenant, workflow_required: false, adapter_settings: settings } }));
    return cli('import', path.join(dir, 'p.json'), '--data', data, ...flags);
  };
  try {
    const refused = await bring({});
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /mock[^]*sandbox only[^]*house/);
    assert.equal((await bring({}, '--sandbox')).code, 0);
    const silent = await cli('serve', '--data', data, '--listen', '127.0.0.1:0');
    assert.equal(silent.code, 1);
    assert.match(silent.stderr, /publisher demo[^]*for a sandbox only/);
    assert.equal((await bring({ simulated: true })).code, 0);
    const real = await Agent.start({ data, sandbox: false });
    try {
      const day = (n) => new Date(Date.now() + n * 86400e3).toISOString();
      const adcp = { 'x-adcp-dialect': 'adcp-3.1' };
      const bought = await call('create_media_buy', { idempotency_key: 'simulated-buy-00001', account: { brand: { domain: 'acme.example' }, operator: 'acme.example' }, brand: { domain: 'acme.example' },
        start_time: day(3), end_time: day(20), packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 5000 }] }, adcp, real);
      assert.equal(bought.status, 200, JSON.stringify(bought.body));
      const ids = { media_buy_ids: [bought.body.media_buy_id] };
      for (const dialect of ['adcp-3.1', 'adcp-3.0', 'tutorial', 'buy-v1', 'data-model']) {
        const tool = { 'buy-v1': ['get_media_buy_delivery', { media_buy_id: ids.media_buy_ids[0] }], 'data-model': ['get_media_buy_delivery', { media_buy_id: ids.media_buy_ids[0] }] }[dialect] ?? ['get_media_buy_delivery', ids];
        const r = await call(tool[0], tool[1], { 'x-adcp-dialect': dialect }, real);
        assert.equal(r.body.ext?.salesagent?.simulated, true, `${dialect}: ${JSON.stringify(r.body)}`);
      }
      assert.equal((await call('get_products', { buying_mode: 'brief', brief: 'display' }, adcp, real)).body.ext?.salesagent?.simulated, undefined);
    } finally {
      await real.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
