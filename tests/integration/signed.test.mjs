// A buyer whose signing key the publisher knows: what its token alone may do, and what it must sign.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { signRequest } from '@adcp/sdk/signing';
import { Agent } from './lib/agent.mjs';

const pair = generateKeyPairSync('ed25519');
const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'signer-2026', alg: 'EdDSA', use: 'sig', key_ops: ['verify'],
  adcp_use: 'request-signing' };
const key = { keyid: jwk.kid, alg: 'ed25519', privateKey: { ...jwk, ...pair.privateKey.export({ format: 'jwk' }), key_ops: ['sign'] } };
const token = 'signer-token-0123456789';
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const secret = { schemes: ['HMAC-SHA256'], credentials: 'x'.repeat(40) };
let agent, folder, n = 0;

before(async () => {
  agent = await Agent.start({ args: ['--clock', '2026-03-09T14:30:00Z'] });
  folder = mkdtempSync(path.join(tmpdir(), 'salesagent-signed-'));
  const file = path.join(folder, 'signer.json');
  const { tenant } = JSON.parse((await agent.cli('export')).stdout);
  writeFileSync(file, JSON.stringify({ salesagent_import: 1, tenant, principals: [{ principal_id: 'signer', role: 'buyer',
    settings: { request_signing: { jwks: { keys: [jwk] } } }, tokens: [{ token }] }] }));
  const imported = await agent.cli('import', '--sandbox', file, '--new-publisher');
  assert.equal(imported.code, 0, imported.stderr);
});
after(async () => {
  await agent.stop();
  rmSync(folder, { recursive: true, force: true });
});

const now = () => Math.floor(Date.parse('2026-03-09T14:30:00Z') / 1000) + Math.floor(process.uptime());
async function send(tool, args, { signed = false, headers = {} } = {}) {
  const body = JSON.stringify({ adcp_version: '3.1', idempotency_key: `signed-test-key-${String(++n).padStart(4, '0')}`, ...args });
  const url = `${agent.base}/adcp/${tool}`;
  let all = { 'content-type': 'application/json', 'x-adcp-auth': token, ...headers };
  if (signed) all = { ...all, ...signRequest({ method: 'POST', url, headers: all, body }, key, { now }).headers };
  const r = await fetch(url, { method: 'POST', headers: all, body });
  return { status: r.status, challenge: r.headers.get('www-authenticate') ?? '', body: await r.json() };
}
const entry = (more) => ({ accounts: [{ brand: { domain: 'acme.example' }, operator: 'acme.example', billing: 'operator', sandbox: true, ...more }] });
const hook = (more) => ({ url: 'http://127.0.0.1:9/hook', ...more });

test('a webhook without a secret needs the token only', async () => {
  const got = await send('sync_accounts', { ...entry(), push_notification_config: hook() });
  assert.equal(got.status, 200, JSON.stringify(got.body));
  assert.notEqual(got.body.accounts[0].action, 'failed');
});

test('a secret for webhooks is taken from a signed call only, wherever it stands', async () => {
  const configs = [{ subscriber_id: 'a', event_types: ['creative.status_changed'], active: true, ...hook({ authentication: secret }) }];
  const asked = [
    [{ ...entry(), push_notification_config: hook({ authentication: secret }) }, {}],
    [entry({ notification_configs: configs }), {}],
    [entry(), { 'x-push-notification-url': 'http://127.0.0.1:9/hook', 'x-push-notification-auth-scheme': 'Bearer',
      'x-push-notification-credentials': 'x'.repeat(40) }],
  ];
  for (const [args, headers] of asked) {
    const bare = await send('sync_accounts', args, { headers });
    assert.equal(bare.status, 401, JSON.stringify(bare.body));
    assert.match(bare.challenge, /Signature error="request_signature_required"/);
    const signed = await send('sync_accounts', args, { headers, signed: true });
    assert.equal(signed.status, 200, JSON.stringify(signed.body));
  }
});

test('reading needs no signature, and a buyer without a key gives its secret as before', async () => {
  const read = await send('list_accounts', {});
  assert.equal(read.status, 200);
  const other = await agent.post('/adcp/sync_accounts', { adcp_version: '3.1', idempotency_key: 'signed-test-key-none',
    ...entry(), push_notification_config: hook({ authentication: secret }) });
  assert.equal(other.status, 200, JSON.stringify(other.body));
});

// ---- the URL of the newest line, where signatures are those of AdCP 3.2 ----

// RFC 9421 by hand, because the SDK signs as AdCP 3.0 does: without a digest `covered` has none, `encode` writes the bytes.
function signed32(url, body, { encode = 'base64', covered = ['@method', '@target-uri', '@authority', 'content-type', 'content-digest'] } = {}) {
  const digest = `sha-256=:${createHash('sha256').update(body).digest(encode)}:`;
  const values = { '@method': 'POST', '@target-uri': url, '@authority': new URL(url).host, 'content-type': 'application/json', 'content-digest': digest };
  const params = `(${covered.map((c) => `"${c}"`).join(' ')});created=${now()};expires=${now() + 240};nonce="${randomUUID()}";keyid="${jwk.kid}";alg="ed25519";tag="adcp/request-signing/v1"`;
  const base = [...covered.map((c) => `"${c}": ${values[c]}`), `"@signature-params": ${params}`].join('\n');
  const signature = sign(null, Buffer.from(base), pair.privateKey).toString(encode);
  return { 'content-type': 'application/json', ...(covered.includes('content-digest') ? { 'content-digest': digest } : {}),
    'signature-input': `sig1=${params}`, signature: `sig1=:${signature}:` };
}

