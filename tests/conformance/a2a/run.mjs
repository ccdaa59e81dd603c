// Storyboards over A2A beside MCP: a step that passes over MCP passes over A2A too, or expected.md says why not. Prints
// TAP: a line for every step that passes over MCP.
//
//   node tests/conformance/a2a/run.mjs [--only ID,...] [--verbose]
//
// Both runs of a storyboard begin with a fresh publisher.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, cli } from '../../integration/lib/agent.mjs';
import { keyOf } from '../lib/expected.mjs';
import { GovernanceAgent } from '../lib/governance.mjs';
import { run, stepsOf, storyboards } from '../lib/storyboards.mjs';

const here = import.meta.dirname;
const { values: options } = parseArgs({ options: { only: { type: 'string' }, verbose: { type: 'boolean' } } });
process.env.ADCP_SKIP_VERSION_CHECK = '1';
process.env.STORYBOARD_TASK_POLL_INTERVAL_MS = '300';
process.env.STORYBOARD_TASK_POLL_TIMEOUT_MS = '10000';
const work = mkdtempSync(path.join(tmpdir(), 'conformance-a2a-'));
const template = path.join(work, 'template');
const made = await cli('import', '--sandbox', path.join(here, '../publisher.json'), '--data', template);
if (made.code !== 0) throw new Error(`publisher.json does not import: ${made.stderr}`);

let nextData = 0;
async function steps(item, protocol) {
  const data = path.join(work, `data-${nextData++}`);
  cpSync(template, data, { recursive: true });
  const governed = item.storyboard.phases.some((p) => p.steps.some((s) => s.task === 'sync_plans'));
  const governance = governed ? await GovernanceAgent.start() : null;
  const agent = await Agent.start({ data });
  try {
    return stepsOf(await run(protocol === 'mcp' ? agent.url : agent.base, item,
      { token: 'demo-acme-outdoor-v1', governance: governance?.url, protocol }));
  } finally {
    await agent.stop();
    await governance?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

// "| storyboard / phase / step | reason |", where phase and step may be *.
const rows = [...readFileSync(path.join(here, 'expected.md'), 'utf8').matchAll(/^\| (\S+) \/ (\S+) \/ (\S+) \| (.+) \|$/gm)]
  .map((m) => ({ parts: m.slice(1, 4), used: false })).filter((r) => r.parts[0] !== 'storyboard');
function listed(step) {
  const names = [step.storyboard, step.phase, step.step];
  const row = rows.find((r) => r.parts.every((p, i) => p === '*' || p === names[i]));
  if (row) row.used = true;
  return row;
}

let failures = 0;
function tap(ok, name, why) {
  if (!ok) failures++;
  console.log(`${ok ? 'ok' : 'not ok'} - ${name.replace(/[#\n]/g, ' ')}`);
  if (!ok && why) console.log(`# ${why.replace(/\s+/g, ' ').slice(0, 900)}`);
}

const only = options.only?.split(',');
const items = storyboards().filter((i) => !i.publisher).filter((i) => !only || only.includes(i.storyboard.id));
function compare(over, throughMcp) {
  const steps = new Map(over.map((s) => [keyOf(s), s]));
  for (const m of throughMcp.filter((s) => s.outcome === 'passed')) {
    const a = steps.get(keyOf(m));
    const same = a?.outcome === 'passed';
    tap(same !== Boolean(!same && listed(m)), keyOf(m), `over A2A: ${a ? `${a.outcome}: ${a.reason}` : 'no such step'}`);
    if (!same && options.verbose) {
      console.log(`#   asked ${JSON.stringify(a?.raw.request?.payload ?? null)?.slice(0, 800)}`);
      console.log(`#   reply ${JSON.stringify(a?.raw.response ?? null)?.slice(0, 800)}`);
    }
  }
}

// These mostly wait (for a webhook's second attempt, for a person's decision), so they wait beside all others.
const idle = ['webhook_emission', 'sales_guaranteed'];
const waits = (item) => idle.includes(item.storyboard.id);
const busy = items.filter((i) => !waits(i));
let next = 0;
async function worker() {
  while (next < busy.length) {
    const item = busy[next++];
    compare(await steps(item, 'a2a'), await steps(item, 'mcp'));
  }
}
await Promise.all([worker(), worker(),
  ...items.filter(waits).map(async (item) => compare(...await Promise.all([steps(item, 'a2a'), steps(item, 'mcp')])))]);
if (!only) for (const r of rows) tap(r.used, `expected.md: ${r.parts.join(' / ')}`, 'is listed, but nothing differs there');
rmSync(work, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
