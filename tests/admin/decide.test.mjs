// Deciding at the desk: one task, several, two people at once, a crash in between; always in the name of who did it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from '../integration/lib/agent.mjs';
import { Session, buy, json, people, start } from './lib/desk.mjs';

let agent, sessions;
before(async () => { ({ agent, sessions } = await start()); });
after(() => agent.stop());

const state = async (task) => (await json(agent, 'task', 'show', task.task_id)).task;

test('an operator approves: the buyer has the buy, and the trail has the name', async () => {
  const task = await buy(agent, 'To be approved');
  const page = await sessions.operator.get(`/admin/decisions/${task.task_id}`);
  assert.match(page.text, /To be approved/);
  assert.match(page.text, /5,000\.00 USD/);
  const r = await sessions.operator.post(`/admin/decisions/${task.task_id}`, { decision: 'approve' });
  assert.deepEqual([r.status, r.headers.get('location')], [303, '/admin/decisions?said=approved']);
  const now = await state(task);
  assert.deepEqual([now.state, now.decision, now.resolved_by], ['completed', 'approved', 'operator:otto']);
  const line = now.history.find((h) => h.what === 'task.approved');
  assert.equal(line.by, 'operator:otto');
});

test('nothing is rejected without a reason, and what was written is kept', async () => {
  const task = await buy(agent, 'To be rejected'), where = `/admin/decisions/${task.task_id}`;
  const bare = await sessions.operator.post(where, { decision: 'reject', reason: '  ' });
  assert.equal(bare.status, 422);
  assert.match(bare.text, /Say why/);
  const neither = await sessions.operator.post(where, { decision: 'perhaps', reason: 'I wrote <this> "already"' });
  assert.equal(neither.status, 422);
  assert.match(neither.text, /I wrote &lt;this&gt; &quot;already&quot;<\/textarea>/);
  assert.equal((await state(task)).state, 'pending');
  const r = await sessions.operator.post(where, { decision: 'reject', reason: 'The dates are sold out.' });
  assert.equal(r.headers.get('location'), '/admin/decisions?said=rejected');
  const now = await state(task);
  assert.deepEqual([now.decision, now.reason], ['rejected', 'The dates are sold out.']);
});

test('two people deciding get one decision, and the second hears whose', async () => {
  const task = await buy(agent, 'Of two'), where = `/admin/decisions/${task.task_id}`;
  const tokens = await Promise.all(['operator', 'administrator'].map(async (r) => (await sessions[r].view(where)).form.token));
  const [a, b] = await Promise.all([
    sessions.operator.post(where, { decision: 'approve' }, { token: tokens[0] }),
    sessions.administrator.post(where, { decision: 'reject', reason: 'no' }, { token: tokens[1] }),
  ]);
  assert.deepEqual([a.status, b.status].sort(), [303, 409], `${a.status} ${b.status}`);
  const lost = a.status === 409 ? a : b;
  assert.match(lost.text, /role="alert"[^<]*>[^<]*(approved|rejected)/);
  const now = await state(task);
  assert.equal(now.history.filter((h) => /^task\.(approved|rejected)$/.test(h.what)).length, 1);
});

test('a form sent twice decides once, and both times says the same', async () => {
  const task = await buy(agent, 'Of a double click'), where = `/admin/decisions/${task.task_id}`;
  const { form } = await sessions.operator.view(where);
  const fields = { decision: 'approve', reason: '', key: form.key };
  const [a, b] = await Promise.all([1, 2].map(() => sessions.operator.post(where, fields, { token: form.token })));
  assert.deepEqual([a.status, b.status], [303, 303]);
  const again = await sessions.operator.post(where, { ...fields, key: 'another' }, { token: form.token });
  assert.equal(again.status, 409);
});

test('several at once: each stands alone, and the page says what did not go', async () => {
  const three = [await buy(agent, 'One'), await buy(agent, 'Two'), await buy(agent, 'Three')];
  await json(agent, 'task', 'approve', three[1].task_id);
  const r = await sessions.operator.post('/admin/decisions', { task: three.map((t) => t.task_id), decision: 'approve' });
  assert.equal(r.status, 200);
  assert.match(r.text, /2 decided, 1 not/);
  assert.ok(r.text.includes(three[1].task_id));
  for (const t of three) assert.equal((await state(t)).decision, 'approved');
  const none = await sessions.operator.post('/admin/decisions', { decision: 'approve' });
  assert.equal(none.status, 422);
  const many = await sessions.operator.post('/admin/decisions', { decision: 'approve', task: Array(201).fill('task-x') });
  assert.equal(many.status, 422);
});

test('what an administrator must decide an operator sees, and cannot decide', async () => {
  await json(agent, 'rule', 'add', '--name', 'Large', '--then', 'person', '--role', 'administrator', '--amount-over', '20000');
  const task = await buy(agent, 'Large one', { budget: 25000 }), where = `/admin/decisions/${task.task_id}`;
  const view = await sessions.operator.view(where);
  assert.deepEqual(view.may, { work: true, decide: false });
  assert.equal((await sessions.operator.post(where, { decision: 'approve' })).status, 403);
  assert.equal((await state(task)).state, 'pending');
  const today = await sessions.operator.view('/admin');
  assert.ok(!today.queue.tasks.some((t) => t.task_id === task.task_id), 'it does not wait for the operator');
  assert.ok((await sessions.administrator.view('/admin')).queue.tasks.some((t) => t.task_id === task.task_id));
  assert.equal((await sessions.administrator.post(where, { decision: 'approve' })).status, 303);
});

