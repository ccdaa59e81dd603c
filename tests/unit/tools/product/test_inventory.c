/* What is left of a product decides what can be bought: sold out is refused where delivery is promised and only warned
 * of elsewhere; finalized plans keep their prices and come with an insertion order where a product demands one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "domain/plan/plan.h"
#include "tools/fixture.h"

#define REPORTING                                                                                                      \
    "\"reporting_capabilities\":{\"available_reporting_frequencies\":[\"daily\"],\"expected_delay_minutes\":60,"       \
    "\"timezone\":\"UTC\",\"supports_webhooks\":true,\"available_metrics\":[\"impressions\",\"spend\"],"               \
    "\"date_range_support\":\"date_range\"}"

#define PRODUCT(id, type, price, more)                                                                                 \
    "{\"product_id\":\"" id "\",\"name\":\"" id "\",\"description\":\"small\",\"publisher_properties\":["              \
    "{\"publisher_domain\":\"techdaily.com\",\"selection_type\":\"all\"}],\"channels\":[\"display\"],"                 \
    "\"format_ids\":[{\"id\":\"fmt-display-300x250\"}],\"delivery_type\":\"" type "\",\"pricing_options\":["           \
    "{\"pricing_option_id\":\"p\",\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":" price               \
    "}]," REPORTING                                                                                                    \
    ",\"ext\":{\"salesagent\":{\"approval_policy\":\"auto\",\"capacity\":{\"daily_impressions\":10000}" more "}}}"

#define FILE_OF(price)                                                                                                 \
    "{\"salesagent_import\":1,\"tenant\":{\"tenant_id\":\"demo\",\"name\":\"Demo Publisher\",\"adapter\":\"mock\","    \
    "\"currency\":\"USD\",\"min_budget\":100,\"max_budget\":1000000,\"workflow_required\":false,"                      \
    "\"creative_review_required\":false,\"proposals\":[{\"proposal_id\":\"plan-firm\",\"name\":\"Firm\","              \
    "\"allocations\":[{\"product_id\":\"firm\",\"pricing_option_id\":\"p\",\"percent\":100}]},"                        \
    "{\"proposal_id\":\"plan-signed\",\"name\":\"Signed\",\"allocations\":[{\"product_id\":\"signed\","                \
    "\"pricing_option_id\":\"p\",\"percent\":100}]}]},\"products\":[" PRODUCT(                                         \
        "firm", "guaranteed", price, "") "," PRODUCT("loose", "non_guaranteed", "10",                                  \
                                                     "") "," PRODUCT("signed", "guaranteed", "10",                     \
                                                                     ",\"io_required\":true") "]}"

/* 30 days of 10000 impressions at 10 a thousand are 3000 dollars. */
#define FLIGHT "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\""

static int setup(void **state)
{
    struct fixture *f = fixture_open();
    (void)fixture_import(f, STR(FILE_OF("10"))); /* how many objects changed is the importer's tests' business */
    fixture_reload_tenant(f);
    *state = f;
    return 0;
}

static struct fixture_reply buy(struct fixture *f, const char *product, int budget)
{
    const char *args = arena_printf(&f->arena,
                                    "{" FLIGHT ",\"packages\":[{\"product_id\":\"%s\",\"pricing_option_id\":\"p\","
                                    "\"budget\":%d}]}",
                                    product, budget)
                           .p;
    struct fixture_reply r = fixture_call(f, "create_media_buy", args);
    if (r.rc == 0) fixture_valid(f, &r, "create_media_buy", ADCP_LINE_NEWEST);
    return r;
}

static void refused(const struct fixture_reply *r, const char *code, const char *field)
{
    assert_int_equal(r->rc, -1);
    assert_string_equal(r->e.code, code);
    assert_string_equal(r->e.field, field);
}

static void a_promise_needs_inventory(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = buy(f, "firm", 2000);
    assert_int_equal(r.rc, 0);
    r = buy(f, "firm", 1500);
    refused(&r, "PRODUCT_UNAVAILABLE", "/packages/0/budget");
    yyjson_val *details = fixture_json(f, r.e.details);
    assert_int_equal(json_i64_or(details, "available_impressions", -1), 100000);
    assert_int_equal(json_i64_or(details, "requested_impressions", -1), 150000);
    assert_int_equal(buy(f, "firm", 1000).rc, 0);
    r = buy(f, "firm", 100);
    refused(&r, "PRODUCT_UNAVAILABLE", "/packages/0/budget");
}

