// The fake Triton Digital. Nothing about the real one is public: this one is as strict as the assumptions in
// docs/triton-assumptions.json allow, which it reads, and proves no more than that the adapter keeps to them.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT, jwtVerify } from 'jose';
import { settled } from '../lib/main.mjs';
import { History } from '../lib/units.mjs';
import { duplicateMember, mask, shown } from '../lib/server.mjs';
import { duplicates } from '../lib/duplicates.mjs';
import { nextDay, startOf } from '../lib/zone.mjs';

const assumed = JSON.parse(readFileSync(new URL('../../../../docs/triton-assumptions.json', import.meta.url), 'utf8'));

export const SETTINGS = {
  time_zone: ['America/Toronto', "of the account's days"],
  currency: ['USD', 'of the account'],
  token_s: [3600, 'how long a token is good'],
  daily_traffic: [50000, 'impressions a day of each station'],
  report_polls: [1, 'how often a report is still running when it is asked for'],
  calls_per_s: [0, 'more are refused with 429; 0: no limit (none is known)'],
};

// ---- the assumptions, compiled ----

const messages = Object.fromEntries(
  Object.entries(assumed.members).map(([name, fields]) => [
    name,
    Object.fromEntries(
      Object.entries(fields).map(([member, code]) => {
        const [type, ...flags] = code.split(' '),
          value = (key) => flags.find((f) => f.startsWith(`${key}=`))?.slice(key.length + 1);
        return [
          member,
          {
            type: type.replace('[]', ''),
            list: type.endsWith('[]'),
            required: flags.includes('required'),
            output: flags.includes('output'),
            immutable: flags.includes('immutable'),
            max: Number(value('max') ?? Infinity),
            values: value('values')?.split('|'),
            ref: value('ref'),
          },
        ];
      }),
    ),
  ]),
);
const base = new URL(assumed.base_url).pathname;
const paths = Object.entries({ ...assumed.paths, login: assumed.sign_in.request }).map(([name, text]) => {
  const [method, path, , ...query] = text.split(' ');
  return { name, method, query, pattern: new RegExp(`^${base}${path.replace('{id}', '([^/]+)')}$`) };
});

class Bad extends Error {
  constructor(status, code, message, field) {
    super(message);
    this.answer = { status, body: { error: { code, message, ...(field && { field }) } } };
  }
}
const bad = (field, message, code = 'INVALID') => {
  throw new Bad(400, code, message, field);
};

const DAY = /^\d{4}-\d\d-\d\d$/;
const TYPES = {
  string: (v) => typeof v === 'string' && v !== '',
  boolean: (v) => typeof v === 'boolean',
  integer: (v) => Number.isInteger(v) && v > 0,
  decimal: (v) => typeof v === 'number' && v >= 0 && Number.isFinite(v),
  date: (v) => DAY.test(v) && new Date(`${v}T00:00:00Z`).toISOString().startsWith(v),
  clock: (v) => /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(v),
  url: (v) => /^https:\/\/[^/\s]+\/?\S*$/.test(v),
};

function check(type, value, path, how, t) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) bad(path, 'must be an object');
  const at = (name) => (path ? `${path}.${name}` : name),
    fields = messages[type];
  for (const [name, v] of Object.entries(value)) {
    const f = fields[name];
    if (!f) bad(at(name), 'is not a member');
    if (f.output) bad(at(name), 'is given by the server');
    if (f.immutable && how === 'update') bad(at(name), 'cannot be changed');
    if (f.list !== Array.isArray(v)) bad(at(name), f.list ? 'must be a list' : 'must not be a list');
    [v].flat().forEach((x, i) => checkOne(f, x, f.list ? `${at(name)}[${i}]` : at(name), t));
  }
  if (how === 'update') return;
  for (const [name, f] of Object.entries(fields))
    if (f.required && (value[name] === undefined || value[name].length === 0)) bad(at(name), 'is required', 'REQUIRED');
}

function checkOne(f, v, path, t) {
  if (messages[f.type]) return check(f.type, v, path, 'create', t);
  let right;
  try {
    right = TYPES[f.type](v);
  } catch {
    right = false;
  }
  if (!right) bad(path, `must be of type ${f.type}`);
  if (f.values && !f.values.includes(v)) bad(path, `must be one of ${f.values.join(', ')}`);
  if ([...String(v)].length > f.max) bad(path, `must have at most ${f.max} characters`);
  if (f.ref && !t[`${f.ref}s`].has(v)) bad(path, `there is no ${f.ref} ${v}`, 'NOT_FOUND');
  return undefined;
}

