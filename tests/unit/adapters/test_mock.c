/* The mock ad server's promises, over many plans: deterministic, monotone, never over budget, consistent with the
 * price, and indifferent to where history is frozen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include <salesagent/adapter.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/rfc3339.h"

#define T0    INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY   USEC_PER_DAY
#define SEEDS 600

static const struct adapter_site site = { .sandbox = true };

struct world {
    struct arena arena;
    const struct adapter *mock;
    const void *config;
    struct plan_package package;
    struct plan plan;
    char id[32];
};

static int64_t pick(struct rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_u64(r) % (uint64_t)(high - low + 1));
}

/* The tutorial's first package. */
static void world_init(struct world *w)
{
    struct err e;
    memset(w, 0, sizeof(*w));
    arena_init(&w->arena);
    w->mock = adapter_find(STR("mock"));
    assert_non_null(w->mock);
    assert_int_equal(w->mock->configure(&w->arena, &site, STR_NONE, &w->config, &e), 0);
    (void)snprintf(w->id, sizeof(w->id), "pkg-001");
    w->package = (struct plan_package){ .package_id = { w->id, 7 },
                                        .pricing_model = PRICING_CPM,
                                        .rate_micros = 12500000,
                                        .budget_micros = INT64_C(3000000000),
                                        .impressions_goal = -1,
                                        .start_at = T0,
                                        .end_at = T0 + 30 * DAY,
                                        .stopped_at = INT64_MAX };
    w->plan = (struct plan){ .packages = &w->package,
                             .packages_n = 1,
                             .live_from = T0 - DAY,
                             .currency = "USD",
                             .start_at = T0,
                             .end_at = T0 + 30 * DAY };
}

static void world_random(struct world *w, uint64_t seed)
{
    struct rng r;
    rng_init_seeded(&r, seed);
    world_init(w);
    int n = snprintf(w->id, sizeof(w->id), "pkg-%llx", (unsigned long long)rng_u64(&r));
    w->package.package_id.n = (size_t)n;
    w->package.pricing_model = (enum pricing_model)pick(&r, PRICING_CPM, PRICING_TIME);
    w->package.pacing = (enum plan_pacing)pick(&r, PACING_EVEN, PACING_FRONT_LOADED);
    w->package.medium = (enum plan_medium)pick(&r, MEDIUM_DISPLAY, MEDIUM_BROADCAST);
    if (pick(&r, 0, 1)) w->package.performance_ppm = pick(&r, 1, 3000000);
    w->package.rate_micros = pick(&r, 1, 4000) * (pick(&r, 0, 4) ? 10000 : 1234);
    w->package.budget_micros = pick(&r, 1, 200000) * 1000000;
    if (pick(&r, 0, 1)) w->package.impressions_goal = pick(&r, 0, 5000000);
    w->package.start_at = T0 + pick(&r, -3 * 86400, 86400) * USEC_PER_SEC;
    w->package.end_at = w->package.start_at + pick(&r, 3600, 60 * 86400) * USEC_PER_SEC;
    if (pick(&r, 0, 1)) {
        struct plan_auction *a = &w->package.auction;
        a->bidding = true;
        if (pick(&r, 0, 3)) a->floor_micros = pick(&r, 1, w->package.rate_micros);
        if (pick(&r, 0, 1)) a->p50_micros = pick(&r, 1, 2 * w->package.rate_micros);
        if (pick(&r, 0, 1)) a->p90_micros = pick(&r, 1, 4 * w->package.rate_micros);
    }
    w->plan.live_from = T0 + pick(&r, -5 * 86400, 2 * 86400) * USEC_PER_SEC;
}

static struct delivered nothing(void)
{
    struct delivered d;
    for (int m = 0; m < METRICS_N; m++) d.of[m] = METRIC_UNKNOWN;
    return d;
}

static struct delivered by(const struct world *w, int64_t since, struct delivered before, int64_t until)
{
    struct delivered out;
    w->mock->deliver(w->config, &w->plan, 0, since, &before, until, &out);
    return out;
}

