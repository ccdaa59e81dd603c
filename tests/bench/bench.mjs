// Measures the agent against a bare nginx that answers a POST with as many fixed bytes, side by side in one run: the
// server pinned to one core, the load to another. Figures drift from run to run; the ratio holds. An answer of another
// status or another length than the first one, on either side, fails the run: a comparison has two sides.
// --results writes tests/bench/RESULTS.md and the table of README.md, with the day and the machine; --instructions FILE adds what
// tests/bench/instructions.mjs --json FILE has counted.
// --more adds what the table does not show (more.mjs, peer.mjs): other numbers of buys, idle connections, polls while others work,
// one commit each, the seller of the TypeScript SDK.
//   node tests/bench/bench.mjs [--results] [--more] [--scale 1000,100000,1000000] [--instructions FILE] [--seconds N] [--buys N] [--principals N] [--connections 1,32,256 | ''] [--webhooks N] [--json FILE]
import { execFile, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { measureCommits, measureCreates, measureIdle, measureMixed, measureScale } from './more.mjs';
import { measurePeer } from './peer.mjs';
import { measureWebhooks } from './webhooks.mjs';
import { casesOf, clock, publisher, rpc, seedArgs } from './workload.mjs';

const { values: opt } = parseArgs({ options: {
  seconds: { type: 'string', default: '3' }, buys: { type: 'string', default: '10000' },
  principals: { type: 'string', default: '200' }, connections: { type: 'string', default: '1,32,256' },
  webhooks: { type: 'string', default: '20000' }, json: { type: 'string' }, results: { type: 'boolean' },
  more: { type: 'boolean' }, scale: { type: 'string', default: '1000,100000,1000000' },
  instructions: { type: 'string' } } });
const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const binary = process.env.SALESAGENT ?? path.join(top, 'build/salesagent');
const work = mkdtempSync(path.join(os.tmpdir(), 'salesagent-bench-'));
const cores = os.cpus().length;
const [serverCore, loadCore] = cores > 1 ? ['0', '1'] : ['0', '0'];
const ticks = Number((await run('getconf', ['CLK_TCK'])).stdout);
const progress = (text) => process.stderr.write(`${text}\n`);
const principals = Number(opt.principals);
const widths = opt.connections.split(',').filter(Boolean).map(Number);
const children = [];
const folders = [work];

const freePort = () => new Promise((resolve, reject) => {
  const s = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});
const pinned = (core, command, args, options) => {
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  children.push(child);
  return child;
};
const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};
const rssMiB = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

// --- the agent -----------------------------------------------------------------------------------------------

const METRICS_TOKEN = 'bench-metrics-0123456789abcdef0123456789abcdef';
function metricsToken() {
  const file = path.join(work, 'metrics.token');
  writeFileSync(file, METRICS_TOKEN, { mode: 0o600 });
  return file;
}

async function startAgent(data, port, more = []) {
  const began = process.hrtime.bigint();
  const child = pinned(serverCore, binary,
    ['serve', '--sandbox', '--clock', clock, '--listen', `127.0.0.1:${port}`, '--data', data, '--log', 'error',
      '--metrics-token-file', metricsToken(), ...more]);
  for (const deadline = Date.now() + 15000; ;) {
    if (Date.now() > deadline) throw new Error('the agent did not answer within 15 s');
    try {
      const r = await fetch(`http://127.0.0.1:${port}/health`);
      if (r.ok) break;
    } catch {
      if (child.exitCode !== null) throw new Error('the agent ended');
    }
    await new Promise((r) => setTimeout(r, 1));
  }
  return { child, coldMs: Number(process.hrtime.bigint() - began) / 1e6, url: `http://127.0.0.1:${port}/mcp` };
}

async function stop(child) {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15000);
  await new Promise((r) => (child.exitCode !== null || child.signalCode !== null ? r() : child.on('exit', r)));
  clearTimeout(late);
  if (child.signalCode === 'SIGKILL') throw new Error('the agent did not stop within 15 s of SIGTERM');
}

