// What a decision of the built-in ad server costs: by itself, in nanoseconds and in instructions (callgrind, which noise does not
// touch), and over HTTP with buyers that poll meanwhile, beside an nginx that answers as many fixed bytes.
//   node tests/bench/decisions.mjs --program FILE [--binary FILE] [--packages N] [--slots N] [--seconds N] [--no-http] [--json FILE]
import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';

const top = path.resolve(import.meta.dirname, '../..');
const { values: opt } = parseArgs({ options: { program: { type: 'string' }, binary: { type: 'string', default: path.join(top, 'build/salesagent') },
  packages: { type: 'string', default: '1000' }, slots: { type: 'string', default: '100' }, seconds: { type: 'string', default: '5' },
  'no-http': { type: 'boolean', default: false }, json: { type: 'string' } } });
const run = promisify(execFile);
const work = mkdtempSync(path.join(os.tmpdir(), 'salesagent-decisions-'));
const progress = (text) => process.stderr.write(`${text}\n`);
const children = [];
const [serverCore, loadCore] = os.cpus().length > 1 ? ['0', '1'] : ['0', '0'];
const size = ['--packages', opt.packages, '--slots', opt.slots];

// --- by itself

async function alone() {
  const { stdout } = await run('taskset', ['-c', serverCore, opt.program, ...size]);
  return JSON.parse(stdout);
}

async function instructions() {
  const counted = async (decisions) => {
    const out = path.join(work, `callgrind.${decisions}`);
    await run('valgrind', ['--tool=callgrind', '-q', `--callgrind-out-file=${out}`, opt.program, ...size, '--learn', '20000', '--decisions', String(decisions)]);
    return Number(readFileSync(out, 'utf8').match(/^(?:totals|summary): (\d+)/m)[1]);
  };
  const [few, many] = [await counted(10000), await counted(30000)]; // what is the same in both falls out
  return Math.round((many - few) / 20000);
}

// --- over HTTP

const freePort = () => new Promise((resolve, reject) => {
  const s = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});

const SLOTS_OF_A_PRODUCT = 5;

function publisher() {
  const doc = JSON.parse(readFileSync(path.join(top, 'tests/house/publisher.json'), 'utf8'));
  const n = Number(opt.slots), page = doc.products.find((p) => p.product_id === 'page');
  doc.slots = Array.from({ length: n }, (_, i) => ({ slot_id: `slot-${i}`, property_id: 'paper', sizes: [{ width: 300, height: 250 }] }));
  doc.products = Array.from({ length: n }, (_, i) => ({ ...page, product_id: `page-${i}`,
    ext: { salesagent: { capacity: { daily_impressions: 1e9 }, ad_server: { slots: Array.from({ length: SLOTS_OF_A_PRODUCT }, (_, k) => `slot-${(i + k * 17) % n}`) } } } }));
  doc.tenant.adapter_settings = { impressions_per_minute: 0, clicks_per_minute: 0 };
  return doc;
}

