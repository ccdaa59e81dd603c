// Orders: their rules, their states, and what the actions of the batch methods do to them.
//
//   DRAFT -> PENDING_APPROVAL (submitted) -> APPROVED (by a person, or at once by who may) -> PAUSED <-> APPROVED
//   A draft line item in an approved order waits until the order is approved again.
import { violation, refuse, fail, length } from './errors.mjs';
import { settle, reserve, viewOf as lineItemView } from './line_items.mjs';

export const lineItemsOf = (net, order) => [...net.lineItems.values()].filter((l) => l.order === order.name && !l.$deleted);

export function checkOrder(net, order, path, now, old) {
  const out = [];
  const company = net.companies.get(order.advertiser);
  if (company && !/ADVERTISER$/.test(company.type))
    out.push(violation(`${path}.advertiser`, 'COMPANY_ERROR_INVALID_COMPANY_TYPE', 'The company is no advertiser.'));
  if (order.agency && !/AGENCY$/.test(net.companies.get(order.agency)?.type))
    out.push(violation(`${path}.agency`, 'COMPANY_ERROR_INVALID_COMPANY_TYPE', 'The company is no agency.'));
  length(out, order, `${path}`, { displayName: 255, poNumber: 63, notes: 65535 });
  const same = [...net.orders.values()].find((o) => o.displayName === order.displayName && o !== old && o.status !== 'DELETED');
  if (same) out.push(violation(`${path}.displayName`, 'UNIQUE_ERROR_NOT_UNIQUE', 'Another order has this name.', order.displayName));
  return out;
}

export function createOrder(net, order, now) {
  return net.put('orders', net.id('orders'), {
    ...order,
    status: 'DRAFT',
    archived: false,
    creator: net.me,
    updateTime: new Date(now).toISOString(),
    programmatic: order.programmatic ?? false,
  });
}

export function checkUpdatable(order, path) {
  const reason = order.archived
    ? 'UPDATE_ARCHIVED_ORDER_NOT_ALLOWED'
    : order.status === 'CANCELED'
      ? 'UPDATE_CANCELED_ORDER_NOT_ALLOWED'
      : order.status === 'PENDING_APPROVAL'
        ? 'UPDATE_PENDING_APPROVAL_ORDER_NOT_ALLOWED'
        : undefined;
  return reason ? [violation(path, `ORDER_ERROR_${reason}`, 'The order cannot be changed in its present state.')] : [];
}

export function viewOf(net, order, now) {
  const items = lineItemsOf(net, order).map((l) => lineItemView(net, l, now)),
    times = (f) => items.map(f).filter(Boolean).sort();
  const unlimited = items.some((l) => l.endTimeUnlimited);
  const sum = (f) => String(items.reduce((n, l) => n + Number(f(l.stats)), 0));
  return {
    ...order,
    orderId: order.name.split('/').at(-1),
    currencyCode: items[0]?.rate?.currencyCode ?? net.settings.currency,
    ...(items.length && {
      startTime: times((l) => l.startTime)[0],
      unlimitedEndTime: unlimited,
      ...(!unlimited && { endTime: times((l) => l.endTime).at(-1) }),
    }),
    impressionsDelivered: sum((s) => s.impressionsDelivered),
    totalClicksDelivered: sum((s) => s.clicksDelivered),
    totalViewableImpressionsDelivered: sum((s) => s.viewableImpressionsDelivered),
  };
}

// ---- actions ----

const bad = (path, reason, text) => [violation(path, `ORDER_ACTION_ERROR_${reason}`, text)];
const alive = (order, path) =>
  order.archived
    ? bad(path, 'IS_ARCHIVED', 'The order is archived.')
    : ['CANCELED', 'DELETED'].includes(order.status)
      ? bad(path, 'NOT_APPLICABLE', `The order is ${order.status}.`)
      : [];

