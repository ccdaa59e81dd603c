// What people would pick instead: the seller among the examples of the TypeScript SDK, asked the same calls side by side.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { rpc } from './workload.mjs';

const run = promisify(execFile);
const modules = path.resolve(import.meta.dirname, '../node_modules');
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const CREATE = { buyer_ref: 'pre_approved', total_budget: 4000, account: { account_id: 'a' }, brand: { domain: 'brand-0.example' },
  start_time: '2030-04-01T00:00:00Z', end_time: '2030-05-01T00:00:00Z',
  packages: [{ product_id: 'prod_premium_video', pricing_option_id: 'cpm_12_50', budget: 1500 },
    { product_id: 'prod_premium_video', pricing_option_id: 'cpm_12_50', budget: 2500 }] };

async function start(kit) {
  const folder = path.join(kit.work, 'peer');
  mkdirSync(folder);
  symlinkSync(modules, path.join(folder, 'node_modules'));
  copyFileSync(path.join(modules, '@adcp/sdk/examples/decisioning-platform-mock-seller.ts'), path.join(folder, 'seller.ts'));
  copyFileSync(path.join(import.meta.dirname, 'peer.ts'), path.join(folder, 'peer.ts'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const port = await kit.freePort();
  const child = spawn('taskset', ['-c', kit.serverCore, process.execPath, '--no-warnings', '--experimental-transform-types',
    '--preserve-symlinks', path.join(folder, 'peer.ts')],
  { stdio: 'ignore', cwd: folder, env: { ...process.env, PORT: String(port), NODE_ENV: 'test' } });
  kit.children.push(child);
  const url = `http://127.0.0.1:${port}/mcp`;
  for (const deadline = Date.now() + 60000; ;) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error("the SDK's seller does not answer");
    try {
      await fetch(url);
      return { child, url };
    } catch { await new Promise((r) => setTimeout(r, 50)); }
  }
}

// Its answer is an event stream, or JSON.
async function call(url, name, args) {
  const r = await fetch(url, { method: 'POST', headers: HEADERS, body: rpc(name, args) });
  const text = await r.text(), body = JSON.parse(text.startsWith('{') ? text : text.match(/^data: (.*)$/m)[1]);
  if (!r.ok || !body.result || body.result.isError) throw new Error(`the SDK's seller, ${name}: ${text.slice(0, 600)}`);
  return body.result.structuredContent;
}

async function load(kit, url, name, args, connections) {
  const file = path.join(kit.work, 'peer.lua');
  writeFileSync(file, `local n = 0
    wrk.method = "POST"
    local H = { ["Content-Type"] = "application/json", ["Accept"] = "application/json, text/event-stream" }
    request = function() n = n + 1
      return wrk.format("POST", wrk.path, H, (${JSON.stringify(rpc(name, args))}):gsub("@N@", string.format("%016d", n))) end`);
  const { stdout } = await run('taskset', ['-c', kit.loadCore, 'wrk', '-t1', `-c${connections}`, `-d${kit.seconds}s`, '--timeout', '20s',
    '--latency', '-s', file, url]);
  if (/Non-2xx/.test(stdout)) throw new Error(`the SDK's seller, ${name}: ${stdout}`);
  const [, v, unit] = stdout.match(/99%\s+([\d.]+)(us|ms|s)/);
  if (!Number(stdout.match(/(\d+) requests in/)[1])) throw new Error(`the SDK's seller, ${name}: no answer in ${kit.seconds} s`);
  return { rps: Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]), p99: Number(v) * { us: 1e-3, ms: 1, s: 1e3 }[unit] };
}

// `rows` are the agent's own, of this run.
export async function measurePeer(kit, rows) {
  kit.progress("  the TypeScript SDK's seller");
  const peer = await start(kit);
  const { media_buy_id: id } = await call(peer.url, 'create_media_buy', { ...CREATE, idempotency_key: 'bench-peer-first-00' });
  const { media_buys: found } = await call(peer.url, 'get_media_buys', { account: CREATE.account, media_buy_ids: [id] });
  if (found.length !== 1) throw new Error("the SDK's seller does not show what was bought");
  const { version } = JSON.parse(readFileSync(path.join(modules, '@adcp/sdk/package.json'), 'utf8'));
  const lines = [`### Beside the seller of @adcp/sdk ${version}`, '', 'The same calls, in memory and without a database there, durable here.', '',
    '| call | connections | its requests/s | p99 ms | ours | × | its RSS MiB |', '|---|---|---|---|---|---|---|'];
  for (const [name, args, ours] of [['get_media_buys', { account: CREATE.account, media_buy_ids: [id] }, 'get_media_buys, one id'],
    ['create_media_buy', { ...CREATE, idempotency_key: 'bench-load-@N@' }, 'create_media_buy']]) {
    for (const connections of [32, 256]) {
      const mine = rows.find((r) => r.case === ours && r.connections === connections);
      if (!mine) continue;
      const r = await load(kit, peer.url, name, args, connections);
      lines.push(`| ${ours} | ${connections} | ${Math.round(r.rps)} | ${r.p99.toFixed(0)} | ${Math.round(mine.rps)} | `
        + `${(mine.rps / r.rps).toFixed(0)} | ${kit.rssMiB(peer.child.pid).toFixed(0)} |`);
    }
  }
  peer.child.kill('SIGKILL');
  return lines;
}
