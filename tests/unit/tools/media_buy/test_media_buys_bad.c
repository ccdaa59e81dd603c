/* Bad input to media buys: a clear error that names the member, and nothing left behind. Also the tables: states,
 * accounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "domain/buyer/account.h"
#include "domain/media_buy/media_buy.h"
#include "tools/fixture.h"

#define FLIGHT  "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\""
#define PACKAGE "{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":600%s}"

static int count(struct act *act, void *arg, struct err *e)
{
    struct media_buy_filter f = { .tenant_id = act->tenant->tenant_id, .limit = 1000 };
    struct media_buy_rows rows;
    if (q_media_buy_list(act->tx, act->arena, &f, &rows, e)) return -1;
    *(size_t *)arg = rows.n;
    return 0;
}

static size_t buys(struct fixture *f)
{
    size_t n = 0;
    struct err e;
    assert_int_equal(fixture_act(f, count, &n, &e), 0);
    return n;
}

static void refused(struct fixture *f, const char *tool, const char *args, const char *code, const char *field)
{
    size_t before = buys(f);
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc != -1 || strcmp(r.e.code, code) != 0 || strcmp(r.e.field, field) != 0) {
        print_error("%s %s\n  gave %s at %s: %s\n  not  %s at %s\n", tool, args, r.rc ? r.e.code : "success", r.e.field,
                    r.e.message, code, field);
        fail();
    }
    assert_true(r.e.message[0] != 0);
    assert_int_equal(buys(f), before);
}

struct bad_case {
    const char *args, *code, *field;
};

static void bad_creates_name_the_member(void **state)
{
    struct fixture *f = *state;
    static const struct bad_case cases[] = {
        { "{" FLIGHT "}", "INVALID_REQUEST", "/packages" },
        { "{" FLIGHT ",\"packages\":[]}", "INVALID_REQUEST", "/packages" },
        { "{" FLIGHT ",\"packages\":{}}", "INVALID_REQUEST", "/packages" },
        { "{" FLIGHT ",\"packages\":[7]}", "INVALID_REQUEST", "/packages/0" },
        { "{" FLIGHT ",\"packages\":[{\"pricing_option_id\":\"price-004\",\"budget\":600}]}", "INVALID_REQUEST",
          "/packages/0/product_id" },
        { "{" FLIGHT ",\"packages\":[{\"product_id\":\"\",\"pricing_option_id\":\"price-004\",\"budget\":600}]}",
          "INVALID_REQUEST", "/packages/0/product_id" },
        { "{" FLIGHT ",\"packages\":[{\"product_id\":\"nope\",\"pricing_option_id\":\"price-004\",\"budget\":600}]}",
          "PRODUCT_NOT_FOUND", "/packages/0/product_id" },
        { "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-001\","
          "\"budget\":600}]}",
          "INVALID_PRICING_OPTION", "/packages/0/pricing_option_id" },
        { "{\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":600}]}",
          "INVALID_REQUEST", "/start_time" },
        { "{\"start_time\":\"asap\",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":"
          "\"price-004\",\"budget\":600}]}",
          "INVALID_REQUEST", "/end_time" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refused(f, "create_media_buy", cases[i].args, cases[i].code, cases[i].field);
    }
}

static void ids_that_are_not_there_are_named(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct fixture_reply made = fixture_call(f, "create_media_buy",
                                             "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\","
                                             "\"pricing_option_id\":\"price-004\",\"budget\":600}]}");
    assert_int_equal(made.rc, 0);
    const char *args =
        arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\",\"mb-none\"],\"status_filter\":\"paused\"}",
                     STR_ARG(json_str(made.reply, "media_buy_id")))
            .p;
    struct fixture_reply r = fixture_call(f, "get_media_buys", args);
    assert_int_equal(r.rc, 0);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buys")), 0); /* it is there, and not paused */
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "errors")), 1);
    assert_true(str_is(json_val_str(json_get_path(r.reply, "/errors/0/code")), "MEDIA_BUY_NOT_FOUND"));
    fixture_valid(f, &r, "get_media_buys", ADCP_LINE_NEWEST);
    f->auto_advance = false;
}

