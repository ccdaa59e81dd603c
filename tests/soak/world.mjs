// The agent of a long run, under a service manager's stand-in, and everything that it has acknowledged: who asks, what was
// answered, and whether it is still so.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, cli } from '../integration/lib/agent.mjs';
import { doors } from '../integration/lib/doors.mjs';
import { Supervisor, exited, says } from '../integration/lib/supervisor.mjs';
import { banner, browser } from '../house/lib/paper.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const BUYER = 'house-buyer-token';
const BRANDS = 20;
const PATIENCE_MS = 600000; // with a start: a machine may have far more to do than this


// The publisher of the built-in ad server's tests with more to sell than a run can buy, and a product that a person decides.
export function publisher() {
  const doc = JSON.parse(readFileSync(path.join(top, 'tests/house/publisher.json'), 'utf8'));
  doc.tenant.quotas = { media_buys: 0, creatives: 0, bytes: 0 };
  doc.tenant.adapter_settings = { impressions_per_minute: 0, clicks_per_minute: 0 };
  const page = doc.products.find((p) => p.product_id === 'page');
  page.ext.salesagent.capacity = { daily_impressions: 1e9 };
  const reviewed = structuredClone(page);
  reviewed.product_id = 'reviewed';
  reviewed.ext.salesagent.approval_policy = 'review';
  doc.products.push(reviewed);
  return doc;
}

export class World {
  static async start({ folder, random, receiver }) {
    const w = new World();
    Object.assign(w, { folder, random, receiver, data: path.join(folder, 'data'), serial: 0, lives: [], phase: 'serving', wrong: [] });
    w.buys = new Map(); // key -> { args, id, sent: budgets, sure: the last acknowledged, decided }
    w.creatives = new Set();
    w.impressions = []; // when each was acknowledged
    w.counts = { requests: 0, asked_again: 0, cut_in_order: 0, cut_by_kill: 0, creates: 0, updates: 0, decisions: 0, creatives: 0, impressions: 0, reads: 0 };
    w.wire = new http.Agent({ keepAlive: true, maxSockets: 16 });
    const file = path.join(folder, 'publisher.json');
    writeFileSync(file, JSON.stringify(publisher()));
    const r = await cli('import', '--sandbox', '--new-publisher', file, '--data', w.data);
    assert.equal(r.code, 0, r.stderr);
    w.service = await Supervisor.begin({ sockets: ['agent+desk+ads=0'], watchdog: 60,
      command: [binary, 'serve', '--sandbox', '--data', w.data, '--log', 'warn', '--listen', 'localhost:0 metrics'] });
    w.base = `http://127.0.0.1:${w.service.ports[0]}`;
    // What tests/integration/lib/doors.mjs wants of an agent.
    w.agent = { post: (...a) => w.post(...a), call: (tool, args, o) => w.post('/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }, o) };
    await w.service.tellUntil('start', says('READY', '1'));
    w.born();
    return w;
  }

  // ---- lives ----

  born() {
    const started = this.service.events.findLast((e) => e.event === 'started');
    this.pid = started.pid;
    this.lives.push({ began: Date.now(), buys: this.buys.size, rss: [] }); // rss: [age in s, MiB]
    this.phase = 'serving';
  }

  sample() {
    if (this.phase !== 'serving') return;
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8'), life = this.lives.at(-1);
    life.rss.push([Math.round((Date.now() - life.began) / 1000), Number(status.match(/VmRSS:\s+(\d+)/)[1]) / 1024]);
  }

  async restart({ kill }) {
    const from = this.service.events.length, began = Date.now();
    this.sample();
    this.phase = kill ? 'killed' : 'in order';
    const life = this.lives.at(-1);
    life.end = this.phase;
    life.ended = Date.now();
    this.service.tell(kill ? 'kill' : 'restart');
    const how = await this.service.event(exited, from, PATIENCE_MS);
    if (!kill) assert.equal(how.code, 0, this.service.stderr);
    await this.service.event(says('READY', '1'), from, PATIENCE_MS);
    await sleep(200); // what was cut is noticed by whoever asked
    life.down_ms = Date.now() - began - 200;
    this.born();
  }

  // ---- asking ----

  post(where, body, { token = BUYER, headers = {}, method = 'POST' } = {}) {
    this.counts.requests++;
    return new Promise((resolve, reject) => {
      const q = http.request(this.base + where, { method, agent: this.wire, headers: { ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { 'x-adcp-auth': token } : {}), ...headers } }, (r) => {
        let text = '';
        r.setEncoding('utf8').on('data', (d) => { text += d; }).on('error', reject).on('end', () => {
          if (!r.complete) { reject(new Error('half an answer')); return; }
          const json = /json/.test(r.headers['content-type'] ?? '');
          resolve({ status: r.statusCode, headers: new Headers(r.headers), body: json && text ? JSON.parse(text) : text });
        });
      });
      q.on('error', reject);
      q.end(body && JSON.stringify(body));
    });
  }

  // Until it is answered, as a buyer with an idempotency key does; a cut connection is lost only when nobody killed the agent.
  async insist(what) {
    for (;;) {
      const phase = this.phase;
      try {
        return await what();
      } catch (e) {
        if (e.code === 'ERR_ASSERTION') throw e;
        const how = this.phase === 'serving' ? phase : this.phase;
        if (how === 'killed') this.counts.cut_by_kill++;
        else { this.counts.cut_in_order++; this.wrong.push(`cut while ${how}: ${e.message}`); }
        this.counts.asked_again++;
        await sleep(100);
      }
    }
  }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }

