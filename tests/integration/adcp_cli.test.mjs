// The same campaign through the `adcp` command of @adcp/sdk, which speaks AdCP 3.0: discover, buy, be approved, upload,
// be approved, deliver, optimise, give feedback. The sandbox's clock stands where the tutorial's does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent } from './lib/agent.mjs';

const command = path.resolve(import.meta.dirname, '../node_modules/@adcp/sdk/bin/adcp.js');
const run = promisify(execFile);
const account = { brand: { domain: 'techcorp.example.com' }, operator: 'techcorp.example.com' };
let agent, taskId, buyId, packages;

async function adcp(tool, args) {
  const { stdout } = await run(process.execPath, [command, agent.url, tool, JSON.stringify(args), '--auth', 'test-token',
    '--allow-http', '--json'], { env: { ...process.env, ADCP_SKIP_VERSION_CHECK: '1' }, maxBuffer: 1 << 26 });
  const answer = JSON.parse(stdout.slice(stdout.indexOf('{')));
  return answer.data ?? answer;
}

before(async () => { agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] }); });
after(async () => { await agent.stop(); });

test('discover: capabilities, products in order, formats', async () => {
  const c = await adcp('get_adcp_capabilities', {});
  assert.deepEqual(c.adcp.major_versions, [3]);
  assert.ok(c.supported_protocols.includes('media_buy'));
  // A page: what a pipe does not take at once, the command loses when it ends.
  const p = await adcp('get_products', { buying_mode: 'brief', brand: account.brand, pagination: { max_results: 5 },
    brief: 'display ads targeting US tech enthusiasts, developers, $5000 budget' });
  assert.deepEqual(p.products.slice(0, 3).map((x) => x.product_id),
    ['prod-tech-display-001', 'prod-tech-video-001', 'prod-ron-display-001']);
  const f = await adcp('list_creative_formats', {});
  assert.equal(f.formats[0].format_id.id, 'fmt-display-300x250');
});

test('buy: submitted until a person approves', async () => {
  const r = await adcp('create_media_buy', { idempotency_key: 'adcp-cli-create-0001', account, brand: account.brand,
    start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z', packages: [
      { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 },
      { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 2000 }] });
  assert.equal(r.status, 'submitted');
  taskId = r.task_id;
  assert.equal((await agent.cli('task', 'approve', taskId)).code, 0);
  const t = await adcp('tasks/get', { task_id: taskId, include_result: true });
  assert.equal(t.status, 'completed');
  buyId = t.result.media_buy_id;
  packages = t.result.packages;
  assert.deepEqual(packages.map((p) => p.impressions), [240000, 160000]);
});

test('upload, review, and the buy moves on', async () => {
  const agent_url = (await adcp('list_creative_formats', {})).formats[0].format_id.agent_url;
  const r = await adcp('sync_creatives', { idempotency_key: 'adcp-cli-sync-000001', account, creatives: [{
    creative_id: 'devtool-300x250', name: 'DevTool', format_id: { agent_url, id: 'fmt-display-300x250' },
    assets: { primary: { asset_type: 'image', url: 'https://cdn.techcorp.example.com/300.png', width: 300, height: 250,
      format: 'png' }, click_url: { asset_type: 'url', url: 'https://techcorp.example.com/devtool' } } }],
  assignments: packages.map((p) => ({ creative_id: 'devtool-300x250', package_id: p.package_id })) });
  assert.equal(r.creatives[0].action, 'created', JSON.stringify(r));
  const open = JSON.parse((await agent.cli('task', 'list', '--json')).stdout).tasks;
  for (const t of open) assert.equal((await agent.cli('task', 'approve', t.task_id)).code, 0);
  const b = await adcp('get_media_buys', { account, media_buy_ids: [buyId] });
  assert.equal(b.media_buys[0].status, 'pending_start');
});

test('deliver, optimise, feed back', async () => {
  const d = await adcp('get_media_buy_delivery', { account, media_buy_ids: [buyId] });
  assert.equal(d.media_buy_deliveries[0].media_buy_id, buyId);
  const u = await adcp('update_media_buy', { idempotency_key: 'adcp-cli-update-0001', account, media_buy_id: buyId,
    end_time: '2026-05-08T00:00:00Z', packages: [{ package_id: packages[0].package_id, budget: 3500 },
      { package_id: packages[1].package_id, budget: 1500 }] });
  assert.equal(u.media_buy_id, buyId, JSON.stringify(u));
  assert.deepEqual(u.affected_packages.map((p) => p.budget), [3500, 1500]);
  const f = await adcp('provide_performance_feedback', { idempotency_key: 'adcp-cli-feedback-01', media_buy_id: buyId,
    measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-11T00:00:00Z' }, performance_index: 1.2 });
  assert.equal(f.success, true, JSON.stringify(f));
});
