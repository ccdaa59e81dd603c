/* What a slot will see, from what it has seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "serving/forecast.h"

#define MONDAY INT64_C(1775433600000000)
#define HOUR   (3600 * USEC_PER_SEC)
#define DAY    USEC_PER_DAY

static struct slot_history history;

static int64_t requests(int64_t sixteenths)
{
    return (sixteenths + REQUEST_ONE / 2) / REQUEST_ONE;
}

static int64_t between(int64_t now, int64_t from, int64_t to)
{
    struct forecast f;
    forecast_init(&f);
    forecast_add(&f, &history, now);
    return requests(forecast_between(&f, from, to, NULL));
}

/* Hours of `per_hour(h)` requests, a minute at a time. */
static void live(int64_t from, int64_t to, int64_t per_hour)
{
    for (int64_t at = from; at < to; at += HOUR / 60) (void)slot_history_pass(&history, at, per_hour / 60);
}

static void the_week_begins_on_monday(void **state)
{
    assert_int_equal(week_hour(MONDAY), 0);
    assert_int_equal(week_hour(MONDAY + HOUR - 1), 0);
    assert_int_equal(week_hour(MONDAY + 25 * HOUR), 25);
    assert_int_equal(week_hour(MONDAY - 1), WEEK_HOURS - 1);
    assert_int_equal(week_hour(0), 72); /* the epoch was a Thursday */
}

static void a_new_slot_is_judged_by_its_first_requests(void **state)
{
    slot_history_init(&history);
    (void)slot_history_pass(&history, MONDAY, 1);
    int64_t first = between(MONDAY, MONDAY, MONDAY + HOUR);
    assert_in_range(first, 100, 1000); /* not known yet, so rather too much than nothing */
    for (int m = 1; m <= 30; m++) (void)slot_history_pass(&history, MONDAY + m * HOUR / 60, 10);
    assert_in_range(between(MONDAY + HOUR / 2, MONDAY + HOUR / 2, MONDAY + HOUR), 280, 310);
}

static void hours_are_remembered(void **state)
{
    slot_history_init(&history);
    live(MONDAY, MONDAY + 8 * HOUR, 60);
    live(MONDAY + 8 * HOUR, MONDAY + 20 * HOUR, 600);
    live(MONDAY + 20 * HOUR, MONDAY + 7 * DAY, 120);
    live(MONDAY + 7 * DAY, MONDAY + 7 * DAY + HOUR, 60);
    int64_t next = MONDAY + 7 * DAY;
    assert_int_equal(between(next, next, next + 8 * HOUR), 8 * 60);
    assert_int_equal(between(next, next + 8 * HOUR, next + 20 * HOUR), 12 * 600);
    assert_int_equal(between(next, next + 8 * HOUR + HOUR / 2, next + 9 * HOUR), 300);
    int64_t week = 8 * 60 + 12 * 600 + 148 * 120;
    assert_int_equal(between(next, next, next + 10 * 7 * DAY), 10 * week);
}

static void unknown_hours_are_like_those_of_other_days(void **state)
{
    slot_history_init(&history);
    live(MONDAY, MONDAY + 12 * HOUR, 60);
    live(MONDAY + 12 * HOUR, MONDAY + 24 * HOUR, 600);
    live(MONDAY + DAY, MONDAY + DAY + 60 * USEC_PER_SEC, 60);
    int64_t tuesday = MONDAY + DAY;
    assert_int_equal(between(tuesday, tuesday + DAY, tuesday + DAY + 12 * HOUR), 12 * 60);
    assert_int_equal(between(tuesday, tuesday + DAY + 12 * HOUR, tuesday + 2 * DAY), 12 * 600);
}

static void one_strange_week_does_not_change_everything(void **state)
{
    slot_history_init(&history);
    for (int w = 0; w < 4; w++) live(MONDAY + w * 7 * DAY, MONDAY + (w + 1) * 7 * DAY, 600);
    live(MONDAY + 28 * DAY, MONDAY + 28 * DAY + HOUR, 60000);
    live(MONDAY + 28 * DAY + HOUR, MONDAY + 28 * DAY + 2 * HOUR, 600);
    int64_t next = MONDAY + 35 * DAY;
    assert_in_range(between(next, next, next + HOUR), 600 * 7 / 10, 600 + 60000 * 3 / 10);
    assert_int_equal(between(next, next + HOUR, next + 2 * HOUR), 600);
}

