// Triton Digital: the adapter over the fake that keeps to docs/triton-assumptions.json, with the real agent. Audio, and days of the
// account instead of moments.
import { DIFFERING, scenarioKit } from '../kit/kit.mjs';

const spot = {
  format_id: { id: 'audio-spot' },
  name: 'Spot',
  description: 'An audio spot of up to 30 seconds.',
  assets: [{ item_type: 'individual', asset_id: 'spot', asset_type: 'audio', required: true, requirements: { max_duration_ms: 30000 } }],
  ext: { salesagent: { channel: 'audio' } },
};

const dayBefore = (time) => new Date(Date.parse(time) - 1).toISOString().slice(0, 10);

// Where a rule names countries: [{or: [{field: 'country', in: [...]}]}].
const countries = ({ targeting: { targetingRules: rule } }) =>
  (rule.and ?? []).flatMap((part) => (part.or ?? []).filter((leaf) => leaf.field === 'country').flatMap((leaf) => leaf.in));

scenarioKit({
  name: 'triton',
  fake: 'triton',
  fakeSettings: { time_zone: 'UTC' },
  bytes: true,
  publisher: (doc, { username, password, url }) => {
    doc.tenant.adapter = 'triton';
    doc.tenant.adapter_settings = { username, password, api_url: url, time_zone: 'UTC', create_advertisers: true, calls_per_second: 100 };
    doc.formats.push(spot);
    for (const [i, p] of doc.products.entries()) {
      p.channels = ['streaming_audio'];
      p.format_ids = [{ id: 'audio-spot' }];
      p.ext = { ...p.ext, salesagent: { ...p.ext?.salesagent, ad_server: i ? { genres: ['g-2'] } : { stations: ['st-1', 'st-2'] } } };
      p.reporting_capabilities = { ...p.reporting_capabilities, timezone: 'UTC' };
    }
    return doc;
  },
  creative: (stage, id) => {
    const { url, sha256 } = stage.file(`${id}.mp3`, Buffer.concat([Buffer.from('ID3'), Buffer.from(id.repeat(300))]), 'audio/mpeg');
    return {
      sha256,
      made: {
        creative_id: id,
        name: `Spot ${id}`,
        format_id: { agent_url: stage.agent.base, id: 'audio-spot' },
        assets: { spot: { asset_type: 'audio', url, duration_ms: 29500 } },
      },
    };
  },
  expect: {
    countries,
    clicks: false,
    day: (time) => (time === '2026-04-01T00:00:00Z' ? '2026-04-01' : dayBefore(time)),
  },
  operations: {
    order: 'campaign_create', line: 'flight_create', report: 'report_create',
    effects: ['campaign_create', 'flight_create', 'creative_create', 'creative_upload', 'flight_update', 'campaign_update'],
  },
  disturb: {
    pause: (fake, s) => fake.act({ do: 'pause', line_item: s.packages[0], in_s: 36 * 86400 }),
    rename: (fake) => fake.act({ do: 'rename', order: '*', name: 'Mine' }),
  },
}, { only: process.env.KIT_TITLES ? new RegExp(process.env.KIT_TITLES) : DIFFERING });
