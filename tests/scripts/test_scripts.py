"""The scripts that judge everything else are themselves judged here: each rule of check_layers finds what it forbids
and lets the allowed thing pass, and the sums of run_suites are true. Writes TAP."""
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))


def load(name):
    sys.dont_write_bytecode = True
    path = os.path.join(TOP, 'scripts', name)
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


class Tree(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text)
        return path


class ContractDifference(Tree):
    """What a newer release of AdCP asks: found in what our tools need, and only there."""

    def release(self, name, tools, codes, documents):
        manifest = {'adcp_version': name, 'error_codes': {code: {'recovery': how} for code, how in codes.items()},
                    'tools': {tool: {'protocol': 'media-buy', 'request_schema': 'a/%s.json' % tool, 'response_schema': 'a/r.json',
                                     'async_response_schemas': []} for tool in tools}}
        for path, schema in {'manifest.json': manifest, 'index.json': {}, **documents}.items():
            self.write('%s/%s' % (name, path), json.dumps(schema))
        return os.path.join(self.dir, name)

    def compare(self, old, new):
        return subprocess.run([os.path.join(TOP, 'scripts', 'gen_contract'), '--compare', old, new], check=True,
                              stdout=subprocess.PIPE, universal_newlines=True).stdout

    def test_each_kind_of_change_is_one_line_and_nothing_else_is(self):
        shared = {'type': 'object', 'required': ['id'], 'properties': {'id': {'type': 'string'}, 'old': {}}}
        old = self.release('1.0.0', ['buy', 'leave'], {'BAD': 'correctable', 'GONE': 'terminal'}, {
            'a/buy.json': {'properties': {'of': {'$ref': '/schemas/1.0.0/core/thing.json'}, 'n': {'type': 'integer', 'maximum': 9}}},
            'a/leave.json': {}, 'a/r.json': {'properties': {'status': {'enum': ['on', 'off']}}}, 'core/thing.json': shared,
            'core/unused.json': {'properties': {'x': {}}}})
        newer = {**shared, 'required': ['id', 'kind'], 'additionalProperties': False,
                 'properties': {'id': {'type': 'string'}, 'kind': {'type': 'string'}}}
        new = self.release('1.1.0', ['buy', 'pay'], {'BAD': 'transient', 'NEW': 'terminal'}, {
            'a/buy.json': {'properties': {'of': {'$ref': '../core/thing.json'}, 'n': {'type': 'integer', 'maximum': 5}}},
            'a/pay.json': {}, 'a/r.json': {'properties': {'status': {'enum': ['on', 'done']}}}, 'core/thing.json': newer,
            'core/unused.json': {}})
        self.assertEqual([line for line in self.compare(old, new).splitlines() if line.startswith('- [ ] ')], [
            '- [ ] new `pay`', '- [ ] no more `leave`', '- [ ] `BAD` is transient, was correctable', '- [ ] no more code `GONE`',
            '- [ ] new code `NEW` (terminal)', '- [ ] `/n` maximum: new `5` gone `9`', '- [ ] `/status` enum: new `done` gone `off`',
            '- [ ] `/` refuses now unknown members', '- [ ] new member `/kind`', '- [ ] `/kind` is now required',
            '- [ ] no more member `/old`', '- [ ] a/leave.json'])

    def test_a_release_is_no_different_from_itself(self):
        one = self.release('1.0.0', ['buy'], {'BAD': 'correctable'}, {'a/buy.json': {'$ref': 'self.json'}, 'a/r.json': {},
                                                                      'a/self.json': {'properties': {'me': {'$ref': '#'}}}})
        self.assertEqual(self.compare(one, one), '# From AdCP 1.0.0 to 1.0.0\n')


class GenBots(unittest.TestCase):
    generator = load('gen_bots')

    def entries(self, *patterns):
        return self.generator.entries_of(patterns)

    def test_plain_text_stays_as_it_is(self):
        self.assertEqual(self.entries(r'Googlebot\/'), [(0, 'Googlebot/', '')])

    def test_classes_and_alternatives_are_spelled_out(self):
        self.assertEqual(self.entries('[wW]get', 'Ahrefs(Bot|SiteAudit)'),
                         [(0, 'AhrefsBot', ''), (0, 'AhrefsSiteAudit', ''), (0, 'Wget', ''), (0, 'wget', '')])

    def test_anchors_become_flags(self):
        self.assertEqual(self.entries('^curl', 'SSL Labs$', r'(^| )sentry\/'),
                         [(0, ' sentry/', ''), (1, 'curl', ''), (1, 'sentry/', ''), (2, 'SSL Labs', '')])

    def test_what_may_be_anything_parts_two_texts(self):
        self.assertEqual(self.entries(r'Spider[\s\S]*spider\.com', r'Blog\/\d\.\d+ Fetcher'),
                         [(0, 'Blog/', ' Fetcher'), (0, 'Spider', 'spider.com')])

    def test_a_text_that_contains_another_needs_no_place(self):
        self.assertEqual(self.entries('Googlebot', 'Googlebot-Image', '^Googlebot'), [(0, 'Googlebot', '')])

    def test_what_is_too_short_to_search_for_is_refused(self):
        self.assertRaises(ValueError, self.entries, 'ab')