async function call(url, i, name, args) {
  const r = await fetch(url, { method: 'POST', body: rpc(name, args),
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', 'x-adcp-auth': `bench-token-${i}` } });
  const body = await r.json();
  if (!body.result || body.result.isError) throw new Error(`${name}: ${JSON.stringify(body).slice(0, 600)}`);
  return { result: body.result.structuredContent, bytes: Number(r.headers.get('content-length')) };
}

async function seed(url, total = Number(opt.buys)) {
  const ids = [];
  let next = 0;
  const began = Date.now();
  await Promise.all(Array.from({ length: 64 }, async () => {
    for (let n = next++; n < total; n = next++) {
      const i = n % principals;
      const { result } = await call(url, i, 'create_media_buy', seedArgs(n, principals));
      if (i === 0) ids.push(result.media_buy_id);
    }
  }));
  progress(`  ${total} media buys of ${principals} principals in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return ids;
}

// --- nginx ---------------------------------------------------------------------------------------------------

async function startNginx(sizes) {
  const port = await freePort();
  const own = mkdtempSync(path.join(os.tmpdir(), 'salesagent-bench-nginx-'));
  chmodSync(own, 0o755); // started by root, its workers are somebody else, who may not enter a private folder
  folders.push(own);
  const root = path.join(own, 'files');
  mkdirSync(root);
  for (const n of sizes) writeFileSync(path.join(root, `b${n}`), '{"x":"'.padEnd(n - 2, 'x') + '"}');
  writeFileSync(path.join(own, 'nginx.conf'), `
    daemon off; worker_processes 1; pid ${own}/nginx.pid; error_log stderr crit;
    events { worker_connections 2048; }
    http { access_log off; default_type application/json; keepalive_requests 1000000000; sendfile on;
      client_body_temp_path ${own}/t1; proxy_temp_path ${own}/t2; fastcgi_temp_path ${own}/t3;
      uwsgi_temp_path ${own}/t4; scgi_temp_path ${own}/t5; open_file_cache max=100;
      server { listen 127.0.0.1:${port}; root ${root}; location / { error_page 405 =200 $uri; } } }`);
  const child = pinned(serverCore, 'nginx', ['-c', path.join(own, 'nginx.conf'), '-p', own]);
  await new Promise((r) => setTimeout(r, 300));
  const worker = (await run('pgrep', ['-P', String(child.pid)])).stdout.trim().split('\n')[0];
  return { child, worker, port };
}

// --- the load ------------------------------------------------------------------------------------------------

// wrk drives one URL with bodies that a Lua script makes, and tells at the end how many bytes its answers had.
function luaFor(c) {
  const file = path.join(work, `${c.name}.lua`);
  writeFileSync(file, `
    local n = ${Math.floor(Math.random() * 1e6)} * 1000000
    wrk.method = "POST"
    local H = { ["Content-Type"] = "application/json", ["x-adcp-auth"] = ${JSON.stringify(c.token)} }
    request = function()
      n = n + 1
      return wrk.format("POST", wrk.path, H, (${JSON.stringify(c.body)}):gsub("@N@", string.format("%016d", n)))
    end
    done = function(summary) io.write(string.format("answered %d bytes %d\\n", summary.requests, summary.bytes)) end`);
  return file;
}

// What one answer takes on the wire, head included, and that it is a 200 whose body has the length expected.
async function answerBytes(url, c) {
  const { hostname, port, pathname } = new URL(url);
  const body = c.body.replaceAll('@N@', String(Math.floor(Math.random() * 1e15)).padStart(16, '0'));
  const chunks = [];
  await new Promise((resolve, reject) => {
    const s = connect(Number(port), hostname, () => s.write(`POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`
      + `Content-Type: application/json\r\nx-adcp-auth: ${c.token}\r\nConnection: close\r\n`
      + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`));
    s.on('data', (d) => chunks.push(d)).on('end', resolve).on('error', reject);
  });
  const all = Buffer.concat(chunks), head = all.subarray(0, all.indexOf('\r\n\r\n') + 4);
  const text = head.toString('latin1');
  if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(`${url}: ${text.split('\r\n')[0]}`);
  if (Math.abs(all.length - head.length - c.bytes) > c.bytes / 50) {
    throw new Error(`${url}: a body of ${all.length - head.length} bytes, expected ${c.bytes}`);
  }
  return all.length;
}

