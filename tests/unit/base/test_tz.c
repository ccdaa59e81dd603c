/* Days in time zones: the installed database against what is known of it, and files written here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "base/tz.h"

static struct arena arena;

static int setup(void **state)
{
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&arena);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t v;
    if (rfc3339_parse(str_from(text), &v)) fail_msg("%s", text);
    return v;
}

static const struct tz *zone(const char *name)
{
    const struct tz *z;
    struct err e;
    if (tz_load(&arena, str_from(name), &z, &e)) fail_msg("%s: %s", name, e.message);
    return z;
}

static int64_t day(const char *date)
{
    int64_t v;
    assert_int_equal(rfc3339_parse_date(str_from(date), &v), 0);
    return v / USEC_PER_DAY;
}

static void begins(const char *name, const char *date, const char *when)
{
    char text[RFC3339_MAX];
    rfc3339_print(tz_day_begins_at(zone(name), day(date)), RFC3339_SECONDS, text);
    if (strcmp(text, when) != 0) fail_msg("%s begins in %s at %s, not at %s", date, name, text, when);
}

static void days_begin_where_the_zones_clocks_say(void **state)
{
    begins("UTC", "2026-03-08", "2026-03-08T00:00:00Z");
    begins("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z");
    begins("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"); /* 23 hours later */
    begins("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z");
    begins("America/New_York", "2026-11-02", "2026-11-02T05:00:00Z"); /* 25 */
    begins("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z");
    begins("Asia/Kolkata", "2026-03-30", "2026-03-29T18:30:00Z");
    begins("Asia/Tokyo", "2026-01-01", "2025-12-31T15:00:00Z");
    begins("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z");
    begins("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"); /* midnight is skipped: 01:00 by its clocks */
    begins("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z");     /* a day that never was begins with the next */
    begins("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z");
}

static void the_rule_holds_for_the_years_after_the_table(void **state)
{
    begins("America/New_York", "2060-03-14", "2060-03-14T05:00:00Z"); /* the second Sunday of March */
    begins("America/New_York", "2060-03-15", "2060-03-15T04:00:00Z");
    begins("Australia/Sydney", "2060-07-01", "2060-06-30T14:00:00Z");
    begins("Australia/Sydney", "2061-01-01", "2060-12-31T13:00:00Z");
    begins("Europe/Dublin", "2060-07-01", "2060-06-30T23:00:00Z"); /* its standard time is summer's */
    begins("Europe/Dublin", "2060-12-01", "2060-12-01T00:00:00Z");
}

static void months_are_counted_in_days(void **state)
{
    assert_int_equal(tz_month_first_day(day("2026-12-31"), 0), day("2026-12-01"));
    assert_int_equal(tz_month_first_day(day("2026-12-31"), 1), day("2027-01-01"));
    assert_int_equal(tz_month_first_day(day("2024-02-29"), 1), day("2024-03-01"));
    assert_int_equal(tz_month_first_day(day("2026-01-01"), -1), day("2025-12-01"));
}

/* libc's word on the same files, in a process of the test's own where TZ may be set. */
static void libc_agrees(void **state)
{
    static const char *const names[] = {
        "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "Europe/London",
        "Europe/Dublin",    "Africa/Casablanca",   "Asia/Kathmandu",    "Asia/Beirut",    "Australia/Lord_Howe",
        "Pacific/Chatham",  "America/Nuuk",        "Africa/Cairo",      "Etc/GMT+5"
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct tz *z = zone(names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t s = at("1999-12-31T23:59:59Z"); s < at("2055-01-01T00:00:00Z"); s += 5 * 3600 * USEC_PER_SEC + 7) {
            time_t t = (time_t)(s / USEC_PER_SEC);
            struct tm tm;
            localtime_r(&t, &tm);
            if (tm.tm_gmtoff != tz_offset_s(z, s)) fail_msg("%s at %lld", names[i], (long long)t);
        }
    }
    unsetenv("TZ");
    tzset();
}

