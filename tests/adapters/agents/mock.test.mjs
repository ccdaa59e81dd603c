// The built-in mock passes the scenario as far as it applies: it has no other side, so that only the agent's word is checked.
import { scenarioKit } from '../kit/kit.mjs';

scenarioKit({ name: 'mock' });
