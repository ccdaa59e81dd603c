// The compact lifecycle of AdCP 3.2.
import { account, auto, business, key, replay, schema, success } from './common.mjs';

const since = '3.2';
const offer = { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 };
const purchase = (name, more = {}) => ({ idempotency_key: key(name), account, feed_version: '$feed', start_time: '2026-04-01T00:00:00Z',
  end_time: '2026-05-01T00:00:00Z', purchases: [offer], context: { trace: name }, ...more });
const control = (name, more) => ({ idempotency_key: key(name), account, media_buy_id: '$direct', ...more });

export default [
  success('list_products', { account, fields: ['pricing_options', 'format_options', 'forecast'] }, { has: ['/products/0/pricing_options/0'], take: { feed: '/feed_version' } }),
  success('list_products', { if_feed_version: '$feed' }, { has: ['/outcome'] }),
  business('list_products', 'INVALID_REQUEST', { criteria: { offer_filters: { budget_range: { min: 5, max: 2, currency: 'USD' } } } }),
  business('list_products', 'UNSUPPORTED_FEATURE', { criteria: { targeting_overlay: { geo_countries: ['US'] } } }),
  schema('list_products', '/max_results', { max_results: 0 }),

  success('buy_products', purchase('buy-waits'), { has: ['/task_id'] }),
  replay('buy_products'),
  success('buy_products', purchase('buy-at-once'), { headers: auto, has: ['/accepted_proposal/terms_digest', '/purchase_bindings/0/package_id'],
    take: { direct: '/media_buy_id', directPackage: '/purchase_bindings/0/package_id', revision: '/revision' } }),
  replay('buy_products', { headers: auto }),
  business('buy_products', 'CONFLICT', purchase('buy-stale', { feed_version: 'w1-0' })),
  business('buy_products', 'PRODUCT_NOT_FOUND', purchase('buy-none', { purchases: [{ ...offer, product_id: 'none' }] })),
  schema('buy_products', '/purchases', purchase('buy-nothing', { purchases: [] })),

  success('control_media_buy', control('control', { revision: '$revision', paused: true,
    packages: [{ package_id: '$directPackage', targeting_overlay: { language: ['en'] } }] }), { headers: auto, has: ['/affected_package_ids/0'] }),
  replay('control_media_buy', { headers: auto }),
  business('control_media_buy', 'CONFLICT', control('control-late', { revision: 99, paused: false })),
  schema('control_media_buy', '/revision', control('control-blind', { paused: false })),
].map((row) => ({ since, ...row }));
