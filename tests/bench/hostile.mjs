#!/usr/bin/env node
// Two thousand hostile connections of each kind against an agent on one core, from the other: how much memory it takes, and
// how long a well-behaved buyer waits meanwhile. Loopback only, bounded in time. Prints what was measured; fails nothing.
//   node tests/bench/hostile.mjs [--connections N] [--seconds N] [--agent BINARY]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../..');
const option = (name, otherwise) => { const i = process.argv.indexOf(`--${name}`); return i < 0 ? otherwise : process.argv[i + 1]; };
const CONNECTIONS = Number(option('connections', 2000)), SECONDS = Number(option('seconds', 8));
const binary = option('agent', path.join(top, 'build/salesagent'));
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const head = (where, more = '') => `POST ${where} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}`;
const listing = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });

// What each connection sends once it is there; `again` is sent whenever something comes back.
const kinds = {
  nobody: null,
  'bodies of 7.9 MiB that never end': { send: (s) => { s.write(head('/mcp', `Content-Length: ${8 << 20}\r\n\r\n`)); s.write(Buffer.alloc(64 << 10, 32)); },
    tick: (s) => { if (!s.writableNeedDrain) s.write(Buffer.alloc(64 << 10, 32)); } },
  'tools/list that nobody reads': { send: (s) => { s.pause(); s.write(`${head('/mcp?schemas=full', `Content-Length: ${listing.length}\r\n\r\n`)}${listing}`.repeat(20)); } },
  'idle connections': { send: () => {} },
  'a byte of a header now and then': { send: (s) => s.write('POST /mcp HTTP/1.1\r\nX-A: '), tick: (s) => s.write('a') },
  'wrong tokens': { send: (s) => s.write(`${head('/mcp', `X-ADCP-Auth: wrong-${Math.random()}\r\nContent-Length: ${listing.length}\r\n\r\n`)}${listing}`),
    again: (s) => s.write(`${head('/mcp', `X-ADCP-Auth: wrong-${Math.random()}\r\nContent-Length: ${listing.length}\r\n\r\n`)}${listing}`) },
  'calls of strangers': { send: (s) => s.write(`${head('/mcp', `Content-Length: ${listing.length}\r\n\r\n`)}${listing}`),
    again: (s) => s.write(`${head('/mcp', `Content-Length: ${listing.length}\r\n\r\n`)}${listing}`) },
};

async function start(data) {
  const child = spawn('taskset', ['-c', '0', binary, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--sandbox'],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  const port = await new Promise((resolve) => child.stdout.on('data', (d) => {
    out += d;
    const m = out.match(/MCP\s+http:\/\/[^:]+:(\d+)/);
    if (m) resolve(Number(m[1]));
  }));
  return { child, port };
}

const rss = (pid, field = 'VmRSS') => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024;

function crowd(port, kind) {
  const sockets = new Set();
  let closed = false, made = 0;
  const connect = () => {
    const s = net.connect(port, '127.0.0.1', () => { made++; kind.send(s); });
    s.on('data', () => kind.again?.(s));
    s.on('error', () => {});
    s.on('close', () => { sockets.delete(s); if (!closed) setTimeout(() => { if (!closed) connect(); }, 200); });
    sockets.add(s);
  };
  for (let i = 0; i < CONNECTIONS; i++) connect();
  const timer = kind.tick && setInterval(() => { for (const s of sockets) if (!s.connecting && s.writable) kind.tick(s); }, 500);
  return { end() { closed = true; clearInterval(timer); for (const s of sockets) s.destroy(); return made; } };
}

// One buyer, one connection, a call every 20 ms, from a process of its own so that the crowd's work is not its own.
function buyer(port, seconds) {
  const code = `
    import http from 'node:http';
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 }), times = []; let failed = 0;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_media_buys', arguments: { adcp_version: '3.1' } } });
    const one = () => new Promise((done) => { const begun = performance.now();
      const r = http.request({ port: ${port}, host: '127.0.0.1', path: '/mcp', method: 'POST', agent, timeout: 5000,
        headers: { 'content-type': 'application/json', 'x-adcp-auth': 'test-token', 'content-length': body.length } }, (res) => {
        res.resume(); res.on('end', () => { times.push(performance.now() - begun); if (res.statusCode !== 200) failed++; done(); }); });
      r.on('error', () => { failed++; done(); }); r.on('timeout', () => r.destroy()); r.end(body); });
    const until = Date.now() + ${seconds * 1000};
    while (Date.now() < until) { await one(); await new Promise((r) => setTimeout(r, 20)); }
    times.sort((a, b) => a - b);
    const at = (q) => times.length ? times[Math.floor(times.length * q)].toFixed(1) : '-';
    console.log(JSON.stringify({ calls: times.length, failed, p50: at(0.5), p99: at(0.99), max: times.length ? times.at(-1).toFixed(1) : '-' })); process.exit(0);`;
  const child = spawn('taskset', ['-c', '1', process.execPath, '--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (d) => { out += d; });
  return new Promise((resolve) => child.on('exit', () => resolve(JSON.parse(out))));
}

execFileSync('taskset', ['-cp', '1', String(process.pid)]);
console.log(`${CONNECTIONS} connections of each kind, ${SECONDS} s; load of the machine ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
for (const [name, kind] of Object.entries(kinds)) {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-hostile-'));
  const { child, port } = await start(data);
  await buyer(port, 0.5); // its token is known
  const them = kind && crowd(port, kind);
  if (kind) await pause(2000);
  const r = await buyer(port, SECONDS);
  const made = them?.end() ?? 0;
  console.log(`${name}: RSS at most ${rss(child.pid, 'VmHWM').toFixed(0)} MB; ${made} connections made; the buyer: ${r.calls} calls, ${r.failed} failed, p50 ${r.p50} ms, p99 ${r.p99} ms, at most ${r.max} ms`);
  child.kill('SIGTERM');
  await new Promise((r2) => child.on('exit', r2));
  rmSync(data, { recursive: true, force: true });
}
process.exit(0);
