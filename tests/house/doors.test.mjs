// The doors of the built-in ad server over plain HTTP: what is decided, what counts, what does not, and where clicks lead.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Paper, banner } from './lib/paper.mjs';

let paper;
before(async () => { paper = await Paper.start(); });
after(() => paper.stop());

const bought = new Map();
async function once(product, how) {
  if (!bought.has(product)) bought.set(product, await paper.buy({ product, ...how }));
  return bought.get(product);
}

test('an impression, a view and a click are counted once each, and replays are not', async () => {
  const b = await once('page');
  const ad = await paper.ad('top');
  assert.equal(ad.kind, 'image');
  assert.equal(ad.width, 300);
  assert.equal(ad.label, 'Advertisement');
  for (let i = 0; i < 3; i++) await paper.see(ad);
  await paper.get(ad.measurable_url);
  await sleep(1000);
  for (let i = 0; i < 2; i++) assert.equal((await paper.get(ad.viewable_url, { method: 'POST' })).status, 204);
  for (let i = 0; i < 2; i++) {
    const r = await paper.get(ad.click_url);
    assert.equal(r.status, 302);
    assert.equal(r.headers.get('location'), 'https://acme.example/landing');
    assert.equal(r.headers.get('cache-control'), 'no-store, private');
    assert.equal(r.headers.get('set-cookie'), null);
  }
  const totals = await paper.counted(b, { impressions: 1, clicks: 1 });
  assert.equal(totals.spend, 0.01);
});