// ---- the account ----

export class Triton {
  name = 'triton';
  secretHeaders = ['authorization'];
  user = { username: 'agent@publisher.example', password: 'triton-fake-password' };

  constructor(clock, settings) {
    this.clock = clock;
    this.settings = settled(SETTINGS, settings);
    this.secret = randomBytes(32);
    this.generation = 1;
    for (const kind of ['stations', 'genres', 'advertisers', 'campaigns', 'flights', 'creatives', 'reports']) this[kind] = new Map();
    ['News', 'Talk', 'Comedy', 'Jazz'].forEach((name, i) => this.genres.set(`g-${i + 1}`, { id: `g-${i + 1}`, name }));
    for (let i = 1; i <= 60; i++) {
      this.stations.set(`st-${i}`, {
        id: `st-${i}`,
        name: `Station ${i}`,
        callSign: `TRI${String(i).padStart(2, '0')}`,
        genreIds: [`g-${(i % 4) + 1}`],
        timeZone: this.settings.time_zone,
      });
    }
    this.advertisers.set('adv-1', { id: 'adv-1', name: 'Acme', externalCode: 'acme.example' });
    this.calls = [];
  }

  #route(asked) {
    for (const p of paths) {
      const m = p.method === asked.method && p.pattern.exec(asked.path);
      if (m) return { ...p, id: m[1] && decodeURIComponent(m[1]) };
    }
    return undefined;
  }

  operation(asked) {
    return asked.path.startsWith('/download/') ? 'download' : this.#route(asked)?.name;
  }

  async handle(asked, ctx) {
    try {
      const r = this.#route(asked);
      if (asked.path.startsWith('/download/')) return this.#download(asked.path.split('/').at(-1));
      if (r?.name === 'login') return await this.#login(json(asked));
      await this.#admit(asked);
      if (!r) throw new Bad(404, 'NOT_FOUND', `There is no ${asked.method} ${asked.path}`);
      for (const name of asked.query.keys())
        if (![...r.query, ...(LISTS[r.name] ? ['page', 'pageSize'] : [])].includes(name)) bad(name, 'is no parameter of this call');
      return { status: r.name.endsWith('_create') ? 201 : 200, body: this.#run(r, asked, ctx) };
    } catch (e) {
      if (e instanceof Bad) return e.answer;
      throw e;
    }
  }

  async #login(body) {
    const odd = Object.keys(body).find((k) => !assumed.sign_in.send[k]);
    if (odd) bad(odd, 'is not a member');
    if (body.username !== this.user.username || body.password !== this.user.password)
      throw new Bad(401, 'UNAUTHENTICATED', 'The user or the password is not right.');
    const now = Math.floor(this.clock.now() / 1000);
    const token = await new SignJWT({ sub: body.username, generation: this.generation })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt(now)
      .setExpirationTime(now + this.settings.token_s)
      .sign(this.secret);
    return { status: 200, body: { token } };
  }

  async #admit(asked) {
    const token = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '')?.[1];
    try {
      const { payload } = await jwtVerify(token ?? '', this.secret, { currentDate: new Date(this.clock.now()) });
      if (payload.generation !== this.generation) throw new Error('revoked');
    } catch {
      throw new Bad(401, 'UNAUTHENTICATED', 'The token is missing, expired or not valid.');
    }
    const now = Date.now();
    this.calls = this.calls.filter((at) => at > now - 1000);
    if (this.settings.calls_per_s && this.calls.length >= this.settings.calls_per_s) throw new Bad(429, 'RATE_LIMITED', 'Too many requests.');
    this.calls.push(now);
  }

  #run(r, asked, ctx) {
    if (LISTS[r.name]) return this.#list(LISTS[r.name], r, asked.query);
    if (r.name === 'creative_upload') return this.#upload(r.id, asked, ctx);
    if (r.name === 'report') return this.#report(r.id);
    const [kind, verb] = r.name.split('_');
    if (!verb) return plain(this.#get(`${kind}s`, r.id));
    const body = json(asked);
    return verb === 'create' ? this.#create(kind, body, ctx) : this.#update(kind, r.id, body, ctx);
  }

  #get(kind, id) {
    return (
      this[kind].get(id) ??
      (() => {
        throw new Bad(404, 'NOT_FOUND', `There is no ${kind.slice(0, -1)} ${id}.`);
      })()
    );
  }

  #list(kind, r, query) {
    const number = (name, otherwise, most) => {
      const v = query.get(name) ?? String(otherwise);
      return /^[1-9]\d{0,5}$/.test(v) ? Math.min(Number(v), most) : bad(name, 'must be a positive number');
    };
    const page = number('page', 1, 1e6),
      pageSize = number('pageSize', 50, 200);
    const items = [...this[kind].values()].filter((o) => r.query.every((name) => !query.has(name) || String(o[name]) === query.get(name)));
    return { items: items.slice((page - 1) * pageSize, page * pageSize).map(plain), page, pageSize, totalItems: items.length };
  }

  #create(kind, body, ctx) {
    check(kind, body, '', 'create', this);
    if (body.externalCode && [...this[`${kind}s`].values()].some((o) => o.externalCode === body.externalCode))
      throw new Bad(409, 'EXISTS', `A ${kind} with this externalCode is there.`, 'externalCode');
    const id = `${{ advertiser: 'adv', campaign: 'cmp', flight: 'fl', creative: 'cr', report: 'rep' }[kind]}-${this[`${kind}s`].size + 101}`;
    const made = { id, ...(kind !== 'advertiser' && kind !== 'report' && { active: true, archived: false }), ...body };
    this.#rules(kind, made);
    if (kind === 'creative') {
      delete made.active;
      delete made.archived;
      made.status = made.url ? 'READY' : 'WAITING';
    }
    if (kind === 'flight') made.$history = new History();
    if (kind === 'report') Object.assign(made, { status: 'RUNNING', $polls: 0, $csv: this.#csv(made) });
    this[`${kind}s`].set(id, made);
    ctx.effect();
    this.#settle();
    return plain(made);
  }

  #update(kind, id, body, ctx) {
    const old = this.#get(`${kind}s`, id);
    check(kind, body, '', 'update', this);
    if (Object.keys(body).length === 0) bad('', 'nothing is changed');
    this.#rules(kind, { ...old, ...body }, old);
    Object.assign(old, body);
    ctx.effect();
    this.#settle();
    return plain(old);
  }

  #rules(kind, o, old) {
    if (o.startDate && o.endDate < o.startDate) bad('endDate', 'must not be before startDate');
    if (kind === 'campaign' && o.currency && o.currency !== this.settings.currency) bad('currency', `the account sells in ${this.settings.currency}`);
    if (kind !== 'flight') return;
    const campaign = this.campaigns.get(o.campaignId),
      begun = old && startOf(old.startDate, this.settings.time_zone) <= this.clock.now();
    if (!o.stationIds?.length && !o.genreIds?.length) bad('stationIds', 'stations or genres are required', 'REQUIRED');
    if (o.startDate < campaign.startDate || o.endDate > campaign.endDate)
      bad('startDate', `the campaign is from ${campaign.startDate} to ${campaign.endDate}`);
    if (begun && old.rate !== o.rate) bad('rate', 'the rate of a flight that has begun cannot change', 'IN_PROGRESS');
    for (const id of o.creativeIds ?? [])
      if (this.creatives.get(id).advertiserId !== campaign.advertiserId) bad('creativeIds', `creative ${id} belongs to another advertiser`);
    for (const d of o.dayparts ?? []) if (d.to <= d.from) bad('dayparts', 'a daypart ends after it begins');
    if (o.targetingRules) checkRule(o.targetingRules, 'targetingRules');
  }

  #upload(id, asked, ctx) {
    const creative = this.#get('creatives', id),
      type = asked.headers['content-type'] ?? '';
    if (!['audio/mpeg', 'audio/aac', 'audio/mp4'].includes(type)) bad('content-type', 'must be audio/mpeg, audio/aac or audio/mp4');
    if (!isAudio(asked.raw)) bad('body', 'the bytes are no audio');
    Object.assign(creative, { status: 'READY', $bytes: { n: asked.raw.length, sha256: createHash('sha256').update(asked.raw).digest('hex') } });
    ctx.effect();
    this.#settle();
    return plain(creative);
  }

  #report(id) {
    const report = this.#get('reports', id);
    if (++report.$polls > this.settings.report_polls) Object.assign(report, { status: 'COMPLETED', url: `${this.base}/download/${id}` });
    return plain(report);
  }

  #download(id) {
    return { status: 200, headers: { 'content-type': 'text/csv; charset=utf-8' }, body: this.#get('reports', id).$csv };
  }

  #csv({ reportType, startDate, endDate, filters, columns }) {
    const now = this.clock.now(),
      split = reportType === 'CREATIVE' || columns.includes('creativeId'),
      lines = [columns.join(',')];
    for (const f of this.flights.values()) {
      if ((filters.campaigns && !filters.campaigns.includes(f.campaignId)) || (filters.flights && !filters.flights.includes(f.id))) continue;
      for (const r of f.$history.days(startDate, endDate, now, this.settings.time_zone, split ? f.$history.creatives() : [undefined])) {
        const cell = {
          date: r.day,
          campaignId: f.campaignId,
          flightId: f.id,
          creativeId: r.creative,
          impressions: r.impressions,
          completes: r.completed,
          revenue: (r.spend_micros / 1e6).toFixed(6),
        };
        lines.push(columns.map((c) => cell[c]).join(','));
      }
    }
    return `${lines.join('\r\n')}\r\n`;
  }

  // Flights run while they and their campaign are active and a creative is ready.
  #settle() {
    const zone = this.settings.time_zone;
    for (const f of this.flights.values()) {
      const campaign = this.campaigns.get(f.campaignId),
        ready = (f.creativeIds ?? []).filter((id) => this.creatives.get(id).status === 'READY');
      const runs = f.active && campaign.active && !f.archived && !campaign.archived;
      f.$history.change(this.clock.now(), {
        active: runs,
        start: startOf(f.startDate, zone),
        end: startOf(nextDay(f.endDate), zone),
        unit: 'impressions',
        goal: f.goal.value,
        pays: 'impressions',
        per: f.rateType === 'CPM' ? 1000 : 0,
        rateMicros: Math.round(f.rate * 1e6),
        creatives: ready.map((id) => ({ id, weight: 1 })),
      });
      f.status = f.archived || campaign.archived ? 'ARCHIVED' : !runs ? 'PAUSED' : !ready.length ? 'INACTIVE' : 'ACTIVE';
    }
  }

  failure(kind, rule) {
    const say = (status, code, message) => new Bad(status, code, message).answer;
    switch (kind) {
      case 'rate_limit':
        return say(429, 'RATE_LIMITED', 'Too many requests.');
      case 'unavailable':
        return say(503, 'UNAVAILABLE', 'The service is not available.');
      case 'server_error':
        return say(500, 'INTERNAL', 'Something went wrong.');
      case 'expired_token':
        this.generation++;
        return say(401, 'UNAUTHENTICATED', 'The token is missing, expired or not valid.');
      case 'forbidden':
        return say(403, 'FORBIDDEN', 'The user may not do this.');
      default:
        return say(400, 'REFUSED', rule.reason ?? 'The booking was refused.');
    }
  }

  logged(asked) {
    if (!asked.path.endsWith('/login')) return shown(asked.raw);
    const body = shown(asked.raw);
    return body?.password ? { ...body, password: mask(body.password) } : body;
  }

  loggedAnswer(asked, answer) {
    return answer.body?.token ? { token: mask(answer.body.token) } : undefined;
  }

  act(what) {
    const [kind, id] =
      [
        ['campaigns', what.order],
        ['flights', what.line_item],
      ].find(([, v]) => v !== undefined) ?? [];
    const change = {
      pause: { active: false },
      resume: { active: true },
      archive: { archived: true },
      unarchive: { archived: false },
      rename: { name: what.name },
      dates: { ...(what.start && { startDate: what.start }), ...(what.end && { endDate: what.end }) },
    }[what.do];
    if (!kind || !change) throw new TypeError('do: pause, resume, archive, unarchive, rename { name }, dates { start, end }; of order or line_item');
    const found = [...this[kind].values()].filter((o) => id === '*' || [o.id, o.name, o.externalCode].includes(id));
    if (!found.length) throw new TypeError(`there is no ${kind.slice(0, -1)} ${id}`);
    found.forEach((o) => Object.assign(o, change));
    this.#settle();
    return { done: what.do };
  }

  summary() {
    const now = this.clock.now(),
      flights = [...this.flights.values()],
      creatives = [...this.creatives.values()],
      codes = (list) => list.map((o) => o.externalCode);
    const creative = (f, id) =>
      (({ name, status, $bytes }) => ({
        id,
        name,
        state: status === 'READY' ? 'ACTIVE' : 'INACTIVE',
        weight: null,
        bytes: $bytes ?? null,
        delivered: f.$history.totals(now, id),
      }))(this.creatives.get(id));
    const line = (f) => ({
      id: f.id,
      external_id: f.externalCode ?? null,
      name: f.name,
      state: f.status,
      type: f.type,
      start: f.startDate,
      end: f.endDate,
      rate_micros: Math.round(f.rate * 1e6),
      currency: this.settings.currency,
      goal: { units: f.goal.value, unit: f.goal.type, of: 'LIFETIME' },
      targeting: { stationIds: f.stationIds, genreIds: f.genreIds, dayparts: f.dayparts, targetingRules: f.targetingRules },
      delivered: f.$history.totals(now),
      creatives: (f.creativeIds ?? []).map((id) => creative(f, id)),
    });
    return {
      now: new Date(now).toISOString(),
      orders: [...this.campaigns.values()].map((c) => ({
        id: c.id,
        external_id: c.externalCode ?? null,
        name: c.name,
        state: c.archived ? 'ARCHIVED' : c.active ? 'ACTIVE' : 'PAUSED',
        advertiser: c.advertiserId,
        lines: flights.filter((f) => f.campaignId === c.id).map(line),
      })),
      creatives: creatives.map((c) => ({ id: c.id, name: c.name, kind: c.type, advertiser: c.advertiserId, bytes: c.$bytes ?? null })),
      advertisers: [...this.advertisers.values()].map((a) => ({ id: a.id, name: a.name, external_id: a.externalCode ?? null })),
      duplicates: duplicates({
        'campaign name': [...this.campaigns.values()].map((c) => c.name),
        'flight name': flights.map((f) => `${f.campaignId}/${f.name}`),
        'creative code': codes(creatives),
      }),
    };
  }

  state() {
    return Object.fromEntries(
      Object.entries(this)
        .filter(([, v]) => v instanceof Map)
        .map(([k, v]) => [k, [...v.values()].map(plain)]),
    );
  }

  credentials() {
    return { ...this.user, url: `${this.base}${base}` };
  }
}

