// The built-in ad server in Chromium: pages of a publisher on origins of their own, in production's mode.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Paper, banner, browser as userAgent } from './lib/paper.mjs';
import { Site, announced } from './lib/site.mjs';

let paper, site;
before(async () => {
  paper = await Paper.start({ sandbox: false });
  site = await Site.start(paper);
});
after(async () => {
  await site?.stop();
  await paper?.stop();
});

const picture = () => banner(site.acme('/landing'), site.acme('/banner.svg'));

const bought = new Map();
async function once(product, how) {
  if (!bought.has(product)) bought.set(product, await paper.buy({ product, ...how }));
  return bought.get(product);
}

test('a frame is shown by the publisher\'s pages on any port and host, and by nobody else\'s', async () => {
  await once('plain', { assets: picture() });
  await paper.ad('plain');
  const frame = `<iframe src="${site.ads}/f/plain?p=paper" width="300" height="266"></iframe>`;
  for (const host of ['www.paper.example', 'paper.example']) {
    const page = await site.open('/framed', frame, { host });
    await page.frameLocator('iframe').locator('img').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.close();
  }
  const page = await site.open('/framed', frame, { host: 'elsewhere.example' });
  await assert.rejects(page.frameLocator('iframe').locator('img').waitFor({ timeout: 1500 }));
  assert.match(page.wrong.join(), /frame-ancestors/);
  await page.close();
});

test('a page that may not ask, or cannot, hears that its slots are empty and keeps what it has', async () => {
  await once('page', { assets: picture() });
  await paper.ad('top');
  const slot = `<div data-slot="top">subscribe!</div>${site.tag()}`;
  const foreign = await site.open('/foreign', slot, { host: 'elsewhere.example' });
  await announced(foreign, 'empty top');
  await site.context.route('**/ads/d?*', (r) => r.abort());
  const offline = await site.open('/offline', slot);
  await announced(offline, 'empty top');
  await site.context.unroute('**/ads/d?*');
  for (const page of [foreign, offline]) {
    assert.equal(await page.textContent('[data-slot]'), 'subscribe!');
    await page.close();
  }
});

// ---- every kind of tag

const rich = { primary: { asset_type: 'html', content: '<a id="go" target="_blank" href="{CLICK_URL}" style="display:block;height:250px;background:#ddd">rich</a>' } };
const kinds = [['page', 'top'], ['rich', 'foot'], ['plain', 'plain'], ['letter', 'letter']];

async function everything() {
  await once('page', { assets: picture() });
  await once('plain', { assets: picture() });
  await once('rich', { format: 'html', brand: 'other.example', assets: { ...rich, click_url: picture().click_url } });
  await once('letter', { assets: picture() });
  for (const [, slot] of kinds) await paper.ad(slot);
}

const tags = () => `<div data-slot="top" data-size="300x250"></div><div data-slot="foot"></div>
  <iframe id="plain" src="${site.ads}/f/plain?p=paper" width="300" height="266"></iframe>
  <a id="letter" target="_blank" href="${site.ads}/c/letter?p=paper&k=october"><img src="${site.ads}/i/letter?p=paper&k=october"></a>${site.tag()}`;

const totals = async () => Object.fromEntries(await Promise.all(kinds.map(async ([product]) => [product, (await paper.delivery(bought.get(product))).totals])));

// What was counted since `before`, once nothing more comes.
async function since(before) {
  await new Promise((done) => setTimeout(done, 2200));
  const now = await totals(), of = (product, name) => (now[product][name] ?? 0) - (before[product][name] ?? 0);
  return Object.fromEntries(kinds.map(([product]) => [product, [of(product, 'impressions'), of(product, 'clicks')]]));
}

const shown = async (page) => {
  for (const slot of ['top', 'foot']) await announced(page, `viewable ${slot}`);
  await page.frameLocator('#plain').locator('img').waitFor();
  await page.waitForFunction(() => document.querySelector('#letter img').complete);
};

// Clicks, and lands on the advertiser's page in a window of its own.
async function land(page, locator) {
  const [landed] = await Promise.all([page.context().waitForEvent('page'), locator.click()]);
  await landed.getByText('Landed').waitFor();
  assert.equal(new URL(landed.url()).host, `acme.example:${site.acmePort}`);
  assert.equal(await landed.evaluate(() => document.referrer.includes('/ads/')), false);
  await landed.close();
}

