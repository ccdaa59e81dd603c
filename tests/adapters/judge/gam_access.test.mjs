// The fake Ad Manager at the door: tokens, scopes, permissions, limits, reports, scripted faults, and people on the other side.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { importPKCS8 } from 'jose';
import { startFake } from '../lib/fake.mjs';
import { GamClient, violations, SCOPE } from '../lib/gam_client.mjs';
import { png } from '../fakes/lib/image.mjs';

const N = 'networks/123456', unit = `${N}/adUnits/21700103`;

// A test with a network of its own, whose clock stands still.
function networkTest(name, settings, run) {
  test(name, async () => {
    const gam = await startFake('gam', { clock: '2026-03-01T00:00:00Z', settings: { calls_per_s: 0, ...settings } });
    await gam.clock({ freeze: true });
    const client = new GamClient(gam);
    await client.signIn();
    try {
      await run(gam, client);
    } finally {
      await gam.close();
    }
  });
}

const status = (r) => `${r.status} ${r.body.error?.status ?? r.body.error ?? 'ok'}`;
const reasons = (r) => violations(r).map(([, reason]) => reason);
const create = (client, more = {}) => client.call('POST', `/v1/${N}/orders:batchCreate`, { requests: [{ parent: N, order: { displayName: `Order ${Math.random()}`,
  advertiser: `${N}/companies/4510000001`, trafficker: `${N}/users/245001`, ...more } }] });
const item = (order, more = {}) => ({ order, displayName: `Line ${Math.random()}`, lineItemType: 'STANDARD', costType: 'CPM', rate: { currencyCode: 'USD', units: '10' },
  creativeRotationType: 'EVENLY', creativePlaceholders: [{ size: { width: 300, height: 250, sizeType: 'PIXEL' } }], startTime: '2026-04-01T04:00:00Z',
  targetEndTime: '2026-04-11T04:00:00Z', goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: '100000' },
  targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: unit }] } }, ...more });

async function running(client, more) {
  const order = (await create(client)).body.orders[0], line = (await client.call('POST', `/v1/${N}/lineItems`, item(order.name, more))).body;
  const creative = (await client.call('POST', `/v1/${N}/creatives`, { displayName: 'c', advertiser: order.advertiser, size: { width: 300, height: 250, sizeType: 'PIXEL' },
    imageCreative: { destinationUrl: 'https://a.example/', primaryImageAsset: { fileName: 'a.png', assetByteArray: png(300, 250).toString('base64') } } })).body;
  const put = await client.call('POST', `/v1/${N}/lineItems/-/creatives:batchCreate`, { requests: [{ parent: line.name, lineItemCreativeAssociation: { lineItem: line.name, creative: creative.name } }] });
  const approved = await client.call('POST', `/v1/${N}/orders:batchApprove`, { names: [order.name] });
  assert.deepEqual([put.status, approved.status], [200, 200]);
  return { order, line, creative };
}

// ---- tokens ----

networkTest('a signed assertion is exchanged for a token; one that is not right is not', {}, async (gam, client) => {
  const jwt = 'urn:ietf:params:oauth:grant-type:jwt-bearer', now = Math.floor(Date.parse('2026-03-01T00:00:00Z') / 1000);
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const said = async (claims, options) => (({ status: s, body }) => `${s} ${body.error ?? 'ok'}`)(await client.tokenFor({ grant_type: jwt, assertion: await client.assertion(claims, options) }));
  assert.equal(await said({}), '200 ok');
  assert.equal(await said({}, { key: await importPKCS8(other, 'RS256') }), '400 invalid_grant');
  assert.equal(await said({}, { header: { alg: 'RS512' } }), '400 invalid_grant');
  assert.equal(await said({}, { header: { kid: 'another' } }), '400 invalid_grant');
  assert.equal(await said({ iss: 'somebody@else.example' }), '400 invalid_grant');
  assert.equal(await said({ aud: 'https://another.example/token' }), '400 invalid_grant');
  assert.equal(await said({ scope: 'https://www.googleapis.com/auth/drive' }), '400 invalid_scope');
  assert.equal(await said({ scope: undefined }), '400 invalid_grant');
  assert.equal(await said({ iat: now + 600, exp: now + 1200 }), '400 invalid_grant');
  assert.equal(await said({ iat: now - 7200, exp: now - 3600 }), '400 invalid_grant');
  assert.equal(await said({ exp: now + 7200 }), '400 invalid_grant'); // longer than an hour
  assert.equal((await client.tokenFor({ grant_type: jwt, assertion: 'a.b.c' })).body.error, 'invalid_grant');
  assert.equal((await client.tokenFor({ grant_type: 'password' })).body.error, 'unsupported_grant_type');
  assert.equal((await client.tokenFor({ grant_type: jwt, assertion: 'x', client_id: 'y' })).body.error, 'invalid_request');
});

