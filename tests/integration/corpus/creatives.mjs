import { account, business, key, nobody, replay, schema, success } from './common.mjs';

const format = { agent_url: 'http://localhost', id: 'fmt-display-300x250' };
const banner = (id) => ({ creative_id: id, name: `Creative ${id}`, format_id: format,
  assets: { image: { asset_type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 },
    click_url: { asset_type: 'url', url: 'https://acme.example/landing' } } });

export default [
  success('sync_creatives', { idempotency_key: key('creatives'), account, creatives: [banner('cr-30')] }, { has: ['/creatives/0/action'] }),
  success('sync_creatives', { idempotency_key: key('assigned'), account, creatives: [banner('cr-32')],
    assignments: [{ creative_id: 'cr-32', package_id: '$package' }] }, { has: ['/creatives/0/action'] }),
  replay('sync_creatives'),
  business('sync_creatives', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('creatives-none'), account: nobody, creatives: [banner('cr-33')] }),
  schema('sync_creatives', '/creatives', { idempotency_key: key('creatives-bad'), account, creatives: [] }),

  success('list_creatives', { account }, { has: ['/creatives/0/creative_id', '/query_summary'] }),
  business('list_creatives', 'ACCOUNT_NOT_FOUND', { account: nobody }),
  schema('list_creatives', '/sort/field', { account, sort: { field: 'no such' } }),

  success('preview_creative', { request_type: 'single', creative_manifest: banner('cr-30') }, { has: ['/previews/0/renders/0'] }),
  business('preview_creative', 'CREATIVE_NOT_FOUND', { request_type: 'variant', variant_id: 'none' }),
  schema('preview_creative', '/request_type', { request_type: 'none' }),

  success('build_creative', { idempotency_key: key('build'), account, creative_id: 'cr-32', target_format_id: format }, { has: ['/creative_manifest'] }),
  replay('build_creative'),
  business('build_creative', 'CREATIVE_NOT_FOUND', { idempotency_key: key('build-none'), account, creative_id: 'cr-none', target_format_id: format }),
  schema('build_creative', '/idempotency_key', { idempotency_key: 5, account, message: 'a banner' }),

  success('get_creative_delivery', { account, creative_ids: ['cr-30'] }, { has: ['/creatives'] }),
  business('get_creative_delivery', 'ACCOUNT_NOT_FOUND', { account: nobody, creative_ids: ['cr-30'] }),
  schema('get_creative_delivery', '/creative_ids', { account, creative_ids: 1 }),
];
