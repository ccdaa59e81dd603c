// SIGTERM under load: what is under way is answered, nobody new is let in, the process ends with 0 in time, and what was
// answered is there after the next start. What was committed was answered.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

const CLOCK = ['--clock', '2026-03-09T14:30:00Z'];
const DRAIN_MS = 10000; // src/app/serve/serve.c
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const buy = (key) => ({ adcp_version: '3.1', idempotency_key: key, account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });
const call = (tool, args, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: args } });
const head = (body, more = '') => `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nx-adcp-auth: test-token\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n`;

// One buyer on one kept connection, one call after the other until it breaks; { answered, cut } are the keys.
async function load(agent, name) {
  const one = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const answered = [];
  for (let i = 0; ; i++) {
    const key = `drain-${name}-${i}`.padEnd(20, '-');
    const reply = await new Promise((resolve) => {
      const body = i % 3 === 2 ? call('get_products', { adcp_version: '3.1', buying_mode: 'wholesale' }) : call('create_media_buy', buy(key));
      const q = http.request(agent.url, { method: 'POST', agent: one, headers: { 'content-type': 'application/json', 'x-adcp-auth': 'test-token' } }, (r) => {
        let text = '';
        r.on('data', (d) => { text += d; }).on('end', () => resolve(r.complete ? JSON.parse(text) : { half: text })).on('error', () => resolve({ half: text }));
      });
      q.on('error', () => resolve(null));
      q.end(body);
    });
    if (!reply) {
      one.destroy();
      return { answered, cut: i % 3 === 2 ? [] : [key] };
    }
    assert.equal(reply.half, undefined, 'an answer that was begun is finished');
    assert.equal(reply.result.isError, undefined, JSON.stringify(reply));
    if (i % 3 !== 2) answered.push([key, reply.result.structuredContent]);
  }
}

function open(agent) {
  const s = net.connect(Number(new URL(agent.base).port), '127.0.0.1');
  s.text = '';
  s.on('data', (d) => { s.text += d; });
  s.ended = new Promise((r) => { s.on('close', r); s.on('error', () => {}); });
  return s;
}

const refused = (agent) => new Promise((resolve) => {
  const s = net.connect(Number(new URL(agent.base).port), '127.0.0.1', () => { s.destroy(); resolve(null); });
  s.on('error', (e) => resolve(e.code));
});

