/* What is sold: impressions, prices and capacity agree, and a buyer's last word counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "domain/product/capacity.h"
#include "domain/task/task.h"
#include "tools/fixture.h"

#define DAY           USEC_PER_DAY
#define FIRST         INT64_C(1775001600000000) /* 2026-04-01 */
#define DAYS          10
#define DAILY         150000 /* the demo's prod-tech-display-001 */
#define LEAST         80 /* thousand impressions cost the option's minimum spend */
#define LIVES         60
#define PRODUCT_GOODS "\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-001\""

static const char *day(struct fixture *f, int n)
{
    char text[RFC3339_MAX];
    (void)rfc3339_print(FIRST + n * DAY, RFC3339_SECONDS, text);
    return arena_printf(&f->arena, "%s", text).p;
}

static const char *create(struct fixture *f, const char *package)
{
    return arena_printf(&f->arena,
                        "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":"
                        "[{%s}]}",
                        package)
        .p;
}

static struct str made(struct fixture *f, const char *package)
{
    f->auto_advance = true;
    return json_str(fixture_ok(f, "create_media_buy", create(f, package)).reply, "media_buy_id");
}

static const char *change(struct fixture *f, struct str buy, const char *members)
{
    return arena_printf(&f->arena,
                        "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"pkg-" STR_FMT "-001\",%s}]}",
                        STR_ARG(buy), STR_ARG(str_skip(buy, 3)), members)
        .p;
}

static yyjson_val *read_buy(struct fixture *f, struct str buy)
{
    struct str args = arena_printf(&f->arena, "{\"media_buy_ids\":[\"" STR_FMT "\"]}", STR_ARG(buy));
    return yyjson_arr_get_first(json_arr(fixture_ok(f, "get_media_buys", args.p).reply, "media_buys"));
}

static int64_t goal(struct fixture *f, struct str buy)
{
    return json_i64_or(json_get_path(read_buy(f, buy), "/packages/0"), "impressions", -1);
}

/* ---- units ---- */

static void a_forecast_is_in_the_currencys_units(void **state)
{
    struct fixture *f = *state;
    struct fixture_reply r = fixture_ok(
        f, "get_products",
        "{\"buying_mode\":\"brief\",\"brief\":\"technology readers\",\"filters\":{\"start_date\":\"2026-04-01\",\"end_date\":"
        "\"2026-05-01\"}}");
    yyjson_val *p;
    size_t i, n, seen = 0;
    yyjson_arr_foreach(json_arr(r.reply, "products"), i, n, p) {
        if (!str_is(json_str(p, "product_id"), "prod-tech-display-001")) continue;
        yyjson_val *metrics = json_get_path(p, "/forecast/points/0/metrics");
        double impressions = yyjson_get_num(json_get_path(metrics, "/impressions/mid"));
        if (impressions < 4500000) fail_msg("%f", impressions);
        assert_float_equal(yyjson_get_num(json_get_path(metrics, "/spend/mid")), impressions / 1000 * 12.5, 0.005);
        assert_float_equal(yyjson_get_num(json_get_path(metrics, "/spend/low")), impressions / 1000 * 12.5 * 0.85,
                           0.01);
        seen++;
    }
    assert_int_equal(seen, 1);
}

/* ---- budget, goal and price ---- */

static void a_goal_that_the_budget_does_not_buy_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_refused(f, "create_media_buy", create(f, PRODUCT_GOODS ",\"budget\":1250,\"impressions\":100001"),
                    "VALIDATION_ERROR", "/packages/0/impressions");
    struct str buy = made(f, PRODUCT_GOODS ",\"budget\":1250,\"impressions\":100000");
    assert_int_equal(goal(f, buy), 100000);
    fixture_refused(f, "update_media_buy", change(f, buy, "\"impressions\":100001"), "VALIDATION_ERROR",
                    "/packages/0/impressions");
    (void)fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":2500,\"impressions\":150000"));
    assert_int_equal(goal(f, buy), 150000);
    fixture_refused(f, "update_media_buy", change(f, buy, "\"budget\":1250"), "VALIDATION_ERROR",
                    "/packages/0/impressions");
}

