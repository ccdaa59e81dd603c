// The corners of the older shapes, through MCP: every word for a status, what an update means, errors in each shape's
// form, the numbers of the page on rate limits, one call in another dialect.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, cli } from '../integration/lib/agent.mjs';

let agent;
let data;
const at = (time) => ({ 'x-mock-time': time });
const january = at('2024-01-10T10:00:00Z');
const auto = { ...january, 'x-auto-advance': 'true' };

before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-corners-'));
  const r = await cli('import', '--sandbox', path.join(import.meta.dirname, 'publisher.json'), '--data', data);
  assert.equal(r.code, 0, r.stderr);
  agent = await Agent.start({ data });
});
after(async () => {
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

async function call(token, tool, args, headers = {}, from = agent) {
  const r = await from.call(tool, args, { token, headers });
  assert.ok(r.body?.result, JSON.stringify(r.body));
  return { body: r.body.result.structuredContent, failed: r.body.result.isError ?? false, headers: r.headers };
}
const v1 = (tool, args, headers = january) => call('v1-buyer-token', tool, args, headers);
const pages = (tool, args, headers) => call('data-model-token', tool, args, headers);
const people = (tool, args) => call('operator-token', tool, args, { 'x-adcp-dialect': 'buy-v1', ...january });
async function ok(promise) {
  const r = await promise;
  assert.equal(r.failed, false, JSON.stringify(r.body));
  return r.body;
}
const buy = async (packages, more = {}, headers = auto) =>
  (await ok(v1('create_media_buy', { packages, total_budget: 5000, ...more }, headers))).media_buy_id;
const status = async (id, time) => (await ok(v1('check_media_buy_status', { media_buy_id: id }, at(time)))).status;
const banner = { creative_id: 'banner_corner', name: 'Corner', format: 'image', width: 300, height: 250,
  media_url: 'https://cdn.example.com/banner.jpg', click_url: 'https://example.com/landing' };

test('the words of check_media_buy_status, each where it belongs', async () => {
  const days = { start_date: '2024-02-01', end_date: '2024-02-10' };
  const id = await buy(['news'], days);
  assert.equal(await status(id, '2024-01-11T00:00:00Z'), 'pending_activation');

  const raised = await ok(people('create_human_task', { task_type: 'permission_exception', principal_id: 'v1',
    media_buy_id: id, error_detail: 'The advertiser has to be cleared.' }));
  const waits = await ok(v1('check_media_buy_status', { media_buy_id: id }));
  assert.deepEqual([waits.status, waits.detail], ['pending_permission', raised.task_id]);
  await ok(people('complete_task', { task_id: raised.task_id, resolution: 'approved', resolved_by: 'a@publisher.com' }));
  assert.equal(await status(id, '2024-01-11T00:00:00Z'), 'pending_activation', 'granted: on with it');

  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [banner] }));
  assert.equal(await status(id, '2024-02-05T00:00:00Z'), 'active');
  await ok(v1('update_media_buy', { media_buy_id: id, active: false }));
  assert.equal(await status(id, '2024-02-05T00:00:00Z'), 'paused');
  await ok(v1('update_media_buy', { media_buy_id: id, active: true }));
  assert.equal(await status(id, '2024-02-11T00:00:00Z'), 'completed');

  const manual = await ok(v1('create_media_buy', { packages: ['prod_abc123'], total_budget: 1000 }));
  assert.equal(manual.status, 'pending_manual');
  await ok(people('complete_task', { task_id: manual.detail, resolution: 'rejected', resolved_by: 'a@publisher.com' }));
  assert.equal(await status(manual.media_buy_id, '2024-01-11T00:00:00Z'), 'failed');
});

test('creatives of the lifecycle page: no size, one package', async () => {
  const r = await ok(v1('create_media_buy', { packages: ['premium_sports', 'drive_time_audio'], po_number: 'PO-2024-001',
    total_budget: 50000, targeting_overlay: { geography: ['US-CA', 'US-NY'], device_types: ['mobile', 'desktop'] } }, auto));
  const sent = await ok(v1('add_creative_assets', { media_buy_id: r.media_buy_id, assets: [{ creative_id: 'banner_001',
    name: 'Spring Campaign Banner', format: 'image', media_url: 'https://cdn.example.com/banner.jpg',
    click_url: 'https://example.com/landing', package_assignments: ['premium_sports'] }] }));
  assert.deepEqual(sent.assets.map((a) => a.creative_id), ['banner_001']);
  const read = (await agent.call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [r.media_buy_id] },
    { token: 'v1-buyer-token', headers: january })).body.result.structuredContent.media_buys[0];
  assert.deepEqual(read.packages.map((p) => (p.creative_assignments ?? []).map((a) => a.creative_id)), [['banner_001'], []]);
});

