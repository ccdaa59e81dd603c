/* Countries by address: any file is read as it says, or refused by its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/id.h"
#include "serving/geo.h"

static struct geo *geo;
static struct err err;

static void load(const char *text)
{
    geo_destroy(geo);
    geo = NULL;
    assert_int_equal(geo_create(str_from(text), &geo, &err), 0);
}

static int country(const char *address)
{
    struct address a;
    assert_true(address_parse(str_from(address), &a));
    return geo_country(geo, &a);
}

#define IS(address, code) assert_int_equal(country(address), code_of(str_from(code)))
#define UNKNOWN(address)  assert_int_equal(country(address), CODE_UNKNOWN)

static void both_spellings_and_both_families(void **state)
{
    load("start,end,country\r\n"
         "# comment\n"
         "\"1.0.0.0\",\"1.0.0.255\",\"AU\",\"Australia\"\r\n"
         "\n"
         "2001:db8::/32, de\n"
         "198.51.100.0/24,FR,x\n"
         "203.0.113.7,203.0.113.7,JP");
    IS("1.0.0.0", "AU");
    IS("1.0.0.255", "AU");
    UNKNOWN("1.0.1.0");
    UNKNOWN("0.255.255.255");
    IS("2001:db8:ffff::1", "DE");
    UNKNOWN("2001:db9::");
    IS("198.51.100.200", "FR");
    IS("203.0.113.7", "JP");
    UNKNOWN("203.0.113.8");
    UNKNOWN("255.255.255.255");
    UNKNOWN("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void the_narrower_range_counts(void **state)
{
    load("10.0.0.0/8,US\n10.1.0.0/16,DE\n10.1.2.0/24,FR\n10.1.2.0,10.1.2.3,IT\n");
    IS("10.0.0.1", "US");
    IS("10.1.0.1", "DE");
    IS("10.1.2.2", "IT");
    IS("10.1.2.4", "FR");
    IS("10.1.3.0", "DE");
    IS("10.2.0.0", "US");
    UNKNOWN("11.0.0.0");
}

static void an_empty_file_knows_nothing(void **state)
{
    load("");
    UNKNOWN("10.0.0.1");
    assert_int_equal(geo_ranges(geo), 0);
}

static void what_is_no_range_is_refused_by_its_line(void **state)
{
    static const char *const bad[] = {
        "a,b,c\n10.0.0.0/8\n",
        "x\n10.0.0.0,10.0.0.9,Germany\n",
        "x\n10.0.0.9,10.0.0.0,DE\n",
        "x\n10.0.0.0/40,DE\n",
        "x\nDE\n",
    };
    struct geo *none = NULL;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(geo_create(str_from(bad[i]), &none, &err), -1);
        assert_non_null(strstr(err.message, "line 2"));
        assert_null(none);
    }
}

/* Ranges that overlap at random, against looking through all of them. */
static void like_looking_through_the_list(void **state)
{
    struct rng r;
    rng_init_seeded(&r, 9);
    for (int round = 0; round < 200; round++) {
        struct {
            unsigned first, last;
            int code;
        } list[12];
        struct buf b;
        buf_init(&b, 4096);
        for (int i = 0; i < 12; i++) {
            list[i].first = (unsigned)(rng_u64(&r) % 60);
            list[i].last = list[i].first + (unsigned)(rng_u64(&r) % 30);
            list[i].code = i;
            buf_addf(&b, "10.0.0.%u,10.0.0.%u,A%c\n", list[i].first, list[i].last, 'A' + i);
        }
        geo_destroy(geo);
        assert_int_equal(geo_create(buf_str(&b), &geo, &err), 0);
        buf_finish(&b);
        for (unsigned at = 0; at < 100; at++) {
            /* The one that begins last, of those the shortest; equal ones are as good as each other. */
            int best = -1;
            for (int i = 0; i < 12; i++) {
                if (at < list[i].first || at > list[i].last) continue;
                if (best < 0 || list[i].first > list[best].first ||
                    (list[i].first == list[best].first && list[i].last < list[best].last))
                    best = i;
            }
            char text[32];
            (void)snprintf(text, sizeof(text), "10.0.0.%u", at);
            int got = country(text);
            if (best < 0) {
                assert_int_equal(got, CODE_UNKNOWN);
                continue;
            }
            assert_true(got >= 0);
            assert_int_equal(list[got].first, list[best].first);
            assert_int_equal(list[got].last, list[best].last);
        }
    }
}

static int tear_down(void **state)
{
    geo_destroy(geo);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_spellings_and_both_families), cmocka_unit_test(the_narrower_range_counts),
        cmocka_unit_test(an_empty_file_knows_nothing),      cmocka_unit_test(what_is_no_range_is_refused_by_its_line),
        cmocka_unit_test(like_looking_through_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
