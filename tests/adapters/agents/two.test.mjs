// A media buy on two ad servers, over the fakes of both: nothing delivers before both have taken their part; when one refuses, a task
// offers to go on without it or to end everywhere; and it does not matter when the agent is killed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stage, account } from '../kit/stage.mjs';
import { FLIGHT } from '../kit/scenario.mjs';
import { startFake } from '../lib/fake.mjs';
import { gam } from './gam.mjs';

const CLOCK = '2026-03-01T00:00:00Z';
const only = new RegExp(process.env.KIT_TITLES ?? '');

// The operation of each side that makes an order.
const SIDES = { web: 'BatchCreateOrders', rest: 'POST /v1/campaign' };
// A line that waits for creatives and nothing else has been let go.
const rests = (line) => /^(PAUSED|DRAFT)/.test(line.state);
const other = (side) => (side === 'web' ? 'rest' : 'web');

function publisher(doc, credentials, { api_key, url }) {
  const made = gam.publisher(doc, credentials);
  const { adapter, adapter_settings, ...tenant } = made.tenant;
  const [one, two] = made.products;
  const on = (p, ad_server, timezone) => ({ ...p, ext: { ...p.ext, salesagent: { ...p.ext.salesagent, ad_server } }, reporting_capabilities: { ...p.reporting_capabilities, timezone } });
  return {
    ...made,
    tenant: {
      ...tenant,
      ad_servers: [
        { name: 'web', adapter, settings: adapter_settings },
        { name: 'rest', adapter: 'kevel', settings: { api_key, api_url: url, priorities: { guaranteed: 21, other: 22 }, create_advertisers: true, calls_per_second: 100 } },
      ],
    },
    products: [on(one, { ad_units: ['tech'] }, 'America/New_York'), on(two, { name: 'rest', sites: [{ site_id: 1001 }] }, 'UTC')],
  };
}

class Pair {
  static async start() {
    const pair = new Pair();
    const kevel = await startFake('kevel', { clock: CLOCK, onEffect: async (entry) => {
      const { stage } = pair;
      if (stage && !stage.moving && stage.killAfterEffects?.(entry)) await stage.kill();
    } });
    try {
      pair.stage = await Stage.start({ ...gam, publisher: async (doc, credentials) => publisher(doc, credentials, await kevel.credentials()) }, { clock: CLOCK });
    } catch (e) {
      await kevel.close();
      throw e;
    }
    const web = pair.stage.fake;
    pair.fakes = { web, rest: kevel };
    // Time passes on both sides.
    pair.stage.fake = new Proxy(web, { get: (fake, member) => {
      if (member === 'clock') return async (order) => { await kevel.clock(order); return fake.clock(order); };
      const value = fake[member];
      return typeof value === 'function' ? value.bind(fake) : value;
    } });
    return pair;
  }

  buy() {
    this.answer = this.stage.change('create_media_buy', { brand: account.brand, start_time: FLIGHT.start, end_time: FLIGHT.end,
      packages: [{ product_id: 'kit-one', pricing_option_id: 'cpm', budget: 1500 }, { product_id: 'kit-two', pricing_option_id: 'cpm', budget: 2500 }] });
    this.answer.catch(() => {}); // whoever awaits it hears
    return this.answer;
  }

  // The one order of a side; undefined when there is none.
  async order(side) {
    const { orders, duplicates } = await this.fakes[side].summary();
    assert.deepEqual(duplicates, []);
    assert.ok(orders.length <= 1, `${side} has ${orders.length} orders`);
    return orders[0];
  }

  async lineRests(side) {
    const line = (await this.order(side))?.lines[0];
    return line && rests(line);
  }

  runs(side) {
    return this.stage.until(`${side} to be let go`, async () => (await this.lineRests(side)) === false);
  }

  split() {
    return this.stage.until('somebody to be asked', async () => (await this.stage.tasks()).find((t) => t.kind === 'ad_server_split' && t.state === 'pending'));
  }

