// The default principal of a newcomer (data/demo-publisher.json, "test-token") in all older shapes: recognised by what only
// they have, and what nothing reads is refused by name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from '../integration/lib/agent.mjs';

let agent;
const now = { 'x-mock-time': '2026-03-09T14:30:00Z' };
const auto = { ...now, 'x-auto-advance': 'true' };

before(async () => { agent = await Agent.start(); });
after(() => agent.stop());

async function call(tool, args, headers = now) {
  const r = await agent.call(tool, args, { token: 'test-token', headers });
  assert.ok(r.body.result?.structuredContent, JSON.stringify(r.body));
  return r.body.result.structuredContent;
}
const flight = { start_date: '2026-04-01', end_date: '2026-04-30' };
const packageOf = (more = {}) => ({ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000,
  name: 'A', ...flight, ...more });
const bought = async () => (await call('create_media_buy', { name: 'B', packages: [packageOf()] }, auto)).media_buy.id;

test('a buy of the tutorial is paused, extended and reported in the words of AdCP:Buy v1', async () => {
  const id = await bought();
  assert.equal((await call('update_media_buy', { media_buy_id: id, active: false }, auto)).status, 'accepted');
  const read = async () => (await call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] })).media_buys[0];
  assert.equal((await read()).paused, true);
  assert.equal((await call('update_media_buy', { media_buy_id: id, total_budget: 4000, flight_end_date: '2026-05-10' }, auto)).status, 'accepted');
  const buy = await read();
  assert.equal(buy.total_budget, 4000);
  assert.equal(buy.end_time, '2026-05-11T00:00:00Z');
  const named = await call('update_package', { media_buy_id: id, packages: [{ package_id: 'pkg-001', active: false }] }, auto);
  assert.equal(named.status, 'accepted', JSON.stringify(named));
  assert.equal((await read()).packages[0].paused, true);
});

test('reads that name one buy answer about that one', async () => {
  const [one, other] = [await bought(), await bought()];
  assert.notEqual(one, other);
  const report = await call('get_media_buy_delivery', { media_buy_id: one, start_date: '2026-04-01', end_date: '2026-04-10' });
  assert.deepEqual(Object.keys(report).sort(), ['by_package', 'totals']);
  const buys = await call('get_media_buys', { media_buy_id: one });
  assert.deepEqual(buys.media_buys.map((b) => b.media_buy_id), [one]);
});

test('packages by name, and the data-model page\'s flat buy', async () => {
  const v1 = await call('create_media_buy', { packages: ['prod-tech-display-001'], total_budget: 1000, ...flight });
  assert.equal(v1.status, 'pending_manual', JSON.stringify(v1));
  const flat = { product_id: 'prod-tech-display-001', name: 'Flat', budget_cents: 250000, ...flight };
  const page = await call('create_media_buy', flat);
  assert.equal(page.budget_cents, 250000, JSON.stringify(page));
  assert.equal(page.approval_required, true);
});

test('an update that waits for a person does not read as carried out', async () => {
  const id = await bought();
  const added = await agent.cli('rule', 'add', '--name', 'changes', '--then', 'person', '--operations', 'update_media_buy');
  assert.equal(added.code, 0, added.stderr);
  const r = await call('update_media_buy', { media_buy_id: id, budget_cents: 350000 });
  assert.equal(r.approval_required, true);
  assert.equal(r.status, 'pending');
  assert.equal(r.budget_cents, 300000);
  const { rules } = JSON.parse((await agent.cli('rule', 'list', '--json')).stdout);
  await agent.cli('rule', 'remove', rules[0].rule_id);
});

test('a member that nothing reads is an error that names it', async () => {
  const id = await bought();
  const cases = [
    ['create_media_buy', { name: 'B', packages: [packageOf({ impresions: 5 })] }, '/packages/0/impresions', /impressions/],
    ['create_media_buy', { name: 'B', colour: 'red', packages: [packageOf()] }, '/colour', /./],
    ['update_media_buy', { media_buy_id: id, active: false, priority: 3 }, '/priority', /./],
    ['update_package', { media_buy_id: id, packages: [{ package_id: 'pkg-001', budgets: 5 }] }, '/packages/0/budgets', /budget/],
    ['update_media_buy', { media_buy_id: id, budget_cents: 350000, status: 'paused' }, '/status', /./],
    ['update_performance_index', { media_buy_id: id, feedback: { overall_satisfaction: 5, mood: 3 } }, '/feedback/mood', /./],
  ];
  for (const [tool, args, field, hint] of cases) {
    const r = await call(tool, args, auto);
    const said = JSON.stringify(r);
    assert.ok(r.error || r.status === 'failed' || r.error_code, said);
    assert.ok(said.includes(field), `${field} is not named: ${said}`);
    assert.match(said, hint);
  }
});

