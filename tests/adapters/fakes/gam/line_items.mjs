// Line items: their rules, their computed status, the inventory they reserve, and what they deliver.
import { History } from '../lib/units.mjs';
import { violation, refuse, fail, length } from './errors.mjs';
import { checkTargeting } from './targeting.mjs';

const PRIORITY = {
  SPONSORSHIP: [4, 2, 5],
  STANDARD: [8, 6, 10],
  NETWORK: [12, 11, 14],
  BULK: [12, 11, 14],
  PRICE_PRIORITY: [12, 11, 14],
  HOUSE: [16, 15, 16],
};
// What is sold by what, and what its goal counts.
const COSTS = {
  SPONSORSHIP: ['CPM', 'CPC', 'CPD'],
  STANDARD: ['CPM', 'CPC', 'VCPM', 'CPCV'],
  NETWORK: ['CPM', 'CPC', 'CPD'],
  BULK: ['CPM', 'CPC'],
  PRICE_PRIORITY: ['CPM', 'CPC', 'CPCV'],
  HOUSE: ['CPM'],
};
const UNITS = { CPC: 'CLICKS', VCPM: 'VIEWABLE_IMPRESSIONS', CPCV: 'COMPLETED_VIEWS' };
const COUNTED = { IMPRESSIONS: 'impressions', CLICKS: 'clicks', VIEWABLE_IMPRESSIONS: 'viewable', COMPLETED_VIEWS: 'completed' };
const PAID = { CPM: ['impressions', 1000], VCPM: ['viewable', 1000], CPC: ['clicks', 1], CPCV: ['completed', 1] };
const PERCENT = ['SPONSORSHIP', 'NETWORK', 'HOUSE'];

export const micros = (money) => Number(BigInt(money?.units ?? 0) * 1000000n + BigInt(Math.trunc(Number(money?.nanos ?? 0) / 1000)));
const time = (text) => Date.parse(text);
const sizeKey = (s) => `${s.width}x${s.height}`;

// ---- rules ----

export function checkLineItem(net, item, path, now, old) {
  const out = [],
    say = (member, reason, text, trigger) => out.push(violation(`${path}.${member}`, reason, text, trigger));
  const order = net.orders.get(item.order);
  if (!order) return [violation(`${path}.order`, 'COMMON_ERROR_NOT_FOUND', 'There is no such order.', item.order)];
  length(out, item, path, { displayName: 255, externalLineItemId: 255, notes: 65535 });
  const same = [...net.lineItems.values()].find((l) => l.order === item.order && l.displayName === item.displayName && l !== old && !l.$deleted);
  if (same) say('displayName', 'UNIQUE_ERROR_NOT_UNIQUE', 'Another line item of the order has this name.', item.displayName);
  checkType(item, say, old);
  checkMoney(net, item, say, old);
  checkDates(item, say, now, old);
  checkGoal(item, say);
  checkPlaceholders(item, path, out);
  (item.frequencyCaps ?? []).forEach((c, i) => {
    if (!(Number(c.maxImpressions) > 0))
      say(`frequencyCaps[${i}].maxImpressions`, 'FREQUENCY_CAP_ERROR_IMPRESSIONS_TOO_LOW', 'At least one impression.');
    if (!(Number(c.timeAmount) > 0)) say(`frequencyCaps[${i}].timeAmount`, 'FREQUENCY_CAP_ERROR_RANGE_TOO_LOW', 'At least one unit of time.');
  });
  return [...out, ...checkTargeting(net, item.targeting ?? {}, `${path}.targeting`)];
}

