// Signing in with a password and with codes of an authenticator app, on the running agent: what is right, wrong, guessed, replayed
// and out of time; that the loop goes on while passwords are looked at; that nothing of them is kept in clear.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, binary } from '../integration/lib/agent.mjs';
import { accessible, fits, launch, open, widths } from './lib/browser.mjs';
import { Session, json, people, start } from './lib/desk.mjs';

const sentence = 'nobody guesses this one';
let agent, sessions, browser;

before(async () => {
  ({ agent, sessions } = await start());
  browser = await launch();
});
after(async () => {
  await browser.close();
  await agent.stop();
});

// `salesagent user password NAME`, its line of the standard input.
function setPassword(a, name, password) {
  return new Promise((resolve) => {
    const child = execFile(binary, ['user', 'password', name, '--data', a.data],
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
    child.stdin.end(`${password}\n`);
  });
}

async function person(a, name, password = sentence) {
  await json(a, 'user', 'add', name, '--role', 'operator');
  const r = await setPassword(a, name, password);
  assert.equal(r.code, 0, r.stderr);
}

// RFC 6238 with RFC 4226's truncation, as an app does it.
function codeOf(key, ms) {
  const bits = [...key.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(ms / 30000)));
  const mac = createHmac('sha1', bytes).update(counter).digest(), at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}

const signIn = (a, fields, s = new Session(a)) => s.post('/admin/sign-in', fields, { token: null }).then((r) => ({ ...r, session: s }));

test('a name and a password sign in, and the cookie is a new one', async () => {
  await person(agent, 'pat');
  const { status, headers, session } = await signIn(agent, { name: 'pat', password: sentence });
  assert.equal(status, 303);
  assert.equal(headers.get('location'), '/admin');
  const first = session.cookie;
  assert.equal((await session.view('/admin')).me.person.principal_id, 'pat');
  assert.equal((await signIn(agent, { name: 'pat', password: sentence }, session)).status, 303);
  assert.notEqual(session.cookie, first, 'rotated at sign-in');
  const old = new Session(agent);
  old.cookie = first;
  assert.equal((await old.get('/admin')).status, 303, 'and the one before is over');
});

test('what is wrong is not said, and another site cannot sign anybody in', async () => {
  await person(agent, 'wren');
  const words = new Set();
  for (const fields of [{ name: 'wren', password: 'wrong wrong wrong' }, { name: 'nobody', password: sentence }, { name: 'test-buyer', password: sentence }, { name: people.viewer, password: sentence }]) {
    const r = await signIn(agent, fields);
    assert.equal(r.status, 422);
    assert.equal(r.session.cookie, '');
    words.add(r.text.replaceAll(fields.name, 'NAME'));
  }
  assert.equal(words.size, 1);
  const foreign = await new Session(agent).post('/admin/sign-in', { name: 'wren', password: sentence }, { token: null, origin: 'http://evil.example' });
  assert.equal(foreign.status, 403);
});

test('blanks belong to a password, and any language', async () => {
  await person(agent, 'blank', '  zwölf Wörter, 漢字  ');
  assert.equal((await signIn(agent, { name: 'blank', password: 'zwölf Wörter, 漢字' })).status, 422);
  assert.equal((await signIn(agent, { name: 'blank', password: '  zwölf Wörter, 漢字  ' })).status, 303);
});

test('a weak password is refused on the command line and over REST, and never an argument', async () => {
  await json(agent, 'user', 'add', 'weak', '--role', 'viewer');
  for (const bad of ['short', 'aaaaaaaaaaaaaa', 'weak weak weak']) {
    const r = await setPassword(agent, 'weak', bad);
    assert.notEqual(r.code, 0, bad);
    assert.match(r.stderr, /password/i);
  }
  const r = await agent.cli('user', 'password', 'weak', '--password', sentence);
  assert.equal(r.code, 2);
});

