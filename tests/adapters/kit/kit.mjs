// The scenario kit: what every adapter passes. It takes the agent's binary (SALESAGENT), an adapter with its settings, and a fake,
// drives the real agent over its doors and the fake over its own, and registers the tests.
//
//   scenarioKit({
//     name: 'gam',                                for the tests' names
//     fake: 'gam', fakeSettings: { ... },         which fake; none: an ad server inside the agent (mock, house)
//     publisher(doc, credentials) { ... },        makes the publisher's import document one of this ad server: adapter and settings, products'
//                                                 settings for it. doc is the demo publisher with products kit-one and kit-two
//     creative(stage, id) { ... },                { made, sha256 }: an AdCP creative and its bytes' digest, when it is no 300x250 image
//     bytes: true,                                the ad server keeps the creative's bytes (and not their address)
//     expect: { countries(line) { ... }, ... },   how the fake's summary is read: scenario.mjs, DEFAULTS
//     operations: { effects: [...], asks: [...], order: '...', line: '...', report: '...' },   names of the fake's operations; `asks` change
//                                                 nothing and fail all the same
//     wait: { set(fake), over(fake) },            makes a booking wait for three days (a forecast, a person) and ends the wait
//     disturb: { pause(fake, s), rename(fake, s), archive(fake, s) },             a trafficker's deeds; those that the ad server has
//     patience: { step_s, most_s },               how time is moved on while a booking waits
//     agent,                                      another class than integration/lib/agent.mjs: judge/kit.test.mjs tries the kit on one
//   });
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Stage } from './stage.mjs';
import { Scenario } from './scenario.mjs';

