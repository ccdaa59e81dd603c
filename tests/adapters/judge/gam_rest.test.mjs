// The fake Ad Manager over REST: that it takes what is right, and refuses everything else by name.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startFake } from '../lib/fake.mjs';
import { GamClient, violations } from '../lib/gam_client.mjs';
import { png } from '../fakes/lib/image.mjs';

const N = 'networks/123456', acme = `${N}/companies/4510000001`;
const unit = `${N}/adUnits/21700103`;
let gam, client, serial = 0;

before(async () => {
  gam = await startFake('gam', { clock: '2026-03-01T00:00:00Z', settings: { calls_per_s: 0, token_s: 1e8 } });
  await gam.clock({ freeze: true });
  client = new GamClient(gam);
  await client.signIn();
});
after(() => gam.close());

const post = (path, body, options) => client.call('POST', `/v1/${N}/${path}`, body, options);
const get = (path) => client.call('GET', `/v1/${N}/${path}`);
const orderOf = (more = {}) => ({ displayName: `Order ${++serial}`, advertiser: acme, trafficker: `${N}/users/245001`, ...more });
const createOrder = (order) => post('orders:batchCreate', { requests: [{ parent: N, order }] });
const itemOf = (order, more = {}) => ({ order, displayName: `Line ${++serial}`, lineItemType: 'STANDARD', costType: 'CPM',
  rate: { currencyCode: 'USD', units: '12', nanos: 500000000 }, creativeRotationType: 'EVENLY',
  creativePlaceholders: [{ size: { width: 300, height: 250, sizeType: 'PIXEL' } }], startTime: '2026-04-01T04:00:00Z',
  targetEndTime: '2026-05-01T04:00:00Z', goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: '100000' },
  targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: unit, includeDescendants: true }] } }, ...more });
const image = (more = {}, details = {}) => ({ displayName: `Creative ${++serial}`, advertiser: acme, size: { width: 300, height: 250, sizeType: 'PIXEL' },
  imageCreative: { destinationUrl: 'https://acme.example/', primaryImageAsset: { assetByteArray: png(300, 250).toString('base64'), fileName: 'a.png' }, ...details }, ...more });

async function ok(answer) {
  const r = await answer;
  assert.equal(r.status, 200, JSON.stringify(r.body));
  return r.body;
}

// The answer is Google's error of that status, with a violation of the field and the reason.
async function refused(answer, status, field, reason) {
  const r = await answer;
  const code = { INVALID_ARGUMENT: 400, FAILED_PRECONDITION: 400, NOT_FOUND: 404, PERMISSION_DENIED: 403, UNAUTHENTICATED: 401, RESOURCE_EXHAUSTED: 429 }[status];
  assert.equal(r.status, code, JSON.stringify(r.body));
  assert.equal(r.body.error.status, status);
  assert.equal(r.body.error.code, code);
  assert.equal(r.headers.get('x-goog-correlation-id'), r.body.error.details.at(-1).requestId);
  if (field !== null) {
    assert.ok(violations(r).some(([f, why]) => f === field && (reason === undefined || why === reason || (reason instanceof RegExp && reason.test(why)))),
      `${field} ${reason} is not among ${JSON.stringify(violations(r))}`);
  }
  return r.body.error;
}

async function booked(more = {}) {
  const order = (await ok(createOrder(orderOf()))).orders[0];
  const item = await ok(post('lineItems', itemOf(order.name, more)));
  return { order, item };
}

async function approved(more) {
  const b = await booked(more);
  await ok(post('orders:batchApprove', { names: [b.order.name] }));
  return b;
}

const associate = (item, creative, more = {}) => post('lineItems/-/creatives:batchCreate',
  { requests: [{ parent: `${N}/lineItems/-`, lineItemCreativeAssociation: { lineItem: item.name, creative: creative.name, ...more } }] });
const lineItem = async (name) => ok(client.call('GET', `/v1/${name}`));

