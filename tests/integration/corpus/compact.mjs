// The compact lifecycle of AdCP 3.2.
import { account, auto, business, key, replay, schema, success } from './common.mjs';

const since = '3.2';
const offer = { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 };
const purchase = (name, more = {}) => ({ idempotency_key: key(name), account, feed_version: '$feed', start_time: '2026-04-01T00:00:00Z',
  end_time: '2026-05-01T00:00:00Z', purchases: [offer], context: { trace: name }, ...more });
const brief = (name, more = {}) => ({ idempotency_key: key(name), account, brief: 'display for developers',
  criteria: { offer_filters: { start_date: '2026-06-01', end_date: '2026-06-30' } }, ...more });
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

  success('request_proposals', brief('brief'), { has: ['/proposals/0/terms_digest', '/products/0'], take: { draft: '/proposals/0/proposal_id' } }),
  replay('request_proposals'),
  business('request_proposals', 'ACCOUNT_NOT_FOUND', brief('brief-nobody', { account: { ...account, operator: 'nobody.example' } })),
  schema('request_proposals', '/brief', brief('brief-none', { brief: '' })),
  success('refine_proposals', { idempotency_key: key('revise'), refinements: [{ proposal_id: '$draft', action: 'revise', constraints: { total_budget: { max: 9000, currency: 'USD' } } }] },
    { has: ['/results/0/proposals/0/parent_proposal_id'] }),
  success('refine_proposals', { idempotency_key: key('finalize'), refinements: [{ proposal_id: '$draft', action: 'finalize' }] },
    { has: ['/results/0/proposal/expires_at'], take: { firm: '/results/0/proposal/proposal_id', digest: '/results/0/proposal/terms_digest' } }),
  replay('refine_proposals'),
  business('refine_proposals', 'PROPOSAL_NOT_FOUND', { idempotency_key: key('refine-none'), refinements: [{ proposal_id: 'none', action: 'finalize' }] }),
  schema('refine_proposals', '/refinements', { idempotency_key: key('refine-nothing'), refinements: [] }),
  success('accept_proposal', { idempotency_key: key('accept'), account, proposal_id: '$firm', proposal_terms_digest: '$digest' }, { headers: auto, has: ['/accepted_proposal/accepted_at'] }),
  replay('accept_proposal', { headers: auto }),
  business('accept_proposal', 'PROPOSAL_NOT_COMMITTED', { idempotency_key: key('accept-draft'), account, proposal_id: '$draft', proposal_terms_digest: '$digest' }),
  schema('accept_proposal', '/proposal_terms_digest', { idempotency_key: key('accept-bad'), account, proposal_id: '$firm', proposal_terms_digest: 'sha256:x' }),
  success('decline_proposals', { idempotency_key: key('decline'), declines: [{ proposal_id: '$draft', reason: 'price' }] }, { has: ['/results/0/outcome'] }),
  replay('decline_proposals'),
  business('decline_proposals', 'INVALID_REQUEST', { idempotency_key: key('decline-twice'), declines: [{ proposal_id: 'a', reason: 'price' }, { proposal_id: 'a', reason: 'timing' }] }),
  schema('decline_proposals', '/declines/0/reason', { idempotency_key: key('decline-bad'), declines: [{ proposal_id: 'a', reason: 'whim' }] }),

  success('control_media_buy', control('control', { revision: '$revision', paused: true,
    packages: [{ package_id: '$directPackage', targeting_overlay: { language: ['en'] } }] }), { headers: auto, has: ['/affected_package_ids/0'] }),
  replay('control_media_buy', { headers: auto }),
  business('control_media_buy', 'CONFLICT', control('control-late', { revision: 99, paused: false })),
  schema('control_media_buy', '/revision', control('control-blind', { paused: false })),
].map((row) => ({ since, ...row }));
