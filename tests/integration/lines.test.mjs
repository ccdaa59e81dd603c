// The lines of AdCP side by side: which one a call is served in, through every door; the corpus in the lines that doors.test.mjs
// does not play; and what AdCP 3.2 changed at the borders, as callers of each line see it.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { judge, source } from '../conformance/lib/schemas.mjs';
import { lines, newest } from '../schema/published.mjs';
import { corpus } from './corpus/index.mjs';
import { Agent } from './lib/agent.mjs';
import { corpusData, Player, Schemas } from './lib/corpus.mjs';
import { doors } from './lib/doors.mjs';

const work = mkdtempSync(path.join(tmpdir(), 'salesagent-lines-'));
const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
let template, agent, schemas, keys = 0;
const agents = [];

async function start() {
  const data = path.join(work, String(agents.length));
  cpSync(template, data, { recursive: true });
  agents.push(await Agent.start({ data, args: ['--clock', '2026-03-09T14:30:00Z'] }));
  return agents.at(-1);
}

before(async () => {
  template = await corpusData();
  agent = await start();
  schemas = await Schemas.of(agent);
  await ask('3.1', 'sync_accounts', { idempotency_key: fresh(), accounts: [{ ...account, billing: 'operator' }] });
});
after(async () => {
  await Promise.all(agents.map((a) => a.stop()));
  rmSync(work, { recursive: true, force: true });
  rmSync(template, { recursive: true, force: true });
});

const fresh = () => `lines-test-key-${String(++keys).padStart(6, '0')}`;
const auto = { 'x-auto-advance': 'true' };

// A call in a line; its reply is judged by the schemas of that line.
async function ask(line, tool, args, options) {
  const got = await doors.mcp(agent, tool, line ? { adcp_version: line, ...args } : args, options);
  const served = got.payload.adcp_version;
  if (source(served)) assert.equal(judge(served, { tool, reply: got.payload, isError: got.kind === 'failed' }) ?? null, null, JSON.stringify(got.payload));
  return got;
}
const refusal = ({ kind, payload }) => kind === 'failed' ? [payload.adcp_error.code, payload.adcp_error.field ?? ''] : kind;

// ---- which line ----

const pins = [
  [{}, '3.0'], [{ adcp_major_version: 3 }, '3.0'], [{ adcp_version: '3.0' }, '3.0'], [{ adcp_version: '3.1' }, '3.1'], [{ adcp_version: '3.2' }, '3.2'],
  [{ adcp_version: '3.3' }, '3.2'], [{ adcp_version: '3.10' }, '3.2'], [{ adcp_version: '3.2', adcp_major_version: 3 }, '3.2'],
  ...['3.2.4', '3.2-beta.5', '3.3-rc.0', '03.2', '3.02', '3', '4.0', '2.5', '', ' 3.2', 3, 3.2, null].map((v) => [{ adcp_version: v }, null]),
  [{ adcp_major_version: 4 }, null], [{ adcp_major_version: 2, adcp_version: '3.2' }, null],
];

for (const name of Object.keys(doors)) {
  test(`through ${name}, a pin is served by the highest line up to it, or refused with what is served`, async () => {
    for (const [pin, line] of pins) {
      const { payload } = await doors[name](agent, 'get_products', { buying_mode: 'wholesale', ...pin });
      const label = `${JSON.stringify(pin)}: ${JSON.stringify(payload).slice(0, 300)}`;
      if (line) {
        assert.equal(payload.adcp_version, line, label);
        assert.ok(payload.products.length > 0, label);
        if (source(line)) assert.equal(judge(line, { tool: 'get_products', reply: payload, isError: false }) ?? null, null, label);
      } else {
        assert.equal(payload.adcp_error.code, 'VERSION_UNSUPPORTED', label);
        assert.deepEqual(payload.adcp_error.details, { supported_versions: lines, supported_majors: [3] }, label);
      }
    }
  });
}

test('capabilities list the lines, in each of them', async () => {
  for (const line of lines) {
    const { payload } = await ask(line, 'get_adcp_capabilities', {});
    assert.deepEqual(payload.adcp.supported_versions, lines);
    assert.equal(payload.adcp_version, line);
    // In 3.2 a URL that verifies signatures demands digests and padded base64 of everybody; this one has older signers.
    assert.equal(payload.request_signing?.supported, line < '3.2' ? true : undefined);
  }
});

