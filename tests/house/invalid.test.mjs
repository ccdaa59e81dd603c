// Invalid traffic: every kind of it is asked for, done as somebody would do it, and stands in the report under its own reason.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Paper, until } from './lib/paper.mjs';

const begin = '2027-03-26T09:00:00Z', settings = { internal_addresses: ['198.51.100.0/24'], impressions_per_minute: 3, clicks_per_minute: 1 };
const listen = ['--trust-proxy', '127.0.0.1'];
const from = (address) => ({ headers: { 'x-forwarded-for': address } }); // the proxy says so

let paper, bought, address = 0;
before(async () => {
  paper = await Paper.start({ args: [...listen, '--clock', begin] });
  const r = await paper.agent.cli('tenant', 'set', '--settings', JSON.stringify({ adapter_settings: settings }));
  assert.equal(r.code, 0, r.stderr);
  bought = await paper.buy({ product: 'page', days: 3 });
  await paper.ad('top', anybody());
});
after(() => paper.stop());

// Somebody else each time.
function anybody(headers = {}) {
  return { headers: { 'x-forwarded-for': `203.0.113.${++address}`, ...headers } };
}

const filtered = async (b = bought) => {
  const r = await paper.agent.cli('ads', 'report', '--media-buy', b.buy, '--json', '--from', '2027-03-20', '--until', '2027-06-20');
  assert.equal(r.code, 0, r.stderr);
  const row = JSON.parse(r.stdout).rows[0];
  return { net: { impressions: row?.impressions ?? 0, clicks: row?.clicks ?? 0, viewable: row?.viewable ?? 0 },
    reasons: Object.fromEntries((row?.filtered_by ?? []).map((f) => [f.reason, f.count])) };
};

// Does it, and says what was filtered, by its reasons, and what was counted, by its kinds.
async function cameOf(act) {
  const before = await filtered();
  await act();
  await sleep(2200);
  const now = await filtered();
  const less = (a, b) => Object.fromEntries(Object.entries(a).map(([k, n]) => [k, n - (b[k] ?? 0)]).filter(([, n]) => n !== 0));
  return { counted: less(now.net, before.net), filtered: less(now.reasons, before.reasons) };
}

const visits = {
  bot: { 'user-agent': 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)' },
  agent: { 'user-agent': '' },
  prefetch: { 'sec-purpose': 'prefetch' },
  referrer: { referer: 'https://elsewhere.example/page' },
};
for (const [reason, headers] of Object.entries(visits)) {
  test(`${reason}: neither its impression nor its click`, async () => {
    assert.deepEqual(await cameOf(async () => {
      const who = anybody(headers), ad = await paper.ad('top', who);
      assert.equal((await paper.get(ad.impression_url, who)).status, 200);
      await sleep(300);
      assert.equal((await paper.get(ad.click_url, who)).status, 302, 'the client is not told');
    }), { counted: {}, filtered: { [reason]: 2 } });
  });
}

test('prefetch, as each browser says it', async () => {
  const said = [{ 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }, { 'x-purpose': 'preview' }, { 'x-moz': 'prefetch' }];
  assert.deepEqual(await cameOf(async () => {
    for (const headers of said) {
      const who = anybody(headers);
      await paper.get((await paper.ad('top', who)).impression_url, who);
    }
  }), { counted: {}, filtered: { prefetch: said.length } });
});

test('an ad that a crawler got does not count in anybody\'s browser either', async () => {
  assert.deepEqual(await cameOf(async () => {
    const ad = await paper.ad('top', anybody(visits.bot));
    await paper.get(ad.impression_url, anybody());
  }), { counted: {}, filtered: { bot: 1 } });
});

test('internal: the publisher\'s own people', async () => {
  assert.deepEqual(await cameOf(async () => {
    const who = from('198.51.100.77');
    await paper.get((await paper.ad('top', who)).impression_url, who);
  }), { counted: {}, filtered: { internal: 1 } });
});

