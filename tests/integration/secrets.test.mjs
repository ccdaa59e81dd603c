// Secrets go in through every door and come out through none: what the publisher keeps with us, what buyers leave with
// their calls, tokens of both. Each has a text of its own that is then looked for in everything we print.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent, receiver, port;
const got = [];
const secret = (name) => `SECRET-${name}-0123456789abcdef0123456789abcdef`;
const shownOnPurpose = []; // a new token is shown once, to whoever makes it

const cliJson = async (...args) => {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, r.stderr + r.stdout);
  return JSON.parse(r.stdout);
};

async function until(what, condition, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const found = await condition();
    if (found) return found;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`${what} did not happen`);
}

// Everything an answer says, its headers too.
async function everything(r) {
  return JSON.stringify([r.status, [...r.headers], r.body]);
}

const nothingIn = (text, where) => {
  const found = text.match(/.{0,60}SECRET-.{0,40}/);
  assert.equal(found?.[0], undefined, `in ${where}`);
};

const buy = (more, token = 'test-token') => agent.call('create_media_buy', { name: 'Secret', total_budget: 1000, currency: 'USD',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'a', budget: 1000,
    start_date: '2027-04-01', end_date: '2027-04-30' }], ...more }, { token });

const push = (name) => ({ url: `http://127.0.0.1:${port}/buyer/${name}`, token: secret(`push-token-${name}`),
  authentication: { schemes: ['HMAC-SHA256'], credentials: secret(`hmac-${name}`) } });

before(async () => {
  receiver = http.createServer((req, res) => { got.push(req.url); req.resume(); res.writeHead(500).end(); });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  port = receiver.address().port;
  agent = await Agent.start({ args: ['--log', 'debug'] });
});

after(async () => {
  receiver.close();
  await agent.stop();
});

test("the publisher's secrets are set, used and never printed", async () => {
  const settings = { hitl_webhook_url: `http://127.0.0.1:${port}/services/${secret('slack')}`,
    notifications: { webhook_url: `http://user:${secret('hook')}@127.0.0.1:1/x?key=${secret('query')}`, link_base: agent.base,
      email: { to: ['a@b.example'], from: 'c@b.example', smtp_url: `smtp://ann:${secret('smtp-url')}@127.0.0.1:1`,
        user: 'ann', password: secret('smtp-password') } },
    assistant: { base_url: `http://127.0.0.1:${port}/v1`, model: 'm', api_key: secret('model'), creative_review: {} } };
  const set = await agent.cli('tenant', 'set', '--json', '--settings', JSON.stringify(settings));
  assert.equal(set.code, 0, set.stderr);
  nothingIn(set.stdout + set.stderr, 'the answer of tenant set');
  await buy({});
  await until('a message to Slack', () => got.some((u) => u.includes(secret('slack'))));
  // What was printed can be sent back.
  const shown = (await cliJson('tenant', 'show')).tenant.settings;
  assert.equal(shown.assistant.api_key, '***');
  await cliJson('tenant', 'set', '--settings', JSON.stringify(shown));
  got.length = 0;
  await buy({});
  await until('a message to the same address', () => got.some((u) => u.includes(secret('slack'))));
});

test('what is wrong with a secret is said without it', async () => {
  const wrong = [
    { assistant: { base_url: `https://${secret('at')}@m.example`, model: 'm' } },
    { assistant: { base_url: 'https://m.example', model: 'm', api_key: `${secret('space')} x` } },
    { assistant: { base_url: 'https://m.example', model: 'm', api_key: secret('known'), unknown: secret('unknown') } },
    { notifications: { email: { smtp_url: `smtp://a:${secret('alone')}@h` } } },
    { hitl_webhook_url: [secret('list')] }, { notifications: { webhook_url: 7, password: secret('seven') } },
  ];
  for (const settings of wrong) {
    const r = await agent.cli('tenant', 'set', '--settings', JSON.stringify(settings));
    assert.equal(r.code, 1, JSON.stringify(settings));
    nothingIn(r.stdout + r.stderr, `the refusal of ${Object.keys(settings)}`);
  }
  for (const authentication of [{ schemes: ['HMAC-SHA256'], credentials: 'SECRET-short' },
    { schemes: ['HMAC-SHA256'], credentials: `${secret('tab')}\t` }, { schemes: ['Basic'], credentials: secret('basic') }]) {
    const r = await buy({ push_notification_config: { url: `http://127.0.0.1:${port}/w`, authentication } });
    nothingIn(await everything(r), 'the refusal of a webhook');
  }
  for (const headers of [{ authorization: `Bearer ${secret('wrong-token')}` }, { authorization: `Basic ${secret('basic-token')}` },
    { 'x-adcp-auth': secret('header-token') }]) {
    for (const where of ['/mcp', '/a2a', '/api/v1/get_products']) {
      const r = await agent.post(where, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_media_buys', arguments: {} } },
        { token: null, headers });
      nothingIn(await everything(r), `the refusal of a token at ${where}`);
    }
  }
});