test('whose days and currencies accounts have, that strangers may look, and how long webhooks are tried is said in 3.2', async () => {
  const stranger = async (tool, args) => (await doors.mcp(agent, tool, { adcp_version: '3.2', ...args }, { token: null }));
  for (const line of lines) {
    const { account: accounts, media_buy, webhook_signing } = (await ask(line, 'get_adcp_capabilities', {})).payload;
    assert.equal(webhook_signing.delivery_retry_horizon_seconds, line < '3.2' ? undefined : 129600); // what jobs/webhook_send.c keeps to
    const zone = (await ask(line, 'list_accounts', {})).payload.accounts[0].timezone;
    const wanted = line < '3.2' ? [undefined, undefined, undefined, undefined] : [{ mode: 'seller_fixed', fixed_timezone: 'UTC' }, ['per_media_buy'], true, 'UTC'];
    assert.deepEqual([accounts.timezone, accounts.supported_account_currency_modes, media_buy.anonymous_discovery, zone], wanted, line);
  }
  const synced = await ask('3.2', 'sync_accounts', { idempotency_key: fresh(), accounts: [{ ...account, billing: 'operator' }] });
  assert.equal(synced.payload.accounts[0].timezone, 'UTC');
  assert.ok((await stranger('list_products', {})).payload.products.length > 0);
  assert.ok((await stranger('get_products', { buying_mode: 'brief', brief: 'display' })).payload.products.length > 0);
});

// ---- every tool ----

for (const line of lines.slice(0, -1)) {
  for (const door of ['mcp', 'rest', 'a2a 1.0']) {
    test(`the corpus in ${line} through ${door}`, async (t) => {
      t.diagnostic(`replies are judged by ${source(line) ?? 'nothing'}`);
      const player = new Player(doors[door], await start(), schemas, line);
      for (const row of corpus.filter((r) => !(r.since > line))) await player.play(row);
      await agents.pop().stop();
    });
  }
}

// ---- the borders of 3.2 ----

const flight = { start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z' };
const packages = [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }];
const buy = (more) => ({ idempotency_key: fresh(), account, brand: { domain: 'acme.example' }, ...flight, packages, ...more });

test('a created and a changed media buy has the task\'s status, and its own beside it', async () => {
  for (const line of lines.slice(1)) {
    const made = (await ask(line, 'create_media_buy', buy(), { headers: auto })).payload;
    assert.equal(made.status, 'completed');
    assert.match(made.media_buy_status, /^(pending_creatives|pending_start|active)$/);
    const changed = (await ask(line, 'update_media_buy', { idempotency_key: fresh(), account, media_buy_id: made.media_buy_id, paused: true }, { headers: auto })).payload;
    assert.equal(changed.status, 'completed');
    assert.equal(typeof changed.media_buy_status, 'string');
  }
});

test('packages or a proposal, not both, and money in capital letters', async () => {
  const both = { proposal_id: 'prop-none', total_budget: { amount: 3000, currency: 'USD' } };
  assert.equal(refusal(await ask('3.2', 'create_media_buy', buy(both)))[0], 'INVALID_REQUEST');
  const small = { packages: undefined, proposal_id: 'prop-none', total_budget: { amount: 3000, currency: 'usd' } };
  assert.deepEqual(refusal(await ask('3.2', 'create_media_buy', buy(small))), ['INVALID_REQUEST', 'total_budget.currency']);
});

test('a media buy keeps the name it is given; older callers are not shown it', async () => {
  const made = (await ask('3.2', 'create_media_buy', buy({ name: 'Spring in the Alps' }), { headers: auto })).payload;
  assert.equal(made.name, 'Spring in the Alps');
  const read = async (line) => (await ask(line, 'get_media_buys', { account, media_buy_ids: [made.media_buy_id] })).payload.media_buys[0].name;
  assert.deepEqual([await read('3.2'), await read('3.1'), await read('3.0')], ['Spring in the Alps', undefined, undefined]);
  const changed = await ask('3.2', 'update_media_buy', { idempotency_key: fresh(), account, media_buy_id: made.media_buy_id, name: 'Summer' }, { headers: auto });
  assert.equal(changed.payload.name, 'Summer', JSON.stringify(changed.payload));
  assert.equal(await read('3.2'), 'Summer');
});

