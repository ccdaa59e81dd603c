// One storyboard on one agent: a fresh publisher, what the storyboard takes for granted, the people it waits for. Runs in
// a worker process (crew.mjs), because the SDK's runner keeps its connections in one place and closes all of them when a
// storyboard ends. Import clock.mjs before.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, cli } from '../../integration/lib/agent.mjs';
import { GovernanceAgent } from './governance.mjs';
import { Proxy } from './proxy.mjs';
import { run, secondBuyer, stepsOf } from './storyboards.mjs';

const here = path.join(import.meta.dirname, '..');
export const token = 'demo-acme-outdoor-v1', otherToken = 'demo-nova-motors-v1';

// Three publishers below `work`: the full one, one without products and formats for storyboards that bring all of
// them, and the full one with each other policy on content digests.
export async function preparePublishers(work) {
  const publisher = JSON.parse(readFileSync(path.join(here, 'publisher.json'), 'utf8'));
  const variant = { template: publisher,
    bare: { ...publisher, tenant: { ...publisher.tenant, proposals: [] }, products: [], formats: [], signals: [] } };
  for (const covers_content_digest of ['required', 'forbidden']) {
    variant[`digest-${covers_content_digest}`] = { ...publisher, tenant: { ...publisher.tenant, request_signing: { covers_content_digest } } };
  }
  for (const [name, doc] of Object.entries(variant)) {
    const file = path.join(work, `${name}.json`);
    writeFileSync(file, JSON.stringify(doc));
    const made = await cli('import', '--sandbox', file, '--data', path.join(work, name));
    if (made.code !== 0) throw new Error(`${name}.json does not import: ${made.stderr}`);
  }
}

const templateOf = (item) => item.publisher ?? (item.storyboard?.fixtures?.creative_formats ? 'bare' : 'template');

// A sanitizer's report ends an agent; one that was told to go on after it is found in what it wrote.
const reported = /runtime error:|Sanitizer:/;

let nextData = 0;
export async function withAgent(work, { pin, item = {} }, use) {
  const data = path.join(work, `data-${process.pid}-${nextData++}`);
  cpSync(path.join(work, templateOf(item)), data, { recursive: true });
  const agent = await Agent.start({ data, args: ['--clock', new Date().toISOString()] });
  const proxy = await Proxy.start(agent.url, { pin });
  try {
    return await use(proxy, agent);
  } finally {
    await proxy.stop();
    const log = path.join(work, `${path.basename(data)}.log`);
    try {
      await agent.stop();
      if (reported.test(agent.stderr)) throw new Error(`the agent reported:\n${agent.stderr}`);
      rmSync(data, { recursive: true, force: true });
    } finally {
      writeFileSync(log, agent.stderr);
    }
  }
}

async function seed(agent, scenario, params, account = {}) {
  const args = { scenario, params, account: { sandbox: true, ...account } };
  const { body } = await agent.call('comply_test_controller', args, { token });
  const reply = body.result?.structuredContent;
  if (!reply?.success) throw new Error(`${scenario}: ${JSON.stringify(reply ?? body)}`);
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

// Runs the storyboard `times` times on one agent, whose data stays: { group, rounds: [steps], calls, tools }.
export async function play(work, item, { pin, times = 1 }) {
  const governed = item.storyboard.phases.some((p) => p.steps.some((s) => s.task === 'sync_plans'));
  const signed = /task_completion/.test(JSON.stringify(item.storyboard.phases));
  const governance = governed ? await GovernanceAgent.start() : null;
  try {
    return await withAgent(work, { pin, item }, async (proxy, agent) => {
      const rounds = [];
      await prepare(agent, item);
      for (let i = 0; i < times; i++) {
        const stop = signed ? signer(agent) : async () => {};
        const buyer = i > 0 && secondBuyer[item.storyboard.id] ? otherToken : token;
        const result = await run(proxy.url, item, { token: buyer, governance: governance?.url });
        await stop();
        rounds.push(stepsOf(result));
      }
      return { group: item.group, rounds, calls: proxy.calls, tools: proxy.tools ?? [] };
    });
  } finally {
    await governance?.stop();
  }
}