static void what_cannot_be_honoured_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct bad_case cases[] = {
        { "\"targeting_overlay\":{\"frequency_cap\":{\"suppress_minutes\":60}}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/frequency_cap" },
        { "\"targeting_overlay\":{\"daypart_targets\":[]}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/daypart_targets" },
        { "\"targeting_overlay\":{\"geo_postal_areas\":[]}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/geo_postal_areas" },
        { "\"targeting_overlay\":{\"geo_proximity\":[]}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/geo_proximity" },
        { "\"targeting_overlay\":{\"moon_phase\":\"full\"}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/moon_phase" },
        { "\"optimization_goals\":[{\"kind\":\"metric\",\"metric\":\"clicks\"}]", "UNSUPPORTED_FEATURE",
          "/packages/0/optimization_goals/0" },
        { "\"optimization_goals\":[{\"kind\":\"event\",\"event_sources\":[]}]", "UNSUPPORTED_FEATURE",
          "/packages/0/optimization_goals/0" },
    };
    const char *package =
        "{" FLIGHT
        ",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":600,%s}]}";
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refused(f, "create_media_buy", arena_printf(&f->arena, package, cases[i].args).p, cases[i].code,
                cases[i].field);
    }
    /* A publisher that says it can is believed. */
    yyjson_mut_doc *doc = json_doc_new(&f->arena);
    yyjson_mut_val *all = json_copy(doc, fixture_json(f, fixture_demo_text(f).p));
    yyjson_mut_val *targeting = yyjson_mut_ptr_get(all, "/tenant/capabilities/targeting");
    assert_non_null(targeting);
    json_push_str(doc, json_add_arr(doc, targeting, "delivery"), STR("frequency_cap"));
    assert_true(fixture_import(f, json_write(&f->arena, all)) > 0);
    fixture_reload_tenant(f);
    struct fixture_reply r = fixture_call(f, "create_media_buy", arena_printf(&f->arena, package, cases[0].args).p);
    assert_int_equal(r.rc, 0);
    r = fixture_call(f, "get_adcp_capabilities", "{}");
    assert_non_null(json_get_path(r.reply, "/media_buy/frequency_capping"));
}

static void money_must_be_money(void **state)
{
    struct fixture *f = *state;
    static const struct bad_case cases[] = {
        { "-500", "VALIDATION_ERROR", "/packages/0/budget" },
        { "0", "BUDGET_TOO_LOW", "/packages/0/budget" },
        { "1e308", "VALIDATION_ERROR", "/packages/0/budget" },
        { "0.0000001", "VALIDATION_ERROR", "/packages/0/budget" },
        { "\"600\"", "INVALID_REQUEST", "/packages/0/budget" },
        { "null", "INVALID_REQUEST", "/packages/0/budget" },
        { "499.999999", "BUDGET_TOO_LOW", "/packages/0/budget" },  /* under the option's minimum */
        { "1000000.01", "BUDGET_EXCEEDED", "/packages/0/budget" }, /* over the publisher's maximum */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *args = arena_printf(&f->arena,
                                        "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\","
                                        "\"pricing_option_id\":\"price-004\",\"budget\":%s}]}",
                                        cases[i].args)
                               .p;
        refused(f, "create_media_buy", args, cases[i].code, cases[i].field);
    }
    refused(f, "create_media_buy",
            "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\","
            "\"budget\":600}],\"total_budget\":{\"amount\":601,\"currency\":\"USD\"}}",
            "VALIDATION_ERROR", "/total_budget/amount");
    refused(f, "create_media_buy",
            "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\","
            "\"budget\":600}],\"total_budget\":{\"amount\":600,\"currency\":\"EUR\"}}",
            "VALIDATION_ERROR", "/packages/0/pricing_option_id");
    struct fixture_reply r = fixture_call(f, "create_media_buy",
                                          "{" FLIGHT ",\"packages\":[{\"product_id\":\"prod-ron-display-001\","
                                          "\"pricing_option_id\":\"price-004\",\"budget\":600,\"bid_price\":3}]}");
    assert_int_equal(r.rc, 0); /* a bid on a fixed price means nothing */
    assert_int_equal(json_i64_or(json_get_path(r.aux, "/media_buys/0/packages/0"), "rate", -1), 4);
    assert_null(json_get_path(r.aux, "/media_buys/0/packages/0/bid_price"));
}