async function load(url, c, lua, connections, pid) {
  const expected = await answerBytes(url, c);
  const cpu = cpuSeconds(pid);
  const { stdout } = await run('taskset', ['-c', loadCore, 'wrk', '-t1', `-c${connections}`, `-d${opt.seconds}s`,
    '--latency', '-s', lua, url]);
  const used = cpuSeconds(pid) - cpu;
  const total = Number(stdout.match(/(\d+) requests in/)[1]);
  const ms = (p) => {
    const [, v, unit] = stdout.match(new RegExp(`${p}%\\s+([\\d.]+)(us|ms|s)`));
    return Number(v) * { us: 1e-3, ms: 1, s: 1e3 }[unit];
  };
  const refused = stdout.match(/Non-2xx or 3xx responses: (\d+)/) ?? stdout.match(/Socket errors: (.*)/);
  const [, answers, bytes] = stdout.match(/answered (\d+) bytes (\d+)/).map(Number);
  if (refused) throw new Error(`${url}, ${c.name}: answers that are not 2xx or broken: ${refused[1]}`);
  // Answers on the way when the time is over count as bytes and not as answers: one a connection, at most.
  if (bytes < answers * expected * 0.98 || bytes > (answers + connections) * expected * 1.02) {
    throw new Error(`${url}, ${c.name}: ${answers} answers of ${(bytes / answers).toFixed(0)} bytes, expected ${expected}`);
  }
  return { rps: Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: ms(50), p99: ms(99),
    cpuUs: used / total * 1e6 };
}

// What the table does not show: lines of Markdown, in parts.
async function measureMore({ agent, data, ids, cases, rows, fresh }) {
  const kit = { work, serverCore, loadCore, seconds: Number(opt.seconds), progress, freePort, startAgent, stop, rssMiB, children,
    metricsToken: METRICS_TOKEN };
  const create = cases.find((c) => c.tool === 'create_media_buy');
  const meanwhile = await measureCreates(kit, agent, { lua: luaFor(create), ids, seconds: kit.seconds });
  const mixed = await measureMixed(kit, agent, { buyers: principals, seconds: 12, ids,
    create: (key) => ({ ...create.args, idempotency_key: key }) });
  await stop(agent.child);
  const one = await measureCommits(kit);
  const commits = [`One durable commit for each row of 500 bytes, nothing else: ${Math.round(one.rate)}/s, ${one.p50Ms.toFixed(2)} ms (p50), `
    + `${one.p99Ms.toFixed(2)} ms (p99).`];
  const widest = rows.findLast((r) => r.case === 'create_media_buy');
  if (widest) {
    commits[0] += ` Media buys at ${widest.connections} connections are ${(widest.rps / one.rate).toFixed(1)} × that.`;
    commits.push('', '| | µs |', '|---|---|', `| one commit alone | ${(1e6 / one.rate).toFixed(0)} |`,
      ...rows.filter((r) => r.case === 'create_media_buy').map((r) => `| a media buy at ${r.connections} connections: elapsed / of CPU | `
        + `${(1e6 / r.rps).toFixed(0)} / ${r.cpuUs.toFixed(0)} |`));
  }
  const idle = await measureIdle(kit, fresh, 10000);
  const small = path.join(work, 'small'), smallAgent = (cpSync(fresh, small, { recursive: true }), await startAgent(small, await freePort()));
  await seed(smallAgent.url, 1000);
  await stop(smallAgent.child);
  const scale = await measureScale(kit, { small, have: 1000, sizes: opt.scale.split(',').map(Number) });
  const peer = await measurePeer(kit, rows);
  return ['### Writes', '', ...commits, '', ...meanwhile, '', ...mixed, '', '### Idle connections', '', ...idle, '', ...scale, '', ...peer];
}

// --- the run -------------------------------------------------------------------------------------------------

async function main() {
  progress(`benchmark on ${os.cpus()[0].model}, ${cores} cores; ${opt.seconds} s a cell`);
  const file = path.join(work, 'publisher.json');
  writeFileSync(file, JSON.stringify(publisher(principals)));
  const data = path.join(work, 'data');
  await run(binary, ['import', '--sandbox', file, '--data', data]);
  const port = await freePort();
  const colds = [];
  let agent;
  for (let i = 0; i < 5; i++) {
    if (agent) await stop(agent.child);
    agent = await startAgent(data, port);
    colds.push(agent.coldMs);
  }
  const fresh = path.join(work, 'fresh'); // without a buy
  await stop(agent.child);
  cpSync(data, fresh, { recursive: true });
  agent = await startAgent(data, port);
  const ids = await seed(agent.url);
  await stop(agent.child);
  agent = await startAgent(data, port);
  const cases = casesOf(ids);
  for (const c of cases) {
    c.bytes = (await call(agent.url, 0, c.tool, JSON.parse(JSON.stringify(c.args).replaceAll('@N@', 'probe-00000000')))).bytes;
  }
  const nginx = widths.length ? await startNginx(cases.map((c) => c.bytes)) : undefined;
  const rows = [];
  for (const c of cases) {
    const lua = luaFor(c);
    for (const connections of widths) {
      progress(`  ${c.name}, ${connections} connections`);
      const base = await load(`http://127.0.0.1:${nginx.port}/b${c.bytes}`, c, lua, connections, nginx.worker);
      const ours = await load(agent.url, c, lua, connections, agent.child.pid);
      rows.push({ case: c.name, bytes: c.bytes, connections, ...ours, nginxRps: base.rps, ratio: ours.rps / base.rps,
        rssMiB: rssMiB(agent.child.pid) });
    }
  }
  const webhooks = Number(opt.webhooks) ? await measureWebhooks({ agentUrl: agent.url, socket: path.join(data, 'agent.sock'),
    token: 'bench-token-1', pid: agent.child.pid, total: Number(opt.webhooks), cpuSeconds, progress }) : undefined;
  const report = { webhooks, coldStartMs: colds.sort((a, b) => a - b)[2], rssMiB: rssMiB(agent.child.pid), rows };
  if (opt.more) report.more = await measureMore({ agent, data, ids, cases, rows, fresh });
  else await stop(agent.child);
  if (nginx) await stop(nginx.child);
  return report;
}

