// What can be created, changed, listed and read over REST, one row a kind: where it is kept, which rules it obeys, how it is made
// and how it is shown.
import { apply, references, shown } from './proto.mjs';
import { violation, refuse, fail, length } from './errors.mjs';
import { filter, ordering } from './filter.mjs';
import * as orders from './orders.mjs';
import * as items from './line_items.mjs';
import * as creatives from './creatives.mjs';
import * as reports from './reports.mjs';

const iso = (now) => new Date(now).toISOString();
const plain = (net, x) => x;

// collection; check(net, value, path, now, old): the business rules; create(net, value, now); view(net, value, now);
// updatable: may it be changed at all; before: may something be made below its parent; changed: what else a change does;
// dead: it was deleted.
export const KINDS = {
  Order: {
    collection: 'orders',
    check: orders.checkOrder,
    create: orders.createOrder,
    view: orders.viewOf,
    changed: orders.touch,
    updatable: (net, o, path) => orders.checkUpdatable(o, path),
    dead: (o) => o.status === 'DELETED',
  },
  LineItem: {
    collection: 'lineItems',
    check: items.checkLineItem,
    create: items.createLineItem,
    view: items.viewOf,
    changed: items.settle,
    updatable: items.checkLineItemUpdatable,
    dead: (l) => l.$deleted,
    before: (net, l, path) => (net.orders.has(l.order) ? orders.checkUpdatable(net.orders.get(l.order), `${path}.order`) : []),
  },
  Creative: {
    collection: 'creatives',
    check: (net, c, path, now, old) => creatives.checkCreative(net, c, path, old),
    create: creatives.createCreative,
    update: creatives.updateCreative,
    view: plain,
  },
  LineItemCreativeAssociation: {
    collection: 'associations',
    check: creatives.checkAssociation,
    create: creatives.createAssociation,
    view: plain,
    dead: (a) => a.$deleted,
    changed: (net, a, now) => items.settle(net, net.lineItems.get(a.lineItem), now),
  },
  Company: {
    collection: 'companies',
    check: checkCompany,
    view: plain,
    create: (net, c, now) => net.put('companies', net.id('companies'), { creditStatus: 'ACTIVE', ...c, updateTime: iso(now) }),
  },
  CustomTargetingKey: {
    collection: 'customTargetingKeys',
    check: checkKey,
    view: plain,
    create: (net, k) => net.put('customTargetingKeys', net.id('customTargetingKeys'), { ...k, status: 'ACTIVE' }),
  },
  CustomTargetingValue: {
    collection: 'customTargetingValues',
    check: checkValue,
    view: plain,
    create: (net, v) => net.put('customTargetingValues', net.id('customTargetingValues'), { ...v, status: 'ACTIVE' }),
  },
  Report: { collection: 'reports', check: (net, r, path) => reports.checkReport(net, r, path), create: reports.createReport, view: plain },
  AdUnit: { collection: 'adUnits', view: plain },
  Placement: { collection: 'placements', view: plain },
  GeoTarget: { collection: 'geoTargets', view: plain },
  Role: { collection: 'roles', view: plain },
  User: { collection: 'users', view: plain },
  Label: { collection: 'labels', view: plain },
  DeviceCategory: { collection: 'deviceCategories', view: plain },
  OperatingSystem: { collection: 'operatingSystems', view: plain },
  Browser: { collection: 'browsers', view: plain },
  AudienceSegment: { collection: 'audienceSegments', view: plain },
  CreativeTemplate: { collection: 'creativeTemplates', view: plain },
};

function checkCompany(net, company, path, now, old) {
  const out = [],
    same = (c) => c.displayName === company.displayName && c.type === company.type && c !== old;
  length(out, company, path, { displayName: 127, externalId: 255 });
  if ([...net.companies.values()].some(same)) {
    out.push(violation(`${path}.displayName`, 'UNIQUE_ERROR_NOT_UNIQUE', 'Another company of the type has this name.', company.displayName));
  }
  if (old && old.type !== company.type)
    out.push(violation(`${path}.type`, 'COMPANY_ERROR_CANNOT_UPDATE_COMPANY_TYPE', 'The type cannot be changed.'));
  return out;
}

