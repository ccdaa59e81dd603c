/* Delivery from rows to replies: totals, freezing, simulation, ranges, isolation, feedback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "contract/validate.h"
#include "domain/booking/booking.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/budget_watch.h"
#include "store/q/q_account.h"
#include "store/q/q_creative.h"
#include "store/q/agent/q_job.h"
#include "tools/fixture.h"

#define T0  INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY USEC_PER_DAY
#define BUY "mb-0001"

/* ---- a buy in the store ---- */

struct buy_arg {
    const char *status;
};

static int insert_package(struct act *act, int64_t ordinal, int64_t budget, struct err *e)
{
    struct package_row p = { .media_buy_id = STR(BUY),
                             .ordinal = ordinal,
                             .package_id = arena_printf(act->arena, "pkg-0001-%03d", (int)ordinal),
                             .name = STR("p"),
                             .product_id = STR("prod-tech-display-001"),
                             .pricing_option_id = STR("price-001"),
                             .pricing_model = STR("cpm"),
                             .rate_micros = 12500000,
                             .budget_micros = budget,
                             .previous_budget_micros = -1,
                             .impressions_goal = -1,
                             .pacing = STR("even"),
                             .start_at = T0,
                             .end_at = T0 + 30 * DAY,
                             .canceled_at = TIME_NONE,
                             .doc = STR("{}") };
    return q_package_insert(act->tx, &p, e);
}

static int insert_buy(struct act *act, void *arg, struct err *e)
{
    const struct buy_arg *a = arg;
    struct str tenant = act->tenant->tenant_id, who = act->principal->principal_id;
    struct account_row account = { .tenant_id = tenant,
                                   .account_id = STR("acc-1"),
                                   .principal_id = who,
                                   .name = STR("n"),
                                   .status = STR("active"),
                                   .doc = STR("{}"),
                                   .created_at = act->now,
                                   .updated_at = act->now };
    struct media_buy_row b = { .media_buy_id = STR(BUY),
                               .tenant_id = tenant,
                               .principal_id = who,
                               .account_id = STR("acc-1"),
                               .name = STR("Campaign"),
                               .status = str_from(a->status),
                               .currency = "USD",
                               .total_budget_micros = INT64_C(5000000000),
                               .start_at = T0,
                               .end_at = T0 + 30 * DAY,
                               .revision = 1,
                               .created_at = act->now,
                               .updated_at = act->now,
                               .confirmed_at = act->now,
                               .activated_at = TIME_NONE,
                               .completed_at = TIME_NONE,
                               .canceled_at = TIME_NONE,
                               .next_change_at = T0,
                               .actions_allowed = -1,
                               .echo = STR("{}"),
                               .doc = STR("{}") };
    if (q_account_insert(act->tx, &account, e) || q_media_buy_insert(act->tx, &b, e)) return -1;
    if (insert_package(act, 1, INT64_C(3000000000), e)) return -1;
    return insert_package(act, 2, INT64_C(2000000000), e);
}

static struct fixture *open_with(const char *status)
{
    struct fixture *f = fixture_open();
    struct buy_arg arg = { status };
    struct err e;
    assert_int_equal(fixture_act(f, insert_buy, &arg, &e), 0);
    return f;
}

struct change {
    size_t package; /* from 0 */
    int64_t budget, end_at; /* 0: keep */
    bool pause, resume;
};

static int change_package(struct act *act, void *arg, struct err *e)
{
    const struct change *ch = arg;
    struct package_rows rows;
    if (delivery_freeze(act, STR(BUY), e)) return -1;
    if (q_packages_of_buy(act->tx, act->arena, STR(BUY), &rows, e)) return -1;
    struct package_row *p = &rows.rows[ch->package];
    if (ch->budget) p->budget_micros = ch->budget;
    if (ch->end_at) p->end_at = ch->end_at;
    if (ch->pause || ch->resume) p->paused = ch->pause;
    enum booking_outcome outcome;
    if (q_package_update(act->tx, p, e)) return -1;
    return booking_update(act, STR(BUY), &outcome, e);
}

static void change(struct fixture *f, struct change ch)
{
    struct err e;
    assert_int_equal(fixture_act(f, change_package, &ch, &e), 0);
}

/* ---- asking ---- */

/* The reply as the envelope completes it, against the published schema of 3.1. */
static void assert_valid(struct fixture *f, const char *tool, const struct fixture_reply *r)
{
    struct str text = arena_printf(&f->arena, "{\"status\":\"completed\",%.*s", (int)r->text.n - 1, r->text.p + 1);
    struct contract_report report = { .arena = &f->arena };
    const struct contract *c = contract_find(ADCP_LINE_NEWEST, tool, CONTRACT_RESPONSE);
    assert_non_null(c);
    if (contract_validate(c, fixture_json(f, text.p), &report) == 0) return;
    for (int i = 0; i < report.count; i++) {
        print_error(STR_FMT ": " STR_FMT "\n", STR_ARG(report.issues[i].pointer), STR_ARG(report.issues[i].message));
    }
    fail();
}

static struct fixture_reply ask(struct fixture *f, int64_t now, const char *more)
{
    f->now = now;
    struct str args = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" BUY "\"]%s}", more);
    struct fixture_reply r = fixture_call(f, "get_media_buy_delivery", args.p);
    assert_int_equal(r.rc, 0);
    assert_valid(f, "get_media_buy_delivery", &r);
    return r;
}

static yyjson_val *first_buy(const struct fixture_reply *r)
{
    return yyjson_arr_get_first(json_arr(r->reply, "media_buy_deliveries"));
}

static int64_t micros(yyjson_val *obj, const char *key)
{
    int64_t v;
    struct err e;
    assert_int_equal(json_money(JSON_FIELD(obj, key, ""), &v, &e), 0);
    return v;
}

