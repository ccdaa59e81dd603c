// Who gets in, and what is refused: links, cookies, and every unsafe route, from the table of routes as it is written.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from '../integration/lib/agent.mjs';
import { Session, buy, json, people, start } from './lib/desk.mjs';

const source = path.resolve(import.meta.dirname, '../../src/admin');
const actions = globSync(`${source}/**/*.c`).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/struct desk_action (\w+) = \{([^;]*?)\};/gs)].map(([, name, body]) => ({
    name, path: body.match(/\.path = "([^"]*)"/)[1], operation: body.match(/\.operation = "([^"]*)"/)[1],
    signedOut: /\.signed_out = true/.test(body) })));
const declared = readFileSync(`${source}/pages.c`, 'utf8').match(/desk_actions\[\] = \{([^}]*)\}/)[1].match(/desk_action_\w+/g);

// The least role of each operation, as the manifest has it.
const role = Object.fromEntries(globSync(path.resolve(source, '../contract/operations/*.json'))
  .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).operations ?? []).map((o) => [o.name, o.role]));

let agent, sessions, task;
// What a person of any role may do with what is theirs.
const ownOnly = new Set(['x_session_close', 'x_own_password_set', 'x_own_totp_start', 'x_own_totp_confirm', 'x_own_totp_stop', 'x_session_switch']);

before(async () => {
  ({ agent, sessions } = await start());
  task = await buy(agent, 'of the access test');
});
after(() => agent.stop());

// A real path of a route, so that nothing but the gate in question can refuse it.
const real = (route) => `/admin${route.replace('{task_id}', task.task_id).replace('{session_id}', 'ses-none').replace('{principal_id}', 'test-buyer').replace(/\{\w+\}/g, 'none')}`;
const fields = () => ({ task: task.task_id, decision: 'approve', reason: 'because', me: 'otto', key: 'k', id: 'new-one', name: 'New', role: 'viewer', status: 'disabled', label: 'x', price: '5', settings: '{}', csv: 'date', password: 'a sentence of the test', sure: 'yes', format_id: 'x', size: '300x250', property_id: 'x', domain: 'x.example', slot_id: 'x', email: 'x@x.example' });
const unchanged = async (what, run) => {
  const head = async () => (await json(agent, 'audit', 'head')).hash;
  const before = await head();
  const r = await run();
  assert.equal(await head(), before, `${what} changed something`);
  return r;
};

test('the table of actions is the one that is served', () => {
  assert.deepEqual(actions.map((a) => a.name).sort(), [...declared].sort());
  assert.ok(actions.length >= 18);
});

for (const action of actions) {
  test(`POST ${action.path || '/'} is refused without session, token or origin, and to who may not`, async () => {
    const where = real(action.path);
    const foreign = await unchanged('another origin', () => sessions.administrator.post(where, fields(), { origin: 'http://evil.example' }));
    assert.equal(foreign.status, 403, 'another origin');
    const nowhere = await unchanged('no origin', () => sessions.administrator.post(where, fields(), { origin: null }));
    assert.equal(nowhere.status, 403, 'no origin');
    const said = await unchanged('cross-site', () => sessions.administrator.post(where, fields(), { headers: { 'sec-fetch-site': 'cross-site' } }));
    assert.equal(said.status, 403, 'a browser says that it came from another site');
    if (action.signedOut) return;
    const nobody = await unchanged('no session', () => new Session(agent).post(where, fields(), { token: 'x' }));
    assert.equal(nobody.status, 401, 'no session');
    const bare = await unchanged('no token', () => sessions.administrator.post(where, fields(), { token: null }));
    assert.equal(bare.status, 403, 'no token');
    const other = (await sessions.operator.view('/admin/sessions')).form.token;
    const borrowed = await unchanged("another's token", () => sessions.administrator.post(where, fields(), { token: other }));
    assert.equal(borrowed.status, 403, "another session's token");
    if (ownOnly.has(action.operation)) return;
    const viewer = await unchanged('a viewer', () => sessions.viewer.post(where, fields()));
    assert.equal(viewer.status, 403, 'a viewer');
    assert.ok(role[action.operation], `${action.operation} is in the manifest`);
    if (role[action.operation] !== 'administrator') return;
    const operator = await unchanged('an operator', () => sessions.operator.post(where, fields()));
    assert.equal(operator.status, 403, 'an operator');
  });
}

