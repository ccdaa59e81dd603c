// Random schemas over every keyword, random values: the validator and ajv must agree on each. Seeded, so a failure
// repeats. Each keyword is one test, and so is everything mixed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkSchemas, newAjv, random } from './common.mjs';

const SCHEMAS = 150;
const VALUES = 12;
const KEYS = ['a', 'b', 'c', 'kind', 'x-1', 'äö'];
const STRINGS = ['', 'a', 'b', 'kind', 'abc', '2026-03-09', '2026-02-30', '2026-03-09T14:30:00Z', 'https://x.example/p?q=1',
    'ä€😀', 'USD', '12', 'a@b.example', 'x-1', '/a/0'];
const PATTERNS = ['^a', 'b$', '^[a-z]+$', '^\\d{2}$', '^x-', '[A-Z]{3}', '^(a|b)?$', '\\u20ac'];
const FORMATS = ['date', 'date-time', 'uri', 'email', 'uuid', 'hostname', 'ipv4', 'json-pointer'];
const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

function scalar(r) {
    return r.pick([null, true, false, 0, 1, -1, 2, 3.5, 10, 1e3, r.pick(STRINGS), r.pick(STRINGS), r.pick(STRINGS)]);
}

function value(r, depth) {
    if (depth <= 0 || r.chance(0.4)) return scalar(r);
    if (r.chance(0.4)) return Array.from({ length: r.below(5) }, () => value(r, depth - 1));
    return Object.fromEntries(KEYS.filter(() => r.chance(0.45)).map((key) => [key, value(r, depth - 1)]));
}

const some = (r, list) => list.filter(() => r.chance(0.5));
const many = (r, depth) => Array.from({ length: 1 + r.below(3) }, () => schema(r, depth - 1));
const named = (r, depth, keys) => Object.fromEntries(some(r, keys).map((key) => [key, schema(r, depth - 1)]));

const keywords = {
    type: (r) => ({ type: r.chance(0.7) ? r.pick(TYPES) : [...new Set([r.pick(TYPES), r.pick(TYPES)])] }),
    const: (r) => ({ const: value(r, 2) }),
    enum: (r) => ({ enum: [value(r, 1), scalar(r), scalar(r)].filter((v, i, all) =>
        all.findIndex((w) => JSON.stringify(w) === JSON.stringify(v)) === i) }),
    properties: (r, d) => ({ properties: named(r, d, KEYS) }),
    patternProperties: (r, d) => ({ patternProperties: named(r, d, PATTERNS) }),
    additionalProperties: (r, d) => ({ properties: named(r, d, KEYS), patternProperties: named(r, d, ['^x-']),
        additionalProperties: r.chance(0.5) ? false : schema(r, d - 1) }),
    propertyNames: (r, d) => ({ propertyNames: r.pick([{ pattern: r.pick(PATTERNS) }, { maxLength: 2 }, { enum: some(r, KEYS).concat('a') },
        schema(r, d - 1)]) }),
    required: (r) => ({ required: some(r, KEYS) }),
    minProperties: (r) => ({ minProperties: r.below(4) }),
    maxProperties: (r) => ({ maxProperties: r.below(4) }),
    dependencies: (r, d) => ({ dependencies: { [r.pick(KEYS)]: some(r, KEYS), kind: schema(r, d - 1) } }),
    items: (r, d) => ({ items: schema(r, d - 1) }),
    tuple: (r, d) => ({ items: many(r, d), additionalItems: schema(r, d - 1) }),
    contains: (r, d) => ({ contains: schema(r, d - 1) }),
    minItems: (r) => ({ minItems: r.below(4) }),
    maxItems: (r) => ({ maxItems: r.below(4) }),
    uniqueItems: () => ({ uniqueItems: true }),
    bounds: (r) => ({ [r.pick(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'])]: r.pick([0, 1, 3.5, -1]) }),
    multipleOf: (r) => ({ multipleOf: r.pick([1, 2, 0.5, 0.1]) }),
    lengths: (r) => ({ minLength: r.below(3), maxLength: r.below(6) }),
    pattern: (r) => ({ pattern: r.pick(PATTERNS) }),
    format: (r) => ({ format: r.pick(FORMATS) }),
    allOf: (r, d) => ({ allOf: many(r, d) }),
    anyOf: (r, d) => ({ anyOf: many(r, d) }),
    oneOf: (r, d) => ({ oneOf: many(r, d) }),
    not: (r, d) => ({ not: schema(r, d - 1) }),
    if: (r, d) => ({ if: schema(r, d - 1), then: schema(r, d - 1), ...(r.chance(0.5) ? { else: schema(r, d - 1) } : {}) }),
    ref: (r) => ({ $ref: r.pick(['#/definitions/one', '#/definitions/two', '#']) }),
};

function schema(r, depth) {
    if (r.chance(0.08)) return r.chance(0.7);
    const names = Object.keys(keywords).filter((name) => name !== 'ref');
    const made = {};
    for (let i = depth <= 0 ? 1 : 1 + r.below(3); i > 0; i--) Object.assign(made, keywords[r.pick(names)](r, Math.max(depth, 0)));
    return depth < -2 ? {} : withoutTrap(made);
}

// ajv 8.20 accepts an empty array for `contains` when `items` is a list beside it; the specification does not.
function withoutTrap(made) {
    if (Array.isArray(made.items)) delete made.contains;
    return made;
}

// References are kept below a member or an item, so that no schema refers to itself without end.
function rooted(r, name) {
    const below = { properties: { a: keywords.ref(r), b: keywords.ref(r) }, items: keywords.ref(r) };
    const body = name === 'ref' ? below : name === 'mixed' ? schema(r, 3) : keywords[name](r, 2);
    if (typeof body === 'boolean') return { not: body };
    return { ...body, definitions: { one: { ...schema(r, 1) }, two: { ...below, ...keywords.type(r) } } };
}

for (const [number, name] of [...Object.keys(keywords), 'mixed'].entries()) {
    test(`${name}: agrees with ajv on random schemas`, () => {
        const r = random(1000 + number);
        const schemas = [], queries = [], expected = [];
        const ajv = newAjv();
        while (schemas.length < SCHEMAS) {
            const one = rooted(r, name);
            const validate = ajv.compile(one);
            for (let i = 0; i < VALUES; i++) {
                const v = value(r, 3);
                queries.push({ root: schemas.length, value: v });
                expected.push(validate(v));
            }
            schemas.push(one);
        }
        const answers = checkSchemas(schemas, queries, { neighbours: true });
        for (const [i, answer] of answers.entries()) {
            const where = () => `schema ${JSON.stringify(schemas[queries[i].root])} value ${JSON.stringify(queries[i].value)}`;
            assert.equal(answer.valid, expected[i], where());
            assert.equal(answer.issues.length === 0, answer.valid, `issues are reported exactly for what is invalid: ${where()}`);
        }
        const accepted = expected.filter(Boolean).length;
        assert.ok(accepted > 10 && accepted < expected.length - 10, `${accepted} of ${expected.length} are valid: too one-sided`);
    });
}