static void assert_consistent(const struct world *w, const struct delivered *d)
{
    const struct plan_package *p = &w->package;
    enum metric billed = pricing_metric(p->pricing_model);
    assert_true(d->of[METRIC_SPEND] >= 0 && d->of[METRIC_SPEND] <= p->budget_micros);
    struct adapter_auction a = { 0, p->rate_micros };
    (void)w->mock->auction(w->config, &w->plan, 0, &a);
    assert_true(a.clearing_micros >= p->auction.floor_micros && a.clearing_micros <= p->rate_micros);
    assert_int_equal(d->of[METRIC_SPEND], pricing_cost(p->pricing_model, a.clearing_micros, d->of[billed]));
    assert_true(d->of[METRIC_IMPRESSIONS] >= 0);
    for (int m = METRIC_CLICKS; m < METRIC_CONVERSIONS; m++) {
        if (m != METRIC_SPEND) assert_true(d->of[m] <= d->of[METRIC_IMPRESSIONS]);
    }
    assert_true(d->of[METRIC_VIEWABLE] <= d->of[METRIC_MEASURABLE]);
    assert_true(d->of[METRIC_COMPLETED_VIEWS] <= d->of[METRIC_VIEWS] || d->of[METRIC_VIEWS] == METRIC_UNKNOWN);
}

static void assert_not_less(const struct delivered *late, const struct delivered *early)
{
    for (int m = 0; m < METRICS_N; m++) assert_true(late->of[m] >= early->of[m]);
}

static void the_tutorials_package_is_slightly_behind_on_day_ten_and_ends_near_its_budget(void **state)
{
    struct world w;
    world_init(&w);
    struct delivered d = by(&w, 0, nothing(), T0 + 10 * DAY);
    assert_in_range(d.of[METRIC_SPEND], 900000000, 1000000000);
    assert_int_equal(d.of[METRIC_SPEND] % 10000, 0);
    assert_int_equal(d.of[METRIC_IMPRESSIONS] * 12500, d.of[METRIC_SPEND]);
    assert_in_range(d.of[METRIC_CLICKS] * 1000 / d.of[METRIC_IMPRESSIONS], 10, 18);
    d = by(&w, 0, nothing(), T0 + 31 * DAY);
    assert_in_range(d.of[METRIC_SPEND], 2970000000, 2999000000);
    d = by(&w, 0, nothing(), T0);
    assert_int_equal(d.of[METRIC_IMPRESSIONS], 0);
    assert_int_equal(d.of[METRIC_SPEND], 0);
    assert_int_equal(d.of[METRIC_COMPLETED_VIEWS], METRIC_UNKNOWN); /* display does not tell */
    arena_finish(&w.arena);
}

static void a_bid_stands_as_the_published_prices_say(void **state)
{
    struct world w;
    struct adapter_auction a = { -1, -1 }, last = { 0, 0 };
    world_init(&w);
    assert_false(w.mock->auction(w.config, &w.plan, 0, &a)); /* a fixed price is no auction */
    w.package.auction.bidding = true;
    assert_false(w.mock->auction(w.config, &w.plan, 0, &a)); /* nothing is known of its prices */
    assert_int_equal(a.win_ppm, -1);
    w.package.auction = (struct plan_auction){ true, 5000000, 6000000, 8000000, 10000000, 12000000 };
    w.package.rate_micros = 8000000;
    assert_true(w.mock->auction(w.config, &w.plan, 0, &a));
    assert_int_equal(a.win_ppm, 500000);
    assert_int_equal(a.clearing_micros, 6500000);
    w.package.rate_micros = 12000000;
    assert_true(w.mock->auction(w.config, &w.plan, 0, &a));
    assert_int_equal(a.win_ppm, 900000);
    for (int64_t bid = 5000000; bid < 40000000; bid += 250000) {
        w.package.rate_micros = bid;
        assert_true(w.mock->auction(w.config, &w.plan, 0, &a));
        assert_true(a.win_ppm >= last.win_ppm && a.win_ppm <= 1000000);
        assert_true(a.clearing_micros >= last.clearing_micros);
        assert_in_range(a.clearing_micros, 5000000, bid);
        last = a;
    }
    w.package.auction = (struct plan_auction){ .bidding = true, .floor_micros = 5000000 };
    w.package.rate_micros = 7500000;
    assert_true(w.mock->auction(w.config, &w.plan, 0, &a));
    assert_int_equal(a.win_ppm, 500000); /* with a floor alone, the usual spread above it */
    arena_finish(&w.arena);
}

static void numbers_are_deterministic_monotone_and_never_over_budget(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        struct rng r;
        rng_init_seeded(&r, seed ^ 77);
        struct delivered last = nothing();
        for (int64_t t = T0 - 4 * DAY; t < T0 + 70 * DAY; t += pick(&r, 1, 5 * 86400) * USEC_PER_SEC) {
            struct delivered d = by(&w, 0, nothing(), t), again = by(&w, 0, nothing(), t);
            assert_memory_equal(&d, &again, sizeof(d));
            assert_consistent(&w, &d);
            assert_not_less(&d, &last);
            last = d;
        }
        arena_finish(&w.arena);
    }
}