const LISTS = {
  stations: 'stations',
  genres: 'genres',
  advertisers: 'advertisers',
  campaigns: 'campaigns',
  flights: 'flights',
  creatives: 'creatives',
};
const plain = (o) => Object.fromEntries(Object.entries(o).filter(([k]) => !k.startsWith('$')));

function json(asked) {
  if (!/^application\/json\b/.test(asked.headers['content-type'] ?? '')) bad('content-type', 'must be application/json');
  const text = asked.raw.toString('utf8');
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    bad('', 'the body is no JSON');
  }
  const twice = duplicateMember(text);
  if (twice) bad(twice, 'is there twice');
  if (value === null || typeof value !== 'object' || Array.isArray(value)) bad('', 'the body must be an object');
  return value;
}

// A rule is one of: and, or, not, or a field with what it is compared to.
function checkRule(rule, path) {
  const inner = ['and', 'or', 'not'].filter((k) => rule[k] !== undefined),
    leaf = rule.field !== undefined;
  if (inner.length + (leaf ? 1 : 0) !== 1) bad(path, 'is one of and, or, not, field');
  if (leaf && !['country', 'state', 'market'].includes(rule.field)) bad(`${path}.field`, 'must be one of country, state, market');
  if (leaf && (rule.in !== undefined) === (rule.equals !== undefined)) bad(path, 'compares by one of in, equals');
  for (const k of inner) [rule[k]].flat().forEach((r, i) => checkRule(r, `${path}.${k}[${i}]`));
}

// MPEG frames or ID3, ADTS, or an ISO base media file.
function isAudio(bytes) {
  const head = bytes.toString('latin1', 0, 12);
  return head.startsWith('ID3') || (bytes.length > 3 && bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0) || head.slice(4, 8) === 'ftyp';
}
