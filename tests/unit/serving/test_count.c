/* The rules of counting, one by one, and that nothing is counted twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "town.h"

static struct town town;
static struct serving_package *package;

static int set_up(void **state)
{
    town_init(&town, 5);
    town_slot(&town);
    package = town_package(&town, 1);
    town_open(&town);
    return 0;
}

static int tear_down(void **state)
{
    town_finish(&town);
    return 0;
}

static int64_t counted(enum event event)
{
    return town_counted(&town, package).n[event];
}

/* An ad whose impression has been counted. */
static struct choice shown(void)
{
    struct choice c = town_ask(&town, 1);
    assert_ptr_equal(c.package, package);
    town_pass(&town, SECOND);
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    return c;
}

/* Sums of a batch, by event and reason. */
static int64_t booked(enum event event, enum invalid invalid)
{
    const struct tally *t = serving_batch_begin(town.serving);
    int64_t sum = 0;
    if (!t) return 0;
    for (size_t i = 0; i < t->deltas_n; i++) {
        if (t->deltas[i].event == event && t->deltas[i].invalid == invalid) sum += t->deltas[i].n;
    }
    serving_batch_end(town.serving, (struct tally_place){ 0, 0, 0, 0 });
    return sum;
}

static void an_ad_counts_once_for_each_event(void **state)
{
    static const enum event all[] = { EVENT_IMPRESSION,     EVENT_MEASURABLE, EVENT_START,
                                      EVENT_FIRST_QUARTILE, EVENT_MIDPOINT,   EVENT_THIRD_QUARTILE,
                                      EVENT_COMPLETE,       EVENT_VIEWABLE,   EVENT_CLICK };
    struct choice c = town_ask(&town, 1);
    assert_int_equal(counted(EVENT_IMPRESSION), 0); /* a decision is no impression */
    town_pass(&town, 2 * SECOND);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(town_event(&town, &c, all[i]), VALID);
        assert_int_equal(town_event(&town, &c, all[i]), INVALID_USED);
        assert_int_equal(counted(all[i]), 1);
        assert_int_equal(booked(all[i], VALID), 1);
        assert_int_equal(booked(all[i], INVALID_USED), 1);
    }
}

static void a_batch_has_the_tokens_used_for_it(void **state)
{
    struct choice c = shown();
    assert_int_equal(town_event(&town, &c, EVENT_MEASURABLE), VALID);
    const struct tally *t = serving_batch_begin(town.serving);
    assert_non_null(t);
    assert_int_equal(t->used_n, 2);
    assert_int_equal(t->used[0].bits | t->used[1].bits, 1 << EVENT_IMPRESSION | 1 << EVENT_MEASURABLE);
    assert_int_equal(t->used[0].package, package->key);
    assert_int_equal(t->used[0].epoch, serving_epoch(town.serving).epoch);
    assert_null(serving_batch_begin(town.serving)); /* one at a time */
    serving_batch_end(town.serving, tally_end(t));
    assert_null(serving_batch_begin(town.serving));
}

static void a_batch_that_was_not_written_is_part_of_the_next(void **state)
{
    (void)shown();
    assert_non_null(serving_batch_begin(town.serving));
    (void)shown();
    serving_batch_end(town.serving, (struct tally_place){ 0, 0, 0, 0 });
    assert_int_equal(booked(EVENT_IMPRESSION, VALID), 2);
    assert_int_equal(booked(EVENT_DECISION, VALID), 2);
}

static void nothing_is_counted_without_a_token_of_ours(void **state)
{
    struct choice c = town_ask(&town, 1);
    c.token.c[20] = c.token.c[20] == 'A' ? 'B' : 'A';
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), INVALID_FORGED);
    assert_int_equal(counted(EVENT_IMPRESSION), 0);
    struct serving_stats stats;
    serving_stats(town.serving, &stats);
    assert_int_equal(stats.forged, 1);
}

static void invalid_visits_are_counted_apart(void **state)
{
    for (int reason = INVALID_BOT; reason <= INVALID_REFERRER; reason++) {
        struct choice c = town_ask(&town, 1);
        struct report r = { .event = EVENT_IMPRESSION,
                            .token = { c.token.c, TOKEN_CHARS },
                            .agent_hash = 7,
                            .now = town.now,
                            .invalid = (enum invalid)reason };
        struct verdict v = serving_count(town.serving, &r);
        assert_int_equal(v.invalid, reason);
        assert_true(v.authentic);
        assert_int_equal(v.token.package, package->key);
        assert_int_equal(booked(EVENT_IMPRESSION, (enum invalid)reason), 1);
        /* The token is not used up: the person who looks at the page after its prefetch counts. */
        assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    }
}

