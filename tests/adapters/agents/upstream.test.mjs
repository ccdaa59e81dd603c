// An adapter from outside of src/ (tests/adapters/upstream), over ad servers that nobody here wrote: the mock platforms of @adcp/sdk.
// They keep no clock and lose nothing, so this is not the kit: it is the way of a buy, and what those platforms cannot.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

const top = path.resolve(import.meta.dirname, '../../..');
process.env.SALESAGENT = path.join(path.dirname(process.env.SALESAGENT ?? path.join(top, 'build/salesagent')), 'tests/adapters/upstream/salesagent-upstream');
const { Stage, account } = await import('../kit/stage.mjs');
const sdk = path.dirname(createRequire(import.meta.url).resolve('@adcp/sdk'));
const { bootMockServer } = createRequire(import.meta.url)(path.join(sdk, 'mock-server/index.js'));

const FLIGHT = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z', midway: '2026-04-11T12:00:00Z' };

async function withPlatform(specialism, { network, units, signed }, play) {
  const upstream = await bootMockServer({ specialism, port: 0 });
  const settings = { url: upstream.url, api_key: upstream.auth.apiKey, network, signed };
  const ask = async (route) => (await fetch(upstream.url + route, { headers: { authorization: `Bearer ${settings.api_key}`, 'x-network-code': network } })).json();
  const orders = async () => Promise.all((await ask('/v1/orders')).orders.map(async (o) => ({ ...o, lines: (await ask(`/v1/orders/${o.order_id}/lineitems`)).line_items })));
  let stage;
  try {
    stage = await Stage.start({
      name: specialism,
      publisher: (doc) => {
        doc.tenant.adapter = 'upstream';
        doc.tenant.adapter_settings = settings;
        for (const [i, p] of doc.products.entries()) {
          p.ext = { ...p.ext, salesagent: { ...p.ext?.salesagent, ad_server: units[i] } };
          p.reporting_capabilities = { ...p.reporting_capabilities, timezone: 'UTC' };
        }
        return doc;
      },
    });
    await play({ stage, ask, orders });
  } finally {
    await stage?.close();
    await upstream.close();
  }
}

const banner = (stage, id) => ({
  creative_id: id, name: `Banner ${id}`, format_id: { agent_url: stage.agent.base, id: 'fmt-display-300x250' },
  assets: { primary: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250, format: 'png' },
    click_url: { asset_type: 'url', url: 'https://acme.example/landing' } },
});

const book = (stage, budgets) =>
  stage.change('create_media_buy', { brand: account.brand, start_time: FLIGHT.start, end_time: FLIGHT.end,
    packages: budgets.map((budget, i) => ({ product_id: ['kit-one', 'kit-two'][i], pricing_option_id: 'cpm', budget, creatives: [banner(stage, `b${i}`)] })) });

// Its lines, in the order of the packages.
const of = (order, made) => made.packages.map((p) => order?.lines.find((l) => l.ad_unit_targeting.includes(`package:${p.package_id}`)));

const delivered = (stage, id, spend) => stage.until('the delivery to be read', async () => {
  const { media_buy_deliveries: [d] } = await stage.call('get_media_buy_delivery', { account, media_buy_ids: [id] });
  assert.equal(d?.totals.spend, spend);
  return d;
});

const guaranteed = { network: 'net_premium_us', signed: true, units: [
  { ad_unit: 'au_us_video_preroll', product: 'sports_preroll_q2_guaranteed' }, { ad_unit: 'au_us_ctv_30s', product: 'outdoor_ctv_q2_guaranteed' }] };
const auctioned = { network: 'net_remnant_us', signed: false, units: [
  { ad_unit: 'au_us_display_medrec', product: 'kit_product_one' }, { ad_unit: 'au_us_display_leaderboard', product: 'kit_product_two' }] };

test('sales-guaranteed: an order that people over there sign', { timeout: 300_000 }, () => withPlatform('sales-guaranteed', guaranteed, async ({ stage, orders }) => {
  for (const verb of ['test', 'sync']) assert.equal((await stage.agent.cli('adapter', verb)).code, 0);
  await stage.until('its test and its inventory', async () => {
    const { ad_servers: [server] } = JSON.parse((await stage.agent.cli('adapter', 'list', '--json')).stdout);
    assert.match(JSON.stringify(server.test), /"passed":true.*its inventory can be read/);
    return assert.deepEqual(server.inventory, [{ kind: 'ad_unit', count: 3 }]) ?? true;
  });
  const made = await book(stage, [30000, 40000]);
  assert.ok(made.media_buy_id, JSON.stringify(made));
  const order = await stage.until('the order to be signed', async () => {
    const [o, ...more] = await orders();
    assert.deepEqual(more, []);
    assert.equal(o?.status, 'delivering');
    assert.deepEqual(of(o, made).map((l) => [l.budget, l.creative_ids.length, l.status]), [[30000, 1, 'delivering'], [40000, 1, 'delivering']]);
    return o;
  }, { step_s: 600 });
  assert.equal(order.budget, 70000);
  await stage.kill();
  await stage.moveTo(FLIGHT.midway);
  const d = await delivered(stage, made.media_buy_id, 28000);
  assert.deepEqual(d.by_package.map((p) => p.spend), [14000, 14000]);
  // What that platform cannot is left to a person, and nothing has changed there.
  await stage.change('update_media_buy', { media_buy_id: made.media_buy_id, packages: [{ package_id: made.packages[0].package_id, budget: 31000 }] });
  await stage.until('a task', async () => /signed order cannot be changed/.test(JSON.stringify(await stage.tasks())));
  assert.equal((await orders())[0].budget, 70000);
}));

test('sales-non-guaranteed: an order that is confirmed at once, changed and canceled', { timeout: 300_000 }, () => withPlatform('sales-non-guaranteed', auctioned, async ({ stage, orders }) => {
  const made = await book(stage, [1500, 2500]);
  assert.ok(made.media_buy_id, JSON.stringify(made));
  const is = (what, check) => stage.until(what, async () => {
    const [o, ...more] = await orders();
    assert.deepEqual(more, []);
    check(o);
    return o;
  });
  await is('the order to be there', (o) => assert.deepEqual(of(o, made).map((l) => l?.budget), [1500, 2500]));
  await stage.change('update_media_buy', { media_buy_id: made.media_buy_id, packages: [{ package_id: made.packages[0].package_id, budget: 2000 }] });
  await is('the order to have the new budget', (o) => assert.equal(o.budget, 4500));
  await stage.change('update_media_buy', { media_buy_id: made.media_buy_id, canceled: true });
  await is('the order to be canceled', (o) => assert.equal(o.status, 'canceled'));
  const targeted = await stage.change('create_media_buy', { brand: account.brand, start_time: FLIGHT.start, end_time: FLIGHT.end,
    packages: [{ product_id: 'kit-one', pricing_option_id: 'cpm', budget: 1000, targeting_overlay: { geo_countries: ['US'] } }] });
  assert.match(JSON.stringify(targeted), /nothing can be targeted there/);
  assert.equal((await orders()).length, 1);
}));
