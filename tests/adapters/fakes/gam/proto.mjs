// Judges JSON by the published messages of Ad Manager's REST API (tables/gam_rest.json), as strictly as the definitions allow:
// unknown and misplaced members, types, enums, what is required, output only, immutable, and update masks.
//
// Google ignores output-only members that are sent, and members that an update mask leaves out; here both are refused, because
// whoever sends them believes that they do something.
import { readFileSync } from 'node:fs';

const table = JSON.parse(readFileSync(new URL('../../tables/gam_rest.json', import.meta.url), 'utf8'));
export const enums = table.enums;
export const routes = table.routes.map(([method, path, rpc, request, response, body]) => ({
  method,
  path,
  rpc,
  request,
  response,
  body,
  ...compile(path),
}));

// Resources, whose members have a life beyond the request: their output-only members come back when one reads them.
export const RESOURCES = new Set([
  'Order',
  'LineItem',
  'Creative',
  'LineItemCreativeAssociation',
  'Company',
  'Report',
  'CustomTargetingKey',
  'CustomTargetingValue',
]);

const messages = Object.fromEntries(
  Object.entries(table.messages).map(([name, fields]) => [
    name,
    Object.fromEntries(Object.entries(fields).map(([member, code]) => [member, field(code)])),
  ]),
);
export const members = (name) => messages[name];

function field(code) {
  const [type, ...flags] = code.split(' ');
  const value = (key) => flags.find((f) => f.startsWith(`${key}=`))?.slice(key.length + 1);
  return {
    type: type.replace('[]', ''),
    repeated: type.endsWith('[]'),
    required: flags.includes('required'),
    output: flags.includes('output'),
    input: flags.includes('input'),
    immutable: flags.includes('immutable'),
    identifier: flags.includes('identifier'),
    max: value('max') && Number(value('max')),
    oneof: value('oneof'),
    ref: value('ref'),
  };
}

// "/v1/{parent=networks/*}/orders:batchCreate" -> a pattern whose groups are the variables. A variable may name a member of
// the body ("order.name").
function compile(path) {
  const variables = [];
  const source = path
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const m = part.match(/^\{([^=]+)=(.+)\}$/);
      if (!m) return part.replace(/[.$^+()|?]/g, '\\$&');
      variables.push(
        m[1]
          .split('.')
          .map((s, i) => (i ? s : s.replace(/_(\w)/g, (_, c) => c.toUpperCase())))
          .join('.'),
      );
      return `(${m[2].replaceAll('*', '[^/:]+')})`;
    })
    .join('');
  return { pattern: new RegExp(`^${source}$`), variables };
}

// ---- violations ----

const at = (path, name) => (path ? `${path}.${name}` : name);
// Google words paths of the request's text in snake case, and those of business rules as the resource spells them.
const snake = (s) => s.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function unknown(path, name) {
  const where = path ? ` at '${snake(path)}'` : '';
  return { field: snake(path), description: `Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.` };
}

function wrong(path, type, value) {
  return { field: snake(path), description: `Invalid value at '${snake(path)}' (${type}), ${JSON.stringify(value)}` };
}

const rule = (path, reason, description) => ({ field: path, reason, description });

// ---- values ----