test("buyers' secrets are used and never printed", async () => {
  const token = (await cliJson('token', 'add', 'test-buyer', '--label', 'secrets')).token.token;
  shownOnPurpose.push(token);
  const account = { brand: { domain: 'devtool.example' }, operator: 'devtool.example' };
  const answers = [await buy({ push_notification_config: push('create') }, token)];
  assert.ok(!answers[0].body.result.isError, JSON.stringify(answers[0].body));
  const call = async (tool, args) => {
    const r = await agent.call(tool, { adcp_version: '3.1', ...args }, { token });
    assert.ok(r.body.result && !r.body.result.isError, JSON.stringify(r.body));
    answers.push(r);
    return r.body.result.structuredContent;
  };
  await call('create_media_buy', { idempotency_key: 'secrets-create-000001', account, brand: account.brand,
    start_time: '2027-04-01T00:00:00Z', end_time: '2027-05-01T00:00:00Z', push_notification_config: push('create31'),
    reporting_webhook: { ...push('report'), reporting_frequency: 'daily' },
    packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 2000 }] });
  for (const { task_id } of (await cliJson('task', 'list')).tasks) await agent.cli('task', 'approve', task_id);
  await cliJson('rule', 'add', '--name', 'Updates', '--then', 'person', '--operations', 'update_media_buy');
  const { media_buys: [made] } = await call('get_media_buys', { account, status_filter: ['pending_creatives', 'pending_start', 'active'] });
  await call('update_media_buy', { idempotency_key: 'secrets-update-000001', account, media_buy_id: made.media_buy_id,
    push_notification_config: push('update'), packages: [{ package_id: made.packages[0].package_id, budget: 2500 }] });
  await call('sync_governance', { idempotency_key: 'secrets-governance-0001', accounts: [{ account, governance_agents: [{
    url: 'https://governance.example/mcp', authentication: { schemes: ['Bearer'], credentials: secret('governance') } }] }] });
  await call('sync_creatives', { idempotency_key: 'secrets-creatives-0001', account, push_notification_config: push('creatives'),
    creatives: [{ creative_id: 'c-secret', name: 'C', format_id: { agent_url: 'http://localhost/mcp', id: 'fmt-display-300x250' },
      assets: { primary: { asset_type: 'image', url: 'https://cdn.devtool.example/a.png', width: 300, height: 250, format: 'png' },
        click_url: { asset_type: 'url', url: 'https://devtool.example/' } } }] });
  for (const tool of ['list_accounts', 'list_creatives', 'list_tasks', 'get_media_buys']) await call(tool, {});
  const a2a = await agent.post('/a2a', { jsonrpc: '2.0', id: 1, method: 'message/send', params: {
    configuration: { pushNotificationConfig: { id: 'x', ...push('a2a') } },
    message: { kind: 'message', messageId: '1', role: 'user', parts: [{ kind: 'data', data: { skill: 'list_accounts', parameters: {} } }] } } },
  { token });
  assert.ok(a2a.body.result, JSON.stringify(a2a.body));
  answers.push(a2a, await agent.post('/a2a', { jsonrpc: '2.0', id: 2, method: 'tasks/get', params: { id: a2a.body.result.id } }, { token }));
  for (const r of answers) nothingIn(await everything(r), 'an answer');
  await until('a webhook to the buyer', () => got.some((u) => u.startsWith('/buyer/create')));
});

test('nothing of it is in what we print and log', async () => {
  const { tasks } = await cliJson('task', 'list', '--state', 'all'), { jobs } = await cliJson('job', 'list');
  assert.ok(tasks.length > 4 && jobs.length > 4);
  const commands = [['export'], ['tenant', 'show'], ['audit', 'list'], ['audit', 'export'], ['audit', 'export', '--format', 'csv'],
    ['task', 'list', '--state', 'all'], ['job', 'list'], ['creative', 'list'], ['creative', 'show', 'c-secret'], ['token', 'list'],
    ['principal', 'list'], ['rule', 'list'], ['key', 'list'], ...tasks.map((t) => ['task', 'show', t.task_id]),
    ...jobs.map((j) => ['job', 'show', j.job_id])];
  for (const command of commands) {
    for (const more of command[0] === 'export' || command[1] === 'export' ? [[]] : [[], ['--json']]) {
      const r = await agent.cli(...command, ...more), text = r.stdout + r.stderr;
      assert.equal(r.code, 0, `${command}: ${text}`);
      nothingIn(text, command.join(' '));
      for (const token of shownOnPurpose) assert.ok(!text.includes(token), command.join(' '));
    }
  }
  assert.match(agent.stderr, /level=|DEBUG|debug/i);
  nothingIn(agent.stderr, 'the log');
  assert.doesNotMatch(agent.stderr, /test-token|test-operator-token|Bearer|authorization/i);
  for (const token of shownOnPurpose) assert.ok(!agent.stderr.includes(token), 'a token in the log');
});