static void a_price_by_clicks_says_how_many_guaranteed_impressions_it_takes(void **state)
{
    struct fixture *f = *state;
    const char *clicks = "\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":\"price-002\",\"budget\":2000";
    fixture_refused(f, "create_media_buy", create(f, clicks), "VALIDATION_ERROR", "/packages/0/impressions");
    struct str buy = made(f, arena_printf(&f->arena, "%s,\"impressions\":4400000", clicks).p);
    assert_int_equal(goal(f, buy), 4400000);
    /* They are held: what is left of 4,500,000 is 100,000. */
    fixture_refused(f, "create_media_buy", create(f, PRODUCT_GOODS ",\"budget\":1262.5"), "PRODUCT_UNAVAILABLE",
                    "/packages/0/budget");
    (void)made(f, PRODUCT_GOODS ",\"budget\":1250");
}

static void a_price_off_the_list_still_says_what_a_budget_buys(void **state)
{
    struct fixture *f = *state;
    struct str buy = made(f, PRODUCT_GOODS ",\"budget\":1250");
    assert_int_equal(goal(f, buy), 100000);
    struct str demo = fixture_demo_text(f);
    char *text = ARENA_ARRAY(&f->arena, char, demo.n + 1);
    memcpy(text, demo.p, demo.n);
    for (char *at = text; (at = strstr(at, "price-001"));) memcpy(at, "price-991", 9);
    (void)fixture_import(f, (struct str){ text, demo.n });
    (void)fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":2500"));
    assert_int_equal(goal(f, buy), 200000);
}

static void asap_waits_for_the_lead_time_in_production(void **state)
{
    struct fixture *f = *state;
    struct str demo = fixture_demo_text(f);
    const char *lead = strstr(arena_cstr(&f->arena, demo), "\"measurement_policy\"");
    assert_non_null(lead);
    int before = (int)(demo.n - strlen(lead));
    struct str changed = arena_printf(&f->arena, "%.*s\"min_lead_hours\":48,%s", before, demo.p, lead);
    (void)fixture_import(f, changed);
    const char *soon = "{\"start_time\":\"asap\",\"end_time\":\"2026-05-01T00:00:00Z\",\"packages\":[{" PRODUCT_GOODS
                       ",\"budget\":1250}]}";
    fixture_refused(f, "create_media_buy", soon, "VALIDATION_ERROR", "/start_time");
    f->sandbox = true;
    (void)fixture_ok(f, "create_media_buy", soon);
}

/* ---- capacity ---- */

struct life {
    struct str buy;
    int from, to; /* days */
    int64_t goal; /* 0: gone */
};

/* Sold flights fit when no stretch of days is asked for more than it shows: counted here the slow way. */
static void assert_not_oversold(const struct life *lives, int n)
{
    for (int a = 0; a < DAYS; a++) {
        for (int b = a + 1; b <= DAYS; b++) {
            int64_t inside = 0;
            for (int i = 0; i < n; i++) inside += lives[i].from >= a && lives[i].to <= b ? lives[i].goal : 0;
            assert_true(inside <= (int64_t)DAILY * (b - a));
        }
    }
}

static int pick(struct rng *r, int n)
{
    return (int)(rng_u64(r) % (uint64_t)n);
}

