// Answers that are kept: what goes round them is each call's own, whatever changes them drops them, who may not have them does
// not get them, and without keeping they are the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { prometheus } from './lib/metrics.mjs';

const clock = '2026-03-09T14:30:00Z';
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const create = (key) => ({ adcp_version: '3.1', idempotency_key: `kept-answers-${key}-0001`, account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });
const body = (args, id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'get_media_buys', arguments: args } });

let agent, url, buy, poll;
before(async () => {
  agent = await Agent.start({ listen: ['127.0.0.1:0 agent desk', '127.0.0.1:0 metrics'], args: ['--clock', clock] });
  for (const deadline = Date.now() + 10000; !url && Date.now() < deadline;) {
    url = agent.stdout.match(/metrics\s+(http:\S+)/)?.[1];
    await new Promise((r) => setTimeout(r, 20));
  }
  const { body: made } = await agent.call('create_media_buy', create('buy'), { headers: { 'x-auto-advance': 'true' } });
  buy = made.result.structuredContent.media_buy_id;
  assert.ok(buy, JSON.stringify(made));
  poll = { adcp_version: '3.1', account, media_buy_ids: [buy] };
});
after(async () => { await agent.stop(); });

async function kept(name = 'salesagent_kept_answered_total') {
  return prometheus(await (await fetch(url)).text()).find((s) => s.name === name).value;
}

// The answer, and whether it was one that is kept; both forms of it say the same.
async function ask(args, { id = 1, headers = {}, token } = {}) {
  const before = await kept();
  const { body: answer, status } = await agent.post('/mcp', body(args, id), { headers, ...(token ? { token } : {}) });
  const content = answer.result?.structuredContent;
  if (content) assert.deepEqual(JSON.parse(answer.result.content[0].text), content);
  return { status, id: answer.id, content, kept: await kept() > before };
}
const without = ({ context, context_id, ...rest }) => { // nor the second in which it was said
  for (const b of rest.media_buys ?? []) delete b.status_as_of;
  return rest;
};

test('the same poll is answered by what is kept, with the id and the context of its call', async () => {
  await ask(poll);
  const first = await ask(poll);
  assert.equal(first.kept, true);
  const named = await ask({ ...poll, context: { 'say "it"': ['\\', { deep: 'é\n' }] } }, { id: 'an "id"', headers: { 'x-context-id': 'ctx-1' } });
  assert.equal(named.kept, true);
  assert.equal(named.id, 'an "id"');
  assert.deepEqual(named.content.context, { 'say "it"': ['\\', { deep: 'é\n' }] });
  assert.equal(named.content.context_id, 'ctx-1');
  assert.deepEqual(without(named.content), without(first.content));
  assert.equal('context' in first.content, false);
  assert.equal((await ask({ ...poll, context: 'no object' })).kept, false);
  assert.equal((await ask({ ...poll, include_history: 3 })).kept, false); // another question
  assert.equal((await ask({ ...poll, include_history: 3 })).kept, true);
});

test('batches, REST, A2A and the stateless era get what is kept, too', async () => {
  await ask(poll);
  const { content: expected } = await ask(poll);
  const { body: batch } = await agent.post('/mcp', [body({ ...poll, context: { n: 1 } }, 1), body({ ...poll, context: { n: 2 } }, 2)]);
  assert.deepEqual(batch.map((r) => [r.id, r.result.structuredContent.context.n]), [[1, 1], [2, 2]]);
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  const modern = body(poll);
  modern.params._meta = meta;
  const { body: stateless } = await agent.post('/mcp', modern, { headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'get_media_buys' } });
  assert.equal(stateless.result.resultType, 'complete');
  assert.deepEqual(without(stateless.result.structuredContent), without(structuredClone(expected)));
  for (let i = 0; i < 2; i++) {
    const before = await kept();
    const { body: rest } = await agent.post('/api/v1/get_media_buys', { ...poll, context: { i } });
    assert.deepEqual(rest.context, { i });
    assert.deepEqual(without(rest), without(structuredClone(expected)));
    assert.equal(await kept() > before, i === 1);
  }
});

test('a change drops it, another buyer has not its own, a day that begins counts', async () => {
  await ask(poll);
  assert.equal((await ask(poll)).kept, true);
  const { body: changed } = await agent.call('update_media_buy', { adcp_version: '3.1', idempotency_key: 'kept-answers-update-01', account, media_buy_id: buy, paused: true });
  assert.ok(!changed.result.isError, JSON.stringify(changed));
  const fresh = await ask(poll);
  assert.equal(fresh.kept, false);
  assert.equal(fresh.content.media_buys[0].paused, true);
  const other = await ask(poll, { token: 'adcp-token' });
  assert.notEqual(JSON.stringify(other.content?.media_buys ?? []).includes(buy), true);
  assert.equal((await ask(poll, { headers: { 'x-mock-time': '2026-06-01T00:00:00Z' } })).kept, false);
});

test('a token that is revoked gets nothing', async () => {
  const { token, token_id } = JSON.parse((await agent.cli('token', 'add', 'test-buyer', '--json')).stdout).token ?? {};
  const made = token ? { token, token_id } : undefined;
  if (!made) return assert.fail('no token was made');
  await ask(poll, { token: made.token });
  await ask(poll, { token: made.token });
  assert.equal((await ask(poll, { token: made.token })).kept, true);
  assert.equal((await agent.cli('token', 'revoke', made.token_id)).code, 0);
  const refused = await ask(poll, { token: made.token });
  assert.equal(refused.kept, false);
  assert.equal(refused.status, 401);
});

test('with keep_answers=0 each is made anew, and looks the same', async () => {
  const off = await Agent.start({ args: ['--clock', clock, '--keep-answers', '0'] });
  try {
    const { body: made } = await off.call('create_media_buy', create('buy'), { headers: { 'x-auto-advance': 'true' } });
    const id = made.result.structuredContent.media_buy_id;
    for (let i = 0; i < 2; i++) {
      const { body: answer } = await off.call('get_media_buys', { ...poll, media_buy_ids: [id], context: { i } });
      assert.deepEqual(answer.result.structuredContent.context, { i });
      assert.deepEqual(JSON.parse(answer.result.content[0].text), answer.result.structuredContent);
    }
  } finally { await off.stop(); }
});
