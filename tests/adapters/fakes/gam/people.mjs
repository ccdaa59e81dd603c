// What people do in Ad Manager's own pages while the agent is not looking: approve, pause, archive, rename, move dates, take a
// creative away. They are not bound by the API's rules for its callers.
import { lineItemsOf, touch } from './orders.mjs';
import { reserve, settle } from './line_items.mjs';

export const DEEDS = {
  approve: '{ order }',
  disapprove: '{ order }',
  retract: '{ order }',
  pause: '{ order } or { line_item }',
  resume: '{ order } or { line_item }',
  archive: '{ order } or { line_item }',
  unarchive: '{ order } or { line_item }',
  delete: '{ order } or { line_item }',
  rename: '{ order } or { line_item }, name',
  dates: '{ line_item }, start?, end?',
  goal: '{ line_item }, units',
  rate: '{ line_item }, units, nanos?',
  deactivate: '{ creative }',
  activate: '{ creative }',
  remove: '{ line_item, creative }: the association',
  archive_ad_unit: '{ ad_unit }',
  block: '{ company }: its credit status',
  expire_tokens: 'all access tokens',
};

const alive = (x) => !x.$deleted && x.status !== 'DELETED';
const last = (name) => name.split('/').at(-1);

// By id, name, external id, or "*" for all of them.
function pick(collection, wanted, what) {
  const found = [...collection.values()].filter(
    (x) =>
      alive(x) &&
      (wanted === '*' ||
        [x.name, last(x.name), x.displayName, x.externalLineItemId, x.adUnitCode, String(x.externalOrderId)].includes(String(wanted))),
  );
  if (!found.length) throw new TypeError(`there is no ${what} ${wanted}`);
  return found;
}

const ORDER = {
  approve: (net, o) => {
    o.status = 'APPROVED';
    lineItemsOf(net, o).forEach((l) => {
      l.$approved = true;
      reserve.take(l);
    });
  },
  disapprove: (net, o) => {
    o.status = 'DISAPPROVED';
  },
  retract: (net, o) => {
    o.status = 'DRAFT';
  },
  pause: (net, o) => {
    o.status = 'PAUSED';
  },
  resume: (net, o) => {
    o.status = 'APPROVED';
  },
  archive: (net, o) => {
    o.archived = true;
  },
  unarchive: (net, o) => {
    o.archived = false;
  },
  delete: (net, o) => {
    o.status = 'DELETED';
  },
  rename: (net, o, what) => {
    o.displayName = what.name;
  },
};
const LINE_ITEM = {
  pause: (l) => {
    l.$paused = true;
  },
  resume: (l) => {
    l.$paused = false;
  },
  archive: (l) => {
    l.archived = true;
  },
  unarchive: (l) => {
    l.archived = false;
  },
  delete: (l) => {
    l.$deleted = true;
  },
  rename: (l, what) => {
    l.displayName = what.name;
  },
  dates: (l, what) => {
    Object.assign(l, what.start && { startTime: what.start }, what.end && { targetEndTime: what.end });
  },
  goal: (l, what) => {
    l.goal.units = String(what.units);
  },
  rate: (l, what) => {
    Object.assign(l.rate, { units: String(what.units), nanos: what.nanos ?? 0 });
  },
};

export function act(net, what, now) {
  if (!DEEDS[what.do])
    throw new TypeError(
      `do: ${what.do}? There are ${Object.entries(DEEDS)
        .map(([k, v]) => `${k} ${v}`)
        .join('; ')}`,
    );
  if (what.order !== undefined && ORDER[what.do]) {
    for (const o of pick(net.orders, what.order, 'order')) {
      ORDER[what.do](net, o, what);
      touch(net, o, now);
    }
  } else if (what.do === 'remove') {
    for (const l of pick(net.lineItems, what.line_item, 'line item')) {
      for (const c of pick(net.creatives, what.creative, 'creative')) net.associations.get(`${l.name}/creatives/${last(c.name)}`).$deleted = true;
      settle(net, l, now);
    }
  } else if (what.line_item !== undefined && LINE_ITEM[what.do]) {
    for (const l of pick(net.lineItems, what.line_item, 'line item')) {
      LINE_ITEM[what.do](l, what);
      settle(net, l, now);
    }
  } else if (what.creative !== undefined) {
    for (const c of pick(net.creatives, what.creative, 'creative')) c.$active = what.do === 'activate';
    for (const l of net.lineItems.values()) settle(net, l, now);
  } else if (what.ad_unit !== undefined) for (const u of pick(net.adUnits, what.ad_unit, 'ad unit')) u.status = 'ARCHIVED';
  else if (what.company !== undefined) for (const c of pick(net.companies, what.company, 'company')) c.creditStatus = 'BLOCKED';
  else throw new TypeError(`${what.do} wants ${DEEDS[what.do]}`);
  return { done: what.do };
}
