// The scenario kit is judged before it judges adapters: a miniature agent with a careful adapter passes all of it over the GAM fake,
// and one with bad habits does not.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Stage } from '../kit/stage.mjs';
import { Scenario } from '../kit/scenario.mjs';
import { scenarioKit } from '../kit/kit.mjs';
import { miniature } from './miniature.mjs';

const countries = { 2840: 'US', 2124: 'CA' };
const adapter = {
  name: 'miniature', fake: 'gam', fakeSettings: { calls_per_s: 0, token_s: 1e8 }, bytes: true,
  agent: miniature(),
  publisher: (doc, credentials) => ({ ...doc, tenant: { ...doc.tenant, adapter_settings: { base: credentials.rest_url, credentials } } }),
  expect: { countries: (line) => (line.targeting.geoTargeting?.targetedGeos ?? []).map((g) => countries[g.split('/').at(-1)]) },
  operations: { order: 'BatchCreateOrders', line: 'CreateLineItem', report: 'RunReport',
    effects: ['BatchCreateOrders', 'CreateLineItem', 'BatchApproveOrders', 'CreateCreative', 'BatchCreateLineItemCreativeAssociations',
      'UpdateLineItem', 'BatchPauseLineItems', 'BatchDeleteLineItemCreativeAssociations', 'BatchArchiveOrders'] },
  wait: { set: (fake) => fake.set({ forecast_ready_s: 3 * 86400 }) },
  disturb: {
    pause: (fake, s) => fake.act({ do: 'pause', line_item: s.packages[0], in_s: 36 * 86400 }),
    rename: async (fake) => { await fake.act({ do: 'rename', order: '*', name: 'Mine' }); },
  },
};

// Some of it: the rest differs by the fault alone.
scenarioKit(adapter, { only: /^(two packages|SIGKILL after every effect|an answer that is lost|a refusal of a line|three days|a trafficker's pause)/ });

const fails = (title, habits, why, prepare = () => undefined) => test(`the kit notices ${title}`, { timeout: 600_000 }, async () => {
  const stage = await Stage.start({ ...adapter, agent: miniature(habits), patience: { step_s: 60, most_s: 0 } });
  try {
    await prepare(stage);
    await assert.rejects(new Scenario(stage).run(), why);
  } finally {
    await stage.close();
  }
});

fails('who creates without looking first', { careless: true }, /order tag: \[mb_1\]/, (stage) => stage.fake.fault({ on: 'BatchCreateOrders', do: 'reset', after: true }));
fails('who does not pause', { forgetful: true }, /waited in vain for the ad server to have one line paused/);
