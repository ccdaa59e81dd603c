// VAST as players read it: parsed by @dailymotion/vast-client here, and played by it in Chromium.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { VASTParser } from '@dailymotion/vast-client';
import { Paper, banner, until } from './lib/paper.mjs';
import { Site } from './lib/site.mjs';

const client = readFileSync(createRequire(import.meta.url).resolve('@dailymotion/vast-client').replace('-node', ''));
let paper, site, bought;
before(async () => {
  paper = await Paper.start({ sandbox: false });
  site = await Site.start(paper);
  site.files.set('/vast-client.js', { type: 'text/javascript', bytes: client });
  site.files.set('/film.webm', { type: 'video/webm', bytes: await site.film(2) });
  const { click_url } = banner(site.acme('/landing'));
  bought = await paper.buy({ product: 'preroll', price: 'cpcv', format: 'video', assets: { click_url, video: { asset_type: 'video',
    url: site.acme('/film.webm'), width: 640, height: 360, duration_ms: 2000, format: 'webm' } } });
  await until('a film', async () => (await vast()).includes('<InLine>'));
});
after(async () => {
  await site?.stop();
  await paper?.stop();
});

const vast = async (slot = 'preroll', more = '') => (await paper.get(`/ads/v?p=paper&slot=${slot}${more}`)).text();

async function parsed(text) {
  const { DOMParser } = createRequire(createRequire(import.meta.url).resolve('@dailymotion/vast-client'))('@xmldom/xmldom');
  return new VASTParser().parseVAST(new DOMParser().parseFromString(text, 'text/xml'));
}

test('a player\'s parser finds in VAST 4 and 3 what is to be played, where it leads and what is to be told', async () => {
  for (const version of ['', '&v=3']) {
    const { ads: [ad], version: said } = await parsed(await vast('preroll', version)), [linear] = ad.creatives;
    assert.equal(said, version ? '3.0' : '4.2');
    assert.equal(linear.type, 'linear');
    assert.equal(linear.duration, 2);
    assert.deepEqual(linear.mediaFiles.map((m) => [m.fileURL, m.mimeType, m.width, m.height]), [[site.acme('/film.webm'), 'video/webm', 640, 360]]);
    assert.match(linear.videoClickThroughURLTemplate.url, /\/ads\/click\//);
    for (const event of ['start', 'firstQuartile', 'midpoint', 'thirdQuartile', 'complete']) assert.equal(linear.trackingEvents[event].length, 1, event);
    assert.equal(ad.impressionURLTemplates.length, 1);
    assert.ok(ad.errorURLTemplates.length);
  }
});

test('without an ad the document has none, and an address to tell it to', async () => {
  const text = await vast('midroll'), { ads } = await parsed(text);
  assert.equal(ads.length, 0);
  assert.match(text, /<Error>.*\/ads\/e\/none\?code=\[ERRORCODE\].*<\/Error>/s);
});

test('a player in the page plays the film to its end: an impression, its quartiles, a completed view, a click, once each', async () => {
  const page = await site.open('/film', `<video muted playsinline width="640" height="360"></video><script type="module">
    import { VASTClient, VASTTracker } from '/vast-client.js';
    const client = new VASTClient(), video = document.querySelector('video');
    const { ads: [ad] } = await client.get('${site.ads}/v?p=paper&slot=preroll');
    const [linear] = ad.creatives, tracker = new VASTTracker(client, ad, linear);
    video.src = linear.mediaFiles[0].fileURL;
    tracker.on('clickthrough', (url) => window.open(url));
    video.addEventListener('playing', () => tracker.trackImpression());
    video.addEventListener('timeupdate', () => { tracker.setDuration(video.duration); tracker.setProgress(video.currentTime); });
    video.addEventListener('ended', () => { tracker.complete(); window.events.push('ended'); });
    video.addEventListener('click', () => tracker.click());
    await video.play();
  </script>`);
  const landed = page.context().waitForEvent('page');
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0.5);
  await page.click('video');
  await (await landed).getByText('Landed').waitFor();
  await page.bringToFront();
  await page.waitForFunction(() => window.events.includes('ended'), null, { timeout: 20000 });
  assert.deepEqual(page.wrong, []);
  const totals = await paper.counted(bought, { impressions: 1, completed_views: 1, clicks: 1 });
  assert.equal(totals.spend, 0.02);
  await page.close();
});