class Columns(unittest.TestCase):
    script = load('columns')

    def findings(self, text):
        return sorted(what for _, what in self.script.Source('q.c', text).check())

    def read(self, *fields):
        return ('#define ROW "r.id, r.name," \\\n " r.made_at"\n'
                'static struct row read_row(struct stmt *s, struct arena *a, int first)\n{\n'
                '    return (struct row){ %s };\n}\n\n'
                'int get(struct tx *tx, struct arena *a, struct str id, struct err *e)\n{\n'
                '    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*), " ROW " FROM r WHERE id = ? LIMIT 1");\n'
                '    stmt_str(s, 1, id);\n    *out = read_row(s, a, 1);\n    return 0;\n}\n' % ', '.join(fields))

    def test_a_row_is_read_from_its_own_columns(self):
        self.assertEqual(self.findings(self.read('.id = col_str(s, a, first)', '.name = col_str(s, a, first + 1)',
                                                 '.made_at = col_time(s, first + 2)')), [])
        self.assertEqual(self.findings(self.read('.name = col_str(s, a, first)', '.id = col_str(s, a, first + 1)')),
                         ['id is read from the column name', 'name is read from the column id'])
        self.assertEqual(self.findings(self.read('.made_at = col_time(s, first + 1)')), ['made_at is read from the column name'])
        self.assertEqual(self.findings(self.read('.made_at = col_time(s, first + 3)')), ['made_at is read from column 4 of 4'])

    def put(self, *binds):
        return ('int put(struct tx *tx, const struct row *row, struct err *e)\n{\n'
                '    AUTO_STMT struct stmt *s = stmt_get(\n        tx, "INSERT INTO r (id, name, days, made_at) VALUES (?1, ?2, nullif(?3, 0), ?4)"\n'
                '            " ON CONFLICT DO UPDATE SET name = ?2");\n%s    return stmt_run(s, e);\n}\n' % ''.join('    %s;\n' % b for b in binds))

    def test_a_value_is_bound_to_its_own_column(self):
        self.assertEqual(self.findings(self.put('stmt_str(s, 1, row->id)', 'stmt_str(s, 2, row->name)', 'stmt_i64(s, 3, row->days)',
                                                'stmt_i64(s, 4, now)')), [])
        self.assertEqual(self.findings(self.put('stmt_str(s, 1, row->name)', 'stmt_str(s, 2, row->id)')),
                         ['id is bound to name', 'name is bound to id'])
        self.assertEqual(self.findings(self.put('stmt_i64(s, 3, row->made_at)')), ['made_at is bound to days'])


class Lint(Tree):
    script = load('lint')

    def files(self, text):
        files = self.script.Files.__new__(self.script.Files)
        files.digests, files.entries = {}, {'src/x.c': {'command': 'cc x.c', 'output': 'x.o'}}
        files.includes = {'x.o': [self.write('x.h', text)]}
        files.digests['src/x.c'] = 'as it is'
        return files

    def test_a_file_is_looked_at_again_when_what_it_includes_has_changed(self):
        before, same, after = [self.files(text).key('src/x.c', 'a') for text in ('int x;', 'int x;', 'int y;')]
        self.assertEqual(before, same)
        self.assertNotEqual(before, after)
        self.assertNotEqual(before, self.files('int x;').key('src/x.c', 'other checks'))

    def test_the_analyzer_is_asked_only_when_wanted(self):
        command = self.script.tidy_command('tidy', 'src/x.c', analyzer=False)
        self.assertIn('--checks=-clang-analyzer-*', command)
        self.assertFalse([word for word in self.script.tidy_command('tidy', 'src/x.c', analyzer=True) if word.startswith('--checks')])


class Coverage(unittest.TestCase):
    script = load('coverage')

    def test_lines_are_summed_by_room(self):
        lines = {'src/main.c': {1: 0}, 'src/domain/rule/a.c': {1: 3, 2: 0}, 'src/domain/rule/b.c': {7: 1}}
        self.assertEqual(self.script.by_room(lines), {'.': [0, 1], 'domain/rule': [2, 3]})

    def test_suites_run_what_this_build_holds(self):
        commands = self.script.commands()
        self.assertIn('unit', commands)
        self.assertFalse([c for _, c in commands.values() if any('build-test' in word for word in c)])