test('after five wrong passwords the right one has to wait, too; others do not, nor does a link', async () => {
  await person(agent, 'target');
  for (let i = 0; i < 5; i++) assert.equal((await signIn(agent, { name: 'target', password: `guess number ${i}` })).status, 422);
  let held = { status: 422 }; // the first waits are of seconds, which a busy machine takes for one guess
  for (let i = 0; i < 6 && held.status === 422; i++) held = await signIn(agent, { name: 'target', password: `one more ${i}` });
  assert.equal(held.status, 429);
  held = await signIn(agent, { name: 'target', password: sentence });
  assert.equal(held.status, 429);
  assert.match(held.text, /Try again in \d+ second/);
  await json(agent, 'user', 'add', 'bystander', '--role', 'viewer');
  assert.equal((await setPassword(agent, 'bystander', sentence)).code, 0);
  assert.equal((await signIn(agent, { name: 'bystander', password: sentence })).status, 303);
  const link = new URL((await json(agent, 'user', 'link', 'target')).url).pathname;
  assert.ok(await Session.by(agent, link));
});

test('twelve at once are looked at one after the other, and the loop does not wait for them', async () => {
  const a = await Agent.start();
  try {
    await person(a, 'busy');
    const right = await signIn(a, { name: 'busy', password: sentence });
    assert.equal(right.status, 303);
    let slowest = 0, going = true;
    const beside = (async () => {
      while (going) {
        const begun = performance.now();
        assert.equal((await fetch(`${a.base}/health`)).status, 200);
        slowest = Math.max(slowest, performance.now() - begun);
      }
    })();
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => signIn(a, { name: `busy-${i}`, password: sentence })));
    going = false;
    await beside;
    for (const r of all) assert.ok([422, 429].includes(r.status), `${r.status}`);
    // One hash alone takes about 150 ms of a core; twelve on the loop would be two seconds.
    assert.ok(slowest < 1000, `the slowest answer beside them took ${Math.round(slowest)} ms`);
  } finally {
    await a.stop();
  }
});

