// Filters of list methods (AIP-160, as the Ad Manager documentation limits it): AND, OR, NOT, -, parentheses, = != < > <= >= and
// `:` (contains), wildcards in strings that are compared for equality. OR binds closer than AND. A sequence without an
// operator is a conjunction. Single quotes are not strings.
import { fail } from './errors.mjs';

const TOKEN = /\s+|(?<string>"(?:[^"\\]|\\.)*")|(?<op>!=|<=|>=|=|<|>|:)|(?<paren>[()])|(?<minus>-(?=[(\w"]))|(?<word>[^\s"'()=!<>:]+)/gy;

const bad = (text) => fail('INVALID_ARGUMENT', 'filter', 'PARSE_ERROR_UNPARSABLE', text);

function tokens(text) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex,
      m = TOKEN.exec(text);
    if (!m) bad(`The filter cannot be parsed at character ${from}: ${text.slice(from, from + 20)}`);
    const [kind, value] = Object.entries(m.groups).find(([, v]) => v !== undefined) ?? [];
    if (kind) out.push({ kind, value });
  }
  return out;
}

// Returns a predicate. `fields`: { path: (resource) => value or list of values }, the ones that may be filtered.
export function filter(text, fields) {
  const list = tokens(text);
  let i = 0;
  const is = (word) => list[i]?.kind === 'word' && list[i].value === word;

  function conjunction() {
    const parts = [disjunction()];
    while (i < list.length && !(list[i].kind === 'paren' && list[i].value === ')')) {
      if (is('AND')) i++;
      parts.push(disjunction());
    }
    return (r) => parts.every((p) => p(r));
  }
  function disjunction() {
    const parts = [term()];
    while (is('OR')) {
      i++;
      parts.push(term());
    }
    return (r) => parts.some((p) => p(r));
  }
  function term() {
    if (is('NOT') || list[i]?.kind === 'minus') {
      i++;
      const inner = term();
      return (r) => !inner(r);
    }
    if (list[i]?.kind === 'paren' && list[i].value === '(') {
      i++;
      const inner = conjunction();
      if (list[i]?.value !== ')') bad('A parenthesis of the filter is not closed.');
      i++;
      return inner;
    }
    return restriction();
  }
  function restriction() {
    const name = list[i++],
      op = list[i++],
      value = list[i++];
    if (name?.kind !== 'word') bad('The filter lacks the name of a field.');
    const get = fields[name.value];
    if (!get) bad(`Field ${name.value} is not supported for filtering.`);
    if (op?.kind !== 'op' || !value || (value.kind !== 'string' && value.kind !== 'word')) {
      bad(`The filter lacks an operator or a value after ${name.value}.`);
    }
    const wanted = value.kind === 'string' ? JSON.parse(value.value) : value.value;
    return (r) => [get(r)].flat().some((v) => compare(v, op.value, wanted));
  }

  const test = conjunction();
  if (i < list.length) bad('The filter goes on after its end.');
  return test;
}

function compare(have, op, wanted) {
  if (op === '!=') return !compare(have, '=', wanted);
  if (have === undefined) return false;
  if (op === ':') return typeof have === 'string' ? have.toLowerCase().includes(wanted.toLowerCase()) : String(have) === wanted;
  if (op === '=') {
    if (typeof have === 'string' && wanted.includes('*')) {
      return new RegExp(
        `^${wanted
          .split('*')
          .map((s) => s.replace(/[.\\+^$()[\]{}|?]/g, '\\$&'))
          .join('.*')}$`,
        's',
      ).test(have);
    }
    return String(have) === wanted;
  }
  const [a, b] = order(have, wanted);
  return op === '<' ? a < b : op === '>' ? a > b : op === '<=' ? a <= b : a >= b;
}

function order(have, wanted) {
  if (typeof have === 'number') return [have, Number(wanted)];
  const a = Date.parse(have),
    b = Date.parse(wanted);
  return Number.isNaN(a) || Number.isNaN(b) || !/^\d{4}-/.test(have) ? [have, wanted] : [a, b];
}

// "displayName desc, updateTime": a comparison of resources.
export function ordering(text, fields) {
  const keys = text.split(',').map((part) => {
    const [name, direction = 'asc', ...rest] = part.trim().split(/\s+/);
    if (!fields[name] || !['asc', 'desc'].includes(direction) || rest.length) bad(`orderBy '${part.trim()}' is not supported.`);
    return [fields[name], direction === 'asc' ? 1 : -1];
  });
  return (x, y) => {
    for (const [get, sign] of keys) {
      const a = get(x) ?? '',
        b = get(y) ?? '';
      if (a < b) return -sign;
      if (a > b) return sign;
    }
    return 0;
  };
}
