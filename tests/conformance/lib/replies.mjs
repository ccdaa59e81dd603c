// Every reply of a run against its published schema, one TAP line for each tool and line of AdCP.
import { judge, source } from './schemas.mjs';

export class Replies {
  constructor() {
    this.rows = new Map();
  }

  judge(version, call) {
    if (!call.reply || !source(version)) return;
    const key = `replies of ${call.tool} are valid AdCP ${version}`;
    const row = this.rows.get(key) ?? { n: 0, judged: 0, wrong: null };
    const wrong = judge(version, call);
    this.rows.set(key, row);
    row.n++;
    if (wrong !== undefined) row.judged++;
    if (wrong) row.wrong ??= `${wrong} <- ${JSON.stringify(call.args).slice(0, 300)} -> ${JSON.stringify(call.reply).slice(0, 300)}`;
  }

  report(tap) {
    for (const [name, { n, judged, wrong }] of [...this.rows].sort()) {
      if (judged) tap(!wrong, `${name} (${judged})`, wrong);
      if (judged < n) console.log(`# ${name}: ${n - judged} of ${n} not judged, that line has published no schema of them`);
    }
  }
}