/* Sums a member over an array of objects. */
static int64_t sum(yyjson_val *arr, const char *key, bool money)
{
    yyjson_val *o;
    size_t i, n;
    int64_t total = 0;
    yyjson_arr_foreach(arr, i, n, o) total += money ? micros(o, key) : json_i64_or(o, key, 0);
    return total;
}

static void assert_adds_up(const struct fixture_reply *r)
{
    yyjson_val *buy = first_buy(r), *totals = json_obj(buy, "totals"), *packages = json_arr(buy, "by_package"), *p;
    size_t i, n;
    int64_t imps = json_i64_or(totals, "impressions", -1), spend = micros(totals, "spend");
    assert_int_equal(sum(packages, "impressions", false), imps);
    assert_int_equal(sum(packages, "spend", true), spend);
    assert_int_equal(sum(json_arr(buy, "daily_breakdown"), "impressions", false), imps);
    assert_int_equal(sum(json_arr(buy, "daily_breakdown"), "spend", true), spend);
    assert_int_equal(json_i64_or(json_obj(r->reply, "aggregated_totals"), "impressions", -1), imps);
    yyjson_arr_foreach(packages, i, n, p) {
        if (!json_arr(p, "daily_breakdown")) continue;
        assert_int_equal(sum(json_arr(p, "daily_breakdown"), "impressions", false), json_i64_or(p, "impressions", -1));
        assert_int_equal(sum(json_arr(p, "daily_breakdown"), "spend", true), micros(p, "spend"));
        assert_int_equal(sum(json_arr(p, "daily_breakdown"), "clicks", false), json_i64_or(p, "clicks", -1));
    }
}

static int64_t impressions(const struct fixture_reply *r)
{
    return json_i64_or(json_obj(first_buy(r), "totals"), "impressions", -1);
}

/* ---- the tests ---- */

static void what_is_not_known_by_dimension_is_said(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply r = ask(f, T0 + 10 * DAY, ",\"reporting_dimensions\":{\"geo\":{\"geo_level\":\"country\"}}");
    assert_null(json_get_path(r.reply, "/media_buy_deliveries/0/by_package/0/by_geo"));
    assert_non_null(strstr(arena_cstr(&f->arena, r.message), "not known"));
    r = ask(f, T0 + 10 * DAY, "");
    assert_null(strstr(arena_cstr(&f->arena, r.message), "not known"));
    fixture_close(f);
}

static void day_ten_reads_like_the_tutorial(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply r = ask(f, T0 + 10 * DAY, ",\"include_package_daily_breakdown\":true");
    assert_adds_up(&r);
    assert_true(str_is(json_str(first_buy(&r), "status"), "active"));
    assert_true(str_is(json_str(r.reply, "currency"), "USD"));
    yyjson_val *aux = yyjson_arr_get_first(json_arr(r.aux, "media_buys"));
    assert_int_equal(micros(aux, "expected_spend"), 1666670000);
    assert_int_equal(json_i64_or(aux, "days_elapsed", -1), 10);
    assert_int_equal(json_i64_or(aux, "days_remaining", -1), 20);
    assert_true(str_is(json_str(aux, "pacing_status"), "slightly_behind"));
    assert_int_equal(micros(aux, "projected_spend"), 3 * micros(json_obj(aux, "totals"), "spend"));
    assert_int_equal(micros(aux, "budget_remaining"), 5000000000 - micros(json_obj(aux, "totals"), "spend"));
    assert_int_equal(yyjson_arr_size(json_arr(first_buy(&r), "daily_breakdown")), 10);
    struct fixture_reply again = ask(f, T0 + 10 * DAY, ",\"include_package_daily_breakdown\":true");
    assert_true(str_eq(r.text, again.text));
    fixture_close(f);
}

static void nothing_is_delivered_before_its_time_or_without_approval(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply r = ask(f, T0 - DAY, "");
    assert_int_equal(impressions(&r), 0);
    assert_false(json_bool_or(first_buy(&r), "is_final", true));
    fixture_close(f);
    f = open_with("pending_creatives");
    r = ask(f, T0 + 10 * DAY, "");
    assert_int_equal(impressions(&r), 0);
    fixture_close(f);
    f = open_with("pending_approval"); /* an AdCP buyer sees a task instead; other dialects see it waiting */
    r = ask(f, T0 + 10 * DAY, "");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buy_deliveries")), 0);
    assert_true(str_is(json_str(yyjson_arr_get_first(json_arr(r.aux, "media_buys")), "status"), "pending_approval"));
    fixture_close(f);
}

static void the_end_is_final_and_near_the_budget(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply r = ask(f, T0 + 31 * DAY, "");
    yyjson_val *buy = first_buy(&r);
    assert_true(str_is(json_str(buy, "status"), "completed"));
    assert_true(json_bool_or(buy, "is_final", false));
    assert_true(str_is(json_str(buy, "finalized_at"), "2026-05-01T00:00:00Z"));
    assert_in_range(micros(json_obj(buy, "totals"), "spend"), 4950000000, 5000000000);
    yyjson_val *p = yyjson_arr_get_first(json_arr(buy, "by_package"));
    assert_true(str_is(json_str(p, "delivery_status"), "completed"));
    yyjson_val *aux = yyjson_arr_get_first(json_arr(r.aux, "media_buys"));
    assert_true(str_is(json_str(aux, "pacing_status"), "completed"));
    assert_int_equal(json_i64_or(aux, "total_days", -1), 30);
    fixture_close(f);
}

static void a_buy_is_final_with_all_of_its_packages(void **state)
{
    for (size_t over = 0; over < 2; over++) {
        struct fixture *f = open_with("pending_start");
        f->now = T0 + 5 * DAY;
        change(f, (struct change){ .package = over, .end_at = T0 + 10 * DAY });
        struct fixture_reply r = ask(f, T0 + 15 * DAY, "");
        assert_false(json_bool_or(first_buy(&r), "is_final", true));
        assert_int_equal(json_str(first_buy(&r), "finalized_at").n, 0);
        r = ask(f, T0 + 31 * DAY, "");
        assert_true(json_bool_or(first_buy(&r), "is_final", false));
        fixture_close(f);
    }
}

