/* AdCP 3.0 as a projection of 3.1: what can be stated about all codes and words; single cases are golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "contract/error_codes.h"
#include "dialects/adcp_30.h"

static void every_code_of_3_1_becomes_one_that_3_0_has(void **state)
{
    for (size_t i = 0; i < error_code_count; i++) {
        const char *older = adcp_30_error_code(error_codes[i].code);
        const struct error_code *row = error_code_find(older);
        assert_non_null(row);
        if (row->since != ADCP_3_0) fail_msg("%s stays %s, which 3.0 has not", error_codes[i].code, older);
        if (error_codes[i].since == ADCP_3_0) assert_string_equal(older, error_codes[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_3_1_becomes_one_that_3_0_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
