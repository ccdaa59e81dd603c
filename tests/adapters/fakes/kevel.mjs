#!/usr/bin/env node
import { main } from './lib/main.mjs';
import { Kevel } from './kevel/kevel.mjs';
import { SETTINGS } from './kevel/objects.mjs';

await main({
  name: 'kevel',
  title: 'A fake Kevel: management API, instant counts and queued reports, one network',
  settings: SETTINGS,
  make: (clock, settings) => new Kevel(clock, settings),
});
