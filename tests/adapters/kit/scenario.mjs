// The life of a buy, in steps: each asks the agent for something as a buyer would, and is over when the agent and the ad server
// both have it. Whatever goes wrong on the way, the end is the same: one order, no duplicates, the right numbers.
import assert from 'node:assert/strict';
import { png } from '../fakes/lib/image.mjs';
import { account } from './stage.mjs';

export const FLIGHT = {
  start: '2026-04-01T00:00:00Z',
  end: '2026-05-01T00:00:00Z',
  later: '2026-05-11T00:00:00Z',
  midway: '2026-04-11T12:00:00Z',
  after: '2026-06-01T00:00:00Z',
};

const same = (a, b) => Date.parse(a) === Date.parse(b);
// Impressions for a budget at 10 a thousand.
export const units = (budget) => budget * 100;

export class Scenario {
  constructor(stage) {
    Object.assign(this, { stage, adapter: stage.adapter, expect: { ...DEFAULTS, ...stage.adapter.expect } });
  }

  // ---- what the ad server has, once it has it ----

  // Waits until the ad server's bookings satisfy `check(order, summary)`; the agent's side is checked by the steps themselves.
  async booked(what, check, options) {
    if (!this.stage.fake) return;
    await this.stage.until(
      `the ad server to have ${what}`,
      async () => {
        const s = await this.stage.summary();
        assert.deepEqual(s.duplicates, []);
        assert.equal(s.orders.length, 1, 'one order');
        check(s.orders[0], s);
        return true;
      },
      options,
    );
  }

  line(order, index) {
    const line = order.lines.find((l) => this.expect.isPackage(l, this.packages[index]));
    assert.ok(line, `package ${this.packages[index]} is not among ${order.lines.map((l) => `${l.external_id} ${l.name}`)}`);
    return line;
  }

  creative(id, rgb) {
    if (this.adapter.creative) return this.adapter.creative(this.stage, id);
    const file = this.stage.file(`${id}.png`, png(300, 250, rgb)),
      format = { agent_url: this.stage.agent.base, id: 'fmt-display-300x250' };
    const made = {
      creative_id: id,
      name: `Banner ${id}`,
      format_id: format,
      assets: {
        primary: { asset_type: 'image', url: file.url, width: 300, height: 250, format: 'png' },
        click_url: { asset_type: 'url', url: 'https://acme.example/landing' },
      },
    };
    return { made, sha256: file.sha256 };
  }

  running(line, creative) {
    const active = line.creatives.filter((c) => c.state === 'ACTIVE');
    assert.equal(active.length, 1, `one active creative, not ${active.map((c) => c.name)}`);
    if (this.adapter.bytes) assert.equal(active[0].bytes?.sha256, creative.sha256, 'the very bytes of the buyer');
  }

  // ---- the steps ----

  async book() {
    const made = await this.stage.change('create_media_buy', {
      brand: account.brand,
      start_time: FLIGHT.start,
      end_time: FLIGHT.end,
      packages: [
        { product_id: 'kit-one', pricing_option_id: 'cpm', budget: 1500, targeting_overlay: { geo_countries: ['US'] } },
        { product_id: 'kit-two', pricing_option_id: 'cpm', budget: 2500 },
      ],
    });
    assert.ok(made.media_buy_id, JSON.stringify(made));
    Object.assign(this, { id: made.media_buy_id, packages: made.packages.map((p) => p.package_id), budgets: [1500, 2500], end: FLIGHT.end });
    await this.booked(
      'the order and its lines',
      (order) => {
        assert.equal(order.lines.length, 2);
        assert.ok(this.expect.isBooked(order), `the order is ${order.state}`);
        [0, 1].forEach((i) => this.checkLine(order, i));
        assert.deepEqual(this.expect.countries(this.line(order, 0)), ['US']);
      },
      this.adapter.patience,
    );
  }

  checkLine(order, i) {
    const line = this.line(order, i);
    assert.equal(line.goal.units, this.expect.units(this.budgets[i]));
    assert.equal(line.rate_micros, this.expect.rateMicros);
    assert.ok(same(line.start, FLIGHT.start) || line.start === this.expect.day?.(FLIGHT.start), `it starts at ${line.start}`);
    assert.ok(same(line.end, this.end) || line.end === this.expect.day?.(this.end), `it ends at ${line.end}`);
    return line;
  }

  async creatives() {
    this.banners = [this.creative('kit-cr-1', [200, 0, 0]), this.creative('kit-cr-2', [0, 200, 0])];
    await this.stage.change('sync_creatives', {
      creatives: this.banners.map((b) => b.made),
      assignments: this.banners.map((b, i) => ({ creative_id: b.made.creative_id, package_id: this.packages[i] })),
    });
    await this.booked('both creatives', (order) => [0, 1].forEach((i) => this.running(this.line(order, i), this.banners[i])));
    await this.stage.until('the buy to wait for its flight', async () => (await this.stage.buy(this.id)).status === 'pending_start');
  }