networkTest('a refresh token is exchanged, too', {}, async (gam, client) => {
  const { refresh_token: words } = await gam.credentials(), ask = (more) => client.tokenFor({ grant_type: 'refresh_token', ...words, ...more });
  const { body } = await ask({});
  assert.deepEqual([body.token_type, body.expires_in], ['Bearer', 3600]);
  client.token = body.access_token;
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 200);
  assert.equal((await ask({ refresh_token: 'no' })).body.error, 'invalid_grant');
  assert.deepEqual((({ status: s, body: b }) => [s, b.error])(await ask({ client_secret: 'no' })), [401, 'invalid_client']);
});

networkTest('a token ends after an hour; none, a wrong one and a scope too small are told apart', {}, async (gam, client) => {
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 200);
  await gam.advance(3600);
  const late = await client.call('GET', `/v1/${N}`);
  assert.equal(status(late), '401 UNAUTHENTICATED');
  assert.match(late.headers.get('www-authenticate'), /invalid_token/);
  await client.signIn({ scope: 'https://www.googleapis.com/auth/dfp' });
  assert.equal(status(await client.call('GET', `/v1/${N}`)), '403 PERMISSION_DENIED');
  await client.signIn({ scope: `${SCOPE}.readonly` });
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 200);
  assert.equal(status(await create(client)), '403 PERMISSION_DENIED');
  client.token = undefined;
  assert.equal(status(await client.call('GET', `/v1/${N}`)), '401 UNAUTHENTICATED');
});

networkTest('secrets are not in the log', {}, async (gam, client) => {
  await client.call('GET', `/v1/${N}`);
  const log = JSON.stringify(await gam.log()), { service_account: account } = await gam.credentials();
  assert.ok(!log.includes(client.token) && !log.includes('eyJ') && !log.includes(account.private_key.slice(40, 80)));
  assert.match(log, /"authorization":"\(secret [0-9a-f]{8}\)"/);
});

// ---- who may what ----

networkTest('a role that may make orders but no line items is refused without a field', { role: 'Salesperson' }, async (gam, client) => {
  const order = (await create(client)).body.orders[0];
  const r = await client.call('POST', `/v1/${N}/lineItems`, item(order.name));
  assert.equal(status(r), '403 PERMISSION_DENIED');
  assert.deepEqual(violations(r), [[undefined, 'PERMISSION_ERROR_PERMISSION_DENIED']]);
  assert.equal(status(await client.call('POST', `/v1/${N}/orders:batchApprove`, { names: [order.name] })), '403 PERMISSION_DENIED');
  const me = (await client.call('GET', `/v1/${N}/users/me`)).body;
  assert.equal((await client.call('GET', `/v1/${me.role}`)).body.displayName, 'Salesperson');
});

networkTest('a trafficker makes everything but advertisers', { role: 'Trafficker' }, async (gam, client) => {
  await running(client);
  assert.equal(status(await client.call('POST', `/v1/${N}/companies`, { displayName: 'New', type: 'ADVERTISER' })), '403 PERMISSION_DENIED');
});