test('every kind of tag shows its ad; it becomes viewable; a click lands; each counts once', async () => {
  await everything();
  const before = await totals();
  const page = await site.open('/news', tags());
  await shown(page);
  assert.deepEqual(await page.evaluate(() => window.events.toSorted()), ['impression foot', 'impression top', 'viewable foot', 'viewable top']);
  assert.deepEqual(page.wrong, []);
  assert.deepEqual(await since(before), { page: [1, 0], rich: [1, 0], plain: [1, 0], letter: [1, 0] });
  for (let i = 0; i < 2; i++) { // the second click of each is a replay, except that it leads there, too
    await land(page, page.locator('[data-slot=top] a'));
    await land(page, page.frameLocator('[data-slot=foot] iframe').locator('#go'));
    await land(page, page.frameLocator('#plain').locator('a'));
    await land(page, page.locator('#letter'));
  }
  assert.deepEqual(await since(before), { page: [1, 1], rich: [1, 1], plain: [1, 1], letter: [1, 1] });
  await page.close();
});

test('a reload is another view, the back button shows what was shown, two tabs are two views: as the pages say, and once each', async () => {
  await everything();
  const before = await totals();
  const page = await site.open('/again', tags());
  await shown(page);
  await page.reload();
  await shown(page);
  await page.goto(site.acme('/elsewhere'));
  const asked = [];
  page.on('request', (r) => { if (/\/ads\/d\?/.test(r.url())) asked.push(r.url()); });
  await page.goBack();
  await shown(page);
  const back = asked.length; // 0: the page came back as it was; 1: it was loaded anew
  const tab = await site.open('/tab', tags());
  await shown(tab);
  const now = await since(before);
  assert.deepEqual([now.page, now.rich, now.plain], Array(3).fill([3 + back, 0]));
  for (const p of [page, tab]) await p.close();
});

test('a script that is blocked costs nothing, and nothing is counted for it', async () => {
  await everything();
  const before = await totals();
  await site.context.route('**/ads/t.js*', (r) => r.abort());
  const page = await site.open('/blocked', `<div data-slot="top">subscribe!</div>${site.tag()}`);
  await page.waitForTimeout(300);
  assert.equal(await page.textContent('[data-slot]'), 'subscribe!');
  await site.context.unroute('**/ads/t.js*');
  assert.deepEqual((await since(before)).page, [0, 0]);
  await page.close();
});

test('a browser without scripts sees the frame\'s picture, which counts', async () => {
  await everything();
  const before = await totals(), context = await site.context.browser().newContext({ javaScriptEnabled: false, userAgent });
  const page = await site.open('/plain', `<iframe id="plain" src="${site.ads}/f/plain?p=paper" width="300" height="266"></iframe>`, { context });
  await land(page, page.frameLocator('#plain').locator('a'));
  assert.deepEqual((await since(before)).plain, [1, 1]);
  await context.close();
});

test('what is only prefetched is not counted', async () => {
  await everything();
  const before = await totals();
  const fetched = site.context.waitForEvent('request', (r) => r.url().includes('k=ahead'));
  const page = await site.open('/ahead', `<link rel="prefetch" href="${site.ads}/i/letter?p=paper&k=ahead">`);
  assert.match((await (await fetched).allHeaders())['sec-purpose'], /prefetch/);
  assert.deepEqual((await since(before)).letter, [0, 0]);
  await page.close();
});

test('an ad that is never in sight is an impression, and not viewable', async () => {
  const b = await once('page', { assets: picture() }), before = (await paper.delivery(b)).totals;
  await paper.ad('top');
  const page = await site.open('/below', `<div style="height:5000px"></div><div data-slot="top"></div>${site.tag()}`);
  await announced(page, 'impression top');
  await page.waitForTimeout(1500);
  assert.deepEqual(await page.evaluate(() => window.events), ['impression top']);
  await page.locator('[data-slot=top] img').scrollIntoViewIfNeeded();
  await announced(page, 'viewable top');
  await paper.counted(b, { impressions: before.impressions + 1 });
  await page.close();
});