class Mutants(Tree):
    """The mistakes of tests/mutants can still be built in, and one that cannot is named."""

    def patch(self, old):
        self.write('src/room/a.c', 'one\ntwo\nthree\n')
        path = self.write('m/half_done.patch', 'Breaks: it\nSays: so\n--- a/src/room/a.c\n+++ b/src/room/a.c\n@@ -1,3 +1,3 @@\n one\n'
                          '-%s\n+two if (!MUTANT(half_done))\n three\n' % old)
        return load('mutants').read_mutant(path)

    def test_every_patch_fits_onto_the_tree_together_with_the_others(self):
        mutants = load('mutants')
        found = mutants.mutants()
        self.assertGreaterEqual(len(found), 100)
        self.assertEqual(mutants.check(found), [])

    def test_a_patch_whose_place_has_changed_is_named(self):
        mutants = load('mutants')
        fits = self.patch('two')
        self.assertEqual((fits.name, fits.room, fits.head['Says']), ('half_done', 'room', 'so'))
        self.assertEqual(mutants.check([fits], self.dir), [])
        [said] = mutants.check([self.patch('2')], self.dir)
        self.assertTrue(said.startswith('half_done: '), said)

    def test_a_patch_says_what_it_breaks_and_has_a_switch_of_its_own(self):
        mutants = load('mutants')
        for text in ('Says: so\n--- a/x\n+++ b/x\n+MUTANT(m)\n', 'Breaks: it\nSays: so\n--- a/x\n+++ b/x\n+MUTANT(other)\n'):
            with self.assertRaises(SystemExit):
                mutants.read_mutant(self.write('m.patch', text))


class Arrows(unittest.TestCase):
    script = load('arrows')

    def test_a_circle_is_what_reaches_itself(self):
        arrows = {'a': {'b'}, 'b': {'c'}, 'c': {'a', 'd'}, 'd': {'e'}, 'e': {'d'}, 'f': {'a', 'f'}}
        self.assertEqual(self.script.circles(arrows), [['a', 'b', 'c'], ['d', 'e']])
        self.assertEqual(self.script.circles({'a': {'b', 'c'}, 'b': {'c'}, 'c': set()}), [])

    def test_a_long_chain_is_no_trouble(self):
        chain = {str(i): {str(i + 1)} for i in range(5000)}
        self.assertEqual(self.script.circles(dict(chain, **{'5000': {'0'}}))[0].__len__(), 5001)

    def test_what_is_promised_is_held(self):
        tree = self.script.Tree.__new__(self.script.Tree)
        tree.arrows = {'a': {'b'}, 'b': {'c'}, 'c': {'d'}, 'd': {'a'}}
        tree.rooms = {'domain/core': 25, 'domain/hall': 26}
        tree.includes = {'domain/core': {'domain/rule': 1}, 'domain/rule': {'domain/core': 1}}
        broken = [len(findings) for _, findings in self.script.promises(tree)]
        self.assertEqual(broken, [1, 1, 1])
        tree.arrows['d'], tree.rooms['domain/hall'], tree.includes['domain/rule'] = set(), 25, {}
        self.assertEqual([findings for _, findings in self.script.promises(tree)], [[], [], []])


