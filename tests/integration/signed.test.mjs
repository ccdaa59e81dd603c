// A buyer whose signing key the publisher knows: what its token alone may do, and what it must sign.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
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