describe('a request', () => {
  test('to an unknown path is not found', async () => {
    await refused(client.call('GET', '/v1/networks/123456/unicorns'), 'NOT_FOUND', null);
    await refused(client.call('POST', `/v1/${N}/orders`, orderOf()), 'NOT_FOUND', null); // orders are made in batches only
    await refused(client.call('GET', `/v1/${N}/customTargetingKeys/13500001/customTargetingValues`), 'NOT_FOUND', null); // retired in 2025
  });
  test('to another network is not found', () => refused(client.call('GET', '/v1/networks/999/orders'), 'NOT_FOUND', undefined, 'AUTHENTICATION_ERROR_NETWORK_NOT_FOUND'));
  test('with an unknown member is refused, with its place', async () => {
    await refused(createOrder(orderOf({ totalBudget: 5 })), 'INVALID_ARGUMENT', 'requests[0].order', /Unknown name "totalBudget"/);
    await refused(post('orders:batchCreate', { nonsense: 1, requests: [{ parent: N, order: orderOf() }] }), 'INVALID_ARGUMENT', undefined, /Unknown name "nonsense"/);
    await refused(post('lineItems', { lineItem: itemOf(`${N}/orders/1`) }), 'INVALID_ARGUMENT', 'line_item', /Unknown name "lineItem"/);
    await refused(post('lineItems', itemOf(`${N}/orders/1`, { targeting: { inventory: {} } })), 'INVALID_ARGUMENT', 'line_item.targeting', /"inventory"/);
  });
  test('with an unknown query parameter is refused', () => refused(get('orders?page_size=5'), 'INVALID_ARGUMENT', 'page_size'));
  test('with a body where none belongs is refused', () => refused(client.call('GET', `/v1/${N}/orders`, undefined, { raw: undefined, headers: {} }).then(async (r) => {
    assert.equal(r.status, 200);
    return client.call('POST', `/v1/${N}/lineItems?filter=x`, itemOf(`${N}/orders/1`));
  }), 'INVALID_ARGUMENT', 'filter'));
  test('that is no JSON, not said to be JSON, or has a member twice, is refused', async () => {
    await refused(post('orders:batchCreate', undefined, { raw: '{"requests":' }), 'INVALID_ARGUMENT', null);
    await refused(post('orders:batchCreate', undefined, { raw: '[]' }), 'INVALID_ARGUMENT', null);
    await refused(post('lineItems', itemOf(`${N}/orders/1`), { headers: { 'content-type': 'text/plain' } }), 'INVALID_ARGUMENT', null);
    const e = await refused(post('lineItems', undefined, { raw: '{"order":"a","order":"b"}' }), 'INVALID_ARGUMENT', null);
    assert.match(e.message, /Duplicate name "order"/);
  });
  for (const [what, change, field] of [
    ['a string where a number belongs', { priority: 'high' }, 'line_item.priority'],
    ['a fraction where an integer belongs', { priority: 8.5 }, 'line_item.priority'],
    ['a number where a string belongs', { displayName: 7 }, 'line_item.display_name'],
    ['an enum in SOAP\'s spelling', { creativeRotationType: 'EVEN' }, 'line_item.creative_rotation_type'],
    ['an enum in lower case', { lineItemType: 'standard' }, 'line_item.line_item_type'],
    ['a list where one belongs', { goal: [] }, 'line_item.goal'],
    ['one where a list belongs', { creativePlaceholders: {} }, 'line_item.creative_placeholders'],
    ['a time without a zone', { startTime: '2026-04-01T00:00:00' }, 'line_item.start_time'],
    ['money in micros', { rate: { currencyCode: 'USD', microAmount: 5 } }, 'line_item.rate'],
    ['nanos out of range', { rate: { currencyCode: 'USD', nanos: 1e9 } }, 'line_item.rate.nanos'],
    ['an int64 that does not fit', { goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: '9223372036854775808' } }, 'line_item.goal.units'],
    ['null', { notes: null }, 'line_item.notes'],
  ]) {
    test(`with ${what} is refused`, () => refused(post('lineItems', itemOf(`${N}/orders/1`, change)), 'INVALID_ARGUMENT', field));
  }
  test('with an external order id beyond 32 bits is refused', () => refused(createOrder(orderOf({ externalOrderId: 9999999999 })), 'INVALID_ARGUMENT', 'requests[0].order.external_order_id'));
  test('that sends what is output only is refused', async () => {
    await refused(createOrder(orderOf({ status: 'APPROVED' })), 'INVALID_ARGUMENT', 'requests[0].order.status', 'READ_ONLY_ERROR');
    await refused(createOrder(orderOf({ startTime: '2026-04-01T00:00:00Z' })), 'INVALID_ARGUMENT', 'requests[0].order.startTime', 'READ_ONLY_ERROR');
    await refused(post('lineItems', itemOf(`${N}/orders/1`, { budget: { currencyCode: 'USD', units: '5' } })), 'INVALID_ARGUMENT', 'lineItem.budget', 'READ_ONLY_ERROR');
    await refused(post('lineItems', itemOf(`${N}/orders/1`, { name: `${N}/lineItems/5` })), 'INVALID_ARGUMENT', 'lineItem.name', 'READ_ONLY_ERROR');
  });
  test('of more than 100 is refused', () => refused(post('orders:batchCreate', { requests: Array.from({ length: 101 }, () => ({ parent: N, order: orderOf() })) }), 'INVALID_ARGUMENT', 'requests', 'COLLECTION_SIZE_ERROR_TOO_LARGE'));
  test('without its parent, or with another one, is refused', async () => {
    await refused(post('orders:batchCreate', { requests: [{ order: orderOf() }] }), 'INVALID_ARGUMENT', 'requests[0].parent', 'REQUIRED_ERROR_REQUIRED');
    await refused(post('orders:batchCreate', { requests: [{ parent: 'networks/5', order: orderOf() }] }), 'INVALID_ARGUMENT', 'requests[0].parent');
    await refused(post('orders:batchCreate', { parent: 'networks/5', requests: [{ parent: N, order: orderOf() }] }), 'INVALID_ARGUMENT', 'parent');
    await refused(post('orders:batchCreate', { requests: [] }), 'INVALID_ARGUMENT', 'requests', 'REQUIRED_ERROR_REQUIRED');
  });
});

