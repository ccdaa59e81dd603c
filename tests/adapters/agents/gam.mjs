// What the kit has to know of the adapter for Google Ad Manager; also what the demo of `scripts/run --ad-server gam-fake` runs on.
const countries = { 2840: 'US', 2124: 'CA' };

export const gam = {
  name: 'gam',
  fake: 'gam',
  fakeSettings: { calls_per_s: 0 },
  bytes: true,
  publisher: (doc, { service_account, network_code, trafficker, rest_url }) => {
    doc.tenant.adapter = 'gam';
    doc.tenant.adapter_settings = {
      network_code,
      service_account,
      trafficker_id: trafficker.split('/').at(-1),
      approval: 'approve',
      api_url: rest_url,
      calls_per_second: 100,
    };
    for (const [i, p] of doc.products.entries()) {
      p.ext = { ...p.ext, salesagent: { ...p.ext?.salesagent, ad_server: { ad_units: [['tech', 'sport'][i]] } } };
      p.reporting_capabilities = { ...p.reporting_capabilities, timezone: 'America/New_York' };
    }
    return doc;
  },
  expect: { countries: (line) => (line.targeting.geoTargeting?.targetedGeos ?? []).map((g) => countries[g.split('/').at(-1)]) },
  operations: {
    order: 'BatchCreateOrders',
    line: 'CreateLineItem',
    report: 'RunReport',
    effects: [
      'BatchCreateOrders', 'CreateLineItem', 'BatchApproveOrders', 'CreateCreative', 'BatchCreateLineItemCreativeAssociations',
      'UpdateLineItem', 'BatchPauseLineItems', 'BatchDeleteLineItemCreativeAssociations', 'BatchArchiveOrders',
    ],
  },
  wait: { set: (fake) => fake.set({ forecast_ready_s: 3 * 86400 }) },
  disturb: {
    pause: (fake, s) => fake.act({ do: 'pause', line_item: s.packages[0], in_s: 36 * 86400 }),
    rename: (fake) => fake.act({ do: 'rename', order: '*', name: 'Mine' }),
  },
};