test('used: the second time', async () => {
  assert.deepEqual(await cameOf(async () => {
    const who = anybody(), ad = await paper.ad('top', who);
    for (let i = 0; i < 3; i++) await paper.get(ad.impression_url, who);
  }), { counted: { impressions: 1 }, filtered: { used: 2 } });
});

test('early: a click or a view faster than there can be one', async () => {
  assert.deepEqual(await cameOf(async () => {
    const who = anybody(), ad = await paper.ad('top', who);
    await paper.get(ad.impression_url, who);
    await Promise.all([paper.get(ad.click_url, who), paper.get(ad.viewable_url, who)]);
  }), { counted: { impressions: 1 }, filtered: { early: 2 } });
});

test('order: a click on what was never shown', async () => {
  assert.deepEqual(await cameOf(async () => {
    const who = anybody(), ad = await paper.ad('top', who);
    await sleep(300);
    await paper.get(ad.click_url, who);
  }), { counted: {}, filtered: { order: 1 } });
});

test('browser: another one than the one that got the ad', async () => {
  assert.deepEqual(await cameOf(async () => {
    const ad = await paper.ad('top', anybody());
    await paper.get(ad.impression_url, anybody({ 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0' }));
  }), { counted: {}, filtered: { browser: 1 } });
});

test('rate: more from one address than people do, of impressions and of clicks', async () => {
  assert.deepEqual(await cameOf(async () => {
    const who = from('192.0.2.9'), ads = [];
    for (let i = 0; i < 5; i++) {
      ads.push(await paper.ad('top', who));
      await paper.get(ads[i].impression_url, who);
    }
    await sleep(300);
    for (const ad of ads.slice(0, 3)) await paper.get(ad.click_url, who);
  }), { counted: { impressions: 3, clicks: 1, viewable: 1 }, filtered: { rate: 4 } });
});

test('an address behind a proxy that is not trusted is the proxy\'s own', async () => {
  const plain = await Paper.start();
  try {
    const b = await plain.buy({ product: 'page' });
    const r = await plain.agent.cli('tenant', 'set', '--settings', JSON.stringify({ adapter_settings: settings }));
    assert.equal(r.code, 0, r.stderr);
    await plain.ad('top', from('198.51.100.77'));
    await until('the settings are heard', async () => { // internal by its own word: it is not believed
      const who = from('198.51.100.77');
      await plain.see(await plain.ad('top', who), who);
      await sleep(1200);
      return (await plain.delivery(b)).totals.impressions > 0;
    });
  } finally { await plain.stop(); }
});

test('forged: in no report, because it is nobody\'s; in the metrics', async () => {
  const forged = async () => Number((await (await fetch(`${paper.base}/metrics`, { headers: { authorization: 'Bearer m' } })).text()).match(/salesagent_ads_events_total\{outcome="forged"\} (\d+)/)?.[1]);
  paper.options.env = { SALESAGENT_METRICS_TOKEN: 'm' };
  await paper.restart();
  const ad = await paper.ad('top', anybody()), other = ad.token.startsWith('A') ? 'B' : 'A', before = await forged();
  assert.deepEqual(await cameOf(async () => {
    await paper.get(`/ads/e/impression/${other}${ad.token.slice(1)}`, anybody());
    await paper.get(`/ads/e/impression/${'x'.repeat(70)}`, anybody());
  }), { counted: {}, filtered: {} });
  assert.equal(await forged() - before, 2);
});

test('expired and unknown: too long after, and after all of it is over', async () => {
  const who = anybody(), ads = [await paper.ad('top', who), await paper.ad('top', who)];
  const at = async (clock, ad) => cameOf(async () => {
    paper.options.args = [...listen, '--clock', clock];
    await paper.restart();
    await paper.get(ad.impression_url.replace(/^http:\/\/[^/]*/, paper.base), who);
  });
  assert.deepEqual(await at('2027-03-26T10:30:00Z', ads[0]), { counted: {}, filtered: { expired: 1 } });
  assert.deepEqual(await at('2027-04-20T09:00:00Z', ads[1]), { counted: {}, filtered: { unknown: 1 } });
});
