// What is paid for, in each of the units that are sold; caps, creatives' own numbers, settings that change under way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Paper, banner, until } from './lib/paper.mjs';

let paper, flat, daily;
const begun = Date.now();
before(async () => {
  paper = await Paper.start();
  // Sold by time: accounted once a minute, so they begin first and are looked at last.
  flat = await paper.buy({ product: 'page', price: 'flat_rate', budget: 300, days: 10 });
  daily = await paper.buy({ product: 'page', price: 'day', budget: 1000, days: 10 });
});
after(() => paper.stop());

// Only buys that bid for time alone are in its way: each test has a slot of its own.
async function place(name, product, more = {}) {
  const products = [{ ...paper.file.products.find((p) => p.product_id === product), product_id: `${name}-product`, ...more,
    ext: { salesagent: { ad_server: { slots: [name] } } } }];
  await paper.import({ salesagent_import: 1, tenant: { tenant_id: 'paper' }, products,
    slots: [{ slot_id: name, property_id: 'paper', sizes: [{ width: 300, height: 250 }] }] });
  return `${name}-product`;
}

const view = async (ad) => {
  await paper.see(ad);
  await paper.get(ad.measurable_url);
  await sleep(1100);
  await paper.get(ad.viewable_url);
};

test('vCPM: an impression costs nothing, a view of it does', async () => {
  const b = await paper.buy({ product: await place('views', 'page'), price: 'vcpm' });
  const seen = await paper.ad('views'), unseen = await paper.ad('views');
  await paper.see(unseen);
  assert.equal((await paper.counted(b, { impressions: 1 })).spend, 0);
  await view(seen);
  const totals = await paper.counted(b, { impressions: 2 });
  await until('the view', async () => (await paper.delivery(b)).totals.spend === 0.02);
  assert.equal(totals.impressions, 2);
});

test('CPC: views cost nothing, a click does, and makes the ad viewable; the budget ends it', async () => {
  const b = await paper.buy({ product: await place('clicks', 'page'), price: 'cpc', budget: 1 });
  for (let i = 1; i <= 2; i++) {
    const ad = await paper.ad('clicks');
    await paper.see(ad);
    await sleep(300);
    await paper.get(ad.click_url);
    const { spend } = await paper.counted(b, { impressions: i, clicks: i });
    assert.equal(spend, i * 0.5);
  }
  await until('two clicks are all it paid for', async () => (await paper.decide('slot=clicks')).length === 0);
  const why = JSON.parse((await paper.agent.cli('ads', 'why', b.buy, '--json')).stdout).packages[0];
  assert.equal(why.now, 'done');
});

test('a cap of a day is a ceiling in the publisher\'s days, changed at once; what cannot be held to one is refused', async () => {
  const newest = { adcp_version: '3.2' };
  const { account, media_buy } = await paper.call('get_adcp_capabilities', newest);
  assert.deepEqual(media_buy.budget_capping, { supported_scopes: ['package'], supported_periods: ['day'], timezone_basis: 'account' });
  assert.deepEqual(account.timezone, { mode: 'seller_fixed', fixed_timezone: 'Europe/Berlin' });
  const hour = 3600000 - Date.now() % 3600000;
  if (hour < 30000) await sleep(hour); // a day may end with it
  const b = await paper.buy({ product: await place('dayed', 'page') });
  const rate = 10 / 1000; // a thousand cost 10
  const cap = async (daily_budget_cap) => {
    const changed = await paper.call('update_media_buy', { ...newest, idempotency_key: paper.key(), account: b.account, media_buy_id: b.buy, packages: [{ package_id: b.pkg, daily_budget_cap }] });
    assert.equal(changed.affected_packages[0].daily_budget_cap, daily_budget_cap ?? undefined);
  };
  const why = async () => JSON.parse((await paper.agent.cli('ads', 'why', b.buy, '--json')).stdout).packages[0].now;
  const show = async (n) => {
    for (let i = 0; i < n; i++) await paper.see(await paper.ad('dayed'));
  };
  await cap(3 * rate);
  await show(3);
  assert.equal((await paper.counted(b, { impressions: 3 })).spend, 3 * rate);
  assert.deepEqual([await paper.decide('slot=dayed'), await why()], [[], 'day_done']);
  await cap(5 * rate);
  await show(2);
  await paper.counted(b, { impressions: 5 });
  await until('the day is done', async () => (await why()) === 'day_done');
  await cap(rate); // below what the day has spent
  await sleep(1500);
  assert.deepEqual(await paper.decide('slot=dayed'), []);
  await cap(null);
  await show(1);
  const shown = async (adcp_version) => (await paper.call('get_media_buys', { adcp_version, account: b.account, media_buy_ids: [b.buy] })).media_buys[0].packages[0].daily_budget_cap;
  await cap(7);
  assert.deepEqual([await shown('3.2'), await shown('3.1')], [7, undefined]);
  const refused = async (price, daily_budget_cap) => {
    const start = new Date(paper.agent.now() + 60000).toISOString(), end = new Date(paper.agent.now() + 9 * 864e5).toISOString();
    const { body } = await paper.agent.call('create_media_buy', { ...newest, idempotency_key: paper.key(), account: b.account, brand: b.account.brand, start_time: start, end_time: end,
      packages: [{ product_id: 'page', pricing_option_id: price, budget: 100, daily_budget_cap }] }, { token: 'house-buyer-token' });
    const { adcp_error: e } = body.result.structuredContent;
    return e && [e.code, e.field];
  };
  assert.deepEqual(await refused('cpc', 5), ['UNSUPPORTED_FEATURE', 'packages[0].daily_budget_cap']); // clicks come when they come
  assert.deepEqual(await refused('flat_rate', 5), ['UNSUPPORTED_FEATURE', 'packages[0].daily_budget_cap']);
  assert.deepEqual(await refused('cpm', 0), ['VALIDATION_ERROR', 'packages[0].daily_budget_cap']);
  assert.equal(await refused('cpm', 5), undefined);
});

