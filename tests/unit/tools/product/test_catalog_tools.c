/* get_adcp_capabilities, list_creative_formats and list_authorized_properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tools/fixture.h"

static void both_lines_accept(struct fixture *f, const struct fixture_reply *r, const char *tool)
{
    fixture_valid(f, r, tool, ADCP_LINE_NEWEST);
    fixture_valid(f, r, tool, ADCP_3_0);
}

static bool holds(yyjson_val *arr, const char *s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) {
        if (yyjson_equals_str(v, s)) return true;
    }
    return false;
}

static void capabilities_are_facts(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_call(f, "get_adcp_capabilities", "{}");
    both_lines_accept(f, &r, "get_adcp_capabilities");
    assert_true(holds(json_get_path(r.reply, "/adcp/supported_versions"), "3.1"));
    assert_true(holds(json_arr(r.reply, "supported_protocols"), "media_buy"));
    assert_true(holds(json_get_path(r.reply, "/media_buy/supported_pricing_models"), "cpc"));
    assert_false(holds(json_get_path(r.reply, "/media_buy/supported_pricing_models"), "cpp"));
    assert_true(holds(json_get_path(r.reply, "/media_buy/portfolio/publisher_domains"), "devhub.io"));
    assert_true(yyjson_is_true(json_get_path(r.reply, "/media_buy/execution/targeting/geo_metros/nielsen_dma")));
    assert_false(json_has(r.reply, "compliance_testing"));
    /* No claim without its tools. */
    assert_int_equal(holds(json_arr(r.reply, "specialisms"), "audience-sync"),
                     tool_find(STR("sync_audiences")) != NULL);
    assert_true(str_is(json_str(json_obj(r.aux, "tenant"), "name"), "Demo Publisher"));
    assert_int_equal(json_i64_or(r.aux, "min_budget", 0), 500);
    assert_int_equal(json_i64_or(r.aux, "max_budget", 0), 1000000);
    assert_true(json_bool_or(r.aux, "workflow_required", false));
    assert_true(holds(json_get_path(r.aux, "/targeting/device"), "browser"));
}

static void only_the_protocols_asked_for_are_described(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_call(f, "get_adcp_capabilities", "{\"protocols\":[\"signals\"]}");
    both_lines_accept(f, &r, "get_adcp_capabilities");
    assert_false(json_has(r.reply, "media_buy"));
    assert_true(holds(json_arr(r.reply, "supported_protocols"), "media_buy"));
}

/* "a b" of the formats' ids. */
static const char *formats(struct fixture *f, const char *args)
{
    struct str out = STR_NONE;
    size_t i, n;
    yyjson_val *v;
    struct fixture_reply r = fixture_call(f, "list_creative_formats", args);
    both_lines_accept(f, &r, "list_creative_formats");
    yyjson_arr_foreach(json_arr(r.reply, "formats"), i, n, v) {
        out = arena_printf(&f->arena, STR_FMT "%s" STR_FMT, STR_ARG(out), i ? " " : "",
                           STR_ARG(json_str(json_obj(v, "format_id"), "id")));
    }
    return out.n ? out.p : "";
}

static void formats_are_listed_and_filtered(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *args, *ids;
    } cases[] = {
        { "{}", "fmt-display-300x250 fmt-display-728x90 fmt-display-160x600 fmt-video-preroll" },
        { "{\"asset_types\":[\"video\"]}", "fmt-video-preroll" },
        { "{\"max_width\":300}", "fmt-display-300x250 fmt-display-160x600" },
        { "{\"max_width\":300,\"min_height\":300}", "fmt-display-160x600" },
        { "{\"min_width\":728,\"max_height\":100}", "fmt-display-728x90" },
        { "{\"name_search\":\"LEADER\"}", "fmt-display-728x90" },
        { "{\"is_responsive\":true}", "" },
        { "{\"type\":\"video\"}", "fmt-video-preroll" },
        { "{\"wcag_level\":\"AA\"}", "" },
        { "{\"publisher_domain\":\"devhub.io\",\"type\":\"video\"}", "fmt-video-preroll" },
        { "{\"publisher_domain\":\"elsewhere.example\"}", "" },
        { "{\"format_ids\":[{\"agent_url\":\"http://localhost/mcp\",\"id\":\"fmt-video-preroll\"}]}",
          "fmt-video-preroll" },
        { "{\"format_ids\":[{\"agent_url\":\"https://x.example\",\"id\":\"fmt-video-none\"}]}", "" },
        { "{\"pagination\":{\"max_results\":1}}", "fmt-display-300x250" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) assert_string_equal(formats(f, cases[i].args), cases[i].ids);
    struct fixture_reply r = fixture_call(f, "list_creative_formats", "{}");
    yyjson_val *aux = yyjson_arr_get(json_arr(r.aux, "formats"), 3);
    assert_int_equal(json_i64_or(aux, "width", 0), 1920);
    assert_int_equal(json_i64_or(aux, "max_duration_seconds", 0), 30);
    assert_int_equal(json_i64_or(aux, "max_file_size_bytes", 0), 50000000);
    assert_true(holds(json_arr(aux, "mime_types"), "video/mp4"));
}

static void every_format_a_product_names_is_listed(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply products = fixture_call(f, "get_products", "{\"buying_mode\":\"wholesale\"}");
    size_t i, n, j, m;
    yyjson_val *p, *id;
    yyjson_arr_foreach(json_arr(products.reply, "products"), i, n, p) {
        yyjson_arr_foreach(json_arr(p, "format_ids"), j, m, id) {
            struct str ask = json_write_val(&f->arena, id);
            assert_true(formats(f, arena_printf(&f->arena, "{\"format_ids\":[" STR_FMT "]}", STR_ARG(ask)).p)[0] != 0);
        }
    }
}

static void properties_come_with_policies(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_call(f, "list_authorized_properties", "{}");
    assert_int_equal(r.rc, 0);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "properties")), 3);
    assert_true(holds(json_arr(r.reply, "publisher_domains"), "gadgetreview.com"));
    yyjson_val *second = yyjson_arr_get(json_arr(r.aux, "properties"), 1);
    assert_true(str_is(json_str(second, "property_id"), "prop-002"));
    assert_true(str_is(json_str(second, "domain"), "devhub.io"));
    assert_int_equal(json_i64_or(second, "monthly_pageviews", 0), 8000000);
    assert_true(holds(json_get_path(r.aux, "/advertising_policies/prohibited_categories"), "tobacco"));
    assert_int_equal(json_i64_or(json_obj(r.aux, "advertising_policies"), "approval_sla_hours", 0), 24);
    struct fixture_reply one = fixture_call(f, "list_authorized_properties", "{\"publisher_domains\":[\"devhub.io\"]}");
    assert_int_equal(yyjson_arr_size(json_arr(one.reply, "properties")), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(capabilities_are_facts),          T(only_the_protocols_asked_for_are_described),
        T(formats_are_listed_and_filtered), T(every_format_a_product_names_is_listed),
        T(properties_come_with_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
