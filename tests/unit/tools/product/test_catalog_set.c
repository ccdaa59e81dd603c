/* Formats and properties are changed and made by the publisher's people, and reach buyers as they would from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tools/fixture.h"

static void fails(struct fixture *f, const char *tool, const char *args, const char *code, const char *field)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc != -1) print_error("%s %s succeeded\n", tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    assert_string_equal(r.e.field, field);
}

static bool has(const struct fixture_reply *r, const char *text)
{
    return memmem(r->text.p, r->text.n, text, strlen(text)) != NULL;
}

static void a_banner_of_a_size_is_a_format_that_buyers_see(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    struct fixture_reply r = fixture_ok(
        f, "x_format_set", "{\"format_id\":\"half-page\",\"size\":\"300x600\",\"format\":{\"name\":\"Half page\"}}");
    assert_true(has(&r, "\"width\":300"));
    fixture_become(f, "test-buyer");
    r = fixture_ok(f, "list_creative_formats", "{}");
    fixture_valid(f, &r, "list_creative_formats", ADCP_3_1);
    assert_true(has(&r, "half-page") && has(&r, "Half page"));
}

static void a_change_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    struct fixture_reply before = fixture_ok(f, "x_format_get", "{\"format_id\":\"fmt-display-300x250\"}");
    struct fixture_reply r =
        fixture_ok(f, "x_format_set",
                   "{\"format_id\":\"fmt-display-300x250\",\"format\":{\"description\":\"Quite another one\"}}");
    assert_true(has(&r, "Quite another one") && has(&r, "Medium Rectangle"));
    assert_int_equal(yyjson_arr_size(json_arr(json_obj(r.reply, "format"), "assets")),
                     yyjson_arr_size(json_arr(json_obj(before.reply, "format"), "assets")));
    struct fixture_reply trail = fixture_ok(f, "x_audit_list", "{}");
    assert_true(has(&trail, "format:fmt-display-300x250"));
}

static void what_no_buyer_could_read_is_refused_and_nothing_is_kept(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    struct fixture_reply before = fixture_ok(f, "x_format_get", "{\"format_id\":\"fmt-display-300x250\"}");
    static const char *const bad[] = {
        "{\"format_id\":\"fmt-display-300x250\",\"format\":{\"assets\":[1]}}",
        "{\"format_id\":\"fmt-display-300x250\",\"format\":{\"name\":null}}",
        "{\"format_id\":\"fmt-display-300x250\",\"format\":{\"renders\":[{\"role\":7}]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fixture_reply r = fixture_call(f, "x_format_set", bad[i]);
        if (r.rc != -1) print_error("%s succeeded\n", bad[i]);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, "INVALID_REQUEST");
    }
    struct fixture_reply after = fixture_ok(f, "x_format_get", "{\"format_id\":\"fmt-display-300x250\"}");
    assert_true(str_eq(before.text, after.text));
    fails(f, "x_format_get", "{\"format_id\":\"none\"}", "REFERENCE_NOT_FOUND", "/format_id");
}

static void a_domain_is_a_website(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    struct fixture_reply r = fixture_ok(
        f, "x_property_set", "{\"property_id\":\"news\",\"property\":{\"publisher_domain\":\"news.example\"}}");
    assert_true(has(&r, "\"property_type\":\"website\"") && has(&r, "\"value\":\"news.example\""));
    r = fixture_ok(f, "x_property_set", "{\"property_id\":\"prop-001\",\"property\":{\"name\":\"Gardeners weekly\"}}");
    assert_true(has(&r, "techdaily.com"));
    r = fixture_ok(f, "x_property_list", "{}");
    assert_true(has(&r, "Gardeners weekly") && has(&r, "news.example"));
    fails(f, "x_property_set", "{\"property_id\":\"bare\"}", "INVALID_REQUEST", "/property/publisher_domain");
    fails(f, "x_property_set",
          "{\"property_id\":\"odd\",\"property\":{\"identifiers\":[{\"type\":\"url\",\"value\":\"x\"}]}}",
          "INVALID_REQUEST", "/property/identifiers/0/type");
    fails(f, "x_property_set", "{\"property_id\":\"odd\",\"property\":{\"publisher_domain\":\"Ann <b>\"}}",
          "INVALID_REQUEST", "/property/publisher_domain");
    fails(f, "x_property_get", "{\"property_id\":\"none\"}", "REFERENCE_NOT_FOUND", "/property_id");
}

/* Briefs are matched with the names of the properties that products run on. */
static void a_brief_finds_a_property_by_its_new_name(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    (void)fixture_ok(f, "x_property_set",
                     "{\"property_id\":\"prop-001\",\"property\":{\"name\":\"Gardeners weekly\"}}");
    fixture_become(f, "test-buyer");
    struct fixture_reply r = fixture_ok(f, "get_products", "{\"buying_mode\":\"brief\",\"brief\":\"gardeners\"}");
    assert_true(yyjson_arr_size(json_arr(r.reply, "products")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_banner_of_a_size_is_a_format_that_buyers_see, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_change_leaves_the_rest, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_no_buyer_could_read_is_refused_and_nothing_is_kept, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_domain_is_a_website, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_brief_finds_a_property_by_its_new_name, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
