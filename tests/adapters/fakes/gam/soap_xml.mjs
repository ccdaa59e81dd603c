// SOAP bodies as the published schemas have them (tables/gam_soap.json): read strictly, in the order of xsd:sequence, with xsi:type
// where a type is abstract; and written the same way. What a schema validator would say is thrown as SchemaError.
import { readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';

export const table = JSON.parse(readFileSync(new URL('../../tables/gam_soap.json', import.meta.url), 'utf8'));
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

export class SchemaError extends Error {}
const invalid = (text) => {
  throw new SchemaError(text);
};

// ---- text to tree: { ns, name, type?, nil, children, text, scope } ----

export function parse(text) {
  const parser = new SaxesParser({ xmlns: true }),
    stack = [];
  let root;
  parser.on('error', (e) => invalid(e.message));
  parser.on('doctype', () => invalid('DOCTYPE is disallowed.'));
  parser.on('opentag', (tag) => {
    const node = { ns: tag.uri, name: tag.local, children: [], text: '', nil: false };
    for (const a of Object.values(tag.attributes)) attribute(parser, tag, node, a);
    if (stack.length) stack.at(-1).children.push(node);
    else root = node;
    stack.push(node);
  });
  parser.on('text', (t) => {
    if (stack.length) stack.at(-1).text += t;
  });
  parser.on('cdata', (t) => {
    stack.at(-1).text += t;
  });
  parser.on('closetag', () => {
    stack.pop();
  });
  parser.write(text).close();
  return root ?? invalid('There is no element.');
}

function attribute(parser, tag, node, a) {
  if (a.uri === 'http://www.w3.org/2000/xmlns/') return;
  if (a.uri === XSI && a.local === 'type') {
    const [prefix, local] = a.value.includes(':') ? a.value.split(':') : ['', a.value];
    node.type = { ns: parser.resolve(prefix) ?? '', name: local };
  } else if (a.uri === XSI && a.local === 'nil') node.nil = a.value === 'true' || a.value === '1';
  else node.attributes = { ...node.attributes, [a.uri ? `{${a.uri}}${a.local}` : a.local]: a.value };
}

// ---- types ----

// The members of a type in their order, those of its bases first.
export function fieldsOf(type) {
  const t = table.types[type];
  return [...(t.base ? fieldsOf(t.base) : []), ...t.fields];
}

export const derives = (type, base) => type === base || (table.types[type]?.base !== undefined && derives(table.types[type].base, base));

const LONG = (bits) => (t) => /^[+-]?\d{1,19}$/.test(t) && BigInt(t) < 1n << BigInt(bits - 1) && BigInt(t) >= -(1n << BigInt(bits - 1));
const SIMPLE = {
  'xsd:string': [() => true, (t) => t],
  'xsd:long': [LONG(64), (t) => t.replace(/^\+/, '')],
  'xsd:int': [LONG(32), Number],
  'xsd:boolean': [(t) => /^(true|false|1|0)$/.test(t), (t) => t === 'true' || t === '1'],
  'xsd:double': [(t) => /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(t), Number],
  'xsd:base64Binary': [(t) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(t) && t.replace(/\s/g, '').length % 4 === 0, (t) => Buffer.from(t, 'base64')],
};

// ---- tree to values ----

function simple(type, node) {
  if (node.children.length) invalid(`cvc-type.3.1.2: Element '${node.name}' is a simple type, so it must have no element children.`);
  const trimmed = type === 'xsd:string' ? node.text : node.text.trim();
  if (table.enums[type]) {
    if (!table.enums[type].includes(trimmed))
      invalid(`cvc-enumeration-valid: Value '${trimmed}' of '${node.name}' is not one of [${table.enums[type].join(', ')}].`);
    return trimmed;
  }
  const [ok, convert] = SIMPLE[type];
  if (!ok(trimmed)) invalid(`cvc-datatype-valid.1.2.1: '${trimmed.slice(0, 80)}' of '${node.name}' is not a valid value for '${type.slice(4)}'.`);
  return convert(trimmed);
}

// The value of an element of a declared type; objects say their own type in $type.
export function read(declared, node) {
  if (node.attributes)
    invalid(`cvc-complex-type.3.2.2: Attribute '${Object.keys(node.attributes)[0]}' is not allowed to appear in element '${node.name}'.`);
  if (node.nil) return undefined;
  if (!table.types[declared]) return simple(declared, node);
  let type = declared;
  if (node.type) {
    if (node.type.ns !== table.namespace || !table.types[node.type.name])
      invalid(`cvc-elt.4.2: Cannot resolve '${node.type.name}' to a type definition for element '${node.name}'.`);
    if (!derives(node.type.name, declared))
      invalid(`cvc-elt.4.3: Type '${node.type.name}' is not validly derived from the type definition '${declared}' of element '${node.name}'.`);
    type = node.type.name;
  }
  if (table.types[type].abstract) invalid(`cvc-type.2: The type definition '${type}' of element '${node.name}' is abstract: it needs an xsi:type.`);
  return { $type: type, ...sequence(fieldsOf(type), node) };
}

export function sequence(fields, node) {
  const out = {};
  let i = 0;
  if (node.text.trim())
    invalid(`cvc-complex-type.2.3: Element '${node.name}' cannot have character children, because the type's content type is element-only.`);
  for (const child of node.children) {
    const from = i;
    while (i < fields.length && (fields[i][0] !== child.name || child.ns !== table.namespace)) i++;
    if (i === fields.length) {
      const expected = fields
        .slice(from)
        .map(([name]) => name)
        .join(', ');
      invalid(
        `cvc-complex-type.2.4.a: Invalid content was found starting with element '${child.name}' in '${node.name}'. One of '{${expected}}' is expected.`,
      );
    }
    const [name, code] = fields[i],
      value = read(code.replace('*', ''), child);
    if (code.endsWith('*')) out[name] = [...(out[name] ?? []), value];
    else {
      out[name] = value;
      i++;
    }
  }
  return out;
}

// ---- values to text ----

const escape = (s) => String(s).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

function element(name, declared, value) {
  if (value === undefined || value === null) return '';
  if (!table.types[declared]) return `<${name}>${escape(Buffer.isBuffer(value) ? value.toString('base64') : value)}</${name}>`;
  const type = value.$type ?? declared,
    attribute = type === declared ? '' : ` xsi:type="${type}"`;
  return `<${name}${attribute}>${content(fieldsOf(type), value)}</${name}>`;
}

export function content(fields, value) {
  return fields
    .map(([name, code]) =>
      code.endsWith('*') ? (value[name] ?? []).map((v) => element(name, code.slice(0, -1), v)).join('') : element(name, code, value[name]),
    )
    .join('');
}
