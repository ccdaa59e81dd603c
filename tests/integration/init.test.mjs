// salesagent init: from an empty folder to the first get_products, told by flags or asked.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { Agent, binary, cli } from './lib/agent.mjs';

const run = promisify(execFile);

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-init-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, 'data');
}

test('told by flags: a publisher, a product, two tokens, and a line to try that works as it is', async (t) => {
  const data = folder(t);
  const made = await cli('init', '--name', 'The Daily News', '--domain', 'news.example', '--currency', 'EUR', '--timezone', 'Europe/Berlin', '--cpm', '12.5', '--ad-server', 'house', '--data', data);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^publisher the-daily-news is made\.$/m);
  assert.match(made.stdout, /ad server +Built-in ad server$/m);
  assert.equal(statSync(path.join(data, 'salesagent.db')).mode & 0o077, 0);
  const line = made.stdout.match(/^ {2}(curl [^\n]*\\\n[^\n]*)$/m)[1];
  const admin = made.stdout.match(/administrator +admin +token (sa_\S+)/)[1];
  const agent = await Agent.start({ data, sandbox: false });
  try {
    const { port } = new URL(agent.base);
    const { stdout } = await run('bash', ['-c', line.replace('localhost:8000', `127.0.0.1:${port}`)]);
    const [product] = JSON.parse(stdout).result.structuredContent.products;
    assert.deepEqual([product.product_id, product.pricing_options[0].fixed_price, product.pricing_options[0].currency], ['run-of-site-display', 12.5, 'EUR']);
    assert.equal((await agent.call('x_task_list', {}, { token: admin })).body.result.isError ?? false, false);
    assert.equal((await agent.call('x_task_list', {}, { token: 'sa_wrong' })).status, 401);
    assert.equal((await agent.cli('healthcheck')).code, 0);
    const again = await agent.cli('init', '--name', 'Another', '--domain', 'another.example', '--ad-server', 'house');
    assert.deepEqual([again.code, /a publisher here already/.test(again.stderr)], [1, true]);
  } finally {
    await agent.stop();
  }
});

test('each kind of ad server has a first product', async (t) => {
  const settings = {
    manual: {}, house: {}, kevel: { api_key: 'k', priorities: { guaranteed: 1 } },
    gam: { network_code: '123', trafficker_id: 1, oauth: { client_id: 'c', client_secret: 's', refresh_token: 'r' } },
    triton: { username: 'ada', password: 'x', time_zone: 'Europe/Berlin' },
  };
  for (const [kind, its] of Object.entries(settings)) {
    const data = folder(t), file = path.join(path.dirname(data), 'settings.json');
    writeFileSync(file, JSON.stringify(its));
    const args = ['init', '--name', 'N', '--domain', 'n.example', '--timezone', 'Europe/Berlin', '--ad-server', kind, '--ad-server-settings', file, '--data', data];
    if (kind === 'triton') {
      const missing = await cli(...args);
      assert.deepEqual([missing.code, /--station is needed/.test(missing.stderr)], [2, true], missing.stderr);
      args.push('--station', 'WXYZ-FM');
    }
    const made = await cli(...args);
    assert.equal(made.code, 0, `${kind}: ${made.stderr}`);
    const product = kind === 'triton' ? 'run-of-station-audio' : 'run-of-site-display';
    assert.match(made.stdout, new RegExp(`first product +${product},`));
    const agent = await Agent.start({ data, sandbox: false });
    try {
      const [, token] = made.stdout.match(/first-buyer +token (\S+)/);
      const { body } = await agent.call('get_products', { adcp_version: '3.1', buying_mode: 'wholesale' }, { token });
      assert.deepEqual(body.result.structuredContent.products.map((p) => p.product_id), [product], kind);
    } finally {
      await agent.stop();
    }
  }
  const wrong = await cli('init', '--name', 'N', '--domain', 'n.example', '--ad-server', 'house', '--station', 'X', '--data', folder(t));
  assert.deepEqual([wrong.code, wrong.stderr], [2, 'error: init: --station is for the ad server triton\n']);
});

test('what is wrong or missing is said, and nothing is made', async (t) => {
  const data = folder(t);
  const missing = await cli('init', '--name', 'X', '--data', data);
  assert.deepEqual([missing.code, missing.stderr], [2, 'error: init: --domain is needed\n']);
  for (const [flag, value, says] of [['--currency', 'Euro', /currency/], ['--timezone', 'Mars/Olympus', /timezone|time zone/], ['--cpm', '1,50', /--cpm is an amount/],
    ['--ad-server', 'none', /no ad server adapter/], ['--ad-server', 'mock', /for a sandbox only[^]*Choose house/], ['--ad-server', 'kevel', /api_key/],
    ['--ad-server-settings', '/nowhere', /cannot be read/], ['--host', 'https://x', /without scheme and port/]]) {
    const r = await cli('init', '--name', 'X', '--domain', 'x.example', '--ad-server', 'manual', flag, value, '--data', data);
    assert.equal(r.code, 1, flag);
    assert.match(r.stderr, says);
  }
  const silent = await cli('init', '--name', 'X', '--domain', 'x.example', '--data', data);
  assert.deepEqual([silent.code, silent.stderr], [2, 'error: init: --ad-server is needed\n']); // none is chosen silently
  const made = await cli('init', '--name', 'X', '--domain', 'x.example', '--ad-server', 'manual', '--json', '--data', data);
  assert.equal(JSON.parse(made.stdout).publisher, 'x', made.stderr);
});

test('at a terminal it asks, and an empty answer takes what is offered', (t) => {
  const data = folder(t);
  const script = 'import pty, sys, os\nanswers = [b"My Site", b"site.example", b"", b"", b"EUR", b"", b"house", b""]\n' +
    'def read(fd):\n  d = os.read(fd, 4096)\n  n = d.count(b": ") if d.rstrip(b" ").endswith(b":") else 0\n' +
    '  if n and answers: os.write(fd, answers.pop(0) + b"\\n")\n  return d\n' +
    'sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read, lambda fd: b"")))\n';
  const { status, stdout } = spawnSync('python3', ['-c', script, binary, 'init', '--data', data], { encoding: 'utf8', input: '' });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /Name of the publisher: /);
  assert.match(stdout, /Host name under which buyers reach the agent \[sales\.site\.example\]: /);
  assert.match(stdout, /10\.00 EUR a thousand/);
});

test('--demo is the demo publisher', async (t) => {
  const data = folder(t);
  assert.match((await cli('init', '--demo', '--data', data)).stdout, /test-token/);
});
