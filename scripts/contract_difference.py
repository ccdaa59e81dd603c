"""What a newer release of AdCP asks that an older one did not, as a list of things to do: the part of scripts/gen_contract
that compares two folders of published schemas. It looks at the documents that our tools need and at nothing else, and at
each document once, however many others refer to it."""
import os
import urllib.parse

NUMBERS = ('minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum',
           'minProperties', 'maxProperties', 'multipleOf')
WORDS = ('pattern', 'format', 'const', 'type', '$ref')
LISTS = ('allOf', 'anyOf', 'oneOf', 'prefixItems')
SINGLE = ('items', 'not', 'if', 'then', 'else', 'contains', 'propertyNames')


def local(ref, path):
    """The path of the document that a `$ref` in the document at `path` leads to; None when it stays inside."""
    name = urllib.parse.urlparse(ref).path
    if not name:
        return None
    if name.startswith('/schemas/'):
        return name.split('/', 3)[3]
    return os.path.normpath(os.path.join(os.path.dirname(path), name))


def references(node, path):
    """The documents that a schema refers to."""
    if isinstance(node, dict):
        ref = node.get('$ref')
        if isinstance(ref, str) and local(ref, path):
            yield local(ref, path)
        for value in node.values():
            yield from references(value, path)
    elif isinstance(node, list):
        for value in node:
            yield from references(value, path)


def users(found, tools):
    """For each document that a tool needs, the names of the tools, sorted."""
    needs = {}
    for tool, paths in tools.items():
        seen, todo = set(), list(paths)
        while todo:
            path = todo.pop()
            if path not in seen and path in found:
                seen.add(path)
                needs.setdefault(path, set()).add(tool)
                todo.extend(references(found[path], path))
    return {path: sorted(names) for path, names in needs.items()}


def facts(node, where='', out=None):
    """What a schema says, by JSON pointer of the place in the value: (pointer, keyword) -> what it says there."""
    out = {} if out is None else out
    if not isinstance(node, dict):
        return out
    for name in node.get('required', []):
        out[where + '/' + name, 'required'] = True
    if 'enum' in node:
        out.setdefault((where, 'enum'), set()).update(map(str, node['enum']))
    if node.get('additionalProperties') is False:
        out[where, 'closed'] = True
    for keyword in NUMBERS + WORDS:
        if keyword in node:
            value = node[keyword]
            if keyword == '$ref':  # the release in the address is not news
                value = urllib.parse.urlparse(value).path.rsplit('/', 1)[-1] + '#' + urllib.parse.urlparse(value).fragment
            out.setdefault((where, keyword), set()).add(str(value))
    for name, value in node.get('properties', {}).items():
        out[where + '/' + name, 'member'] = True
        facts(value, where + '/' + name, out)
    for keyword in LISTS:
        for value in node.get(keyword, []):
            facts(value, where, out)
    for keyword in SINGLE:
        facts(node.get(keyword), where + '/*' if keyword in ('items', 'contains') else where, out)
    facts(node.get('additionalProperties'), where + '/*', out)
    for group in ('$defs', 'definitions'):
        for name, value in node.get(group, {}).items():
            facts(value, '#' + name, out)
    return out


def said(value):
    return ', '.join('`%s`' % text for text in sorted(value))


def known(where, old, new):
    """Whether a place was there before and still is; of a new one it is enough to say that it is new."""
    return '/' not in where or ((where, 'member') in old and (where, 'member') in new)


def changes(old, new):
    """One sentence for each fact that differs, in the order of their places."""
    for key in sorted(set(old) | set(new)):
        where, keyword = key
        before, after = old.get(key), new.get(key)
        place = '`%s`' % (where or '/')
        if before == after:
            continue
        if keyword == 'member':
            yield '%s member %s' % ('new' if after else 'no more', place)
        elif keyword == 'required':
            yield '%s %s required' % (place, 'is now' if after else 'is no more')
        elif keyword == 'closed':
            yield '%s %s unknown members' % (place, 'refuses now' if after else 'allows now')
        elif keyword == 'enum' or known(where, old, new):
            added, gone = (after or set()) - (before or set()), (before or set()) - (after or set())
            yield '%s %s:%s%s' % (place, keyword, ' new ' + said(added) if added else '', ' gone ' + said(gone) if gone else '')


def codes(old, new):
    before, after = old['error_codes'], new['error_codes']
    for code in sorted(set(before) | set(after)):
        if code not in before:
            yield 'new code `%s` (%s)' % (code, after[code]['recovery'])
        elif code not in after:
            yield 'no more code `%s`' % code
        elif before[code]['recovery'] != after[code]['recovery']:
            yield '`%s` is %s, was %s' % (code, after[code]['recovery'], before[code]['recovery'])


def difference(old, new):
    """Markdown, a box for each thing to look at. old and new: (manifest, documents by path, tools: name -> paths)."""
    (manifest_a, found_a, tools_a), (manifest_b, found_b, tools_b) = old, new
    out = ['# From AdCP %s to %s' % (manifest_a['adcp_version'], manifest_b['adcp_version'])]

    def section(title, lines):
        lines = list(lines)
        if lines:
            out.extend(['', '## ' + title, ''] + ['- [ ] ' + line for line in lines])
    section('Tools', ['new `%s`' % name for name in sorted(set(tools_b) - set(tools_a))]
            + ['no more `%s`' % name for name in sorted(set(tools_a) - set(tools_b))])
    section('Error codes', codes(manifest_a, manifest_b))
    used_a, used_b = users(found_a, tools_a), users(found_b, tools_b)
    for path in sorted(used_b):
        by = used_b[path]
        title = '%s (%s)' % (path, ', '.join(by) if len(by) < 5 else '%d tools' % len(by))
        if path in found_a:
            section(title, changes(facts(found_a[path]), facts(found_b[path])))
        elif any(name in tools_a for name in by):
            section(title, ['new document'])
    section('Documents that no tool needs any more', sorted(path for path in used_a if path not in used_b))
    return '\n'.join(out) + '\n'
