// The miniature agent's adapter, as the scenario kit sees one: over the GAM fake.
import { miniature } from './miniature.mjs';

const countries = { 2840: 'US', 2124: 'CA' };
export const adapter = {
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
