// Plays the corpus of the doors in every line of AdCP through MCP, REST and A2A, and writes what each operation answered as lines of
// JSON: {line, door, tool, reply}. Equal answers are written once. replies.py reads them.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { corpus } from '../integration/corpus/index.mjs';
import { Agent } from '../integration/lib/agent.mjs';
import { corpusData, Player } from '../integration/lib/corpus.mjs';
import { doors, normalizer } from '../integration/lib/doors.mjs';
import { lines } from '../schema/published.mjs';

const unjudged = { admits: () => true, wrong: () => null }; // other tests judge requests and outcomes
const template = await corpusData(), work = mkdtempSync(path.join(tmpdir(), 'salesagent-record-')), seen = new Set();

async function record(line, door) {
  const data = path.join(work, `${line}-${door}`);
  cpSync(template, data, { recursive: true });
  const agent = await Agent.start({ data, args: ['--clock', '2026-03-09T14:30:00Z'] });
  const normal = normalizer();
  const player = new Player(doors[door], agent, unjudged, line);
  player.schema = () => {}; // what the newest schemas refuse is another test's
  for (const row of corpus.filter((r) => !(r.since > line))) {
    const { kind, payload } = await player.play(row);
    if (kind !== 'ok' || row.role === 'else') continue; // the latter are in older shapes than AdCP 3
    const text = JSON.stringify([line, row.tool, normal(payload)]);
    if (!seen.has(text)) console.log(JSON.stringify({ line, door, tool: row.tool, reply: payload }));
    seen.add(text);
  }
  await agent.stop();
}

try {
  for (const line of lines) for (const door of ['mcp', 'rest', 'a2a 1.0']) await record(line, door);
} finally {
  for (const folder of [template, work]) rmSync(folder, { recursive: true, force: true });
}
