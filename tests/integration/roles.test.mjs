// Who decides: a buyer's token through every door and in every shape that has deciding tools is refused and changes
// nothing, a viewer's likewise; an operator's decides, and where a rule wants an administrator only that one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent, tokens;

const json = async (...args) => {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, `${args.join(' ')}: ${r.stderr}`);
  return JSON.parse(r.stdout);
};

// One call; { code: the error's code or null, body }.
const doors = {
  mcp: async (tool, args, o) => {
    const { body } = await agent.call(tool, args, o);
    return body.error ? body.error.data ?? body.error : body.result.isError ? body.result.structuredContent : null;
  },
  a2a: async (skill, parameters, o) => {
    const { body } = await agent.post('/a2a', { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message: { kind: 'message',
      messageId: '1', role: 'user', parts: [{ kind: 'data', data: { skill, parameters } }] } } }, o);
    if (body.error) return body.error;
    const data = body.result.artifacts?.flatMap((a) => a.parts).find((p) => p.kind === 'data')?.data;
    return data && (data.error || data.adcp_error || data.error_code || data.errors) ? data : null;
  },
  rest: async (tool, args, o) => {
    const { status, body } = await agent.post(`/api/v1/${tool}`, args, o);
    return status === 200 ? null : { status, ...body };
  },
};

// Every shape's own way to say that it decides. `unknown`: no such tool there, for anybody.
const deciding = (id) => [
  ['buy-v1', 'complete_task', { task_id: id, resolution: 'approved', resolved_by: 'ann' }],
  ['buy-v1', 'mark_task_complete', { task_id: id, override_verification: true, completed_by: 'ann' }],
  ['buy-v1', 'assign_task', { task_id: id, assigned_to: 'me' }],
  ['data-model', 'complete_task', { task_id: id, status: 'completed', resolved_by: 'ann' }],
  ...['adcp-3.1', 'adcp-3.0', 'tutorial', 'rc'].map((d) => [d, 'complete_task', { task_id: id, status: 'completed' }]),
  ...['adcp-3.1', 'adcp-3.0', 'tutorial', 'buy-v1', 'data-model', 'rc'].flatMap((d) => [
    [d, 'x_task_resolve', { task_id: id, decision: 'approve' }, 'unknown'],
    [d, 'x_creative_decide', { creative_id: 'c', decision: 'approve' }, 'unknown'],
    [d, 'x_link_decide', { link: 'lnk', decision: 'approve' }, 'unknown'],
    [d, 'x_complete_task', { task_id: id, decision: 'approve' }, 'unknown'],
  ]),
];

const buy = async (name, budget = 5000) => {
  const r = await agent.call('create_media_buy', { name, total_budget: budget, packages: [{ product_id: 'prod-tech-display-001',
    pricing_option_id: 'price-001', budget, start_date: '2027-04-01', end_date: '2027-04-30' }] });
  assert.ok(!r.body.error && !r.body.result.isError, JSON.stringify(r.body));
  return (await json('task', 'list')).tasks.find((t) => t.subject_id === JSON.stringify(r.body).match(/mb-[0-9a-z]+/)[0]).task_id;
};

before(async () => {
  agent = await Agent.start();
  tokens = { buyer: 'test-token' };
  for (const role of ['viewer', 'operator', 'administrator']) {
    await json('user', 'add', role, '--role', role);
    tokens[role] = (await json('token', 'add', role, ...(role === 'viewer' ? [] : ['--may-decide']))).token.token;
  }
  await json('principal', 'add', 'rival');
  tokens.rival = (await json('token', 'add', 'rival')).token.token;
});

after(() => agent.stop());

