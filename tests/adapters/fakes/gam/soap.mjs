// The SOAP door: envelope, header, credentials, version, one operation, and faults as Ad Manager says them. Bodies are read by the
// published schemas; with the setting `xsd` they are judged by xmllint and the service's own .xsd as well.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { ApiError, ApiErrors } from './errors.mjs';
import { parse, sequence, read, content, table, SchemaError } from './soap_xml.mjs';
import { OPERATIONS } from './soap_services.mjs';

const ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/',
  PATH = /^\/apis\/ads\/publisher\/(v\d{6})\/(\w+)$/;
const SCOPE = 'https://www.googleapis.com/auth/dfp';
let requests = 0;

export function operation(asked) {
  const service = PATH.exec(asked.path)?.[2],
    m = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(asked.raw?.toString('utf8') ?? '');
  return service && m ? `${service}.${m[1]}` : undefined;
}

const header = () =>
  `<soap:Header><ResponseHeader xmlns="${table.namespace}"><requestId>${(requests += 1).toString(16).padStart(16, '0')}</requestId><responseTime>12</responseTime></ResponseHeader></soap:Header>`;
const envelope = (body) =>
  `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="${ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${header()}<soap:Body>${body}</soap:Body></soap:Envelope>`;
const answer = (status, body) => ({ status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: envelope(body) });
const text = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;');

// What a schema refuses has no detail; what a service refuses lists its errors.
const client = (why) =>
  answer(500, `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Unmarshalling Error: ${text(why)}</faultstring></soap:Fault>`);

function elements(field) {
  return field
    .split('.')
    .filter(Boolean)
    .map((part) => {
      const m = /^(\w+)(?:\[(\d+)\])?$/.exec(part);
      return { field: m[1], ...(m[2] !== undefined && { index: m[2] }) };
    });
}

function fault(list) {
  const errors = list.map((e) => ({
    $type: e.type,
    fieldPath: e.field ?? '',
    fieldPathElements: elements(e.field ?? ''),
    trigger: e.trigger ?? '',
    errorString: `${e.type}.${e.reason}`,
    reason: e.reason,
  }));
  const message = list.map((e) => `[${e.type}.${e.reason} @ ${e.field ?? ''}]`).join(', ');
  const detail = content(
    [
      ['message', 'xsd:string'],
      ['errors', 'ApiError*'],
    ],
    { message, errors },
  );
  return answer(
    500,
    `<soap:Fault><faultcode>soap:Server</faultcode><faultstring>${text(message)}</faultstring><detail><ApiExceptionFault xmlns="${table.namespace}">${detail}</ApiExceptionFault></detail></soap:Fault>`,
  );
}

export function failure(kind, rule) {
  const [type, reason] =
    {
      rate_limit: ['QuotaError', 'EXCEEDED_QUOTA'],
      unavailable: ['ServerError', 'SERVER_BUSY'],
      server_error: ['ServerError', 'SERVER_ERROR'],
      expired_token: ['AuthenticationError', 'AUTHENTICATION_FAILED'],
      forbidden: ['PermissionError', 'PERMISSION_DENIED'],
    }[kind] ?? (rule.reason ?? 'CommonError.NOT_APPLICABLE').split('.');
  return fault([{ type, reason }]);
}

const refuse = (type, reason, field, trigger) => {
  throw new ApiErrors([{ type, reason, field, trigger }]);
};

// The envelope's two parts, in the version's namespace.
function open(asked, version) {
  if (!/^text\/xml\b/.test(asked.headers['content-type'] ?? '')) throw new SchemaError('The content type must be text/xml.');
  if (asked.headers.soapaction === undefined) throw new SchemaError('There is no SOAPAction header.');
  const root = parse(asked.raw.toString('utf8')),
    of = (name) => root.children.find((c) => c.ns === ENVELOPE && c.name === name);
  if (root.ns !== ENVELOPE || root.name !== 'Envelope') throw new SchemaError(`'${root.name}' is no SOAP 1.1 envelope.`);
  const namespace = table.namespace.replace(table.version, version),
    body = of('Body')?.children ?? [];
  if (body.length !== 1) throw new SchemaError('The body holds one element.');
  const inVersion = (n) => {
    if (n.ns === namespace) n.ns = table.namespace;
    if (n.type?.ns === namespace) n.type.ns = table.namespace;
    n.children.forEach(inVersion);
  };
  root.children.forEach(inVersion);
  return { head: of('Header')?.children.find((c) => c.name === 'RequestHeader' && c.ns === table.namespace), body: body[0] };
}

