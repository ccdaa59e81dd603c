// A miniature of an agent, to judge the kit by: it has the doors that the kit uses, one buy at a time, and an adapter for the GAM fake
// of some ninety lines. `disk` is what survives a SIGKILL. With { careless: true } it creates without looking first, with
// { forgetful: true } it pauses nothing, and the kit must notice.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { GamClient } from '../lib/gam_client.mjs';

const disks = new Map(); // data directory -> what is on it
const N = 'networks/123456',
  COUNTRIES = { US: 2840, CA: 2124, DE: 2276 };

class Later extends Error {}
class Refused extends Error {}
class Dead extends Error {}

export function miniature(habits = {}) {
  return class Miniature {
    static async cli(...words) { // import --sandbox FILE --data DIR ...
      const after = (flag) => words[words.indexOf(flag) + 1], file = after('--sandbox');
      disks.set(after('--data'), { publisher: JSON.parse(readFileSync(file, 'utf8')), replies: {}, tasks: [] });
      return { code: 0, stdout: '', stderr: '' };
    }

    static async start({ data, args }) {
      const m = new Miniature();
      Object.assign(m, { disk: disks.get(data), base: 'http://agent.example', stderr: '', alive: true, offset: Date.parse(args[1]) - Date.now() });
      m.working = m.#work();
      return m;
    }

    async stop() {
      this.alive = false;
      await this.working;
    }
    async kill() {
      this.alive = false;
    }

    now() {
      return Date.now() + this.offset;
    }

    #living() {
      if (!this.alive) throw new Dead('ECONNRESET');
    }

    // The outbox: the plan is carried out again and again until the ad server has it.
    async #work() {
      for (; this.alive; await new Promise((r) => setTimeout(r, 5))) {
        const { buy } = this.disk;
        if (!buy || buy.asked || buy.done === buy.revision || this.now() < (buy.notBefore ?? 0)) continue;
        const revision = buy.revision;
        try {
          await new Trafficker(this, habits).carryOut(buy);
          if (this.alive) buy.done = revision;
        } catch (e) {
          if (!this.alive) return;
          if (e instanceof Refused) {
            buy.asked = true;
            this.disk.tasks.push({ task_id: randomUUID(), kind: 'ad_server', state: 'pending' });
          } else buy.notBefore = this.now() + 20;
        }
      }
    }

    async cli(...args) {
      if (args[1] === 'list') return { code: 0, stdout: JSON.stringify({ tasks: this.disk.tasks }), stderr: '' };
      this.disk.tasks.find((t) => t.task_id === args[2]).state = 'approved';
      this.disk.buy.asked = false;
      return { code: 0, stdout: '', stderr: '' };
    }

    async call(tool, args) {
      this.#living();
      const replied = this.disk.replies[args.idempotency_key],
        said = replied ?? (await this[tool](args));
      this.#living();
      if (args.idempotency_key) this.disk.replies[args.idempotency_key] = said;
      return { body: { result: { structuredContent: said } } };
    }

    async create_media_buy({ packages, start_time, end_time }) {
      this.disk.buy = {
        id: 'mb_1',
        start: start_time,
        end: end_time,
        revision: 1,
        creatives: {},
        packages: packages.map((p, i) => ({ ...p, package_id: `pkg_${i + 1}`, assigned: [] })),
      };
      return { media_buy_id: 'mb_1', packages: this.disk.buy.packages };
    }

    async sync_creatives({ creatives, assignments = [] }) {
      const { buy } = this.disk;
      creatives.forEach((c) => {
        buy.creatives[c.creative_id] = c;
      });
      assignments.forEach((a) => {
        buy.packages.find((p) => p.package_id === a.package_id).assigned = [a.creative_id];
      });
      buy.revision++;
      return { status: 'completed' };
    }

    async update_media_buy({ packages = [], end_time, canceled }) {
      const { buy } = this.disk;
      if (end_time) buy.end = end_time;
      if (canceled) buy.canceled = true;
      for (const { package_id, creative_assignments, ...change } of packages) {
        const p = buy.packages.find((x) => x.package_id === package_id);
        Object.assign(p, change, creative_assignments && { assigned: creative_assignments.map((a) => a.creative_id) });
      }
      buy.revision++;
      return { media_buy_id: buy.id, status: 'completed' };
    }

    async get_media_buys() {
      const { buy } = this.disk,
        ready = buy.packages.every((p) => p.assigned.length) && buy.done === buy.revision;
      return { media_buys: [{ status: buy.canceled && buy.done === buy.revision ? 'canceled' : ready ? 'pending_start' : 'pending_creatives' }] };
    }

    async get_media_buy_delivery() {
      const { buy } = this.disk,
        rows = await new Trafficker(this, habits).report(buy).catch(() => []),
        of = (p) => rows.find((r) => r.package_id === p.package_id) ?? { impressions: 0, spend: 0, clicks: 0 };
      const by_package = buy.packages.map((p) => ({ package_id: p.package_id, ...of(p) }));
      return { media_buy_deliveries: [{ by_package, totals: { spend: by_package.reduce((n, p) => n + p.spend, 0) } }] };
    }
  };
}

