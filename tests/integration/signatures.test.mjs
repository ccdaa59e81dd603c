// Signed requests (RFC 9421) over the life of an agent: what was used once is used up, also after a restart.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { signRequest } from '@adcp/sdk/signing';
import { Agent, cli } from './lib/agent.mjs';

const sdk = path.resolve(path.dirname(createRequire(import.meta.url).resolve('@adcp/sdk')), '../..');
const vectors = path.join(sdk, 'compliance/cache', readFileSync(path.join(sdk, 'ADCP_VERSION'), 'utf8').trim(), 'test-vectors/request-signing');
const jwk = JSON.parse(readFileSync(path.join(vectors, 'keys.json'), 'utf8')).keys.find((k) => k.kid === 'test-ed25519-2026');
const { _private_d_for_test_only: d, ...published } = jwk;
const key = { keyid: jwk.kid, alg: 'ed25519', privateKey: { ...published, d } };
const publisher = path.join(import.meta.dirname, '../conformance/publisher.json'); // knows that key

function signed(url) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_creatives', arguments: {} } });
  const request = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body };
  return { ...request, headers: { ...request.headers, ...signRequest(request, key, { coverContentDigest: true }).headers } };
}

async function send({ method, url, headers, body }) {
  const res = await fetch(url, { method, headers, body });
  await res.text();
  return { status: res.status, error: res.headers.get('www-authenticate') ?? '' };
}

test('a signed request cannot be sent again, not even after a restart or a crash', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-'));
  const made = await cli('import', '--sandbox', publisher, '--data', data);
  assert.equal(made.code, 0, made.stderr);
  let agent = await Agent.start({ data });
  const listen = new URL(agent.url).host;
  const requests = [signed(agent.url), signed(agent.url)];
  try {
    for (const r of requests) {
      assert.equal((await send(r)).status, 200);
      const again = await send(r);
      assert.equal(again.status, 401);
      assert.match(again.error, /request_signature_replayed/);
    }
    // A write that is answered is on the disk, and so is every nonce that came before it.
    const put = await agent.call('create_property_list', { adcp_version: '3.1', idempotency_key: 'signatures-restart-1', name: 'A list' }, { token: 'demo-acme-outdoor-v1' });
    assert.ok(put.body.result.structuredContent.list, JSON.stringify(put.body));
    for (const how of ['stop', 'kill']) {
      await agent[how]();
      agent = await Agent.start({ data, args: ['--listen', listen] }); // what was signed names the port
      const again = await send(requests[0]);
      assert.equal(again.status, 401, how);
      assert.match(again.error, /request_signature_replayed/, how);
      assert.equal((await send(signed(agent.url))).status, 200, 'a fresh one is accepted');
    }
  } finally {
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
