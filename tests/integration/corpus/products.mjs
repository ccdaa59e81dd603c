import { account, business, nobody, schema, success } from './common.mjs';

export default [
  success('get_products', { buying_mode: 'brief', brief: 'video for developers', context: { a: [1, null] } },
    { has: ['/products/0/product_id', '/context/a/1'] }),
  success('get_products', { buying_mode: 'wholesale', account }, { has: ['/products/0/pricing_options/0/pricing_option_id'] }),
  success('get_products', { buying_mode: 'refine', refine: [{ scope: 'product', product_id: 'none', action: 'more_like_this' }] }),
  business('get_products', 'ACCOUNT_NOT_FOUND', { buying_mode: 'wholesale', account: nobody }),
  schema('get_products', '/buying_mode', { buying_mode: 'sometimes' }),

  success('list_creative_formats', {}, { has: ['/formats/0/format_id/id'] }),
  business('list_creative_formats', 'INVALID_REQUEST', { pagination: { cursor: 'none-of-ours' } }),
  schema('list_creative_formats', '/pagination/max_results', { pagination: { max_results: 'many' } }),

  { tool: 'list_authorized_properties', role: 'else', kind: 'ok', args: {} },
  // An operation of the publisher's people: there, and refused to a buyer.
  { tool: 'x_task_resolve', role: 'else', kind: 'failed', args: {} },
  { tool: 'no_such_tool', role: 'else', kind: 'unknown', args: {} },
  // The publisher's default dialect, which is not AdCP's.
  { tool: 'get_products', role: 'else', kind: 'ok', args: { brief: 'tech' } },
  { tool: 'create_media_buy', role: 'else', kind: 'failed', args: { name: 'x', packages: [] } },
];