static void buy_at_random(struct fixture *f, struct rng *r, struct life *life)
{
    life->from = pick(r, DAYS);
    life->to = life->from + 1 + pick(r, DAYS - life->from);
    int64_t wanted = 1000 * (LEAST + pick(r, DAILY / 1000 * (life->to - life->from)));
    /* Some flights are an hour of their first day. */
    bool hour = pick(r, 5) == 0;
    if (hour) life->to = life->from + 1;
    struct str args = arena_printf(
        &f->arena, "{\"start_time\":\"%s\",\"end_time\":\"%s\",\"packages\":[{" PRODUCT_GOODS ",\"budget\":%.1f}]}",
        day(f, life->from),
        hour ? arena_printf(&f->arena, "2026-04-%02dT01:00:00Z", life->from + 1).p : day(f, life->to),
        (double)wanted * 12.5 / 1000);
    struct fixture_reply made_it = fixture_call(f, "create_media_buy", args.p);
    if (made_it.rc) assert_string_equal(made_it.e.code, "PRODUCT_UNAVAILABLE");
    life->goal = made_it.rc ? 0 : wanted;
    life->buy = made_it.rc ? STR_NONE : json_str(made_it.reply, "media_buy_id");
}

static void change_at_random(struct fixture *f, struct rng *r, struct life *life)
{
    if (life->goal == 0) return;
    if (pick(r, 3) == 0) {
        (void)fixture_ok(
            f, "update_media_buy",
            arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(life->buy)).p);
        life->goal = 0;
        return;
    }
    int64_t wanted = 1000 * (LEAST + pick(r, DAILY / 1000 * DAYS));
    int to = life->from + 1 + pick(r, DAYS - life->from);
    struct fixture_reply done = fixture_call(
        f, "update_media_buy",
        change(f, life->buy,
               arena_printf(&f->arena, "\"budget\":%.1f,\"end_time\":\"%s\"", (double)wanted * 12.5 / 1000, day(f, to))
                   .p));
    if (done.rc) {
        assert_string_equal(done.e.code, "PRODUCT_UNAVAILABLE");
        return;
    }
    life->goal = wanted;
    life->to = to;
}

static void what_is_sold_never_passes_capacity(void **state)
{
    struct fixture *f = *state;
    f->auto_advance = true;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct rng r;
        struct life lives[LIVES] = { { .goal = 0 } };
        rng_init_seeded(&r, seed);
        for (int i = 0; i < LIVES; i++) {
            buy_at_random(f, &r, &lives[i]);
            change_at_random(f, &r, &lives[pick(&r, i + 1)]);
            assert_not_oversold(lives, i + 1);
        }
        for (int i = 0; i < LIVES; i++) {
            if (lives[i].goal == 0) continue;
            (void)fixture_ok(
                f, "update_media_buy",
                arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(lives[i].buy))
                    .p);
        }
    }
}

static void what_is_left_is_counted_over_every_stretch(void **state)
{
    struct fixture *f = *state;
    /* 75 on day 0, 225 on days 0 and 1: day 1 alone has nothing left, though evenly spread it would show 37. */
    struct flight_days sold[] = { { 0, 1, 75 }, { 0, 2, 225 } };
    assert_int_equal(capacity_left(&f->arena, sold, 2, (struct flight_days){ 1, 2, 0 }, 150), 0);
    assert_int_equal(capacity_left(&f->arena, sold, 2, (struct flight_days){ 2, 3, 0 }, 150), 150);
    assert_int_equal(capacity_left(&f->arena, sold, 2, (struct flight_days){ 1, 3, 0 }, 150), 150);
    assert_int_equal(capacity_left(&f->arena, NULL, 0, (struct flight_days){ 5, 8, 0 }, 150), 450);
    assert_int_equal(capacity_left(&f->arena, sold, 1, (struct flight_days){ 0, 1, 0 }, 150), 75);
}

/* ---- the last word ---- */

static void ruled(struct fixture *f)
{
    fixture_become(f, "test-operator");
    (void)fixture_ok(
        f, "x_rule_add",
        "{\"rule\":{\"name\":\"changes\",\"then\":\"person\",\"when\":{\"operations\":[\"update_media_buy\"]}}}");
    fixture_become(f, "test-buyer");
    f->auto_advance = false;
}

static int64_t open_tasks(struct fixture *f)
{
    fixture_become(f, "test-operator");
    struct fixture_reply r = fixture_ok(f, "x_task_list", "{}");
    yyjson_val *t;
    size_t i, n;
    int64_t open = 0;
    yyjson_arr_foreach(json_arr(r.reply, "tasks"), i, n, t) open += str_is(json_str(t, "state"), "pending");
    fixture_become(f, "test-buyer");
    return open;
}

