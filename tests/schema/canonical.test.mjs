// RFC 8785 leans on ECMAScript for numbers, strings and the order of names, so JavaScript itself is the reference.
import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalTexts, random } from './common.mjs';

function reference(value) {
    if (Array.isArray(value)) return `[${value.map(reference).join(',')}]`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${reference(value[key])}`).join(',')}}`;
}

function randomDouble(r) {
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 8; i++) view.setUint8(i, r.below(256));
    const any = view.getFloat64(0);
    return Number.isFinite(any) ? any : 0;
}

function compare(values) {
    const texts = canonicalTexts(values.map((value) => JSON.stringify(value)));
    for (const [i, text] of texts.entries()) assert.equal(text, reference(values[i]));
}

test('numbers: random bit patterns', () => {
    const r = random(1);
    compare(Array.from({ length: 20000 }, () => randomDouble(r)));
});

test('numbers: powers of two and of ten and their neighbours', () => {
    const values = [];
    for (let e = -1074; e < 1024; e++) values.push(2 ** e, 2 ** e * (1 + Number.EPSILON), 2 ** e * (1 - Number.EPSILON / 2));
    for (let e = -323; e < 309; e++) values.push(Number(`1e${e}`), Number(`-9.999999999999999e${Math.min(e, 307)}`), Number(`1.5e${Math.min(e, 307)}`));
    compare(values.filter((value) => Number.isFinite(value)));
});

test('numbers: money and small decimals', () => {
    const r = random(2);
    compare(Array.from({ length: 20000 }, () => r.below(1e9) / 10 ** r.below(8)));
});

test('names and strings: every plane, control characters, nesting', () => {
    const r = random(3);
    const points = [0x1, 0x8, 0x9, 0xa, 0xb, 0xd, 0x1f, 0x20, 0x22, 0x2f, 0x5c, 0x7f, 0x80, 0x7ff, 0x800, 0x2028, 0xd7ff, 0xe000, 0xfb33,
        0xffff, 0x10000, 0x1f600, 0x10ffff];
    const text = () => Array.from({ length: r.below(5) }, () => String.fromCodePoint(r.pick(points))).join('');
    const value = (depth) => depth <= 0 || r.chance(0.4) ? r.pick([text(), r.below(100), null, true])
        : r.chance(0.5) ? Array.from({ length: r.below(4) }, () => value(depth - 1))
            : Object.fromEntries(Array.from({ length: r.below(8) }, () => [text(), value(depth - 1)]));
    compare(Array.from({ length: 3000 }, () => value(4)));
});