  async update(change) {
    const said = await this.stage.change('update_media_buy', { media_buy_id: this.id, ...change });
    assert.ok(said.media_buy_id === this.id || said.status === 'completed', JSON.stringify(said));
    return said;
  }

  async pauseOne() {
    await this.update({ packages: [{ package_id: this.packages[1], paused: true }] });
    await this.booked('one line paused', (order) => {
      assert.ok(this.expect.isPaused(this.line(order, 1)), this.line(order, 1).state);
      assert.ok(!this.expect.isPaused(this.line(order, 0)), this.line(order, 0).state);
    });
  }

  async budget() {
    this.budgets[0] = 2000;
    await this.update({ packages: [{ package_id: this.packages[0], budget: 2000 }] });
    await this.booked('the new goal', (order) => this.checkLine(order, 0));
  }

  async dates() {
    this.end = FLIGHT.later;
    await this.update({ end_time: FLIGHT.later });
    await this.booked('the new end', (order) => [0, 1].forEach((i) => this.checkLine(order, i)));
  }

  async targeting() {
    await this.update({ packages: [{ package_id: this.packages[0], targeting_overlay: { geo_countries: ['US', 'CA'] } }] });
    await this.booked('the new targeting', (order) => assert.deepEqual(this.expect.countries(this.line(order, 0)).sort(), ['CA', 'US']));
  }

  async swap() {
    const next = this.creative('kit-cr-3', [0, 0, 200]);
    await this.stage.change('sync_creatives', { creatives: [next.made] });
    await this.update({ packages: [{ package_id: this.packages[0], creative_assignments: [{ creative_id: next.made.creative_id }] }] });
    await this.booked('the other creative', (order) => this.running(this.line(order, 0), next));
  }

  // In the midst of the flight the agent's numbers are the ad server's.
  async report() {
    await this.stage.moveTo(FLIGHT.midway);
    await this.numbers();
  }

  async numbers() {
    await this.stage.until(
      'the numbers',
      async () => {
        if (this.stage.fake) await this.stage.fake.clock({ freeze: true });
        const wanted = await this.stage.summary(); // where time had to be moved on, there is more by now
        const {
          media_buy_deliveries: [d],
        } = await this.stage.call('get_media_buy_delivery', { account, media_buy_ids: [this.id] });
        assert.ok(d, 'a delivery');
        const of = (id) => d.by_package.find((p) => p.package_id === id);
        assert.ok(of(this.packages[0]).impressions > 0, 'something was delivered');
        assert.ok(d.totals.spend <= this.budgets[0] + this.budgets[1], 'no more was spent than agreed');
        for (const [i, id] of this.packages.entries()) {
          if (wanted) this.sameNumbers(of(id), this.line(wanted.orders[0], i));
          assert.ok(of(id).impressions <= units(this.budgets[i]), 'no more was delivered than booked');
        }
        return true;
      },
      { step_s: 1800 },
    );
  }

  sameNumbers(said, line) {
    assert.equal(said.impressions, line.delivered.impressions);
    assert.equal(Math.round(said.spend * 1e6), line.delivered.spend_micros);
    if (this.expect.clicks) assert.equal(said.clicks, line.delivered.clicks);
  }

  async cancel() {
    await this.update({ canceled: true });
    await this.booked('everything stopped', (order) =>
      assert.ok(this.expect.isCanceled(order), `${order.state}: ${order.lines.map((l) => l.state)}`),
    );
    await this.stage.until('the buy to be canceled', async () => (await this.stage.buy(this.id)).status === 'canceled');
    if (!this.stage.fake) return;
    const before = await this.stage.summary();
    await this.stage.fake.clock({ now: FLIGHT.after });
    const {
      orders: [order],
    } = await this.stage.summary();
    assert.deepEqual(
      order.lines.map((l) => l.delivered.impressions),
      before.orders[0].lines.map((l) => l.delivered.impressions),
      'nothing comes afterwards',
    );
  }

  // Runs the steps, `between(step)` after each.
  async run({ from = STEPS[0], between = () => undefined } = {}) {
    for (const step of STEPS.slice(STEPS.indexOf(from))) {
      await this[step]();
      await between(step);
    }
  }
}

export const STEPS = ['book', 'creatives', 'pauseOne', 'budget', 'dates', 'targeting', 'swap', 'report', 'cancel'];

// How the ad server's words are read, unless the adapter says otherwise.
const DEFAULTS = {
  units,
  rateMicros: 10_000_000,
  clicks: true,
  day: undefined, // for ad servers whose flights have days and no times: (ISO time) => day
  isPackage: (line, packageId) => [line.external_id, line.name].some((text) => String(text ?? '').includes(packageId)),
  isBooked: (order) => !['DRAFT', 'PENDING_APPROVAL'].includes(order.state),
  isPaused: (line) => /^PAUSED/.test(line.state),
  isCanceled: (order) =>
    ['ARCHIVED', 'CANCELED', 'PAUSED'].includes(order.state) || order.lines.every((l) => !['READY', 'DELIVERING', 'ACTIVE'].includes(l.state)),
  countries: () => {
    throw new Error("expect.countries(line) reads the countries of a line's targeting");
  },
};
