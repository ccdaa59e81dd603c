// Content standards.
import { business, key, replay, schema, success } from './common.mjs';

const policy = (id, text) => ({ policy_id: id, enforcement: 'must', policy: text });
const artifact = (id) => ({ property_rid: 'news.example', artifact_id: id,
  assets: [{ type: 'image', url: 'https://cdn.acme.example/a.png', width: 300, height: 250 }] });
const records = [{ record_id: 'r1', artifact: artifact('a1') }];

export default [
  success('create_content_standards', { idempotency_key: key('standards'), scope: { languages_any: ['en'], channels_any: ['display'] },
    policies: [policy('no-alcohol', 'No alcohol.')] }, { has: ['/standards_id'], take: { standards: '/standards_id' } }),
  replay('create_content_standards'),
  business('create_content_standards', 'IDEMPOTENCY_CONFLICT', { idempotency_key: key('standards'), scope: { languages_any: ['en'] },
    policies: [policy('no-tobacco', 'No tobacco.')] }),
  schema('create_content_standards', '/scope', { idempotency_key: key('standards-bad'), policies: [policy('p', 'x')] }),

  success('get_content_standards', { standards_id: '$standards' }, { has: ['/standards_id', '/policies/0'] }),
  business('get_content_standards', 'REFERENCE_NOT_FOUND', { standards_id: 'none' }),
  schema('get_content_standards', '/standards_id', {}),

  success('list_content_standards', {}, { has: ['/standards/0/standards_id'] }),
  business('list_content_standards', 'INVALID_REQUEST', { pagination: { cursor: 'none-of-ours' } }),
  schema('list_content_standards', '/channels', { channels: 'display' }),

  success('update_content_standards', { idempotency_key: key('stricter'), standards_id: '$standards', policies: [policy('no-alcohol', 'No alcohol, no beer.')] },
    { has: ['/standards_id'], take: { standards: '/standards_id' } }),
  replay('update_content_standards'),
  business('update_content_standards', 'REFERENCE_NOT_FOUND', { idempotency_key: key('stricter-none'), standards_id: 'none', policies: [policy('p', 'x')] }),
  schema('update_content_standards', '/policies', { idempotency_key: key('stricter-bad'), standards_id: '$standards', policies: 'none' }),

  success('calibrate_content', { idempotency_key: key('calibrate'), standards_id: '$standards', artifact: artifact('a1') }, { has: ['/verdict'] }),
  replay('calibrate_content'),
  business('calibrate_content', 'REFERENCE_NOT_FOUND', { idempotency_key: key('calibrate-none'), standards_id: 'none', artifact: artifact('a1') }),
  schema('calibrate_content', '/artifact', { idempotency_key: key('calibrate-bad'), standards_id: '$standards', artifact: 'a1' }),

  success('validate_content_delivery', { standards_id: '$standards', records, include_passed: true }, { has: ['/summary', '/results/0'] }),
  business('validate_content_delivery', 'REFERENCE_NOT_FOUND', { standards_id: 'none', records }),
  schema('validate_content_delivery', '/records', { standards_id: '$standards', records: [] }),
];
