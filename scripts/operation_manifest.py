"""The manifest of the publisher's own operations, compiled: the part of scripts/gen_contract that knows it.

Input are the files of src/contract/operations, in the order in which people see them; that folder's README describes
their members. Output is C:

    write_operations  struct operation and struct operation_command (src/contract/operation.h) with the schemas of
                      arguments and answers, once as tables for the one validator, once as text for people
    write_tools       the registry rows, name -> tool_NAME(), and the prototypes of those functions

A mistake in the manifest ends the build, with the file and the operation it is in.
"""
import json
import os
import re
import sys

from schema_compiler import Compiler, Documents, Layout, c_program, c_string

BASE = 'file:///'
ROLES = ('viewer', 'operator', 'administrator', 'installation')
FILE_MEMBERS = {'command', 'alias', 'about', 'help', 'definitions', 'operations'}
ROW_MEMBERS = {'name', 'title', 'help', 'answers', 'role', 'changes', 'destructive', 'decides', 'rehearses', 'rest', 'cli',
               'arguments', 'answer'}
VERB_MEMBERS = {'verb', 'help', 'words', 'sets', 'options', 'own', 'columns', 'rows', 'run', 'examples'}
METHODS = ('GET', 'POST', 'PATCH', 'PUT', 'DELETE')
ANNOTATIONS = {'title', 'description', 'default', 'examples'}  # and x-...: they say, they do not check
# What the gates add to every answer; protocols/envelope.h.
ENVELOPE = {'status': {'type': 'string'}, 'message': {'type': 'string'}, 'replayed': {'type': 'boolean'},
            'idempotency_key': {'type': 'string'}, 'adcp_version': {'type': 'string'}, 'context_id': {'type': 'string'},
            'ext': {'type': 'object'}}
IDEMPOTENCY_KEY = {'type': 'string', 'title': 'Idempotency key', 'minLength': 16, 'maxLength': 255,
                   'description': 'A fresh key for each new operation, repeated when the same one is sent again.'}


