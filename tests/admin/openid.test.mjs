// Signing in with an identity provider: with a real one, through its own pages; and with one that says what it should not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { Agent, cli } from '../integration/lib/agent.mjs';
import { accessible, fits, launch, open, widths } from './lib/browser.mjs';
import { Session, json, people, start } from './lib/desk.mjs';
import { AnyProvider, Jar, RealProvider, challengeOf, key, unsigned } from './lib/provider.mjs';
import { SignJWT } from 'jose';

const folder = mkdtempSync(path.join(tmpdir(), 'openid-'));
const secretFile = path.join(folder, 'secret');
writeFileSync(secretFile, 'a secret & more\n', { mode: 0o600 });
const settings = (p, ...more) => ['--openid-issuer', p.issuer, '--openid-client-id', 'salesagent', '--openid-client-secret-file', secretFile, '--openid-label', 'Example ID', ...more];

let real, agent, sessions, browser, any, second;

before(async () => {
  real = await RealProvider.start({ verified: (id) => id !== 'unsure' });
  ({ agent, sessions } = await start({ args: settings(real) }));
  real.serve(agent);
  any = await AnyProvider.start();
  second = await Agent.start({ args: settings(any) });
  await json(second, 'user', 'add', 'otto', '--role', 'operator');
  await json(second, 'user', 'email', 'otto', 'otto@publisher.example');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await agent.stop();
  await second.stop();
  await real.stop();
  await any.stop();
});

// The whole way as a browser without scripts goes it; gives the jar and the last answer, of the agent's callback.
async function through(name, { a = agent, jar = new Jar(), from = '/admin/openid' } = {}) {
  let r = await jar.request(a.base + from);
  assert.equal(r.status, 303, r.text);
  for (let steps = 0; steps < 12; steps++) {
    if (r.location) {
      const callback = r.location.startsWith(`${a.base}/admin/openid/callback`);
      r = { ...await jar.request(r.location), url: r.location };
      if (callback) return { jar, ...r };
      continue;
    }
    const form = r.text.match(/<form[^>]*action="([^"]+)"/)?.[1];
    assert.ok(form, `${r.url}: ${r.status} ${r.text.slice(0, 500)}`);
    const login = /name="login"/.test(r.text);
    r = { ...await jar.request(new URL(form, real.issuer).href, { method: 'POST', form: login ? { prompt: 'login', login: name, password: 'x' } : { prompt: 'consent' } }), url: form };
  }
  throw new Error('the way does not end');
}

async function who(jar, a = agent) {
  const s = new Session(a);
  s.cookie = `desk=${jar.cookie(a.base, 'desk')}`;
  return (await s.view('/admin')).me.person;
}

test('whom the provider knows by an address that an administrator gave comes in; the address is bound', async () => {
  await json(agent, 'user', 'email', people.operator, 'Otto@Publisher.example');
  const { jar, status, location } = await through('otto');
  assert.equal(status, 303);
  assert.equal(location, `${agent.base}/admin`);
  assert.equal((await who(jar)).principal_id, people.operator);
  assert.equal(jar.cookie(agent.base, 'desk-openid'), undefined, 'the cookie of the way there counts once');
  const lines = (await json(agent, 'audit', 'list', '--limit', '20')).entries ?? (await json(agent, 'audit', 'list', '--limit', '20')).rows;
  const text = JSON.stringify(lines);
  assert.match(text, /user\.identity/);
  assert.match(text, /"by":\s*"openid"|\\"by\\":\\"openid\\"/);
  assert.ok(!text.includes('a secret'));
});

