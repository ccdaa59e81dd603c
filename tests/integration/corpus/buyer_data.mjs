// Catalogs, event sources, events, audiences.
import { account, business, key, nobody, replay, schema, success } from './common.mjs';

const hash = (c) => c.repeat(64);
const event = (id) => ({ event_id: id, event_type: 'purchase', event_time: '2026-03-08T10:00:00Z', action_source: 'website',
  custom_data: { value: 12.5, currency: 'USD' } });

export default [
  success('sync_catalogs', { idempotency_key: key('catalogs'), account,
    catalogs: [{ catalog_id: 'shoes', type: 'product', name: 'Shoes', items: [{ item_id: 's1', title: 'Shoe' }] }] }, { has: ['/catalogs/0/action'] }),
  replay('sync_catalogs'),
  business('sync_catalogs', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('catalogs-none'), account: nobody }),
  schema('sync_catalogs', '/catalogs', { idempotency_key: key('catalogs-bad'), account, catalogs: 1 }),

  success('sync_event_sources', { idempotency_key: key('sources'), account, event_sources: [{ event_source_id: 'web', name: 'Our site' }] },
    { has: ['/event_sources/0/action'] }),
  replay('sync_event_sources'),
  business('sync_event_sources', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('sources-none'), account: nobody }),
  schema('sync_event_sources', '/event_sources', { idempotency_key: key('sources-bad'), account, event_sources: 1 }),

  success('log_event', { idempotency_key: key('events'), event_source_id: 'web', events: [event('e1'), event('e2')] }, { has: ['/events_received'] }),
  replay('log_event'),
  business('log_event', 'REFERENCE_NOT_FOUND', { idempotency_key: key('events-none'), event_source_id: 'none', events: [event('e3')] }),
  schema('log_event', '/events', { idempotency_key: key('events-bad'), event_source_id: 'web', events: [] }),

  success('sync_audiences', { idempotency_key: key('audiences'), account, audiences: [{ audience_id: 'buyers', name: 'Buyers',
    add: [{ external_id: 'u1', hashed_email: hash('a') }, { external_id: 'u2', hashed_phone: hash('b') }] }] }, { has: ['/audiences/0/action'] }),
  replay('sync_audiences'),
  business('sync_audiences', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('audiences-none'), account: nobody }),
  schema('sync_audiences', '/audiences', { idempotency_key: key('audiences-bad'), account, audiences: 1 }),
];
