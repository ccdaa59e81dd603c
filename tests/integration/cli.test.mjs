// The command line through the real binary: every command and verb, its help, its JSON, its exit codes, completion; and
// the life of a token.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, binary, cli } from './lib/agent.mjs';

const CLOCK = '2026-03-09T14:30:00Z';
let agent, dir, hook, task, creative, other;
const done = new Set(); // "task list", ...: what has worked

const json = async (...args) => {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, `${args.join(' ')}: ${r.stderr}`);
  done.add(args.slice(0, 2).join(' '));
  return JSON.parse(r.stdout);
};

const commands = async () => [...(await cli('--help')).stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map((m) => m[1]);

before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'salesagent-cli-'));
  agent = await Agent.start({ data: path.join(dir, 'data'), args: ['--clock', CLOCK] });
  for (let i = 0; i < 3; i++) {
    const r = await agent.call('create_media_buy', { name: `Buy ${i}`, total_budget: 5000, packages: [{
      product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 5000, start_date: '2026-04-01',
      end_date: '2026-04-30', creative_format_ids: ['fmt-display-300x250'] }] });
    const id = JSON.stringify(r.body).match(/mb-[0-9a-z]+/)[0];
    await agent.call('sync_creatives', { media_buy_id: id, creatives: [{ name: `Banner ${i}`, format_id: 'fmt-display-300x250',
      click_url: 'https://devtool.example/', assets: [{ role: 'primary', mime_type: 'image/png', width: 300, height: 250,
        file_size_bytes: 87500, url: `https://cdn.devtool.example/${i}.png` }] }] });
  }
  task = (await json('task', 'list')).tasks.find((t) => t.kind === 'create_media_buy').task_id;
  [creative, other] = (await json('creative', 'list')).creatives.map((c) => c.creative_id);
});

after(async () => {
  await agent.stop();
  hook.close();
  rmSync(dir, { recursive: true, force: true });
});

test('every command helps, names its exit codes, and refuses what it does not know', async () => {
  const all = await commands();
  assert.ok(all.length >= 16, all.join(' '));
  for (const c of all) {
    const help = await cli(c, '--help');
    assert.equal(help.code, 0, c);
    assert.match(help.stdout, new RegExp(`^Usage: salesagent ${c}\\b`), c);
    assert.match(help.stdout, /Exit codes: 0 /, c);
    assert.equal(help.stderr, '', c);
    const bad = await cli(c, '--no-such-option');
    assert.equal(bad.code, 2, c);
    assert.match(bad.stderr, /^error: /, c);
    assert.equal(bad.stdout, '', c);
  }
  assert.equal((await cli()).code, 2);
  assert.equal((await cli('no-such-command')).code, 2);
});

