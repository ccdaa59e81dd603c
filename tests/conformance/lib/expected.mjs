// expected.md: every step that does not pass, with the reason. The run and the list must say the same.
import { readFileSync } from 'node:fs';
import { secondBuyer } from './storyboards.mjs';

const intro = `# Steps that do not pass

Every step of the storyboards that is not passed, with the reason; for skips in the runner's own words. The
conformance run fails when this list and its outcome differ, in either direction. \`run.mjs --accept\` writes it anew,
for review like any other change.
`;

const secondIntro = `## Steps that need a run of their own

These pass, but not in the first run of their storyboard: the runner skips them there, and they are reached as told.
`;

const buyersIntro = `## Second runs

Every storyboard runs a second time, straight after the first, on the same agent and data, with the same outcome. Of these
the second run is another buyer's, because no agent could pass them twice for one:
`;

// What the runner's own words leave open.
const notes = {
  'signed_requests / negative_vectors / negative-025-jwk-alg-crv-mismatch':
    'the runner puts this vector to the SDK\'s own verifier and never asks the agent; lib/forged_key.mjs does ("vector 025 sent to the agent")',
};

const clean = (text) => text.replace(/; agent tools: \[.*$/, '').replace(/\s+/g, ' ').replaceAll('|', '\\|').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1').trim();
export const keyOf = (s) => `${s.storyboard} / ${s.phase} / ${s.step}`;

const order = ['skipped', 'passed', 'failed'];

// The runs of one storyboard as one list of steps: what a further run reaches is no longer skipped, and a failure
// anywhere is a failure. runs: [{ steps, why }], the storyboard's first run first.
export function merged(runs) {
  const steps = new Map();
  for (const { steps: list, why } of runs) {
    for (const s of list) {
      const have = steps.get(keyOf(s));
      if (!have) steps.set(keyOf(s), s);
      else if (order.indexOf(s.outcome) > order.indexOf(have.outcome)) steps.set(keyOf(s), { ...s, why });
    }
  }
  return [...steps.values()];
}

// Map of "storyboard / phase / step" to { outcome, reason }.
export function readExpected(file) {
  const map = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const m = line.match(/^\| (\S+ \/ \S+ \/ \S+) \| (skipped|failed) \| (.*) \|$/);
    if (m) map.set(m[1], { outcome: m[2], reason: m[3] });
  }
  return map;
}

const table = (head, rows) => rows.length ? [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n') : 'None.';

export function expectedText(steps) {
  const rows = steps.filter((s) => s.outcome !== 'passed').map((s) => {
    const note = notes[keyOf(s)] ? `; ${notes[keyOf(s)]}` : '';
    return `| ${keyOf(s)} | ${s.outcome} | ${clean(s.reason).slice(0, 400)}${note} |`;
  });
  const second = steps.filter((s) => s.outcome === 'passed' && s.why).map((s) => `| ${keyOf(s)} | ${s.why} |`);
  return `${intro}\n${table(['storyboard / phase / step', 'outcome', 'reason'], rows)}\n`
    + `\n${secondIntro}\n${table(['storyboard / phase / step', 'how'], second)}\n`
    + `\n${buyersIntro}\n${table(['storyboard', 'because it'], Object.entries(secondBuyer).map((row) => `| ${row.join(' | ')} |`))}\n`;
}