describe('an order', () => {
  for (const member of ['displayName', 'advertiser', 'trafficker']) {
    test(`without ${member} is refused`, () => refused(createOrder(orderOf({ [member]: undefined })), 'INVALID_ARGUMENT', `requests[0].order.${member}`, 'REQUIRED_ERROR_REQUIRED'));
  }
  test('of a company that is not there, or is no advertiser, is refused', async () => {
    await refused(createOrder(orderOf({ advertiser: `${N}/companies/1` })), 'INVALID_ARGUMENT', 'requests[0].order.advertiser', 'COMMON_ERROR_NOT_FOUND');
    await refused(createOrder(orderOf({ advertiser: '4510000001' })), 'INVALID_ARGUMENT', 'requests[0].order.advertiser', 'COMMON_ERROR_NOT_FOUND');
    await refused(createOrder(orderOf({ advertiser: `${N}/companies/4510000002` })), 'INVALID_ARGUMENT', 'requests[0].order.advertiser', 'COMPANY_ERROR_INVALID_COMPANY_TYPE');
    await refused(createOrder(orderOf({ trafficker: `${N}/users/5` })), 'INVALID_ARGUMENT', 'requests[0].order.trafficker', 'COMMON_ERROR_NOT_FOUND');
  });
  test('has a unique name of at most 255 characters, and a purchase order of 63', async () => {
    const order = orderOf();
    await ok(createOrder(order));
    await refused(createOrder(order), 'INVALID_ARGUMENT', 'requests[0].order.displayName', 'UNIQUE_ERROR_NOT_UNIQUE');
    await refused(createOrder(orderOf({ displayName: 'x'.repeat(256) })), 'INVALID_ARGUMENT', 'requests[0].order.displayName', 'STRING_LENGTH_ERROR_TOO_LONG');
    await ok(createOrder(orderOf({ displayName: 'x'.repeat(255), poNumber: 'p'.repeat(63) })));
    await refused(createOrder(orderOf({ poNumber: 'p'.repeat(64) })), 'INVALID_ARGUMENT', 'requests[0].order.poNumber', 'STRING_LENGTH_ERROR_TOO_LONG');
    await refused(post('orders:batchCreate', { requests: [1, 2].map(() => ({ parent: N, order: { ...order, displayName: 'Twice' } })) }), 'INVALID_ARGUMENT', 'requests[1].order.displayName', 'UNIQUE_ERROR_NOT_UNIQUE');
  });
  test('of a batch is made only when all are right', async () => {
    const good = orderOf({ displayName: 'Good of a bad batch' });
    await refused(post('orders:batchCreate', { requests: [{ parent: N, order: good }, { parent: N, order: orderOf({ advertiser: undefined }) }] }), 'INVALID_ARGUMENT', 'requests[1].order.advertiser');
    assert.equal((await ok(get(`orders?filter=${encodeURIComponent('displayName = "Good of a bad batch"')}`))).totalSize, 0);
  });
  test('is found by external id and by name', async () => {
    const { orders: [made] } = await ok(createOrder(orderOf({ externalOrderId: 2147483647, displayName: 'Spring [mb_1*2]' })));
    for (const filter of ['externalOrderId = 2147483647', 'displayName:"[mb_1"', 'displayName = "Spring*" AND NOT status = "APPROVED"', '-externalOrderId = 5 AND (externalOrderId = 2147483647 OR displayName = "x")']) {
      const found = await ok(get(`orders?filter=${encodeURIComponent(filter)}`));
      assert.ok(found.orders.some((o) => o.name === made.name), filter);
    }
    for (const bad of ['totalBudget = 5', 'displayName = \'x\'', 'displayName', 'displayName = "x', '(status = "DRAFT"', 'status = "DRAFT")']) {
      await refused(get(`orders?filter=${encodeURIComponent(bad)}`), 'INVALID_ARGUMENT', 'filter', 'PARSE_ERROR_UNPARSABLE');
    }
  });
  test('is updated by its mask alone', async () => {
    const { order } = await booked(), update = (o, updateMask) => post('orders:batchUpdate', { requests: [{ order: o, updateMask }] });
    const { orders: [changed] } = await ok(update({ name: order.name, notes: 'n', poNumber: '7' }, 'notes,poNumber'));
    assert.deepEqual([changed.notes, changed.poNumber, changed.displayName], ['n', '7', order.displayName]);
    assert.equal((await ok(update({ name: order.name }, 'notes'))).orders[0].notes, undefined); // masked and not sent: cleared
    await refused(update({ name: order.name, notes: 'n' }, 'poNumber'), 'INVALID_ARGUMENT', 'requests[0].order.notes', 'FIELD_MASK_ERROR');
    await refused(update({ name: order.name }, 'budget'), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(update({ name: order.name }, 'status'), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(update({ name: order.name }, 'display_name'), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(update({ name: order.name }, '*'), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(update({ name: order.name }, 'displayName'), 'INVALID_ARGUMENT', 'requests[0].order.displayName', 'REQUIRED_ERROR_REQUIRED');
    await refused(update({ notes: 'x' }, 'notes'), 'INVALID_ARGUMENT', 'requests[0].order.name', 'REQUIRED_ERROR_REQUIRED');
    await refused(update({ name: `${N}/orders/5`, notes: 'x' }, 'notes'), 'NOT_FOUND', 'requests[0].order.name');
  });
  test('waits for a person when it is submitted, and cannot be changed meanwhile', async () => {
    const { order, item } = await booked();
    await ok(post('orders:batchSubmitForApproval', { names: [order.name] }));
    assert.equal((await lineItem(item.name)).status, 'PENDING_APPROVAL');
    await refused(post('orders:batchUpdate', { requests: [{ order: { name: order.name, notes: 'n' }, updateMask: 'notes' }] }), 'INVALID_ARGUMENT', 'requests[0].order', 'ORDER_ERROR_UPDATE_PENDING_APPROVAL_ORDER_NOT_ALLOWED');
    await refused(post('lineItems', itemOf(order.name)), 'INVALID_ARGUMENT', 'lineItem.order', 'ORDER_ERROR_UPDATE_PENDING_APPROVAL_ORDER_NOT_ALLOWED');
    await refused(client.call('PATCH', `/v1/${item.name}?updateMask=notes`, { notes: 'n' }), 'INVALID_ARGUMENT', 'lineItem', 'LINE_ITEM_ERROR_UPDATE_PENDING_APPROVAL_LINE_ITEM_NOT_ALLOWED');
    await gam.act({ do: 'approve', order: order.name });
    assert.equal((await lineItem(item.name)).status, 'INACTIVE');
    await refused(post('orders:batchSubmitForApproval', { names: [order.name] }), 'FAILED_PRECONDITION', 'names[0]', 'ORDER_ACTION_ERROR_NOT_APPLICABLE');
  });
  test('is approved again for a line item that came later', async () => {
    const { order } = await approved();
    await refused(post('orders:batchApprove', { names: [order.name] }), 'FAILED_PRECONDITION', 'names[0]', 'ORDER_ACTION_ERROR_NOT_APPLICABLE');
    const late = await ok(post('lineItems', itemOf(order.name)));
    assert.equal(late.status, 'DRAFT');
    await ok(post('orders:batchApprove', { names: [order.name] }));
    assert.equal((await lineItem(late.name)).status, 'INACTIVE');
  });
  test('without line items, or of an advertiser without credit, is not approved', async () => {
    const { orders: [empty] } = await ok(createOrder(orderOf()));
    await refused(post('orders:batchApprove', { names: [empty.name] }), 'FAILED_PRECONDITION', 'names[0]', 'ORDER_ACTION_ERROR_NOT_APPLICABLE');
    const { orders: [blocked] } = await ok(createOrder(orderOf({ advertiser: `${N}/companies/4510000003` })));
    await ok(post('lineItems', itemOf(blocked.name)));
    await refused(post('orders:batchApprove', { names: [blocked.name] }), 'FAILED_PRECONDITION', 'names[0]', 'ORDER_ACTION_ERROR_CANNOT_APPROVE_COMPANY_CREDIT_STATUS_NOT_ACTIVE');
  });
  test('that is archived refuses everything but to come back', async () => {
    const { order, item } = await approved();
    await ok(post('orders:batchArchive', { names: [order.name] }));
    await refused(post('orders:batchPause', { names: [order.name] }), 'FAILED_PRECONDITION', 'names[0]', 'ORDER_ACTION_ERROR_IS_ARCHIVED');
    await refused(client.call('PATCH', `/v1/${item.name}?updateMask=notes`, { notes: 'n' }), 'INVALID_ARGUMENT', 'lineItem', 'LINE_ITEM_ERROR_UPDATE_ARCHIVED_LINE_ITEM_NOT_ALLOWED');
    await ok(post('orders:batchUnarchive', { names: [order.name] }));
    assert.equal((await ok(client.call('GET', `/v1/${order.name}`))).archived, false);
  });
  test('reads its dates from its line items', async () => {
    const { order } = await booked();
    const read = await ok(client.call('GET', `/v1/${order.name}`));
    assert.deepEqual([read.startTime, read.endTime, read.unlimitedEndTime], ['2026-04-01T04:00:00Z', '2026-05-01T04:00:00Z', false]);
  });
});

describe('a line item', () => {
  let order;
  before(async () => { order = (await ok(createOrder(orderOf()))).orders[0].name; });
  for (const member of ['order', 'displayName', 'lineItemType', 'costType', 'rate', 'creativeRotationType', 'creativePlaceholders', 'startTime', 'targeting']) {
    test(`without ${member} is refused`, () => refused(post('lineItems', itemOf(order, { [member]: undefined })), 'INVALID_ARGUMENT', `lineItem.${member}`, 'REQUIRED_ERROR_REQUIRED'));
  }
  const target = (more) => ({ targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: unit }] }, ...more } });
  const clause = (...literals) => target({ customTargeting: { customTargetingClauses: [{ customTargetingLiterals: literals }] } });
  const key = `${N}/customTargetingKeys/13500001`, values = [`${N}/customTargetingValues/135000010000`];
  for (const [what, change, field, reason] of [
    ['without inventory', { targeting: {} }, 'targeting.inventoryTargeting', 'REQUIRED_ERROR_REQUIRED'],
    ['that targets no inventory', { targeting: { inventoryTargeting: {} } }, 'targeting.inventoryTargeting', 'INVENTORY_TARGETING_ERROR_AT_LEAST_ONE_PLACEMENT_OR_INVENTORY_UNIT_REQUIRED'],
    ['of an unknown ad unit', { targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: `${N}/adUnits/5` }] } } }, 'targeting.inventoryTargeting.targetedAdUnits[0].adUnit', 'COMMON_ERROR_NOT_FOUND'],
    ['of an archived ad unit', { targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: `${N}/adUnits/21700090` }] } } }, 'targeting.inventoryTargeting.targetedAdUnits[0].adUnit', 'INVENTORY_UNIT_ERROR_INVALID'],
    ['of an archived placement', { targeting: { inventoryTargeting: { targetedPlacements: [`${N}/placements/3100003`] } } }, 'targeting.inventoryTargeting.targetedPlacements[0]', 'COMMON_ERROR_NOT_APPLICABLE'],
    ['of an ad unit below another', { targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: unit }, { adUnit: `${N}/adUnits/21700001` }] } } }, 'targeting.inventoryTargeting', 'INVENTORY_TARGETING_ERROR_INVENTORY_UNIT_CANNOT_BE_TARGETED_IF_ANCESTOR_IS_TARGETED'],
    ['of a place that is not there', target({ geoTargeting: { targetedGeos: [`${N}/geoTargets/1`] } }), 'targeting.geoTargeting.targetedGeos[0]', 'COMMON_ERROR_NOT_FOUND'],
    ['of a place by its code', target({ geoTargeting: { targetedGeos: ['US'] } }), 'targeting.geoTargeting.targetedGeos[0]', 'COMMON_ERROR_NOT_FOUND'],
    ['of a place that cannot be targeted', target({ geoTargeting: { targetedGeos: [`${N}/geoTargets/9999999`] } }), 'targeting.geoTargeting.targetedGeos[0]', 'GEO_TARGETING_ERROR_UNTARGETABLE_LOCATION'],
    ['that excludes a postal code', target({ geoTargeting: { excludedGeos: [`${N}/geoTargets/9004331`] } }), 'targeting.geoTargeting.excludedGeos[0]', 'GEO_TARGETING_ERROR_POSTAL_CODES_CANNOT_BE_EXCLUDED'],
    ['of an unknown key', clause({ customTargetingKey: `${N}/customTargetingKeys/5`, customTargetingValues: values }), 'targeting.customTargeting.customTargetingClauses[0].customTargetingLiterals[0].customTargetingKey', 'COMMON_ERROR_NOT_FOUND'],
    ['of a value of another key', clause({ customTargetingKey: `${N}/customTargetingKeys/13500002`, customTargetingValues: values }), 'targeting.customTargeting.customTargetingClauses[0].customTargetingLiterals[0].customTargetingValues[0]', 'CUSTOM_TARGETING_ERROR_INVALID_VALUE_FOR_KEY'],
    ['of a key without values', clause({ customTargetingKey: key }), 'targeting.customTargeting.customTargetingClauses[0].customTargetingLiterals[0]', 'CUSTOM_TARGETING_ERROR_KEY_WITH_MISSING_VALUES'],
    ['of a device that is not there', target({ technologyTargeting: { deviceCategoryTargeting: { targetedCategories: [`${N}/deviceCategories/1`] } } }), 'targeting.technologyTargeting.deviceCategoryTargeting.targetedCategories[0]', 'COMMON_ERROR_NOT_FOUND'],
    ['in the past', { startTime: '2026-02-28T23:59:59Z' }, 'startTime', 'LINE_ITEM_FLIGHT_DATE_ERROR_START_DATE_TIME_IS_IN_PAST'],
    ['that ends before it starts', { targetEndTime: '2026-04-01T04:00:00Z' }, 'targetEndTime', 'LINE_ITEM_FLIGHT_DATE_ERROR_END_DATE_TIME_NOT_AFTER_START_TIME'],
    ['that ends too late', { targetEndTime: '2099-01-01T00:00:00Z' }, 'targetEndTime', 'LINE_ITEM_FLIGHT_DATE_ERROR_END_DATE_TIME_TOO_LATE'],
    ['without an end', { targetEndTime: undefined }, 'targetEndTime', 'REQUIRED_ERROR_REQUIRED'],
    ['of STANDARD without end', { targetEndTime: undefined, endTimeUnlimited: true }, 'endTimeUnlimited', 'LINE_ITEM_ERROR_INVALID_LINE_ITEM_DATE_TIME'],
    ['in a currency the network does not have', { rate: { currencyCode: 'JPY', units: '5' } }, 'rate.currencyCode', 'LINE_ITEM_ERROR_INVALID_LINE_ITEM_CURRENCY'],
    ['with a priority of another type', { priority: 12 }, 'priority', 'LINE_ITEM_ERROR_INVALID_PRIORITY_FOR_LINE_ITEM_TYPE'],
    ['of a type that cannot be trafficked', { lineItemType: 'AD_EXCHANGE' }, 'lineItemType', 'LINE_ITEM_ERROR_UNSUPPORTED_LINE_ITEM_TYPE_FOR_THIS_API_VERSION'],
    ['sold by what its type is not sold by', { costType: 'CPD' }, 'costType', 'COMMON_ERROR_NOT_APPLICABLE'],
    ['without a goal', { goal: undefined }, 'goal', 'REQUIRED_ERROR_REQUIRED'],
    ['with a goal of clicks, sold by impressions', { goal: { goalType: 'LIFETIME', unitType: 'CLICKS', units: '5' } }, 'goal.unitType', 'COMMON_ERROR_NOT_APPLICABLE'],
    ['with a goal of impressions, sold by clicks', { costType: 'CPC' }, 'goal.unitType', 'COMMON_ERROR_NOT_APPLICABLE'],
    ['with a daily goal of STANDARD', { goal: { goalType: 'DAILY', unitType: 'IMPRESSIONS', units: '5' } }, 'goal.goalType', 'COMMON_ERROR_NOT_APPLICABLE'],
    ['with a goal of nothing', { goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: '0' } }, 'goal.units', 'RANGE_ERROR_TOO_LOW'],
    ['of SPONSORSHIP beyond 100 %', { lineItemType: 'SPONSORSHIP', goal: { goalType: 'DAILY', unitType: 'IMPRESSIONS', units: '101' } }, 'goal.units', 'RANGE_ERROR_TOO_HIGH'],
    ['CPCV outside a video player', { costType: 'CPCV', goal: { goalType: 'LIFETIME', unitType: 'COMPLETED_VIEWS', units: '5' } }, 'environmentType', 'LINE_ITEM_ERROR_INVALID_ENVIRONMENT_TYPE'],
    ['with a size twice', { creativePlaceholders: [1, 2].map(() => ({ size: { width: 300, height: 250, sizeType: 'PIXEL' } })) }, 'creativePlaceholders[1].size', 'LINE_ITEM_ERROR_DUPLICATE_MASTER_SIZES'],
    ['without a size type', { creativePlaceholders: [{ size: { width: 300, height: 250 } }] }, 'creativePlaceholders[0].size.sizeType', 'REQUIRED_ERROR_REQUIRED'],
    ['with a size of nothing', { creativePlaceholders: [{ size: { width: 0, height: 250, sizeType: 'PIXEL' } }] }, 'creativePlaceholders[0].size', 'REQUIRED_SIZE_ERROR_REQUIRED'],
    ['with a cap of nothing', { frequencyCaps: [{ maxImpressions: '0', timeAmount: '1', timeUnit: 'DAY' }] }, 'frequencyCaps[0].maxImpressions', 'FREQUENCY_CAP_ERROR_IMPRESSIONS_TOO_LOW'],
    ['with a name that is too long', { displayName: 'x'.repeat(256) }, 'displayName', 'STRING_LENGTH_ERROR_TOO_LONG'],
    ['with an external id that is too long', { externalLineItemId: 'x'.repeat(256) }, 'externalLineItemId', 'STRING_LENGTH_ERROR_TOO_LONG'],
  ]) {
    test(`${what} is refused`, () => refused(post('lineItems', itemOf(order, change)), 'INVALID_ARGUMENT', `lineItem.${field}`, reason));
  }
  test('has a name that is unique in its order, and a currency that its order has', async () => {
    const one = itemOf(order);
    await ok(post('lineItems', one));
    await refused(post('lineItems', one), 'INVALID_ARGUMENT', 'lineItem.displayName', 'UNIQUE_ERROR_NOT_UNIQUE');
    await refused(post('lineItems', itemOf(order, { rate: { currencyCode: 'EUR', units: '5' } })), 'INVALID_ARGUMENT', 'lineItem.rate.currencyCode', 'LINE_ITEM_ERROR_LINE_ITEM_CANNOT_HAVE_MULTIPLE_CURRENCIES');
  });
  test('is updated by its mask, in the path\'s name', async () => {
    const { item } = await approved(), patch = (mask, body) => client.call('PATCH', `/v1/${item.name}${mask === undefined ? '' : `?updateMask=${mask}`}`, body);
    const changed = await ok(patch('goal,targetEndTime,targeting.geoTargeting', { name: item.name, goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units: '5' },
      targetEndTime: '2026-06-01T00:00:00Z', targeting: { geoTargeting: { targetedGeos: [`${N}/geoTargets/2840`] } } }));
    assert.deepEqual([changed.goal.units, changed.endTime], ['5', '2026-06-01T00:00:00Z']);
    assert.ok(changed.targeting.inventoryTargeting.targetedAdUnits.length === 1 && changed.targeting.geoTargeting.targetedGeos.length === 1);
    assert.equal(changed.budget.nanos, 62500000); // 5 impressions at 12.50 a thousand
    await refused(patch(undefined, { notes: 'n' }), 'INVALID_ARGUMENT', 'update_mask', 'REQUIRED_ERROR_REQUIRED');
    await refused(patch('order', { order: `${N}/orders/5` }), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(patch('status', {}), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(patch('notes', { status: 'PAUSED', notes: 'n' }), 'INVALID_ARGUMENT', 'lineItem.status', 'READ_ONLY_ERROR');
    await refused(patch('creativePlaceholders.size', {}), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await refused(patch('notes', { name: `${N}/lineItems/5`, notes: 'n' }), 'INVALID_ARGUMENT', 'lineItem.name');
    await refused(patch('rate', { rate: { currencyCode: 'EUR', units: '1' } }), 'INVALID_ARGUMENT', 'lineItem.rate.currencyCode', 'LINE_ITEM_ERROR_CANNOT_CHANGE_CURRENCY');
    await refused(patch('environmentType', { environmentType: 'VIDEO_PLAYER' }), 'INVALID_ARGUMENT', 'lineItem.environmentType', 'LINE_ITEM_ERROR_UPDATE_ENVIRONMENT_TYPE_NOT_ALLOWED');
  });
  test('is found by its external id', async () => {
    const made = await ok(post('lineItems', itemOf(order, { externalLineItemId: 'pkg-mb_7-001' })));
    const found = await ok(get(`lineItems?filter=${encodeURIComponent('externalLineItemId = "pkg-mb_7-001"')}`));
    assert.deepEqual(found.lineItems.map((l) => l.name), [made.name]);
  });
  test('is paused and resumed by actions only, and INACTIVE until every size has a creative', async () => {
    const two = { creativePlaceholders: [300, 728].map((w) => ({ size: { width: w, height: w === 300 ? 250 : 90, sizeType: 'PIXEL' } })) };
    const { item } = await approved(two);
    assert.deepEqual([(await lineItem(item.name)).status, (await lineItem(item.name)).missingCreatives], ['INACTIVE', true]);
    await ok(associate(item, await ok(post('creatives', image()))));
    assert.equal((await lineItem(item.name)).status, 'INACTIVE');
    const wide = await ok(post('creatives', image({ size: { width: 728, height: 90, sizeType: 'PIXEL' } }, { primaryImageAsset: { assetByteArray: png(728, 90).toString('base64'), fileName: 'w.png' } })));
    await ok(associate(item, wide));
    assert.equal((await lineItem(item.name)).status, 'READY');
    await ok(post('lineItems:batchPause', { names: [item.name] }));
    assert.equal((await lineItem(item.name)).status, 'PAUSED');
    await refused(post('lineItems:batchPause', { names: [item.name] }), 'FAILED_PRECONDITION', 'names[0]', 'LINE_ITEM_OPERATION_ERROR_NOT_APPLICABLE');
    await ok(post('lineItems:batchRelease', { names: [item.name] }));
    assert.equal((await lineItem(item.name)).status, 'PAUSED_INVENTORY_RELEASED');
    await ok(post('lineItems:batchResume', { names: [item.name] }));
    assert.equal((await lineItem(item.name)).status, 'READY');
    await refused(post('lineItems:batchArchive', { names: [item.name] }), 'FAILED_PRECONDITION', 'names[0]', 'LINE_ITEM_OPERATION_ERROR_NOT_ALLOWED');
    await refused(post('lineItems:batchPause', { names: [item.name, item.name] }), 'INVALID_ARGUMENT', 'names', 'COMMON_ERROR_DUPLICATE_OBJECT');
    await refused(post('lineItems:batchPause', { names: [`${N}/lineItems/5`] }), 'NOT_FOUND', 'names[0]');
    await refused(post('lineItems:batchPause', { names: [] }), 'INVALID_ARGUMENT', 'names', 'REQUIRED_ERROR_REQUIRED');
  });
  test('reserves what there is, and no more', async () => {
    const goal = (units) => ({ goal: { goalType: 'LIFETIME', unitType: 'IMPRESSIONS', units } });
    const place = { targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: `${N}/adUnits/21700107`, includeDescendants: false }] } } };
    await approved({ ...place, ...goal('2500000') }); // 100,000 a day for 30 days are 3,000,000
    const { order: second } = await booked({ ...place, ...goal('600000') });
    await refused(post('orders:batchApprove', { names: [second.name] }), 'FAILED_PRECONDITION', 'names[0]', 'FORECAST_ERROR_NOT_ENOUGH_INVENTORY');
    await ok(post('orders:batchApproveAndOverbook', { names: [second.name] }));
    const nowhere = { targeting: { inventoryTargeting: { targetedAdUnits: [{ adUnit: unit }] }, geoTargeting: { targetedGeos: [`${N}/geoTargets/2010`] } } };
    const { order: third, item } = await booked(nowhere);
    await refused(post('orders:batchApprove', { names: [third.name] }), 'FAILED_PRECONDITION', 'names[0]', 'FORECAST_ERROR_NOT_ENOUGH_INVENTORY');
    const f = await ok(client.call('POST', `/v1/${N}:runAvailabilityForecast`, { existingLineItem: item.name, availabilityForecastOptions: {} }));
    assert.deepEqual([f.matchedUnits, f.availableUnits], ['0', '0']);
  });
  test('has no forecast for a while after it was made', async () => {
    await gam.set({ forecast_ready_s: 600 });
    const { order: fresh, item } = await booked(), ask = () => client.call('POST', `/v1/${N}:runAvailabilityForecast`, { existingLineItem: item.name, availabilityForecastOptions: {} });
    await refused(ask(), 'FAILED_PRECONDITION', 'existingLineItem', 'FORECAST_ERROR_NO_FORECAST_YET');
    await refused(post('orders:batchApprove', { names: [fresh.name] }), 'FAILED_PRECONDITION', 'names[0]', 'FORECAST_ERROR_NO_FORECAST_YET');
    await gam.advance(600);
    assert.ok(Number((await ok(ask())).availableUnits) > 0);
    await ok(post('orders:batchApprove', { names: [fresh.name] }));
    await gam.set({ forecast_ready_s: 0 });
  });
});

