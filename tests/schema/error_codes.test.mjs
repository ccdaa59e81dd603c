// The table of error codes against the published enumerations of all lines: every code with its recovery class, no code
// of our own invention, and nothing in the sources that is answered with a code the table lacks.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { lines, notAtHand, published } from './published.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const table = new Map();
const text = readFileSync(path.join(top, 'src/contract/generated/error_codes_generated.c'), 'utf8');
for (const [, code, since, recovery] of text.matchAll(/^\{"(\w+)",(\d),\{([\w,]+)\}\}/gm)) {
  table.set(code, { since: Number(since), recovery: recovery.split(',').map((r) => r.replace('ERROR_RECOVERY_', '').toLowerCase()) });
}

for (const [index, line] of lines.entries()) {
  test(`AdCP ${line}: every published code, with its recovery class`, { skip: published[line] ? false : notAtHand(line) }, () => {
    const { enum: codes, enumMetadata } = JSON.parse(readFileSync(path.join(published[line], 'enums/error-code.json'), 'utf8'));
    assert.ok(codes.length >= 45);
    for (const code of codes) {
      const row = table.get(code);
      assert.ok(row, `${code} is missing`);
      assert.equal(row.recovery[index], enumMetadata[code].recovery, code);
      if (index === 0) assert.equal(row.since, 0, code);
    }
    const ours = [...table].filter(([, row]) => row.since <= index).map(([code]) => code);
    assert.deepEqual(ours.sort(), [...codes].sort());
  });
}

// The test controller's own words (comply-test-controller-response), which are answers and no errors of an operation.
const controller = new Set(['FORBIDDEN', 'INVALID_PARAMS', 'INVALID_TRANSITION', 'INVALID_STATE', 'NOT_FOUND', 'UNKNOWN_SCENARIO']);

test('the sources answer with published codes only', () => {
  const used = new Map();
  for (const entry of readdirSync(path.join(top, 'src'), { recursive: true })) {
    if (!entry.endsWith('.c') || entry.includes('generated')) continue;
    const source = readFileSync(path.join(top, 'src', entry), 'utf8');
    for (const [, code] of source.matchAll(/\b(?:err_set|put_error|missing)\([\w&>.-]+,\s*"([A-Z][A-Z_]+)"/g)) used.set(code, entry);
  }
  assert.ok(used.size > 40, `${used.size}`);
  for (const [code, file] of used) assert.ok(table.has(code) || controller.has(code), `${code} in ${file}`);
});
