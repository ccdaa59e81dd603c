// No page of the desk asks anything whose cost on a publisher with two years of history nobody has measured.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const top = path.resolve(import.meta.dirname, '../..');

test('what pages ask is what tests/unit/tools/media_buy/test_history.c measures', () => {
  const pages = globSync(`${top}/src/admin/**/*.c`).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\.asks = \{(.*?)\},\n\s+(?:\.|\})/gs)].flatMap(([, asks]) => asks.match(/"x_\w+"/g) ?? []));
  const asked = [...new Set(pages.map((t) => t.slice(1, -1)))];
  assert.ok(asked.length >= 35, `${asked.length}: the pages are read`);
  const table = readFileSync(`${top}/tests/unit/tools/media_buy/test_history.c`, 'utf8').match(/\} asks\[\] = \{(.*?)\n\};/s)[1];
  const measured = new Set([...table.matchAll(/\{ "(x_\w+)"/g)].map((m) => m[1]));
  // Of our own pages alone, for the person that asks: one row by its key.
  const own = ['x_own_sign_in_get', 'x_sign_in_get'];
  assert.deepEqual(asked.filter((t) => !measured.has(t) && !own.includes(t)), []);
});
