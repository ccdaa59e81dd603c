// Availability and sales at the desk: what is left, whether a flight fits, what was delivered and is billed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Session, buy, creative, json, later, people, roles, start } from './lib/desk.mjs';

const product = 'prod-tech-display-001'; // 150,000 a day at 12.50 a thousand
let agent, sessions, running;
before(async () => {
  ({ agent, sessions } = await start({ args: ['--clock', '2027-03-01T08:00:00Z'] }));
  running = await buy(agent, '=Runs, "well"', { budget: 5000, from: 1, to: 20 }); // 400,000 over 20 days
  await json(agent, 'task', 'approve', running.task_id);
  await json(agent, 'creative', 'approve', await creative(agent, running.media_buy_id));
  agent = await later(agent, '2027-03-11T08:00:00Z');
  for (const role of roles) sessions[role] = await Session.of(agent, people[role]);
});
after(() => agent.stop());

const view = (query) => sessions.viewer.view(`/admin/availability${query}`);

test('each day shows what is sold, held and left, and a day is never sold twice', async () => {
  const { found, heads } = await view('?days=28');
  assert.equal(found.days.length, 28);
  assert.equal(found.days[0], '2027-03-11');
  assert.equal(heads[0], '11 Mar');
  const p = found.products.find((x) => x.product_id === product);
  for (const d of p.days) {
    assert.equal(d.sold + d.held + d.left, p.capacity, d.date);
    assert.equal(d.sold > 0, d.date <= '2027-03-21', d.date);
  }
  assert.ok(p.days[0].sold >= 19000 && p.days[0].sold <= 21000, String(p.days[0].sold));
  assert.equal(p.days.at(-1).sold, 0);
  assert.deepEqual((await view('?text=Prod-Tech-Video-001')).found.products.map((x) => x.product_id), ['prod-tech-video-001']);
  const first = await json(agent, 'product', 'days', '--limit', '2');
  const rest = await json(agent, 'product', 'days', '--limit', '2', '--after', String(first.next));
  assert.equal(new Set([...first.products, ...rest.products].map((x) => x.product_id)).size, first.products.length + rest.products.length);
});

test('whether a flight fits is answered as a buy would be judged', async () => {
  const ask = async (n) => (await view(`?for=${product}&impressions=${n}&first=2027-03-22&last=2027-03-25`)).fits;
  assert.deepEqual([(await ask(600000)).fits, (await ask(600001)).fits], [true, false]);
  const busy = async (n) => (await view(`?for=${product}&impressions=${n}&first=2027-03-15&last=2027-03-18`)).fits;
  const { left } = await busy(1);
  assert.ok(left < 600000 && left > 400000, String(left));
  // A buy of exactly what is left is taken, of more refused: the same judge.
  const order = async (impressions) => (await agent.call('create_media_buy', { name: 'Exactly', total_budget: impressions / 80,
    packages: [{ product_id: product, pricing_option_id: 'price-001', budget: impressions / 80, start_date: '2027-03-15', end_date: '2027-03-18' }] })).body.result;
  const even = Math.floor(left / 8000) * 8000;
  assert.ok((await order(even + 16000)).isError, 'more than is left');
  assert.ok(!(await order(even)).isError, 'what is left');
  assert.equal((await view('?for=prod-ron-display-001&impressions=99999999&first=2027-03-15&last=2027-03-16')).fits.guaranteed, false);
  for (const bad of ['?for=&impressions=5', `?for=${product}&impressions=five&first=2027-03-15&last=2027-03-16`, `?for=${product}&impressions=5`]) {
    const r = await sessions.viewer.get(`/admin/availability${bad}`);
    assert.equal(r.status, 422, bad);
    assert.match(r.text, /name the product, a whole number/);
  }
  assert.equal((await sessions.viewer.get(`/admin/availability?for=${product}&impressions=5&first=2027-03-15&last=2027-03-01`)).status, 422);
  assert.equal((await sessions.viewer.get('/admin/availability?for=none&impressions=5&first=2027-03-15&last=2027-03-16')).status, 404);
});

const sales = (query) => sessions.viewer.view(`/admin/sales?from=2027-03-01&to=2027-03-31&${query}`);

test('sales are what the media buy shows, whatever they are summed by', async () => {
  const { media_buy } = await json(agent, 'buy', 'show', running.media_buy_id);
  for (const by of ['month', 'advertiser', 'product', 'buyer', 'media_buy']) {
    const { found } = await sales(`by=${by}`);
    assert.equal(found.rows.length, 1, by);
    assert.ok(Math.abs(found.rows[0].spend - media_buy.spend) < 0.2, `${by}: ${found.rows[0].spend} of ${media_buy.spend}`);
    assert.ok(found.rows[0].billable <= found.rows[0].spend && found.rows[0].billable <= 5000);
    assert.equal(found.totals[0].spend, found.rows[0].spend);
    assert.equal(found.totals[0].currency, 'USD');
  }
  assert.equal((await sales('by=product')).found.rows[0].name, 'Tech Audience - Premium Display');
  assert.deepEqual((await sessions.viewer.view('/admin/sales?from=2027-04-01&to=2027-04-30')).found.rows, []);
  const halves = await Promise.all(['from=2027-03-01&to=2027-03-05', 'from=2027-03-06&to=2027-03-31'].map((q) => sessions.viewer.view(`/admin/sales?${q}`)));
  const sum = halves.reduce((x, h) => x + h.found.totals[0].spend, 0);
  assert.ok(Math.abs(sum - media_buy.spend) < 0.2, 'parts add up to the whole');
  assert.equal((await sessions.viewer.get('/admin/sales?from=2027-03-31&to=2027-03-01')).status, 422);
  assert.equal((await sessions.viewer.get('/admin/sales?after=nonsense')).status, 422);
});

test('the file holds the same, and what a spreadsheet would run is text', async () => {
  const r = await sessions.viewer.get('/admin/sales.csv?from=2027-03-01&to=2027-03-31&by=media_buy');
  assert.equal(r.status, 200);
  assert.match(r.headers.get('content-type'), /^text\/csv/);
  assert.match(r.headers.get('content-disposition'), /attachment; filename="sales\.csv"/);
  const [head, row] = r.text.split('\r\n');
  assert.equal(head, 'key,name,currency,media_buys,impressions,delivered,billable');
  assert.match(row, new RegExp(`^"${running.media_buy_id}","'=Runs, ""well""","USD",1,\\d+,[\\d.]+,[\\d.]+$`));
  assert.equal((await new Session(agent).get('/admin/sales.csv')).status, 303);
});