// The adapter: looks before it creates, brings what is there to the plan, and does nothing else.
class Trafficker {
  constructor(agent, habits) {
    const { base } = agent.disk.publisher.tenant.adapter_settings;
    Object.assign(this, {
      agent,
      habits,
      client: new GamClient({
        base,
        credentials: async () => agent.disk.publisher.tenant.adapter_settings.credentials,
        clock: async () => ({ now: new Date(agent.now()).toISOString() }),
      }),
    });
    this.client.token = agent.disk.token;
  }

  async #ask(method, path_, body) {
    for (let signedIn = false; ; signedIn = true) {
      if (!this.agent.alive) throw new Dead();
      const r = await this.client.call(method, `/v1/${path_}`, body);
      if (!this.agent.alive) throw new Dead();
      if (r.status === 401 && !signedIn) {
        await this.client.signIn();
        this.agent.disk.token = this.client.token;
        continue;
      }
      if (r.status === 200 && typeof r.body === 'object') return r.body;
      const reasons = JSON.stringify(r.body);
      if (r.status === 400 && /COMMON_ERROR_NOT_APPLICABLE/.test(reasons)) throw new Refused(reasons);
      throw new Later(reasons);
    }
  }

  #find(kind, filter) {
    return this.habits.careless ? {} : this.#ask('GET', `${N}/${kind}?filter=${encodeURIComponent(filter)}`);
  }

  async carryOut(buy) {
    const order = await this.#order(buy);
    for (const p of buy.packages) await this.#lineItem(order, buy, p);
    if (order.status === 'DRAFT') await this.#ask('POST', `${N}/orders:batchApprove`, { names: [order.name] });
    for (const p of buy.packages) await this.#creatives(order, buy, p);
    for (const p of buy.packages) await this.#state(p, buy.canceled);
    if (buy.canceled && !(await this.#ask('GET', order.name)).archived) await this.#ask('POST', `${N}/orders:batchArchive`, { names: [order.name] });
  }

  async #order(buy) {
    const { orders: [have] = [] } = await this.#find('orders', 'externalOrderId = 7');
    return (
      have ??
      buy.order ??
      (
        await this.#ask('POST', `${N}/orders:batchCreate`, {
          requests: [
            {
              parent: N,
              order: {
                displayName: `Buy${this.habits.careless ? Math.random() : ''} [mb_1]`,
                externalOrderId: 7,
                advertiser: `${N}/companies/4510000001`,
                trafficker: `${N}/users/245001`,
              },
            },
          ],
        })
      ).orders[0]
    );
  }

  async #lineItem(order, buy, p) {
    const { lineItems: [have] = [] } = await this.#find('lineItems', `externalLineItemId = "${p.package_id}"`),
      countries = p.targeting_overlay?.geo_countries ?? [];
    const wanted = {
      goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: String(p.budget * 100) },
      targetEndTime: buy.end,
      targeting: {
        inventoryTargeting: { targetedAdUnits: [{ adUnit: `${N}/adUnits/21700103`, includeDescendants: true }] },
        ...(countries.length && { geoTargeting: { targetedGeos: countries.map((c) => `${N}/geoTargets/${COUNTRIES[c]}`) } }),
      },
    };
    if (!have) {
      p.item = (
        await this.#ask('POST', `${N}/lineItems`, {
          order: order.name,
          displayName: `${p.package_id}${this.habits.careless ? Math.random() : ''}`,
          externalLineItemId: p.package_id,
          lineItemType: 'STANDARD',
          costType: 'CPM',
          rate: { currencyCode: 'USD', units: '10' },
          creativeRotationType: 'EVENLY',
          creativePlaceholders: [{ size: { width: 300, height: 250, sizeType: 'PIXEL' } }],
          startTime: buy.start,
          ...wanted,
        })
      ).name;
      return;
    }
    p.item = have.name;
    const same =
      have.goal.units === wanted.goal.units &&
      have.targetEndTime === buy.end &&
      JSON.stringify(have.targeting.geoTargeting?.targetedGeos) === JSON.stringify(wanted.targeting.geoTargeting?.targetedGeos);
    if (!same) await this.#ask('PATCH', `${have.name}?updateMask=goal,targetEndTime,targeting`, wanted);
  }

  async #creatives(order, buy, p) {
    const associated = (await this.#ask('GET', `${p.item}/creatives`)).lineItemCreativeAssociations,
      wanted = [];
    for (const id of p.assigned) {
      const creative = await this.#creative(order, buy.creatives[id], id);
      wanted.push(creative);
      if (!associated.some((a) => a.creative === creative)) {
        await this.#ask('POST', `${p.item}/creatives:batchCreate`, {
          requests: [{ parent: p.item, lineItemCreativeAssociation: { lineItem: p.item, creative } }],
        });
      }
    }
    const old = associated.filter((a) => !wanted.includes(a.creative)).map((a) => a.name);
    if (old.length) await this.#ask('POST', `${p.item}/creatives:batchDelete`, { names: old });
  }

  async #creative(order, c, id) {
    const { creatives: [have] = [] } = await this.#find('creatives', `displayName:"[${id}]"`);
    if (have) return have.name;
    const bytes = Buffer.from(await (await fetch(c.assets.primary.url)).arrayBuffer());
    return (
      await this.#ask('POST', `${N}/creatives`, {
        displayName: `${c.name} [${id}]`,
        advertiser: order.advertiser,
        size: { width: 300, height: 250, sizeType: 'PIXEL' },
        imageCreative: {
          destinationUrl: c.assets.click_url.url,
          primaryImageAsset: { assetByteArray: bytes.toString('base64'), fileName: path.basename(c.assets.primary.url) },
        },
      })
    ).name;
  }

  async #state(p, canceled) {
    const { status } = await this.#ask('GET', p.item),
      paused = /^PAUSED/.test(status),
      wanted = Boolean(p.paused || canceled) && !this.habits.forgetful;
    if (wanted === paused || !['READY', 'DELIVERING', 'INACTIVE', 'PAUSED', 'PAUSED_INVENTORY_RELEASED'].includes(status)) return;
    await this.#ask('POST', `${N}/lineItems:${wanted ? 'batchPause' : 'batchResume'}`, { names: [p.item] });
  }

  async report(buy) {
    const day = (y, m, d) => ({ year: y, month: m, day: d });
    const made = await this.#ask('POST', `${N}/reports`, {
      displayName: 'R',
      reportDefinition: {
        dimensions: ['LINE_ITEM_EXTERNAL_ID'],
        metrics: ['AD_SERVER_IMPRESSIONS', 'AD_SERVER_CLICKS', 'AD_SERVER_REVENUE'],
        reportType: 'HISTORICAL',
        dateRange: { fixed: { startDate: day(2026, 3, 31), endDate: day(2026, 5, 31) } },
      },
    });
    let op = await this.#ask('POST', `${made.name}:run`, {});
    while (!op.done) op = await this.#ask('GET', op.name);
    const { rows = [] } = await this.#ask('GET', `${op.response.reportResult}:fetchRows`);
    return rows.map((r) => {
      const [i, c, m] = r.metricValueGroups[0].primaryValues;
      return { package_id: r.dimensionValues[0].stringValue, impressions: Number(i.intValue), clicks: Number(c.intValue), spend: m.doubleValue };
    });
  }
}
