// docs/publisher.md, 'From "a buyer wants something" to "it is live"': its commands, as a new publisher would paste them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, binary } from './lib/agent.mjs';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/publisher.md'), 'utf8');

function blocks(heading) {
  const from = page.indexOf(`\n## ${heading}\n`);
  assert.ok(from >= 0, heading);
  const section = page.slice(from, page.indexOf('\n## ', from + 1));
  return [...section.matchAll(/^```\n(.*?)^```$/gms)].map((m) => m[1]);
}

test('from "a buyer wants something" to "it is live"', { timeout: 120000 }, async (t) => {
  const [start, commands] = blocks('From "a buyer wants something" to "it is live"');
  const run = start.trim().split(/\s+/);
  assert.equal(run[0], 'scripts/run'); // which serves in sandbox mode with what follows; only its port is ours
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-docs-'));
  mkdirSync(path.join(dir, 'build'));
  symlinkSync(path.resolve(binary), path.join(dir, 'build/salesagent'));
  const agent = await Agent.start({ data: path.join(dir, 'data'), args: run.slice(1) });
  t.after(async () => { await agent.stop(); rmSync(dir, { recursive: true, force: true }); });

  // A failing line ends it; every placeholder must have been replaced by what an earlier line gave.
  assert.doesNotMatch(commands, /(task|mb|cr)-\.\.\./);
  const env = { ...process.env, SALESAGENT_DATA: '' };
  const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', commands], { cwd: dir, env, maxBuffer: 1 << 24 });
  assert.match(stdout, /^token +sa_\S+$/m);
  assert.match(stdout, /outcome +person[^]*name +Large/);
  assert.match(stdout, /rule +rule "Large"/);
  assert.match(stdout, /would_call +.*create order "DevTool launch"/);
  assert.match(stdout, /decision +approved/);
  assert.match(stdout, /"status": "active"/);
  assert.match(stdout, /task\.commented/);
  assert.match(stdout, /the trail is whole/);
  assert.match(stdout, /read through and whole/);
  assert.match(readFileSync(path.join(dir, 'audit.csv'), 'utf8'), /"task\.approved"/);
  assert.match(readFileSync(path.join(dir, 'head.txt'), 'utf8'), /^\d+ [0-9a-f]{64} /);
});
