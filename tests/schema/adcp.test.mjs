// AdCP's own schemas: for every document in the tables, values made from the published schema (its examples, values
// generated from it, and mutations of both) are judged by the validator and by ajv; they must agree on each.
// The schema rendered back from the tables is judged the same way.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { checkTables, checker, documents, newAjv, outlined, random, readJson, rendered, top } from './common.mjs';
import { idOf, lines, notAtHand, published } from './published.mjs';

const GENERATED = 12;
const MUTATIONS = 4;

// Values that mostly satisfy a published schema; where it is intricate they will not, which is a test as well.
class Maker {
    constructor(ajv, r) {
        this.ajv = ajv;
        this.r = r;
    }

    resolve(schema, root) {
        const seen = [];
        while (schema?.$ref) {
            const [id, fragment] = schema.$ref.split('#');
            if (id) root = this.ajv.schemas[id]?.schema ?? this.ajv.refs[id]?.schema ?? {};
            let node = root;
            for (const part of (fragment ?? '').split('/').slice(1)) node = node?.[part.replace(/~1/g, '/').replace(/~0/g, '~')];
            seen.push(schema);
            schema = node ?? {};
        }
        return { schema: seen.length ? { ...schema, ...without(seen, '$ref') } : schema, root };
    }

    make(given, givenRoot, depth) {
        const { schema, root } = this.resolve(given, givenRoot);
        if (schema === true || schema === undefined) return this.r.pick([1, 'x', {}, null]);
        if (schema === false) return null;
        if ('const' in schema) return schema.const;
        if (schema.enum) return this.r.pick(schema.enum);
        if (schema.examples?.length && this.r.chance(0.3)) return structuredClone(this.r.pick(schema.examples));
        let value = this.plain(schema, root, depth);
        for (const part of schema.allOf ?? []) value = this.merge(value, this.make(part, root, depth - 1));
        const choice = schema.oneOf ?? schema.anyOf;
        if (choice) value = this.merge(value, this.make(this.r.pick(choice), root, depth - 1));
        return value;
    }

    merge(a, b) {
        if (!isObject(a)) return b === undefined ? a : b;
        return isObject(b) ? { ...a, ...b } : a;
    }

    plain(schema, root, depth) {
        const type = Array.isArray(schema.type) ? this.r.pick(schema.type) : schema.type ?? (schema.properties ? 'object' : undefined);
        switch (type) {
        case 'object': return this.object(schema, root, depth);
        case 'array': {
            const n = Math.max(schema.minItems ?? 0, depth > 0 ? this.r.below(3) : 0);
            return Array.from({ length: Math.min(n, 20) }, () => this.make(schema.items ?? true, root, depth - 1));
        }
        case 'string': return this.string(schema);
        case 'integer': case 'number': return this.number(schema, type);
        case 'boolean': return this.r.chance(0.5);
        case 'null': return null;
        default: return schema.oneOf || schema.anyOf || schema.allOf ? {} : 'anything';
        }
    }

    object(schema, root, depth) {
        const out = {};
        const required = new Set(schema.required ?? []);
        for (const [key, sub] of Object.entries(schema.properties ?? {})) {
            if (required.has(key) || (depth > 0 && this.r.chance(0.3))) out[key] = this.make(sub, root, depth - 1);
        }
        for (const key of required) out[key] ??= 'x';
        return out;
    }

    string(schema) {
        const byFormat = { 'date-time': '2026-03-09T14:30:00Z', date: '2026-03-09', uri: 'https://a.example/x', email: 'a@b.example',
            uuid: '123e4567-e89b-42d3-a456-426614174000', hostname: 'a.example', 'uri-template': 'https://a.example/{id}' };
        if (schema.format) return byFormat[schema.format] ?? 'x';
        if (schema.pattern) {
            const fits = ['a', 'US', 'USD', 'US-CA', '12', '3.1', '1.2.3', '16:9', '#00ff00', '2026-03-09', 'a.example', 'a'.repeat(64),
                'A'.repeat(43), 'k'.repeat(20), 'https://a.example', 'sha256:' + 'a'.repeat(64), '12345678', 'en', '10:30', 'a:b']
                .filter((text) => new RegExp(schema.pattern, 'u').test(text));
            if (fits.length) return this.r.pick(fits);
        }
        return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
    }

