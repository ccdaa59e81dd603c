/* No visitor sees a package more often than its cap says, in any stretch as long as its window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/id.h"
#include "serving/frequency.h"

#define NOW 1800000000

static const struct exposure anna = { .visitor = 1, .package = 10 };

static bool show(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap, int64_t now_s)
{
    struct exposure out;
    if (!frequency_allows(f, who, cap, now_s)) return false;
    frequency_decided(f, who, cap, now_s);
    frequency_seen(f, who, cap, now_s, &out);
    return true;
}

/* Visits at random moments; what was shown is checked against every window. */
static void try_window(int max, int64_t window_s, uint64_t seed)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .max = max, .window_s = window_s };
    struct rng r;
    static int64_t shown[20000];
    size_t n = 0;
    int64_t now = NOW;
    rng_init_seeded(&r, seed);
    for (int i = 0; i < 4000; i++) {
        now += (int64_t)(rng_u64(&r) % (uint64_t)(2 * window_s / max + 2)) / 2;
        if (show(f, &anna, &cap, now)) shown[n++] = now;
    }
    for (size_t i = 0; i + (size_t)max < n; i++) assert_true(shown[i + (size_t)max] - shown[i] >= window_s);
    assert_true(n > 500); /* and it is shown as often as that allows, or nearly */
    frequency_destroy(f);
}

static void no_window_holds_more_than_the_cap(void **state)
{
    static const int caps[] = { 1, 2, 3, 7, 8, 9, 20, 100 };
    for (size_t i = 0; i < ARRAY_LEN(caps); i++) try_window(caps[i], 3600, i + 1);
}

static void up_to_eight_are_counted_exactly(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .max = 3, .window_s = 100 };
    assert_true(show(f, &anna, &cap, NOW));
    assert_true(show(f, &anna, &cap, NOW + 10));
    assert_true(show(f, &anna, &cap, NOW + 20));
    assert_false(show(f, &anna, &cap, NOW + 99));
    assert_true(show(f, &anna, &cap, NOW + 100));
    assert_false(show(f, &anna, &cap, NOW + 109));
    assert_true(show(f, &anna, &cap, NOW + 110));
    frequency_destroy(f);
}

static void decisions_of_one_page_count_before_their_impressions(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .max = 2, .window_s = 86400 };
    for (int i = 0; i < 2; i++) {
        assert_true(frequency_allows(f, &anna, &cap, NOW));
        frequency_decided(f, &anna, &cap, NOW);
    }
    assert_false(frequency_allows(f, &anna, &cap, NOW));
    assert_false(frequency_allows(f, &anna, &cap, NOW + 59));
    assert_true(frequency_allows(f, &anna, &cap, NOW + 60)); /* nothing came of them */
    frequency_destroy(f);
}

static void a_pause_between_two_is_kept(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .suppress_s = 600 };
    assert_true(show(f, &anna, &cap, NOW));
    assert_false(frequency_allows(f, &anna, &cap, NOW + 599));
    assert_true(frequency_allows(f, &anna, &cap, NOW + 600));
    frequency_destroy(f);
}

static void a_whole_flight_never_ends(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .max = 1, .window_s = INT64_MAX };
    assert_true(show(f, &anna, &cap, NOW));
    assert_false(show(f, &anna, &cap, NOW + 400 * 86400));
    frequency_destroy(f);
}

static void visitors_and_packages_are_told_apart(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap cap = { .max = 1, .window_s = 3600 };
    struct exposure other = anna;
    assert_true(show(f, &anna, &cap, NOW));
    other.visitor = 2;
    assert_true(show(f, &other, &cap, NOW));
    other = anna;
    other.package = 11;
    assert_true(show(f, &other, &cap, NOW));
    assert_false(show(f, &anna, &cap, NOW));
    frequency_destroy(f);
}

static void what_was_stored_holds_after_a_restart(void **state)
{
    struct frequency *f = frequency_create(1024), *after = frequency_create(1024);
    struct frequency_cap cap = { .max = 1, .window_s = 3600 };
    struct exposure stored;
    frequency_seen(f, &anna, &cap, NOW, &stored);
    frequency_restore(after, &stored, NOW + 100);
    assert_false(frequency_allows(after, &anna, &cap, NOW + 100));
    assert_true(frequency_allows(after, &anna, &cap, NOW + 3600));
    frequency_destroy(after);
    after = frequency_create(1024);
    frequency_restore(after, &stored, NOW + 4000);
    assert_int_equal(frequency_entries(after), 0); /* of no use any more */
    frequency_destroy(after);
    frequency_destroy(f);
}

static void a_cap_that_is_raised_never_shows_too_much(void **state)
{
    struct frequency *f = frequency_create(1024);
    struct frequency_cap low = { .max = 3, .window_s = 86400 }, high = { .max = 30, .window_s = 86400 };
    int shown = 0;
    for (int i = 0; i < 100; i++) shown += show(f, &anna, i < 10 ? &low : &high, NOW + i);
    assert_in_range(shown, 15, 30);
    frequency_destroy(f);
}

static void the_memory_is_bounded(void **state)
{
    struct frequency *f = frequency_create(4096);
    struct frequency_cap cap = { .max = 1, .window_s = 3600 };
    for (uint32_t v = 1; v <= 50000; v++) {
        struct exposure who = { .visitor = v, .package = 1 };
        assert_true(show(f, &who, &cap, NOW + v / 100));
    }
    assert_in_range(frequency_entries(f), 2000, 4096);
    frequency_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_window_holds_more_than_the_cap),
        cmocka_unit_test(up_to_eight_are_counted_exactly),
        cmocka_unit_test(decisions_of_one_page_count_before_their_impressions),
        cmocka_unit_test(a_pause_between_two_is_kept),
        cmocka_unit_test(a_whole_flight_never_ends),
        cmocka_unit_test(visitors_and_packages_are_told_apart),
        cmocka_unit_test(what_was_stored_holds_after_a_restart),
        cmocka_unit_test(a_cap_that_is_raised_never_shows_too_much),
        cmocka_unit_test(the_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