static void hours_nobody_watched_stay_as_they_were(void **state)
{
    slot_history_init(&history);
    for (int w = 0; w < 2; w++) live(MONDAY + w * 7 * DAY, MONDAY + (w + 1) * 7 * DAY, 600);
    /* The agent is down for a day, and then comes back in the last ten minutes of an hour. */
    int64_t back = MONDAY + 15 * DAY + HOUR * 50 / 60;
    (void)slot_history_pass(&history, back, 0);
    (void)slot_history_pass(&history, back + HOUR / 6, 0);
    int64_t next = MONDAY + 21 * DAY;
    assert_int_equal(between(next, next, next + 2 * DAY), 48 * 600);
}

static void only_the_hours_that_are_wanted_count(void **state)
{
    struct forecast f;
    struct week_set hours = { .bit = { 0 } };
    slot_history_init(&history);
    live(MONDAY, MONDAY + 7 * DAY + HOUR, 600);
    for (int h = 8; h < 18; h++) week_set_add(&hours, h);
    forecast_init(&f);
    forecast_add(&f, &history, MONDAY);
    assert_int_equal(requests(forecast_between(&f, MONDAY, MONDAY + 7 * DAY, &hours)), 6000);
    assert_int_equal(requests(forecast_between(&f, MONDAY, MONDAY + 21 * DAY, &hours)), 18000);
    assert_int_equal(requests(forecast_between(&f, MONDAY + 17 * HOUR + HOUR / 2, MONDAY + 2 * DAY, &hours)), 300);
    assert_int_equal(forecast_between(&f, MONDAY + 18 * HOUR, MONDAY + 7 * DAY, &hours), 0);
}

static void far_ends_do_not_overflow(void **state)
{
    struct forecast f;
    int64_t week[WEEK_HOURS];
    for (int i = 0; i < WEEK_HOURS; i++) week[i] = INT64_C(36000000) * REQUEST_ONE;
    slot_history_restore(&history, week);
    forecast_init(&f);
    for (int i = 0; i < 100; i++) forecast_add(&f, &history, MONDAY);
    assert_true(forecast_between(&f, MONDAY, MONDAY + 20000 * DAY, NULL) > 0);
    assert_int_equal(forecast_between(&f, MONDAY, MONDAY - DAY, NULL), 0);
}

static void the_level_follows_what_comes(void **state)
{
    struct level l = { 0, 0 };
    int64_t hourly = 3600 * REQUEST_ONE;
    assert_int_equal(level_of(&l), LEVEL_ONE);
    for (int i = 0; i < 6 * 3600; i++) level_pass(&l, 1, 1, hourly);
    assert_in_range(level_of(&l), LEVEL_ONE * 99 / 100, LEVEL_ONE * 101 / 100);
    for (int i = 0; i < 12 * 3600; i++) level_pass(&l, 1, 2, hourly);
    assert_in_range(level_of(&l), LEVEL_ONE * 18 / 10, LEVEL_ONE * 21 / 10);
    for (int i = 0; i < 48 * 3600; i++) level_pass(&l, 1, 0, hourly);
    assert_int_equal(level_of(&l), LEVEL_ONE / 8);
    for (int i = 0; i < 48 * 3600; i++) level_pass(&l, 1, 100, hourly);
    assert_int_equal(level_of(&l), 8 * LEVEL_ONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_week_begins_on_monday),
        cmocka_unit_test(a_new_slot_is_judged_by_its_first_requests),
        cmocka_unit_test(hours_are_remembered),
        cmocka_unit_test(unknown_hours_are_like_those_of_other_days),
        cmocka_unit_test(one_strange_week_does_not_change_everything),
        cmocka_unit_test(hours_nobody_watched_stay_as_they_were),
        cmocka_unit_test(only_the_hours_that_are_wanted_count),
        cmocka_unit_test(far_ends_do_not_overflow),
        cmocka_unit_test(the_level_follows_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
