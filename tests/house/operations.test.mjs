// What the publisher's people ask and change: slots, reports, and why something is not shown. By the shell, as people do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeDocument } from '../conformance/lib/schemas.mjs';
import { Session } from '../admin/lib/desk.mjs';
import { Paper, banner, until } from './lib/paper.mjs';

let paper;
before(async () => { paper = await Paper.start(); });
after(() => paper.stop());

const run = async (...words) => JSON.parse((await ok(...words, '--json')).stdout);
async function ok(...words) {
  const r = await paper.agent.cli(...words);
  assert.equal(r.code, 0, `${words.join(' ')}: ${r.stdout}${r.stderr}`);
  return r;
}

test('slots are listed with the products that are sold on them, made, changed and removed', async () => {
  const { slots } = await run('slot', 'list');
  assert.equal(slots.length, 7);
  assert.deepEqual(slots.find((s) => s.slot_id === 'side'), { slot_id: 'side', property_id: 'paper', medium: 'display', sizes: ['300x250'],
    section: 'sport', key_values: { mood: ['calm'] }, scripts: true, products: ['sport'] });
  const made = await run('slot', 'set', 'roof', '--property', 'paper', '--sizes', '728x90,970x250');
  assert.deepEqual(made.slot.sizes, ['728x90', '970x250']);
  const changed = await run('slot', 'set', 'roof', '--section', 'politics');
  assert.deepEqual([changed.slot.sizes, changed.slot.section], [['728x90', '970x250'], 'politics']);
  const homeless = await paper.agent.cli('slot', 'set', 'nowhere', '--property', 'other');
  assert.equal(homeless.code, 1);
  assert.match(homeless.stderr, /no property of this id/);
  const sold = await paper.agent.cli('slot', 'remove', 'side');
  assert.match(sold.stderr, /sport is sold on this slot/);
  await ok('slot', 'remove', 'roof');
  assert.equal((await run('slot', 'list')).slots.length, 7);
  assert.match((await ok('slot', 'list')).stdout, /side .*300x250/);
});

test('adagents.json has the slots as placements of their properties, as AdCP publishes them', async () => {
  const adagents = await (await fetch(`${paper.base}/.well-known/adagents.json`)).json(), { slots } = await run('slot', 'list');
  assert.deepEqual(adagents.placements.map((p) => [p.placement_id, p.property_ids, p.channels]),
    slots.map((s) => [s.slot_id, ['paper'], [s.medium === 'video' ? 'olv' : 'display']]));
  for (const line of ['3.0', '3.1']) {
    const wrong = judgeDocument(line, 'adagents', adagents);
    assert.ok(wrong === null || wrong === undefined, `${line}: ${wrong}`); // undefined: its schema is not at hand
  }
  assert.equal(judgeDocument('3.0', 'adagents', { ...adagents, placements: [{ placement_id: 'no-name' }] }) === null, false);
});

test('a slot that is made is served at once, and one that is removed is not', async () => {
  await run('slot', 'set', 'new', '--property', 'paper', '--sizes', '300x250');
  const file = { salesagent_import: 1, tenant: { tenant_id: 'paper' }, products: [{ ...paper.file.products.find((p) => p.product_id === 'page'), product_id: 'newest',
    ext: { salesagent: { ad_server: { slots: ['new'] } } } }] };
  await paper.import(file);
  await paper.buy({ product: 'newest' });
  await paper.ad('new');
  await paper.import({ ...file, products: [{ ...file.products[0], ext: { salesagent: { ad_server: { slots: ['top'] } } } }] });
  await ok('slot', 'remove', 'new');
  await until('no more ads', async () => (await paper.decide('slot=new')).length === 0);
});

test('a report has every number once, by package, day, creative and slot, and what was filtered beside it', async () => {
  const b = await paper.buy({ product: 'plain' }), ad = await paper.ad('plain');
  await paper.see(ad);
  await paper.get(ad.measurable_url);
  await paper.get(ad.impression_url); // again: filtered
  await sleep(1100);
  await paper.get(ad.viewable_url);
  await paper.get(ad.click_url);
  const bot = await paper.ad('plain', { headers: { 'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)' } });
  await paper.get(bot.impression_url);
  await paper.counted(b, { impressions: 1, clicks: 1 });
  const report = (...by) => run('ads', 'report', '--media-buy', b.buy, ...(by.length ? ['--by', by.join(',')] : []));
  const { rows: [row], timezone } = await report('package', 'day', 'creative', 'slot');
  assert.equal(timezone, 'Europe/Berlin');
  assert.deepEqual([row.package_id, row.creative_id, row.principal_id, row.slot_id, row.media_buy_id], [b.pkg, b.creative, 'buyer', 'plain', b.buy]);
  assert.equal(row.day, new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(paper.agent.now()));
  assert.deepEqual([row.impressions, row.measurable, row.viewable, row.clicks, row.gross_impressions, row.gross_clicks, row.filtered], [1, 1, 1, 1, 3, 1, 2]);
  assert.deepEqual(row.filtered_by.map((f) => [f.reason, f.count]).toSorted(), [['bot', 1], ['used', 1]]);
  assert.deepEqual([row.currency, row.spend, row.requests], ['EUR', 0.01, undefined]);
  for (const by of [[], ['day'], ['creative'], ['slot'], ['slot', 'day']]) {
    const { rows } = await report(...by);
    assert.deepEqual(rows.map((r) => [r.impressions, r.clicks]), [[1, 1]], by.join());
  }
  const csv = (await ok('ads', 'report', '--media-buy', b.buy, '--by', 'package,slot', '--csv')).stdout.trim().split('\r\n');
  assert.equal(csv.length, 2);
  assert.match(csv[0], /^"day","media_buy_id","package_id",/);
  assert.ok(csv[1].includes(b.pkg) && csv[1].includes('plain'), csv[1]);
  assert.deepEqual((await run('ads', 'report', '--media-buy', b.buy, '--from', '2020-01-01', '--until', '2020-01-02')).rows, []);
  for (const [words, said] of [[['--from', '2026-02-30'], /a date like/], [['--from', '2020-01-01', '--until', '2026-01-01'], /at most 366/],
    [['--media-buy', 'mb-nobodys'], /no media buy of that id/], [['--by', 'weather'], /weather|one of/]]) {
    const r = await paper.agent.cli('ads', 'report', ...words);
    assert.notEqual(r.code, 0, words.join(' '));
    assert.match(r.stderr, said);
  }
});

