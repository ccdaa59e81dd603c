// The REST door: finds the route, judges the request by the published messages, then has it done by the rules of its kind.
import { check, checkMask, members, routes, RESOURCES } from './proto.mjs';
import { ApiError, violation, refuse, fail } from './errors.mjs';
import { duplicateMember } from '../lib/server.mjs';
import * as resources from './resources.mjs';
import * as orders from './orders.mjs';
import * as items from './line_items.mjs';
import * as creatives from './creatives.mjs';
import * as reports from './reports.mjs';

// A mixin of the reports service, which the table of routes therefore lacks.
const OPERATION = /^\/v1\/(networks\/[^/]+\/operations\/reports\/runs\/[^/]+)$/;
const SYSTEM_PARAMETERS = ['alt', '$alt', 'prettyPrint', '$prettyPrint', 'quotaUser'];
const BATCH_MAX = 100;

export function route(method, path) {
  const operation = method === 'GET' && OPERATION.exec(path);
  if (operation) return { rpc: 'GetOperation', values: [operation[1]] };
  for (const r of routes) {
    const m = r.method === method && r.pattern.exec(path);
    if (m) return { ...r, values: m.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

// ---- permission ----

const AREAS = [
  [/LineItem/, 'lineItems'],
  [/Order/, 'orders'],
  [/Creative/, 'creatives'],
  [/Compan/, 'companies'],
  [/CustomTargeting/, 'customTargeting'],
  [/Report/, 'reports'],
];

// Google's answer names no field: only the call itself tells what is not allowed.
function checkPermission(net, rpc) {
  if (/^(Get|List|Fetch|Run(Availability|Delivery|Traffic))/.test(rpc)) return;
  const wanted = [AREAS.find(([pattern]) => pattern.test(rpc))[1], orders.ACTIONS[rpc]?.needs ?? 'reports'];
  const text = "You don't have permission to perform this action.";
  if (!wanted.every((what) => net.may(what))) {
    throw new ApiError('PERMISSION_DENIED', text, [violation(undefined, 'PERMISSION_ERROR_PERMISSION_DENIED', text)]);
  }
}

// ---- the request as one message ----

export function json(asked) {
  const bad = (why) => {
    throw new ApiError('INVALID_ARGUMENT', `Invalid JSON payload received. ${why}`);
  };
  if (!/^application\/json\b/.test(asked.headers['content-type'] ?? '')) bad('The content type must be application/json.');
  const text = asked.raw.toString('utf8');
  let value;
  try {
    value = JSON.parse(text);
  } catch (e) {
    bad(e.message);
  }
  const twice = duplicateMember(text);
  if (twice) bad(`Duplicate name "${twice}".`);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) bad('Root element must be a message.');
  return value;
}

// Path variables, query parameters and body become one request message, each member from its one place.
function message(r, asked) {
  const fromPath = r.variables.filter((v) => !v.includes('.')),
    out = Object.fromEntries(fromPath.map((v, i) => [v, r.values[i]]));
  for (const [name, text] of asked.query) {
    if (!SYSTEM_PARAMETERS.includes(name)) out[name] = parameter(r, fromPath, out, name, text);
  }
  if (!r.body) {
    if (asked.raw.length) throw new ApiError('INVALID_ARGUMENT', 'The request body must be empty.');
    return out;
  }
  const sent = json(asked);
  if (r.body !== '*') return { ...out, [r.body]: sent };
  const other = fromPath.find((v) => sent[v] !== undefined && sent[v] !== out[v] && !out[v].endsWith('/-'));
  if (other) fail('INVALID_ARGUMENT', other, 'COMMON_ERROR_NOT_APPLICABLE', `The body's ${other} is not the path's.`);
  return { ...sent, ...out };
}

function parameter(r, fromPath, out, name, text) {
  const f = members(r.request)[name];
  if (!f || fromPath.includes(name) || name === r.body || r.body === '*' || out[name] !== undefined) {
    const description = `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
    throw new ApiError('INVALID_ARGUMENT', description, [{ field: name, description }]);
  }
  if (f.type === 'int32') return /^-?\d+$/.test(text) ? Number(text) : text;
  return f.type === 'bool' && /^(true|false)$/.test(text) ? text === 'true' : text;
}

// ---- creating and updating ----

const without = (value, name) => Object.fromEntries(Object.entries(value).filter(([k]) => k !== name));

// What surrounds the resource (or the list of requests): known members, and none missing. The update mask may be asked for later.
function envelope(request, value, member, path, out) {
  const before = out.length;
  check(request, without(value, member), path, 'update', out);
  if (out.length > before) return false;
  for (const [name, f] of Object.entries(members(request))) {
    const absent = f.required && name !== 'updateMask' && (value[name] === undefined || (f.repeated && value[name].length === 0));
    if (absent) out.push(violation(path ? `${path}.${name}` : name, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  }
  return out.length === before;
}

// One create or update request, judged by the definitions; what is wrong goes to `out`.
function judge(request, { member, type }, value, path, out) {
  const where = path ? `${path}.${member}` : member,
    mask = members(request).updateMask,
    before = out.length;
  check(type, value[member], where, mask ? 'update' : 'create', out);
  const judged = { value: value[member], path: where, parent: value.parent };
  if (!mask || out.length > before) return judged;
  if (!value[member].name) out.push(violation(`${where}.name`, 'REQUIRED_ERROR_REQUIRED', 'A required member is missing.'));
  if (value.updateMask === undefined) {
    if (mask.required) out.push(violation(path ? `${path}.updateMask` : 'update_mask', 'REQUIRED_ERROR_REQUIRED', 'The update mask is required.'));
    return judged;
  }
  const masked = checkMask(type, value.updateMask, value[member], where);
  out.push(...masked.out);
  return { ...judged, paths: masked.paths };
}

function resourceOf(request) {
  const [member, f] = Object.entries(members(request)).find(([, x]) => RESOURCES.has(x.type));
  return { member, type: f.type };
}

function write(net, r, asked, now, ctx) {
  const batch = r.rpc.startsWith('Batch'),
    request = batch ? members(r.request).requests.type : r.request,
    resource = resourceOf(request),
    out = [];
  if (batch && !envelope(r.request, asked, 'requests', '', out)) refuse(out);
  if (batch && !Array.isArray(asked.requests)) fail('INVALID_ARGUMENT', 'requests', 'PARSE_ERROR_UNPARSABLE', 'The requests are a list.');
  const list = batch ? asked.requests : [asked];
  if (list.length > BATCH_MAX) fail('INVALID_ARGUMENT', 'requests', 'COLLECTION_SIZE_ERROR_TOO_LARGE', `At most ${BATCH_MAX} requests.`);
  const judged = list.map((value, i) => {
    const path = batch ? `requests[${i}]` : '',
      isMessage = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!isMessage) return void check(request, value, path, 'update', out);
    if (!envelope(request, value, resource.member, path, out)) return undefined;
    if (batch && value.parent !== undefined && value.parent !== asked.parent && !asked.parent.endsWith('/-')) {
      out.push(violation(`${path}.parent`, 'COMMON_ERROR_NOT_APPLICABLE', 'It is not the parent of the batch.'));
    }
    return judge(request, resource, value, path, out);
  });
  refuse(out);
  const made = members(request).updateMask
    ? resources.update(net, resource.type, judged, now, ctx)
    : resources.create(net, resource.type, judged, now, ctx);
  return batch ? { [collection(resource.type)]: made } : made[0];
}

// In a PATCH the path names the resource; the body may, too.
function named(r, asked) {
  const i = r.variables.findIndex((v) => v.includes('.'));
  if (i < 0) return asked;
  const name = asked[r.body].name ?? r.values[i];
  if (name !== r.values[i]) fail('INVALID_ARGUMENT', `${r.body}.name`, 'COMMON_ERROR_NOT_APPLICABLE', 'It is not the name in the path.');
  return { ...asked, [r.body]: { ...asked[r.body], name } };
}

const collection = (type) => (type === 'LineItemCreativeAssociation' ? 'lineItemCreativeAssociations' : resources.KINDS[type].collection);

// ---- the other verbs ----

function actions(net, r, asked, now, ctx) {
  const associations = r.rpc.endsWith('Associations');
  if (asked.names.length > BATCH_MAX && !associations)
    fail('INVALID_ARGUMENT', 'names', 'COLLECTION_SIZE_ERROR_TOO_LARGE', `At most ${BATCH_MAX} names.`);
  if (new Set(asked.names).size < asked.names.length) fail('INVALID_ARGUMENT', 'names', 'COMMON_ERROR_DUPLICATE_OBJECT', 'A name is there twice.');
  if (associations) return creatives.actOnAssociations(net, r.rpc, asked, now, ctx);
  if (r.rpc.endsWith('Creatives')) return creatives.setCreativesActive(net, r.rpc, asked, now, ctx);
  return r.rpc.includes('LineItems') ? items.actOnLineItems(net, r.rpc, asked, now, ctx) : orders.actOnOrders(net, r.rpc, asked, now, ctx);
}

function list(net, r, asked, now) {
  if (r.rpc === 'ListNetworks') return { networks: [net.resource()], totalSize: 1 };
  if (r.rpc === 'ListAdUnitSizes') {
    const sizes = new Map([...net.adUnits.values()].flatMap((u) => u.adUnitSizes ?? []).map((s) => [JSON.stringify(s), s]));
    return { adUnitSizes: [...sizes.values()], totalSize: sizes.size };
  }
  const type = Object.keys(resources.KINDS).find((t) => r.rpc === `List${t}s` || r.rpc === `List${t.replace(/y$/, 'ies')}`);
  const mine = type === 'LineItemCreativeAssociation' && !asked.parent.endsWith('/-') ? (a) => a.lineItem === asked.parent : undefined;
  return resources.list(net, type, collection(type), asked, now, mine);
}

function forecast(net, r, asked, now) {
  if (r.rpc !== 'RunAvailabilityForecast')
    throw new ApiError('UNAVAILABLE', `This fake does not answer ${r.rpc}: its response has no published definition.`);
  const item = resources.find(net, 'LineItem', asked.existingLineItem, 'existingLineItem');
  if (!items.forecastReady(net, item, now)) {
    fail('FAILED_PRECONDITION', 'existingLineItem', 'FORECAST_ERROR_NO_FORECAST_YET', 'There is no forecast for the line item yet.');
  }
  const a = items.availability(net, item);
  return {
    lineItem: item.name,
    order: item.order,
    unitType: item.goal?.unitType ?? 'IMPRESSIONS',
    availableUnits: String(a.available),
    matchedUnits: String(a.matched),
    possibleUnits: String(a.possible),
    reservedUnits: String(a.reserved),
    deliveredUnits: String(item.$history.unitsBy(now)),
  };
}

function read(net, r, asked, now) {
  if (r.rpc === 'GetNetwork') return net.resource();
  const name = r.rpc === 'GetUser' && asked.name.endsWith('/users/me') ? net.me : asked.name;
  return resources.get(net, r.response, name, now);
}

// Answers one request of somebody who is signed in; throws what it refuses.
export function serve(net, asked, now, ctx) {
  const r = route(asked.method, asked.path);
  if (!r) throw new ApiError('NOT_FOUND', `Method not found: ${asked.method} ${asked.path}`);
  const network = /^networks\/[^/]+/.exec(r.values[0] ?? '')?.[0];
  if (network && network !== net.name) {
    fail('NOT_FOUND', undefined, 'AUTHENTICATION_ERROR_NETWORK_NOT_FOUND', 'The network was not found, or the user has no access to it.');
  }
  checkPermission(net, r.rpc);
  if (r.rpc === 'GetOperation') return reports.operation(net, r.values[0]);
  const asks = message(r, asked);
  if (/^(Batch)?(Create|Update)/.test(r.rpc)) return write(net, r, named(r, asks), now, ctx);
  refuse(check(r.request, asks));
  if (r.rpc.startsWith('Batch')) return actions(net, r, asks, now, ctx);
  if (r.rpc.startsWith('List')) return list(net, r, asks, now);
  if (r.rpc === 'RunReport') return (ctx.effect(), reports.runReport(net, resources.find(net, 'Report', asks.name, 'name'), now));
  if (r.rpc === 'FetchReportResultRows') return reports.fetchRows(net, asks.name, asks);
  return r.rpc.startsWith('Run') ? forecast(net, r, asks, now) : read(net, r, asks, now);
}