static void a_plan_with_room_spends_almost_all_of_its_money(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        w.plan.live_from = T0 - 9 * DAY;
        w.package.impressions_goal = -1; /* a goal below what the money buys leaves some of it */
        int64_t unit = pricing_cost(w.package.pricing_model, w.package.rate_micros, 1);
        if (w.package.budget_micros < 1000 * (unit + 1)) w.package.budget_micros = 1000 * (unit + 1);
        struct delivered d = by(&w, 0, nothing(), T0 + 90 * DAY);
        assert_true(d.of[METRIC_SPEND] >= muldiv(w.package.budget_micros, 98, 100, MONEY_ROUND_DOWN));
        arena_finish(&w.arena);
    }
}

/* What is kept free for a package is what it gets, whatever its budget would still buy and however it is priced. */
static void delivery_stops_at_the_goal(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        w.plan.live_from = T0 - 9 * DAY;
        w.package.impressions_goal = (int64_t)(seed % 7) * 12345;
        bool flat = pricing_metric(w.package.pricing_model) == METRIC_SPEND;
        struct delivered d = nothing();
        int64_t since = 0;
        for (int64_t t = T0 - 4 * DAY; t < T0 + 90 * DAY && !flat; t += 7 * DAY / 2) {
            d = by(&w, since, d, t);
            since = t;
            assert_true(d.of[METRIC_IMPRESSIONS] <= w.package.impressions_goal);
        }
        arena_finish(&w.arena);
    }
}

/* Freezing an unchanged plan moves nothing but rounding; afterwards changes only shape the future. */
static void where_history_is_frozen_makes_no_difference(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        w.package.pricing_model = PRICING_CPM;
        w.package.rate_micros = 10000000;
        w.package.budget_micros = INT64_C(5000000000);
        w.package.auction = (struct plan_auction){ .bidding = false };
        struct delivered d = nothing();
        int64_t since = 0;
        for (int64_t t = T0 - 4 * DAY; t < T0 + 70 * DAY; t += DAY / 3) {
            d = by(&w, since, d, t);
            since = t;
            struct delivered direct = by(&w, 0, nothing(), t);
            int64_t difference = direct.of[METRIC_IMPRESSIONS] - d.of[METRIC_IMPRESSIONS];
            assert_true(difference >= -200 && difference <= 200); /* of 500,000 */
        }
        arena_finish(&w.arena);
    }
}

static void changes_in_flight_never_take_anything_back(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        struct rng r;
        rng_init_seeded(&r, seed ^ 99);
        struct delivered d = nothing();
        int64_t since = 0, ceiling = w.package.budget_micros;
        for (int64_t t = T0 - 3 * DAY; t < T0 + 70 * DAY; t += pick(&r, 3600, 4 * 86400) * USEC_PER_SEC) {
            struct delivered next = by(&w, since, d, t);
            assert_not_less(&next, &d);
            if (w.package.paused)
                assert_int_equal(next.of[METRIC_IMPRESSIONS],
                                 d.of[METRIC_IMPRESSIONS] < 0 ? 0 : d.of[METRIC_IMPRESSIONS]);
            if (next.of[METRIC_SPEND] != (d.of[METRIC_SPEND] < 0 ? 0 : d.of[METRIC_SPEND])) {
                assert_true(next.of[METRIC_SPEND] <= ceiling);
            }
            d = next;
            since = t;
            w.package.paused = pick(&r, 0, 3) == 0;
            if (pick(&r, 0, 2) == 0) w.package.budget_micros = ceiling = pick(&r, 1, 200000) * 1000000;
            if (pick(&r, 0, 2) == 0) w.package.end_at = w.package.start_at + pick(&r, 3600, 70 * 86400) * USEC_PER_SEC;
            if (pick(&r, 0, 4) == 0) w.package.performance_ppm = pick(&r, 1, 3000000);
            if (pick(&r, 0, 9) == 0) w.package.pacing = (enum plan_pacing)pick(&r, PACING_EVEN, PACING_FRONT_LOADED);
        }
        arena_finish(&w.arena);
    }
}