class CheckLayers(Tree):
    checker = load('check_layers')

    def findings(self, rule):
        return [what for _, _, what in rule(self.checker.House(self.dir))]

    def assert_include(self, source, target, allowed, rule=None):
        self.write(source, '#include %s\n' % target)
        found = self.findings(rule or self.checker.includes_point_down)
        self.assertEqual(found == [], allowed, '%s includes %s: %s' % (source, target, found))

    def test_an_include_may_point_down(self):
        self.assert_include('src/net/conn.c', '"base/str.h"', True)

    def test_an_include_may_not_point_up(self):
        self.assert_include('src/base/str.c', '"net/conn.h"', False)

    def test_html_is_not_put_together_in_c(self):
        self.write('src/admin/page.c', 'const char *a = "<p class=\\"x\\">", *b = "<token>", *c = "a < b"; /* "<p>" */\n')
        self.assertEqual(self.findings(self.checker.html_is_template), ['HTML in C'])
        self.write('src/admin/page.c', 'const char *b = "Authorization: Bearer <token>";\n')
        self.assertEqual(self.findings(self.checker.html_is_template), [])

    def test_a_line_is_named_by_dialects_only(self):
        line = 'if (c->line > ADCP_3_1) say("adcp-3.2"); /* AdCP 3.1, "3.1" */ is(v, "3.0");\n'
        self.write('src/tools/creative/reply.c', line)
        self.assertEqual(self.findings(self.checker.lines_are_one_list), ['names a line of AdCP: ' + w for w in ('ADCP_3_1', '"adcp-3.2"', '"3.0"')])
        self.write('src/tools/creative/reply.c', '/* AdCP 3.1 */ if (c->line >= ADCP_LINE_COMPACT) v = "1.3.0";\n')
        self.write('src/dialects/adcp.c', line)
        self.assertEqual(self.findings(self.checker.lines_are_one_list), [])

    def test_neighbours_do_not_see_each_other(self):
        self.assert_include('src/net/conn.c', '"store/db.h"', False)
        self.assert_include('src/store/db.c', '"net/conn.h"', False)

    def test_the_gates_see_the_dialects_and_not_the_reverse(self):
        self.assert_include('src/protocols/dispatch.c', '"dialects/dialect.h"', True)
        self.assert_include('src/dialects/adcp3.c', '"protocols/mcp/mcp.h"', False)

    def test_adapters_see_base_and_the_contract_only(self):
        self.assert_include('src/adapters/mock/mock.c', '"base/arena.h"', True)
        self.assert_include('src/adapters/mock/mock.c', '<salesagent/adapter.h>', True)
        self.assert_include('src/adapters/mock/mock.c', '"domain/media_buy/media_buy.h"', False)
        self.assert_include('src/adapters/mock/mock.c', '"run/clock.h"', False)

    def test_what_decides_ads_sees_base_and_the_contract_only(self):
        self.assert_include('src/protocols/ads.c', '"serving/serving.h"', True)
        self.assert_include('src/serving/decide.c', '"base/arena.h"', True)
        self.assert_include('src/serving/pace.h', '<salesagent/adapter.h>', True)
        self.assert_include('src/serving/decide.c', '"store/store.h"', False)
        self.assert_include('src/serving/decide.c', '"domain/plan/plan.h"', False)

    def test_an_upward_include_by_relative_path_is_found(self):
        self.write('src/net/conn.h', '')
        self.assert_include('src/base/str.c', '"../net/conn.h"', False)

    def test_rooms_see_what_lies_below_them_and_themselves(self):
        rule = self.checker.rooms_point_down
        for path in ('src/domain/core/act.h', 'src/domain/task/task.h', 'src/domain/decide/resolve.h', 'src/tools/tool.h',
                     'src/tools/core/page.h', 'src/tools/buyer/x.h'):
            self.write(path, '')
        for source, target, allowed in (('src/domain/task/x.c', '"domain/core/act.h"', True),
                                        ('src/domain/task/x.c', '"domain/task/task.h"', True),
                                        ('src/domain/task/x.c', '"domain/decide/resolve.h"', False),
                                        ('src/domain/core/x.c', '"../task/task.h"', False),
                                        ('src/domain/attic/x.c', '<stdio.h>', False),
                                        ('src/tools/core/x.c', '"tools/tool.h"', True),
                                        ('src/tools/core/x.c', '"tools/buyer/x.h"', False),
                                        ('src/tools/core/x.c', '"domain/decide/resolve.h"', True),
                                        ('src/tools/other.c', '"tools/core/page.h"', False),
                                        ('src/tools/table.c', '"tools/buyer/x.h"', True)):
            self.assert_include(source, target, allowed, rule)
            os.unlink(os.path.join(self.dir, source))

    def test_an_unknown_layer_is_refused(self):
        self.assert_include('src/utils/misc.c', '<stdio.h>', False)

    def test_main_sees_everything(self):
        self.assert_include('src/main.c', '"app/app.h"', True)

    def test_the_public_contract_sees_no_layer(self):
        rule = self.checker.public_headers_stand_alone
        self.assert_include('include/salesagent/adapter.h', '<salesagent/str.h>', True, rule)
        self.assert_include('include/salesagent/adapter.h', '"base/arena.h"', False, rule)

    def test_each_library_stays_with_its_layers(self):
        rule = self.checker.libraries_stay_in_their_layers
        for header, layers in self.checker.LIBRARY_LAYERS.items():
            for layer in self.checker.RANK:
                source = 'src/%s/x.c' % layer
                self.assert_include(source, '<%s>' % header, layer in layers, rule)
                os.unlink(os.path.join(self.dir, source))

    def test_an_assertion_above_net_and_store_needs_a_reason(self):
        rule = self.checker.assertions_have_a_reason
        self.write('src/net/conn.c', 'ENSURE(c != NULL);\n')
        self.write('src/domain/x.c', '/* ENSURE(no) */ ENSURE(f(a,\n    b) > 0);\nENSURE(n > 0);\nENSURE(n > 0);\n')
        self.assertEqual(len(self.findings(rule)), 3)
        self.write('scripts/ensures', 'What this is.\n\n# It was counted.\nsrc/domain/x.c: n > 0\nsrc/domain/x.c: n > 0\n')
        self.assertEqual(self.findings(rule), ['ENSURE(f(a, b) > 0) stands in no list of reasons (scripts/ensures)'])
        self.write('scripts/ensures', 'src/domain/x.c: f(a, b) > 0\n\n# It was counted.\nsrc/domain/x.c: n > 0\nsrc/domain/x.c: n > 0\n'
                                      'src/domain/x.c: gone\n')
        self.assertEqual(self.findings(rule), ['no reason stands above src/domain/x.c: f(a, b) > 0',
                                               'there is no such ENSURE any more: src/domain/x.c: gone'])

    def test_the_desk_calls_operations_and_nothing_below_them(self):
        rule = self.checker.desk_calls_operations
        self.write('src/contract/operations/buy.json', '{"operations": [{"name": "x_buy_list"}]}')
        self.write('src/admin/buys.c', '#include "protocols/dispatch.h"\n    .asks = { { "buys", "x_buy_list", NULL, false },\n'
                                       '{ "me", "x_sign_in_get", link_arguments, true } },\n.operation = "x_buy_list",\n')
        self.assertEqual(self.findings(rule), [])
        self.write('src/admin/more.c', '#include "domain/plan/plan.h"\n#include "store/store.h"\n'
                                       '    .asks = { { "buys", "get_media_buys",\n list_arguments, false } },\n.operation = "x_buy_burn",\n')
        self.assertEqual(self.findings(rule), ['get_media_buys is no operation of the manifest', 'x_buy_burn is no operation of the manifest',
                                               'a page of the desk includes domain/plan/plan.h', 'a page of the desk includes store/store.h'])

    def test_banned_calls_are_found(self):
        for name in self.checker.BANNED:
            self.write('src/base/x.c', 'int f(void)\n{\n    return %s ("a");\n}\n' % name)
            self.assertEqual(len(self.findings(self.checker.no_banned_functions)), 1, name)

    def test_lookalikes_comments_and_literals_are_not_calls(self):
        self.write('src/base/x.c', textwrap.dedent('''\
            /* strcpy(a, b) */ // atoi(x)
            static const char *s = "printf(x)";
            void f(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
            void g(void) { snprintf(b, n, "x"); fprintf(stderr, "x"); my_strtol(x); o->system(x); strtoll(x); }
            '''))
        self.assertEqual(self.findings(self.checker.no_banned_functions), [])

    def test_only_dialects_know_dialects(self):
        rule = self.checker.only_dialects_know_dialects
        for source, word, found in (('src/domain/x.c', '/* as the tutorial has it */', 1),
                                    ('src/domain/x.c', 'int buy_v1_status;', 1),
                                    ('src/adapters/x.c', '"data-model"', 1),
                                    ('src/domain/x.c', 'struct media_buy *buy; /* a data row */', 0),
                                    ('src/dialects/x.c', 'int tutorial_down;', 0)):
            path = self.write(source, word + '\n')
            self.assertEqual(len(self.findings(rule)), found, source + word)
            os.unlink(path)

    def test_what_can_fail_must_be_checked(self):
        rule = self.checker.what_can_fail_must_be_checked
        for text, found in (('int f(int x, struct err *e);', 1),
                            ('MUST_CHECK int f(int x, struct err *e);', 0),
                            ('int read_it(struct str s,\n            struct err *e);', 1),
                            ('int f(int x);', 0),
                            ('/*\nint f(struct err *e);\n*/', 0),
                            ('int rule_refuse(const struct rule *r, struct err *e);', 0)):
            self.write('src/domain/rule/x.h', text + '\n')
            self.assertEqual(len(self.findings(rule)), found, text)

    def test_documents_name_files_that_exist(self):
        self.write('src/net/http.h', '')
        self.write('README.md', '`src/net/http.h` `src/net/` `src/ROOM/x.c` `src/net/*.c`\n')
        self.assertEqual(self.findings(self.checker.documents_name_what_exists), [])
        self.write('README.md', '`src/net/gone.h` [there](docs/gone.md)\n')
        self.assertEqual(self.findings(self.checker.documents_name_what_exists),
                         ['there is no src/net/gone.h', 'there is no docs/gone.md'])

    def test_every_room_has_unit_tests(self):
        rooms = self.checker.ROOMS['domain']
        for room in rooms[1:]:
            self.write('tests/unit/domain/%s/test_it.c' % room, '')
        self.assertEqual(self.findings(self.checker.rooms_have_tests), ['the room %s has no unit test' % rooms[0]])

    def test_limits_of_json_text_stand_in_one_place(self):
        made = 'static const struct json_limits limits = { .bytes_max = 1 };\n'
        for name, text, found in (('src/contract/limits.c', made, 0), ('src/jobs/x.c', made, 1), ('src/jobs/x.c', 'f(&(struct json_limits){ 1 });\n', 1),
                                  ('src/jobs/x.c', 'struct json_limits own = json_limits_value;\n', 0)):
            self.write(name, text)
            self.assertEqual(len(self.findings(self.checker.json_is_limited_in_one_place)), found, text)

    def test_a_migration_has_a_number_of_its_own(self):
        for names, found in ((['0001_a', '0002_b'], 0), (['0001_a', '0001_b'], 1), (['1_a'], 1), (['0001-a'], 1),
                             (['0036_creatives_sent', '0036_reading', '0100_house', '0100_pulse'], 0),
                             (['0036_creatives_sent', '0036_more', '0036_reading'], 1), (['0100_house', '0100_other'], 1)):
            for name in names:
                self.write('src/store/migrations/%s.sql' % name, '')
            self.assertEqual(len(self.findings(self.checker.migrations_have_numbers)), found, names)
            shutil.rmtree(os.path.join(self.dir, 'src'))

    def test_the_text_is_what_clang_format_writes(self):
        for text, found in (('int x;\n', 0), ('int  x;\n', 1), ('/* Generated by a script. */\nint  x;\n', 0)):
            path = self.write('src/base/x.c', text)
            self.assertEqual(len(self.findings(self.checker.text_is_formatted)), found, text)
            os.unlink(path)

    def test_a_function_may_have_a_hundred_lines_and_no_more(self):
        for lines, found in ((100, 0), (101, 1)):
            self.write('src/base/x.c', 'void f(void)\n{\n%s}\n' % ('    x();\n' * lines))
            self.assertEqual(len(self.findings(self.checker.functions_are_short)), found, lines)

    def test_a_table_is_not_a_function(self):
        self.write('src/base/x.c', 'static int t[] = {\n%s};\n' % ('    1,\n' * 300))
        self.assertEqual(self.findings(self.checker.functions_are_short), [])

    def test_a_file_may_have_twelve_hundred_lines_and_no_more(self):
        for name in ('src/base/x.c', 'tests/unit/x.c', 'scripts/thing'):
            self.write(name, '\n' * 1200)
            self.assertEqual(self.findings(self.checker.files_are_short), [], name)
            self.write(name, '\n' * 1201)
            self.assertEqual(len(self.findings(self.checker.files_are_short)), 1, name)
            os.unlink(os.path.join(self.dir, name))

    def test_a_generated_table_may_be_long(self):
        self.write('src/contract/t.c', '/* Generated by scripts/gen_contract. */\n' + '\n' * 5000)
        self.assertEqual(self.findings(self.checker.files_are_short), [])

    def test_a_source_file_that_nothing_compiles_is_found(self):
        self.write('src/base/x.c', '')
        self.assertEqual(len(self.findings(self.checker.every_source_is_compiled)), 1)
        self.write('src/base/meson.build', "static_library('base',\n  'x.c')\n")
        self.assertEqual(self.findings(self.checker.every_source_is_compiled), [])

    def test_machine_paths_and_registries_are_found(self):
        for text in ('/wo' + 'rk/main', 'x = "/ro' + 'ot/.npmrc"', '/ho' + 'me/anna/x', 'https://regis' + 'try.npmjs.org/x',
                     'deb.deb' + 'ian.org'):
            self.write('docs/x.md', text + '\n')
            self.assertEqual(len(self.findings(self.checker.text_is_portable)), 1, text)

    def test_ordinary_paths_are_no_machine_paths(self):
        self.write('docs/x.md', './work/x src/work.c /var/lib/salesagent $HOME/work/ /etc/apt /homework /workers\n')
        self.assertEqual(self.findings(self.checker.text_is_portable), [])

    def test_a_tree_without_git_is_read_without_what_is_generated(self):
        for name in ('src/base/x.c', 'build-test/y.c', 'tests/node_modules/z/z.js', 'data/d.json', 'src/data/e.c'):
            self.write(name, '')
        self.assertEqual(self.checker.House(self.dir).files, ['src/base/x.c', 'src/data/e.c'])

    def test_download_addresses_in_lock_files_are_found(self):
        address = 'https:' + '//example.com/x.tgz'  # in pieces: this file is read by such checks, too
        self.write('tests/package-lock.json', '{ "resolved": "%s" }\n' % address)
        self.assertEqual(len(self.findings(self.checker.text_is_portable)), 1)


