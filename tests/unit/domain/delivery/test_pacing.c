/* Pacing against the campaign tutorial's own numbers (steps 9 and 11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <salesagent/money.h>

#include "domain/delivery/pacing.h"

#define T0     INT64_C(1775001600000000) /* 2026-04-01T00:00:00Z */
#define DAY    USEC_PER_DAY
#define USD(x) ((int64_t)((x) * 1000000.0 + 0.5))

static struct pacing_input tutorial(int64_t now)
{
    return (struct pacing_input){
        .budget_micros = USD(5000), .spend_micros = USD(1562.50), .start_at = T0, .end_at = T0 + 30 * DAY, .now = now
    };
}

static void step_nine_to_the_cent(void **state)
{
    struct pacing_input in = tutorial(T0 + 10 * DAY);
    for (int basis = PACING_BY_DAY; basis <= PACING_BY_TIME; basis++) {
        struct pacing p = pacing_compute(&in, (enum pacing_basis)basis);
        assert_int_equal(money_cents(p.expected_micros).n, 166667);
        assert_int_equal(p.ratio_e4, 9375);
        assert_int_equal(p.status, PACING_SLIGHTLY_BEHIND);
        assert_int_equal(p.projected_micros, USD(4687.50));
        assert_int_equal(p.utilization_e4, 3125);
        assert_int_equal(p.total_days, 30);
        assert_int_equal(p.days_elapsed, 10);
        assert_int_equal(p.days_remaining, 20);
        assert_int_equal(p.projected_end_at, T0 + 30 * DAY); /* exclusive: 2026-04-30 is the last day */
    }
}

static void whole_days_stay_whole_all_day_long(void **state)
{
    struct pacing_input in = tutorial(T0 + 10 * DAY + 37 * USEC_PER_SEC * 1000);
    struct pacing p = pacing_compute(&in, PACING_BY_DAY);
    assert_int_equal(money_cents(p.expected_micros).n, 166667);
    assert_int_equal(p.days_elapsed, 10);
    assert_true(pacing_compute(&in, PACING_BY_TIME).expected_micros > p.expected_micros);
}

static void two_packages_are_their_sum(void **state)
{
    struct pacing_input in[2] = { tutorial(T0 + 10 * DAY), tutorial(T0 + 10 * DAY) };
    in[0].budget_micros = USD(3000);
    in[0].spend_micros = USD(975);
    in[1].budget_micros = USD(2000);
    in[1].spend_micros = USD(587.50);
    struct pacing p = pacing_combine(in, 2, PACING_BY_DAY);
    assert_int_equal(money_cents(p.expected_micros).n, 166667);
    assert_int_equal(p.projected_micros, USD(4687.50));
    assert_int_equal(p.ratio_e4, 9375);
    assert_int_equal(pacing_compute(&in[0], PACING_BY_DAY).ratio_e4, 9750);
}

static void the_end_is_completed_with_the_share_of_the_budget(void **state)
{
    struct pacing_input in = tutorial(T0 + 37 * DAY);
    in.end_at = T0 + 37 * DAY;
    in.spend_micros = USD(4981.25);
    struct pacing p = pacing_compute(&in, PACING_BY_DAY);
    assert_int_equal(p.status, PACING_COMPLETED);
    assert_int_equal(p.utilization_e4, 9963); /* final_delivery_ratio */
    assert_int_equal(p.total_days, 37);
    assert_int_equal(p.days_remaining, 0);
    assert_int_equal(p.projected_micros, USD(4981.25));
}

static void before_the_start_nothing_is_known(void **state)
{
    struct pacing_input in = tutorial(T0 - DAY);
    in.spend_micros = 0;
    struct pacing p = pacing_compute(&in, PACING_BY_TIME);
    assert_int_equal(p.status, PACING_NOT_STARTED);
    assert_int_equal(p.ratio_e4, PACING_UNKNOWN);
    assert_int_equal(p.projected_micros, PACING_UNKNOWN);
    assert_int_equal(p.days_remaining, 30);
    in.now = T0 + DAY / 2; /* the first day: no whole day to judge by */
    p = pacing_compute(&in, PACING_BY_DAY);
    assert_int_equal(p.status, PACING_ON_TRACK);
    assert_int_equal(p.ratio_e4, PACING_UNKNOWN);
}

static void speed_is_named_by_its_ratio(void **state)
{
    static const struct {
        double spend;
        enum pacing_status status;
    } cases[] = {
        { 1400, PACING_BEHIND },   { 1420, PACING_SLIGHTLY_BEHIND }, { 1600, PACING_ON_TRACK },
        { 1750, PACING_ON_TRACK }, { 1751, PACING_AHEAD },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pacing_input in = tutorial(T0 + 10 * DAY);
        in.spend_micros = USD(cases[i].spend);
        assert_int_equal(pacing_compute(&in, PACING_BY_DAY).status, cases[i].status);
    }
    struct pacing_input fast = tutorial(T0 + 10 * DAY);
    fast.spend_micros = USD(2500);
    struct pacing p = pacing_compute(&fast, PACING_BY_DAY);
    assert_int_equal(p.projected_micros, USD(7500));
    assert_int_equal(p.projected_end_at, T0 + 20 * DAY); /* the money lasts twenty days */
}

static void odd_flights_do_no_harm(void **state)
{
    struct pacing_input in = { .start_at = T0, .end_at = T0, .now = T0 };
    struct pacing p = pacing_compute(&in, PACING_BY_TIME);
    assert_int_equal(p.total_days, 0);
    assert_int_equal(p.utilization_e4, PACING_UNKNOWN);
    in.end_at = T0 + DAY - USEC_PER_SEC; /* 23:59:59 */
    assert_int_equal(pacing_compute(&in, PACING_BY_DAY).total_days, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_nine_to_the_cent),
        cmocka_unit_test(whole_days_stay_whole_all_day_long),
        cmocka_unit_test(two_packages_are_their_sum),
        cmocka_unit_test(the_end_is_completed_with_the_share_of_the_budget),
        cmocka_unit_test(before_the_start_nothing_is_known),
        cmocka_unit_test(speed_is_named_by_its_ratio),
        cmocka_unit_test(odd_flights_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
