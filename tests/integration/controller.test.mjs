// The test controller: what it shows of calls that really went out, and that a production agent has none of it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Agent, cli } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';
import { doors } from './lib/doors.mjs';

const publisher = path.join(import.meta.dirname, '../conformance/publisher.json');
const token = 'demo-acme-outdoor-v1';
const account = { brand: { domain: 'acmeoutdoor.example' }, operator: 'acmeoutdoor.example', sandbox: true };

async function withPublisher(options, use, file = publisher) {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-'));
  const made = await cli('import', '--sandbox', file, '--data', data);
  assert.equal(made.code, 0, made.stderr);
  const agent = await Agent.start({ data, ...options });
  try {
    await use(agent);
  } finally {
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function receiver(agent, use) {
  const hooks = await Receiver.start({ agent: () => agent });
  try {
    await use(hooks.base, hooks.deliveries);
  } finally {
    await hooks.close();
  }
}

test('calls that went out for a buyer are shown to that buyer', () => withPublisher({ args: ['--clock', '2026-03-16T09:00:00Z'] }, (agent) => receiver(agent, async (base, arrived) => {
  const call = async (tool, args, as = token) => (await agent.call(tool, { adcp_version: '3.1', ...args }, { token: as })).body.result.structuredContent;
  const control = (scenario, params, as) => call('comply_test_controller', { scenario, params, account: { sandbox: true } }, as);
  assert.equal((await control('force_create_media_buy_arm', { arm: 'submitted', task_id: 'task-outward' })).success, true);
  const bought = await call('create_media_buy', { account, brand: account.brand, idempotency_key: 'controller-outward-01',
    start_time: '2026-04-01T00:00:00Z', end_time: '2026-06-30T00:00:00Z',
    packages: [{ product_id: 'test-product', budget: 5000, pricing_option_id: 'test-pricing' }],
    push_notification_config: { url: `${base}/hook?key=hush`, operation_id: 'op-1', token: 'a-token-of-the-buyer-0001' } });
  assert.equal(bought.status, 'submitted', JSON.stringify(bought));
  assert.equal((await control('force_task_completion', { task_id: 'task-outward', result: { media_buy_id: 'mb-x', packages: [] } })).success, true);
  let shown;
  for (let i = 0; i < 200 && !(arrived.length && shown?.total_count === arrived.length); i++) { // it arrives once it is verified, and is shown once its answer is on record
    await new Promise((r) => setTimeout(r, 50));
    shown = await control('query_upstream_traffic', { endpoint_pattern: 'POST */hook' });
  }
  assert.ok(arrived.length >= 1);
  assert.equal(shown.total_count, arrived.length);
  const [first] = shown.recorded_calls;
  assert.deepEqual([first.method, first.url, first.status_code], ['POST', `${base}/hook`, 200]);
  assert.equal(first.payload.task_id, 'task-outward');
  assert.equal(first.payload.token, '[redacted]');
  assert.ok(!JSON.stringify(shown).includes('hush'));
  assert.equal((await control('query_upstream_traffic', {}, 'demo-nova-motors-v1')).total_count, 0, "another buyer's is not shown");
})));

test('in production mode there is no test controller, for whatever credential and through whichever door', async (t) => {
  // With tokens that not everybody knows: data with those of the public kits is a sandbox's, and not served.
  const folder = mkdtempSync(path.join(tmpdir(), 'salesagent-')), token = 'acme-outdoor-of-its-own', file = path.join(folder, 'publisher.json');
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(file, readFileSync(publisher, 'utf8').replaceAll('demo-acme-outdoor-v1', token));
  await assert.rejects(withPublisher({ sandbox: false }, () => {}), /This data is a sandbox's: everybody knows its tokens/);
  await withPublisher({ sandbox: false }, async (agent) => {
    const list = await agent.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    const names = list.body.result.tools.map((t) => t.name);
    assert.ok(names.includes('create_media_buy') && !names.includes('comply_test_controller'));
    for (const adcp_version of ['3.0', '3.1']) {
      const capabilities = (await agent.call('get_adcp_capabilities', { adcp_version }, { token })).body.result.structuredContent;
      assert.ok(capabilities.adcp && !('compliance_testing' in capabilities));
      assert.ok(!JSON.stringify(capabilities).includes('comply_test_controller'));
    }
    for (const page of ['/.well-known/agent-card.json', '/api/v1/openapi.json', '/docs']) {
      const text = await (await fetch(agent.base + page, { headers: { 'x-adcp-auth': token } })).text();
      assert.ok(text.includes('create_media_buy') && !text.includes('comply_test_controller'), page);
    }
    const args = { scenario: 'list_scenarios', account: { sandbox: true } };
    for (const [door, call] of Object.entries(doors)) {
      const [there, unknown] = [await call(agent, 'comply_test_controller', args, { token }), await call(agent, 'no_such_tool', args, { token })];
      assert.equal(there.kind, 'unknown', `${door}: ${JSON.stringify(there)}`);
      assert.equal(JSON.stringify(there.payload).replaceAll('comply_test_controller', 'no_such_tool'), JSON.stringify(unknown.payload), door);
    }
  }, file);
});