test('a frequency cap holds within a page view, and for a kept id over a restart; strangers see the ad', async () => {
  const b = await paper.buy({ product: await place('capped', 'page'), more: { targeting_overlay: { frequency_cap: {
    max_impressions: 2, per: 'devices', window: { interval: 1, unit: 'days' } } } } });
  const someone = async (who) => (await paper.decide(`slot=capped&${who}`))[0];
  await until('an ad', () => someone('session=first'));
  for (const who of ['session=page-one', 'gdpr=0&visitor=somebody-known']) {
    for (let i = 0; i < 2; i++) {
      const ad = await someone(who);
      assert.ok(ad, `${who}, ${i}`);
      await paper.see(ad);
    }
    assert.equal(await someone(who), undefined, who);
  }
  assert.ok(await someone('session=page-two'));
  // An id that may not be kept is nobody's: only the page view counts, and without one a capped ad is not shown at all.
  assert.ok(await someone('gdpr=1&visitor=somebody-known&session=page-three'));
  assert.equal(await someone('gdpr=1&visitor=somebody-known'), undefined);
  await paper.counted(b, { impressions: 4 });
  await sleep(1500);
  await paper.restart();
  await until('an ad', () => someone('session=page-one')); // the page view is over
  assert.equal(await someone('gdpr=0&visitor=somebody-known'), undefined);
  const why = JSON.parse((await paper.agent.cli('ads', 'why', b.buy, '--json')).stdout).packages[0];
  assert.ok(why.kept_off.some((k) => k.reason === 'capped'), JSON.stringify(why));
});

test('each creative has its own numbers, and they add up to the package\'s', async () => {
  const b = await paper.buy({ product: await place('two', 'page'), assets: banner('https://acme.example/one') });
  const second = await paper.call('sync_creatives', { idempotency_key: paper.key(), account: b.account, creatives: [{ creative_id: 'the-second',
    name: 'The second', format_id: { agent_url: `${paper.base}/mcp`, id: 'banner' }, assets: banner('https://acme.example/two') }],
  assignments: [{ creative_id: 'the-second', package_id: b.pkg }] });
  assert.equal(second.creatives[0].action, 'created');
  const shown = {};
  await until('both', async () => {
    const ad = await paper.ad('two');
    await paper.see(ad);
    shown[ad.creative_id] = (shown[ad.creative_id] ?? 0) + 1;
    return Object.keys(shown).length === 2 && Object.values(shown).every((n) => n >= 2);
  });
  const all = Object.values(shown).reduce((a, n) => a + n, 0);
  await paper.counted(b, { impressions: all });
  const { creatives } = await paper.call('get_creative_delivery', { account: b.account, media_buy_ids: [b.buy] });
  assert.deepEqual(Object.fromEntries(creatives.map((c) => [c.creative_id, c.totals?.impressions ?? c.variants?.[0]?.impressions])), shown);
});

test('settings of the ad server are heard without a restart: label, countries; the country goes into macros', async () => {
  const tracked = { ...banner(), tracker: { asset_type: 'url', url: 'https://count.acme.example/p?c={COUNTRY}&d=[COUNTRY]', url_type: 'tracker_pixel' } };
  const b = await paper.buy({ product: await place('abroad', 'page'), assets: tracked, more: { targeting_overlay: { geo_countries: ['DE'] } } });
  const open = await paper.buy({ product: await place('home', 'page'), assets: tracked });
  const before = await paper.ad('home');
  assert.deepEqual(before.trackers, ['https://count.acme.example/p?c=&d=']);
  assert.equal((await paper.decide('slot=abroad')).length, 0, 'an unknown country is none that is named');
  writeFileSync(path.join(paper.data, 'countries.csv'), '127.0.0.0/8,DE\n');
  const r = await paper.agent.cli('tenant', 'set', '--settings', JSON.stringify({ adapter_settings: { label: 'Anzeige', country_file: 'countries.csv' } }));
  assert.equal(r.code, 0, r.stderr);
  const ad = await paper.ad('abroad');
  assert.equal(ad.label, 'Anzeige');
  assert.deepEqual(ad.trackers, ['https://count.acme.example/p?c=DE&d=DE']);
  assert.ok(b.buy && open.buy);
});

test('flat rate and per day: the budget is owed evenly over the flight, whatever is shown', async () => {
  await until('a minute of it', async () => (await paper.delivery(flat)).totals.spend > 0 && (await paper.delivery(daily)).totals.spend > 0, 150000);
  const minutes = (Date.now() - begun) / 60000 + 1, rates = [[flat, 300], [daily, 1000]];
  for (const [b, budget] of rates) {
    const { spend } = (await paper.delivery(b)).totals, a_minute = budget / (10 * 1440);
    assert.ok(spend >= 0.4 * a_minute && spend <= minutes * a_minute + 0.01, `${spend} of ${budget} after ${minutes} minutes`);
  }
});
