/* Which dialect a call speaks: each test states one rule of src/dialects/choose.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dialects/choose.h"

static struct arena arena;

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

static yyjson_val *parsed(const char *text)
{
    static const struct json_limits wide = { .bytes_max = 1 << 16, .depth_max = 8, .nodes_max = 100 };
    struct err e;
    yyjson_doc *doc = NULL;
    if (json_parse(&arena, str_from(text), &wide, &doc, &e)) fail_msg("%s", e.message);
    return yyjson_doc_get_root(doc);
}

static struct dialect_hints hints(const char *tool, const char *args, const char *principal)
{
    return (struct dialect_hints){ .tool = str_from(tool),
                                   .args = parsed(args),
                                   .principal_default = str_from(principal),
                                   .lines = { ADCP_3_0, ADCP_3_2 } };
}

static const char *chosen(struct dialect_hints h)
{
    struct dialect_choice choice;
    struct err e = { 0 };
    if (dialect_choose(&h, &choice, &e)) fail_msg("refused: %s", e.message);
    return choice.dialect->name;
}

static void assert_unsupported(const char *args, const char *field)
{
    struct dialect_hints h = hints("get_products", args, "tutorial");
    struct dialect_choice choice = { 0 };
    struct err e = { 0 };
    assert_int_equal(dialect_choose(&h, &choice, &e), -1);
    assert_string_equal(e.code, "VERSION_UNSUPPORTED");
    assert_string_equal(e.field, field);
    assert_string_equal(e.details, "{\"supported_versions\":[\"3.0\",\"3.1\",\"3.2\"],\"supported_majors\":[3]}");
    assert_non_null(choice.dialect);
}

static void a_listed_release_is_served_as_asked(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{\"adcp_version\":\"3.0\"}", "tutorial")), "adcp-3.0");
    assert_string_equal(chosen(hints("get_products", "{\"adcp_version\":\"3.1\"}", "")), "adcp-3.1");
    assert_string_equal(chosen(hints("get_products", "{\"adcp_version\":\"3.2\"}", "")), "adcp-3.2");
}

static void a_later_release_of_the_major_is_served_the_highest(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{\"adcp_version\":\"3.7\"}", "")), "adcp-3.2");
    assert_string_equal(chosen(hints("get_products", "{\"adcp_version\":\"3.10\"}", "")), "adcp-3.2");
}

static void where_fewer_lines_are_served_the_highest_of_those_is(void **state)
{
    struct dialect_hints h = hints("get_products", "{\"adcp_version\":\"3.2\"}", "");
    h.lines.to = ADCP_3_1;
    assert_string_equal(chosen(h), "adcp-3.1");
    h = hints("get_products", "{}", "adcp-3.2");
    h.lines.to = ADCP_3_1;
    assert_string_equal(chosen(h), "adcp-3.1");
}

static void where_only_newer_lines_are_served_older_pins_are_refused(void **state)
{
    struct dialect_hints h = hints("get_products", "{\"adcp_version\":\"3.1\"}", "");
    struct dialect_choice choice;
    struct err e = { 0 };
    h.lines.from = ADCP_3_2;
    assert_int_equal(dialect_choose(&h, &choice, &e), -1);
    assert_string_equal(e.code, "VERSION_UNSUPPORTED");
    assert_string_equal(e.details, "{\"supported_versions\":[\"3.2\"],\"supported_majors\":[3]}");
    assert_string_equal(choice.dialect->name, "adcp-3.2");
    h.args = parsed("{\"adcp_major_version\":3}");
    assert_string_equal(chosen(h), "adcp-3.2");
    h.args = parsed("{}");
    assert_string_equal(chosen(h), "adcp-3.2");
    h.principal_default = STR("tutorial"); /* a URL of its own says more than a default */
    assert_string_equal(chosen(h), "adcp-3.2");
}

static void a_major_alone_is_3_0(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{\"adcp_major_version\":3}", "tutorial")), "adcp-3.0");
}

static void what_is_not_served_is_refused_with_what_is(void **state)
{
    assert_unsupported("{\"adcp_version\":\"99.0\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"2.5\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"3.2-beta.5\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"3.1.19\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"03.1\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"3.01\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"3.2.4\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\"3\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":\" 3.1\"}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":3}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":null}", "/adcp_version");
    assert_unsupported("{\"adcp_version\":3.1}", "/adcp_version");
    assert_unsupported("{\"adcp_major_version\":99}", "/adcp_major_version");
    assert_unsupported("{\"adcp_major_version\":2,\"adcp_version\":\"3.1\"}", "/adcp_major_version");
    assert_unsupported("{\"adcp_major_version\":3,\"adcp_version\":\"4.0\"}", "/adcp_version");
}

static void the_header_overrides_the_principal(void **state)
{
    struct dialect_hints h = hints("get_products", "{}", "adcp");
    h.header = STR("tutorial");
    assert_string_equal(chosen(h), "tutorial");
    h.header = STR("3.1");
    assert_string_equal(chosen(h), "adcp-3.1");
}

static void a_header_naming_nothing_is_refused(void **state)
{
    struct dialect_hints h = hints("get_products", "{}", "");
    struct dialect_choice choice;
    struct err e = { 0 };
    h.header = STR("klingon");
    assert_int_equal(dialect_choose(&h, &choice, &e), -1);
    assert_string_equal(e.code, "INVALID_REQUEST");
    assert_non_null(choice.dialect);
}

static void a_tool_adcp_has_not_decides(void **state)
{
    assert_string_equal(chosen(hints("update_performance_index", "{}", "")), "tutorial");
    assert_string_equal(chosen(hints("list_authorized_properties", "{}", "")), "tutorial");
}

