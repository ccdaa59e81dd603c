// What a repeated idempotency_key does beyond the plain replay that the corpus of doors.test.mjs proves: across dialects,
// with dry runs, while the first call is still waiting, after its time, for others; and that a conflict tells nothing of
// the first call.
import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { doors } from './lib/doors.mjs';

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const day = '2026-03-09T14:30:00Z';
let agent, keys = 0;
const key = () => `idempotency-test-${String(++keys).padStart(6, '0')}`;
const code = (r) => r.payload.adcp_error?.code ?? r.payload.error?.code ?? r.payload.code;

const adcpBuy = { account, brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] };
// A buy in every dialect, with what must never come back: names, references and amounts.
const secret = { name: 'CANARY-NAME', ref: 'CANARY-REF', amount: 3141.59, id: 'canary' };
const buys = {
  'adcp-3.1': { ...adcpBuy, po_number: secret.ref, packages: [{ ...adcpBuy.packages[0], budget: secret.amount }] },
  'adcp-3.0': { ...adcpBuy, po_number: secret.ref, packages: [{ ...adcpBuy.packages[0], budget: secret.amount }] },
  rc: { ...adcpBuy, po_number: secret.ref, packages: [{ ...adcpBuy.packages[0], budget: secret.amount }] },
  tutorial: { name: secret.name, buyer_ref: secret.ref, currency: 'USD', total_budget: secret.amount,
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: secret.name, budget: secret.amount,
      start_date: '2026-04-01', end_date: '2026-04-30' }] },
  'buy-v1': { packages: ['prod-tech-display-001'], po_number: secret.ref, total_budget: secret.amount },
  'data-model': { product_id: 'prod-tech-display-001', advertiser_id: 'canary', name: secret.name, budget_cents: 314159,
    start_date: '2026-04-01', end_date: '2026-06-30', pricing: { pricing_model: 'cpm', bid_price: 12.5, currency: 'USD' } },
};

before(async () => {
  agent = await Agent.start({ args: ['--clock', day] });
  const second = await agent.cli('import', '--sandbox', path.join(import.meta.dirname, '../conformance/second_publisher.json'), '--new-publisher');
  assert.equal(second.code, 0, second.stderr);
});
after(() => agent.stop());

const speak = (dialect, more = {}) => ({ headers: { 'x-adcp-dialect': dialect, 'x-adcp-tenant': 'demo', ...more } });
// Every dialect says in its own way that a call failed: MCP's isError is the same for all.
async function call(args, options, tool = 'create_media_buy') {
  const r = await agent.call(tool, args, options);
  assert.equal(r.status, 200, JSON.stringify(r.body));
  assert.ok(r.body.result, JSON.stringify(r.body));
  return { failed: Boolean(r.body.result.isError), payload: r.body.result.structuredContent, text: JSON.stringify(r.body) };
}

for (const [dialect, args] of Object.entries(buys)) {
  test(`${dialect}: a key is replayed, and a conflict tells nothing of the first call`, async () => {
    const k = key();
    const first = await call({ ...args, idempotency_key: k }, speak(dialect));
    assert.equal(first.failed, false, first.text);
    const again = await call({ ...args, idempotency_key: k }, speak(dialect));
    assert.equal(again.failed, false, again.text);
    const ids = (t) => [...t.matchAll(/"((?:mb|task|mtask)[-_][0-9a-z_-]+)"/g)].map((m) => m[1]).sort();
    assert.deepEqual(ids(again.text), ids(first.text));
    for (const other of Object.keys(buys)) {
      // The same shape for every dialect would be another scope, so each keeps to what has an account or has none.
      if (Boolean(buys[other].account) !== Boolean(args.account)) continue;
      const shape = args.account ? { ...adcpBuy } : structuredClone(buys[other]);
      delete shape.po_number;
      shape.ext = { different: true };
      const r = await call({ ...shape, idempotency_key: k }, speak(other));
      assert.equal(r.failed, true, r.text);
      assert.match(r.text, /IDEMPOTENCY_CONFLICT|idempotency_key was used for a different request/, `${dialect} then ${other}`);
      const said = { ...r, text: r.text.replaceAll(k, '') };
      for (const s of [secret.name, secret.ref, '3141', '314159', ...ids(first.text)]) {
        assert.ok(!said.text.includes(s), `${dialect} then ${other}: ${s} in ${r.text}`);
      }
    }
  });
}

