// Bad input gets a clear error and harms nothing: what issue 2 lists, in the tutorial's shapes and in AdCP's, over MCP.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent;
let good;
const headers = { 'x-mock-time': '2026-03-09T14:30:00Z', 'x-auto-advance': 'true' };
const pkg = (over = {}) => ({ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'P', budget: 3000,
  start_date: '2026-04-01', end_date: '2026-04-30', creative_format_ids: ['fmt-display-300x250'], ...over });
const buy = (over = {}, p = {}) => ({ name: 'N', buyer_ref: 'R', packages: [pkg(p)], total_budget: 3000, currency: 'USD', ...over });

const call = async (tool, args, token = 'test-token') => (await agent.call(tool, args, { token, headers })).body.result;
const fails = async (tool, args, pattern, what) => {
  const r = await call(tool, args);
  assert.ok(r?.isError, `${what}: ${JSON.stringify(r)?.slice(0, 300)}`);
  const e = r.structuredContent.error;
  assert.ok(e.message.length > 10, what);
  assert.match(`${e.code} ${e.field ?? ''} ${e.message}`, pattern, `${what}: ${JSON.stringify(e)}`);
  assert.ok(!/sqlite|select |arena|\.c:\d/i.test(JSON.stringify(r)), what);
};

before(async () => {
  agent = await Agent.start();
  good = (await call('create_media_buy', buy())).structuredContent.media_buy;
  assert.ok(good.id);
});
after(async () => { await agent.stop(); });

test('money: zero, negative, absurd, too precise, not a number', async () => {
  for (const [budget, why] of [[0, 'zero'], [-1, 'negative'], [1e308, 'absurd'], [0.0000001, 'less than a millionth'],
    [1e9 + 1, 'over the maximum'], ['3000x', 'text'], [null, 'null'], [true, 'boolean'], [{}, 'object']]) {
    await fails('create_media_buy', buy({ total_budget: budget }, { budget }), /budget/i, `budget ${why}`);
  }
});

test('budgets against each other and against limits', async () => {
  await fails('create_media_buy', buy({ total_budget: 2999 }), /total_budget/, 'sum disagrees with total');
  await fails('create_media_buy', buy({ total_budget: 900 }, { budget: 900 }), /budget/, 'under the minimum of the option');
  await fails('create_media_buy', buy({ total_budget: 1000001 }, { budget: 1000001 }), /budget/, 'over the publisher maximum');
  await fails('create_media_buy', buy({ currency: 'EUR' }), /currency|EUR/i, 'another currency');
});

test('dates that are not, do not exist, or run backwards', async () => {
  for (const [start_date, end_date] of [['2026-02-30', '2026-04-30'], ['2026-04-01', '2026-13-01'], ['yesterday', '2026-04-30'],
    ['2026-04-30', '2026-04-01'], ['', '2026-04-30'], [20260401, '2026-04-30'], ['2026-04-01T00:00:00Z ', '2026-04-30']]) {
    await fails('create_media_buy', buy({}, { start_date, end_date }), /date|flight|end/i, `${start_date}..${end_date}`);
  }
});

test('things that do not exist', async () => {
  await fails('create_media_buy', buy({}, { product_id: 'nope' }), /product/i, 'product');
  await fails('create_media_buy', buy({}, { pricing_option_id: 'nope' }), /pricing_option/i, 'pricing option');
  await fails('create_media_buy', buy({}, { pricing_option_id: 'price-004' }), /pricing_option/i, 'option of another product');
  await fails('create_media_buy', buy({}, { creative_format_ids: ['nope'] }), /format/i, 'format');
  await fails('update_media_buy', { media_buy_id: 'nope', packages: [] }, /media_buy|packages/i, 'buy');
  await fails('update_media_buy', { media_buy_id: good.id, packages: [{ package_id: 'pkg-099', budget: 2000 }] }, /package/i, 'package');
  await fails('get_media_buy_delivery', { media_buy_ids: ['nope'] }, /NOT_FOUND/, 'delivery of nothing');
});

test('missing fields, empty strings, wrong types', async () => {
  for (const key of ['packages']) {
    const args = buy();
    delete args[key];
    await fails('create_media_buy', args, new RegExp(key), `without ${key}`);
  }
  await fails('create_media_buy', buy({ packages: [] }), /packages/, 'no packages');
  await fails('create_media_buy', buy({ packages: 'x' }), /packages/, 'packages as text');
  await fails('create_media_buy', buy({ name: '' }), /name/, 'empty name');
  await fails('get_products', { brief: '' }, /brief/, 'empty brief');
  await fails('get_products', { brief: 7 }, /brief/, 'brief as number');
  await fails('sync_creatives', { media_buy_id: good.id }, /creatives/, 'no creatives');
});