static void what_only_one_shape_has_decides(void **state)
{
    static const struct {
        const char *tool, *args, *dialect;
    } cases[] = {
        { "update_media_buy", "{\"media_buy_id\":\"m\",\"active\":false}", "buy-v1" },
        { "update_media_buy", "{\"media_buy_id\":\"m\",\"total_budget\":60000}", "buy-v1" },
        { "update_media_buy", "{\"media_buy_id\":\"m\",\"flight_end_date\":\"2024-02-28\"}", "buy-v1" },
        { "update_media_buy", "{\"media_buy_id\":\"m\",\"packages\":[{\"package_id\":\"p\",\"active\":true}]}",
          "buy-v1" },
        { "update_media_buy", "{\"media_buy_id\":\"m\",\"budget_cents\":1}", "data-model" },
        { "create_media_buy", "{\"packages\":[\"premium_sports\"],\"total_budget\":50000}", "buy-v1" },
        { "create_media_buy", "{\"product_id\":\"p\",\"budget_cents\":250000}", "data-model" },
        { "create_media_buy", "{\"packages\":[{\"product_id\":\"p\",\"start_date\":\"2026-04-01\"}]}", "tutorial" },
        { "get_media_buy_delivery",
          "{\"media_buy_id\":\"m\",\"start_date\":\"2024-01-01\",\"end_date\":\"2024-01-31\"}", "buy-v1" },
        { "get_media_buy_delivery", "{\"media_buy_id\":\"m\"}", "data-model" },
        { "get_media_buys", "{\"media_buy_id\":\"m\"}", "data-model" },
        { "complete_task", "{\"task_id\":\"t\",\"resolution\":\"approved\"}", "buy-v1" },
    };
    static const char *const defaults[] = { "tutorial", "buy-v1", "data-model", "adcp-3.0", "" };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t d = 0; d < ARRAY_LEN(defaults); d++) {
            const char *is = chosen(hints(cases[i].tool, cases[i].args, defaults[d]));
            if (strcmp(is, cases[i].dialect)) fail_msg("%s, default %s: %s", cases[i].args, defaults[d], is);
        }
    }
    /* Beside a member of AdCP 3 none of it counts. */
    assert_string_equal(chosen(hints("update_media_buy", "{\"idempotency_key\":\"k\",\"active\":false}", "")),
                        "adcp-3.0");
}

static void fields_of_adcp_3_decide_against_an_older_default(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{\"buying_mode\":\"brief\"}", "tutorial")), "adcp-3.0");
    assert_string_equal(chosen(hints("create_media_buy", "{\"account\":{},\"idempotency_key\":\"k\"}", "tutorial")),
                        "adcp-3.0");
    assert_string_equal(chosen(hints("create_media_buy", "{\"account\":{}}", "adcp-3.1")), "adcp-3.1");
    assert_string_equal(chosen(hints("get_media_buys", "{\"account\":{}}", "tutorial")), "adcp-3.0");
}

static void a_write_without_the_key_is_the_4_22_client_s_where_the_default_is_older(void **state)
{
    assert_string_equal(chosen(hints("create_media_buy", "{\"account\":{}}", "tutorial")), "rc");
    assert_string_equal(chosen(hints("sync_accounts", "{\"accounts\":[]}", "tutorial")), "rc");
    assert_string_equal(chosen(hints("create_media_buy", "{\"account\":{}}", "")), "adcp-3.0");
    assert_string_equal(chosen(hints("create_media_buy", "{\"account\":{},\"adcp_version\":\"3.0\"}", "tutorial")),
                        "adcp-3.0");
}

static void filters_without_a_mode_are_the_data_model_pages(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{\"brief\":\"b\",\"filters\":{}}", "tutorial")), "data-model");
    assert_string_equal(chosen(hints("get_products", "{\"brief\":\"b\",\"filters\":{}}", "")), "adcp-3.0");
}

static void else_the_principal_decides_and_else_it_is_3_0(void **state)
{
    assert_string_equal(chosen(hints("get_products", "{}", "tutorial")), "tutorial");
    assert_string_equal(chosen(hints("get_products", "{}", "")), "adcp-3.0");
    assert_string_equal(chosen(hints("get_products", "{}", "unheard of")), "adcp-3.0");
}

static void a_tool_the_default_has_not_is_adcp(void **state)
{
    assert_string_equal(chosen(hints("list_accounts", "{}", "tutorial")), "adcp-3.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_release_is_served_as_asked),
        cmocka_unit_test(a_later_release_of_the_major_is_served_the_highest),
        cmocka_unit_test(where_fewer_lines_are_served_the_highest_of_those_is),
        cmocka_unit_test(where_only_newer_lines_are_served_older_pins_are_refused),
        cmocka_unit_test(a_major_alone_is_3_0),
        cmocka_unit_test(what_is_not_served_is_refused_with_what_is),
        cmocka_unit_test(the_header_overrides_the_principal),
        cmocka_unit_test(a_header_naming_nothing_is_refused),
        cmocka_unit_test(a_tool_adcp_has_not_decides),
        cmocka_unit_test(what_only_one_shape_has_decides),
        cmocka_unit_test(fields_of_adcp_3_decide_against_an_older_default),
        cmocka_unit_test(a_write_without_the_key_is_the_4_22_client_s_where_the_default_is_older),
        cmocka_unit_test(filters_without_a_mode_are_the_data_model_pages),
        cmocka_unit_test(else_the_principal_decides_and_else_it_is_3_0),
        cmocka_unit_test(a_tool_the_default_has_not_is_adcp),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
