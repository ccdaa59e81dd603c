// What SOAP is still needed for: creatives that REST cannot write (template, redirect video and audio), the templates themselves, and
// forecasts for line items that do not exist yet. Everything else REST does; it is refused here, so that nobody uses the old door.
import { checkImage, checkUrl, createCreative, updateCreative } from './creatives.mjs';
import { availability, settle } from './line_items.mjs';
import { statement, PqlError } from './pql.mjs';
import { ApiErrors } from './errors.mjs';

const last = (name) => name.split('/').at(-1);
const PAGE_MAX = 500;
// SOAP's kinds, REST's members.
const KINDS = {
  TemplateCreative: 'templateCreative',
  VideoRedirectCreative: 'videoRedirectCreative',
  AudioRedirectCreative: 'audioRedirectCreative',
};
const READ_ONLY = ['id', 'previewUrl', 'policyLabels', 'lastModifiedDateTime', 'thirdPartyDataDeclarationStatus', 'vastPreviewUrl', 'sslScanResult'];

// Violations of the shared rules (REST's words) as SOAP's errors: "IMAGE_ERROR_INVALID_IMAGE" is ImageError.INVALID_IMAGE.
function said(violations) {
  return violations.map((v) => {
    const [, type, reason] = /^(.*_ERROR)_(.*)$/.exec(v.reason);
    return { type: type.toLowerCase().replace(/(^|_)(\w)/g, (_, __, c) => c.toUpperCase()), reason, field: v.field, trigger: v.trigger };
  });
}

