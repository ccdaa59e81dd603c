// Webhooks end to end: the real binary, a real receiver, and the public SDK's own verifier, which finds our key the way
// any buyer would: capabilities -> identity.brand_json_url -> agents[].jwks_uri -> kid.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, cli } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

let agent;
let hooks;
let base;
const plans = new Map(); // path -> statuses still to be answered
const arrivals = (where, n, ms) => hooks.arrivals(where, n, ms);
const shared = 's'.repeat(40); // of HMAC and Bearer

const buy = (push, more = {}) => ({
  idempotency_key: randomUUID(),
  account: { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example' },
  brand: { domain: 'acmeoutdoor.example' },
  start_time: new Date(Date.now() + 86400e3).toISOString(),
  end_time: new Date(Date.now() + 30 * 86400e3).toISOString(),
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }],
  context: { trace: 'abc', nested: { n: 1 } },
  push_notification_config: push,
  ...more,
});

async function create(args, headers = {}) {
  const r = await agent.call('create_media_buy', args, { headers });
  return r.body.result;
}

before(async () => {
  agent = await Agent.start();
  hooks = await Receiver.start({ agent: () => agent, secret: shared, answer: (d) => plans.get(d.path.split('?')[0])?.shift() });
  base = hooks.base;
});
after(async () => {
  try {
    await hooks.close();
  } finally {
    await agent.stop();
  }
});

test('approval tells the buyer once, signed, in the envelope, with operation_id and context', async () => {
  const args = buy({ url: `${base}/approve?secret=1`, operation_id: 'op-17', token: 'token-token-token-1' });
  const created = (await create(args)).structuredContent;
  assert.equal(created.status, 'submitted', JSON.stringify(created));
  const done = await agent.cli('task', 'approve', created.task_id);
  assert.equal(done.code, 0, done.stderr);
  const [w] = await arrivals('/approve', 1);
  assert.equal(w.body.operation_id, 'op-17');
  assert.equal(w.body.task_id, created.task_id);
  assert.equal(w.body.task_type, 'create_media_buy');
  assert.equal(w.body.status, 'completed');
  assert.equal(w.body.token, 'token-token-token-1');
  assert.deepEqual(w.body.context, args.context);
  assert.deepEqual(w.body.result.context, args.context);
  assert.ok(w.body.result.media_buy_id.startsWith('mb-'));
  assert.equal(w.body.result.packages.length, 1);
  assert.match(w.body.idempotency_key, /^[A-Za-z0-9_.:-]{16,255}$/);
  assert.equal(w.verified, 'rfc9421');
  assert.equal(w.headers.authorization, undefined);
});

test('rejection tells why', async () => {
  const created = (await create(buy({ url: `${base}/reject`, operation_id: 'op-18' }))).structuredContent;
  const done = await agent.cli('task', 'reject', created.task_id, '--reason', 'Sold out in May');
  assert.equal(done.code, 0, done.stderr);
  const [w] = await arrivals('/reject', 1);
  assert.ok(['rejected', 'failed'].includes(w.body.status), w.body.status);
  assert.match(JSON.stringify(w.body.result.errors), /Sold out in May/);
  assert.equal(w.verified, 'rfc9421');
});

test('three times 503 and a reset: the same key and bytes, a fresh signature each time', async () => {
  plans.set('/retry', [503, 503, 'reset', 503]);
  const args = buy({ url: `${base}/retry`, operation_id: 'op-19' });
  await create(args, { 'x-auto-advance': 'true' });
  const all = await arrivals('/retry', 5, 60000);
  assert.equal(new Set(all.map((w) => w.body.idempotency_key)).size, 1);
  assert.equal(new Set(all.map((w) => w.raw)).size, 1);
  assert.equal(new Set(all.map((w) => w.headers['signature-input'])).size, all.length); // a nonce is for one use
  for (const w of all) assert.equal(w.verified, 'rfc9421');
});

test('a 200 with a large body is a success: nothing is sent again', async () => {
  plans.set('/thanks', [{ status: 200, body: 'thanks '.repeat(1 << 20) }]); // 7 MiB
  plans.set('/refuses', [{ status: 422, body: 'no '.repeat(1 << 20) }]); // and a large refusal is no success
  for (const where of ['/thanks', '/refuses']) {
    await create(buy({ url: `${base}${where}`, operation_id: 'op-21' }), { 'x-auto-advance': 'true' });
    await arrivals(where, 1);
  }
  const jobs = async (state) => JSON.parse((await agent.cli('job', 'list', '--state', state, '--json')).stdout).jobs;
  for (let i = 0; i < 100 && (await jobs('ready')).some((j) => j.kind === 'webhook' && !j.attempts); i++) await new Promise((r) => setTimeout(r, 50));
  for (let i = 0; i < 100 && !(await jobs('dead')).length; i++) await new Promise((r) => setTimeout(r, 50));
  assert.deepEqual((await jobs('ready')).filter((j) => /too long/.test(j.last_error)), [], 'nothing waits to be sent again');
  assert.deepEqual((await jobs('dead')).map((j) => [j.last_error, j.attempts]), [['HTTP 422', 1]]);
  assert.deepEqual(['/thanks', '/refuses'].map((p) => hooks.deliveries.filter((d) => d.path === p).length), [1, 1]);
});

test('an idempotent replay tells nothing a second time', async () => {
  const args = buy({ url: `${base}/replay`, operation_id: 'op-20' });
  await create(args, { 'x-auto-advance': 'true' });
  await arrivals('/replay', 1);
  const again = (await create(args, { 'x-auto-advance': 'true' })).structuredContent;
  assert.equal(again.replayed, true, JSON.stringify(again));
  await new Promise((r) => setTimeout(r, 500));
  assert.equal((await arrivals('/replay', 1)).length, 1);
});