// [words] that work on this agent, in an order in which each can; `null` in the place of what the test makes.
const verbs = () => [
  ['task', 'list'], ['task', 'list', '--state', 'all'], ['task', 'queue'], ['buy', 'list'], ['task', 'show', task], ['task', 'assign', task, '--to', 'ann'],
  ['task', 'comment', task, 'looks fine'], ['task', 'set', task, '--priority', 'high', '--due', '2026-03-12T00:00:00Z'],
  ['task', 'approve', task],
  ['creative', 'list'], ['creative', 'show', creative], ['creative', 'preview', creative],
  ['creative', 'reject', other, '--reason', 'no'],
  ['creative', 'approve', creative], ['creative', 'suspend', creative, '--reason', 'later'],
  ['rule', 'add', '--name', 'A', '--then', 'auto', '--amount-over', '1000000'], ['rule', 'list'],
  ['rule', 'test', 'create_media_buy', '--amount', '5'],
  ['user', 'add', 'ann', '--role', 'viewer'], ['user', 'set', 'ann', '--role', 'operator'], ['user', 'list'],
  ['user', 'me'], ['user', 'link', 'ann'], ['user', 'sessions'], ['publisher', 'today'],
  ['principal', 'add', 'acme', '--dialect', 'adcp-3.1'], ['principal', 'set', 'acme', '--name', 'Acme'], ['principal', 'list'],
  ['token', 'add', 'ann', '--label', 'laptop'], ['token', 'list'], ['token', 'list', '--principal', 'ann'],
  ['tenant', 'show'], ['publisher', 'show'], ['publisher', 'set', '--name', 'Demo'],
  ['adapter', 'list'], ['adapter', 'test'], ['adapter', 'show', 'mock'], ['adapter', 'items', 'mock'],
  ['adapter', 'set', 'mock', '--settings', '{"noise_percent": 1}'], ['health', 'show'], ['health', 'check'], ['agent', 'show'],
  ['product', 'list'], ['product', 'show', 'prod-tech-display-001'], ['product', 'add', 'copied', '--copy-of', 'prod-tech-display-001'],
  ['product', 'set', 'copied', '--product', '{"name": "Copied"}'], ['product', 'on-sale', 'copied'], ['product', 'off-sale', 'copied'],
  ['product', 'remove', 'copied'], ['product', 'try', 'video'], ['product', 'days'], ['product', 'formats'], ['product', 'properties'],
  ['product', 'format-set', 'half-page', '--size', '300x600', '--name', 'Half page'], ['product', 'format', 'half-page'],
  ['product', 'property-set', 'news', '--domain', 'news.example'], ['product', 'property', 'news'],
  ['product', 'fits', 'prod-tech-display-001', '1000', '--from', '2026-04-01', '--to', '2026-04-30'], ['sales', 'list', '--from', '2026-03-01', '--to', '2026-03-31'],
  ['slot', 'set', 'roof', '--property', 'prop-001', '--sizes', '728x90'], ['slot', 'list'], ['slot', 'remove', 'roof'], ['ads', 'report'], ['ads', 'why'],
  ['job', 'list'], ['quarantine', 'list'], ['key', 'list'], ['key', 'rotate'],
  ['audit', 'list'], ['audit', 'show', '1'], ['audit', 'export'], ['audit', 'verify'], ['audit', 'head'],
];

test('every verb does its work, and says it in JSON', async () => {
  for (const words of verbs()) {
    const r = await agent.cli(...words, '--json');
    assert.equal(r.code, 0, `${words.join(' ')}: ${r.stderr}`);
    done.add(words.slice(0, 2).join(' '));
    for (const line of words[1] === 'export' ? r.stdout.trim().split('\n') : [r.stdout]) assert.ok(JSON.parse(line), words.join(' '));
  }
  const rule = (await json('rule', 'list')).rules[0].rule_id;
  for (const words of [['rule', 'move', rule, '1'], ['rule', 'remove', rule]]) await json(...words);
  const second = (await json('task', 'list')).tasks.find((t) => t.kind === 'create_media_buy').task_id;
  assert.equal((await json('task', 'reject', second, '--reason', 'no')).task.decision, 'rejected');
  // A job that is done: a person is told of a new task.
  hook = createServer((req, res) => { req.resume(); res.end('ok'); });
  await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
  await json('publisher', 'set', '--settings', JSON.stringify({ notifications: { webhook_url: `http://127.0.0.1:${hook.address().port}/` } }));
  await agent.call('create_media_buy', { name: 'One more', total_budget: 5000, packages: [{ product_id: 'prod-tech-display-001',
    pricing_option_id: 'price-001', budget: 5000, start_date: '2026-04-01', end_date: '2026-04-30' }] });
  let told;
  for (const end = Date.now() + 15000; !told && Date.now() < end;) [told] = (await json('job', 'list', '--state', 'done')).jobs;
  assert.equal((await json('job', 'show', told.job_id)).job.state, 'done');
  assert.ok((await json('job', 'redeliver', told.job_id)).job);
  const minted = (await json('token', 'add', 'ann')).token.token_id;
  for (const words of [['set', minted, '--label', 'desk', '--may-decide'], ['rotate', minted, '--grace-hours', '1'], ['revoke', minted]]) await json('token', ...words);
  const [{ media_buy_id }] = (await json('buy', 'list')).media_buys;
  await json('buy', 'show', media_buy_id);
  for (const verb of ['plan', 'look']) await json('adapter', verb, media_buy_id);
  // A session to be ended: as a browser opens it.
  const { url } = await json('user', 'link', 'ann');
  assert.equal((await fetch(url, { method: 'POST', redirect: 'manual', headers: { origin: new URL(url).origin } })).status, 303);
  const [{ session_id }] = (await json('user', 'sessions', '--user', 'ann')).sessions;
  await json('user', 'sign-out', session_id);
  assert.deepEqual((await json('user', 'sessions', '--user', 'ann')).sessions, []);
  // A password is no argument, which others could see.
  const given = promisify(execFile)(path.resolve(binary), ['user', 'password', 'ann', '--data', agent.data, '--json']);
  given.child.stdin.end('a sentence that ann will not forget\n');
  assert.ok(JSON.parse((await given).stdout));
  done.add('user password');
  const backup = path.join(dir, 'copy.db');
  assert.ok((await json('backup', backup)).bytes > 0 && existsSync(backup));
  const exported = await agent.cli('export');
  assert.ok(JSON.parse(exported.stdout));
  const call = await agent.cli('call', 'get_products', '{"brief": "display"}');
  assert.ok(JSON.parse(call.stdout));
});

