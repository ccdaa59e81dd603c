// What docs/webhooks.md tells a consumer is done here: every block of it runs against a sandbox, as printed
// but for the ports; each verifier takes what we send and refuses what somebody else made of it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, binary } from './lib/agent.mjs';

const run = promisify(execFile);
const here = import.meta.dirname;
const page = readFileSync(path.join(here, '../../docs/webhooks.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((m) => ({ language: m[1], printed: m[2] }));
const block = (language, about) => {
  const found = blocks.filter((b) => b.language === language && about.test(b.printed));
  assert.equal(found.length, 1, `blocks of ${language || 'shell'} about ${about}`);
  return found[0].printed;
};

let agent;
let home;
const environment = (more = {}) => ({ ...process.env, NO_PROXY: 'localhost,127.0.0.1', PYTHONDONTWRITEBYTECODE: '1', ...more });

before(async () => {
  agent = await Agent.start();
  home = mkdtempSync(path.join(tmpdir(), 'salesagent-docs-'));
  symlinkSync(path.join(here, '../node_modules'), path.join(home, 'node_modules'));
});
after(async () => {
  await agent.stop();
  rmSync(home, { recursive: true, force: true });
});

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

// One delivery as it arrives: { url, headers (as sent), body }.
async function delivery(authentication) {
  const server = createServer();
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  const url = `http://127.0.0.1:${server.address().port}/hooks?for=me`;
  const arrived = new Promise((resolve) => server.on('request', (req, res) => {
    const chunks = [];
    req.on('data', (c) => chunks.push(c)).on('end', () => { res.end(); resolve({ raw: req.rawHeaders, body: Buffer.concat(chunks) }); });
  }));
  const push = { url, operation_id: 'op-2', ...(authentication ? { authentication } : {}) };
  const r = await agent.call('create_media_buy', { adcp_version: '3.1', idempotency_key: randomUUID(),
    account: { brand: { domain: 'acme.example' }, operator: 'acme.example' }, brand: { domain: 'acme.example' },
    start_time: 'asap', end_time: '2030-12-31T00:00:00Z', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 2000 }],
    push_notification_config: push }, { headers: { 'x-auto-advance': 'true' } });
  assert.notEqual(r.body.result.isError, true, JSON.stringify(r.body));
  const { raw, body } = await arrived;
  server.closeAllConnections();
  server.close();
  const headers = {};
  for (let i = 0; i < raw.length; i += 2) headers[raw[i]] = raw[i + 1];
  return { url, headers, body };
}

test('every block of the page is run', () => {
  assert.deepEqual(blocks.map((b) => b.language), ['ts', '', 'python', 'python', 'sh', 'sh']);
});

async function hears(agent, ...args) {
  const port = await freePort();
  const local = (text) => text.replaceAll('8000', new URL(agent.base).port).replaceAll('9009', `${port}`);
  const file = path.join(home, 'receiver.mjs');
  writeFileSync(file, local(block('ts', /createServer/)));
  const receiver = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
  let out = '';
  receiver.stdout.on('data', (d) => { out += d; });
  receiver.stderr.on('data', (d) => { out += d; });
  try {
    const up = async () => (await fetch(`http://localhost:${port}/hooks`, { method: 'POST', body: '{}' }).catch(() => null))?.status;
    for (let i = 0; i < 100 && (await up()) !== 401; i++) await new Promise((r) => setTimeout(r, 100));
    assert.equal(await up(), 401, out);
    const [create, approve] = local(block('', /^build\/salesagent call/)).trim().split(/\n(?=build)/);
    const shell = (line) => run('sh', ['-c', line.replace('build/salesagent', `'${binary}'`)], { env: environment({ SALESAGENT_DATA: agent.data }) });
    const submitted = JSON.parse((await shell(create)).stdout);
    assert.equal(submitted.status, 'submitted', JSON.stringify(submitted));
    assert.match(approve, /task-\.\.\.$/);
    await shell(approve.replace('task-...', submitted.task_id));
    for (let i = 0; i < 200 && !/op-1/.test(out); i++) await new Promise((r) => setTimeout(r, 50));
    assert.equal(out, 'op-1 create_media_buy completed\n');
    assert.match(page, /prints `op-1 create_media_buy completed`/);
  } finally {
    receiver.kill();
  }
}

test('TypeScript: the receiver hears of the buy that is sent to it, and turns away what is not ours', () => hears(agent));