const INT = /^-?(0|[1-9]\d*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function integer(v, bits) {
  const text = typeof v === 'number' && Number.isInteger(v) ? String(v) : v;
  if (typeof text !== 'string' || !INT.test(text)) return false;
  const n = BigInt(text),
    limit = 1n << BigInt(bits - 1);
  return n >= -limit && n < limit;
}

function isMoney(v, path, out) {
  const known = { currencyCode: (x) => typeof x === 'string', units: (x) => integer(x, 64), nanos: (x) => integer(x, 32) };
  if (!isObject(v)) return void out.push(wrong(path, 'type.googleapis.com/google.type.Money', v));
  for (const [k, x] of Object.entries(v)) {
    if (!known[k]) out.push(unknown(path, k));
    else if (!known[k](x)) out.push(wrong(at(path, k), k === 'currencyCode' ? 'TYPE_STRING' : 'TYPE_INT64', x));
  }
  const units = BigInt(INT.test(v.units ?? '0') ? (v.units ?? 0) : 0),
    nanos = Number(v.nanos ?? 0);
  if (Math.abs(nanos) > 999999999 || (units > 0n && nanos < 0) || (units < 0n && nanos > 0)) {
    out.push(wrong(at(path, 'nanos'), 'TYPE_INT32', v.nanos));
  }
}

function isDate(v, path, out) {
  const ok = isObject(v) && Object.entries(v).every(([k, x]) => ['year', 'month', 'day'].includes(k) && integer(x, 32));
  const day = ok && new Date(Date.UTC(v.year, v.month - 1, v.day));
  if (!ok || Number.isNaN(+day) || day.getUTCMonth() !== v.month - 1) out.push(wrong(path, 'type.googleapis.com/google.type.Date', v));
}

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const isTime = (v) => typeof v === 'string' && RFC3339.test(v) && !Number.isNaN(Date.parse(v));

const SCALARS = {
  string: [(v) => typeof v === 'string', 'TYPE_STRING'],
  bool: [(v) => typeof v === 'boolean', 'TYPE_BOOL'],
  int32: [(v) => integer(v, 32), 'TYPE_INT32'],
  int64: [(v) => integer(v, 64), 'TYPE_INT64'],
  double: [(v) => typeof v === 'number' && Number.isFinite(v), 'TYPE_DOUBLE'],
  float: [(v) => typeof v === 'number' && Number.isFinite(v), 'TYPE_FLOAT'],
  bytes: [(v) => typeof v === 'string' && BASE64.test(v), 'TYPE_BYTES'],
  'google.protobuf.Timestamp': [isTime, 'type.googleapis.com/google.protobuf.Timestamp'],
  'google.protobuf.Duration': [(v) => typeof v === 'string' && /^-?\d+(\.\d{1,9})?s$/.test(v), 'type.googleapis.com/google.protobuf.Duration'],
  'google.protobuf.FieldMask': [(v) => typeof v === 'string', 'type.googleapis.com/google.protobuf.FieldMask'],
};

function checkOne(f, v, path, mode, out) {
  if (SCALARS[f.type]) {
    const [ok, name] = SCALARS[f.type];
    if (!ok(v)) out.push(wrong(path, name, f.type === 'bytes' ? '(bytes)' : v));
    else if (f.max && [...v].length > f.max) {
      out.push(rule(path, 'STRING_LENGTH_ERROR_TOO_LONG', `The value is longer than ${f.max} characters.`));
    } else if (f.type === 'google.protobuf.Timestamp' && v > '9999') out.push(wrong(path, name, v));
  } else if (f.type === 'google.type.Money') isMoney(v, path, out);
  else if (f.type === 'google.type.Date') isDate(v, path, out);
  else if (enums[f.type]) {
    if (!enums[f.type].includes(v)) out.push(wrong(path, `type.googleapis.com/google.ads.admanager.v1.${f.type}`, v));
    else if (v.endsWith('_UNSPECIFIED')) out.push(rule(path, 'REQUIRED_ERROR_REQUIRED', `${v} is no value one can choose.`));
  } else if (messages[f.type]) check(f.type, v, path, mode, out);
  else if (!isObject(v)) out.push(wrong(path, `type.googleapis.com/google.ads.admanager.v1.${f.type}`, v));
  else if (Object.keys(v).length)
    out.push(rule(path, 'UNSUPPORTED', `This fake has no published definition of ${f.type}, so that it takes none of its members.`));
}

function checkField(name, f, v, path, mode, out) {
  const where = at(path, name);
  if (f.output) return void out.push(rule(where, 'READ_ONLY_ERROR', 'The member is output only: nothing is done with what is sent.'));
  if (!f.repeated) return void checkOne(f, v, where, mode, out);
  if (!Array.isArray(v)) return void out.push(wrong(where, 'a list', v));
  v.forEach((x, i) => checkOne(f, x, `${where}[${i}]`, mode, out));
}

const empty = (v) => v === undefined || v === '' || (Array.isArray(v) && v.length === 0);

// Appends what is wrong with `value` as message `type`. mode: 'create' or 'update' for resources (how the identifier and the
// required members are taken), undefined for requests.
export function check(type, value, path = '', mode = undefined, out = []) {
  if (!isObject(value)) return (out.push(wrong(path, `type.googleapis.com/google.ads.admanager.v1.${type}`, value)), out);
  const fields = messages[type],
    groups = new Map();
  for (const [name, v] of Object.entries(value)) {
    const f = fields[name];
    if (!f) {
      out.push(unknown(path, name));
      continue;
    }
    if (v === null) {
      out.push(wrong(at(path, name), 'null is no value of a member', v));
      continue;
    }
    if (f.identifier && mode === 'create') {
      out.push(rule(at(path, name), 'READ_ONLY_ERROR', 'The name is given by the server.'));
      continue;
    }
    if (f.oneof) groups.set(f.oneof, [...(groups.get(f.oneof) ?? []), name]);
    checkField(name, f, v, path, RESOURCES.has(f.type) ? mode : undefined, out);
  }
  for (const [group, names] of groups) {
    if (names.length > 1)
      out.push({ field: snake(path), description: `Invalid JSON payload received. oneof '${group}' has several members: ${names.join(', ')}` });
  }
  // An update sends what it changes; the mask's check sees to what it may not clear.
  if (mode !== 'update') out.push(...missing(type, value, path));
  return out;
}

export function missing(type, value, path) {
  return Object.entries(messages[type])
    .filter(([name, f]) => f.required && !f.output && empty(value[name]) && !RELAXED.has(`${type}.${name}`))
    .map(([name]) => rule(at(path, name), 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
}

// An asset is an uploaded one or new bytes; the creatives' rules ask for one of the two.
const RELAXED = new Set(['CreativeAsset.asset']);

// Every resource that a message names: [path, kind, name], kind as the collections are called ("geoTargets").
export function* references(type, value, path = '') {
  for (const [name, v] of Object.entries(value)) {
    const f = messages[type][name];
    if (!f) continue;
    for (const [i, x] of [v].flat().entries()) {
      const where = at(path, f.repeated ? `${name}[${i}]` : name);
      if (f.ref && typeof x === 'string') yield [where, plural(f.ref), x];
      else if (messages[f.type] && isObject(x)) yield* references(f.type, x, where);
    }
  }
}

function plural(resource) {
  const s = resource[0].toLowerCase() + resource.slice(1);
  return s.endsWith('y') && !s.endsWith('ey') ? `${s.slice(0, -1)}ies` : `${s}s`;
}

// ---- update masks ----

// The paths of a mask, checked against what is sent. `isKnown` says of a path of names whether it may be masked.
export function checkMask(type, text, value, path) {
  const out = [],
    fields = messages[type],
    paths = text.split(',').map((s) => s.trim());
  const said = (p, description) => out.push({ field: 'update_mask', reason: 'FIELD_MASK_ERROR', description: `update_mask '${p}': ${description}` });
  if (text.trim() === '')
    return { paths: [], out: [{ field: 'update_mask', reason: 'REQUIRED_ERROR_REQUIRED', description: 'The update mask names nothing.' }] };
  for (const p of paths) {
    if (p === '*') {
      said(p, 'a wildcard is not supported.');
      continue;
    }
    const f = resolve(type, p);
    if (!f) said(p, `there is no such member of ${type}.`);
    else if (f.output || f.identifier) said(p, 'the member is output only.');
    else if (f.immutable) said(p, 'the member is immutable.');
    else if (f.required && empty(pick(value, p))) {
      out.push(rule(at(path, p), 'REQUIRED_ERROR_REQUIRED', 'A required member cannot be cleared.'));
    }
  }
  for (const name of Object.keys(value)) {
    if (fields[name] && !fields[name].identifier && !paths.some((p) => p === name || p.startsWith(`${name}.`))) {
      out.push(
        rule(at(path, name), 'FIELD_MASK_ERROR', 'The member is sent and the update mask does not name it, so that nothing would be done with it.'),
      );
    }
  }
  return { paths, out };
}

function resolve(type, path) {
  let f,
    name = type;
  for (const step of path.split('.')) {
    if (!messages[name] || (f && f.repeated)) return undefined;
    f = messages[name][step];
    if (!f) return undefined;
    name = f.type;
  }
  return f;
}

export const pick = (value, path) => path.split('.').reduce((v, k) => v?.[k], value);

// A copy of `old` with the masked members as `changes` has them.
export function apply(old, changes, paths) {
  // What the fake itself keeps beside the members ($...) stays the very same.
  const out = Object.fromEntries(Object.entries(old).map(([k, v]) => [k, k.startsWith('$') ? v : structuredClone(v)]));
  for (const p of paths) {
    const steps = p.split('.'),
      last = steps.pop();
    const inner = steps.reduce((o, k) => {
        o[k] ??= {};
        return o[k];
      }, out),
      v = pick(changes, p);
    if (v === undefined) delete inner[last];
    else inner[last] = structuredClone(v);
  }
  return out;
}

// As a response has it: members that are input only are not shown, int64 travel as strings.
export function shown(type, value) {
  if (!messages[type] || !isObject(value)) return value;
  const out = {};
  for (const [name, f] of Object.entries(messages[type])) {
    if (value[name] === undefined || f.input) continue;
    const one = (v) => (f.type === 'int64' ? String(v) : f.type === 'google.type.Money' ? money(v) : shown(f.type, v));
    out[name] = f.repeated ? value[name].map(one) : one(value[name]);
  }
  return out;
}

const money = (v) => ({ ...v, ...(v.units !== undefined && { units: String(v.units) }) });