test('without --json the same verbs print for people', async () => {
  for (const words of verbs().filter((w) => ['list', 'show', 'verify', 'head'].includes(w[1]))) {
    const r = await agent.cli(...words);
    assert.equal(r.code, 0, `${words.join(' ')}: ${r.stderr}`);
    assert.ok(r.stdout.length > 0, words.join(' '));
  }
});

test('exit codes: 1 refused, 2 wrong usage, 3 no agent', async () => {
  const refused = [['task', 'show', 'task-none'], ['task', 'approve', 'task-none'], ['task', 'approve', task], ['creative', 'show', 'none'],
    ['creative', 'approve', 'none'], ['rule', 'remove', 'rule-none'],
    ['user', 'add', 'ann'], ['user', 'set', 'nobody', '--role', 'viewer'], ['user', 'password-remove', 'nobody'], ['user', 'email', 'nobody', 'a@b.example'], ['user', 'email-remove', 'nobody'], ['user', 'totp', 'nobody'],
    ['user', 'totp-confirm', 'nobody', '123456'], ['user', 'totp-remove', 'nobody'], ['user', 'erase', 'nobody'],
    ['principal', 'set', 'nobody', '--name', 'x'], ['token', 'add', 'nobody'], ['token', 'revoke', 'tok-none'],
    ['token', 'rotate', 'tok-none'], ['tenant', 'set', '--settings', '{"notifications": {"link_hours": 0}}'], ['job', 'show', 'job-none'],
    ['job', 'redeliver', 'job-none'], ['quarantine', 'retry', 'flight', 'none'], ['quarantine', 'drop', 'task', 'none'], ['audit', 'show', '99999'], ['call', 'get_media_buys', '{"media_buy_ids": 7}'],
    ['task', 'list', '--tenant', 'nobody'], ['delivery', 'import', import.meta.filename],
    ['adapter', 'sync']];
  for (const words of refused) {
    const r = await agent.cli(...words);
    assert.equal(r.code, 1, `${words.join(' ')}: ${r.stdout}${r.stderr}`);
    done.add(words.slice(0, 2).join(' '));
    assert.match(r.stderr + r.stdout, /\S/, words.join(' '));
  }
  const wrong = [['task'], ['task', 'fly'], ['task', 'show'], ['task', 'approve'], ['task', 'reject', task], ['task', 'assign', task],
    ['creative'], ['creative', 'show'], ['rule', 'move', 'x'], ['user', 'add'], ['token', 'rotate'], ['tenant'], ['tenant', 'fly'],
    ['job'], ['job', 'redeliver'], ['key', 'fly'], ['audit', 'show'], ['audit', 'show', 'one'], ['audit', 'export', '--format', 'xml'],
    ['call'], ['rule', 'list', 'more'], ['rule', 'add', '--name', 'x', '--then', 'maybe'], ['user', 'add', 'x', '--role', 'king'],
    ['token', 'add', 'x', '--expires-days', '1.5'], ['task', 'set', 'x', '--due', 'tomorrow']];
  for (const words of wrong) {
    const r = await agent.cli(...words);
    assert.equal(r.code, 2, `${words.join(' ')}: ${r.stdout}${r.stderr}`);
  }
  for (const words of verbs().concat([['call', 'get_products']])) {
    const r = await cli(...words, '--data', path.join(dir, 'nowhere'));
    assert.equal(r.code, 3, `${words.join(' ')}: ${r.stdout}${r.stderr}`);
  }
});