function approvable(net, order, path, now, check) {
  const items = lineItemsOf(net, order),
    drafts = items.filter((l) => !l.$approved);
  if (!['DRAFT', 'PENDING_APPROVAL', 'DISAPPROVED', 'APPROVED'].includes(order.status) || (order.status === 'APPROVED' && !drafts.length)) {
    return bad(path, 'NOT_APPLICABLE', `An order that is ${order.status} cannot be approved.`);
  }
  if (!items.length) return bad(path, 'NOT_APPLICABLE', 'The order has no line items.');
  if (net.companies.get(order.advertiser).creditStatus !== 'ACTIVE')
    return bad(path, 'CANNOT_APPROVE_COMPANY_CREDIT_STATUS_NOT_ACTIVE', "The advertiser's credit status is not active.");
  return check ? drafts.flatMap((l) => reserve.check(net, l, path, now)) : [];
}

function approve(net, order, now) {
  order.status = 'APPROVED';
  lineItemsOf(net, order).forEach((l) => {
    l.$approved = true;
    reserve.take(l);
  });
}

const from = (states, word) => (net, order, path) =>
  states.includes(order.status) ? [] : bad(path, 'NOT_APPLICABLE', `An order that is ${order.status} cannot be ${word}.`);
const to = (status) => (net, order) => {
  order.status = status;
};
const forecast = (net, order, path, now, body) => approvable(net, order, path, now, !body.skipInventoryCheck);
const overbook = (net, order, path, now) => approvable(net, order, path, now, false);

function deletable(net, order, path, now) {
  const delivered = lineItemsOf(net, order).some((l) => l.$history.unitsBy(now) > 0);
  return delivered ? bad(path, 'CANNOT_DELETE_ORDER_WITH_DELIVERED_LINEITEMS', 'Its line items have delivered.') : [];
}

const submit = { check: from(['DRAFT', 'DISAPPROVED'], 'submitted'), run: to('PENDING_APPROVAL') };
const resume = { check: from(['PAUSED'], 'resumed'), run: to('APPROVED') };
const retract = { check: from(['PENDING_APPROVAL', 'APPROVED'], 'retracted'), run: to('DRAFT') };
const disapprove = { needs: 'approve', check: from(['PENDING_APPROVAL'], 'disapproved'), run: to('DISAPPROVED') };

// rpc -> what may be said against it, and what it does. `needs`: a permission besides "orders".
export const ACTIONS = {
  BatchApproveOrders: { needs: 'approve', check: forecast, run: approve },
  BatchApproveAndOverbookOrders: { needs: 'approve', check: overbook, run: approve },
  BatchApproveOrdersWithoutReservation: { needs: 'approve', check: overbook, run: approve },
  BatchSubmitOrdersForApproval: submit,
  BatchSubmitOrdersForApprovalAndOverbook: submit,
  BatchSubmitOrdersForApprovalWithoutReservationChanges: submit,
  BatchPauseOrders: { check: from(['APPROVED'], 'paused'), run: to('PAUSED') },
  BatchResumeOrders: resume,
  BatchResumeAndOverbookOrders: resume,
  BatchRetractOrders: retract,
  BatchRetractOrdersWithoutReservationChanges: retract,
  BatchDisapproveOrders: disapprove,
  BatchDisapproveOrdersWithoutReservationChanges: disapprove,
  BatchArchiveOrders: {
    check: () => [],
    run: (net, order) => {
      order.archived = true;
    },
  },
  BatchUnarchiveOrders: {
    archived: true,
    check: (net, order, path) => (order.archived ? [] : bad(path, 'NOT_APPLICABLE', 'The order is not archived.')),
    run: (net, order) => {
      order.archived = false;
    },
  },
  BatchDeleteOrders: { check: deletable, run: to('DELETED') },
};

export function actOnOrders(net, rpc, body, now, ctx) {
  const action = ACTIONS[rpc],
    orders = body.names.map((name, i) => net.orders.get(name) ?? missing(`names[${i}]`, name));
  const out = orders.flatMap((o, i) => [...(action.archived ? [] : alive(o, `names[${i}]`)), ...action.check(net, o, `names[${i}]`, now, body)]);
  refuse(out, 'FAILED_PRECONDITION');
  for (const order of orders.slice(0, ctx.items)) {
    action.run(net, order, now);
    touch(net, order, now);
    ctx.effect();
  }
  return {};
}

// Whatever happened to an order, its line items run or do not run accordingly from now on.
export function touch(net, order, now) {
  order.updateTime = new Date(now).toISOString();
  lineItemsOf(net, order).forEach((l) => settle(net, l, now));
}

function missing(field, name) {
  return fail('NOT_FOUND', field, 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`);
}
