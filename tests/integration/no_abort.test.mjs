// No request ends the agent: what once did, through every door and dialect, and what is answered instead. Whatever is
// refused leaves nothing behind, and whatever is taken can be read, shown and changed afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

const LAST_DAY = '9999-12-31', LAST_SECOND = '9999-12-31T23:59:59Z', TOO_LATE = '9999-12-31T23:59:59-14:00';
const march = { 'x-mock-time': '2026-03-09T14:30:00Z' }, auto = { ...march, 'x-auto-advance': 'true' };
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const dialects = ['buy-v1', 'tutorial', 'data-model', 'rc', 'adcp'];
const product = { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001' };

let agent, keys = 0;
const key = () => `no-abort-${String(++keys).padStart(10, '0')}`;
const create = (more = {}) => ({ adcp_version: '3.1', idempotency_key: key(), account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', packages: [{ ...product, budget: 3000 }], ...more });
const update = (media_buy_id, more) => ({ adcp_version: '3.1', idempotency_key: key(), account, media_buy_id, ...more });

before(async () => { agent = await Agent.start(); });
after(async () => { await agent.stop(); });

async function call(tool, args, options = {}) {
  const r = await agent.call(tool, args, { headers: march, ...options });
  assert.ok(r.body?.result?.structuredContent ?? r.body?.error, `${tool}: ${JSON.stringify(r.body)?.slice(0, 300)}`);
  return r.body.result?.structuredContent ?? r.body.error.data;
}

async function refused(tool, args, code, field, options) {
  const r = await call(tool, args, options);
  assert.equal(r.adcp_error?.code, code, JSON.stringify(r).slice(0, 400));
  if (field) assert.match(r.adcp_error.field, field, JSON.stringify(r.adcp_error));
  assert.ok(r.adcp_error.message.length > 20);
  return r.adcp_error;
}

async function taken(tool, args, options) {
  const r = await call(tool, args, options);
  assert.ok(!r.adcp_error, JSON.stringify(r).slice(0, 400));
  return r;
}

const alive = async (what) => {
  const r = await fetch(`${agent.base}/health`).catch((e) => e);
  assert.equal(r.status, 200, `${what} ended the agent:\n${agent.stderr.slice(-600)}`);
};

// Through all doors, as a stranger and as a buyer. What is answered is another test's: here it is answered.
const message = (tool, args, v1) => ({ message: { messageId: key(), ...(v1 ? { role: 'ROLE_USER', parts: [{ data: { skill: tool, input: args } }] }
  : { kind: 'message', role: 'user', parts: [{ kind: 'data', data: { skill: tool, parameters: args } }] }) } });
const rpc = (method, params) => ({ jsonrpc: '2.0', id: 1, method, params });
const doors = {
  mcp: (tool, args) => ['/mcp', rpc('tools/call', { name: tool, arguments: args })],
  adcp: (tool, args) => [`/adcp/${tool}`, args],
  rest: (tool, args) => [`/api/v1/${tool}`, args],
  'a2a 0.3': (tool, args) => ['/a2a', rpc('message/send', message(tool, args, false))],
  'a2a 1.0': (tool, args) => ['/a2a', rpc('SendMessage', message(tool, args, true)), { 'a2a-version': '1.0' }],
};
async function everywhere(tool, args, headers = {}) {
  await Promise.all(Object.entries(doors).flatMap(([door, make]) => [null, 'test-token'].map(async (token) => {
    const [where, body, more] = make(tool, args);
    const r = await agent.post(where, body, { token, headers: { ...march, ...headers, ...more } }).catch(() => null);
    if (!r) await alive(`${tool} by ${door} ${JSON.stringify(headers)} with ${token ?? 'no token'}: ${JSON.stringify(args)}`);
    assert.doesNotMatch(JSON.stringify(r.body), /RATE_LIMITED/);
  })));
}

test('the last day that can be written, by every door, dialect and tool that takes a day', async () => {
  const flight = (day) => ({ start_date: day, end_date: day });
  for (const day of [LAST_DAY, LAST_SECOND, TOO_LATE, '9999-12-31T00:00:00Z', '10000-01-01', '0001-01-01']) {
    for (const dialect of dialects) {
      const headers = { 'x-adcp-dialect': dialect };
      await everywhere('get_avails', { product_ids: [product.product_id], ...flight(day) }, headers);
      await everywhere('get_media_buy_delivery', { start_date: '2026-01-01', end_date: day }, headers);
      await everywhere('get_products', { brief: 'video', filters: flight(day) }, headers);
      await everywhere('create_media_buy', { name: 'N', buyer_ref: 'R', total_budget: 3000, currency: 'USD', flight_start_date: day,
        flight_end_date: day, packages: [{ ...product, name: 'P', budget: 3000, ...flight(day), creative_format_ids: ['fmt-display-300x250'] }] }, headers);
      await everywhere('create_media_buy', { packages: [product.product_id], total_budget: 3000, flight_start_date: day, flight_end_date: day }, headers);
      await everywhere('create_media_buy', { product_id: product.product_id, advertiser_id: 'a', name: 'N', budget_cents: 300000, ...flight(day),
        targeting: {}, pricing: { pricing_model: 'cpm', bid_price: 25, currency: 'USD' } }, headers);
    }
    for (const tool of ['get_creative_delivery', 'get_account_financials', 'get_media_buy_delivery']) {
      await everywhere(tool, { adcp_version: '3.1', account, start_date: '2026-01-01', end_date: day, period: flight(day) });
    }
    await everywhere('create_media_buy', { ...create({ end_time: day }) });
    await everywhere('create_media_buy', { ...create({ packages: [{ ...product, budget: 3000, start_time: day, end_time: day }] }) });
  }
});

test('an open end is answered; an end that the calendar cannot name is refused by the name of its field', async () => {
  const open = await taken('get_media_buy_delivery', { adcp_version: '3.1', account, start_date: '2026-01-01', end_date: LAST_DAY });
  assert.ok(Array.isArray(open.media_buy_deliveries));
  await refused('create_media_buy', create({ end_time: TOO_LATE }), 'INVALID_REQUEST', /end_time/);
});

test('a clock at the end of time answers', async () => {
  for (const now of [LAST_DAY, LAST_SECOND, TOO_LATE, '1970-01-01T00:00:00Z']) {
    for (const dialect of dialects) {
      const headers = { 'x-mock-time': now, 'x-adcp-dialect': dialect };
      for (const tool of ['get_products', 'get_media_buys', 'get_media_buy_delivery', 'list_creatives', 'get_avails', 'list_tasks']) {
        await agent.call(tool, { brief: 'video', product_ids: [product.product_id] }, { headers });
        await alive(`${tool} at ${now} in ${dialect}`);
      }
    }
    await agent.call('create_media_buy', create(), { headers: { ...auto, 'x-mock-time': now } });
    await alive(`create_media_buy at ${now}`);
  }
});

test('a due time of the command line ends where the calendar does', async () => {
  const waits = await taken('create_media_buy', create());
  const late = await agent.cli('task', 'set', waits.task_id, '--due', TOO_LATE);
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /due/);
  const last = await agent.cli('task', 'set', waits.task_id, '--due', LAST_SECOND);
  assert.equal(last.code, 0, last.stderr);
  const shown = await agent.cli('task', 'show', waits.task_id);
  assert.match(shown.stdout, /9999-12-31/);
});

test('performance feedback of a megabyte is refused, and says how much may be', async () => {
  const { media_buy_id } = await taken('create_media_buy', create(), { headers: auto });
  const said = (ext) => ({ adcp_version: '3.1', idempotency_key: key(), media_buy_id, performance_index: 1.2, ext,
    measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-02T00:00:00Z' } });
  const numbers = (n) => `[${'1e20,'.repeat(n - 1)}1e20]`;
  await refused('provide_performance_feedback', said({ x: 'x'.repeat(1 << 20) }), 'VALIDATION_ERROR', /^ext$/);
  const grows = JSON.stringify(said({ x: '@' })).replace('"@"', numbers(5000)); // 25 KB sent, 120 KB stored
  const r = await agent.post('/api/v1/provide_performance_feedback', grows, { headers: march });
  assert.equal(r.body.code ?? r.body.adcp_error?.code, 'VALIDATION_ERROR', JSON.stringify(r.body).slice(0, 300));
  for (const args of [{ feedback: { overall_satisfaction: 4, x: 'x'.repeat(1 << 20) } },
    { package_performance: [{ package_id: 'pkg-001', performance_index: 1, x: 'x'.repeat(1 << 20) }] }]) {
    await agent.call('update_performance_index', { media_buy_id, ...args }, { headers: { ...march, 'x-adcp-dialect': 'tutorial' } });
    await agent.call('update_performance_index', { media_buy_id, ...args }, { headers: { ...march, 'x-adcp-dialect': 'buy-v1' } });
    await alive('update_performance_index');
  }
});
