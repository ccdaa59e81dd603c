// Every JSON request printed in the documents on the older shapes, sent to the real binary through MCP and compared
// with the printed reply: the same members with the same values, except ids, clocks, prose and what README.md lists.
// What a request presupposes (a buy, a creative) is made first; its id stands in for the printed one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, cli } from '../integration/lib/agent.mjs';

let agent;
let data;
const at = (time) => ({ 'x-mock-time': time });
const january = at('2024-01-10T10:00:00Z');

before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-dialects-'));
  const r = await cli('import', '--sandbox', path.join(import.meta.dirname, 'publisher.json'), '--data', data);
  assert.equal(r.code, 0, r.stderr);
  agent = await Agent.start({ data });
});
after(async () => {
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

async function call(token, tool, args, headers = {}) {
  const r = await agent.call(tool, args, { token, headers });
  const result = r.body.result;
  assert.ok(result?.structuredContent, JSON.stringify(r.body));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return { body: result.structuredContent, failed: result.isError ?? false };
}
const v1 = (tool, args, headers = january) => call('v1-buyer-token', tool, args, headers);
const pages = (tool, args, headers) => call('data-model-token', tool, args, headers);
const rc = (tool, args, headers) => call('rc-buyer-token', tool, args, headers);
const people = (tool, args, headers = {}) => call('operator-token', tool, args, { 'x-adcp-dialect': 'buy-v1', ...headers });

async function ok(promise) {
  const r = await promise;
  assert.equal(r.failed, false, JSON.stringify(r.body));
  return r.body;
}

// The same members everywhere; the values too, except below the pointers in `free` ("*" is any index).
function like(have, printed, free = [], where = '') {
  const pattern = where.replace(/\/\d+(?=\/|$)/g, '/*');
  if (free.includes(pattern)) return assert.equal(typeof have, typeof printed, where);
  if (Array.isArray(printed)) {
    assert.ok(Array.isArray(have), where);
    assert.equal(have.length, printed.length, `${where}: ${JSON.stringify(have)}`);
    return printed.forEach((p, i) => like(have[i], p, free, `${where}/${i}`));
  }
  if (printed && typeof printed === 'object') {
    assert.deepEqual(Object.keys(have).sort(), Object.keys(printed).sort(), where);
    return Object.keys(printed).forEach((k) => like(have[k], printed[k], free, `${where}/${k}`));
  }
  return assert.deepEqual(have, printed, where);
}

const auto = { ...january, 'x-auto-advance': 'true' };
async function bought(packages, budget, headers = auto) {
  return (await ok(v1('create_media_buy', { packages, total_budget: budget }, headers))).media_buy_id;
}
const image = (creative_id, packages) => ({ creative_id, name: creative_id, format: 'image', width: 300, height: 250,
  media_url: `https://cdn.example.com/${creative_id}.png`, click_url: 'https://example.com/landing',
  ...(packages ? { package_assignments: packages } : {}) });

/* --- AdCP:Buy v1: API reference --- */

test('discover_products', async () => {
  const r = await ok(v1('discover_products', {
    campaign_brief: 'I want to reach pet owners in California with video ads during prime time' }));
  const p = r.recommended_products.find((x) => x.product_id === 'connected_tv_prime');
  like(p, { product_id: 'connected_tv_prime', name: 'Connected TV - Prime Time',
    description: 'Premium CTV inventory 8PM-11PM', min_spend: 10000,
    targeting_available: ['geography', 'interests', 'device_types'] }, ['/description']);
  assert.equal(r.recommended_products[0].product_id, 'connected_tv_prime', 'the brief puts it first');
});

test('describe_product gives details, prices, targeting and creative specifications', async () => {
  const r = await ok(v1('describe_product', { product_id: 'connected_tv_prime' }));
  assert.equal(r.pricing[0].rate, 45);
  assert.ok(r.targeting_available.length && r.creative_specifications.length && r.description);
  const none = await v1('describe_product', { product_id: 'no_such_product' });
  assert.equal(none.failed, true);
  assert.equal(none.body.error.code, 'NOT_FOUND');
});

test('get_avails: what is booked is no longer available, and the offer can be bought', async () => {
  const ask = { product_ids: ['connected_tv_prime'], start_date: '2024-02-01', end_date: '2024-02-10', budget: 22500,
    targeting_overlay: { geography: ['US-CA'] } };
  const r = await ok(v1('get_avails', ask));
  like(r, { packages: [{ package_id: 'pkg_001', product_id: 'connected_tv_prime', name: 'Connected TV - Prime Time',
    impressions: 500000, cpm: 45, total_cost: 22500 }], total_budget: 22500, total_impressions: 500000 },
  ['/packages/*/package_id']);
  const all = { ...ask, budget: undefined };
  const before = (await ok(v1('get_avails', all))).total_impressions;
  const buy = await bought([r.packages[0].package_id], 22500);
  assert.equal((await ok(v1('get_avails', all))).total_impressions, before - 500000);
  const elsewhere = await ok(v1('get_avails', { ...ask, targeting_overlay: { geography: ['FR'] } }));
  assert.equal(elsewhere.total_impressions, 0);
  const row = await ok(v1('get_media_buy_delivery', { media_buy_id: buy, start_date: '2024-02-01', end_date: '2024-02-10' },
    at('2024-02-05T00:00:00Z')));
  assert.equal(row.by_package[0].package_id, r.packages[0].package_id, 'the package keeps the name it was bought by');
});

test('create_media_buy, add_creative_assets, check_media_buy_status', async () => {
  const r = await ok(v1('create_media_buy', { packages: ['premium_sports', 'drive_time_audio'], po_number: 'PO-2024-001',
    total_budget: 50000, targeting_overlay: { geography: ['US-CA', 'US-NY'], device_types: ['mobile', 'desktop'] } }, auto));
  like(r, { media_buy_id: 'gam_123456', status: 'pending_activation', creative_deadline: '2024-01-15T23:59:59Z' },
    ['/media_buy_id', '/creative_deadline']);
  const id = r.media_buy_id;
  const assets = await ok(v1('add_creative_assets', { media_buy_id: id, assets: [{ creative_id: 'banner_001',
    name: 'Spring Campaign Banner', format: 'image', media_url: 'https://cdn.example.com/banner.jpg',
    click_url: 'https://example.com/landing', width: 300, height: 250,
    package_assignments: ['premium_sports', 'drive_time_audio'] }] }));
  assert.deepEqual(assets.assets.map((a) => a.creative_id), ['banner_001']);
  const s = await ok(v1('check_media_buy_status', { media_buy_id: id }, at('2024-01-20T10:30:00Z')));
  like(s, { media_buy_id: id, status: 'active', last_updated: '2024-01-20T10:30:00Z' }, ['/last_updated']);
  const d = await ok(v1('get_media_buy_delivery', { media_buy_id: id, start_date: '2024-01-01', end_date: '2024-01-31' },
    at('2024-01-21T00:00:00Z')));
  assert.deepEqual(d.by_package.map((p) => p.package_id), ['premium_sports', 'drive_time_audio']);
  assert.ok(d.totals.impressions > 0 && d.totals.spend > 0 && 'clicks' in d.totals);
  assert.equal(d.by_package.reduce((n, p) => n + p.impressions, 0), d.totals.impressions);
  const i = await ok(v1('update_media_buy_performance_index', { media_buy_id: id,
    package_performance: [{ package_id: 'premium_sports', performance_index: 1.2 }] }));
  assert.deepEqual(i, { acknowledged: true });
});

test('what waits for a person is pending_manual with its task, and no error', async () => {
  const r = await ok(v1('create_media_buy', { packages: ['prod_abc123'], total_budget: 1000 }));
  assert.equal(r.status, 'pending_manual');
  const tasks = await ok(v1('get_pending_tasks', { task_type: 'manual_approval' }));
  const mine = tasks.tasks.find((t) => t.task_id === r.detail);
  assert.equal(mine.status, 'pending');
  assert.equal(mine.task_type, 'manual_approval');
  const refused = await v1('complete_task', { task_id: r.detail, resolution: 'approved', resolved_by: 'me' });
  assert.equal(refused.body.error.code, 'PERMISSION_DENIED');
  await ok(people('complete_task', { task_id: r.detail, resolution: 'rejected', resolution_detail: 'No.',
    resolved_by: 'reviewer@company.com' }, january));
  const again = await ok(v1('get_pending_tasks', { task_type: 'manual_approval' }));
  assert.equal(again.tasks.find((t) => t.task_id === r.detail).status, 'failed');
  const s = await ok(v1('check_media_buy_status', { media_buy_id: r.media_buy_id }));
  assert.equal(s.status, 'failed');
});

const accepted = { status: 'accepted', implementation_date: '2024-01-20T15:00:00Z',
  detail: 'Successfully executed pause_media_buy in Google Ad Manager' };
const loose = ['/implementation_date', '/detail'];

async function readBack(id) {
  const r = await agent.call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] },
    { token: 'v1-buyer-token', headers: january });
  return r.body.result.structuredContent.media_buys[0];
}

