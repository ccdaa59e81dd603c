// The fake Google Ad Manager: token endpoint, REST v1 and SOAP on one port, over one network's state.
import { Auth, unauthenticated } from './auth.mjs';
import { ApiError, status, violation } from './errors.mjs';
import { Network, SETTINGS } from './network.mjs';
import { settled } from '../lib/main.mjs';
import { mask, shown } from '../lib/server.mjs';
import * as rest from './rest.mjs';
import * as soap from './soap.mjs';
import { act } from './people.mjs';
import { summary } from './summary.mjs';

const REST_SCOPE = /\/auth\/admanager$/,
  READ_SCOPE = /\/auth\/admanager(\.readonly)?$/;

export class Gam {
  name = 'gam';
  secretHeaders = ['authorization'];

  constructor(clock, settings) {
    this.clock = clock;
    this.settings = settled(SETTINGS, settings);
    this.net = new Network(this.settings);
    this.auth = new Auth(clock, this.settings);
    this.calls = [];
  }

  operation(asked) {
    if (asked.path === '/token') return 'token';
    if (asked.path.startsWith('/apis/')) return soap.operation(asked);
    return rest.route(asked.method, asked.path)?.rpc;
  }

  async handle(asked, ctx) {
    if (asked.path === '/token' && asked.method === 'POST') return this.auth.token(asked, this.base);
    if (asked.path.startsWith('/apis/')) return soap.serve(this, asked, ctx);
    if (!asked.path.startsWith('/v1/'))
      return { status: 404, headers: { 'content-type': 'text/html' }, body: '<title>Error 404 (Not Found)</title>' };
    try {
      this.#admit(asked);
      const body = rest.serve(this.net, asked, this.clock.now(), ctx);
      return { status: 200, headers: { 'x-goog-correlation-id': status('INTERNAL', '').headers['x-goog-correlation-id'] }, body };
    } catch (e) {
      if (!(e instanceof ApiError) || !this.settings.old_errors) throw e;
      return status(e.name, e.said, e.violations, { old: true });
    }
  }

  // Who asks, with which scope, how often, and whether there is an API for them at all.
  #admit(asked) {
    const scopes = this.auth.scopes(asked),
      wanted = asked.method === 'GET' ? READ_SCOPE : REST_SCOPE;
    if (!scopes.some((s) => wanted.test(s))) {
      throw new ApiError('PERMISSION_DENIED', 'Request had insufficient authentication scopes.', [], {
        info: { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' },
      });
    }
    if (!this.settings.api_enabled) {
      throw new ApiError('PERMISSION_DENIED', 'Google Ad Manager API has not been used in project before or it is disabled.', [], {
        info: { reason: 'SERVICE_DISABLED' },
      });
    }
    if (this.tooFast())
      throw new ApiError('RESOURCE_EXHAUSTED', 'Quota exceeded.', [
        violation(undefined, 'QUOTA_ERROR_EXCEEDED_QUOTA', 'The number of requests made per second exceeds the allowed limit.'),
      ]);
    if (!this.settings.api_access && asked.path !== '/v1/networks') {
      throw new ApiError('PERMISSION_DENIED', 'The user has no access to the network.', [
        violation(undefined, 'AUTHENTICATION_ERROR_NO_NETWORKS_TO_ACCESS', 'The user has no access to the network.'),
      ]);
    }
  }

  tooFast() {
    const now = Date.now(),
      limit = this.settings.calls_per_s;
    this.calls = this.calls.filter((at) => at > now - 1000);
    if (limit && this.calls.length >= limit) return true;
    this.calls.push(now);
    return false;
  }

  // A scripted failure, said as Ad Manager says it. (In SOAP's clothes when that was asked.)
  failure(kind, rule, asked) {
    if (asked.path.startsWith('/apis/')) return soap.failure(kind, rule);
    const of = (name, text, reason) => status(name, text, reason ? [violation(rule.field, reason, text)] : [], { old: this.settings.old_errors });
    switch (kind) {
      case 'rate_limit':
        return of('RESOURCE_EXHAUSTED', 'Quota exceeded.', rule.reason ?? 'QUOTA_ERROR_EXCEEDED_QUOTA');
      case 'unavailable':
        return of('UNAVAILABLE', 'The service is currently unavailable.');
      case 'server_error':
        return of('INTERNAL', 'Internal error encountered.', rule.reason ?? 'SERVER_ERROR_SERVER_ERROR');
      case 'expired_token':
        this.auth.expire();
        return unauthenticated(true);
      case 'forbidden':
        return of('PERMISSION_DENIED', "You don't have permission to perform this action.", 'PERMISSION_ERROR_PERMISSION_DENIED');
      default:
        return of('FAILED_PRECONDITION', 'The request was refused.', rule.reason ?? 'COMMON_ERROR_NOT_APPLICABLE');
    }
  }

  // The token endpoint's secrets are told apart in the log, not shown.
  logged(asked) {
    if (asked.path !== '/token') return shown(asked.raw);
    const form = Object.fromEntries(new URLSearchParams(asked.raw.toString('utf8')));
    for (const k of ['assertion', 'client_secret', 'refresh_token']) if (form[k]) form[k] = mask(form[k]);
    return form;
  }

  loggedAnswer(asked, answer) {
    return asked.path === '/token' && answer.body?.access_token ? { ...answer.body, access_token: mask(answer.body.access_token) } : undefined;
  }

  act(what, now) {
    return act(this.net, what, now);
  }

  summary() {
    return summary(this.net, this.clock.now());
  }

  state() {
    return Object.fromEntries(
      Object.entries(this.net)
        .filter(([, v]) => v instanceof Map)
        .map(([k, v]) => [k, [...v.values()]]),
    );
  }

  credentials() {
    return {
      ...this.auth.credentials(this.base),
      network_code: this.settings.network_code,
      trafficker: this.net.path('users', '245001'),
      token_url: `${this.base}/token`,
      rest_url: this.base,
      soap_url: `${this.base}/apis/ads/publisher`,
    };
  }
}