test('an authenticator app: set up on the page, wanted from then on, each code once, and within its time', async () => {
  const clock = '2027-03-01T08:00:00Z';
  const a = await Agent.start({ args: ['--clock', clock] });
  let later;
  try {
    await person(a, 'tess');
    const { session } = await signIn(a, { name: 'tess', password: sentence });
    const started = await session.post('/admin/own/app', {});
    assert.equal(started.status, 200, started.text);
    const key = started.text.match(/<p class="secret">([A-Z2-7 ]+)<\/p>/)[1];
    assert.match(started.text, /otpauth:\/\/totp\//);
    assert.equal((await signIn(a, { name: 'tess', password: sentence })).status, 303, 'not before it was confirmed');
    assert.equal((await session.post('/admin/own/app/confirm', { code: '000000' })).status, 422);
    const confirmed = await session.post('/admin/own/app/confirm', { code: codeOf(key, a.now()) });
    assert.equal(confirmed.headers.get('location'), '/admin/sessions?said=app');
    assert.equal((await signIn(a, { name: 'tess', password: sentence })).status, 422, 'no code');
    assert.equal((await signIn(a, { name: 'tess', password: sentence, code: codeOf(key, a.now()) })).status, 422, 'the code that confirmed is used');
    assert.ok((await json(a, 'user', 'list')).principals.some((p) => p.principal_id === 'tess' && p.signs_in_with === 'password_and_code'));
    const { data } = a;
    await a.kill();
    later = Object.assign(await Agent.start({ data, args: ['--clock', '2027-03-01T09:00:00Z'] }), { ownsData: true });
    const now = later.now(), code = codeOf(key, now);
    assert.equal((await signIn(later, { name: 'tess', password: 'not this one', code })).status, 422, 'a code without the password');
    assert.equal((await signIn(later, { name: 'tess', password: sentence, code })).status, 303);
    assert.equal((await signIn(later, { name: 'tess', password: sentence, code })).status, 422, 'replayed');
    assert.equal((await signIn(later, { name: 'tess', password: sentence, code: codeOf(key, now - 90e3) })).status, 422, 'too old');
    assert.equal((await json(later, 'user', 'totp-remove', 'tess')).signs_in_with, 'password');
    assert.equal((await signIn(later, { name: 'tess', password: sentence })).status, 303);
  } finally {
    await (later ?? a).stop();
  }
});

test('one\'s own password: the one so far is wanted, the others\' sessions go, this one stays', async () => {
  await person(agent, 'olga');
  const { session } = await signIn(agent, { name: 'olga', password: sentence });
  const { session: other } = await signIn(agent, { name: 'olga', password: sentence });
  const fields = { current: sentence, password: 'another sentence of hers', again: 'another sentence of hers' };
  assert.equal((await session.post('/admin/own/password', { ...fields, again: 'not the same' })).status, 422);
  assert.equal((await session.post('/admin/own/password', { ...fields, current: 'wrong' })).status, 422);
  assert.equal((await other.get('/admin')).status, 200, 'nothing has happened yet');
  assert.equal((await session.post('/admin/own/password', fields)).headers.get('location'), '/admin/sessions?said=password');
  assert.equal((await session.get('/admin')).status, 200);
  assert.equal((await other.get('/admin')).status, 303);
  assert.equal((await signIn(agent, { name: 'olga', password: sentence })).status, 422);
});

test('administrators set and remove passwords on the page; not their own without the one so far', async () => {
  await json(agent, 'user', 'add', 'newcomer', '--role', 'viewer');
  const { administrator: ada } = sessions;
  assert.equal((await ada.post('/admin/people/newcomer/password', { password: sentence })).status, 303);
  assert.equal((await signIn(agent, { name: 'newcomer', password: sentence })).status, 303);
  assert.equal((await ada.post('/admin/people/newcomer/password/remove', {})).status, 303);
  assert.equal((await signIn(agent, { name: 'newcomer', password: sentence })).status, 422);
  assert.equal((await ada.post(`/admin/people/${people.administrator}/password`, { password: sentence })).status, 409);
});

test('no password, key or code is in the database, the log or the audit trail', async () => {
  await json(agent, 'user', 'add', 'quiet', '--role', 'viewer');
  await setPassword(agent, 'quiet', 'an unmistakable sentence');
  const { key } = await json(agent, 'user', 'totp', 'quiet');
  const { session } = await signIn(agent, { name: 'quiet', password: 'an unmistakable sentence' });
  assert.ok(session.cookie);
  const raw = Buffer.from([...key.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((b) => parseInt(b, 2)));
  for (const name of readdirSync(agent.data, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())) {
    const bytes = readFileSync(path.join(name.parentPath ?? name.path, name.name));
    for (const secret of ['an unmistakable sentence', key, key.replaceAll(' ', ''), raw.toString('hex')]) assert.equal(bytes.includes(secret), false, `${name.name}: ${secret.slice(0, 6)}`);
  }
  assert.equal(agent.stderr.includes('unmistakable'), false);
});

for (const width of widths) {
  for (const scripts of [true, false]) {
    test(`the pages at ${width} pixels ${scripts ? 'with' : 'without'} scripts: sign in, set up an app, be told what is wrong`, async (t) => {
      const name = `page-${width}-${scripts}`, a = await Agent.start(); // nobody has guessed from here
      t.after(() => a.stop());
      await person(a, name);
      const page = await open(browser, { agent: a }, { width, scripts });
      await page.goto('/admin/sign-in');
      await fits(page, 'sign in');
      if (scripts) await accessible(page, 'sign in');
      await page.fill('#name', name);
      await page.fill('#password', 'wrong wrong wrong');
      await page.click('button.main');
      assert.match(await page.textContent('[role=alert]'), /wrong/);
      assert.equal(await page.inputValue('#name'), name);
      assert.equal(await page.inputValue('#password'), '');
      page.wrong.length = 0; // the 422
      await page.fill('#password', sentence);
      await page.click('button.main');
      await page.waitForURL('**/admin');
      await page.goto('/admin/sessions');
      if (scripts) await accessible(page, 'signed in');
      await page.click('button:text-is("Set up an app")');
      const key = await page.textContent('p.secret');
      await fits(page, 'the key');
      if (scripts) await accessible(page, 'the key');
      await page.fill('#code', codeOf(key, a.now()));
      await page.click('button:text-is("Confirm")');
      assert.match(await page.textContent('[role=status]'), /code of your app/);
      await fits(page, 'signed in');
      assert.deepEqual(page.wrong, []);
      await page.leave();
    });
  }
}
