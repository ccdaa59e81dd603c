// What one caller may take from the others: memory, descriptors, storage, guesses. A production agent, as it is shipped.
import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, binary, cli } from './lib/agent.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
let data, agent, keys = 0;
const key = () => `limits-test-${String(++keys).padStart(8, '0')}`;
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const publisher = async (settings) => {
  const r = await agent.cli('publisher', 'set', '--settings', JSON.stringify(settings));
  assert.equal(r.code, 0, r.stderr);
};
const call = async (tool, args, options) => {
  const r = await agent.call(tool, { adcp_version: '3.1', ...args }, options);
  return r.body.result?.structuredContent ?? r.body.error.data;
};
const create = (more = {}, one = {}) => call('create_media_buy', { idempotency_key: key(), account, brand: { domain: 'acme.example' },
  start_time: '2030-04-01T00:00:00Z', end_time: '2030-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000, ...one }], ...more });

before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-limits-'));
  const demo = JSON.parse(readFileSync(path.join(top, 'data/demo-publisher.json'), 'utf8'));
  writeFileSync(path.join(data, 'p.json'), JSON.stringify({ ...demo, tenant: { ...demo.tenant, workflow_required: false } }));
  assert.equal((await cli('import', '--sandbox', path.join(data, 'p.json'), '--data', path.join(data, 'd'))).code, 0);
  agent = await Agent.start({ data: path.join(data, 'd'), sandbox: false, listen: ['127.0.0.1:0 agent desk', '127.0.0.1:0 metrics'], args: ['--max-connections', '40', '--max-memory', '16M'] });
  await publisher({ rate_limits: { discovery: 0, buying: 0, reporting: 0, update: 0, stranger: 0 } });
});
after(async () => { await agent.stop(); rmSync(data, { recursive: true, force: true }); });

test('X-Dry-Run is refused where it is not honoured, and nothing is done', async () => {
  for (const where of ['/mcp', '/api/v1/create_media_buy']) {
    const args = { adcp_version: '3.1', idempotency_key: key(), account, brand: { domain: 'acme.example' } };
    const body = where === '/mcp' ? { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'create_media_buy', arguments: args } } : args;
    const r = await agent.post(where, body, { headers: { 'x-dry-run': 'true' } });
    assert.match(JSON.stringify(r.body), /UNSUPPORTED_FEATURE/);
    assert.match(JSON.stringify(r.body), /Nothing was done/);
  }
});

test('every answer says that its type is meant', async () => {
  for (const where of ['/health', '/mcp', '/docs', '/nothing-here']) {
    assert.equal((await fetch(agent.base + where)).headers.get('x-content-type-options'), 'nosniff', where);
  }
});

test('quotas: what is stored is weighed when it is stored, by number and by size, and the error names the quota', async () => {
  const before = (await call('get_media_buys', { account, status_filter: ['pending_creatives', 'pending_start', 'active'] })).media_buys.length;
  await publisher({ quotas: { media_buys: before + 1 } });
  const first = await create();
  assert.ok(first.media_buy_id, JSON.stringify(first));
  const second = await create();
  assert.equal(second.adcp_error.code, 'VALIDATION_ERROR');
  assert.match(second.adcp_error.message, /quotas\.media_buys allows \d+ media buys/);
  const gone = await call('update_media_buy', { idempotency_key: key(), account, media_buy_id: first.media_buy_id, canceled: true });
  assert.ok(!gone.adcp_error, JSON.stringify(gone)); // who is at the quota can still cancel
  const third = await create();
  assert.ok(third.media_buy_id, JSON.stringify(third));
  await publisher({ quotas: { media_buys: 0, bytes: 2000 } });
  const large = await create({ context: { note: 'x'.repeat(3000) } });
  assert.match(large.adcp_error.message, /quotas\.bytes/);
  const wrong = await agent.cli('publisher', 'set', '--settings', '{"quotas": {"media_buy": 3}}');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /quotas has/);
  await publisher({ quotas: null });
});

test('a package that is too large to keep is refused by its size, as it would be stored', async () => {
  const numbers = Array.from({ length: 50000 }, () => 1e20);
  const r = await create({}, { ext: { numbers } });
  assert.equal(r.adcp_error.code, 'VALIDATION_ERROR', JSON.stringify(r).slice(0, 300));
  assert.match(r.adcp_error.message, /1048576/);
  assert.match(r.adcp_error.field, /packages\[0\]/);
});