test('update_media_buy: pause; budget and end; packages', async () => {
  const id = await bought(['premium_sports', 'drive_time'], 50000);
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [image('pause_banner')] }));
  like(await ok(v1('update_media_buy', { media_buy_id: id, active: false })), accepted, loose);
  assert.equal((await readBack(id)).status, 'paused');
  like(await ok(v1('update_media_buy', { media_buy_id: id, total_budget: 75000, flight_end_date: '2024-02-15' })),
    accepted, loose);
  let b = await readBack(id);
  assert.equal(b.total_budget, 75000);
  assert.deepEqual(b.packages.map((p) => p.budget), [37500, 37500], 'scaled in proportion');
  assert.equal(b.end_time, '2024-02-16T00:00:00Z');
  like(await ok(v1('update_media_buy', { media_buy_id: id, packages: [
    { package_id: 'premium_sports', active: false, budget: 25000 },
    { package_id: 'drive_time', impressions: 1000000, daily_impressions: 50000 }] })), accepted, loose);
  b = await readBack(id);
  assert.deepEqual(b.packages.map((p) => p.budget), [25000, 37500]);
  assert.equal(b.packages[0].paused, true);
  assert.equal(b.packages[1].impressions, 1000000);
});

test('update_media_buy of the lifecycle page, with what a package refines added to its targeting', async () => {
  const id = (await ok(v1('create_media_buy', { packages: ['news', 'premium_sports'], total_budget: 50000,
    targeting_overlay: { geography: ['US-CA'] } }, auto))).media_buy_id;
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [image('banner_v2'), image('video_v2')] }));
  like(await ok(v1('update_media_buy', { media_buy_id: id, active: false, total_budget: 60000 })), accepted, loose);
  like(await ok(v1('update_media_buy', { media_buy_id: id, flight_end_date: '2024-02-28', daily_budget: 5000, packages: [
    { package_id: 'news', budget: 15000, creative_ids: ['banner_v2', 'video_v2'] }] })), accepted, loose);
  await ok(v1('update_package', { media_buy_id: id, packages: [
    { package_id: 'news', targeting_overlay: { geography: ['US-NY'], device_types: ['mobile'] } }] }));
  const b = await readBack(id);
  assert.deepEqual(b.packages[0].targeting_overlay, { geo_regions: ['US-CA', 'US-NY'], device_type: ['mobile'] });
  assert.equal(b.packages[0].budget, 15000);
  assert.deepEqual(b.packages[1].targeting_overlay, { geo_regions: ['US-CA'] }, 'what is not listed stays');
});

