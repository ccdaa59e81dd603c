// The committed tables are what the vendors publish: derived again from their definitions, where these are present.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { vendors } from '../lib/vendors.mjs';

const top = path.resolve(import.meta.dirname, '../../..');

test('gam_rest.json, gam_soap.json and kevel.json are what is published', { skip: vendors ? false : 'not compared: the vendors\' definitions are not present (SHARED)' }, () => {
  let said = '';
  try {
    execFileSync('python3', [path.join(top, 'scripts/gen_vendor_tables'), vendors, '--check'], { encoding: 'utf8' });
  } catch (e) {
    said = e.stdout + e.stderr;
  }
  assert.equal(said, '');
});