networkTest('an account that was added to no network gets a token and nothing else', { api_access: false }, async (gam, client) => {
  assert.equal((await client.signIn()).status, 200);
  assert.deepEqual(reasons(await client.call('GET', `/v1/${N}`)), ['AUTHENTICATION_ERROR_NO_NETWORKS_TO_ACCESS']);
  await gam.set({ api_access: true, api_enabled: false });
  const r = await client.call('GET', `/v1/${N}`);
  assert.ok(r.status === 403 && r.body.error.details.some((d) => d.reason === 'SERVICE_DISABLED'));
});

networkTest('errors of before 2026 carry an AdManagerError as well', { old_errors: true }, async (gam, client) => {
  const r = await create(client, { advertiser: undefined });
  assert.equal(r.body.error.details[0].errorCode, 'REQUIRED_ERROR_REQUIRED');
  assert.equal(r.body.error.details[0].fieldPath, 'requests[0].order.advertiser');
});

// ---- limits ----

networkTest('more than so many requests a second are refused', { calls_per_s: 3 }, async (gam, client) => {
  const all = await Promise.all(Array.from({ length: 12 }, () => client.call('GET', `/v1/${N}`)));
  const refused = all.filter((r) => r.status === 429);
  assert.ok(refused.length >= 1 && refused.every((r) => reasons(r)[0] === 'QUOTA_ERROR_EXCEEDED_QUOTA'));
});

const range = (from, to) => ({ fixed: { startDate: day(from), endDate: day(to) } });
const day = (text) => ({ year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), day: Number(text.slice(8)) });
const definition = (more = {}) => ({ displayName: 'R', reportDefinition: { dimensions: ['DATE', 'LINE_ITEM_ID'], metrics: ['AD_SERVER_IMPRESSIONS', 'AD_SERVER_CLICKS', 'AD_SERVER_REVENUE'],
  reportType: 'HISTORICAL', dateRange: range('2026-04-01', '2026-04-30'), ...more } });

async function report(client, more) {
  const made = await client.call('POST', `/v1/${N}/reports`, definition(more));
  assert.equal(made.status, 200, JSON.stringify(made.body));
  let op = (await client.call('POST', `/v1/${made.body.name}:run`, {})).body;
  for (let i = 0; i < 10 && !op.done; i++) op = (await client.call('GET', `/v1/${op.name}`)).body;
  return op;
}

networkTest('more than so many reports an hour are refused, and later ones are not', { reports_per_hour: 2 }, async (gam, client) => {
  const run = async () => client.call('POST', `/v1/${(await client.call('POST', `/v1/${N}/reports`, definition())).body.name}:run`, {});
  assert.deepEqual([(await run()).status, (await run()).status], [200, 200]);
  assert.deepEqual(reasons(await run()), ['QUOTA_ERROR_REPORT_JOB_LIMIT']);
  await gam.advance(3601);
  await client.signIn();
  assert.equal((await run()).status, 200);
});

// ---- reports ----

networkTest('a report is run, polled and fetched in pages; its days are the network\'s and add up to the goal', { report_polls: 2 }, async (gam, client) => {
  const { line } = await running(client);
  await gam.clock({ now: '2026-05-01T00:00:00Z' });
  await client.signIn();
  const made = (await client.call('POST', `/v1/${N}/reports`, definition())).body;
  const op = (await client.call('POST', `/v1/${made.name}:run`, {})).body, ask = async () => (await client.call('GET', `/v1/${op.name}`)).body;
  assert.match(op.name, /^networks\/123456\/operations\/reports\/runs\/\d+$/);
  assert.deepEqual([(await ask()).done, (await ask()).done, (await ask()).done], [undefined, undefined, true]);
  const rows = [];
  let token, first;
  do {
    const { body } = await client.call('GET', `/v1/${(await ask()).response.reportResult}:fetchRows?pageSize=4${token ? `&pageToken=${token}` : ''}`);
    first ??= body;
    assert.equal('totalRowCount' in body, body === first); // only the first page says so
    rows.push(...body.rows);
    token = body.nextPageToken;
  } while (token);
  // April 1, 04:00 UTC is midnight in New York: ten whole days there, not eleven.
  assert.deepEqual(rows.map((r) => r.dimensionValues[0].intValue), Array.from({ length: 10 }, (_, i) => String(20260401 + i)));
  assert.ok(rows.every((r) => r.metricValueGroups[0].primaryValues[0].intValue === '10000' && r.dimensionValues[1].intValue === line.name.split('/').at(-1)));
  assert.equal(rows.reduce((n, r) => n + r.metricValueGroups[0].primaryValues[2].doubleValue, 0), 1000);
  assert.equal(first.totalRowCount, 10);
});

