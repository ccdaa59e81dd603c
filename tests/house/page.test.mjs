// What a visitor's page may rely on, in Chromium: viewability as the standard counts it, consent, labels, and that a buyer's markup reaches
// nothing of the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Paper, banner, until } from './lib/paper.mjs';
import { Site, announced } from './lib/site.mjs';

const wide = { width: 970, height: 250 }; // 242,500 pixels: a large ad
// IAB's own example of a TC string: consents to purposes 1, 2 and 3. And one like it without purpose 1.
const yes = 'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA', no = 'COvFyGBOvFyGBAbAAAENAPCAAAAAAAAAAAAAAEEUACCKAAA';

let paper, site;
before(async () => {
  paper = await Paper.start({ sandbox: false });
  site = await Site.start(paper);
});
after(async () => {
  await site?.stop();
  await paper?.stop();
});

const picture = (more = {}) => ({ ...banner(site.acme('/landing'), site.acme('/banner.svg')), ...more });

// A slot with a product of its own, on which only `how` is booked.
async function place(name, product, how, slot = { sizes: [{ width: 300, height: 250 }] }, more = {}) {
  await paper.import({ salesagent_import: 1, tenant: { tenant_id: 'paper' }, slots: [{ slot_id: name, property_id: 'paper', ...slot }],
    products: [{ ...paper.file.products.find((p) => p.product_id === product), product_id: `${name}-product`, ...more,
      ext: { salesagent: { ad_server: { slots: [name] } } } }] });
  const b = await paper.buy({ product: `${name}-product`, brand: `${name}.example`, ...how });
  await paper.ad(name);
  return b;
}

const bought = new Map();
function once(name, make) {
  if (!bought.has(name)) bought.set(name, make());
  return bought.get(name);
}
const small = () => once('small', () => place('small', 'page', { assets: picture() }));

const events = (page) => page.evaluate(() => window.events);
const within = (page, ms) => page.waitForTimeout(ms);

// ---- viewability

// An ad below the edge of the window, of which `pixels` are scrolled into sight.
async function inSight(slot, height, pixels) {
  const page = await site.open('/edge', `<style>body{margin:0}h1{display:none}.salesagent-label{display:none}</style><div style="height:700px"></div><div data-slot="${slot}"></div>
    <div style="height:2000px"></div>${site.tag()}`);
  await announced(page, `impression ${slot}`);
  await page.evaluate((y) => window.scrollTo(0, y), pixels);
  const box = await page.locator(`[data-slot=${slot}] img`).boundingBox();
  assert.equal(Math.round(box.height), height);
  assert.equal(Math.round(700 - box.y), pixels);
  return page;
}

test('half of an ad for a second is a view of it; less, or shorter, is none', async () => {
  await small();
  const less = await inSight('small', 250, 120);
  await within(less, 1700);
  assert.deepEqual(await events(less), ['impression small']);
  await less.close();
  const half = await inSight('small', 250, 130);
  await announced(half, 'viewable small');
  await half.close();
});

// Three times half a second, as the page's own clock has it: a busy machine may make a whole one of it, which says nothing.
async function inParts(page) {
  return page.evaluate(async () => {
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    let longest = 0;
    for (let i = 0; i < 3; i++) {
      const from = performance.now();
      window.scrollTo(0, 200);
      await wait(500);
      window.scrollTo(0, 0);
      longest = Math.max(longest, performance.now() - from);
      await wait(300);
    }
    return longest;
  });
}

test('a second in parts is no second', async () => {
  await small();
  for (let tries = 1; ; tries++) {
    const page = await inSight('small', 250, 0), longest = await inParts(page), seen = await events(page);
    if (longest < 800) assert.deepEqual(seen, ['impression small']);
    else assert.ok(tries < 10, `this machine is too busy: ${longest} ms`);
    if (longest < 800) {
      await page.evaluate(() => window.scrollTo(0, 200));
      await announced(page, 'viewable small');
    }
    await page.close();
    if (longest < 800) break;
  }
});

test('of an ad of 242,500 pixels or more, thirty per cent are enough', async () => {
  const formats = [{ ...paper.file.formats.find((f) => f.format_id.id === 'banner'), format_id: { id: 'wide', ...wide }, name: 'wide',
    renders: [{ role: 'primary', dimensions: { ...wide, unit: 'px' } }] }];
  await paper.import({ salesagent_import: 1, tenant: { tenant_id: 'paper' }, formats });
  site.files.set('/wide.svg', { type: 'image/svg+xml', bytes: '<svg xmlns="http://www.w3.org/2000/svg" width="970" height="250"><rect width="970" height="250"/></svg>' });
  const assets = picture({ primary: { asset_type: 'image', url: site.acme('/wide.svg'), ...wide, format: 'svg' } });
  await place('wide', 'page', { format: 'wide', assets }, { sizes: [wide] }, { format_ids: [{ id: 'wide' }] });
  const less = await inSight('wide', 250, 70);
  await within(less, 1700);
  assert.deepEqual(await events(less), ['impression wide']);
  await less.close();
  const enough = await inSight('wide', 250, 80);
  await announced(enough, 'viewable wide');
  await enough.close();
});