test('update_package: several at once; the first error ends it and names the field', async () => {
  const id = await bought(['premium_sports', 'entertainment', 'news'], 90000);
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [image('banner_v2'), image('video_v2')] }));
  like(await ok(v1('update_package', { media_buy_id: id, packages: [
    { package_id: 'premium_sports', active: true, budget: 30000, pacing: 'front_loaded' },
    { package_id: 'entertainment', active: false },
    { package_id: 'news', impressions: 500000, daily_impressions: 25000, creative_ids: ['banner_v2', 'video_v2'] }] })),
  accepted, loose);
  like(await ok(v1('update_package', { media_buy_id: id, packages: [
    { package_id: 'premium_sports', active: false, budget: 25000 },
    { package_id: 'entertainment', impressions: 750000, daily_impressions: 50000, pacing: 'front_loaded' }] })),
  accepted, loose);
  const b = await readBack(id);
  assert.deepEqual(b.packages.map((p) => [p.budget, p.paused ?? false, p.pacing]),
    [[25000, true, 'front_loaded'], [30000, true, 'front_loaded'], [30000, false, 'even']]);
  const bad = await v1('update_package', { media_buy_id: id, packages: [
    { package_id: 'news', budget: 1 }, { package_id: 'invalid_pkg', active: false }] });
  assert.equal(bad.failed, true);
  like(bad.body, { status: 'failed', reason: "Flight 'invalid_pkg' not found", detail: 'context' }, ['/reason', '/detail']);
  assert.equal(bad.body.detail, '/packages/1/package_id');
  assert.equal((await readBack(id)).packages[2].budget, 30000, 'nothing of a failed update happened');
  const other = await call('other-buyer-token', 'check_media_buy_status', { media_buy_id: id });
  const nobody = await call('other-buyer-token', 'check_media_buy_status', { media_buy_id: 'mb-nobody' });
  assert.deepEqual(other.body, nobody.body, "another principal's buy is answered as if it did not exist");
});

/* --- human tasks --- */

