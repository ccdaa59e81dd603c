// Makes the README's pictures of the desk, docs/pictures/{today,buy,availability}.png: a publisher with a week of delivery, as a
// browser shows it. Usage: SALESAGENT=build/salesagent node tests/admin/pictures.mjs
import path from 'node:path';
import { launch, open } from './lib/browser.mjs';
import { Session, buy, creative, json, later, people, start } from './lib/desk.mjs';

const folder = path.resolve(import.meta.dirname, '../../docs/pictures');
let { agent } = await start({ args: ['--clock', '2027-03-01T08:00:00Z'] });

async function runs(name, budget, from, to) {
  const made = await buy(agent, name, { budget, from, to });
  await json(agent, 'task', 'approve', made.task_id);
  await json(agent, 'creative', 'approve', await creative(agent, made.media_buy_id, `${name}, banner`));
  return made.media_buy_id;
}

const shown = await runs('Developer Tool Launch', 12000, 1, 24);
await runs('Cloud Week', 6000, 1, 11);
const lacking = await buy(agent, 'Spring Conference', { budget: 4000, from: 11, to: 30 });
await json(agent, 'task', 'approve', lacking.task_id);
agent = await later(agent, '2027-03-09T08:00:00Z');
await buy(agent, 'Editor Plugins, spring', { budget: 18000, from: 6, to: 36 });
await buy(agent, 'Hiring Campaign', { budget: 7500, from: 3, to: 17 });
const session = await Session.of(agent, people.administrator);
const browser = await launch();
for (const [name, where] of [['today', '/admin'], ['buy', `/admin/buys/${shown}`],
  ['availability', '/admin/availability?for=prod-tech-display-001&impressions=600000&first=2027-03-15&last=2027-03-24']]) {
  const page = await open(browser, session, { width: 1440 });
  await page.goto(where, { waitUntil: 'networkidle' });
  await page.screenshot({ path: path.join(folder, `${name}.png`), clip: { x: 0, y: 0, width: 1440, height: 900 } });
  await page.leave();
}
await browser.close();
await agent.stop();