test('the same person of the provider stays the same when its address changes, and its address opens nothing for another', async () => {
  await json(agent, 'user', 'add', 'kim', '--role', 'viewer');
  await json(agent, 'user', 'email', 'kim', 'kim@publisher.example');
  assert.equal((await who((await through('kim')).jar)).principal_id, 'kim');
  // Somebody else who now has kim's address there.
  real.addresses['kim-the-younger'] = 'kim@publisher.example';
  const other = await through('kim-the-younger');
  assert.equal(other.status, 403);
  assert.match(other.text, /Nobody of this publisher signs in as kim@publisher\.example/);
  assert.equal(other.jar.cookie(agent.base, 'desk'), undefined);
  // Given the address anew, the first to come with it is bound; kim's first sessions are over.
  await json(agent, 'user', 'email', 'kim', 'kim.2@publisher.example');
  assert.equal((await through('kim')).status, 403, 'the binding is gone with the address');
  assert.equal((await who((await through('kim.2')).jar)).principal_id, 'kim');
});

test('strangers, addresses that are not verified, and who is disabled stay out', async () => {
  assert.equal((await through('nobody')).status, 403);
  await json(agent, 'user', 'add', 'unsure', '--role', 'viewer');
  await json(agent, 'user', 'email', 'unsure', 'unsure@publisher.example');
  const unsure = await through('unsure');
  assert.equal(unsure.status, 403);
  assert.match(unsure.text, /did not vouch/);
  await json(agent, 'user', 'add', 'left', '--role', 'viewer');
  await json(agent, 'user', 'email', 'left', 'left@publisher.example');
  assert.equal((await through('left')).status, 303);
  await json(agent, 'user', 'set', 'left', '--status', 'disabled');
  assert.equal((await through('left')).status, 403);
  await json(agent, 'user', 'email-remove', 'unsure');
  assert.notEqual((await agent.cli('user', 'email-remove', 'unsure')).code, 0, 'there is none any more');
});

test('an address is one, belongs to one person, and is told to administrators alone', async () => {
  for (const bad of ['no', 'a@b@c', 'a b@c.example', '@c.example', 'ü@c.example'])
    assert.notEqual((await agent.cli('user', 'email', people.viewer, bad)).code, 0, bad);
  await json(agent, 'user', 'email', people.viewer, 'ann@publisher.example');
  const taken = await agent.cli('user', 'email', people.administrator, 'ANN@publisher.example');
  assert.notEqual(taken.code, 0);
  assert.match(taken.stderr, /Somebody else has this address: ann/);
  assert.notEqual((await agent.cli('user', 'email', 'test-buyer', 'b@publisher.example')).code, 0, 'a buyer has none');
  const seen = async (role) => (await sessions[role].view('/admin/people')).users.principals.find((p) => p.principal_id === 'ann').email;
  assert.deepEqual([await seen('administrator'), await seen('operator')], ['ann@publisher.example', undefined]);
  assert.equal((await sessions.administrator.post('/admin/people/ann/email', { email: 'ann.2@publisher.example' })).status, 303);
  assert.equal(await seen('administrator'), 'ann.2@publisher.example');
  assert.equal((await sessions.administrator.post('/admin/people/ann/email/remove', {})).status, 303);
  assert.equal(await seen('administrator'), undefined);
});

test('a browser signs in through the pages of the provider, with scripts and without', async () => {
  for (const scripts of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled: scripts, baseURL: agent.base });
    const page = await context.newPage();
    await page.goto('/admin/sign-in');
    await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
    await page.locator('input[name=login]').fill('otto');
    await page.locator('input[name=password]').fill('any');
    await page.locator('[type=submit]').first().click();
    const consent = page.locator('button[type=submit], input[type=submit]').first();
    if (!page.url().startsWith(agent.base)) await consent.click();
    await page.waitForURL(`${agent.base}/admin`);
    assert.match(await page.locator('.where').innerText(), /otto Example, operator/);
    await context.close();
  }
  for (const width of widths) {
    const page = await open(browser, new Session(agent), { width });
    await page.goto('/admin/sign-in');
    await fits(page, `sign-in at ${width}`);
    await accessible(page, `sign-in at ${width}`);
    await page.leave();
  }
});

