// What comes in: every address that could change something, tried by somebody without a credential, with a made-up one, and
// with a buyer's at what belongs to the publisher. Nothing may be different afterwards. The list of addresses is compared
// with the router's own, so that a new one cannot be forgotten here.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { doors as all } from './lib/doors.mjs';

let agent;
let submitted;
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
const buy = () => ({ adcp_version: '3.1', idempotency_key: randomUUID(), account, brand: { domain: 'acme.example' },
  start_time: new Date(Date.now() + 864e5).toISOString(), end_time: new Date(Date.now() + 20 * 864e5).toISOString(),
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 2000 }] });

before(async () => {
  agent = await Agent.start();
  submitted = (await agent.call('create_media_buy', buy())).body.result.structuredContent;
  assert.equal(submitted.status, 'submitted', JSON.stringify(submitted));
});
after(() => agent.stop());

// The audit trail has a row for each change, and its last hash is of all of them; jobs and tasks are what would follow.
async function state() {
  const parts = await Promise.all([['audit', 'head'], ['task', 'list', '--state', 'all', '--json'], ['job', 'list', '--json'],
    ['creative', 'list', '--json'], ['rule', 'list', '--json'], ['key', 'list', '--json'], ['principal', 'list', '--json']]
    .map((args) => agent.cli(...args)));
  for (const p of parts) assert.equal(p.code, 0, p.stderr);
  parts[0].stdout = parts[0].stdout.split(' ').slice(0, 2).join(' '); // number and hash, not the time of asking
  return parts.map((p) => p.stdout).join('\n');
}

async function nothingChanges(what) {
  const was = await state();
  await what();
  assert.equal(await state(), was);
}

// 3.2 has addresses of its own: /mcp/3.2, /a2a/3.2, /adcp/3.2/TASK.
const elsewhere = (door, from, path) => (to, tool, args, options) =>
  door({ post: (at, ...more) => to.post(at.replace(from, path), ...more) }, tool, args, options);
const doors = { ...all, 'mcp/3.2': (to, tool, args, options) => all.mcp({ call: (name, input, o) =>
  to.post('/mcp/3.2', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } }, o) }, tool, args, options),
  'a2a/3.2': elsewhere(all['a2a 1.0'], '/a2a', '/a2a/3.2'), 'adcp/3.2': elsewhere(all.rest, '/adcp/', '/adcp/3.2/') };

// Everything that a call can name, so that a gate that leaks would have something to do.
const everything = () => ({ ...buy(), media_buy_id: 'mb-x', task_id: submitted.task_id, task_ids: [submitted.task_id], decision: 'approve',
  resolution: 'approved', creatives: [{ creative_id: 'c', name: 'C', format_id: { agent_url: 'https://a.example', id: 'fmt-display-300x250' }, assets: {} }],
  accounts: [{ ...account, billing: 'operator' }], name: 'x', principal_id: 'test-buyer', scenario: 'force_task_completion', params: {},
  push_notification_config: { url: 'https://evil.example/' } });

async function everyTool() {
  const own = await (await agent.client()).listTools();
  const table = readFileSync(path.join(import.meta.dirname, '../../src/tools/table.c'), 'utf8');
  const hidden = [...table.matchAll(/\.name = "(\w+)"/g)].map((m) => m[1]);
  const manifest = await (await fetch(`${agent.base}/api/v1/publisher/openapi.json`)).json();
  const operations = Object.values(manifest.paths).flatMap((ways) => Object.values(ways).map((o) => o.operationId));
  const tools = [...new Set([...own.tools.map((t) => t.name), ...hidden, ...operations])];
  assert.ok(tools.length > 80 && tools.includes('x_task_resolve') && tools.includes('create_media_buy'), `${tools.length}`);
  return tools;
}