test('another principal\'s things are as if they did not exist', async () => {
  const exported = JSON.parse((await agent.cli('export')).stdout);
  exported.principals = [{ principal_id: 'other', name: 'Other', role: 'buyer', dialect: 'tutorial',
    tokens: [{ token: 'other-token-1' }] }];
  writeFileSync(`${agent.data}/other.json`, JSON.stringify(exported));
  assert.equal((await agent.cli('import', '--sandbox', `${agent.data}/other.json`, '--new-publisher')).code, 0);
  const strip = (r) => JSON.stringify(r).replaceAll(good.id, 'ID').replaceAll('mb-doesnotexist', 'ID');
  for (const [tool, args] of [
    ['get_media_buys', (id) => ({ media_buy_ids: [id] })], ['get_media_buy_delivery', (id) => ({ media_buy_ids: [id] })],
    ['update_media_buy', (id) => ({ media_buy_id: id, packages: [{ package_id: 'pkg-001', budget: 2000 }] })],
    ['sync_creatives', (id) => ({ media_buy_id: id, creatives: [{ name: 'x', format_id: 'fmt-display-300x250', assets: [] }] })],
    ['update_performance_index', (id) => ({ media_buy_id: id, feedback: { overall_satisfaction: 4 } })]]) {
    const theirs = await call(tool, args(good.id), 'other-token-1');
    const nothing = await call(tool, args('mb-doesnotexist'), 'other-token-1');
    assert.equal(strip(theirs), strip(nothing), tool);
  }
});

test('AdCP errors name the field, the recovery and what to do', async () => {
  const adcp = { adcp_version: '3.1', idempotency_key: 'bad-input-0000000001', account: { brand: { domain: 'a.example' },
    operator: 'a.example' }, brand: { domain: 'a.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: -5 }], context: { mine: [1, { x: null }] } };
  const r = await call('create_media_buy', adcp);
  assert.ok(r.isError);
  const e = r.structuredContent.adcp_error;
  assert.equal(e.code, 'INVALID_REQUEST');
  assert.equal(e.field, 'packages[0].budget');
  assert.equal(e.recovery, 'correctable');
  assert.equal(e.issues[0].pointer, '/packages/0/budget');
  assert.deepEqual(r.structuredContent.context, adcp.context);
  assert.equal(r.structuredContent.status, 'failed');
  for (const v of ['99.0', '2.5', 'x', '4.0']) {
    const b = await call('get_products', { adcp_version: v, buying_mode: 'brief', brief: 'x' });
    assert.equal(b.structuredContent.adcp_error.code, 'VERSION_UNSUPPORTED', v);
    assert.ok(b.structuredContent.adcp_error.details.supported_versions.includes('3.1'));
  }
});

test('after all that the one good buy is unharmed and alone', async () => {
  const r = await call('get_media_buys', { media_buy_ids: [good.id] });
  assert.equal(r.structuredContent.media_buys[0].total_budget, 3000);
  const all = await call('get_media_buys', { adcp_version: '3.1', status_filter: ['pending_creatives', 'pending_start', 'active',
    'paused', 'completed', 'rejected', 'canceled'] });
  assert.equal(all.structuredContent.media_buys.length, 1);
});

test('what a schema refuses says what to do', async () => {
  const line = { adcp_version: '3.1' };
  for (const [tool, args, advice] of [
    ['sync_creatives', { ...line, idempotency_key: 'bad-input-suggestion-01', creatives: [{ creative_id: 'c', name: 'n', format_id: { agent_url: 'https://a.example', id: 'f' }, assets: {} }] }, /list_accounts/],
    ['update_media_buy', { ...line, idempotency_key: 'bad-input-suggestion-02', account: { account_id: 'a' }, paused: true }, /get_media_buys/],
    ['get_products', { ...line, buying_mode: 'nonsense' }, /wholesale/],
    ['get_products', { ...line, buying_mode: 'brief', brief: 7 }, /what is to be advertised/],
    ['list_creatives', { ...line, pagination: { max_results: 'x' } }, /list_creatives/],
  ]) {
    const r = await call(tool, args);
    assert.ok(r.isError);
    assert.match(r.structuredContent.adcp_error.suggestion, advice, JSON.stringify(r.structuredContent.adcp_error));
  }
});

test('a list that is empty says that there are others', async () => {
  const r = (await agent.call('get_media_buys', { adcp_version: '3.1' }, { headers: { 'x-mock-time': '2026-03-09T14:30:00Z' } })).body.result;
  assert.equal(r.structuredContent.media_buys.length, 0);
  assert.match(r.structuredContent.message ?? r.content[0].text, /^0 media buys are active; \d+ of other statuses: send status_filter/);
});
