// Tools that no storyboard calls, called once; their replies are judged like all others.
import { Agent } from '../../integration/lib/agent.mjs';
import { token, withAgent } from './stage.mjs';

const brand = { domain: 'acmeoutdoor.example' };
const account = { brand, operator: 'pinnacle-agency.example', sandbox: true };
const flight = { start_time: '2026-04-01T00:00:00Z', end_time: '2026-06-30T00:00:00Z' };

export function rest(work, pin) {
  return withAgent(work, { pin }, async (proxy) => {
    const at = { ...proxy, call: Agent.prototype.call, post: Agent.prototype.post };
    const call = async (tool, args) => (await at.call(tool, args, { token })).body.result?.structuredContent;
    const key = (n) => `conformance-rest-${pin ?? 'default'}-${n}`;
    const list = await at.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
    const bought = await call('create_media_buy', { account, brand, idempotency_key: key(1), ...flight,
      packages: [{ product_id: 'async_signed_io_q2', budget: 5000, pricing_option_id: 'cpm_guaranteed' }] });
    for (const tool of ['get_task_status', 'tasks/get']) await call(tool, { task_id: bought.task_id });
    for (const tool of ['list_tasks', 'tasks/list']) await call(tool, {});
    const buy = await call('create_media_buy', { account, brand, idempotency_key: key(2), ...flight,
      packages: [{ product_id: 'test-product', budget: 5000, pricing_option_id: 'test-pricing' }] });
    await call('provide_performance_feedback', { media_buy_id: buy.media_buy_id, performance_index: 1.2, idempotency_key: key(3),
      measurement_period: { start: '2026-04-01T00:00:00Z', end: '2026-04-08T00:00:00Z' } });
    if (pin !== '3.1') await compact(call, key);
    return { calls: proxy.calls, tools: list.body.result.tools.map((t) => t.name) };
  });
}

// The compact lifecycle, which AdCP has since 3.2.
async function compact(call, key) {
  const { feed_version } = await call('list_products', { account });
  const bought = await call('buy_products', { account, feed_version, idempotency_key: key(4), ...flight,
    purchases: [{ product_id: 'test-product', pricing_option_id: 'test-pricing', budget: 5000 }] });
  await call('control_media_buy', { account, idempotency_key: key(5), media_buy_id: bought.media_buy_id, revision: bought.revision, paused: true });
  const { proposals: [draft] } = await call('request_proposals', { account, idempotency_key: key(6), brief: 'Reach runners in spring.',
    criteria: { offer_filters: { start_date: '2026-06-01', end_date: '2026-06-30' } } });
  const { results: [{ proposal: firm }] } = await call('refine_proposals', { idempotency_key: key(7), refinements: [{ proposal_id: draft.proposal_id, action: 'finalize' }] });
  await call('accept_proposal', { account, idempotency_key: key(8), proposal_id: firm.proposal_id, proposal_terms_digest: firm.terms_digest });
  await call('decline_proposals', { idempotency_key: key(9), declines: [{ proposal_id: draft.proposal_id, reason: 'price' }] });
}