test('a page of large media buys ends early, and its cursor goes on to the last', async () => {
  const packages = Array.from({ length: 60 }, () => ({ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1000, ext: { x: 'x'.repeat(60000) } }));
  const made = [];
  await publisher({ auto_approve_below: 1000000 });
  for (let i = 0; i < 4; i++) made.push((await create({ packages, end_time: '2031-04-01T00:00:00Z' })).media_buy_id);
  assert.ok(made.every(Boolean), JSON.stringify(made));
  for (const scope of [{ media_buy_ids: made }, { status_filter: ['pending_creatives', 'pending_start'] }]) {
    const seen = [];
    let cursor, pages = 0;
    do {
      const r = await call('get_media_buys', { account, ...scope, pagination: { max_results: 50, ...(cursor ? { cursor } : {}) } });
      assert.ok(!r.errors, JSON.stringify(r.errors));
      assert.ok(JSON.stringify(r).length < 13e6);
      seen.push(...r.media_buys.map((m) => m.media_buy_id));
      cursor = r.pagination.has_more ? r.pagination.cursor : null;
      pages++;
    } while (cursor && pages < 20);
    assert.ok(pages >= 2);
    assert.equal(new Set(seen).size, seen.length);
    for (const id of made) assert.ok(seen.includes(id));
  }
});

test('a long report is made aside: it says what short ones say, others are served meanwhile, and a crowd of them is told to wait', async () => {
  const aside = async () => Number((await (await fetch(agent.stdout.match(/metrics\s+(http:\S+)/)[1])).text()).match(/^salesagent_reads_aside_total (\d+)$/m)[1]);
  const packages = Array.from({ length: 250 }, () => ({ product_id: 'prod-ron-display-001', pricing_option_id: 'price-004', budget: 1000 }));
  const made = [];
  await publisher({ auto_approve_below: 1000000, quotas: { media_buys: 0, bytes: 0 } });
  for (let i = 0; i < 6; i++) made.push((await create({ packages })).media_buy_id);
  assert.ok(made.every(Boolean), JSON.stringify(made));
  const report = (media_buy_ids) => call('get_media_buy_delivery', { account, media_buy_ids });
  const before = await aside(), short = [];
  for (const id of made.slice(0, 2)) short.push(...(await report([id])).media_buy_deliveries);
  assert.equal(await aside(), before, 'short ones are made at once');
  const long = await report(made);
  assert.equal(await aside(), before + 1);
  assert.equal(long.media_buy_deliveries.length, made.length, JSON.stringify(long).slice(0, 500));
  for (const one of short) assert.deepEqual(long.media_buy_deliveries.find((d) => d.media_buy_id === one.media_buy_id), one);
  assert.equal(long.aggregated_totals.media_buy_count, made.length);
  const shape = await agent.call('get_media_buy_delivery', { media_buy_ids: made }, { headers: { 'x-adcp-dialect': 'tutorial' } });
  assert.ok(JSON.stringify(shape.body).includes(made[5]), 'in the older shapes as well');
  const one = (id, name, args) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { adcp_version: '3.1', ...args } } });
  const batch = await (await fetch(agent.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'x-adcp-auth': 'test-token' },
    body: JSON.stringify([one(1, 'get_media_buy_delivery', { account, media_buy_ids: made }), one(2, 'get_media_buy_delivery', { account, media_buy_ids: made }),
      one(3, 'get_products', { buying_mode: 'brief', brief: 'display' })]) })).json();
  assert.deepEqual(batch.map((r) => r.id).sort(), [1, 2, 3]);
  for (const id of [1, 2]) assert.equal(batch.find((r) => r.id === id).result.structuredContent.media_buy_deliveries.length, made.length, 'in a batch, beside each other');
  assert.ok(batch.find((r) => r.id === 3).result.structuredContent.products.length > 0);
  const crowd = Array.from({ length: 24 }, () => report(made));
  assert.equal((await fetch(`${agent.base}/healthz`)).status, 200);
  const told = await Promise.all(crowd);
  const wait = told.filter((r) => r.adcp_error);
  assert.ok(told.length - wait.length >= 4, JSON.stringify(wait[0]));
  assert.ok(wait.length > 0, 'one caller has four of them at most');
  for (const r of wait) assert.deepEqual([r.adcp_error.code, r.adcp_error.retry_after], ['RATE_LIMITED', 5], JSON.stringify(r));
  for (const r of told) if (!r.adcp_error) assert.equal(r.media_buy_deliveries.length, made.length);
  await publisher({ quotas: null });
});