static void the_later_word_counts(void **state)
{
    struct fixture *f = *state;
    struct str buy = made(f, PRODUCT_GOODS ",\"budget\":1250");
    ruled(f);
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":2500")).outcome, TOOL_SUBMITTED);
    assert_int_equal(open_tasks(f), 1);
    /* Back to what it was: nothing is to be changed, and nobody may approve the other any more. */
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":1250")).outcome, TOOL_COMPLETED);
    assert_int_equal(open_tasks(f), 0);
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":2500")).outcome, TOOL_SUBMITTED);
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":3750")).outcome, TOOL_SUBMITTED);
    assert_int_equal(open_tasks(f), 1);
    /* What names a part of a waiting change cannot take its place. */
    (void)fixture_ok(f, "update_media_buy", change(f, buy, "\"budget\":2500,\"pacing\":\"asap\""));
    fixture_refused(f, "update_media_buy", change(f, buy, "\"pacing\":\"even\""), "CONFLICT", "/media_buy_id");
    assert_int_equal(open_tasks(f), 1);
}

static void pausing_waits_for_nobody_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct str buy = made(f, PRODUCT_GOODS ",\"budget\":1250");
    ruled(f);
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"paused\":true")).outcome, TOOL_COMPLETED);
    assert_int_equal(fixture_ok(f, "update_media_buy", change(f, buy, "\"paused\":false")).outcome, TOOL_SUBMITTED);
    yyjson_val *actions = json_arr(read_buy(f, buy), "available_actions"), *a;
    size_t i, n;
    assert_true(yyjson_arr_size(actions) > 3);
    yyjson_arr_foreach(actions, i, n, a) {
        bool stops = str_is(json_str(a, "action"), "pause") || str_is(json_str(a, "action"), "cancel");
        assert_string_equal(json_str(a, "mode").p, stops ? "self_serve" : "requires_approval");
    }
}

static void the_end_of_a_buy_withdraws_all_that_waits(void **state)
{
    enum { PACKAGES = 55 }; /* more than a page of tasks */
    struct fixture *f = *state;
    struct buf all;
    buf_init(&all, 1 << 20);
    for (int i = 0; i < PACKAGES; i++) {
        buf_addf(&all, "%s" PRODUCT_GOODS ",\"budget\":1000", i ? "},{" : "");
    }
    struct str buy = made(f, arena_dup(&f->arena, buf_str(&all)).p);
    buf_finish(&all);
    ruled(f);
    for (int i = 1; i <= PACKAGES; i++) {
        struct str args = arena_printf(&f->arena,
                                       "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"pkg-" STR_FMT
                                       "-%03d\",\"budget\":1010}]}",
                                       STR_ARG(buy), STR_ARG(str_skip(buy, 3)), i);
        assert_int_equal(fixture_ok(f, "update_media_buy", args.p).outcome, TOOL_SUBMITTED);
    }
    (void)fixture_ok(f, "update_media_buy",
                     arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"canceled\":true}", STR_ARG(buy)).p);
    assert_int_equal(open_tasks(f), 0);
}

static void a_flight_is_shortened_together_with_its_packages(void **state)
{
    struct fixture *f = *state;
    struct str buy = made(f, PRODUCT_GOODS ",\"budget\":1250,\"end_time\":\"2026-04-25T00:00:00Z\"");
    const char *pattern = "{\"media_buy_id\":\"" STR_FMT "\",\"end_time\":\"2026-04-15T00:00:00Z\",\"packages\":"
                          "[{\"package_id\":\"pkg-" STR_FMT "-001\",\"end_time\":\"%s\"}]}";
    fixture_refused(f, "update_media_buy",
                    arena_printf(&f->arena, pattern, STR_ARG(buy), STR_ARG(str_skip(buy, 3)), "2026-04-16T00:00:00Z").p,
                    "INVALID_REQUEST", "/packages/0");
    (void)fixture_ok(
        f, "update_media_buy",
        arena_printf(&f->arena, pattern, STR_ARG(buy), STR_ARG(str_skip(buy, 3)), "2026-04-14T00:00:00Z").p);
    assert_string_equal(json_str(read_buy(f, buy), "end_time").p, "2026-04-15T00:00:00Z");
}

