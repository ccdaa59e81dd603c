// HTTP itself, over raw sockets against the real binary: what a proxy, an attacker or a slow network does to a server.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Agent } from './lib/agent.mjs';

let agent;
before(async () => { agent = await Agent.start(); });
after(async () => { await agent.stop(); });

const connect = (to = agent) => net.connect(Number(new URL(to.base).port), '127.0.0.1');
const ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}';
const post = (body, extra = '', path = '/mcp') => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-adcp-auth: test-token\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${extra}\r\n${body}`;

// Sends the pieces with pauses between them and returns all that came until the server closed.
async function talk(...pieces) {
  const s = connect();
  const got = [];
  s.on('data', (d) => got.push(d));
  const ended = new Promise((resolve, reject) => { s.on('close', resolve); s.on('error', reject); });
  for (const p of pieces) {
    s.write(p);
    if (pieces.length > 1) await new Promise((r) => setTimeout(r, 2));
  }
  await ended;
  return Buffer.concat(got).toString('latin1');
}

test('a request split into single bytes is one request', async () => {
  const reply = await talk(...post(ping, 'Connection: close\r\n'));
  assert.match(reply, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(reply, /"id":7/);
});

test('pipelined requests are answered in order', async () => {
  let all = '';
  for (let i = 0; i < 100; i++) all += post(`{"jsonrpc":"2.0","id":${i},"method":"ping"}`);
  const reply = await talk(all + post('{"jsonrpc":"2.0","id":100,"method":"ping"}', 'Connection: close\r\n'));
  const ids = [...reply.matchAll(/"id":(\d+)/g)].map((m) => Number(m[1]));
  assert.deepEqual(ids, Array.from({ length: 101 }, (_, i) => i));
});

test('chunked bodies are read', async () => {
  const half = ping.length >> 1;
  const chunk = (t) => `${t.length.toString(16)}\r\n${t}\r\n`;
  const reply = await talk('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nx-adcp-auth: test-token\r\nConnection: close\r\n' +
    'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
    chunk(ping.slice(0, half)) + chunk(ping.slice(half)) + '0\r\n\r\n');
  assert.match(reply, /"id":7/);
});

test('a request inside another request is never answered', async () => {
  const inner = post(ping);
  const smuggled = [
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${inner}`,
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  ];
  for (const raw of smuggled) {
    const reply = await talk(raw);
    assert.match(reply, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(reply, /"id":7/);
    assert.equal(reply.match(/HTTP\/1\.1 \d/g).length, 1);
  }
});

test('what is too large is refused and leaves the server well', async () => {
  assert.match(await talk(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(40000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await talk('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n'), /^HTTP\/1\.1 413 /);
  assert.match(await talk(post(ping, 'Connection: close\r\n')), /"id":7/);
});

test('Expect: 100-continue is answered first', async () => {
  const [head, body] = post(ping, 'Expect: 100-continue\r\nConnection: close\r\n').split(/(?<=\r\n\r\n)/);
  const s = connect();
  let got = '';
  s.on('data', (d) => {
    if (!got) s.write(body); // nothing of the body is sent before an answer has come
    got += d.toString('latin1');
  });
  s.write(head);
  await new Promise((resolve, reject) => { s.on('close', resolve); s.on('error', reject); });
  assert.match(got, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

test('large replies are compressed for those who ask', async () => {
  const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const plain = await talk(post(list, 'Connection: close\r\n'));
  const packed = Buffer.from(await talk(post(list, 'Accept-Encoding: gzip\r\nConnection: close\r\n')), 'latin1');
  const at = packed.indexOf('\r\n\r\n') + 4;
  assert.match(packed.subarray(0, at).toString(), /Content-Encoding: gzip\r\n/);
  const body = gunzipSync(packed.subarray(at)).toString();
  assert.equal(body, Buffer.from(plain.slice(plain.indexOf('\r\n\r\n') + 4), 'latin1').toString());
  assert.ok(packed.length - at < body.length / 2);
});

test('clients that vanish in the middle do no harm', async () => {
  for (let i = 0; i < 50; i++) {
    const s = connect();
    const text = i % 2 ? post(ping).slice(0, 60 + i) : post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    await new Promise((r) => s.write(text, r));
    s.resetAndDestroy();
  }
  assert.match(await talk(post(ping, 'Connection: close\r\n')), /"id":7/);
});

test('SIGTERM closes idle connections and ends', async () => {
  const own = await Agent.start();
  const idle = connect(own);
  const used = connect(own);
  await new Promise((r) => used.write(post(ping), () => used.once('data', r)));
  const closed = Promise.all([idle, used].map((s) => { s.resume(); return new Promise((r) => s.on('close', r)); }));
  const from = Date.now();
  await own.stop();
  await closed;
  assert.ok(Date.now() - from < 5000);
});
