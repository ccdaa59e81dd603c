// The campaign tutorial, step by step, through the official MCP client over real HTTP: its requests as printed, its
// shapes, and its numbers where they follow from the inputs. Flight dates lie in the past of the printed page, so
// every call carries X-Mock-Time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent;
let buy;
const at = (time) => ({ 'x-mock-time': time });
const bought = '2026-03-09T14:30:00Z';
const day10 = '2026-04-11T00:00:00Z';
const after_flight = '2026-05-08T06:00:00Z';

async function call(tool, args, headers) {
  const client = await agent.client({ headers });
  try {
    const r = await client.callTool({ name: tool, arguments: args });
    assert.equal(r.isError ?? false, false, JSON.stringify(r.structuredContent));
    assert.deepEqual(JSON.parse(r.content[0].text), r.structuredContent);
    return r.structuredContent;
  } finally {
    await client.close();
  }
}

const keys = (o) => Object.keys(o).sort();
const targeting = (categories, device_types) => ({
  geographic: { countries: ['US'] }, contextual: { categories }, device: { device_types },
});
const packages = [
  {
    product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'Tech Display - Medium Rectangle',
    budget: 3000, start_date: '2026-04-01', end_date: '2026-04-30',
    targeting: targeting(['technology', 'programming'], ['desktop', 'tablet']),
    creative_format_ids: ['fmt-display-300x250'],
  },
  {
    product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'Tech Display - Leaderboard',
    budget: 2000, start_date: '2026-04-01', end_date: '2026-04-30',
    targeting: targeting(['technology', 'software'], ['desktop']), creative_format_ids: ['fmt-display-728x90'],
  },
];
const creative = (size, width, height, file_size_bytes, alt_text) => ({
  name: `TechCorp DevTool - ${size}`, format_id: `fmt-display-${size}`,
  click_url: 'https://techcorp.example.com/devtool?utm_source=salesagent&utm_medium=display&utm_campaign=q2-launch',
  assets: [{ role: 'primary', mime_type: 'image/png', width, height, file_size_bytes,
    url: `https://cdn.techcorp.example.com/ads/devtool-${size}.png` }],
  alt_text, provenance: { tool: 'Adobe Creative Suite', created_by: 'TechCorp Design Team' },
});

before(async () => { agent = await Agent.start(); });
after(async () => { await agent.stop(); });

test('step 1: capabilities', async () => {
  const r = await call('get_adcp_capabilities', {}, at(bought));
  assert.equal(r.tenant.name, 'Demo Publisher');
  assert.equal(r.tenant.portfolio_description, 'A premium digital media network reaching 50M monthly unique visitors '
    + 'across technology, business, and lifestyle verticals.');
  assert.equal(r.tenant.adapter, 'mock');
  assert.deepEqual(r.tenant.protocols, ['mcp', 'a2a', 'rest']);
  assert.deepEqual(r.capabilities.supported_channels, ['display', 'video', 'audio']);
  assert.deepEqual(r.capabilities.supported_pricing_models, ['cpm', 'cpc', 'cpd', 'flat_rate']);
  assert.deepEqual(r.capabilities.supported_targeting.geographic, ['country', 'state', 'city', 'dma']);
  assert.equal(r.capabilities.currency, 'USD');
  assert.equal(r.capabilities.min_budget, 500);
  assert.equal(r.capabilities.max_budget, 1000000);
  assert.equal(r.capabilities.workflow_required, true);
  assert.equal(r.capabilities.creative_review_required, true);
  assert.deepEqual(r.tools, ['get_adcp_capabilities', 'get_products', 'list_creative_formats',
    'list_authorized_properties', 'create_media_buy', 'update_media_buy', 'get_media_buys', 'get_media_buy_delivery',
    'sync_creatives', 'list_creatives', 'update_performance_index']);
});

