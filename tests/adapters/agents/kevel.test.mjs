// Kevel: the adapter over the strict fake, with the real agent.
import { png } from '../fakes/lib/image.mjs';
import { DIFFERING, scenarioKit } from '../kit/kit.mjs';

const kevel = {
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
};

scenarioKit(kevel, { only: process.env.KIT_TITLES ? new RegExp(process.env.KIT_TITLES) : DIFFERING });

// Custom creatives, which are of a template.
scenarioKit({
  ...kevel,
  name: 'kevel templates',
  bytes: false,
  publisher: (doc, credentials) => {
    const shaped = kevel.publisher(doc, credentials);
    for (const p of shaped.products) p.ext.salesagent.ad_server.template = { id: 31, variables: { ctHeadline: { text: 'Sponsored "now"' }, ctImage: 'primary' } };
    return shaped;
  },
  creative: (stage, id) => {
    const file = stage.file(`${id}.png`, png(300, 250, [id.charCodeAt(7), 0, 0]));
    const primary = { asset_type: 'image', url: file.url, width: 300, height: 250, format: 'png' };
    return {
      sha256: file.sha256,
      made: {
        creative_id: id,
        name: `Article ${id}`,
        format_id: { agent_url: stage.agent.base, id: 'fmt-display-300x250' },
        assets: { primary, click_url: { asset_type: 'url', url: 'https://acme.example/landing' } },
      },
    };
  },
  operations: { ...kevel.operations, effects: kevel.operations.effects.filter((e) => !e.endsWith('/upload')) },
}, { only: process.env.KIT_TITLES ? new RegExp(process.env.KIT_TITLES) : process.env.TESTS_LONG ? DIFFERING : /^an answer that is lost/ });