test('of each slot is said what was asked for, how much of it got an ad, and what it brought; by the shell, as CSV and at the desk', async () => {
  const b = await paper.buy({ product: 'letter' });
  const mail = { headers: { referer: '' } }, picture = () => paper.get('/ads/i/letter?p=paper&k=report', mail);
  await until('the letter', async () => (await picture()).status === 302);
  for (let i = 0; i < 4; i++) await paper.decide('slot=midroll'); // nothing is booked there
  await paper.decide('slot=midroll', { headers: { 'user-agent': 'curl/8.5.0' } }); // no request of a person
  const slots = async () => Object.fromEntries((await run('ads', 'report', '--by', 'slot')).rows.map((r) => [r.slot_id, r]));
  const { letter, midroll } = await until('all of it', async () => { const s = await slots(); return s.midroll?.requests === 4 && s.letter?.impressions && s; });
  assert.deepEqual([midroll.decisions, midroll.fill, midroll.spend], [0, 0, undefined]);
  assert.ok(letter.requests >= letter.decisions && letter.decisions === letter.impressions);
  assert.equal(letter.fill, Math.round(10000 * letter.decisions / letter.requests) / 10000);
  assert.deepEqual([letter.currency, letter.spend], ['EUR', (await paper.delivery(b)).totals.spend]);
  const [head, ...lines] = (await ok('ads', 'report', '--by', 'slot')).stdout.split('\n').slice(3);
  assert.deepEqual(head.trim().split(/ +/), ['slot_id', 'requests', 'decisions', 'fill', 'impressions', 'measurable', 'viewable', 'clicks', 'spend', 'currency',
    'starts', 'completes', 'gross_impressions', 'gross_clicks', 'filtered']);
  assert.match(lines.find((l) => l.startsWith('midroll')), /^midroll +4 +0 +0\.0 +0 /);
  const csv = (await ok('ads', 'report', '--by', 'slot', '--csv')).stdout.trim().split('\r\n').map((l) => l.split(','));
  const cell = (slot, name) => csv.find((l) => l.includes(`"${slot}"`))[csv[0].indexOf(`"${name}"`)];
  assert.deepEqual(['requests', 'fill', 'spend', 'currency'].map((n) => cell('letter', n)), [String(letter.requests), String(letter.fill), String(letter.spend), '"EUR"']);
  const desk = await Session.by(paper.agent, new URL((await run('user', 'link')).url).pathname);
  const view = await desk.view('/admin/ads');
  assert.equal(view.found.rows.find((r) => r.slot_id === 'midroll').requests, 4);
  const page = await desk.get('/admin/ads?by=slot');
  assert.match(page.text, /data-l="Money" class="num">0\.\d\d EUR/);
  const file = await desk.get('/admin/ads.csv?by=slot');
  assert.match(file.headers.get('content-disposition'), /attachment; filename="ads\.csv"/);
  const line = file.text.split('\r\n').find((l) => l.includes('"letter"')).split(','), names = file.text.split('\r\n')[0].split(',');
  assert.deepEqual(['requests', 'spend', 'currency'].map((n) => line[names.indexOf(n)]), [String(letter.requests), String(letter.spend), '"EUR"']);
  for (const by of ['package', 'day', 'creative', 'slot-day', 'package-day']) assert.equal((await desk.get(`/admin/ads?by=${by}`)).status, 200, by);
  const ofBuy = await desk.view(`/admin/ads?by=slot&buy=${b.buy}`);
  assert.deepEqual(ofBuy.found.rows.map((r) => [r.slot_id, r.requests]), [['letter', undefined]]);
  assert.match((await desk.get(`/admin/ads/why?buy=${b.buy}`)).text, /nothing keeps it from being shown/);
  assert.equal((await desk.get('/admin/ads?from=2026-01-01&until=2020-01-01')).status, 422);
});

test('why a package is not shown is said in words: paused, without creatives, filtered, in the wrong size, not for this visitor', async () => {
  const b = await paper.buy({ product: 'sport' }); // asks for mood: calm, which its slot says
  await paper.ad('side');
  const why = async (buy = b.buy) => (await run('ads', 'why', buy)).packages[0];
  await until('shown', async () => (await why()).shown > 0);
  assert.equal((await why()).now, 'shown');
  await paper.decide('slot=side@728x90');
  await until('another size', async () => (await why()).kept_off.some((k) => k.reason === 'size' && k.count >= 1));
  await paper.pause(b);
  await until('paused', async () => (await why()).now === 'paused');
  assert.match((await why()).because, /paused/);
  assert.match((await ok('ads', 'why', b.buy)).stdout, /paused/);
  const german = await paper.buy({ product: 'rich', format: 'html', assets: { primary: { asset_type: 'html', content: '<p>x</p>' }, click_url: banner().click_url },
    more: { targeting_overlay: { geo_countries: ['DE'] } } });
  await until('unknown country', async () => {
    await paper.decide('slot=foot');
    return (await why(german.buy))?.kept_off.some((k) => k.reason === 'country');
  });
});