networkTest('a report is refused for what it cannot say', {}, async (gam, client) => {
  const where = 'report.reportDefinition';
  for (const [more, field, reason] of [
    [{ timeZoneSource: 'UTC' }, `${where}.timeZoneSource`, 'REPORT_ERROR_TIME_ZONE_TYPE_NOT_SUPPORTED_FOR_REQUESTED_REPORT'],
    [{ timeZone: 'Europe/Berlin' }, `${where}.timeZone`, 'REPORT_ERROR_TIME_ZONE_TYPE_NOT_SUPPORTED_FOR_REQUESTED_REPORT'],
    [{ timeZoneSource: 'PROVIDED', timeZone: 'Moon/Tranquility' }, `${where}.timeZone`, 'TIME_ZONE_ERROR_INVALID_TIMEZONE_ID'],
    [{ dateRange: range('2026-04-02', '2026-04-01') }, `${where}.dateRange.fixed`, 'REPORT_ERROR_END_DATE_TIME_NOT_AFTER_START_TIME'],
    [{ dateRange: undefined }, `${where}.dateRange`, 'REQUIRED_ERROR_REQUIRED'],
    [{ dimensions: [] }, `${where}.dimensions`, 'REQUIRED_ERROR_REQUIRED'],
    [{ metrics: ['IMPRESSIONS'] }, 'report.report_definition.metrics[0]', undefined],
    [{ currencyCode: 'JPY' }, `${where}.currencyCode`, 'REPORT_ERROR_CURRENCY_CODE_NOT_SUPPORTED_FOR_REQUESTED_REPORT'],
    [{ reportType: 'REACH' }, `${where}.reportType`, 'UNSUPPORTED'],
  ]) {
    const r = await client.call('POST', `/v1/${N}/reports`, definition(more));
    assert.ok(violations(r).some(([f, why]) => f === field && (!reason || why === reason)), `${field}: ${JSON.stringify(r.body)}`);
  }
  assert.equal(status(await client.call('POST', `/v1/${N}/reports`, { ...definition(), visibility: 'DRAFT' })), '400 INVALID_ARGUMENT'); // removed in 2026
});

networkTest('a report may filter, split by creative, and ask for a zone of its own', {}, async (gam, client) => {
  const a = await running(client);
  await running(client, { rate: { currencyCode: 'EUR', units: '3' } });
  await gam.clock({ now: '2026-04-03T10:00:00Z' });
  await client.signIn();
  const rows = async (more) => (await client.call('GET', `/v1/${(await report(client, more)).response.reportResult}:fetchRows`)).body.rows;
  const only = [{ fieldFilter: { field: { dimension: 'ORDER_ID' }, operation: 'IN', values: [{ intListValue: { values: [a.order.name.split('/').at(-1)] } }] } }];
  const split = await rows({ dimensions: ['LINE_ITEM_ID', 'CREATIVE_ID'], filters: only });
  assert.deepEqual(split.map((r) => r.dimensionValues.map((v) => v.intValue)), [[a.line.name, a.creative.name].map((n) => n.split('/').at(-1))]);
  assert.equal((await rows({ currencyCode: 'EUR', dimensions: ['LINE_ITEM_ID'] })).length, 1); // each currency is a report of its own
  const tokyo = await rows({ filters: only, timeZoneSource: 'PROVIDED', timeZone: 'Asia/Tokyo' });
  assert.deepEqual(tokyo.map((r) => r.dimensionValues[0].intValue), ['20260401', '20260402', '20260403']);
  assert.equal((await rows({ dimensions: ['DATE', 'HOUR'], filters: only })).length, 24 + 24 + 6);
});

