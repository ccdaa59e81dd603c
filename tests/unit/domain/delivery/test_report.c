/* The periods of delivery reports: where they begin and end by the clocks of a zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/delivery/report.h"

static void periods_follow_the_zones_clocks(void **state)
{
    static const struct {
        enum report_frequency f;
        const char *zone, *at, *start, *end;
    } cases[] = {
        { REPORT_HOURLY, "UTC", "2026-03-08T06:59:59Z", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z" },
        { REPORT_HOURLY, "America/New_York", "2026-03-08T06:30:00Z", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z" },
        { REPORT_HOURLY, "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z" },
        { REPORT_HOURLY, "Asia/Kolkata", "2026-03-08T06:29:00Z", "2026-03-08T05:30:00Z", "2026-03-08T06:30:00Z" },
        { REPORT_HOURLY, "Asia/Kathmandu", "2026-03-08T06:30:00Z", "2026-03-08T06:15:00Z", "2026-03-08T07:15:00Z" },
        { REPORT_HOURLY, "America/St_Johns", "2026-01-08T06:20:00Z", "2026-01-08T05:30:00Z", "2026-01-08T06:30:00Z" },
        { REPORT_DAILY, "UTC", "2026-03-08T06:30:00Z", "2026-03-08T00:00:00Z", "2026-03-09T00:00:00Z" },
        { REPORT_DAILY, "America/New_York", "2026-03-08T04:59:59Z", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z" },
        { REPORT_DAILY, "America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z" },
        { REPORT_DAILY, "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z" },
        { REPORT_DAILY, "Australia/Lord_Howe", "2026-10-03T20:00:00Z", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z" },
        { REPORT_DAILY, "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z" },
        { REPORT_MONTHLY, "UTC", "2024-02-29T23:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z" },
        { REPORT_MONTHLY, "America/New_York", "2026-03-15T00:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z" },
        { REPORT_MONTHLY, "America/New_York", "2026-11-15T00:00:00Z", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z" },
        { REPORT_MONTHLY, "Pacific/Auckland", "2026-12-31T11:00:00Z", "2026-12-31T11:00:00Z", "2027-01-31T11:00:00Z" },
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct tz *zone;
        struct err e;
        int64_t at;
        char start[RFC3339_MAX], end[RFC3339_MAX];
        assert_int_equal(tz_load(&a, str_from(cases[i].zone), &zone, &e), 0);
        assert_int_equal(rfc3339_parse(str_from(cases[i].at), &at), 0);
        int64_t begins = report_period_start(cases[i].f, zone, at);
        rfc3339_print(begins, RFC3339_SECONDS, start);
        rfc3339_print(report_period_end(cases[i].f, zone, begins), RFC3339_SECONDS, end);
        if (strcmp(start, cases[i].start) != 0 || strcmp(end, cases[i].end) != 0) {
            fail_msg("case %zu, %s at %s: %s to %s", i, cases[i].zone, cases[i].at, start, end);
        }
    }
    arena_finish(&a);
}

/* Period after period through ten years: no gap, no overlap, and none is empty. */
static void periods_join(void **state)
{
    static const char *const zones[] = { "America/New_York", "Europe/Dublin",    "Asia/Kolkata",
                                         "Pacific/Apia",     "America/Santiago", "Africa/Casablanca" };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        const struct tz *zone;
        struct err e;
        assert_int_equal(tz_load(&a, str_from(zones[i]), &zone, &e), 0);
        for (int f = REPORT_DAILY; f <= REPORT_MONTHLY; f++) {
            int64_t at = report_period_start((enum report_frequency)f, zone, INT64_C(1700000000) * USEC_PER_SEC);
            for (int k = 0; k < 3650; k++) {
                int64_t end = report_period_end((enum report_frequency)f, zone, at);
                assert_true(end > at);
                assert_int_equal(report_period_start((enum report_frequency)f, zone, end - 1), at);
                assert_int_equal(report_period_start((enum report_frequency)f, zone, end), end);
                at = end;
            }
        }
    }
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_follow_the_zones_clocks),
        cmocka_unit_test(periods_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
