// scripts/run --ad-server gam-fake [LOG]: one buy, from create_media_buy through the publisher's approval, the order's approval in Ad
// Manager, line items, creatives and a report to get_media_buy_delivery. The agent is the real one, Ad Manager is the strict fake, time is
// virtual. What the fake was asked and what it answered is written to LOG, a line of JSON each, secrets masked.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Stage, account } from './kit/stage.mjs';
import { Scenario } from './kit/scenario.mjs';
import { gam } from './agents/gam.mjs';

// As a publisher who wants people to decide: here, and in Ad Manager.
const careful = {
  ...gam,
  patience: { step_s: 900, most_s: 2 * 86400 },
  publisher: (doc, credentials) => {
    const shaped = gam.publisher(doc, credentials);
    Object.assign(shaped.tenant, { workflow_required: true });
    shaped.tenant.adapter_settings.approval = 'submit';
    return shaped;
  },
};

async function book(stage, s, say) {
  say('1. the buyer: create_media_buy, two packages of 1,500 and 2,500 USD at 10 USD a thousand');
  const booking = s.book();
  await stage.until('the publisher to be asked', async () => (await stage.approve()) > 0);
  say('2. the publisher: approves the task of the new media buy');
  const order = async () => (await stage.summary()).orders[0];
  await stage.until('the order to be submitted', async () => (await order())?.state === 'PENDING_APPROVAL');
  const { id, name, lines } = await order();
  say(`3. Ad Manager: order ${id} "${name}" with ${lines.length} line items waits for approval; the buy waits with it`);
  await stage.fake.act({ do: 'approve', order: '*' });
  say('4. a trafficker: approves the order in Ad Manager');
  await booking;
  for (const l of (await order()).lines) say(`   line item ${l.id} "${l.name}": ${l.type}, ${l.goal.units} ${l.goal.unit}, ${l.state}`);
}

export async function play({ say, to }) {
  const stage = await Stage.start(careful);
  try {
    const s = new Scenario(stage);
    await book(stage, s, say);
    await s.creatives();
    for (const l of (await stage.summary()).orders[0].lines)
      say(`5. Ad Manager: line item ${l.id} has creative "${l.creatives[0].name}", ${l.creatives[0].bytes.n} bytes, ${l.state}`);
    await s.report();
    const {
      media_buy_deliveries: [d],
    } = await stage.call('get_media_buy_delivery', { account, media_buy_ids: [s.id] });
    say(`6. ten days later, the buyer: get_media_buy_delivery says ${d.totals.impressions} impressions, ${d.totals.spend} ${d.currency ?? 'USD'}`);
    const { orders, duplicates } = await stage.summary();
    assert.deepEqual(duplicates, []);
    const served = orders[0].lines.reduce((n, l) => n + l.delivered.impressions, 0);
    say(`   Ad Manager says ${served} impressions`);
    assert.equal(d.totals.impressions, served);
    const log = await stage.fake.log();
    if (to) writeFileSync(to, log.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    say(`what Ad Manager was asked, and answered: ${to} (${log.length} calls)`);
  } finally {
    await stage.close();
  }
}

if (process.argv[1] === import.meta.filename) await play({ say: (text) => process.stdout.write(`${text}\n`), to: process.argv[2] ?? 'gam-fake.log' });