networkTest('pauses, new goals and a trafficker\'s deeds change what comes, and never what was', {}, async (gam, client) => {
  const { order, line } = await running(client), delivered = async () => (await gam.summary()).orders[0].lines[0].delivered.impressions;
  await gam.clock({ now: '2026-04-03T04:00:00Z' });
  assert.equal(await delivered(), 20000);
  await gam.act({ do: 'pause', line_item: line.name });
  await gam.clock({ now: '2026-04-05T04:00:00Z' });
  assert.equal(await delivered(), 20000);
  await gam.act({ do: 'resume', line_item: line.name });
  await gam.act({ do: 'goal', line_item: line.name, units: 50000 });
  await gam.clock({ now: '2026-04-08T04:00:00Z' });
  assert.equal(await delivered(), 35000); // half of the 30,000 that were left, in half of the six days
  await gam.act({ do: 'archive', order: order.name });
  await gam.clock({ now: '2026-05-08T04:00:00Z' });
  assert.equal(await delivered(), 35000);
  assert.equal((await gam.summary()).orders[0].state, 'ARCHIVED');
});

networkTest('a test network never serves', { test_network: true }, async (gam, client) => {
  await running(client);
  await gam.clock({ now: '2026-05-01T00:00:00Z' });
  assert.equal((await gam.summary()).orders[0].lines[0].delivered.impressions, 0);
});

networkTest('a person approves when it is time', {}, async (gam, client) => {
  const order = (await create(client)).body.orders[0];
  await client.call('POST', `/v1/${N}/lineItems`, item(order.name));
  await client.call('POST', `/v1/${N}/orders:batchSubmitForApproval`, { names: [order.name] });
  await gam.act({ do: 'approve', order: '*', in_s: 3 * 86400 });
  const state = async () => (await gam.summary()).orders[0].state;
  await gam.advance(3 * 86400 - 1);
  assert.equal(await state(), 'PENDING_APPROVAL');
  await gam.advance(1);
  assert.equal(await state(), 'APPROVED');
  await assert.rejects(gam.act({ do: 'dance' }), /There are approve/);
  await assert.rejects(gam.act({ do: 'approve', order: 'nobody\'s' }), /there is no order/);
});

// ---- faults ----

const names = async (gam) => (await gam.summary()).orders.map((o) => o.name);

networkTest('a fault before the effect leaves nothing, one after it leaves everything', {}, async (gam, client) => {
  await gam.fault({ on: 'BatchCreateOrders', do: 'unavailable', retry_after_s: 7 });
  const r = await create(client, { displayName: 'first' });
  assert.deepEqual([status(r), r.headers.get('retry-after'), await names(gam)], ['503 UNAVAILABLE', '7', []]);
  await gam.fault({ on: 'BatchCreateOrders', do: 'reset', after: true });
  await assert.rejects(create(client, { displayName: 'second' }));
  assert.deepEqual(await names(gam), ['second']);
  assert.equal((await create(client, { displayName: 'third' })).status, 200);
  await gam.assertFaultsUsed();
});

networkTest('a refused request uses no effect up: its refusal is what one hears', {}, async (gam, client) => {
  await gam.fault({ on: 'BatchCreateOrders', do: 'reset', after: true });
  assert.equal(status(await create(client, { advertiser: undefined })), '400 INVALID_ARGUMENT');
});