test('a conflict tells nothing through any door', async () => {
  const k = key();
  const made = await doors.mcp(agent, 'create_media_buy', { ...buys['adcp-3.1'], adcp_version: '3.1', idempotency_key: k }, speak('adcp-3.1'));
  assert.equal(made.kind, 'ok', JSON.stringify(made.payload));
  for (const [name, door] of Object.entries(doors)) {
    const r = await door(agent, 'create_media_buy', { ...adcpBuy, adcp_version: '3.1', idempotency_key: k, context: { mine: 1 } }, speak('adcp-3.1'));
    assert.equal(code(r), 'IDEMPOTENCY_CONFLICT', name);
    const text = JSON.stringify(r.payload);
    for (const s of [secret.ref, '3141', made.payload.task_id ?? made.payload.media_buy_id]) assert.ok(!text.includes(s), `${name}: ${text}`);
    for (const e of [r.payload.adcp_error, ...r.payload.errors]) assert.deepEqual(Object.keys(e), ['code', 'message'], name);
    assert.deepEqual(r.payload.context, { mine: 1 });
  }
});

test('the identical request in the other line of AdCP is a replay in that line, and nothing happens twice', async () => {
  const k = key();
  const first = await call({ ...adcpBuy, idempotency_key: k, context: { n: 1 } }, speak('adcp-3.0'));
  const again = await call({ ...adcpBuy, idempotency_key: k, context: { n: 2 } }, speak('adcp-3.1'));
  assert.equal(first.payload.replayed, undefined);
  assert.equal(again.payload.replayed, true);
  assert.equal(again.payload.task_id, first.payload.task_id);
  assert.deepEqual(again.payload.context, { n: 2 });
});

test('what the hash leaves out does not count, everything else does', async () => {
  const k = key(), hook = (credentials) => ({ push_notification_config: { url: 'https://buyer.example/hook',
    authentication: { schemes: ['HMAC-SHA256'], credentials } } });
  const base = { ...adcpBuy, adcp_version: '3.1', idempotency_key: k };
  const first = await call({ ...base, ...hook('a'.repeat(40)), governance_context: 'one', context: { a: 1 } }, speak('adcp-3.1'));
  assert.equal(first.failed, false, first.text);
  const same = await call({ ...base, ...hook('b'.repeat(40)), governance_context: 'two', context: { b: 1 } }, speak('adcp-3.1'));
  assert.equal(same.payload.replayed, true);
  for (const more of [{ ...hook('a'.repeat(40)), ext: {} }, {}, { ...hook('a'.repeat(40)), adcp_version: '3.0' }]) {
    assert.equal(code(await call({ ...base, ...more }, speak('adcp-3.1'))), 'IDEMPOTENCY_CONFLICT');
  }
});

test('a dry run takes no key and honours one that was used', async () => {
  const k = key(), dry = speak('adcp-3.1', { 'x-dry-run': 'true' }), args = { ...adcpBuy, adcp_version: '3.1', idempotency_key: k };
  for (let i = 0; i < 2; i++) {
    const r = await call(args, dry);
    assert.equal(r.payload.ext.salesagent.dry_run, true, r.text);
    assert.equal(r.payload.replayed, undefined);
  }
  const real = await call(args, speak('adcp-3.1'));
  assert.equal(real.failed, false);
  assert.equal(real.payload.replayed, undefined);
  const after = await call(args, dry);
  assert.equal(after.payload.replayed, true);
  assert.equal(after.payload.task_id, real.payload.task_id);
  assert.equal(code(await call({ ...args, po_number: 'x' }, dry)), 'IDEMPOTENCY_CONFLICT');
});

test('a failure keeps no key', async () => {
  const args = { ...adcpBuy, adcp_version: '3.1', idempotency_key: key() };
  assert.equal(code(await call({ ...args, packages: [{ ...adcpBuy.packages[0], product_id: 'none' }] }, speak('adcp-3.1'))), 'PRODUCT_NOT_FOUND');
  const r = await call(args, speak('adcp-3.1'));
  assert.equal(r.failed, false);
  assert.equal(r.payload.replayed, undefined);
});

