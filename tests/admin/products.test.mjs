// Products at the desk: changed by a form made of the schema, copied, taken off sale and put back, tried as a buyer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './lib/browser.mjs';
import { buy, json, start } from './lib/desk.mjs';

const display = '/admin/products/prod-tech-display-001';
let agent, sessions, bought;
before(async () => {
  ({ agent, sessions } = await start());
  bought = await buy(agent, 'Of a product');
  await json(agent, 'task', 'approve', bought.task_id);
});
after(() => agent.stop());

const stored = async (id) => (await json(agent, 'product', 'show', id)).product;
const offered = async (id) => (await agent.call('get_products', {})).body.result.structuredContent.products.some((p) => Object.values(p).includes(id));

// What a browser would post without touching anything.
function asItIs(fields) {
  const form = {}, add = (k, v) => { form[k] = [...(form[k] ?? []), v]; };
  const leaf = (f) => {
    if (f.had) add('had', f.path);
    if (f.kind === 'checks') { add(f.path, ''); for (const k of f.choices) if (k.chosen) add(f.path, k.value); } else add(f.path, f.value ?? '');
  };
  for (const f of fields) {
    if (f.kind !== 'rows') { leaf(f); continue; }
    for (const row of f.rows) { add(row.path, row.base); row.cells.forEach(leaf); }
  }
  return form;
}

test('the form of a product that nobody touched changes nothing', async () => {
  const before = await stored('prod-tech-display-001');
  const { fields } = await sessions.administrator.view(`${display}/edit`);
  for (const path of ['f.name', 'f.description', 'f.pricing_options', 'f.format_ids', 'f.ext.salesagent.ad_server', 'f.ext.salesagent.capacity.daily_impressions'])
    assert.ok(fields.some((f) => f.path === path), path);
  const head = (await json(agent, 'audit', 'head')).seq;
  const r = await sessions.administrator.post(`${display}/edit`, asItIs(fields));
  assert.equal(r.headers.get('location'), `${display}?said=changed`, r.text);
  assert.deepEqual(await stored('prod-tech-display-001'), before);
  assert.equal((await json(agent, 'audit', 'head')).seq, head, 'nothing changed, nothing in the trail');
});

test('a name, a price, a format and a capacity are changed, and what the form does not show stays', async () => {
  const before = await stored('prod-tech-display-001');
  const { fields } = await sessions.administrator.view(`${display}/edit`);
  const form = asItIs(fields);
  form['f.name'] = 'Développeurs <b>';
  form['f.description'] = 'Two\r\nlines';
  form['f.pricing_options.0.fixed_price'] = '13.75';
  form['f.pricing_options.1.pricing_option_id'] = ''; // removed
  form['f.format_ids'] = ['', 'fmt-display-300x250'];
  form['f.ext.salesagent.capacity.daily_impressions'] = '90000';
  form['f.ext.salesagent.approval_policy'] = 'review';
  const r = await sessions.administrator.post(`${display}/edit`, form);
  assert.equal(r.status, 303, r.text);
  const now = await stored('prod-tech-display-001');
  assert.equal(now.name, 'Développeurs <b>');
  assert.equal(now.description, 'Two\nlines');
  assert.deepEqual(now.pricing_options, [{ ...before.pricing_options[0], fixed_price: 13.75 }]);
  assert.deepEqual(now.format_ids, [{ id: 'fmt-display-300x250' }]);
  assert.deepEqual(now.ext.salesagent, { ...before.ext.salesagent, capacity: { daily_impressions: 90000 }, approval_policy: 'review' });
  assert.deepEqual(now.reporting_capabilities, before.reporting_capabilities);
  assert.match((await sessions.viewer.get(display)).text, /Développeurs &lt;b&gt;/);
  const { entries: [last] } = await json(agent, 'audit', 'list', '--subject', 'product:prod-tech-display-001');
  assert.equal(last.action, 'product.set');
  assert.equal(last.actor, 'operator:ada');
  const again = asItIs((await sessions.administrator.view(`${display}/edit`)).fields);
  again['f.ext.salesagent.capacity.daily_impressions'] = ''; // emptied
  assert.equal((await sessions.administrator.post(`${display}/edit`, again)).status, 303);
  assert.equal((await stored('prod-tech-display-001')).ext.salesagent.capacity.daily_impressions, undefined);
});

