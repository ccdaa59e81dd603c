"""JSON Schemas to the compact tables that src/contract/validate.c interprets; the part of scripts/gen_contract that
does not know where the schemas come from.

Every schema becomes a tuple of operations; a `$ref` stays a name. Named schemas that look the same once their references
are compared are merged (partition refinement, so recursion is no obstacle), inline ones are shared by structure. What is
left is laid out as 32-bit words: src/contract/program.h describes the format.
"""
import sys
from urllib.parse import unquote, urljoin, urldefrag

OPS = ('end type const enum members required minprops maxprops propnames depreq depnode items tuple contains '
       'minitems maxitems unique min max xmin xmax multiple minlen maxlen pattern format ref allof ifelse not anyof oneof '
       'false').split()
OP = {name: number for number, name in enumerate(OPS)}
TYPES = {'null': 1, 'boolean': 2, 'integer': 4, 'number': 8, 'string': 16, 'array': 32, 'object': 64}
FORMATS = ('date-time date time email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer regex').split()
COUNTS = {'minProperties': 'minprops', 'maxProperties': 'maxprops', 'minItems': 'minitems', 'maxItems': 'maxitems',
          'minLength': 'minlen', 'maxLength': 'maxlen'}
BOUNDS = {'minimum': 'min', 'maximum': 'max', 'exclusiveMinimum': 'xmin', 'exclusiveMaximum': 'xmax',
          'multipleOf': 'multiple'}
REF = '\0ref'  # marks (REF, name); no member of a schema is called that
VALUE_STRING, VALUE_NUMBER, VALUE_TRUE, VALUE_FALSE, VALUE_NULL, VALUE_ARRAY, VALUE_OBJECT = range(7)
SCHEMA_KEYWORDS = ('items additionalItems additionalProperties contains propertyNames not if then else').split()
LIST_KEYWORDS = ('allOf', 'anyOf', 'oneOf')
MAP_KEYWORDS = ('properties', 'patternProperties', 'definitions', '$defs', 'dependencies')


class Documents:
    """All schemas by their absolute id; finds what a reference names."""

    def __init__(self):
        self.roots = {}
        self.bases = {}  # id(schema) -> the URI that references inside it are relative to

    def add(self, uri, schema):
        self.roots[uri] = schema
        self._index(schema, uri)

    def _index(self, schema, base):
        if not isinstance(schema, dict):
            return
        if isinstance(schema.get('$id'), str) and '$ref' not in schema:
            full = join(base, schema['$id'])
            plain, fragment = urldefrag(full)
            self.roots.setdefault(full if fragment else plain, schema)
            if not schema['$id'].startswith('#'):
                base = plain
        self.bases[id(schema)] = base
        for child in children(schema):
            self._index(child, base)

    def base(self, schema, fallback):
        return self.bases.get(id(schema), fallback)

    def find(self, uri):
        """The schema and its base for an absolute reference."""
        if uri in self.roots:
            return self.roots[uri], self.base(self.roots[uri], urldefrag(uri)[0])
        plain, fragment = urldefrag(uri)
        if plain not in self.roots:
            raise KeyError('no schema %s' % uri)
        node = self.roots[plain]
        base = self.base(node, plain)
        for part in fragment.split('/')[1:] if fragment else []:
            part = unquote(part).replace('~1', '/').replace('~0', '~')
            node = node[int(part)] if isinstance(node, list) else node[part]
            base = self.base(node, base)
        return node, base


def join(base, ref):
    if ref.startswith('#'):
        return urldefrag(base)[0] + ref if ref != '#' else urldefrag(base)[0]
    return urljoin(base, ref)


def children(schema):
    for key in SCHEMA_KEYWORDS:
        value = schema.get(key)
        yield from value if isinstance(value, list) else [value]
    for key in LIST_KEYWORDS:
        yield from schema.get(key, []) if isinstance(schema.get(key), list) else []
    for key in MAP_KEYWORDS:
        yield from schema.get(key, {}).values() if isinstance(schema.get(key), dict) else []


def string_order(text):
    raw = text.encode('utf-8', 'surrogatepass')
    return len(raw), raw


