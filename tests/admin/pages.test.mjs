// Every page as a browser shows it: to each role, wide and narrow, light and dark, with scripts and without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, fits, launch, open, widths } from './lib/browser.mjs';
import { Session, buy, creative, json, later, people, roles, start } from './lib/desk.mjs';

let agent, sessions, browser, pages;

// What a buyer can write: markup, quotes, controls, turned direction, a word without end.
const hostile = '<img src=x onerror="alert(1)"><b data-x>bold</b>&amp;\'"><script>alert(2)</script>\u0007\u202Eesrever\u2066 {t.name} '
  + 'Donaudampfschifffahrtsgesellschaft'.repeat(3);

before(async () => {
  ({ agent, sessions } = await start({ args: ['--clock', '2027-03-01T08:00:00Z'] }));
  browser = await launch();
  const running = await buy(agent, 'Developer Tool Launch', { from: 1, to: 20 });
  await json(agent, 'task', 'approve', running.task_id);
  const banner = await creative(agent, running.media_buy_id, 'A banner');
  await json(agent, 'creative', 'approve', banner);
  await buy(agent, 'Of an hour in which nobody looked', { budget: 2500, from: 1, to: 3 });
  agent = await later(agent, '2027-03-09T08:00:00Z'); // a week of delivery
  for (const role of roles) sessions[role] = await Session.of(agent, people[role]);
  const odd = await buy(agent, hostile);
  const decided = await buy(agent, 'Decided already');
  const waits = await creative(agent, odd.media_buy_id, hostile);
  await json(agent, 'task', 'reject', decided.task_id, '--reason', hostile);
  await json(agent, 'task', 'comment', odd.task_id, hostile);
  await json(agent, 'publisher', 'set', '--settings', JSON.stringify({ notifications: { webhook_url: 'http://127.0.0.1:9/' } }));
  await buy(agent, 'Told to nobody', { budget: 1000 });
  const { jobs: [job] } = await json(agent, 'job', 'list', '--kind', 'people');
  assert.equal((await sessions.administrator.post('/admin/slots', { slot_id: 'top-1', property_id: 'prop-001', name: hostile.slice(0, 150), medium: 'display',
    sizes: '728x90, 970x250', description: hostile, scripts: 'yes' })).status, 303);
  pages = ['/admin', '/admin/decisions', '/admin/decisions?who=decided', '/admin/decisions?text=%3Cb%3E', `/admin/decisions/${odd.task_id}`,
    `/admin/decisions/${decided.task_id}`, '/admin/sessions', '/admin/nothing', '/admin/buys', `/admin/buys/${running.media_buy_id}`,
    `/admin/buys/${odd.media_buy_id}`, '/admin/messages', `/admin/messages/${job.job_id}`, '/admin/buyers', '/admin/buyers/test-buyer',
    '/admin/people', '/admin/audit', '/admin/availability', '/admin/availability?for=prod-tech-display-001&impressions=99999999&first=2027-03-10&last=2027-03-12',
    '/admin/sales', '/admin/sales?by=media_buy', '/admin/ad-servers', '/admin/ad-servers/mock/inventory', '/admin/ads', '/admin/ads?by=package-day', '/admin/ads/why', '/admin/health', '/admin/products', '/admin/products/prod-tech-display-001',
    '/admin/products/prod-tech-display-001/edit', '/admin/offers?brief=video%20for%20developers', '/admin/formats', '/admin/formats/fmt-display-300x250', '/admin/properties/prop-001', '/admin/slots', '/admin/slots/top-1', '/admin/creatives', `/admin/creatives/test-buyer/${banner}`, `/admin/creatives/test-buyer/${waits}`];
});
after(async () => {
  await browser?.close();
  await agent.stop();
});

// The entry of the page that is shown, without scrolling the strip.
async function inSight(entry, width, label) {
  const box = await entry.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= width, `${label}: its entry is at ${Math.round(box.x)}`);
}

for (const role of roles) {
  for (const width of widths) {
    test(`every page for a ${role} at ${width} pixels`, async () => {
      for (const dark of role === 'operator' ? [false, true] : [false]) {
        const page = await open(browser, sessions[role], { width, dark });
        for (const where of pages) {
          const label = `${where} (${role}, ${width}, ${dark ? 'dark' : 'light'})`;
          const r = await page.goto(where);
          assert.equal(r.status(), where === '/admin/nothing' ? 404 : 200, label);
          await fits(page, label);
          assert.equal(await page.locator('[data-x], main script, main img').count(), 0, `${label}: a buyer's text is markup`);
          assert.equal(await page.locator('h1').count(), 1, label);
          for (const here of await page.locator('.side [aria-current]').all()) await inSight(here, width, label);
          if (role === 'operator' || (!dark && width === widths[0])) await accessible(page, label);
        }
        assert.deepEqual(page.wrong.filter((w) => !/status of 404/.test(w)), [], `${role} ${width}`);
        await page.leave();
      }
    });
  }
}

test('a buyer\'s text lands as text, whatever it is', async () => {
  const page = await open(browser, sessions.operator, { width: 390 });
  for (const where of [pages[1], pages[4], pages[5], '/admin/buys', pages[10], '/admin/creatives', pages.at(-1)]) { // as a name, as a name and a comment, as a reason
    await page.goto(where);
    const text = await page.locator('main').innerText();
    assert.ok(text.includes('<img src=x onerror="alert(1)"><b data-x>bold</b>&amp;'), `${where}: ${text.slice(0, 400)}`);
    assert.ok(text.includes('{t.name}'), where);
    assert.ok(!/[\u0007\u202E\u2066]/.test(text), `${where}: a control character`);
  }
  assert.deepEqual(page.wrong, []);
  await page.leave();
});

test('everything works without scripts: looking, searching, deciding, leaving', async () => {
  const task = await buy(agent, 'Without scripts');
  for (const width of widths) {
    const page = await open(browser, sessions.operator, { width, scripts: false });
    await page.goto('/admin');
    await page.getByRole('link', { name: 'Decisions' }).click();
    await page.getByRole('searchbox').fill('without');
    await page.getByRole('button', { name: 'Show' }).click();
    assert.match(page.url(), /text=without/);
    if (width === widths[0]) {
      await page.getByRole('link', { name: /wants to buy/ }).first().click();
      await page.getByRole('textbox').fill('checked');
      await page.getByRole('button', { name: 'Comment only' }).click();
      await page.getByText('Noted.').waitFor();
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('Approved. The buyer is told.').waitFor();
    } else {
      await page.getByText('Nothing that waits fits this.').waitFor();
    }
    await page.leave();
  }
  assert.equal((await json(agent, 'task', 'show', task.task_id)).task.resolved_by, 'operator:otto');
});

test('several are chosen and decided, and a link signs in and out, as people do it', async () => {
  await buy(agent, 'Chosen 1');
  await buy(agent, 'Chosen 2');
  const { url } = await json(agent, 'user', 'link', people.administrator);
  const page = await open(browser, { agent, cookie: '' });
  await page.goto(new URL(url).pathname);
  await page.getByRole('button', { name: /Sign in as ada/ }).click();
  await page.getByRole('heading', { name: 'Today' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await page.waitForURL('**/admin/decisions');
  await page.keyboard.press('/');
  await page.keyboard.type('chosen');
  await page.keyboard.press('Enter');
  await page.waitForURL(/text=chosen/);
  await page.getByLabel('Choose all').check();
  await page.getByRole('button', { name: 'Approve the chosen' }).click();
  await page.getByText('2 decided.').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(page.wrong, []);
  await page.leave();
});
