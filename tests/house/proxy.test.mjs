// Behind a proxy: where a visitor is, and what the URLs of an ad begin with, is the word of a proxy that is trusted, and of nobody else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Paper, until } from './lib/paper.mjs';

let behind, open;
before(async () => {
  behind = await Paper.start({ args: ['--trust-proxy', '127.0.0.1', '--allow-host', 'ads.paper.example'] });
  open = await Paper.start();
});
after(async () => {
  await behind?.stop();
  await open?.stop();
});

const says = (country) => ({ headers: { 'x-country': country, 'x-forwarded-for': '203.0.113.7' } });

// One package for Germany; until the ad server has heard of it and of the header.
async function german(paper) {
  const r = await paper.agent.cli('tenant', 'set', '--settings', JSON.stringify({ adapter_settings: { country_header: 'X-Country' } }));
  assert.equal(r.code, 0, r.stderr);
  await paper.buy({ product: 'page', more: { targeting_overlay: { geo_countries: ['DE'] } } });
  await paper.buy({ product: 'plain' });
  await paper.ad('plain');
}

test('a country that a trusted proxy names counts; one that it does not know, or has no two letters for, matches nothing', async () => {
  await german(behind);
  await until('an ad for Germany', async () => (await behind.decide('slot=top', says('DE'))).length === 1);
  for (const other of ['AT', 'XX', 'T1', '', 'Germany', 'D']) assert.equal((await behind.decide('slot=top', says(other))).length, 0, other);
  assert.equal((await behind.decide('slot=top')).length, 0);
  assert.equal((await behind.decide('slot=top', says('de'))).length, 1);
});

test('the same header of a visitor is only text', async () => {
  await german(open);
  assert.equal((await open.decide('slot=top', says('DE'))).length, 0);
  const why = JSON.parse((await open.agent.cli('ads', 'why', '--json')).stdout).packages.find((p) => p.kept_off.some((k) => k.reason === 'country'));
  assert.ok(why, 'it is said that it was the country');
});

test('URLs of an ad begin with the address in front, and lead back through it', async () => {
  const front = { headers: { 'x-forwarded-host': 'ads.paper.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' } };
  const ad = await behind.ad('plain', front);
  for (const url of [ad.impression_url, ad.viewable_url, ad.measurable_url, ad.click_url]) assert.ok(url.startsWith('https://ads.paper.example/ads/'), url);
  const seen = await behind.ad('plain', { headers: { 'x-forwarded-for': '203.0.113.7' } });
  assert.ok(seen.impression_url.startsWith(`${behind.base}/ads/`), seen.impression_url);
});
