/* Nonces of signed requests: known until their time is over, counted by key, and known again after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "protocols/nonces.h"
#include "tools/fixture.h"

#define NOW   INT64_C(1000000)
#define UNTIL (NOW + 360)

static bool use(struct nonces *n, const char *keyid, const char *nonce, int64_t now_s)
{
    struct nonce_row row;
    return nonces_add(
        n, &(struct nonce_use){ str_from(keyid), STR("https://x.example/mcp"), str_from(nonce), now_s + 360 }, now_s,
        &row);
}

static void test_once_each(void **state)
{
    struct nonces *n = nonces_create();
    struct nonce_row row;
    assert_true(use(n, "a", "1", NOW));
    assert_false(use(n, "a", "1", NOW));
    assert_false(use(n, "a", "1", UNTIL - 1));
    assert_true(use(n, "b", "1", NOW)); /* another key's */
    assert_true(
        nonces_add(n, &(struct nonce_use){ STR("a"), STR("https://y.example/mcp"), STR("1"), UNTIL }, NOW, &row));
    assert_true(use(n, "a", "1", UNTIL)); /* its time is over */
    nonces_destroy(n);
}

static void test_a_key_is_full_of_the_living(void **state)
{
    struct nonces *n = nonces_create();
    char text[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_true(use(n, "a", text, NOW + (i >= 60)));
    }
    assert_true(nonces_full(n, STR("a"), 100, NOW + 1));
    assert_false(nonces_full(n, STR("a"), 101, NOW + 1));
    assert_false(nonces_full(n, STR("b"), 1, NOW + 1));
    assert_false(nonces_full(n, STR("a"), 100, UNTIL)); /* sixty are over */
    assert_true(nonces_full(n, STR("a"), 40, UNTIL));
    assert_false(nonces_full(n, STR("a"), 1, UNTIL + 1));
    nonces_destroy(n);
}

/* ---- the store ---- */

struct document_cache {
    struct nonce_row rows[8];
    size_t n;
};

static void collect(void *arg, const struct nonce_row *row)
{
    struct document_cache *k = arg;
    assert_true(k->n < 8);
    k->rows[k->n++] = *row;
}

static int keep(struct act *act, void *arg, struct err *e)
{
    struct document_cache *k = arg;
    for (size_t i = 0; i < k->n; i++) {
        if (q_nonce_insert(act->tx, &k->rows[i], e)) return -1;
    }
    return 0;
}

static int purge(struct act *act, void *arg, struct err *e)
{
    return q_nonce_purge(act->tx, *(int64_t *)arg, 1, e);
}

static int look(struct act *act, void *arg, struct err *e)
{
    return q_nonce_each(act->tx, NOW, collect, arg, e);
}

static void test_a_restart_forgets_none(void **state)
{
    struct fixture *f = fixture_open();
    struct nonces *before = nonces_create();
    struct document_cache kept = { .n = 3 }, found = { .n = 0 };
    struct err e;
    for (size_t i = 0; i < 3; i++) {
        struct nonce_use u = { i == 2 ? STR("b") : STR("a"), STR("https://x.example/mcp"),
                               i == 1 ? STR("two") : STR("one"), UNTIL };
        assert_true(nonces_add(before, &u, NOW, &kept.rows[i]));
    }
    nonces_destroy(before);
    assert_int_equal(fixture_act(f, keep, &kept, &e), 0);
    assert_int_equal(fixture_act(f, look, &found, &e), 0);
    assert_int_equal(found.n, 3);

    struct nonces *after = nonces_create();
    for (size_t i = 0; i < found.n; i++) nonces_restore(after, &found.rows[i]);
    assert_true(nonces_full(after, STR("a"), 2, NOW));
    assert_false(nonces_full(after, STR("a"), 3, NOW));
    assert_false(use(after, "a", "one", NOW));
    assert_false(use(after, "a", "two", NOW));
    assert_false(use(after, "b", "one", NOW));
    assert_true(use(after, "b", "two", NOW));
    nonces_destroy(after);
    fixture_close(f);
}

static void test_the_store_forgets_what_is_over(void **state)
{
    struct fixture *f = fixture_open();
    struct document_cache kept = { .rows = { { 1, 1, 1, NOW + 1 }, { 1, 1, 2, NOW + 2 }, { 1, 1, 3, NOW + 300 } },
                                   .n = 3 },
                          found = { .n = 0 };
    struct err e;
    int64_t now_s = NOW + 2;
    assert_int_equal(fixture_act(f, keep, &kept, &e), 0);
    assert_int_equal(fixture_act(f, purge, &now_s, &e), 0);
    assert_int_equal(fixture_act(f, look, &found, &e), 0);
    assert_int_equal(found.n, 2); /* one at a time, the oldest first */
    assert_int_equal(fixture_act(f, purge, &now_s, &e), 0);
    assert_int_equal(fixture_act(f, purge, &now_s, &e), 0);
    found.n = 0;
    assert_int_equal(fixture_act(f, look, &found, &e), 0);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.rows[0].lo, 3);
    fixture_close(f);
}

/* Many of one key, whose times end one after the other: the table grows while they come in. */
static void test_many_come_back(void **state)
{
    struct nonces *n = nonces_create();
    for (uint64_t i = 0; i < 1000; i++) nonces_restore(n, &(struct nonce_row){ 7, i, i * 64, NOW + (int64_t)i });
    for (uint64_t i = 0; i < 1000; i++) nonces_restore(n, &(struct nonce_row){ 7, i, i * 64, NOW + (int64_t)i });
    assert_int_equal(nonces_held(n), 1000);
    nonces_destroy(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_each),
        cmocka_unit_test(test_a_key_is_full_of_the_living),
        cmocka_unit_test(test_a_restart_forgets_none),
        cmocka_unit_test(test_many_come_back),
        cmocka_unit_test(test_the_store_forgets_what_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