  account() {
    const domain = `brand-${Math.floor(this.random() * BRANDS)}.example`;
    return { brand: { domain }, operator: 'soak.example' };
  }

  async ask(tool, args, names = Object.keys(doors)) {
    const door = doors[this.pick(names)];
    const r = await this.insist(() => door(this.agent, tool, { adcp_version: '3.1', ...args }, { token: BUYER }));
    if (r.kind !== 'ok') this.wrong.push(`${tool}: ${JSON.stringify(r.payload).slice(0, 300)}`);
    return r.payload;
  }

  key() { return `soak-key-${String(++this.serial).padStart(10, '0')}`; }

  // ---- writes ----

  async create() {
    const key = this.key(), account = this.account(), now = Date.now();
    const args = { idempotency_key: key, account, brand: account.brand, start_time: new Date(now - 60000).toISOString(),
      end_time: new Date(now + 20 * 86400e3).toISOString(), packages: [{ product_id: 'page', pricing_option_id: 'cpm', budget: 1000, pacing: 'asap' }] };
    const made = await this.ask('create_media_buy', args);
    if (!made.media_buy_id) return;
    this.counts.creates++;
    this.buys.set(key, { args, id: made.media_buy_id, pkg: made.packages[0].package_id, sent: [1000], sure: 0 });
  }

  async update() {
    const b = this.pick([...this.buys.values()].slice(-200));
    if (!b || b.busy || b.task) return;
    b.busy = true;
    const budget = 1000 + Math.floor(this.random() * 1000);
    b.sent.push(budget);
    try {
      const r = await this.ask('update_media_buy', { idempotency_key: this.key(), account: b.args.account, media_buy_id: b.id,
        packages: [{ package_id: b.pkg, budget }] });
      if (!r.media_buy_id) return;
      b.sure = b.sent.length - 1;
      this.counts.updates++;
    } finally {
      b.busy = false;
    }
  }

  async creative() {
    const b = this.pick([...this.buys.values()].slice(-50));
    if (!b || b.task) return;
    const creative_id = `creative-${++this.serial}`;
    const r = await this.ask('sync_creatives', { idempotency_key: this.key(), account: b.args.account, creatives: [{ creative_id,
      name: creative_id, format_id: { agent_url: `${this.base}/mcp`, id: 'banner' }, assets: banner() }], assignments: [{ creative_id, package_id: b.pkg }] });
    if (r.creatives?.[0]?.action !== 'created') { this.wrong.push(`creative: ${JSON.stringify(r).slice(0, 300)}`); return; }
    this.creatives.add(creative_id);
    this.counts.creatives++;
  }

  // A buy that waits, a person who says yes, and a webhook that has to come.
  async decide() {
    const key = this.key(), account = this.account(), now = Date.now();
    const args = { idempotency_key: key, account, brand: account.brand, start_time: new Date(now + 3600e3).toISOString(),
      end_time: new Date(now + 20 * 86400e3).toISOString(), packages: [{ product_id: 'reviewed', pricing_option_id: 'cpm', budget: 1000 }],
      push_notification_config: { url: `${this.receiver.base}/${key}`, authentication: { schemes: ['Bearer'], credentials: 'a-secret-of-32-characters-at-least' } } };
    const { task_id } = await this.ask('create_media_buy', args, ['mcp', 'rest']);
    if (!task_id) return;
    const b = { args, task: task_id, sent: [1000], sure: 0 };
    this.buys.set(key, b);
    for (let i = 0; i < 50; i++) { // the command line does not wait for an agent that is being started
      const r = await cli('task', 'approve', task_id, '--data', this.data);
      if (r.code === 0 || /not open|already|decided/i.test(r.stderr)) { b.decided = true; break; }
      if (this.phase === 'serving' && i > 10) { this.wrong.push(`approve: ${r.stderr}`); break; }
      await sleep(200);
    }
    if (b.decided) this.counts.decisions++;
  }

