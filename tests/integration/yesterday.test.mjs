// What versions before left (yesterday/README.md) after an upgrade: what waited is approved, what was done is replayed, what
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

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const asked = (folder) => new Map(JSON.parse(readFileSync(path.join(folder, 'calls.json'), 'utf8')).map((c) => [c.name, c]));

// The receiver has another port now; a registration is what every attempt takes its URL from.
function moveReceiver(data, base) {
  const script = 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n'
    + 'c.execute("UPDATE webhook SET url = replace(url, \'http://127.0.0.1:1\', ?)", (sys.argv[2],))\nc.commit()\n';
  execFileSync('python3', ['-c', script, path.join(data, 'salesagent.db'), base]);
}

// A folder of the version before, served by this one.
async function upgraded(folder) {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-yesterday-'));
  for (const name of ['audit.anchor', 'seal.keys', 'secret.key']) {
    cpSync(path.join(folder, name), path.join(data, name));
    chmodSync(path.join(data, name), 0o600); // as the agent made them; git does not keep it
  }
  writeFileSync(path.join(data, 'salesagent.db'), gunzipSync(readFileSync(path.join(folder, 'salesagent.db.gz'))));
  const hooks = await Receiver.start({ agent: () => agent });
  moveReceiver(data, hooks.base);
  const agent = await Agent.start({ data, args: ['--clock', '2026-03-09T15:30:00Z'] });
  return { agent, hooks, close: async () => {
    await hooks.close();
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  } };
}

const older = path.join(import.meta.dirname, 'yesterday'), newer = path.join(older, 'of_3.2');
const calls = asked(older), calls32 = asked(newer);
let agent, hooks;
const all = [];
before(async () => {
  all.push(await upgraded(older), await upgraded(newer));
  ({ agent, hooks } = all[0]);
});
after(() => Promise.all(all.map((a) => a.close())));

async function call(tool, args, headers = {}, to = agent) {
  const { structuredContent: reply, isError } = (await to.call(tool, args, { headers })).body.result;
  const line = reply.adcp_version ?? args.adcp_version; // closed replies do not say it
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

// ---- what callers of 3.2 left ----

const call32 = (tool, args, headers) => call(tool, args, headers, all[1].agent);

test('3.2: what was done is replayed, the compact calls, too', async () => {
  for (const { tool, args, headers, reply, name } of calls32.values()) {
    if (!args.idempotency_key) continue;
    const again = await call32(tool, args, headers);
    assert.equal(again.replayed, true, name);
    assert.deepEqual({ ...again, replayed: undefined }, { ...reply, replayed: undefined }, name);
  }
});

test('3.2: media buys are read in every line, with their terms', async () => {
  const ids = ['made 3.2', 'bought'].map((name) => calls32.get(name).reply.media_buy_id);
  for (const adcp_version of lines) {
    const { media_buys } = await call32('get_media_buys', { adcp_version, account, media_buy_ids: ids });
    assert.deepEqual(media_buys.map((b) => b.media_buy_id).sort(), [...ids].sort());
    assert.equal(media_buys.find((b) => b.media_buy_id === ids[0]).name, adcp_version === '3.2' ? 'Spring' : undefined);
    const { media_buy_deliveries } = await call32('get_media_buy_delivery', { adcp_version, account, media_buy_ids: ids }, { 'x-mock-time': '2026-04-16T00:00:00Z' });
    assert.equal(media_buy_deliveries.length, 2);
  }
});

test('3.2: what waited is approved, told, and read in every line', async () => {
  for (const [name, tool] of [['waiting 3.2', 'create_media_buy'], ['other waiting 3.2', 'create_media_buy'], ['waiting purchase', 'buy_products']]) {
    const { task_id } = calls32.get(name).reply;
    const approved = await all[1].agent.cli('task', 'approve', task_id);
    assert.equal(approved.code, 0, approved.stderr);
    for (const adcp_version of lines) {
      const task = await call32(adcp_version === '3.0' ? 'tasks/get' : 'get_task_status', { adcp_version, task_id, include_result: true });
      assert.equal(task.status, 'completed', `${name} in ${adcp_version}`);
      assert.match(task.result.media_buy_id, /^mb-/);
      if (adcp_version === '3.2' && source('3.2')) assert.equal(judge('3.2', { tool, reply: { status: 'completed', ...task.result }, isError: false }) ?? null, null, JSON.stringify(task.result));
    }
  }
  for (const where of ['made-3.2', 'bought', 'waiting-3.2', 'waiting-purchase']) {
    const [hook] = await all[1].hooks.arrivals(`/${where}`, 1);
    assert.equal(judgeDocument('3.2', 'mcp-webhook-payload', hook.body) ?? null, null, JSON.stringify(hook.body));
    assert.match(hook.body.result.media_buy_id, /^mb-/);
  }
});

test('3.2: a finalized proposal is accepted by the digest it had, a draft is finalized', async () => {
  const { proposal } = calls32.get('firm').reply.results[0];
  const accepted = await call32('accept_proposal', { adcp_version: '3.2', idempotency_key: 'today-key-accept-0001', account, proposal_id: proposal.proposal_id,
    proposal_terms_digest: proposal.terms_digest }, { 'x-auto-advance': 'true' });
  assert.equal(accepted.status, 'completed', JSON.stringify(accepted));
  assert.equal(accepted.accepted_proposal.terms_digest, proposal.terms_digest);
  const draft = calls32.get('drafts').reply.proposals.at(-1);
  const firm = await call32('refine_proposals', { adcp_version: '3.2', idempotency_key: 'today-key-finalize-01', refinements: [{ proposal_id: draft.proposal_id, action: 'finalize' }] }, { 'x-auto-advance': 'true' });
  assert.equal(firm.results[0].outcome, 'finalized', JSON.stringify(firm));
});