test('TypeScript: and of one whose clock is not the world\'s', async () => {
  const time = '2026-03-09T14:30:00Z', elsewhere = await Agent.start({ args: ['--clock', time] });
  try {
    await hears(elsewhere, time);
  } finally {
    await elsewhere.stop();
  }
});

const cryptography = await run('python3', ['-c', 'import cryptography']).then(() => true, () => false);

test('Python: RFC 9421', { skip: cryptography ? false : 'the Python module cryptography is not installed' }, async () => {
  const d = await delivery();
  const program = `${block('python', /Ed25519PublicKey/)}
import sys
given = json.load(sys.stdin)
seller, url, headers, body = given["seller"], given["url"], given["headers"], given["body"].encode()
assert verify(seller, url, headers, body)
refused = 0
flipped = dict(headers, Signature=headers["Signature"].replace("sig1=:", "sig1=:" + ("B" if headers["Signature"][6] == "A" else "A"), 1)[:-2] + ":")
for call in [(url + "x", headers, body), (url, headers, body + b" "), (url, flipped, body), (url, dict(headers, **{"Content-Type": "text/plain"}), body)]:
    try:
        verify(seller, *call)
    except Exception:
        refused += 1
print(refused)
`;
  const file = path.join(home, 'verify.py');
  writeFileSync(file, program);
  const child = run('python3', [file], { env: environment(), timeout: 60000 });
  child.child.stdin.end(JSON.stringify({ seller: agent.base, url: d.url, headers: d.headers, body: d.body.toString() }));
  assert.equal((await child).stdout, '4\n');
});

test('Python and openssl: HMAC-SHA256', async () => {
  const secret = 'a shared secret of 32 characters';
  const d = await delivery({ schemes: ['HMAC-SHA256'], credentials: secret });
  const program = `${block('python', /verify_hmac/)}
import json, sys
given = json.load(sys.stdin)
secret, headers, body = given["secret"].encode(), given["headers"], given["body"].encode()
print(verify_hmac(secret, headers, body), verify_hmac(secret, headers, body + b" "), verify_hmac(b"x" + secret, headers, body))
`;
  const file = path.join(home, 'hmac_check.py');
  writeFileSync(file, program);
  const child = run('python3', [file], { env: environment(), timeout: 60000 });
  child.child.stdin.end(JSON.stringify({ secret, headers: d.headers, body: d.body.toString() }));
  assert.equal((await child).stdout, 'True False False\n');
  save(d);
  const { stdout } = await run('sh', ['-c', block('sh', /dgst -sha256 -hmac/)], { cwd: home, env: environment({ SECRET: secret }) });
  assert.equal(stdout.trim().split(/\s+/).at(-1), d.headers['X-ADCP-Signature'].replace('sha256=', ''));
});

// As a receiver would save it.
function save(d, body = d.body) {
  writeFileSync(path.join(home, 'headers.txt'), Object.entries(d.headers).map(([k, v]) => `${k}: ${v}\r\n`).join(''));
  writeFileSync(path.join(home, 'body.json'), body);
}

test('openssl: RFC 9421', async () => {
  const d = await delivery();
  const check = (url) => run('sh', ['-c', block('sh', /pkeyutl/)], { cwd: home, env: environment({ URL: url, SELLER: agent.base }) })
    .then(({ stdout }) => stdout, (e) => `${e.stdout}${e.stderr}`);
  save(d);
  assert.equal((await check(d.url)).trim(), 'Signature Verified Successfully');
  assert.doesNotMatch(await check(`${d.url}x`), /Successfully/);
  save(d, Buffer.concat([d.body, Buffer.from(' ')]));
  assert.doesNotMatch(await check(d.url), /Successfully/);
});

test('the key is found from the capabilities of both lines', async () => {
  const found = [];
  for (const version of ['3.0', '3.1']) {
    const caps = (await agent.call('get_adcp_capabilities', { adcp_version: version })).body.result.structuredContent;
    const url = caps.identity?.brand_json_url ?? caps.ext.salesagent.brand_json_url;
    assert.equal(url, `${agent.base}/.well-known/brand.json`);
    const brand = await (await fetch(url)).json();
    const [sales] = brand.agents.filter((a) => a.type === 'sales');
    found.push((await (await fetch(sales.jwks_uri)).json()).keys.map((k) => k.kid));
  }
  assert.ok(found[0].length > 0);
  assert.deepEqual(found[0], found[1]);
});
