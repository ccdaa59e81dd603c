// The documents that people read in order, run: each command as it stands there, in their order, on a machine that is made up. Folders
// are a test's own, systemd is a script that starts and stops the agent, and what only a package can do is left to the suite `package`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, binary } from './lib/agent.mjs';

const docs = path.resolve(import.meta.dirname, '../../docs');
const blocksOf = (page) => [...readFileSync(path.join(docs, `${page}.md`), 'utf8').matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));

// What a block is: run in the journey below ("journey"), or why it is not run here.
const known = {
  install: ['journey', 'copies files into /usr and /etc: a package does the same, in the suite `package`', 'journey', 'journey', 'journey',
    'a unit: the suite `package` and service.test.mjs', 'a unit'],
  backup: ['journey', 'settings', 'journey', 'litestream.test.mjs', 'litestream.test.mjs'],
  upgrade: ['journey', 'journey'],
  trouble: ['journey'],
  scaling: ['journey', 'journey'],
  health: ['journey'],
  configuration: ['journey', 'settings', 'settings; openid.test.mjs'],
  publisher: ['docs_publisher.test.mjs', 'docs_publisher.test.mjs', 'journey', 'needs a model'],
  buyers: ['a file of a client\'s settings', 'clients.test.mjs speaks so', 'the suite `python`', 'buyers', 'buyers'],
};

test('every block of commands in these documents is accounted for', () => {
  for (const [page, what] of Object.entries(known)) assert.equal(blocksOf(page).length, what.length, page);
});

const freePort = () => new Promise((resolve) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)); });
});

const systemctl = `#!/bin/bash
case $1 in
  start|restart) if [ "$1" = restart ]; then "$0" stop; fi
    salesagent serve >>"$MACHINE/journal" 2>&1 & echo $! >"$MACHINE/pid"
    for i in $(seq 300); do salesagent healthcheck >/dev/null 2>&1 && exit 0; sleep 0.1; done; cat "$MACHINE/journal"; exit 1 ;;
  stop) pid=$(cat "$MACHINE/pid"); kill "$pid"; for i in $(seq 300); do kill -0 "$pid" 2>/dev/null || exit 0; sleep 0.1; done; exit 1 ;;
  status) kill -0 "$(cat "$MACHINE/pid")" && echo "active (running)" ;;
  *) echo "systemctl $*: not on this machine" >&2; exit 1 ;;
esac
`;

// A machine with nothing on it but the program and these commands.
class Machine {
  static async make() {
    const m = new Machine();
    m.dir = mkdtempSync(path.join(tmpdir(), 'salesagent-machine-'));
    for (const d of ['bin', 'etc', 'backups', 'data', 'home']) mkdirSync(path.join(m.dir, d), { mode: 0o700 });
    const commands = { salesagent: `#!/bin/sh\nexec ${path.resolve(binary)} "$@"\n`, systemctl, apt: '#!/bin/sh\n[ "$1" = install ]\n', install: '#!/bin/sh\n[ "$1" = -m ]\n',
      journalctl: '#!/bin/sh\ntail -n 100 "$MACHINE/journal"\n' };
    for (const [name, text] of Object.entries(commands)) {
      writeFileSync(path.join(m.dir, 'bin', name), text);
      chmodSync(path.join(m.dir, 'bin', name), 0o755);
    }
    m.port = await freePort();
    writeFileSync(path.join(m.dir, 'etc/salesagent.conf'), `data=${m.dir}/data\nlisten=127.0.0.1:${m.port} agent desk\nlisten=127.0.0.1:${await freePort()} metrics\nlog=warn\n`);
    m.env = { PATH: `${m.dir}/bin:${process.env.PATH}`, HOME: path.join(m.dir, 'home'), MACHINE: m.dir, SALESAGENT_CONFIG: path.join(m.dir, 'etc/salesagent.conf'),
      ...(process.env.ASAN_OPTIONS ? { ASAN_OPTIONS: process.env.ASAN_OPTIONS } : {}), LC_ALL: 'C' };
    return m;
  }

  // As it is printed, but for the folders of a package.
  here(text) {
    return text.replaceAll('/var/backups/salesagent', `${this.dir}/backups`).replaceAll('/var/lib/salesagent', `${this.dir}/data`).replaceAll('/etc/salesagent', `${this.dir}/etc`);
  }

