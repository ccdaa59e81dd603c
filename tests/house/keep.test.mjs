// What is kept no longer than its setting says, and what stays: with the clock of a sandbox.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Paper, until } from './lib/paper.mjs';

const first = '2027-03-26T09:00:00Z', later = '2027-05-10T09:00:00Z'; // 45 days

let paper;
before(async () => { paper = await Paper.start({ args: ['--clock', first] }); });
after(() => paper.stop());

const run = async (...words) => {
  const r = await paper.agent.cli(...words, '--json');
  assert.equal(r.code, 0, r.stdout + r.stderr);
  return JSON.parse(r.stdout);
};
const counted = async (b) => (await run('ads', 'report', '--from', '2027-03-20', '--until', '2027-03-31', '--media-buy', b.buy)).rows[0]?.impressions;

test('counts by hour, slot and creative go after as many days as the publisher set; what is billed stays, and a click still lands', async () => {
  const b = await paper.buy({ product: 'page', days: 60 }), ad = await paper.ad('top');
  await paper.see(ad);
  await paper.counted(b, { impressions: 1 });
  assert.equal(await counted(b), 1);
  await run('tenant', 'set', '--settings', JSON.stringify({ adapter_settings: { keep_days: 31 } }));
  paper.options.args = ['--clock', later];
  await paper.restart();
  assert.equal(await counted(b), 1, 'nothing is gone before the minute of the chores');
  await until('a minute of it', async () => await counted(b) === 0, 150000);
  const { totals } = await paper.delivery(b);
  assert.deepEqual([totals.impressions, totals.spend], [1, 0.01]);
  const r = await paper.get(ad.click_url.replace(/^http:\/\/[^/]*/, paper.base));
  assert.equal(r.status, 302);
  assert.equal(r.headers.get('location'), 'https://acme.example/landing');
});
