/* The time for deciding runs while people work: over nights, weekends, holidays and days of 23 hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "domain/core/working_time.h"

#define WEEK "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]"

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static yyjson_val *json(const char *text)
{
    yyjson_doc *doc;
    struct err e;
    assert_int_equal(json_parse(&arena, str_from(text), &json_limits_value, &doc, &e), 0);
    return yyjson_doc_get_root(doc);
}

static void due(const char *settings, const char *zone, const char *from, int64_t hours, const char *expected)
{
    struct working_time w;
    const struct tz *z;
    struct err e;
    char text[RFC3339_MAX];
    int64_t at;
    assert_int_equal(tz_load(&arena, str_from(zone), &z, &e), 0);
    if (settings) assert_int_equal(working_time_read(json(settings), "/w", &w, &e), 0);
    assert_int_equal(rfc3339_parse(str_from(from), &at), 0);
    size_t n = rfc3339_print(working_time_due(settings ? &w : NULL, z, at, hours), RFC3339_SECONDS, text);
    assert_string_equal(arena_cstr(&arena, (struct str){ text, n }), expected);
}

static void only_working_time_counts(void **state)
{
    static const char week[] = "{" WEEK ",\"from\":\"09:00\",\"to\":\"18:00\",\"holidays\":[\"2026-12-25\"]}";
    (void)state;
    due(NULL, "UTC", "2026-12-04T16:00:00Z", 4, "2026-12-04T20:00:00Z");
    due(week, "UTC", "2026-12-04T16:00:00Z", 2, "2026-12-04T18:00:00Z"); /* Friday, to the end of the day */
    due(week, "UTC", "2026-12-04T16:00:00Z", 4, "2026-12-07T11:00:00Z"); /* the rest on Monday */
    due(week, "UTC", "2026-12-05T12:00:00Z", 1, "2026-12-07T10:00:00Z"); /* begun on Saturday */
    due(week, "UTC", "2026-12-03T03:00:00Z", 9, "2026-12-03T18:00:00Z"); /* before work */
    due(week, "UTC", "2026-12-03T22:00:00Z", 9, "2026-12-04T18:00:00Z"); /* after it */
    due(week, "UTC", "2026-12-24T17:00:00Z", 2, "2026-12-28T10:00:00Z"); /* over the holiday and the weekend */
    due(week, "UTC", "2026-12-03T09:00:00Z", 24, "2026-12-07T15:00:00Z"); /* 9 + 9 + 6 */
}

static void the_zone_is_the_publishers_and_its_clocks_move(void **state)
{
    static const char all[] =
        "{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"],\"from\":\"00:00\",\"to\":\"24:00\"}";
    static const char sunday[] = "{\"days\":[\"sun\",\"mon\"],\"from\":\"09:00\",\"to\":\"11:00\"}";
    (void)state;
    due("{" WEEK ",\"from\":\"09:00\",\"to\":\"17:00\"}", "America/New_York", "2026-12-04T21:00:00Z", 2,
        "2026-12-07T15:00:00Z");
    due(all, "Europe/Berlin", "2027-03-27T23:00:00Z", 24, "2027-03-28T23:00:00Z"); /* the day has 23 hours */
    due(sunday, "Europe/Berlin", "2027-03-28T00:00:00Z", 1, "2027-03-28T08:00:00Z"); /* 09:00 is summer time already */
    due(sunday, "Europe/Berlin", "2026-10-25T00:00:00Z", 3, "2026-10-26T09:00:00Z"); /* and winter time */
}

static void where_nobody_ever_works_the_clock_counts(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 16);
    buf_add(&b, STR("{\"days\":[\"mon\"],\"from\":\"09:00\",\"to\":\"10:00\",\"holidays\":["));
    int64_t monday = INT64_C(20794) * USEC_PER_DAY; /* 2026-12-07 */
    for (int i = 0; i < 120; i++) {
        char text[RFC3339_MAX];
        size_t n = rfc3339_print_date(monday + i * 7 * USEC_PER_DAY, text);
        buf_addf(&b, "%s\"%.*s\"", i ? "," : "", (int)n, text);
    }
    buf_add(&b, STR("]}"));
    due(arena_cstr(&arena, buf_str(&b)), "UTC", "2026-12-07T08:00:00Z", 5, "2026-12-07T13:00:00Z");
    buf_finish(&b);
}

static void what_is_no_working_time_is_named(void **state)
{
    static const char *const bad[][2] = {
        { "{\"from\":\"09:00\",\"to\":\"18:00\"}", "/w/days" },
        { "{\"days\":[],\"from\":\"09:00\",\"to\":\"18:00\"}", "/w/days" },
        { "{\"days\":[\"monday\"],\"from\":\"09:00\",\"to\":\"18:00\"}", "/w/days" },
        { "{" WEEK ",\"to\":\"18:00\"}", "/w/from" },
        { "{" WEEK ",\"from\":\"9:00\",\"to\":\"18:00\"}", "/w/from" },
        { "{" WEEK ",\"from\":\"09:60\",\"to\":\"18:00\"}", "/w/from" },
        { "{" WEEK ",\"from\":\"09:00\",\"to\":\"09:00\"}", "/w/to" },
        { "{" WEEK ",\"from\":\"09:00\",\"to\":\"24:01\"}", "/w/to" },
        { "{" WEEK ",\"from\":\"09:00\",\"to\":\"18:00\",\"holidays\":\"x\"}", "/w/holidays" },
        { "{" WEEK ",\"from\":\"09:00\",\"to\":\"18:00\",\"holidays\":[\"2026-02-30\"]}", "/w/holidays" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct working_time w;
        struct err e;
        assert_int_equal(working_time_read(json(bad[i][0]), "/w", &w, &e), -1);
        assert_string_equal(e.field, bad[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_working_time_counts, begin, end),
        cmocka_unit_test_setup_teardown(the_zone_is_the_publishers_and_its_clocks_move, begin, end),
        cmocka_unit_test_setup_teardown(where_nobody_ever_works_the_clock_counts, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_working_time_is_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
