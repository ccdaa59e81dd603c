// Creatives at the desk: the list, a review with its preview, and that a preview reaches nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './lib/browser.mjs';
import { buy, creative, json, start } from './lib/desk.mjs';

// A script of a buyer that tries what it should not be able to, and writes down what it could.
const curious = `<p id="seen">nothing yet</p><script>
const seen = [];
const attempt = (what, run) => { try { run(); seen.push(what); } catch (e) { /* refused */ } };
attempt('read the desk', () => parent.document.title.length);
attempt('led it away', () => { top.location.href = 'https://evil.example/'; });
attempt('kept something', () => localStorage.setItem('a', 'b'));
attempt('opened a window', () => { if (!open('https://evil.example/')) throw new Error('no'); });
fetch(location.ancestorOrigins && location.ancestorOrigins[0] + '/admin').then(() => seen.push('fetched the desk'), () => {}).then(() => {
  document.getElementById('seen').textContent = seen.length ? seen.join(', ') : 'could do nothing, as ' + origin;
});
</script>`;

let agent, sessions, bought, html;
const where = (id) => `/admin/creatives/test-buyer/${id}`;

async function sync(creative_id, name, assets) {
  const { accounts } = (await agent.call('list_accounts', {})).body.result.structuredContent;
  const r = await agent.call('sync_creatives', { account: { account_id: accounts[0].account_id }, idempotency_key: `key-of-${creative_id}-0123456789`,
    adcp_major_version: 3, creatives: [{ creative_id, name, format_id: { agent_url: agent.base, id: 'fmt-display-300x250' }, assets }] });
  const [one] = r.body.result.structuredContent.creatives;
  assert.ok(!one.errors?.length, JSON.stringify(one));
  return creative_id;
}

before(async () => {
  ({ agent, sessions } = await start());
  bought = await buy(agent, 'With creatives');
  html = await sync('cr-curious', 'Curious', {
    primary: { asset_type: 'image', url: 'https://cdn.devtool.example/300x250.png', width: 300, height: 250 },
    click_url: { asset_type: 'url', url: 'https://devtool.example/' },
    extra: { asset_type: 'html', content: curious } });
});
after(() => agent.stop());

test('creatives are found by status, by name and by buyer, and go on page by page', async () => {
  for (let i = 0; i < 3; i++) await creative(agent, bought.media_buy_id, `Banner ${i}`);
  const names = async (query) => (await sessions.viewer.view(`/admin/creatives${query}`)).found.creatives.map((k) => k.name);
  assert.deepEqual((await names('?text=BANNER')).sort(), ['Banner 0', 'Banner 1', 'Banner 2']);
  assert.deepEqual(await names('?text=curious&status=pending_review'), ['Curious']);
  assert.deepEqual(await names('?status=rejected'), []);
  assert.equal((await names('?text=test-buyer')).length, 4);
  const first = await json(agent, 'creative', 'list', '--limit', '3');
  const second = await json(agent, 'creative', 'list', '--limit', '3', '--before', first.next);
  assert.equal(first.has_more, true);
  assert.equal(second.has_more, false);
  assert.equal(new Set([...first.creatives, ...second.creatives].map((k) => k.creative_id)).size, 4);
  assert.equal((await sessions.viewer.get('/admin/creatives?before=no-place')).status, 422);
  assert.equal((await sessions.viewer.get(where('none'))).status, 404);
});

test('a review shows the preview in its own world, in which a buyer\'s script can do nothing', async () => {
  const browser = await launch();
  try {
    const page = await open(browser, sessions.operator);
    await page.goto(where(html));
    const frame = page.frameLocator('iframe');
    await frame.getByText('could do nothing, as null').waitFor({ timeout: 10000 });
    assert.equal(page.url(), agent.base + where(html));
    await page.leave();
  } finally {
    await browser.close();
  }
  const r = await sessions.viewer.get(`${where(html)}/preview`);
  const policy = r.headers.get('content-security-policy');
  assert.match(policy, /^sandbox allow-scripts;/);
  assert.ok(!policy.includes('allow-same-origin') && policy.includes("frame-ancestors 'self'"), policy);
  assert.ok(r.text.includes('could do nothing'));
  const stranger = await sessions.viewer.request(`${where(html)}/preview`, { headers: { cookie: '' } });
  assert.equal(stranger.status, 303);
  assert.equal((await sessions.viewer.get(`${where('none')}/preview`)).status, 404);
  assert.equal((await sessions.viewer.view(`${where(html)}/preview`)).preview.width, 300);
});

test('a rejection needs a reason, chosen or written; an approval does not; each is done once', async () => {
  const id = await creative(agent, bought.media_buy_id, 'To be rejected');
  const otto = sessions.operator;
  assert.match((await otto.get(where(id))).text, /value="reject"/);
  assert.ok(!(await sessions.viewer.get(where(id))).text.includes('value="reject"'));
  const bare = await otto.post(where(id), { decision: 'reject' });
  assert.equal(bare.status, 422);
  assert.match(bare.text, /Say why/);
  const kept = await otto.post(where(id), { decision: 'nonsense', chosen: 'x', reason: 'kept <b>' });
  assert.equal(kept.status, 422);
  assert.match(kept.text, /kept &lt;b&gt;/);
  const r = await otto.post(where(id), { decision: 'reject', chosen: 'The landing page does not work.', reason: 'It says 404.' });
  assert.equal(r.headers.get('location'), `${where(id)}?said=decided`);
  const { creative: now } = await sessions.viewer.view(where(id));
  assert.equal(now.status, 'rejected');
  assert.equal(now.review.reason, 'The landing page does not work. It says 404.');
  assert.deepEqual(now.used_in.map((b) => b.name), ['With creatives']);
  const approved = await creative(agent, bought.media_buy_id, 'To be approved');
  const task = (await sessions.viewer.view(where(approved))).creative.task_id;
  assert.equal((await otto.post(where(approved), { decision: 'approve' })).status, 303);
  assert.equal((await json(agent, 'task', 'show', task)).task.decision, 'approved', 'its review is decided with it');
  assert.equal((await otto.post(where(approved), { decision: 'suspend', reason: 'It blinks.' })).status, 303);
  assert.equal((await sessions.viewer.view(where(approved))).creative.status, 'suspended');
});
