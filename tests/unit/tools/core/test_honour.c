/* What is asked is honoured or refused: the table of what is refused is true of the published schemas, and what no schema
 * names is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "tools/core/honour.h"
#include "tools/fixture.h"

/* Arguments that hold `pointer`: "*" becomes a list of one. `value` stands at its end. */
static yyjson_val *holding(struct fixture *f, const char *pointer, const char *value)
{
    struct buf text;
    char closing[64];
    size_t n = 0;
    buf_init(&text, 4096);
    for (const char *at = pointer; *at;) {
        const char *name = at + 1, *end = name + strcspn(name, "/");
        bool star = *name == '*';
        if (star) buf_addf(&text, "[");
        else buf_addf(&text, "{\"%.*s\":", (int)(end - name), name);
        closing[n++] = star ? ']' : '}';
        at = end;
    }
    buf_addf(&text, "%s", value);
    while (n > 0) buf_add_char(&text, closing[--n]);
    yyjson_val *v = fixture_json(f, arena_dup(&f->arena, buf_str(&text)).p);
    buf_finish(&text);
    return v;
}

static struct unknown_members unknown(struct fixture *f, const char *tool, yyjson_val *args)
{
    const struct contract *lines[ADCP_LINE_COUNT];
    struct unknown_members out;
    for (int line = 0; line < ADCP_LINE_COUNT; line++)
        lines[line] = contract_find((enum adcp_line)line, tool, CONTRACT_REQUEST);
    contract_unknown_members(lines, ARRAY_LEN(lines), args, &f->arena, &out);
    return out;
}

static void what_is_refused_is_what_the_schemas_name(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < unhonoured_n; i++) {
        const struct unhonoured *u = &unhonoured[i];
        yyjson_val *args = holding(f, u->member, "1");
        struct err e = { 0 };
        bool every = strcmp(u->tool, "*") == 0;
        const char *tool = every ? "get_media_buys" : u->tool;
        if (unknown(f, tool, args).n) fail_msg("no schema of %s names %s", tool, u->member);
        assert_non_null(tool_find(str_from(tool)));
        assert_int_equal(honour_check(str_from(tool), args, &e), -1);
        assert_string_equal(e.code, "UNSUPPORTED_FEATURE");
        for (const char *p = u->member, *q = e.field; *p; p++, q++) assert_int_equal(*q, *p == '*' ? '0' : *p);
        if (!every) assert_int_equal(honour_check(STR("get_adcp_capabilities"), args, &e), 0);
    }
}

static void a_member_that_is_null_is_not_asked_for(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(honour_check(STR("create_media_buy"), fixture_json(f, "{\"artifact_webhook\":null}"), &e), 0);
}

static void what_no_schema_names_is_found_wherever_it_stands(void **state)
{
    static const struct {
        const char *tool, *args, *pointer;
    } cases[] = {
        { "get_products", "{\"buying_mode\":\"wholesale\",\"colour\":1}", "/colour" },
        { "get_products", "{\"filters\":{\"channles\":[\"olv\"]}}", "/filters/channles" },
        { "create_media_buy", "{\"packages\":[{\"product_id\":\"p\"},{\"product_id\":\"p\",\"impresions\":1}]}",
          "/packages/1/impresions" },
        { "create_media_buy", "{\"packages\":[{\"targeting_overlay\":{\"geo_countrys\":[\"US\"]}}]}",
          "/packages/0/targeting_overlay/geo_countrys" },
        { "sync_creatives", "{\"creatives\":[{\"format_id\":{\"id\":\"a\",\"size\":1}}]}",
          "/creatives/0/format_id/size" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct unknown_members u = unknown(f, cases[i].tool, fixture_json(f, cases[i].args));
        if (u.n != 1) fail_msg("%s: %d found in %s", cases[i].tool, u.n, cases[i].args);
        assert_string_equal(arena_cstr(&f->arena, u.pointers[0]), cases[i].pointer);
    }
}

static void what_is_open_is_not_judged(void **state)
{
    static const char *const open[] = {
        "{\"ext\":{\"acme\":{\"anything\":1}},\"context\":{\"trace\":{\"deep\":[{\"x\":1}]}}}",
        "{\"packages\":[{\"product_id\":\"p\",\"ext\":{\"a\":1},\"context\":{\"b\":2}}]}",
        "{\"packages\":[{\"creatives\":[{\"assets\":{\"my_own_slot\":{\"asset_type\":\"image\",\"url\":\"u\"}}}]}]}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        struct unknown_members u = unknown(f, "create_media_buy", fixture_json(f, open[i]));
        if (u.n) fail_msg(STR_FMT " in %s", STR_ARG(u.pointers[0]), open[i]);
    }
}

static void a_large_request_is_walked_in_bounded_time(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    buf_init(&text, 1 << 24);
    buf_addf(&text, "{\"packages\":[");
    for (int i = 0; i < 5000; i++) {
        buf_addf(&text, "%s{\"product_id\":\"p\",\"targeting_overlay\":{\"geo_countries\":[\"US\"]},\"odd%d\":1}",
                 i ? "," : "", i);
    }
    buf_addf(&text, "]}");
    static const struct json_limits wide = { .bytes_max = 1 << 24, .depth_max = 16, .nodes_max = 1000000 };
    yyjson_doc *doc;
    struct err e;
    assert_int_equal(json_parse(&f->arena, buf_str(&text), &wide, &doc, &e), 0);
    struct unknown_members u = unknown(f, "create_media_buy", yyjson_doc_get_root(doc));
    assert_true(u.n == 0 || u.n == UNKNOWN_MEMBERS_MAX); /* all of a list that is too long, or none */
    buf_finish(&text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_refused_is_what_the_schemas_name),         T(a_member_that_is_null_is_not_asked_for),
        T(what_no_schema_names_is_found_wherever_it_stands), T(what_is_open_is_not_judged),
        T(a_large_request_is_walked_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
