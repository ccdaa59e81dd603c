// The Tech Lab's schemas of VAST as a judge: they are not part of the project, and lie beside it or not at all.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { vendors } from '../../adapters/lib/vendors.mjs';

const schemas = { '4.2': 'vast_4.2.xsd', '3.0': 'vast3_draft.xsd' };
const folder = vendors && path.join(vendors, 'iab/vast');

function missing() {
  const gone = folder ? Object.values(schemas).filter((file) => !existsSync(path.join(folder, file))) : Object.values(schemas);
  if (gone.length) return `the Tech Lab's schemas (${gone.join(', ')}) are not beside the project: $SHARED/vendors/iab/vast, else ../shared/vendors/iab/vast`;
  try { execFileSync('xmllint', ['--version'], { stdio: 'ignore' }); } catch { return 'xmllint is not installed'; }
  return undefined;
}

// Why nothing can be judged here; undefined when it can.
export const unjudged = missing();

// What the schema of that version has against the document; empty: nothing.
export function complaints(version, text) {
  const r = spawnSync('xmllint', ['--nonet', '--noout', '--schema', path.join(folder, schemas[version]), '-'], { input: text, encoding: 'utf8' });
  return r.status === 0 ? '' : r.stderr;
}

// As a player has it once it has filled in macros: VAST writes them in brackets, which xmllint takes in no URI.
export function conforms(version, text, what) {
  assert.equal(complaints(version, text.replace(/\[[A-Z]+\]/g, '0')), '', `${what}\n${text}`);
}