static void the_flight_must_be_one(void **state)
{
    struct fixture *f = *state;
    static const struct bad_case cases[] = {
        { "\"start_time\":\"2026-05-01T00:00:00Z\",\"end_time\":\"2026-04-01T00:00:00Z\"", "INVALID_REQUEST",
          "/end_time" },
        { "\"start_time\":\"2026-05-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"", "INVALID_REQUEST",
          "/end_time" },
        { "\"start_time\":\"2026-02-30T00:00:00Z\",\"end_time\":\"2026-04-01T00:00:00Z\"", "INVALID_REQUEST",
          "/start_time" },
        { "\"start_time\":\"2026-04-01\",\"end_time\":\"2026-05-01T00:00:00Z\"", "INVALID_REQUEST", "/start_time" },
        { "\"start_time\":\"2026-03-08T23:59:59Z\",\"end_time\":\"2026-05-01T00:00:00Z\"", "INVALID_REQUEST",
          "/start_time" },
        { "\"start_time\":\"2026-03-09T00:00:00Z\",\"end_time\":\"2026-03-09T14:30:00Z\"", "INVALID_REQUEST",
          "/end_time" },
        { "\"start_time\":7,\"end_time\":\"2026-05-01T00:00:00Z\"", "INVALID_REQUEST", "/start_time" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str args = arena_printf(&f->arena, "{%s,\"packages\":[" PACKAGE "]}", cases[i].args, "");
        refused(f, "create_media_buy", args.p, cases[i].code, cases[i].field);
    }
    struct str args =
        arena_printf(&f->arena, "{" FLIGHT ",\"packages\":[" PACKAGE "]}", ",\"end_time\":\"2026-06-01T00:00:00Z\"");
    refused(f, "create_media_buy", args.p, "INVALID_REQUEST", "/packages/0/end_time");
    /* Only a sandbox takes a flight of the past, and only when asked to. */
    args = arena_printf(&f->arena,
                        "{\"ext\":{\"salesagent\":{\"allow_past_flight\":true}},\"start_time\":"
                        "\"2025-04-01T00:00:00Z\",\"end_time\":\"2025-05-01T00:00:00Z\",\"packages\":[" PACKAGE "]}",
                        "");
    refused(f, "create_media_buy", args.p, "INVALID_REQUEST", "/start_time");
    f->sandbox = true;
    assert_int_equal(fixture_call(f, "create_media_buy", args.p).rc, 0);
}

#define REPORTS(frequency)                                                                                             \
    "\"reporting_webhook\":{\"url\":\"https://buyer.example/r\",\"authentication\":{\"schemes\":[\"Bearer\"],"         \
    "\"credentials\":\"0123456789abcdef0123456789abcdef\"},\"reporting_frequency\":\"" frequency "\"}"

static void reports_come_as_often_as_the_products_say(void **state)
{
    struct fixture *f = *state;
    struct str args = arena_printf(&f->arena, "{" FLIGHT "," REPORTS("weekly") ",\"packages\":[" PACKAGE "]}", "");
    refused(f, "create_media_buy", args.p, "INVALID_REQUEST", "/reporting_webhook/reporting_frequency");
    args = arena_printf(&f->arena, "{" FLIGHT "," REPORTS("hourly") ",\"packages\":[" PACKAGE "]}", "");
    struct fixture_reply r = fixture_call(f, "create_media_buy", args.p);
    assert_int_equal(r.rc, 0);
    struct str id = json_str(r.reply, "media_buy_id");
    if (!id.n) id = json_str(yyjson_arr_get_first(json_arr(r.aux, "media_buys")), "media_buy_id");
    assert_true(id.n > 0);
    args = arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"," REPORTS("yearly") "}", STR_ARG(id));
    r = fixture_call(f, "update_media_buy", args.p);
    assert_int_equal(r.rc, -1);
}