static void a_daily_limit_holds_every_day_and_the_rest_catches_up(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        world_random(&w, seed);
        w.package.budget_micros += 1000 * INT64_C(1000000);
        w.package.daily_budget_micros = w.package.budget_micros / 40;
        struct delivered last = by(&w, 0, nothing(), T0 - 4 * DAY);
        for (int64_t t = T0 - 3 * DAY; t < T0 + 70 * DAY; t += DAY) {
            struct delivered d = by(&w, 0, nothing(), t);
            assert_consistent(&w, &d);
            assert_not_less(&d, &last);
            int64_t unit = pricing_cost(w.package.pricing_model, w.package.rate_micros, 1);
            if (unit < w.package.daily_budget_micros / 100) {
                assert_true(d.of[METRIC_SPEND] - last.of[METRIC_SPEND] <= w.package.daily_budget_micros);
            }
            last = d;
        }
        arena_finish(&w.arena);
    }
    struct world w;
    world_init(&w);
    int64_t free_run = by(&w, 0, nothing(), T0 + 30 * DAY).of[METRIC_SPEND];
    w.package.daily_budget_micros =
        INT64_C(101000000); /* the even share is 100; days differ, so some lose and later ones gain */
    int64_t under = by(&w, 0, nothing(), T0 + 30 * DAY).of[METRIC_SPEND];
    assert_in_range(under, free_run * 97 / 100, free_run);
    struct delivered half = by(&w, 0, nothing(), T0 + 15 * DAY + DAY / 2);
    struct delivered rest = by(&w, T0 + 15 * DAY + DAY / 2, half, T0 + 30 * DAY);
    assert_in_range(rest.of[METRIC_SPEND], under - 300000, under + 300000); /* frozen at noon */
    w.package.daily_budget_micros = 0;
    w.package.daily_impressions = 5000;
    assert_in_range(by(&w, 0, nothing(), T0 + 30 * DAY).of[METRIC_IMPRESSIONS], 30 * 4900, 30 * 5000);
    arena_finish(&w.arena);
}

/* Looking ahead reads a buy of hundreds of packages some twenty times inside one transaction: were a read's work to grow
 * with the square of the flight's days, this test would take minutes. */
static void ten_years_under_a_daily_limit_are_read_day_by_day_once(void **state)
{
    struct world w;
    world_init(&w);
    w.package.end_at = T0 + 3650 * DAY;
    w.package.budget_micros = INT64_C(365000000000);
    w.package.daily_budget_micros = INT64_C(101000000);
    struct delivered d = by(&w, 0, nothing(), w.package.end_at);
    for (int i = 0; i < 5000; i++) {
        struct delivered again = by(&w, 0, nothing(), w.package.end_at);
        assert_int_equal(again.of[METRIC_SPEND], d.of[METRIC_SPEND]);
    }
    assert_in_range(d.of[METRIC_SPEND], w.package.budget_micros / 2, w.package.budget_micros);
    arena_finish(&w.arena);
}

static void pacing_shapes_the_flight(void **state)
{
    struct world w;
    world_init(&w);
    int64_t half[3];
    for (int p = PACING_EVEN; p <= PACING_FRONT_LOADED; p++) {
        w.package.pacing = (enum plan_pacing)p;
        half[p] = by(&w, 0, nothing(), T0 + 15 * DAY).of[METRIC_SPEND];
    }
    assert_true(half[PACING_EVEN] < half[PACING_FRONT_LOADED]);
    assert_true(half[PACING_FRONT_LOADED] < half[PACING_ASAP]);
    w.package.pacing = PACING_ASAP; /* more money after the first is spent is spent as well */
    struct delivered d = by(&w, 0, nothing(), T0 + 15 * DAY);
    w.package.budget_micros *= 2;
    assert_true(by(&w, T0 + 15 * DAY, d, T0 + 20 * DAY).of[METRIC_SPEND] > d.of[METRIC_SPEND]);
    arena_finish(&w.arena);
}

static void what_cannot_be_booked_is_refused_with_every_reason(void **state)
{
    struct world w;
    struct adapter_problems problems = { .n = 0 };
    world_init(&w);
    w.mock->admit(w.config, &w.plan, NULL, &problems);
    assert_int_equal(problems.n, 0);
    w.package.end_at = w.package.start_at;
    w.package.budget_micros = 1;
    w.mock->admit(w.config, &w.plan, NULL, &problems);
    assert_int_equal(problems.n, 2);
    assert_string_equal(problems.item[0].member, "end_time");
    assert_string_equal(problems.item[1].member, "budget");
    arena_finish(&w.arena);
}