networkTest('faults are counted, skipped and matched by path', {}, async (gam, client) => {
  await gam.fault({ on: `GET /v1/${N}/orders*`, do: 'rate_limit', skip: 1, times: 2, retry_after_s: 1 });
  const all = [];
  for (let i = 0; i < 4; i++) all.push((await client.call('GET', `/v1/${N}/orders`)).status);
  assert.deepEqual(all, [200, 429, 429, 200]);
  assert.equal((await client.call('GET', `/v1/${N}/lineItems`)).status, 200);
  await gam.noFaults();
  await gam.fault({ on: '*', do: 'server_error', times: 0 });
  assert.deepEqual([(await client.call('GET', `/v1/${N}`)).status, (await client.call('GET', `/v1/${N}`)).status], [500, 500]);
  await assert.rejects(gam.fault({ on: '*', do: 'explode' }), /There are refuse/);
  await assert.rejects(gam.fault({ on: '*', do: 'reset', when: 'after' }), /no member when/);
});

networkTest('a batch may fail in its midst', {}, async (gam, client) => {
  await gam.fault({ on: 'BatchCreateOrders', do: 'server_error', items: 1 });
  const order = (displayName) => ({ parent: N, order: { displayName, advertiser: `${N}/companies/4510000001`, trafficker: `${N}/users/245001` } });
  assert.equal((await client.call('POST', `/v1/${N}/orders:batchCreate`, { requests: [order('a'), order('b')] })).status, 500);
  assert.deepEqual(await names(gam), ['a']);
});

networkTest('an expired token stays expired until somebody signs in again', {}, async (gam, client) => {
  await gam.fault({ on: 'GetNetwork', do: 'expired_token' });
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 401);
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 401);
  await client.signIn();
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 200);
});

networkTest('answers may be no JSON, cut short, somebody else\'s, or late', {}, async (gam, client) => {
  await gam.fault({ on: '*', do: 'garbage' });
  assert.match((await client.call('GET', `/v1/${N}`)).body, /<!doctype html>/);
  await gam.fault({ on: '*', do: 'truncate' });
  await assert.rejects(client.call('GET', `/v1/${N}`));
  await gam.fault({ on: '*', do: 'answer', status: 418, body: { tea: true }, headers: { 'x-pot': '1' } });
  const r = await client.call('GET', `/v1/${N}`);
  assert.deepEqual([r.status, r.body, r.headers.get('x-pot')], [418, { tea: true }, '1']);
  await gam.fault({ on: '*', do: 'slow', delay_ms: 1 });
  assert.equal((await client.call('GET', `/v1/${N}`)).status, 200);
  await gam.fault({ on: '*', do: 'timeout', after: true });
  const patience = new AbortController(), asked = fetch(`${gam.base}/v1/${N}`, { headers: { authorization: `Bearer ${client.token}` }, signal: patience.signal });
  while (!(await gam.log()).at(-1).fault) await new Promise((resolve) => setImmediate(resolve));
  patience.abort();
  await assert.rejects(asked);
});

test('the log tells operations, effects and answers, and goes to a file', async () => {
  const { mkdtempSync, readFileSync, rmSync } = await import('node:fs'), { tmpdir } = await import('node:os'), path = await import('node:path');
  const folder = mkdtempSync(path.join(tmpdir(), 'fake-')), file = path.join(folder, 'log');
  const effects = [], gam = await startFake('gam', { log: file, settings: { calls_per_s: 0 }, onEffect: (entry) => { effects.push(entry.operation); } });
  const client = new GamClient(gam);
  await client.signIn();
  await create(client);
  await client.call('GET', `/v1/${N}/orders`);
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(lines.map((l) => [l.operation, l.status, l.effect]), [['token', 200, false], ['BatchCreateOrders', 200, true], ['ListOrders', 200, false]]);
  assert.deepEqual(effects, ['BatchCreateOrders']);
  await gam.close();
  rmSync(folder, { recursive: true });
});