test('human tasks, from raising one to marking it complete', async () => {
  const noon = at('2025-07-28T18:00:00Z');
  const made = await ok(v1('create_human_task', { task_type: 'creative_approval', priority: 'high',
    creative_id: 'creative_123', error_detail: 'Format requires manual review', context_data: { format: 'dooh_billboard' },
    due_in_hours: 24 }, noon));
  like(made, { task_id: 'task_a1b2c3d4', status: 'pending', due_by: '2025-07-29T18:00:00Z' }, ['/task_id']);
  const listed = await ok(v1('get_pending_tasks', { principal_id: null, task_type: 'creative_approval', priority: 'high',
    include_overdue: true }, noon));
  like(listed, { tasks: [{ task_id: made.task_id, task_type: 'creative_approval', principal_id: 'v1', status: 'pending',
    priority: 'high', creative_id: 'creative_123', error_detail: 'Format requires manual review',
    context_data: { format: 'dooh_billboard' }, created_at: '2025-07-28T18:00:00Z', due_by: '2025-07-29T18:00:00Z' }],
  total_count: 1, overdue_count: 0 });
  const id = made.task_id;
  like(await ok(people('assign_task', { task_id: id, assigned_to: 'reviewer@company.com' }, noon)),
    { status: 'success', detail: `Task ${id} assigned to reviewer@company.com` });
  const verified = await ok(v1('verify_task', { task_id: id,
    expected_outcome: { daily_budget: 100.0, package_premium_sports_budget: 500.0 } }, noon));
  like({ ...verified, discrepancies: verified.discrepancies.slice(0, 1) }, { task_id: id, verified: false,
    actual_state: { daily_budget: null, package_premium_sports_budget: 0 },
    expected_state: { daily_budget: 100, package_premium_sports_budget: 500 },
    discrepancies: ['Daily budget is $null, expected $100.0'] }, ['/discrepancies/*']);
});

test('complete_task and mark_task_complete', async () => {
  const raise = (more) => ok(v1('create_human_task', { task_type: 'compliance_review', ...more }));
  const a = (await raise({})).task_id;
  like(await ok(people('complete_task', { task_id: a, resolution: 'approved',
    resolution_detail: 'Creative meets brand safety guidelines', resolved_by: 'reviewer@company.com' })),
  { status: 'success', detail: `Task ${a} completed with resolution: approved` });
  const id = await bought(['news'], 5000);
  const b = (await raise({ media_buy_id: id, context_data: { expected_outcome: { daily_budget: 100.0 } } })).task_id;
  const mark = (override_verification) => people('mark_task_complete', { task_id: b, override_verification,
    completed_by: 'admin@publisher.com' }, january);
  like(await ok(mark(false)), { status: 'verification_failed', verified: false,
    discrepancies: ['Daily budget is $50, expected $100'],
    message: 'Task verification failed. Use override_verification=true to force completion.' }, ['/discrepancies/*']);
  await ok(v1('update_media_buy', { media_buy_id: id, daily_budget: 100 }));
  like(await ok(mark(false)), { status: 'success', task_id: b, verified: true, verification_details: {
    actual_state: { daily_budget: 100 }, expected_state: { daily_budget: 100 }, discrepancies: [] },
  message: 'Task marked complete by admin@publisher.com' });
});

test('notes for people are no tasks of AdCP callers, and nobody raises one about another\'s buy', async () => {
  const id = await bought(['news'], 5000);
  const adcp = async (token, tool, args) => (await agent.call(tool, { adcp_version: '3.1', ...args }, { token,
    headers: january })).body.result;
  const before = (await adcp('v1-buyer-token', 'list_tasks', {})).structuredContent.tasks.length;
  const note = (await ok(v1('create_human_task', { task_type: 'configuration_required', media_buy_id: id }))).task_id;
  const after = (await adcp('v1-buyer-token', 'list_tasks', {})).structuredContent.tasks;
  assert.equal(after.length, before, JSON.stringify(after));
  assert.equal((await adcp('v1-buyer-token', 'get_task_status', { task_id: note })).isError, true);
  const status = await ok(v1('check_media_buy_status', { media_buy_id: id }));
  assert.equal(status.detail, undefined, 'a note is nothing the buy waits for');
  const mine = await ok(v1('get_pending_tasks', {}));
  assert.ok(mine.tasks.some((t) => t.task_id === note));
  const theirs = await call('other-buyer-token', 'get_pending_tasks', { principal_id: 'v1' });
  assert.equal((theirs.body.tasks ?? []).some((t) => t.task_id === note), false);
  const other = await call('other-buyer-token', 'create_human_task', { task_type: 'compliance_review', media_buy_id: id });
  assert.equal(other.body.error.code, 'NOT_FOUND');
  const peek = await call('other-buyer-token', 'verify_task', { task_id: note, expected_outcome: { daily_budget: 1 } });
  assert.equal(peek.body.error.code, 'NOT_FOUND');
});

