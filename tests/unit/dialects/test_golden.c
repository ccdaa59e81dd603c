/* Every file of tests/dialects/golden is one case; see golden.h. The folder is the first argument. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "golden.h"

#define CASES_MAX 400

static struct CMUnitTest tests[CASES_MAX];
static char paths[CASES_MAX][512];

static void one_case(void **state)
{
    struct arena a;
    arena_init(&a);
    golden_run(&a, *state);
    arena_finish(&a);
}

static int is_case(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

int main(int argc, char **argv)
{
    struct dirent **names;
    int n = argc == 2 ? scandir(argv[1], &names, is_case, alphasort) : -1;
    if (n <= 0 || n > CASES_MAX) {
        fprintf(stderr, "usage: test_golden FOLDER (with 1 to %d cases)\n", CASES_MAX);
        return 2;
    }
    for (int i = 0; i < n; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", argv[1], names[i]->d_name);
        tests[i] = (struct CMUnitTest){ .name = names[i]->d_name, .test_func = one_case, .initial_state = paths[i] };
    }
    int failed = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
    for (int i = 0; i < n; i++) free(names[i]);
    free(names);
    return failed;
}