static void an_ad_decided_for_a_bot_never_counts(void **state)
{
    struct request r = town_request(&town);
    r.invalid = INVALID_BOT;
    struct choice c = town_ask_as(&town, 1, &r);
    assert_non_null(c.package); /* it is not told */
    town_pass(&town, SECOND);
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), INVALID_BOT);
    assert_int_equal(town_look(&town, package).on_the_way, 0);
}

static void another_browser_does_not_count(void **state)
{
    struct choice c = town_ask(&town, 1);
    struct report r = {
        .event = EVENT_IMPRESSION, .token = { c.token.c, TOKEN_CHARS }, .agent_hash = 8, .now = town.now
    };
    assert_int_equal(serving_count(town.serving, &r).invalid, INVALID_BROWSER);
}

static void nobody_clicks_before_seeing(void **state)
{
    struct choice c = town_ask(&town, 1);
    town_pass(&town, SECOND);
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), INVALID_ORDER);
    assert_int_equal(town_event(&town, &c, EVENT_VIEWABLE), INVALID_ORDER);
    assert_int_equal(town_event(&town, &c, EVENT_START), VALID); /* a player's other connection may be faster */
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), VALID);
}

static void nobody_is_that_fast(void **state)
{
    struct choice c = town_ask(&town, 1);
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), INVALID_EARLY);
    assert_int_equal(town_event(&town, &c, EVENT_VIEWABLE), INVALID_EARLY);
    town.now += 200000;
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), VALID);
}

static void time_before_the_decision_is_impossible(void **state)
{
    struct choice c = town_ask(&town, 1);
    town.now -= 1000;
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), INVALID_EARLY);
}

static void tokens_expire(void **state)
{
    struct choice late = town_ask(&town, 1), seen = shown();
    town_pass(&town, 200 * SECOND);
    assert_int_equal(town_event(&town, &late, EVENT_IMPRESSION), INVALID_EXPIRED); /* what is paid for: three minutes */
    assert_int_equal(town_event(&town, &seen, EVENT_VIEWABLE), VALID);
    town_pass(&town, HOUR);
    assert_int_equal(town_event(&town, &seen, EVENT_MEASURABLE), INVALID_EXPIRED);
    assert_int_equal(town_event(&town, &seen, EVENT_CLICK), VALID); /* a page may be open for hours */
    town_pass(&town, 25 * HOUR);
    assert_int_not_equal(town_event(&town, &seen, EVENT_CLICK), VALID);
}

static void a_click_is_a_view(void **state)
{
    struct choice c = shown();
    town_pass(&town, SECOND);
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), VALID);
    assert_int_equal(counted(EVENT_VIEWABLE), 1);
    assert_int_equal(counted(EVENT_MEASURABLE), 1);
    /* The real event comes later, and is nothing to complain of. */
    assert_int_equal(town_event(&town, &c, EVENT_VIEWABLE), VALID);
    assert_int_equal(counted(EVENT_VIEWABLE), 1);
    assert_int_equal(booked(EVENT_VIEWABLE, INVALID_USED), 0);
}

static void too_much_from_one_address_is_filtered(void **state)
{
    struct address home, other;
    int valid = 0;
    town.publishers[0].impressions_per_minute = 20;
    assert_true(address_parse(STR("203.0.113.5"), &home));
    assert_true(address_parse(STR("203.0.113.6"), &other));
    for (int i = 0; i < 50; i++) {
        struct choice c = town_ask(&town, 1);
        struct report r = { .event = EVENT_IMPRESSION,
                            .token = { c.token.c, TOKEN_CHARS },
                            .agent_hash = 7,
                            .now = town.now,
                            .address = &home };
        enum invalid v = serving_count(town.serving, &r).invalid;
        assert_true(v == VALID || v == INVALID_RATE);
        valid += v == VALID;
    }
    assert_int_equal(valid, 20);
    struct choice c = town_ask(&town, 1);
    struct report r = { .event = EVENT_IMPRESSION,
                        .token = { c.token.c, TOKEN_CHARS },
                        .agent_hash = 7,
                        .now = town.now,
                        .address = &other };
    assert_int_equal(serving_count(town.serving, &r).invalid, VALID);
}

static void what_ended_still_counts_for_a_while(void **state)
{
    struct choice c = shown();
    town.packages_n = 0; /* the lineup has forgotten it */
    town_open(&town);
    town_pass(&town, 10 * MINUTE);
    assert_int_equal(town_event(&town, &c, EVENT_CLICK), VALID);
    assert_int_equal(counted(EVENT_CLICK), 1);
}