/* --- the data-model page --- */

test('the data-model page, from products to delivery', async () => {
  const found = await ok(pages('get_products', { brief: 'premium video ads targeting sports fans in the US',
    filters: { channels: ['video'], countries: ['US'] } }));
  const p = found.products.find((x) => x.product_id === 'prod_abc123');
  like(p, { product_id: 'prod_abc123', name: 'Premium Video - Sports Audience',
    description: 'Pre-roll and mid-roll video inventory across sports content network', delivery_type: 'guaranteed',
    format_ids: ['video_16x9_preroll', 'video_16x9_midroll'],
    pricing_options: [{ model: 'cpm', amount: 25, currency: 'USD' }, { model: 'cpcv', amount: 0.08, currency: 'USD' }],
    estimated_exposures: { min_impressions: 100000, max_impressions: 100000, period: 'daily' },
    channels: ['video'], countries: ['US'] });
  assert.equal(found.total_results, found.products.length);
  assert.ok(found.products.every((x) => x.channels.includes('video')));

  const march = at('2025-03-15T14:30:00Z');
  const asked = { product_id: 'prod_abc123', advertiser_id: 'adv_456', name: 'Sports Video Campaign - Q2',
    budget_cents: 250000, start_date: '2025-04-01', end_date: '2025-06-30',
    targeting: { geo_countries: ['US'], geo_regions: ['US-CA', 'US-NY', 'US-TX'],
      custom_targeting: { section: ['sports'], device: ['mobile', 'ctv'] } },
    pricing: { pricing_model: 'cpm', bid_price: 25.00, currency: 'USD' } };
  const buy = await ok(pages('create_media_buy', asked, march));
  like(buy, { media_buy_id: 'mb_789xyz', status: 'pending', product_id: 'prod_abc123', name: 'Sports Video Campaign - Q2',
    budget_cents: 250000, start_date: '2025-04-01', end_date: '2025-06-30', created_at: '2025-03-15T14:30:00Z',
    approval_required: true }, ['/media_buy_id']);
  const low = await pages('create_media_buy', { ...asked, pricing: { ...asked.pricing, bid_price: 20 } }, march);
  assert.equal(low.body.error_code, 'validation_error');
  assert.equal(low.body.details[0].field, '/pricing/bid_price');

  const synced = await ok(pages('sync_creatives', { media_buy_id: buy.media_buy_id, creatives: [{
    name: 'Sports Video 30s - Version A', format_id: 'video_16x9_preroll',
    assets: [{ type: 'video', url: 'https://cdn.example.com/creatives/sports_30s_v1.mp4', mime_type: 'video/mp4',
      duration_seconds: 30 }], tags: ['sports', 'q2-campaign', 'version-a'] }] }, march));
  assert.equal(synced.creatives[0].format_id, 'video_16x9_preroll');

  const [task] = (await ok(pages('list_tasks', { status: 'pending' }, march))).tasks;
  assert.equal((await ok(pages('get_task', { task_id: task.task_id }, march))).status, 'pending');
  await ok(call('operator-token', 'complete_task', { task_id: task.task_id, status: 'completed' },
    { ...march, 'x-adcp-dialect': 'data-model' }));

  const d = await ok(pages('get_media_buy_delivery', { media_buy_id: buy.media_buy_id }, at('2025-04-16T00:00:00Z')));
  like(d, { media_buy_id: buy.media_buy_id, status: 'active', delivery: { impressions: 47523, clicks: 891, spend: 1188.08,
    ctr: 0.0188, start_date: '2025-04-01T00:00:00Z', end_date: '2025-04-15T23:59:59Z' },
  budget_remaining_cents: 131192, pacing: 'on_track', flight_progress_percent: 16.5 },
  ['/delivery/impressions', '/delivery/clicks', '/delivery/spend', '/delivery/ctr', '/budget_remaining_cents', '/pacing']);
  assert.equal(Math.round(d.delivery.spend * 100) + d.budget_remaining_cents, 250000);
});

test('the data-model page refuses with a list of fields', async () => {
  const r = await pages('create_media_buy', { product_id: 'prod_abc123', name: '', budget_cents: -1 });
  assert.equal(r.failed, true);
  assert.equal(r.body.error_code, 'validation_error');
  assert.deepEqual(r.body.details.map((x) => x.field), ['/name']);
});

/* --- client 4.22.0's storyboards --- */

const account = { brand: { domain: 'acmeoutdoor.com' }, operator: 'pinnacle-agency.com' };
const flight = { start_time: '2026-04-01T00:00:00Z', end_time: '2026-06-30T23:59:59Z' };

