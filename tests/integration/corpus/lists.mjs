// Property lists, collection lists, and deliveries judged by them.
import { account, business, key, nobody, replay, schema, success } from './common.mjs';

const properties = [{ selection_type: 'identifiers', identifiers: [{ type: 'domain', value: 'news.example' }] }];
const collections = [{ selection_type: 'distribution_ids', identifiers: [{ type: 'imdb_id', value: 'tt9999901' }] }];

function family(kind, plural, base, filled) {
  const take = { [kind]: '/list/list_id' };
  return [
    success(`create_${kind}_list`, { idempotency_key: key(`${kind}-create`), account, name: `Our ${kind} list`, [base]: filled },
      { has: ['/list/list_id', '/auth_token'], take }),
    replay(`create_${kind}_list`),
    business(`create_${kind}_list`, 'ACCOUNT_NOT_FOUND', { idempotency_key: key(`${kind}-create-none`), account: nobody, name: 'Nobody' }),
    schema(`create_${kind}_list`, '/name', { idempotency_key: key(`${kind}-create-bad`), account }),

    success(`get_${kind}_list`, { account, list_id: `$${kind}`, resolve: true }, { has: ['/list/name'] }),
    business(`get_${kind}_list`, 'REFERENCE_NOT_FOUND', { account, list_id: 'none' }),
    schema(`get_${kind}_list`, '/list_id', { account, list_id: 9 }),

    success(plural, { account }, { has: ['/lists/0/list_id'] }),
    business(plural, 'ACCOUNT_NOT_FOUND', { account: nobody }),
    schema(plural, '/name_contains', { account, name_contains: {} }),

    success(`update_${kind}_list`, { idempotency_key: key(`${kind}-update`), account, list_id: `$${kind}`, name: 'Renamed' }, { has: ['/list/name'] }),
    replay(`update_${kind}_list`),
    business(`update_${kind}_list`, 'REFERENCE_NOT_FOUND', { idempotency_key: key(`${kind}-update-none`), account, list_id: 'none', name: 'x' }),
    schema(`update_${kind}_list`, `/${base}`, { idempotency_key: key(`${kind}-update-bad`), account, list_id: `$${kind}`, [base]: 'all' }),
  ];
}

function removal(kind) {
  return [
    success(`delete_${kind}_list`, { idempotency_key: key(`${kind}-delete`), account, list_id: `$${kind}` }, { has: ['/deleted'] }),
    replay(`delete_${kind}_list`),
    business(`delete_${kind}_list`, 'REFERENCE_NOT_FOUND', { idempotency_key: key(`${kind}-delete-2`), account, list_id: `$${kind}` }),
    schema(`delete_${kind}_list`, '/list_id', { idempotency_key: key(`${kind}-delete-bad`), account }),
  ];
}

const records = [{ identifier: { type: 'domain', value: 'news.example' }, impressions: 100 },
  { identifier: { type: 'domain', value: 'elsewhere.example' }, impressions: 20 }];

export default [
  ...family('property', 'list_property_lists', 'base_properties', properties),
  success('validate_property_delivery', { account, list_id: '$property', records, include_compliant: true }, { has: ['/summary', '/results/0'] }),
  business('validate_property_delivery', 'REFERENCE_NOT_FOUND', { account, list_id: 'none', records }),
  schema('validate_property_delivery', '/records', { account, list_id: '$property', records: [] }),
  ...removal('property'),
  ...family('collection', 'list_collection_lists', 'base_collections', collections),
  ...removal('collection'),
];