test('X-Auto-Advance on the poll approves what waits of the buys it names', async () => {
  const made = await call('create_media_buy', { name: 'W', packages: [packageOf()] });
  const id = made.media_buy.id;
  const before = await call('get_media_buys', { media_buy_ids: [id] });
  assert.equal(before.media_buys[0].status, 'pending_activation');
  const polled = await call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] }, auto);
  assert.equal(polled.media_buys[0].status, 'pending_creatives');
  const later = await call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] });
  assert.equal(later.media_buys[0].status, 'pending_creatives', 'it stays decided');
});

test('AdCP: what no schema names is listed, what nobody acts on is refused', async () => {
  const listed = await call('get_products', { adcp_version: '3.1', buying_mode: 'wholesale', brief: 'sports', colour: 'red' });
  assert.deepEqual(listed.ext.salesagent.ignored.sort(), ['/brief', '/colour']);
  const plain = await call('get_products', { adcp_version: '3.1', buying_mode: 'wholesale' });
  assert.equal(plain.ext?.salesagent?.ignored, undefined);
  const window = await call('get_media_buy_delivery', { adcp_version: '3.1', attribution_window: { post_click: { interval: 7, unit: 'days' } } });
  assert.deepEqual(window.ext.salesagent.ignored, ['/attribution_window']);
  const refused = await call('list_tasks', { adcp_version: '3.1', filters: { context_contains: 'x' } });
  assert.equal(refused.adcp_error.code, 'UNSUPPORTED_FEATURE', JSON.stringify(refused));
  assert.match(refused.adcp_error.field, /context_contains/);
});

test('amounts that doubles produce are taken to the nearest micro', async () => {
  const create = (budget) => call('create_media_buy', { name: 'D', packages: [packageOf({ budget })] }, auto);
  for (const budget of [10000 / 3, 1100.1 + 2200.2, 0.1 + 5000.2]) {
    const r = await create(budget);
    assert.ok(r.media_buy?.id, JSON.stringify(r));
  }
});