static void changes_in_flight_keep_the_past(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply before = ask(f, T0 + 10 * DAY + DAY / 3, "");
    change(f, (struct change){ .budget = INT64_C(3500000000), .end_at = T0 + 37 * DAY });
    struct fixture_reply after = ask(f, f->now, "");
    assert_int_equal(impressions(&after), impressions(&before));
    assert_adds_up(&after);
    struct fixture_reply days = ask(f, T0 + 20 * DAY, ",\"include_package_daily_breakdown\":true");
    assert_adds_up(&days);
    assert_true(impressions(&days) > impressions(&after));
    /* The days before the change are what they were. */
    struct str range = STR(",\"start_date\":\"2026-04-01\",\"end_date\":\"2026-04-11\"");
    struct fixture_reply then = ask(f, T0 + 20 * DAY, range.p);
    struct fixture_reply at_the_time = ask(f, T0 + 10 * DAY, "");
    assert_int_equal(impressions(&then), impressions(&at_the_time));
    fixture_close(f);
}

static void a_pause_stops_and_a_resume_goes_on(void **state)
{
    struct fixture *f = open_with("pending_start");
    f->now = T0 + 5 * DAY + 12345678;
    change(f, (struct change){ .pause = true });
    struct fixture_reply paused = ask(f, f->now, ""), later = ask(f, T0 + 9 * DAY, "");
    yyjson_val *p1 = yyjson_arr_get_first(json_arr(first_buy(&paused), "by_package"));
    yyjson_val *p1_later = yyjson_arr_get_first(json_arr(first_buy(&later), "by_package"));
    assert_int_equal(json_i64_or(p1, "impressions", -1), json_i64_or(p1_later, "impressions", -2));
    assert_true(json_bool_or(p1_later, "paused", false));
    assert_true(impressions(&later) > impressions(&paused)); /* the other package goes on */
    f->now = T0 + 9 * DAY;
    change(f, (struct change){ .resume = true });
    struct fixture_reply resumed = ask(f, T0 + 9 * DAY, "");
    assert_int_equal(impressions(&resumed), impressions(&later));
    struct fixture_reply end = ask(f, T0 + 30 * DAY, ",\"include_package_daily_breakdown\":true");
    assert_adds_up(&end);
    assert_in_range(micros(json_obj(first_buy(&end), "totals"), "spend"), 4950000000, 5000000000);
    fixture_close(f);
}

static void ranges_and_windows_cut_the_same_numbers(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct fixture_reply all = ask(f, T0 + 31 * DAY, "");
    struct fixture_reply a = ask(f, T0 + 31 * DAY, ",\"end_date\":\"2026-04-12\"");
    struct fixture_reply b = ask(f, T0 + 31 * DAY, ",\"start_date\":\"2026-04-12\"");
    assert_int_equal(impressions(&a) + impressions(&b), impressions(&all));
    assert_adds_up(&a);
    assert_true(str_is(json_str(json_obj(a.reply, "reporting_period"), "end"), "2026-04-12T00:00:00Z"));
    struct fixture_reply w = ask(f, T0 + 31 * DAY, ",\"time_granularity\":\"daily\",\"include_window_breakdown\":true");
    yyjson_val *windows = json_arr(first_buy(&w), "windows"), *o;
    size_t i, n;
    int64_t imps = 0;
    struct str last = STR("2026-04-01T00:00:00Z");
    yyjson_arr_foreach(windows, i, n, o) {
        assert_true(str_eq(json_str(o, "window_start"), last));
        last = json_str(o, "window_end");
        imps += json_i64_or(json_obj(o, "totals"), "impressions", 0);
    }
    assert_int_equal(n, 30);
    assert_int_equal(imps, impressions(&w));
    fixture_close(f);
}

/* AdCP: end_date is the day after the last, so that a range is the sum of the ranges it is cut into. */
static void neighbouring_ranges_add_up(void **state)
{
    static const char *const cuts[] = { "05", "06", "07", "20", "29" };
    struct fixture *f = open_with("pending_start");
    struct fixture_reply all = ask(f, T0 + 31 * DAY, ",\"start_date\":\"2026-04-05\",\"end_date\":\"2026-04-29\"");
    int64_t imps = 0, spend = 0;
    for (size_t i = 0; i + 1 < ARRAY_LEN(cuts); i++) {
        struct str range =
            arena_printf(&f->arena, ",\"start_date\":\"2026-04-%s\",\"end_date\":\"2026-04-%s\"", cuts[i], cuts[i + 1]);
        struct fixture_reply part = ask(f, T0 + 31 * DAY, range.p);
        imps += impressions(&part);
        spend += micros(json_obj(first_buy(&part), "totals"), "spend");
        assert_true(impressions(&part) > 0);
    }
    assert_int_equal(imps, impressions(&all));
    assert_int_equal(spend, micros(json_obj(first_buy(&all), "totals"), "spend"));
    fixture_close(f);
}

static void bad_requests_name_their_field(void **state)
{
    static const struct {
        const char *args, *code, *field;
    } cases[] = {
        { "{\"start_date\":\"2026-02-30\"}", "INVALID_REQUEST", "/start_date" },
        { "{\"start_date\":\"2026-04-02\",\"end_date\":\"2026-04-01\"}", "INVALID_REQUEST", "/end_date" },
        { "{\"start_date\":\"2026-04-02\",\"end_date\":\"2026-04-02\"}", "INVALID_REQUEST", "/end_date" },
        { "{\"status_filter\":\"sleeping\"}", "INVALID_REQUEST", "/status_filter" },
        { "{\"status_filter\":[\"active\",7]}", "INVALID_REQUEST", "/status_filter/1" },
        { "{\"media_buy_ids\":[]}", "INVALID_REQUEST", "/media_buy_ids" },
        { "{\"media_buy_ids\":[\"\"]}", "INVALID_REQUEST", "/media_buy_ids/0" },
        { "{\"media_buy_ids\":[\"mb-none\"]}", "MEDIA_BUY_NOT_FOUND", "/media_buy_ids/0" },
        { "{\"time_granularity\":\"hourly\"}", "UNSUPPORTED_GRANULARITY", "/time_granularity" },
    };
    struct fixture *f = open_with("pending_start");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture_reply r = fixture_call(f, "get_media_buy_delivery", cases[i].args);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, cases[i].code);
        assert_string_equal(r.e.field, cases[i].field);
    }
    fixture_close(f);
}

