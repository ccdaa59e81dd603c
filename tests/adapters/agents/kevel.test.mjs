// Kevel: the adapter over the strict fake, with the real agent.
import { DIFFERING, scenarioKit } from '../kit/kit.mjs';

scenarioKit({
  name: 'kevel',
  fake: 'kevel',
  bytes: true,
  publisher: (doc, { api_key, url }) => {
    doc.tenant.adapter = 'kevel';
    doc.tenant.adapter_settings = { api_key, api_url: url, priorities: { guaranteed: 21, other: 22 }, create_advertisers: true, calls_per_second: 100 };
    for (const [i, p] of doc.products.entries()) {
      p.ext = { ...p.ext, salesagent: { ...p.ext?.salesagent, ad_server: { sites: [{ site_id: 1000 + i }] } } };
      p.reporting_capabilities = { ...p.reporting_capabilities, timezone: 'UTC' };
    }
    return doc;
  },
  expect: {
    countries: (line) => line.targeting.GeoTargeting.map((g) => g.CountryCode),
    isPackage: (line, id) => line.name.endsWith(`[${id}]`),
  },
  operations: {
    order: 'POST /v1/campaign', line: 'POST /v1/flight', report: 'POST /v1/instantcounts/bulk',
    effects: ['POST /v1/campaign', 'POST /v1/flight', 'POST /v1/creative', 'POST /v1/creative/*/upload', 'POST /v1/flight/*/creative', 'PUT /v1/flight/*',
      'POST /v1/flight/*/geotargeting', 'GET /v1/flight/*/creative/*/delete', 'PUT /v1/campaign/*'],
  },
  disturb: {
    pause: (fake, s) => fake.act({ do: 'pause', line_item: '*', in_s: 36 * 86400 }),
    rename: (fake) => fake.act({ do: 'rename', order: '*', name: 'Mine' }),
  },
}, { only: process.env.KIT_TITLES ? new RegExp(process.env.KIT_TITLES) : DIFFERING });