test('AdCP: one malformed item of a batch fails alone, unless all or nothing is asked for', async () => {
  const creative = (creative_id, more = {}) => ({ creative_id, name: creative_id,
    format_id: { agent_url: agent.base, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.example.com/a.png', width: 300, height: 250 } }, ...more });
  const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
  const sync = (more) => call('sync_creatives', { adcp_version: '3.1', account, idempotency_key: crypto.randomUUID(),
    creatives: [creative('good-1'), creative('bad-1', { name: 7 }), creative('good-2')], ...more });
  const lenient = await sync({ validation_mode: 'lenient' });
  assert.deepEqual(lenient.creatives.map((c) => [c.creative_id, c.action]),
    [['good-1', 'created'], ['bad-1', 'failed'], ['good-2', 'created']], JSON.stringify(lenient));
  assert.match(JSON.stringify(lenient.creatives[1].errors), /creatives.1.*name/);
  const strict = await sync({ validation_mode: 'strict' });
  assert.equal(strict.adcp_error.code, 'INVALID_REQUEST');
});

const inApril = (day) => ({ 'x-mock-time': `2026-04-${String(day).padStart(2, '0')}T00:00:00Z` });
const banner = (creative_id, more = {}) => ({ creative_id, name: creative_id, format: 'image', width: 300, height: 250,
  media_url: `https://cdn.example.com/${creative_id}.png`, click_url: 'https://example.com/landing', ...more });
const assets = (media_buy_id, ...list) => call('add_creative_assets', { media_buy_id, assets: list }, auto);
const two = async () => (await call('create_media_buy', { name: 'Two', buyer_ref: 'TWO', packages: [
  packageOf({ name: 'One', creative_format_ids: ['fmt-display-300x250'] }),
  packageOf({ name: 'Other', creative_format_ids: ['fmt-display-728x90'] })] }, auto)).media_buy.id;

test('a package with its approved creative delivers though another has none, and every tool says so', async () => {
  const id = await two();
  const sent = await assets(id, banner('square'));
  assert.equal(sent.assets[0].status, 'approved', JSON.stringify(sent));
  const seen = (time) => call('get_media_buys', { media_buy_ids: [id] }, time);
  const report = (time) => call('get_media_buy_delivery', { media_buy_ids: [id] }, time);
  const [buy] = (await seen(inApril(11))).media_buys;
  assert.deepEqual([buy.status, ...buy.packages.map((p) => p.status)], ['active', 'active', 'pending_activation']);
  const first = await report(inApril(11));
  assert.equal(first.status, 'active');
  assert.ok(first.by_package[0].impressions > 0);
  assert.equal(first.by_package[1].impressions, 0);
  // From the day on which it has its creative the other delivers, and nothing of the days before.
  await call('add_creative_assets', { media_buy_id: id, assets: [banner('wide', { width: 728, height: 90 })] },
    { ...inApril(11), 'x-auto-advance': 'true' });
  const then = await report(inApril(11)), later = await report(inApril(21));
  assert.equal(then.by_package[1].impressions, 0);
  assert.equal(then.by_package[0].impressions, first.by_package[0].impressions);
  assert.ok(later.by_package[1].impressions > 0);
});

test('a package that gets its creative later, but before its flight, delivers as well', async () => {
  const id = await two();
  await assets(id, banner('early-square'));
  await assets(id, banner('early-wide', { width: 728, height: 90 }));
  const report = await call('get_media_buy_delivery', { media_buy_ids: [id] }, inApril(11));
  for (const p of report.by_package) assert.ok(p.impressions > 0, JSON.stringify(report.by_package));
});

test('a daily budget across all packages is spent by those that run', async () => {
  const id = await two();
  await assets(id, banner('day-square'), banner('day-wide', { width: 728, height: 90 }));
  const cap = await call('update_media_buy', { media_buy_id: id, daily_budget: 100 }, auto);
  assert.equal(cap.status, 'accepted', JSON.stringify(cap));
  const spent = async (day) => (await call('get_media_buy_delivery', { media_buy_ids: [id] }, inApril(day))).by_package.map((p) => p.spend);
  const [a, b] = await spent(6);
  assert.ok(a > 200 && a <= 250 && b > 200 && b <= 250, `${a} and ${b} of 250 each`);
  await call('update_package', { media_buy_id: id, packages: [{ package_id: 'pkg-002', active: false }] }, { ...inApril(6), 'x-auto-advance': 'true' });
  const [c, d] = await spent(11);
  assert.equal(d, b, 'the paused one stands');
  assert.ok(c - a > 420 && c - a <= 500, `${c - a} of 500: the other has the whole of it`);
});

test('AdCP:Buy v1: assets are held against what the page and the packages take', async () => {
  const made = await call('create_media_buy', { packages: ['premium_sports', 'drive_time_audio'], total_budget: 50000, ...flight }, auto);
  const id = made.media_buy_id;
  const refused = [
    [banner('r1', { media_url: 'https://cdn.example.com/a.exe' }), '/assets/0/media_url', /JPEG, PNG or GIF/],
    [banner('r2', { format: 'audio', width: undefined, height: undefined, media_url: 'https://cdn.example.com/a.wav' }), '/assets/0/media_url', /MP3 or AAC/],
    [banner('r3', { format: 'custom', media_url: undefined }), '/assets/0/template_id', /template_id/],
    [banner('r4', { height: undefined }), '/assets/0/height', /together/],
  ];
  for (const [asset, field, said] of refused) {
    const r = await assets(id, asset);
    assert.equal(r.error?.field, field, JSON.stringify(r));
    assert.match(JSON.stringify(r.error), said);
  }
  const [nowhere, unknown, wrong, right] = (await assets(id, banner('n1', { width: 111, height: 222 }),
    banner('n2', { package_assignments: ['nope'] }), banner('n3', { package_assignments: ['drive_time_audio'] }),
    banner('n4', { package_assignments: ['premium_sports'] }))).assets;
  assert.equal(nowhere.status, 'failed', JSON.stringify(nowhere));
  assert.match(unknown.package_errors.nope, /no package/);
  assert.match(JSON.stringify(wrong.package_errors), /no ad of the kind/);
  assert.equal(right.status, 'approved');
  assert.equal(right.package_errors, undefined);
});

test('AdCP: an empty list of notification_configs is answered as one', async () => {
  const r = await call('sync_accounts', { adcp_version: '3.1', idempotency_key: crypto.randomUUID(), accounts: [
    { brand: { domain: 'empty.example' }, operator: 'empty.example', billing: 'operator', notification_configs: [] }] });
  assert.deepEqual(r.accounts[0].notification_configs, [], JSON.stringify(r));
});

test('a human task about a creative that nobody has is done when somebody says so', async () => {
  const { task_id } = await call('create_human_task', { task_type: 'creative_approval', creative_id: 'creative_123', error_detail: 'Look at it.' });
  const other = await call('get_pending_tasks', { principal_id: 'acme_corp' });
  assert.equal(other.error.code, 'PERMISSION_DENIED');
  const r = await agent.call('complete_task', { task_id, resolution: 'approved', resolved_by: 'reviewer@company.com' }, { token: 'test-operator-token', headers: now });
  assert.equal(r.body.result.structuredContent.status, 'success', JSON.stringify(r.body));
});

test('a human task about a creative that there is decides it, once, and closes what else waits for that', async () => {
  const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
  const synced = await call('sync_creatives', { adcp_version: '3.1', account, idempotency_key: crypto.randomUUID(), creatives: [{
    creative_id: 'reviewed', name: 'R', format_id: { agent_url: agent.base, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.example.com/a.png', width: 300, height: 250 } } }] });
  assert.equal(synced.creatives[0].status, 'pending_review');
  const status = async () => (await call('list_creatives', { adcp_version: '3.1', filters: { creative_ids: ['reviewed'] } })).creatives[0].status;
  const raise = async () => (await call('create_human_task', { task_type: 'creative_approval', creative_id: 'reviewed', error_detail: 'Look.' })).task_id;
  const decide = async (task_id, resolution) => (await agent.call('complete_task', { task_id, resolution, resolved_by: 'r@company.com' },
    { token: 'test-operator-token', headers: now })).body.result.structuredContent;
  const open = async () => JSON.parse((await agent.cli('task', 'list', '--json')).stdout).tasks.filter((t) => t.subject_id === 'reviewed' || t.subject?.id === 'reviewed');
  assert.equal((await decide(await raise(), 'approved')).status, 'success');
  assert.equal(await status(), 'approved');
  assert.deepEqual(await open(), [], 'the agent\'s own review of it is over, too');
  assert.equal((await decide(await raise(), 'approved')).status, 'success', 'what is decided already can be decided the same');
  assert.equal((await decide(await raise(), 'rejected')).status, 'success');
  assert.equal(await status(), 'rejected');
});

test('errors of the older shapes name the caller\'s own members, in the sentence too', async () => {
  const id = await bought();
  const late = await call('update_media_buy', { media_buy_id: id, flight_end_date: '2026-01-01' }, { ...auto });
  assert.equal(late.status, 'failed', JSON.stringify(late));
  assert.equal(late.detail, '/flight_end_date');
  assert.doesNotMatch(late.reason, /end_time/);
  const unknown = await call('update_package', { media_buy_id: id, packages: [{ package_id: 'invalid_pkg', active: false }] }, auto);
  assert.match(unknown.reason, /invalid_pkg/);
});

test('AdCP 3.1: named formats are shown as format options too, and can be bought by', async () => {
  const find = async (adcp_version) => (await call('get_products', { adcp_version, buying_mode: 'wholesale' })).products
    .find((p) => p.product_id === 'prod-tech-display-001');
  const product = await find('3.1');
  assert.deepEqual(product.format_options.map((o) => [o.format_option_id, o.format_kind, o.params]), [
    ['fmt-display-300x250', 'image', { width: 300, height: 250 }], ['fmt-display-728x90', 'image', { width: 728, height: 90 }],
    ['fmt-display-160x600', 'image', { width: 160, height: 600 }]]);
  assert.deepEqual(product.format_options.map((o) => o.format_option_id), product.format_ids.map((f) => f.id));
  assert.equal((await find('3.0')).format_options, undefined);
  const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
  const create = (format_option_id) => call('create_media_buy', { adcp_version: '3.1', idempotency_key: crypto.randomUUID(), account,
    brand: account.brand, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', packages: [{ budget: 1000,
      product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', format_option_refs: [{ format_option_id, scope: 'product' }] }] }, auto);
  const bought = await create('fmt-display-728x90');
  assert.ok(bought.media_buy_id, JSON.stringify(bought));
  assert.equal((await create('no-such-option')).adcp_error.code, 'REFERENCE_NOT_FOUND');
});