test('step 2: products, ranked by the brief', async () => {
  const r = await call('get_products', { brief: 'display ads targeting US tech enthusiasts, developers, $5000 budget' },
    at(bought));
  // Behind them stands what the examples of other documents name (data/demo-examples.json).
  assert.deepEqual(r.products.slice(0, 3).map((p) => p.id), ['prod-tech-display-001', 'prod-tech-video-001', 'prod-ron-display-001']);
  assert.deepEqual(r.products.slice(0, 3).map((x) => x.channels), [['display'], ['video'], ['display']]);
  const p = r.products[0];
  assert.deepEqual(p.pricing_options, [
    { id: 'price-001', model: 'cpm', rate: 12.5, currency: 'USD', minimum_spend: 1000 },
    { id: 'price-002', model: 'cpc', rate: 2.75, currency: 'USD', minimum_spend: 500 }]);
  assert.deepEqual(p.targeting, { contextual: ['technology', 'software', 'programming'], geographic: ['US'] });
  assert.deepEqual(p.estimated_reach, { daily_impressions: 150000, daily_uniques: 45000 });
  const scores = r.products.map((x) => x.relevance_score);
  assert.ok(scores.every((s) => s >= 0 && s <= 1));
  assert.ok(scores[0] > scores[1] && scores[1] > scores[2], scores.join());
  assert.equal(r.total, r.products.length);
  assert.equal(typeof r.ranking_model, 'string');
  const video = await call('get_products', { brief: 'video pre-roll on tutorials' }, at(bought));
  assert.equal(video.products[0].id, 'prod-tech-video-001', 'another brief gives another order');
});

test('step 3: creative formats', async () => {
  const r = await call('list_creative_formats', {}, at(bought));
  assert.deepEqual(r.formats.slice(0, 4).map((f) => f.id),
    ['fmt-display-300x250', 'fmt-display-728x90', 'fmt-display-160x600', 'fmt-video-preroll']);
  assert.deepEqual(r.formats[0], {
    id: 'fmt-display-300x250', name: 'Medium Rectangle', channel: 'display',
    mime_types: ['image/png', 'image/jpeg', 'image/gif'], dimensions: { width: 300, height: 250 },
    max_file_size_bytes: 150000, max_animation_duration_seconds: 30,
    requirements: 'Static or animated. Max 3 animation loops. Must include a visible border.' });
  assert.equal(r.formats[3].max_duration_seconds, 30);
});

test('step 4: properties and policies', async () => {
  const r = await call('list_authorized_properties', {}, at(bought));
  assert.deepEqual(r.properties[0], {
    id: 'prop-001', name: 'TechDaily.com', domain: 'techdaily.com', channels: ['display', 'video'],
    categories: ['technology', 'software', 'programming'], monthly_pageviews: 12000000,
    description: 'Leading technology news and analysis' });
  assert.equal(r.properties.length, 3);
  assert.deepEqual(r.advertising_policies.prohibited_categories, ['gambling', 'tobacco', 'weapons', 'adult']);
  assert.equal(r.advertising_policies.approval_sla_hours, 24);
});

test('step 5: the media buy waits for the publisher', async () => {
  const r = await call('create_media_buy', {
    name: 'TechCorp Developer Tool Launch - Q2 2026', buyer_ref: 'TC-2026-Q2-001', packages, total_budget: 5000,
    currency: 'USD' }, at(bought));
  buy = r.media_buy;
  assert.deepEqual(keys(r), ['media_buy']);
  assert.deepEqual(keys(buy), ['buyer_ref', 'created_at', 'currency', 'id', 'name', 'packages', 'status',
    'total_budget', 'workflow_tasks']);
  assert.equal(buy.status, 'pending_activation');
  assert.equal(buy.total_budget, 5000);
  assert.equal(buy.created_at, bought);
  assert.deepEqual(buy.packages.map((p) => p.id), ['pkg-001', 'pkg-002']);
  assert.deepEqual(buy.packages.map((p) => p.estimated_impressions), [240000, 160000]);
  assert.deepEqual(buy.packages[0], {
    id: 'pkg-001', name: 'Tech Display - Medium Rectangle', product_id: 'prod-tech-display-001', budget: 3000,
    start_date: '2026-04-01', end_date: '2026-04-30', pricing_model: 'cpm', rate: 12.5, estimated_impressions: 240000,
    creative_format_ids: ['fmt-display-300x250'], targeting: packages[0].targeting });
  assert.equal(buy.workflow_tasks.length, 1);
  assert.equal(buy.workflow_tasks[0].type, 'publisher_review');
  assert.equal(buy.workflow_tasks[0].status, 'pending');
});

