// Google Ad Manager where a product needs its SOAP API: templates, video files, and forecasts before a booking. The fake judges bodies by
// the published schemas, and asks xmllint as well where these are present.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { vendors } from '../lib/vendors.mjs';
import { FLIGHT, Scenario } from '../kit/scenario.mjs';
import { scenarioKit, DIFFERING } from '../kit/kit.mjs';
import { Stage, account } from '../kit/stage.mjs';
import { gam, gamSoap } from './gam.mjs';

const only = new RegExp(process.env.KIT_TITLES ?? '');
const SOAP = process.env.TESTS_LONG ? DIFFERING : /^(SIGKILL after every effect|an answer that is lost|a token that has expired)/;

if (!vendors) console.log('# the vendor\'s schemas are not present: SOAP bodies are judged by the fake\'s own tables only');

scenarioKit(gamSoap, { only: process.env.KIT_TITLES ? only : SOAP });

const staged = (title, run, shape = () => undefined) =>
  only.test(title) &&
  test(`gam over SOAP: ${title}`, { timeout: 600_000 }, async () => {
    const publisher = (doc, credentials) => {
      const shaped = gam.publisher(doc, credentials);
      shape(shaped);
      return shaped;
    };
    const stage = await Stage.start({ ...gam, publisher });
    try {
      await run(stage, new Scenario(stage));
    } finally {
      await stage.close();
    }
  });

staged('a booking without inventory is for a person, and nothing was made', async (stage) => {
  await stage.fake.set({ daily_traffic: 0 });
  const said = stage.call('create_media_buy', {
    idempotency_key: stage.key(),
    account,
    brand: account.brand,
    start_time: FLIGHT.start,
    end_time: FLIGHT.end,
    packages: [{ product_id: 'kit-one', pricing_option_id: 'cpm', budget: 1500, targeting_overlay: { geo_countries: ['US'] } }],
  });
  assert.ok((await said).status);
  const task = await stage.until('a person to be asked', async () => (await stage.tasks()).find((t) => t.state === 'pending'));
  assert.match(JSON.stringify(task), /foresees no inventory/);
  assert.deepEqual((await stage.summary()).orders, []);
});

staged('what Ad Manager foresees is shown to whoever decides', async (stage) => {
  await stage.call('create_media_buy', {
    idempotency_key: stage.key(),
    account,
    brand: account.brand,
    start_time: FLIGHT.start,
    end_time: FLIGHT.end,
    packages: [{ product_id: 'kit-one', pricing_option_id: 'cpm', budget: 1500, targeting_overlay: { geo_countries: ['US'] } }],
  });
  const foreseen = await stage.until('the forecast', async () => {
    const [task] = (await stage.tasks()).filter((t) => t.state === 'pending');
    return JSON.parse((await stage.agent.cli('task', 'show', task.task_id, '--json')).stdout).task.plan?.foreseen;
  });
  assert.deepEqual(foreseen.map(({ matched, available }) => [matched, available]), [[6_000_000, 6_000_000]]); // a quarter of 800,000 a day on eight ad units
  assert.deepEqual((await stage.summary()).orders, []);
}, (doc) => Object.assign(doc.tenant, { workflow_required: true }));

staged('a forecast that is not there yet is waited for', async (stage, s) => {
  await stage.fake.fault({ on: 'ForecastService.getAvailabilityForecast', do: 'refuse', reason: 'ForecastError.NO_FORECAST_YET', times: 3 });
  s.adapter = { ...gam, patience: { step_s: 1800, most_s: 86400 } };
  await s.book();
  assert.deepEqual((await stage.tasks()).filter((t) => t.kind === 'ad_server' && t.state === 'pending'), []);
  await stage.fake.assertFaultsUsed();
});