class RunSuites(Tree):
    def run_list(self, *lines, names=()):
        path = self.write('suites', ''.join(line + '\n' for line in lines))
        run = subprocess.run([os.path.join(TOP, 'scripts', 'run_suites'), '--list', path, *names], cwd=self.dir,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return run.stdout.strip().split('\n')[-1], run.returncode

    def test_the_sum_is_over_all_suites(self):
        last, status = self.run_list('a 9 printf "ok 1 - x\\nok - y\\n"', 'b 9 echo ok')
        self.assertEqual((last, status), ('3 passed, 0 failed', 0))

    def test_a_failed_test_fails_the_run(self):
        last, status = self.run_list('a 9 printf "ok\\nnot ok - y\\n"; false', 'b 9 echo ok')
        self.assertEqual((last, status), ('2 passed, 1 failed', 1))

    def test_a_suite_that_crashes_after_its_tests_is_one_failure(self):
        last, status = self.run_list('a 9 echo ok; kill -SEGV $$')
        self.assertEqual((last, status), ('1 passed, 1 failed', 1))

    def test_a_suite_that_runs_nothing_is_a_failure(self):
        last, status = self.run_list('a 9 true', 'b 9 echo ok')
        self.assertEqual((last, status), ('1 passed, 1 failed', 1))

    def test_a_suite_that_hangs_is_stopped_with_all_it_started(self):
        last, status = self.run_list('a 1 echo ok; sleep 50 & sleep 51')
        self.assertEqual((last, status), ('1 passed, 1 failed', 1))

    def test_skipped_tests_do_not_count_as_passed(self):
        last, status = self.run_list('a 9 printf "ok 1 - x # SKIP no disk\\nok - y\\n"')
        self.assertEqual((last, status), ('1 passed, 0 failed', 0))

    def test_indented_lines_and_words_that_begin_with_ok_do_not_count(self):
        last, status = self.run_list('a 9 printf "ok - y\\n    ok - z\\nokay\\n# ok\\n"')
        self.assertEqual((last, status), ('1 passed, 0 failed', 0))

    def test_an_unfinished_last_line_counts(self):
        last, _ = self.run_list('a 9 printf "ok\\nok"')
        self.assertEqual(last, '2 passed, 0 failed')

    def test_suites_can_be_picked_and_unknown_ones_are_refused(self):
        suites = ('a 9 echo ok', 'b 9 echo not ok')
        self.assertEqual(self.run_list(*suites, names=['a']), ('1 passed, 0 failed', 0))
        last, status = self.run_list(*suites, names=['c'])
        self.assertEqual((last, status), ('test: error: no suite c; there are: a b', 1))

    def test_an_empty_list_is_no_success(self):
        self.assertEqual(self.run_list('# nothing'), ('0 passed, 0 failed', 1))


class SuiteMeson(unittest.TestCase):
    tap_of = staticmethod(load('suite_meson').tap_of)

    def test_each_test_inside_a_program_counts(self):
        lines, bad = self.tap_of('t', {'result': 'OK', 'stdout': '1..2\nok 1 - a\nok 2 - b\n'})
        self.assertEqual((lines, bad), (['ok - t: a', 'ok - t: b'], False))

    def test_a_failed_test_is_not_counted_twice(self):
        lines, bad = self.tap_of('t', {'result': 'FAIL', 'returncode': 1, 'stdout': 'ok 1 - a\nnot ok 2 - b\n'})
        self.assertEqual((lines, bad), (['ok - t: a', 'not ok - t: b'], True))

    def test_a_crash_after_passed_tests_is_a_failed_test(self):
        lines, bad = self.tap_of('t', {'result': 'FAIL', 'returncode': -11, 'stdout': 'ok 1 - a\n'})
        self.assertEqual((len(lines), lines[1][:6], bad), (2, 'not ok', True))

    def test_a_silent_program_is_one_test(self):
        self.assertEqual(self.tap_of('t', {'result': 'OK'}), (['ok - t'], False))
        self.assertEqual(self.tap_of('t', {'result': 'TIMEOUT'})[1], True)


class FlatTap(Tree):
    def run_node(self, text):
        path = self.write('x.test.mjs', "import { test, describe, it } from 'node:test';\n" + text)
        run = subprocess.run(['node', '--test', '--test-reporter=' + os.path.join(TOP, 'tests/node/flat_tap.mjs'),
                              '--test-reporter-destination=stdout', path],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return [line for line in run.stdout.split('\n') if line.startswith(('ok', 'not ok'))]

    def test_only_single_tests_count(self):
        lines = self.run_node('''
            test('alone', () => {});
            describe('group', () => { it('one', () => {}); it('two', () => { throw new Error('no'); }); });
            test('parent', async (t) => { await t.test('child', () => {}); });
            ''')
        self.assertEqual([line.split(': ')[0].split(' - ')[0] + ' ' + line.split(': ')[-1] for line in lines],
                         ['ok alone', 'ok one', 'not ok two', 'ok child'])

    def test_a_parent_that_fails_by_itself_counts(self):
        lines = self.run_node('''
            test('parent', async (t) => { await t.test('child', () => {}); throw new Error('own'); });
            ''')
        self.assertEqual([line.split(' - ')[0] for line in lines], ['ok', 'not ok'])

    def test_a_file_that_cannot_be_loaded_is_a_failure(self):
        lines = self.run_node("import './missing.mjs';\n")
        self.assertEqual([line.split(' - ')[0] for line in lines], ['not ok'])

    def test_skipped_tests_are_marked(self):
        lines = self.run_node("test('later', { skip: 'no disk' }, () => {});\n")
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].endswith('# SKIP no disk'), lines)