test('given both, impressions count and the budget does not; a day of the caller\'s own', async () => {
  const id = await buy(['news'], { start_date: '2024-02-01', end_date: '2024-02-10' });
  await ok(v1('update_package', { media_buy_id: id, packages: [{ package_id: 'news', budget: 9000, impressions: 123456 }] }));
  const read = (await agent.call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] },
    { token: 'v1-buyer-token', headers: january })).body.result.structuredContent.media_buys[0].packages[0];
  assert.deepEqual([read.impressions, read.budget], [123456, 5000]);
  const late = await v1('update_media_buy', { media_buy_id: id, flight_start_date: '2024-02-03', today: '2024-02-05' });
  assert.equal(late.body.status, 'failed', 'begun by the day named');
  const early = await v1('update_media_buy', { media_buy_id: id, flight_start_date: '2024-02-03', today: '2024-01-20' });
  assert.equal(early.body.status, 'accepted', JSON.stringify(early.body));
});

test('a daily cap holds in what is delivered', async () => {
  const id = await buy(['news'], { start_date: '2024-02-01', end_date: '2024-02-10' });
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [{ ...banner, creative_id: 'banner_cap' }] }));
  await ok(v1('update_media_buy', { media_buy_id: id, daily_budget: 100 }));
  const ask = (start_date, end_date) => ok(v1('get_media_buy_delivery', { media_buy_id: id, start_date, end_date },
    at('2024-02-20T00:00:00Z')));
  const day = (await ask('2024-02-03', '2024-02-03')).totals.spend, all = (await ask('2024-02-01', '2024-02-10')).totals.spend;
  assert.ok(day > 0 && day <= 100, String(day));
  assert.ok(all > 500 && all <= 1000, String(all));
});

test('delivery by day, with the completed views of video', async () => {
  const id = await buy(['connected_tv_prime'], { total_budget: 22500, start_date: '2024-02-01', end_date: '2024-02-10' });
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [{ creative_id: 'spot_corner', name: 'Spot', format: 'video',
    duration: 30, media_url: 'https://cdn.example.com/spot.mp4' }] }));
  const ask = (end_date) => ok(v1('get_media_buy_delivery', { media_buy_id: id, start_date: '2024-02-02', end_date },
    at('2024-02-08T00:00:00Z')));
  const [two, one] = [await ask('2024-02-03'), await ask('2024-02-02')];
  assert.deepEqual(Object.keys(two).sort(), ['by_package', 'totals']);
  assert.deepEqual(Object.keys(two.totals).sort(), ['clicks', 'impressions', 'spend', 'video_completions']);
  assert.deepEqual(Object.keys(two.by_package[0]).sort(), ['impressions', 'package_id', 'spend']);
  assert.ok(one.totals.impressions > 0 && two.totals.impressions > one.totals.impressions);
  assert.ok(two.totals.video_completions > 0 && two.totals.video_completions <= two.totals.impressions);
});

test('errors in the words of the API page', async () => {
  const failed = async (token, tool, args, headers = {}) => {
    const r = await agent.call(tool, args, { token, headers: { 'x-adcp-dialect': 'buy-v1', ...january, ...headers } });
    const body = r.body.result?.structuredContent ?? r.body.error?.data ?? r.body;
    return body.error?.code ?? JSON.stringify(r.body);
  };
  const create = { packages: ['news'], total_budget: 5000 };
  assert.equal(await failed('', 'create_media_buy', create), 'AUTHENTICATION_REQUIRED');
  assert.equal(await failed('no-such-token-0', 'create_media_buy', create), 'AUTHENTICATION_FAILED');
  assert.equal(await failed('v1-buyer-token', 'create_media_buy', { packages: ['news'] }), 'INVALID_PARAMETER');
  assert.equal(await failed('v1-buyer-token', 'check_media_buy_status', { media_buy_id: 'mb-none' }), 'NOT_FOUND');
  assert.equal(await failed('v1-buyer-token', 'assign_task', { task_id: 't', assigned_to: 'me' }), 'PERMISSION_DENIED');
  assert.equal(await failed('v1-buyer-token', 'create_media_buy', create, { 'x-force-error': 'platform_error' }),
    'ADAPTER_ERROR');
});