  // Each command, a line or several with backslashes; all must end well, and doctor may warn (docs/health.md: 4).
  async run(page, block, { instead = {} } = {}) {
    let said = '';
    for (const line of this.here(blocksOf(page)[block].text).replace(/\\\n/g, ' ').split('\n').filter((l) => l.trim() && !l.startsWith('#'))) {
      const command = instead[line.trim()] ?? line;
      try {
        const { stdout } = await promisify(execFile)('bash', ['--norc', '-eu', '-c', command], { cwd: path.join(this.dir, 'home'), env: this.env, maxBuffer: 1 << 24, timeout: 120000 });
        said += `${stdout}\n`;
      } catch (e) {
        const warns = /^salesagent doctor/.test(command) && (e.code === 4 || e.code === 1); // it looks at what this machine lacks
        assert.ok(warns, `${page}: ${command}: ${e.code} ${e.stdout} ${e.stderr}`);
        said += `${e.stdout}\n`;
      }
    }
    return said;
  }

  // What stands between the lines of a page, but for what has a place to fill in.
  async inline(page) {
    const commands = [...readFileSync(path.join(docs, `${page}.md`), 'utf8').matchAll(/`(salesagent [a-z][^`\n]*)`/g)].map((m) => m[1]).filter((c) => !/[A-Z]{2}/.test(c));
    assert.ok(commands.length > 5, page);
    for (const command of commands) {
      await promisify(execFile)('bash', ['--norc', '-eu', '-c', command], { cwd: path.join(this.dir, 'home'), env: this.env, timeout: 120000 }).catch((e) => {
        assert.ok(/^salesagent doctor/.test(command) && [1, 4].includes(e.code), `${page}: ${command}: ${e.code} ${e.stdout} ${e.stderr}`);
      });
    }
  }

  async stop() {
    try { process.kill(Number(readFileSync(path.join(this.dir, 'pid'), 'utf8'))); } catch { /* it is not running */ }
    await new Promise((r) => setTimeout(r, 500));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

test('from the package to the first buyer, backup, restore, upgrade, and to another machine: as the documents say', { timeout: 600000 }, async (t) => {
  const here = await Machine.make(), there = await Machine.make();
  t.after(async () => { await here.stop(); await there.stop(); });

  const removal = blocksOf('publisher')[2].text.split('\n').find((l) => l.startsWith('salesagent publisher remove'));
  const [, , { text: answered }] = blocksOf('install'); // init without questions, as that page has it further down
  assert.match(await here.run('install', 0, { instead: { 'salesagent init': answered } }), /ready/);
  assert.match(await here.run('install', 3), /token +sa_\S+/);
  await here.run('install', 4);
  assert.ok(existsSync(path.join(here.dir, 'home/publisher.json')));
  assert.match(await here.run('configuration', 0), /the settings can be used|listen/);
  assert.match(await here.run('health', 0), /"checks"|database/);
  assert.match(readFileSync(path.join(here.dir, 'home/support.txt'), 'utf8'), /salesagent/);

  await here.run('backup', 0);
  assert.ok(existsSync(path.join(here.dir, 'backups/today.db.json')));
  assert.match(await here.run('backup', 2), /held|released/);
  await here.inline('going-live');
  await here.run('upgrade', 0);
  await here.run('upgrade', 1);
  assert.match(await here.run('trouble', 0), /the trail is whole/);

  assert.match(await here.run('publisher', 2, { instead: { [removal]: 'true' } }), /the-weekly/); // it moves first
  await here.run('scaling', 0);
  await there.run('install', 0, { instead: { 'salesagent init': answered } });
  for (const more of ['', '.json', '.key']) {
    const name = `the-weekly.publisher${more}`;
    writeFileSync(path.join(there.dir, 'home', name), readFileSync(path.join(here.dir, 'data', name)), { mode: 0o600 });
  }
  await there.run('scaling', 1);
  const { stdout } = await promisify(execFile)('salesagent', ['publisher', 'list', '--json'], { env: there.env });
  assert.match(stdout, /"the-weekly"/);
  await promisify(execFile)('bash', ['-c', removal], { env: here.env });
});

test('what docs/buyers.md prints for the shell and for Python works against a sandbox', { timeout: 120000 }, async (t) => {
  const agent = await Agent.start();
  t.after(() => agent.stop());
  const [, , , python, shell] = blocksOf('buyers').map(({ text }) => text.replaceAll('localhost:8000', new URL(agent.base).host));
  const { stdout: said } = await promisify(execFile)('bash', ['-eu', '-c', shell], { maxBuffer: 1 << 24 });
  assert.match(said, /"products"/);
  assert.match(said, /"media_buys"/);
  assert.match(said, /"jsonrpc"/);
  assert.doesNotMatch(said, /"isError":true|"error":\{/);
  const { stdout: products } = await promisify(execFile)('python3', ['-c', python], { maxBuffer: 1 << 24 });
  assert.match(products, /product_id/);
});
