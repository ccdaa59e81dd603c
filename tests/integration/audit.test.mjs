// The audit trail against the files themselves: a database put back to an older copy is found by its anchor, which the
// agent keeps beside the database and a publisher may keep elsewhere.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Agent } from './lib/agent.mjs';

test('a database put back to an older copy is found', async (t) => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-audit-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const file = (name) => path.join(data, name);
  const copyAside = () => copyFileSync(file('salesagent.db'), file('old.db'));
  const cli = async (...args) => {
    const r = await agent.cli(...args);
    return { ...r, all: r.stdout + r.stderr };
  };
  let agent = await Agent.start({ data });
  t.after(() => agent.kill().catch(() => {}));
  const early = await cli('audit', 'head');
  assert.match(early.stdout, /^\d+ [0-9a-f]{64} \d{4}-\d\d-\d\dT/);
  assert.equal(JSON.parse((await cli('audit', 'head', '--json')).stdout).hash, early.stdout.split(' ')[1]);
  await agent.stop();
  copyAside();

  agent = await Agent.start({ data });
  assert.equal((await cli('user', 'add', 'ann', '--role', 'operator')).code, 0);
  const late = await cli('audit', 'head');
  writeFileSync(file('elsewhere.txt'), early.stdout + late.stdout);
  assert.equal((await cli('audit', 'verify', '--anchor', file('elsewhere.txt'))).code, 0);
  await agent.stop();
  assert.ok(readFileSync(file('audit.anchor'), 'utf8').endsWith(`${late.stdout.split(' ').slice(0, 2).join(' ')} `
    + readFileSync(file('audit.anchor'), 'utf8').trim().split(' ').at(-1) + '\n'));
  assert.doesNotMatch(agent.stderr, /older than its anchor/);

  copyFileSync(file('old.db'), file('salesagent.db')); // what the agent wrote since is gone, and the seal fits
  agent = await Agent.start({ data });
  assert.match(agent.stderr, /older than its anchor/);
  for (const anchor of [[], ['--anchor', file('elsewhere.txt')]]) {
    const r = await cli('audit', 'verify', ...anchor);
    assert.equal(r.code, 1, r.all + readFileSync(file('audit.anchor'), 'utf8') + readFileSync(file('elsewhere.txt'), 'utf8'));
    assert.match(r.stdout, /an anchor knows this row otherwise/);
  }
  writeFileSync(file('none.txt'), '');
  assert.equal((await cli('audit', 'verify', '--anchor', file('none.txt'))).code, 0); // without one it is whole, for what it is
  writeFileSync(file('none.txt'), 'not an anchor\n');
  assert.match((await cli('audit', 'verify', '--anchor', file('none.txt'))).stderr, /not a line of/);
  assert.equal((await cli('audit', 'verify', '--anchor', file('nowhere.txt'))).code, 1);
  await agent.stop();
});
