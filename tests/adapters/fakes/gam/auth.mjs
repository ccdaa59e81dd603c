// Google's token endpoint, as far as service accounts and refresh tokens need it. The assertion is verified by `jose`; the
// claims by the rules of RFC 7523 and Google's own (at most an hour, not in the future, this audience).
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, errors as jose } from 'jose';
import { ApiError } from './errors.mjs';

const SCOPES = [
  'https://www.googleapis.com/auth/admanager',
  'https://www.googleapis.com/auth/admanager.readonly',
  'https://www.googleapis.com/auth/dfp',
];
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SKEW_S = 300;

const oauth = (status, error, description) => ({ status, headers: { 'cache-control': 'no-store' }, body: { error, error_description: description } });

// One for a process: making it takes longer than everything else here.
let keys;
function keyPair() {
  if (!keys) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    keys = { publicKey, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  }
  return keys;
}

export class Auth {
  constructor(clock, settings) {
    Object.assign(this, { clock, settings, tokens: new Map(), issued: 0 });
    Object.assign(this, {
      ...keyPair(),
      keyId: randomBytes(20).toString('hex'),
      email: 'agent@project.example',
      client: { id: 'fake-client.apps.example', secret: randomBytes(12).toString('hex'), refresh: `1//${randomBytes(24).toString('hex')}` },
    });
  }

  // What a publisher would download from the Cloud console, and the three words of the other way.
  credentials(base) {
    return {
      service_account: {
        type: 'service_account',
        project_id: 'project',
        private_key_id: this.keyId,
        private_key: this.privateKey,
        client_email: this.email,
        client_id: '100000000000000000001',
        token_uri: `${base}/token`,
      },
      refresh_token: { client_id: this.client.id, client_secret: this.client.secret, refresh_token: this.client.refresh },
    };
  }

  async token(asked, base) {
    if (!/^application\/x-www-form-urlencoded/.test(asked.headers['content-type'] ?? '')) {
      return oauth(400, 'invalid_request', 'The body must be application/x-www-form-urlencoded.');
    }
    const form = new URLSearchParams(asked.raw.toString('utf8'));
    const allowed =
      form.get('grant_type') === JWT_BEARER ? ['grant_type', 'assertion'] : ['grant_type', 'client_id', 'client_secret', 'refresh_token'];
    const odd = [...form.keys()].find((k, i, all) => !allowed.includes(k) || all.indexOf(k) !== i);
    if (odd) return oauth(400, 'invalid_request', `Unexpected parameter: ${odd}`);
    if (form.get('grant_type') === JWT_BEARER) return this.#assertion(form.get('assertion') ?? '', base);
    if (form.get('grant_type') === 'refresh_token') return this.#refresh(form);
    return oauth(400, 'unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
  }

  async #assertion(assertion, base) {
    const now = Math.floor(this.clock.now() / 1000);
    let claims;
    try {
      const header = decodeProtectedHeader(assertion);
      if (header.kid !== undefined && header.kid !== this.keyId) return oauth(400, 'invalid_grant', 'Invalid JWT: unknown key id.');
      claims = (
        await jwtVerify(assertion, this.publicKey, {
          algorithms: ['RS256'],
          issuer: this.email,
          audience: `${base}/token`,
          clockTolerance: SKEW_S,
          currentDate: new Date(now * 1000),
          requiredClaims: ['iss', 'aud', 'iat', 'exp', 'scope'],
        })
      ).payload;
    } catch (e) {
      if (e instanceof jose.JWSSignatureVerificationFailed) return oauth(400, 'invalid_grant', 'Invalid JWT Signature.');
      return oauth(400, 'invalid_grant', `Invalid JWT: ${e.message}`);
    }
    if (claims.iat > now + SKEW_S || claims.exp > claims.iat + 3600) {
      return oauth(
        400,
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      );
    }
    const scopes = String(claims.scope).split(' ');
    if (!scopes.every((s) => SCOPES.includes(s))) return oauth(400, 'invalid_scope', `Invalid OAuth scope or ID token audience provided.`);
    return this.#issue(scopes);
  }

  #refresh(form) {
    if (form.get('client_id') !== this.client.id || form.get('client_secret') !== this.client.secret) {
      return oauth(401, 'invalid_client', 'The OAuth client was not found.');
    }
    if (form.get('refresh_token') !== this.client.refresh) return oauth(400, 'invalid_grant', 'Token has been expired or revoked.');
    return this.#issue(SCOPES);
  }

  #issue(scopes) {
    const token = `ya29.${randomBytes(32).toString('base64url')}`,
      s = this.settings.token_s;
    this.tokens.set(token, { scopes, until: this.clock.now() + s * 1000 });
    this.issued++;
    return { status: 200, headers: { 'cache-control': 'no-store' }, body: { access_token: token, expires_in: s, token_type: 'Bearer' } };
  }

  // All tokens are taken for expired from now on: what a revocation or an early expiry looks like.
  expire() {
    this.tokens.clear();
  }

  // The scopes of the request's token; throws what Google answers.
  scopes(asked) {
    const m = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '');
    const token = m && this.tokens.get(m[1]);
    if (!token || token.until <= this.clock.now()) {
      throw unauthenticated(m !== null);
    }
    return token.scopes;
  }
}

export function unauthenticated(sent) {
  const what = sent ? 'Request had invalid authentication credentials.' : 'Request is missing required authentication credential.';
  const reason = sent ? 'ACCESS_TOKEN_EXPIRED' : 'CREDENTIALS_MISSING';
  return new ApiError('UNAUTHENTICATED', `${what} Expected OAuth 2 access token, login cookie or other valid authentication credential.`, [], {
    info: { reason },
    headers: { 'www-authenticate': `Bearer realm="https://accounts.google.com/"${sent ? ', error="invalid_token"' : ''}` },
  });
}