describe('a creative', () => {
  for (const [what, make, field, reason] of [
    ['without a name', () => image({ displayName: undefined }), 'displayName', 'REQUIRED_ERROR_REQUIRED'],
    ['without an advertiser', () => image({ advertiser: undefined }), 'advertiser', 'REQUIRED_ERROR_REQUIRED'],
    ['of an agency', () => image({ advertiser: `${N}/companies/4510000002` }), 'advertiser', 'CREATIVE_ERROR_INVALID_COMPANY_TYPE'],
    ['without a size', () => image({ size: undefined }), 'size', 'REQUIRED_ERROR_REQUIRED'],
    ['of no kind', () => image({ imageCreative: undefined }), undefined, 'CREATIVE_ERROR_CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE'],
    ['of two kinds', () => image({ customCreative: { htmlSnippet: 'x' } }), undefined, /oneof 'details'/],
    ['of a kind that REST does not write', () => image({ imageCreative: undefined, templateCreative: {} }), 'templateCreative', 'CREATIVE_ERROR_CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE'],
    ['without bytes', () => image({}, { primaryImageAsset: { fileName: 'a.png' } }), 'imageCreative.primaryImageAsset.assetByteArray', 'REQUIRED_ERROR_REQUIRED'],
    ['of bytes that are no image', () => image({}, { primaryImageAsset: { assetByteArray: Buffer.from('GIF').toString('base64'), fileName: 'a' } }), 'imageCreative.primaryImageAsset.assetByteArray', 'IMAGE_ERROR_INVALID_IMAGE'],
    ['of an image of another size', () => image({ size: { width: 728, height: 90, sizeType: 'PIXEL' } }), 'imageCreative.primaryImageAsset.assetByteArray', 'IMAGE_ERROR_UNEXPECTED_SIZE'],
    ['of bytes that are no base64', () => image({}, { primaryImageAsset: { assetByteArray: '***', fileName: 'a' } }), 'creative.image_creative.primary_image_asset.asset_byte_array', undefined],
    ['without a landing page', () => image({}, { destinationUrl: undefined }), 'imageCreative.destinationUrl', 'REQUIRED_ERROR_REQUIRED'],
    ['with a landing page without scheme', () => image({}, { destinationUrl: 'acme.example' }), 'imageCreative.destinationUrl', 'INVALID_URL_ERROR_NO_SCHEME'],
    ['with a landing page that is too long', () => image({}, { destinationUrl: `https://a.example/${'x'.repeat(1010)}` }), 'imageCreative.destinationUrl', 'STRING_LENGTH_ERROR_TOO_LONG'],
    ['third party without a snippet', () => image({ imageCreative: undefined, thirdPartyCreative: {} }), 'thirdPartyCreative.snippet', 'REQUIRED_ERROR_REQUIRED'],
    ['VAST without a duration', () => image({ imageCreative: undefined, vastRedirectCreative: { vastXmlUrl: 'https://v.example/', vastRedirectType: 'LINEAR' } }), 'vastRedirectCreative.duration', 'REQUIRED_ERROR_REQUIRED'],
    ['image redirect without a URL', () => image({ imageCreative: undefined, imageRedirectCreative: { destinationUrl: 'https://a.example/' } }), 'imageRedirectCreative.imageUrl', 'REQUIRED_ERROR_REQUIRED'],
    ['HTML5 that is no zip', () => image({ imageCreative: undefined, html5Creative: { html5Asset: { assetByteArray: 'AAAA', fileName: 'a.zip' } } }), 'html5Creative.html5Asset', 'HTML_BUNDLE_PROCESSOR_ERROR_CANNOT_EXTRACT_FILES_FROM_BUNDLE'],
  ]) {
    test(`${what} is refused`, () => refused(post('creatives', make()), 'INVALID_ARGUMENT',
      field === undefined ? 'creative' : field.startsWith('creative.') ? field : `creative.${field}`, reason));
  }
  test('keeps what its bytes were, never shows them, and keeps its size', async () => {
    const made = await ok(post('creatives', image()));
    assert.equal(made.imageCreative.primaryImageAsset.assetByteArray, undefined);
    assert.equal(made.imageCreative.primaryImageAsset.fileSize, String(png(300, 250).length));
    const update = (creative, updateMask) => post('creatives:batchUpdate', { requests: [{ creative: { name: made.name, ...creative }, updateMask }] });
    await refused(update({ size: { width: 1, height: 1, sizeType: 'PIXEL' } }, 'size'), 'INVALID_ARGUMENT', 'update_mask', 'FIELD_MASK_ERROR');
    await ok(update({ displayName: 'New name' }, 'displayName'));
    await ok(update({ imageCreative: { destinationUrl: 'https://acme.example/2' } }, 'imageCreative.destinationUrl'));
    const summary = (await gam.summary()).creatives.find((c) => made.name.endsWith(c.id));
    assert.equal(summary.bytes.n, png(300, 250).length);
    assert.equal(summary.name, 'New name');
  });
});