test('the data-model page: numbers as text, a list of fields, its words for a creative just sent', async () => {
  const march = at('2025-03-15T14:30:00Z');
  const good = { product_id: 'prod_abc123', name: 'As text', budget_cents: '250000', start_date: '2025-04-01',
    end_date: '2025-06-30', pricing: { pricing_model: 'cpm', bid_price: '25.00', currency: 'USD' } };
  const made = await ok(pages('create_media_buy', good, march));
  assert.equal(made.budget_cents, 250000);
  const refused = async (more) => {
    const r = await pages('create_media_buy', { ...good, ...more }, march);
    assert.equal(r.failed, true, JSON.stringify(r.body));
    assert.equal(r.body.error_code, 'validation_error');
    return r.body.details.map((d) => d.field);
  };
  assert.deepEqual(await refused({ name: '' }), ['/name']);
  assert.deepEqual(await refused({ budget_cents: 0 }), ['/budget_cents']);
  assert.deepEqual(await refused({ budget_cents: 'much' }), ['/budget_cents']);
  assert.deepEqual(await refused({ start_date: '2025-02-30' }), ['/start_date']);
  assert.deepEqual(await refused({ product_id: undefined }), ['/product_id']);
  assert.deepEqual(await refused({ pricing: { ...good.pricing, currency: 'dollars' } }), ['/pricing/currency']);
  assert.deepEqual(await refused({ pricing: { ...good.pricing, bid_price: 0 } }), ['/pricing/bid_price']);
  assert.deepEqual(await refused({ pricing: { ...good.pricing, pricing_model: 'cpx' } }), ['/pricing/pricing_model']);
  assert.deepEqual(await refused({ targeting: { geo_countries: ['USA'] } }), ['/targeting/geo_countries/0']);

  const sent = await ok(pages('sync_creatives', { media_buy_id: made.media_buy_id, creatives: [{
    name: 'Sports Video 30s - Version A', format_id: 'video_16x9_preroll', assets: [{ type: 'video',
      url: 'https://cdn.example.com/creatives/sports_30s_v1.mp4', mime_type: 'video/mp4', duration_seconds: 30 }],
    tags: ['sports', 'q2-campaign', 'version-a'] }] }, march));
  const [creative] = sent.creatives;
  assert.deepEqual(Object.keys(creative).sort(), ['approval_status', 'created_at', 'creative_id', 'format_id', 'name', 'status']);
  assert.ok(['processing', 'approved'].includes(creative.status), creative.status);
  assert.equal(sent.sync_status, creative.status === 'approved' ? 'completed' : 'submitted');
});

test('storyboard step: an account is declared', async () => {
  const r = await ok(call('rc-buyer-token', 'sync_accounts', { accounts: [{ brand: { domain: 'acmeoutdoor.com' },
    operator: 'pinnacle-agency.com', billing: 'operator', payment_terms: 'net_30' }] }, at('2026-03-01T09:00:00Z')));
  const [a] = r.accounts;
  assert.ok(a.account_id);
  assert.ok(['created', 'updated', 'unchanged'].includes(a.action), a.action);
  assert.ok(['active', 'pending_approval'].includes(a.status), a.status);
});

// "elif status in ("rejected", "canceled"): ... break", as the polling loop of the tutorial has it.
test('the tutorial polls until the publisher rejects, or the buyer cancels', async () => {
  const tutorial = (tool, args) => ok(call('v1-buyer-token', tool, args, { ...january, 'x-adcp-dialect': 'tutorial' }));
  const asked = { name: 'Polled', buyer_ref: 'POLL-1', total_budget: 1000, currency: 'USD', packages: [{
    product_id: 'prod_abc123', name: 'Sports', pricing_option_id: (await tutorial('get_products', { brief: 'sports' })).products
      .find((p) => p.id === 'prod_abc123').pricing_options[0].id, budget: 1000,
    start_date: '2024-02-01', end_date: '2024-02-29' }] };
  const poll = async (id) => (await tutorial('get_media_buys', { media_buy_ids: [id] })).media_buys[0];
  const made = (await tutorial('create_media_buy', asked)).media_buy;
  const waiting = await poll(made.id);
  assert.equal(waiting.status, 'pending_activation', JSON.stringify(waiting));
  const [task] = (await ok(v1('get_pending_tasks', { task_type: 'manual_approval' }))).tasks
    .filter((t) => t.media_buy_id === made.id);
  await ok(people('complete_task', { task_id: task.task_id, resolution: 'rejected', resolution_detail: 'Not this month.',
    resolved_by: 'a@publisher.com' }));
  const rejected = await poll(made.id);
  assert.equal(rejected.status, 'rejected');
  assert.equal(rejected.rejection_reason, 'Not this month.');

  const other = (await tutorial('create_media_buy', { ...asked, buyer_ref: 'POLL-2' })).media_buy;
  await agent.call('update_media_buy', { adcp_version: '3.1', idempotency_key: 'cancel-poll-0123456789', canceled: true,
    media_buy_id: other.id, account: (await agent.call('list_accounts', { adcp_version: '3.1' }, { token: 'v1-buyer-token',
      headers: january })).body.result.structuredContent.accounts.map((a) => ({ account_id: a.account_id }))[0] },
  { token: 'v1-buyer-token', headers: january });
  assert.equal((await poll(other.id)).status, 'canceled');
});

