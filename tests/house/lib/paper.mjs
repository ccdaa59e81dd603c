// A publisher with the built-in ad server, a buyer that books on it, and a browser's requests without a browser.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, cli } from '../../integration/lib/agent.mjs';

export const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };

export async function until(what, look, ms = 15000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await sleep(100);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export class Paper {
  static async start({ sandbox = true, args = [], file = path.join(import.meta.dirname, '../publisher.json') } = {}) {
    const paper = new Paper();
    paper.data = mkdtempSync(path.join(tmpdir(), 'salesagent-house-'));
    const r = await cli('import', '--sandbox', file, '--data', paper.data, '--new-publisher');
    assert.equal(r.code, 0, r.stdout + r.stderr);
    paper.options = { data: paper.data, sandbox, args };
    if (!sandbox) { // there ads have an origin of their own
      const port = await freePort();
      paper.ads = `http://127.0.0.1:${port}`;
      paper.options.listen = ['127.0.0.1:0 agent desk', `127.0.0.1:${port} ads host=ads.paper.example host=127.0.0.1`];
    }
    paper.agent = await Agent.start(paper.options);
    paper.count = 0;
    return paper;
  }

  // The file it was made of.
  get file() { return JSON.parse(readFileSync(path.join(import.meta.dirname, '../publisher.json'), 'utf8')); }

  // Brings a file to the running agent.
  async import(doc) {
    const file = path.join(this.data, `import-${++this.count}.json`);
    writeFileSync(file, JSON.stringify(doc));
    const r = await this.agent.cli('import', file);
    assert.equal(r.code, 0, r.stdout + r.stderr);
  }

  async start() { this.agent = await Agent.start(this.options); }

  get base() { return this.agent.base; }

  async stop() {
    await this.agent.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  async restart({ kill = false } = {}) {
    if (kill) await this.agent.kill(); else await this.agent.stop();
    this.agent = await Agent.start(this.options);
  }

  async call(tool, args) {
    const { body } = await this.agent.call(tool, { adcp_version: '3.1', account, ...args }, { token: 'house-buyer-token' });
    assert.ok(body.result && !body.result.isError, `${tool}: ${JSON.stringify(body)}`);
    return body.result.structuredContent;
  }

  key() { return `house-test-key-${String(++this.count).padStart(6, '0')}`; }

  // Books one package with one creative and gives { buy, pkg, creative }. `assets` are the creative's.
  async buy({ product = 'page', price = 'cpm', budget = 100, pacing = 'asap', format = 'banner', assets, brand = 'acme.example', days = 10, more = {} } = {}) {
    const start = new Date(this.agent.now() - 60000), end = new Date(this.agent.now() + days * 86400000);
    const who = { brand: { domain: brand }, operator: 'acme.example' };
    const made = await this.call('create_media_buy', { idempotency_key: this.key(), account: who, brand: who.brand,
      start_time: start.toISOString(), end_time: end.toISOString(),
      packages: [{ product_id: product, pricing_option_id: price, budget, pacing, ...more }] });
    const buy = made.media_buy_id, pkg = made.packages[0].package_id, creative_id = `creative-${++this.count}`;
    const synced = await this.call('sync_creatives', { idempotency_key: this.key(), account: who, creatives: [{ creative_id, name: creative_id,
      format_id: { agent_url: `${this.base}/mcp`, id: format }, assets: assets ?? banner() }],
    assignments: [{ creative_id, package_id: pkg }] });
    assert.equal(synced.creatives[0].action, 'created', JSON.stringify(synced));
    return { buy, pkg, creative: creative_id, account: who };
  }

  async pause({ buy, account: who }) {
    await this.call('update_media_buy', { idempotency_key: this.key(), account: who, media_buy_id: buy, paused: true });
  }

  async delivery({ buy, account: who }, more = {}) {
    const r = await this.call('get_media_buy_delivery', { account: who, media_buy_ids: [buy], ...more });
    return r.media_buy_deliveries[0];
  }

  // What was counted of a buy, once it is `wanted` ({ impressions: 1, ... }); fails when it never is.
  async counted(bought, wanted) {
    let totals;
    const is = () => Object.entries(wanted).every(([k, v]) => totals[k] === v);
    try {
      await until('counts', async () => { ({ totals } = await this.delivery(bought)); return is(); }, 8000);
    } catch { assert.fail(`counted ${JSON.stringify(totals)}, wanted ${JSON.stringify(wanted)}`); }
    return totals;
  }

  // A browser's request: follows nothing.
  get(where, { headers = {}, method = 'GET' } = {}) {
    const url = where.startsWith('http') ? where : (this.ads ?? this.base) + where;
    return fetch(url, { method, redirect: 'manual', headers: { 'user-agent': browser, referer: 'https://paper.example/news', ...headers } });
  }

  async decide(query, o) {
    const r = await this.get(`/ads/d?p=paper&${query}`, o);
    return r.status === 200 ? (await r.json()).ads : [];
  }

  // The first decision once the ad server has heard of what was just booked.
  async ad(slot, o) {
    return (await until(`an ad in ${slot}`, async () => { const ads = await this.decide(`slot=${slot}`, o); return ads.length && ads; }))[0];
  }

  async see(ad, o) {
    const r = await this.get(ad.impression_url, o);
    assert.equal(r.status, 200);
  }
}

export function banner(click = 'https://acme.example/landing', image = 'https://cdn.acme.example/banner.png') {
  return { primary: { asset_type: 'image', url: image, width: 300, height: 250, format: 'png', alt_text: 'Acme' },
    ...(click ? { click_url: { asset_type: 'url', url: click, url_type: 'clickthrough' } } : {}) };
}