function checkKey(net, key, path) {
  const taken = [...net.customTargetingKeys.values()].some((k) => k.adTagName === key.adTagName);
  if (taken) return [violation(`${path}.adTagName`, 'CUSTOM_TARGETING_ERROR_KEY_NAME_DUPLICATE', 'There is a key of this name.')];
  return checkTagName(key.adTagName ?? '', `${path}.adTagName`, 'KEY', 20);
}

function checkValue(net, value, path) {
  const key = net.customTargetingKeys.get(value.customTargetingKey);
  const taken = [...net.customTargetingValues.values()].some(
    (v) => v.customTargetingKey === value.customTargetingKey && v.adTagName === value.adTagName,
  );
  if (taken) return [violation(`${path}.adTagName`, 'CUSTOM_TARGETING_ERROR_VALUE_NAME_DUPLICATE', 'The key has a value of this name.')];
  if (key?.type === 'PREDEFINED' && value.matchType !== 'EXACT') {
    return [
      violation(
        `${path}.matchType`,
        'CUSTOM_TARGETING_ERROR_VALUE_MATCH_TYPE_NOT_EXACT_FOR_PREDEFINED_KEY',
        'Values of predefined keys match exactly.',
      ),
    ];
  }
  return checkTagName(value.adTagName ?? '', `${path}.adTagName`, 'VALUE', 40);
}