static void settings_are_checked(void **state)
{
    struct world w;
    struct err e;
    const void *config;
    world_init(&w);
    assert_int_equal(w.mock->configure(&w.arena, &site, STR("{\"fill_percent\": 50}"), &config, &e), 0);
    w.config = config;
    assert_in_range(by(&w, 0, nothing(), T0 + 40 * DAY).of[METRIC_SPEND], 1480000000, 1500000000);
    assert_int_equal(w.mock->configure(&w.arena, &site, STR("{\"fill_percent\": 0}"), &config, &e), -1);
    assert_string_equal(e.field, "/fill_percent");
    assert_int_equal(w.mock->configure(&w.arena, &site, STR("[]"), &config, &e), -1);
    arena_finish(&w.arena);
}

static void booking_twice_gives_the_same_ids(void **state)
{
    struct world w;
    world_init(&w);
    w.plan.media_buy_id = STR("mb-1");
    struct adapter_op op = { .adapter = w.mock, .config = w.config, .site = &site, .plan = &w.plan, .arena = &w.arena };
    w.mock->verbs[ADAPTER_BOOK].run(&op);
    assert_int_equal(op.result.verdict, ADAPTER_OK);
    assert_int_equal(op.remotes_n, 2);
    assert_int_equal(op.remotes[0].kind, REMOTE_ORDER);
    assert_true(str_is(op.remotes[0].remote_id, "mock-mb-1"));
    assert_int_equal(op.remotes[1].kind, REMOTE_PACKAGE);
    assert_true(str_is(op.remotes[1].id, "pkg-001"));
    assert_true(str_is(op.remotes[1].remote_id, "mock-pkg-001"));
    arena_finish(&w.arena);
}

static struct adapter_op asked(struct world *w, const struct adapter_site *where, enum adapter_verb verb)
{
    struct adapter_op op = {
        .adapter = w->mock, .config = w->config, .site = where, .verb = verb, .plan = &w->plan, .arena = &w->arena
    };
    w->mock->verbs[verb].run(&op);
    return op;
}

static void words_in_names_choose_how_a_verb_ends(void **state)
{
    static const struct {
        const char *name;
        enum adapter_verdict verdict;
        const char *reason;
    } cases[] = {
        { "Spring", ADAPTER_OK, "" },
        { "Spring [reject:the page is sold]", ADAPTER_REFUSED, "the page is sold" },
        { "[REJECT]", ADAPTER_REFUSED, "it was told to reject this" },
        { "[ERROR:disk full] Spring", ADAPTER_TRY_LATER, "disk full" },
        { "[OUTAGE]", ADAPTER_TRY_LATER, "it cannot be reached" },
        { "[OUTAGES] [REJECT [ERRORS:x]", ADAPTER_OK, "" },
        { "[REJECT:no end", ADAPTER_OK, "" },
    };
    static const struct adapter_site live = { .sandbox = false };
    struct world w;
    struct plan_creative creative = { .creative_id = STR("cr"), .name = STR("[REJECT:too loud]") };
    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        w.plan.name = str_from(cases[i].name);
        struct adapter_op op = asked(&w, &site, ADAPTER_BOOK);
        assert_int_equal(op.result.verdict, cases[i].verdict);
        assert_true(str_is(op.result.reason, cases[i].reason));
        assert_int_equal(asked(&w, &live, ADAPTER_BOOK).result.verdict, ADAPTER_OK);
    }
    w.plan.name = STR_NONE;
    w.package.creatives = &creative;
    w.package.creatives_n = 1;
    assert_int_equal(asked(&w, &site, ADAPTER_BOOK).result.verdict, ADAPTER_OK);
    struct adapter_op op = asked(&w, &site, ADAPTER_CREATIVES);
    assert_true(op.result.verdict == ADAPTER_REFUSED && str_is(op.result.reason, "too loud"));
    arena_finish(&w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tutorials_package_is_slightly_behind_on_day_ten_and_ends_near_its_budget),
        cmocka_unit_test(a_bid_stands_as_the_published_prices_say),
        cmocka_unit_test(numbers_are_deterministic_monotone_and_never_over_budget),
        cmocka_unit_test(a_plan_with_room_spends_almost_all_of_its_money),
        cmocka_unit_test(delivery_stops_at_the_goal),
        cmocka_unit_test(where_history_is_frozen_makes_no_difference),
        cmocka_unit_test(changes_in_flight_never_take_anything_back),
        cmocka_unit_test(a_daily_limit_holds_every_day_and_the_rest_catches_up),
        cmocka_unit_test(ten_years_under_a_daily_limit_are_read_day_by_day_once),
        cmocka_unit_test(pacing_shapes_the_flight),
        cmocka_unit_test(what_cannot_be_booked_is_refused_with_every_reason),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(booking_twice_gives_the_same_ids),
        cmocka_unit_test(words_in_names_choose_how_a_verb_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
