// Which storyboards of the SDK's cache are run, and the SDK's runner behind a small face.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const require = createRequire(import.meta.url);
// The runner is not among the package's exports; its folder is found through what is.
const lib = path.dirname(require.resolve('@adcp/sdk'));
const sdk = path.resolve(lib, '../..');
const compliance = require(path.join(lib, 'testing/storyboard/compliance.js'));
const { runStoryboard } = require(path.join(lib, 'testing/storyboard/runner.js'));
require(path.join(lib, 'testing/storyboard/default-invariants.js')); // registers what storyboards assert across steps
const yaml = createRequire(path.join(sdk, 'package.json'))('yaml');

export const sdkDir = sdk;
export const cacheDir = path.join(sdk, 'compliance/cache', readFileSync(path.join(sdk, 'ADCP_VERSION'), 'utf8').trim());
export const mutatingTasks = require(path.join(lib, 'utils/idempotency.js')).MUTATING_TASKS;

const protocols = ['media-buy', 'creative', 'signals'];
const specialisms = ['sales-guaranteed', 'sales-non-guaranteed', 'sales-proposal-mode', 'sales-catalog-driven',
  'sales-broadcast-tv', 'sales-social', 'audience-sync', 'governance-aware-seller', 'property-lists',
  'collection-lists', 'content-standards', 'signal-owned', 'creative-ad-server', 'creative-template'];

// Steps that one run of a storyboard cannot reach are reached by another run of it, which this table adds: without the
// phases that are for agents of another kind, after which the runner skips everything, or at a publisher with another
// policy. `publisher` is one of stage.mjs; `only` are the vectors asked for.
const again = {
  deterministic_testing: [{ why: 'run again without deterministic_session, which is for agents that hold conversations',
    without: 'deterministic_session' }],
  signed_requests: [
    { why: 'run again at a publisher that demands a content-digest', publisher: 'digest-required', only: ['007-missing-content-digest'] },
    { why: 'run again at a publisher that forbids a content-digest', publisher: 'digest-forbidden', only: ['018-digest-covered-when-forbidden'] },
    { why: 'run again, alone: it leaves the key at its cap of signatures', publisher: 'template', only: ['020-rate-abuse'] },
  ],
};

function wanted(bundle) {
  if (bundle.kind === 'universal') return true;
  return (bundle.kind === 'protocol' ? protocols : specialisms).includes(bundle.id);
}

// Storyboards that no agent can pass twice in a row for one buyer; their second run is another buyer's, on the same data.
const counts = 'expects the lists it makes to be the only ones';
const fixedKey = 'buys under a fixed idempotency_key, changes what it bought, and expects the replay to be unchanged';
export const secondBuyer = {
  pagination_integrity_collection_lists: counts,
  pagination_integrity_content_standards: counts,
  pagination_integrity_property_lists: counts,
  'media_buy_seller/invalid_transitions': fixedKey,
  'media_buy_seller/inventory_list_targeting': fixedKey,
};

// [{ group, storyboard, kit, why?, publisher?, only? }] in the cache's order; a storyboard appears once, and once more
// for each row of `again`.
export function storyboards() {
  const seen = new Set();
  const list = [];
  for (const bundle of compliance.listBundles().filter(wanted)) {
    for (const storyboard of compliance.loadBundleStoryboards(bundle)) {
      if (seen.has(storyboard.id)) continue;
      seen.add(storyboard.id);
      const group = bundle.kind === 'universal' ? 'universal' : `${bundle.kind} ${bundle.id}`;
      const item = { group, storyboard, kit: kitOf(storyboard) };
      list.push(item);
      for (const { without, ...rest } of again[storyboard.id] ?? []) {
        list.push({ ...item, ...rest, storyboard: { ...storyboard, phases: storyboard.phases.filter((p) => p.id !== without) } });
      }
    }
  }
  return list;
}

// A runner's contract named as the kit has no brand; the default kit then stands in, as in the SDK's own command.
function kitOf(storyboard) {
  const load = (file) => yaml.parse(readFileSync(path.join(cacheDir, file), 'utf8'));
  const own = storyboard.prerequisites?.test_kit ? load(storyboard.prerequisites.test_kit) : {};
  const base = own.brand ? own : load('test-kits/acme-outdoor.yaml');
  const auth = base.auth ?? load('test-kits/acme-outdoor.yaml').auth;
  return { ...base, auth, kit: own };
}

// The keys the agent publishes, as a receiver of webhooks finds them.
function published(url) {
  return {
    async resolve(kid) {
      const { keys } = await (await fetch(new URL('/.well-known/jwks.json', url))).json();
      return keys.find((k) => k.kid === kid) ?? null;
    },
  };
}

// The buyer's plans go to the governance agent, whatever else the seller has to do with governance.
function routed(storyboard) {
  const at = (step) => ({ ...step, agent: ['sync_plans', 'check_governance'].includes(step.task) ? 'governance' : 'seller' });
  return { ...storyboard, phases: storyboard.phases.map((p) => ({ ...p, steps: p.steps.map(at) })) };
}

// Two vectors ask for another policy on digests and one leaves its key at its cap for as long as signatures live: `again`
// has them. 025 the runner puts to the SDK's own verifier, and then misreads its answer (no HTTP status):
// forged_key.mjs puts it to the agent.
const notHere = ['007-missing-content-digest', '018-digest-covered-when-forbidden', '025-jwk-alg-crv-mismatch', '020-rate-abuse'];

export async function run(url, { storyboard, kit, only }, { token, governance, protocol = 'mcp' }) {
  const options = {
    protocol,
    allow_http: true,
    auth: { type: 'bearer', token },
    test_kit: kit,
    brand: { domain: kit.brand.house.domain },
    webhook_receiver: { mode: 'loopback_mock' },
    webhook_signing: { jwks: published(url) },
    contracts: ['webhook_receiver_runner'],
    request_signing: { transport: 'raw', skipRateAbuse: false, allowLiveSideEffects: true, rateAbuseCap: 100,
      ...(only ? { onlyVectors: only } : { skipVectors: notHere }) },
    context: governance ? { governance_agent_url: governance } : {},
  };
  if (governance) {
    options.agents = { seller: { url, auth: options.auth }, governance: { url: governance } };
    options.default_agent = 'seller';
    options.skip_controller_seeding = true; // the runner cannot seed one agent of several; publisher.json has the products
  }
  return governance ? runStoryboard('', routed(storyboard), options) : runStoryboard(url, storyboard, options);
}

// Every step of a result in order: { storyboard, phase, step, title, outcome: passed | failed | skipped, reason }.
export function stepsOf(result) {
  const steps = [];
  for (const phase of result.phases) {
    for (const s of phase.steps) {
      const outcome = s.skipped ? 'skipped' : s.passed ? 'passed' : 'failed';
      const broken = s.validations?.filter((v) => !v.passed).map((v) => `${v.check} ${v.path ?? ''} ${v.error ?? v.description}`) ?? [];
      const reason = outcome === 'skipped' ? `${s.skip_reason ?? s.skip?.reason}: ${s.skip?.detail ?? ''}`
        : outcome === 'failed' ? [s.error, ...broken].filter(Boolean).join('; ') : '';
      steps.push({ storyboard: result.storyboard_id, phase: phase.phase_id, step: s.step_id, title: s.title, outcome,
        reason: reason.replace(/\s+/g, ' ').trim(), raw: s });
    }
  }
  return steps;
}
