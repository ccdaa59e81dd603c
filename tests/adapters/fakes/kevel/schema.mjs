// Judges JSON by Kevel's published schemas (tables/kevel.json): unknown members, types, enums, limits, formats, what is required
// and what is read only. Returns sentences; none means that it is right.
import { readFileSync } from 'node:fs';

const table = JSON.parse(readFileSync(new URL('../../tables/kevel.json', import.meta.url), 'utf8'));
export const schemas = table.schemas;
// "/v1/country/{countryCode}/regions?version=2" also says which query the path needs.
export const routes = table.routes.map(([method, path, query, media, schema]) => {
  const [plain, needs] = path.split('?'),
    names = [...plain.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
  return {
    method,
    path,
    query,
    media,
    schema,
    names,
    needs,
    name: `${method} ${path}`,
    pattern: new RegExp(`^${plain.replace(/\{\w+\}/g, '([^/]+)')}$`),
  };
});

const INT32 = 2 ** 31;
const TYPES = {
  integer: (v) => Number.isInteger(v) && v < INT32 && v >= -INT32,
  number: (v) => typeof v === 'number' && Number.isFinite(v),
  string: (v) => typeof v === 'string',
  boolean: (v) => typeof v === 'boolean',
  array: Array.isArray,
  object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
};
const FORMATS = {
  'date-time': (v) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(v) && !Number.isNaN(Date.parse(v)),
  date: (v) => /^\d{4}-\d\d-\d\d/.test(v) && !Number.isNaN(Date.parse(v)),
  'time|HH:MM:SS': (v) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(v),
  url: (v) => URL.canParse(v),
};

export function check(schema, value, path = '') {
  const where = path || 'The body';
  if (value === null) return schema.nullable ? [] : [`${where} must not be null`];
  if (schema.type && !TYPES[schema.type](value)) return [`${where} must be of type ${schema.type}`];
  const out = [];
  if (schema.enum && !schema.enum.includes(value)) out.push(`${where} must be one of ${schema.enum.join(', ')}`);
  if (schema.minimum !== undefined && value < schema.minimum) out.push(`${where} must be at least ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum) out.push(`${where} must be at most ${schema.maximum}`);
  if (schema.minLength !== undefined && [...value].length < schema.minLength) out.push(`${where} must have at least ${schema.minLength} characters`);
  if (schema.maxLength !== undefined && [...value].length > schema.maxLength) out.push(`${where} must have at most ${schema.maxLength} characters`);
  if (schema.format && FORMATS[schema.format] && value !== '' && !FORMATS[schema.format](value)) out.push(`${where} must be a ${schema.format}`);
  if (schema.type === 'object' && (schema.properties || schema.required)) out.push(...members(schema, value, path));
  if (schema.type === 'array' && schema.items) value.forEach((v, i) => out.push(...check(schema.items, v, `${path}[${i}]`)));
  return out;
}

function members(schema, value, path) {
  const at = (name) => (path ? `${path}.${name}` : name),
    out = [];
  for (const name of schema.required ?? []) if (value[name] === undefined) out.push(`${at(name)} is required`);
  // An object whose members are not published takes any.
  for (const [name, v] of Object.entries(schema.properties ? value : {})) {
    const known = schema.properties[name] ?? (schema.alsoKnown?.includes(name) ? {} : undefined);
    if (!known) out.push(`${at(name)} is not a member`);
    else out.push(...check(known, v, at(name)));
  }
  return out;
}

// A whole object of a schema: what is not given is its default or null.
export function whole(schema, value) {
  return Object.fromEntries(Object.entries(schema.properties).map(([name, s]) => [name, value[name] ?? s.default ?? null]));
}