static void another_buyers_media_buy_does_not_exist(void **state)
{
    struct fixture *f = open_with("pending_start");
    f->now = T0 + 3 * DAY;
    fixture_become_new_buyer(f, "rival");
    struct fixture_reply theirs = fixture_call(f, "get_media_buy_delivery", "{\"media_buy_ids\":[\"" BUY "\"]}");
    struct fixture_reply none = fixture_call(f, "get_media_buy_delivery", "{\"media_buy_ids\":[\"mb-9999\"]}");
    assert_int_equal(theirs.rc, -1);
    assert_string_equal(theirs.e.code, none.e.code);
    assert_string_equal(theirs.e.message, none.e.message);
    struct fixture_reply all = fixture_call(f, "get_media_buy_delivery", "{}");
    assert_int_equal(all.rc, 0);
    assert_int_equal(yyjson_arr_size(json_arr(all.reply, "media_buy_deliveries")), 0);
    assert_int_equal(fixture_call(f, "x_update_performance_index",
                                  "{\"media_buy_id\":\"" BUY "\",\"feedback\":{\"overall_satisfaction\":4}}")
                         .rc,
                     -1);
    fixture_become(f, "test-buyer");
    struct fixture_reply mixed =
        fixture_call(f, "get_media_buy_delivery", "{\"media_buy_ids\":[\"" BUY "\",\"mb-9999\"]}");
    assert_int_equal(mixed.rc, 0);
    yyjson_val *error = yyjson_arr_get_first(json_arr(mixed.reply, "errors"));
    assert_true(str_is(json_str(error, "field"), "media_buy_ids[1]"));
    fixture_close(f);
}

static void status_filters_see_the_present(void **state)
{
    struct fixture *f = open_with("pending_start");
    f->now = T0 + DAY;
    struct fixture_reply r = fixture_call(f, "get_media_buy_delivery", "{\"status_filter\":[\"active\",\"paused\"]}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buy_deliveries")), 1);
    r = fixture_call(f, "get_media_buy_delivery", "{\"status_filter\":\"pending_start\"}");
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buy_deliveries")), 0);
    fixture_close(f);
}

/* Buys that have ended, beside the one of every test. */
static int insert_ended(struct act *act, void *arg, struct err *e)
{
    struct media_buy_row b;
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = STR(BUY) };
    assert_int_equal(q_media_buy_get(act->tx, act->arena, &key, &b, e), 1);
    b.status = STR("completed");
    b.completed_at = b.end_at;
    b.next_change_at = TIME_NONE;
    for (int i = 0; i < *(const int *)arg; i++) {
        b.media_buy_id = arena_printf(act->arena, "mb-ended-%04d", i);
        if (q_media_buy_insert(act->tx, &b, e)) return -1;
    }
    return 0;
}

static void too_many_buys_are_refused_and_never_cut(void **state)
{
    struct fixture *f = open_with("active");
    struct err e;
    int more = 499;
    assert_int_equal(fixture_act(f, insert_ended, &more, &e), 0);
    f->now = T0 + DAY;
    struct fixture_reply r = fixture_call(f, "get_media_buy_delivery", "{}");
    assert_int_equal(r.rc, 0);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buy_deliveries")), 500);
    assert_int_equal(json_i64_or(json_obj(r.reply, "aggregated_totals"), "media_buy_count", 0), 500);
    fixture_close(f);

    f = open_with("active");
    more = 500;
    assert_int_equal(fixture_act(f, insert_ended, &more, &e), 0);
    f->now = T0 + DAY;
    r = fixture_call(f, "get_media_buy_delivery", "{}");
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, "INVALID_REQUEST");
    assert_string_equal(r.e.field, "/media_buy_ids");
    r = fixture_call(f, "get_media_buy_delivery", "{\"status_filter\":\"active\"}"); /* the ended ones do not count */
    assert_int_equal(r.rc, 0);
    assert_int_equal(yyjson_arr_size(json_arr(r.reply, "media_buy_deliveries")), 1);
    r = fixture_call(f, "get_media_buy_delivery", "{\"media_buy_ids\":[\"" BUY "\"]}");
    assert_int_equal(r.rc, 0);
    fixture_close(f);
}

static int simulate(struct act *act, void *arg, struct err *e)
{
    struct delivered more = delivered_none();
    more.of[METRIC_IMPRESSIONS] = 10001;
    more.of[METRIC_CLICKS] = 151;
    more.of[METRIC_SPEND] = 150000000;
    return delivery_simulate(act, STR(BUY), str_from(arg), &more, e);
}

static void simulated_delivery_comes_on_top_and_counts_as_spent(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct err e;
    struct fixture_reply before = ask(f, T0 + 10 * DAY, "");
    assert_int_equal(fixture_act(f, simulate, (void *)"", &e), 0);
    assert_int_equal(fixture_act(f, simulate, (void *)"pkg-0001-002", &e), 0);
    struct fixture_reply after = ask(f, T0 + 10 * DAY, ",\"include_package_daily_breakdown\":true");
    assert_int_equal(impressions(&after), impressions(&before) + 20002);
    assert_adds_up(&after);
    struct fixture_reply end = ask(f, T0 + 31 * DAY, "");
    assert_in_range(micros(json_obj(first_buy(&end), "totals"), "spend"), 4950000000, 5000000000);
    assert_int_equal(fixture_act(f, simulate, (void *)"pkg-none", &e), -1);
    assert_string_equal(e.code, "PACKAGE_NOT_FOUND");
    f->now = T0 - 5 * DAY; /* also before the flight */
    fixture_close(f);
}

