// Media buys, messages, buyers with their tokens, people and the audit trail, at the desk.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Session, buy, creative, json, later, people, roles, start } from './lib/desk.mjs';

let agent, sessions, running, waiting;
before(async () => {
  ({ agent, sessions } = await start({ args: ['--clock', '2027-03-01T08:00:00Z'] }));
  running = await buy(agent, 'Runs', { from: 1, to: 20 });
  await json(agent, 'task', 'approve', running.task_id);
  await json(agent, 'creative', 'approve', await creative(agent, running.media_buy_id));
  waiting = await buy(agent, 'Waits for a creative', { budget: 1000, from: 2, to: 20 });
  await json(agent, 'task', 'approve', waiting.task_id);
  agent = await later(agent, '2027-03-06T08:00:00Z');
  for (const role of roles) sessions[role] = await Session.of(agent, people[role]);
});
after(() => agent.stop());

test('a buy that runs shows its delivery day by day, and the days add up to what was spent', async () => {
  const view = await sessions.viewer.view(`/admin/buys/${running.media_buy_id}`);
  const b = view.media_buy;
  assert.equal(b.status, 'active');
  assert.ok(b.spend > 0 && b.impressions > 0 && b.pace > 0, JSON.stringify(b).slice(0, 400));
  const cents = (x) => Math.round(x * 100);
  assert.ok(Math.abs(cents(b.days.reduce((sum, d) => sum + d.spend, 0)) - cents(b.spend)) <= b.days.length);
  assert.equal(b.packages[0].spend, b.spend);
  assert.equal(b.packages[0].creatives[0].status, 'approved');
  assert.ok(!view.whys.some((w) => /creative|paused|taken/.test(w.text)), JSON.stringify(view.whys));
  const points = view.chart.real.split(' ').map((p) => p.split(',').map(Number));
  assert.ok(points.every(([x, y], i) => i === 0 || (x >= points[i - 1][0] && y <= points[i - 1][1])), 'spend never falls');
  assert.ok(points.every(([x, y]) => x >= 0 && x <= 1000 && y >= 0 && y <= 300));
  const page = await sessions.viewer.get(`/admin/buys/${running.media_buy_id}`);
  assert.match(page.text, /<polyline class="real" points="0,300 /);
});

test('a buy that does not run says why, and today names it', async () => {
  const view = await sessions.viewer.view(`/admin/buys/${waiting.media_buy_id}`);
  assert.ok(view.whys.some((w) => w.text === 'No creative that may run is assigned.'), JSON.stringify(view.whys));
  const today = await sessions.viewer.view('/admin');
  assert.deepEqual(today.today.late.map((b) => b.name), ['Waits for a creative']);
  assert.equal(today.today.running, 1);
});

test('buys are found by status, by name and by number, and go on page by page', async () => {
  const names = async (query) => (await sessions.viewer.view(`/admin/buys${query}`)).buys.media_buys.map((b) => b.name);
  assert.deepEqual(await names('?status=active'), ['Runs']);
  assert.deepEqual(await names('?status=pending_creatives'), ['Waits for a creative']);
  assert.deepEqual(await names('?text=RUNS'), ['Runs']);
  assert.deepEqual(await names(`?text=${waiting.media_buy_id}`), ['Waits for a creative']);
  assert.deepEqual(await names('?text=nothing-like-it'), []);
  assert.deepEqual(await names('?status=nonsense'), ['Waits for a creative', 'Runs']);
  const first = await json(agent, 'buy', 'list', '--limit', '1');
  assert.equal(first.has_more, true);
  const second = await json(agent, 'buy', 'list', '--limit', '1', '--before-id', first.before_id);
  assert.deepEqual([first, second].map((r) => r.media_buys[0].name), ['Waits for a creative', 'Runs']);
  assert.equal(second.has_more, false);
  assert.equal((await sessions.viewer.get('/admin/buys/mb-none')).status, 404);
});

test('an administrator makes a buyer and a token, which is shown once, works, rotates and is revoked', async () => {
  const ada = sessions.administrator;
  const bad = await ada.post('/admin/buyers', { id: 'no spaces', name: 'Kept <name>' });
  assert.equal(bad.status, 422);
  assert.match(bad.text, /value="Kept &lt;name&gt;"/);
  assert.equal((await ada.post('/admin/buyers', { id: 'acme', name: 'Acme' })).headers.get('location'), '/admin/buyers/acme?said=added');
  assert.equal((await ada.post('/admin/buyers', { id: 'acme', name: 'Acme' })).status, 409);
  const wrong = await ada.post('/admin/buyers/acme/tokens', { label: 'laptop', days: 'soon' });
  assert.equal(wrong.status, 422);
  const made = await ada.post('/admin/buyers/acme/tokens', { label: 'laptop', days: '30', scope: 'all' });
  const token = made.text.match(/class="secret">(sa_[\w-]+)</)[1];
  const works = async (t) => (await agent.call('get_media_buys', {}, { token: t })).status;
  assert.equal(await works(token), 200);
  const page = await ada.get('/admin/buyers/acme');
  assert.ok(!page.text.includes(token), 'it is not shown again');
  assert.match(page.text, /laptop/);
  const { token_id } = (await ada.view('/admin/buyers/acme')).tokens.tokens[0];
  const rotated = await ada.post(`/admin/buyers/acme/tokens/${token_id}/rotate`, {});
  const next = rotated.text.match(/class="secret">(sa_[\w-]+)</)[1];
  assert.deepEqual([await works(token), await works(next)], [200, 200]);
  assert.equal((await ada.post(`/admin/buyers/acme/tokens/${token_id}/revoke`, {})).headers.get('location'), '/admin/buyers/acme?said=revoked');
  assert.deepEqual([await works(token), await works(next)], [401, 200]);
  assert.equal((await ada.post('/admin/buyers/acme/status', { status: 'disabled' })).headers.get('location'), '/admin/buyers/acme?said=changed');
  assert.equal(await works(next), 401);
  assert.equal((await ada.get('/admin/buyers/nobody')).status, 404);
});

test('an administrator makes people, gives roles, and the link that is shown signs in', async () => {
  const ada = sessions.administrator;
  assert.equal((await ada.post('/admin/people', { id: 'neo', name: 'Neo', role: 'viewer' })).status, 303);
  assert.equal((await ada.post('/admin/people/neo/role', { role: 'operator' })).status, 303);
  const made = await ada.post('/admin/people/neo/link', {});
  assert.equal(made.status, 200);
  const link = made.text.match(/class="secret">([^<]+)</)[1];
  assert.ok(link.startsWith(`${agent.base}/admin/enter/`), link);
  const neo = await Session.by(agent, new URL(link).pathname);
  assert.equal((await neo.view('/admin')).me.person.role, 'operator');
  assert.ok(!(await ada.get('/admin/people')).text.includes(link));
  assert.equal((await ada.post('/admin/people/neo/role', { role: 'king' })).status, 422);
  assert.ok(!(await neo.get('/admin/people')).text.includes('Somebody new'), 'an operator gets no form that is refused');
  assert.equal((await ada.post('/admin/people/neo/status', { status: 'disabled' })).status, 303);
  assert.equal((await neo.get('/admin')).status, 303);
});

test('a message shows what it carries, without secrets, and is sent again', async () => {
  await json(agent, 'publisher', 'set', '--settings', JSON.stringify({ notifications: { webhook_url: 'http://127.0.0.1:9/' } }));
  await buy(agent, 'Told to nobody', { budget: 1000, from: 40, to: 60 });
  const view = await sessions.viewer.view('/admin/messages?kind=people');
  const [job] = view.jobs.jobs;
  assert.equal(job.kind, 'people');
  assert.equal((await sessions.viewer.get(`/admin/messages/${job.job_id}`)).status, 200);
  assert.deepEqual((await sessions.viewer.view('/admin/messages?state=done&kind=people')).jobs.jobs, []);
  const early = await sessions.operator.post(`/admin/messages/${job.job_id}/again`, {});
  assert.ok([303, 409].includes(early.status), `${early.status}: it waits, or has failed by now`);
  assert.equal((await sessions.viewer.get('/admin/messages/job-none')).status, 404);
});

test('the audit trail is searched by who, what, to what and day', async () => {
  const rows = async (query) => (await sessions.viewer.view(`/admin/audit?${query}`)).audit.entries;
  const links = await rows('action=user.link');
  assert.ok(links.length >= 3 && links.every((r) => r.action === 'user.link'));
  const own = await rows(`subject=media_buy:${running.media_buy_id}`);
  assert.ok(own.length > 0 && own.every((r) => r.href === `/admin/buys/${running.media_buy_id}`));
  assert.ok((await rows('actor=operator:ada')).every((r) => r.actor === 'operator:ada'));
  assert.ok((await rows('from=2027-03-06&until=2027-03-06')).every((r) => r.at.startsWith('2027-03-06')));
  assert.deepEqual(await rows('action=media_buy.*&until=2027-02-27'), []);
  const first = await sessions.viewer.view('/admin/audit');
  const { seq } = first.audit.entries[first.audit.entries.length >> 1];
  const next = await rows(`before=${seq}`);
  assert.ok(next.length > 0 && next.every((r) => r.seq < seq));
  assert.equal((await sessions.viewer.get('/admin/audit?before=abc&from=soon')).status, 200);
});