describe('SIGTERM', { concurrency: true }, () => {
  test('under load: answered, refused, in time, nothing lost', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'salesagent-drain-'));
    let agent = await Agent.start({ data, args: CLOCK });
    const first = agent;
    try {
      const buyers = Array.from({ length: 12 }, (_, i) => load(agent, String(i)));
      // Half a request when the signal comes: its other half follows, and it is answered.
      const late = call('create_media_buy', buy('drain-late-----------'), 'late');
      const slow = open(agent);
      slow.write(head(late) + late.slice(0, 100));
      // Thirty requests in one go, of which some wait in the kernel when the signal comes.
      const burst = open(agent);
      const watcher = open(agent);
      await sleep(300);
      const task = (await agent.call('create_media_buy', buy('drain-watched--------'))).body.result.structuredContent;
      const sent = await agent.post('/a2a', { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { messageId: 'm', role: 'user',
        parts: [{ kind: 'data', data: { skill: 'create_media_buy', parameters: buy('drain-watched--------') } }] } } });
      const watch = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/resubscribe', params: { id: sent.body.result.id } });
      watcher.write(head(watch).replace('/mcp', '/a2a') + watch);
      while (!watcher.text.includes('data: ')) await sleep(5);
      const keys = Array.from({ length: 30 }, (_, i) => `drain-burst-${i}`.padEnd(20, '-'));
      burst.write(keys.map((k) => { const b = call('create_media_buy', buy(k), k); return head(b) + b; }).join(''));
      while (!burst.text.includes('"id"')) await sleep(1); // it is being answered

      const from = Date.now();
      agent.child.kill('SIGTERM');
      while (!await refused(agent)) assert.ok(Date.now() - from < 3000, 'new connections are still let in');
      assert.equal(agent.child.exitCode, null, 'it waits for the call that has begun');
      assert.equal(await refused(agent), 'ECONNREFUSED');
      await Promise.all(buyers); // their connections were closed, though nothing of theirs was cut
      await watcher.ended;
      assert.equal(agent.child.exitCode, null);
      slow.write(late.slice(100));
      const { code, signal } = await agent.exited;
      assert.deepEqual([code, signal], [0, null], agent.stderr);
      assert.ok(Date.now() - from < DRAIN_MS, `${Date.now() - from} ms`);
      await Promise.all([slow.ended, burst.ended]);

      assert.match(slow.text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(slow.text, /\r\nConnection: close\r\n/i);
      assert.match(slow.text, /"id":"late"/);
      const inBurst = [...burst.text.matchAll(/"id":"(drain-burst-[^"]*)"/g)].map((m) => m[1]);
      assert.deepEqual(inBurst, keys.slice(0, inBurst.length), 'in order');
      assert.equal(burst.text.match(/HTTP\/1\.1 200 OK/g).length, inBurst.length);

      agent = await Agent.start({ data, args: CLOCK });
      const all = await Promise.all(buyers);
      const answered = all.flatMap((b) => b.answered);
      assert.ok(answered.length > 24, String(answered.length));
      const again = async (key) => (await agent.call('create_media_buy', buy(key))).body.result.structuredContent;
      for (const [key, payload] of answered) assert.deepEqual(await again(key), { ...payload, replayed: true }, 'an answer that was given stands');
      for (const key of [...inBurst, 'drain-late-----------']) assert.equal((await again(key)).replayed, true, key);
      for (const key of [...all.flatMap((b) => b.cut), ...keys.slice(inBurst.length)]) {
        assert.equal((await again(key)).replayed, undefined, `${key} was committed and never answered`);
      }
      assert.equal((await again('drain-watched--------')).task_id, task.task_id);
      await agent.stop();
    } finally {
      first.child.kill('SIGKILL'); // where an assertion failed before its end
      agent.child.kill('SIGKILL');
      rmSync(data, { recursive: true, force: true });
    }
  });

  test('half a request keeps it alive for a moment only: its rest may be on its way', async () => {
    const agent = await Agent.start({ args: CLOCK });
    const s = open(agent);
    s.write(head('x'.repeat(1000)) + '{');
    await sleep(100);
    const from = Date.now();
    await agent.stop(); // ends with 0, or throws
    await s.ended;
    const took = Date.now() - from;
    assert.ok(took > 1000 && took < DRAIN_MS / 2, `${took} ms`);
  });

  test('meanwhile readyz says that it is about to stop, on a connection that was kept', async () => {
    const agent = await Agent.start({ args: CLOCK });
    const ask = 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    const half = open(agent), kept = open(agent);
    half.write(head('x'.repeat(1000)) + '{');
    kept.write(ask);
    while (!kept.text.includes('"ready":true')) await sleep(5);
    agent.child.kill('SIGTERM');
    // Again and again: one that comes before the signal is still told that all is well.
    const asking = setInterval(() => kept.write(ask), 10);
    await kept.ended;
    clearInterval(asking);
    assert.match(kept.text, /HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n[^]*\{"ready":false,"reasons":\[\{"check":"draining","detail":"The agent is about to stop\."\}\]\}$/);
    half.destroy();
    assert.deepEqual(await agent.exited, { code: 0, signal: null }, agent.stderr);
  });

  test('told twice, it does not wait', async () => {
    const agent = await Agent.start({ args: CLOCK });
    const s = open(agent);
    s.write(head('x'.repeat(1000)) + '{');
    await sleep(100);
    const from = Date.now();
    agent.child.kill('SIGTERM');
    await sleep(300);
    await agent.stop();
    assert.ok(Date.now() - from < 3000);
    s.destroy();
  });
});
