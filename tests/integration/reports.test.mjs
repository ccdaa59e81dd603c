// Reporting webhooks through restarts under a clock of our own: catch-up without a flood, one final report, then silence.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from './lib/agent.mjs';
import { Receiver } from './lib/receiver.mjs';

const secret = 'r'.repeat(32);
const reports = [];
let hooks;
let base;
let agent;
const data = mkdtempSync(path.join(tmpdir(), 'salesagent-'));

async function arrived(n, ms = 20000) {
  const until = Date.now() + ms;
  while (reports.length < n) {
    assert.ok(Date.now() < until, `${reports.length} of ${n} reports\n${agent.stderr}`);
    await new Promise((r) => setTimeout(r, 25));
  }
  return reports[n - 1];
}

async function at(clock) {
  if (agent) await agent.stop();
  agent = await Agent.start({ data, args: ['--clock', clock] });
}

before(async () => {
  hooks = await Receiver.start({ agent: () => agent, secret, seen: (d) => reports.push({ ...d.body, signed: d.verified === 'hmac' }) });
  base = hooks.base;
});
after(async () => {
  try {
    await hooks.close();
  } finally {
    await agent?.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

let buyId;

test('a buy asks for hourly reports', async () => {
  await at('2031-05-06T10:30:00Z');
  const r = await agent.call('create_media_buy', {
    idempotency_key: randomUUID(),
    account: { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example' },
    brand: { domain: 'acmeoutdoor.example' },
    start_time: 'asap',
    end_time: '2031-05-06T20:00:00Z',
    packages: [{
      product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1500,
    }],
    reporting_webhook: {
      url: `${base}/reports`, reporting_frequency: 'hourly', requested_metrics: ['impressions', 'spend'],
      authentication: { schemes: ['HMAC-SHA256'], credentials: secret },
    },
  }, { headers: { 'x-auto-advance': 'true' } });
  const reply = r.body.result.structuredContent;
  assert.ok(reply.media_buy_id, JSON.stringify(reply));
  buyId = reply.media_buy_id;
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(reports.length, 0);
});

test('three hours missed are one report', async () => {
  await at('2031-05-06T13:10:00Z');
  const r = await arrived(1);
  assert.equal(r.signed, true);
  assert.equal(r.task_type, 'media_buy_delivery');
  const d = r.result;
  assert.equal(d.notification_type, 'scheduled');
  assert.equal(d.sequence_number, 1);
  assert.deepEqual(d.reporting_period, { start: '2031-05-06T10:00:00Z', end: '2031-05-06T13:00:00Z' });
  assert.equal(d.next_expected_at, '2031-05-06T14:05:00Z');
  assert.equal(d.currency, 'USD');
  assert.equal(d.media_buy_deliveries[0].media_buy_id, buyId);
  assert.deepEqual(Object.keys(d.media_buy_deliveries[0].totals).sort(), ['impressions', 'spend']);
  assert.equal(d.media_buy_deliveries[0].by_package.length, 1);
});

test('the next hour comes at its time', async () => {
  await at('2031-05-06T14:04:58Z');
  const d = (await arrived(2)).result;
  assert.deepEqual(d.reporting_period, { start: '2031-05-06T13:00:00Z', end: '2031-05-06T14:00:00Z' });
  assert.equal(d.sequence_number, 2);
});

test('when the buy is over there is one final report, and then silence', async () => {
  await at('2031-05-07T09:00:00Z');
  const d = (await arrived(3)).result;
  assert.equal(d.notification_type, 'final');
  assert.equal(d.sequence_number, 3);
  assert.equal(d.next_expected_at, undefined);
  await at('2031-06-07T09:00:00Z');
  await new Promise((done) => setTimeout(done, 500));
  assert.equal(reports.length, 3);
});

test('the buyer sees what was sent', async () => {
  const r = await agent.call('get_media_buys', { adcp_version: '3.1', media_buy_ids: [buyId], include_webhook_activity: true,
    account: { brand: { domain: 'acmeoutdoor.example' }, operator: 'pinnacle-agency.example' } });
  const [mb] = r.body.result.structuredContent.media_buys;
  assert.deepEqual(mb.webhook_activity.map((a) => [a.notification_type, a.sequence_number, a.status, a.http_status_code]),
    [['final', 3, 'success', 200], ['scheduled', 2, 'success', 200], ['scheduled', 1, 'success', 200]]);
});
