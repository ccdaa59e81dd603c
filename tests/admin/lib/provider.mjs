// Identity providers: a real one (npm's oidc-provider), and one of our own that can say anything.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const listening = (server) => new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)); });

export async function key(alg = 'RS256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `key-${randomBytes(4).toString('hex')}`;
  return { alg, kid, privateKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' }, secretJwk: { ...await exportJWK(privateKey), kid, alg, use: 'sig' } };
}

// oidc-provider with its own pages for signing in; whoever signs in there has the address "NAME@publisher.example".
export class RealProvider {
  static async start({ verified = () => true, ...settings } = {}) {
    const p = new RealProvider();
    p.server = createServer((req, res) => p.handle(req, res));
    p.issuer = await listening(p.server);
    Object.assign(p, { keys: [await key()], verified, settings, addresses: {}, calls: [] });
    return p;
  }

  // Once the agent's address is known: it is one of its clients.
  serve(agent, client = {}) {
    const { issuer, keys } = this;
    this.provider = new Provider(issuer, {
      clients: [{ client_id: 'salesagent', client_secret: 'a secret & more', redirect_uris: [`${agent.base}/admin/openid/callback`], ...client }],
      jwks: { keys: keys.map((k) => k.secretJwk) },
      cookies: { keys: ['of a test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'] },
      findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: this.addresses[id] ?? `${id}@Publisher.example`, email_verified: this.verified(id) }) }),
      pkce: { required: () => true },
      ...this.settings,
    });
    this.provider.on('server_error', (ctx, e) => { this.error = e; });
    const callback = this.provider.callback();
    this.handle = (req, res) => { this.calls.push(`${req.method} ${req.url.split('?')[0]}`); callback(req, res); };
  }

  handle(req, res) {
    res.writeHead(503).end();
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}

// Gives, for any code, the ID token that `say` makes.
export class AnyProvider {
  static async start() {
    const p = new AnyProvider();
    Object.assign(p, { keys: [await key()], asked: [], metadata: {}, claims: {}, userinfo: null, header: {}, sign: null });
    p.server = createServer((req, res) => p.handle(req, res));
    p.issuer = await listening(p.server);
    return p;
  }

  json(res, value, status = 200) {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }

  async idToken() {
    const now = Math.floor(Date.now() / 1000), [k] = this.keys;
    const claims = { iss: this.issuer, aud: 'salesagent', sub: 'sub-1', iat: now, exp: now + 60, nonce: this.nonce, email: 'otto@publisher.example', email_verified: true, ...this.claims };
    if (this.sign) return this.sign(claims);
    return new SignJWT(claims).setProtectedHeader({ alg: k.alg, kid: k.kid, ...this.header }).sign(k.privateKey);
  }

  async handle(req, res) {
    const body = [];
    for await (const b of req) body.push(b);
    const where = req.url.split('?')[0];
    this.asked.push({ where, headers: req.headers, body: new URLSearchParams(Buffer.concat(body).toString()) });
    if (where === '/.well-known/openid-configuration')
      return this.json(res, { issuer: this.issuer, authorization_endpoint: `${this.issuer}/auth?tenant=a`, token_endpoint: `${this.issuer}/token`,
        jwks_uri: `${this.issuer}/jwks`, ...(this.userinfo ? { userinfo_endpoint: `${this.issuer}/me` } : {}), ...this.metadata });
    if (where === '/jwks') return this.json(res, { keys: this.keys.filter((k) => !k.hidden).map((k) => k.jwk) });
    if (where === '/me') return this.json(res, this.userinfo);
    if (where === '/token') return this.json(res, this.answer ?? { token_type: 'Bearer', access_token: 'at-1', id_token: await this.idToken() });
    return this.json(res, {}, 404);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => { this.server.close(resolve); });
  }
}

export const unsigned = (claims) => new UnsecuredJWT(claims).encode();
export const challengeOf = (verifier) => createHash('sha256').update(verifier).digest('base64url');

// A browser's cookies, for flows over several hosts; follows nothing by itself.
export class Jar {
  cookies = new Map();

  async request(url, { method = 'GET', form, headers = {} } = {}) {
    const { host } = new URL(url), mine = this.cookies.get(host) ?? new Map();
    const res = await fetch(url, { method, redirect: 'manual', ...(form ? { body: new URLSearchParams(form) } : {}),
      headers: { accept: 'text/html', ...(mine.size ? { cookie: [...mine].map((c) => c.join('=')).join('; ') } : {}), ...headers } });
    for (const set of res.headers.getSetCookie()) {
      const [pair] = set.split(';'), at = pair.indexOf('=');
      if (/Max-Age=0|expires=Thu, 01 Jan 1970/i.test(set)) mine.delete(pair.slice(0, at));
      else mine.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.cookies.set(host, mine);
    return { status: res.status, location: res.headers.get('location') && new URL(res.headers.get('location'), url).href, sets: res.headers.getSetCookie(), text: await res.text() };
  }

  cookie(base, name) {
    return this.cookies.get(new URL(base).host)?.get(name);
  }
}