test('a way in that another browser began, an old one, and one that was changed are refused', async () => {
  const jar = new Jar(), start1 = await jar.request(`${agent.base}/admin/openid`);
  const state = new URL(start1.location).searchParams.get('state');
  assert.match(start1.sets[0], /HttpOnly; SameSite=Lax; Max-Age=600/);
  const refused = async (j, query, what) => {
    const r = await j.request(`${agent.base}/admin/openid/callback?${new URLSearchParams(query)}`);
    assert.equal(r.status, 403, what);
    assert.match(r.text, /begun elsewhere|did not work/, what);
    assert.equal(j.cookie(agent.base, 'desk'), undefined, what);
  };
  await refused(new Jar(), { code: 'x', state }, 'without the cookie');
  const other = new Jar();
  await other.request(`${agent.base}/admin/openid`);
  await refused(other, { code: 'x', state }, "another browser's state");
  await refused(jar, { code: 'x' }, 'no state');
  const again = new Jar(), begun = await again.request(`${agent.base}/admin/openid`);
  const mine = new URL(begun.location).searchParams.get('state');
  const cookies = again.cookies.get(new URL(agent.base).host), [secret, until, tenant] = cookies.get('desk-openid').split('~');
  cookies.set('desk-openid', [secret, Number(until) + 1, tenant].join('~'));
  await refused(again, { code: 'x', state: mine }, 'a later end');
  const denied = new Jar(), there = await denied.request(`${agent.base}/admin/openid`);
  const r = await denied.request(`${agent.base}/admin/openid/callback?${new URLSearchParams({ error: 'access_denied', error_description: 'send money <b>', state: new URL(there.location).searchParams.get('state') })}`);
  assert.equal(r.status, 403);
  assert.ok(!r.text.includes('send money'), 'what is in the address is not shown');
});

// One way there and back with the provider that says anything; the code is never looked at.
async function back({ query = {} } = {}) {
  const jar = new Jar(), begun = await jar.request(`${second.base}/admin/openid`);
  const to = new URL(begun.location);
  any.nonce = any.fixedNonce ?? to.searchParams.get('nonce');
  const r = await jar.request(`${second.base}/admin/openid/callback?${new URLSearchParams({ code: 'c', state: to.searchParams.get('state'), ...query })}`);
  return { jar, to, ...r };
}

test('what is asked of the provider is what the specification says', async () => {
  const { to, status, jar } = await back();
  assert.equal(status, 303);
  assert.equal((await who(jar, second)).principal_id, 'otto');
  assert.equal(to.searchParams.get('tenant'), 'a', 'what the endpoint has of its own stays');
  assert.deepEqual(['response_type', 'scope', 'client_id', 'code_challenge_method', 'redirect_uri'].map((k) => to.searchParams.get(k)),
    ['code', 'openid email', 'salesagent', 'S256', `${second.base}/admin/openid/callback`]);
  const { headers, body } = any.asked.findLast((x) => x.where === '/token');
  assert.equal(headers.authorization, `Basic ${Buffer.from('salesagent:a%20secret%20%26%20more').toString('base64')}`);
  assert.equal(challengeOf(body.get('code_verifier')), to.searchParams.get('code_challenge'));
  assert.deepEqual([body.get('grant_type'), body.get('code'), body.get('redirect_uri'), body.get('client_secret')],
    ['authorization_code', 'c', `${second.base}/admin/openid/callback`, null]);
  const a = await back(), b = await back();
  for (const k of ['state', 'nonce', 'code_challenge']) assert.notEqual(a.to.searchParams.get(k), b.to.searchParams.get(k), k);
});