// only: a pattern of titles, to run some of it.
// The titles in which ad servers differ most. The whole kit is played with Google Ad Manager; with the others these, and all
// of them by scripts/test --long.
export const DIFFERING = process.env.TESTS_LONG ? /./
  : /^(two packages|SIGKILL after every effect|an answer that is lost|a refusal of a line|numbers that|a trafficker's)/;

export function scenarioKit(adapter, { only = /./ } = {}) {
  const play = (title, run) =>
    only.test(title) &&
    test(`${adapter.name}: ${title}`, { timeout: 600_000 }, async () => {
      const stage = await Stage.start(adapter);
      try {
        await run(stage, new Scenario(stage));
      } finally {
        await stage.close();
      }
    });

  play('two packages, creatives, one paused, budget, dates, targeting, another creative, report, cancel', async (stage, s) => {
    const real = adapter.fake && !adapter.agent; // a miniature has no keys, and writes no record
    await s.run(real ? { between: rotation(stage) } : {});
    if (real) await recorded(stage);
  });
  play('SIGKILL after every step', async (stage, s) => {
    await s.run({ between: () => stage.kill() });
    assert.equal(stage.kills, 9);
  });
  if (adapter.fake) withFaults(adapter, play);
}

// The keys that seal the credentials change under a running agent, and the old ones go.
function rotation(stage) {
  const orders = ['rotate', 'forget', 'rotate'];
  return async () => {
    const order = orders.shift();
    if (!order) return;
    const r = await stage.agent.cli('secrets', order, '--json');
    assert.equal(r.code, 0, r.stderr);
    const { keys } = JSON.parse(r.stdout);
    assert.deepEqual(keys.map((k) => [k.seals, k.newest]), order === 'rotate' ? [[0, false], [1, true]] : [[1, true]]);
  };
}

// What --record wrote: every call of the agent, and nothing that lets somebody in.
async function recorded(stage) {
  const text = readFileSync(stage.record, 'utf8'), lines = text.trim().split('\n').map((l) => JSON.parse(l));
  const asked = (await stage.fake.log()).filter((e) => e.status !== undefined);
  const files = `:${stage.files.address().port}/`; // creatives' bytes are fetched elsewhere
  assert.equal(lines.filter((l) => l.status && !l.url.includes(files)).length, asked.length);
  const written = lines.find((l) => l.method !== 'GET' && l.body && typeof l.response === 'object');
  assert.ok(written && written.at && written.ad_server && written.elapsed_ms >= 0, text.slice(0, 2000));
  const secrets = (v) => (typeof v === 'string' ? [v] : Object.entries(v).filter(([k]) => /^(api_key|private_key|client_secret|refresh_token|password|token)$/.test(k)).flatMap(([, x]) => secrets(x)));
  for (const secret of secrets(stage.credentials)) assert.ok(!text.includes(secret), secret);
  assert.doesNotMatch(text, /eyJ[\w-]+\.[\w-]+\.[\w-]+|Bearer \w/);
}

const done = async (stage) => {
  await stage.fake.assertFaultsUsed();
  const { orders, duplicates } = await stage.summary();
  assert.equal(orders.length, 1);
  assert.deepEqual(duplicates, []);
};

function withFaults(adapter, play) {
  const { effects, asks = [], order, line, report } = adapter.operations;
  const everywhere = (deed) => [...effects, ...asks].map((on) => ({ on, ...deed }));

  play('SIGKILL after every effect, before its answer', async (stage, s) => {
    const times = {}; // an effect that is repeated for ever (a report) must come through in the end
    stage.killAfterEffects = ({ operation }) => (times[operation] = (times[operation] ?? 0) + 1) <= 3;
    await s.run();
    assert.ok(stage.kills >= effects.length, `${stage.kills} kills`);
    await done(stage);
  });
  for (const [title, deed] of [
    ['an answer that is lost after the effect', { do: 'reset', after: true }],
    ['429 with Retry-After', { do: 'rate_limit', retry_after_s: 2 }],
    ['a token that has expired', { do: 'expired_token' }],
    ['503', { do: 'unavailable' }],
    ['500', { do: 'server_error' }],
    ['a page instead of JSON', { do: 'garbage' }],
    ['half an answer', { do: 'truncate', after: true }],
  ]) {
    play(`${title}, at every effect`, async (stage, s) => {
      await stage.fake.fault(...everywhere(deed));
      await s.run();
      await done(stage);
    });
  }
  play('numbers that cannot be had at first', async (stage, s) => {
    await stage.fake.fault({ on: report, do: 'unavailable', times: 2 }, { on: report, do: 'rate_limit', retry_after_s: 60 });
    await s.run();
    await done(stage);
  });
  for (const [what, on] of [
    ['the order', order],
    ['a line', line],
  ]) {
    play(`a refusal of ${what} is for a person, who has it tried again`, async (stage, s) => {
      await stage.fake.fault({ on, do: 'refuse' });
      const booking = s.book();
      await stage.until('somebody to be asked', async () => (await stage.approve()) > 0);
      await booking;
      await s.run({ from: 'creatives' });
      await done(stage);
    });
  }
  if (adapter.wait) {
    play('three days of waiting are no failure', async (stage, s) => {
      await adapter.wait.set(stage.fake);
      const waited = stage.now();
      s.adapter = { ...adapter, patience: { step_s: 12 * 3600, most_s: 5 * 86400 } };
      const booking = s.book();
      await adapter.wait.over?.(stage.fake);
      await booking;
      assert.ok(stage.now() - waited >= 3 * 86400_000, 'it did wait');
      assert.deepEqual(
        (await stage.tasks()).filter((t) => t.kind === 'ad_server' && t.state === 'pending'),
        [],
        'nobody was asked to try again',
      );
      await s.run({ from: 'creatives' });
      await done(stage);
    });
  }
  for (const [deed, run] of Object.entries(adapter.disturb ?? {})) {
    play(`a trafficker's ${deed} on the other side`, async (stage, s) => {
      await s.book();
      await s.creatives();
      await run(stage.fake, s);
      await s.report();
      await done(stage);
    });
  }
}