static void a_buy_that_has_not_begun_can_be_simulated(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct err e;
    f->now = T0 - 5 * DAY;
    assert_int_equal(fixture_act(f, simulate, (void *)"", &e), 0);
    struct fixture_reply r = ask(f, f->now, ",\"include_package_daily_breakdown\":true");
    assert_int_equal(impressions(&r), 10001);
    assert_int_equal(micros(json_obj(first_buy(&r), "totals"), "spend"), 150000000);
    assert_adds_up(&r);
    fixture_close(f);
}

struct pricing_arg {
    const char *product, *model;
};

static int reprice(struct act *act, void *arg, struct err *e)
{
    const struct pricing_arg *a = arg;
    struct package_rows rows;
    if (q_packages_of_buy(act->tx, act->arena, STR(BUY), &rows, e)) return -1;
    struct package_row p = rows.rows[0];
    p.ordinal = 3;
    p.package_id = STR("pkg-0001-003");
    p.product_id = str_from(a->product);
    p.pricing_model = str_from(a->model);
    return q_package_insert(act->tx, &p, e);
}

static void every_pricing_model_gives_valid_replies_that_add_up(void **state)
{
    static const char *const products[] = { "prod-tech-display-001", "prod-tech-video-001", "prod-gone" };
    for (int m = 0; m < PRICING_MODELS_N; m++) {
        for (size_t i = 0; i < ARRAY_LEN(products); i++) {
            struct pricing_arg arg = { products[i], pricing_model_name((enum pricing_model)m) };
            struct fixture *f = open_with("pending_start");
            struct err e;
            assert_int_equal(fixture_act(f, reprice, &arg, &e), 0);
            struct fixture_reply r = ask(f, T0 + 17 * DAY + 1234567890,
                                         ",\"include_package_daily_breakdown\":true,\"time_granularity\":\"monthly\","
                                         "\"include_window_breakdown\":true,\"start_date\":\"2026-04-05\"");
            yyjson_val *p = yyjson_arr_get(json_arr(first_buy(&r), "by_package"), 2);
            assert_true(str_is(json_str(p, "pricing_model"), arg.model));
            assert_true(micros(p, "spend") > 0);
            assert_int_equal(sum(json_arr(p, "daily_breakdown"), "spend", true), micros(p, "spend"));
            assert_int_equal(sum(json_arr(first_buy(&r), "by_package"), "spend", true),
                             micros(json_obj(first_buy(&r), "totals"), "spend"));
            fixture_close(f);
        }
    }
}

/* ---- a remote ad server ---- */

static void never_run(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                      struct adapter_problems *out)
{
    adapter_problem_add(out, plan->packages[1].package_id, "budget", "too little");
    adapter_problem_add(out, STR_NONE, "start_time", "too early");
}

static const adapter_step remote_steps[] = { NULL }; /* nothing here runs the job */
static const struct adapter remote = { .name = "remote",
                                       .source = "remote",
                                       .admit = never_run,
                                       .verbs = { [ADAPTER_BOOK] = { .steps = remote_steps, .steps_n = 1 } } };

static int submit_remote(struct act *act, void *arg, struct err *e)
{
    struct plan plan;
    struct ad_server server = { .adapter = &remote, .name = STR("remote") };
    enum booking_outcome outcome;
    if (plan_load(act, STR(BUY), PLAN_NUMBERS, &plan, e) != 1) return -1;
    act->ad_server = &server;
    if (booking_submit(act, &server, &plan, ADAPTER_BOOK, &outcome, e)) return -1;
    assert_int_equal(outcome, BOOKING_QUEUED);
    struct job_filter all = { .tenant_id = act->tenant->tenant_id, .kind = STR(BOOKING_JOB_KIND), .limit = 10 };
    struct job_row *rows;
    size_t n;
    if (q_job_list(act->tx, act->arena, &all, &rows, &n, e)) return -1;
    assert_int_equal(n, 1);
    assert_true(str_is(rows[0].subject, "booking:" BUY ":remote"));
    return 0;
}

static void a_remote_booking_is_a_job_of_the_same_commit(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct err e;
    assert_int_equal(fixture_act(f, submit_remote, NULL, &e), 0);
    fixture_close(f);
}

static int place_local(struct act *act, void *arg, struct err *e)
{
    enum booking_outcome outcome;
    struct package_rows rows;
    struct plan plan;
    if (booking_admit(act, STR(BUY), e) || booking_place(act, STR(BUY), &outcome, e)) return -1;
    assert_int_equal(outcome, BOOKING_DONE);
    if (q_packages_of_buy(act->tx, act->arena, STR(BUY), &rows, e)) return -1;
    assert_true(str_is(rows.rows[1].remote_id, "mock-pkg-0001-002"));
    if (plan_load(act, STR(BUY), PLAN_NUMBERS, &plan, e) != 1) return -1;
    assert_true(str_is(plan.packages[1].ad_server, "mock"));
    struct plan part;
    if (plan_part(act, &plan, STR("mock"), &part, e)) return -1;
    assert_true(str_is(part.remote_id, "mock-" BUY));
    assert_int_equal(part.packages_n, plan.packages_n);
    return 0;
}

/* Once the money is gone: what the buyer is told. */
static int watch(struct act *act, void *arg, struct err *e)
{
    struct package_rows packages;
    struct history_row *rows;
    size_t n;
    if (q_packages_of_buy(act->tx, act->arena, STR(BUY), &packages, e)) return -1;
    for (size_t i = 0; i < packages.n; i++) {
        packages.rows[i].pacing = STR("asap");
        if (q_package_update(act->tx, &packages.rows[i], e)) return -1;
    }
    if (budget_watch(act, STR(BUY), e) || q_history_list(act->tx, act->arena, STR(BUY), 10, &rows, &n, e)) return -1;
    assert_int_equal(n, 2); /* a package each */
    *(struct str *)arg = rows[0].summary;
    return 0;
}