test('an ID token that is not right in one thing opens nothing', async () => {
  const now = Math.floor(Date.now() / 1000), stranger = await key(), [mine] = any.keys;
  const cases = {
    'another issuer': { claims: { iss: 'http://127.0.0.1:1' } },
    'no issuer': { claims: { iss: undefined } },
    'another client': { claims: { aud: 'other' } },
    'several clients, made for another': { claims: { aud: ['salesagent', 'other'], azp: 'other' } },
    'several clients, nobody says for whom': { claims: { aud: ['salesagent', 'other'] } },
    'an old one': { claims: { exp: now - 120 } },
    'without an end': { claims: { exp: undefined } },
    'made in the future': { claims: { iat: now + 4000 } },
    'another nonce': { claims: { nonce: 'x' } },
    'no nonce': { claims: { nonce: undefined } },
    'no subject': { claims: { sub: '' } },
    'not signed': { sign: unsigned },
    'signed by a stranger': { sign: (c) => new SignJWT(c).setProtectedHeader({ alg: 'RS256', kid: mine.kid }).sign(stranger.privateKey) },
    'signed with a key that is not published': { sign: (c) => new SignJWT(c).setProtectedHeader({ alg: 'RS256', kid: stranger.kid }).sign(stranger.privateKey) },
    'signed with the public key as a secret': { sign: (c) => new SignJWT(c).setProtectedHeader({ alg: 'HS256', kid: mine.kid }).sign(Buffer.from(mine.jwk.n, 'base64url')) },
    'the secret as a key': { sign: (c) => new SignJWT(c).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('a secret & more')) },
    'an extension that nobody knows': { sign: (c) => new SignJWT(c).setProtectedHeader({ alg: 'RS256', kid: mine.kid, crit: ['b64'], b64: true }).sign(mine.privateKey) },
    'not a token': { sign: () => 'x.y.z' },
    'no token': { answer: { access_token: 'x' } },
    'an address that is not verified': { claims: { sub: 'sub-2', email_verified: false } },
    'an address verified by a word': { claims: { sub: 'sub-2', email_verified: 'true' } },
    'no address': { claims: { sub: 'sub-2', email: undefined } },
    'a code of another issuer': { query: { iss: 'https://evil.example' } },
  };
  for (const [name, { claims = {}, sign = null, answer = undefined, query }] of Object.entries(cases)) {
    Object.assign(any, { claims, sign, answer });
    const r = await back({ query });
    assert.equal(r.status, 403, `${name}: ${r.status}`);
    assert.equal(r.jar.cookie(second.base, 'desk'), undefined, name);
  }
  Object.assign(any, { claims: {}, sign: null, answer: undefined });
  assert.equal((await back({ query: { iss: any.issuer } })).status, 303, 'and the right one does');
  any.claims = { aud: ['salesagent', 'other'], azp: 'salesagent' };
  assert.equal((await back()).status, 303, 'of several clients, made for us');
  any.claims = {};
});

test('keys of the other kinds verify, and a new key is got when a token names it', async () => {
  for (const alg of ['ES256', 'EdDSA']) {
    const fresh = await key(alg);
    const p = await AnyProvider.start();
    p.keys = [fresh];
    const a = await Agent.start({ args: settings(p) });
    try {
      await json(a, 'user', 'add', 'otto', '--role', 'operator');
      await json(a, 'user', 'email', 'otto', 'otto@publisher.example');
      const go = async () => {
        const jar = new Jar(), to = new URL((await jar.request(`${a.base}/admin/openid`)).location);
        p.nonce = to.searchParams.get('nonce');
        return (await jar.request(`${a.base}/admin/openid/callback?${new URLSearchParams({ code: 'c', state: to.searchParams.get('state') })}`)).status;
      };
      const fetched = () => p.asked.filter((x) => x.where === '/jwks').length;
      assert.equal(await go(), 303, `${alg}: ${a.stderr}`);
      assert.equal(await go(), 303);
      assert.equal(fetched(), 1, 'keys are kept');
      p.keys = [await key(), fresh];
      assert.equal(await go(), 303, 'signed with the new one');
      p.keys = [{ ...await key(), hidden: true }, fresh];
      assert.deepEqual([await go(), await go()], [403, 403]);
      assert.equal(fetched(), 2, 'not for each token that names a key that is not there');
    } finally {
      await a.stop();
      await p.stop();
    }
  }
});

