// People decide: a buy that needs a person is told to a fake Slack, a webhook and, in a real SMTP conversation, by mail;
// the link in it decides once; rules, roles, tokens and the audit trail through the command line.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Agent, cli } from './lib/agent.mjs';

let notifications, agent, slack, hook, smtp;

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

async function until(what, condition, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const found = await condition();
    if (found) return found;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`${what} did not happen`);
}

// Takes JSON; answers the first request with 503, to see that it comes again.
async function receiver({ failFirst = false } = {}) {
  const got = [];
  let failures = failFirst ? 1 : 0;
  const server = http.createServer((req, res) => {
    let body = '';
    req.on('data', (d) => { body += d; });
    req.on('end', () => {
      if (failures-- > 0) { res.writeHead(503).end(); return; }
      got.push(JSON.parse(body));
      res.end('ok');
    });
  });
  return { server, got, port: await listen(server) };
}

// RFC 5321 as far as a client needs it.
async function relay() {
  const got = [];
  const server = net.createServer((socket) => {
    let buffer = '', data = null, mail = {};
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.write('220 relay.test ESMTP\r\n');
    socket.on('data', (chunk) => {
      buffer += chunk;
      for (let at; (at = buffer.indexOf('\r\n')) >= 0;) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        if (data !== null) {
          if (line === '.') { got.push({ ...mail, data }); data = null; socket.write('250 taken\r\n'); }
          else data += `${line.startsWith('.') ? line.slice(1) : line}\r\n`;
        } else if (/^EHLO/i.test(line)) socket.write('250-relay.test\r\n250 8BITMIME\r\n');
        else if (/^MAIL FROM:<(.*?)>/i.test(line)) { mail = { from: line.match(/<(.*?)>/)[1], to: [] }; socket.write('250 ok\r\n'); }
        else if (/^RCPT TO:<(.*?)>/i.test(line)) { mail.to.push(line.match(/<(.*?)>/)[1]); socket.write('250 ok\r\n'); }
        else if (/^DATA/i.test(line)) { data = ''; socket.write('354 go on\r\n'); }
        else if (/^QUIT/i.test(line)) { socket.end('221 bye\r\n'); }
        else socket.write('250 ok\r\n');
      }
    });
  });
  return { server, got, port: await listen(server) };
}

const mailText = (mail) => {
  const [coded, ...rest] = mail.data.split('\r\n\r\n');
  const head = coded.replace(/\?=\r\n =\?UTF-8\?B\?/g, '').replace(/=\?UTF-8\?B\?(.*?)\?=/g, (_, b) => Buffer.from(b, 'base64').toString('utf8'));
  return { head, text: Buffer.from(rest.join('').replace(/\r\n/g, ''), 'base64').toString('utf8') };
};

const buy = (budget = 1000, name = 'Spring', month = '04') => agent.call('create_media_buy', {
  name, total_budget: budget, currency: 'USD', packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001',
    name: 'a', budget, start_date: `2027-${month}-01`, end_date: `2027-${month}-30` }] });

const cliJson = async (...args) => {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, r.stderr);
  return JSON.parse(r.stdout);
};

const newest = async () => (await cliJson('task', 'list')).tasks[0];

before(async () => {
  agent = await Agent.start();
  [slack, hook, smtp] = [await receiver({ failFirst: true }), await receiver(), await relay()];
  notifications = {
    webhook_url: `http://127.0.0.1:${hook.port}/people`, link_base: agent.base, high_value_over: 15000, digest_after: 6,
    email: { to: ['ann@publisher.example'], from: 'agent@publisher.example', smtp_url: `smtp://127.0.0.1:${smtp.port}`, tls: 'none' } };
  const settings = { hitl_webhook_url: `http://127.0.0.1:${slack.port}/services/x`, notifications };
  const r = await agent.cli('tenant', 'set', '--settings', JSON.stringify(settings));
  assert.equal(r.code, 0, r.stderr);
});

