// A consumer of webhooks that believes nothing: every delivery is verified, in the order of their arrival, with the public
// SDK's own verifier, which finds our key the way any buyer would (capabilities -> identity.brand_json_url -> agents[].jwks_uri ->
// kid), or with the secret given for HMAC-SHA256 and Bearer. One that does not verify fails whoever closes the receiver.
//
//   const hooks = await Receiver.start({ agent: () => agent, secret, answer: (delivery) => 200, seen: (delivery) => {} });
//   ... push_notification_config: { url: `${hooks.base}/path` } ...
//   const [first] = await hooks.arrivals('/path', 1);     // { path, url, method, headers, raw, body, verified }
//   await hooks.close();                                  // throws what was wrong with any delivery; before agent.stop()
//
// `seen` is called once a delivery is verified. `answer` gives a status, or { status, body }, or 'reset'; a challenge is answered with its echo unless it says otherwise.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import {
  BrandJsonJwksResolver, InMemoryReplayStore, InMemoryRevocationStore, verifyWebhookSignature,
} from '@adcp/sdk/signing';

export class Receiver {
  static async start({ agent, secret, answer = () => undefined, seen = () => undefined }) {
    const self = new Receiver();
    Object.assign(self, { agent, secret, answer, seen, deliveries: [], wrong: [], agents: new Set(), checked: Promise.resolve() });
    // For one receiver, as buyers have it: a nonce is for one use.
    self.trust = { replayStore: new InMemoryReplayStore(), revocationStore: new InMemoryRevocationStore() };
    self.server = createServer((req, res) => {
      self.#receive(req, res).catch((e) => { self.wrong.push(e); res.destroy(); });
    });
    await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
    self.base = `http://127.0.0.1:${self.server.address().port}`;
    return self;
  }

  async #receive(req, res) {
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const raw = Buffer.concat(chunks).toString('utf8');
    if (this.agent()) this.agents.add(this.agent());
    const d = { path: req.url, url: `${this.base}${req.url}`, method: req.method, headers: req.headers, raw, at: this.agent()?.now() };
    d.body = JSON.parse(raw);
    this.checked = this.checked.then(() => this.#check(d));
    const said = await this.answer(d);
    if (said === 'reset') { req.socket.destroy(); return; }
    const { status = 200, body } = typeof said === 'object' ? said : { status: said };
    const echo = d.body.type === 'webhook.challenge' ? { challenge: d.body.challenge } : {};
    res.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body ?? echo));
  }

  // A test may be starting its agent again, perhaps at another time, or has just done so: what fails is tried again for a while, by
  // the clock of each agent that there was and by that of the one that runs now.
  async #check(d) {
    let clocks = [];
    for (const until = Date.now() + 5000; !d.verified;) {
      try {
        d.verified = await this.#verify(d);
      } catch (e) {
        this.agents.add(this.agent());
        clocks = clocks.length ? clocks : [...this.agents];
        d.at = clocks.pop().now();
        if (Date.now() < until) { await new Promise((r) => setTimeout(r, 100)); continue; }
        this.wrong.push(new Error(`${d.path} does not verify: ${e.code ?? ''} ${e.message}\n${d.raw.slice(0, 300)}`, { cause: e }));
        break;
      }
    }
    this.deliveries.push(d);
    this.seen(d);
  }

  // How it was signed: 'rfc9421', 'hmac' or 'bearer'; never two of them. Throws when it does not verify.
  async #verify(d) {
    const { headers } = d;
    const own = 'signature-input' in headers, mac = 'x-adcp-signature' in headers, bearer = 'authorization' in headers;
    assert.equal(own + mac + bearer, 1, 'signed in one way and no other');
    if (mac) {
      const at = headers['x-adcp-timestamp'];
      assert.equal(headers['x-adcp-signature'], `sha256=${createHmac('sha256', this.secret).update(`${at}.${d.raw}`).digest('hex')}`);
      return 'hmac';
    }
    if (bearer) {
      assert.equal(headers.authorization, `Bearer ${this.secret}`);
      return 'bearer';
    }
    const verdict = await verifyWebhookSignature({ method: d.method, url: d.url, headers, body: d.raw },
      { jwks: await this.#keys(), now: () => d.at / 1000, ...this.trust });
    assert.equal(verdict.status, 'verified');
    return 'rfc9421';
  }

  // Of the agent that runs now: one that was started again serves its documents elsewhere.
  async #keys() {
    const agent = this.agent();
    if (this.keysOf !== agent.base) {
      const caps = await agent.call('get_adcp_capabilities', { adcp_version: '3.0' }, { token: '' });
      this.jwks = new BrandJsonJwksResolver(caps.body.result.structuredContent.identity.brand_json_url,
        { agentType: 'sales', allowPrivateIp: true });
      this.keysOf = agent.base;
    }
    return this.jwks;
  }

  at(path) {
    return this.deliveries.filter((d) => d.path.split('?')[0] === path);
  }

  // Waits until at least n have come.
  async arrivals(path, n, ms = 20000) {
    const until = Date.now() + ms;
    for (;;) {
      const found = this.at(path);
      if (found.length >= n) return found;
      assert.ok(Date.now() < until, `${found.length} of ${n} arrived at ${path}\n${this.agent().stderr}`);
      await new Promise((r) => setTimeout(r, 25));
    }
  }

  async close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    await this.checked;
    if (this.wrong.length) throw new AggregateError(this.wrong, this.wrong.map((e) => e.message).join('\n'));
  }
}