/* ---- many at once ---- */

/* A buy of `n` packages, and all that can be changed of each at once; half of them are of a product that is guaranteed. */
static struct tx_work change_many(int n)
{
    static const char *const goods[] = { "\"product_id\":\"prod-ron-display-001\",\"pricing_option_id\":\"price-004\"",
                                         PRODUCT_GOODS };
    struct fixture *f = fixture_open();
    struct buf packages, changes;
    buf_init(&packages, 1 << 20);
    buf_init(&changes, 1 << 20);
    for (int i = 0; i < n; i++) {
        buf_addf(&packages, "%s{%s,\"budget\":1000}", i ? "," : "", goods[i & 1]);
    }
    f->auto_advance = true;
    struct str buy = json_str(
        fixture_ok(f, "create_media_buy",
                   arena_printf(&f->arena,
                                "{\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2027-05-01T00:00:00Z\","
                                "\"push_notification_config\":{\"url\":\"http://127.0.0.1:9/told\"},\"packages\":[%s]}",
                                arena_cstr(&f->arena, buf_str(&packages)))
                       .p)
            .reply,
        "media_buy_id");
    for (int i = 0; i < n; i++) {
        buf_addf(&changes,
                 "%s{\"package_id\":\"pkg-" STR_FMT "-%03d\",\"budget\":1100,\"paused\":true,\"pacing\":\"asap\","
                 "\"start_time\":\"2026-04-02T00:00:00Z\",\"end_time\":\"2027-04-02T00:00:00Z\","
                 "\"targeting_overlay\":{\"geo_countries\":[\"US\"]}}",
                 i ? "," : "", STR_ARG(str_skip(buy, 3)), i + 1);
    }
    struct tx_work work = fixture_ok(f, "update_media_buy",
                                     arena_printf(&f->arena, "{\"media_buy_id\":\"" STR_FMT "\",\"packages\":[%s]}",
                                                  STR_ARG(buy), arena_cstr(&f->arena, buf_str(&changes)))
                                         .p)
                              .work;
    buf_finish(&packages);
    buf_finish(&changes);
    fixture_close(f);
    return work;
}

/* Nobody else is served while it runs: what one more package costs is the same however many there are. */
static void an_update_costs_as_much_as_it_changes(void **state)
{
    struct tx_work w[] = { change_many(20), change_many(40), change_many(80) };
    (void)state;
    assert_in_range(w[2].steps - w[1].steps, w[1].steps - w[0].steps, 2 * (w[1].steps - w[0].steps) * 11 / 10);
    assert_in_range(w[2].rows - w[1].rows, w[1].rows - w[0].rows, 2 * (w[1].rows - w[0].rows) * 11 / 10);
    assert_in_range(w[2].statements - w[1].statements, w[1].statements - w[0].statements,
                    2 * (w[1].statements - w[0].statements) * 11 / 10);
    assert_true(w[2].statements < 80 * 80);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(a_forecast_is_in_the_currencys_units),
        T(a_goal_that_the_budget_does_not_buy_is_refused),
        T(a_price_by_clicks_says_how_many_guaranteed_impressions_it_takes),
        T(a_price_off_the_list_still_says_what_a_budget_buys),
        T(asap_waits_for_the_lead_time_in_production),
        T(what_is_sold_never_passes_capacity),
        T(what_is_left_is_counted_over_every_stretch),
        T(the_later_word_counts),
        T(pausing_waits_for_nobody_and_says_so),
        T(the_end_of_a_buy_withdraws_all_that_waits),
        T(a_flight_is_shortened_together_with_its_packages),
        cmocka_unit_test(an_update_costs_as_much_as_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
