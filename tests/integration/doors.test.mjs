// One corpus of calls through MCP, both mounts of REST and both generations of A2A, each door with an agent of its own that starts in
// the same state: the outcomes are identical. The corpus (corpus/) has for every tool of tools/list a success, a
// business error and a schema error, and for every write a replay; requests and replies are judged by the published
// schemas.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { source } from '../conformance/lib/schemas.mjs';
import { newest } from '../schema/published.mjs';
import { corpus } from './corpus/index.mjs';
import { Agent } from './lib/agent.mjs';
import { corpusData, Player, Schemas } from './lib/corpus.mjs';
import { doors, normalizer } from './lib/doors.mjs';

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const creative = (n) => ({ adcp_version: newest, idempotency_key: `doors-key-${String(n).padStart(8, '0')}`, account,
  creatives: [{ creative_id: `cr-${n}`, name: `Creative ${n}`, format_id: { agent_url: 'http://localhost', id: 'fmt-display-300x250' },
    assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
      click_url: { asset_type: 'url', url: 'https://acme.example/landing' } } }] });

const agents = {};
const work = mkdtempSync(path.join(tmpdir(), 'salesagent-doors-'));
let schemas;
before(async () => {
  const template = await corpusData();
  await Promise.all(Object.keys(doors).map(async (name, i) => {
    const data = path.join(work, String(i));
    cpSync(template, data, { recursive: true });
    agents[name] = await Agent.start({ data, args: ['--clock', '2026-03-09T14:30:00Z'] });
  }));
  rmSync(template, { recursive: true, force: true });
  schemas = await Schemas.of(agents.mcp);
});
after(async () => {
  await Promise.all(Object.values(agents).map((a) => a.stop()));
  rmSync(work, { recursive: true, force: true });
});

test('every tool of tools/list has its rows', () => {
  for (const t of schemas.tools) {
    const roles = new Set(corpus.filter((row) => row.tool === t.name).map((row) => row.role));
    const wanted = ['success', 'business', 'schema', ...(t.annotations.readOnlyHint ? [] : ['replay'])];
    assert.deepEqual(wanted.filter((role) => !roles.has(role)), [], `rows that ${t.name} lacks`);
  }
});

const outcomes = {};
for (const name of Object.keys(doors)) {
  test(`the corpus through ${name}`, async (t) => {
    t.diagnostic(`replies are judged by the OpenAPI document and ${source(newest) ?? 'nothing else'}`);
    const player = new Player(doors[name], agents[name], schemas);
    const normal = normalizer();
    outcomes[name] = [];
    for (const [i, row] of corpus.entries()) {
      const got = await player.play(row);
      // What an unknown tool is answered with differs by door; that it is unknown does not.
      outcomes[name].push({ label: `${i} ${row.tool}`, kind: got.kind, payload: got.kind === 'unknown' ? null : normal(got.payload) });
    }
  });
}

test('the outcomes are identical', () => {
  for (const name of Object.keys(doors)) {
    assert.equal(outcomes[name].length, corpus.length, name);
    for (const [i, o] of outcomes[name].entries()) {
      const wanted = structuredClone(outcomes.mcp[i]);
      if (name === 'rest api' && /^(failed|unauth)/.test(wanted.kind)) delete wanted.payload.status;
      assert.deepEqual(o, wanted, `${name}: ${o.label}`);
    }
  }
});

test('a key used through one door is replayed, or refused, through every other', async () => {
  const agent = agents.mcp;
  const names = Object.keys(doors);
  for (const [i, first] of names.entries()) {
    const args = creative(100 + i);
    const made = await doors[first](agent, 'sync_creatives', args);
    assert.equal(made.payload.replayed, undefined);
    for (const name of names) {
      const again = await doors[name](agent, 'sync_creatives', args);
      assert.deepEqual(again.payload, { ...made.payload, replayed: true }, `${first} then ${name}`);
      const other = await doors[name](agent, 'sync_creatives', { ...args, dry_run: true });
      assert.equal(other.payload.adcp_error.code, 'IDEMPOTENCY_CONFLICT');
    }
  }
});

test('the agent cards list the tools that MCP lists', async () => {
  const r = await agents.mcp.post('/mcp?schemas=full', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const tools = r.body.result.tools.map((x) => x.name);
  for (const version of ['0.3', '1.0']) {
    const card = await fetch(`${agents.mcp.base}/.well-known/agent-card.json`, { headers: { 'a2a-version': version } });
    assert.deepEqual((await card.json()).skills.map((s) => s.id), tools, version);
  }
});