  async decide(task, ...how) {
    const [verb, ...more] = how;
    // Whoever finds the agent dead asks again.
    await this.stage.until('the decision to be taken', async () => {
      const r = await this.stage.agent.cli('task', verb, task.task_id, ...more, '--mock-time', new Date(this.stage.now()).toISOString());
      return r.code === 0 || (await this.stage.tasks()).every((t) => t.task_id !== task.task_id || t.state !== 'pending');
    });
  }

  async close() {
    await this.stage.close();
    await this.fakes.rest.close();
  }
}

const play = (title, run) =>
  only.test(title) && test(`two ad servers: ${title}`, { timeout: 600_000 }, async () => {
    const pair = await Pair.start();
    try {
      await run(pair);
    } finally {
      await pair.close();
    }
  });

for (const side of ['web', 'rest']) {
  play(`${side} has taken its part, ${other(side)} is down: nothing is let go before both have`, async (pair) => {
    await pair.fakes[other(side)].fault({ on: SIDES[other(side)], do: 'unavailable', times: 4 });
    pair.buy();
    await pair.stage.until(`${side} to have it`, async () => (await pair.order(side))?.lines.length === 1);
    await pair.stage.until('it to rest', () => pair.lineRests(side));
    const made = await pair.answer;
    assert.equal(made.packages?.length, 2, JSON.stringify(made));
    await pair.runs('web');
    await pair.runs('rest');
    await pair.fakes[other(side)].assertFaultsUsed();
  });

  for (const kills of [false, true]) {
    const after = kills ? ', killed after every effect' : '';
    const begin = async (pair) => {
      const times = {};
      if (kills) pair.stage.killAfterEffects = ({ operation }) => (times[operation] = (times[operation] ?? 0) + 1) <= 1;
      await pair.fakes[side].fault({ on: SIDES[side], do: 'refuse' });
      pair.buy();
      const task = await pair.split();
      await pair.stage.until('the part that was taken to rest', async () => (await pair.lineRests(other(side))) !== false);
      return task;
    };

    play(`${side} refuses and the buy goes on without it${after}`, async (pair) => {
      await pair.decide(await begin(pair), 'approve');
      const made = await pair.answer;
      await pair.runs(other(side));
      const buy = await pair.stage.buy(made.media_buy_id);
      assert.equal(buy.total_budget, side === 'web' ? 2500 : 1500);
      const gone = buy.packages.find((p) => p.canceled);
      assert.equal(gone.cancellation.canceled_by, 'seller');
      assert.match(gone.cancellation.reason, /the ad server refused/);
      assert.deepEqual(buy.packages.filter((p) => !p.canceled).map((p) => p.product_id), [side === 'web' ? 'kit-two' : 'kit-one']);
      assert.equal((await pair.order(side))?.lines.length ?? 0, 0, 'nothing is left where it was refused');
    });

    play(`${side} refuses and the buy ends everywhere${after}`, async (pair) => {
      await pair.decide(await begin(pair), 'reject', '--reason', 'Not without the other half.');
      const made = await pair.answer;
      await pair.stage.until('the buy to be over', async () => (await pair.stage.buy(made.media_buy_id)).status === 'canceled');
      await pair.stage.until('the other side to be stopped', async () => {
        const order = await pair.order(other(side));
        return !order || ['ARCHIVED', 'CANCELED', 'PAUSED'].includes(order.state) || order.lines.every(rests);
      });
      assert.equal((await pair.order(side))?.lines.length ?? 0, 0);
    });
  }
}

play('both take it, killed after every effect', async (pair) => {
  const times = {};
  pair.stage.killAfterEffects = ({ operation }) => (times[operation] = (times[operation] ?? 0) + 1) <= 2;
  pair.buy();
  const made = await pair.answer;
  assert.equal(made.packages?.length, 2, JSON.stringify(made));
  await pair.runs('web');
  await pair.runs('rest');
  assert.ok(pair.stage.kills >= 4, `${pair.stage.kills} kills`);
});