    number(schema, type) {
        const low = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + 1 : 0);
        const high = schema.maximum ?? low + 10;
        return type === 'integer' ? low + this.r.below(Math.max(1, high - low)) : Math.min(high, low + 0.5);
    }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const without = (schemas, key) => Object.fromEntries(schemas.flatMap(Object.entries).filter(([name]) => name !== key));

// One change somewhere inside.
function mutate(original, r) {
    const value = structuredClone(original);
    const places = [];
    const walk = (holder) => {
        for (const key of Object.keys(holder)) {
            places.push([holder, key]);
            if (holder[key] !== null && typeof holder[key] === 'object') walk(holder[key]);
        }
    };
    if (value === null || typeof value !== 'object') return r.pick([null, {}, [], 'text', 7]);
    walk(value);
    if (!places.length) return { unknown: 1 };
    const [holder, key] = r.pick(places);
    const old = holder[key];
    switch (r.below(7)) {
    case 0: if (Array.isArray(holder)) holder.splice(Number(key), 1); else delete holder[key]; break;
    case 1: holder[key] = r.pick([null, true, -1, 1.5, '', 'no such', [], {}, 1e12]); break;
    case 2: holder[key] = typeof old === 'string' ? old + '!' : typeof old === 'number' ? -old - 1 : [old]; break;
    case 3: if (Array.isArray(holder)) holder.push(structuredClone(old)); else holder.unknown_member = old; break;
    case 4: holder[key] = structuredClone(r.pick(places)[0]); break;
    case 5: { const [other, name] = r.pick(places); holder[key] = structuredClone(other[name]); break; }
    default: holder[key] = typeof old === 'string' ? r.pick(['2026-02-30', 'http://', 'ä'.repeat(300), 'USD', old.toUpperCase()]) : String(old);
    }
    return value;
}

function candidates(ajv, schema, r) {
    const maker = new Maker(ajv, r);
    const made = (schema.examples ?? []).map((example) => example?.value ?? example?.data ?? example);
    for (let i = 0; i < GENERATED; i++) made.push(maker.make(schema, schema, 1 + (i % 5)));
    const mutated = made.flatMap((value) => Array.from({ length: MUTATIONS }, () => mutate(value, r)));
    return [...made, ...mutated].map((value) => JSON.parse(JSON.stringify(value ?? null)));
}

const schemaFolders = lines.map((line) => published[line]);
const ajvs = schemaFolders.map((folder) => folder ? newAjv(folder) : null);
const totals = { valid: 0, invalid: 0 };

for (const { line, path } of documents()) {
    test(`${path} of 3.${line}: the tables and ajv agree`, { skip: ajvs[line] ? false : notAtHand(lines[line]) }, () => {
        const schema = readJson(join(schemaFolders[line], path));
        const values = candidates(ajvs[line], schema, random(path.length * 7919 + line));
        const validate = ajvs[line].getSchema(idOf(schemaFolders[line], path, schema));
        const back = newAjv().compile(rendered(line, path));
        const outlines = [1, 3].map((levels) => newAjv().compile(outlined(line, path, levels)));
        const answers = checkTables(values.map((value) => ({ line, path, value })));
        for (const [i, value] of values.entries()) {
            const expected = validate(value);
            totals[expected ? 'valid' : 'invalid']++;
            const where = () => `${JSON.stringify(value)}\n${JSON.stringify(answers[i].issues)}\n${JSON.stringify(validate.errors)}`;
            assert.equal(answers[i].valid, expected, where());
            assert.equal(back(value), expected, `rendered: ${where()}`);
            assert.equal(answers[i].issues.length === 0, expected, where());
            if (expected) assert.ok(outlines.every((accepts) => accepts(value)), `outline: ${where()}`);
        }
    });
}

test('both accepted and refused values were tried in numbers', { skip: ajvs.every((ajv) => !ajv) }, () => {
    assert.ok(totals.valid > 1000 && totals.invalid > 1000, JSON.stringify(totals));
    console.log(JSON.stringify(totals));
});

// A release build takes about 5 us; the limit only catches a change of kind, also under sanitizers on a busy machine.
test('a create_media_buy of 2 KB is validated quickly', () => {
    const file = join(top, 'tests/schema/create_media_buy.json');
    const cost = JSON.parse(execFileSync(checker, ['--bench', '1', 'media-buy/create-media-buy-request.json', file]));
    console.log(JSON.stringify(cost));
    assert.ok(cost.validate_ns < 1e6, JSON.stringify(cost));
});
