/* The JSON border: each test states one rule of src/contract/json.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/encode.h"
#include "contract/json.h"

static struct arena arena;
static const struct json_limits wide = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 100000 };

static int setup(void **state)
{
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&arena);
    return 0;
}

static yyjson_val *parsed(struct str text)
{
    struct err e;
    yyjson_doc *doc = NULL;
    if (json_parse(&arena, text, &wide, &doc, &e)) fail_msg("%s", e.message);
    return yyjson_doc_get_root(doc);
}

static struct err refused(struct str text, const struct json_limits *limits)
{
    struct err e = { 0 };
    yyjson_doc *doc = NULL;
    assert_int_equal(json_parse(&arena, text, limits, &doc, &e), -1);
    assert_null(doc);
    assert_string_equal(e.code, "INVALID_REQUEST");
    assert_true(e.message[0] != '\0');
    return e;
}

static void strict_json_only(void **state)
{
    static const char *const bad[] = { "",
                                       "  ",
                                       "{",
                                       "[1,]",
                                       "{\"a\":1,}",
                                       "{'a':1}",
                                       "[1] x",
                                       "NaN",
                                       "[Inf]",
                                       "-",
                                       "01",
                                       "1.",
                                       ".5",
                                       "1e999",
                                       "-1e999",
                                       "\"\t\"",
                                       "tru",
                                       "\xef\xbb\xbf{}",
                                       "\"\\ud800\"",
                                       "/* c */ 1",
                                       "\"\xc0\xaf\"",
                                       "\"\xed\xa0\x80\"",
                                       "\"\\x\"" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) (void)refused(str_from(bad[i]), &wide);
    assert_true(yyjson_is_obj(parsed(STR(" {\"a\":[1,-2.5e3,true,null,\"\\u20ac\"]} "))));
    assert_true(yyjson_is_num(parsed(STR("18446744073709551616"))));
}

static void syntax_errors_say_where(void **state)
{
    struct err e = refused(STR("{\n  \"a\": 1,\n  \"b\": oops\n}"), &wide);
    assert_non_null(strstr(e.message, "line 3"));
    assert_non_null(strstr(e.message, "byte 19"));
}

static void nul_is_refused_raw_and_escaped_in_values_and_names(void **state)
{
    (void)refused((struct str){ "\"a\0b\"", 5 }, &wide);
    struct err e = refused(STR("{\"a\":[\"x\",\"y\\u0000z\"]}"), &wide);
    assert_string_equal(e.field, "/a/1");
    (void)refused(STR("{\"a\\u0000\":1}"), &wide);
    (void)refused(STR("\"\\u0000\""), &wide);
}

static void names_may_not_occur_twice(void **state)
{
    struct err e = refused(STR("{\"p\":[{},{\"a/b\":1,\"c\":2,\"a\\/b\":3}]}"), &wide);
    assert_string_equal(e.field, "/p/1/a~1b");
    (void)parsed(STR("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"));
}

static void big_objects_are_checked_for_twins_quickly(void **state)
{
    struct buf b;
    struct json_limits l = { .bytes_max = 1 << 24, .depth_max = 8, .nodes_max = 1 << 20 };
    buf_init(&b, 1 << 24);
    buf_add_char(&b, '{');
    for (int i = 0; i < 100000; i++) buf_addf(&b, "\"k%d\":0,", i);
    buf_add(&b, STR("\"k77777\":0}"));
    struct err e = refused(buf_str(&b), &l);
    assert_string_equal(e.field, "/k77777");
    buf_finish(&b);
}

static void depth_is_capped_however_deep_the_text(void **state)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 500000; i++) buf_add_char(&b, '[');
    for (int i = 0; i < 500000; i++) buf_add_char(&b, ']');
    struct json_limits many = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 1 << 20 };
    struct err e = refused(buf_str(&b), &many);
    assert_non_null(strstr(e.message, "deeper than 32"));
    buf_finish(&b);
    struct json_limits two = { .bytes_max = 100, .depth_max = 2, .nodes_max = 100 };
    yyjson_doc *doc;
    assert_int_equal(json_parse(&arena, STR("[[1]]"), &two, &doc, &e), 0);
    e = refused(STR("{\"a\":[0,[1]]}"), &two);
    assert_string_equal(e.field, "/a/1");
}