class Fault(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Fault(what)


# ---- schemas ----

class Schemas:
    """The documents by name, and what references in them stand for."""

    def __init__(self, files):
        self.files = files
        self.documents = Documents()
        for name, content in files.items():
            self.documents.add(BASE + name, content)

    def resolved(self, schema, name):
        """The schema a chain of references ends at, with the annotations beside the references; and its document."""
        extra = {}
        while isinstance(schema, dict) and '$ref' in schema:
            for key in set(schema) - {'$ref'} - ANNOTATIONS:
                need(key.startswith('x-'), 'beside $ref stand annotations only, not %s' % key)
            extra = {**{key: value for key, value in schema.items() if key != '$ref'}, **extra}
            path, _, fragment = schema['$ref'].partition('#')
            name = path or name
            need(name in self.files, 'no file %s' % name)
            schema = self.files[name]
            for part in fragment.split('/')[1:]:
                need(part in schema, 'nothing at %s#%s' % (name, fragment))
                schema = schema[part]
        return ({**schema, **extra} if extra else schema), name

    def shown(self, schema, name, depth=0):
        """The schema with every reference replaced by what it stands for."""
        need(depth < 24, 'references that lead to themselves')
        if isinstance(schema, list):
            return [self.shown(item, name, depth + 1) for item in schema]
        if not isinstance(schema, dict):
            return schema
        schema, name = self.resolved(schema, name)
        return {key: self.shown(value, name, depth + 1) for key, value in schema.items()}


def close_objects(schema):
    """What an object does not name it does not take, unless it says otherwise."""
    if isinstance(schema, list):
        for item in schema:
            close_objects(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get('properties'), dict) and schema.get('type') == 'object':
            schema.setdefault('additionalProperties', False)
        for value in schema.values():
            close_objects(value)


def type_of(schema):
    """The C name of the type of an option that stands for this member, and whether null is one of its values."""
    kinds = schema.get('type', 'object')
    kinds = kinds if isinstance(kinds, list) else [kinds]
    kind = next((kind for kind in kinds if kind != 'null'), 'object')
    names = {'string': 'TEXT', 'integer': 'NUMBER', 'number': 'NUMBER', 'boolean': 'FLAG'}
    if kind == 'array' and schema.get('items', {}).get('type') == 'string':
        return 'LIST', 'null' in kinds
    return names.get(kind, 'JSON'), 'null' in kinds


def choices_of(schema):
    if schema.get('type') == 'array':
        schema = schema.get('items', {})
    return [value for value in schema.get('enum', []) if isinstance(value, str)]


def value_word(schema, kind):
    """What stands for the value in help: a|b, TIME, ID, N."""
    choices = choices_of(schema)
    if choices and len(' '.join(choices)) <= 60:
        return '|'.join(choices)
    if kind == 'NUMBER':
        return 'AMOUNT' if schema.get('x-unit') == 'money' else 'N'
    if kind in ('LIST', 'JSON'):
        return kind if kind == 'LIST' else 'JSON|@FILE'
    return {'date-time': 'TIME', 'date': 'DATE', 'uri': 'URL', 'email': 'EMAIL'}.get(
        schema.get('format'), 'ID' if 'x-refers-to' in schema else 'TEXT')


# ---- rows ----

class Row:
    """One operation, checked, with what is derived from it."""

    def __init__(self, raw, file, schemas):
        self.raw, self.file, self.schemas = raw, file, schemas
        self.name = raw.get('name', '?')
        need(re.fullmatch(r'x_[a-z]+(_[a-z]+)+', self.name), 'name must be x_NOUN_VERB')
        unknown = set(raw) - ROW_MEMBERS - {'#'}
        need(not unknown, 'no such member: %s' % ', '.join(sorted(unknown)))
        for member in ('title', 'help', 'answers'):
            need(raw.get(member), '%s is missing' % member)
            need('\n' not in raw[member] and len(raw[member]) <= 160, '%s is one line' % member)
        need(raw.get('role') in ROLES, 'role is one of %s' % ', '.join(ROLES))
        need(isinstance(raw.get('changes'), bool), 'changes is true or false')
        need(raw['changes'] or not (raw.get('destructive') or raw.get('decides')), 'only what changes something can destroy or decide')
        need(not (raw['changes'] and raw.get('rehearses')), 'rehearses is for what only reads')
        need(raw['arguments'].get('type') == 'object', 'arguments is an object')
        self.members = {key: self.show(value) for key, value in raw['arguments'].get('properties', {}).items()}
        self.required = raw['arguments'].get('required', [])
        need(set(self.required) <= set(self.members), 'required names a member that is not there')
        self.check_prose()
        self.check_route()
        self.verbs = [Verb(self, verb) for verb in raw.get('cli', [])]

    def show(self, schema):
        return self.schemas.shown(schema, self.file)

    def uri(self, side):
        return '%s%s#/operations/%d/%s' % (BASE, self.file, self.raw['#'], side)

    def check_prose(self):
        """What people fill in has a title."""
        for key, schema in self.members.items():
            need(schema.get('title'), 'arguments.%s has no title' % key)

    def check_route(self):
        self.method, _, self.path = self.raw.get('rest', ' ').partition(' ')
        need(self.method in METHODS and self.path, 'rest is "METHOD path"')
        need((self.method == 'GET') == (not self.raw['changes']), 'GET reads, everything else changes')
        self.holes = re.findall(r'{(\w+)}', self.path)
        need(set(self.holes) <= set(self.required), 'the path names what is no required argument')

    def member(self, path):
        """The schema of a member of the arguments, "rule/when/products"."""
        schema = self.raw['arguments']
        name = self.file
        for part in path.split('/'):
            schema, name = self.schemas.resolved(schema, name)
            need(part in schema.get('properties', {}), 'no argument %s' % path)
            schema = schema['properties'][part]
        return self.schemas.shown(schema, name)


class Verb:
    """One way to call it from the command line."""

    def __init__(self, row, raw):
        unknown = set(raw) - VERB_MEMBERS
        need(not unknown, 'cli: no such member: %s' % ', '.join(sorted(unknown)))
        self.row, self.raw, self.name = row, raw, raw.get('verb', '')
        need(re.fullmatch(r'[a-z][a-z-]*', self.name), 'cli: verb is a word')
        self.words = [self.word(text) for text in raw.get('words', [])]
        self.sets = raw.get('sets', {})
        for key in self.sets:
            row.member(key)
        taken = {word[0] for word in self.words} | set(self.sets) | {'idempotency_key'}
        given = raw.get('options')
        if given is None:
            given = [key for key in row.members if key not in taken]
        self.options = [self.option(text) for text in given]
        self.options += [self.own(own) for own in raw.get('own', [])]
        self.columns = [self.column(text) for text in raw.get('columns', [])]
        need(raw.get('run') or not raw.get('own'), 'cli: own is for verbs with a run')
        need(not raw.get('run') or re.fullmatch(r'[a-z_]+', raw['run']), 'cli: run names a function')

    def word(self, text):
        name, optional, many = text.strip('[]'), text.startswith('['), False
        if name.endswith('...'):
            name, many = name[:-3], True
        schema = self.row.member(name)
        kind = 'TEXT' if many else type_of(schema)[0]
        label = value_word(schema.get('items', schema) if many else schema, kind)
        if label == 'TEXT':
            label = re.sub(r's$', '', name).upper() if many else name.upper()
        return name, kind, optional, many, label

    def option(self, text):
        flag, _, path = text.partition('=')
        path = path or flag.replace('-', '_')
        flag = flag.replace('_', '-')
        schema = self.row.member(path)
        kind, nullable = type_of(schema)
        about = schema.get('description') or schema.get('title', '')
        return flag, path, kind, nullable, value_word(schema, kind), about, ' '.join(choices_of(schema)), path in self.row.required

    @staticmethod
    def own(raw):
        """An option for the verb's `run` alone: no argument of the operation."""
        need(set(raw) <= {'flag', 'value', 'about', 'choices'} and raw.get('flag') and raw.get('about'), 'cli: own has flag and about')
        return raw['flag'], raw['flag'].replace('-', '_'), 'TEXT', False, raw.get('value', 'TEXT'), raw['about'], raw.get('choices', ''), False

    @staticmethod
    def column(text):
        name, _, width = text.rpartition(' ')
        need(name and width.isdigit(), 'cli: a column is "member WIDTH"')
        return name, int(width)


# ---- files ----

def with_envelope(answer, content):
    """The answer, which may be a reference to a definition of its file, with what the gates add to it."""
    if '$ref' in answer:
        name = answer['$ref'].rpartition('/')[2]
        need(answer == {'$ref': '#/definitions/%s' % name}, 'an answer refers to a definition of its file')
        answer = content['definitions'][name]
    return {**answer, 'properties': {**answer.get('properties', {}), **ENVELOPE}}


def read(paths):
    files = {}
    for path in paths:
        with open(path, encoding='utf-8') as source:
            try:
                content = json.load(source)
            except ValueError as why:
                raise Fault('%s: %s' % (path, why)) from None
        name = os.path.basename(path)
        unknown = set(content) - FILE_MEMBERS
        need(not unknown, '%s: no such member: %s' % (name, ', '.join(sorted(unknown))))
        for number, row in enumerate(content.get('operations', [])):
            row['#'] = number  # where it stands, for references
            arguments = row.setdefault('arguments', {'type': 'object', 'properties': {}})
            arguments.setdefault('properties', {})
            if row.get('changes'):
                arguments['properties']['idempotency_key'] = IDEMPOTENCY_KEY
            row['answer'] = with_envelope(row.get('answer', {'type': 'object'}), content)
        close_objects(content)
        files[name] = content
    return files


def rows_of(files):
    schemas, rows, seen = Schemas(files), [], set()
    for name, content in files.items():
        for raw in content.get('operations', []):
            try:
                row = Row(raw, name, schemas)
                need(row.name not in seen, 'there is another of this name')
            except (Fault, KeyError) as why:
                raise Fault('%s: %s: %s' % (name, raw.get('name', '?'), why)) from None
            seen.add(row.name)
            rows.append(row)
    check_unique(rows, files)
    return schemas, rows


def check_unique(rows, files):
    routes, verbs = {}, {}
    for row in rows:
        route = row.method, re.sub(r'{\w+}', '{}', row.path)
        need(route not in routes, '%s: the route of %s' % (row.name, routes.get(route)))
        routes[route] = row.name
        for verb in row.verbs:
            command = files[row.file].get('command')
            need(command, '%s: the file has no command' % row.file)
            need((command, verb.name) not in verbs, '%s: the verb of %s' % (row.name, verbs.get((command, verb.name))))
            verbs[command, verb.name] = row.name


# ---- C ----

def c_text(text):
    """A C string literal, in pieces of a line each; NULL for None."""
    if text is None:
        return 'NULL'
    pieces, piece = [], ''
    for char in text:
        piece += c_string(char)
        if len(piece) > 104:
            pieces.append('"%s"' % piece)
            piece = ''
    return '\n'.join(pieces + (['"%s"' % piece] if piece or not pieces else []))


def c_bool(value):
    return 'true' if value else 'false'


def c_options(options):
    lines = ['{%s,%s,OPERATION_%s,%s,%s,%s,%s,%s},\n' % (c_text(flag), c_text(path), kind, c_text(word), c_text(about),
                                                         c_text(choices or None), c_bool(nullable), c_bool(required))
             for flag, path, kind, nullable, word, about, choices, required in options]
    return ''.join(lines)


def own_members(row):
    """Every member of the arguments as an option of its own name: for queries of REST routes and for forms."""
    out = []
    for key, schema in row.members.items():
        kind, nullable = type_of(schema)
        out.append((key, key, kind, nullable, value_word(schema, kind), schema.get('description') or schema['title'],
                    ' '.join(choices_of(schema)), key in row.required))
    return out


def c_row(row, offsets):
    args, answer = row.show(row.raw['arguments']), row.show(row.raw['answer'])
    if row.raw['changes']:  # over the network, which is where this text is read; protocols/idempotency.c
        args['required'] = args.get('required', []) + ['idempotency_key']
    members = own_members(row)
    parts = ['{.name=%s,.title=%s,\n.help=%s,\n.answers=%s,\n' % tuple(
        c_text(text) for text in (row.name, row.raw['title'], row.raw['help'], row.raw['answers']))]
    parts.append('.role=OPERATION_%s,.changes=%s,.destructive=%s,.decides=%s,\n.method="%s",.path=%s,\n' % (
        row.raw['role'].upper(), c_bool(row.raw['changes']), c_bool(row.raw.get('destructive')),
        c_bool(row.raw.get('decides')), row.method, c_text(row.path)))
    parts.append('.arguments={&program,%d,CONTRACT_OWN,"%s arguments"},.answer={&program,%d,CONTRACT_OWN,"%s answer"},\n' % (
        offsets[row.name, 'arguments'], row.name, offsets[row.name, 'answer'], row.name))
    if members:
        parts.append('.members=(const struct operation_option[]){\n%s},.members_n=%d,\n' % (c_options(members), len(members)))
    parts.append('.arguments_json=\n%s,\n.answer_json=\n%s},\n' % tuple(
        c_text(json.dumps(schema, ensure_ascii=False, separators=(',', ':'))) for schema in (args, answer)))
    return ''.join(parts)


def c_verb(verb, index):
    parts = ['{.name="%s",.operation=&operations[%d],.help=%s,\n' % (verb.name, index, c_text(verb.raw.get('help') or verb.row.raw['help']))]
    if verb.words:
        parts.append('.words={%s},' % ','.join('{%s,OPERATION_%s,%s,%s,%s}' % (
            c_text(name), kind, c_bool(optional), c_bool(many), c_text(label))
            for name, kind, optional, many, label in verb.words))
    if verb.sets:
        parts.append('.sets=%s,' % c_text(json.dumps(verb.sets, separators=(',', ':'))))
    if verb.options:
        parts.append('.options=(const struct operation_option[]){\n%s},.options_n=%d,\n' % (c_options(verb.options), len(verb.options)))
    if verb.columns:
        parts.append('.columns=(const struct operation_column[]){%s},.columns_n=%d,' % (
            ','.join('{%s,%d}' % (c_text(name), width) for name, width in verb.columns), len(verb.columns)))
    if verb.raw.get('rows'):
        parts.append('.rows=%s,' % c_text(verb.raw['rows']))
    if verb.raw.get('run'):
        parts.append('.run="%s",' % verb.raw['run'])
    if verb.raw.get('examples'):
        parts.append('.examples=%s,' % c_text('\n'.join(verb.raw['examples'])))
    return ''.join(parts) + '},\n'


def c_commands(files, rows):
    out, commands = [], []
    for name, content in files.items():
        verbs = [(verb, number) for number, row in enumerate(rows) if row.file == name for verb in row.verbs]
        if not verbs:
            continue
        need(content.get('about'), '%s: about is missing' % name)
        label = 'verbs_%s' % re.sub(r'\W', '_', content['command'])
        out.append('static const struct operation_verb %s[] = {\n%s};\n' % (label, ''.join(c_verb(*verb) for verb in verbs)))
        commands.append('{.name="%s",.alias=%s,.about=%s,.help=%s,.verbs=%s,.verbs_n=%d},\n' % (
            content['command'], c_text(content.get('alias')), c_text(content['about']), c_text(content.get('help')), label,
            len(verbs)))
    out.append('const struct operation_command operation_commands[] = {\n%s};\n' % ''.join(commands))
    out.append('const size_t operation_commands_n = %d;\n' % len(commands))
    return ''.join(out)


HEADER = '/* Generated by scripts/gen_contract from src/contract/operations. Do not edit. */\n'
ROLE_AUTH = {'viewer': 'TOOL_VIEWER', 'operator': 'TOOL_OPERATOR', 'administrator': 'TOOL_ADMINISTRATOR',
             'installation': 'TOOL_INSTALLATION'}


def c_operations(schemas, rows, files):
    compiler = Compiler(schemas.documents, ref_hides=False)
    order = [row.uri(side) for row in rows for side in ('arguments', 'answer')]
    for uri in order:
        compiler.name(uri)
    compiler.run()
    layout = Layout(compiler.named, order)
    program = layout.emit()
    offsets = {(row.name, side): layout.offset(row.uri(side)) for row in rows for side in ('arguments', 'answer')}
    out = [HEADER, '#include "contract/operation.h"\n\n', c_program(program, [])]
    out.append('const struct operation operations[] = {\n%s};\n' % ''.join(c_row(row, offsets) for row in rows))
    out.append('const size_t operations_n = %d;\n' % len(rows))
    out.append(c_commands(files, rows))
    return ''.join(out)


def c_tools(rows):
    table = []
    for number, row in enumerate(rows):
        table.append('{.name="%s",.title=%s,.description=%s,.auth=%s,.kind=%s,.idempotency=%s,.destructive=%s,'
                     '.decides=%s,.protocol="publisher",.run=tool_%s%s,.operation=&operations[%d]},\n' % (
                         row.name, c_text(row.raw['title']), c_text('%s %s' % (row.raw['help'], row.raw['answers'])),
                         ROLE_AUTH[row.raw['role']], 'TOOL_WRITE' if row.raw['changes'] else 'TOOL_READ',
                         'IDEM_REQUIRED' if row.raw['changes'] else 'IDEM_NONE', c_bool(row.raw.get('destructive')),
                         c_bool(row.raw.get('decides')), row.name,
                         ',.writes=tool_rehearses' if row.raw.get('rehearses') else '', number))
    return (HEADER + '#include "tools/operation_tools.h"\n\nconst struct tool operation_tools[] = {\n%s};\n'
            'const size_t operation_tools_n = %d;\n' % (''.join(table), len(rows)))


def c_prototypes(rows):
    lines = ['int tool_%s(struct tool_call *c, struct err *e);\n' % row.name for row in rows]
    return HEADER + '#pragma once\n\n#include "tools/tool.h"\n\n' + ''.join(lines)


def compiled(paths):
    try:
        files = read(paths)
        return (*rows_of(files), files)
    except (Fault, KeyError) as why:
        sys.exit('gen_contract: error: %s' % why)


def write(path, text):
    with open(path, 'w', encoding='utf-8') as target:
        target.write(text)


def write_operations(out, paths):
    schemas, rows, files = compiled(paths)
    write(out, c_operations(schemas, rows, files))


def write_tools(source, header, paths):
    _, rows, _ = compiled(paths)
    write(source, c_tools(rows))
    write(header, c_prototypes(rows))