test('where the ID token has no address the provider is asked, and must speak of the same person', async () => {
  const p = await AnyProvider.start();
  p.userinfo = { sub: 'somebody else', email: 'otto@publisher.example', email_verified: true };
  p.claims = { email: undefined, email_verified: undefined };
  p.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'], authorization_response_iss_parameter_supported: true };
  const a = await Agent.start({ args: settings(p) });
  try {
    await json(a, 'user', 'add', 'otto', '--role', 'operator');
    await json(a, 'user', 'email', 'otto', 'otto@publisher.example');
    const go = async (query = { iss: p.issuer }) => {
      const jar = new Jar(), to = new URL((await jar.request(`${a.base}/admin/openid`)).location);
      p.nonce = to.searchParams.get('nonce');
      return jar.request(`${a.base}/admin/openid/callback?${new URLSearchParams({ code: 'c', state: to.searchParams.get('state'), ...query })}`);
    };
    assert.equal((await go()).status, 403);
    p.userinfo.sub = 'sub-1';
    assert.equal((await go({})).status, 403, 'a provider that always says its name and did not');
    assert.equal((await go()).status, 303);
    assert.equal(p.asked.findLast((x) => x.where === '/me').headers.authorization, 'Bearer at-1');
    const { headers, body } = p.asked.findLast((x) => x.where === '/token');
    assert.deepEqual([headers.authorization, body.get('client_id'), body.get('client_secret')], [undefined, 'salesagent', 'a secret & more']);
  } finally {
    await a.stop();
    await p.stop();
  }
});

test('a provider that is away, or says it is another, is said so and not asked by each visitor', async () => {
  const p = await AnyProvider.start();
  p.metadata = { issuer: 'http://127.0.0.1:1' };
  const a = await Agent.start({ args: settings(p) });
  try {
    for (let i = 0; i < 5; i++) {
      const r = await new Jar().request(`${a.base}/admin/openid`);
      assert.equal(r.status, 503);
      assert.match(r.text, /cannot be reached now/);
    }
    assert.equal(p.asked.length, 1, 'one question for all of them');
    assert.match(a.stderr, /it says it is another issuer/);
  } finally {
    await a.stop();
    await p.stop();
  }
  const plain = await Agent.start();
  try {
    assert.equal((await new Jar().request(`${plain.base}/admin/openid`)).status, 404);
    assert.ok(!(await new Session(plain).get('/admin/sign-in')).text.includes('Sign in with'));
  } finally {
    await plain.stop();
  }
});

test('settings that cannot be right are refused at the start', async () => {
  const started = (...args) => cli('config', 'check', '--sandbox', ...args);
  const bad = async (args, why) => {
    const r = await started(...args);
    assert.notEqual(r.code, 0, why);
    assert.match(r.stderr + r.stdout, /openid/, why);
  };
  await bad(['--openid-issuer', 'http://id.example', '--openid-client-id', 'x'], 'not https');
  await bad(['--openid-issuer', 'https://id.example?a=b', '--openid-client-id', 'x'], 'a query');
  await bad(['--openid-issuer', 'https://id.example'], 'no client');
  await bad(['--openid-client-id', 'x'], 'no issuer');
  await bad(['--openid-issuer', 'https://id.example', '--openid-client-id', 'x', '--openid-client-secret', 'seen by everybody'], 'a secret in the open');
});