test('a key is replayed for a day and then refused, never executed anew', async () => {
  const args = { ...adcpBuy, adcp_version: '3.1', idempotency_key: key() };
  const at = (t) => speak('adcp-3.1', { 'x-mock-time': t });
  const first = await call(args, at('2026-03-10T00:00:00Z'));
  assert.equal(first.failed, false, first.text);
  assert.equal((await call(args, at('2026-03-10T23:59:59Z'))).payload.replayed, true);
  for (const t of ['2026-03-11T00:00:01Z', '2026-03-31T00:00:00Z']) {
    const late = await call(args, at(t));
    assert.equal(code(late), 'IDEMPOTENCY_EXPIRED');
    assert.equal(late.payload.adcp_error.recovery, 'correctable');
  }
});

test('the key of another buyer, another publisher or another account is another key', async () => {
  const added = JSON.parse((await agent.cli('principal', 'add', 'rival', '--tenant', 'demo', '--json')).stdout);
  assert.ok(added);
  const token = JSON.parse((await agent.cli('token', 'add', 'rival', '--tenant', 'demo', '--json')).stdout).token.token;
  const k = key(), args = { adcp_version: '3.1', idempotency_key: k, creatives: [{ creative_id: 'mine', name: 'Mine',
    format_id: { agent_url: 'http://localhost', id: 'fmt-display-300x250' }, assets: {
      image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
      click_url: { asset_type: 'url', url: 'https://acme.example/' } } }] };
  const callers = [[{ account }, {}], [{ account }, { token }], [{ account: { ...account, brand: { domain: 'other.example' } } }, {}]];
  for (const [more, who] of callers) {
    const r = await call({ ...args, ...more }, { ...speak('adcp-3.1'), ...who }, 'sync_creatives');
    assert.equal(r.failed, false, r.text);
    assert.equal(r.payload.replayed, undefined, r.text);
  }
  for (const [more, who] of callers) {
    const r = await call({ ...args, ...more }, { ...speak('adcp-3.1'), ...who }, 'sync_creatives');
    assert.equal(r.payload.replayed, true, r.text);
  }
});

test('while the first call waits for an answer from outside, its key is in flight', async () => {
  const waiting = [];
  let asked = 0;
  const server = http.createServer((req, res) => {
    req.resume().on('end', () => { asked++; waiting.push(res); });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const governed = { brand: { domain: 'governed.example' }, operator: 'governed.example', sandbox: true };
  const bound = await call({ adcp_version: '3.1', idempotency_key: key(), accounts: [{ account: governed, governance_agents: [
    { url: `http://127.0.0.1:${server.address().port}/mcp`, authentication: { schemes: ['Bearer'], credentials: 'g'.repeat(40) } }] }] },
  speak('adcp-3.1'), 'sync_governance');
  assert.equal(bound.payload.accounts[0].status, 'synced', bound.text);
  const args = { ...adcpBuy, adcp_version: '3.1', account: governed, plan_id: 'plan-1', idempotency_key: key() };
  const rehearsed = await call({ ...args, idempotency_key: key() }, speak('adcp-3.1', { 'x-dry-run': 'true' }));
  assert.match(rehearsed.payload.ext.salesagent.would_call.join(), /check_governance purchase/);
  assert.equal(asked, 0);
  const first = call(args, speak('adcp-3.1'));
  while (waiting.length === 0) await new Promise((r) => setTimeout(r, 10));
  const again = await call(args, speak('adcp-3.1'));
  assert.equal(code(again), 'IDEMPOTENCY_IN_FLIGHT', again.text);
  assert.equal(again.payload.adcp_error.recovery, 'transient');
  assert.ok(again.payload.adcp_error.retry_after >= 1);
  assert.equal(code(await call({ ...args, po_number: 'other' }, speak('adcp-3.1'))), 'IDEMPOTENCY_CONFLICT');
  const free = call({ ...args, idempotency_key: key() }, speak('adcp-3.1')); // another key waits beside it
  while (waiting.length === 1) await new Promise((r) => setTimeout(r, 10));
  for (const res of waiting) {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { structuredContent: { check_id: 'c', verdict: 'approved', plan_id: 'plan-1',
      explanation: 'fine' } } }));
  }
  const done = await first;
  assert.equal(done.failed, false, done.text);
  assert.equal((await free).failed, false);
  const replay = await call(args, speak('adcp-3.1'));
  assert.equal(replay.payload.replayed, true);
  assert.equal(replay.payload.task_id, done.payload.task_id);
  assert.equal(asked, 2);
  server.close();
});
