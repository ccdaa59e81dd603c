// The network's bookings in the words that all fakes share, for assertions: one order, no duplicates, the right numbers.
import { associationsOf, micros, statusOf } from './line_items.mjs';
import { lineItemsOf } from './orders.mjs';
import { kindOf } from './creatives.mjs';
import { duplicates } from '../lib/duplicates.mjs';

const last = (name) => name.split('/').at(-1);

function creative(net, a, item, now) {
  const c = net.creatives.get(a.creative);
  return {
    id: last(c.name),
    name: c.displayName,
    state: c.$active ? a.status : 'INACTIVE',
    weight: a.manualCreativeRotationWeight ?? null,
    bytes: c.$bytes ?? null,
    delivered: item.$history.totals(now, c.name),
  };
}

function line(net, item, now) {
  return {
    id: last(item.name),
    external_id: item.externalLineItemId ?? null,
    name: item.displayName,
    state: item.archived ? 'ARCHIVED' : statusOf(net, item, now),
    type: item.lineItemType,
    start: item.startTime,
    end: item.targetEndTime ?? null,
    rate_micros: micros(item.rate),
    currency: item.rate.currencyCode,
    goal: { units: Number(item.goal?.units ?? 0), unit: item.goal?.unitType ?? null, of: item.goal?.goalType ?? 'NONE' },
    targeting: item.targeting,
    delivered: item.$history.totals(now),
    creatives: associationsOf(net, item).map((a) => creative(net, a, item, now)),
  };
}

export function summary(net, now) {
  const orders = [...net.orders.values()].filter((o) => o.status !== 'DELETED');
  const items = orders.flatMap((o) => lineItemsOf(net, o)),
    creatives = [...net.creatives.values()];
  const tagged = (name) => /\[[^\]]+\]$/.exec(name)?.[0];
  return {
    now: new Date(now).toISOString(),
    orders: orders.map((o) => ({
      id: last(o.name),
      external_id: o.externalOrderId ?? null,
      name: o.displayName,
      state: o.archived ? 'ARCHIVED' : o.status,
      advertiser: last(o.advertiser),
      lines: lineItemsOf(net, o).map((l) => line(net, l, now)),
    })),
    creatives: creatives.map((c) => ({
      id: last(c.name),
      name: c.displayName,
      kind: kindOf(c),
      advertiser: last(c.advertiser),
      bytes: c.$bytes ?? null,
    })),
    advertisers: [...net.companies.values()]
      .filter((c) => c.type === 'ADVERTISER')
      .map((c) => ({ id: last(c.name), name: c.displayName, external_id: c.externalId ?? null })),
    duplicates: duplicates({
      'order external id': orders.map((o) => o.externalOrderId),
      'order tag': orders.map((o) => tagged(o.displayName)),
      'line item external id': items.map((l) => l.externalLineItemId),
      'creative tag': creatives.map((c) => tagged(c.displayName)),
      'advertiser external id': [...net.companies.values()].map((c) => c.externalId),
    }),
  };
}
