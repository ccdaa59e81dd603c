import { account, business, key, nobody, replay, schema, success } from './common.mjs';

const destinations = [{ type: 'agent', agent_url: 'https://wonderstruck.salesagents.example' }];

export default [
  success('get_signals', { account, signal_spec: 'audience' }, { has: ['/signals/0/signal_agent_segment_id'],
    take: { segment: '/signals/0/signal_agent_segment_id', option: '/signals/0/pricing_options/0/pricing_option_id' } }),
  business('get_signals', 'ACCOUNT_NOT_FOUND', { account: nobody, signal_spec: 'audience' }),
  schema('get_signals', '/signal_spec', { account, signal_spec: 5 }),

  success('activate_signal', { idempotency_key: key('activate'), account, signal_agent_segment_id: '$segment', pricing_option_id: '$option', destinations },
    { has: ['/deployments/0'] }),
  replay('activate_signal'),
  business('activate_signal', 'REFERENCE_NOT_FOUND', { idempotency_key: key('activate-none'), account, signal_agent_segment_id: 'none', destinations }),
  schema('activate_signal', '/destinations', { idempotency_key: key('activate-bad'), account, signal_agent_segment_id: '$segment', destinations: [] }),
];