test('guaranteed media buy with human IO approval', async () => {
  const spring = at('2026-03-01T09:00:00Z');
  const found = await ok(rc('get_products', { buying_mode: 'brief', brief: 'Guaranteed premium video on sports and outdoor '
    + 'lifestyle publishers. Q2 flight, $50K budget. Adults 25-54, US only. Need completion rate SLA.',
  brand: account.brand, account }, spring));
  assert.ok(found.products[0].product_id);
  assert.equal(found.products[0].delivery_type, 'guaranteed');
  const buy = await ok(rc('create_media_buy', { account, brand: account.brand, ...flight, packages: [
    { product_id: 'sports_preroll_q2_guaranteed', budget: 30000, pricing_option_id: 'cpm_guaranteed_fixed',
      creative_assignments: [{ creative_id: 'video_30s_trail_pro' }] },
    { product_id: 'outdoor_ctv_q2_guaranteed', budget: 20000, pricing_option_id: 'cpm_guaranteed_fixed' }],
  push_notification_config: { url: 'https://buyer.example/webhooks/adcp', authentication: { scheme: 'HMAC-SHA256' } } }, spring));
  assert.equal(buy.status, 'submitted');
  assert.ok(buy.media_buy_id && Date.parse(buy.estimated_completion) > Date.parse('2026-03-01'));
  assert.deepEqual(buy.packages.map((p) => p.product_id), ['sports_preroll_q2_guaranteed', 'outdoor_ctv_q2_guaranteed']);
  assert.equal(buy.push_notification_config.url, 'https://buyer.example/webhooks/adcp');

  const read = { account, media_buy_ids: [buy.media_buy_id] };
  const pending = (await ok(rc('get_media_buys', read, spring))).media_buys[0];
  assert.equal(pending.status, 'pending_approval');
  assert.ok(pending.setup.message);
  assert.deepEqual(pending.valid_actions, ['cancel']);

  const page = (fields) => fetch(pending.setup.url, { method: 'POST', body: new URLSearchParams(fields),
    headers: spring });
  assert.match(await (await fetch(pending.setup.url)).text(), /name="token"/);
  assert.equal((await page({ token: 'wrong-token-0', action: 'approve' })).status, 401);
  assert.equal((await page({ token: 'rc-buyer-token', action: 'approve' })).status, 422, 'a buyer does not sign its own order');
  const shown = await page({ token: 'operator-token', action: 'show' });
  assert.match(await shown.text(), /sports_preroll_q2_guaranteed[^]*Sign/);
  assert.match(await (await page({ token: 'operator-token', action: 'approve' })).text(), /Signed/);
  const confirmed = (await ok(rc('get_media_buys', read, spring))).media_buys[0];
  assert.equal(confirmed.status, 'confirmed');
  assert.equal(confirmed.confirmed_at, '2026-03-01T09:00:00Z');

  const synced = await ok(rc('sync_creatives', { account, creatives: [{ creative_id: 'video_30s_trail_pro',
    name: 'Trail Pro 3000 - 30s CTV Spot', format_id: { agent_url: `${agent.base}`, id: 'ssai_30s' },
    assets: [{ asset_id: 'video', asset_type: 'video', url: 'https://cdn.pinnacle-agency.example/trail-pro-30s.mp4',
      mime_type: 'video/mp4' }] }] }, spring));
  assert.equal(synced.creatives[0].action, 'created', JSON.stringify(synced));

  const d = await ok(rc('get_media_buy_delivery', { ...read, include_package_daily_breakdown: true },
    at('2026-04-20T00:00:00Z')));
  assert.equal(d.media_buys[0].media_buy_id, buy.media_buy_id);
  assert.ok(d.media_buys[0].pacing && d.media_buys[0].by_package.length);
});

