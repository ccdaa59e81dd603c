import { account, business, key, nobody, replay, schema, success } from './common.mjs';

const mine = { ...account, billing: 'operator' };
const other = { brand: { domain: 'other.example' }, operator: 'acme.example', sandbox: true };
const agent = (url) => ({ url, authentication: { schemes: ['Bearer'], credentials: 'governance-token-of-32-characters' } });

export default [
  success('get_adcp_capabilities', {}, { has: ['/adcp/major_versions/0', '/supported_protocols/0'] }),
  business('get_adcp_capabilities', 'VERSION_UNSUPPORTED', { adcp_version: '2.0' }),
  schema('get_adcp_capabilities', '/protocols', { protocols: 'media_buy' }),

  success('sync_accounts', { idempotency_key: key('accounts'), accounts: [mine] }, { has: ['/accounts/0/account_id'], take: { account: '/accounts/0/account_id' } }),
  replay('sync_accounts'),
  business('sync_accounts', 'IDEMPOTENCY_CONFLICT', { idempotency_key: key('accounts'), accounts: [{ ...mine, billing: 'agent' }] }),
  schema('sync_accounts', '/accounts', { idempotency_key: key('accounts-bad'), accounts: 5 }),

  success('list_accounts', {}, { has: ['/accounts/0/account_id'] }),
  business('list_accounts', 'INVALID_REQUEST', { pagination: { cursor: 'none-of-ours' } }),
  schema('list_accounts', '/pagination/max_results', { pagination: { max_results: 0 } }),

  success('get_account_financials', { account }, { has: ['/currency'] }),
  business('get_account_financials', 'ACCOUNT_NOT_FOUND', { account: nobody }),
  schema('get_account_financials', '/account', { account: 3 }),

  success('sync_governance', { idempotency_key: key('governance'), accounts: [{ account, governance_agents: [agent('https://governance.example/mcp')] }] },
    { has: ['/accounts/0/status'] }),
  replay('sync_governance'),
  business('sync_governance', 'ACCOUNT_NOT_FOUND', { idempotency_key: key('governance-none'),
    accounts: [{ account: nobody, governance_agents: [agent('https://governance.example/mcp')] }] }, { at: '/accounts/0/errors/0/code' }),
  schema('sync_governance', '/accounts', { idempotency_key: key('governance-bad'), accounts: 1 }),
];
