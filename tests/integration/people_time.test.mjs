// What only time shows of telling people: the digest is sent at the hour's end, reminders and escalations when they are due, a
// decision that cannot be carried out as an alert, and a link is dead when its time is over. The sandbox's clock is set
// anew at each start.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';

let agent, server, port;
const got = [];
const data = mkdtempSync(path.join(tmpdir(), 'salesagent-time-'));

async function until(what, condition, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const found = await condition();
    if (found) return found;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`${what} did not happen: ${JSON.stringify(got.map((g) => g.event ?? g.text))}`);
}

async function startAt(clock) {
  if (agent) await agent.stop();
  agent = await Agent.start({ data, args: ['--clock', clock] });
}

const cliJson = async (...args) => {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, r.stderr + r.stdout);
  return JSON.parse(r.stdout);
};

const buy = (name) => agent.call('create_media_buy', { name, total_budget: 1000, currency: 'USD', packages: [{
  product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', name: 'a', budget: 1000, start_date: '2026-04-01',
  end_date: '2026-04-30' }] });

const events = (what) => got.filter((g) => g.event === what);
const linkIn = (text) => text?.match(/https?:\/\/\S+\/decide\/\S+/)?.[0];

before(async () => {
  server = http.createServer((req, res) => {
    let body = '';
    req.on('data', (d) => { body += d; });
    req.on('end', () => { got.push(JSON.parse(body)); res.end('ok'); });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = server.address().port;
});

after(async () => {
  server.close();
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

test('many become one digest, sent when the hour ends', async () => {
  await startAt('2026-03-09T14:59:52Z');
  await cliJson('tenant', 'set', '--settings', JSON.stringify({ hitl_webhook_url: `http://127.0.0.1:${port}/slack`,
    notifications: { webhook_url: `http://127.0.0.1:${port}/hook`, link_base: 'https://ads.publisher.example', link_hours: 2, digest_after: 3 } }));
  await cliJson('rule', 'add', '--name', 'Timed', '--then', 'person', '--operations', 'create_media_buy', '--amount-over', '0',
    '--due-hours', '10', '--remind-hours', '2', '--escalate-hours', '5', '--lapse', 'reject');
  for (let i = 0; i < 6; i++) await buy(`Many ${i}`);
  const digest = await until('the digest', () => events('digest')[0]);
  assert.equal(digest.open_tasks, 6);
  assert.equal(digest.decide_url, undefined);
  assert.equal(events('created').length, 3);
  assert.equal(events('digest').length, 1);
  await until('the digest in Slack', () => got.find((g) => !g.event && /6 tasks wait for a decision/.test(g.text)));
});

test('a link works until its time is over', async () => {
  const link = linkIn(got.find((g) => linkIn(g.text)).text);
  assert.ok(link.startsWith('https://ads.publisher.example/decide/demo.'));
  const here = () => link.replace('https://ads.publisher.example', agent.base); // another port at each start
  assert.equal((await fetch(here())).status, 200);
  await startAt('2026-03-09T16:59:00Z');
  assert.equal((await fetch(here())).status, 200);
  await startAt('2026-03-09T17:00:30Z');
  const page = await fetch(here()), text = await page.text();
  assert.equal(page.status, 404, text);
  assert.match(text, /its time is over/);
  const post = await fetch(here(), { method: 'POST', body: new URLSearchParams({ decision: 'approve' }) });
  assert.equal(post.status, 422);
  assert.ok((await cliJson('task', 'list')).tasks.every((t) => t.state !== 'completed'));
});

test('who waits is told of again, and more loudly, and of the end', async () => {
  await until('reminders', () => events('reminded').length >= 6);
  assert.ok(events('reminded').every((e) => linkIn(e.decide_url)));
  await startAt('2026-03-09T20:01:00Z');
  await until('escalations', () => events('escalated').length === 6);
  assert.equal((await cliJson('task', 'list')).tasks[0].state, 'escalated');
  await startAt('2026-03-10T01:01:00Z');
  await until('the lapse', async () => (await cliJson('task', 'list')).tasks.length === 0);
});

test('a decision that cannot be carried out is an alert', async () => {
  await cliJson('rule', 'add', '--name', 'Updates', '--then', 'person', '--operations', 'update_media_buy');
  await buy('Late');
  const [task] = (await cliJson('task', 'list')).tasks;
  await cliJson('task', 'approve', task.task_id);
  const call = async (tool, args) => (await agent.call(tool, { adcp_version: '3.1', ...args })).body.result.structuredContent;
  const { media_buys: [made] } = await call('get_media_buys', { media_buy_ids: [task.subject_id] });
  const asked = await call('update_media_buy', { idempotency_key: 'people-time-update-01', account: { account_id: made.account.account_id },
    media_buy_id: made.media_buy_id, packages: [{ package_id: made.packages[0].package_id, budget: 1500 }] });
  const [update] = (await cliJson('task', 'list')).tasks;
  assert.equal(update?.kind, 'update_media_buy', JSON.stringify(asked));
  await startAt('2026-06-01T00:00:00Z'); // the flight is over
  await agent.cli('task', 'approve', update.task_id);
  const alert = await until('the alert', () => events('attempt_failed')[0]);
  assert.equal(alert.task_id, update.task_id);
  assert.ok(linkIn(alert.decide_url));
  await until('the alert in Slack', () => got.find((g) => !g.event && /could not be carried out/.test(g.text)));
});
