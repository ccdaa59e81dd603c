// Triton Digital: the adapter over the fake that keeps to docs/triton-assumptions.json, with the real agent. Audio, and days of the
// account instead of moments.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, cli } from '../../integration/lib/agent.mjs';
import { DIFFERING, scenarioKit } from '../kit/kit.mjs';
import { FLIGHT } from '../kit/scenario.mjs';
import { startFake } from '../lib/fake.mjs';

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

// What init makes can be sold at once: its product runs on all stations, whichever these are.
test('triton: the first product of init is bought and booked on every station', { timeout: 120_000 }, async (t) => {
  if (process.env.KIT_TITLES) return;
  const clock = '2026-03-01T00:00:00Z', dir = mkdtempSync(path.join(tmpdir(), 'salesagent-triton-')), data = path.join(dir, 'data'), settings = path.join(dir, 'triton.json');
  const fake = await startFake('triton', { clock, settings: { time_zone: 'America/Toronto' } });
  t.after(() => fake.close());
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const { username, password, url } = await fake.credentials();
  writeFileSync(settings, JSON.stringify({ username, password, api_url: url, time_zone: 'America/Toronto', create_advertisers: true }));
  const made = await cli('init', '--name', 'Radio', '--domain', 'radio.example', '--ad-server', 'triton', '--ad-server-settings', settings, '--station', 'all', '--timezone', 'America/Toronto', '--cpm', '8', '--json', '--data', data);
  assert.equal(made.code, 0, made.stderr);
  const token = JSON.parse(made.stdout).buyer_token, agent = await Agent.start({ data, args: ['--clock', clock] });
  try {
    const call = async (tool, args) => {
      const { body } = await agent.call(tool, { adcp_version: '3.1', ...args }, { token });
      assert.ok(body.result && !body.result.isError, JSON.stringify(body));
      return body.result.structuredContent;
    };
    const { products: [product] } = await call('get_products', { buying_mode: 'brief', brief: 'audio' });
    assert.deepEqual([product.product_id, product.pricing_options[0].fixed_price, product.reporting_capabilities.timezone], ['run-of-station-audio', 8, 'America/Toronto']);
    const account = { brand: { domain: 'acme.example' }, operator: 'acme.example' };
    await call('create_media_buy', { idempotency_key: 'triton-first-product-0001', account, brand: account.brand, start_time: FLIGHT.start, end_time: FLIGHT.end,
      packages: [{ product_id: product.product_id, pricing_option_id: 'cpm', budget: 800 }] });
    const { tasks: [task] } = JSON.parse((await agent.cli('task', 'list', '--json')).stdout);
    assert.equal((await agent.cli('task', 'approve', task.task_id)).code, 0);
    let line;
    for (let i = 0; i < 300 && !line; i++) {
      line = (await fake.summary()).orders[0]?.lines[0];
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(line?.targeting.stationIds.length, 60, agent.stderr.slice(-2000));
    assert.equal(line.goal.units, 100_000);
  } finally {
    await agent.stop();
  }
});
