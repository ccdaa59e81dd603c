// The scenario kit is judged before it judges adapters: a miniature agent with a careful adapter passes all of it over the GAM fake.
// That one with bad habits does not is in kit_notices.test.mjs.
import { scenarioKit } from '../kit/kit.mjs';
import { adapter } from './miniature_adapter.mjs';

// Some of it: the rest differs by the fault alone.
scenarioKit(adapter, { only: /^(two packages|SIGKILL after every effect|an answer that is lost|a refusal of a line|three days|a trafficker's pause)/ });