static void size_and_node_count_are_capped(void **state)
{
    struct json_limits l = { .bytes_max = 9, .depth_max = 2, .nodes_max = 4 };
    yyjson_doc *doc;
    struct err e;
    assert_int_equal(json_parse(&arena, STR("[1,2,3]"), &l, &doc, &e), 0);
    (void)refused(STR("[1,2,3,4]"), &l);
    (void)refused(STR("[1,2,3]   "), &l);
}

static void lenient_readers_give_nothing_for_other_types(void **state)
{
    yyjson_val *o = parsed(STR("{\"s\":\"x\",\"n\":5,\"f\":5.0,\"z\":null,\"b\":true,\"o\":{\"k\":[7]}}"));
    assert_true(str_is(json_str(o, "s"), "x"));
    assert_null(json_str(o, "n").p);
    assert_null(json_str(NULL, "n").p);
    assert_int_equal(json_i64_or(o, "f", -1), 5);
    assert_int_equal(json_i64_or(o, "s", -1), -1);
    assert_true(json_has(o, "z"));
    assert_false(json_has(o, "y"));
    assert_true(json_bool_or(o, "b", false));
    assert_null(json_arr(o, "o"));
    assert_int_equal(yyjson_get_int(json_get_path(o, "/o/k/0")), 7);
    assert_null(json_get_path(o, "/o/k/1"));
}

static void strict_readers_name_the_field(void **state)
{
    yyjson_val *o = parsed(STR("{\"name\":\"\",\"n\":1.5,\"budget\":-12.5,\"t\":\"2026-01-01\",\"l\":[]}"));
    struct err e;
    struct str s = STR("unchanged");
    int64_t i = 42;
    yyjson_val *v = NULL;
    assert_int_equal(json_req_str(JSON_FIELD(o, "name", "/packages/0"), (struct json_len){ 1, 9 }, &s, &e), -1);
    assert_string_equal(e.field, "/packages/0/name");
    assert_true(str_is(s, "unchanged"));
    assert_int_equal(json_req_str(JSON_FIELD(o, "gone", ""), (struct json_len){ 1, 9 }, &s, &e), -1);
    assert_string_equal(e.field, "/gone");
    assert_int_equal(json_opt_str(JSON_FIELD(o, "gone", ""), (struct json_len){ 1, 9 }, &s, &e), 0);
    assert_int_equal(json_req_i64(JSON_FIELD(o, "n", ""), (struct json_range){ 0, 9 }, &i, &e), -1);
    assert_int_equal(json_money(JSON_FIELD(o, "budget", "/x"), &i, &e), -1);
    assert_string_equal(e.field, "/x/budget");
    assert_int_equal(json_req_time(JSON_FIELD(o, "t", ""), &i, &e), -1);
    assert_int_equal(json_req_arr(JSON_FIELD(o, "l", ""), (struct json_len){ 1, 2 }, &v, &e), -1);
    assert_int_equal(i, 42);
    assert_int_equal(json_money(JSON_FIELD(parsed(STR("{\"m\":5000}")), "m", ""), &i, &e), 0);
    assert_int_equal(i, INT64_C(5000000000));
}

static void builders_write_compact_text(void **state)
{
    yyjson_mut_doc *doc = json_doc_new(&arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "s", STR("\xe2\x82\xac"));
    json_add_i64(doc, o, "i", INT64_MIN);
    json_add_money(doc, o, "m", 100000);
    json_add_time(doc, o, "t", 0);
    json_add_raw(doc, o, "none", STR_NONE);
    json_add_raw(doc, o, "r", STR("{\"x\":1.50}"));
    assert_true(json_add_text(doc, o, "p", STR("[1, {\"y\" : 2}]")));
    assert_false(json_add_text(doc, o, "q", STR("[1,")));
    json_add_str(doc, o, "u", STR("a\xff\xe2\x82z"));
    json_push_str(doc, json_add_arr(doc, o, "l"), STR_NONE);
    assert_string_equal(
        json_write(&arena, o).p,
        "{\"s\":\"\xe2\x82\xac\",\"i\":-9223372036854775808,\"m\":0.1,\"t\":\"1970-01-01T00:00:00Z\","
        "\"r\":{\"x\":1.50},\"p\":[1,{\"y\":2}],\"u\":\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\",\"l\":[\"\"]}");
}

