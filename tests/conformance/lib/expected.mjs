// expected.md: every step that does not pass, with the reason. The run and the list must say the same.
import { readFileSync, writeFileSync } from 'node:fs';

const intro = `# Steps that do not pass

Every step of the storyboards that is not passed, with the reason; for skips in the runner's own words. The
conformance run fails when this list and its outcome differ, in either direction. \`run.mjs --accept\` writes it anew,
for review like any other change.
`;

const clean = (text) => text.replace(/; agent tools: \[.*$/, '').replace(/\s+/g, ' ').replaceAll('|', '\\|').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1').trim();
export const keyOf = (s) => `${s.storyboard} / ${s.phase} / ${s.step}`;

// Map of "storyboard / phase / step" to { outcome, reason }.
export function readExpected(file) {
  const map = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const m = line.match(/^\| (\S+ \/ \S+ \/ \S+) \| (skipped|failed) \| (.*) \|$/);
    if (m) map.set(m[1], { outcome: m[2], reason: m[3] });
  }
  return map;
}

export function writeExpected(file, steps) {
  const rows = steps.filter((s) => s.outcome !== 'passed')
    .map((s) => `| ${keyOf(s)} | ${s.outcome} | ${clean(s.reason).slice(0, 400)} |`);
  const table = rows.length ? ['| storyboard / phase / step | outcome | reason |', '|---|---|---|', ...rows] : ['None.'];
  writeFileSync(file, `${intro}\n${table.join('\n')}\n`);
}
