// The public judges against the real binary. Prints TAP: one line for every step of every storyboard.
//
//   node tests/conformance/run.mjs [--only ID,...] [--accept] [--no-pin] [--verbose] [--jobs N]
//
// Each storyboard gets an agent of its own with a fresh publisher (publisher.json). A step is "ok" when it passed, or
// when expected.md lists it with the same outcome; a listed step that passes is "not ok" too, so the list stays true.
// --accept writes that list and the README's table from the run.
import { CLOCK } from './lib/clock.mjs';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, cli } from '../integration/lib/agent.mjs';
import { keyOf, readExpected, writeExpected } from './lib/expected.mjs';
import { GovernanceAgent } from './lib/governance.mjs';
import { Proxy } from './lib/proxy.mjs';
import { fuzz, gradeSigning } from './lib/judges.mjs';
import { haveLine, judge } from './lib/schemas.mjs';
import { run, stepsOf, storyboards } from './lib/storyboards.mjs';

const here = import.meta.dirname;
const expectedFile = path.join(here, 'expected.md');
const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, accept: { type: 'boolean' }, verbose: { type: 'boolean' },
  jobs: { type: 'string', default: '2' }, 'no-pin': { type: 'boolean' } } });

process.env.ADCP_SKIP_VERSION_CHECK = '1';
process.env.STORYBOARD_TASK_POLL_INTERVAL_MS = '300';
process.env.STORYBOARD_TASK_POLL_TIMEOUT_MS = '10000';
const work = mkdtempSync(path.join(tmpdir(), 'conformance-'));
const template = path.join(work, 'template');
const bareTemplate = path.join(work, 'bare'); // without products and formats, for storyboards that bring all of them
const token = 'demo-acme-outdoor-v1';

let failures = 0;
function tap(ok, name, diagnosis) {
  if (!ok) failures++;
  console.log(`${ok ? 'ok' : 'not ok'} - ${name.replace(/[#\n]/g, ' ')}`);
  if (!ok && diagnosis) console.log(`# ${String(diagnosis).replace(/\n/g, ' ').slice(0, 900)}`);
}

async function preparePublisher() {
  const full = path.join(here, 'publisher.json'), bare = path.join(work, 'bare.json');
  const publisher = JSON.parse(readFileSync(full, 'utf8'));
  const tenant = { ...publisher.tenant, proposals: [] };
  writeFileSync(bare, JSON.stringify({ ...publisher, tenant, products: [], formats: [], signals: [] }));
  for (const [file, data] of [[full, template], [bare, bareTemplate]]) {
    const made = await cli('import', file, '--data', data);
    if (made.code !== 0) throw new Error(`${file} does not import: ${made.stderr}`);
  }
}