static void targeting_and_terms_are_honoured_or_refused(void **state)
{
    struct fixture *f = *state;
    static const struct bad_case cases[] = {
        { ",\"targeting_overlay\":{\"axe_include_segment\":\"x\"}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/axe_include_segment" },
        { ",\"targeting_overlay\":{\"shoe_size\":[42]}", "UNSUPPORTED_FEATURE",
          "/packages/0/targeting_overlay/shoe_size" },
        { ",\"targeting_overlay\":{\"geo_countries\":[\"us\"]}", "INVALID_REQUEST",
          "/packages/0/targeting_overlay/geo_countries/0" },
        { ",\"targeting_overlay\":{\"geo_countries\":[\"US\"],\"geo_countries_exclude\":[\"CA\",\"US\"]}",
          "VALIDATION_ERROR", "/packages/0/targeting_overlay/geo_countries_exclude/1" },
        { ",\"targeting_overlay\":{\"property_list\":{\"list_id\":\"x\"}}", "INVALID_REQUEST",
          "/packages/0/targeting_overlay/property_list" },
        { ",\"targeting_overlay\":[]", "INVALID_REQUEST", "/packages/0/targeting_overlay" },
        { ",\"measurement_terms\":{\"billing_measurement\":{\"vendor\":{\"domain\":\"videoamp.example\"},"
          "\"measurement_window\":\"c30\",\"max_variance_percent\":0}}",
          "TERMS_REJECTED", "/packages/0/measurement_terms/billing_measurement/max_variance_percent" },
        { ",\"measurement_terms\":{\"billing_measurement\":{\"vendor\":{\"domain\":\"videoamp.example\"},"
          "\"measurement_window\":\"c30\",\"max_variance_percent\":10}}",
          "TERMS_REJECTED", "/packages/0/measurement_terms/billing_measurement/measurement_window" },
        { ",\"committed_metrics\":[{\"scope\":\"standard\",\"metric_id\":\"conversions\"}]", "TERMS_REJECTED",
          "/packages/0/committed_metrics/0/metric_id" },
        { ",\"format_ids\":[{\"id\":\"fmt-video-preroll\"}]", "VALIDATION_ERROR", "/packages/0/format_ids/0" },
        { ",\"pacing\":\"whenever\"", "INVALID_REQUEST", "/packages/0/pacing" },
        { ",\"paused\":\"yes\"", "INVALID_REQUEST", "/packages/0/paused" },
        { ",\"catalogs\":[{\"type\":\"product\"},{\"type\":\"product\"}]", "VALIDATION_ERROR",
          "/packages/0/catalogs/1/type" },
        { ",\"creative_assignments\":[{\"creative_id\":\"nobody\"}]", "CREATIVE_NOT_FOUND",
          "/packages/0/creative_assignments/0/creative_id" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str args = arena_printf(&f->arena, "{" FLIGHT ",\"packages\":[" PACKAGE "]}", cases[i].args);
        refused(f, "create_media_buy", args.p, cases[i].code, cases[i].field);
    }
    f->auto_advance = true;
    struct str args =
        arena_printf(&f->arena, "{" FLIGHT ",\"packages\":[" PACKAGE "]}",
                     ",\"measurement_terms\":{\"billing_measurement\":{\"vendor\":{\"domain\":\"videoamp.example\"},"
                     "\"measurement_window\":\"c7\",\"max_variance_percent\":10}},"
                     "\"committed_metrics\":[{\"scope\":\"standard\",\"metric_id\":\"clicks\"}]");
    struct fixture_reply r = fixture_call(f, "create_media_buy", args.p);
    assert_int_equal(r.rc, 0);
    assert_non_null(json_get_path(r.reply, "/packages/0/measurement_terms/billing_measurement/vendor"));
    assert_true(json_has(json_get_path(r.reply, "/packages/0/committed_metrics/0"), "committed_at"));
}

static void bad_updates_name_the_member(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct str args = arena_printf(&f->arena, "{" FLIGHT ",\"packages\":[" PACKAGE "]}", "");
    struct fixture_reply made = fixture_call(f, "create_media_buy", args.p);
    struct str id = json_str(made.reply, "media_buy_id"),
               package = json_str(yyjson_arr_get_first(json_arr(made.reply, "packages")), "package_id");
    static const struct bad_case cases[] = {
        { "\"packages\":[{\"package_id\":\"pkg-nope\",\"budget\":700}]", "PACKAGE_NOT_FOUND",
          "/packages/0/package_id" },
        { "\"packages\":[{\"budget\":700}]", "INVALID_REQUEST", "/packages/0/package_id" },
        { "\"packages\":[{\"package_id\":\"@\",\"budget\":10}]", "BUDGET_TOO_LOW", "/packages/0/budget" },
        { "\"packages\":[{\"package_id\":\"@\",\"budget\":-1}]", "VALIDATION_ERROR", "/packages/0/budget" },
        { "\"packages\":[{\"package_id\":\"@\",\"budget\":2000000}]", "BUDGET_EXCEEDED", "/packages/0/budget" },
        { "\"packages\":[{\"package_id\":\"@\"},{\"package_id\":\"@\"}]", "INVALID_REQUEST", "/packages/1/package_id" },
        { "\"packages\":[{\"package_id\":\"@\",\"product_id\":\"x\"}]", "INVALID_REQUEST", "/packages/0/product_id" },
        { "\"packages\":[{\"package_id\":\"@\",\"end_time\":\"2026-03-01T00:00:00Z\"}]", "INVALID_REQUEST",
          "/packages/0/end_time" },
        { "\"packages\":[{\"package_id\":\"@\",\"canceled\":false}]", "INVALID_REQUEST", "/packages/0/canceled" },
        { "\"end_time\":\"2026-03-01T00:00:00Z\"", "INVALID_REQUEST", "/end_time" },
        { "\"start_time\":\"2026-06-01T00:00:00Z\"", "INVALID_REQUEST", "/end_time" },
        { "\"canceled\":false", "INVALID_REQUEST", "/canceled" },
        { "\"paused\":1", "INVALID_REQUEST", "/paused" },
        { "\"revision\":99,\"paused\":true", "CONFLICT", "/revision" },
        { "\"revision\":\"1\"", "INVALID_REQUEST", "/revision" },
        { "\"new_packages\":[{\"product_id\":\"nope\",\"pricing_option_id\":\"p\",\"budget\":600}]",
          "PRODUCT_NOT_FOUND", "/new_packages/0/product_id" },
        { "\"new_packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\",\"budget\":600,"
          "\"end_time\":\"2026-09-01T00:00:00Z\"}]",
          "INVALID_REQUEST", "/new_packages/0/end_time" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body = STR_NONE;
        for (const char *p = cases[i].args; *p; p++) {
            body = *p == '@' ? arena_printf(&f->arena, STR_FMT STR_FMT, STR_ARG(body), STR_ARG(package))
                             : arena_printf(&f->arena, STR_FMT "%c", STR_ARG(body), *p);
        }
        struct str all =
            arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\"," STR_FMT "}", STR_ARG(id), STR_ARG(body));
        refused(f, "update_media_buy", all.p, cases[i].code, cases[i].field);
    }
    refused(f, "update_media_buy", "{}", "INVALID_REQUEST", "/media_buy_id");
    refused(f, "update_media_buy", "{\"media_buy_id\":\"mb-none\"}", "MEDIA_BUY_NOT_FOUND", "/media_buy_id");
    struct str get = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(id));
    struct fixture_reply r = fixture_call(f, "get_media_buys", get.p);
    assert_int_equal(json_i64_or(json_get_path(r.reply, "/media_buys/0"), "revision", -1), 1);
}

