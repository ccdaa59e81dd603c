/* How values are shown at the desk, and how they are escaped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "admin/template.h"
#include "base/rfc3339.h"

static struct arena arena;

static const char *shown_in(const char *zone, enum format f, const char *json, const char *argument)
{
    const struct tz *tz;
    struct err e;
    int64_t now;
    assert_int_equal(tz_load(&arena, str_from(zone), &tz, &e), 0);
    assert_int_equal(rfc3339_parse(STR("2026-04-20T07:12:00Z"), &now), 0);
    struct format_how how = { &arena, tz, now };
    yyjson_val *a = argument ? json_parse_own(&arena, str_from(argument)) : NULL;
    return arena_cstr(&arena, format_value(&how, f, json_parse_own(&arena, str_from(json)), a));
}

static const char *shown(enum format f, const char *json)
{
    return shown_in("Europe/Berlin", f, json, NULL);
}

static void times_are_the_publishers(void **state)
{
    assert_string_equal(shown(SHOW_TIME, "\"2026-04-30T22:00:00Z\""), "Fri 1 May 2026, 00:00");
    assert_string_equal(shown_in("America/New_York", SHOW_TIME, "\"2026-04-30T22:00:00Z\"", NULL),
                        "Thu 30 Apr 2026, 18:00");
    assert_string_equal(shown(SHOW_DAY, "\"2026-04-30T22:00:00Z\""), "1 May");
    assert_string_equal(shown(SHOW_DAY, "\"2027-01-31T23:00:00Z\""), "1 Feb 2027");
    assert_string_equal(shown(SHOW_CLOCK, "\"2026-04-20T07:05:59Z\""), "09:05");
    assert_string_equal(shown(SHOW_TIME, "\"1970-01-01T00:00:00Z\""), "Thu 1 Jan 1970, 01:00");
    assert_string_equal(shown(SHOW_TIME, "\"soon\""), "soon");
    assert_string_equal(shown(SHOW_LASTDAY, "\"2026-05-31T22:00:00Z\""), "31 May");
    assert_string_equal(shown(SHOW_LASTDAY, "\"2026-05-31T22:01:00Z\""), "1 Jun");
    assert_string_equal(shown(SHOW_END, "\"2026-12-31T23:00:00Z\""), "Thu 31 Dec 2026, 24:00");
}

static void near_times_are_said_as_people_say_them(void **state)
{
    assert_string_equal(shown(SHOW_WHEN, "\"2026-04-20T10:30:00Z\""), "today 12:30");
    assert_string_equal(shown(SHOW_WHEN, "\"2026-04-20T22:00:00Z\""), "tomorrow 00:00");
    assert_string_equal(shown(SHOW_WHEN, "\"2026-04-19T21:59:00Z\""), "yesterday 23:59");
    assert_string_equal(shown(SHOW_WHEN, "\"2026-04-24T08:00:00Z\""), "Fri 24 Apr, 10:00");
    assert_string_equal(shown(SHOW_AGO, "\"2026-04-20T07:11:30Z\""), "just now");
    assert_string_equal(shown(SHOW_AGO, "\"2026-04-20T07:05:00Z\""), "7 min ago");
    assert_string_equal(shown(SHOW_AGO, "\"2026-04-20T10:12:00Z\""), "in 3 h");
    assert_string_equal(shown(SHOW_AGO, "\"2026-04-10T07:12:00Z\""), "10 days ago");
}

static void numbers_have_groups_and_money_its_currency(void **state)
{
    assert_string_equal(shown_in("UTC", SHOW_MONEY, "25000", "\"USD\""), "25,000.00 USD");
    assert_string_equal(shown_in("UTC", SHOW_MONEY, "12.5", "\"EUR\""), "12.50 EUR");
    assert_string_equal(shown_in("UTC", SHOW_MONEY, "0.000001", NULL), "0.000001");
    assert_string_equal(shown_in("UTC", SHOW_MONEY, "-1234.5", "\"EUR\""), "-1,234.50 EUR");
    assert_string_equal(shown(SHOW_MONEY, "1e30"), "1e30");
    assert_string_equal(shown(SHOW_NUMBER, "1200000"), "1,200,000");
    assert_string_equal(shown(SHOW_NUMBER, "999"), "999");
    assert_string_equal(shown(SHOW_NUMBER, "-1000"), "-1,000");
    assert_string_equal(shown(SHOW_PERCENT, "0.0152"), "1.52 %");
    assert_string_equal(shown(SHOW_PERCENT, "1"), "100 %");
    assert_string_equal(shown(SHOW_BYTES, "1023"), "1023 bytes");
    assert_string_equal(shown(SHOW_BYTES, "1258291"), "1.1 MB");
}

static void the_rest_is_shown_as_it_is(void **state)
{
    assert_string_equal(shown(SHOW_WORDS, "\"task.approve_all\""), "task approve all");
    assert_string_equal(shown(SHOW_PLACE, "\"America/Argentina/Buenos_Aires\""), "Buenos Aires");
    assert_string_equal(shown(SHOW_NAME, "\"operator:ann\""), "ann");
    assert_string_equal(shown(SHOW_NONE, "[\"a\",\"b\"]"), "a, b");
    assert_string_equal(shown(SHOW_NONE, "true"), "yes");
    assert_string_equal(shown(SHOW_NONE, "null"), "");
    assert_string_equal(shown(SHOW_TIME, "12"), "12");
    assert_string_equal(shown(SHOW_VALUE, "\"2026-04-30T22:00:00Z\""), "Fri 1 May 2026, 00:00");
    assert_string_equal(shown(SHOW_VALUE, "8000"), "8,000");
}

static const char *as_text(const char *s)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    template_text(&b, str_from(s));
    const char *text = arena_cstr(&arena, buf_str(&b));
    buf_finish(&b);
    return text;
}

static void what_stands_in_text_is_neither_markup_nor_disguise(void **state)
{
    assert_string_equal(as_text("<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;");
    assert_string_equal(as_text("a\x01\x1f\x7f"
                                "b\n\tc"),
                        "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "b\n\tc");
    assert_string_equal(as_text("\xe2\x80\xae\xe2\x81\xa6\xc2\x85"),
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* RLO, LRI, NEL */
    assert_string_equal(as_text("\xe2\x80\x93 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"),
                        "\xe2\x80\x93 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
}

static void only_urls_that_lead_to_pages_are_followed(void **state)
{
    static const char *const yes[] = { "https://a.example/", "HTTP://a.example", "/admin", "/", "?a=b", "#x" };
    static const char *const no[] = { "javascript:alert(1)",
                                      "//evil.example",
                                      "/\\evil.example",
                                      " https://a.example",
                                      "java\nscript:x",
                                      "data:text/html,x",
                                      "",
                                      "relative",
                                      "\x01javascript:x" };
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) assert_true(template_url_allowed(str_from(yes[i])));
    for (size_t i = 0; i < ARRAY_LEN(no); i++) assert_false(template_url_allowed(str_from(no[i])));
}

static int finish(void **state)
{
    arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_the_publishers),
        cmocka_unit_test(near_times_are_said_as_people_say_them),
        cmocka_unit_test(numbers_have_groups_and_money_its_currency),
        cmocka_unit_test(the_rest_is_shown_as_it_is),
        cmocka_unit_test(what_stands_in_text_is_neither_markup_nor_disguise),
        cmocka_unit_test(only_urls_that_lead_to_pages_are_followed),
    };
    arena_init(&arena);
    return cmocka_run_group_tests(tests, NULL, finish);
}