test('step 6: creatives are checked and wait for review', async () => {
  const r = await call('sync_creatives', { media_buy_id: buy.id, creatives: [
    creative('300x250', 300, 250, 87500, 'TechCorp DevTool - Build faster with AI-powered development'),
    creative('728x90', 728, 90, 62000, 'TechCorp DevTool - Ship code 10x faster')] }, at('2026-03-09T14:35:00Z'));
  assert.deepEqual(r.summary, { total: 2, pending_review: 2, approved: 0, rejected: 0 });
  assert.deepEqual(keys(r.creatives[0]), ['created_at', 'format_id', 'id', 'name', 'status', 'validation']);
  assert.equal(r.creatives[0].status, 'pending_review');
  assert.deepEqual(r.creatives[0].validation, { passed: true, checks: [
    { check: 'dimensions', status: 'passed', detail: '300x250 matches format spec' },
    { check: 'file_size', status: 'passed', detail: '87500 bytes < 150000 max' },
    { check: 'mime_type', status: 'passed', detail: 'image/png is accepted' }] });
});

test('step 7: a person approves', async () => {
  const open = JSON.parse((await agent.cli('task', 'list', '--json')).stdout);
  assert.equal(open.tasks.length, 3, 'one buy and two creatives');
  for (const t of open.tasks) {
    const r = await agent.cli('task', 'approve', t.task_id, '--mock-time', '2026-03-09T14:42:00Z');
    assert.equal(r.code, 0, r.stderr);
  }
  const again = await agent.cli('task', 'approve', open.tasks[0].task_id, '--mock-time', '2026-03-09T14:42:00Z');
  assert.equal(again.code, 1, 'a decision is made once');
});

test('step 8: the campaign is active', async () => {
  const r = await call('get_media_buys', { media_buy_ids: [buy.id] }, at('2026-04-02T00:00:00Z'));
  const b = r.media_buys[0];
  assert.equal(b.status, 'active');
  assert.equal(b.buyer_ref, 'TC-2026-Q2-001');
  assert.deepEqual(b.packages[0], { id: 'pkg-001', name: 'Tech Display - Medium Rectangle', status: 'active',
    budget: 3000, start_date: '2026-04-01', end_date: '2026-04-30' });
  assert.deepEqual(b.creatives.map((c) => c.status), ['approved', 'approved']);
  assert.ok(b.activated_at);
});

test('step 9: delivery on day ten', async () => {
  const r = await call('get_media_buy_delivery', { media_buy_ids: [buy.id] }, at(day10));
  assert.deepEqual(keys(r), ['by_package', 'delivery', 'media_buy_id', 'pacing', 'period', 'status']);
  assert.deepEqual(keys(r.delivery), ['budget_remaining', 'budget_utilization', 'clicks', 'ctr', 'impressions', 'spend']);
  assert.deepEqual(r.period, { start: '2026-04-01', end: '2026-04-30', days_elapsed: 10, days_remaining: 20 });
  assert.equal(r.pacing.expected_spend_to_date, 1666.67);
  assert.equal(r.pacing.actual_spend_to_date, r.delivery.spend);
  assert.ok(Math.abs(r.pacing.pacing_ratio - r.delivery.spend / (5000 / 3)) < 5.1e-5); // half a digit: the last may round either way
  assert.equal(r.pacing.projected_end_spend, Math.round(r.delivery.spend * 3 * 100) / 100);
  const sum = (k) => r.by_package.reduce((n, p) => n + p[k], 0);
  assert.equal(sum('impressions'), r.delivery.impressions);
  assert.equal(sum('clicks'), r.delivery.clicks);
  assert.ok(Math.abs(sum('spend') - r.delivery.spend) < 0.005);
  assert.ok(r.delivery.impressions > 100000 && r.delivery.spend <= 5000);
  assert.ok(Math.abs(r.delivery.spend + r.delivery.budget_remaining - 5000) < 0.005);
  // The printed story: a little behind, the rectangle clicked more and nearer to its pace; the same at every run.
  assert.equal(r.pacing.pacing_status, 'slightly_behind');
  const printed = (have, want, share) => assert.ok(Math.abs(have / want - 1) < share, `${have}, printed ${want}`);
  printed(r.delivery.impressions, 125000, 0.01);
  printed(r.delivery.ctr, 0.015, 0.02);
  printed(r.pacing.pacing_ratio, 0.9375, 0.005);
  const [rectangle, leaderboard] = r.by_package;
  printed(rectangle.ctr, 0.016, 0.01);
  printed(leaderboard.ctr, 0.0133, 0.01);
  printed(rectangle.pacing_ratio, 0.95, 0.005);
  printed(leaderboard.pacing_ratio, 0.9167, 0.005);
  const again = await call('get_media_buy_delivery', { media_buy_ids: [buy.id] }, at(day10));
  assert.deepEqual(again, r, 'the same buy at the same time reports the same numbers');
});

