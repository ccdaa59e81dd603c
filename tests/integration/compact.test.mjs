// The compact lifecycle of AdCP 3.2 as a buyer goes through it: offers, a purchase with its terms, what may be controlled, what a
// person decides, and what callers of other lines see of it. Replies are judged by the published schemas, which are closed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { judge, source } from '../conformance/lib/schemas.mjs';
import { Agent } from './lib/agent.mjs';
import { corpusData } from './lib/corpus.mjs';
import { doors } from './lib/doors.mjs';
import { Receiver } from './lib/receiver.mjs';

const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
const flight = { start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z' };
const offer = { product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 };
const auto = { headers: { 'x-auto-advance': 'true' } };
const source_3_2 = source('3.2');
let data, agent, feed_version, keys = 0;

before(async () => {
  data = await corpusData();
  agent = await Agent.start({ data, args: ['--clock', '2026-03-09T14:30:00Z'] });
  await ask('sync_accounts', { idempotency_key: fresh(), accounts: [{ ...account, billing: 'operator' }] });
  ({ feed_version } = (await ask('list_products', { account })).payload);
});
after(async () => {
  await agent.stop();
  rmSync(data, { recursive: true, force: true });
});

const fresh = () => `compact-test-key-${String(++keys).padStart(6, '0')}`;
async function ask(tool, args, options, line = '3.2') {
  const got = await doors.mcp(agent, tool, line ? { adcp_version: line, ...args } : args, options);
  if (source(line ?? '3.2')) assert.equal(judge(line ?? '3.2', { tool, reply: got.payload, isError: got.kind !== 'ok' }) ?? null, null, JSON.stringify(got.payload));
  return got;
}
const refusal = ({ kind, payload }) => kind === 'failed' ? [payload.adcp_error.code, payload.adcp_error.field ?? ''] : kind;
const buy = (more, options) => ask('buy_products', { idempotency_key: fresh(), account, feed_version, ...flight, purchases: [offer], ...more }, options);
const control = (media_buy_id, more, options = auto) => ask('control_media_buy', { idempotency_key: fresh(), account, media_buy_id, ...more }, options);

// RFC 8785, for values like these: our own and not the agent's.
const jcs = (v) => Array.isArray(v) ? `[${v.map(jcs)}]`
  : v && typeof v === 'object' ? `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${jcs(v[k])}`)}}` : JSON.stringify(v);
const digest = (terms) => `sha256:${createHash('sha256').update(jcs(terms)).digest('base64url')}`;

test('offers carry what is asked for and no named formats', async () => {
  const all = (await ask('list_products', { account })).payload;
  assert.ok(all.products.length >= 3 && all.products.every((p) => !p.format_ids && p.format_options.length > 0));
  const some = (await ask('list_products', { fields: ['pricing_options'], criteria: { product_ids: [offer.product_id] } })).payload;
  assert.deepEqual(some.products.map((p) => Object.keys(p).sort()), [['name', 'pricing_options', 'product_id']]);
  const page = (await ask('list_products', { max_results: 1 })).payload;
  const next = (await ask('list_products', { max_results: 1, cursor: page.next_cursor })).payload;
  assert.notEqual(page.products[0].product_id, next.products[0].product_id);
  for (const [structures, price] of [[['fixed'], 'fixed_price'], [['contingent'], null]]) {
    const { products } = (await ask('list_products', { fields: ['pricing_options'], criteria: { offer_filters: { pricing_structures: structures } } })).payload;
    assert.equal(products.length > 0, price !== null);
    for (const p of products) for (const o of p.pricing_options) assert.equal(typeof o[price], 'number');
  }
  const found = async (offer_filters) => (await ask('list_products', { account, criteria: { offer_filters } })).payload.products;
  const images = await found({ format_kinds: ['image'] }), [{ format_option_id }] = images[0].format_options;
  assert.ok(images.length > 0 && images.length < all.products.length);
  assert.ok(images.every((p) => p.format_options.some((o) => o.format_kind === 'image')));
  assert.deepEqual(await found({ format_kinds: ['audio_daast'] }), []);
  const option = await found({ format_option_refs: [{ scope: 'product', format_option_id }] });
  assert.ok(option.length > 0 && option.every((p) => p.format_options.some((o) => o.format_option_id === format_option_id)));
  assert.deepEqual(await found({ format_option_refs: [{ scope: 'publisher', publisher_domain: 'else.example', format_option_id }] }), []);
  const video = (await ask('list_products', { criteria: { offer_filters: { channels: ['olv'] } } })).payload;
  assert.ok(video.products.length > 0 && video.products.every((p) => p.channels.includes('olv')));
});

test('an unchanged feed is said to be so, but not to who asks for forecasts', async () => {
  assert.deepEqual((await ask('list_products', { if_feed_version: feed_version })).payload, { outcome: 'unchanged', feed_version, cache_scope: 'public' });
  const { payload } = await ask('list_products', { account, if_feed_version: feed_version, fields: ['forecast'] });
  assert.ok(payload.outcome === 'listed' && payload.products.some((p) => p.forecast));
});

test('strangers may list what they may discover, and buy nothing', async () => {
  assert.equal((await ask('list_products', {}, { token: null })).payload.outcome, 'listed');
  assert.equal((await buy({}, { token: null })).kind, 'unauthenticated');
});

test('a purchase says what was agreed on, with the digest of that', async () => {
  const { payload } = await buy({ name: 'Spring', purchase_order_ref: 'PO 7', purchases: [{ ...offer, pacing: 'asap', targeting_overlay: { geo_countries: ['US'], language: null } }] }, auto);
  const { commercial_terms: terms, ...proposal } = payload.accepted_proposal;
  assert.equal(payload.name, 'Spring');
  assert.equal(proposal.terms_digest, digest(terms));
  assert.deepEqual([proposal.proposal_status, proposal.media_buy_id, terms.source_feed_version, terms.purchase_order_ref], ['accepted', payload.media_buy_id, feed_version, 'PO 7']);
  assert.deepEqual(terms.total_budget, { amount: 3000, currency: 'USD' });
  const [bought] = terms.purchases;
  assert.deepEqual([bought.budget, bought.pricing.fixed_price, bought.pacing, bought.targeting_overlay, bought.start_time], [3000, 12.5, 'asap', { geo_countries: ['US'] }, flight.start_time]);
  const listed = (await ask('get_media_buys', { account, media_buy_ids: [payload.media_buy_id] })).payload.media_buys[0];
  assert.deepEqual([listed.name, listed.total_budget, listed.packages[0].package_id], ['Spring', 3000, payload.purchase_bindings[0].package_id]);
});

test('the whole budget is that of an only purchase', async () => {
  const { budget, ...unpriced } = offer;
  const { payload } = await buy({ purchases: [unpriced], total_budget: { amount: 4000, currency: 'USD' } }, auto);
  assert.equal(payload.accepted_proposal.commercial_terms.purchases[0].budget, 4000);
  assert.deepEqual(refusal(await buy({ purchases: [unpriced, offer], total_budget: { amount: 4000, currency: 'USD' } })), ['INVALID_REQUEST', 'purchases[0].budget']);
});

test('what is refused is named as the caller wrote it', async () => {
  const with_ = (more) => ({ purchases: [{ ...offer, ...more }] });
  const pricing = { pricing_option_id: 'price-001', pricing_model: 'cpm', currency: 'USD', fixed_price: 12.5 };
  assert.deepEqual(refusal(await buy({ feed_version: 'w1-0' })), ['CONFLICT', 'feed_version']);
  assert.deepEqual(refusal(await buy({ pricing_version: 'w1-0' })), ['CONFLICT', 'pricing_version']);
  assert.deepEqual(refusal(await buy(with_({ pricing: { ...pricing, fixed_price: 11 } }))), ['INVALID_PRICING_OPTION', 'purchases[0].pricing.fixed_price']);
  assert.equal(refusal(await buy(with_({ pricing }))), 'ok');
  assert.deepEqual(refusal(await buy(with_({ pricing_option_id: 'none' }))), ['INVALID_PRICING_OPTION', 'purchases[0].pricing_option_id']);
  assert.deepEqual(refusal(await buy(with_({ bidding: { max_bid: 5 } }))), ['UNSUPPORTED_FEATURE', 'purchases[0].bidding.max_bid']);
  assert.deepEqual(refusal(await buy(with_({ catalog_ids: ['c'] }))), ['UNSUPPORTED_FEATURE', 'purchases[0].catalog_ids']);
  assert.deepEqual(refusal(await buy({ daily_budget_cap: 5 })), ['UNSUPPORTED_FEATURE', 'daily_budget_cap']);
  assert.equal(refusal(await buy({ packages: [] }))[0], 'INVALID_REQUEST');
});

test('a purchase that a person decides ends as the synchronous answer would have', async (t) => {
  const receiver = await Receiver.start({ agent: () => agent });
  t.after(() => receiver.close());
  const waits = await buy({ push_notification_config: { url: `${receiver.base}/done` } });
  assert.deepEqual(Object.keys(waits.payload).sort(), ['message', 'status', 'task_id']);
  const { task_id } = waits.payload;
  assert.equal((await agent.cli('task', 'approve', task_id)).code, 0);
  const { payload } = await ask('get_task_status', { task_id, include_result: true });
  assert.deepEqual([payload.task_type, payload.status], ['buy_products', 'completed']);
  if (source('3.2')) assert.equal(judge('3.2', { tool: 'buy_products', reply: payload.result, isError: false }) ?? null, null, JSON.stringify(payload.result));
  assert.equal(payload.result.accepted_proposal.terms_digest, digest(payload.result.accepted_proposal.commercial_terms));
  const [told] = await receiver.arrivals('/done', 1);
  assert.deepEqual([told.body.task_type, told.body.result.media_buy_id], ['buy_products', payload.result.media_buy_id]);
  assert.equal((await ask('get_task_status', { task_id }, {}, '3.1')).payload.task_type, 'create_media_buy');
  const of = async (type) => (await ask('list_tasks', { filters: { task_types: [type] } })).payload.tasks.map((t) => t.task_id);
  assert.ok((await of('buy_products')).includes(task_id));
  assert.ok(!(await of('create_media_buy')).includes(task_id));
});

test('controls need the revision that was read, change one dimension of targeting at a time, and each package once', async () => {
  const made = (await buy({}, auto)).payload;
  const { package_id } = made.purchase_bindings[0];
  const overlay = async () => (await ask('get_media_buys', { account, media_buy_ids: [made.media_buy_id] })).payload.media_buys[0].packages[0].targeting_overlay;
  let { payload } = await control(made.media_buy_id, { revision: made.revision, paused: true, packages: [{ package_id, targeting_overlay: { geo_countries: ['US'], language: ['en'] } }] });
  assert.deepEqual([payload.affected_package_ids, payload.revision], [[package_id], made.revision + 1]);
  ({ payload } = await control(made.media_buy_id, { revision: payload.revision, packages: [{ package_id, targeting_overlay: { language: null } }] }));
  assert.deepEqual(await overlay(), { geo_countries: ['US'] });
  ({ payload } = await control(made.media_buy_id, { revision: payload.revision, packages: [{ package_id, budget: 3500 }] }));
  assert.deepEqual(refusal(await control(made.media_buy_id, { revision: 1, paused: false })), ['CONFLICT', 'revision']);
  assert.deepEqual(refusal(await control(made.media_buy_id, { revision: payload.revision, packages: [{ package_id, budget: 3600 }, { package_id, paused: true }] })), ['INVALID_REQUEST', 'packages[1].package_id']);
  assert.equal(refusal(await control(made.media_buy_id, { revision: payload.revision, canceled: true, paused: true }))[0], 'INVALID_REQUEST');
  assert.deepEqual(refusal(await control(made.media_buy_id, { revision: payload.revision, paused: true }, { ...auto, token: 'lab-token' })), ['MEDIA_BUY_NOT_FOUND', 'media_buy_id']);
  ({ payload } = await control(made.media_buy_id, { revision: payload.revision, canceled: true, cancellation_reason: 'no need' }));
  assert.deepEqual([payload.media_buy_status, payload.available_actions], ['canceled', []]);
});

test('update_media_buy patches targeting in 3.2 and replaces it before', async () => {
  const made = (await buy({ purchases: [{ ...offer, targeting_overlay: { geo_countries: ['US'], language: ['en'] } }] }, auto)).payload;
  const { package_id } = made.purchase_bindings[0];
  const update = async (line, targeting_overlay) => {
    await ask('update_media_buy', { idempotency_key: fresh(), account, media_buy_id: made.media_buy_id, packages: [{ package_id, targeting_overlay }] }, auto, line);
    return (await ask('get_media_buys', { account, media_buy_ids: [made.media_buy_id] })).payload.media_buys[0].packages[0].targeting_overlay;
  };
  assert.deepEqual(await update('3.2', { language: ['fr'] }), { geo_countries: ['US'], language: ['fr'] });
  assert.deepEqual(await update('3.1', { language: ['en'] }), { language: ['en'] });
});

// ---- proposals ----

const flightOf = { offer_filters: { start_date: '2026-06-01', end_date: '2026-06-30' } };
const request = (more) => ask('request_proposals', { idempotency_key: fresh(), account, brief: 'display for developers', criteria: flightOf, ...more });
const refine = (refinements, options) => ask('refine_proposals', { idempotency_key: fresh(), refinements }, options);
const accept = (proposal, more, options = auto) => ask('accept_proposal', { idempotency_key: fresh(), account, proposal_id: proposal.proposal_id, proposal_terms_digest: proposal.terms_digest, ...more }, options);
const draft = async (more) => (await request(more)).payload.proposals[0];

test('a brief is answered with drafts of whole terms, within its budget and flight', async () => {
  const offers = { ...flightOf.offer_filters, budget_range: { max: 20000, currency: 'USD' } };
  const { payload } = await request({ criteria: { offer_filters: offers } });
  for (const { commercial_terms: terms, ...p } of payload.proposals) {
    assert.deepEqual([p.proposal_status, p.terms_digest], ['draft', digest(terms)]);
    assert.deepEqual([terms.start_time, terms.end_time], ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z']);
    assert.ok(terms.total_budget.amount <= 20000);
    assert.equal(terms.purchases.reduce((sum, x) => sum + x.budget, 0), terms.total_budget.amount);
    for (const x of terms.purchases) assert.ok(payload.products.some((product) => product.product_id === x.product_id));
  }
  const poor = (await request({ criteria: { offer_filters: { ...offers, budget_range: { max: 1, currency: 'USD' } } } })).payload;
  assert.deepEqual([poor.outcome, typeof poor.reason, poor.proposals], ['rejected', 'string', undefined]);
});

test('a revision is another draft; what cannot be had is said, what is not understood is refused', async () => {
  const source = await draft();
  const [one, two, three] = (await refine([
    { proposal_id: source.proposal_id, action: 'revise', constraints: { total_budget: { max: 5000, currency: 'USD' }, flight: { end_no_earlier_than: '2026-07-10T00:00:00Z' } } },
    { proposal_id: source.proposal_id, action: 'revise', constraints: { cpm: { max: 1, currency: 'USD' } }, product_changes: { none: 'include' } },
    { proposal_id: source.proposal_id, action: 'revise', ask: 'something nicer' }])).payload.results;
  const { commercial_terms: terms, parent_proposal_id, terms_digest } = one.proposals[0];
  assert.deepEqual([one.outcome, parent_proposal_id, terms.total_budget.amount, terms.end_time], ['revised', source.proposal_id, 5000, '2026-07-10T00:00:00Z']);
  assert.equal(terms_digest, digest(terms));
  assert.deepEqual([two.outcome, two.unsatisfied_constraints, two.unsatisfied_product_changes], ['partial', ['cpm'], { none: 'include' }]);
  assert.deepEqual([three.outcome, three.reason_code], ['unable', 'uninterpreted']);
  const revise = (more) => refine([{ proposal_id: source.proposal_id, action: 'revise', ...more }]);
  assert.deepEqual(refusal(await revise({ constraints: { total_budget: { min: 9, max: 5, currency: 'USD' } } })), ['VALIDATION_ERROR', 'refinements[0].constraints.total_budget.max']);
  const more = (await revise({ product_changes: { 'prod-ron-display-001': 'include', [offer.product_id]: 'omit' } })).payload.results[0];
  assert.deepEqual([more.outcome, more.proposals[0].commercial_terms.purchases.some((p) => p.product_id === 'prod-ron-display-001')], ['revised', true]);
});

test('alternatives are drafts of the same total in other shares, as many as asked for or a word that there are fewer', async () => {
  const source = await draft();
  const alternatives = async (count, constraints) => (await refine([{ proposal_id: source.proposal_id, action: 'revise', alternatives: { count }, ...(constraints ? { constraints } : {}) }])).payload.results[0];
  const three = await alternatives(3, { total_budget: { min: 30000, max: 30000, currency: 'USD' } });
  assert.deepEqual([three.outcome, three.proposals.length], ['revised', 3]);
  assert.equal(new Set(three.proposals.map((p) => p.terms_digest)).size, 3);
  for (const { commercial_terms: terms, terms_digest, parent_proposal_id } of three.proposals) {
    assert.deepEqual([terms.total_budget.amount, parent_proposal_id, terms_digest], [30000, source.proposal_id, digest(terms)]);
    assert.equal(terms.purchases.reduce((cents, x) => cents + Math.round(x.budget * 100), 0), 3000000);
    for (const x of terms.purchases) assert.ok(x.budget >= x.pricing.min_spend_per_package);
  }
  const firm = (await refine([{ proposal_id: three.proposals[2].proposal_id, action: 'finalize' }])).payload.results[0].proposal;
  assert.equal((await accept(firm)).kind, 'ok');
  const many = await alternatives(10, { total_budget: { min: 4000, max: 4000, currency: 'USD' } });
  assert.deepEqual([many.outcome, many.reason_code, many.proposals.length < 10], ['partial', 'alternatives_unavailable', true], JSON.stringify(many));
  const dimensions = (await ask('get_adcp_capabilities', {})).payload.media_buy.proposal_refinement.supported_dimensions;
  assert.ok(dimensions.includes('alternatives') && !dimensions.includes('criteria'));
});

test('a finalized proposal keeps its terms; accepting it takes id and digest, once, by its buyer', async () => {
  const source = await draft();
  const firm = (await refine([{ proposal_id: source.proposal_id, action: 'finalize' }])).payload.results[0].proposal;
  assert.deepEqual([firm.proposal_status, firm.terms_digest, firm.parent_proposal_id], ['committed', source.terms_digest, source.proposal_id]);
  const again = (await refine([{ proposal_id: source.proposal_id, action: 'finalize' }])).payload.results[0].proposal;
  assert.deepEqual(again, firm);
  assert.deepEqual(refusal(await accept(source)), ['PROPOSAL_NOT_COMMITTED', 'proposal_id']);
  assert.deepEqual(refusal(await accept(firm, { proposal_terms_digest: `sha256:${'A'.repeat(43)}` })), ['CONFLICT', 'proposal_terms_digest']);
  assert.deepEqual(refusal(await accept(firm, { total_budget: { amount: 1, currency: 'USD' } })), ['INVALID_REQUEST', 'total_budget']);
  assert.deepEqual(refusal(await accept(firm, {}, { ...auto, token: 'lab-token' })), ['PROPOSAL_NOT_FOUND', 'proposal_id']);
  const { payload } = await accept(firm, { name: 'June' });
  assert.deepEqual([payload.name, payload.accepted_proposal.proposal_id, payload.accepted_proposal.terms_digest], ['June', firm.proposal_id, firm.terms_digest]);
  assert.equal(payload.purchase_bindings.length, firm.commercial_terms.purchases.length);
  const { packages } = (await ask('get_media_buys', { account, media_buy_ids: [payload.media_buy_id] })).payload.media_buys[0];
  assert.deepEqual(packages.map((p) => p.budget), firm.commercial_terms.purchases.map((p) => p.budget));
  assert.deepEqual(refusal(await accept(firm)), ['CONFLICT', 'proposal_id']);
});

test('what is declined is gone, twice as well as once; what was bought is not', async () => {
  const [kept, gone] = [await draft(), await draft()];
  const decline = async (...ids) => (await ask('decline_proposals', { idempotency_key: fresh(), declines: ids.map((proposal_id) => ({ proposal_id, reason: 'price' })) })).payload.results.map((r) => r.outcome);
  const firm = (await refine([{ proposal_id: kept.proposal_id, action: 'finalize' }])).payload.results[0].proposal;
  await accept(firm);
  assert.deepEqual(await decline(gone.proposal_id, firm.proposal_id, 'none'), ['declined', 'unable', 'unable']);
  assert.deepEqual(await decline(gone.proposal_id), ['declined']);
  assert.deepEqual(refusal(await refine([{ proposal_id: gone.proposal_id, action: 'finalize' }])), ['PROPOSAL_NOT_FOUND', 'refinements[0].proposal_id']);
});

test('a rule has a person make proposals firm', async () => {
  assert.equal((await agent.cli('rule', 'add', '--name', 'Firm', '--operations', 'proposal', '--then', 'person')).code, 0);
  const source = await draft();
  const { payload } = await refine([{ proposal_id: source.proposal_id, action: 'finalize' }]);
  assert.equal(payload.status, 'submitted');
  assert.equal((await agent.cli('task', 'approve', payload.task_id)).code, 0);
  const done = (await ask('get_task_status', { task_id: payload.task_id, include_result: true })).payload;
  assert.deepEqual([done.task_type, done.result.results[0].proposal.terms_digest], ['refine_proposals', source.terms_digest]);
  if (source_3_2) assert.equal(judge('3.2', { tool: 'refine_proposals', reply: done.result, isError: false }) ?? null, null, JSON.stringify(done.result));
  assert.equal((await accept(done.result.results[0].proposal)).kind, 'ok');
});

// ---- a total that is shared out ----

test('a total budget alone is shared out over the packages that run, all or none', async () => {
  const other = { product_id: 'prod-ron-display-001', pricing_option_id: 'price-004', budget: 1500 };
  const made = (await buy({ purchases: [offer, other] }, auto)).payload;
  const read = async () => (await ask('get_media_buys', { account, media_buy_ids: [made.media_buy_id] })).payload.media_buys[0];
  const budgets = async () => (await read()).packages.map((p) => p.budget);
  let { payload } = await control(made.media_buy_id, { revision: made.revision, total_budget: { amount: 9000.01, currency: 'USD' } });
  assert.deepEqual([payload.affected_package_ids.length, await budgets()], [2, [6000.01, 3000]], JSON.stringify(payload));
  const refused = async (amount, currency = 'USD') => refusal(await control(made.media_buy_id, { revision: payload.revision, total_budget: { amount, currency } }));
  assert.deepEqual(await refused(600), ['BUDGET_TOO_LOW', 'total_budget.amount']); // the second one's price has a least spend of 500
  assert.deepEqual(await refused(9000, 'EUR'), ['VALIDATION_ERROR', 'total_budget.currency']);
  assert.deepEqual(await refused(1e9), ['BUDGET_EXCEEDED', 'total_budget.amount']);
  assert.deepEqual(await budgets(), [6000.01, 3000]);
  const unequal = { packages: [{ package_id: made.purchase_bindings[0].package_id, budget: 4000 }], total_budget: { amount: 9000, currency: 'USD' } };
  assert.deepEqual(refusal(await control(made.media_buy_id, { revision: payload.revision, ...unequal })), ['VALIDATION_ERROR', 'total_budget.amount']);
  const gone = { idempotency_key: fresh(), account, media_buy_id: made.media_buy_id, packages: [{ package_id: made.purchase_bindings[1].package_id, canceled: true }] };
  const canceled = (await ask('update_media_buy', gone, auto)).payload;
  const updated = await ask('update_media_buy', { idempotency_key: fresh(), account, media_buy_id: made.media_buy_id, total_budget: { amount: 8000, currency: 'USD' } }, auto);
  assert.equal(updated.kind, 'ok', JSON.stringify(updated.payload));
  assert.deepEqual([canceled.status, await budgets(), (await read()).total_budget], ['completed', [5000, 3000], 8000]); // what a canceled package has stays its own
});

test('a shared out total that a person decides is what the buyer asked for', async () => {
  const made = (await buy({}, auto)).payload;
  assert.equal((await agent.cli('rule', 'add', '--name', 'More', '--operations', 'update_media_buy', '--then', 'person')).code, 0);
  const waits = (await control(made.media_buy_id, { revision: made.revision, total_budget: { amount: 3300, currency: 'USD' } }, {})).payload;
  const { rules } = JSON.parse((await agent.cli('rule', 'list', '--json')).stdout);
  assert.equal((await agent.cli('rule', 'remove', rules.find((r) => r.rule.name === 'More').rule_id)).code, 0);
  assert.equal(waits.status, 'submitted', JSON.stringify(waits));
  assert.equal((await agent.cli('task', 'approve', waits.task_id)).code, 0);
  const now = (await ask('get_media_buys', { account, media_buy_ids: [made.media_buy_id] })).payload.media_buys[0];
  assert.deepEqual([now.total_budget, now.packages[0].budget], [3300, 3300]);
});

// ---- what was agreed, read again ----

test('a media buy shows its accepted proposal in 3.2, and only what these tasks bought has one', async () => {
  const made = (await buy({}, auto)).payload;
  const read = async (id, line) => (await ask('get_media_buys', { account, media_buy_ids: [id] }, {}, line)).payload.media_buys[0];
  const shown = await read(made.media_buy_id);
  assert.deepEqual(shown.accepted_proposal, made.accepted_proposal);
  assert.deepEqual([shown.accepted_proposal_id, shown.accepted_proposal_terms_digest], [made.accepted_proposal.proposal_id, digest(made.accepted_proposal.commercial_terms)]);
  for (const line of ['3.1', '3.0']) assert.equal(Object.keys(await read(made.media_buy_id, line)).some((k) => k.startsWith('accepted')), false, line);
  const plain = (await ask('create_media_buy', { idempotency_key: fresh(), account, brand: account.brand, ...flight, packages: [offer] }, auto)).payload;
  assert.equal((await read(plain.media_buy_id)).accepted_proposal, undefined);
});

// ---- which days can I run ----

test('a horizon is parted into windows that can be booked and windows that cannot', async () => {
  const id = 'prod-tech-display-001', real = { brand: { domain: 'horizon.example' }, operator: 'horizon.example' }; // a sandbox books nothing
  await ask('sync_accounts', { idempotency_key: fresh(), accounts: [{ ...real, billing: 'operator' }] });
  const horizon = { start_time: '2027-02-01T00:00:00Z', end_time: '2027-03-01T12:00:00Z' };
  const windows = async (h = horizon, more = {}) => {
    const { payload } = await ask('list_products', { account, criteria: { product_ids: [id], offer_filters: { availability_horizon: h } }, ...more });
    return { payload, points: payload.products?.[0].forecast?.points };
  };
  const parts = (points, h = horizon) => {
    const times = points.map((p) => p.dimensions[0]);
    assert.deepEqual([times[0].start_time, times.at(-1).end_time].map(Date.parse), [h.start_time, h.end_time].map(Date.parse));
    for (let i = 1; i < times.length; i++) assert.equal(times[i].start_time, times[i - 1].end_time);
    return points.map((p) => [p.dimensions[0].start_time.slice(0, 10), p.availability_status, p.metrics.impressions?.mid]);
  };
  const before = parts((await windows()).points);
  assert.deepEqual(before.map((w) => w[1]), ['available']);
  const daily = before[0][2] / 29;
  assert.ok(Number.isInteger(daily) && daily > 0);
  // Ten days are sold out by one buyer, whole; five behind them to a half.
  const rate = 12.5, sold = (days, share) => Math.floor(daily * days * share * rate / 1000 * 100) / 100;
  const take = async (start_time, end_time, days, share) => {
    const made = await buy({ account: real, start_time, end_time, purchases: [{ ...offer, budget: sold(days, share) }] }, auto);
    assert.equal(made.kind, 'ok', JSON.stringify(made.payload));
    return made.payload;
  };
  const whole = await take('2027-02-05T00:00:00Z', '2027-02-15T00:00:00Z', 10, 1);
  await take('2027-02-15T00:00:00Z', '2027-02-20T00:00:00Z', 5, 0.5);
  const after = parts((await windows()).points);
  assert.deepEqual(after.map((w) => w.slice(0, 2)), [['2027-02-01', 'available'], ['2027-02-05', 'unavailable'], ['2027-02-15', 'available'], ['2027-02-20', 'available']]);
  assert.deepEqual([after[0][2], after[2][2], after[3][2]], [4 * daily, Math.ceil(2.5 * daily), 10 * daily]);
  // What is said to be open can be bought, what is not cannot.
  const least = { ...offer, budget: 1000 };
  assert.deepEqual(refusal(await buy({ account: real, start_time: '2027-02-06T00:00:00Z', end_time: '2027-02-12T00:00:00Z', purchases: [least] }, auto)), ['PRODUCT_UNAVAILABLE', 'purchases[0].budget']);
  const fits = await buy({ account: real, start_time: '2027-02-15T00:00:00Z', end_time: '2027-02-20T00:00:00Z', purchases: [{ ...least, budget: sold(5, 0.5) }] }, auto);
  assert.equal(fits.kind, 'ok', JSON.stringify(fits.payload));
  await control(whole.media_buy_id, { account: real, revision: whole.revision, canceled: true });
  assert.deepEqual(parts((await windows()).points).map((w) => w.slice(0, 2)), [['2027-02-01', 'available'], ['2027-02-15', 'unavailable'], ['2027-02-20', 'available']]);
  // The past is not for sale; who is not known is told so; beyond two years nobody looks.
  const past = { start_time: '2026-03-01T00:00:00Z', end_time: '2026-03-20T00:00:00Z' };
  assert.deepEqual(parts((await windows(past)).points, past).map((w) => w.slice(0, 2)), [['2026-03-01', 'unavailable'], ['2026-03-09', 'available']]);
  const far = await windows({ ...horizon, end_time: '2032-01-01T00:00:00Z' });
  assert.deepEqual([far.payload.incomplete[0].scope, far.points.at(-1).dimensions[0].end_time.slice(0, 10)], ['forecast', '2029-02-01']);
  const nobody = (await ask('list_products', { criteria: { offer_filters: { availability_horizon: horizon } } }, { token: null })).payload;
  assert.deepEqual([nobody.incomplete[0].scope, nobody.products.some((p) => p.forecast)], ['forecast', false]);
  // Forecasts change without the feed.
  assert.equal((await windows(horizon, { if_feed_version: feed_version })).payload.outcome, 'listed');
  const list = async (filters) => refusal(await ask('list_products', { criteria: { offer_filters: filters } }));
  assert.deepEqual(await list({ availability_horizon: { start_time: horizon.end_time, end_time: horizon.start_time } }), ['INVALID_REQUEST', 'criteria.offer_filters.availability_horizon.end_time']);
  assert.equal((await list({ availability_horizon: horizon, start_date: '2027-02-01' }))[0], 'INVALID_REQUEST');
});

test('a brief for any time of a horizon is answered with a plan inside it', async () => {
  const horizon = { start_time: '2027-06-01T00:00:00Z', end_time: '2027-06-15T00:00:00Z' };
  const { payload } = await request({ criteria: { offer_filters: { availability_horizon: horizon } } });
  const [{ commercial_terms }] = payload.proposals;
  assert.deepEqual([commercial_terms.start_time, commercial_terms.end_time], [horizon.start_time, horizon.end_time]);
  assert.ok(payload.products.every((p) => p.forecast.points.every((x) => x.availability_status)));
  const over = { start_time: '2026-01-01T00:00:00Z', end_time: '2026-03-01T00:00:00Z' };
  assert.deepEqual(refusal(await request({ criteria: { offer_filters: { availability_horizon: over } } })), ['INVALID_REQUEST', 'criteria.offer_filters.availability_horizon.end_time']);
  const { media_buy } = (await ask('get_adcp_capabilities', {})).payload;
  assert.equal(media_buy.availability_horizon, true);
});

test('older lines do not have these tasks; who pins nothing is served the first that has', async () => {
  assert.equal(refusal(await ask('list_products', {}, {}, null)), 'ok');
  for (const line of ['3.1', '3.0']) {
    const { kind, payload } = await doors.mcp(agent, 'list_products', { adcp_version: line });
    assert.deepEqual([kind, payload.adcp_error.code, payload.adcp_error.details.supported_versions], ['failed', 'VERSION_UNSUPPORTED', ['3.2']]);
    assert.equal((await ask('get_adcp_capabilities', {}, {}, line)).payload.media_buy.lifecycle_tools, undefined);
  }
  const { media_buy } = (await ask('get_adcp_capabilities', {})).payload;
  const tools = (await agent.post('/mcp?schemas=full', { jsonrpc: '2.0', id: 1, method: 'tools/list' })).body.result.tools.map((t) => t.name);
  assert.deepEqual(media_buy.lifecycle_tools.filter((t) => !tools.includes(t)), []);
});