static void unknown_names_are_refused(void **state)
{
    static const char *const names[] = { "",
                                         "Mars/Olympus",
                                         "../../etc/passwd",
                                         "/etc/localtime",
                                         "America",
                                         "tzdata.zi",
                                         "America//New_York",
                                         "America/New_York/",
                                         "EST5EDT,M3.2.0,M11.1.0",
                                         "right/UTC",
                                         "utc ",
                                         "A234567890123456789012345678901234567890123456789012345678901234567890" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct tz *z;
        struct err e;
        if (tz_load(&arena, str_from(names[i]), &z, &e) == 0) fail_msg("%s is taken", names[i]);
        assert_string_equal(e.code, "INVALID_REQUEST");
    }
}

/* A file without a table: what `zic -b slim` writes of a zone whose rule has always held. */
static int parse_rule(const char *rule, const struct tz **out)
{
    static const char header[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4";
    char file[400];
    size_t n = 0;
    memset(file, 0, sizeof(file));
    for (int i = 0; i < 2; i++) {
        memcpy(file + n, header, 43);
        n += 44;
        file[n - 1] = 4; /* characters of the name */
        n += 6 + 4;
    }
    int more = snprintf(file + n, sizeof(file) - n, "\n%s\n", rule);
    return tz_parse(&arena, arena_dup(&arena, (struct str){ file, n + (size_t)more }), out);
}

static void rules_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *rule, *at;
        int64_t offset_s;
    } cases[] = {
        { "UTC0", "2026-07-01T00:00:00Z", 0 },
        { "<+0545>-5:45", "2026-07-01T00:00:00Z", 20700 },
        { "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000 },
        { "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400 },
        { "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -14400 },
        { "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18000 },
        { "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600 },
        { "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36000 },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600 },
        { "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10800 }, /* Thursday's hour 50 is Saturday's 2 */
        { "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200 },
        { "XXX3YYY,J60,J300", "2024-03-01T05:00:00Z", -7200 }, /* J60 is March 1, leap year or not */
        { "XXX3YYY,J60,J300", "2024-03-01T04:59:59Z", -10800 },
        { "XXX3YYY,59/0,300/0", "2024-02-29T03:00:00Z", -7200 }, /* 59 is February 29 of a leap year */
        { "XXX3YYY4:30,M3.2.0,M11.1.0", "2026-07-01T00:00:00Z", -16200 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct tz *z;
        if (parse_rule(cases[i].rule, &z)) fail_msg("%s is refused", cases[i].rule);
        int64_t offset = tz_offset_s(z, at(cases[i].at));
        if (offset != cases[i].offset_s) fail_msg("%s at %s: %lld", cases[i].rule, cases[i].at, (long long)offset);
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    static const char *const rules[] = { "E5",
                                         "EST",
                                         "EST5EDT,",
                                         "EST5EDT",
                                         "EST5EDT,M3.2.0",
                                         "EST5EDT,M13.2.0,M11.1.0",
                                         "EST5EDT,M3.6.0,M11.1.0",
                                         "EST5EDT,M3.2.7,M11.1.0",
                                         "EST5EDT,M3.2.0,M11.1.0x",
                                         "<+05-5",
                                         "EST168",
                                         "EST5:60",
                                         "EST5EDT,J366,J1",
                                         "EST5EDT,M3.2.0/,M11.1.0" };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct tz *z;
        if (parse_rule(rules[i], &z) == 0) fail_msg("%s is taken", rules[i]);
    }
}

static void a_file_cut_short_is_refused(void **state)
{
    FILE *f = fopen("/usr/share/zoneinfo/America/New_York", "rb");
    char bytes[16384];
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    (void)fclose(f);
    const struct tz *z;
    assert_int_equal(tz_parse(&arena, (struct str){ bytes, n }, &z), 0);
    for (size_t i = 0; i < n; i++) {
        struct str cut = arena_dup(&arena, (struct str){ bytes, i });
        if (tz_parse(&arena, cut, &z) == 0) fail_msg("%zu bytes are taken", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_begin_where_the_zones_clocks_say),
        cmocka_unit_test(the_rule_holds_for_the_years_after_the_table),
        cmocka_unit_test(months_are_counted_in_days),
        cmocka_unit_test(libc_agrees),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(rules_are_read_in_all_their_forms),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
