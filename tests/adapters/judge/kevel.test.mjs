// The fake Kevel: that it takes what is right, refuses everything else, and replaces whole objects.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startFake } from '../lib/fake.mjs';
import { png } from '../fakes/lib/image.mjs';

let kevel, key;
before(async () => {
  kevel = await startFake('kevel', { clock: '2026-03-01T00:00:00Z' });
  await kevel.clock({ freeze: true });
  key = (await kevel.credentials()).api_key;
});
after(() => kevel.close());

async function call(method, path, body, { headers = {}, raw, apiKey = key } = {}) {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const res = await fetch(`${kevel.base}${path}`, { method, body: text, headers: { ...(apiKey && { 'x-adzerk-apikey': apiKey }), ...(text !== undefined && { 'content-type': 'application/json' }), ...headers } });
  const said = await res.text();
  return { status: res.status, text: said, body: /^application\/json/.test(res.headers.get('content-type')) ? JSON.parse(said) : said };
}
const post = (path, body, o) => call('POST', path, body, o), put = (path, body) => call('PUT', path, body), get = (path) => call('GET', path);

async function ok(answer) {
  const r = await answer;
  assert.ok(r.status === 200 || r.status === 201, JSON.stringify(r.body));
  return r.body;
}
async function refused(answer, why, status = 400) {
  const r = await answer;
  assert.equal(r.status, status, JSON.stringify(r.body));
  assert.match(r.body.Error, why);
}

const campaign = (more = {}) => ({ AdvertiserId: 4000, Name: 'Campaign', IsActive: true, ...more });
const flight = (CampaignId, more = {}) => ({ CampaignId, Name: 'Flight', StartDateISO: '2026-04-01T00:00:00Z', EndDateISO: '2026-04-11T00:00:00Z', PriorityId: 22, GoalType: 1, Impressions: 100000, IsActive: true,
  RateType: 2, Price: 12.5, ...more });