function table({ coldStartMs, rows, webhooks }) {
  const lines = ['| call | reply bytes | connections | requests/s | p50 ms | p99 ms | CPU µs/request | RSS MiB | nginx requests/s | × nginx |',
    '|---|---|---|---|---|---|---|---|---|---|'];
  for (const r of rows) {
    lines.push(`| ${r.case} | ${r.bytes} | ${r.connections} | ${Math.round(r.rps)} | ${r.p50.toFixed(2)} | `
      + `${r.p99.toFixed(2)} | ${r.cpuUs.toFixed(0)} | ${r.rssMiB.toFixed(0)} | ${Math.round(r.nginxRps)} | ${r.ratio.toFixed(2)} |`);
  }
  if (webhooks) {
    lines.push('', `${webhooks.total} due webhooks (${webhooks.bodyBytes} bytes, Ed25519-signed) to one loopback receiver: `
      + `${Math.round(webhooks.rate)}/s, ${webhooks.cpuUs.toFixed(0)} µs of CPU each; meanwhile get_media_buys answered in `
      + `${webhooks.pollP50.toFixed(1)} ms (p50), ${webhooks.pollP99.toFixed(1)} ms (p99).`);
  }
  lines.push('', `Cold start to the first answer, median of five: ${coldStartMs.toFixed(0)} ms.`);
  return lines.join('\n');
}

// What stands between the two comments of README.md, and a page of its own.
async function writeResults(text, more) {
  const readme = path.join(top, 'README.md'), marks = /<!-- bench -->[^]*<!-- \/bench -->/;
  const before = readFileSync(readme, 'utf8');
  if (!marks.test(before)) throw new Error('README.md has no place for the table');
  writeFileSync(readme, before.replace(marks, () => `<!-- bench -->\n${text}\n<!-- /bench -->`));
  const revision = (await run('git', ['-C', top, 'rev-parse', '--short', 'HEAD'])).stdout.trim();
  const counted = opt.instructions ? JSON.parse(readFileSync(opt.instructions, 'utf8')) : undefined;
  const instructions = counted ? `\n\n## Instructions a call, by callgrind\n\n| call | instructions |\n|---|---|\n`
    + Object.entries(counted.ours).map(([name, n]) => `| ${name} | ${n} |`).join('\n') : '';
  writeFileSync(path.join(top, 'tests/bench/RESULTS.md'), `# What was measured\n\nWritten by \`scripts/bench --results\` on `
    + `${new Date().toISOString().slice(0, 10)}, of ${revision}, on ${os.cpus()[0].model}, ${cores} cores, ${os.type()} ${os.release()}: `
    + `${opt.buys} media buys of ${opt.principals} buyers, ${opt.seconds} s a cell, agent and nginx side by side in one run, each on `
    + `one core, the load on the other. Answers to polls are kept until something changes them (\`keep_answers\`).\n\n${text}\n`
    + `${more ? `\n${more.join('\n')}\n` : ''}${instructions}\n\n${readFileSync(path.join(top, 'tests/bench/where.md'), 'utf8')}`);
}

try {
  const report = await main();
  const text = table(report);
  console.log(text);
  if (report.more) console.log(`\n${report.more.join('\n')}`);
  if (opt.results) await writeResults(text, report.more);
  if (opt.json) writeFileSync(opt.json, JSON.stringify(report, null, 2));
} finally {
  for (const c of children) if (c.exitCode === null) c.kill('SIGTERM');
  for (const f of folders) rmSync(f, { recursive: true, force: true });
}
