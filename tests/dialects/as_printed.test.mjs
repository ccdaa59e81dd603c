// Every request printed in the five documents, in the printed order, sent as the buyer that a newcomer has ("test-token" of
// the sandbox that scripts/run starts, nothing imported, no header beyond the credential), and the reply compared with the
// printed one: the same members of the same types. What differs on purpose is a row of the table in README.md under "As
// printed", with the reason; a difference that is not there fails, and so does a row that is no longer true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Agent } from '../integration/lib/agent.mjs';

const here = import.meta.dirname;
const documents = JSON.parse(readFileSync(path.join(here, 'printed/requests.json'), 'utf8'));
const listed = readFileSync(path.join(here, 'README.md'), 'utf8').split('## As printed')[1]
  .split('\n').filter((l) => l.startsWith('| `')).map((l) => l.split('|')[1].trim().replaceAll('`', ''));
const seen = new Set();
// Printed days are fixed, and time passes between the pages' steps: from a step on, the same sandbox goes on with another clock.
const clocks = {
  tutorial: { 0: '2026-03-09T14:30:00Z', 8: '2026-04-11T00:00:00Z', 11: '2026-05-08T06:00:00Z' },
  lifecycle: { 0: '2024-01-10T10:00:00Z' },
  'api-reference': { 0: '2024-01-10T10:00:00Z', 5: '2024-02-05T10:00:00Z', 7: '2024-01-10T10:00:00Z' },
  'data-models': { 0: '2025-03-15T14:30:00Z', 3: '2025-04-16T00:00:00Z' },
  storyboards: { 0: '2026-03-09T14:30:00Z' },
};
let agent, data;

async function setClock(document, step) {
  const time = clocks[document][step];
  if (!time) return;
  await agent?.stop();
  agent = await Agent.start({ data, args: ['--clock', time] });
}

// One document after the other, each on a sandbox of its own.
function onStage(name, run) {
  test(name, async (t) => {
    data = mkdtempSync(path.join(tmpdir(), 'salesagent-printed-'));
    try {
      await run(t);
    } finally {
      await agent.stop();
      agent = undefined;
      rmSync(data, { recursive: true, force: true });
    }
  });
}

async function send(tool, args, { token = 'test-token', headers = {} } = {}) {
  const r = await agent.call(tool, args, { token, headers });
  assert.ok(r.body.result?.structuredContent, JSON.stringify(r.body));
  assert.equal(r.body.result.isError ?? false, false, `${tool} ${JSON.stringify(args)}\n${JSON.stringify(r.body.result.structuredContent)}`);
  return r.body.result.structuredContent;
}

const type = (v) => v === null ? 'null' : Array.isArray(v) ? 'list' : typeof v;

// Every difference of names and types as "pointer: what", "*" for any item of a list.
function differences(have, printed, at = '') {
  const wanted = typeof printed === 'string' ? printed : Array.isArray(printed) ? 'list' : 'object';
  if (type(have) !== wanted) return wanted === 'null' ? [] : [`${at}: ${type(have)}`];
  if (wanted === 'list') return printed.flatMap((p, i) => i < have.length ? differences(have[i], p, `${at}/*`) : [`${at}: too few`]);
  if (wanted !== 'object') return [];
  const missing = Object.keys(printed).filter((k) => !(k in have)).map((k) => `${at}/${k}: missing`);
  const more = Object.keys(have).filter((k) => !(k in printed)).map((k) => `${at}/${k}: more`);
  const below = Object.keys(printed).filter((k) => k in have).flatMap((k) => differences(have[k], printed[k], `${at}/${k}`));
  return [...missing, ...more, ...below];
}

const compare = (name, tool, reply, printed) => account(name, tool, reply, differences(reply, printed));

function account(name, tool, reply, differing) {
  const found = [...new Set(differing)].map((d) => `${name} ${tool} ${d}`);
  found.forEach((d) => seen.add(d));
  const unlisted = found.filter((d) => !listed.includes(d));
  assert.deepEqual(unlisted, [], JSON.stringify(reply));
}

// What the API page describes in words where it prints no request.
const described = {
  describe_product: () => ({ product_id: 'connected_tv_prime' }),
  get_avails: () => ({ product_ids: ['connected_tv_prime'], start_date: '2024-02-01', end_date: '2024-02-10', budget: 22500 }),
  create_media_buy: (made) => ({ packages: [made.offer], total_budget: 22500 }),
  check_media_buy_status: (made) => ({ media_buy_id: made.buy }),
  get_media_buy_delivery: (made) => ({ media_buy_id: made.buy, start_date: '2024-02-01', end_date: '2024-02-10' }),
};

