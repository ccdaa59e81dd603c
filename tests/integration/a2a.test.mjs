// A2A beyond single calls: cards, plain text, tasks that stay, streams, push configurations, and whose tasks they are.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const CLOCK = ['--clock', '2026-03-09T14:30:00Z'];
let agent, data;
before(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'salesagent-a2a-'));
  agent = await Agent.start({ data, args: CLOCK });
});
after(async () => {
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

let ids = 0;
const rpc = async (method, params, { token, headers, where = '/a2a', id = ++ids } = {}) => {
  const r = await agent.post(where, { jsonrpc: '2.0', id, method, ...(params ? { params } : {}) }, { token, headers });
  assert.deepEqual(r.body?.id, id);
  return { ...r, result: r.body.result, error: r.body.error };
};
const text = (t, more = {}) => ({ message: { kind: 'message', messageId: `m${++ids}`, role: 'user', parts: [{ kind: 'text', text: t }], ...more } });
const skill = (s, parameters, more = {}) => ({ message: { kind: 'message', messageId: `m${++ids}`, role: 'user',
  parts: [{ kind: 'data', data: { skill: s, parameters } }], ...more } });
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const buy = (n, more = {}) => ({ adcp_version: '3.1', idempotency_key: `a2a-test-key-${String(n).padStart(6, '0')}`, account,
  brand: { domain: 'acme.example' }, start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }], ...more });
const payload = (task) => task.artifacts.at(-1).parts.find((p) => p.data).data;
const words = (task) => task.status.message.parts.map((p) => p.text).join(' ');