test('wrong tokens are slowed and logged; a right one from the same address is not', async () => {
  const guess = async (n) => { const t = Date.now(); const r = await agent.call('get_products', {}, { token: `wrong-token-${n}` }); return [r.status, Date.now() - t]; };
  const early = await Promise.all(Array.from({ length: 20 }, (_, n) => guess(n)));
  for (const [status] of early) assert.equal(status, 401);
  await Promise.all(Array.from({ length: 15 }, (_, n) => guess(100 + n)));
  const [status, ms] = await guess(999);
  assert.equal(status, 401);
  assert.ok(ms >= 700, `${ms} ms`);
  const t = Date.now();
  assert.equal((await agent.call('get_products', { brief: 'video' })).status, 200);
  assert.ok(Date.now() - t < 2000);
  assert.match(agent.stderr, /wrong credentials.*address=127\.0\.0\.1.*in_this_minute=10\b/);
});

const port = () => Number(new URL(agent.base).port);
// On a connection of its own: those that fetch keeps are what the agent closes when a crowd needs room.
const health = () => new Promise((resolve, reject) => {
  http.get(`${agent.base}/health`, { agent: false }, (r) => { r.resume(); resolve(r.statusCode); }).on('error', reject);
});
const idle = () => new Promise((resolve) => {
  const s = net.connect(port(), '127.0.0.1', () => resolve(s));
  s.on('error', () => {});
  s.resume(); // so that it notices its end
});

test('the longest idle connections make room, it is logged, and the command line has room of its own', async () => {
  const crowd = [];
  for (let i = 0; i < 60; i++) crowd.push(await idle());
  // Those whose turn it was are gone before the next one comes: what arrives in one burst is told nothing beyond a bound.
  for (let n = 0; n < 200 && crowd.filter((s) => s.destroyed).length < 20; n++) await pause(50);
  assert.equal(await health(), 200);
  assert.equal((await agent.cli('task', 'list')).code, 0);
  assert.match(agent.stderr, /as many connections as may be/);
  for (const s of crowd) s.destroy();
});

test('a crowd of half bodies takes strangers\' part of memory only; a buyer whose token was seen is served', async () => {
  const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 6000000\r\n\r\n`;
  const crowd = [];
  for (let i = 0; i < 15; i++) {
    const s = await idle();
    s.write(head);
    s.write('x'.repeat(1 << 20));
    s.on('data', (d) => { s.got = (s.got ?? '') + d; });
    crowd.push(s);
  }
  await pause(500);
  assert.ok(crowd.some((s) => /^HTTP\/1\.1 503 [^]*Retry-After: 1/.test(s.got ?? '')), 'somebody is told to come later');
  const large = await create({ context: { note: 'x'.repeat(100000) } });
  assert.ok(large.adcp_error || large.media_buy_id, JSON.stringify(large).slice(0, 200)); // answered, by name
  assert.equal(await health(), 200);
  for (const s of crowd) s.destroy();
});

test('what a peer has written does not steer the terminal of whoever lists it', async () => {
  const esc = '\u001b[2J\u001b]0;owned\u0007';
  assert.equal((await agent.cli('principal', 'set', 'test-buyer', '--name', `Acme ${esc}\u009bx`)).code, 0);
  const shown = await agent.cli('principal', 'list');
  assert.ok(!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.test(shown.stdout), JSON.stringify(shown.stdout));
  assert.match(shown.stdout, /\\u001b/);
  const json = JSON.parse((await agent.cli('principal', 'list', '--json')).stdout);
  assert.ok(JSON.stringify(json).includes('owned'));
});

test('half a request does not hold up a stop', async () => {
  const other = await Agent.start();
  const halves = [];
  for (const text of ['POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Le', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"js']) {
    const s = net.connect(Number(new URL(other.base).port), '127.0.0.1');
    s.on('error', () => {});
    s.write(text);
    halves.push(s);
  }
  await pause(300);
  const t = Date.now();
  await other.stop();
  assert.ok(Date.now() - t < 5000, `${Date.now() - t} ms`);
  for (const s of halves) s.destroy();
});

test('secret.key is never made anew in silence', async () => {
  const dir = path.join(data, 'lost');
  const first = await Agent.start({ data: dir });
  await first.stop();
  unlinkSync(path.join(dir, 'secret.key'));
  const refused = await cli('serve', '--data', dir, '--listen', '127.0.0.1:0', '--sandbox');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /secret\.key is missing/);
  assert.match(refused.stderr, /--new-secret/);
  const again = await Agent.start({ data: dir, args: ['--new-secret'] });
  const limits = readFileSync(`/proc/${again.child.pid}/limits`, 'utf8');
  assert.match(limits, /Max core file size\s+0\s+0/);
  await again.stop();
  assert.ok(binary);
});