// The three addresses, each in its own words: what is sent, and where the reply is.
const message = (tool, args) => ({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ data: { skill: tool, input: args } }] } } });
const addresses = {
  mcp: { path: (line) => `/mcp${line}`, body: (tool, args) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }),
    reply: (r) => r.result?.structuredContent },
  a2a: { path: (line) => `/a2a${line}`, body: message, reply: (r) => r.result?.task.artifacts.at(-1).parts.find((p) => p.data).data },
  rest: { path: (line, tool) => `/adcp${line}/${tool}`, body: (tool, args) => args, reply: (r) => r },
};

async function ask32(name, line, how, tool = 'get_products', args = { adcp_version: '3.2', buying_mode: 'wholesale' }) {
  const door = addresses[name], body = JSON.stringify(door.body(tool, args)), url = `${agent.base}${door.path(line, tool)}`;
  const r = await fetch(url, { method: 'POST', headers: { 'a2a-version': '1.0', ...signed32(url, body, how) }, body: how?.sent ?? body });
  const text = await r.json();
  return { status: r.status, why: r.headers.get('www-authenticate'), reply: r.status === 200 ? door.reply(text) : text };
}

for (const name of Object.keys(addresses)) {
  test(`${name}: at the address of the newest line a signature covers a digest and is padded base64`, async () => {
    const good = await ask32(name, '/3.2');
    assert.equal(good.status, 200, good.why);
    assert.equal(good.reply.adcp_version, '3.2');
    assert.ok(good.reply.products.length > 0);
    const refused = async (how) => { const r = await ask32(name, '/3.2', how); return [r.status, r.why]; };
    assert.deepEqual(await refused({ encode: 'base64url' }), [401, 'Signature error="request_signature_header_malformed"']);
    assert.deepEqual(await refused({ covered: ['@method', '@target-uri', '@authority', 'content-type'] }), [401, 'Signature error="request_signature_components_incomplete"']);
    assert.deepEqual(await refused({ sent: '{}' }), [401, 'Signature error="request_signature_digest_mismatch"']);
  });

  test(`${name}: a signed write, and what each address says that it demands`, async () => {
    const accounts = entry().accounts;
    const made = await ask32(name, '/3.2', {}, 'sync_accounts', { adcp_version: '3.2', idempotency_key: randomUUID(), accounts });
    assert.equal(made.status, 200, made.why);
    assert.notEqual(made.reply.accounts[0].action, 'failed', JSON.stringify(made.reply));
    const says = async (line, version) => (await ask32(name, line, {}, 'get_adcp_capabilities', version ? { adcp_version: version } : {})).reply;
    const own = await says('/3.2'), older = await says('', '3.1');
    assert.deepEqual(own.adcp.supported_versions, ['3.2']);
    assert.deepEqual([own.request_signing.supported, own.request_signing.covers_content_digest], [true, 'required']);
    assert.ok(own.request_signing.supported_for.includes('buy_products'));
    assert.deepEqual(older.adcp.supported_versions, ['3.0', '3.1']);
    assert.deepEqual([older.request_signing.supported, older.request_signing.covers_content_digest], [true, 'either']);
  });

  test(`${name}: the address that signers of 3.0 and 3.1 have keeps them, and serves them 3.1 at most`, async () => {
    for (const how of [{ encode: 'base64' }, { encode: 'base64url' }, { covered: ['@method', '@target-uri', '@authority', 'content-type'] }]) {
      const r = await ask32(name, '', how);
      assert.deepEqual([r.status, r.reply?.adcp_version], [200, '3.1'], r.why);
    }
    const r = await ask32(name, '', {}, 'get_products', { adcp_version: '3.0', buying_mode: 'wholesale' });
    assert.equal(r.reply.adcp_version, '3.0');
  });
}

test('a Content-Digest that is sent is checked, covered or not', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_products', arguments: { adcp_version: '3.1', buying_mode: 'wholesale' } } });
  const other = body.replace('wholesale', 'Wholesale'), url = `${agent.base}/mcp`;
  const sum = (text) => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
  const ask = async (sent, digest, covered = ['@method', '@target-uri', '@authority', 'content-type']) => {
    const headers = signed32(url, body, { covered });
    if (digest) headers['content-digest'] = digest;
    const r = await fetch(url, { method: 'POST', headers, body: sent });
    await r.text();
    return [r.status, r.headers.get('www-authenticate')];
  };
  const mismatch = [401, 'Signature error="request_signature_digest_mismatch"'];
  assert.deepEqual(await ask(body, undefined), [200, null]);
  assert.deepEqual(await ask(body, sum(body)), [200, null]);
  assert.deepEqual(await ask(other, sum(body)), mismatch, 'the body of another request');
  assert.deepEqual(await ask(body, sum(other)), mismatch);
  assert.deepEqual(await ask(body, `${sum(body)}, ${sum(other)}`), mismatch, 'the last one counts (RFC 8941)');
  assert.deepEqual(await ask(body, 'sha-256=:not base64'), mismatch);
  assert.deepEqual(await ask(other, sum(body), ['@method', '@target-uri', '@authority', 'content-type', 'content-digest']), mismatch);
});
