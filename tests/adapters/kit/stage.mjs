// The stage of a scenario: a fake ad server (where there is one), a place the creatives' bytes come from, a publisher of its own,
// and the real agent over them. Time is virtual: the agent's clock is set when it starts, so that time passes by starting it
// again on the same data, later. Nothing here sleeps; what is waited for is asked for, and when it does not come by itself, time
// is moved on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, cli } from '../../integration/lib/agent.mjs';
import { startFake } from '../lib/fake.mjs';

const demo = path.resolve(import.meta.dirname, '../../../data/demo-publisher.json');
export const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
const PATIENCE_MS = Number(process.env.KIT_PATIENCE_MS ?? 4000); // how long one asks before time is moved on; more on a slow machine
const POLL_MS = 50;

export class Stage {
  // adapter: see kit.mjs.
  static async start(adapter, { clock = '2026-03-01T00:00:00Z' } = {}) {
    const stage = new Stage();
    Object.assign(stage, { adapter, time: Date.parse(clock), kills: 0, moves: 0, serial: 0, bytes: new Map(), served: 0 });
    stage.fake =
      adapter.fake && (await startFake(adapter.fake, { clock, settings: adapter.fakeSettings, onEffect: (entry) => stage.#effect(entry) }));
    stage.files = await stage.#serveFiles();
    stage.data = mkdtempSync(path.join(tmpdir(), 'salesagent-kit-'));
    stage.record = path.join(stage.data, 'record.jsonl');
    try {
      await stage.#publish();
      await stage.#raise();
    } catch (e) {
      await stage.#strike();
      throw e;
    }
    return stage;
  }

  async #publish() {
    const doc = JSON.parse(readFileSync(demo, 'utf8')),
      product = doc.products[0];
    Object.assign(doc.tenant, { workflow_required: false, creative_review_required: false });
    delete doc.tenant.default_dialect; // the kit speaks AdCP 3.1
    for (const p of doc.principals) delete p.dialect;
    // Two products of one format, at 10 a thousand: what is booked is easily reckoned.
    doc.products = ['kit-one', 'kit-two'].map((product_id) => ({
      ...structuredClone(product),
      product_id,
      name: product_id,
      format_ids: [{ id: 'fmt-display-300x250' }],
      pricing_options: [{ pricing_option_id: 'cpm', pricing_model: 'cpm', currency: 'USD', fixed_price: 10 }],
    }));
    this.credentials = this.fake && (await this.fake.credentials());
    const shaped = (await this.adapter.publisher?.(doc, this.credentials)) ?? doc,
      file = path.join(this.data, 'publisher.json');
    writeFileSync(file, JSON.stringify(shaped));
    const r = await (this.adapter.agent ?? { cli }).cli('import', '--sandbox', file, '--data', this.data, '--new-publisher');
    assert.equal(r.code, 0, r.stderr);
  }

  async #raise() {
    this.agent = await (this.adapter.agent ?? Agent).start({ data: this.data, args: ['--clock', new Date(this.time).toISOString(), '--record', this.record] });
    this.raisedAt = Date.now();
  }

  // Where the agent's clock stands.
  now() {
    return this.time + (Date.now() - this.raisedAt);
  }

  // Time passes while the agent is down; the ad server's clock goes along. Whoever asks meanwhile goes along, too.
  moveTo(at) {
    this.moving ??= this.#moveTo(typeof at === 'string' ? Date.parse(at) : at).finally(() => {
      this.moving = undefined;
    });
    return this.moving;
  }

  async #moveTo(to) {
    await this.rising;
    await this.agent.stop();
    this.time = Math.max(to, this.now());
    if (this.fake) await this.fake.clock({ now: new Date(this.time).toISOString() });
    await this.#raise();
    this.moves++;
  }

  advance(seconds) {
    return this.moveTo(this.now() + seconds * 1000);
  }

  // As a power failure would: no goodbye. It comes up again on the same data. Whoever dies already is not killed twice: two calls
  // may have been under way.
  async kill() {
    if (this.rising) return this.rising;
    this.kills++;
    const killed = this.agent,
      at = this.now();
    this.rising = killed.kill().then(async () => {
      this.time = at;
      await this.#raise();
      this.rising = undefined;
    });
    await this.rising;
  }

  // Called by the fake after an effect, before its answer: the worst moment to die. (Not while it is being stopped anyway.)
  async #effect(entry) {
    if (!this.moving && this.killAfterEffects?.(entry)) await this.kill();
  }

  // One call of the buyer's. A connection that breaks (because the agent was killed) is tried again with the same idempotency key.
  async call(tool, args, more = {}) {
    for (let attempt = 0; ; attempt++) {
      await Promise.all([this.rising, this.moving]);
      try {
        const r = await this.agent.call(tool, { adcp_version: '3.1', ...args }, more);
        assert.ok(r.body?.result, JSON.stringify(r.body));
        return r.body.result.structuredContent;
      } catch (e) {
        if (attempt === 20 || e instanceof assert.AssertionError) throw e;
      }
    }
  }

  key() {
    return `kit-${String(++this.serial).padStart(16, '0')}`;
  }

  // A call that changes something: its own answer, or what its task comes to.
  async change(tool, args) {
    const said = await this.call(tool, { idempotency_key: this.key(), account, ...args });
    if (said.status !== 'submitted') return said;
    const ended = await this.until(`task ${said.task_id} of ${tool} to end`, async () => {
      const t = await this.call('get_task_status', { task_id: said.task_id, include_result: true });
      return ['completed', 'failed', 'rejected', 'canceled'].includes(t.status) && t;
    });
    return ended.result ?? ended;
  }

  // Asks until `check` gives something true; moves time on by `step_s` when it does not, at most `most_s` in all.
  async until(what, check, { step_s = 900, most_s = 6 * 3600 } = {}) {
    for (let moved = 0, last; ; moved += step_s) {
      for (const stop = Date.now() + PATIENCE_MS; Date.now() < stop; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
        await Promise.all([this.rising, this.moving]);
        try {
          const found = await check();
          if (found) return found;
          last = undefined;
        } catch (e) {
          if (!(e instanceof assert.AssertionError)) throw e;
          last = e;
        }
      }
      if (moved >= most_s) throw new Error(`waited in vain for ${what}${last ? `: ${last.message}` : ''}\n${this.agent.stderr.slice(-3000)}`);
      await this.advance(step_s);
    }
  }

  async buy(id) {
    const {
      media_buys: [buy],
    } = await this.call('get_media_buys', { account, media_buy_ids: [id] });
    return buy;
  }

  async tasks() {
    const r = await this.agent.cli('task', 'list', '--json');
    assert.equal(r.code, 0, r.stderr);
    return JSON.parse(r.stdout).tasks;
  }

  // The publisher's people say yes to everything that waits for them; gives how many there were.
  async approve(kind) {
    const open = (await this.tasks()).filter((t) => t.state === 'pending' && (!kind || t.kind === kind));
    for (const t of open) await this.agent.cli('task', 'approve', t.task_id, '--mock-time', new Date(this.now()).toISOString());
    return open.length;
  }

  summary() {
    return this.fake?.summary();
  }

  // ---- creatives' bytes ----

  async #serveFiles() {
    const server = http.createServer((req, res) => {
      const file = this.bytes.get(req.url);
      this.served += file ? 1 : 0;
      res.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.bytes);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  // An address at which these bytes are, and their digest.
  file(name, bytes, type = 'image/png') {
    this.bytes.set(`/${name}`, { bytes, type });
    return {
      url: `http://127.0.0.1:${this.files.address().port}/${name}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      n: bytes.length,
    };
  }

  async close() {
    await Promise.all([this.rising, this.moving]);
    this.killAfterEffects = undefined;
    try {
      await this.agent.stop();
    } finally {
      await this.#strike();
    }
  }

  // Everything but the agent.
  async #strike() {
    this.files.closeAllConnections();
    this.files.close();
    rmSync(this.data, { recursive: true, force: true });
    await this.fake?.close();
  }
}