static void packages_of_one_buy_share_what_is_left(void **state)
{
    struct fixture *f = *state;
    const char *package = "{\"product_id\":\"firm\",\"pricing_option_id\":\"p\",\"budget\":1600}";
    struct fixture_reply r = fixture_call(
        f, "create_media_buy", arena_printf(&f->arena, "{" FLIGHT ",\"packages\":[%s,%s]}", package, package).p);
    refused(&r, "PRODUCT_UNAVAILABLE", "/packages/0/budget");
    /* One after the other they fit. */
    const char *apart =
        "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-31T00:00:00Z\",\"packages\":["
        "{\"product_id\":\"firm\",\"pricing_option_id\":\"p\",\"budget\":2900,\"end_time\":\"2026-05-01T00:00:00Z\"},"
        "{\"product_id\":\"firm\",\"pricing_option_id\":\"p\",\"budget\":2900,\"start_time\":\"2026-05-01T00:00:00Z\"}]}";
    assert_int_equal(fixture_call(f, "create_media_buy", apart).rc, 0);
}

static void what_is_not_promised_is_sold_with_a_warning(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = buy(f, "loose", 2000);
    assert_int_equal(r.rc, 0);
    assert_null(strstr(arena_cstr(&f->arena, r.message), "impressions left"));
    r = buy(f, "loose", 2000);
    assert_int_equal(r.rc, 0);
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "impressions left"));
}

static void an_update_asks_for_the_difference(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = buy(f, "firm", 2000);
    struct str id = json_str(r.reply, "media_buy_id"),
               p = json_val_str(json_get_path(r.reply, "/packages/0/package_id"));
    static const char text[] =
        "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",\"budget\":%d}]}";
    r = fixture_call(f, "update_media_buy", arena_printf(&f->arena, text, STR_ARG(id), STR_ARG(p), 3100).p);
    refused(&r, "PRODUCT_UNAVAILABLE", "/packages/0/budget");
    r = fixture_call(f, "update_media_buy", arena_printf(&f->arena, text, STR_ARG(id), STR_ARG(p), 3000).p);
    assert_int_equal(r.rc, 0);
    const char *more = arena_printf(&f->arena,
                                    "{\"media_buy_id\":\"" STR_FMT "\",\"new_packages\":[{\"product_id\":\"firm\","
                                    "\"pricing_option_id\":\"p\",\"budget\":200}]}",
                                    STR_ARG(id))
                           .p;
    r = fixture_call(f, "update_media_buy", more);
    refused(&r, "PRODUCT_UNAVAILABLE", "/new_packages/0/budget");
}

static void a_sandbox_takes_nothing_away(void **state)
{
    struct fixture *f = *state;
    f->principal.sandbox = true;
    assert_int_equal(buy(f, "firm", 3000).rc, 0);
    assert_int_equal(buy(f, "firm", 3000).rc, 0);
    struct fixture_reply r = buy(f, "firm", 3100); /* but sees the same limits */
    refused(&r, "PRODUCT_UNAVAILABLE", "/packages/0/budget");
    f->principal.sandbox = false;
    assert_int_equal(buy(f, "firm", 3000).rc, 0);
}

static struct fixture_reply finalize(struct fixture *f, const char *plan)
{
    struct fixture_reply r = fixture_call(
        f, "get_products",
        arena_printf(
            &f->arena,
            "{\"buying_mode\":\"refine\",\"refine\":[{\"scope\":\"proposal\",\"proposal_id\":\"%s\",\"action\":\"finalize\"}]}",
            plan)
            .p);
    assert_int_equal(r.rc, 0);
    fixture_valid(f, &r, "get_products", ADCP_LINE_NEWEST);
    fixture_valid(f, &r, "get_products", ADCP_3_0);
    return r;
}

static struct fixture_reply buy_plan(struct fixture *f, const char *plan, int budget, const char *more)
{
    return fixture_call(f, "create_media_buy",
                        arena_printf(&f->arena,
                                     "{" FLIGHT ",\"proposal_id\":\"%s\",\"total_budget\":"
                                     "{\"amount\":%d,\"currency\":\"USD\"}%s}",
                                     plan, budget, more)
                            .p);
}