class Compiler:
    """Schemas to tuples. A schema is True, False, (REF, name) or a tuple of (operation, operand...)."""

    def __init__(self, documents, ref_hides):
        self.documents = documents
        self.ref_hides = ref_hides
        self.named = {}  # absolute reference -> tuple
        self.pending = []

    def name(self, uri):
        if uri not in self.named:
            self.named[uri] = None
            self.pending.append(uri)
        return (REF, uri)

    def run(self):
        while self.pending:
            uri = self.pending.pop()
            schema, base = self.documents.find(uri)
            self.named[uri] = self.schema(schema, base)

    def schema(self, schema, base):
        if isinstance(schema, bool):
            return schema
        base = self.documents.base(schema, base)
        ops = []
        if isinstance(schema.get('$ref'), str):
            target = self.name(join(base, schema['$ref']))
            if self.ref_hides:
                return target
            ops.append(('ref', target))
        self._simple(schema, ops)
        self._object(schema, base, ops)
        self._array(schema, base, ops)
        self._combined(schema, base, ops)
        ops.sort(key=lambda op: OP[op[0]])
        if len(ops) == 1 and ops[0][0] == 'ref':
            return ops[0][1]
        return tuple(ops) if ops else True

    def _simple(self, schema, ops):
        if 'type' in schema:
            names = schema['type'] if isinstance(schema['type'], list) else [schema['type']]
            ops.append(('type', sum({TYPES[name] for name in names})))
        if 'const' in schema:
            ops.append(('const', value_of(schema['const'])))
        if 'enum' in schema:
            ops.append(('enum', tuple(value_of(value) for value in schema['enum'])))
        for key, op in COUNTS.items():
            if key in schema:
                ops.append((op, int(schema[key])))
        for key, op in BOUNDS.items():
            if key in schema:
                ops.append((op, float(schema[key])))
        if 'pattern' in schema:
            ops.append(('pattern', schema['pattern']))
        if schema.get('format') in FORMATS:
            ops.append(('format', FORMATS.index(schema['format'])))
        if schema.get('uniqueItems'):
            ops.append(('unique',))

    def _object(self, schema, base, ops):
        sub = lambda value: self.schema(value, base)
        props = schema.get('properties', {})
        patterns = schema.get('patternProperties', {})
        rest = schema.get('additionalProperties', True)
        if props or patterns or rest is not True:
            named = tuple((key, sub(props[key])) for key in sorted(props, key=string_order))
            ops.append(('members', named, tuple((key, sub(patterns[key])) for key in sorted(patterns)), sub(rest)))
        if schema.get('required'):
            ops.append(('required', tuple(sorted(set(schema['required']), key=string_order))))
        if 'propertyNames' in schema:
            ops.append(('propnames', sub(schema['propertyNames'])))
        for key, value in sorted(schema.get('dependencies', {}).items()):
            if isinstance(value, list):
                ops.append(('depreq', key, tuple(sorted(set(value), key=string_order))))
            else:
                ops.append(('depnode', key, sub(value)))

    def _array(self, schema, base, ops):
        sub = lambda value: self.schema(value, base)
        items = schema.get('items')
        if isinstance(items, list):
            ops.append(('tuple', tuple(sub(item) for item in items), sub(schema.get('additionalItems', True))))
        elif items is not None:
            ops.append(('items', sub(items)))
        if 'contains' in schema:
            ops.append(('contains', sub(schema['contains'])))

    def _combined(self, schema, base, ops):
        sub = lambda value: self.schema(value, base)
        for key in LIST_KEYWORDS:
            if key in schema:
                ops.append((key.lower(), tuple(sub(part) for part in schema[key])))
        if 'not' in schema:
            ops.append(('not', sub(schema['not'])))
        if 'if' in schema and ('then' in schema or 'else' in schema):
            ops.append(('ifelse', sub(schema['if']), sub(schema.get('then', True)), sub(schema.get('else', True))))


def value_of(value):
    if value is None:
        return (VALUE_NULL,)
    if isinstance(value, bool):
        return (VALUE_TRUE if value else VALUE_FALSE,)
    if isinstance(value, (int, float)):
        return (VALUE_NUMBER, float(value))
    if isinstance(value, str):
        return (VALUE_STRING, value)
    if isinstance(value, list):
        return (VALUE_ARRAY, tuple(value_of(item) for item in value))
    return (VALUE_OBJECT, tuple((key, value_of(value[key])) for key in sorted(value)))


