/* AdCP 3.1 and 3.0 as projections of the newest line: what can be stated about all codes and words; single cases are golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "contract/error_codes.h"
#include "dialects/adcp_30.h"
#include "dialects/adcp_31.h"

/* Each code becomes one that the line has, and one that it has stays. */
static void check_codes(enum adcp_line line, const char *(*older_of)(const char *code))
{
    for (size_t i = 0; i < error_code_count; i++) {
        const char *older = older_of(error_codes[i].code);
        const struct error_code *row = error_code_find(older);
        assert_non_null(row);
        if (row->since > (int)line)
            fail_msg("%s stays %s, which %s has not", error_codes[i].code, older, adcp_releases[line].line);
        if (error_codes[i].since <= (int)line) assert_string_equal(older, error_codes[i].code);
    }
}

static void every_code_becomes_one_that_3_0_has(void **state)
{
    check_codes(ADCP_3_0, adcp_30_error_code);
}

static void every_code_becomes_one_that_3_1_has(void **state)
{
    check_codes(ADCP_3_1, adcp_31_error_code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_becomes_one_that_3_0_has),
        cmocka_unit_test(every_code_becomes_one_that_3_1_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
