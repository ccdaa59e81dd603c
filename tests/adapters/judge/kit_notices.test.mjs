// The scenario kit notices bad habits: a miniature agent that has one does not pass. It waits in vain for what does not come, which takes
// a minute; so it is a file of its own, beside kit.test.mjs.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Stage } from '../kit/stage.mjs';
import { Scenario } from '../kit/scenario.mjs';
import { miniature } from './miniature.mjs';
import { adapter } from './miniature_adapter.mjs';

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