test('one person serves several publishers and goes from one to the other, and nobody else does', async () => {
  const p = await AnyProvider.start(), a = await Agent.start({ args: settings(p) });
  try {
    const other = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../data/demo-publisher.json'), 'utf8'));
    Object.assign(other.tenant, { tenant_id: 'second', name: 'The <b>Second</b>' });
    other.principals = [];
    writeFileSync(path.join(folder, 'second.json'), JSON.stringify(other));
    assert.equal((await a.cli('import', '--sandbox', path.join(folder, 'second.json'), '--new-publisher')).code, 0);
    for (const [publisher, id, role] of [['demo', 'otto', 'operator'], ['second', 'o.example', 'viewer']]) {
      await json(a, 'user', 'add', id, '--role', role, '--publisher', publisher);
      await json(a, 'user', 'email', id, 'otto@publisher.example', '--publisher', publisher);
    }
    const enter = async (publisher, sub = 'sub-1') => {
      const jar = new Jar(), to = new URL((await jar.request(`${a.base}/admin/openid?publisher=${publisher}`)).location);
      Object.assign(p, { nonce: to.searchParams.get('nonce'), claims: { sub } });
      const r = await jar.request(`${a.base}/admin/openid/callback?${new URLSearchParams({ code: 'c', state: to.searchParams.get('state') })}`);
      assert.equal(r.status, 303, r.text);
      const s = new Session(a);
      s.cookie = `desk=${jar.cookie(a.base, 'desk')}`;
      return s;
    };
    const s = await enter('demo');
    assert.equal((await s.view('/admin')).me.elsewhere, undefined, 'an address alone says nothing');
    assert.equal((await s.post('/admin/switch', { publisher: 'second' })).status, 403);
    assert.equal((await s.view('/admin')).me.person.principal_id, 'otto', 'and the session is still there');
    const there = await enter('second');
    assert.deepEqual((await there.view('/admin')).me.elsewhere, [{ tenant_id: 'demo', name: 'Demo Publisher' }]);
    assert.deepEqual((await s.view('/admin')).me.elsewhere, [{ tenant_id: 'second', name: 'The <b>Second</b>' }]);
    assert.ok((await s.get('/admin')).text.includes('The &lt;b&gt;Second&lt;/b&gt;</button>'));

    // Whoever administers the second publisher can sign in as anybody of it, by a link: that opens nothing elsewhere.
    const puppet = await Session.by(a, new URL((await json(a, 'user', 'link', 'o.example', '--publisher', 'second')).url).pathname);
    assert.equal((await puppet.view('/admin')).me.elsewhere, undefined);
    assert.equal((await puppet.post('/admin/switch', { publisher: 'demo' })).status, 403);
    const foreign = await fetch(`${a.base}/admin/openid?publisher=second`, { redirect: 'manual', headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(foreign.headers.get('location'), '/admin/sign-in?publisher=second', 'a page of somebody else begins nothing');

    for (const width of widths) {
      for (const dark of [false, true]) {
        const page = await open(browser, s, { width, dark });
        await page.goto('/admin');
        await page.locator('.switch summary').click();
        await fits(page, `the switcher at ${width}`);
        await accessible(page, `the switcher at ${width}`);
        if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, `switch-${width}-${dark ? 'dark' : 'light'}.png`) });
        await page.leave();
      }
    }

    const before = s.cookie;
    assert.equal((await s.post('/admin/switch', { publisher: 'second' })).status, 303);
    const { me } = await s.view('/admin');
    assert.deepEqual([me.publisher.tenant_id, me.person.principal_id, me.person.role], ['second', 'o.example', 'viewer']);
    const old = new Session(a);
    old.cookie = before;
    assert.equal((await old.get('/admin')).status, 303, 'the session there is over');
    const trail = async (publisher) => JSON.stringify(await json(a, 'audit', 'list', '--publisher', publisher, '--limit', '6'));
    assert.match(await trail('second'), /switch/);
    assert.ok(!(await trail('second')).includes('session.end'), 'what ended there is written there');
    assert.match(await trail('demo'), /session\.end/);

    await json(a, 'user', 'set', 'otto', '--status', 'disabled', '--publisher', 'demo');
    assert.equal((await s.view('/admin')).me.elsewhere, undefined);
    assert.equal((await s.post('/admin/switch', { publisher: 'demo' })).status, 404);
    await json(a, 'user', 'set', 'otto', '--status', 'active', '--publisher', 'demo');
    await json(a, 'user', 'email', 'otto', 'otto.new@publisher.example', '--publisher', 'demo');
    assert.equal((await s.post('/admin/switch', { publisher: 'demo' })).status, 403, 'another address is another person, until it comes in');
    assert.equal((await s.post('/admin/switch', { publisher: 'nobody' })).status, 404);
    assert.equal((await s.view('/admin')).me.publisher.tenant_id, 'second', 'and the session is still there');
  } finally {
    await a.stop();
    await p.stop();
  }
});