describe('an association', () => {
  test('of another advertiser\'s creative, of a size nobody asked for, or made twice, is refused', async () => {
    const { item } = await approved(), good = await ok(post('creatives', image()));
    const foreign = await ok(post('creatives', image({ advertiser: `${N}/companies/4510000003` })));
    const path = 'requests[0].lineItemCreativeAssociation';
    await refused(associate(item, foreign), 'INVALID_ARGUMENT', `${path}.creative`, 'LINE_ITEM_CREATIVE_ASSOCIATION_ERROR_CREATIVE_IN_WRONG_ADVERTISERS_LIBRARY');
    const wide = await ok(post('creatives', image({ size: { width: 728, height: 90, sizeType: 'PIXEL' } }, { overrideSize: true })));
    await refused(associate(item, wide), 'INVALID_ARGUMENT', `${path}.creative`, 'LINE_ITEM_CREATIVE_ASSOCIATION_ERROR_INVALID_LINEITEM_CREATIVE_PAIRING');
    await ok(associate(item, wide, { sizes: [{ width: 300, height: 250, sizeType: 'PIXEL' }] }));
    const vast = await ok(post('creatives', image({ imageCreative: undefined, vastRedirectCreative: { vastXmlUrl: 'https://v.example/', vastRedirectType: 'LINEAR', duration: '15s' } })));
    await refused(associate(item, vast), 'INVALID_ARGUMENT', `${path}.creative`, 'LINE_ITEM_CREATIVE_ASSOCIATION_ERROR_INVALID_LINEITEM_CREATIVE_PAIRING');
    await ok(associate(item, good));
    await refused(associate(item, good), 'INVALID_ARGUMENT', path, 'COMMON_ERROR_ALREADY_EXISTS');
    await refused(associate(item, { name: `${N}/creatives/5` }), 'INVALID_ARGUMENT', `${path}.creative`, 'COMMON_ERROR_NOT_FOUND');
    await refused(associate(item, good, { manualCreativeRotationWeight: 5 }), 'INVALID_ARGUMENT', `${path}.manualCreativeRotationWeight`, 'LINE_ITEM_CREATIVE_ASSOCIATION_ERROR_INVALID_CREATIVE_ROTATION_TYPE_FOR_MANUAL_WEIGHT');
    await refused(associate(item, good, { status: 'ACTIVE' }), 'INVALID_ARGUMENT', `${path}.status`, 'READ_ONLY_ERROR');
  });
  test('is listed below its line item, and swapped by making the new before deleting the old', async () => {
    const { item } = await approved(), [a, b] = [await ok(post('creatives', image())), await ok(post('creatives', image()))];
    const { lineItemCreativeAssociations: [first] } = await ok(associate(item, a));
    assert.equal(first.name, `${item.name}/creatives/${a.name.split('/').at(-1)}`);
    await ok(associate(item, b));
    assert.equal((await ok(client.call('GET', `/v1/${item.name}/creatives`))).lineItemCreativeAssociations.length, 2);
    await ok(client.call('POST', `/v1/${N}/lineItems/-/creatives:batchDelete`, { names: [first.name] }));
    await refused(client.call('GET', `/v1/${first.name}`), 'NOT_FOUND', 'name');
    await ok(associate(item, a)); // and it can come back
  });
});