/* ---- whose budget is spent ---- */

struct spending {
    const char *package;
    bool raised; /* before, in its history */
    int64_t told; /* afterwards: how often the buyer was, of any package */
};

static int spend_and_watch(struct act *act, void *arg, struct err *e)
{
    struct spending *s = arg;
    struct delivered more = delivered_none();
    struct history_row raise = { .media_buy_id = STR(BUY),
                                 .revision = 2,
                                 .at = act->now,
                                 .actor = STR("buyer"),
                                 .action = STR("updated_budget"),
                                 .summary = STR("more"),
                                 .package_id = str_from(s->package) };
    struct history_row *rows;
    size_t n;
    more.of[METRIC_SPEND] = INT64_C(3000000000);
    if (s->raised && q_history_add(act->tx, &raise, e)) return -1;
    if (!s->raised && delivery_simulate(act, STR(BUY), raise.package_id, &more, e)) return -1;
    for (int twice = 0; twice < 2; twice++) { /* nobody is told again */
        if (budget_watch(act, STR(BUY), e)) return -1;
    }
    if (q_history_list(act->tx, act->arena, STR(BUY), 10, &rows, &n, e)) return -1;
    s->told = 0;
    for (size_t i = 0; i < n; i++) s->told += str_is(rows[i].action, "budget_exhausted");
    return 0;
}

static int64_t told_after(struct fixture *f, const char *package, bool raised)
{
    struct spending s = { package, raised, 0 };
    struct err e;
    assert_int_equal(fixture_act(f, spend_and_watch, &s, &e), 0);
    return s.told;
}

static void a_spent_budget_is_told_once_for_each_package_and_each_budget(void **state)
{
    struct fixture *f = open_with("active");
    f->now = T0 + 2 * DAY;
    assert_int_equal(told_after(f, "pkg-0001-001", false), 1);
    f->now = T0 + 4 * DAY;
    assert_int_equal(told_after(f, "pkg-0001-002", false), 2);
    f->now = T0 + 5 * DAY;
    assert_int_equal(told_after(f, "pkg-0001-001", true), 3); /* the new budget is spent, too */
    fixture_close(f);
}

static void what_an_ad_server_made_up_is_told_as_such(void **state)
{
    for (int sandbox = 0; sandbox <= 1; sandbox++) {
        struct fixture *f = open_with("active");
        struct str told;
        struct err e;
        f->sandbox = sandbox;
        f->now = T0 + 29 * DAY;
        assert_int_equal(fixture_act(f, watch, &told, &e), 0);
        bool said = memmem(told.p, told.n, "simulated", 9) != NULL;
        assert_true(memmem(told.p, told.n, "is spent", 8) != NULL && said == !sandbox);
        fixture_close(f);
    }
}

static int shrink(struct act *act, void *arg, struct err *e)
{
    struct package_rows rows;
    if (q_packages_of_buy(act->tx, act->arena, STR(BUY), &rows, e)) return -1;
    rows.rows[1].budget_micros = 100;
    if (q_package_update(act->tx, &rows.rows[1], e)) return -1;
    return booking_admit(act, STR(BUY), e);
}

static void local_booking_records_ids_and_refuses_with_reasons(void **state)
{
    struct fixture *f = open_with("pending_start");
    struct err e;
    assert_int_equal(fixture_act(f, place_local, NULL, &e), 0);
    assert_int_equal(fixture_act(f, shrink, NULL, &e), -1);
    assert_string_equal(e.code, "BUDGET_TOO_LOW");
    assert_string_equal(e.field, "/packages/1/budget");
    assert_non_null(strstr(e.details, "pkg-0001-002"));
    fixture_close(f);
}

/* ---- what a remote ad server reports ---- */

struct report_arg {
    int64_t impressions;
    bool is_final;
    struct delivery_changes changed;
    struct fact_row stored;
};

static int record_report(struct act *act, void *arg, struct err *e)
{
    struct report_arg *a = arg;
    struct plan plan;
    struct adapter_fact facts[2] = {
        { .package_id = STR("pkg-0001-001"),
          .day_at = T0 + DAY / 2,
          .delivered = delivered_none(),
          .is_final = a->is_final },
        { .package_id = STR("pkg-of-someone-else"), .day_at = T0, .delivered = delivered_none() },
    };
    facts[0].delivered.of[METRIC_IMPRESSIONS] = facts[1].delivered.of[METRIC_IMPRESSIONS] = a->impressions;
    facts[0].delivered.of[METRIC_SPEND] = a->impressions * 12500;
    struct adapter_result report = { .verdict = ADAPTER_OK, .facts = facts, .facts_n = 2 };
    if (plan_load(act, STR(BUY), PLAN_NUMBERS, &plan, e) != 1) return -1;
    struct delivery_facts sorted;
    struct ad_server server;
    if (ad_server_of(act, STR_NONE, &server, e)) return -1;
    delivery_facts_sort(act->arena, plan.media_buy_id, &report, &sorted);
    if (delivery_record(act, &server, &plan, &sorted, &a->changed, e)) return -1;
    struct fact_row stranger = {
        .media_buy_id = STR(BUY), .package_id = STR("pkg-of-someone-else"), .day_at = T0, .source = STR("mock")
    };
    assert_int_equal(q_fact_get(act->tx, &stranger, e), 0);
    a->stored = (struct fact_row){
        .media_buy_id = STR(BUY), .package_id = STR("pkg-0001-001"), .day_at = T0, .source = STR("mock")
    };
    return q_fact_get(act->tx, &a->stored, e) == 1 ? 0 : -1;
}

