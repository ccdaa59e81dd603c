// Errors as Ad Manager's REST API words them since January 2026: google.rpc.Status with a BadRequest whose violations carry the
// reason, and a RequestInfo. (Older answers had an AdManagerError as well; the setting `old_errors` adds it.)
import { Refusal } from '../lib/server.mjs';

const CODES = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

let requests = 8897430220173363092n;

export function status(name, message, violations = [], { old = false, info, headers = {} } = {}) {
  const requestId = String(requests++),
    details = [];
  const adManager = violations
    .filter((v) => v.reason && old)
    .map((v) => ({
      '@type': 'type.googleapis.com/google.ads.admanager.v1.AdManagerError',
      errorCode: v.reason,
      message: v.description,
      ...(v.field && { fieldPath: v.field }),
      ...(v.trigger && { trigger: v.trigger }),
    }));
  details.push(...adManager);
  if (violations.length) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: violations.map((v) => ({
        ...(v.field && { field: v.field }),
        description: v.description,
        ...(v.reason && { reason: v.reason }),
        ...(v.reason && { localizedMessage: { message: v.description } }),
      })),
    });
  }
  if (info) details.push({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'googleapis.com', ...info });
  details.push({ '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId });
  return {
    status: CODES[name],
    headers: { 'x-goog-correlation-id': requestId, ...headers },
    body: { error: { code: CODES[name], message, status: name, details } },
  };
}

export class ApiError extends Refusal {
  constructor(name, message, violations, options) {
    const s = status(name, message, violations, options);
    super(s.status, s.body, s.headers);
    Object.assign(this, { name, violations: violations ?? [], said: message });
  }
}

// Several things may be wrong at once; all are said.
export function refuse(violations, name = 'INVALID_ARGUMENT') {
  if (violations.length) throw new ApiError(name, violations[0].description, violations);
}

export const violation = (field, reason, description, trigger) => ({ field, reason, description, trigger });

export function fail(name, field, reason, description) {
  throw new ApiError(name, description, [violation(field, reason, description)]);
}

// Members that are longer than they may be.
export function length(out, value, path, limits) {
  for (const [name, max] of Object.entries(limits)) {
    if (typeof value[name] === 'string' && [...value[name]].length > max) {
      out.push(violation(`${path}.${name}`, 'STRING_LENGTH_ERROR_TOO_LONG', `The value is longer than ${max} characters.`));
    }
  }
}

// Errors that SOAP services throw: [{ type: 'RequiredError', reason, field, trigger }].
export class ApiErrors extends Error {
  constructor(list) {
    super(list.map((e) => `${e.type}.${e.reason}`).join(', '));
    this.list = list;
  }
}
