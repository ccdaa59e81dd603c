// The public judges against the real binary. Prints TAP: one line for every step of every storyboard.
//
//   node tests/conformance/run.mjs [--only ID,...] [--accept] [--no-pin] [--verbose] [--jobs N]
//
// Each storyboard gets an agent of its own with a fresh publisher (publisher.json) and runs on it twice: the second run
// finds what the first left behind. More, each at another fresh publisher, pin every call to a newer line of AdCP. A step is "ok" when
// it passed, or when expected.md lists it with the same outcome; a listed step that passes is "not ok" too, so the list
// stays true. --accept writes that list and the README's table from the run.
import './lib/clock.mjs';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runJobs } from './lib/crew.mjs';
import { expectedText, keyOf, merged, readExpected } from './lib/expected.mjs';
import { Replies } from './lib/replies.mjs';
import { lines } from '../schema/published.mjs';
import { source } from './lib/schemas.mjs';
import { preparePublishers } from './lib/stage.mjs';
import { storyboards } from './lib/storyboards.mjs';

const here = import.meta.dirname;
const expectedFile = path.join(here, 'expected.md');
const readme = path.join(here, '../../README.md');
const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, accept: { type: 'boolean' }, verbose: { type: 'boolean' },
  jobs: { type: 'string', default: '5' }, 'no-pin': { type: 'boolean' } } });
const only = options.only?.split(',');
const work = mkdtempSync(path.join(tmpdir(), 'conformance-'));

let failures = 0;
function tap(ok, name, diagnosis) {
  if (!ok) failures++;
  console.log(`${ok ? 'ok' : 'not ok'} - ${name.replace(/[#\n]/g, ' ')}`);
  if (!ok && diagnosis) console.log(`# ${String(diagnosis).replace(/\n/g, ' ').slice(0, 1500)}`);
}

const items = storyboards();
const chosen = items.map((_, at) => at).filter((at) => !only
  || only.some((id) => [items[at].storyboard.id, items[at].group, items[at].group.split(' ').at(-1)].includes(id)));

// ---- what is to be run, the long ones first ----

const pins = lines.slice(1);

function jobs() {
  const judges = !only || only.includes('judges')
    ? [{ kind: 'fuzz' }, { kind: 'grade' }, { kind: 'forged_key' }] : [];
  const plain = chosen.map((at) => ({ kind: 'storyboard', at, times: items[at].only ? 1 : 2 }));
  // What is signed cannot be pinned on its way.
  const pinned = options['no-pin'] ? [] : chosen.filter((at) => items[at].storyboard.id !== 'signed_requests')
    .flatMap((at) => pins.map((pin) => ({ kind: 'storyboard', at, times: 1, pin })));
  const rest = only ? [] : [{ kind: 'rest' }, ...(options['no-pin'] ? [] : pins.map((pin) => ({ kind: 'rest', pin })))];
  const slow = (job) => job.at !== undefined && ['webhook_emission', 'idempotency'].includes(items[job.at].storyboard.id);
  const all = [...judges, ...plain, ...pinned, ...rest];
  return [...all.filter(slow), ...all.filter((job) => !slow(job))];
}

const played = new Map(); // place in items -> the result of its unpinned runs
const replies = new Replies();
const claimed = new Set(), answered = new Set();

const nameOf = (job) => [job.kind, job.at !== undefined ? items[job.at].storyboard.id : '', job.pin ?? ''].filter(Boolean).join(' ');

function finished(job, result) {
  if (options.verbose) console.log(`# ${result.seconds} s: ${nameOf(job)}`);
  if (result.trouble) return tap(false, `${nameOf(job)} runs, and its agent ends well`, result.trouble);
  for (const call of result.calls ?? []) {
    replies.judge(job.pin ?? '3.0', call);
    if (call.reply && !call.isError && !job.pin) answered.add(call.tool);
  }
  for (const tool of result.tools ?? []) claimed.add(tool);
  if (job.kind === 'storyboard' && !job.pin) played.set(job.at, result);
  if (job.kind === 'fuzz') reportFuzz(result);
  if (job.kind === 'grade') reportGrade(result);
  if (job.kind === 'forged_key') tap(result.passed, 'signed_requests: vector 025 sent to the agent', result.got);
}

// ---- the storyboards ----

