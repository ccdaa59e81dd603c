// The test controller has no idempotency and words of its own for mistakes: {success: false, error: CODE}.
import { account, business, replay, schema, success } from './common.mjs';

const lab = { token: 'lab-token' }; // the controller obeys sandbox credentials only
const wrong = { ...lab, at: '/error' };

export default [
  success('comply_test_controller', { scenario: 'list_scenarios', account }, { ...lab, has: ['/scenarios/0'] }),
  replay('comply_test_controller', lab),
  business('comply_test_controller', 'FORBIDDEN', { scenario: 'list_scenarios', account }, { at: '/error' }),
  business('comply_test_controller', 'UNKNOWN_SCENARIO', { scenario: 'no_such_scenario', account }, wrong),
  business('comply_test_controller', 'NOT_FOUND', { scenario: 'force_creative_status', account, params: { creative_id: 'cr-none', status: 'approved' } }, wrong),
  schema('comply_test_controller', undefined, { scenario: 'force_creative_status', account, params: 5 }, { ...wrong, code: 'INVALID_PARAMS' }),
];