test('a call that is answered at once is told of in a sandbox only', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-'));
  const publisher = path.join(import.meta.dirname, '../../data/demo-publisher.json');
  const creative = (format_id) => ({ idempotency_key: randomUUID(), adcp_version: '3.1', creatives: [{ creative_id: 'c1', name: 'C', format_id,
    assets: { primary: { asset_type: 'image', url: 'https://cdn.acmeoutdoor.example/a.png', width: 300, height: 250, format: 'png' } } }],
  account: { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example' }, push_notification_config: { url: 'https://buyer.example.com/sync' } });
  assert.equal((await cli('import', '--sandbox', publisher, '--data', data)).code, 0);
  for (const sandbox of [false, true]) {
    const one = await Agent.start({ data, sandbox });
    try {
      const r = await one.call('sync_creatives', creative({ agent_url: one.url, id: 'fmt-display-300x250' }));
      assert.notEqual(r.body.result.isError, true, JSON.stringify(r.body));
      const jobs = JSON.parse((await one.cli('job', 'list', '--json')).stdout).jobs.filter((j) => j.kind === 'webhook');
      assert.equal(jobs.length, sandbox ? 1 : 0, JSON.stringify(r.body.result.structuredContent));
    } finally {
      await one.stop();
    }
  }
  rmSync(data, { recursive: true, force: true });
});

test('HMAC-SHA256 and Bearer only when asked for, and never with our own signature', async () => {
  const secret = shared;
  await create(buy({ url: `${base}/hmac`, authentication: { schemes: ['HMAC-SHA256'], credentials: secret } }),
    { 'x-auto-advance': 'true' });
  const [h] = await arrivals('/hmac', 1);
  const mac = createHmac('sha256', secret).update(`${h.headers['x-adcp-timestamp']}.${h.raw}`).digest('hex');
  assert.equal(h.headers['x-adcp-signature'], `sha256=${mac}`);
  assert.equal(h.headers.signature, undefined);
  await create(buy({ url: `${base}/bearer`, authentication: { schemes: ['Bearer'], credentials: secret } }),
    { 'x-auto-advance': 'true' });
  const [b] = await arrivals('/bearer', 1);
  assert.equal(b.headers.authorization, `Bearer ${secret}`);
  assert.equal(b.headers['signature-input'], undefined);
});

test('a URL that may not be called is an error naming the field', async () => {
  for (const url of ['http://example.com/x', 'https://169.254.169.254/x', 'https://10.0.0.1/', 'ftp://example.com/', 'nonsense']) {
    const r = await create(buy({ url }));
    const error = r.structuredContent.adcp_error ?? r.structuredContent.errors?.[0];
    assert.equal(r.isError, true, url);
    assert.equal(error.field?.replace(/^\//, '').replaceAll('/', '.'), 'push_notification_config.url', JSON.stringify(error));
  }
});

test('webhooks survive SIGKILL', async () => {
  plans.set('/kill', [503]);
  await create(buy({ url: `${base}/kill`, operation_id: 'op-21' }), { 'x-auto-advance': 'true' });
  await arrivals('/kill', 1);
  await agent.kill();
  const data = agent.data;
  agent = await Agent.start({ data });
  agent.ownsData = true;
  const all = await arrivals('/kill', 2);
  assert.equal(new Set(all.map((w) => w.body.idempotency_key)).size, 1);
  assert.equal(all[1].verified, 'rfc9421');
});

test('the documents a verifier starts from', async () => {
  const brand = await (await fetch(`${agent.base}/.well-known/brand.json`)).json();
  assert.deepEqual(brand.agents.map((a) => [a.type, a.url]), [['sales', agent.url]]);
  const keys = (await (await fetch(brand.agents[0].jwks_uri)).json()).keys;
  assert.ok(keys.length >= 1);
  assert.ok(keys.every((k) => k.kty === 'OKP' && k.crv === 'Ed25519' && k.alg === 'EdDSA' && !('d' in k)));
  const adagents = await (await fetch(`${agent.base}/.well-known/adagents.json`)).json();
  assert.equal(adagents.authorized_agents[0].url, agent.url);
  assert.ok(adagents.properties.length > 0);
});

test('operators see jobs and keys, send again, and rotate with overlap', async () => {
  plans.set('/gone', [410]);
  await create(buy({ url: `${base}/gone` }), { 'x-auto-advance': 'true' });
  const [first] = await arrivals('/gone', 1);
  let dead;
  for (let i = 0; i < 100 && !dead; i++) {
    await new Promise((r) => setTimeout(r, 50));
    dead = JSON.parse((await agent.cli('job', 'list', '--state', 'dead', '--json')).stdout).jobs.find((j) => j.last_error !== 'HTTP 422');
  }
  assert.equal(dead.last_error, 'HTTP 410');
  assert.equal((await agent.cli('job', 'redeliver', dead.job_id)).code, 0);
  const [, second] = await arrivals('/gone', 2);
  assert.equal(second.body.idempotency_key, first.body.idempotency_key);
  const before = JSON.parse((await agent.cli('key', 'list', '--json')).stdout).keys;
  assert.equal((await agent.cli('key', 'rotate')).code, 0);
  const jwks = await (await fetch(`${agent.base}/.well-known/jwks.json`)).json();
  assert.equal(jwks.keys.length, before.length + 1);
  await create(buy({ url: `${base}/rotated` }), { 'x-auto-advance': 'true' });
  const [w] = await arrivals('/rotated', 1);
  assert.match(w.headers['signature-input'], new RegExp(`keyid="${before[0].kid}"`)); // the new one is not used yet
  assert.equal(w.verified, 'rfc9421');
  const buyer = await agent.call('x_job_list', {});
  assert.notEqual(buyer.body.result?.isError ?? true, false);
});