test('non-guaranteed auction-based media buy', async () => {
  const spring = at('2026-03-01T09:00:00Z');
  const found = await ok(rc('get_products', { buying_mode: 'brief', brief: 'Display and video inventory across sports and '
    + 'outdoor lifestyle sites. Q2 flight, $25K budget. Adults 25-54, US. Auction-based, looking for competitive CPMs.',
  brand: account.brand, account }, spring));
  assert.ok(found.products.some((p) => p.delivery_type === 'non_guaranteed'));
  const asked = { account, brand: account.brand, ...flight, packages: [
    { product_id: 'sports_display_auction', budget: 10000, bid_price: 8.50, pricing_option_id: 'cpm_auction',
      creative_assignments: [{ creative_id: 'display_trail_pro_300x250' }] },
    { product_id: 'outdoor_video_auction', budget: 15000, bid_price: 22.00, pricing_option_id: 'cpm_auction',
      creative_assignments: [{ creative_id: 'video_30s_trail_pro' }] }] };
  const buy = await ok(rc('create_media_buy', asked, spring));
  assert.ok(['confirmed', 'active'].includes(buy.status), buy.status);
  assert.ok(buy.confirmed_at && buy.valid_actions.includes('update_bid'));
  assert.deepEqual(buy.packages.map((p) => p.bid_price), [8.5, 22]);
  const low = await rc('create_media_buy', { ...asked, packages: [{ ...asked.packages[0], bid_price: 1 }] }, spring);
  assert.equal(low.failed, true);
  assert.match(low.body.adcp_error.message, /floor/);
  const read = { account, media_buy_ids: [buy.media_buy_id] };
  await ok(rc('sync_creatives', { account, creatives: [
    { creative_id: 'display_trail_pro_300x250', name: 'Trail Pro 3000 - display', format_id: { agent_url: agent.base,
      id: 'display_300x250' }, assets: [{ asset_id: 'primary', asset_type: 'image', width: 300, height: 250,
      url: 'https://cdn.pinnacle-agency.example/trail-pro.png', mime_type: 'image/png' }] },
    { creative_id: 'video_30s_trail_pro', name: 'Trail Pro 3000 - 30s', format_id: { agent_url: agent.base,
      id: 'video_16x9_preroll' }, assets: [{ asset_id: 'video', asset_type: 'video', duration_ms: 30000,
      url: 'https://cdn.pinnacle-agency.example/trail-pro-30s.mp4', mime_type: 'video/mp4' }] }] }, spring));
  const live = (await ok(rc('get_media_buys', read, at('2026-04-20T00:00:00Z')))).media_buys[0];
  assert.ok(live.status);
  for (const p of live.packages) assert.ok(p.spend > 0 && p.win_rate > 0 && p.pacing_index > 0, JSON.stringify(p));
  const changed = await ok(rc('update_media_buy', { account, media_buy_id: buy.media_buy_id, packages: [
    { product_id: 'sports_display_auction', bid_price: 10.00, budget: 12000 },
    { product_id: 'outdoor_video_auction', bid_price: 20.00, budget: 13000 }] }, spring));
  assert.deepEqual(changed.packages.map((p) => [p.bid_price, p.budget]), [[10, 12000], [20, 13000]]);
  const d = await ok(rc('get_media_buy_delivery', { ...read, include_package_daily_breakdown: true }, at('2026-04-20T00:00:00Z')));
  const [row] = d.media_buys;
  assert.deepEqual(row.by_package.map((p) => [p.bid_price, p.win_rate]), [[10, 0.633333], [20, 0.5]]);
  for (const [i, floor] of [5, 15].entries()) {
    const p = row.by_package[i];
    assert.ok(p.clearing_price >= floor && p.clearing_price <= p.bid_price, JSON.stringify(p));
    assert.equal(p.average_clearing_price, p.clearing_price);
    assert.ok(Math.abs(p.spend - p.impressions / 1000 * p.clearing_price) < 0.01, JSON.stringify(p));
    assert.equal(p.rate, p.clearing_price, 'what is billed is what was paid');
    assert.ok(p.daily_breakdown.length && p.pacing_index > 0);
  }
  assert.ok(row.pacing && row.budget_utilization > 0);
});

/* --- rate limits --- */