static void days_are_the_publishers(void **state)
{
    struct counted total, today;
    struct err e;
    int64_t day;
    assert_int_equal(tz_load(&town.arena, STR("Europe/Berlin"), &town.publishers[0].zone, &e), 0);
    town_open(&town); /* Berlin is two hours ahead: 02:00 */
    town_pass(&town, 22 * HOUR - 2 * SECOND);
    (void)shown();
    assert_true(serving_counted(town.serving, package->key, &total, &today, &day));
    assert_int_equal(day, T0 / DAY);
    assert_int_equal(today.n[EVENT_IMPRESSION], 1);
    struct choice c = town_ask(&town, 1);
    town_pass(&town, SECOND); /* midnight there */
    assert_int_equal(town_event(&town, &c, EVENT_IMPRESSION), VALID);
    assert_true(serving_counted(town.serving, package->key, &total, &today, &day));
    assert_int_equal(day, T0 / DAY + 1);
    assert_int_equal(today.n[EVENT_IMPRESSION], 1);
    assert_int_equal(total.n[EVENT_IMPRESSION], 2);
    const struct tally *t = serving_batch_begin(town.serving);
    int hours = 0;
    for (size_t i = 0; i < t->deltas_n; i++) {
        if (t->deltas[i].event != EVENT_IMPRESSION) continue;
        hours++;
        assert_true(t->deltas[i].hour_at == T0 + 21 * HOUR || t->deltas[i].hour_at == T0 + 22 * HOUR);
    }
    assert_int_equal(hours, 2);
    serving_batch_end(town.serving, tally_end(t));
}

/* ---- crashes ---- */

/* What a store would have: the last batch that was written, and all before. */
static struct disk {
    struct used used[4096];
    size_t used_n;
    struct serving_epoch epochs[16];
    size_t epochs_n;
    int64_t impressions;
} disk;

static void write_batch(void)
{
    const struct tally *t = serving_batch_begin(town.serving);
    if (!t) return;
    struct serving_epoch e = serving_epoch(town.serving);
    if (disk.epochs_n == 0 || disk.epochs[disk.epochs_n - 1].epoch != e.epoch) disk.epochs[disk.epochs_n++] = e;
    for (size_t i = 0; i < t->used_n; i++) disk.used[disk.used_n++] = t->used[i];
    for (size_t i = 0; i < t->deltas_n; i++) {
        if (t->deltas[i].event == EVENT_IMPRESSION && t->deltas[i].invalid == VALID) disk.impressions += t->deltas[i].n;
    }
    serving_batch_end(town.serving, tally_end(t));
}

static void crash_and_start(void)
{
    serving_destroy(town.serving);
    struct serving_options o = { .key = STR("0123456789abcdef0123456789abcdef") };
    rng_init_seeded(&o.rng, (uint64_t)town.now);
    town.serving = serving_create(&o, town.now);
    for (size_t i = 0; i < disk.epochs_n; i++) serving_restore_epoch(town.serving, &disk.epochs[i]);
    for (size_t i = 0; i < disk.used_n; i++) serving_restore_used(town.serving, &disk.used[i]);
    package->counted.n[EVENT_IMPRESSION] = disk.impressions;
    town_open(&town);
}

static void a_crash_counts_nothing_twice(void **state)
{
    static struct choice ads[600];
    size_t n = 0;
    int64_t lost = 0, since_written = 0;
    disk.used_n = disk.epochs_n = 0;
    disk.impressions = 0;
    for (int i = 0; i < 600; i++) {
        ads[n++] = town_ask(&town, 1);
        if (town_event(&town, &ads[n - 1], EVENT_IMPRESSION) == VALID) since_written++;
        if (town_chance(&town, 10) == 0) {
            write_batch();
            since_written = 0;
            town_pass(&town, SECOND / 4);
        }
        if (town_chance(&town, 50) == 0) {
            lost += since_written;
            since_written = 0;
            crash_and_start();
        }
    }
    write_batch();
    assert_true(lost > 0);
    assert_int_equal(disk.impressions, 600 - lost);
    /* Everything is played again: only what the crashes had lost counts, each once. */
    int64_t before = disk.impressions, again = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < n; i++) again += town_event(&town, &ads[i], EVENT_IMPRESSION) == VALID;
    }
    write_batch();
    assert_true(again <= lost);
    assert_int_equal(disk.impressions, before + again);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ad_counts_once_for_each_event),
        TEST(a_batch_has_the_tokens_used_for_it),
        TEST(a_batch_that_was_not_written_is_part_of_the_next),
        TEST(nothing_is_counted_without_a_token_of_ours),
        TEST(invalid_visits_are_counted_apart),
        TEST(an_ad_decided_for_a_bot_never_counts),
        TEST(another_browser_does_not_count),
        TEST(nobody_clicks_before_seeing),
        TEST(nobody_is_that_fast),
        TEST(time_before_the_decision_is_impossible),
        TEST(tokens_expire),
        TEST(a_click_is_a_view),
        TEST(too_much_from_one_address_is_filtered),
        TEST(what_ended_still_counts_for_a_while),
        TEST(days_are_the_publishers),
        TEST(a_crash_counts_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