static void canonical_text_matches_rfc8785_section_3_2(void **state)
{
    yyjson_val *v = parsed(STR("{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"
                               "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
                               "\"literals\":[null,true,false]}"));
    assert_true(str_is(json_canonical(&arena, v, NULL),
                       "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                       "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"));
}

static void canonical_names_sort_by_utf16_as_in_rfc8785_section_3_2_3(void **state)
{
    yyjson_val *v =
        parsed(STR("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
                   "With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\","
                   "\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"));
    static const char *const order[] = { "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew" };
    struct str text = json_canonical(&arena, v, NULL);
    const char *p = arena_cstr(&arena, text);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        p = strstr(p, order[i]);
        assert_non_null(p);
    }
}

static void canonical_numbers_match_rfc8785_appendix_b(void **state)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = { { 0x0000000000000000, "0" },
                  { 0x8000000000000000, "0" },
                  { 0x0000000000000001, "5e-324" },
                  { 0x8000000000000001, "-5e-324" },
                  { 0x7fefffffffffffff, "1.7976931348623157e+308" },
                  { 0x4340000000000000, "9007199254740992" },
                  { 0xc340000000000000, "-9007199254740992" },
                  { 0x4430000000000000, "295147905179352830000" },
                  { 0x44b52d02c7e14af5, "9.999999999999997e+22" },
                  { 0x44b52d02c7e14af6, "1e+23" },
                  { 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
                  { 0x444b1ae4d6e2ef4e, "999999999999999700000" },
                  { 0x444b1ae4d6e2ef4f, "999999999999999900000" },
                  { 0x444b1ae4d6e2ef50, "1e+21" },
                  { 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
                  { 0x3eb0c6f7a0b5ed8d, "0.000001" },
                  { 0x41b3de4355555553, "333333333.3333332" },
                  { 0x41b3de4355555557, "333333333.33333343" },
                  { 0xbecbf647612f3696, "-0.0000033333333333333333" },
                  { 0x43143ff3c1cb0959, "1424953923781206.2" },
                  { 0x3d30000000000000, "5.684341886080802e-14" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double v;
        char text[40];
        memcpy(&v, &cases[i].bits, 8);
        snprintf(text, sizeof(text), "%.17g", v);
        struct str out = json_canonical(&arena, parsed(str_from(text)), NULL);
        assert_string_equal(arena_cstr(&arena, out), cases[i].text);
    }
}

static void canonical_text_leaves_out_the_named_members(void **state)
{
    static const char *const skip[] = { "/idempotency_key", "/context", "/push/authentication/credentials", NULL };
    yyjson_val *v = parsed(STR("{\"push\":{\"url\":\"u\",\"authentication\":{\"credentials\":\"s\",\"schemes\":[]}},"
                               "\"idempotency_key\":\"k\",\"b\":{\"context\":1}}"));
    assert_true(str_is(json_canonical(&arena, v, skip),
                       "{\"b\":{\"context\":1},\"push\":{\"authentication\":{\"schemes\":[]},\"url\":\"u\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(strict_json_only, setup, teardown),
        cmocka_unit_test_setup_teardown(syntax_errors_say_where, setup, teardown),
        cmocka_unit_test_setup_teardown(nul_is_refused_raw_and_escaped_in_values_and_names, setup, teardown),
        cmocka_unit_test_setup_teardown(names_may_not_occur_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(big_objects_are_checked_for_twins_quickly, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_capped_however_deep_the_text, setup, teardown),
        cmocka_unit_test_setup_teardown(size_and_node_count_are_capped, setup, teardown),
        cmocka_unit_test_setup_teardown(lenient_readers_give_nothing_for_other_types, setup, teardown),
        cmocka_unit_test_setup_teardown(strict_readers_name_the_field, setup, teardown),
        cmocka_unit_test_setup_teardown(builders_write_compact_text, setup, teardown),
        cmocka_unit_test_setup_teardown(canonical_text_matches_rfc8785_section_3_2, setup, teardown),
        cmocka_unit_test_setup_teardown(canonical_names_sort_by_utf16_as_in_rfc8785_section_3_2_3, setup, teardown),
        cmocka_unit_test_setup_teardown(canonical_numbers_match_rfc8785_appendix_b, setup, teardown),
        cmocka_unit_test_setup_teardown(canonical_text_leaves_out_the_named_members, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
