// What the measurements ask of an agent: the publisher, the buys it is filled with, and the calls that are measured.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../..');
export const clock = '2026-03-01T00:00:00Z';

// The demo publisher, selling without a person, to so many buyers: bench-0 and so on, with the tokens bench-token-0...
export function publisher(principals) {
  const doc = JSON.parse(readFileSync(path.join(top, 'data/demo-publisher.json'), 'utf8'));
  for (const p of doc.products) {
    p.ext.salesagent.approval_policy = 'auto';
    p.ext.salesagent.capacity = { daily_impressions: 1e9 }; // counted at every create, and never sold out
  }
  doc.tenant.quotas = { media_buys: 0, bytes: 0 }; // one buyer makes more of them in a run than anybody's may
  const review = structuredClone(doc.products[0]); // what a person decides on, for the webhooks
  review.product_id = 'bench-review';
  review.delivery_type = 'non_guaranteed';
  review.ext.salesagent.approval_policy = 'review';
  doc.products.push(review);
  doc.principals = Array.from({ length: principals }, (_, i) => ({
    principal_id: `bench-${i}`, name: `Bench ${i}`, role: 'buyer', tokens: [{ token: `bench-token-${i}` }] }));
  return doc;
}

export const rpc = (name, args) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call',
  params: { name, arguments: args } });
const account = (i) => ({ brand: { domain: `brand-${i}.example` }, operator: `brand-${i}.example` });
const day = (n) => new Date(Date.parse('2026-04-01T00:00:00Z') + n * 86400e3).toISOString();
const createArgs = (i, key, flight = [0, 30]) => ({ adcp_version: '3.1', idempotency_key: key, account: account(i),
  brand: { domain: `brand-${i}.example` }, start_time: day(flight[0]), end_time: day(flight[0] + flight[1]),
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 1500 },
    { product_id: 'prod-ron-display-001', pricing_option_id: 'price-004', budget: 2500 }] });

// The arguments of the nth buy that an agent is filled with: what is booked is counted by different flights.
export const seedArgs = (n, principals) => createArgs(n % principals, `bench-seed-${String(n).padStart(10, '0')}`,
  [n % 60, 7 + n % 24]);

// The calls that are measured, as the buyer bench-0, who has the buys `ids`. @N@ in a body is another number each time.
export function casesOf(ids) {
  const cases = [
    { name: 'get_media_buys, one id', args: { adcp_version: '3.1', account: account(0), media_buy_ids: [ids[0]] }, tool: 'get_media_buys' },
    { name: 'get_media_buys, page of 50', args: { adcp_version: '3.1', account: account(0), media_buy_ids: ids.slice(0, 50) }, tool: 'get_media_buys' },
    { name: 'get_products', args: { adcp_version: '3.1', buying_mode: 'brief', brief: 'display ads for developers', brand: { domain: 'brand-0.example' } }, tool: 'get_products' },
    { name: 'create_media_buy', args: createArgs(0, 'bench-load-@N@'), tool: 'create_media_buy' },
  ];
  return cases.map((c) => ({ ...c, token: 'bench-token-0', body: rpc(c.tool, c.args) }));
}
