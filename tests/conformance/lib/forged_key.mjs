// Vector 025 of the request-signing vectors, sent to the agent: a key whose alg and curve contradict each other. The
// runner judges the SDK's own verifier with it and never asks the agent (request-signing/grader.js, jwks_override).
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheDir } from './storyboards.mjs';

const publisher = JSON.parse(readFileSync(path.join(import.meta.dirname, '../publisher.json'), 'utf8'));
const vector = JSON.parse(readFileSync(path.join(cacheDir, 'test-vectors/request-signing/negative/025-jwk-alg-crv-mismatch.json'), 'utf8'));

export async function forgedKey(agent) {
  const file = `${agent.data}.forged.json`;
  const forger = { principal_id: 'forger', name: 'Forger', role: 'buyer',
    settings: { request_signing: { sandbox: true, jwks: { keys: vector.jwks_override.keys.map(({ $comment, ...key }) => key) } } } };
  writeFileSync(file, JSON.stringify({ ...publisher, principals: [forger] }));
  const made = await agent.cli('import', '--sandbox', file, '--new-publisher');
  if (made.code !== 0) throw new Error(made.stderr);
  const now = Math.floor(Date.now() / 1000);
  const input = vector.request.headers['Signature-Input'].replace(/created=\d+;expires=\d+/, `created=${now};expires=${now + 300}`);
  const res = await fetch(new URL('/adcp/create_media_buy', agent.base), { method: vector.request.method, body: vector.request.body,
    headers: { ...vector.request.headers, 'Signature-Input': input } });
  await res.text();
  const challenge = res.headers.get('www-authenticate') ?? '';
  return { passed: res.status === 401 && challenge.includes(`error="${vector.expected_outcome.error_code}"`), got: `${res.status} ${challenge}` };
}
