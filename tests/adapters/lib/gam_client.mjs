// A client of the GAM fake for its own tests: signs in and asks.
import { SignJWT, importPKCS8 } from 'jose';

export const SCOPE = 'https://www.googleapis.com/auth/admanager';

export class GamClient {
  constructor(fake) {
    this.fake = fake;
    this.base = fake.base;
  }

  async assertion(claims = {}, { header = {}, key } = {}) {
    const { service_account: a } = await this.fake.credentials(),
      now = Math.floor(Date.parse((await this.fake.clock({})).now) / 1000);
    const jwt = new SignJWT({ iss: a.client_email, scope: SCOPE, aud: a.token_uri, iat: now, exp: now + 3600, ...claims });
    return jwt
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: a.private_key_id, ...header })
      .sign(key ?? (await importPKCS8(a.private_key, header.alg ?? 'RS256')));
  }

  async tokenFor(form) {
    const res = await fetch(`${this.base}/token`, { method: 'POST', body: new URLSearchParams(form) });
    return { status: res.status, body: await res.json() };
  }

  async signIn(claims) {
    const r = await this.tokenFor({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: await this.assertion(claims) });
    this.token = r.body.access_token;
    return r;
  }

  async call(method, path, body, { headers = {}, raw } = {}) {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const res = await fetch(`${this.base}${path}`, {
      method,
      body: text,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const said = await res.text();
    return { status: res.status, headers: res.headers, body: said.startsWith('{') ? JSON.parse(said) : said };
  }
}

// The violations of an error answer: [field, reason] each.
export const violations = (r) =>
  (r.body.error?.details ?? [])
    .filter((d) => d['@type'].endsWith('BadRequest'))
    .flatMap((d) => d.fieldViolations)
    .map((v) => [v.field, v.reason ?? v.description]);
