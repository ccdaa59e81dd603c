// One corpus of calls through MCP, REST and both generations of A2A, each door with an agent of its own that starts in
// the same state: the outcomes are identical. Tools are called with success, business errors and schema
// errors; writes are replayed, and repeated with the same key for something else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { doors, normalizer } from './lib/doors.mjs';

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const key = (n) => `doors-corpus-key-${String(n).padStart(4, '0')}`;
const v = (args) => ({ adcp_version: '3.1', ...args });
const buy = (n, more = {}) => v({ idempotency_key: key(n), account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }],
  context: { trace: `t-${n}` }, ...more });
const creative = (n, more = {}) => v({ idempotency_key: key(n), account, creatives: [{ creative_id: `cr-${n}`, name: `Creative ${n}`,
  format_id: { agent_url: 'http://localhost', id: 'fmt-display-300x250' },
  assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
    click_url: { asset_type: 'url', url: 'https://acme.example/landing' } } }], ...more });

// [tool, arguments (or a function of what was captured), kind expected, capture]
const auto = { headers: { 'x-auto-advance': 'true' } };
const corpus = [
  ['sync_accounts', v({ idempotency_key: key(1), accounts: [{ ...account, billing: 'operator' }] }), 'ok'],
  ['sync_accounts', v({ idempotency_key: key(1), accounts: [{ ...account, billing: 'operator' }] }), 'ok'],
  ['sync_accounts', v({ idempotency_key: key(1), accounts: [{ ...account, billing: 'agent' }] }), 'failed'],
  ['sync_accounts', v({ idempotency_key: key(2), accounts: 5 }), 'failed'],
  ['list_accounts', v({}), 'ok'],
  ['list_accounts', v({ pagination: { max_results: 0 } }), 'failed'],
  ['get_adcp_capabilities', v({}), 'ok'],
  ['get_adcp_capabilities', { adcp_version: '2.0' }, 'failed'],
  ['get_adcp_capabilities', v({ protocols: 'x' }), 'failed'],
  ['get_products', v({ buying_mode: 'brief', brief: 'video for developers', context: { a: [1, null] } }), 'ok'],
  ['get_products', v({ buying_mode: 'wholesale' }), 'ok'],
  ['get_products', v({ buying_mode: 'sometimes' }), 'failed'],
  ['get_products', v({ buying_mode: 'refine', refine: [{ scope: 'product', product_id: 'none', action: 'more_like_this' }] }), 'ok'],
  ['list_creative_formats', v({}), 'ok'],
  ['list_creative_formats', v({ pagination: { max_results: 'many' } }), 'failed'],
  ['create_media_buy', buy(10), 'ok', (c, p) => { c.task = p.task_id; assert.equal(p.status, 'submitted'); }],
  ['create_media_buy', buy(10), 'ok', (c, p) => assert.equal(p.replayed, true)],
  ['create_media_buy', buy(10, { end_time: '2026-06-01T00:00:00Z' }), 'failed'],
  ['create_media_buy', buy(11, { packages: [{ product_id: 'none', pricing_option_id: 'x', budget: 10 }] }), 'failed'],
  ['create_media_buy', buy(12, { packages: [] }), 'failed'],
  ['create_media_buy', buy(13, { idempotency_key: 'short' }), 'failed'],
  ['create_media_buy', buy(14, { start_time: '2026-05-01T00:00:00Z', end_time: '2026-04-01T00:00:00Z' }), 'failed'],
  ['create_media_buy', buy(15), 'ok', (c, p) => { c.buy = p.media_buy_id; c.pkg = p.packages[0].package_id; }, auto],
  ['create_media_buy', buy(15), 'unauthenticated', null, { token: null }],
  ['create_media_buy', buy(15), 'unauthenticated', null, { token: 'nobody' }],
  ['get_task_status', (c) => v({ task_id: c.task }), 'ok'],
  ['get_task_status', v({ task_id: 'task-none' }), 'failed'],
  ['tasks/get', (c) => v({ task_id: c.task }), 'ok'],
  ['tasks/get', v({}), 'failed'],
  ['list_tasks', v({}), 'ok'],
  ['list_tasks', v({ filters: { statuses: 7 } }), 'failed'],
  ['tasks/list', v({}), 'ok'],
  ['get_media_buys', v({ account }), 'ok'],
  ['get_media_buys', (c) => v({ account, media_buy_ids: [c.buy, 'mb-none'] }), 'ok'],
  ['get_media_buys', v({ media_buy_ids: {} }), 'failed'],
  ['update_media_buy', (c) => v({ account, idempotency_key: key(20), media_buy_id: c.buy, paused: true }), 'ok', null, auto],
  ['update_media_buy', (c) => v({ account, idempotency_key: key(20), media_buy_id: c.buy, paused: true }), 'ok', null, auto],
  ['update_media_buy', v({ account, idempotency_key: key(21), media_buy_id: 'mb-none', paused: true }), 'failed'],
  ['update_media_buy', (c) => v({ account, idempotency_key: key(22), media_buy_id: c.buy, paused: 'yes' }), 'failed'],
  ['sync_creatives', creative(30), 'ok'],
  ['sync_creatives', creative(30), 'ok', (c, p) => assert.equal(p.replayed, true)],
  ['sync_creatives', creative(31, { creatives: [] }), 'failed'],
  ['sync_creatives', (c) => creative(32, { assignments: [{ creative_id: 'cr-32', package_id: c.pkg }] }), 'ok'],
  ['list_creatives', v({ account }), 'ok'],
  ['list_creatives', v({ account, sort: { field: 'no such' } }), 'failed'],
  ['preview_creative', v({ request_type: 'single', creative_manifest: creative(30).creatives[0] }), 'ok'],
  ['preview_creative', v({ request_type: 'none' }), 'failed'],
  ['build_creative', v({ idempotency_key: key(35), account, message: 'a banner' }), 'failed'],
  ['build_creative', v({ idempotency_key: 5 }), 'failed'],
  ['get_creative_delivery', v({ account, creative_ids: ['cr-30'] }), 'ok'],
  ['get_creative_delivery', v({ account, creative_ids: 1 }), 'failed'],
  ['get_media_buy_delivery', (c) => v({ account, media_buy_ids: [c.buy] }), 'ok', null,
    { headers: { 'x-mock-time': '2026-04-16T00:00:00Z' } }],
  ['get_media_buy_delivery', v({ account, start_date: 'x' }), 'failed'],
  ['get_media_buy_delivery', v({ account }), 'failed', null, { headers: { 'x-mock-time': 'some day' } }],
  ['provide_performance_feedback', (c) => v({ idempotency_key: key(40), media_buy_id: c.buy, performance_index: 1.2,
    measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-02T00:00:00Z' } }), 'ok'],
  ['provide_performance_feedback', v({ idempotency_key: key(41), media_buy_id: 'mb-none', performance_index: 1.2,
    measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-02T00:00:00Z' } }), 'failed'],
  ['provide_performance_feedback', v({ idempotency_key: key(42) }), 'failed'],
  ['get_account_financials', v({ account }), 'ok'],
  ['get_account_financials', v({ account: 3 }), 'failed'],
  ['report_usage', v({ idempotency_key: key(50), usage: [] }), 'failed'],
  ['sync_governance', v({ idempotency_key: key(51), accounts: 1 }), 'failed'],
  ['sync_catalogs', v({ idempotency_key: key(52), account }), 'ok'],
  ['sync_catalogs', v({ idempotency_key: key(53), account, catalogs: 1 }), 'failed'],
  ['sync_event_sources', v({ idempotency_key: key(54), account }), 'ok'],
  ['sync_event_sources', v({ idempotency_key: key(55), account, event_sources: 1 }), 'failed'],
  ['log_event', v({ idempotency_key: key(56), event_source_id: 'none', events: [] }), 'failed'],
  ['sync_audiences', v({ idempotency_key: key(57), account }), 'ok'],
  ['sync_audiences', v({ idempotency_key: key(58), account, audiences: 1 }), 'failed'],
  ['create_property_list', v({ idempotency_key: key(60), account, name: 'Our list' }), 'ok', (c, p) => { c.list = p.list?.list_id; }],
  ['create_property_list', v({ idempotency_key: key(60), account, name: 'Our list' }), 'ok'],
  ['get_property_list', (c) => v({ account, list_id: c.list }), 'ok'],
  ['get_property_list', v({ account, list_id: 'none' }), 'failed'],
  ['list_property_lists', v({ account }), 'ok'],
  ['comply_test_controller', v({ scenario: 'list_scenarios', account }), null],
  ['comply_test_controller', v({ scenario: 'no_such_scenario', account }), null],
  ['list_authorized_properties', {}, 'ok'],
  ['x_task_resolve', {}, 'unknown'],
  ['no_such_tool', {}, 'unknown'],
  // the publisher's default dialect, which is not AdCP's
  ['get_products', { brief: 'tech' }, 'ok'],
  ['create_media_buy', { name: 'x', packages: [] }, 'failed'],
];

const agents = {};
before(async () => {
  await Promise.all(Object.keys(doors).map(async (name) => {
    agents[name] = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] });
  }));
});
after(async () => { await Promise.all(Object.values(agents).map((a) => a.stop())); });

// Tools that have no lines of their own yet: without arguments, and with one that is none.
async function unlisted(agent) {
  const r = await agent.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const listed = new Set(corpus.map((c) => c[0]));
  return r.body.result.tools.filter((x) => !listed.has(x.name))
    .flatMap((x) => [[x.name, v({}), null], [x.name, v({ idempotency_key: 5, context: 7 }), null]]);
}

const outcomes = {};
for (const name of Object.keys(doors)) {
  test(`the corpus through ${name}`, async () => {
    const captured = {};
    const normal = normalizer();
    outcomes[name] = [];
    const all = [...corpus, ...await unlisted(agents[name])];
    for (const [i, [tool, args, kind, capture, options]] of all.entries()) {
      const sent = typeof args === 'function' ? args(captured) : args;
      const got = await doors[name](agents[name], tool, sent, options);
      const label = `${i} ${tool} ${JSON.stringify(sent)}`;
      if (kind) assert.equal(got.kind, kind, `${label}: ${JSON.stringify(got.payload)}`);
      if (capture) capture(captured, got.payload);
      // What an unknown tool is answered with differs by door; that it is unknown does not.
      outcomes[name].push({ label: `${i} ${tool}`, kind: got.kind, payload: got.kind === 'unknown' ? null : normal(got.payload) });
    }
  });
}

test('the outcomes are identical', () => {
  for (const name of Object.keys(doors)) {
    assert.equal(outcomes[name].length, outcomes.mcp.length, name);
    assert.ok(outcomes[name].length >= corpus.length, name);
    for (const [i, o] of outcomes[name].entries()) assert.deepEqual(o, outcomes.mcp[i], `${name}: ${o.label}`);
  }
});

test('a key used through one door is replayed, or refused, through every other', async () => {
  const agent = agents.mcp;
  const names = Object.keys(doors);
  for (const [i, first] of names.entries()) {
    const args = creative(100 + i);
    const made = await doors[first](agent, 'sync_creatives', args);
    assert.equal(made.payload.replayed, undefined);
    for (const name of names) {
      const again = await doors[name](agent, 'sync_creatives', args);
      assert.deepEqual(again.payload, { ...made.payload, replayed: true }, `${first} then ${name}`);
      const other = await doors[name](agent, 'sync_creatives', { ...args, dry_run: true });
      assert.equal(other.payload.adcp_error.code, 'IDEMPOTENCY_CONFLICT');
    }
  }
});

test('the agent cards list the tools that MCP lists', async () => {
  const r = await agents.mcp.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const tools = r.body.result.tools.map((x) => x.name);
  for (const version of ['0.3', '1.0']) {
    const card = await fetch(`${agents.mcp.base}/.well-known/agent-card.json`, { headers: { 'a2a-version': version } });
    assert.deepEqual((await card.json()).skills.map((s) => s.id), tools, version);
  }
});