const filtered = {
  'a crawler': { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' },
  'a tool': { 'user-agent': 'curl/8.5.0' },
  'no user agent': { 'user-agent': '' },
  'a prefetch': { 'sec-purpose': 'prefetch;prerender' },
  'a page of somebody else': { referer: 'https://elsewhere.example/' },
};
for (const [who, headers] of Object.entries(filtered)) {
  test(`${who} gets an ad, and nothing of it is counted or told`, async () => {
    const b = await once('page'), before = (await paper.delivery(b)).totals;
    const ad = await paper.ad('top', { headers });
    const r = await paper.get(ad.impression_url, { headers });
    assert.equal(r.status, 200);
    assert.equal(r.headers.get('content-type'), 'image/gif');
    await sleep(1200);
    assert.equal((await paper.delivery(b)).totals.impressions, before.impressions);
  });
}

test('a token of another browser does not count', async () => {
  const b = await once('page'), before = (await paper.delivery(b)).totals;
  const ad = await paper.ad('top');
  await paper.see(ad, { headers: { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1' } });
  await sleep(1200);
  assert.equal((await paper.delivery(b)).totals.impressions, before.impressions);
});

test('forged clicks lead nowhere: the destination is the stored one, whatever the URL says', async () => {
  await once('page');
  const ad = await paper.ad('top'), token = ad.token;
  const evil = 'https://evil.example/';
  for (const url of [`${ad.click_url}?url=${evil}`, `${ad.click_url}?dest=${evil}&redirect=${evil}&u=${evil}`]) {
    assert.equal((await paper.get(url)).headers.get('location'), 'https://acme.example/landing');
  }
  const flipped = (i) => token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
  const corpus = [...Array(token.length).keys()].map(flipped).concat([token.slice(1), `${token}A`, '', '..', evil, encodeURIComponent(evil),
    `//${'evil.example'}`, `${token}/${evil}`, `${token}%0d%0aLocation:%20${evil}`, `%2e%2e/${token}`, 'A'.repeat(4000)]);
  for (const t of corpus) {
    const r = await paper.get(`/ads/click/${t}`);
    assert.ok(r.status === 410 || r.status === 404 || r.status === 400 || r.status === 414 ||
      r.headers.get('location') === 'https://acme.example/landing', `${t}: ${r.status} ${r.headers.get('location')}`);
    if (r.status === 410) assert.match(await r.text(), /leads nowhere/);
  }
});

test('a decision is read by the pages of the publisher only', async () => {
  await once('page');
  await paper.ad('top');
  const own = await paper.get('/ads/d?p=paper&slot=top', { headers: { origin: 'https://www.paper.example' } });
  assert.equal(own.headers.get('access-control-allow-origin'), 'https://www.paper.example');
  assert.match(own.headers.get('vary'), /Origin/);
  const other = await paper.get('/ads/d?p=paper&slot=top', { headers: { origin: 'https://elsewhere.example' } });
  assert.equal(other.status, 204);
  assert.equal(other.headers.get('access-control-allow-origin'), null);
});

test('many slots in one request never show two ads of one advertiser', async () => {
  await once('page');
  await once('plain');
  await once('sport', { brand: 'other.example' });
  await paper.ad('side');
  await paper.ad('plain');
  for (let i = 0; i < 20; i++) {
    const ads = await paper.decide('slot=top&slot=plain&slot=side&slot=nowhere');
    const makers = ads.map((a) => (a.slot === 'side' ? 'other' : 'acme'));
    assert.equal(new Set(makers).size, makers.length, JSON.stringify(ads.map((a) => a.slot)));
    assert.ok(ads.length <= 2);
  }
});

test('a slot that does not exist, another size, nothing booked: 204, and not a word why', async () => {
  await once('page');
  await paper.ad('top');
  for (const q of ['slot=nowhere', 'slot=top@728x90', 'slot=preroll', '', 'slot=%ff%fe', `slot=${'x'.repeat(3000)}`]) {
    const r = await paper.get(`/ads/d?p=paper&${q}`);
    assert.equal(r.status, 204, q);
    assert.equal(await r.text(), '');
  }
  assert.equal((await paper.get('/ads/d?p=nobody&slot=top')).status, 204);
});

test('markup is shown in a document of no origin, and its click leads where the creative says', async () => {
  await once('rich', { format: 'html', assets: { primary: { asset_type: 'html', content: '<a id=x href="{CLICK_URL}">rich</a><script>document.title=1</script>' },
    click_url: { asset_type: 'url', url: 'https://acme.example/rich', url_type: 'clickthrough' } } });
  const ad = await paper.ad('foot');
  assert.equal(ad.kind, 'html');
  const r = await paper.get(ad.frame_url), text = await r.text();
  assert.match(r.headers.get('content-security-policy'), /^sandbox allow-scripts/);
  assert.doesNotMatch(r.headers.get('content-security-policy').split(';')[0], /allow-same-origin/);
  assert.match(r.headers.get('content-security-policy'), /frame-ancestors [^;]*paper\.example/);
  assert.ok(text.includes(`href="${ad.click_url}"`), text);
  assert.equal((await paper.get(ad.click_url)).headers.get('location'), 'https://acme.example/rich');
});

test('the frame for places without the script shows the ad, labelled, and works without scripts', async () => {
  await once('plain');
  await paper.ad('plain');
  const r = await paper.get('/ads/f/plain?p=paper'), text = await r.text();
  assert.equal(r.status, 200);
  assert.match(text, /<noscript>.*Advertisement.*<a [^>]*sponsored[^>]*>.*<img/s);
  assert.match(r.headers.get('content-security-policy'), /frame-ancestors/);
  assert.match(r.headers.get('cache-control'), /no-store/);
});

test('a newsletter: the picture counts when it is fetched, the link leads where the picture came from', async () => {
  const b = await once('letter', { assets: banner('https://acme.example/mail', 'https://cdn.acme.example/mail.png') });
  await paper.ad('letter');
  const mail = { headers: { referer: '' } };
  const picture = (key) => paper.get(`/ads/i/letter?p=paper&k=${key}`, mail), link = (key) => paper.get(`/ads/c/letter?p=paper&k=${key}`, mail);
  assert.equal((await link('never-shown')).status, 410);
  for (const key of ['october-top', 'october-foot']) {
    const r = await picture(key);
    assert.equal(r.status, 302);
    assert.equal(r.headers.get('location'), 'https://cdn.acme.example/mail.png');
    assert.equal((await link(key)).headers.get('location'), 'https://acme.example/mail');
  }
  await link('october-top'); // the second of this minute and address
  await paper.counted(b, { impressions: 2, clicks: 2 });
});

test('the script is under 5 KB, kept for an hour, and carries no third party', async () => {
  const r = await paper.get('/ads/t.js?p=paper', { headers: { 'accept-encoding': 'identity' } }), text = await r.text();
  assert.equal(r.status, 200);
  assert.match(r.headers.get('content-type'), /javascript/);
  assert.match(r.headers.get('cache-control'), /max-age=3600/);
  const bytes = gzipSync(text).length;
  assert.ok(bytes < 5120, `${bytes} bytes`);
  assert.doesNotMatch(text, /https?:\/\//);
  assert.match(text, /\{ids:'consent'\}/);
  const again = await paper.get('/ads/t.js?p=paper', { headers: { 'if-none-match': r.headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('what was counted survives a restart, and a token that was used stays used', async () => {
  const b = await once('page'), ad = await paper.ad('top'), other = await paper.ad('top');
  await paper.see(ad);
  const { impressions } = (await paper.delivery(b)).totals;
  await paper.restart(); // what came in the last second is written before the end
  const old = (url) => url.replace(/^http:\/\/[^/]*/, paper.base);
  await paper.see({ impression_url: old(ad.impression_url) });
  await paper.see({ impression_url: old(other.impression_url) });
  const now = await paper.counted(b, { impressions: impressions + 2 });
  await sleep(1200);
  assert.equal((await paper.delivery(b)).totals.impressions, now.impressions);
});

test('a paused buy is not shown, and is when it goes on', async () => {
  const b = await paper.buy({ product: 'preroll', price: 'cpm', format: 'video', assets: { video: { asset_type: 'video', url: 'https://cdn.acme.example/a.mp4',
    width: 640, height: 360, duration_ms: 15000, format: 'mp4' } } });
  const vast = async () => (await paper.get('/ads/v?p=paper&slot=preroll')).text();
  const { until } = await import('./lib/paper.mjs');
  await until('a film', async () => (await vast()).includes('<InLine>'));
  await paper.pause(b);
  await until('no film', async () => !(await vast()).includes('<InLine>'));
  assert.match(await vast(), /<Error>/);
});
