// The example page of a sandbox in Chromium: from nothing to a bought ad and its counts, as the README says it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, fits, launch, open, widths } from '../admin/lib/browser.mjs';
import { Agent } from '../integration/lib/agent.mjs';
import { approve, buy } from './lib/demo.mjs';
import { browser as userAgent } from './lib/paper.mjs';

let agent, browser;
before(async () => {
  agent = await Agent.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await agent?.stop();
});

const demo = (o) => open(browser, { agent }, { userAgent, ...o });
const counts = (page, name, n) => page.waitForFunction(([what, want]) => [...document.querySelectorAll('.buy dl div')]
  .some((d) => d.querySelector('dt').textContent === what && d.querySelector('dd').textContent === String(want)), [name, n]);

test('before anything is bought the page says how to buy', async () => {
  for (const width of widths) {
    const page = await demo({ width });
    await page.goto('/demo');
    await page.getByText('Nothing is booked for this page yet.').waitFor();
    await page.getByText('Nothing to show here just now.').first().waitFor();
    await fits(page, `empty, ${width}`);
    await accessible(page, `empty, ${width}`);
    assert.match(await page.textContent('pre'), new RegExp(`"${agent.base}/demo/banner.png"`));
    assert.deepEqual(page.wrong, []);
    await page.leave();
  }
});

test('one create_media_buy, one approval: the page shows the ad, and its counts rise', async () => {
  const page = await demo();
  await page.goto('/demo');
  await page.getByText('Nothing to show here just now.').first().waitFor();
  await buy(agent);
  await approve(agent);
  for (let views = 1; views <= 3; views++) {
    if (views > 1) await page.reload();
    await page.getByText('In sight for a second').waitFor();
    await counts(page, 'impressions', views);
    await counts(page, 'viewable', views);
  }
  await fits(page, 'wide');
  await accessible(page, 'wide');
  const [landing] = await Promise.all([page.context().waitForEvent('page'), page.locator('[data-slot=demo-rectangle] a').click()]);
  await landing.getByText('You clicked').waitFor();
  await accessible(landing, 'landing');
  await counts(page, 'clicks', 1);
  assert.deepEqual(page.wrong, []);
  await page.leave();
  const narrow = await demo({ width: 390 });
  await narrow.goto('/demo');
  await narrow.getByText('an impression is counted').waitFor();
  await fits(narrow, 'narrow');
  await accessible(narrow, 'narrow');
  await narrow.leave();
});

test('a browser that says it is a machine sees the ad; the page says why it does not count', async () => {
  const page = await demo({ userAgent: undefined }); // HeadlessChrome
  await page.goto('/demo');
  await page.getByText('an impression is counted').or(page.getByText('In sight for a second')).waitFor();
  await page.getByText(/events did not count: .*crawler/).waitFor();
  await page.leave();
});

test('what the page of the shell says works as it stands', async () => {
  const page = await demo();
  await page.goto('/demo');
  const [, json] = (await page.textContent('pre')).match(/create_media_buy '([^']*)'/s);
  const r = await agent.cli('call', 'create_media_buy', json);
  assert.equal(r.code, 0, r.stdout + r.stderr);
  await page.leave();
});

test('the demo publisher\'s own file, and settings of its first ad server, leave the page\'s ad server alone', async () => {
  const file = path.resolve(import.meta.dirname, '../../data/demo-publisher.json');
  for (const words of [['import', file], ['tenant', 'set', '--settings', '{"adapter_settings": {"fill_percent": 50}}']]) {
    const r = await agent.cli(...words);
    assert.equal(r.code, 0, r.stdout + r.stderr);
  }
  const { ad_servers } = JSON.parse((await agent.cli('adapter', 'list', '--json')).stdout);
  assert.deepEqual(ad_servers.map((s) => [s.name, s.first]), [['mock', true], ['house', false]]);
});

test('the page exists in a sandbox only', async () => {
  const other = await Agent.start({ sandbox: false });
  for (const path of ['/demo', '/demo/counts', '/demo/banner.png']) assert.equal((await fetch(other.base + path)).status, 404, path);
  await other.stop();
});
