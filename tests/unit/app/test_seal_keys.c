/* The file of the keys that seal credentials: made once, read by whoever opens the data, replaced whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/seal_keys.h"

static char dir[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/salesagent-keys-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/" SEAL_KEYS_FILE, dir);
    (void)unlink(path);
    return rmdir(dir);
}

static bool same_rings(const struct seal_ring *a, const struct seal_ring *b)
{
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        if (a->keys[i].version != b->keys[i].version) return false;
        if (memcmp(a->keys[i].bytes, b->keys[i].bytes, SEAL_KEY_BYTES) != 0) return false;
    }
    return true;
}

static void keys_are_made_once_and_replaced_whole(void **state)
{
    struct seal_keys first, second;
    struct seal_ring grown;
    struct stat st;
    struct err e;
    (void)state;
    assert_int_equal(seal_keys_open(&first, dir, &e), 0);
    assert_int_equal(first.keys.ring.n, 1);
    assert_int_equal(first.keys.ring.keys[0].version, 1);
    assert_int_equal(stat(first.path, &st), 0);
    assert_int_equal(st.st_mode & (S_IRWXG | S_IRWXO), 0); /* its owner's alone */
    assert_int_equal(seal_keys_open(&second, dir, &e), 0);
    assert_true(same_rings(&first.keys.ring, &second.keys.ring));
    grown = first.keys.ring;
    assert_int_equal(seal_ring_grow(&grown), 0);
    assert_int_equal(first.keys.save(&first.keys, &grown, &e), 0);
    assert_int_equal(first.keys.ring.n, 2);
    assert_int_equal(second.keys.ring.n, 1); /* until it looks again */
    assert_int_equal(second.keys.reload(&second.keys, &e), 0);
    assert_true(same_rings(&first.keys.ring, &second.keys.ring));
}

static void a_damaged_file_is_named_and_nothing_is_forgotten(void **state)
{
    struct seal_keys keys, again;
    struct err e;
    (void)state;
    assert_int_equal(seal_keys_open(&keys, dir, &e), 0);
    assert_int_equal(unlink(keys.path), 0);
    FILE *f = fopen(keys.path, "w");
    assert_non_null(f);
    (void)fputs("1 not-a-key\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(keys.keys.reload(&keys.keys, &e), -1);
    assert_string_equal(e.code, "CONFIGURATION_ERROR");
    assert_non_null(strstr(e.message, SEAL_KEYS_FILE));
    assert_null(strstr(e.message, "not-a-key"));
    assert_int_equal(keys.keys.ring.n, 1);
    assert_int_equal(seal_keys_open(&again, dir, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_made_once_and_replaced_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_named_and_nothing_is_forgotten, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
