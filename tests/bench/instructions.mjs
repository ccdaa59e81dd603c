// Counts the instructions that one call costs the agent, with callgrind: a figure that noise does not touch. With a second
// binary both are counted in the same run, and a case that costs more than a tenth above the other's fails.
//   node tests/bench/instructions.mjs [--binary FILE] [--base FILE] [--calls N] [--buys N] [--profile DIR] [--json FILE]
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { casesOf, clock, publisher, rpc, seedArgs } from './workload.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const { values: opt } = parseArgs({ options: { binary: { type: 'string', default: path.join(top, 'build/salesagent') },
  base: { type: 'string' }, calls: { type: 'string', default: '200' }, buys: { type: 'string', default: '200' },
  profile: { type: 'string' }, json: { type: 'string' } } });
const ALLOWED = 1.1;
const run = promisify(execFile);
const work = mkdtempSync(path.join(os.tmpdir(), 'salesagent-instructions-'));
const progress = (text) => process.stderr.write(`${text}\n`);
const children = [];

const freePort = () => new Promise((resolve, reject) => {
  const s = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = s.address();
    s.close(() => resolve(port));
  });
});

async function start(command, args, port) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  for (const deadline = Date.now() + 60000; ;) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${command} does not answer`);
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return child;
    } catch { /* not yet */ }
    await new Promise((r) => setTimeout(r, 20));
  }
}

async function stop(child) {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await new Promise((r) => child.on('exit', r));
}

const wire = new http.Agent({ keepAlive: true, maxSockets: 1 });
const post = (port, token, body) => new Promise((resolve, reject) => {
  const req = http.request({ agent: wire, host: '127.0.0.1', port, path: '/mcp', method: 'POST',
    headers: { 'content-type': 'application/json', 'x-adcp-auth': token } }, (res) => {
    let text = '';
    res.setEncoding('utf8').on('data', (d) => { text += d; }).on('end', () => {
      const { result } = JSON.parse(text);
      if (res.statusCode !== 200 || !result || result.isError) reject(new Error(text.slice(0, 600)));
      else resolve(result.structuredContent);
    });
  });
  req.on('error', reject).end(body);
});

const serve = (data, port) => ['serve', '--sandbox', '--clock', clock, '--listen', `127.0.0.1:${port}`, '--data', data, '--log', 'error'];

// A folder with buys in it, made by the binary at its own speed; counting starts on a copy.
async function fill(binary, folder) {
  const file = path.join(work, 'publisher.json'), data = path.join(folder, 'filled');
  writeFileSync(file, JSON.stringify(publisher(1)));
  await run(binary, ['import', '--sandbox', file, '--data', data]);
  const port = await freePort();
  const child = await start(binary, serve(data, port), port);
  const ids = [];
  for (let n = 0; n < Number(opt.buys); n++) {
    ids.push((await post(port, 'bench-token-0', rpc('create_media_buy', seedArgs(n, 1)))).media_buy_id);
  }
  await stop(child);
  return { data, ids };
}

// What callgrind counted since it was last asked.
async function counted(folder, pid) {
  const before = new Set(readdirSync(folder));
  await run('callgrind_control', ['-d', String(pid)]);
  const file = readdirSync(folder).find((f) => f.startsWith('callgrind.out.') && !before.has(f));
  const total = readFileSync(path.join(folder, file), 'utf8').match(/^(?:totals|summary): (\d+)/m);
  return { file: path.join(folder, file), instructions: Number(total[1]) };
}

async function count(binary, name) {
  progress(`${name}: filling, then counting under callgrind`);
  const folder = path.join(work, name);
  mkdirSync(folder);
  const { data, ids } = await fill(binary, folder);
  const calls = Number(opt.calls), figures = {};
  for (const c of casesOf(ids)) {
    const copy = path.join(folder, 'counted'), out = path.join(folder, c.tool);
    rmSync(copy, { recursive: true, force: true });
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    cpSync(data, copy, { recursive: true });
    const port = await freePort();
    const child = await start('valgrind', ['--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${out}/callgrind.out`,
      '-q', binary, ...serve(copy, port)], port);
    let n = 0;
    const several = async (times) => {
      for (let i = 0; i < times; i++) await post(port, c.token, c.body.replaceAll('@N@', String(n++).padStart(16, '0')));
    };
    await several(20); // statements prepared, schemas compiled, pages in the cache
    await run('callgrind_control', ['-i', 'on', String(child.pid)]);
    await counted(out, child.pid);
    await several(calls);
    const { file, instructions } = await counted(out, child.pid);
    figures[c.name] = Math.round(instructions / calls);
    if (opt.profile) {
      mkdirSync(opt.profile, { recursive: true });
      cpSync(file, path.join(opt.profile, `${name}-${c.name.replaceAll(/\W+/g, '-')}.callgrind`));
    }
    progress(`  ${c.name}: ${figures[c.name]} instructions`);
    await stop(child);
  }
  return figures;
}

try {
  const ours = await count(path.resolve(opt.binary), 'change');
  const base = opt.base ? await count(path.resolve(opt.base), 'base') : undefined;
  console.log(`| call | instructions |${base ? ' base | ratio |' : ''}\n|---|---|${base ? '---|---|' : ''}`);
  for (const [name, n] of Object.entries(ours)) {
    console.log(`| ${name} | ${n} |${base ? ` ${base[name]} | ${(n / base[name]).toFixed(3)} |` : ''}`);
  }
  for (const [name, n] of base ? Object.entries(ours) : []) {
    const fine = n <= base[name] * ALLOWED;
    console.log(`${fine ? 'ok' : 'not ok'} - instructions of ${name}: ${n}, at most a tenth above ${base[name]}`);
    if (!fine) process.exitCode = 1;
  }
  if (opt.json) writeFileSync(opt.json, JSON.stringify({ calls: Number(opt.calls), ours, base }, null, 2));
} finally {
  for (const c of children) if (c.exitCode === null) c.kill('SIGTERM');
  rmSync(work, { recursive: true, force: true });
}
