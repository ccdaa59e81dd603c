#!/usr/bin/env node
import { main } from './lib/main.mjs';
import { Gam } from './gam/gam.mjs';
import { SETTINGS } from './gam/network.mjs';

await main({
  name: 'gam',
  title: 'A fake Google Ad Manager: OAuth token endpoint, REST v1 (beta) and SOAP, one network',
  settings: SETTINGS,
  make: (clock, settings) => new Gam(clock, settings),
});