static void a_firm_plan_keeps_its_price(void **state)
{
    struct fixture *f = *state;
    (void)finalize(f, "plan-firm"); /* its own checks */
    f->now += 60 * INT64_C(1000000);
    (void)fixture_import(f, STR(FILE_OF("20"))); /* dearer now */
    struct fixture_reply r = buy_plan(f, "plan-firm", 1000, "");
    assert_int_equal(r.rc, 0);
    assert_int_equal(json_i64_or(json_get_path(r.aux, "/media_buys/0/packages/0"), "rate", -1), 10);
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/packages/0"), "impressions", -1), 100000);
    r = buy(f, "firm", 1000);
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/packages/0"), "impressions", -1), 50000);
}

static void the_hold_of_the_plan_is_the_buyers_own(void **state)
{
    struct fixture *f = *state;
    (void)finalize(f, "plan-firm");
    struct fixture_reply r = buy_plan(f, "plan-firm", 3000, "");
    assert_int_equal(r.rc, 0);
}

static void some_products_need_a_signature(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = buy(f, "signed", 1000);
    refused(&r, "IO_REQUIRED", "/packages/0/product_id");
    r = finalize(f, "plan-signed");
    yyjson_val *io = json_get_path(r.reply, "/proposals/0/insertion_order");
    assert_true(json_bool_or(io, "requires_signature", false));
    struct str id = json_str(io, "io_id");
    assert_true(id.n > 3);
    r = buy_plan(f, "plan-signed", 1000, "");
    refused(&r, "IO_REQUIRED", "/io_acceptance");
    static const char accepted[] =
        ",\"io_acceptance\":{\"io_id\":\"" STR_FMT "\",\"accepted_at\":\"2026-03-09T14:00:00Z\","
        "\"signatory\":\"Ann Buyer\"}";
    r = buy_plan(f, "plan-signed", 1000, arena_printf(&f->arena, accepted, STR_ARG(STR("io-other"))).p);
    refused(&r, "IO_REQUIRED", "/io_acceptance/io_id");
    r = buy_plan(f, "plan-signed", 1000, arena_printf(&f->arena, accepted, STR_ARG(id)).p);
    assert_int_equal(r.rc, 0);
    r = finalize(f, "plan-firm");
    assert_null(json_get_path(r.reply, "/proposals/0/insertion_order"));
}

/* ---- what the ad server is given ---- */

static const char planned[] =
    "{" FLIGHT
    ",\"brand\":{\"domain\":\"acme.example\"},\"packages\":[{\"product_id\":\"loose\",\"pricing_option_id\":\"p\","
    "\"budget\":2400,\"targeting_overlay\":{\"geo_countries\":[\"US\"]},\"creatives\":[{\"creative_id\":\"c1\",\"name\":\"Banner\","
    "\"format_id\":{\"id\":\"fmt-display-300x250\"},\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":"
    "\"https://cdn.example.com/a.png\",\"width\":300,\"height\":250,\"mime_type\":\"image/png\"},\"click_url\":{\"asset_type\":"
    "\"url\",\"url\":\"https://example.com/\"}}}],\"ext\":{\"salesagent\":{\"daily_impressions\":9000}}}]}";

static int whole_plan(struct act *act, void *arg, struct err *e)
{
    struct plan plan;
    if (plan_load(act, *(struct str *)arg, PLAN_WHOLE, &plan, e) != 1) return -1;
    assert_true(str_is(plan.advertiser, "acme.example"));
    const struct plan_package *p = &plan.packages[0];
    assert_true(str_is(p->targeting, "{\"geo_countries\":[\"US\"]}"));
    assert_int_equal(p->daily_impressions, 9000);
    assert_int_equal(p->daily_budget_micros, 0);
    assert_int_equal(p->creatives_n, 1);
    assert_true(str_is(p->creatives[0].creative_id, "c1"));
    assert_true(str_is(p->creatives[0].format_id, "fmt-display-300x250"));
    assert_non_null(strstr(arena_cstr(act->arena, p->creatives[0].doc), "https://cdn.example.com/a.png"));
    return 0;
}

static void a_plan_tells_the_ad_server_everything(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct fixture_reply r = fixture_call(f, "create_media_buy", planned);
    assert_int_equal(r.rc, 0);
    struct str id = json_str(r.reply, "media_buy_id");
    assert_int_equal(fixture_act(f, whole_plan, &id, &e), 0);
}