describe('a list', () => {
  test('comes in pages that end', async () => {
    const names = new Set();
    let token;
    do {
      const page = await ok(get(`adUnits?pageSize=20${token ? `&pageToken=${token}` : ''}`));
      assert.equal(page.totalSize, 66);
      page.adUnits.forEach((u) => names.add(u.name));
      token = page.nextPageToken;
    } while (token);
    assert.equal(names.size, 66);
    assert.equal((await ok(get('adUnits'))).adUnits.length, 50); // the default
    assert.equal((await ok(get('adUnits?pageSize=5000'))).adUnits.length, 66); // more than 1000 is 1000
  });
  test('of a token for another question, or of a negative size, is refused', async () => {
    const { nextPageToken } = await ok(get('adUnits?pageSize=5'));
    await refused(get(`adUnits?pageSize=5&pageToken=${nextPageToken}&filter=${encodeURIComponent('status = "ACTIVE"')}`), 'INVALID_ARGUMENT', 'pageToken', 'PARSE_ERROR_UNPARSABLE');
    await refused(get('adUnits?pageSize=-1'), 'INVALID_ARGUMENT', 'pageSize', 'RANGE_ERROR_TOO_LOW');
    await refused(get('adUnits?pageSize=many'), 'INVALID_ARGUMENT', 'page_size');
    await refused(get('adUnits?orderBy=wealth'), 'INVALID_ARGUMENT', 'filter');
  });
  test('of places finds a country, a metro, a city and a postal code', async () => {
    for (const [filter, id] of [['regionCode = "US" AND type = "Country"', 2840], ['type = "DMA Region" AND displayName:"New York"', 200501], ['type = "City" AND displayName = "Berlin"', 1003854], ['type = "Postal Code" AND displayName = "10001"', 9004331]]) {
      const found = await ok(get(`geoTargets?filter=${encodeURIComponent(filter)}`));
      assert.deepEqual(found.geoTargets.map((g) => g.name), [`${N}/geoTargets/${id}`]);
    }
  });
  test('of keys and their values; a value is made once', async () => {
    const key = `${N}/customTargetingKeys/13500003`, list = () => ok(get(`customTargetingValues?filter=${encodeURIComponent(`customTargetingKey = "${key}"`)}`));
    assert.equal((await list()).totalSize, 1);
    const value = { customTargetingKey: key, adTagName: 'phones', matchType: 'EXACT' };
    await ok(post('customTargetingValues', value));
    await refused(post('customTargetingValues', value), 'INVALID_ARGUMENT', 'customTargetingValue.adTagName', 'CUSTOM_TARGETING_ERROR_VALUE_NAME_DUPLICATE');
    await refused(post('customTargetingValues', { ...value, adTagName: 'a"b' }), 'INVALID_ARGUMENT', 'customTargetingValue.adTagName', 'CUSTOM_TARGETING_ERROR_VALUE_NAME_INVALID_CHARS');
    assert.equal((await list()).totalSize, 2);
  });
  test('of companies; one of a name and type is made once', async () => {
    const company = { displayName: 'Beta', type: 'ADVERTISER', externalId: 'acct-7' };
    const made = await ok(post('companies', company));
    await refused(post('companies', company), 'INVALID_ARGUMENT', 'company.displayName', 'UNIQUE_ERROR_NOT_UNIQUE');
    const found = await ok(get(`companies?filter=${encodeURIComponent('type = "ADVERTISER" AND externalId = "acct-7"')}`));
    assert.deepEqual(found.companies.map((c) => c.name), [made.name]);
  });
});
