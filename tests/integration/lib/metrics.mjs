// Judges of /metrics: Prometheus' own promtool, and the OpenMetrics parser of its Python client (scripts/setup --test has both).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../../..');
const folder = (name) => execFileSync('bash', ['-c', `. scripts/lib.sh; ${name}`], { cwd: top }).toString().trim();

function pipe(program, args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {}); // it may not read to the end
    child.stdin.end(input ?? '');
  });
}

// Without a word: promtool's exit code does not tell about advice.
export async function promtool(text, args) {
  const { code, out, err } = await pipe(path.join(folder('unpacked_dir'), 'usr/bin/promtool'), args, text);
  assert.equal(code, 0, out + err);
  assert.equal(err.trim(), '', err);
  return out;
}

// The families of an OpenMetrics text by their types; throws what the parser throws.
export async function openmetrics(text) {
  const script = 'import json, sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n' +
    'print(json.dumps({f.name: f.type for f in parse(sys.stdin.read())}))';
  const { code, out, err } = await pipe(path.join(folder('tools_dir'), 'bin/python'), ['-c', script], text);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

// Samples of the text format: [{ name, labels, value }].
export function prometheus(text) {
  return text.split('\n').filter((l) => l && !l.startsWith('#')).map((l) => {
    const [, name, labels, value] = l.match(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/);
    return { name, value: Number(value), labels: Object.fromEntries([...(labels ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((x) => [x[1], x[2]])) };
  });
}