test('a pricing option that is not there', async () => {
  const none = { packages: [{ ...packages[0], pricing_option_id: 'price-none' }] };
  assert.deepEqual(refusal(await ask('3.2', 'create_media_buy', buy(none))), ['INVALID_PRICING_OPTION', 'packages[0].pricing_option_id']);
  assert.deepEqual(refusal(await ask('3.1', 'create_media_buy', buy(none))), ['VALIDATION_ERROR', 'packages[0].pricing_option_id']);
});

test('languages are BCP 47; what is narrower than a language is refused by name', async () => {
  const with_ = (language) => ({ packages: [{ ...packages[0], targeting_overlay: { language } }] });
  const made = await ask('3.2', 'create_media_buy', buy(with_(['fr'])), { headers: auto });
  assert.equal(made.kind, 'ok', JSON.stringify(made.payload));
  assert.deepEqual(refusal(await ask('3.2', 'create_media_buy', buy(with_(['en', 'fr-CA'])))), ['UNSUPPORTED_FEATURE', 'packages[0].targeting_overlay.language[1]']);
  assert.deepEqual(refusal(await ask('3.1', 'create_media_buy', buy(with_(['fr-CA'])))), ['INVALID_REQUEST', 'packages[0].targeting_overlay.language[0]']);
  const shown = (await ask('3.1', 'get_media_buys', { account, media_buy_ids: [made.payload.media_buy_id] })).payload.media_buys[0];
  assert.deepEqual(shown.packages[0].targeting_overlay.language, ['fr']);
});

test('what the newest clients send with every list is taken; assignments are as many as asked for', async () => {
  const two = { packages: [packages[0], packages[0]].map((p, i) => ({ ...p, buyer_ref: `p${i}` })) };
  const made = (await ask('3.1', 'create_media_buy', buy(two), { headers: auto })).payload;
  const creative = { creative_id: 'lines-banner', name: 'Banner', format_id: { agent_url: 'https://creative.adcontextprotocol.org', id: 'display_300x250' },
    assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 } } };
  const assignments = made.packages.map((p) => ({ creative_id: 'lines-banner', package_id: p.package_id }));
  const synced = await ask('3.2', 'sync_creatives', { idempotency_key: fresh(), account, creatives: [creative], assignments }, { headers: auto });
  assert.equal(synced.payload.creatives[0].action, 'created', JSON.stringify(synced.payload));
  const list = async (line, more) => (await ask(line, 'list_creatives', { account, filters: { creative_ids: ['lines-banner'] }, ...more })).payload.creatives[0];
  const all = await list('3.2', { assignment_projection: 'all', include_webhook_activity: true });
  assert.deepEqual([all.assignments.returned_assignment_count, all.assignments.assignments_truncated, all.webhook_activity], [2, false, []]);
  assert.equal(all.assignments.assigned_packages[0].media_buy_id, made.media_buy_id);
  const one = (await list('3.2', { assignment_limit: 1 })).assignments;
  assert.deepEqual([one.assignment_count, one.returned_assignment_count, one.assignments_truncated, one.assigned_packages.length], [2, 1, true, 1]);
  assert.deepEqual((await list('3.1', { include_webhook_activity: true })).webhook_activity, []);
  const found = async (filters) => (await ask('3.2', 'list_creatives', { account, filters })).payload.creatives.map((c) => c.creative_id);
  const by_kind = { ...creative, creative_id: 'lines-by-kind', format_id: undefined, format_kind: 'image' };
  const taken = await ask('3.2', 'sync_creatives', { idempotency_key: fresh(), account, creatives: [by_kind] }, { headers: auto });
  const named = ['lines-banner', ...(taken.payload.creatives[0].action === 'created' ? ['lines-by-kind'] : [])];
  assert.deepEqual((await found({ asset_types: ['image', 'vast'] })).sort(), named.sort());
  assert.deepEqual(await found({ asset_types: ['video'] }), []);
  assert.deepEqual(await found({ asset_types: ['image'], creative_ids: ['none'] }), []);
  assert.deepEqual((await found({ format_kinds: ['image'] })).includes('lines-banner'), false); // of a format elsewhere, whose kind nobody here knows
  assert.deepEqual(await found({ format_kinds: ['audio_daast'] }), []);
  const matching = { assignment_projection: 'matching', filters: { indicator_types: ['creative_fatigue'] } };
  assert.equal(refusal(await ask('3.2', 'list_creatives', { account, ...matching }))[0], 'UNSUPPORTED_FEATURE');
  const accounts = await ask('3.2', 'list_accounts', { include_webhook_activity: true });
  assert.ok(accounts.payload.accounts.length > 0);
  assert.deepEqual(accounts.payload.ext.salesagent.ignored, ['/include_webhook_activity']);
});