static void what_is_spent_stays_owed(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    struct str args = arena_printf(
        &f->arena, "{\"start_time\":\"asap\",\"end_time\":\"2026-03-19T14:30:00Z\",\"packages\":["
                   "{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\","
                   "\"budget\":2000,\"creatives\":[{\"creative_id\":\"c1\",\"name\":\"c1\",\"format_id\":"
                   "{\"id\":\"fmt-display-300x250\"},\"assets\":{\"image\":{\"asset_type\":\"image\",\"url\":"
                   "\"https://cdn.example.com/a.png\",\"width\":300,\"height\":250,\"mime_type\":"
                   "\"image/png\"},\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://example.com/\"}}}]}]}");
    struct fixture_reply made = fixture_call(f, "create_media_buy", args.p);
    if (made.rc) print_error("%s %s %s\n", made.e.code, made.e.field, made.e.message);
    assert_int_equal(made.rc, 0);
    assert_true(str_is(json_str(made.reply, "media_buy_status"), "active"));
    struct str id = json_str(made.reply, "media_buy_id");
    struct str package = json_str(yyjson_arr_get_first(json_arr(made.reply, "packages")), "package_id");
    f->now += 8 * USEC_PER_DAY;
    struct str lower = arena_printf(
        &f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT "\",\"budget\":500}]}",
        STR_ARG(id), STR_ARG(package));
    refused(f, "update_media_buy", lower.p, "VALIDATION_ERROR", "/packages/0/budget");
    struct str start = arena_printf(
        &f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"start_time\":\"2026-04-01T00:00:00Z\"}", STR_ARG(id));
    refused(f, "update_media_buy", start.p, "INVALID_STATE", "/start_time");
}

