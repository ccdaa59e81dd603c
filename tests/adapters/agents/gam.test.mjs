// Google Ad Manager: the adapter over the strict fake, with the real agent.
import { test } from 'node:test';
import { play } from '../demo.mjs';
import { scenarioKit } from '../kit/kit.mjs';
import { gam } from './gam.mjs';

scenarioKit(gam, { only: new RegExp(process.env.KIT_TITLES ?? '') });

test('gam: a buy that people approve here and in Ad Manager is delivered and read (the demo)', { timeout: 600_000 }, () => play({ say: () => undefined }));