test('what 3.2 offers and nobody here does is refused by name', async () => {
  const of = async (tool, args) => refusal(await ask('3.2', tool, args));
  assert.deepEqual(await of('create_media_buy', buy({ daily_budget_cap: 100 })), ['UNSUPPORTED_FEATURE', 'daily_budget_cap']);
  const capped = { packages: [{ ...packages[0], daily_budget_cap: 100 }] }; // not all of this publisher's ad servers promise that
  assert.deepEqual(await of('create_media_buy', buy(capped)), ['UNSUPPORTED_FEATURE', 'packages[0].daily_budget_cap']);
  assert.equal((await ask('3.2', 'get_adcp_capabilities', {})).payload.media_buy.budget_capping, undefined);
  const bid = { packages: [{ ...packages[0], bidding: { strategy: 'lowest_cost' } }] };
  assert.match((await of('create_media_buy', buy(bid)))[0], /^(UNSUPPORTED_FEATURE|INVALID_REQUEST)$/);
  const hours = { packages: [{ ...packages[0], targeting_overlay: { daypart_targets: [{ days: ['monday'], start_hour: 8, end_hour: 12, timezone: 'user' }] } }] };
  assert.match((await of('create_media_buy', buy(hours)))[0], /^(UNSUPPORTED_FEATURE|INVALID_REQUEST)$/);
  assert.deepEqual(await of('get_products', { buying_mode: 'wholesale', targeting_overlay: { geo_countries: ['US'] } }), ['UNSUPPORTED_FEATURE', 'targeting_overlay']);
  assert.deepEqual(await of('get_products', { buying_mode: 'wholesale', account: { ...account, operator_unit: { id: 'emea' } } }), ['UNSUPPORTED_FEATURE', 'account.operator_unit']);
  assert.deepEqual(await of('get_products', { buying_mode: 'wholesale', account: { ...account, brand: { domain: 'acme.example', countries: ['NL'] } } }), ['UNSUPPORTED_FEATURE', 'account.brand.countries']);
});

test('discovery for an account that is not there', async () => {
  const stranger = { brand: { domain: 'never-seen.example' }, operator: 'never-seen.example', sandbox: true };
  for (const [tool, args] of [['get_products', { buying_mode: 'wholesale' }], ['get_signals', { signal_spec: 'sports' }]]) {
    assert.deepEqual(refusal(await ask('3.2', tool, { ...args, account: stranger })), ['ACCOUNT_NOT_FOUND', 'account'], tool);
    assert.equal(refusal(await ask('3.1', tool, { ...args, account: stranger })), 'ok', tool);
    assert.equal(refusal(await ask('3.2', tool, { ...args, account })), 'ok', tool);
    assert.equal(refusal(await ask('3.2', tool, { ...args, account: { account_id: 'acc-none' } }))[0], 'ACCOUNT_NOT_FOUND', tool);
  }
});

test('a governance agent is reached with a bearer token, nothing else', async () => {
  const with_ = (scheme) => ({ idempotency_key: fresh(), accounts: [{ account, governance_agents: [{ url: 'https://gov.example/mcp',
    authentication: { schemes: [scheme], credentials: 'x'.repeat(40) }, categories: ['budget_authority'] }] }] });
  assert.equal(refusal(await ask('3.2', 'sync_governance', with_('HMAC-SHA256')))[0], 'INVALID_REQUEST');
});