  async ad() {
    const options = { token: null, headers: { 'user-agent': browser, referer: 'https://paper.example/news' }, method: 'GET' };
    const { status, body } = await this.insist(() => this.post('/ads/d?p=paper&slot=top', null, options));
    const [ad] = status === 200 ? body.ads : [];
    if (!ad) return;
    const { pathname } = new URL(ad.impression_url, this.base);
    const seen = await this.insist(() => this.post(pathname, null, options));
    if (seen.status >= 400) { this.wrong.push(`impression: ${seen.status}`); return; }
    this.impressions.push(Date.now());
    this.counts.impressions++;
  }

  // ---- reads ----

  async read() {
    const bought = [...this.buys.values()].filter((b) => b.id), b = this.pick(bought);
    this.counts.reads++;
    switch (this.pick(['one', 'one', 'one', 'one', 'page', 'products', 'products', 'delivery', 'creatives', 'metrics'])) {
    case 'one': return b && this.look([b]);
    case 'page': return this.ask('get_media_buys', { account: this.account() });
    case 'products': return this.ask('get_products', { buying_mode: 'wholesale' });
    case 'delivery': return b && this.ask('get_media_buy_delivery', { account: b.args.account, media_buy_ids: [b.id] });
    case 'creatives': return this.ask('list_creatives', {});
    default: return this.insist(() => this.post('/readyz', null, { token: null, method: 'GET' }));
    }
  }

  // These buys as they are now against what was acknowledged; all of one account.
  async look(buys) {
    const before = new Map(buys.map((b) => [b, b.sure]));
    const r = await this.ask('get_media_buys', { account: buys[0].args.account, media_buy_ids: buys.map((b) => b.id) });
    const found = new Map((r.media_buys ?? []).map((m) => [m.media_buy_id, m]));
    for (const b of buys) {
      const m = found.get(b.id);
      if (!m) { this.wrong.push(`LOST: ${b.id}, acknowledged for ${b.args.idempotency_key}`); continue; }
      const at = b.sent.lastIndexOf(m.packages[0].budget);
      if (m.packages.length !== 1 || at < before.get(b)) this.wrong.push(`LOST: ${b.id} has ${m.packages[0].budget}, acknowledged ${b.sent[before.get(b)]}`);
    }
  }

  // ---- what must be there ----

  // Of the newest and of some older ones: each is there, and the same call again is the same buy.
  async verifySome(n) {
    const all = [...this.buys.values()].filter((b) => b.id);
    for (const b of [...all.slice(-n), ...Array.from({ length: n }, () => this.pick(all))]) {
      if (!b) continue;
      await this.look([b]);
      const again = await this.ask('create_media_buy', b.args, ['mcp']);
      if (again.media_buy_id !== b.id || again.replayed !== true) this.wrong.push(`TWICE: ${b.args.idempotency_key}`);
    }
  }

  async verifyAll() {
    const of = Map.groupBy([...this.buys.values()].filter((b) => b.id), (b) => b.args.account.brand.domain);
    for (const buys of of.values()) for (let i = 0; i < buys.length; i += 50) await this.look(buys.slice(i, i + 50));
    const waiting = [...this.buys.values()].filter((b) => b.decided);
    for (const b of waiting) {
      const again = await this.ask('get_task_status', { task_id: b.task }, ['mcp']);
      if (again.status !== 'completed') this.wrong.push(`LOST: the decision of ${b.task} (${again.status})`);
    }
    const kept = new Set();
    for (let cursor, more = true; more;) {
      const r = await this.ask('list_creatives', { pagination: { max_results: 100, ...(cursor ? { cursor } : {}) } }, ['mcp']);
      for (const c of r.creatives ?? []) kept.add(c.creative_id);
      cursor = r.pagination?.cursor;
      more = Boolean(r.pagination?.has_more && cursor);
    }
    for (const id of this.creatives) if (!kept.has(id)) this.wrong.push(`LOST: the creative ${id}`);
  }

  // Impressions that buys have, all of them.
  async counted() {
    let sum = 0;
    const of = Map.groupBy([...this.buys.values()].filter((b) => b.id), (b) => b.args.account.brand.domain);
    for (const buys of of.values()) {
      for (let i = 0; i < buys.length; i += 50) {
        const r = await this.ask('get_media_buy_delivery', { account: buys[0].args.account, media_buy_ids: buys.slice(i, i + 50).map((b) => b.id) }, ['mcp']);
        for (const d of r.media_buy_deliveries ?? []) sum += d.totals.impressions ?? 0;
      }
    }
    return sum;
  }

  async auditIsWhole() {
    const r = await cli('audit', 'verify', '--data', this.data);
    if (r.code !== 0) this.wrong.push(`the audit trail: ${r.stderr}`);
  }

  async end() {
    const code = await this.service.tellUntil('stop', exited);
    assert.equal(code.code, 0, this.service.stderr);
    this.wire.destroy();
    await this.service.quit();
  }
}