function checkType(item, say, old) {
  const type = item.lineItemType,
    [, low, high] = PRIORITY[type] ?? [];
  if (!PRIORITY[type])
    return say('lineItemType', 'LINE_ITEM_ERROR_UNSUPPORTED_LINE_ITEM_TYPE_FOR_THIS_API_VERSION', 'The type cannot be trafficked.', type);
  if (item.priority !== undefined && (item.priority < low || item.priority > high)) {
    say('priority', 'LINE_ITEM_ERROR_INVALID_PRIORITY_FOR_LINE_ITEM_TYPE', `${type} has priorities ${low} to ${high}.`, String(item.priority));
  }
  if (!COSTS[type].includes(item.costType))
    say('costType', 'COMMON_ERROR_NOT_APPLICABLE', `${type} is sold by ${COSTS[type].join(', ')}.`, item.costType);
  const video = item.environmentType === 'VIDEO_PLAYER';
  if (item.costType === 'CPCV' && !video) say('environmentType', 'LINE_ITEM_ERROR_INVALID_ENVIRONMENT_TYPE', 'CPCV is for VIDEO_PLAYER.');
  if (old && (old.environmentType ?? 'BROWSER') !== (item.environmentType ?? 'BROWSER'))
    say('environmentType', 'LINE_ITEM_ERROR_UPDATE_ENVIRONMENT_TYPE_NOT_ALLOWED', 'It cannot be changed.');
  return undefined;
}

function checkMoney(net, item, say, old) {
  const currency = item.rate?.currencyCode,
    others = [...net.lineItems.values()].filter((l) => l.order === item.order && l !== old && !l.$deleted);
  if (!net.currencies().includes(currency))
    return say('rate.currencyCode', 'LINE_ITEM_ERROR_INVALID_LINE_ITEM_CURRENCY', `The network sells in ${net.currencies().join(', ')}.`, currency);
  if (old && old.rate.currencyCode !== currency)
    say('rate.currencyCode', 'LINE_ITEM_ERROR_CANNOT_CHANGE_CURRENCY', 'The currency cannot be changed.', currency);
  if (others.some((l) => l.rate.currencyCode !== currency))
    say('rate.currencyCode', 'LINE_ITEM_ERROR_LINE_ITEM_CANNOT_HAVE_MULTIPLE_CURRENCIES', "The order's line items have another currency.", currency);
  if (micros(item.rate) < 0) say('rate', 'RANGE_ERROR_TOO_LOW', 'A rate is not negative.');
  if (micros(item.rate) === 0 && item.lineItemType === 'STANDARD') say('rate', 'RANGE_ERROR_TOO_LOW', 'STANDARD line items have a rate.');
  return undefined;
}