async function call(base, name, args) {
  const res = await fetch(`${base}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-adcp-auth': 'house-buyer-token' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { adcp_version: '3.1', ...args } } }) });
  const { result } = await res.json();
  if (!result || result.isError) throw new Error(`${name}: ${JSON.stringify(result).slice(0, 500)}`);
  return result.structuredContent;
}

async function fill(base) {
  const total = Number(opt.packages);
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let i = next++; i < total; i = next++) {
      const who = { brand: { domain: `brand-${i}.example` }, operator: `brand-${i}.example` };
      await call(base, 'create_media_buy', { idempotency_key: `bench-decisions-${String(i).padStart(8, '0')}`, account: who, brand: who.brand,
        start_time: 'asap', end_time: new Date(Date.now() + 30 * 864e5).toISOString(), packages: [{ product_id: `page-${i % Number(opt.slots)}`,
          pricing_option_id: 'cpm', budget: 20000, pacing: 'asap', creatives: [{ creative_id: `banner-${i}`, name: `Banner ${i}`, format_id: { agent_url: `${base}/mcp`, id: 'banner' },
            assets: { primary: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250, format: 'png' },
              click_url: { asset_type: 'url', url: 'https://acme.example/', url_type: 'clickthrough' } } }] }] });
    }
  }));
}

const lua = (slots) => `
  local n = ${slots}
  local headers = { ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36" }
  request = function() return wrk.format("GET", n > 0 and "/ads/d?p=paper&slot=slot-" .. math.random(0, n - 1) or "/body", headers) end
  done = function(s) io.write(string.format("answered %d bytes %d\\n", s.requests, s.bytes)) end`;

async function wrk(base, slots, connections) {
  const script = path.join(work, `wrk-${slots}.lua`);
  writeFileSync(script, lua(slots));
  const { stdout } = await run('taskset', ['-c', loadCore, 'wrk', '-t1', `-c${connections}`, `-d${opt.seconds}s`, '--latency', '-s', script, base]);
  const refused = stdout.match(/Non-2xx or 3xx responses: (\d+)/) ?? stdout.match(/Socket errors: (.*)/);
  if (refused) throw new Error(`${base}: ${refused[0]}`);
  const ms = (p) => {
    const [, v, unit] = stdout.match(new RegExp(`${p}%\\s+([\\d.]+)(us|ms|s)`));
    return Number(v) * { us: 1e-3, ms: 1, s: 1e3 }[unit];
  };
  const [, answers, bytes] = stdout.match(/answered (\d+) bytes (\d+)/).map(Number);
  return { rps: Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: ms(50), p99: ms(99), bytes: bytes / answers, answers };
}

async function serve(command, args, ready) {
  const child = spawn('taskset', ['-c', serverCore, command, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  for (const end = Date.now() + 30000; ;) {
    try { if ((await fetch(ready)).ok) return child; } catch { /* not yet */ }
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${command} does not answer`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

async function nginx(bytes) {
  const port = await freePort(), own = path.join(work, 'nginx'), root = path.join(own, 'files');
  mkdirSync(root, { recursive: true });
  chmodSync(work, 0o755);
  writeFileSync(path.join(root, 'body'), 'x'.repeat(bytes));
  writeFileSync(path.join(own, 'nginx.conf'), `daemon off; worker_processes 1; pid ${own}/nginx.pid; error_log stderr crit;
    events { worker_connections 2048; }
    http { access_log off; default_type application/json; keepalive_requests 1000000000; sendfile on; open_file_cache max=100;
      client_body_temp_path ${own}/t1; proxy_temp_path ${own}/t2; fastcgi_temp_path ${own}/t3; uwsgi_temp_path ${own}/t4; scgi_temp_path ${own}/t5;
      server { listen 127.0.0.1:${port}; root ${root}; } }`);
  await serve('nginx', ['-c', path.join(own, 'nginx.conf'), '-p', own], `http://127.0.0.1:${port}/body`);
  return `http://127.0.0.1:${port}`;
}

const ticks = Number((await run('getconf', ['CLK_TCK'])).stdout);
const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};

async function overHttp() {
  const file = path.join(work, 'publisher.json'), data = path.join(work, 'data'), port = await freePort(), base = `http://127.0.0.1:${port}`;
  writeFileSync(file, JSON.stringify(publisher()));
  await run(opt.binary, ['import', file, '--data', data, '--new-publisher']);
  const agent = await serve(opt.binary, ['serve', '--sandbox', '--listen', `127.0.0.1:${port}`, '--data', data, '--log', 'error'], `${base}/health`);
  progress(`  ${opt.packages} media buys on ${opt.slots} slots`);
  await fill(base);
  await new Promise((r) => setTimeout(r, 3000)); // heard of, and a few ticks
  let polling = true, polls = 0;
  const poller = (async () => {
    while (polling) {
      await call(base, 'get_media_buys', { account: { brand: { domain: 'brand-0.example' }, operator: 'brand-0.example' } });
      polls++;
      await new Promise((r) => setTimeout(r, 20));
    }
  })();
  const rows = [];
  let at;
  for (const connections of [1, 32]) {
    const cpu = cpuSeconds(agent.pid), ours = await wrk(base, Number(opt.slots), connections), cpuUs = (cpuSeconds(agent.pid) - cpu) / ours.answers * 1e6;
    at ??= await nginx(Math.round(ours.bytes) - 300); // less its headers, about
    const fixed = await wrk(at, 0, connections);
    rows.push({ connections, ...ours, cpuUs, nginxRps: fixed.rps, nginxP99: fixed.p99 });
  }
  polling = false;
  await poller;
  return { rows, polls };
}

try {
  progress('decisions, by themselves');
  const report = { alone: await alone(), instructions: await instructions() };
  console.log(`${report.alone.packages} packages on ${report.alone.slots} slots: ${report.alone.ns} ns of CPU and ${report.instructions} instructions a decision `
    + `with its impression; ${(100 * report.alone.shown / report.alone.decisions).toFixed(0)} % got an ad.`);
  if (!opt['no-http']) {
    progress('decisions over HTTP');
    report.http = await overHttp();
    console.log(`\nOver HTTP, one core, a buyer polling (${report.http.polls} times):\n\n| connections | decisions/s | p50 ms | p99 ms | CPU µs each | bytes | nginx/s | nginx p99 ms |\n|---|---|---|---|---|---|---|---|`);
    for (const r of report.http.rows) {
      console.log(`| ${r.connections} | ${Math.round(r.rps)} | ${r.p50.toFixed(2)} | ${r.p99.toFixed(2)} | ${r.cpuUs.toFixed(0)} | ${Math.round(r.bytes)} | ${Math.round(r.nginxRps)} | ${r.nginxP99.toFixed(2)} |`);
    }
  }
  if (opt.json) writeFileSync(opt.json, JSON.stringify(report, null, 2));
} finally {
  for (const c of children) if (c.exitCode === null) c.kill('SIGTERM');
  await Promise.all(children.map((c) => c.exitCode !== null || c.signalCode !== null || new Promise((r) => { c.on('exit', r); setTimeout(r, 5000); })));
  rmSync(work, { recursive: true, force: true });
}
