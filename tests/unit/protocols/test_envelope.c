/* What an error says of when to come again: AdCP wants a whole number of seconds, of an hour at most (core/error.json). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "contract/validate.h"
#include "dialects/choose.h"
#include "protocols/envelope.h"

static int64_t said(struct arena *a, enum adcp_line line, int seconds)
{
    struct call c = { .arena = a, .outcome = CALL_FAILED, .args = json_parse_own(a, STR("{}")) };
    struct contract_report report = { .arena = a };
    c.dialect = dialect_find(adcp_line_version(line));
    c.request = (struct dialect_request){ .arena = a, .tool = STR("get_products"), .args = c.args };
    err_set(&c.err, "RATE_LIMITED", "Too many calls.");
    c.err.retry_after_s = seconds;
    envelope_render(&c);
    yyjson_val *error = json_obj(json_parse_own(a, c.body), "adcp_error");
    assert_int_equal(contract_validate(contract_find_document(line, "core/error.json"), error, &report), 0);
    return json_i64_or(error, "retry_after", -1);
}

static void within_its_bounds(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        assert_int_equal(said(&a, (enum adcp_line)line, 0), -1); /* nothing is known, nothing is said */
        assert_int_equal(said(&a, (enum adcp_line)line, -5), 1);
        assert_int_equal(said(&a, (enum adcp_line)line, 1), 1);
        assert_int_equal(said(&a, (enum adcp_line)line, 3600), 3600);
        assert_int_equal(said(&a, (enum adcp_line)line, 86400), 3600);
    }
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(within_its_bounds) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
