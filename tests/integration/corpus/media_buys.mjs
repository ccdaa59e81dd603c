import { account, auto, business, key, nobody, replay, schema, success, v } from './common.mjs';

const wanted = (name, more = {}) => ({ idempotency_key: key(name), account, brand: { domain: 'acme.example' },
  start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
  packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }],
  context: { trace: name }, ...more });
const period = { start: '2026-04-01T00:00:00Z', end: '2026-04-02T00:00:00Z' };

export default [
  success('create_media_buy', wanted('waits'), { has: ['/task_id'], take: { task: '/task_id' } }),
  replay('create_media_buy'),
  success('create_media_buy', wanted('at-once'), { headers: auto, has: ['/media_buy_id', '/packages/0/package_id'],
    take: { buy: '/media_buy_id', package: '/packages/0/package_id' } }),
  replay('create_media_buy', { headers: auto }),
  business('create_media_buy', 'IDEMPOTENCY_CONFLICT', wanted('waits', { end_time: '2026-06-01T00:00:00Z' })),
  business('create_media_buy', 'PRODUCT_NOT_FOUND', wanted('no-product', { packages: [{ product_id: 'none', pricing_option_id: 'x', budget: 10 }] })),
  business('create_media_buy', 'INVALID_REQUEST', wanted('backwards', { start_time: '2026-05-01T00:00:00Z', end_time: '2026-04-01T00:00:00Z' })),
  schema('create_media_buy', '/packages', wanted('no-packages', { packages: [] })),
  schema('create_media_buy', '/idempotency_key', wanted('short', { idempotency_key: 'short' })),
  { tool: 'create_media_buy', role: 'else', kind: 'unauthenticated', args: v(wanted('at-once')), token: null },
  { tool: 'create_media_buy', role: 'else', kind: 'unauthenticated', args: v(wanted('at-once')), token: 'nobody' },

  success('get_task_status', { task_id: '$task' }, { has: ['/status'] }),
  business('get_task_status', 'REFERENCE_NOT_FOUND', { task_id: 'task-none' }),
  schema('get_task_status', '/task_id', {}),
  success('tasks/get', { task_id: '$task', include_result: true }, { has: ['/status'] }),
  business('tasks/get', 'REFERENCE_NOT_FOUND', { task_id: 'task-none' }),
  schema('tasks/get', '/task_id', { task_id: 7 }),
  success('list_tasks', {}, { has: ['/tasks/0/task_id'] }),
  business('list_tasks', 'INVALID_REQUEST', { pagination: { cursor: 'none-of-ours' } }),
  schema('list_tasks', '/filters/statuses', { filters: { statuses: 7 } }, { lines: { '3.0': { role: 'else', kind: 'ok' } } }), // 3.0 has no schema of it
  success('tasks/list', { filters: { statuses: ['submitted'] } }, { has: ['/tasks/0/task_id'] }),
  business('tasks/list', 'INVALID_REQUEST', { pagination: { cursor: 'none-of-ours' } }),
  schema('tasks/list', '/pagination', { pagination: [] }),

  success('get_media_buys', { account, status_filter: ['pending_creatives', 'pending_start', 'active', 'paused'] }, { has: ['/media_buys/0/media_buy_id'] }),
  success('get_media_buys', { account, media_buy_ids: ['$buy', 'mb-none'] }, { has: ['/media_buys/0/packages/0'] }),
  business('get_media_buys', 'ACCOUNT_NOT_FOUND', { account: nobody }),
  schema('get_media_buys', '/media_buy_ids', { media_buy_ids: {} }),

  success('update_media_buy', { account, idempotency_key: key('pause'), media_buy_id: '$buy', paused: true }, { headers: auto, has: ['/media_buy_id'] }),
  replay('update_media_buy', { headers: auto }),
  business('update_media_buy', 'MEDIA_BUY_NOT_FOUND', { account, idempotency_key: key('pause-none'), media_buy_id: 'mb-none', paused: true }),
  schema('update_media_buy', '/paused', { account, idempotency_key: key('pause-bad'), media_buy_id: '$buy', paused: 'yes' }),

  success('get_media_buy_delivery', { account, media_buy_ids: ['$buy'] },
    { headers: { 'x-mock-time': '2026-04-16T00:00:00Z' }, has: ['/media_buy_deliveries/0/totals'] }),
  business('get_media_buy_delivery', 'ACCOUNT_NOT_FOUND', { account: nobody }),
  schema('get_media_buy_delivery', '/start_date', { account, start_date: 'x' }),
  { tool: 'get_media_buy_delivery', role: 'else', kind: 'failed', args: v({ account }), headers: { 'x-mock-time': 'some day' } },

  success('provide_performance_feedback', { idempotency_key: key('feedback'), media_buy_id: '$buy', performance_index: 1.2, measurement_period: period }),
  replay('provide_performance_feedback'),
  business('provide_performance_feedback', 'MEDIA_BUY_NOT_FOUND', { idempotency_key: key('feedback-none'), media_buy_id: 'mb-none',
    performance_index: 1.2, measurement_period: period }),
  schema('provide_performance_feedback', '/media_buy_id', { idempotency_key: key('feedback-bad'), performance_index: 1.2, measurement_period: period }),

  success('report_usage', { idempotency_key: key('usage'), reporting_period: period,
    usage: [{ account, media_buy_id: '$buy', vendor_cost: 12.5, currency: 'USD', pricing_option_id: 'price-001', impressions: 1000 }] }, { has: ['/accepted'] }),
  replay('report_usage'),
  business('report_usage', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('usage-none'), reporting_period: period,
    usage: [{ account: nobody, vendor_cost: 12.5, currency: 'USD' }] }, { at: '/errors/0/code' }),
  schema('report_usage', '/usage', { idempotency_key: key('usage-bad'), reporting_period: period, usage: [] }),
];