test('another method is refused, and a page that is not there is not found', async () => {
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const r = await sessions.administrator.request('/admin/decisions', { method, headers: { origin: agent.base } });
    assert.equal(r.status, 405, method);
  }
  assert.equal((await sessions.viewer.get('/admin/nothing')).status, 404);
  assert.equal((await sessions.viewer.get('/admin/decisions/task-none')).status, 404);
  assert.equal((await sessions.administrator.post('/admin/nothing', {})).status, 404);
});

test('a link signs in once, and its cookie is for this host, its pages and no script', async () => {
  const { url, expires_at } = await json(agent, 'user', 'link', people.operator);
  assert.ok(url.startsWith(`${agent.base}/admin/enter/`), url);
  const life = Date.parse(expires_at) - agent.now();
  assert.ok(life > 13 * 60e3 && life <= 15.1 * 60e3, `${life} ms`);
  const link = new URL(url).pathname, s = new Session(agent);
  const looked = await s.get(link);
  assert.equal(looked.status, 200, 'looking at it uses nothing up: mail programs do');
  assert.match(looked.text, /otto Example/);
  const r = await s.post(link, {}, { token: null });
  assert.equal(r.status, 303);
  const set = r.headers.get('set-cookie');
  for (const word of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=']) assert.ok(set.includes(word), set);
  assert.equal((await s.get('/admin')).status, 200);
  for (const again of [link, link.slice(0, -1) + (link.endsWith('A') ? 'B' : 'A'), '/admin/enter/none', `/admin/enter/${'x'.repeat(3000)}`]) {
    const stranger = new Session(agent);
    assert.notEqual((await stranger.get(again)).status, 200, again);
    assert.notEqual((await stranger.post(again, {}, { token: null })).status, 303, again);
    assert.equal(stranger.cookie, '', again);
  }
});

test('signing in again is another session, and the one before is over', async () => {
  const s = await Session.of(agent, people.viewer), first = s.cookie;
  const { url } = await json(agent, 'user', 'link', people.operator);
  assert.equal((await s.post(new URL(url).pathname, {}, { token: null })).status, 303);
  assert.notEqual(s.cookie, first);
  assert.equal((await s.view('/admin')).me.person.principal_id, people.operator);
  const old = new Session(agent);
  old.cookie = first;
  assert.equal((await old.get('/admin')).headers.get('location'), '/admin/sign-in');
});

test('whoever leaves, is signed out by an administrator, or is disabled is out at once', async () => {
  const left = await Session.of(agent, people.viewer), cookie = left.cookie;
  assert.equal((await left.post('/admin/sign-out', {})).headers.get('location'), '/admin/sign-in');
  left.cookie = cookie;
  assert.equal((await left.get('/admin')).status, 303);

  const ended = await Session.of(agent, people.operator);
  const mine = (await ended.view('/admin/sessions')).sessions.sessions;
  assert.ok(mine.every((s) => s.principal_id === people.operator), 'an operator sees no session of others');
  const { session_id } = mine.find((s) => s.this);
  const other = (await sessions.administrator.view('/admin/sessions')).sessions.sessions.find((s) => s.principal_id === people.administrator);
  assert.equal((await ended.post(`/admin/sessions/${other.session_id}/end`, {})).status, 404, "another's session");
  assert.equal((await sessions.administrator.post(`/admin/sessions/${session_id}/end`, {})).status, 303);
  assert.equal((await ended.get('/admin')).status, 303);

  await json(agent, 'user', 'add', 'gone', '--role', 'operator');
  const gone = await Session.of(agent, 'gone');
  await json(agent, 'user', 'set', 'gone', '--role', 'viewer');
  assert.equal((await gone.view('/admin')).me.person.role, 'viewer', 'the role counts as it is now');
  await json(agent, 'user', 'set', 'gone', '--status', 'disabled');
  assert.equal((await gone.get('/admin')).status, 303);
  assert.notEqual((await agent.cli('user', 'link', 'gone')).code, 0, 'no link for who is disabled');
  assert.notEqual((await agent.cli('user', 'link', 'test-buyer')).code, 0, 'no link for a buyer');
});

test('nothing opens with a made-up cookie, and a page says nothing of what it is', async () => {
  for (const cookie of ['desk=', 'desk=x', `desk=${'a'.repeat(4000)}`, 'desk="; desk=%00', `desk=${'A'.repeat(43)}`]) {
    const s = new Session(agent);
    s.cookie = cookie;
    const r = await s.get('/admin/decisions');
    assert.equal(r.status, 303, cookie);
    assert.equal(r.text, '');
    const asked = await s.request('/admin/decisions', { headers: { accept: 'application/json' } });
    assert.equal(asked.status, 401);
    assert.ok(!asked.text.includes('of the access test'));
  }
});

test('every answer forbids scripts, frames and keeping', async () => {
  const s = sessions.operator;
  for (const page of ['/admin', '/admin/decisions', '/admin/nothing', '/admin/sign-in', `/admin/decisions/${task.task_id}`]) {
    const { headers } = await s.get(page);
    const csp = headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"])
      assert.ok(csp.includes(part), `${page}: ${csp}`);
    assert.equal(headers.get('cache-control'), 'no-store', page);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', page);
    assert.equal(headers.get('x-frame-options'), 'DENY', page);
  }
});

test('/ leads browsers to the desk and leaves programs alone', async () => {
  const s = new Session(agent);
  const browser = await s.get('/');
  assert.deepEqual([browser.status, browser.headers.get('location')], [303, '/admin']);
  assert.equal((await s.request('/', { headers: { accept: '*/*' } })).status, 404);
  assert.equal((await s.get('/admin')).headers.get('location'), '/admin/sign-in');
});

test('a session is over after twelve hours without use', async () => {
  const old = await Agent.start({ args: ['--clock', '2027-03-01T08:00:00Z'] });
  await json(old, 'user', 'add', 'ada', '--role', 'administrator');
  const s = await Session.of(old, 'ada');
  const { url } = await json(old, 'user', 'link', 'ada');
  assert.equal((await s.get('/admin')).status, 200);
  const { data } = old;
  await old.kill();
  const later = await Agent.start({ data, args: ['--clock', '2027-03-01T20:01:00Z'] });
  try {
    s.agent = later;
    assert.equal((await s.get('/admin')).status, 303);
    const late = await new Session(later).post(new URL(url).pathname, {}, { token: null });
    assert.equal(late.status, 404, 'and so is a link after a quarter of an hour');
  } finally {
    later.ownsData = true;
    await later.stop();
  }
});

test('without an administrator the first link makes one; with several it asks which', async () => {
  const fresh = await Agent.start();
  try {
    await json(fresh, 'user', 'set', 'test-operator', '--status', 'disabled'); // the demo publisher's only one
    const first = await json(fresh, 'user', 'link');
    assert.equal(first.principal_id, 'admin');
    const s = await Session.by(fresh, new URL(first.url).pathname);
    assert.equal((await s.view('/admin')).me.person.role, 'administrator');
    assert.equal((await json(fresh, 'user', 'link')).principal_id, 'admin');
    await json(fresh, 'user', 'add', 'second', '--role', 'administrator');
    const r = await fresh.cli('user', 'link');
    assert.notEqual(r.code, 0);
    assert.match(r.stderr, /several administrators/);
  } finally {
    await fresh.stop();
  }
});

test('a program with an administrator\'s token makes no links unless it was given the right to decide', async () => {
  const { token } = (await json(agent, 'token', 'add', people.administrator)).token;
  const args = { principal_id: people.operator, idempotency_key: 'link-from-a-program-1' };
  const refused = await agent.call('x_user_link', args, { token });
  assert.equal(refused.body.result.structuredContent.adcp_error.code, 'PERMISSION_DENIED');
});