static size_t record(struct fixture *f, int64_t impressions, bool is_final, struct fact_row *stored)
{
    struct report_arg a = { .impressions = impressions, .is_final = is_final };
    struct err e;
    assert_int_equal(fixture_act(f, record_report, &a, &e), 0);
    *stored = a.stored;
    return a.changed.n;
}

static void reported_days_replace_what_was_known_and_adjustments_are_counted(void **state)
{
    struct fixture *f = open_with("active");
    struct fact_row stored;
    f->now = T0 + DAY / 2;
    assert_int_equal(record(f, 100, false, &stored), 0);
    assert_int_equal(stored.delivered.of[METRIC_IMPRESSIONS], 100);
    assert_int_equal(stored.delivered.of[METRIC_CLICKS], METRIC_UNKNOWN);
    f->now = T0 + 2 * DAY;
    assert_int_equal(record(f, 900, false, &stored), 0); /* the day was not over when it was read: it only grew */
    assert_int_equal(record(f, 900, false, &stored), 0);
    assert_int_equal(record(f, 880, true, &stored), 1); /* a day that was over became another: adjusted */
    assert_int_equal(stored.delivered.of[METRIC_IMPRESSIONS], 880);
    assert_int_equal(stored.delivered.of[METRIC_SPEND], 880 * 12500);
    assert_true(stored.is_final);
    assert_int_equal(stored.read_at, f->now);
    fixture_close(f);
}

/* ---- feedback ---- */

static int count_feedback(struct act *act, void *arg, struct err *e)
{
    struct feedback_row *rows;
    return q_feedback_list(act->tx, act->arena, STR(BUY), 10, &rows, arg, e);
}

static size_t feedbacks(struct fixture *f)
{
    size_t n = 0;
    struct err e;
    assert_int_equal(fixture_act(f, count_feedback, &n, &e), 0);
    return n;
}

static void feedback_is_kept_and_checked(void **state)
{
    static const struct {
        const char *args, *code, *field;
    } bad[] = {
        { "{\"media_buy_id\":\"mb-x\"}", "MEDIA_BUY_NOT_FOUND", "/media_buy_id" },
        { "{\"media_buy_id\":\"" BUY "\",\"performance_index\":1}", "INVALID_REQUEST", "/measurement_period" },
        { "{\"media_buy_id\":\"" BUY "\",\"performance_index\":-1,\"measurement_period\":"
          "{\"start\":\"2026-04-01T00:00:00Z\",\"end\":\"2026-04-02T00:00:00Z\"}}",
          "INVALID_REQUEST", "/performance_index" },
        { "{\"media_buy_id\":\"" BUY "\",\"performance_index\":1,\"measurement_period\":"
          "{\"start\":\"2026-04-03T00:00:00Z\",\"end\":\"2026-04-02T00:00:00Z\"}}",
          "INVALID_REQUEST", "/measurement_period/end" },
        { "{\"media_buy_id\":\"" BUY "\",\"package_id\":\"pkg-x\",\"performance_index\":1,\"measurement_period\":"
          "{\"start\":\"2026-04-01T00:00:00Z\",\"end\":\"2026-04-02T00:00:00Z\"}}",
          "PACKAGE_NOT_FOUND", "/package_id" },
    };
    struct fixture *f = open_with("pending_start");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fixture_reply r = fixture_call(f, "provide_performance_feedback", bad[i].args);
        assert_int_equal(r.rc, -1);
        assert_string_equal(r.e.code, bad[i].code);
        assert_string_equal(r.e.field, bad[i].field);
    }
    assert_int_equal(feedbacks(f), 0);
    struct fixture_reply r =
        fixture_call(f, "provide_performance_feedback",
                     "{\"media_buy_id\":\"" BUY "\",\"package_id\":\"pkg-0001-001\",\"performance_index\":1.2,"
                     "\"measurement_period\":{\"start\":\"2026-04-01T00:00:00Z\",\"end\":\"2026-04-02T00:00:00Z\"}}");
    assert_int_equal(r.rc, 0);
    assert_true(json_bool_or(r.reply, "success", false));
    assert_valid(f, "provide_performance_feedback", &r);
    r = fixture_call(f, "x_update_performance_index",
                     "{\"media_buy_id\":\"" BUY "\",\"feedback\":{\"overall_satisfaction\":4,\"notes\":\"n\"}}");
    assert_int_equal(r.rc, 0);
    assert_int_equal(json_i64_or(json_obj(r.aux, "feedback"), "overall_satisfaction", 0), 4);
    assert_true(str_is(json_str(r.aux, "updated_at"), "2026-03-09T14:30:00Z"));
    assert_int_equal(feedbacks(f), 2);
    fixture_refused(f, "x_update_performance_index",
                    "{\"media_buy_id\":\"" BUY
                    "\",\"package_performance\":[{\"package_id\":\"pkg-x\",\"performance_index\":1}]}",
                    "PACKAGE_NOT_FOUND", "/package_performance/0/package_id");
    assert_int_equal(feedbacks(f), 2);
    fixture_close(f);
}

static void tell(struct fixture *f, int64_t now, const char *more)
{
    f->now = now;
    struct fixture_reply r =
        fixture_call(f, "provide_performance_feedback",
                     arena_printf(&f->arena,
                                  "{\"media_buy_id\":\"" BUY "\",\"measurement_period\":"
                                  "{\"start\":\"2026-04-01T00:00:00Z\",\"end\":\"2026-04-05T00:00:00Z\"}%s}",
                                  more)
                         .p);
    assert_int_equal(r.rc, 0);
}

static int64_t spent(struct fixture *f, int64_t now, size_t package)
{
    struct fixture_reply r = ask(f, now, "");
    assert_adds_up(&r);
    return micros(yyjson_arr_get(json_arr(first_buy(&r), "by_package"), package), "spend");
}