def replace_names(term, classes):
    """The tuple with each reference replaced by the class it belongs to."""
    if isinstance(term, tuple):
        if len(term) == 2 and term[0] == REF:
            return classes[term[1]] if isinstance(classes[term[1]], bool) else (REF, classes[term[1]])
        return tuple(replace_names(part, classes) for part in term)
    return term


def merge_equal(named):
    """Class of each name: names whose schemas cannot be told apart share one."""
    alias = {}
    for name in named:
        seen, target = {name}, name
        while isinstance(named[target], tuple) and len(named[target]) == 2 and named[target][0] == REF:
            target = named[target][1]
            if target in seen:
                sys.exit('gen_contract: error: %s refers only to itself' % name)
            seen.add(target)
        alias[name] = target
    classes, count = {name: 0 for name in named}, 1
    while True:
        numbers, fresh = {}, {}
        for name in named:
            key = replace_names(named[alias[name]], Aliased(classes, alias))
            fresh[name] = numbers.setdefault(repr(key), len(numbers))
        if len(numbers) == count:
            return fresh, alias
        classes, count = fresh, len(numbers)


class Aliased:
    def __init__(self, classes, alias):
        self.classes, self.alias = classes, alias

    def __getitem__(self, name):
        return self.classes[self.alias[name]]


class Layout:
    """Tuples to words. Node 0 accepts everything, node 1 nothing."""

    def __init__(self, named, order):
        self.classes, self.alias = merge_equal(named)
        self.strings, self.patterns, self.numbers = {}, {}, {}
        self.node_of_class, self.bodies, self.shared = {}, [(), (('false',),)], {}
        self.work = []
        self.named = named
        for name in order:
            self.node((REF, name))
        while self.work:
            name, node = self.work.pop()
            self.bodies[node] = self.body(self.named[self.alias[name]])
        self.texts = {word[1] for body in self.bodies for op in body for word in op[1:]
                      if isinstance(word, tuple) and word[0] in 'sp'}

    def node(self, term):
        """The number of the node for a term."""
        if isinstance(term, bool):
            return 0 if term else 1
        if len(term) == 2 and term[0] == REF:
            target = self.named[self.alias[term[1]]]
            if isinstance(target, bool):
                return 0 if target else 1
            cls = self.classes[term[1]]
            if cls not in self.node_of_class:
                self.node_of_class[cls] = len(self.bodies)
                self.bodies.append(None)
                self.work.append((term[1], self.node_of_class[cls]))
            return self.node_of_class[cls]
        body = self.body(term)
        if body not in self.shared:
            self.shared[body] = len(self.bodies)
            self.bodies.append(body)
        return self.shared[body]

    def body(self, term):
        if term is True or term == ():
            return ()
        return tuple(self.operation(op) for op in term)

    def operation(self, op):
        """The operation with child schemas as ('n', number) and texts as ('s', text)."""
        name, args = op[0], op[1:]
        node = lambda term: ('n', self.node(term))
        if name in ('ref', 'propnames', 'items', 'contains', 'not'):
            return (name, node(args[0]))
        if name in ('allof', 'anyof', 'oneof'):
            return (name,) + tuple(node(term) for term in args[0])
        if name == 'ifelse':
            return (name,) + tuple(node(term) for term in args)
        if name == 'tuple':
            return (name, node(args[1])) + tuple(node(term) for term in args[0])
        if name == 'members':
            words = [name, len(args[0]), len(args[1]), node(args[2])]
            for key, term in args[0]:
                words += [('s', key), node(term)]
            for key, term in args[1]:
                words += [('p', key), node(term)]
            return tuple(words)
        if name == 'required':
            return (name,) + tuple(('s', key) for key in args[0])
        if name == 'depreq':
            return (name, ('s', args[0])) + tuple(('s', key) for key in args[1])
        if name == 'depnode':
            return (name, ('s', args[0]), node(args[1]))
        if name == 'const':
            return (name,) + tuple(self.value(args[0]))
        if name == 'enum':
            words = [name, len(args[0])]
            for value in args[0]:
                words += self.value(value)
            return tuple(words)
        if name == 'pattern':
            return (name, ('p', args[0]))
        if name in BOUNDS.values():
            return (name, ('f', args[0]))
        return (name,) + args

    def value(self, value):
        kind = value[0]
        if kind == VALUE_STRING:
            return [kind, ('s', value[1])]
        if kind == VALUE_NUMBER:
            return [kind, ('f', value[1])]
        if kind == VALUE_ARRAY:
            return [kind, len(value[1])] + [word for item in value[1] for word in self.value(item)]
        if kind == VALUE_OBJECT:
            words = [kind, len(value[1])]
            for key, item in value[1]:
                words += [('s', key)] + self.value(item)
            return words
        return [kind]

    def emit(self, extra_texts=()):
        strings = sorted(self.texts | set(extra_texts), key=string_order)
        self.strings = {text: number for number, text in enumerate(strings)}
        offsets, at = [], 0
        for body in self.bodies:
            offsets.append(at)
            at += sum(len(op) for op in body) + 1
        patterns, numbers, code = {}, {}, []
        for body in self.bodies:
            for op in body:
                code.append(OP[op[0]] | (len(op) - 1) << 8)
                for word in op[1:]:
                    if not isinstance(word, tuple):
                        code.append(word)
                    elif word[0] == 'n':
                        code.append(offsets[word[1]])
                    elif word[0] == 's':
                        code.append(self.strings[word[1]])
                    elif word[0] == 'p':
                        code.append(patterns.setdefault(self.strings[word[1]], len(patterns)))
                    else:
                        code.append(numbers.setdefault(word[1], len(numbers)))
            code.append(OP['end'])
        self.offsets = offsets
        return {'strings': strings, 'patterns': list(patterns), 'numbers': list(numbers), 'code': code}

    def offset(self, name):
        return self.offsets[self.node((REF, name))]