test('what is wrong is said, nothing changes, and the form keeps what was written', async () => {
  const before = await stored('prod-ron-display-001');
  const where = '/admin/products/prod-ron-display-001/edit';
  const { fields } = await sessions.administrator.view(where);
  for (const [path, value, why] of [['f.pricing_options.0.fixed_price', '4,50', /Fixed price: a number is needed/], ['f.name', '', /name/],
    ['f.pricing_options.0.currency', 'Euro', /currency/], ['f.ext.salesagent.ad_server', '{"name": ', /no JSON/],
    ['f.format_ids', ['', 'fmt-none'], /no creative format/], ['f.description', 'x'.repeat((2 << 20) + 1), /holds more than a page takes/]]) {
    const r = await sessions.administrator.post(where, { ...asItIs(fields), 'f.ext.salesagent.min_lead_hours': '7', [path]: value });
    assert.equal(r.status, 422, path);
    assert.match(r.text, why, path);
    if (path !== 'f.description') assert.match(r.text, /name="f\.ext\.salesagent\.min_lead_hours" value="7"/, `${path}: what was written is kept`);
  }
  assert.deepEqual(await stored('prod-ron-display-001'), before);
});

test('a product is taken off sale: buyers see it no more, what is booked runs on, and it comes back', async () => {
  assert.equal((await sessions.viewer.post(`${display}/sale`, { sale: 'off' })).status, 403);
  const off = await sessions.operator.post(`${display}/sale`, { sale: 'off' });
  assert.equal(off.headers.get('location'), `${display}?said=off`);
  assert.equal(await offered('prod-tech-display-001'), false);
  const { media_buy } = await json(agent, 'buy', 'show', bought.media_buy_id);
  assert.ok(!['canceled', 'rejected', 'failed'].includes(media_buy.status), media_buy.status);
  const list = async (sale) => (await sessions.viewer.view(`/admin/products?sale=${sale}`)).found.products.map((p) => p.product_id);
  assert.deepEqual(await list('off'), ['prod-tech-display-001']);
  assert.equal((await sessions.administrator.post(`${display}/remove`, {})).status, 409, 'it was sold');
  await sessions.operator.post(`${display}/sale`, { sale: 'on' });
  assert.equal(await offered('prod-tech-display-001'), true);
  assert.deepEqual(await list('off'), []);
});

test('a copy and a new one begin off sale; who never was sold can be removed', async () => {
  const ada = sessions.administrator;
  const copy = await ada.post('/admin/products', { id: 'copy-1', name: 'A copy', copy_of: 'prod-tech-video-001' });
  assert.equal(copy.headers.get('location'), '/admin/products/copy-1/edit?said=added', copy.text);
  assert.equal((await json(agent, 'product', 'show', 'copy-1')).on_sale, false);
  assert.equal(await offered('copy-1'), false);
  const bare = await ada.post('/admin/products', { id: 'fresh', name: 'Fresh', description: 'New <i>here</i>' });
  assert.equal(bare.status, 422);
  assert.match(bare.text, /needs a price/);
  assert.match(bare.text, /New &lt;i&gt;here/);
  const fresh = await ada.post('/admin/products', { id: 'fresh', name: 'Fresh', description: 'New', price: '3.5', model: 'cpm', currency: 'EUR' });
  assert.equal(fresh.status, 303, fresh.text);
  assert.deepEqual((await stored('fresh')).pricing_options, [{ pricing_option_id: 'price-1', pricing_model: 'cpm', currency: 'EUR', fixed_price: 3.5 }]);
  assert.equal((await ada.post('/admin/products', { id: 'fresh', copy_of: 'copy-1' })).status, 409);
  assert.equal((await ada.post('/admin/products', { id: 'no spaces', copy_of: 'copy-1' })).status, 422);
  for (const id of ['copy-1', 'fresh']) assert.equal((await ada.post(`/admin/products/${id}/remove`, {})).headers.get('location'), '/admin/products?said=removed');
  assert.equal((await ada.get('/admin/products/fresh')).status, 404);
  assert.equal((await ada.post('/admin/products/none/edit', {})).status, 404);
});

test('a brief is tried, and a product is changed, in a browser without scripts', async () => {
  const browser = await launch();
  try {
    const page = await open(browser, sessions.administrator, { scripts: false });
    await page.goto('/admin/products');
    await page.getByRole('link', { name: 'As a buyer sees it' }).click();
    await page.getByRole('textbox').fill('video for developers');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByRole('link', { name: 'Tech Audience - Video Pre-Roll' }).click();
    await page.getByRole('link', { name: 'Change' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Pre-roll for makers');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Pre-roll for makers' }).waitFor();
    await page.leave();
  } finally {
    await browser.close();
  }
  assert.deepEqual((await stored('prod-tech-video-001')).pricing_options.length, 1);
});