test('a preview asks for no more than an empty sandbox; older callers hear what it needs', async () => {
  const creative_manifest = { creative_id: 'cr-lines', name: 'x', format_id: { agent_url: 'http://localhost', id: 'fmt-display-300x250' },
    assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
      click_url: { asset_type: 'url', url: 'https://acme.example/landing' } } };
  for (const [line, sandbox] of [['3.2', ''], ['3.1', 'allow-scripts'], ['3.0', 'allow-scripts']]) {
    const { payload } = await ask(line, 'preview_creative', { request_type: 'single', creative_manifest });
    assert.equal(payload.previews[0].renders[0].embedding.recommended_sandbox, sandbox, line);
  }
});

test('each row of a delivery report says its currency', async () => {
  const made = (await ask('3.2', 'create_media_buy', buy(), { headers: auto })).payload;
  for (const line of lines) {
    const { payload } = await ask(line, 'get_media_buy_delivery', { account, media_buy_ids: [made.media_buy_id] }, { headers: { 'x-mock-time': '2026-04-16T00:00:00Z' } });
    assert.equal(payload.media_buy_deliveries[0].currency, 'USD');
    assert.equal(payload.media_buy_deliveries[0].by_package[0].currency, 'USD');
  }
});

test('one usage record that cannot be read is refused in the words of its line', async () => {
  const report = { reporting_period: { start: '2026-03-01T00:00:00Z', end: '2026-03-02T00:00:00Z' },
    usage: [{ account, vendor_cost: 12.5, currency: 'USD', impressions: 1 }, { account, vendor_cost: 1e12 * 1e6, currency: 'USD' }] };
  for (const [line, code] of [['3.2', 'INVALID_USAGE_DATA'], ['3.1', 'INVALID_REQUEST']]) {
    const { payload } = await ask(line, 'report_usage', { idempotency_key: fresh(), ...report });
    assert.equal(payload.accepted, 1);
    assert.equal(payload.errors[0].code, code, JSON.stringify(payload.errors));
  }
});

test('a 3.0 caller may name its version in requests that 3.0 closed', async () => {
  const made = await ask('3.0', 'list_collection_lists', { account });
  assert.equal(made.kind, 'ok', JSON.stringify(made.payload));
  assert.deepEqual(refusal(await ask('3.0', 'list_collection_lists', { account, name_contains: {} })), ['INVALID_REQUEST', 'name_contains']);
});

