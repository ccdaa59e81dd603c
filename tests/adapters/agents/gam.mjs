import path from 'node:path';
import { png } from '../fakes/lib/image.mjs';
import { vendors } from '../lib/vendors.mjs';

// What the kit has to know of the adapter for Google Ad Manager; also what the demo of `scripts/run --ad-server gam-fake` runs on.
const countries = { 2840: 'US', 2124: 'CA' };

export const gam = {
  name: 'gam',
  fake: 'gam',
  fakeSettings: { calls_per_s: 0, ...(vendors && { xsd: path.join(vendors, 'gam/soap-v202605') }) }, // SOAP bodies also by xmllint
  bytes: true,
  publisher: (doc, { service_account, network_code, trafficker, rest_url }) => {
    doc.tenant.adapter = 'gam';
    doc.tenant.adapter_settings = {
      network_code,
      service_account,
      trafficker_id: trafficker.split('/').at(-1),
      approval: 'approve',
      api_url: rest_url,
      soap_url: rest_url,
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
    asks: ['ForecastService.getAvailabilityForecast'],
  },
  wait: { set: (fake) => fake.set({ forecast_ready_s: 3 * 86400 }) },
  disturb: {
    pause: (fake, s) => fake.act({ do: 'pause', line_item: s.packages[0], in_s: 36 * 86400 }),
    rename: (fake) => fake.act({ do: 'rename', order: '*', name: 'Mine' }),
  },
};

// The same, where what is sold needs SOAP: a template's creatives in the first package, video files in the second.
const clicks = { click_url: { asset_type: 'url', url: 'https://acme.example/landing' } };
const made = (stage, id, name, format, primary) =>
  ({ creative_id: id, name, format_id: { agent_url: stage.agent.base, id: format }, assets: { primary, ...clicks } });

export const gamSoap = {
  ...gam,
  name: 'gam over SOAP',
  bytes: false,
  publisher: (doc, credentials) => {
    const shaped = gam.publisher(doc, credentials), [article, video] = shaped.products;
    article.ext.salesagent.ad_server.template = { id: '10004520', variables: { Headline: { text: 'Sponsored & <new>' }, Image: 'primary', ClickUrl: 'click_url' } };
    video.ext.salesagent.ad_server.ad_units = ['video'];
    Object.assign(video, { channels: ['olv'], format_ids: [{ id: 'fmt-video-preroll' }] });
    return shaped;
  },
  creative: (stage, id) => {
    if (id === 'kit-cr-2') {
      const file = stage.file(`${id}.mp4`, Buffer.from('not looked at'), 'video/mp4');
      const asset = { asset_type: 'video', url: file.url, width: 1920, height: 1080, duration_ms: 15000, container_format: 'mp4' };
      return { made: made(stage, id, 'Spot', 'fmt-video-preroll', asset), sha256: file.sha256 };
    }
    const file = stage.file(`${id}.png`, png(300, 250, [id.charCodeAt(7), 0, 0]));
    return { made: made(stage, id, `Article ${id}`, 'fmt-display-300x250', { asset_type: 'image', url: file.url, width: 300, height: 250, format: 'png' }), sha256: file.sha256 };
  },
  operations: { ...gam.operations, effects: gam.operations.effects.map((e) => (e === 'CreateCreative' ? 'CreativeService.createCreatives' : e)) },
};
