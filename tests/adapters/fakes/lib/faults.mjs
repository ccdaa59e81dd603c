// What goes wrong, on purpose: rules that a test posts to /_debug/faults. A rule is
//
//   { on: 'BatchCreateOrders' | 'POST /v1/networks/*/orders*' | '*',   the operation's name, or method and path with `*`
//     do: see DOES,    skip: n requests first,    times: how often (default 1, 0: for ever),
//     after: true      only once the request has had its effect (its own answer is thrown away),
//     items: n         with a batch: after its first n items have had their effect, the others have not,
//     retry_after_s, status, body, headers, reason, delay_ms }
export const DOES = {
  refuse: "the vendor's business error, with `reason`",
  rate_limit: "the vendor's 429, with Retry-After when retry_after_s is given",
  unavailable: "the vendor's 503, with Retry-After when retry_after_s is given",
  server_error: "the vendor's 500",
  expired_token: 'the credential is taken for expired: 401',
  forbidden: "the vendor's answer to a missing permission",
  answer: '`status` with `body` (any JSON or text) and `headers`',
  slow: 'the right answer, after delay_ms',
  timeout: 'no answer at all; the connection stays open',
  reset: 'the connection is closed without an answer',
  garbage: 'status 200 with an HTML page',
  truncate: 'the first half of the right answer, then the connection is closed',
};
const MEMBERS = ['on', 'do', 'skip', 'times', 'after', 'items', 'retry_after_s', 'status', 'body', 'headers', 'reason', 'delay_ms'];

function matcher(on) {
  if (on === '*') return () => true;
  if (!on.includes(' ')) return (op) => op.name === on;
  const [method, path] = on.split(' ');
  const pattern = new RegExp(
    `^${path
      .split('*')
      .map((s) => s.replace(/[.\\+^$()[\]{}|?]/g, '\\$&'))
      .join('.*')}$`,
  );
  return (op) => op.method === method && pattern.test(op.path);
}

export class Faults {
  rules = [];

  add(rule) {
    const unknown = Object.keys(rule).filter((k) => !MEMBERS.includes(k));
    if (unknown.length) throw new TypeError(`a fault has no member ${unknown.join(', ')}; there are ${MEMBERS.join(', ')}`);
    if (!DOES[rule.do]) throw new TypeError(`do: ${rule.do}? There are ${Object.keys(DOES).join(', ')}`);
    if (typeof rule.on !== 'string') throw new TypeError('on: the name of an operation, or "METHOD /path" with `*`');
    this.rules.push({ ...rule, left: rule.times === 0 ? Infinity : (rule.times ?? 1), toSkip: rule.skip ?? 0, hits: 0, matches: matcher(rule.on) });
  }

  // The rule that this request falls under, used up by one.
  take(op) {
    for (const rule of this.rules) {
      if (rule.left === 0 || !rule.matches(op)) continue;
      if (rule.toSkip > 0) {
        rule.toSkip--;
        continue;
      }
      rule.left--;
      rule.hits++;
      return rule;
    }
    return undefined;
  }

  clear() {
    this.rules = [];
  }

  // Rules that have not (all) been used: a test that scripts a fault wants to see it happen.
  report() {
    return this.rules.map(({ matches, left, toSkip, ...r }) => ({ ...r, left: left === Infinity ? 'for ever' : left }));
  }
}
