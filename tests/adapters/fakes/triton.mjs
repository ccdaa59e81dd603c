#!/usr/bin/env node
import { main } from './lib/main.mjs';
import { SETTINGS, Triton } from './triton/triton.mjs';

await main({
  name: 'triton',
  title: 'A fake Triton Digital, as docs/triton-assumptions.json has it: nothing about the real one is public',
  settings: SETTINGS,
  make: (clock, settings) => new Triton(clock, settings),
});