const creative = (more = {}) => ({ AdvertiserId: 4000, AdTypeId: 5, IsActive: true, Title: 'Creative', Url: 'https://acme.example/', ...more });
const multipart = (bytes, name = 'image') => {
  const boundary = 'XBOUNDARYX';
  return { raw: Buffer.concat([Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
};

async function running(more = {}) {
  const c = await ok(post('/v1/campaign', campaign({ Name: 'Running' }))), f = await ok(post('/v1/flight', flight(c.Id, more))), cr = await ok(post('/v1/creative', creative()));
  await ok(post(`/v1/creative/${cr.Id}/upload`, undefined, multipart(png(300, 250))));
  const ad = await ok(post(`/v1/flight/${f.Id}/creative`, { Creative: { Id: cr.Id }, FlightId: f.Id, IsActive: true }));
  return { c, f, cr, ad };
}

describe('a request', () => {
  test('without the key, or with another, is not let in', async () => {
    await refused(call('GET', '/v1/campaign', undefined, { apiKey: null }), /API key/, 401);
    await refused(call('GET', '/v1/campaign', undefined, { apiKey: 'another' }), /API key/, 401);
  });
  test('to a path that is not published is not found', async () => {
    await refused(call('DELETE', '/v1/campaign/5'), /There is no DELETE/, 404);
    await refused(get('/v1/flight/5/delete'), /There is no GET/, 404);
    await refused(post('/v1/ad', {}), /There is no POST/, 404); // ads are made below their flight
    await refused(post('/v1/site', { Title: 'x', Url: 'https://x.example/' }), /There is no POST/, 404); // inventory is not an agent's
  });
  test('with a query or a body that is not published is refused', async () => {
    await refused(get('/v1/campaign?name=x'), /must not have name/);
    await refused(get('/v1/flight?campaignId=5'), /must not have campaignId/);
    await refused(get('/v1/campaign?page=0'), /page must be a positive number/);
    await refused(call('POST', '/v1/flight/5/dayparting/1/delete', {}), /takes no body/);
    await refused(get('/v1/country/US/regions'), /version=2/);
    await refused(post('/v1/campaign', undefined, { raw: '{"a":' }), /no JSON/);
    await refused(post('/v1/campaign', undefined, { raw: '{"Name":"a","Name":"b"}' }), /Name twice/);
    await refused(post('/v1/campaign', campaign(), { headers: { 'content-type': 'text/plain' } }), /content type/);
    await refused(post('/v1/campaign', undefined, { raw: '[]' }), /of type object/);
  });
});

describe('a campaign', () => {
  for (const [what, more, why] of [
    ['without an advertiser', { AdvertiserId: undefined }, /AdvertiserId is required/], ['of an unknown advertiser', { AdvertiserId: 5 }, /AdvertiserId 5 is unknown/],
    ['of an advertiser as text', { AdvertiserId: '4000' }, /of type integer/], ['without a name', { Name: undefined }, /Name is required/], ['with an empty name', { Name: '' }, /at least 1/],
    ['with a name that is too long', { Name: 'x'.repeat(201) }, /at most 200/], ['with an unknown member', { DailyBudget: 5 }, /DailyBudget is not a member/],
    ['with a member in another case', { isActive: true }, /isActive is not a member/], ['with dates, which are read only', { StartDateISO: '2026-04-01T00:00:00Z' }, /StartDateISO is read only/],
    ['with a cap of another type', { CapType: 2 }, /CapType must be one of 4/], ['that is active as text', { IsActive: 'true' }, /of type boolean/],
  ]) test(`${what} is refused`, () => refused(post('/v1/campaign', campaign(more)), why));
  test('is replaced whole: what is not sent is cleared, what is read only may be sent back as it is', async () => {
    const made = await ok(post('/v1/campaign', campaign({ Name: 'Whole', LifetimeCapAmount: 5, CapType: 4, CustomFieldsJson: '{"a":1}' })));
    await refused(put(`/v1/campaign/${made.Id}`, { Name: 'x' }), /AdvertiserId is required/);
    await refused(put(`/v1/campaign/${made.Id}`, { ...made, Id: 5 }), /Id is not the id of the path/);
    await refused(put(`/v1/campaign/${made.Id}`, { ...made, Created: '2020-01-01T00:00:00Z' }), /Created/);
    const same = await ok(put(`/v1/campaign/${made.Id}`, { ...made, Name: 'Read, changed, written' }));
    assert.deepEqual([same.Name, same.LifetimeCapAmount, same.CustomFieldsJson], ['Read, changed, written', 5, '{"a":1}']);
    const bare = await ok(put(`/v1/campaign/${made.Id}`, { Id: made.Id, AdvertiserId: 4000, Name: 'Bare', StartDateISO: made.StartDateISO, IsActive: false }));
    assert.deepEqual([bare.LifetimeCapAmount, bare.CustomFieldsJson, bare.IsActive], [null, null, false]);
    assert.equal((await ok(get(`/v1/campaign/${made.Id}`))).Name, 'Bare');
    await refused(put('/v1/campaign/5', { ...made, Id: 5 }), /no campaign 5/, 404);
  });
  test('is found by its name, in pages', async () => {
    for (let i = 0; i < 3; i++) await ok(post('/v1/campaign', campaign({ Name: `Find me ${i} [mb_${i}]` })));
    const found = await ok(post('/v1/campaign/search', undefined, { raw: 'campaignName=%5Bmb_1%5D', headers: { 'content-type': 'application/x-www-form-urlencoded' } }));
    assert.deepEqual(found.items.map((c) => c.Name), ['Find me 1 [mb_1]']);
    const all = await ok(get('/v1/campaign?pageSize=2')), last = await ok(get(`/v1/campaign?pageSize=2&page=${all.totalPages}`));
    assert.ok(all.items.length === 2 && last.items.length >= 1 && all.totalItems > 2);
  });
});

describe('a flight', () => {
  let id;
  before(async () => { id = (await ok(post('/v1/campaign', campaign({ Name: 'For flights' })))).Id; });
  for (const name of ['Name', 'StartDateISO', 'CampaignId', 'PriorityId', 'GoalType', 'Impressions', 'IsActive']) {
    test(`without ${name} is refused`, () => refused(post('/v1/flight', flight(id, { [name]: undefined })), new RegExp(`${name} is required`)));
  }
  for (const [what, more, why] of [
    ['of an unknown campaign', { CampaignId: 5 }, /CampaignId 5 is unknown/], ['of an unknown priority', { PriorityId: 5 }, /PriorityId 5 is unknown/], ['of another goal', { GoalType: 4 }, /GoalType must be one of/],
    ['of another rate', { RateType: 7 }, /RateType must be one of/], ['of a fraction of impressions', { Impressions: 1.5 }, /of type integer/], ['of more than 32 bits', { Impressions: 3e9 }, /of type integer/],
    ['of no impressions', { Impressions: 0 }, /at least 1/], ['of 120 percent', { GoalType: 2, Impressions: 120 }, /percentage/], ['that ends before it starts', { EndDateISO: '2026-03-01T00:00:00Z' }, /after StartDateISO/],
    ['with a date that is none', { StartDateISO: 'tomorrow' }, /date-time/], ['with keywords as a list', { Keywords: ['a'] }, /Keywords must be of type string/],
    ['of an unknown country', { GeoTargeting: [{ CountryCode: 'XX' }] }, /CountryCode XX is unknown/], ['of an unknown region', { GeoTargeting: [{ CountryCode: 'US', Region: 'ZZ' }] }, /Region ZZ/],
    ['of an unknown metro', { GeoTargeting: [{ CountryCode: 'US', MetroCode: 1 }] }, /MetroCode 1/], ['of an unknown site', { SiteZoneTargeting: [{ SiteId: 5, ZoneId: 0, IsExcluded: false }] }, /SiteId 5/],
    ['of a zone of another site', { SiteZoneTargeting: [{ SiteId: 1000, ZoneId: 20010, IsExcluded: false }] }, /no zone of the site/], ['with a geo in lower case', { geo: {} }, /geo is not a member/],
    ['with a cap half said', { IsFreqCap: true, FreqCap: 3 }, /FreqCapDuration/], ['with an id', { Id: 7 }, /Id is read only/],
  ]) test(`${what} is refused`, () => refused(post('/v1/flight', flight(id, more)), why));
  test('is read, changed and written whole; its targeting is changed on its own', async () => {
    const made = await ok(post('/v1/flight', flight(id, { Keywords: 'tech\nlaptops', GeoTargeting: [{ CountryCode: 'US', Region: 'CA' }], SiteZoneTargeting: [{ SiteId: 1000, ZoneId: 20000, IsExcluded: false }] })));
    assert.ok(made.GeoTargeting[0].LocationId > 0 && made.SiteZoneTargeting[0].Id > 0);
    const changed = await ok(put(`/v1/flight/${made.Id}`, { ...made, Impressions: 5 }));
    assert.deepEqual([changed.Impressions, changed.Keywords, changed.GeoTargeting.length], [5, 'tech\nlaptops', 1]);
    await refused(put(`/v1/flight/${made.Id}`, { ...changed, GeoTargeting: [] }), /GeoTargeting is not changed by this call/);
    await refused(put(`/v1/flight/${made.Id}`, { ...changed, CampaignId: 51001 }), /CampaignId/);
    const { Keywords, GeoTargeting, SiteZoneTargeting, CreativeMaps, ...rest } = changed;
    const cleared = await ok(put(`/v1/flight/${made.Id}`, rest));
    assert.deepEqual([cleared.Keywords, cleared.GeoTargeting.length, cleared.SiteZoneTargeting.length], [null, 1, 1]);
    const geo = await ok(post(`/v1/flight/${made.Id}/geotargeting`, { CountryCode: 'DE' }));
    await refused(post(`/v1/flight/${made.Id}/geotargeting`, { CountryCode: 'DE', City: 'Berlin' }), /City is not a member/);
    await ok(put(`/v1/flight/${made.Id}/geotargeting/${geo.LocationId}`, { CountryCode: 'GB', IsExclude: true }));
    await ok(get(`/v1/flight/${made.Id}/geotargeting/${made.GeoTargeting[0].LocationId}/delete`)); // deletes are GETs
    assert.deepEqual((await ok(get(`/v1/flight/${made.Id}`))).GeoTargeting.map((g) => [g.CountryCode, g.IsExclude]), [['GB', true]]);
    await ok(get(`/v1/flight/${made.Id}/sitezonetargeting/${made.SiteZoneTargeting[0].Id}/delete`));
    await refused(get(`/v1/flight/${made.Id}/sitezonetargeting/${made.SiteZoneTargeting[0].Id}`), /no site and zone targeting/, 404);
    const part = await ok(post(`/v1/flight/${made.Id}/dayparting`, { StartTime: '08:00:00', EndTime: '20:00:00', WeekDays: ['MO', 'TU'] }));
    await refused(post(`/v1/flight/${made.Id}/dayparting`, { StartTime: '8:00', EndTime: '20:00:00', WeekDays: ['MO'] }), /StartTime/);
    await ok(post(`/v1/flight/${made.Id}/dayparting/${part.TimepartId}/delete`));
    await refused(get(`/v1/flight/pkg-001`), /There is no flight pkg-001/, 404); // ids are numbers
  });
  test('is found in the campaign and in the fast list, a line each', async () => {
    const made = await ok(post('/v1/flight', flight(id, { Name: 'Quick [pkg_9]' })));
    assert.ok((await ok(get(`/v1/campaign/${id}/flight?isActive=true`))).items.some((f) => f.Id === made.Id));
    const { text } = await get('/v1/fast/flight?nameContains=%5Bpkg_9%5D');
    assert.deepEqual(text.trim().split('\n').map((l) => JSON.parse(l).Id), [made.Id]);
  });
});

describe('a creative and its ads', () => {
  for (const [what, more, why] of [['without an advertiser', { AdvertiserId: undefined }, /AdvertiserId is required/], ['without an ad type', { AdTypeId: undefined }, /AdTypeId is required/],
    ['of an unknown ad type', { AdTypeId: 99 }, /AdTypeId 99/], ['with a landing page that is no URL', { Url: 'acme' }, /Url must be a url/], ['of a script without one', { IsHTMLJS: true }, /ScriptBody is required/],
    ['of an unknown template', { TemplateId: 5, TemplateValues: '{}' }, /TemplateId 5/], ['of a template without its values', { TemplateId: 31, TemplateValues: '{}' }, /lacks ctHeadline/],
    ['of a template with values as an object', { TemplateId: 31, TemplateValues: { ctHeadline: 'x' } }, /of type string/], ['with a member of a rival', { ThirdPartyUrl: 'https://x.example/' }, /not a member/],
  ]) test(`${what} is refused`, () => refused(post('/v1/creative', creative(more)), why));
  test('takes its image as a part of a form, of its own size', async () => {
    const made = await ok(post('/v1/creative', creative()));
    await refused(post(`/v1/creative/${made.Id}/upload`, undefined, { raw: png(300, 250), headers: { 'content-type': 'image/png' } }), /content type/);
    await refused(post(`/v1/creative/${made.Id}/upload`, undefined, multipart(png(300, 250), 'file')), /part "image"/);
    await refused(post(`/v1/creative/${made.Id}/upload`, undefined, multipart(Buffer.from('no image'))), /no image/);
    await refused(post(`/v1/creative/${made.Id}/upload`, undefined, multipart(png(728, 90))), /728x90/);
    const up = await ok(post(`/v1/creative/${made.Id}/upload`, undefined, multipart(png(300, 250))));
    assert.match(up.ImageLink, /^https:/);
    assert.equal((await kevel.summary()).creatives.find((c) => c.id === String(made.Id)).bytes.n, png(300, 250).length);
  });
  test('an ad joins a creative of the campaign\'s advertiser; it is replaced whole and deleted by GET', async () => {
    const { f, cr, ad } = await running(), other = await ok(post('/v1/advertiser', { Title: 'Beta', IsActive: true })), foreign = await ok(post('/v1/creative', creative({ AdvertiserId: other.Id })));
    const path = `/v1/flight/${f.Id}/creative`;
    await refused(post(path, { Creative: { Id: foreign.Id }, FlightId: f.Id, IsActive: true }), /another advertiser/);
    await refused(post(path, { Creative: { Id: 5 }, FlightId: f.Id, IsActive: true }), /Creative.Id 5/);
    await refused(post(path, { CreativeId: cr.Id, FlightId: f.Id, IsActive: true }), /Creative is required/);
    await refused(post(path, { Creative: { Id: cr.Id }, FlightId: 5, IsActive: true }), /not the flight of the path/);
    const paused = await ok(put(`${path}/${ad.Id}`, { ...ad, IsActive: false }));
    assert.equal(paused.IsActive, false);
    assert.deepEqual((await kevel.summary()).duplicates, []);
    await ok(post(path, { Creative: { Id: cr.Id }, FlightId: f.Id, IsActive: true })); // Kevel does not mind; a judge does
    assert.match((await kevel.summary()).duplicates[0], /ad of a flight and a creative/);
    await ok(get(`${path}/${ad.Id}/delete`));
    assert.deepEqual((await kevel.summary()).duplicates, []);
    await refused(get(`${path}/${ad.Id}/delete`), /no ad/, 404);
  });
});

describe('numbers', () => {
  test('come by day, from instant counts and from a queued report, and are the same', async () => {
    const { c, f, ad } = await running({ Name: 'Counted' });
    await kevel.clock({ now: '2026-04-03T12:00:00Z' });
    const days = { '2026-04-01': { impressions: 10000, clicks: 50, revenue: 125 }, '2026-04-02': { impressions: 10000, clicks: 50, revenue: 125 }, '2026-04-03': { impressions: 5000, clicks: 25, revenue: 62.5 } };
    assert.deepEqual(await ok(get(`/v1/instantcounts/flight/${f.Id}?days=7`)), days);
    assert.deepEqual(await ok(get(`/v1/instantcounts/ad/${ad.Id}?start=2026-04-01&end=2026-04-30`)), days);
    assert.deepEqual(await ok(get(`/v1/instantcounts/campaign/${c.Id}`)), { '2026-04-03': days['2026-04-03'] });
    assert.deepEqual((await ok(post('/v1/instantcounts/bulk', { campaigns: [c.Id], days: 7 }))).campaigns[c.Id], days);
    await refused(get(`/v1/instantcounts/flight/${f.Id}?days=0`), /days/);
    const { Id } = await ok(post('/v1/report/queue', { StartDateISO: '2026-04-01T00:00:00Z', EndDateISO: '2026-04-30T00:00:00Z', GroupBy: ['day', 'optionId', 'creativeId'], Parameters: [{ campaignId: c.Id }], TimeZone: 'UTC' }));
    assert.equal((await ok(get(`/v1/report/queue/${Id}`))).Status, 1);
    const { Status, Result } = await ok(get(`/v1/report/queue/${Id}`));
    assert.deepEqual([Status, Result.TotalImpressions, Result.Records.length, Result.Records[0].Details[0].Grouping.OptionId], [2, 25000, 3, f.Id]);
  });
  test('are refused for groups and times that are not published', async () => {
    const report = (more) => post('/v1/report/queue', { StartDateISO: '2026-04-01T00:00:00Z', EndDateISO: '2026-04-30T00:00:00Z', GroupBy: ['day'], Parameters: [], ...more });
    await refused(report({ GroupBy: ['campaign'] }), /GroupBy\[0\] must be one of/);
    await refused(report({ Parameters: undefined }), /Parameters is required/);
    await refused(report({ EndDateISO: '2026-03-01T00:00:00Z' }), /before/);
    await refused(report({ TimeZone: 'Mars' }), /TimeZone/);
    await refused(report({ Parameters: [{ CampaignId: 5 }] }), /Parameters/);
    await refused(report({ Filter: {} }), /Filter is not a member/);
    await refused(get('/v1/report/queue/none'), /no report/, 404);
  });
});

test('inventory is read in pages', async () => {
  const sites = await ok(get('/v1/site?pageSize=5')), zones = await ok(get('/v1/zone'));
  assert.deepEqual([sites.items.length, sites.totalItems, zones.totalItems], [5, 12, 36]);
  assert.equal((await get('/v1/fast/site')).text.trim().split('\n').length, 12);
  assert.ok((await ok(get('/v1/country/US/regions?version=2'))).Regions.CA.Metros[807]);
  assert.ok((await ok(get('/v1/channel/11/priorities'))).length === 3 && (await ok(get('/v1/adtypes'))).totalItems === 6);
});

test('faults, people and secrets', async () => {
  await kevel.fault({ on: 'POST /v1/campaign', do: 'rate_limit', retry_after_s: 3 });
  await refused(post('/v1/campaign', campaign()), /Too many/, 429);
  await kevel.fault({ on: 'POST /v1/campaign', do: 'reset', after: true });
  await assert.rejects(post('/v1/campaign', campaign({ Name: 'Lost answer' })));
  assert.ok((await kevel.summary()).orders.some((o) => o.name === 'Lost answer'));
  await kevel.act({ do: 'pause', order: 'Lost answer' });
  assert.equal((await kevel.summary()).orders.find((o) => o.name === 'Lost answer').state, 'PAUSED');
  assert.ok(!JSON.stringify(await kevel.log()).includes(key));
  await kevel.assertFaultsUsed();
});
