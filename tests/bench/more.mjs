// What the table of calls does not show: how an agent does with more buys, with idle connections, with buyers who poll while
// others work, and what a commit costs. Each function gets `kit` of bench.mjs and returns lines of Markdown.
import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { grow } from './grow.mjs';
import { rpc } from './workload.mjs';

const run = promisify(execFile);
const GROW_SECONDS_MAX = 150; // more rows than can be made in this are not made
const sorted = (list) => list.sort((a, b) => a - b);
const at = (list, p) => list[Math.min(list.length - 1, Math.floor(list.length * p))];
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

function posting(port, sockets) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sockets });
  const post = (token, name, args) => new Promise((resolve, reject) => {
    const began = performance.now();
    const req = http.request({ agent, host: '127.0.0.1', port, path: '/mcp', method: 'POST',
      headers: { 'content-type': 'application/json', 'x-adcp-auth': token } }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d)).on('end', () => {
        const text = Buffer.concat(parts).toString();
        const { result } = JSON.parse(text);
        if (res.statusCode !== 200 || !result || result.isError) reject(new Error(`${name}: ${text.slice(0, 600)}`));
        else resolve({ ms: performance.now() - began, result: result.structuredContent });
      });
    });
    req.on('error', reject).end(rpc(name, args));
  });
  return { post, close: () => agent.destroy() };
}

// Requests of one id, another at random each time, so that what is kept does not answer them.
function luaOfIds(kit, ids, file) {
  const bodies = ids.map((id) => rpc('get_media_buys', { adcp_version: '3.1', media_buy_ids: [id] }));
  writeFileSync(file, `wrk.method = "POST"
    local H = { ["Content-Type"] = "application/json", ["x-adcp-auth"] = "bench-token-0" }
    local B = { ${bodies.map((b) => JSON.stringify(b)).join(',\n')} }
    request = function() return wrk.format("POST", wrk.path, H, B[math.random(#B)]) end`);
}

async function polled(kit, url, lua, seconds) {
  const { stdout } = await run('taskset', ['-c', kit.loadCore, 'wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', '-s', lua, url]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`polls by id: ${stdout}`);
  return Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]);
}

// `small` is a folder of `have` buys. Polls of random ids with nothing kept, start to first answer, memory, at each number of buys.
export async function measureScale(kit, { small, have, sizes }) {
  const rows = [];
  let perBuy = 0, base;
  for (const want of sizes) {
    if (perBuy * want > GROW_SECONDS_MAX) {
      rows.push(`| ${want} | not measured: making the rows would take ${Math.round(perBuy * want)} s | | | |`);
      continue;
    }
    kit.progress(`  ${want} media buys`);
    const data = path.join(kit.work, `scale-${want}`);
    cpSync(small, data, { recursive: true });
    const took = grow(path.join(data, 'salesagent.db'), have, want);
    if (took) perBuy = took / want;
    const colds = [];
    let agent;
    for (let i = 0; i < 3; i++) {
      if (agent) await kit.stop(agent.child);
      agent = await kit.startAgent(data, await kit.freePort(), ['--keep-answers', '0']);
      colds.push(agent.coldMs);
    }
    const idle = kit.rssMiB(agent.child.pid);
    const { post, close } = posting(Number(new URL(agent.url).port), 1);
    const ids = [];
    for (let cursor; ids.length < 1000;) {
      const { result } = await post('bench-token-0', 'get_media_buys', { adcp_version: '3.1',
        status_filter: ['pending_creatives'], pagination: { max_results: 100, ...(cursor && { cursor }) } });
      ids.push(...result.media_buys.map((b) => b.media_buy_id));
      cursor = result.pagination?.cursor;
      if (!cursor) break;
    }
    close();
    const lua = path.join(kit.work, 'ids.lua');
    luaOfIds(kit, ids, lua);
    const rps = await polled(kit, agent.url, lua, kit.seconds);
    base ??= rps;
    rows.push(`| ${want} | ${Math.round(rps)} (${(base / rps).toFixed(2)} ×) | ${sorted(colds)[1].toFixed(0)} | ${idle.toFixed(0)} | `
      + `${kit.rssMiB(agent.child.pid).toFixed(0)} |`);
    await kit.stop(agent.child);
  }
  return ['### More buys', '', 'Polls of ids at random, nothing kept (`keep_answers = 0`), 32 connections; in brackets how many times the cost of the first line.',
    '', '| media buys | polls/s | cold start ms | RSS MiB idle | after |', '|---|---|---|---|---|', ...rows];
}

