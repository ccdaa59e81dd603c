// The fake Triton Digital keeps to docs/triton-assumptions.json, and refuses what those do not allow.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startFake } from '../lib/fake.mjs';

let triton, token, base;
before(async () => {
  triton = await startFake('triton', { clock: '2026-03-01T00:00:00Z', settings: { token_s: 1e8 } });
  await triton.clock({ freeze: true });
  const { username, password, url } = await triton.credentials();
  base = url;
  token = (await call('POST', '/login', { username, password })).body.token;
});
after(() => triton.close());

async function call(method, path, body, { headers = {}, raw } = {}) {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const res = await fetch(`${base}${path}`, { method, body: text, headers: { ...(token && { authorization: `Bearer ${token}` }), ...(text !== undefined && { 'content-type': 'application/json' }), ...headers } });
  return { status: res.status, body: await res.json() };
}
async function ok(answer) {
  const r = await answer;
  assert.ok(r.status < 300, JSON.stringify(r.body));
  return r.body;
}
async function refused(answer, field, why, status = 400) {
  const r = await answer;
  assert.equal(r.status, status, JSON.stringify(r.body));
  assert.equal(r.body.error.field, field);
  assert.match(r.body.error.message, why);
}

let serial = 0;
const campaign = (more = {}) => ({ advertiserId: 'adv-1', name: `Campaign ${++serial}`, startDate: '2026-04-01', endDate: '2026-04-30', totalBudget: 1000, active: true, ...more });
const flight = (campaignId, more = {}) => ({ campaignId, name: `Flight ${++serial}`, type: 'STANDARD', goal: { type: 'IMPRESSIONS', value: 100000 }, rate: 20, rateType: 'CPM', startDate: '2026-04-01', endDate: '2026-04-10',
  stationIds: ['st-1'], active: true, ...more });
const creative = (more = {}) => ({ advertiserId: 'adv-1', name: `Spot ${++serial}`, type: 'AUDIO', durationSeconds: 30, url: 'https://cdn.example/spot.mp3', ...more });