test('the addresses that take more than reading are the ones that are tried here', () => {
  const source = readFileSync(path.join(import.meta.dirname, '../../src/protocols/router.c'), 'utf8');
  const routes = [...source.matchAll(/\{ "(\/[^"]*)", \w+, "([^"]+)", \w+ \}/g)].filter((m) => m[2].includes('POST')).map((m) => m[1]);
  const mounts = [...source.matchAll(/\{ "(\/[^"]*\/)", \w+, \w+ \}/g)].map((m) => m[1]);
  assert.deepEqual(routes, ['/', '/a2a', '/mcp', '/mcp/sse']); // the last leads to the same place
  assert.deepEqual(mounts, ['/adcp/', '/api/v1/', '/mcp/adcp/', '/a2a/', '/mcp/', '/decide/', '/sign/']);
});

for (const [who, options, wanted] of [
  ['nobody', { token: null }, ['unauthenticated']],
  ['a made-up token', { token: 'sa_0123456789abcdef0123456789abcdef' }, ['unauthenticated']],
]) {
  test(`${who}: no tool does anything, through any door`, async () => {
    const tools = await everyTool();
    await nothingChanges(async () => {
      for (const [door, call] of Object.entries(doors)) {
        for (const tool of tools) {
          const { kind, payload } = await call(agent, tool, everything(), options);
          const open = ['get_adcp_capabilities', 'list_creative_formats', 'get_products', 'list_authorized_properties'];
          if (!open.includes(tool)) assert.ok([...wanted, 'unknown', 'failed'].includes(kind), `${door} ${tool}: ${kind} ${JSON.stringify(payload)}`);
        }
      }
    });
  });
}

test('a buyer: what belongs to the publisher\'s people is not there', async () => {
  const tools = (await everyTool()).filter((t) => t.startsWith('x_'));
  await nothingChanges(async () => {
    for (const [door, call] of Object.entries(doors)) {
      for (const tool of tools) {
        const { kind } = await call(agent, tool, everything(), {});
        if (!['x_update_performance_index', 'x_get_avails', 'x_list_tasks'].includes(tool)) assert.notEqual(kind, 'ok', `${door} ${tool}`);
      }
    }
  });
});

test('decision links and signature pages: only what we sealed opens, and reading decides nothing', async () => {
  const forged = [`demo.${submitted.task_id}.${'A'.repeat(43)}`, submitted.task_id, `demo.${submitted.task_id}`, 'x', 'demo..', 'a'.repeat(2000)];
  await nothingChanges(async () => {
    for (const page of ['decide', 'sign']) {
      for (const f of forged) {
        for (const [method, body] of [['GET'], ['POST', 'decision=approve'], ['POST', 'token=sa_0123456789abcdef0123456789abcdef&action=approve']]) {
          const r = await fetch(`${agent.base}/${page}/${f}`, { method, body, redirect: 'manual',
            headers: body ? { 'content-type': 'application/x-www-form-urlencoded', origin: agent.base } : {} });
          // The signature page asks who you are before it shows anything.
          const text = await r.text();
          const asks = page === 'sign' && r.status === 200 && /Your token/.test(text);
          assert.ok(asks || (r.status >= 400 && r.status < 500), `${method} /${page}/${f}: ${r.status} ${text}`);
          assert.ok(!/acme\.example|prod-tech/.test(text), text);
        }
      }
    }
  });
});

test('the local socket\'s operations are not on the network', async () => {
  await nothingChanges(async () => {
    for (const where of ['/local/x_task_resolve', '/local/create_media_buy', '/local/x_key_rotate']) {
      const r = await fetch(agent.base + where, { method: 'POST', body: JSON.stringify(everything()), headers: { 'content-type': 'application/json', 'x-adcp-auth': 'test-operator-token' } });
      assert.equal(r.status, 404);
    }
  });
});

test('A2A: nobody registers, reads or cancels for another', async () => {
  const sent = await agent.post('/a2a', { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { kind: 'message', messageId: 'm', role: 'user',
    parts: [{ kind: 'data', data: { skill: 'create_media_buy', parameters: buy() } }] } } });
  const { id } = sent.body.result;
  const url = 'https://evil.example/';
  await nothingChanges(async () => {
    for (const [method, params] of [['tasks/pushNotificationConfig/set', { taskId: id, pushNotificationConfig: { url } }], ['tasks/cancel', { id }], ['tasks/get', { id }],
      ['CreateTaskPushNotificationConfig', { taskId: id, url }], ['CancelTask', { id }], ['GetTask', { id }], ['tasks/pushNotificationConfig/delete', { id, pushNotificationConfigId: id }]]) {
      for (const token of [null, 'sa_0123456789abcdef0123456789abcdef']) {
        const r = await agent.post('/a2a', { jsonrpc: '2.0', id: 2, method, params }, { token });
        assert.ok(r.status === 401 || r.body.error, `${method}: ${JSON.stringify(r.body)}`);
      }
    }
  });
});
