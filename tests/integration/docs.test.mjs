// The documents that people read: every command in them is one that the program has, with options it knows, every link leads
// somewhere, and every setting exists.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { cli } from './lib/agent.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const pages = ['install', 'publisher', 'proxy', 'backup', 'going-live', 'upgrade', 'trouble', 'scaling', 'health', 'metrics', 'configuration', 'import'];
const text = (page) => readFileSync(path.join(top, 'docs', `${page}.md`), 'utf8');

// Words as a shell would part them, up to what ends a command.
const words = (line) => (line.replace(/ +#.*$/, '').match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((w) => w.replace(/^["']|["']$/g, ''));

test('commands', async () => {
  const help = new Map();
  const helpOf = async (command) => {
    if (!help.has(command)) help.set(command, await cli(command, '--help'));
    return help.get(command);
  };
  let seen = 0;
  for (const page of pages) {
    const code = [...text(page).matchAll(/```(?:sh)?\n([^]*?)```/g)].flatMap((m) => m[1].split('\n'));
    const inline = [...text(page).matchAll(/`(salesagent [a-z][^`\n]*)`/g)].map((m) => m[1]);
    for (const line of [...code, ...inline]) {
      const all = words(line), at = all.findIndex((w) => /(^|\/)salesagent$/.test(w));
      if (at !== 0) continue;
      const [, command, ...rest] = all;
      if (!command || command.startsWith('-') || command === 'COMMAND') continue;
      const { code: exit, stdout } = await helpOf(command);
      assert.equal(exit, 0, `${page}: ${line}`);
      for (const w of rest) {
        if (w === '>' || w === '|') break;
        if (w.startsWith('--') && w !== '--help') assert.ok(stdout.includes(w.split('=')[0]), `${page}: ${command} does not know ${w}: ${line}`);
      }
      const verb = rest[0] ?? '';
      const verbs = stdout.match(/^Usage: salesagent [a-z]+ +([a-z]+(?: \[?-?-?[^|\n]*)? *\|.*)$/m);
      if (verbs && /^[a-z]+$/.test(verb)) assert.ok(stdout.includes(verb), `${page}: ${command} has no ${verb}`);
      seen++;
    }
  }
  assert.ok(seen > 40, String(seen));
});

test('links', () => {
  const anchor = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replace(/ /g, '-');
  for (const file of [...pages.map((p) => `docs/${p}.md`), 'README.md']) {
    const from = path.join(top, file);
    for (const [, target] of readFileSync(from, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [where, heading] = target.split('#'), to = where ? path.resolve(path.dirname(from), where) : from;
      assert.ok(existsSync(to), `${file}: ${target}`);
      if (!heading) continue;
      const headings = [...readFileSync(to, 'utf8').matchAll(/^#+ (.*)$/gm)].map((m) => anchor(m[1]));
      assert.ok(headings.includes(heading), `${file}: ${target}: ${headings}`);
    }
  }
});

test('settings', async () => {
  const known = new Set([...(await cli('config', 'example')).stdout.matchAll(/^#?([a-z_]+)=/gm)].map((m) => m[1]));
  for (const page of pages) {
    for (const block of text(page).matchAll(/```\n([^]*?)```/g)) {
      for (const [, key] of block[1].matchAll(/^([a-z_]+)=/gm)) assert.ok(known.has(key), `${page}: ${key}`);
    }
  }
  assert.ok(readdirSync(path.join(top, 'docs')).length > pages.length);
});