function checkCreative(net, c, path, updates) {
  const out = [],
    need = (name, ok) => {
      if (!ok) out.push({ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.${name}` });
    };
  if (!KINDS[c.$type])
    return [{ type: 'CreativeError', reason: 'CANNOT_CREATE_OR_UPDATE_UNSUPPORTED_CREATIVE', field: path, trigger: `${c.$type}: REST writes these` }];
  need('name', c.name);
  need('advertiserId', c.advertiserId);
  need('size', c.size?.width !== undefined && c.size?.height !== undefined);
  const company = net.companies.get(net.path('companies', c.advertiserId));
  if (c.advertiserId && !company) out.push({ type: 'CommonError', reason: 'NOT_FOUND', field: `${path}.advertiserId`, trigger: c.advertiserId });
  if (c.name && [...c.name].length > 255) out.push({ type: 'StringLengthError', reason: 'TOO_LONG', field: `${path}.name` });
  for (const name of READ_ONLY) {
    if (c[name] !== undefined && !(updates && name === 'id'))
      out.push({ type: 'CommonError', reason: 'CANNOT_UPDATE', field: `${path}.${name}`, trigger: 'read-only' });
  }
  if (!c.destinationUrl && c.destinationUrlType !== 'NONE' && c.$type !== 'TemplateCreative') need('destinationUrl', false);
  const urls = [];
  if (c.destinationUrl) checkUrl(c.destinationUrl, `${path}.destinationUrl`, urls);
  (c.videoAssets ?? c.audioAssets ?? []).forEach((a, i) => a.redirectUrl && checkUrl(a.redirectUrl, `${path}.assets[${i}].redirectUrl`, urls));
  out.push(...said(urls), ...(c.$type === 'TemplateCreative' ? checkTemplate(net, c, path) : checkRedirect(c, path)));
  return out;
}

function checkRedirect(c, path) {
  const assets = c.$type === 'VideoRedirectCreative' ? 'videoAssets' : 'audioAssets',
    out = [];
  if (!c[assets]?.length) out.push({ type: 'RequiredCollectionError', reason: 'REQUIRED', field: `${path}.${assets}` });
  (c[assets] ?? []).forEach((a, i) => {
    if (!a.redirectUrl) out.push({ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.${assets}[${i}].redirectUrl` });
  });
  if (!(c.duration > 0)) out.push({ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.duration` });
  return out;
}

const VALUE_TYPES = {
  stringVariable: 'StringCreativeTemplateVariableValue',
  urlVariable: 'UrlCreativeTemplateVariableValue',
  assetVariable: 'AssetCreativeTemplateVariableValue',
  longVariable: 'LongCreativeTemplateVariableValue',
};

function checkTemplate(net, c, path) {
  const template = net.creativeTemplates.get(net.path('creativeTemplates', c.creativeTemplateId)),
    values = c.creativeTemplateVariableValues ?? [];
  if (!c.creativeTemplateId) return [{ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.creativeTemplateId` }];
  if (!template) return [{ type: 'CommonError', reason: 'NOT_FOUND', field: `${path}.creativeTemplateId`, trigger: c.creativeTemplateId }];
  const out = values.flatMap((v, i) => checkTemplateValue(template, v, `${path}.creativeTemplateVariableValues[${i}]`));
  for (const v of template.variables.filter((x) => x.required && !values.some((y) => y.uniqueName === x.uniqueDisplayName))) {
    out.push({ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.creativeTemplateVariableValues`, trigger: v.uniqueDisplayName });
  }
  return out;
}

function checkTemplateValue(template, v, path) {
  const variable = template.variables.find((x) => x.uniqueDisplayName === v.uniqueName),
    out = [];
  if (!variable) return [{ type: 'CommonError', reason: 'NOT_FOUND', field: `${path}.uniqueName`, trigger: v.uniqueName }];
  const type = VALUE_TYPES[Object.keys(VALUE_TYPES).find((k) => variable[k])];
  if (v.$type !== type) return [{ type: 'TypeError', reason: type, field: path, trigger: v.$type }];
  if (type === 'UrlCreativeTemplateVariableValue' && v.value) checkUrl(v.value, `${path}.value`, out);
  if (type !== 'AssetCreativeTemplateVariableValue')
    return [...said(out), ...(v.value ? [] : [{ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.value` }])];
  if (!v.asset?.assetByteArray) return [{ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.asset.assetByteArray` }];
  checkImage(v.asset.assetByteArray, {}, true, `${path}.asset`, out);
  return said(out);
}

function refuseAll(list) {
  if (list.length) throw new ApiErrors(list);
}

// Kept in REST's shape, with SOAP's own members beside it.
function kept(net, c) {
  const { $type, advertiserId, id, name, size, adBadgingEnabled, destinationUrl, destinationUrlType, ...details } = c;
  return {
    displayName: name,
    advertiser: net.path('companies', advertiserId),
    size: { width: size.width, height: size.height, sizeType: 'PIXEL' },
    [KINDS[$type]]: { ...(destinationUrl && { destinationUrl }), ...(destinationUrlType && { destinationUrlType }) },
    $soap: { $type, ...details },
  };
}

function view(net, c) {
  const kind = Object.values(KINDS).find((k) => c[k]);
  return {
    $type: c.$soap?.$type ?? 'ThirdPartyCreative',
    id: last(c.name),
    advertiserId: last(c.advertiser),
    name: c.displayName,
    size: { width: c.size.width, height: c.size.height, isAspectRatio: false },
    adBadgingEnabled: c.adBadgingEnabled,
    ...(kind && c[kind]),
    ...(c.$soap && withoutBytes(c.$soap)),
  };
}

function withoutBytes(soap) {
  const values = soap.creativeTemplateVariableValues?.map((v) =>
    v.asset ? { ...v, asset: { ...v.asset, assetByteArray: undefined, fileSize: v.asset.assetByteArray.length } } : v,
  );
  return values ? { ...soap, creativeTemplateVariableValues: values } : soap;
}

const FIELDS = {
  id: (c) => last(c.name),
  name: (c) => c.displayName,
  advertiserId: (c) => last(c.advertiser),
  lastModifiedDateTime: (c) => c.updateTime,
  creativeTemplateId: (c) => c.$soap?.creativeTemplateId,
};

function selected(list, filterStatement, fields) {
  let s;
  try {
    s = statement(filterStatement ?? {}, fields);
  } catch (e) {
    if (!(e instanceof PqlError)) throw e;
    const type = e.kind === 'SYNTAX' ? 'PublisherQueryLanguageSyntaxError' : 'PublisherQueryLanguageContextError';
    throw new ApiErrors([{ type, reason: e.kind === 'SYNTAX' ? 'UNPARSABLE' : 'UNEXECUTABLE', field: 'filterStatement.query', trigger: e.message }]);
  }
  const all = list.filter(s.test);
  if (s.order) all.sort(s.order);
  return {
    all,
    page: { totalResultSetSize: all.length, startIndex: s.offset, results: all.slice(s.offset, s.offset + Math.min(s.limit, PAGE_MAX)) },
  };
}

function createCreatives(net, { creatives = [] }, now, ctx, refuse) {
  if (!net.may('creatives')) refuse('PermissionError', 'PERMISSION_DENIED');
  if (!creatives.length) refuse('RequiredCollectionError', 'REQUIRED', 'creatives');
  refuseAll(creatives.flatMap((c, i) => checkCreative(net, c, `creatives[${i}]`, false)));
  return creatives.slice(0, ctx.items).map((c) => {
    ctx.effect();
    return view(net, createCreative(net, kept(net, c), now));
  });
}

function updateCreatives(net, { creatives = [] }, now, ctx, refuse) {
  if (!net.may('creatives')) refuse('PermissionError', 'PERMISSION_DENIED');
  const olds = creatives.map(
    (c, i) => net.creatives.get(net.path('creatives', c.id)) ?? refuse('CommonError', 'NOT_FOUND', `creatives[${i}].id`, c.id),
  );
  refuseAll(
    creatives.flatMap((c, i) => [
      ...checkCreative(net, c, `creatives[${i}]`, true),
      ...(c.$type !== olds[i].$soap?.$type ? [{ type: 'CommonError', reason: 'CANNOT_UPDATE', field: `creatives[${i}]` }] : []),
    ]),
  );
  return creatives.slice(0, ctx.items).map((c, i) => {
    ctx.effect();
    const { name, previewUrl, $active, adBadgingEnabled } = olds[i];
    return view(net, updateCreative(net, olds[i], { name, previewUrl, $active, adBadgingEnabled, ...kept(net, c) }, now));
  });
}

function performCreativeAction(net, { creativeAction, filterStatement }, now, ctx, refuse) {
  if (!creativeAction) refuse('RequiredError', 'REQUIRED', 'creativeAction');
  const { all } = selected([...net.creatives.values()], filterStatement, FIELDS);
  all.forEach((c) => {
    c.$active = creativeAction.$type === 'ActivateCreatives';
    ctx.effect();
  });
  for (const item of net.lineItems.values()) settle(net, item, now);
  return { numChanges: all.length };
}

// A prospective line item's targeting in REST's words.
function targeting(net, t = {}) {
  const units = (list) => (list ?? []).map((u) => ({ adUnit: net.path('adUnits', u.adUnitId), includeDescendants: u.includeDescendants ?? true }));
  return {
    inventoryTargeting: {
      targetedAdUnits: units(t.inventoryTargeting?.targetedAdUnits),
      excludedAdUnits: units(t.inventoryTargeting?.excludedAdUnits),
      targetedPlacements: (t.inventoryTargeting?.targetedPlacementIds ?? []).map((id) => net.path('placements', id)),
    },
    geoTargeting: { targetedGeos: (t.geoTargeting?.targetedLocations ?? []).map((l) => net.path('geoTargets', l.id)) },
  };
}

function checkTargets(net, t, path) {
  const missing = (kind, list, field) =>
    list.filter((n) => !net[kind].has(n)).map((n) => ({ type: 'CommonError', reason: 'NOT_FOUND', field: `${path}.${field}`, trigger: last(n) }));
  return [
    ...missing(
      'adUnits',
      t.inventoryTargeting.targetedAdUnits.map((u) => u.adUnit),
      'inventoryTargeting',
    ),
    ...missing('placements', t.inventoryTargeting.targetedPlacements, 'inventoryTargeting'),
    ...missing('geoTargets', t.geoTargeting.targetedGeos, 'geoTargeting'),
  ];
}

// SOAP's DateTime to a moment; its zone is the network's unless it says another.
function moment(net, d) {
  if (!d?.date) return undefined;
  const utc = Date.UTC(d.date.year, d.date.month - 1, d.date.day, d.hour ?? 0, d.minute ?? 0, d.second ?? 0),
    zone = d.timeZoneId ?? net.settings.time_zone;
  const there = Date.parse(`${new Date(utc).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')}Z`);
  return new Date(utc - (there - utc)).toISOString();
}

const UNITS = { IMPRESSIONS: 'impressions', CLICKS: 'clicks', VIEWABLE_IMPRESSIONS: 'viewable', COMPLETED_VIEWS: 'completed' };

function getAvailabilityForecast(net, { lineItem, forecastOptions }, now, ctx, refuse) {
  const item = lineItem?.lineItem,
    path = 'lineItem.lineItem';
  if (!item) refuse('RequiredError', 'REQUIRED', path);
  if (!forecastOptions) refuse('RequiredError', 'REQUIRED', 'forecastOptions');
  const need = {
    lineItemType: item.lineItemType,
    startDateTime: item.startDateTime,
    endDateTime: item.endDateTime,
    creativePlaceholders: item.creativePlaceholders?.length,
    primaryGoal: item.primaryGoal,
    'targeting.inventoryTargeting': item.targeting?.inventoryTargeting,
  };
  refuseAll(
    Object.entries(need)
      .filter(([, v]) => !v)
      .map(([name]) => ({ type: 'RequiredError', reason: 'REQUIRED', field: `${path}.${name}` })),
  );
  const t = targeting(net, item.targeting),
    startTime = moment(net, item.startDateTime),
    targetEndTime = moment(net, item.endDateTime);
  refuseAll(checkTargets(net, t, `${path}.targeting`));
  if (targetEndTime <= startTime) refuse('ForecastError', 'ZERO_LENGTH_RESERVATION', path);
  const a = availability(net, { targeting: t, startTime, targetEndTime, lineItemType: item.lineItemType }, UNITS[item.primaryGoal.unitType]);
  return {
    unitType: item.primaryGoal.unitType,
    availableUnits: a.available,
    deliveredUnits: 0,
    matchedUnits: a.matched,
    possibleUnits: a.possible,
    reservedUnits: a.reserved,
  };
}

function getAvailabilityForecastById(net, { lineItemId }, now, ctx, refuse) {
  const item = net.lineItems.get(net.path('lineItems', lineItemId)) ?? refuse('CommonError', 'NOT_FOUND', 'lineItemId', lineItemId);
  if (now < item.$madeAt + net.settings.forecast_ready_s * 1000) refuse('ForecastError', 'NO_FORECAST_YET', 'lineItem', lineItemId);
  const a = availability(net, item);
  return {
    lineItemId,
    orderId: last(item.order),
    unitType: item.goal?.unitType,
    availableUnits: a.available,
    deliveredUnits: item.$history.unitsBy(now),
    matchedUnits: a.matched,
    possibleUnits: a.possible,
    reservedUnits: a.reserved,
  };
}

const VARIABLE_TYPES = {
  stringVariable: 'StringCreativeTemplateVariable',
  urlVariable: 'UrlCreativeTemplateVariable',
  assetVariable: 'AssetCreativeTemplateVariable',
};

const template = (t) => ({
  id: last(t.name),
  name: t.displayName,
  snippet: t.snippet,
  status: t.status,
  type: t.type === 'CUSTOM' ? 'USER_DEFINED' : 'SYSTEM_DEFINED',
  variables: t.variables.map((v) => {
    const kind = Object.keys(VARIABLE_TYPES).find((k) => v[k]);
    return {
      $type: VARIABLE_TYPES[kind],
      label: v.label,
      uniqueName: v.uniqueDisplayName,
      description: v.description,
      isRequired: v.required,
      ...v[kind],
    };
  }),
});

const network = (net) => {
  const n = net.resource();
  return {
    id: n.networkId,
    displayName: n.displayName,
    networkCode: n.networkCode,
    propertyCode: n.propertyCode,
    timeZone: n.timeZone,
    currencyCode: n.currencyCode,
    secondaryCurrencyCodes: n.secondaryCurrencyCodes,
    effectiveRootAdUnitId: last(n.effectiveRootAdUnit),
    isTest: n.testNetwork,
  };
};

function user(net) {
  const u = net.users.get(net.me),
    role = net.roles.get(u.role);
  return {
    id: last(u.name),
    name: u.displayName,
    email: u.email,
    roleId: last(role.name),
    roleName: role.displayName,
    isActive: u.active,
    isServiceAccount: u.serviceAccount,
  };
}

// Each: (network, the operation's members, now, ctx, refuse) -> rval.
export const OPERATIONS = {
  getCurrentNetwork: network,
  getAllNetworks: (net) => [network(net)],
  getCurrentUser: user,
  createCreatives,
  updateCreatives,
  getCreativesByStatement: (net, { filterStatement }) => {
    const { page } = selected([...net.creatives.values()], filterStatement, FIELDS);
    return { ...page, results: page.results.map((c) => view(net, c)) };
  },
  performCreativeAction,
  getCreativeTemplatesByStatement: (net, { filterStatement }) => {
    const { page } = selected([...net.creativeTemplates.values()], filterStatement, {
      id: (t) => last(t.name),
      name: (t) => t.displayName,
      status: (t) => t.status,
    });
    return { ...page, results: page.results.map(template) };
  },
  getAvailabilityForecast,
  getAvailabilityForecastById,
};