// AdCP's schema of the manifest (schemas/adcp-agents.json): closed where it matters here.
const manifest = { type: 'object', required: ['version', 'agents'], properties: { version: { type: 'string', pattern: '^[0-9]+\\.[0-9]+(\\.[0-9]+)?$' },
  agents: { type: 'array', minItems: 1, maxItems: 256, items: { type: 'object', required: ['agent_id', 'url', 'transport', 'specialisms'], properties: {
    agent_id: { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$', maxLength: 64 }, url: { type: 'string', format: 'uri', pattern: '^https://' },
    transport: { enum: ['mcp', 'a2a'] }, specialisms: { type: 'array', minItems: 1, maxItems: 64, uniqueItems: true, items: { type: 'string', minLength: 1 } } } } } } };

test('the agents of a host are listed, where they are reached over https', async () => {
  const where = `${agent.base}/.well-known/adcp-agents.json`;
  assert.equal((await fetch(where)).status, 404); // plain http: no URL that the manifest allows
  const file = path.join(work, 'stated.json');
  const { tenant } = JSON.parse((await agent.cli('export')).stdout);
  writeFileSync(file, JSON.stringify({ salesagent_import: 1, tenant: { ...tenant, agent_url: 'https://ads.example/mcp' } }));
  const imported = await agent.cli('import', file, '--new-publisher');
  assert.equal(imported.code, 0, imported.stderr);
  const listed = await (await fetch(where)).json();
  const ajv = new Ajv({ strict: false });
  (addFormats.default ?? addFormats)(ajv);
  assert.ok(ajv.validate(manifest, listed), ajv.errorsText());
  assert.deepEqual(listed.agents.map((a) => a.url), ['https://ads.example/mcp', `https://ads.example/mcp/${newest}`, 'https://ads.example/a2a', `https://ads.example/a2a/${newest}`]);
  const { payload } = await ask('3.2', 'get_adcp_capabilities', {});
  assert.deepEqual(listed.agents[0].specialisms, payload.specialisms);
});

test('the newest line has an MCP URL of its own, for its callers alone', async () => {
  const call = async (tool, args) => (await agent.post(`/mcp/${newest}`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } })).body.result.structuredContent;
  for (const pin of [{}, { adcp_major_version: 3 }, { adcp_version: newest }, { adcp_version: '3.9' }]) {
    assert.equal((await call('get_products', { buying_mode: 'wholesale', ...pin })).adcp_version, newest, JSON.stringify(pin));
  }
  for (const adcp_version of ['3.0', '3.1', '3.2.4']) {
    const { adcp_error } = await call('get_products', { buying_mode: 'wholesale', adcp_version });
    assert.equal(adcp_error.code, 'VERSION_UNSUPPORTED', adcp_version);
    assert.deepEqual(adcp_error.details.supported_versions, [newest]);
  }
  const capabilities = await call('get_adcp_capabilities', {});
  assert.deepEqual(capabilities.adcp.supported_versions, [newest]);
  assert.deepEqual([capabilities.request_signing.supported, capabilities.request_signing.covers_content_digest], [true, 'required']);
  if (source(newest)) assert.equal(judge(newest, { tool: 'get_adcp_capabilities', reply: capabilities, isError: false }) ?? null, null);
  assert.equal((await agent.post('/mcp/3.1', { jsonrpc: '2.0', id: 1, method: 'ping' })).status, 404);
});

test('the newest line has A2A and REST URLs of its own, for its callers alone', async () => {
  const wanted = async (call) => {
    assert.equal((await call({})).adcp_version, newest);
    assert.deepEqual((await call({ adcp_version: '3.1' })).adcp_error.details.supported_versions, [newest]);
  };
  await wanted(async (pin) => (await agent.post(`/adcp/${newest}/get_products`, { buying_mode: 'wholesale', ...pin })).body);
  await wanted(async (pin) => (await agent.post(`/a2a/${newest}`, { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { messageId: `own-${++keys}`, role: 'ROLE_USER',
    parts: [{ data: { skill: 'get_products', input: { buying_mode: 'wholesale', ...pin } } }] } } }, { headers: { 'a2a-version': '1.0' } })).body.result.task.artifacts.at(-1).parts.find((p) => p.data).data);
  const { request_signing } = (await agent.post(`/adcp/${newest}/get_adcp_capabilities`, {})).body;
  assert.deepEqual([request_signing.supported, request_signing.covers_content_digest], [true, 'required']);
  assert.equal((await agent.post('/a2a/3.1', {})).status, 404);
});

test('a request for products that the publisher declines', async () => {
  const rule = (name, more) => agent.cli('rule', 'add', '--name', name, '--operations', 'get_products', ...more);
  assert.notEqual((await rule('A person', ['--then', 'person'])).code, 0); // nobody decides on it
  const added = await rule('Not this season', ['--then', 'reject', '--reason', 'Nothing is sold before the season opens.']);
  assert.equal(added.code, 0, added.stderr);
  const brief = { buying_mode: 'brief', brief: 'display for developers', account };
  const { payload, kind } = await ask('3.2', 'get_products', brief);
  assert.deepEqual([kind, payload.status, payload.reason, payload.products], ['ok', 'rejected', 'Nothing is sold before the season opens.', undefined]);
  for (const line of ['3.1', '3.0']) {
    const older = (await ask(line, 'get_products', brief)).payload;
    assert.deepEqual([older.status, older.products, older.message], ['completed', [], 'Nothing is sold before the season opens.'], line);
  }
  assert.ok((await ask('3.2', 'get_products', { buying_mode: 'wholesale', account })).payload.products.length > 0);
});
