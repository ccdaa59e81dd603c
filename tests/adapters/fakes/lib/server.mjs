// The HTTP side that all fake ad servers share: reads a request, lets the faults have their way, asks the vendor, writes the
// log, and answers /_debug/... for whoever scripts a scenario. A vendor is an object with
//
//   name, secretHeaders             header names that are masked in the log
//   operation(req)                  the name of what is asked, or undefined
//   handle(req, ctx)                { status, headers, body }; may throw a Refusal; ctx.effect() says that something changed
//   failure(kind, rule, req)        the vendor's own way to say it: { status, headers, body }
//   settings, summary(), state(), act(order), credentials()
//
// Nothing here believes a request; nothing here is fast.
import http from 'node:http';
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { Faults } from './faults.mjs';
import { Clock } from './clock.mjs';

const BODY_BYTES_MAX = 32 << 20;
const LOGGED_BYTES_MAX = 64 << 10;

// An answer that is a refusal; thrown by whoever finds the reason.
export class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    Object.assign(this, { status, body, headers });
  }
}

export class Fake {
  // make(clock, settings) gives the vendor. onEffect(entry) is awaited after an effect and before its answer.
  static async start(make, { port = 0, host = '127.0.0.1', log, clock, settings = {}, onEffect } = {}) {
    const fake = new Fake();
    Object.assign(fake, { clock: new Clock(clock), faults: new Faults(), logFile: log, onEffect, entries: [], broken: [] });
    fake.vendor = await make(fake.clock, settings);
    fake.server = http.createServer((req, res) => {
      fake.#serve(req, res).catch((e) => {
        fake.broken.push(e);
        res.destroy();
      });
    });
    fake.server.requestTimeout = 0;
    await new Promise((resolve, reject) => {
      fake.server.once('error', reject);
      fake.server.listen(port, host, resolve);
    });
    fake.port = fake.server.address().port;
    fake.base = `http://${host}:${fake.port}`;
    fake.vendor.base = fake.base;
    return fake;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.broken.length) throw new AggregateError(this.broken, `the ${this.vendor.name} fake itself broke: ${this.broken[0].stack}`);
  }

  async #serve(req, res) {
    const url = new URL(req.url, 'http://fake');
    const asked = { method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers, raw: await body(req) };
    if (asked.raw === null) return void res.writeHead(413, { connection: 'close' }).end();
    if (asked.path.startsWith('/_debug')) return this.#debug(asked, res);
    const op = { name: this.vendor.operation(asked), method: asked.method, path: asked.path };
    const rule = this.faults.take(op),
      ctx = {
        effects: 0,
        items: rule?.items,
        effect() {
          this.effects++;
        },
      };
    const entry = {
      n: this.entries.length + 1,
      at: this.clock.iso(),
      operation: op.name,
      method: op.method,
      path: op.path,
      query: Object.fromEntries(asked.query),
      fault: rule?.do,
    };
    this.entries.push(entry);
    const first = rule && !rule.after && rule.items === undefined ? this.#fault(rule, asked) : undefined;
    const answer = first && first.status !== 'go on' ? first : await this.#handle(asked, ctx);
    // What is refused has no effect that a fault could follow.
    const last = rule && (rule.after || rule.items !== undefined) && answer.status < 400 ? this.#fault(rule, asked) : undefined;
    this.#note(entry, asked, answer, ctx);
    if (ctx.effects && this.onEffect) await this.onEffect(entry);
    await this.#send(res, last && last.status !== 'go on' ? last : answer, rule);
  }

  async #handle(asked, ctx) {
    try {
      return await this.vendor.handle(asked, ctx);
    } catch (e) {
      if (!(e instanceof Refusal)) this.broken.push(e);
      return e instanceof Refusal ? e : { status: 500, body: { broken: e.stack } };
    }
  }

  // What a rule answers, before or instead of the vendor's own word.
  #fault(rule, asked) {
    switch (rule.do) {
      case 'slow':
      case 'truncate':
        return { status: 'go on' };
      case 'timeout':
        return { status: 'silence' };
      case 'reset':
        return { status: 'reset' };
      case 'garbage':
        return { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>oops</title>' };
      case 'answer':
        return { status: rule.status ?? 200, headers: rule.headers ?? {}, body: rule.body ?? '' };
      default: {
        const said = this.vendor.failure(rule.do, rule, asked);
        const after = rule.retry_after_s === undefined ? {} : { 'retry-after': String(rule.retry_after_s) };
        return { ...said, headers: { ...said.headers, ...after, ...rule.headers } };
      }
    }
  }

  async #send(res, answer, rule) {
    if (answer.status === 'silence') return;
    if (answer.status === 'reset') return void res.socket?.resetAndDestroy();
    if (rule?.do === 'slow') await new Promise((resolve) => setTimeout(resolve, rule.delay_ms ?? 1000));
    const text = typeof answer.body === 'string' || Buffer.isBuffer(answer.body) ? answer.body : JSON.stringify(answer.body);
    const bytes = Buffer.from(text);
    const type = typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
    res.writeHead(answer.status, { 'content-type': type, 'content-length': bytes.length, ...answer.headers });
    if (rule?.do === 'truncate') return void res.write(bytes.subarray(0, bytes.length >> 1), () => res.socket?.destroy());
    res.end(bytes);
  }

  #note(entry, asked, answer, ctx) {
    const masked = Object.fromEntries(Object.entries(asked.headers).map(([k, v]) => [k, this.vendor.secretHeaders.includes(k) ? mask(v) : v]));
    Object.assign(entry, {
      headers: masked,
      effect: ctx.effects > 0,
      request: this.vendor.logged?.(asked) ?? shown(asked.raw),
      status: answer.status,
      response: this.vendor.loggedAnswer?.(asked, answer) ?? shown(Buffer.from(textOf(answer.body))),
    });
    if (this.logFile) appendFileSync(this.logFile, `${JSON.stringify(entry)}\n`);
  }

  // The time that tests see and set.
  #time(order) {
    if (order.freeze) this.clock.freeze();
    if (order.now !== undefined) this.clock.set(Date.parse(order.now));
    if (order.advance_s !== undefined) this.clock.set(this.clock.now() + order.advance_s * 1000);
    return { now: this.clock.iso() };
  }

  #debug(asked, res) {
    const say = (status, value) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value, null, 1));
    const order = asked.raw.length ? JSON.parse(asked.raw) : {};
    this.clock.now();
    const doors = {
      'GET /_debug/summary': () => this.vendor.summary(),
      'GET /_debug/state': () => this.vendor.state(),
      'GET /_debug/credentials': () => this.vendor.credentials(),
      'GET /_debug/settings': () => this.vendor.settings,
      'POST /_debug/settings': () => this.set(order),
      'GET /_debug/clock': () => this.#time({}),
      'POST /_debug/clock': () => this.#time(order),
      'GET /_debug/log': () => this.entries.filter((e) => e.n > Number(asked.query.get('since') ?? 0)),
      'GET /_debug/faults': () => this.faults.report(),
      'POST /_debug/faults': () => {
        [order].flat().forEach((rule) => this.faults.add(rule));
        return this.faults.report();
      },
      'DELETE /_debug/faults': () => {
        this.faults.clear();
        return [];
      },
      'POST /_debug/act': () => this.act(order),
    };
    const run = doors[`${asked.method} ${asked.path}`];
    if (!run) return say(404, { doors: Object.keys(doors) });
    try {
      return say(200, run() ?? {});
    } catch (e) {
      return say(400, { error: e.message });
    }
  }

  set(changes) {
    const unknown = Object.keys(changes).filter((k) => !(k in this.vendor.settings));
    if (unknown.length) throw new TypeError(`there is no setting ${unknown}; there are ${Object.keys(this.vendor.settings).join(', ')}`);
    return Object.assign(this.vendor.settings, changes);
  }

  // A person on the ad server's side does something: at once, or at a time that is still to come.
  act(order) {
    const { at, in_s, ...what } = order;
    const when = at !== undefined ? Date.parse(at) : this.clock.now() + (in_s ?? 0) * 1000;
    if (when <= this.clock.now()) return this.vendor.act(what, this.clock.now());
    this.clock.at(when, (now) => this.vendor.act(what, now));
    return { at: new Date(when).toISOString() };
  }
}