function admit(gam, asked, head, operationName) {
  let scopes;
  try {
    scopes = gam.auth.scopes(asked);
  } catch (e) {
    if (!(e instanceof ApiError)) throw e;
    refuse('AuthenticationError', asked.headers.authorization ? 'AUTHENTICATION_FAILED' : 'MISSING_AUTHENTICATION_HTTP_HEADER');
  }
  if (!scopes.includes(SCOPE)) refuse('AuthenticationError', 'AUTHENTICATION_FAILED');
  if (!head) refuse('AuthenticationError', 'MISSING_SOAP_REQUEST_HEADER');
  const { networkCode, applicationName } = read('SoapRequestHeader', head);
  if (!applicationName) refuse('RequiredError', 'REQUIRED', 'applicationName');
  if (!networkCode && operationName !== 'getAllNetworks') refuse('AuthenticationError', 'NETWORK_CODE_REQUIRED');
  if (!gam.settings.api_access) refuse('AuthenticationError', 'NO_NETWORKS_TO_ACCESS');
  if (networkCode && networkCode !== gam.settings.network_code) refuse('AuthenticationError', 'NETWORK_NOT_FOUND', '', networkCode);
  if (gam.tooFast()) refuse('QuotaError', 'EXCEEDED_QUOTA');
}

// The vendor's own schema, by a validator that is nobody's of ours.
function judgeByXsd(folder, service, raw) {
  const body = /<(?:\w+:)?Body[^>]*>([\s\S]*)<\/(?:\w+:)?Body>/.exec(raw)?.[1] ?? '';
  const namespaces = [...raw.matchAll(/\sxmlns(?::\w+)?="[^"]*"/g)].map((m) => m[0].trim());
  // The body stands alone for xmllint, so that it needs the namespaces that were declared around it.
  const inner = body.trim().replace(/^<([\w:]+)([^>]*?)(\/?)>/, (all, name, attributes, close) => {
    const more = namespaces.filter((n) => !attributes.includes(n.split('=')[0] + '='));
    return `<${name}${attributes} ${[...new Map(more.map((n) => [n.split('=')[0], n])).values()].join(' ')}${close}>`;
  });
  try {
    execFileSync('xmllint', ['--nonet', '--noout', '--schema', path.join(folder, `${service}.xsd`), '-'], {
      input: inner,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (e) {
    if (e.code === 'ENOENT') throw e;
    throw new SchemaError(`xmllint: ${e.stderr.toString().split('\n')[0]}`);
  }
}

export function serve(gam, asked, ctx) {
  const [, version, service] = PATH.exec(asked.path) ?? [];
  if (asked.method !== 'POST' || !table.services[service])
    return { status: 404, headers: { 'content-type': 'text/html' }, body: '<title>Error 404 (Not Found)</title>' };
  try {
    if (!gam.settings.soap_versions.includes(version)) refuse('ApiVersionError', 'UPDATE_TO_NEWER_VERSION', 'version', version);
    const { head, body } = open(asked, version);
    if (!table.services[service].includes(body.name) || body.ns !== table.namespace)
      throw new SchemaError(`Message part {${body.ns}}${body.name} was not recognized. (Does it exist in service WSDL?)`);
    admit(gam, asked, head, body.name);
    if (gam.settings.xsd && version === table.version) judgeByXsd(gam.settings.xsd, service, asked.raw.toString('utf8'));
    const rval = OPERATIONS[body.name](gam.net, sequence(table.elements[body.name], body), gam.clock.now(), ctx, refuse);
    const name = `${body.name}Response`,
      namespace = table.namespace.replace(table.version, version);
    return answer(200, `<${name} xmlns="${namespace}">${content(table.elements[name], { rval })}</${name}>`);
  } catch (e) {
    if (e instanceof SchemaError) return client(e.message);
    if (e instanceof ApiErrors) return fault(e.list);
    throw e;
  }
}
