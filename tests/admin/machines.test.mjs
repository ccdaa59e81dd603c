// Ad servers and health at the desk: tests with what to do, masked settings, pasted numbers, what was set aside.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buy, json, start } from './lib/desk.mjs';

let agent, sessions, bought;
before(async () => {
  ({ agent, sessions } = await start({ args: ['--clock', '2027-03-10T08:00:00Z'] }));
  await json(agent, 'publisher', 'set', '--settings', JSON.stringify({ ad_servers: [{ name: 'mock', adapter: 'mock' }, { name: 'print', adapter: 'manual' }, { name: 'house', adapter: 'house' },
    { name: 'gam', adapter: 'gam', settings: { network_code: '123', auth: { type: 'access_token', access_token: 'very-secret-token' } } }] }))
    .catch(() => json(agent, 'publisher', 'set', '--settings', JSON.stringify({ ad_servers: [{ name: 'mock', adapter: 'mock' }, { name: 'print', adapter: 'manual' }, { name: 'house', adapter: 'house' }] })));
  bought = await buy(agent, 'Running');
});
after(() => agent.stop());

test('each ad server says how it stands, and a test is asked for by who may', async () => {
  const { found, may } = await sessions.viewer.view('/admin/ad-servers');
  assert.ok(found.ad_servers.length >= 2);
  assert.equal(may.test, false);
  assert.equal((await sessions.viewer.post('/admin/ad-servers/mock/test', {})).status, 403);
  const r = await sessions.operator.post('/admin/ad-servers/mock/test', {});
  assert.equal(r.status, 303, r.text);
  const { found: now } = await sessions.viewer.view('/admin/ad-servers');
  const mock = now.ad_servers.find((s) => s.name === 'mock');
  assert.ok(mock.tested_at && mock.test.checks.length, JSON.stringify(mock));
  assert.equal((await sessions.operator.post('/admin/ad-servers/none/test', {})).status, 404);
  assert.equal((await sessions.viewer.get('/admin/ad-servers/none/inventory')).status, 404);
});

test('settings are shown masked, to administrators alone, and a wrong one is refused with what was written', async () => {
  const where = '/admin/ad-servers/mock/settings', ada = sessions.administrator;
  assert.equal((await sessions.operator.get(where)).status, 403);
  assert.equal((await ada.get(where)).status, 200);
  for (const [text, why] of [['{"fill_percent": ', /JSON object/], ['[]', /JSON object/]]) {
    const r = await ada.post(where, { settings: text });
    assert.equal(r.status, 422, text);
    assert.match(r.text, why);
  }
  const servers = (await ada.view('/admin/ad-servers')).found.ad_servers;
  for (const s of servers) assert.ok(!(await ada.get(`/admin/ad-servers/${s.name}/settings`)).text.includes('very-secret-token'), s.name);
  assert.equal((await ada.post(where, { settings: '{}' })).headers.get('location'), '/admin/ad-servers?said=set');
});

test('numbers of an ad server that is worked by hand are pasted; a wrong file says its line and stays in the form', async () => {
  const where = '/admin/ad-servers/print/delivery';
  const bad = await sessions.operator.post(where, { csv: 'date,package_id,impressions\n2027-03-09,none,12' });
  assert.equal(bad.status, 422, bad.text);
  assert.match(bad.text, /2027-03-09,none,12<\/textarea>/);
  assert.equal((await sessions.viewer.post(where, { csv: 'x' })).status, 403);
  const empty = await sessions.operator.post(where, { csv: '' });
  assert.equal(empty.status, 422);
  assert.match(empty.text, /Choose a file/);
});

test('the file itself is sent, too: with its form token, as UTF-8 text', async () => {
  const s = sessions.operator, { form: { token } } = await s.view('/admin/sessions');
  const send = (bytes, own = token) => {
    const form = new FormData();
    form.append('token', own);
    form.append('file', new Blob([bytes], { type: 'text/csv' }), 'november "2027".csv');
    form.append('csv', '');
    return s.request('/admin/ad-servers/print/delivery', { method: 'POST', body: form, headers: { origin: agent.base } });
  };
  const unknown = await send('\ufeffdate,package_id,impressions\r\n2027-03-09,pkg-none,12\r\n');
  assert.equal(unknown.status, 422);
  assert.match(unknown.text, /pkg-none|line 2/i, unknown.text);
  assert.equal((await send('date', 'x')).status, 403, 'without the token');
  const other = await send(Buffer.from('date,package_id\n2027,\u00e4', 'latin1'));
  assert.equal(other.status, 422);
  assert.match(other.text, /no text/);
});

test('health says what it knows and what is not well, without secrets', async () => {
  const { agent: health, well } = await sessions.viewer.view('/admin/health');
  assert.equal(health.schema.applied, health.schema.known);
  assert.match(health.version, /^\d/);
  assert.ok(Date.parse(health.started_at) > 0);
  assert.equal(typeof well, 'boolean');
  const { text } = await sessions.viewer.get('/admin/health');
  for (const secret of ['test-token', 'very-secret-token', bought.media_buy_id]) assert.ok(!text.includes(secret), secret);
  assert.equal((await sessions.operator.post('/admin/health/flight/none/retry', {})).status, 404);
});