for (const role of ['buyer', 'viewer', 'rival']) {
  test(`a ${role}'s token decides nothing, through any door, in any shape`, async () => {
    const id = await buy(`of ${role}`);
    const before = await json('task', 'show', id), trail = await json('audit', 'head');
    let tried = 0;
    for (const [door, call] of Object.entries(doors)) {
      for (const [dialect, tool, args, unknown] of deciding(id)) {
        const error = await call(tool, args, { token: tokens[role], headers: { 'x-adcp-dialect': dialect } });
        const where = `${door} ${dialect} ${tool}`;
        assert.ok(error, `${where} was answered with a success`);
        const text = JSON.stringify(error);
        const own = /^x_(task_resolve|creative_decide)$/.test(tool); // has that name in every shape, for people alone
        if (own) assert.match(text, /PERMISSION_DENIED/, where);
        else if (unknown) assert.match(text, /no tool of that name|unknown|not found|no such|INVALID_REQUEST|UNSUPPORTED/i, where);
        else assert.match(text, /PERMISSION_DENIED|permission_denied|FORBIDDEN|for the publisher's people|not for this role|no tool of that name|unknown (tool|skill)/i, where);
        if (['buy-v1', 'data-model'].includes(dialect) && !unknown) assert.match(text, /permission_denied/i, where);
        if (door === 'rest' && /permission_denied/i.test(text)) assert.equal(error.status, 403, where);
        tried++;
      }
    }
    assert.equal(tried, 3 * deciding(id).length);
    assert.deepEqual(await json('task', 'show', id), before); // not a comment, not an assignment, no history
    assert.equal((await json('audit', 'head')).seq, trail.seq);
  });
}

test('buyers see their own tasks only, and only read them', async () => {
  const id = await buy('Private');
  const o = (token) => ({ token, headers: { 'x-adcp-dialect': 'adcp-3.1' } });
  const seen = async (token, tool, args) => JSON.stringify((await agent.call(tool, { adcp_version: '3.1', ...args }, o(token))).body);
  assert.match(await seen(tokens.buyer, 'get_task_status', { task_id: id }), /submitted/);
  assert.match(await seen(tokens.buyer, 'list_tasks', {}), new RegExp(id));
  assert.match(await seen(tokens.rival, 'get_task_status', { task_id: id }), /REFERENCE_NOT_FOUND/);
  assert.doesNotMatch(await seen(tokens.rival, 'list_tasks', {}), new RegExp(id));
  for (const dialect of ['buy-v1', 'data-model']) {
    const list = (token) => agent.call(dialect === 'buy-v1' ? 'get_pending_tasks' : 'list_tasks', {}, { token, headers: { 'x-adcp-dialect': dialect } });
    assert.match(JSON.stringify((await list(tokens.buyer)).body), new RegExp(id), dialect);
    assert.doesNotMatch(JSON.stringify((await list(tokens.rival)).body), new RegExp(id), dialect);
  }
  const other = await agent.call('verify_task', { task_id: id }, { token: tokens.rival, headers: { 'x-adcp-dialect': 'buy-v1' } });
  assert.ok(other.body.error || other.body.result.isError, JSON.stringify(other.body));
});

test('an operator decides through every door; what a rule keeps for administrators, only they', async () => {
  const complete = (door, id, role) => doors[door]('complete_task', { task_id: id, resolution: 'approved' },
    { token: tokens[role], headers: { 'x-adcp-dialect': 'buy-v1' } });
  for (const door of Object.keys(doors)) {
    const id = await buy(`by ${door}`);
    assert.equal(await complete(door, id, 'operator'), null, door);
    const shown = (await json('task', 'show', id)).task;
    assert.equal(shown.decision, 'approved');
    assert.equal(shown.resolved_by, 'operator:operator');
    assert.match(JSON.stringify(await complete(door, id, 'administrator')), /already decided/); // one decision
  }
  await json('rule', 'add', '--name', 'Large', '--then', 'person', '--amount-over', '6000', '--role', 'administrator');
  for (const door of Object.keys(doors)) {
    const id = await buy(`large by ${door}`, 7000);
    for (const role of ['buyer', 'viewer', 'operator']) {
      assert.match(JSON.stringify(await complete(door, id, role)), /permission_denied/i, `${door} ${role}`);
      assert.equal((await json('task', 'show', id)).task.state, 'pending');
    }
    assert.equal(await complete(door, id, 'administrator'), null, door);
  }
});

test('viewers read what buyers read, and change nothing', async () => {
  const as = (tool, args) => doors.mcp(tool, { adcp_version: '3.1', ...args }, { token: tokens.viewer, headers: { 'x-adcp-dialect': 'adcp-3.1' } });
  for (const tool of ['get_products', 'get_media_buys', 'list_creatives', 'list_tasks', 'get_media_buy_delivery']) {
    assert.equal(await as(tool, tool === 'get_products' ? { buying_mode: 'brief', brief: 'display' } : {}), null, tool);
  }
  const { seq } = await json('audit', 'head');
  for (const tool of ['create_media_buy', 'update_media_buy', 'sync_creatives', 'sync_accounts', 'provide_performance_feedback']) {
    assert.match(JSON.stringify(await as(tool, { idempotency_key: 'viewer-key-000000001' })), /PERMISSION_DENIED/, tool);
  }
  assert.equal((await json('audit', 'head')).seq, seq);
});