test('rate limits are the publisher\'s, per principal and kind of call, and say when to come back', async () => {
  const file = JSON.parse(readFileSync(path.join(import.meta.dirname, 'publisher.json'), 'utf8'));
  file.tenant.rate_limits = { discovery: 3, reporting: 0 };
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-rates-'));
  writeFileSync(path.join(dir, 'publisher.json'), JSON.stringify(file));
  const imported = await cli('import', '--sandbox', path.join(dir, 'publisher.json'), '--data', path.join(dir, 'data'));
  assert.equal(imported.code, 0, imported.stderr);
  const limited = await Agent.start({ data: path.join(dir, 'data') });
  const ask = (token, tool, args) => limited.call(tool, args, { token });
  const discover = (token) => ask(token, 'discover_products', { campaign_brief: 'sports' });
  try {
    // Four calls may straddle a minute; then the count starts again and the next ones meet the limit.
    let last;
    for (let i = 0; i < 8 && !last?.body.result.isError; i++) last = await discover('v1-buyer-token');
    const error = last.body.result.structuredContent.error;
    assert.equal(error.code, 'RATE_LIMITED');
    assert.ok(error.retry_after >= 1 && error.retry_after <= 60);
    assert.equal(last.headers.get('retry-after'), String(error.retry_after));
    assert.equal(last.headers.get('x-ratelimit-limit'), '3');
    assert.equal(last.headers.get('x-ratelimit-remaining'), '0');
    const other = await discover('other-buyer-token');
    assert.equal(other.body.result.isError ?? false, false, 'another principal has its own minute');
    for (let i = 0; i < 8; i++) {
      const r = await ask('v1-buyer-token', 'get_pending_tasks', {});
      assert.equal(r.body.result.isError ?? false, false, '0 is no limit');
    }
  } finally {
    await limited.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

/* --- dry run --- */

test('a dry run checks and answers, and nothing of it is stored', async () => {
  const asked = { packages: ['news'], total_budget: 5000 };
  const r = await agent.call('create_media_buy', asked, { token: 'v1-buyer-token',
    headers: { ...auto, 'x-dry-run': 'true' } });
  assert.equal(r.headers.get('x-dry-run'), 'true');
  const id = r.body.result.structuredContent.media_buy_id;
  assert.ok(id);
  assert.equal((await v1('check_media_buy_status', { media_buy_id: id })).body.error.code, 'NOT_FOUND');
  const bad = await v1('create_media_buy', { packages: ['nothing'], total_budget: 5000 }, { ...auto, 'x-dry-run': 'true' });
  assert.equal(bad.body.error.code, 'NOT_FOUND', 'what is wrong is refused as ever');
});

test('a dry run lists what the ad server would have been asked, in every shape', async () => {
  const dry = { ...auto, 'x-dry-run': 'true' };
  const made = await ok(v1('create_media_buy', { packages: ['news'], total_budget: 5000, po_number: 'PO-7' }, dry));
  assert.equal(made.dry_run, true);
  assert.equal(made.would_call.length, 2, JSON.stringify(made));
  assert.match(made.would_call[0], /create order .*PO PO-7, 1 line item/);
  assert.match(made.would_call[1], /create line item .*product news, cpm .*budget 5000.* USD/);
  const id = await bought(['news'], 5000);
  await ok(v1('add_creative_assets', { media_buy_id: id, assets: [image('dry_banner')] }));
  const changed = await ok(v1('update_media_buy', { media_buy_id: id, total_budget: 6000 }, dry));
  assert.equal(changed.status, 'accepted');
  assert.match(changed.detail, /^Would execute update_media_buy/);
  assert.match(changed.would_call.join('\n'), /update order[^]*update line item .*budget 6000/);
  assert.equal((await readBack(id)).total_budget, 5000, 'nothing of it is stored');
  const real = await ok(v1('update_media_buy', { media_buy_id: id, total_budget: 6000 }));
  assert.equal('would_call' in real || 'dry_run' in real, false);

  const march = { ...at('2025-03-15T14:30:00Z'), 'x-dry-run': 'true' };
  const flat = await ok(pages('create_media_buy', { product_id: 'prod_abc123', name: 'Dry', budget_cents: 250000,
    start_date: '2025-04-01', end_date: '2025-06-30' }, march));
  assert.match(flat.would_call.join('\n'), /create line item .*prod_abc123.*2025-04-01 to 2025-06-30/,
    'also while a person would have to agree');
  const adcp = await agent.call('update_media_buy', { adcp_version: '3.1', idempotency_key: 'dry-run-key-0123456789',
    account: { account_id: (await readBack(id)).account.account_id }, media_buy_id: id, paused: true },
  { token: 'v1-buyer-token', headers: { ...january, 'x-dry-run': 'true' } });
  const told = adcp.body.result.structuredContent;
  assert.equal(told.ext?.salesagent?.dry_run, true, JSON.stringify(told));
  assert.match(told.ext.salesagent.would_call.join('\n'), /update line item .*paused/);
});

test('ADCP_DRY_RUN=true rehearses every write', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-dry-'));
  assert.equal((await cli('import', '--sandbox', path.join(import.meta.dirname, 'publisher.json'), '--data', dir)).code, 0);
  const dry = await Agent.start({ data: dir, env: { ADCP_DRY_RUN: 'true' } });
  try {
    const ask = (tool, args) => dry.call(tool, args, { token: 'v1-buyer-token', headers: auto });
    const made = (await ask('create_media_buy', { packages: ['news'], total_budget: 5000 })).body.result.structuredContent;
    assert.ok(made.would_call.length >= 2, JSON.stringify(made));
    const read = (await ask('check_media_buy_status', { media_buy_id: made.media_buy_id })).body.result;
    assert.equal(read.isError, true);
    assert.equal(read.structuredContent.error.code, 'NOT_FOUND');
  } finally {
    await dry.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
