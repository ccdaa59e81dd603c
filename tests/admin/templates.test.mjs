// The compiler of templates refuses what could let a value out of its place.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const compiler = path.resolve(import.meta.dirname, '../../scripts/gen_templates');
const dir = mkdtempSync(path.join(tmpdir(), 'templates-'));
after(() => rmSync(dir, { recursive: true }));

const compile = (html) => {
  writeFileSync(path.join(dir, 'one.html'), html);
  return spawnSync(compiler, [path.join(dir, 'out.c'), path.join(dir, 'out.h'), path.join(dir, 'one.html')], { encoding: 'utf8' });
};

const refused = {
  'a value in a tag': ['<p {a}>x</p>', /no value can stand in a tag/],
  'a value as a tag': ['<{a}>x', /begins no tag/],
  'an unquoted value': ['<p class={a}>x</p>', /needs double quotes/],
  'a value in a comment': ['<!-- {a} -->', /comment/],
  'a script with something in it': ['<script>{a}</script>', /no value can stand in a script/],
  'a script of its own': ['<script>let a = 1</script>', /only with src/],
  'a stylesheet': ['<style>p {a}</style>', /not for templates/],
  'a style': ['<p style="width:{a}">x</p>', /style is refused/],
  'an event': ['<p onclick="x({a})">x</p>', /onclick is refused/],
  'a document in an attribute': ['<p srcdoc="{a}">x</p>', /srcdoc is refused/],
  'a frame': ['<iframe src="{a}"></iframe>', /only with a src of ours/],
  'a frame that is let out': ['<iframe src="/a" sandbox="allow-scripts allow-same-origin"></iframe>', /only with a src of ours/],
  'a frame of another host': ['<iframe src="https://a.example/" sandbox="allow-scripts"></iframe>', /only with a src of ours/],
  'a scheme that runs': ['<a href="javascript:{a}">x</a>', /does not say where it leads/],
  'a scheme that runs, as it is': ['<a href="javascript:x()">x</a>', /another scheme/],
  'another host by two slashes': ['<a href="//{a}">x</a>', /does not say where it leads/],
  'a host that is a value': ['<a href="https://{a}">x</a>', /does not say where it leads/],
  'two values as a URL': ['<a href="{a}{b}">x</a>', /does not say where it leads/],
  'a raw value': ['<p>{{a}}</p>', /a brace that belongs to no slot|neither a slot/],
  'another way to say raw': ['<p>{&a}</p>', /neither a slot/],
  'an unknown filter': ['<p>{a|raw}</p>', /no filter raw/],
  'a block that is left open': ['<p>{#if a}x</p>', /not closed/],
  'a block that ends in a tag': ['<p {#if a}class="x{/if}">x</p>', /ends in another place/],
  'branches that end apart': ['<p class="{#if a}x"{#else}y{/if}>', /ends in another place/],
  'an end in a tag': ['<p class="x', /ends inside a tag/],
  'a template that is not there': ['{#use none}', /no template none/],
};

for (const [what, [html, why]] of Object.entries(refused)) {
  test(`refused: ${what}`, () => {
    const r = compile(html);
    assert.equal(r.status, 1, r.stderr);
    assert.match(r.stderr, why);
    assert.match(r.stderr, /one\.html/);
  });
}

test('a value is written for the place where it stands', () => {
  const r = compile('<a href="{u}" title="{t}">{x}</a> <a href="/a/{i}?b={q}">{n|number}</a>{#if a}<b>{x}</b>{#else}-{/if}');
  assert.equal(r.status, 0, r.stderr);
  const kinds = [...readFileSync(path.join(dir, 'out.c'), 'utf8').matchAll(/\{TEMPLATE_(\w+), SHOW_(\w+)/g)].map((m) => m[1]).filter((k) => k !== 'LITERAL');
  assert.deepEqual(kinds, ['URL', 'ATTRIBUTE', 'TEXT', 'URL_PART', 'URL_PART', 'TEXT', 'IF', 'TEXT', 'JUMP']);
});

test('no page builds HTML in C', () => {
  const { stdout } = spawnSync('grep', ['-rlE', '"<[a-z/!]', path.resolve(import.meta.dirname, '../../src/admin'), '--include=*.c'], { encoding: 'utf8' });
  assert.equal(stdout, '');
});