test('a tab that nobody looks at sees nothing, however long', async () => {
  await small();
  const page = await inSight('small', 250, 0);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { get: () => window.shown, configurable: true });
    window.shown = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    window.scrollTo(0, 250);
  });
  await within(page, 1700);
  assert.deepEqual(await events(page), ['impression small']);
  await page.evaluate(() => { window.shown = 'visible'; document.dispatchEvent(new Event('visibilitychange')); });
  await announced(page, 'viewable small');
  await page.close();
});

test('what is asked for is said apart from what could be measured and what was seen', async () => {
  const b = await small(), of = async () => JSON.parse((await paper.agent.cli('ads', 'report', '--media-buy', b.buy, '--json')).stdout).rows[0];
  const page = await inSight('small', 250, 250);
  await announced(page, 'viewable small');
  await page.close();
  const row = await until('counts', async () => { const r = await of(); return r.viewable > 0 && r; });
  assert.ok(row.decisions >= row.impressions && row.impressions >= row.measurable && row.measurable >= row.viewable, JSON.stringify(row));
});

// ---- consent

const tcf = (o) => `<script>window.__tcfapi = function (command, version, done) { setTimeout(function () { done(${JSON.stringify(o)}, true); }, 50); };</script>`;
const gpp = (o) => `<script>window.__gpp = function (command, done) { done(${JSON.stringify(o)}, true); };</script>`;
const kept = (page) => page.evaluate(() => localStorage.getItem('salesagent-visitor'));

// A page with this consent framework: what it asked the ad server, and the id it keeps.
async function asked(framework, { clear = true } = {}) {
  const seen = [], hear = (r) => { if (/\/ads\/d\?/.test(r.url())) seen.push(new URL(r.url()).searchParams); };
  site.context.on('request', hear);
  const page = await site.open('/consent', `${framework}<div data-slot="told"></div>${site.tag('data-consent-wait="600"')}`);
  await announced(page, 'impression told');
  site.context.off('request', hear);
  const id = await kept(page);
  if (clear) await page.evaluate(() => localStorage.clear());
  await page.close();
  return { query: seen[0], id };
}

test('an id is kept with purpose 1 or where GDPR does not apply, and nowhere else; what was kept before is taken away', async () => {
  await once('told', () => place('told', 'page', { assets: picture() }));
  const loaded = { gdprApplies: true, eventStatus: 'tcloaded' };
  const allowed = await asked(tcf({ ...loaded, tcString: yes, purpose: { consents: { 1: true } } }), { clear: false });
  assert.ok(allowed.id && allowed.query.get('visitor') === allowed.id && !allowed.query.has('session'));
  assert.deepEqual([allowed.query.get('gdpr'), allowed.query.get('gdpr_consent')], ['1', yes]);
  const again = await asked(tcf({ ...loaded, tcString: yes, purpose: { consents: { 1: true } } }), { clear: false });
  assert.equal(again.id, allowed.id, 'the same visitor');
  const refused = await asked(tcf({ ...loaded, tcString: no, purpose: { consents: { 1: false, 2: true } } }));
  assert.deepEqual([refused.id, refused.query.has('visitor'), refused.query.has('session')], [null, false, true]);
  assert.equal(refused.query.get('gdpr_consent'), no);
  const elsewhere = await asked(tcf({ gdprApplies: false, eventStatus: 'tcloaded' }));
  assert.ok(elsewhere.id && elsewhere.query.get('gdpr') === '0');
  for (const nobody of ['', tcf({ ...loaded, eventStatus: 'cmpuishown' })]) { // no framework, or one that never ends asking
    const { id, query } = await asked(nobody);
    assert.deepEqual([id, query.has('visitor'), query.has('session')], [null, false, true]);
  }
});

test('GPP\'s string and sections are passed on; no cookie is set by anything', async () => {
  const { query } = await asked(gpp({ gppString: 'DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA', applicableSections: [2] }));
  assert.deepEqual([query.get('gpp'), query.get('gpp_sid')], ['DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA', '2']);
  assert.deepEqual(await site.context.cookies(), []);
});