// The events of a text/event-stream reply.
async function* events(res) {
  assert.match(res.headers.get('content-type'), /^text\/event-stream/);
  let rest = '';
  for await (const chunk of res.body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
      if (rest.startsWith('data: ')) yield JSON.parse(rest.slice(6, end));
    }
  }
}
const stream = (method, params, signal) => fetch(`${agent.base}/a2a`, { method: 'POST', signal,
  headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-adcp-auth': 'test-token' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 'stream', method, params }) });
const decide = async (task, ...how) => {
  const r = await agent.cli('task', ...how.slice(0, 1), task, ...how.slice(1));
  assert.equal(r.code, 0, r.stderr + r.stdout);
};

test('cards: by version, with entity tags, under the name the caller used', async () => {
  for (const where of ['/.well-known/agent-card.json', '/.well-known/agent.json', '/a2a/.well-known/agent-card.json']) {
    const r = await fetch(agent.base + where);
    const card = await r.json();
    assert.equal(card.protocolVersion, '0.3.0');
    assert.equal(card.url, `${agent.base}/a2a`);
    assert.equal(card.preferredTransport, 'JSONRPC');
    assert.deepEqual(card.supportedInterfaces.map((i) => i.protocolVersion), ['1.0', '0.3']);
    assert.ok(card.skills.some((s) => s.id === 'get_adcp_capabilities'));
    assert.match(r.headers.get('cache-control'), /max-age/);
    assert.match(r.headers.get('vary'), /A2A-Version/);
    const again = await fetch(agent.base + where, { headers: { 'if-none-match': r.headers.get('etag') } });
    assert.equal(again.status, 304);
  }
  const v1 = await (await fetch(`${agent.base}/.well-known/agent-card.json`, { headers: { 'a2a-version': '1.0' } })).json();
  assert.equal(v1.url, undefined);
  assert.equal(v1.capabilities.extendedAgentCard, true);
  assert.equal(v1.capabilities.extensions[0].uri, 'https://adcontextprotocol.org/extensions/adcp/v3');
  assert.equal((await fetch(`${agent.base}/.well-known/agent-card.json`, { method: 'POST' })).status, 405);
});

test('forwarded names count only from a trusted proxy', async () => {
  const forwarded = { 'x-forwarded-host': 'agent.pub.example', 'x-forwarded-proto': 'https' };
  const url = async (a) => (await (await fetch(`${a.base}/.well-known/agent-card.json`, { headers: forwarded })).json()).url;
  assert.equal(await url(agent), `${agent.base}/a2a`);
  const behind = await Agent.start({ args: ['--trust-proxy', '127.0.0.1', '--allow-host', 'agent.pub.example'] });
  try {
    assert.equal(await url(behind), 'https://agent.pub.example/a2a');
    const evil = await fetch(`${behind.base}/.well-known/agent-card.json`, { headers: { 'x-forwarded-host': 'evil.example' } });
    assert.equal(evil.status, 403);
  } finally {
    await behind.stop();
  }
});

test('JSON-RPC: one URL for both generations, ids keep their type', async () => {
  for (const where of ['/a2a', '/a2a/', '/']) {
    for (const id of ['x', 7, -1, '7']) {
      const r = await rpc('message/send', skill('get_products', { buying_mode: 'wholesale' }), { where, id });
      assert.equal(r.result.status.state, 'completed');
    }
  }
  const cases = [['{', -32700], ['[]', -32600], ['{"jsonrpc":"2.0","method":"tasks/get"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"nothing"}', -32601], ['{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":[]}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"message/send","params":{}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"parts":[]}}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"parts":[5]}}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"parts":[{"kind":"data","data":{"skill":"x","input":[]}}]}}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"taskId":"nobody","parts":[{"text":"x"}]}}}', -32001]];
  for (const [body, code] of cases) {
    const r = await agent.post('/a2a', body);
    assert.equal(r.status, 200, body);
    assert.equal(r.body.error.code, code, body);
  }
  const v1 = await rpc('GetTask', { id: 'none' });
  assert.equal(v1.error.data[0]['@type'], 'type.googleapis.com/google.rpc.ErrorInfo');
  assert.equal(v1.error.data[0].reason, 'TASK_NOT_FOUND');
  assert.equal((await rpc('message/send', text('x'), { headers: { 'a2a-version': '2.0' } })).error.code, -32009);
  assert.equal((await fetch(`${agent.base}/a2a`)).status, 405);
});

test('both spellings, and text that spells a call', async () => {
  const snake = await rpc('message/send', { message: { message_id: 'a', context_id: 'ctx-mine', role: 'user',
    parts: [{ data: { skill: 'get_adcp_capabilities', input: {} } }] } });
  assert.equal(snake.result.contextId, 'ctx-mine');
  for (const t of ['get_products {"buying_mode":"brief","brief":"video"}', '{"skill":"get_products","parameters":{"buying_mode":"wholesale"}}']) {
    const r = await rpc('message/send', text(t));
    assert.ok(payload(r.result).products.length, t);
  }
});

test('plain text: says what it understood, reads and never writes, asks for what is missing', async () => {
  const reads = [['Which video products do you have for developers?', 'get_products'], ['show me the ad formats', 'list_creative_formats'],
    ['How are my campaigns performing?', 'get_media_buy_delivery'], ['list my media buys', 'get_media_buys'],
    ['what can you do?', 'get_adcp_capabilities'], ['my creatives please', 'list_creatives'], ['which accounts do I have', 'list_accounts']];
  for (const [t, tool] of reads) {
    const { result } = await rpc('message/send', text(t));
    assert.equal(result.status.state, 'completed', t);
    assert.match(words(result), new RegExp(`^Read as ${tool}\\b`), t);
    assert.equal(payload(result).adcp_version, '3.1', t);
  }
  for (const [t, tool] of [['buy the display package for $5000', 'create_media_buy'], ['pause my campaign', 'update_media_buy'],
    ['upload this banner creative', 'sync_creatives']]) {
    const { result } = await rpc('message/send', text(t));
    assert.equal(result.status.state, 'input-required', t);
    assert.match(words(result), new RegExp(`${tool}.*at least: .*idempotency_key`), t);
    assert.equal(result.artifacts, undefined);
  }
  const lost = await rpc('SendMessage', { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Guten Tag' }] } });
  assert.equal(lost.result.task.status.state, 'TASK_STATE_INPUT_REQUIRED');
  assert.match(words(lost.result.task), /did not recognise/);
});

test('a question is continued in its task, and can be canceled', async () => {
  const made = await rpc('message/send', skill('create_media_buy', buy(1)));
  const { task_id } = payload(made.result);
  const asked = await rpc('message/send', text('What is the status of my task?'));
  assert.equal(asked.result.status.state, 'input-required');
  const told = await rpc('message/send', text(`it is ${task_id}`, { taskId: asked.result.id }));
  assert.equal(told.result.id, asked.result.id);
  assert.equal(told.result.contextId, asked.result.contextId);
  assert.equal(told.result.status.state, 'completed');
  assert.equal(payload(told.result).task_id, task_id);
  assert.deepEqual(told.result.history.map((m) => m.parts[0].text), ['What is the status of my task?', `it is ${task_id}`]);
  const wrong = await rpc('message/send', text('x', { taskId: asked.result.id, contextId: 'another' }));
  assert.equal(wrong.error.code, -32602);
  const next = await rpc('message/send', text('formats', { taskId: asked.result.id }));
  assert.notEqual(next.result.id, asked.result.id, 'an ended task is continued in a new one (0.3)');
  assert.equal(next.result.contextId, asked.result.contextId);
  const refused = await rpc('SendMessage', { message: { role: 'ROLE_USER', taskId: asked.result.id, parts: [{ text: 'x' }] } });
  assert.equal(refused.error.code, -32004);

  const open = await rpc('message/send', text('buy a campaign'));
  const canceled = await rpc('tasks/cancel', { id: open.result.id });
  assert.equal(canceled.result.status.state, 'canceled');
  assert.equal((await rpc('CancelTask', { id: open.result.id })).error.code, -32002);
  assert.equal((await rpc('tasks/cancel', { id: told.result.id })).error.code, -32002);
});

test('tasks belong to who made them', async () => {
  const mine = await rpc('message/send', skill('list_accounts', {}));
  assert.equal((await rpc('tasks/get', { id: mine.result.id })).result.id, mine.result.id);
  const nobody = await rpc('tasks/get', { id: mine.result.id }, { token: null });
  assert.equal(nobody.error.code, -32001);
  assert.equal((await rpc('tasks/get', { id: mine.result.id }, { token: 'wrong' })).status, 401);
  assert.equal((await rpc('ListTasks', {}, { token: null })).status, 401);
  const open = await rpc('message/send', skill('get_products', { buying_mode: 'wholesale' }), { token: null });
  assert.equal((await rpc('tasks/get', { id: open.result.id }, { token: null })).result.id, open.result.id);
  assert.equal((await rpc('tasks/get', { id: open.result.id })).error.code, -32001, 'nor the other way round');
  const refused = await rpc('message/send', skill('get_media_buys', {}), { token: null });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate'), /^Bearer/);
  assert.equal((await rpc('tasks/pushNotificationConfig/set', {}, { token: null })).error?.code, -32602);
  assert.equal((await rpc('agent/getAuthenticatedExtendedCard', undefined, { token: null })).status, 401);
  assert.equal((await rpc('GetExtendedAgentCard')).result.name, 'salesagent');
});

test('ListTasks pages and filters', async () => {
  const contextId = 'ctx-list';
  for (let i = 0; i < 5; i++) await rpc('message/send', skill('list_accounts', i === 2 ? { pagination: 1 } : { adcp_version: '3.1' }, { contextId }));
  const seen = [];
  let pageToken = '';
  do {
    const { result } = await rpc('ListTasks', { contextId, pageSize: 2, pageToken });
    assert.equal(result.totalSize, 5);
    seen.push(...result.tasks.map((t) => t.id));
    assert.ok(result.tasks.every((t) => !t.artifacts));
    pageToken = result.nextPageToken;
  } while (pageToken);
  assert.equal(new Set(seen).size, 5);
  assert.deepEqual(seen, [...seen].sort().reverse());
  const failed = await rpc('ListTasks', { contextId, status: 'TASK_STATE_FAILED', includeArtifacts: true });
  assert.equal(failed.result.tasks.length, 1);
  assert.ok(payload(failed.result.tasks[0]).adcp_error);
  assert.equal((await rpc('ListTasks', { status: 'TASK_STATE_WORKING' })).result.totalSize, 0);
  for (const bad of [{ pageSize: -1 }, { status: 'x' }, { statusTimestampAfter: 'x' }, { pageToken: 'a b' }]) {
    assert.equal((await rpc('ListTasks', bad)).error.code, -32602, JSON.stringify(bad));
  }
});

test('message/stream answers with one event', async () => {
  for (const method of ['message/stream', 'SendStreamingMessage']) {
    const got = [];
    for await (const e of events(await stream(method, skill('list_accounts', { adcp_version: '3.1' })))) got.push(e);
    assert.equal(got.length, 1);
    assert.equal(got[0].id, 'stream');
    const task = method === 'message/stream' ? got[0].result : got[0].result.task;
    assert.ok(payload(task).accounts);
  }
});

test('a submitted operation is a completed task that shows the decision; watchers and webhooks are told; restarts change nothing', async () => {
  const hooks = await Receiver.start({ agent: () => agent });
  const received = hooks.deliveries;
  const hook = (n) => `${hooks.base}/${n}`;
  try {
    const sent = await rpc('message/send', { ...skill('create_media_buy', buy(10)), configuration: { blocking: true, historyLength: 0,
      pushNotificationConfig: { url: hook('given'), token: 'a-token-of-sixteen' } } });
    const task = sent.result;
    assert.equal(task.status.state, 'completed');
    assert.equal(task.history, undefined);
    assert.equal(payload(task).status, 'submitted');
    assert.equal(task.artifacts[0].metadata.adcp_task_id, payload(task).task_id);

    await agent.stop();
    agent = await Agent.start({ data, args: CLOCK });
    const kept = await rpc('tasks/get', { id: task.id });
    assert.deepEqual(payload(kept.result), payload(task));
    const asV1 = await rpc('GetTask', { id: task.id });
    assert.equal(asV1.result.status.state, 'TASK_STATE_COMPLETED');
    assert.equal(asV1.result.artifacts[0].metadata, undefined, 'the profile of 1.0 forbids the copy');

    const watching = (async () => {
      const got = [];
      for await (const e of events(await stream('tasks/resubscribe', { id: task.id }))) got.push(e.result);
      return got;
    })();
    await new Promise((r) => setTimeout(r, 300));
    await decide(payload(task).task_id, 'approve');
    const got = await watching;
    assert.deepEqual(got.map((e) => e.kind), ['task', 'artifact-update', 'status-update']);
    assert.ok(got[1].artifact.parts[0].data.media_buy_id);
    assert.equal(got[2].final, true);

    const after = await rpc('tasks/get', { id: task.id });
    assert.ok(payload(after.result).media_buy_id);
    assert.equal((await rpc('SubscribeToTask', { id: task.id })).error.code, -32004);
    for (let i = 0; i < 100 && !received.length; i++) await new Promise((r) => setTimeout(r, 50));
    assert.equal(received.length, 1);
    assert.equal(received[0].body.kind, 'task');
    assert.equal(received[0].body.id, task.id);
    assert.equal(received[0].headers['x-a2a-notification-token'], 'a-token-of-sixteen');
    assert.ok(payload(received[0].body).media_buy_id);

    // Said later, in 1.0's words; then rejected.
    const late = await rpc('SendMessage', { message: { messageId: 'l', role: 'ROLE_USER', parts: [{ data: { skill: 'create_media_buy', input: buy(11) } }] } });
    const t2 = late.result.task;
    const bad = await rpc('CreateTaskPushNotificationConfig', { taskId: t2.id, url: 'ftp://x' });
    assert.equal(bad.error.code, -32602);
    const set = await rpc('CreateTaskPushNotificationConfig', { taskId: t2.id, id: 'mine', url: hook('late') });
    assert.deepEqual(set.result, { taskId: t2.id, id: 'mine', url: hook('late') });
    assert.deepEqual((await rpc('ListTaskPushNotificationConfigs', { taskId: t2.id })).result.configs, [set.result]);
    assert.deepEqual((await rpc('tasks/pushNotificationConfig/get', { id: t2.id })).result,
      { taskId: t2.id, pushNotificationConfig: { id: 'mine', url: hook('late') } });
    await decide(payload(t2).task_id, 'reject', '--reason', 'Not in this season');
    for (let i = 0; i < 100 && received.length < 2; i++) await new Promise((r) => setTimeout(r, 50));
    assert.equal(received[1].headers['content-type'], 'application/a2a+json');
    assert.equal(received[1].body.task.id, t2.id);
    assert.equal(received[1].body.task.status.state, 'TASK_STATE_REJECTED');
    const rejected = await rpc('GetTask', { id: t2.id });
    assert.equal(rejected.result.status.state, 'TASK_STATE_FAILED');
    assert.match(payload(rejected.result).adcp_error.message, /Not in this season/);
    assert.equal((await rpc('tasks/get', { id: t2.id })).result.status.state, 'completed');

    // Taken back: nothing is sent.
    const third = (await rpc('message/send', skill('create_media_buy', buy(12)))).result;
    await rpc('tasks/pushNotificationConfig/set', { taskId: third.id, pushNotificationConfig: { url: hook('never') } });
    const gone = await rpc('tasks/pushNotificationConfig/delete', { id: third.id, pushNotificationConfigId: third.id });
    assert.equal(gone.result, null);
    assert.deepEqual((await rpc('tasks/pushNotificationConfig/list', { id: third.id })).result, []);
    await decide(payload(third).task_id, 'approve');
    await new Promise((r) => setTimeout(r, 500));
    assert.equal(received.length, 2);
  } finally {
    await hooks.close();
  }
});

test('push configurations: several for a task, kept in one place, bounded, through both generations', async () => {
  const hooks = await Receiver.start({ agent: () => agent });
  const received = hooks.deliveries;
  const hook = (n) => `${hooks.base}/${n}`;
  const set = (taskId, config) => rpc('tasks/pushNotificationConfig/set', { taskId, pushNotificationConfig: config });
  const list = async (taskId) => (await rpc('ListTaskPushNotificationConfigs', { taskId })).result.configs.map((c) => [c.id, c.url]);
  try {
    // The one of the arguments, that of the configuration and that of the headers stand in the same place.
    const ways = [
      [skill('create_media_buy', buy(40, { push_notification_config: { url: hook('argument'), operation_id: 'op' } })), {}],
      [{ ...skill('create_media_buy', buy(41)), configuration: { pushNotificationConfig: { url: hook('configuration') } } }, {}],
      [skill('create_media_buy', buy(42)), { 'x-push-notification-url': hook('header') }],
    ];
    for (const [params, headers] of ways) {
      const { result: task } = await rpc('message/send', params, { headers });
      const [[id, url]] = await list(task.id);
      assert.equal(id, task.id);
      assert.match(url, /argument|configuration|header/);
    }

    const { result: task } = await rpc('message/send', ways[1][0]); // a replay: the same AdCP task, a task of its own
    assert.deepEqual(await list(task.id), [[task.id, hook('configuration')]]);
    assert.equal((await set(task.id, { id: 'b', url: hook('b') })).result.pushNotificationConfig.id, 'b');
    assert.equal((await rpc('CreateTaskPushNotificationConfig', { taskId: task.id, id: 'a', url: hook('a'), token: 'a-token-of-sixteen' })).result.id, 'a');
    await set(task.id, { id: 'b', url: hook('b2') }); // replaced
    await set(task.id, { url: hook('own') }); // without an id: the task's own
    assert.deepEqual(await list(task.id), [[task.id, hook('own')], ['a', hook('a')], ['b', hook('b2')]]);
    const old = await rpc('tasks/pushNotificationConfig/list', { id: task.id });
    assert.deepEqual(old.result.map((c) => c.pushNotificationConfig.id), [task.id, 'a', 'b']);
    const one = async (id) => (await rpc('tasks/pushNotificationConfig/get', { id: task.id, pushNotificationConfigId: id }));
    assert.equal((await one('b')).result.pushNotificationConfig.url, hook('b2'));
    assert.equal((await one(undefined)).result.pushNotificationConfig.url, hook('own'));
    assert.equal((await one('c')).error.code, -32001);
    for (const bad of [{ id: 'x y', url: hook('x') }, { id: 'x'.repeat(65), url: hook('x') }, { id: 'x' }, { id: 'x', url: 'http://10.0.0.1/' },
      { id: 'x', url: hook('x'), token: 'short' }, { id: 'x', url: hook('x'), authentication: { schemes: ['Bearer'], credentials: 'short' } }]) {
      assert.equal((await set(task.id, bad)).error?.code, -32602, JSON.stringify(bad));
    }
    for (let i = 3; i < 10; i++) assert.ok((await set(task.id, { id: `n${i}`, url: hook(`n${i}`) })).result, String(i));
    assert.match((await set(task.id, { id: 'one-more', url: hook('x') })).error.message, /at most 10/);
    assert.ok((await set(task.id, { id: 'n3', url: hook('again') })).result, 'what is there can be replaced');
    for (let i = 3; i < 10; i++) {
      assert.deepEqual((await rpc('DeleteTaskPushNotificationConfig', { taskId: task.id, id: `n${i}` })).result, {});
    }
    assert.equal((await rpc('tasks/pushNotificationConfig/delete', { id: task.id, pushNotificationConfigId: 'n3' })).error.code, -32001);

    await agent.stop();
    agent = await Agent.start({ data, args: CLOCK });
    assert.equal((await list(task.id)).length, 3);
    await decide(payload(task).task_id, 'approve');
    for (let i = 0; i < 100 && received.length < 3; i++) await new Promise((r) => setTimeout(r, 50));
    assert.deepEqual(received.map((x) => x.path).sort(), ['/a', '/b2', '/own']);
    assert.equal(received.find((x) => x.path === '/a').headers['x-a2a-notification-token'], 'a-token-of-sixteen');

    // A question that waits for words keeps where to tell, and takes it along when it becomes an operation.
    const asked = (await rpc('message/send', { ...text('buy a campaign'), configuration: { pushNotificationConfig: { url: hook('asked') } } })).result;
    assert.equal(asked.status.state, 'input-required');
    assert.deepEqual(await list(asked.id), [[asked.id, hook('asked')]]);
    await set(asked.id, { id: 'second', url: hook('second') });
    const told = (await rpc('message/send', skill('create_media_buy', buy(43), { taskId: asked.id }))).result;
    assert.equal(told.id, asked.id);
    assert.deepEqual(await list(asked.id), [[asked.id, hook('asked')], ['second', hook('second')]]);
    await decide(payload(told).task_id, 'approve');
    for (let i = 0; i < 100 && received.length < 5; i++) await new Promise((r) => setTimeout(r, 50));
    assert.deepEqual(received.slice(3).map((x) => x.path).sort(), ['/asked', '/second']);
    const unsafe = await rpc('message/send', { ...text('buy a campaign'), configuration: { pushNotificationConfig: { url: 'http://10.0.0.1/' } } });
    assert.equal(unsafe.error.code, -32602);
  } finally {
    await hooks.close();
  }
});

test('who watches and goes away leaves nothing behind', async () => {
  const { result: task } = await rpc('message/send', skill('create_media_buy', buy(20)));
  const streams = await Promise.all(Array.from({ length: 20 }, async () => {
    const stop = new AbortController();
    const res = await stream('tasks/resubscribe', { id: task.id }, stop.signal);
    return { stop, res };
  }));
  for (const s of streams) s.stop.abort();
  await new Promise((r) => setTimeout(r, 100));
  await decide(payload(task).task_id, 'approve');
  assert.ok(payload((await rpc('tasks/get', { id: task.id })).result).media_buy_id);
});
