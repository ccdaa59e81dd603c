// What the ad server is asked and what comes of its refusals, in the older shapes and for the publisher's people. The mock
// ad server refuses what the setting adapter_settings.refuse names.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, cli } from '../integration/lib/agent.mjs';

let agent;
let data;
const january = { 'x-mock-time': '2024-01-10T10:00:00Z' };
const auto = { ...january, 'x-auto-advance': 'true' };
const dry = { ...january, 'x-dry-run': 'true' };

before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-adserver-'));
  const r = await cli('import', '--sandbox', path.join(import.meta.dirname, 'publisher.json'), '--data', data);
  assert.equal(r.code, 0, r.stderr);
  agent = await Agent.start({ data });
});
after(async () => {
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

async function call(token, tool, args, headers) {
  const r = await agent.call(tool, args, { token, headers });
  assert.ok(r.body?.result, JSON.stringify(r.body));
  return r.body.result.structuredContent;
}
const v1 = (tool, args, headers = january) => call('v1-buyer-token', tool, args, headers);
const settings = async (doc) => {
  const r = await agent.cli('tenant', 'set', '--settings', JSON.stringify(doc));
  assert.equal(r.code, 0, r.stderr);
};
const refusing = (...verbs) => settings({ adapter_settings: verbs.length ? { refuse: verbs } : null });
const days = { start_date: '2024-02-01', end_date: '2024-02-10' };
const buy = async (headers = auto) => {
  const made = await v1('create_media_buy', { packages: ['news'], total_budget: 5000, ...days }, headers);
  assert.ok(made.media_buy_id, JSON.stringify(made));
  return made.media_buy_id;
};
const banner = (creative_id) => ({ creative_id, name: creative_id, format: 'image', width: 300, height: 250,
  media_url: 'https://cdn.example.com/banner.jpg', click_url: 'https://example.com/landing' });
const tasks = async () => {
  const r = await agent.cli('task', 'list', '--json');
  assert.equal(r.code, 0, r.stderr);
  return JSON.parse(r.stdout).tasks;
};
const refusals = async (id) => (await tasks()).filter((t) => t.kind === 'ad_server' && JSON.stringify(t).includes(id));

test('what the ad server cannot book, and what it refuses, is ADAPTER_ERROR in AdCP:Buy v1', async () => {
  await refusing('book');
  const refused = await v1('create_media_buy', { packages: ['news'], total_budget: 5000, ...days }, auto);
  assert.equal(refused.error?.code, 'ADAPTER_ERROR', JSON.stringify(refused));
  await refusing();
  const id = await buy();
  await refusing('update');
  const changed = await v1('update_media_buy', { media_buy_id: id, total_budget: 6000 });
  assert.equal(changed.error?.code, 'ADAPTER_ERROR', JSON.stringify(changed));
  await refusing();
});

test('creatives of a booked buy reach the ad server; a refusal is a task, and trying again clears it', async () => {
  const id = await buy();
  const rehearsed = await v1('add_creative_assets', { media_buy_id: id, assets: [banner('told')] }, dry);
  assert.match(rehearsed.would_call.join('\n'), /upload creative told[^]*associate creative told with line item/);
  await refusing('creatives');
  await v1('add_creative_assets', { media_buy_id: id, assets: [banner('sent')] });
  const [task] = await refusals(id);
  assert.ok(task, JSON.stringify(await tasks()));
  const status = await v1('check_media_buy_status', { media_buy_id: id });
  assert.equal(status.reason, 'ADAPTER_ERROR', JSON.stringify(status));
  const again = await agent.cli('task', 'approve', task.task_id, '--mock-time', '2024-01-11T10:00:00Z');
  assert.notEqual(again.code, 0, 'it is still refused, and the task stays open');
  assert.equal((await refusals(id)).length, 1);
  await refusing();
  const cleared = await agent.cli('task', 'approve', task.task_id, '--mock-time', '2024-01-11T10:00:00Z');
  assert.equal(cleared.code, 0, cleared.stderr);
  assert.equal((await v1('check_media_buy_status', { media_buy_id: id })).reason, undefined);
  const second = await v1('add_creative_assets', { media_buy_id: id, assets: [{ ...banner('sent'), width: 728, height: 90,
    format: 'image', name: 'changed' }] }, dry);
  assert.match(second.would_call.join('\n'), /update creative sent/, 'the ad server has it already');
});

test('a person who approves a creative that the ad server refuses keeps the task and sees why', async () => {
  await settings({ creative_review_required: true });
  const id = await buy();
  const seen = await v1('add_creative_assets', { media_buy_id: id, assets: [banner('reviewed')] }, dry);
  assert.match(seen.would_call.join('\n'), /upload creative reviewed/, 'also while a person has to look at it');
  await v1('add_creative_assets', { media_buy_id: id, assets: [banner('reviewed')] });
  const review = (await tasks()).find((t) => t.kind === 'creative_review');
  assert.ok(review, JSON.stringify(await tasks()));
  await refusing('creatives');
  assert.notEqual((await agent.cli('task', 'approve', review.task_id, '--mock-time', '2024-01-11T10:00:00Z')).code, 0);
  const shown = JSON.parse((await agent.cli('task', 'show', review.task_id, '--json')).stdout);
  assert.match(JSON.stringify(shown), /set to refuse this/);
  await refusing();
  assert.equal((await agent.cli('task', 'approve', review.task_id, '--mock-time', '2024-01-11T10:00:00Z')).code, 0);
  await settings({ creative_review_required: false });
});

test('a dry run of an update that waits for a person lists what follows when that person agrees', async () => {
  const march = { 'x-mock-time': '2025-03-15T14:30:00Z' };
  const made = await call('data-model-token', 'create_media_buy', { product_id: 'prod_abc123', name: 'Waits',
    budget_cents: 250000, start_date: '2025-04-01', end_date: '2025-06-30' }, { ...march, 'x-auto-advance': 'true' });
  assert.ok(made.media_buy_id, JSON.stringify(made));
  const r = await agent.cli('rule', 'add', '--name', 'Updates', '--then', 'person', '--operations', 'update_media_buy');
  assert.equal(r.code, 0, r.stderr);
  const asked = { adcp_version: '3.1', idempotency_key: 'dry-waits-0123456789', media_buy_id: made.media_buy_id,
    account: { account_id: made.account?.account_id ?? 'x' }, end_time: '2025-07-31T00:00:00Z' };
  const read = await call('data-model-token', 'get_media_buys', { adcp_version: '3.1', media_buy_ids: [made.media_buy_id] }, march);
  asked.account = { account_id: read.media_buys[0].account.account_id };
  const told = await call('data-model-token', 'update_media_buy', asked, { ...march, 'x-dry-run': 'true' });
  assert.equal(told.status, 'submitted', JSON.stringify(told));
  assert.match(told.ext.salesagent.would_call.join('\n'), /update order[^]*update line item/);
});