after(async () => {
  for (const s of [slack, hook, smtp]) s.server.close();
  await agent.stop();
});

test('a buy that waits is told everywhere, and the link decides it once', async () => {
  const r = await buy();
  assert.ok(!r.body.error && !r.body.result.isError, JSON.stringify(r.body));
  const task = await newest();
  const [note] = await until('a message to Slack', () => slack.got.length && slack.got);
  assert.match(note.text, /Waits for a decision: create_media_buy/);
  assert.match(note.text, /\nAdvertiser: .+\nAmount: 1000 USD\nProducts: Tech Audience - Premium Display\nFlight: 2027-04-01 00:00 UTC to 2027-05-01 00:00 UTC\n/);
  assert.match(note.text, /\nUntil: 2\d{3}-\d\d-\d\d \d\d:\d\d UTC\n/);
  const link = note.text.match(/http:\/\/\S+\/decide\/\S+/)[0];
  const [event] = await until('a webhook', () => hook.got.length && hook.got);
  assert.equal(event.event, 'created');
  assert.equal(event.task_id, task.task_id);
  assert.deepEqual([event.total_budget, event.products, event.start_time], ['1000 USD', 'Tech Audience - Premium Display', '2027-04-01T00:00:00Z']);
  assert.notEqual(event.decide_url, link);
  assert.match(event.audit_head.hash, /^[0-9a-f]{64}$/); // an anchor outside the publisher's own files
  const known = (await cliJson('audit', 'show', String(event.audit_head.seq)));
  assert.equal(known.entry.hash, event.audit_head.hash);
  const [mail] = await until('a mail', () => smtp.got.length && smtp.got);
  assert.deepEqual([mail.from, mail.to], ['agent@publisher.example', ['ann@publisher.example']]);
  const { head, text } = mailText(mail);
  assert.match(head, /^Subject: .*Waits for a decision/m);
  assert.match(text, /\/decide\//);

  for (let i = 0; i < 3; i++) { // looking decides nothing
    const page = await fetch(link);
    const html = await page.text();
    assert.equal(page.status, 200);
    assert.match(html, /A decision waits for you/);
    assert.match(html, /Spring/);
    assert.match(html, /<dt>Flight<\/dt><dd>.{3,40} to .{0,20}30 Apr/); // in the publisher's days
    assert.match(html, /What happens when you approve.*create order.*create line item/s);
    assert.doesNotMatch(html, /<script/);
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
    assert.equal(page.headers.get('referrer-policy'), 'same-origin'); // with no-referrer its form would have no origin
  }
  const form = (body, to = link) => fetch(to, { method: 'POST', body: new URLSearchParams(body), headers: { origin: agent.base } });
  const without = await form({ decision: 'reject', name: 'Ann "A" Example' }); // without a reason: the page stays, and what was written
  assert.equal(without.status, 422);
  assert.match(await without.text(), /A decision waits for you.*role="alert">Say why.*value="Ann &quot;A&quot; Example".*>Reject<\/button>/s);
  const berlin = async (zone) => assert.equal((await agent.cli('tenant', 'set', '--settings', JSON.stringify({ timezone: zone }))).code, 0);
  await berlin('Europe/Berlin'); // by the publisher's clocks, wherever people read
  assert.match(await (await fetch(link)).text(), /<dt>Flight<\/dt><dd>[^<]*1 May 2027, 02:00, [^<]*Berlin/);
  await berlin(null);
  const both = await Promise.all([form({ decision: 'approve', name: 'Ann Example' }), form({ decision: 'reject', reason: 'no', name: 'Ann Example' }, event.decide_url)]);
  assert.deepEqual(both.map((b) => b.status).sort(), [200, 422]);
  assert.equal((await form({ decision: 'approve' })).status, 422);
  const shown = (await cliJson('task', 'show', task.task_id)).task;
  assert.match(shown.resolved_by, /^link:\w+ \(Ann Example\)$/);
  assert.ok(shown.history.length >= 2);
});

test("a buyer's words reach people as words: no markup of Slack, no link, no line of their own", async () => {
  const evil = '<!channel> <https://evil.example|Approve here> *now* & http://evil.example/x\r\nDecide, once, with this link:\r\n\u202ehttps://evil.example\u2028\u009b31m';
  const told = [slack.got.length, hook.got.length, smtp.got.length];
  const r = await agent.call('sync_creatives', { adcp_version: '3.1', idempotency_key: 'people-words-000001',
    account: { brand: { domain: 'devtool.example' }, operator: 'devtool.example' },
    creatives: [{ creative_id: 'c-words', name: evil, format_id: { agent_url: 'http://localhost/mcp', id: 'fmt-display-300x250' },
      assets: { primary: { asset_type: 'image', url: 'https://cdn.devtool.example/w.png', width: 300, height: 250, format: 'png' },
        headline: { asset_type: 'text', content: evil.slice(0, 20) }, click_url: { asset_type: 'url', url: 'https://devtool.example/' } } }] });
  assert.ok(r.body.result && !r.body.result.isError, JSON.stringify(r.body));
  const bought = await buy(1001, evil, '06');
  assert.ok(!bought.body.result.isError, JSON.stringify(bought.body));
  await until('two messages everywhere', () => slack.got.length >= told[0] + 2 && hook.got.length >= told[1] + 2 && smtp.got.length >= told[2] + 2);
  const slacked = slack.got.slice(told[0]), plain = [...hook.got.slice(told[1]).map((n) => n.text), ...smtp.got.slice(told[2]).map((m) => mailText(m).text)];
  assert.ok(slacked.some((n) => n.text.includes('!channel')) && plain.some((t) => t.includes('!channel')), 'the words are told');
  for (const note of slacked) {
    assert.doesNotMatch(note.text, /[<>]|&(?!(amp|lt|gt);)/, 'all that Slack reads as its own is escaped');
    assert.deepEqual([note.mrkdwn, note.unfurl_links, note.unfurl_media], [false, false, false]);
  }
  for (const text of [...slacked.map((n) => n.text), ...plain]) {
    assert.deepEqual([...new Set(text.match(/https?:\/\/[^/\s]+/g))], [agent.base], 'the only link is ours');
    assert.equal(text.match(/^Decide, once, with this link:$/gm).length, 1);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  }
  for (const mail of smtp.got.slice(told[2])) assert.doesNotMatch(mail.data.split('\r\n\r\n')[0], /evil|^Decide/m);
});

test('the page of a creative shows what is to be judged, as text', async () => {
  const evil = '"><script>alert(1)</script>';
  const { body } = await agent.call('sync_creatives', { adcp_version: '3.1', idempotency_key: 'people-creative-000001',
    account: { brand: { domain: 'devtool.example' }, operator: 'devtool.example' },
    creatives: [{ creative_id: 'c-evil', name: evil, format_id: { agent_url: 'http://localhost/mcp', id: 'fmt-display-300x250' },
      assets: { primary: { asset_type: 'image', url: 'https://cdn.devtool.example/a.png?a=1&b=2', width: 300, height: 250, format: 'png' },
        headline: { asset_type: 'text', content: `Hello ${evil}` },
        click_url: { asset_type: 'url', url: 'https://devtool.example/' } } }] });
  assert.equal(body.result?.structuredContent.creatives[0].status, 'pending_review', JSON.stringify(body));
  const event = await until('a webhook', () => hook.got.find((e) => e.subject_id === 'c-evil'));
  const page = await fetch(event.decide_url), html = await page.text();
  assert.equal(page.status, 200);
  assert.doesNotMatch(html, /<script|<img|<iframe/);
  assert.match(html, /<b>[Hh]eadline<\/b> <span class="sub">text<\/span>.*Hello &quot;&gt;&lt;script&gt;/s);
  assert.match(html, /<a href="https:\/\/cdn.devtool.example\/a.png\?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">/);
  assert.match(html, /dimensions/); // and what the checks found
  const r = await fetch(event.decide_url, { method: 'POST', body: new URLSearchParams({ decision: 'reject', reason: 'No.' }),
    headers: { origin: agent.base } });
  assert.match(await r.text(), /Rejected/);
});

test('a link that was touched opens nothing', async () => {
  await buy(1000, 'Forged');
  const note = await until('a message', () => slack.got.find((n) => n.text.includes('create_media_buy') && slack.got.indexOf(n) > 0));
  const link = note.text.match(/http:\/\/\S+\/decide\/\S+/)[0];
  const last = link.at(-2) === 'A' ? 'B' : 'A';
  for (const bad of [link.slice(0, -2) + last + link.at(-1), link.slice(0, -4), link.replace('demo.', 'other.'), `${agent.base}/decide/x`]) {
    const page = await fetch(bad);
    assert.ok(page.status >= 400 && page.status < 500, `${bad}: ${page.status}`);
  }
});

test('rules, roles and tokens through the command line', async () => {
  let r = await agent.cli('rule', 'add', '--name', 'Large', '--then', 'person', '--amount-over', '20000', '--role', 'administrator');
  assert.equal(r.code, 0, r.stderr);
  r = await agent.cli('rule', 'test', 'create_media_buy', '--amount', '20001');
  assert.match(r.stdout, /outcome\s+person/);
  assert.match(r.stdout, /administrator/);
  const maybe = await agent.cli('rule', 'add', '--name', 'x', '--then', 'maybe');
  assert.deepEqual([maybe.code, maybe.stderr], [2, 'error: --then: must be one of "person", "auto", "reject"\n']);
  assert.equal((await agent.cli('rule', 'fly')).code, 2);
  assert.match((await agent.cli('rule', 'list', '--help')).stdout, /Usage: salesagent rule/);

  await agent.cli('user', 'add', 'vera', '--role', 'viewer');
  await agent.cli('user', 'add', 'otto', '--role', 'operator');
  const token = async (who, ...more) => (await cliJson('token', 'add', who, ...more)).token;
  const [vera, otto] = [await token('vera'), await token('otto', '--may-decide')];
  await buy(30000, 'Large');
  const task = await newest();
  const complete = (t) => agent.call('complete_task', { task_id: task.task_id, resolution: 'approved' }, { token: t });
  for (const t of ['test-token', vera.token, otto.token]) {
    const answer = await complete(t);
    assert.ok(answer.body.result.isError, 'a decision without the right role');
    assert.match(JSON.stringify(answer.body), /PERMISSION_DENIED|FORBIDDEN|AUTHORIZATION/);
  }
  assert.equal((await cliJson('task', 'show', task.task_id)).task.state, 'pending');
  assert.ok(!(await complete('test-operator-token')).body.result.isError);
  assert.equal((await cliJson('task', 'show', task.task_id)).task.decision, 'approved');

  // A link carries what the rule wants; where the publisher has said that it may not, its page says so before.
  for (const role of [null, 'operator']) {
    assert.equal((await agent.cli('tenant', 'set', '--settings', JSON.stringify({ notifications: { ...notifications, link_role: role ?? undefined } }))).code, 0);
    await buy(30000, `Large for ${role}`, role ? '06' : '05');
    const { task_id } = await newest();
    const { decide_url } = await until('a webhook', () => hook.got.find((e) => e.task_id === task_id));
    const html = await (await fetch(decide_url)).text();
    assert.equal(html.includes('<form'), !role);
    assert.equal(html.includes('An administrator decides this'), !!role);
    const r = await fetch(decide_url, { method: 'POST', body: new URLSearchParams({ decision: 'approve' }), headers: { origin: agent.base } });
    assert.equal(r.status, role ? 422 : 200);
  }
  assert.equal((await agent.cli('tenant', 'set', '--settings', JSON.stringify({ notifications }))).code, 0);

  const read = await token('test-buyer', '--scope', 'read', '--label', 'reports', '--expires-days', '30');
  assert.ok(!(await agent.call('get_media_buys', {}, { token: read.token })).body.result.isError);
  const refused = await agent.call('create_media_buy', { packages: [] }, { token: read.token });
  assert.ok(refused.body.error || refused.body.result.isError);
  await until('the last use', async () => (await cliJson('token', 'list', '--principal', 'test-buyer')).tokens
    .find((t) => t.token_id === read.token_id && t.last_used_at));
  const rotated = (await cliJson('token', 'rotate', read.token_id)).token;
  assert.equal((await agent.call('get_media_buys', {}, { token: read.token })).status, 401);
  assert.ok(!(await agent.call('get_media_buys', {}, { token: rotated.token })).body.result.isError);
  assert.equal((await agent.cli('token', 'revoke', rotated.token_id)).code, 0);
  assert.equal((await agent.call('get_media_buys', {}, { token: rotated.token })).status, 401);
  const listed = await agent.cli('token', 'list', '--json');
  for (const t of [vera, otto, read, rotated]) assert.ok(!listed.stdout.includes(t.token));
});

test('many at once become a digest; what is worth much is told at once', async () => {
  const before = hook.got.length;
  for (let i = 0; i < 8; i++) await buy(1000 + i, `Many ${i}`);
  const alerts = () => hook.got.slice(before).filter((e) => e.event === 'high_value');
  const large = await buy(16000, 'Very large');
  assert.ok(large.body.result && !large.body.result.isError, JSON.stringify(large.body));
  await until('the alert', () => alerts().length === 1);
  assert.ok(hook.got.length - before < 8, 'each was told');
  const jobs = (await cliJson('job', 'list', '--state', 'ready')).jobs;
  assert.equal(jobs.filter((j) => j.job_id.startsWith('digest-')).length, 3);
});

test('several tasks at once; comments', async () => {
  const tasks = (await cliJson('task', 'list')).tasks.filter((t) => t.kind === 'create_media_buy').slice(0, 3);
  assert.equal((await agent.cli('task', 'comment', tasks[0].task_id, 'looks fine')).code, 0);
  assert.equal((await cliJson('task', 'show', tasks[0].task_id)).task.comments[0].text, 'looks fine');
  const r = await agent.cli('task', 'approve', ...tasks.map((t) => t.task_id));
  assert.equal(r.code, 0, r.stdout + r.stderr);
  assert.equal(r.stdout.match(/completed/g).length, 3);
  assert.equal((await agent.cli('task', 'approve', tasks[0].task_id)).code, 1);
});

test('the audit trail can be read, exported and verified', async () => {
  assert.match((await agent.cli('audit', 'verify')).stdout, /the trail is whole/);
  const csv = (await agent.cli('audit', 'export', '--format', 'csv', '--action', 'task.*')).stdout.trim().split('\r\n');
  assert.match(csv[0], /^seq,at,actor/);
  assert.ok(csv.length > 5 && csv.slice(1).every((l) => /^\d+,"2/.test(l)));
  const rows = (await agent.cli('audit', 'export')).stdout.trim().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(rows.map((r) => r.seq), rows.map((_, i) => i + 1));
  assert.ok(rows.some((r) => r.actor.startsWith('link:') && r.action === 'task.approved'));
});

test('completion and help of every command', async () => {
  const script = (await cli('completion', 'bash')).stdout;
  assert.match(script, /complete -o default -F _salesagent salesagent/);
  for (const c of ['task', 'creative', 'rule', 'audit', 'user', 'principal', 'token', 'tenant']) {
    const help = await agent.cli(c, '--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Usage: salesagent/);
    assert.match(script, new RegExp(`\\b${c}\\b`));
  }
});
