// The built-in ad server in Chromium: pages of a publisher on origins of their own, in production's mode.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Paper, banner } from './lib/paper.mjs';
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
