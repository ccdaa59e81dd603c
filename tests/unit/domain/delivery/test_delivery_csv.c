/* Files of numbers: what is read, and what is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/delivery/delivery_csv.h"

#define DAY(n) (INT64_C(1772323200000000) + (n) * USEC_PER_DAY) /* 2026-03-01 and on */

static void numbers_are_read_as_they_stand(void **state)
{
    static const char file[] = "\xef\xbb\xbf"
                               "clicks,date,spend,package_id,impressions\r\n"
                               "3,2026-03-02,12.5,pkg-1,1000\r\n"
                               ",2026-03-01,,\"pkg \"\"x\"\"\",0\r\n"
                               "\r\n"
                               "1,2026-03-01,0.000001,pkg-1,2";
    struct arena a;
    struct delivery_csv csv;
    struct err e;
    (void)state;
    arena_init(&a);
    assert_int_equal(delivery_csv_parse(&a, STR(file), &csv, &e), 0);
    assert_int_equal(csv.n, 3);
    /* By package, then by day. */
    assert_true(str_is(csv.rows[0].package_id, "pkg \"x\""));
    assert_int_equal(csv.rows[0].delivered.of[METRIC_IMPRESSIONS], 0);
    assert_int_equal(csv.rows[0].delivered.of[METRIC_CLICKS], METRIC_UNKNOWN); /* an empty cell */
    assert_int_equal(csv.rows[0].delivered.of[METRIC_SPEND], METRIC_UNKNOWN);
    assert_int_equal(csv.rows[0].delivered.of[METRIC_VIEWS], METRIC_UNKNOWN); /* no such column */
    assert_true(str_is(csv.rows[1].package_id, "pkg-1"));
    assert_int_equal(csv.rows[1].day_at, DAY(0));
    assert_int_equal(csv.rows[1].delivered.of[METRIC_SPEND], 1);
    assert_int_equal(csv.rows[1].line, 5);
    assert_int_equal(csv.rows[2].day_at, DAY(1));
    assert_int_equal(csv.rows[2].delivered.of[METRIC_SPEND], 12500000);
    arena_finish(&a);
}

static void what_is_no_such_file_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "", "no column" },
        { "date,package_id,imps\n", "imps" },
        { "date,impressions\n2026-03-01,1\n", "package_id" },
        { "date,package_id\n2026-03-01,p\n", "numbers" },
        { "date,date,package_id,clicks\n", "twice" },
        { "date,package_id,clicks\n01.03.2026,p,1\n", "line 2" },
        { "date,package_id,clicks\n2026-02-30,p,1\n", "line 2" },
        { "date,package_id,clicks\n2026-03-01,p,1\n2026-03-02,p,\"1,200\"\n", "line 3" },
        { "date,package_id,clicks\n2026-03-01,p,-1\n", "whole number" },
        { "date,package_id,spend\n2026-03-01,p,1e3\n", "amount" },
        { "date,package_id,spend\n2026-03-01,p,1.0000001\n", "amount" },
        { "date,package_id,clicks\n2026-03-01,,1\n", "id" },
        { "date,package_id,clicks\n2026-03-01,p\n", "fewer" },
        { "date,package_id,clicks\n2026-03-01,p,1,2\n", "more" },
        { "date,package_id,clicks\n2026-03-01,p,1\n2026-03-01,p,2\n", "already" },
        { "date,package_id,clicks\n2026-03-01,\"p,1\n", "quote" },
        { "date,package_id,clicks\n2026-03-01,\"p\"x,1\n", "quote" },
        { "date,package_id,clicks\n2026-03-01,p,99999999999999\n", "whole number" },
    };
    struct arena a;
    struct delivery_csv csv;
    struct err e;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (delivery_csv_parse(&a, str_from(bad[i].text), &csv, &e) != -1) fail_msg("taken: %s", bad[i].text);
        assert_string_equal(e.code, "INVALID_REQUEST");
        if (!strstr(e.message, bad[i].says)) fail_msg("%s: %s", bad[i].text, e.message);
    }
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_are_read_as_they_stand),
                                        cmocka_unit_test(what_is_no_such_file_is_refused_with_its_line) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