describe('triton', () => {
  test('signs in with a token that ends, and lets nobody else in', async () => {
    const { username } = await triton.credentials(), kept = token;
    await refused(call('POST', '/login', { username, password: 'no' }), undefined, /not right/, 401);
    token = 'another';
    await refused(call('GET', '/stations'), undefined, /token/, 401);
    token = kept;
    await triton.fault({ on: 'stations', do: 'expired_token' });
    await refused(call('GET', '/stations'), undefined, /token/, 401);
    await refused(call('GET', '/stations'), undefined, /token/, 401);
    const again = await triton.credentials();
    token = (await ok(call('POST', '/login', { username: again.username, password: again.password }))).token;
    assert.equal((await ok(call('GET', '/stations'))).items.length, 50);
    assert.ok(!JSON.stringify(await triton.log()).includes(again.password));
  });
  test('lists in pages, by published filters only', async () => {
    const all = await ok(call('GET', '/stations?pageSize=40')), rest = await ok(call('GET', '/stations?pageSize=40&page=2'));
    assert.deepEqual([all.items.length, rest.items.length, all.totalItems], [40, 20, 60]);
    await refused(call('GET', '/stations?genre=jazz'), 'genre', /no parameter/);
    await refused(call('GET', '/unicorns'), undefined, /There is no/, 404);
  });
  for (const [what, make, field, why] of [
    ['a campaign without a name', () => ['/campaigns', campaign({ name: undefined })], 'name', /required/], ['a campaign of nobody', () => ['/campaigns', campaign({ advertiserId: 'x' })], 'advertiserId', /no advertiser/],
    ['a campaign with times', () => ['/campaigns', campaign({ startDate: '2026-04-01T00:00:00Z' })], 'startDate', /type date/], ['a campaign that ends first', () => ['/campaigns', campaign({ endDate: '2026-03-01' })], 'endDate', /before/],
    ['a campaign with its id', () => ['/campaigns', campaign({ id: 'x' })], 'id', /by the server/], ['a campaign with an unknown member', () => ['/campaigns', campaign({ budget: 5 })], 'budget', /not a member/],
    ['a campaign in another currency', () => ['/campaigns', campaign({ currency: 'EUR' })], 'currency', /sells in/], ['a creative that is no audio', () => ['/creatives', creative({ type: 'VIDEO' })], 'type', /one of AUDIO/],
    ['a creative over http', () => ['/creatives', creative({ url: 'http://cdn.example/a.mp3' })], 'url', /type url/], ['a creative of no length', () => ['/creatives', creative({ durationSeconds: 0 })], 'durationSeconds', /integer/],
  ]) test(`refuses ${what}`, () => refused(call('POST', ...make()), field, why));
  test('refuses a flight that does not fit', async () => {
    const { id } = await ok(call('POST', '/campaigns', campaign())), make = (more) => call('POST', '/flights', flight(id, more));
    await refused(make({ stationIds: undefined }), 'stationIds', /stations or genres/);
    await refused(make({ stationIds: ['st-999'] }), 'stationIds[0]', /no station/);
    await refused(make({ goal: { type: 'IMPRESSIONS', value: 1.5 } }), 'goal.value', /integer/);
    await refused(make({ goal: { value: 5 } }), 'goal.type', /required/);
    await refused(make({ endDate: '2026-06-01' }), 'startDate', /campaign is from/);
    await refused(make({ dayparts: [{ days: ['MON'], from: '20:00', to: '08:00' }] }), 'dayparts', /ends after/);
    await refused(make({ dayparts: [{ days: ['MONDAY'], from: '08:00', to: '20:00' }] }), 'dayparts[0].days[0]', /one of MON/);
    await refused(make({ targetingRules: { field: 'browser', equals: 'x' } }), 'targetingRules.field', /country/);
    await refused(make({ targetingRules: { and: [{ field: 'country', in: ['US'] }], field: 'state' } }), 'targetingRules', /one of and/);
    await ok(make({ targetingRules: { and: [{ field: 'country', in: ['US'] }, { not: { field: 'state', equals: 'CA' } }] }, dayparts: [{ days: ['MON', 'TUE'], from: '06:00', to: '10:00' }] }));
    await refused(call('POST', '/campaigns', undefined, { raw: '{"name":"a","name":"b"}' }), 'name', /twice/);
  });
  test('books, delivers and reports, and keeps the rate of what has begun', async () => {
    const c = await ok(call('POST', '/campaigns', campaign({ externalCode: 'mb_1' }))), f = await ok(call('POST', '/flights', flight(c.id, { externalCode: 'pkg_1' })));
    assert.equal(f.status, 'INACTIVE');
    await refused(call('POST', '/flights', flight(c.id, { externalCode: 'pkg_1' })), 'externalCode', /is there/, 409);
    const byUrl = await ok(call('POST', '/creatives', creative())), byBytes = await ok(call('POST', '/creatives', creative({ url: undefined })));
    assert.deepEqual([byUrl.status, byBytes.status], ['READY', 'WAITING']);
    await refused(call('PUT', `/creatives/${byBytes.id}/audio`, undefined, { raw: 'text', headers: { 'content-type': 'audio/mpeg' } }), 'body', /no audio/);
    await ok(call('PUT', `/creatives/${byBytes.id}/audio`, undefined, { raw: Buffer.from('ID3\x04\x00audio'), headers: { 'content-type': 'audio/mpeg' } }));
    await ok(call('PATCH', `/flights/${f.id}`, { creativeIds: [byUrl.id, byBytes.id] }));
    await triton.clock({ now: '2026-04-03T16:00:00Z' });
    await refused(call('PATCH', `/flights/${f.id}`, { rate: 25 }), 'rate', /begun/);
    await refused(call('PATCH', `/flights/${f.id}`, { campaignId: 'x' }), 'campaignId', /cannot be changed/);
    await refused(call('PATCH', `/flights/${f.id}`, { status: 'PAUSED' }), 'status', /by the server/);
    await refused(call('PATCH', `/flights/${f.id}`, {}), undefined, /nothing/);
    const columns = ['date', 'flightId', 'creativeId', 'impressions', 'revenue'];
    const r = await ok(call('POST', '/reports', { reportType: 'FLIGHT', startDate: '2026-04-01', endDate: '2026-04-30', filters: { campaigns: [c.id] }, columns }));
    assert.equal((await ok(call('GET', `/reports/${r.id}`))).status, 'RUNNING');
    const { url } = await ok(call('GET', `/reports/${r.id}`)), [head, ...rows] = (await (await fetch(url)).text()).trim().split('\r\n').map((l) => l.split(','));
    assert.deepEqual(head, columns);
    assert.deepEqual([...new Set(rows.map((x) => x[0]))], ['2026-04-01', '2026-04-02', '2026-04-03']); // the account's days, both ends included
    const { orders, duplicates } = await triton.summary(), line = orders.find((o) => o.external_id === 'mb_1').lines[0];
    assert.equal(rows.reduce((n, x) => n + Number(x[3]), 0), line.delivered.impressions);
    assert.equal(line.delivered.impressions, 25000); // two and a half of ten days
    assert.deepEqual(duplicates, []);
    await triton.act({ do: 'archive', order: 'mb_1' });
    assert.equal((await ok(call('GET', `/flights/${f.id}`))).status, 'ARCHIVED');
  });
});