test('a comment and an assignment are noted with the name', async () => {
  const task = await buy(agent, 'Of a comment', { budget: 1000 }), where = `/admin/decisions/${task.task_id}`;
  assert.equal((await sessions.operator.post(`${where}/comment`, { reason: 'checked with sales' })).status, 303);
  assert.equal((await sessions.operator.post(`${where}/take`, { me: 'otto' })).status, 303);
  const now = await state(task);
  assert.equal(now.assigned_to, 'otto');
  assert.deepEqual(now.comments.map((c) => [c.by, c.text]), [['operator:otto', 'checked with sales']]);
  assert.match((await sessions.operator.get(where)).text, /checked with sales/);
});

test('the queue is filtered by text, kind and who decides, and goes on page by page', async () => {
  for (let i = 0; i < 55; i++) await buy(agent, `Needle ${i}`, { budget: 1000 + i, from: 60, to: 240 });
  await buy(agent, 'Haystack', { budget: 1000, from: 60, to: 240 });
  const first = await sessions.viewer.view('/admin/decisions?text=needle');
  assert.equal(first.queue.tasks.length, 50);
  assert.ok(first.queue.tasks.every((t) => /^Needle/.test(t.subject.name)));
  assert.equal(first.queue.has_more, true);
  const second = await sessions.viewer.view(`/admin/decisions?text=needle&after=${first.last_id}`);
  assert.equal(second.queue.tasks.length, 5);
  const ids = new Set([...first.queue.tasks, ...second.queue.tasks].map((t) => t.task_id));
  assert.equal(ids.size, 55);
  assert.equal((await sessions.viewer.view('/admin/decisions?kind=account')).queue.tasks.length, 0);
  assert.equal((await sessions.viewer.view('/admin/decisions?kind=nonsense&text=haystack')).queue.tasks.length, 1, 'a kind that is none is none');
  const decided = await sessions.viewer.view('/admin/decisions?who=decided');
  assert.ok(decided.decided.tasks.length > 0 && decided.decided.tasks.every((t) => t.decision));
  assert.equal((await sessions.viewer.get(`/admin/decisions?text=${'%F0%9F%A6%8A'.repeat(60)}`)).status, 200);
  assert.equal((await sessions.viewer.get('/admin/decisions?text=%ff%fe')).status, 200);
  assert.equal((await sessions.viewer.get('/admin/decisions?after=task-none')).status, 404);
});

test('a crash between a decision and what follows from it loses nothing', async () => {
  const own = await start();
  const task = await buy(own.agent, 'Before the crash');
  const r = await own.sessions.operator.post(`/admin/decisions/${task.task_id}`, { decision: 'approve' });
  assert.equal(r.status, 303);
  await own.agent.kill();
  const again = await Agent.start({ data: own.agent.data });
  try {
    const { task: now } = await json(again, 'task', 'show', task.task_id);
    assert.deepEqual([now.decision, now.resolved_by], ['approved', 'operator:otto']);
    own.sessions.operator.agent = again;
    assert.equal((await own.sessions.operator.get('/admin')).status, 200, 'and people are still signed in');
    assert.equal((await again.cli('audit', 'verify')).code, 0);
  } finally {
    again.ownsData = true;
    await again.stop();
  }
});

test('nothing of another publisher is seen or decided', async () => {
  const { readFileSync, rmSync, writeFileSync } = await import('node:fs');
  const path = await import('node:path');
  const own = await start();
  try {
    const demo = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../data/demo-publisher.json'), 'utf8'));
    Object.assign(demo.tenant, { tenant_id: 'rival', name: 'Rival House', host: 'rival.example' });
    for (const p of demo.principals) for (const t of p.tokens ?? []) t.token = `rival-${t.token}`;
    const file = path.join(own.agent.data, 'rival.json');
    writeFileSync(file, JSON.stringify(demo));
    const task = await buy(own.agent, 'Of the first house');
    await own.agent.kill();
    const made = await own.agent.cli('import', '--sandbox', '--new-publisher', file);
    assert.equal(made.code, 0, made.stderr);
    rmSync(file);
    own.agent = Object.assign(await Agent.start({ data: own.agent.data }), { ownsData: true });
    const cli = async (...args) => JSON.parse((await own.agent.cli(...args, '--tenant', 'rival', '--json')).stdout);
    await cli('user', 'add', 'ada', '--role', 'administrator');
    const rival = await Session.by(own.agent, new URL((await cli('user', 'link', 'ada')).url).pathname);
    const view = await rival.view('/admin/decisions');
    assert.equal(view.me.publisher.name, 'Rival House');
    assert.deepEqual(view.queue.tasks, []);
    const where = `/admin/decisions/${task.task_id}`;
    assert.equal((await rival.get(where)).status, 404);
    assert.equal((await rival.post(where, { decision: 'approve' })).status, 404);
    assert.match((await rival.post('/admin/decisions', { task: task.task_id, decision: 'approve' })).text, /0 decided, 1 not/);
    assert.equal((await rival.post(`${where}/comment`, { reason: 'hello' })).status, 404);
    assert.ok(!(await rival.get('/admin')).text.includes('Of the first house'));
    const { sessions: list } = (await rival.view('/admin/sessions')).sessions;
    assert.equal(list.length, 1, 'the sessions of other publishers are not there');
  } finally {
    await own.agent.stop();
  }
});