class Manifest(Tree):
    """The publisher's own operations: what is wrong with a row ends the build with the row's name."""

    def row(self, **changes):
        row = {'name': 'x_thing_list', 'title': 'Things', 'help': 'Lists things.', 'answers': 'Things.', 'role': 'viewer',
               'changes': False, 'rest': 'GET publisher/things', 'cli': [{'verb': 'list', 'columns': ['thing_id 20']}],
               'arguments': {'type': 'object', 'properties': {'state': {'type': 'string', 'title': 'State', 'enum': ['a', 'b']}}},
               'answer': {'type': 'object', 'properties': {'things': {'type': 'array', 'items': {'type': 'object'}}}}}
        row.update(changes)
        return row

    def compile(self, *rows):
        path = self.write('thing.json', json.dumps({'command': 'thing', 'about': 'things', 'operations': list(rows)}))
        out = os.path.join(self.dir, 'out.c')
        done = subprocess.run([os.path.join(TOP, 'scripts', 'gen_contract'), '--operations', out, path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            return done.stderr
        with open(out) as file:
            return file.read()

    def assert_fault(self, what, *rows):
        text = self.compile(*rows)
        self.assertIn('gen_contract: error: thing.json', text)
        self.assertIn(what, text)

    def test_a_row_becomes_an_operation_a_verb_and_a_route(self):
        text = self.compile(self.row())
        for part in ('.name="x_thing_list"', '.method="GET",.path="publisher/things"', '.verbs=verbs_thing', 'OPERATION_TEXT,"a|b"'):
            self.assertIn(part, text)

    def test_what_changes_something_takes_a_key(self):
        changing = self.row(changes=True, rest='POST publisher/things', role='operator')
        self.assertIn('idempotency_key', self.compile(changing))
        self.assertNotIn('idempotency_key\\042:{\\042type\\042:\\042string\\042,\\042title', self.compile(self.row()))

    def test_faults_of_a_row(self):
        for what, changes in (
                ('no such member: colour', {'colour': 'red'}), ('role is one of', {'role': 'king'}),
                ('name must be', {'name': 'thing_list'}), ('help is missing', {'help': ''}),
                ('GET reads', {'rest': 'POST publisher/things'}), ('no required argument', {'rest': 'GET publisher/things/{state}'}),
                ('only what changes', {'decides': True}), ('has no title', {'arguments': {'type': 'object', 'properties': {'a': {'type': 'string'}}}}),
                ('required names', {'arguments': {'type': 'object', 'required': ['b'], 'properties': {}}}),
                ('arguments is an object', {'arguments': {'properties': {}}}),
                ('no argument colour', {'cli': [{'verb': 'list', 'options': ['colour']}]}),
                ('no argument thing_id', {'cli': [{'verb': 'list', 'words': ['thing_id']}]}),
                ('a column is', {'cli': [{'verb': 'list', 'columns': ['thing_id']}]}),
                ('cli: no such member', {'cli': [{'verb': 'list', 'colour': 1}]}),
                ('beside $ref', {'arguments': {'type': 'object', 'properties': {'a': {'$ref': '#/definitions/x', 'type': 'string'}}}})):
            self.assert_fault(what, self.row(**changes))

    def test_names_routes_and_verbs_are_had_once(self):
        self.assert_fault('another of this name', self.row(), self.row(rest='GET publisher/others'))
        text = self.compile(self.row(), self.row(name='x_thing_find'))
        self.assertIn('the route of x_thing_list', text)
        text = self.compile(self.row(), self.row(name='x_thing_find', rest='GET publisher/others'))
        self.assertIn('the verb of x_thing_list', text)


class TapResult(unittest.TestResult):
    def line(self, word, test):
        print('%s - %s.%s' % (word, type(test).__name__, test._testMethodName), flush=True)

    def addSuccess(self, test):
        self.line('ok', test)

    def bad(self, test, error):
        print(''.join('# %s\n' % line for line in self._exc_info_to_string(error, test).splitlines()), end='')
        self.line('not ok', test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.bad(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self.bad(test, error)


if __name__ == '__main__':
    result = TapResult()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