test('one call in another dialect', async () => {
  const r = await ok(call('v1-buyer-token', 'get_products', { brief: 'sports' }, { ...january, 'x-adcp-dialect': 'data-model' }));
  assert.ok('total_results' in r);
  const own = await ok(v1('discover_products', { campaign_brief: 'sports' }));
  assert.ok('recommended_products' in own);
  const none = await agent.call('get_products', { brief: 'x' }, { token: 'v1-buyer-token',
    headers: { 'x-adcp-dialect': 'esperanto' } });
  assert.equal(none.body.result.isError, true);
});

test('production counts calls as the API page says and takes no day of the past; a sandbox does neither', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-production-'));
  assert.equal((await cli('import', '--sandbox', path.join(import.meta.dirname, 'publisher.json'), '--data', dir)).code, 0);
  const production = await Agent.start({ data: dir, sandbox: false });
  try {
    const limit = async (tool, args) => (await call('v1-buyer-token', tool, args, {}, production)).headers.get('x-ratelimit-limit');
    assert.equal(await limit('discover_products', { campaign_brief: 'sports' }), '100');
    assert.equal(await limit('create_media_buy', { packages: ['news'], total_budget: 5000 }), '20');
    assert.equal(await limit('get_media_buy_delivery', { media_buy_id: 'mb-x', start_date: '2024-01-01', end_date: '2024-01-02' }),
      '60');
    assert.equal(await limit('update_media_buy', { media_buy_id: 'mb-x', active: false }), '30');
    const past = await call('v1-buyer-token', 'create_media_buy', { packages: ['news'], total_budget: 5000,
      start_date: '2024-01-01', end_date: '2024-02-01' }, {}, production);
    assert.equal(past.body.error.code, 'INVALID_PARAMETER', JSON.stringify(past.body));
    const free = await v1('discover_products', { campaign_brief: 'sports' });
    assert.equal(free.headers.get('x-ratelimit-limit'), null);
  } finally {
    await production.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('over REST a refusal in an older shape has every member once', async () => {
  const r = await fetch(`${agent.base}/api/v1/update_package`, { method: 'POST', body: JSON.stringify({ media_buy_id: 'none', packages: 'all' }),
    headers: { 'content-type': 'application/json', 'x-adcp-auth': 'v1-buyer-token', ...january } });
  const text = await r.text(), body = JSON.parse(text);
  assert.equal(r.status, 400, text);
  for (const name of ['title', 'status', 'detail', 'field']) assert.equal(text.split(`"${name}":`).length, 2, `${name}: ${text}`);
  assert.deepEqual([body.status, body.detail, body.field, body.reason], [400, 'packages must be an array', '/packages', 'packages must be an array']);
});

test('what an older shape uploaded without its size is listed to AdCP callers without that asset', async () => {
  const id = await buy(['news'], { start_date: '2024-02-01', end_date: '2024-02-10' });
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [{ creative_id: 'no_size', name: 'No size', format: 'video',
    media_url: 'https://cdn.example.com/spot.mp4', click_url: 'https://example.com/landing', duration: 15 }] }));
  for (const adcp_version of ['3.0', '3.1']) {
    const r = await ok(call('v1-buyer-token', 'list_creatives', { adcp_version, filters: { creative_ids: ['no_size'] } }));
    const [creative] = r.creatives;
    assert.equal(creative.creative_id, 'no_size');
    assert.ok(creative.format_id || adcp_version === '3.1', JSON.stringify(creative));
    for (const asset of Object.values(creative.assets ?? {})) assert.ok(asset.asset_type !== 'video' || asset.width, JSON.stringify(creative));
  }
});

test('ext and context are objects in every shape: what is stored is shown to AdCP callers too', async () => {
  for (const [where, args] of [['/accounts/0/ext', { accounts: [{ brand: { domain: 'a.example' }, operator: 'a.example', ext: [1] }] }],
    ['/context', { context: 'words', accounts: [{ brand: { domain: 'a.example' }, operator: 'a.example' }] }]]) {
    const r = await call('v1-buyer-token', 'sync_accounts', args, { ...january, 'x-adcp-dialect': 'rc' });
    assert.equal(r.failed, true, JSON.stringify(r.body));
    assert.match(JSON.stringify(r.body), new RegExp(`${where} must be an object`));
  }
});