function checkDates(item, say, now, old) {
  const starts = time(item.startTime),
    ends = time(item.targetEndTime),
    FLIGHT = 'LINE_ITEM_FLIGHT_DATE_ERROR';
  if (!(old && time(old.startTime) === starts) && starts < now)
    say('startTime', `${FLIGHT}_START_DATE_TIME_IS_IN_PAST`, 'It starts in the past.', item.startTime);
  if (old && time(old.startTime) !== starts && time(old.startTime) < now && old.$approved)
    say('startTime', 'LINE_ITEM_ERROR_ALREADY_STARTED', 'It has started.');
  if (item.endTimeUnlimited) {
    if (['STANDARD', 'BULK'].includes(item.lineItemType))
      say('endTimeUnlimited', 'LINE_ITEM_ERROR_INVALID_LINE_ITEM_DATE_TIME', `${item.lineItemType} has an end.`);
    if (item.targetEndTime !== undefined) say('targetEndTime', 'LINE_ITEM_ERROR_INVALID_LINE_ITEM_DATE_TIME', 'The end is unlimited.');
    return;
  }
  if (item.targetEndTime === undefined) return void say('targetEndTime', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  if (ends <= starts) say('targetEndTime', `${FLIGHT}_END_DATE_TIME_NOT_AFTER_START_TIME`, 'It ends before it starts.', item.targetEndTime);
  if (ends < now && !(old && time(old.targetEndTime) === ends))
    say('targetEndTime', `${FLIGHT}_END_DATE_TIME_IS_IN_PAST`, 'It ends in the past.', item.targetEndTime);
  if (ends > now + 20 * 366 * 86400000)
    say('targetEndTime', `${FLIGHT}_END_DATE_TIME_TOO_LATE`, 'It ends too far in the future.', item.targetEndTime);
}

function checkGoal(item, say) {
  const goal = item.goal,
    type = item.lineItemType,
    units = Number(goal?.units ?? 0);
  if (!PRIORITY[type]) return undefined;
  if (!goal) return type === 'PRICE_PRIORITY' ? undefined : say('goal', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  if (goal.goalType === undefined) return say('goal.goalType', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  const wanted = PERCENT.includes(type) ? ['DAILY'] : type === 'PRICE_PRIORITY' ? ['NONE', 'DAILY', 'LIFETIME'] : ['LIFETIME'];
  if (!wanted.includes(goal.goalType))
    return say('goal.goalType', 'COMMON_ERROR_NOT_APPLICABLE', `${type} has goals ${wanted.join(', ')}.`, goal.goalType);
  if (goal.goalType === 'NONE') return units > 0 ? say('goal.units', 'COMMON_ERROR_NOT_APPLICABLE', 'No goal has no units.') : undefined;
  const unit = UNITS[item.costType] ?? 'IMPRESSIONS',
    given = goal.unitType;
  if (given === undefined) return say('goal.unitType', 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.');
  if (given !== unit && !(PERCENT.includes(type) && given === 'IMPRESSIONS')) {
    say('goal.unitType', 'COMMON_ERROR_NOT_APPLICABLE', `${item.costType} counts ${unit}.`, given);
  }
  if (units < 1) say('goal.units', 'RANGE_ERROR_TOO_LOW', 'A goal has at least one unit.', goal.units);
  if (PERCENT.includes(type) && units > 100) say('goal.units', 'RANGE_ERROR_TOO_HIGH', `${type} has a goal in percent.`, goal.units);
  return undefined;
}

function checkPlaceholders(item, path, out) {
  const seen = new Set();
  (item.creativePlaceholders ?? []).forEach((p, i) => {
    const s = p.size,
      where = `${path}.creativePlaceholders[${i}]`,
      key = s && `${s.sizeType} ${sizeKey(s)} ${p.creativeTargetingDisplayName ?? ''}`;
    if (s?.sizeType === 'PIXEL' && (s.width < 1 || s.height < 1))
      out.push(violation(`${where}.size`, 'REQUIRED_SIZE_ERROR_REQUIRED', 'A size in pixels is larger than nothing.'));
    if (seen.has(key)) out.push(violation(`${where}.size`, 'LINE_ITEM_ERROR_DUPLICATE_MASTER_SIZES', 'The size is there twice.', s && sizeKey(s)));
    seen.add(key);
    if (p.expectedCreativeCount !== undefined && p.expectedCreativeCount < 1)
      out.push(violation(`${where}.expectedCreativeCount`, 'RANGE_ERROR_TOO_LOW', 'At least one creative.'));
    const named = p.creativeTargetingDisplayName;
    if (named && !(item.creativeTargetings ?? []).some((t) => t.creativeTargetingDisplayName === named)) {
      out.push(
        violation(
          `${where}.creativeTargetingDisplayName`,
          'LINE_ITEM_ERROR_INVALID_CREATIVE_TARGETING_NAME',
          'There is no such creative targeting.',
          named,
        ),
      );
    }
  });
}

export function checkLineItemUpdatable(net, item, path) {
  const order = net.orders.get(item.order);
  const reason =
    item.archived || order.archived
      ? 'UPDATE_ARCHIVED_LINE_ITEM_NOT_ALLOWED'
      : order.status === 'CANCELED'
        ? 'UPDATE_CANCELED_LINE_ITEM_NOT_ALLOWED'
        : order.status === 'PENDING_APPROVAL'
          ? 'UPDATE_PENDING_APPROVAL_LINE_ITEM_NOT_ALLOWED'
          : undefined;
  return reason ? [violation(path, `LINE_ITEM_ERROR_${reason}`, 'The line item cannot be changed in its present state.')] : [];
}

export function createLineItem(net, item, now) {
  const { reserveOnCreation, skipInventoryCheck, allowOverbook, skipCrossSellingRuleWarningChecks, ...kept } = item;
  const l = net.put('lineItems', net.id('lineItems'), {
    priority: PRIORITY[item.lineItemType][0],
    environmentType: 'BROWSER',
    deliveryRateType: 'EVENLY',
    roadblockingType: 'ONE_OR_MORE',
    endTimeUnlimited: false,
    ...kept,
    archived: false,
    createTime: new Date(now).toISOString(),
    $madeAt: now,
    $approved: false,
    $paused: false,
    $reserved: false,
    $deleted: false,
    $history: new History(),
  });
  settle(net, l, now);
  return l;
}

// ---- status and delivery ----

export const associationsOf = (net, item) => [...net.associations.values()].filter((a) => a.lineItem === item.name && !a.$deleted);

function missingCreatives(net, item) {
  const have = new Set(
    associationsOf(net, item)
      .filter((a) => a.status === 'ACTIVE' && net.creatives.get(a.creative).$active)
      .flatMap((a) => (a.sizes?.length ? a.sizes : [net.creatives.get(a.creative).size]))
      .map(sizeKey),
  );
  return item.creativePlaceholders.some((p) => p.size.sizeType === 'PIXEL' && !have.has(sizeKey(p.size)));
}

export function statusOf(net, item, now) {
  const order = net.orders.get(item.order);
  if (order.status === 'CANCELED' || order.status === 'DELETED') return 'CANCELED';
  if (order.status === 'DISAPPROVED') return 'DISAPPROVED';
  if (order.status === 'PENDING_APPROVAL') return 'PENDING_APPROVAL';
  if (!item.$approved || order.status === 'DRAFT') return 'DRAFT';
  if (item.$paused || order.status === 'PAUSED') return item.$reserved ? 'PAUSED' : 'PAUSED_INVENTORY_RELEASED';
  const lifetime = item.goal?.goalType === 'LIFETIME' && item.$history.unitsBy(now) >= Number(item.goal.units);
  if (lifetime || (!item.endTimeUnlimited && time(item.targetEndTime) <= now)) return 'COMPLETED';
  if (missingCreatives(net, item)) return 'INACTIVE';
  return time(item.startTime) > now ? 'READY' : 'DELIVERING';
}

// Begins a new segment of the history when something that matters has changed.
export function settle(net, item, now) {
  const traffic = net.dailyTraffic(item.targeting),
    goal = item.goal ?? { goalType: 'NONE' },
    rate = micros(item.rate);
  const percent = PERCENT.includes(item.lineItemType);
  const perDay = percent
    ? Math.floor((traffic * Number(goal.units)) / 100)
    : goal.goalType === 'DAILY'
      ? Number(goal.units)
      : Math.floor(traffic / 10);
  const unit = percent ? 'impressions' : (COUNTED[goal.unitType] ?? 'impressions');
  const [pays, per] = PAID[item.costType] ?? [unit, perDay];
  const runs = ['READY', 'DELIVERING'].includes(statusOf(net, item, now)) && !item.archived && !net.orders.get(item.order).archived;
  item.$history.change(now, {
    active: runs && traffic > 0 && !net.settings.test_network,
    start: time(item.startTime),
    end: item.endTimeUnlimited ? 8.64e15 : time(item.targetEndTime),
    unit,
    ...(goal.goalType === 'LIFETIME' ? { goal: Number(goal.units) } : { perDay }),
    pays,
    per,
    rateMicros: rate,
    creatives: turns(net, item),
  });
  item.updateTime = new Date(now).toISOString();
}

function turns(net, item) {
  return associationsOf(net, item)
    .filter((a) => a.status === 'ACTIVE' && net.creatives.get(a.creative).$active)
    .map((a) => ({
      id: a.creative,
      weight: item.creativeRotationType === 'WEIGHTED' ? Math.max(1, Math.round(a.manualCreativeRotationWeight ?? 10)) : 1,
    }));
}

export function viewOf(net, item, now) {
  const t = item.$history.totals(now),
    status = statusOf(net, item, now),
    goal = Number(item.goal?.units ?? 0);
  const flight = time(item.targetEndTime) - time(item.startTime),
    passed = Math.min(Math.max(now - time(item.startTime), 0), flight);
  return {
    ...item,
    status,
    missingCreatives: missingCreatives(net, item),
    orderDisplayName: net.orders.get(item.order).displayName,
    ...(item.targetEndTime && { endTime: item.targetEndTime }),
    reservationStatus: item.$reserved ? 'RESERVED' : 'UNRESERVED',
    budget: budget(item),
    updateSource: 'Goldengate',
    stats: {
      impressionsDelivered: String(t.impressions),
      clicksDelivered: String(t.clicks),
      videoCompletionsDelivered: String(t.completed),
      videoStartsDelivered: String(t.impressions),
      viewableImpressionsDelivered: String(t.viewable),
    },
    ...(status === 'DELIVERING' &&
      item.goal?.goalType === 'LIFETIME' &&
      goal > 0 && {
        deliveryIndicator: {
          expectedDeliveryPercentage: (100 * passed) / flight,
          actualDeliveryPercentage: (100 * item.$history.unitsBy(now)) / goal,
        },
      }),
  };
}

function budget(item) {
  const per = item.costType.endsWith('PM') ? 1000n : 1n,
    units = item.goal?.goalType === 'LIFETIME' ? BigInt(item.goal.units) : 0n;
  const total = (BigInt(micros(item.rate)) * units) / per;
  return { currencyCode: item.rate.currencyCode, units: String(total / 1000000n), nanos: Number(total % 1000000n) * 1000 };
}

// ---- inventory ----

const guaranteed = (item) => ['SPONSORSHIP', 'STANDARD'].includes(item.lineItemType);
const overlap = (a, b) => a.startTime < (b.targetEndTime ?? '9999') && b.startTime < (a.targetEndTime ?? '9999');

// Units that the targeting can get in the flight, and what others of the same ad units have reserved of them.
export function availability(net, item, unit = COUNTED[item.goal?.unitType] ?? 'impressions') {
  const days = Math.max(0, (time(item.targetEndTime ?? item.startTime) - time(item.startTime)) / 86400000);
  const share = { impressions: 1, clicks: 1 / 200, viewable: 0.7, completed: 0.75 }[unit];
  const possible = Math.floor(net.dailyTraffic(item.targeting) * days * share),
    mine = net.reached(item.targeting);
  const reserved = [...net.lineItems.values()]
    .filter((l) => l !== item && l.$reserved && guaranteed(l) && overlap(l, item) && [...net.reached(l.targeting)].some((u) => mine.has(u)))
    .reduce((n, l) => n + (l.goal?.goalType === 'LIFETIME' ? Number(l.goal.units) : 0), 0);
  return { matched: possible, possible, reserved, available: Math.max(0, possible - reserved) };
}

export const forecastReady = (net, item, now) => now >= item.$madeAt + net.settings.forecast_ready_s * 1000;

export const reserve = {
  check(net, item, path, now) {
    if (!guaranteed(item)) return [];
    if (!forecastReady(net, item, now))
      return [violation(path, 'FORECAST_ERROR_NO_FORECAST_YET', 'There is no forecast for the line item yet.', item.name)];
    const wanted = item.goal.goalType === 'LIFETIME' ? Number(item.goal.units) : 1;
    if (availability(net, item).available < wanted)
      return [violation(path, 'FORECAST_ERROR_NOT_ENOUGH_INVENTORY', 'There is not enough inventory.', item.name)];
    return [];
  },
  take(item) {
    if (guaranteed(item)) item.$reserved = true;
  },
};

// ---- actions ----

const bad = (path, reason, text) => [violation(path, `LINE_ITEM_OPERATION_ERROR_${reason}`, text)];

const only = (states, word) => (net, item, path, now) =>
  states.includes(statusOf(net, item, now))
    ? []
    : bad(
        path,
        statusOf(net, item, now) === 'COMPLETED' ? 'HAS_COMPLETED' : 'NOT_APPLICABLE',
        `A line item that is ${statusOf(net, item, now)} cannot be ${word}.`,
      );
const RUNNING = ['READY', 'DELIVERING', 'INACTIVE', 'DELIVERY_EXTENDED'];
const reserveAction = (checks) => ({
  check: (net, item, path, now, body) =>
    item.$reserved || !guaranteed(item)
      ? bad(path, 'NOT_APPLICABLE', 'There is nothing to reserve.')
      : checks && !body.skipInventoryCheck
        ? reserve.check(net, item, path, now)
        : [],
  run: (net, item) => {
    item.$reserved = true;
  },
});
const resume = {
  check: only(['PAUSED', 'PAUSED_INVENTORY_RELEASED'], 'resumed'),
  run: (net, item) => {
    item.$paused = false;
    reserve.take(item);
  },
};

const ACTIONS = {
  BatchPauseLineItems: {
    check: only(RUNNING, 'paused'),
    run: (net, item) => {
      item.$paused = true;
    },
  },
  BatchResumeLineItems: resume,
  BatchResumeAndOverbookLineItems: resume,
  BatchActivateLineItems: {
    check: (net, item, path, now) =>
      net.orders.get(item.order).status !== 'APPROVED' || item.$approved
        ? bad(path, 'NOT_APPLICABLE', 'Only a draft line item of an approved order can be activated.')
        : reserve.check(net, item, path, now),
    run: (net, item) => {
      item.$approved = true;
      reserve.take(item);
    },
  },
  BatchReserveLineItems: reserveAction(true),
  BatchReserveAndOverbookLineItems: reserveAction(false),
  BatchReleaseLineItems: {
    check: (net, item, path) => (item.$reserved ? [] : bad(path, 'NOT_APPLICABLE', 'Nothing is reserved.')),
    run: (net, item) => {
      item.$reserved = false;
    },
  },
  BatchArchiveLineItems: {
    check: (net, item, path, now) =>
      ['DELIVERING', 'READY'].includes(statusOf(net, item, now)) ? bad(path, 'NOT_ALLOWED', 'A line item that runs is paused first.') : [],
    run: (net, item) => {
      item.archived = true;
    },
  },
  BatchUnarchiveLineItems: {
    archived: true,
    check: (net, item, path) => (item.archived ? [] : bad(path, 'NOT_APPLICABLE', 'It is not archived.')),
    run: (net, item) => {
      item.archived = false;
    },
  },
  BatchDeleteLineItems: {
    check: (net, item, path, now) => (item.$history.unitsBy(now) > 0 ? bad(path, 'CANNOT_DELETE_DELIVERED_LINE_ITEM', 'It has delivered.') : []),
    run: (net, item) => {
      item.$deleted = true;
    },
  },
};

export function actOnLineItems(net, rpc, body, now, ctx) {
  const action = ACTIONS[rpc];
  const items = body.names.map((name, i) =>
    net.lineItems.get(name)?.$deleted === false
      ? net.lineItems.get(name)
      : fail('NOT_FOUND', `names[${i}]`, 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`),
  );
  refuse(
    items.flatMap((l, i) => [
      ...(l.archived && !action.archived ? bad(`names[${i}]`, 'NOT_APPLICABLE', 'The line item is archived.') : []),
      ...action.check(net, l, `names[${i}]`, now, body),
    ]),
    'FAILED_PRECONDITION',
  );
  for (const item of items.slice(0, ctx.items)) {
    action.run(net, item);
    settle(net, item, now);
    ctx.effect();
  }
  return {};
}
