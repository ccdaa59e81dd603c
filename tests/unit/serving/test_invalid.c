/* What is filtered, and what people do that must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "serving/invalid.h"

static const struct str hosts[] = { { "news.example", 12 }, { "sport.example", 13 } };

static const struct agent browser = { .kind = AGENT_BROWSER };

static enum invalid judge(struct invalid_facts f)
{
    static struct network internal[2];
    struct invalid_rules r = { .hosts = hosts, .hosts_n = 2, .internal = internal, .internal_n = 2 };
    assert_true(network_parse(STR("192.0.2.0/24"), &internal[0]));
    assert_true(network_parse(STR("2001:db8:5::/48"), &internal[1]));
    if (!f.agent) f.agent = &browser;
    f.own_host = STR("ads.example");
    return invalid_judge(&r, &f);
}

static enum invalid from(const char *address)
{
    struct address a;
    assert_true(address_parse(str_from(address), &a));
    return judge((struct invalid_facts){ .address = &a });
}

static enum invalid referred(const char *referrer)
{
    return judge((struct invalid_facts){ .referrer = str_from(referrer) });
}

static enum invalid purposed(const char *purpose)
{
    return judge((struct invalid_facts){ .purpose = str_from(purpose) });
}

static void a_person_is_valid(void **state)
{
    assert_int_equal(judge((struct invalid_facts){ .agent = &browser }), VALID);
}

static void what_calls_itself_a_bot_is_one(void **state)
{
    struct agent bot = { .kind = AGENT_BOT }, other = { .kind = AGENT_OTHER };
    assert_int_equal(judge((struct invalid_facts){ .agent = &bot }), INVALID_BOT);
    assert_int_equal(judge((struct invalid_facts){ .agent = &other }), INVALID_AGENT);
}

static void what_nobody_looks_at_yet_is_declared(void **state)
{
    assert_int_equal(purposed("prefetch"), INVALID_PREFETCH);
    assert_int_equal(purposed("prefetch;prerender"), INVALID_PREFETCH);
    assert_int_equal(purposed("preview"), INVALID_PREFETCH);
    assert_int_equal(purposed("something-else"), VALID);
}

static void the_publishers_own_people_are_no_visitors(void **state)
{
    assert_int_equal(from("192.0.2.77"), INVALID_INTERNAL);
    assert_int_equal(from("192.0.3.77"), VALID);
    assert_int_equal(from("2001:db8:5:1::9"), INVALID_INTERNAL);
    assert_int_equal(from("2001:db8:6:1::9"), VALID);
}

static void pages_are_the_publishers_or_foreign(void **state)
{
    assert_int_equal(referred("https://news.example/a"), VALID);
    assert_int_equal(referred("https://WWW.News.Example:8443/a?b#c"), VALID);
    assert_int_equal(referred("https://sport.example"), VALID);
    assert_int_equal(referred("https://ads.example/ads/f/1"), VALID); /* a creative in its frame */
    assert_int_equal(referred(""), VALID);                            /* many browsers say nothing */
    assert_int_equal(referred("about:blank"), VALID);
    assert_int_equal(referred("https://news.example.evil.example/"), INVALID_REFERRER);
    assert_int_equal(referred("https://fakenews.example/"), INVALID_REFERRER);
    assert_int_equal(referred("https://news.example@evil.example/"), INVALID_REFERRER);
    assert_int_equal(referred("https://example/news.example"), INVALID_REFERRER);
    assert_int_equal(referred("https://[2001:db8::1]/"), INVALID_REFERRER);
}

static void without_properties_referrers_say_nothing(void **state)
{
    struct invalid_rules none = { .hosts_n = 0 };
    struct invalid_facts f = { .agent = &browser, .referrer = STR("https://anywhere.example/") };
    assert_int_equal(invalid_judge(&none, &f), VALID);
}

static void networks_are_read_or_refused(void **state)
{
    static const char *const bad[] = { "",
                                       "/",
                                       "10.0.0.0/33",
                                       "::/129",
                                       "10.0.0/8",
                                       "10.0.0.0/",
                                       "10.0.0.0/8x",
                                       "x",
                                       "1::2::3",
                                       "10.0.0.0/-1",
                                       "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
    struct network n;
    struct address a;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_false(network_parse(str_from(bad[i]), &n));
    assert_true(network_parse(STR("0.0.0.0/0"), &n));
    assert_true(address_parse(STR("203.0.113.9"), &a));
    assert_true(network_has(&n, &a));
    assert_true(address_parse(STR("2001:db8::1"), &a));
    assert_false(network_has(&n, &a)); /* all of IPv4 is not all of IPv6 */
    assert_true(network_parse(STR("203.0.113.8/29"), &n));
    assert_true(address_parse(STR("203.0.113.15"), &a));
    assert_true(network_has(&n, &a));
    assert_true(address_parse(STR("203.0.113.16"), &a));
    assert_false(network_has(&n, &a));
}

static void an_address_has_so_much_a_minute(void **state)
{
    struct rates *r = rates_create(5);
    struct address a, b;
    assert_true(address_parse(STR("203.0.113.9"), &a));
    assert_true(address_parse(STR("203.0.113.10"), &b));
    for (int i = 0; i < 10; i++) assert_true(rates_take(r, &a, 0, 10, 1000000));
    assert_false(rates_take(r, &a, 0, 10, 1000000));
    assert_true(rates_take(r, &b, 0, 10, 1000000)); /* a neighbour */
    assert_true(rates_take(r, &a, 1, 10, 1000000)); /* another kind of event */
    assert_true(rates_take(r, &a, 0, 10, 1006000)); /* a tenth of a minute later */
    assert_false(rates_take(r, &a, 0, 10, 1006000));
    assert_true(rates_take(r, &a, 0, 10, 1066000));
    assert_true(rates_take(r, &a, 0, 0, 1066000)); /* no limit */
    rates_destroy(r);
}

static void a_household_of_ipv6_is_one_address(void **state)
{
    struct rates *r = rates_create(5);
    struct address a, b, other;
    assert_true(address_parse(STR("2001:db8:1:2::9"), &a));
    assert_true(address_parse(STR("2001:db8:1:2:ffff::1"), &b));
    assert_true(address_parse(STR("2001:db8:1:3::9"), &other));
    assert_true(rates_take(r, &a, 0, 1, 1000000));
    assert_false(rates_take(r, &b, 0, 1, 1000000));
    assert_true(rates_take(r, &other, 0, 1, 1000000));
    rates_destroy(r);
}

static void every_reason_has_its_words(void **state)
{
    for (int i = 0; i < INVALIDS_N; i++) {
        assert_true(strlen(invalid_name((enum invalid)i)) > 2);
        assert_true(strlen(invalid_text((enum invalid)i)) > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_is_valid),
        cmocka_unit_test(what_calls_itself_a_bot_is_one),
        cmocka_unit_test(what_nobody_looks_at_yet_is_declared),
        cmocka_unit_test(the_publishers_own_people_are_no_visitors),
        cmocka_unit_test(pages_are_the_publishers_or_foreign),
        cmocka_unit_test(without_properties_referrers_say_nothing),
        cmocka_unit_test(networks_are_read_or_refused),
        cmocka_unit_test(an_address_has_so_much_a_minute),
        cmocka_unit_test(a_household_of_ipv6_is_one_address),
        cmocka_unit_test(every_reason_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
