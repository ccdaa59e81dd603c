// The fake Kevel: the management API, instant counts and queued reports, over one network's state.
import { settled } from '../lib/main.mjs';
import { duplicateMember } from '../lib/server.mjs';
import { check, routes, schemas } from './schema.mjs';
import { BadRequest, NotFound, Holdings, SETTINGS, plain } from './objects.mjs';
import { OPERATIONS } from './operations.mjs';
import { act, summary } from './people.mjs';

const error = (status, text) => ({ status, body: { Error: text } });

export class Kevel {
  name = 'kevel';
  secretHeaders = ['x-adzerk-apikey'];
  key = 'kevel-key-0123456789ABCDEF';

  constructor(clock, settings) {
    this.clock = clock;
    this.settings = settled(SETTINGS, settings);
    this.k = new Holdings(this.settings, clock);
    this.calls = [];
  }

  #route(asked) {
    for (const r of routes) {
      const m = r.method === asked.method && r.pattern.exec(asked.path);
      if (m) return { ...r, ids: m.slice(1).map(decodeURIComponent) };
    }
    return undefined;
  }

  operation(asked) {
    return this.#route(asked)?.name;
  }

  handle(asked, ctx) {
    const r = this.#route(asked);
    if (asked.headers['x-adzerk-apikey'] !== this.key) return error(401, 'The API key is missing or not valid');
    if (!r) return error(404, `There is no ${asked.method} ${asked.path}`);
    if (this.#tooFast()) return error(429, 'Too many requests');
    try {
      return OPERATIONS[r.name](this.k, r.ids, this.#body(r, asked), ctx, asked);
    } catch (e) {
      if (e instanceof BadRequest) return error(400, e.message);
      if (e instanceof NotFound) return error(404, e.message);
      throw e;
    }
  }

  #tooFast() {
    const now = Date.now();
    this.calls = this.calls.filter((at) => at > now - 1000);
    if (this.settings.calls_per_s && this.calls.length >= this.settings.calls_per_s) return true;
    this.calls.push(now);
    return false;
  }

  // The body in the published media type, and no query but the published one.
  #body(r, asked) {
    const needed = new URLSearchParams(r.needs ?? '');
    for (const [name, v] of needed) if (asked.query.get(name) !== v) throw new BadRequest(`The query must have ${name}=${v}`);
    for (const name of asked.query.keys()) if (!r.query.includes(name) && !needed.has(name)) throw new BadRequest(`The query must not have ${name}`);
    if (!r.media) {
      if (asked.raw.length) throw new BadRequest('The request takes no body');
      return undefined;
    }
    if (!(asked.headers['content-type'] ?? '').startsWith(r.media)) throw new BadRequest(`The content type must be ${r.media}`);
    if (r.media === 'multipart/form-data') return undefined;
    if (r.media === 'application/x-www-form-urlencoded') {
      const form = Object.fromEntries(new URLSearchParams(asked.raw.toString('utf8'))),
        wrong = check(schemas[r.schema], form);
      if (wrong.length) throw new BadRequest(wrong.join('; '));
      return form;
    }
    return json(asked.raw.toString('utf8'));
  }

  failure(kind, rule) {
    return (
      {
        rate_limit: error(429, 'Too many requests'),
        unavailable: error(503, 'Service unavailable'),
        server_error: error(500, 'An error has occurred'),
        expired_token: error(401, 'The API key is missing or not valid'),
        forbidden: error(403, 'The API key may not do this'),
      }[kind] ?? error(400, rule.reason ?? 'The request was refused')
    );
  }

  act(what) {
    return act(this.k, what);
  }

  summary() {
    return summary(this.k);
  }

  state() {
    return Object.fromEntries(
      Object.entries(this.k)
        .filter(([, v]) => v instanceof Map)
        .map(([name, v]) => [name, [...v.values()].map(plain)]),
    );
  }

  credentials() {
    return { api_key: this.key, network_id: this.settings.network_id, url: this.base };
  }
}

function json(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw new BadRequest(`The body is no JSON: ${e.message}`);
  }
  const twice = duplicateMember(text);
  if (twice) throw new BadRequest(`The body has ${twice} twice`);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new BadRequest('The body must be of type object');
  return value;
}