# ---- C ----

def c_string(text):
    out = []
    for byte in text.encode('utf-8'):
        out.append('\\%03o' % byte if byte < 32 or byte > 126 or byte in b'"\\?' else chr(byte))
    return ''.join(out)


def c_lines(words, width=116):
    lines, line = [], ''
    for word in words:
        text = '%s,' % word
        if len(line) + len(text) > width:
            lines.append(line)
            line = ''
        line += text
    return '\n'.join(lines + [line])


def c_text(strings, width=112):
    lines, line = [], ''
    for text in strings:
        piece = c_string(text) + '\\000'
        if line and len(line) + len(piece) > width:
            lines.append('"%s"' % line)
            line = ''
        line += piece
    return '\n'.join(lines + ['"%s"' % line])


def c_program(program, names):
    """The tables of a program as C, ending with `static const struct contract_program program`."""
    at, starts = 0, []
    for text in program['strings']:
        starts.append(at)
        at += len(text.encode('utf-8')) + 1
    out = ['static const char text[] =\n%s;\n' % c_text(program['strings'])]
    out.append('static const uint32_t string_at[] = {\n%s};\n' % c_lines(starts + [at]))
    out.append('static const double numbers[] = {\n%s};\n' % c_lines(repr(n) for n in program['numbers'] or [0.0]))
    out.append('static const uint32_t patterns[] = {\n%s};\n' % c_lines(program['patterns'] or [0]))
    out.append('static const uint32_t code[] = {\n%s};\n' % c_lines(program['code']))
    out.append('static const struct contract_name names[] = {\n%s};\n' % c_lines('{%d,%d}' % n for n in names or [(0, 0)]))
    out.append('static struct pcre2_real_code_8 *compiled[%d];\n' % max(1, len(program['patterns'])))
    out.append('static const struct contract_program program = {\n'
               '    .text = text, .string_at = string_at, .string_count = %d, .numbers = numbers, .code = code,\n'
               '    .code_count = %d, .patterns = patterns, .pattern_count = %d, .compiled = compiled,\n'
               '    .names = names, .name_count = %d,\n};\n'
               % (len(program['strings']), len(program['code']), len(program['patterns']), len(names)))
    return ''.join(out)