let nextData = 0;
async function withAgent(pin, item, use) {
  const data = path.join(work, `data-${nextData++}`);
  cpSync(item.storyboard?.fixtures?.creative_formats ? bareTemplate : template, data, { recursive: true });
  const agent = await Agent.start({ data, args: ['--clock', CLOCK] });
  const proxy = await Proxy.start(agent.url, { pin });
  try {
    return await use(proxy, agent);
  } finally {
    await proxy.stop();
    await agent.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

// What a storyboard takes for granted and this version of the runner does not seed: accounts that are named by id, and
// the publisher's only formats.
async function prepare(agent, { storyboard, kit }) {
  const text = JSON.stringify(storyboard.phases);
  const accounts = new Set([...text.matchAll(/"account_id":"(acct_[a-z_]+)"/g)].map((m) => m[1]));
  for (const account_id of accounts) {
    const fixture = { brand: { domain: kit.brand.house.domain }, operator: kit.brand.house.domain };
    await seed(agent, 'seed_account', { account_id, fixture });
  }
  const buys = new Set([...text.matchAll(/"(mb_summer_campaign_\d+)"/g)].map((m) => m[1]));
  for (const media_buy_id of buys) await seed(agent, 'seed_media_buy', { media_buy_id }, { account_id: [...accounts][0] });
  for (const { format_id, fixture } of storyboard.fixtures?.creative_formats ?? []) {
    await seed(agent, 'seed_creative_format', { format_id, fixture });
  }
}

async function seed(agent, scenario, params, account = {}) {
  const args = { scenario, params, account: { sandbox: true, ...account } };
  const { body } = await agent.call('comply_test_controller', args, { token });
  const reply = body.result?.structuredContent;
  if (!reply?.success) throw new Error(`${scenario}: ${JSON.stringify(reply ?? body)}`);
}

// Somebody of the publisher signs what waits for a signature, as storyboards with a signed order expect.
function signer(agent) {
  const decide = async () => {
    const { stdout } = await agent.cli('task', 'list', '--json');
    const tasks = JSON.parse(stdout || '{}').tasks ?? [];
    for (const t of tasks.filter((t) => t.kind === 'create_media_buy')) await agent.cli('task', 'approve', t.task_id);
  };
  let busy = Promise.resolve();
  const timer = setInterval(() => { busy = busy.then(decide); }, 400);
  return async () => { clearInterval(timer); await busy; };
}

// { steps, calls } of one storyboard.
async function one(item, pin) {
  const governed = item.storyboard.phases.some((p) => p.steps.some((s) => s.task === 'sync_plans'));
  const governance = governed ? await GovernanceAgent.start() : null;
  try {
    return await withAgent(pin, item, async (proxy, agent) => {
      await prepare(agent, item);
      const signs = /task_completion/.test(JSON.stringify(item.storyboard.phases)) ? signer(agent) : async () => {};
      const result = await run(proxy.url, item, { token, governance: governance?.url });
      await signs();
      return { group: item.group, steps: stepsOf(result), result, calls: proxy.calls, tools: proxy.tools };
    });
  } finally {
    await governance?.stop();
  }
}

// Runs f over items, a few at a time; results in the order of items.
async function all(items, f) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await f(items[i]);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
  return results;
}

function compare(steps, expected) {
  for (const s of steps) {
    const listed = expected.get(keyOf(s));
    expected.delete(keyOf(s));
    const same = listed ? listed.outcome === s.outcome : s.outcome === 'passed';
    tap(same, keyOf(s), `${s.outcome}${listed ? `, listed as ${listed.outcome}` : ''}: ${s.reason}`);
    if (options.verbose && s.outcome === 'failed') {
      console.log(`#F ${keyOf(s)}: ${s.reason.slice(0, 600)}`);
      console.log(`#   asked ${JSON.stringify(s.raw.request?.payload ?? null)?.slice(0, 1500)}`);
      console.log(`#   reply ${JSON.stringify(s.raw.response ?? s.raw.response_record ?? null)?.slice(0, 1500)}`);
    }
  }
}

function checkReplies(runs, version) {
  const seen = new Map();
  for (const call of runs.flatMap((r) => r.calls)) {
    if (!call.reply) continue;
    const wrong = judge(version, call.tool, call.reply, call.isError);
    const name = `replies of ${call.tool} are valid AdCP ${version}`;
    const row = seen.get(name) ?? { n: 0, wrong: null };
    row.n++;
    if (wrong && !row.wrong) row.wrong = `${wrong} <- ${JSON.stringify(call.args).slice(0, 300)} -> ${JSON.stringify(call.reply).slice(0, 300)}`;
    seen.set(name, row);
  }
  for (const [name, row] of [...seen].sort()) tap(!row.wrong, `${name} (${row.n})`, row.wrong);
}

function checkExercised(runs) {
  const called = new Set(runs.flatMap((r) => r.calls).map((c) => c.tool));
  const claimed = new Set(runs.flatMap((r) => r.tools ?? []));
  for (const tool of [...claimed].sort()) tap(called.has(tool), `${tool} was exercised`);
}

// Tools that no storyboard calls, called once; their replies are judged like all others.
async function rest(pin) {
  return withAgent(pin, {}, async (proxy) => {
    const at = { ...proxy, call: Agent.prototype.call, post: Agent.prototype.post };
    const call = async (tool, args) => (await at.call(tool, args, { token })).body.result?.structuredContent;
    const account = { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example', sandbox: true };
    const key = (n) => `conformance-rest-${pin ?? 'default'}-${n}`;
    await call('tools/list', {});
    const list = await at.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    proxy.tools = list.body.result.tools.map((t) => t.name);
    const bought = await call('create_media_buy', { account, brand: { domain: 'acmeoutdoor.example' }, idempotency_key: key(1),
      start_time: '2026-04-01T00:00:00Z', end_time: '2026-06-30T00:00:00Z',
      packages: [{ product_id: 'async_signed_io_q2', budget: 5000, pricing_option_id: 'cpm_guaranteed' }] });
    for (const tool of ['get_task_status', 'tasks/get']) await call(tool, { task_id: bought.task_id });
    for (const tool of ['list_tasks', 'tasks/list']) await call(tool, {});
    const buy = await call('create_media_buy', { account, brand: { domain: 'acmeoutdoor.example' }, idempotency_key: key(2),
      start_time: '2026-04-01T00:00:00Z', end_time: '2026-06-30T00:00:00Z',
      packages: [{ product_id: 'test-product', budget: 5000, pricing_option_id: 'test-pricing' }] });
    await call('provide_performance_feedback', { media_buy_id: buy.media_buy_id, performance_index: 1.2, idempotency_key: key(3),
      measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-08T00:00:00Z' } });
    return { group: 'rest', steps: [], calls: proxy.calls, tools: proxy.tools };
  });
}

async function otherJudges() {
  await withAgent(undefined, {}, async (proxy, agent) => {
    const second = await agent.cli('import', path.join(here, 'second_publisher.json'));
    if (second.code !== 0) throw new Error(second.stderr);
    const list = await agent.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    const tools = list.body.result.tools.map((t) => t.name);
    const { code, report, asked, text } = await fuzz(agent.url, { token, otherToken: 'demo-harbor-rival-v1', tools });
    for (const t of asked) {
      const wrong = report?.failures?.filter((f) => f.tool === t) ?? [];
      tap(report && wrong.length === 0, `fuzz ${t}`, wrong.map((f) => `${JSON.stringify(f).slice(0, 500)}`).join(' ; ') || text);
    }
    tap(code === 0, 'fuzz ends without failures', text);
  });
  await withAgent(undefined, {}, async (proxy, agent) => {
    const { code, report, text } = await gradeSigning(agent.url);
    for (const v of [...(report?.positive ?? []), ...(report?.negative ?? [])]) {
      tap(v.passed, `grade request-signing ${v.kind} ${v.vector_id}${v.skipped ? ` (${v.skip_reason})` : ''}`, v.diagnostic);
    }
    tap(code === 0, 'grade request-signing', text);
  });
}

const only = options.only?.split(',');
const items = storyboards().filter((i) => !only || only.some((id) => i.storyboard.id === id || i.group.endsWith(` ${id}`) || i.group === id));
await preparePublisher();
const runs = await all(items, (item) => one(item));
const expected = options.accept ? new Map() : readExpected(expectedFile);
const steps = runs.flatMap((r) => r.steps);
if (options.accept) {
  writeExpected(expectedFile, steps);
} else {
  compare(steps, expected);
  if (!only) for (const key of expected.keys()) tap(false, key, 'listed in expected.md, but there is no such step');
}
const extra = only ? [] : [await rest()];
checkReplies([...runs, ...extra], '3.0');
if (!options['no-pin'] && !haveLine('3.1')) tap(false, 'the schemas of AdCP 3.1 are beside the checkout (or SHARED says where)');
if (!options['no-pin']) {
  const pinned = await all(items.filter((i) => i.storyboard.id !== 'signed_requests'), (item) => one(item, '3.1'));
  checkReplies(only ? pinned : [...pinned, await rest('3.1')], '3.1');
}
if (!only) checkExercised([...runs, ...extra]);
if (!only || only.includes('judges')) await otherJudges();

const groups = new Map();
for (const r of runs) {
  const g = groups.get(r.group) ?? { passed: 0, failed: 0, skipped: 0 };
  for (const s of r.steps) g[s.outcome]++;
  groups.set(r.group, g);
}
for (const [name, g] of groups) console.log(`# ${name}: ${g.passed} passed, ${g.failed} failed, ${g.skipped} skipped`);
if (!only) {
  const table = ['| storyboards | passed | failed | skipped |', '|---|---|---|---|',
    ...[...groups].map(([name, g]) => `| ${name} | ${g.passed} | ${g.failed} | ${g.skipped} |`)].join('\n');
  const readme = path.join(here, '../../README.md');
  const text = readFileSync(readme, 'utf8');
  const between = /(<!-- conformance:begin -->\n)[^]*(<!-- conformance:end -->)/;
  const wanted = text.replace(between, `$1${table}\n$2`);
  if (options.accept) writeFileSync(readme, wanted);
  else tap(text === wanted, 'the README shows the outcome of this run', 'run.mjs --accept writes it');
}
rmSync(work, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