/* ---- tables ---- */

static void states_move_only_along_the_arrows(void **state)
{
    (void)state;
    static const char *const rows[BUY_STATUSES_N] = {
        /*                          approval creatives start active paused completed rejected canceled failed */
        [BUY_PENDING_APPROVAL] = "-xxxx.xxx", [BUY_PENDING_CREATIVES] = ".-xxx.xx.",
        [BUY_PENDING_START] = ".x-xx.xx.",    [BUY_ACTIVE] = "...-xx.x.",
        [BUY_PAUSED] = ".xxx-x.x.",           [BUY_COMPLETED] = ".....-...",
        [BUY_REJECTED] = "......-..",         [BUY_CANCELED] = ".......-.",
        [BUY_FAILED] = "........-",
    };
    for (int from = 0; from < BUY_STATUSES_N; from++) {
        for (int to = 0; to < BUY_STATUSES_N; to++) {
            assert_int_equal(media_buy_may_become((enum media_buy_status)from, (enum media_buy_status)to),
                             rows[from][to] == 'x');
        }
        struct media_buy_row row = { .status = str_from(media_buy_status_name((enum media_buy_status)from)),
                                     .start_at = 10,
                                     .end_at = 20,
                                     .completed_at = TIME_NONE,
                                     .canceled_at = TIME_NONE,
                                     .actions_allowed = -1 };
        enum media_buy_status late = media_buy_status_at(&row, 20);
        bool decided = from == BUY_PENDING_APPROVAL;
        assert_int_equal(media_buy_status_terminal(late), !decided);
        if (media_buy_status_terminal(late)) assert_int_equal(media_buy_actions_at(&row, late), 0);
    }
    struct media_buy_row row = { .actions_allowed = ACTION_BIT(ACTION_PAUSE) };
    assert_int_equal(media_buy_actions_at(&row, BUY_ACTIVE), ACTION_BIT(ACTION_PAUSE));
    assert_int_equal(media_buy_actions_at(&row, BUY_PAUSED), 0);
}

static void account_status_gates_what_is_done(void **state)
{
    (void)state;
    struct err e;
    struct account_row a = { .status = STR("suspended") };
    assert_int_equal(account_gate(&a, ACCOUNT_USE_READ_BUYS, &e), 0);
    assert_int_equal(account_gate(&a, ACCOUNT_USE_CREATE_BUY, &e), -1);
    assert_string_equal(e.code, "ACCOUNT_SUSPENDED");
    a.status = STR("payment_required");
    assert_int_equal(account_gate(&a, ACCOUNT_USE_UPDATE_BUY, &e), 0);
    assert_int_equal(account_gate(&a, ACCOUNT_USE_ADD_PACKAGES, &e), -1);
    assert_string_equal(e.code, "ACCOUNT_PAYMENT_REQUIRED");
    a.status = STR("pending_approval");
    assert_int_equal(account_gate(&a, ACCOUNT_USE_SYNC, &e), -1);
    assert_string_equal(e.code, "ACCOUNT_SETUP_REQUIRED");
    a.status = STR("closed");
    assert_int_equal(account_gate(&a, ACCOUNT_USE_READ_BUYS, &e), -1);
    assert_string_equal(e.code, "ACCOUNT_NOT_FOUND");
    assert_int_equal(account_gate(&a, ACCOUNT_USE_LIST, &e), 0);
}