export async function measureIdle(kit, data, count) {
  kit.progress(`  ${count} idle connections`);
  const agent = await kit.startAgent(data, await kit.freePort(), ['--max-connections', String(count + 100)]);
  const port = Number(new URL(agent.url).port), before = kit.rssMiB(agent.child.pid), sockets = [];
  let open = 0, refused;
  for (let i = 0; i < count && !refused; i += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - i) }, () => new Promise((resolve) => {
      const s = connect(port, '127.0.0.1');
      sockets.push(s);
      s.on('connect', () => { open++; resolve(); }).on('close', () => { open--; }).on('error', (e) => { refused = e.code; resolve(); });
    })));
  }
  await sleep(300);
  const line = `Idle: ${before.toFixed(1)} MiB; with ${open} idle connections ${kit.rssMiB(agent.child.pid).toFixed(1)} MiB`
    + `${refused ? ` (no more: ${refused})` : ''}.`;
  for (const s of sockets) s.destroy();
  await kit.stop(agent.child);
  return [line];
}

function metric(text, name) {
  const found = text.match(new RegExp(`^${name} (\\S+)`, 'm'));
  if (!found) throw new Error(`/metrics has no ${name}`);
  return Number(found[1]);
}

// Each of the buyers asks for its five newest buys once a second, while buys are made (each with a webhook) and deliveries read.
export async function measureMixed(kit, agent, { buyers, seconds, ids, create }) {
  kit.progress(`  ${buyers} buyers poll each second while others work`);
  const port = Number(new URL(agent.url).port), { post, close } = posting(port, 64);
  const stats = async () => {
    const r = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${kit.metricsToken}` } });
    if (!r.ok) throw new Error(`/metrics: ${r.status}`);
    return r.text();
  };
  const polls = [], until = performance.now() + seconds * 1000;
  let creates = 0, deliveries = 0, hooks = 0;
  const hook = http.createServer((req, res) => { hooks++; req.resume().on('end', () => res.end()); });
  await new Promise((r) => hook.listen(0, '127.0.0.1', r));
  const url = `http://127.0.0.1:${hook.address().port}/hook`, before = await stats();
  const every = async (ms, first, work) => {
    await sleep(first);
    for (let next = performance.now(); performance.now() < until; next += ms) {
      await work();
      await sleep(Math.max(0, next + ms - performance.now()));
    }
  };
  const poll = (i) => async () => {
    polls.push((await post(`bench-token-${i}`, 'get_media_buys', { adcp_version: '3.1', pagination: { max_results: 5 } })).ms);
  };
  await Promise.all([
    ...Array.from({ length: buyers }, (_, i) => every(1000, i * 1000 / buyers, poll(i))),
    every(20, 0, async () => {
      await post('bench-token-0', 'create_media_buy', { ...create(`bench-mixed-${String(creates).padStart(8, '0')}`),
        push_notification_config: { url, operation_id: `op-${creates}` } });
      creates++;
    }),
    every(50, 0, async () => {
      await post('bench-token-0', 'get_media_buy_delivery', { adcp_version: '3.1', media_buy_ids: [ids[deliveries % ids.length]] });
      deliveries++;
    }),
  ]);
  const after = await stats();
  const asked = metric(after, 'salesagent_kept_asked_total') - metric(before, 'salesagent_kept_asked_total');
  const answered = metric(after, 'salesagent_kept_answered_total') - metric(before, 'salesagent_kept_answered_total');
  close();
  hook.close();
  hook.closeAllConnections();
  sorted(polls);
  return [`${buyers} buyers polling each second for ${seconds} s, while ${creates} buys were made, ${deliveries} deliveries read and `
    + `${hooks} webhooks received: polls took ${at(polls, 0.5).toFixed(1)} ms (p50), ${at(polls, 0.99).toFixed(1)} ms (p99, seen by a `
    + `client in Node.js); of the reads that may be kept ${(100 * answered / asked).toFixed(0)} % were answered by what is kept.`];
}

// What polls take while creates come in as fast as they are taken.
export async function measureCreates(kit, agent, { lua, ids, seconds }) {
  kit.progress('  polls while buys are made at 256 connections');
  const port = Number(new URL(agent.url).port), { post, close } = posting(port, 1), polls = [];
  let busy = true;
  const poll = (async () => {
    for (let n = 0; busy; n++) {
      polls.push((await post('bench-token-1', 'get_media_buys', { adcp_version: '3.1', pagination: { max_results: 1 + n % 50 } })).ms);
      await sleep(3);
    }
  })();
  const { stdout } = await run('taskset', ['-c', kit.loadCore, 'wrk', '-t1', '-c256', `-d${seconds}s`, '-s', lua, agent.url]);
  busy = false;
  await poll;
  close();
  sorted(polls);
  const rate = Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]);
  return [`Polls while buys are made at 256 connections (${Math.round(rate)}/s): ${at(polls, 0.5).toFixed(1)} ms (p50), `
    + `${at(polls, 0.99).toFixed(1)} ms (p99), seen by a client in Node.js on the core of the load.`];
}

export async function measureCommits(kit) {
  kit.progress('  one commit each');
  const file = path.join(kit.work, 'commits.db');
  const { stdout } = await run('taskset', ['-c', kit.serverCore, process.execPath, '--no-warnings',
    path.join(import.meta.dirname, 'commits.mjs'), file, String(kit.seconds)]);
  return JSON.parse(stdout);
}