static void feedback_moves_delivery_earlier_or_later(void **state)
{
    int64_t plain[31][2];
    struct fixture *f = open_with("pending_start");
    for (int day = 1; day <= 30; day++) {
        for (size_t i = 0; i < 2; i++) plain[day][i] = spent(f, T0 + day * DAY, i);
    }
    fixture_close(f);
    f = open_with("pending_start");
    tell(f, T0 + 5 * DAY, ",\"package_id\":\"pkg-0001-001\",\"performance_index\":1.8");
    tell(f, T0 + 5 * DAY, ",\"package_id\":\"pkg-0001-002\",\"performance_index\":0.3");
    /* What was stays, what comes shifts visibly. */
    for (size_t i = 0; i < 2; i++) assert_int_equal(spent(f, T0 + 5 * DAY, i), plain[5][i]);
    assert_true(spent(f, T0 + 15 * DAY, 0) > plain[15][0] * 110 / 100);
    assert_true(spent(f, T0 + 15 * DAY, 1) < plain[15][1] * 93 / 100);
    /* As good as expected after all: what the first package is ahead by is no more than it was. */
    int64_t ahead = spent(f, T0 + 15 * DAY, 0) - plain[15][0];
    tell(f, T0 + 15 * DAY, ",\"performance_index\":1");
    assert_true(spent(f, T0 + 16 * DAY, 0) - plain[16][0] <= ahead);
    /* The money of each package is spent in the end, whatever was said. */
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(spent(f, T0 + 30 * DAY, i), plain[30][i] - plain[30][i] / 100,
                        plain[30][i] + plain[30][i] / 100);
    }
    fixture_close(f);
}

static int insert_creative(struct act *act, void *arg, struct err *e)
{
    struct creative_row c = { .key = { act->tenant->tenant_id, act->principal->principal_id, STR("c1") },
                              .account_id = STR("acc-1"),
                              .name = STR("c"),
                              .format_id = STR("f"),
                              .status = STR("approved"),
                              .doc = STR("{}"),
                              .created_at = act->now,
                              .updated_at = act->now };
    return q_creative_put(act->tx, &c, e) < 0 ? -1 : 0;
}

/* How one creative does says nothing about its whole package. */
static void feedback_on_a_creative_leaves_the_pace(void **state)
{
    struct fixture *f = open_with("pending_start");
    int64_t plain = spent(f, T0 + 15 * DAY, 0);
    struct err e;
    fixture_close(f);
    f = open_with("pending_start");
    assert_int_equal(fixture_act(f, insert_creative, NULL, &e), 0);
    tell(f, T0 + 5 * DAY, ",\"package_id\":\"pkg-0001-001\",\"creative_id\":\"c1\",\"performance_index\":1.8");
    assert_int_equal(spent(f, T0 + 15 * DAY, 0), plain);
    fixture_close(f);
}

static int insert_many(struct act *act, void *arg, struct err *e)
{
    for (int64_t i = 3; i <= *(int64_t *)arg; i++) {
        if (insert_package(act, i, INT64_C(1000000000), e)) return -1;
    }
    return 0;
}

/* What one more package costs is the same however many there are, in the older shapes as well. */
static void a_report_costs_as_much_as_there_is(void **state)
{
    int64_t steps[3], rows[3];
    for (int shape = 0; shape <= 1; shape++) {
        for (int i = 0; i < 3; i++) {
            int64_t packages[] = { 20, 40, 80 };
            struct fixture *f = open_with("active");
            struct err e;
            assert_int_equal(fixture_act(f, insert_many, &packages[i], &e), 0);
            f->no_aux = shape;
            struct fixture_reply r = ask(f, T0 + 10 * DAY, "");
            steps[i] = r.work.steps;
            rows[i] = r.work.rows;
            fixture_close(f);
        }
        assert_in_range(steps[2] - steps[1], steps[1] - steps[0], 2 * (steps[1] - steps[0]) * 11 / 10);
        assert_in_range(rows[2] - rows[1], rows[1] - rows[0], 2 * (rows[1] - rows[0]) * 11 / 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_known_by_dimension_is_said),
        cmocka_unit_test(day_ten_reads_like_the_tutorial),
        cmocka_unit_test(nothing_is_delivered_before_its_time_or_without_approval),
        cmocka_unit_test(a_buy_is_final_with_all_of_its_packages),
        cmocka_unit_test(the_end_is_final_and_near_the_budget),
        cmocka_unit_test(changes_in_flight_keep_the_past),
        cmocka_unit_test(a_pause_stops_and_a_resume_goes_on),
        cmocka_unit_test(ranges_and_windows_cut_the_same_numbers),
        cmocka_unit_test(neighbouring_ranges_add_up),
        cmocka_unit_test(bad_requests_name_their_field),
        cmocka_unit_test(another_buyers_media_buy_does_not_exist),
        cmocka_unit_test(status_filters_see_the_present),
        cmocka_unit_test(too_many_buys_are_refused_and_never_cut),
        cmocka_unit_test(simulated_delivery_comes_on_top_and_counts_as_spent),
        cmocka_unit_test(a_buy_that_has_not_begun_can_be_simulated),
        cmocka_unit_test(every_pricing_model_gives_valid_replies_that_add_up),
        cmocka_unit_test(a_remote_booking_is_a_job_of_the_same_commit),
        cmocka_unit_test(what_an_ad_server_made_up_is_told_as_such),
        cmocka_unit_test(local_booking_records_ids_and_refuses_with_reasons),
        cmocka_unit_test(reported_days_replace_what_was_known_and_adjustments_are_counted),
        cmocka_unit_test(feedback_is_kept_and_checked),
        cmocka_unit_test(a_report_costs_as_much_as_there_is),
        cmocka_unit_test(feedback_moves_delivery_earlier_or_later),
        cmocka_unit_test(feedback_on_a_creative_leaves_the_pace),
        cmocka_unit_test(a_spent_budget_is_told_once_for_each_package_and_each_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