static void accounts_are_found_by_key_and_by_id(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    const char *with = "{\"account\":%s," FLIGHT ",\"packages\":[" PACKAGE "]}";
    const char *key = "{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\"}";
    struct fixture_reply r = fixture_call(f, "create_media_buy", arena_printf(&f->arena, with, key, "").p);
    assert_int_equal(r.rc, 0);
    struct str account = json_val_str(json_get_path(r.reply, "/account/account_id"));
    r = fixture_call(f, "create_media_buy", arena_printf(&f->arena, with, key, "").p);
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/account/account_id")), account));
    const char *by_id = arena_printf(&f->arena, "{\"account_id\":\"" STR_FMT "\"}", STR_ARG(account)).p;
    r = fixture_call(f, "create_media_buy", arena_printf(&f->arena, with, by_id, "").p);
    assert_true(str_eq(json_val_str(json_get_path(r.reply, "/account/account_id")), account));
    struct str list = arena_printf(&f->arena, "{\"account\":%s}", key);
    assert_int_equal(yyjson_arr_size(json_arr(fixture_call(f, "get_media_buys", list.p).reply, "media_buys")), 3);
    /* The sandbox account of the same key is another account. */
    list =
        STR("{\"account\":{\"brand\":{\"domain\":\"acme.example\"},\"operator\":\"agency.example\",\"sandbox\":true}}");
    assert_int_equal(yyjson_arr_size(json_arr(fixture_call(f, "get_media_buys", list.p).reply, "media_buys")), 0);
    f->principal.sandbox = true;
    refused(f, "create_media_buy", arena_printf(&f->arena, with, by_id, "").p, "ACCOUNT_NOT_FOUND", "/account");
    r = fixture_call(f, "create_media_buy", arena_printf(&f->arena, with, key, "").p);
    assert_true(yyjson_is_true(json_get_path(r.reply, "/sandbox")));
    f->principal.sandbox = false;
    fixture_become_new_buyer(f, "rival");
    refused(f, "create_media_buy", arena_printf(&f->arena, with, by_id, "").p, "ACCOUNT_NOT_FOUND", "/account");
    static const struct bad_case cases[] = {
        { "7", "INVALID_REQUEST", "/account" },
        { "{}", "INVALID_REQUEST", "/account/brand" },
        { "{\"brand\":{\"domain\":\"ACME\"},\"operator\":\"x\"}", "INVALID_REQUEST", "/account/brand/domain" },
        { "{\"brand\":{\"domain\":\"acme.example\"}}", "INVALID_REQUEST", "/account/operator" },
        { "{\"account_id\":\"acc-none\"}", "ACCOUNT_NOT_FOUND", "/account" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refused(f, "create_media_buy", arena_printf(&f->arena, with, cases[i].args, "").p, cases[i].code,
                cases[i].field);
    }
}

/* 60,000 wanted and 60,000 excluded were 3,600,000,000 comparisons, while nobody else was answered. */
static void long_lists_of_targets_are_compared_soon(void **state)
{
    struct fixture *f = *state;
    static const char *const members[] = { "audience_include", "audience_exclude" };
    struct buf b;
    buf_init(&b, 4 << 20);
    buf_add(&b, STR("{" FLIGHT
                    ",\"packages\":[{\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\","
                    "\"budget\":600,\"targeting_overlay\":{"));
    for (size_t k = 0; k < ARRAY_LEN(members); k++) {
        buf_addf(&b, "%s\"%s\":[", k ? "," : "", members[k]);
        for (int i = 0; i < 60000; i++) buf_addf(&b, "\"%s-%d\",", k ? "out" : "in", i);
        buf_add(&b, STR("\"last\"]"));
    }
    buf_add(&b, STR("}}]}"));
    const char *args = arena_cstr(&f->arena, buf_str(&b));
    buf_finish(&b);
    clock_t before = clock();
    struct fixture_reply r = fixture_call(f, "create_media_buy", args);
    assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "VALIDATION_ERROR");
    assert_string_equal(r.e.field, "/packages/0/targeting_overlay/audience_exclude/60000");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(bad_creates_name_the_member),
        T(long_lists_of_targets_are_compared_soon),
        T(ids_that_are_not_there_are_named),
        T(what_cannot_be_honoured_is_refused),
        T(money_must_be_money),
        T(the_flight_must_be_one),
        T(reports_come_as_often_as_the_products_say),
        T(targeting_and_terms_are_honoured_or_refused),
        T(bad_updates_name_the_member),
        T(what_is_spent_stays_owed),
        T(states_move_only_along_the_arrows),
        T(account_status_gates_what_is_done),
        T(accounts_are_found_by_key_and_by_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