function body(req) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let n = 0;
    req.on('data', (c) => {
      n += c.length;
      if (n > BODY_BYTES_MAX) {
        resolve(null);
        req.destroy();
      } else chunks.push(c);
    });
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', reject);
  });
}

const textOf = (v) => (typeof v === 'string' || Buffer.isBuffer(v) ? v : (JSON.stringify(v) ?? ''));
const digest = (bytes) => ({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });

// For the log: JSON as JSON, text as text, and what is long or binary as its length and digest.
export function shown(bytes) {
  if (bytes.length > LOGGED_BYTES_MAX) return digest(bytes);
  const text = bytes.toString('utf8');
  if (text.includes('\uFFFD')) return digest(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// Secrets are told apart in the log, and not shown.
export const mask = (v) => `(secret ${createHash('sha256').update(String(v)).digest('hex').slice(0, 8)})`;

// Duplicate members, which JSON.parse would swallow: the pointer of the first, or undefined. The text is valid JSON.
export function duplicateMember(text) {
  const stack = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  let expectsName = false;
  for (let m; (m = token.exec(text));) {
    const t = m[0],
      top = stack.at(-1);
    if (t === '{') {
      stack.push({ names: new Set() });
      expectsName = true;
    } else if (t === '[') {
      stack.push({});
      expectsName = false;
    } else if (t === '}' || t === ']') {
      stack.pop();
      expectsName = false;
    } else if (t === ',') expectsName = Boolean(top?.names);
    else if (t === ':') expectsName = false;
    else if (expectsName && top?.names) {
      const name = JSON.parse(t);
      if (top.names.has(name)) return name;
      top.names.add(name);
      expectsName = false;
    }
  }
  return undefined;
}
