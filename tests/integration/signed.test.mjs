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

async function ask32(where, how) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_products', arguments: { adcp_version: '3.2', buying_mode: 'wholesale' } } });
  const url = `${agent.base}${where}`;
  const r = await fetch(url, { method: 'POST', headers: signed32(url, body, how), body });
  return { status: r.status, why: r.headers.get('www-authenticate'), reply: (await r.json()).result?.structuredContent };
}

test('at the URL of the newest line a signature covers a digest and is padded base64', async () => {
  const good = await ask32('/mcp/3.2');
  assert.equal(good.status, 200, good.why);
  assert.equal(good.reply.adcp_version, '3.2');
  const loose = await ask32('/mcp/3.2', { encode: 'base64url' });
  assert.deepEqual([loose.status, loose.why], [401, 'Signature error="request_signature_header_malformed"']);
  const bare = await ask32('/mcp/3.2', { covered: ['@method', '@target-uri', '@authority', 'content-type'] });
  assert.deepEqual([bare.status, bare.why], [401, 'Signature error="request_signature_components_incomplete"']);
});

test('at the URL that signers of 3.0 and 3.1 have, a signed request is served 3.1 at most', async () => {
  for (const encode of ['base64', 'base64url']) {
    const r = await ask32('/mcp', { encode });
    assert.deepEqual([r.status, r.reply?.adcp_version], [200, '3.1'], r.why);
  }
});
