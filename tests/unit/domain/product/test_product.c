/* Products as buying sees them: typed, checked, and never more trusted than their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <salesagent/money.h>

#include "domain/product/product.h"

static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 64, .nodes_max = 10000 };

static int read_text(struct arena *a, const char *text, struct product *p, struct err *e)
{
    yyjson_doc *doc;
    assert_int_equal(json_parse(a, str_from(text), &limits, &doc, e), 0);
    return product_read(a, yyjson_doc_get_root(doc), p, e);
}

#define HEAD "{\"product_id\":\"p1\",\"name\":\"P\",\"description\":\"d\",\"delivery_type\":\"guaranteed\","

static void a_product_is_read_into_types(void **state)
{
    struct arena a;
    struct product p;
    struct err e;
    arena_init(&a);
    assert_int_equal(
        read_text(&a,
                  HEAD
                  "\"channels\":[\"display\",\"olv\"],\"format_ids\":[\"f1\",{\"agent_url\":\"https://x.example/\","
                  "\"id\":\"f2\"}],\"pricing_options\":["
                  "{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
                  "\"fixed_price\":12.5,\"min_spend_per_package\":1000},"
                  "{\"pricing_option_id\":\"b\",\"pricing_model\":\"cpc\",\"currency\":\"EUR\","
                  "\"floor_price\":0.1,\"price_guidance\":{\"p50\":0.25}}],"
                  "\"ext\":{\"salesagent\":{\"estimated_reach\":{\"daily_impressions\":150000,"
                  "\"daily_uniques\":45000},\"approval_policy\":\"auto\"}}}",
                  &p, &e),
        0);
    assert_true(p.guaranteed && p.active);
    assert_int_equal(p.pricing_options_n, 2);
    const struct pricing_option *fixed = product_pricing_option(&p, STR("a"));
    assert_int_equal(fixed->fixed_price_micros, 12500000);
    assert_int_equal(fixed->min_spend_micros, 1000 * MICROS_PER_UNIT);
    assert_int_equal(pricing_impressions(fixed, 3000 * MICROS_PER_UNIT, fixed->fixed_price_micros), 240000);
    const struct pricing_option *auction = product_pricing_option(&p, STR("b"));
    assert_int_equal(auction->fixed_price_micros, -1);
    assert_int_equal(auction->floor_micros, 100000);
    assert_int_equal(auction->p50_micros, 250000);
    assert_string_equal(auction->currency, "EUR");
    assert_null(product_pricing_option(&p, STR("c")));
    assert_int_equal(p.daily_impressions, 150000);
    assert_int_equal(p.daily_uniques, 45000);
    assert_int_equal(p.approval, APPROVAL_AUTO);
    assert_int_equal(p.channels_n, 2);
    arena_finish(&a);
}

static void own_formats_compare_by_id_and_others_by_agent_too(void **state)
{
    struct arena a;
    struct product p;
    struct err e;
    arena_init(&a);
    assert_int_equal(read_text(&a,
                               HEAD "\"format_ids\":[\"f1\",{\"agent_url\":\"https://x.example/\",\"id\":\"f2\"}],"
                                    "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\","
                                    "\"currency\":\"USD\",\"fixed_price\":1}]}",
                               &p, &e),
                     0);
    assert_true(product_takes_format(&p, &(struct format_ref){ .id = STR("f1") }));
    assert_true(
        product_takes_format(&p, &(struct format_ref){ .agent_url = STR("HTTPS://PUB.example/"), .id = STR("f1") }));
    assert_true(
        product_takes_format(&p, &(struct format_ref){ .agent_url = STR("HTTP://X.example/mcp"), .id = STR("f2") }));
    assert_false(
        product_takes_format(&p, &(struct format_ref){ .agent_url = STR("http://y.example"), .id = STR("f2") }));
    assert_true(product_takes_format(&p, &(struct format_ref){ .id = STR("f2") }));
    assert_false(product_takes_format(&p, &(struct format_ref){ .id = STR("f3") }));
    arena_finish(&a);
}

static void what_is_wrong_is_named_by_pointer(void **state)
{
    static const struct {
        const char *text, *field;
    } cases[] = {
        { "{\"name\":\"x\"}", "/product_id" },
        { "{\"product_id\":\"a b\",\"name\":\"x\"}", "/product_id" },
        { HEAD "\"pricing_options\":[]}", "/pricing_options" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpx\",\"currency\":\"USD\"}]}",
          "/pricing_options/0/pricing_model" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"usd\"}]}",
          "/pricing_options/0/currency" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\","
               "\"fixed_price\":-1}]}",
          "/pricing_options/0/fixed_price" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\"},"
               "{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\"}]}",
          "/pricing_options/1/pricing_option_id" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"time\",\"currency\":\"USD\"}]}",
          "/pricing_options/0/parameters" },
        { HEAD "\"pricing_options\":[{\"pricing_option_id\":\"a\",\"pricing_model\":\"cpm\",\"currency\":\"USD\"}],"
               "\"ext\":{\"salesagent\":{\"approval_policy\":\"maybe\"}}}",
          "/ext/salesagent/approval_policy" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        struct product p;
        struct err e;
        arena_init(&a);
        assert_int_equal(read_text(&a, cases[i].text, &p, &e), -1);
        assert_string_equal(e.field, cases[i].field);
        assert_true(str_is(STR("INVALID_REQUEST"), e.code) || str_is(STR("VALIDATION_ERROR"), e.code));
        arena_finish(&a);
    }
}

static void approval_follows_product_then_publisher(void **state)
{
    struct product p = { .approval = APPROVAL_DEFAULT };
    struct tenant_settings ts = { .workflow_required = true };
    assert_true(product_needs_approval(&p, &ts, 1));
    ts.auto_approve_below_micros = 100;
    assert_false(product_needs_approval(&p, &ts, 99));
    assert_true(product_needs_approval(&p, &ts, 100));
    p.approval = APPROVAL_AUTO;
    assert_false(product_needs_approval(&p, &ts, 100));
    ts.workflow_required = false;
    p.approval = APPROVAL_REVIEW;
    assert_true(product_needs_approval(&p, &ts, 0));
}

static void settings_have_defaults_and_survive_nonsense(void **state)
{
    struct arena a;
    struct tenant_settings ts;
    arena_init(&a);
    struct tenant t = { .tenant_id = STR("t"), .host = STR("ads.example"), .doc = STR("{not json") };
    tenant_settings_read(&t, &a, &ts);
    assert_true(ts.workflow_required && ts.creative_review_required);
    assert_string_equal(ts.currency, "USD");
    assert_true(str_is(ts.agent_url, "https://ads.example"));
    t.doc = STR("{\"currency\":\"EUR\",\"min_budget\":500,\"max_budget\":1000000,\"workflow_required\":false,"
                "\"advertising_policies\":{\"approval_sla_hours\":8}}");
    tenant_settings_read(&t, &a, &ts);
    assert_string_equal(ts.currency, "EUR");
    assert_int_equal(ts.min_budget_micros, 500 * MICROS_PER_UNIT);
    assert_int_equal(ts.max_budget_micros, 1000000 * MICROS_PER_UNIT);
    assert_false(ts.workflow_required);
    assert_int_equal(ts.approval_sla_hours, 8);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_read_into_types),
        cmocka_unit_test(own_formats_compare_by_id_and_others_by_agent_too),
        cmocka_unit_test(what_is_wrong_is_named_by_pointer),
        cmocka_unit_test(approval_follows_product_then_publisher),
        cmocka_unit_test(settings_have_defaults_and_survive_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
