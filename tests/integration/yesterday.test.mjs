// What the version before left (yesterday/README.md) after an upgrade: what waited is approved, what was done is replayed, what
// could not be sent is sent, and all of it is read in every line of AdCP.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { judge, judgeDocument, source } from '../conformance/lib/schemas.mjs';
import { lines, newest } from '../schema/published.mjs';
import { Agent } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const yesterday = path.join(import.meta.dirname, 'yesterday');
const calls = new Map(JSON.parse(readFileSync(path.join(yesterday, 'calls.json'), 'utf8')).map((c) => [c.name, c]));
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const data = mkdtempSync(path.join(tmpdir(), 'salesagent-yesterday-'));
let agent, hooks;

// The receiver has another port now; a registration is what every attempt takes its URL from.
function moveReceiver(base) {
  const script = 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n'
    + 'c.execute("UPDATE webhook SET url = replace(url, \'http://127.0.0.1:1\', ?)", (sys.argv[2],))\nc.commit()\n';
  execFileSync('python3', ['-c', script, path.join(data, 'salesagent.db'), base]);
}

before(async () => {
  for (const name of ['audit.anchor', 'seal.keys', 'secret.key']) {
    cpSync(path.join(yesterday, name), path.join(data, name));
    chmodSync(path.join(data, name), 0o600); // as the agent made them; git does not keep it
  }
  writeFileSync(path.join(data, 'salesagent.db'), gunzipSync(readFileSync(path.join(yesterday, 'salesagent.db.gz'))));
  hooks = await Receiver.start({ agent: () => agent });
  moveReceiver(hooks.base);
  agent = await Agent.start({ data, args: ['--clock', '2026-03-09T15:30:00Z'] });
});
after(async () => {
  await hooks.close();
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

async function call(tool, args, headers = {}) {
  const { structuredContent: reply, isError } = (await agent.call(tool, args, { headers })).body.result;
  const line = reply.adcp_version;
  if (source(line)) assert.equal(judge(line, { tool, reply, isError }) ?? null, null, JSON.stringify(reply));
  return reply;
}

test('what was done is replayed, in the line it was done in', async () => {
  for (const { tool, args, headers, reply, name } of calls.values()) {
    if (tool === 'get_products') continue;
    const again = await call(tool, args, headers);
    assert.equal(again.replayed, true, name);
    assert.deepEqual({ ...again, replayed: undefined }, { ...reply, replayed: undefined }, name);
    const moved = await call(tool, { ...args, adcp_version: newest }, headers);
    assert.equal(moved.adcp_error?.code, 'IDEMPOTENCY_CONFLICT', name); // another request
  }
});

test('media buys are read in every line', async () => {
  const ids = ['made 3.0', 'made 3.1'].map((name) => calls.get(name).reply.media_buy_id);
  for (const adcp_version of lines) {
    const { media_buys } = await call('get_media_buys', { adcp_version, account, media_buy_ids: ids });
    assert.deepEqual(media_buys.map((b) => b.media_buy_id).sort(), [...ids].sort());
    assert.ok(media_buys.every((b) => b.packages.length === 1 && b.status));
    const { creatives } = await call('list_creatives', { adcp_version, account });
    assert.equal(creatives.length, 2);
    const { media_buy_deliveries } = await call('get_media_buy_delivery', { adcp_version, account, media_buy_ids: ids }, { 'x-mock-time': '2026-04-16T00:00:00Z' });
    assert.equal(media_buy_deliveries.length, 2);
  }
});

test('what could not be sent is sent', async () => {
  for (const line of ['3.0', '3.1']) {
    const [hook] = await hooks.arrivals(`/made-${line}`, 1);
    for (const each of lines) assert.equal(judgeDocument(each, 'mcp-webhook-payload', hook.body) ?? null, null, JSON.stringify(hook.body));
    assert.equal(hook.body.status, 'completed');
  }
});

test('what waited is approved, told, and read in every line', async () => {
  for (const name of ['waiting 3.0', 'waiting 3.1', 'other waiting 3.0', 'other waiting 3.1']) {
    const { task_id } = calls.get(name).reply;
    const approved = await agent.cli('task', 'approve', task_id);
    assert.equal(approved.code, 0, approved.stderr);
    for (const adcp_version of lines) {
      const tool = adcp_version === '3.0' ? 'tasks/get' : 'get_task_status';
      const task = await call(tool, { adcp_version, task_id, include_result: true });
      assert.equal(task.status, 'completed', `${name} in ${adcp_version}`);
      assert.match(task.result.media_buy_id, /^mb-/);
      if (source(adcp_version)) {
        const result = { status: 'completed', ...task.result };
        assert.equal(judge(adcp_version, { tool: 'create_media_buy', reply: result, isError: false }) ?? null, null, JSON.stringify(result));
      }
    }
  }
  for (const line of ['3.0', '3.1']) {
    const [hook] = await hooks.arrivals(`/waiting-${line}`, 1);
    for (const each of lines) assert.equal(judgeDocument(each, 'mcp-webhook-payload', hook.body) ?? null, null, JSON.stringify(hook.body));
  }
});

test('a proposal is bought, in the newest line', async () => {
  const [{ proposal_id, total_budget_guidance }] = calls.get('products').reply.proposals;
  const firm = await call('get_products', { adcp_version: newest, buying_mode: 'refine', account, refine: [{ scope: 'proposal', proposal_id, action: 'finalize' }] }, { 'x-auto-advance': 'true' });
  assert.equal(firm.status, 'completed', JSON.stringify(firm));
  const bought = await call('create_media_buy', { adcp_version: newest, idempotency_key: 'today-key-proposal-01', account, brand: { domain: 'acme.example' },
    start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', proposal_id,
    total_budget: { amount: Math.ceil(total_budget_guidance.recommended), currency: 'USD' } }, { 'x-auto-advance': 'true' });
  assert.equal(bought.status, 'completed', JSON.stringify(bought));
  assert.equal(bought.packages.length, 3);
});
