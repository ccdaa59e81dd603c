/* Guesses at passwords are held up, the longer the more there are, by whom they name and by where they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/publisher/sign_in_throttle.h"

static struct sign_in_throttle table;
static struct rng rng;
static int64_t now;

static int begin(void **state)
{
    (void)state;
    table = (struct sign_in_throttle){ .key = 0 };
    rng_init_seeded(&rng, 7);
    now = INT64_C(1800000000) * USEC_PER_SEC;
    return 0;
}

static int tried(const char *name, const char *address)
{
    struct sign_in_who who = { STR("t"), str_from(name), str_from(address) };
    return sign_in_admit(&table, &rng, &who, now);
}

static void a_person_is_held_up_after_five_twice_as_long_each_time(void **state)
{
    (void)state;
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
    for (int wait = 1; wait < SIGN_IN_WAIT_S_MAX; wait *= 2) {
        assert_int_equal(tried("ann", ""), wait);
        now += wait * USEC_PER_SEC - 1;
        assert_int_equal(tried("ann", ""), 1); /* still a moment */
        now += 1;
        assert_int_equal(tried("ann", ""), 0);
    }
    assert_int_equal(tried("ann", ""), SIGN_IN_WAIT_S_MAX); /* and never longer */
    now += SIGN_IN_WAIT_S_MAX * USEC_PER_SEC;
    assert_int_equal(tried("ann", ""), 0);
    assert_int_equal(tried("ann", ""), SIGN_IN_WAIT_S_MAX);
    assert_int_equal(tried("bob", ""), 0); /* nobody else */
    struct sign_in_who elsewhere = { STR("another"), STR("ann"), STR_NONE };
    assert_int_equal(sign_in_admit(&table, &rng, &elsewhere, now), 0);
}

static void from_anywhere_counts_for_the_person_and_of_anybody_for_the_address(void **state)
{
    char text[40];
    (void)state;
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) {
        (void)snprintf(text, sizeof(text), "192.0.2.%d", i);
        assert_int_equal(tried("ann", text), 0);
    }
    assert_int_equal(tried("ann", "192.0.2.200"), 1);
    for (int i = 0; i < SIGN_IN_OF_ADDRESS; i++) {
        (void)snprintf(text, sizeof(text), "name-%d", i);
        assert_int_equal(tried(text, "198.51.100.1"), 0);
    }
    assert_int_equal(tried("somebody", "198.51.100.1"), 1);
    assert_int_equal(tried("somebody", "198.51.100.2"), 0);
}

static void an_ipv6_network_is_one_address(void **state)
{
    char name[40], address[60];
    (void)state;
    for (int i = 0; i < SIGN_IN_OF_ADDRESS; i++) {
        (void)snprintf(name, sizeof(name), "name-%d", i);
        (void)snprintf(address, sizeof(address), "2001:db8:1:2:%x::%x", i, i + 1);
        assert_int_equal(tried(name, address), 0);
    }
    assert_int_equal(tried("somebody", "2001:db8:1:2::99"), 1);
    assert_int_equal(tried("somebody", "2001:db8:1:3::99"), 0);
}

static void who_was_right_or_waited_an_hour_begins_anew(void **state)
{
    struct sign_in_who ann = { STR("t"), STR("ann"), STR_NONE };
    (void)state;
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
    sign_in_forget(&table, &ann, now);
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
    assert_int_equal(tried("ann", ""), 1);
    now += SIGN_IN_FORGOTTEN_S * USEC_PER_SEC;
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
}

static void a_house_of_many_people_is_no_attack(void **state)
{
    char name[40];
    (void)state;
    for (int i = 0; i < 10 * SIGN_IN_OF_ADDRESS; i++) {
        (void)snprintf(name, sizeof(name), "person-%d", i);
        assert_int_equal(tried(name, "198.51.100.1"), 0);
        struct sign_in_who who = { STR("t"), str_from(name), STR("198.51.100.1") };
        sign_in_forget(&table, &who, now);
    }
}

static void a_clock_that_is_set_back_locks_nobody_out(void **state)
{
    (void)state;
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
    now -= 30 * USEC_PER_DAY;
    assert_int_equal(tried("ann", ""), 1);
    now += USEC_PER_SEC;
    assert_int_equal(tried("ann", ""), 0);
}

static void many_names_do_not_fill_the_table_for_good(void **state)
{
    char name[40];
    (void)state;
    for (int i = 0; i < SIGN_IN_SLOTS * 4; i++) {
        (void)snprintf(name, sizeof(name), "made-up-%d", i);
        assert_int_equal(tried(name, ""), 0);
    }
    for (int i = 0; i < SIGN_IN_OF_PERSON; i++) assert_int_equal(tried("ann", ""), 0);
    assert_int_equal(tried("ann", ""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_person_is_held_up_after_five_twice_as_long_each_time, begin),
        cmocka_unit_test_setup(from_anywhere_counts_for_the_person_and_of_anybody_for_the_address, begin),
        cmocka_unit_test_setup(an_ipv6_network_is_one_address, begin),
        cmocka_unit_test_setup(who_was_right_or_waited_an_hour_begins_anew, begin),
        cmocka_unit_test_setup(a_house_of_many_people_is_no_attack, begin),
        cmocka_unit_test_setup(a_clock_that_is_set_back_locks_nobody_out, begin),
        cmocka_unit_test_setup(many_names_do_not_fill_the_table_for_good, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