function checkTagName(name, field, what, max) {
  const reason =
    name === ''
      ? 'EMPTY'
      : [...name].length > max
        ? 'INVALID_LENGTH'
        : /["'=!+#*~;^()<>[\],&]/.test(name) || (what === 'KEY' && /\s/.test(name))
          ? 'INVALID_CHARS'
          : undefined;
  return reason
    ? [violation(field, `CUSTOM_TARGETING_ERROR_${what}_NAME_${reason}`, `A name has 1 to ${max} characters and none of "'=!+#*~;^()<>[],&.`)]
    : [];
}

// Every resource that is named must be of this network, of the right kind, and there.
function checkReferences(net, type, value, path) {
  return [...references(type, value, path)].flatMap(([field, kind, name]) => {
    const said = !new RegExp(`^networks/[^/]+/${kind}/[^/]+$`).test(name)
      ? `'${name}' is no name of ${kind}.`
      : !name.startsWith(`${net.name}/`)
        ? `${name} belongs to another network.`
        : net[kind] instanceof Map && !net[kind].has(name)
          ? `There is no ${name}.`
          : undefined;
    return said ? [violation(field, 'COMMON_ERROR_NOT_FOUND', said, name)] : [];
  });
}

// ---- writing ----

// requests: [{ value, path, parent }], already judged by the definitions. All of them or none; returns what was made.
export function create(net, type, requests, now, ctx) {
  const kind = KINDS[type],
    names = new Set();
  refuse(
    requests.flatMap(({ value, path, parent }) => {
      const out = [...checkReferences(net, type, value, path), ...(kind.before?.(net, value, path) ?? []), ...kind.check(net, value, path, now)];
      const name = type === 'Creative' || !value.displayName ? undefined : `${value.order} ${value.displayName}`;
      if (name && names.has(name)) out.push(violation(`${path}.displayName`, 'UNIQUE_ERROR_NOT_UNIQUE', 'The request has this name twice.'));
      names.add(name);
      if (value.lineItem && parent && !parent.endsWith('/-') && parent !== value.lineItem) {
        out.push(violation(`${path}.lineItem`, 'COMMON_ERROR_NOT_APPLICABLE', 'It is not the line item of the path.'));
      }
      return out;
    }),
  );
  return requests.slice(0, ctx.items).map(({ value }) => {
    ctx.effect();
    return shown(type, kind.view(net, kind.create(net, structuredClone(value), now), now));
  });
}

export function find(net, type, name, field) {
  const have = net[KINDS[type].collection].get(name);
  return have && !KINDS[type].dead?.(have) ? have : fail('NOT_FOUND', field, 'COMMON_ERROR_NOT_FOUND', `There is no ${name}.`);
}

// requests: [{ value, paths, path }]; paths undefined: all that is sent.
export function update(net, type, requests, now, ctx) {
  const kind = KINDS[type],
    changes = [];
  refuse(
    requests.flatMap(({ value, paths, path }) => {
      const old = find(net, type, value.name, `${path}.name`),
        next = apply(old, value, paths ?? Object.keys(value).filter((k) => k !== 'name'));
      changes.push([old, next]);
      return [...(kind.updatable?.(net, old, path) ?? []), ...checkReferences(net, type, value, path), ...kind.check(net, next, path, now, old)];
    }),
  );
  return changes.slice(0, ctx.items).map(([old, next]) => {
    if (kind.update) kind.update(net, old, next, now);
    else replace(old, { ...next, updateTime: iso(now) });
    kind.changed?.(net, old, now);
    ctx.effect();
    return shown(type, kind.view(net, old, now));
  });
}

function replace(old, next) {
  for (const k of Object.keys(old)) if (!(k in next)) delete old[k];
  Object.assign(old, next);
}

// ---- reading ----

const FILTERABLE = {
  Order: 'name displayName advertiser agency trafficker externalOrderId status poNumber updateTime startTime endTime archived',
  LineItem:
    'name displayName order externalLineItemId lineItemType status costType startTime endTime updateTime archived environmentType ' +
    'targeting.inventoryTargeting.targetedAdUnits.adUnit targeting.inventoryTargeting.targetedPlacements ' +
    'targeting.geoTargeting.targetedGeos stats.impressionsDelivered missingCreatives',
  Creative: 'name displayName advertiser updateTime size.width size.height',
  LineItemCreativeAssociation: 'name lineItem creative status updateTime',
  Company: 'name displayName type externalId creditStatus updateTime',
  Report: 'name displayName createTime updateTime visibility',
  AdUnit: 'name displayName adUnitCode parentAdUnit status updateTime',
  Placement: 'name displayName placementCode status updateTime',
  GeoTarget: 'name displayName type regionCode canonicalParent targetable',
  CustomTargetingKey: 'name displayName adTagName type status reportableType',
  CustomTargetingValue: 'name displayName adTagName customTargetingKey matchType status',
};

const field = (path) => (r) => path.split('.').reduce((v, k) => (Array.isArray(v) ? v.flatMap((x) => x[k] ?? []) : v?.[k]), r);
const fieldsOf = (type) => Object.fromEntries((FILTERABLE[type] ?? 'name displayName').split(' ').map((p) => [p, field(p)]));

export function list(net, type, member, asked, now, only = () => true) {
  const kind = KINDS[type],
    fields = fieldsOf(type);
  let all = [...net[kind.collection].values()]
    .filter((x) => !kind.dead?.(x))
    .map((x) => shown(type, kind.view(net, x, now)))
    .filter(only);
  if (asked.filter) all = all.filter(filter(asked.filter, fields));
  if (asked.orderBy) all.sort(ordering(asked.orderBy, fields));
  for (const name of ['pageSize', 'skip']) if (asked[name] < 0) fail('INVALID_ARGUMENT', name, 'RANGE_ERROR_TOO_LOW', 'It is negative.');
  // A token belongs to the question that was asked first.
  const question = Buffer.from(JSON.stringify([member, asked.parent, asked.filter, asked.orderBy]))
    .toString('base64url')
    .slice(-24);
  const [mine, at] = asked.pageToken ? asked.pageToken.split('.') : [question];
  if (mine !== question) fail('INVALID_ARGUMENT', 'pageToken', 'PARSE_ERROR_UNPARSABLE', 'The page token was given for another request.');
  const from = (at === undefined ? 0 : reports.offset(at)) + (asked.skip ?? 0),
    to = from + Math.min(asked.pageSize || 50, 1000);
  return { [member]: all.slice(from, to), totalSize: all.length, ...(to < all.length && { nextPageToken: `${question}.${reports.token(to)}` }) };
}

export function get(net, type, name, now) {
  return shown(type, KINDS[type].view(net, find(net, type, name, 'name'), now));
}