test('consent reaches the buyer: in trackers, in markup, in the tags of VAST', async () => {
  const macros = 'c={GDPR_CONSENT}&g={GDPR}&p={GPP_STRING}', query = `gdpr=1&gdpr_consent=${yes}&gpp=DBABMA~${yes}&gpp_sid=2`;
  await place('traced', 'page', { assets: picture({ tracker: { asset_type: 'url', url: `https://count.acme.example/p?${macros}`, url_type: 'tracker_pixel' } }) });
  const [traced] = await paper.decide(`slot=traced&${query}`);
  assert.deepEqual(traced.trackers, [`https://count.acme.example/p?c=${yes}&g=1&p=DBABMA~${yes}`]);
  await place('marked', 'rich', { format: 'html', assets: { primary: { asset_type: 'html', content: `<img src="https://count.acme.example/m?${macros}" alt="">` }, click_url: picture().click_url } });
  const [marked] = await paper.decide(`slot=marked&${query}`);
  assert.match(await (await paper.get(marked.frame_url)).text(), new RegExp(`m\\?c=${yes}&(amp;)?g=1`));
  await paper.buy({ product: 'midroll', format: 'vast', brand: 'film.example',
    assets: { vast_tag: { asset_type: 'vast', delivery_type: 'url', url: 'https://video.acme.example/tag?c=[GDPRCONSENT]&d=${GDPR_CONSENT_7}', duration_ms: 15000 } } });
  await until('a film', async () => (await (await paper.get('/ads/v?p=paper&slot=midroll')).text()).includes('<Wrapper>'));
  assert.match(await (await paper.get(`/ads/v?p=paper&slot=midroll&${query}`)).text(), new RegExp(`tag\\?c=${yes}&amp;d=${yes}`));
});

// ---- labels

test('every ad is labelled, with who paid where the publisher\'s country wants it: in the page, in frames, without scripts', async () => {
  await small();
  const page = await site.open('/label', `<div data-slot="small"></div><iframe src="${site.ads}/f/small?p=paper" width="300" height="266"></iframe>${site.tag()}`);
  await announced(page, 'impression small');
  for (const where of [page, page.frameLocator('iframe')]) {
    await where.locator('.salesagent-label').waitFor();
    assert.equal(await where.locator('.salesagent-label').textContent(), 'Advertisement · small.example, paid by acme.example');
  }
  await page.close();
  assert.match(await (await paper.get('/ads/f/small?p=paper')).text(), /<noscript><div class="label">Advertisement · small\.example, paid by acme\.example<\/div>/);
});

// ---- what a buyer's markup reaches

test('a buyer\'s markup has no origin: neither page nor storage, cookies, forms to us or frames around it are within its reach', async () => {
  const probe = `<a href="{CLICK_URL}">x</a><script>
    var out = {}, tries = {
      parent: function () { return parent.document.title; }, top: function () { return top.location.href; }, storage: function () { return localStorage.length; },
      cookie: function () { return document.cookie; }, origin: function () { if (self.origin !== 'null') return self.origin; throw 0; },
      frame: function () { return frameElement && frameElement.id; }
    };
    for (var k in tries) { try { out[k] = tries[k](); } catch (e) { out[k] = 'refused'; } }
    parent.postMessage({ probe: out }, '*');
    fetch(location.protocol + '//' + location.host + '/ads/d?p=paper&slot=small').then(function (r) { return r.text(); }).then(function () { parent.postMessage({ fetched: 'read' }, '*'); },
      function () { parent.postMessage({ fetched: 'refused' }, '*'); });
  </script>`;
  await place('probe', 'rich', { format: 'html', assets: { primary: { asset_type: 'html', content: probe }, click_url: picture().click_url } });
  const page = await site.open('/probe', `<script>window.heard = []; addEventListener('message', function (e) { window.heard.push([e.origin, e.data]); });</script>
    <div data-slot="probe"></div>${site.tag()}`);
  await page.waitForFunction(() => window.heard.length >= 2);
  const heard = await page.evaluate(() => window.heard);
  for (const [origin] of heard) assert.equal(origin, 'null');
  const { probe: got } = heard.map(([, data]) => data).find((d) => d.probe), { fetched } = heard.map(([, data]) => data).find((d) => d.fetched);
  assert.deepEqual({ ...got, frame: got.frame ?? null }, { parent: 'refused', top: 'refused', storage: 'refused', cookie: 'refused', origin: 'refused', frame: null });
  assert.equal(fetched, 'refused');
  await page.close();
});

test('a page of more slots than one request may name is asked for in two, and no slot is left out', async () => {
  const asks = [], page = await site.open('/many', '');
  await page.close();
  site.context.on('request', (r) => { if (/\/ads\/d\?/.test(r.url())) asks.push(new URL(r.url()).searchParams.getAll('slot').length); });
  const many = await site.open('/many', `${Array.from({ length: 40 }, (_, i) => `<div data-slot="none-${i}"></div>`).join('')}${site.tag()}`);
  await announced(many, 'empty none-39');
  assert.deepEqual(asks.toSorted((a, b) => b - a), [32, 8]);
  assert.equal((await events(many)).length, 40);
  await many.close();
});
