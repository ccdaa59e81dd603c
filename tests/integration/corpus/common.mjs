// What the families of the corpus share. A row is data:
//
//   tool, role   success | business (the schema admits the call, the agent refuses it) | schema (the schema does not) |
//                replay (the tool's last success once more) | else (neither; `kind` says what is expected)
//   args         the arguments; "$name" stands for what an earlier row has taken
//   has          JSON Pointers that the answer must have
//   code, at     the error code, and where it stands when not at /adcp_error/code
//   field        the JSON Pointer that a schema error names
//   take         { name: JSON Pointer into the answer }
//   headers, token
//   since        the first line that has the tool; in older ones the row is not played
//   lines        { '3.1': { members that are different where the corpus is played in that line } }
import { newest } from '../../schema/published.mjs';

export const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
export const nobody = { account_id: 'acc-nobody' };
export const key = (name) => `corpus-${name}`.padEnd(20, '-');
export const v = (args) => ({ adcp_version: newest, ...args });
export const auto = { 'x-auto-advance': 'true' };

export const success = (tool, args, more) => ({ tool, role: 'success', args: v(args), ...more });
export const business = (tool, code, args, more) => ({ tool, role: 'business', code, args: v(args), ...more });
export const schema = (tool, field, args, more) => ({ tool, role: 'schema', field, args: v(args), ...more });
export const replay = (tool, more) => ({ tool, role: 'replay', ...more });