// A printed id stands for what was made before; a buy is made where a printed update names packages that none has.
async function asked(request, made) {
  const { tool } = request;
  let args = request.arguments ?? described[tool](made);
  if (args['*']) {
    const item = { ...args['*'] };
    if (tool === 'add_creative_assets') args = { media_buy_id: made.buy, assets: [{ ...item, package_assignments: made.packages }] };
    else args = { media_buy_id: made.buy, package_performance: [{ ...item, package_id: made.packages[0] }] };
  }
  args = structuredClone(args);
  const names = (args.packages ?? []).map((p) => p.package_id).filter((n) => n && !n.startsWith('pkg-'));
  if (args.media_buy_id && names.some((n) => !made.packages.includes(n))) {
    made.buy = (await send('create_media_buy', { packages: names, total_budget: 60000 })).media_buy_id;
    made.packages = names;
  }
  for (const id of names.length ? args.packages.flatMap((p) => p.creative_ids ?? []) : []) {
    await send('add_creative_assets', { media_buy_id: made.buy, assets: [{ creative_id: id, name: id, format: 'image', width: 300,
      height: 250, media_url: `https://cdn.example.com/${id}.png`, click_url: 'https://example.com/landing' }] });
  }
  if (args.media_buy_id) args.media_buy_id = made.buy;
  if (args.media_buy_ids) args.media_buy_ids = [made.buy];
  if (args.task_id) args.task_id = made.task;
  return args;
}

function remember(tool, args, reply, made) {
  const id = reply.media_buy?.id ?? reply.media_buy_id;
  if (tool === 'create_media_buy') {
    made.buy = id;
    made.packages = (args.packages ?? []).map((p) => p.package_id ?? p);
  }
  if (tool === 'get_avails') made.offer = reply.packages[0].package_id;
  if (tool === 'create_human_task') made.task = reply.task_id;
}

// The page says "admin only" of these.
const adminOnly = ['assign_task', 'complete_task', 'mark_task_complete', 'verify_task'];

for (const { document, part, requests } of documents.filter((d) => d.document !== 'storyboards')) {
  onStage(`${document}, ${part}`, async (t) => {
    const made = { packages: [] };
    for (const [i, request] of requests.entries()) {
      await t.test(`${document} ${i + 1}: ${request.tool}`, async () => {
        await setClock(document, i);
        // A task is completed once; the page does it twice to show two ways.
        if (request.tool === 'mark_task_complete')
          made.task = (await send('create_human_task', requests.find((r) => r.tool === 'create_human_task').arguments)).task_id;
        const args = await asked(request, made);
        const token = adminOnly.includes(request.tool) ? 'test-operator-token' : 'test-token';
        // Step 7 of the tutorial has the one header that is printed.
        const headers = document === 'tutorial' && request.tool === 'get_media_buys' ? { 'x-auto-advance': 'true' } : {};
        const reply = await send(request.tool, args, { token, headers });
        remember(request.tool, args, reply, made);
        if (request.reply) compare(document, request.tool, reply, request.reply);
      });
    }
  });
}

/* --- the storyboards of client 4.22.0 ------------------------------------------------------------------------ */

const below = (reply, where) => where.split(/[.[\]]+/).filter(Boolean).reduce((v, k) => v?.[k], reply);

for (const { part, requests } of documents.filter((d) => d.document === 'storyboards')) {
  onStage(`storyboards, ${part}`, async (t) => {
    const made = { packages: [] };
    for (const [i, request] of requests.entries()) {
      await t.test(`${part} ${i + 1}: ${request.tool}`, async () => {
        await setClock('storyboards', i);
        if (request.present.some((p) => p.endsWith('confirmed_at'))) await signed(made.buy);
        const args = await asked(request, made);
        const reply = await send(request.tool, args);
        remember(request.tool, args, reply, made);
        const missing = request.present.filter((where) => below(reply, where) === undefined);
        account('storyboards', request.tool, reply, missing.map((where) => `${where}: missing`));
      });
    }
  });
}

// "The human has reviewed the IO and signed it."
async function signed(buy) {
  const { tasks } = JSON.parse((await agent.cli('task', 'list', '--json')).stdout);
  const task = tasks.find((x) => x.media_buy_id === buy || x.subject_id === buy);
  const r = await agent.cli('task', 'approve', task.task_id);
  assert.equal(r.code, 0, r.stderr);
}

test('what README lists under "As printed" still differs', () => {
  assert.deepEqual(listed.filter((d) => !seen.has(d)), []);
});

test('requests.json is what the documents print', { skip: !process.env.SEEDS }, () => {
  const again = execFileSync('python3', [path.join(here, 'printed/extract.py'), process.env.SEEDS], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(again), documents);
});