test('Tab completes commands, verbs and options', async () => {
  const complete = async (...line) => {
    const script = `source <("$0" completion bash); COMP_WORDS=("$0" "$@"); COMP_CWORD=$#; _salesagent; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await promisify(execFile)('bash', ['-c', script, path.resolve(binary), ...line])).stdout.trim().split('\n');
  };
  const all = await commands();
  for (const c of all) assert.ok((await complete(c.slice(0, 2))).includes(c), c);
  for (const [c, verb] of verbs()) assert.ok((await complete(c, verb.slice(0, 2))).includes(verb), `${c} ${verb}`);
  assert.deepEqual(await complete('audit', 'verify', '--anc'), ['--anchor']);
  assert.ok((await complete('token', 'add', '--')).includes('--expires-days'));
});

test('every verb of the manifest was run above', async () => {
  for (const c of await commands()) {
    const help = (await cli(c, '--help')).stdout;
    if (!help.includes('Works on the running agent')) continue;
    const manifest = help.slice(help.lastIndexOf('Usage: salesagent')); // a command may have verbs of its own before
    for (const [, verb] of manifest.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)) assert.ok(done.has(`${c} ${verb}`), `${c} ${verb}`);
  }
});

test('a token: shown once, stored hashed, bounded by its scope, its time, rotation and revocation', async () => {
  const status = async (token, tool = 'get_media_buys', args = {}) => {
    const r = await agent.call(tool, args, { token });
    return r.status !== 200 ? r.status : r.body.error || r.body.result.isError ? 'refused' : 'ok';
  };
  await json('principal', 'add', 'tina');
  const made = (await json('token', 'add', 'tina', '--expires-days', '2', '--label', 'two days')).token;
  assert.match(made.token, /^sa_/);
  assert.equal(made.expires_at, made.created_at.replace('2026-03-09', '2026-03-11'));
  assert.equal(await status(made.token), 'ok');

  const reader = (await json('token', 'add', 'tina', '--scope', 'read')).token;
  assert.equal(await status(reader.token), 'ok');
  const buy = { adcp_version: '3.1', idempotency_key: 'cli-read-only-0001', account: { brand: { domain: 'tina.example' },
    operator: 'tina.example' }, brand: { domain: 'tina.example' }, start_time: '2026-04-01T00:00:00Z',
  end_time: '2026-05-01T00:00:00Z', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 2000 }] };
  const refused = await agent.call('create_media_buy', buy, { token: reader.token });
  assert.match(JSON.stringify(refused.body), /PERMISSION_DENIED|read/);
  assert.equal(await status(made.token, 'create_media_buy', buy), 'ok');

  const rotated = (await json('token', 'rotate', made.token_id, '--grace-hours', '1')).token;
  assert.equal(await status(rotated.token), 'ok');
  assert.equal(await status(made.token), 'ok'); // until the hour is over
  const again = (await json('token', 'rotate', reader.token_id)).token;
  assert.equal(await status(reader.token), 401); // no grace was asked for
  assert.equal(await status(again.token, 'create_media_buy', { ...buy, idempotency_key: 'cli-read-only-0002' }), 'refused'); // its scope stays
  await json('token', 'revoke', again.token_id);
  assert.equal(await status(again.token), 401);

  const listed = (await json('token', 'list', '--principal', 'tina')).tokens;
  const of = (t) => listed.find((l) => l.token_id === t.token_id);
  assert.ok(of(made).last_used_at && of(rotated).last_used_at);
  assert.equal(of(again).state, 'revoked');
  const files = ['salesagent.db', 'salesagent.db-wal'].map((f) => path.join(agent.data, f)).filter(existsSync).map((f) => readFileSync(f, 'latin1'));
  for (const t of [made, reader, rotated, again]) {
    assert.ok(!JSON.stringify(listed).includes(t.token) && !agent.stderr.includes(t.token), 'a token is shown again');
    assert.ok(files.every((f) => !f.includes(t.token)), 'a token is stored');
  }

  await json('user', 'add', 'olga', '--role', 'operator');
  const olga = (await json('token', 'add', 'olga')).token;
  assert.equal(await status(olga.token), 'ok');
  await json('user', 'set', 'olga', '--status', 'disabled');
  assert.equal(await status(olga.token), 401);

  await agent.stop(); // three days later
  agent = await Agent.start({ data: agent.data, args: ['--clock', '2026-03-12T14:30:00Z'] });
  for (const t of [made, rotated]) assert.equal(await status(t.token), 401);
});