test('step 10: optimise and give feedback', async () => {
  const r = await call('update_media_buy', { media_buy_id: buy.id, packages: [
    { package_id: 'pkg-001', budget: 3500, end_date: '2026-05-07' },
    { package_id: 'pkg-002', budget: 1500, end_date: '2026-05-07' }] }, at('2026-04-11T10:15:00Z'));
  assert.equal(r.media_buy.status, 'active');
  assert.equal(r.media_buy.total_budget, 5000);
  assert.equal(r.media_buy.updated_at, '2026-04-11T10:15:00Z');
  assert.deepEqual(r.media_buy.packages, [
    { id: 'pkg-001', name: 'Tech Display - Medium Rectangle', budget: 3500, start_date: '2026-04-01',
      end_date: '2026-05-07', previous_budget: 3000 },
    { id: 'pkg-002', name: 'Tech Display - Leaderboard', budget: 1500, start_date: '2026-04-01',
      end_date: '2026-05-07', previous_budget: 2000 }]);
  const f = await call('update_performance_index', { media_buy_id: buy.id, feedback: { overall_satisfaction: 4,
    audience_quality: 5, delivery_consistency: 3, notes: 'Strong CTR on 300x250 format.' } }, at('2026-04-11T10:20:00Z'));
  assert.deepEqual(f, { performance_index: { media_buy_id: buy.id, overall_satisfaction: 4, audience_quality: 5,
    delivery_consistency: 3, updated_at: '2026-04-11T10:20:00Z' } });
});

test('step 11: completed, with a final report', async () => {
  const r = await call('get_media_buys', { media_buy_ids: [buy.id] }, at(after_flight));
  assert.equal(r.media_buys[0].status, 'completed');
  assert.equal(r.media_buys[0].completed_at, '2026-05-07T23:59:59Z');
  const d = await call('get_media_buy_delivery', { media_buy_ids: [buy.id] }, at(after_flight));
  assert.equal(d.status, 'completed');
  assert.equal(d.pacing.pacing_status, 'completed');
  assert.equal(d.pacing.final_delivery_ratio, d.delivery.budget_utilization);
  assert.deepEqual(d.period, { start: '2026-04-01', end: '2026-05-07', total_days: 37 });
  assert.ok(Math.abs(d.delivery.impressions / 398500 - 1) < 0.005, String(d.delivery.impressions));
  assert.ok(Math.abs(d.delivery.budget_utilization - 0.9963) < 0.004, String(d.delivery.budget_utilization));
  assert.ok(Math.abs(d.by_package[0].budget_utilization - 0.9929) < 0.003, String(d.by_package[0].budget_utilization));
});

test('the numbers survive a restart', async () => {
  const before = await call('get_media_buy_delivery', { media_buy_ids: [buy.id] }, at('2026-04-20T12:00:00Z'));
  const { data } = agent;
  await agent.kill();
  agent = await Agent.start({ data });
  agent.ownsData = true;
  const r = await call('get_media_buy_delivery', { media_buy_ids: [buy.id] }, at('2026-04-20T12:00:00Z'));
  assert.deepEqual(r, before);
});

test('X-Auto-Advance approves at once', async () => {
  const headers = { ...at(bought), 'x-auto-advance': 'true' };
  const r = await call('create_media_buy', { name: 'Auto', buyer_ref: 'A-1', packages, total_budget: 5000,
    currency: 'USD' }, headers);
  await call('sync_creatives', { media_buy_id: r.media_buy.id, creatives: [
    creative('300x250', 300, 250, 87500, 'a'), creative('728x90', 728, 90, 62000, 'b')] }, headers);
  const b = (await call('get_media_buys', { media_buy_ids: [r.media_buy.id] }, headers)).media_buys[0];
  assert.equal(b.status, 'active');
});
