// What the README's first steps say, done: a media buy with a banner for the example page, and its approval.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const readme = readFileSync(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');

// The arguments of the README's create_media_buy for the page, for this agent.
function written(agent) {
  const [, json] = readme.match(/call create_media_buy '(\{[^']*prod-demo-page-001[^']*)'/);
  return json.replaceAll('http://localhost:8000', agent.base);
}

export async function buy(agent) {
  const r = await agent.cli('call', 'create_media_buy', written(agent));
  assert.equal(r.code, 0, r.stdout + r.stderr);
  return JSON.parse(r.stdout);
}

// Everything that waits for a person.
export async function approve(agent) {
  const { tasks } = JSON.parse((await agent.cli('task', 'list', '--json')).stdout);
  assert.ok(tasks.length, 'nothing waits');
  for (const task of tasks) {
    const r = await agent.cli('task', 'approve', task.task_id);
    assert.equal(r.code, 0, r.stdout + r.stderr);
  }
}