// The steps of one of the two rounds, the runs of a storyboard put together.
function stepsOfRound(round) {
  const of = new Map();
  for (const at of chosen) {
    const run = played.get(at);
    if (!run) continue;
    const { storyboard, why } = items[at];
    of.set(storyboard.id, [...(of.get(storyboard.id) ?? []), { steps: run.rounds[round] ?? run.rounds[0], why }]);
  }
  return [...of.values()].flatMap(merged);
}

function compare(steps, expected, prefix) {
  for (const s of steps) {
    const listed = expected.get(keyOf(s));
    expected.delete(keyOf(s));
    const same = listed ? listed.outcome === s.outcome : s.outcome === 'passed';
    tap(same, `${prefix}${keyOf(s)}`, `${s.outcome}${listed ? `, listed as ${listed.outcome}` : ''}: ${s.reason}`);
    if (options.verbose && s.outcome === 'failed') {
      console.log(`#F ${keyOf(s)}: ${s.reason.slice(0, 600)}`);
      console.log(`#   asked ${JSON.stringify(s.raw.request?.payload ?? null)?.slice(0, 1500)}`);
      console.log(`#   reply ${JSON.stringify(s.raw.response ?? s.raw.response_record ?? null)?.slice(0, 1500)}`);
    }
  }
  if (!only) for (const key of expected.keys()) tap(false, `${prefix}${key}`, 'listed in expected.md, but there is no such step');
}

// ---- the other judges ----

function reportFuzz({ code, report, asked, text }) {
  for (const t of asked) {
    const wrong = report?.failures?.filter((f) => f.tool === t) ?? [];
    tap(report && wrong.length === 0, `fuzz ${t}`, wrong.map((f) => `${JSON.stringify(f).slice(0, 500)}`).join(' ; ') || text);
  }
  tap(code === 0, 'fuzz ends without failures', text);
}

function reportGrade({ code, report, text }) {
  for (const v of [...(report?.positive ?? []), ...(report?.negative ?? [])]) {
    if (v.skipped) console.log(`# grade request-signing left out ${v.kind} ${v.vector_id}: ${v.skip_reason}`);
    else tap(v.passed, `grade request-signing ${v.kind} ${v.vector_id}`, v.diagnostic);
  }
  tap(code === 0, 'grade request-signing', text);
}

// ---- the README's table ----

function groupsOf(steps) {
  const groups = new Map();
  const groupOf = new Map(items.map((i) => [i.storyboard.id, i.group]));
  for (const s of steps) {
    const name = groupOf.get(s.storyboard);
    const g = groups.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
    g[s.outcome]++;
    groups.set(name, g);
  }
  return groups;
}

function readmeText(groups) {
  const table = ['| storyboards | passed | failed | skipped |', '|---|---|---|---|',
    ...[...groups].map(([name, g]) => `| ${name} | ${g.passed} | ${g.failed} | ${g.skipped} |`)].join('\n');
  return readFileSync(readme, 'utf8').replace(/(<!-- conformance:begin -->\n)[^]*(<!-- conformance:end -->)/, `$1${table}\n$2`);
}

// ---- the run ----

await preparePublishers(work);
for (const line of lines) {
  if (!source(line)) tap(false, `there is something to judge AdCP ${line} by`, 'neither the published schemas (ADCP_SCHEMAS) nor schema_check (SCHEMA_CHECK)');
  else console.log(`# AdCP ${line} is judged by ${source(line)}`);
}
await runJobs(jobs(), { n: Number(options.jobs), work }, finished);

const steps = stepsOfRound(0);
if (options.accept) {
  writeFileSync(expectedFile, expectedText(steps));
  if (!only) writeFileSync(readme, readmeText(groupsOf(steps)));
} else {
  compare(steps, readExpected(expectedFile), '');
  compare(stepsOfRound(1), readExpected(expectedFile), 'second run: ');
  if (!only) {
    tap(readFileSync(expectedFile, 'utf8') === expectedText(steps), 'expected.md says what this run would', 'run.mjs --accept writes it');
    tap(readFileSync(readme, 'utf8') === readmeText(groupsOf(steps)), 'the README shows the outcome of this run', 'run.mjs --accept writes it');
  }
}
replies.report(tap);
if (!only) for (const tool of [...claimed].sort()) tap(answered.has(tool), `${tool} was exercised, and answered`);
for (const [name, g] of groupsOf(steps)) console.log(`# ${name}: ${g.passed} passed, ${g.failed} failed, ${g.skipped} skipped`);
if (failures) console.log(`# what the agents wrote is in ${work}`);
else rmSync(work, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
