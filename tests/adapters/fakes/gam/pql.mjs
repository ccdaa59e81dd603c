// The Publisher Query Language, as far as services' get...ByStatement methods take it:
//   WHERE a = :x AND b IN (1, 2) AND c LIKE 'x%' [OR ...] ORDER BY id ASC LIMIT 500 OFFSET 0
const TOKEN =
  /\s+|(?<word>[A-Za-z_][\w.]*)|(?<bind>:\w+)|(?<number>-?\d+(?:\.\d+)?)|(?<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<op><=|>=|!=|=|<|>)|(?<mark>[(),])/gy;

export class PqlError extends Error {
  constructor(kind, text) {
    super(text);
    this.kind = kind; // SYNTAX, CONTEXT
  }
}
const syntax = (text) => {
  throw new PqlError('SYNTAX', text);
};

function tokens(text) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex,
      m = TOKEN.exec(text);
    if (!m) syntax(`Unparsable at character ${at}: ${text.slice(at, at + 20)}`);
    const [kind, value] = Object.entries(m.groups).find(([, v]) => v !== undefined) ?? [];
    if (kind) out.push({ kind, value });
  }
  return out;
}

// The value that a bound variable has in the statement's map; a SetValue is a list.
function bound(v) {
  return v.$type === 'SetValue' ? (v.values ?? []).map(bound) : v.value;
}

// { test, order, limit, offset } of a statement: { query, values }. `fields`: { name: (object) => value }.
export function statement({ query = '', values = [] }, fields) {
  const list = tokens(query),
    binds = Object.fromEntries(values.map((e) => [e.key, bound(e.value)]));
  let i = 0;
  const word = (w) => (list[i]?.kind === 'word' && list[i].value.toUpperCase() === w ? (i++, true) : false);
  const mark = (m) => (list[i]?.value === m ? (i++, true) : false);
  const get = (name) =>
    fields[name] ??
    (() => {
      throw new PqlError('CONTEXT', `'${name}' cannot be filtered by.`);
    })();

  function literal() {
    const t = list[i++];
    if (t?.kind === 'bind') {
      if (!(t.value.slice(1) in binds)) throw new PqlError('CONTEXT', `The variable ${t.value} is not bound to a value.`);
      return binds[t.value.slice(1)];
    }
    if (t?.kind === 'string') return t.value.slice(1, -1).replace(/\\(.)/g, '$1');
    if (t?.kind === 'number') return t.value;
    if (t?.kind === 'word' && /^(true|false)$/i.test(t.value)) return t.value.toLowerCase();
    return syntax(`A value is expected, not ${t?.value ?? 'the end'}.`);
  }
  function condition() {
    if (mark('(')) {
      const inner = any();
      if (!mark(')')) syntax('A parenthesis is not closed.');
      return inner;
    }
    const name = list[i++],
      value = get(name?.kind === 'word' ? name.value : syntax('A field is expected.'));
    const negated = word('NOT');
    if (word('IN')) {
      if (!mark('(')) syntax('IN wants a list.');
      const wanted = [literal()];
      while (mark(',')) wanted.push(literal());
      if (!mark(')')) syntax('The list of IN is not closed.');
      return (o) =>
        wanted
          .flat()
          .map(String)
          .includes(String(value(o))) !== negated;
    }
    if (word('LIKE')) {
      const pattern = new RegExp(
        `^${literal()
          .split('%')
          .map((s) => s.replace(/[.\\+^$()[\]{}|?*]/g, '\\$&'))
          .join('.*')}$`,
        'is',
      );
      return (o) => pattern.test(String(value(o))) !== negated;
    }
    const op = list[i]?.kind === 'op' ? list[i++].value : syntax('An operator is expected.'),
      wanted = literal();
    return (o) => compare(value(o), op, wanted);
  }
  const all = () => {
    const parts = [condition()];
    while (word('AND')) parts.push(condition());
    return (o) => parts.every((p) => p(o));
  };
  const any = () => {
    const parts = [all()];
    while (word('OR')) parts.push(all());
    return (o) => parts.some((p) => p(o));
  };

  const out = { test: word('WHERE') ? any() : () => true, order: undefined, limit: Infinity, offset: 0 };
  if (word('ORDER')) {
    if (!word('BY')) syntax('ORDER without BY.');
    const by = get(list[i++]?.value),
      sign = word('DESC') ? -1 : (word('ASC'), 1);
    out.order = (a, b) => sign * (Number(by(a)) - Number(by(b)) || String(by(a)).localeCompare(String(by(b))));
  }
  if (word('LIMIT')) out.limit = Number(literal());
  if (word('OFFSET')) out.offset = Number(literal());
  if (i < list.length) syntax(`${list[i].value} is not expected.`);
  return out;
}

function compare(have, op, wanted) {
  const numbers = /^-?\d+(\.\d+)?$/.test(String(have)) && /^-?\d+(\.\d+)?$/.test(String(wanted));
  const [a, b] = numbers ? [Number(have), Number(wanted)] : [String(have), String(wanted)];
  return { '=': a === b, '!=': a !== b, '<': a < b, '>': a > b, '<=': a <= b, '>=': a >= b }[op];
}
