// Starts a fake ad server inside the test and drives its debug doors over HTTP, as a test in another process would.
//
//   const gam = await startFake('gam', { clock: '2026-03-01T00:00:00Z', settings: { calls_per_s: 0 } });
//   await gam.fault({ on: 'BatchCreateOrders', do: 'reset', after: true });
//   await gam.act({ do: 'approve', order: '*', in_s: 3 * 86400 });
//   await gam.advance(3 * 86400);
//   const { orders, duplicates } = await gam.summary();
//   await gam.close();                         // throws when the fake itself broke
import { Fake } from '../fakes/lib/server.mjs';

const VENDORS = {
  gam: async () => {
    const { Gam } = await import('../fakes/gam/gam.mjs');
    return (clock, settings) => new Gam(clock, settings);
  },
  kevel: async () => {
    const { Kevel } = await import('../fakes/kevel/kevel.mjs');
    return (clock, settings) => new Kevel(clock, settings);
  },
  triton: async () => {
    const { Triton } = await import('../fakes/triton/triton.mjs');
    return (clock, settings) => new Triton(clock, settings);
  },
};

export async function startFake(name, { clock, settings, log, onEffect } = {}) {
  const fake = await Fake.start(await VENDORS[name](), { clock: clock === undefined ? undefined : Date.parse(clock), settings, log, onEffect });
  return new FakeClient(name, fake.base, fake);
}

export class FakeClient {
  constructor(name, base, fake) {
    Object.assign(this, { name, base, fake });
  }

  async #debug(method, door, body) {
    const res = await fetch(`${this.base}/_debug/${door}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const value = await res.json();
    if (res.status !== 200) throw new Error(`${door}: ${JSON.stringify(value)}`);
    return value;
  }

  summary() {
    return this.#debug('GET', 'summary');
  }
  state() {
    return this.#debug('GET', 'state');
  }
  credentials() {
    return this.#debug('GET', 'credentials');
  }
  log(since = 0) {
    return this.#debug('GET', `log?since=${since}`);
  }
  faults() {
    return this.#debug('GET', 'faults');
  }
  fault(...rules) {
    return this.#debug('POST', 'faults', rules);
  }
  noFaults() {
    return this.#debug('DELETE', 'faults');
  }
  set(settings) {
    return this.#debug('POST', 'settings', settings);
  }
  act(deed) {
    return this.#debug('POST', 'act', deed);
  }
  clock(order) {
    return this.#debug('POST', 'clock', order);
  }
  advance(seconds) {
    return this.clock({ advance_s: seconds });
  }

  // A scripted fault that never happened proves nothing.
  async assertFaultsUsed() {
    const idle = (await this.faults()).filter((f) => f.hits === 0);
    if (idle.length) throw new Error(`faults that never happened: ${JSON.stringify(idle)}`);
  }

  async close() {
    await this.fake?.close();
  }
}