static double spent_by(struct fixture *f, struct str id, int64_t day)
{
    f->now = INT64_C(1775001600000000) + day * INT64_C(86400000000); /* 2026-04-01 */
    struct fixture_reply r = fixture_call(
        f, "get_media_buy_delivery", arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(id)).p);
    assert_int_equal(r.rc, 0);
    return json_real_or(json_get_path(r.reply, "/media_buy_deliveries/0/totals"), "spend", -1);
}

static void what_was_promised_and_is_not_reported_is_named(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "{" FLIGHT ",\"packages\":[{\"product_id\":\"loose\",\"pricing_option_id\":\"p\",\"budget\":2400,"
        "\"creatives\":[{\"creative_id\":\"c1\",\"name\":\"Banner\",\"format_id\":{\"id\":\"fmt-display-300x250\"},"
        "\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":\"https://cdn.example.com/a.png\",\"width\":300,"
        "\"height\":250,\"mime_type\":\"image/png\"},\"click_url\":{\"asset_type\":\"url\",\"url\":"
        "\"https://example.com/\"}}}]}]}";
    struct fixture_reply r = fixture_call(f, "create_media_buy", text);
    assert_int_equal(r.rc, 0);
    const char *ask =
        arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(json_str(r.reply, "media_buy_id"))).p;
    f->now = INT64_C(1775001600000000) + 5 * INT64_C(86400000000);
    r = fixture_call(f, "get_media_buy_delivery", ask);
    assert_null(json_get_path(
        r.reply, "/media_buy_deliveries/0/by_package/0/missing_metrics")); /* impressions and spend are there */
    /* The product now promises more than the mock ad server tells of display. */
    struct str more = STR(FILE_OF("10"));
    const char *at = memmem(more.p, more.n, "\"impressions\",\"spend\"", 21);
    struct str changed =
        arena_printf(&f->arena, "%.*s\"impressions\",\"reach\",\"spend\"%s", (int)(at - more.p), more.p, at + 21);
    while ((at = memmem(changed.p, changed.n, "[\"impressions\",\"spend\"", 22))) {
        changed = arena_printf(&f->arena, "%.*s[\"impressions\",\"reach\",\"spend\"%s", (int)(at - changed.p),
                               changed.p, at + 22);
    }
    (void)fixture_import(f, changed);
    r = fixture_call(f, "get_media_buy_delivery", ask);
    fixture_valid(f, &r, "get_media_buy_delivery", ADCP_LINE_NEWEST);
    yyjson_val *missing = json_get_path(r.reply, "/media_buy_deliveries/0/by_package/0/missing_metrics");
    assert_int_equal(yyjson_arr_size(missing), 1);
    assert_true(str_is(json_str(yyjson_arr_get_first(missing), "metric_id"), "reach"));
}

static void daily_limits_are_kept_and_shown(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_call(f, "create_media_buy", planned);
    struct str id = json_str(r.reply, "media_buy_id"),
               p = json_val_str(json_get_path(r.reply, "/packages/0/package_id"));
    double day10 = spent_by(f, id, 10), last = day10;
    assert_true(day10 > 600); /* about 80 a day */
    const char *limit = arena_printf(&f->arena,
                                     "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT
                                     "\",\"ext\":{\"salesagent\":{\"daily_budget\":50}}}]}",
                                     STR_ARG(id), STR_ARG(p))
                            .p;
    r = fixture_call(f, "update_media_buy", limit);
    assert_int_equal(r.rc, 0);
    fixture_valid(f, &r, "update_media_buy", ADCP_LINE_NEWEST);
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/affected_packages/0/ext/salesagent"), "daily_budget", -1),
                     50);
    assert_int_equal(json_i64_or(json_get_path(r.aux, "/media_buys/0/packages/0"), "daily_budget", -1), 50);
    for (int64_t day = 11; day <= 30; day++) {
        double now = spent_by(f, id, day);
        assert_true(now - last <= 50.001 && now - last > 45);
        last = now;
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_promise_needs_inventory),
        T(packages_of_one_buy_share_what_is_left),
        T(what_is_not_promised_is_sold_with_a_warning),
        T(an_update_asks_for_the_difference),
        T(a_sandbox_takes_nothing_away),
        T(a_firm_plan_keeps_its_price),
        T(the_hold_of_the_plan_is_the_buyers_own),
        T(some_products_need_a_signature),
        T(a_plan_tells_the_ad_server_everything),
        T(what_was_promised_and_is_not_reported_is_named),
        T(daily_limits_are_kept_and_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
