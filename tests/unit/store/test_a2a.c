/* Tasks of A2A: whose they are, pages and filters, decisions, and how they are forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "run/loop_sim.h"
#include "store/q/agent/q_a2a.h"
#include "store/q/q_tenant.h"

#define AT INT64_C(1700000000000000)

struct fixture {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct arena arena;
};

static const struct a2a_owner ann = { STR("pub"), STR("ann") };
static const struct a2a_owner bob = { STR("pub"), STR("bob") };
static const struct a2a_owner nobody = { STR("pub"), STR("") };

static struct a2a_task_row row_of(struct fixture *f, const struct a2a_owner *o, int i)
{
    return (struct a2a_task_row){ .a2a_task_id = arena_printf(&f->arena, "a2a-%03d", i),
                                  .tenant_id = o->tenant_id,
                                  .principal_id = o->principal_id,
                                  .context_id = i % 2 ? STR("odd") : STR("even"),
                                  .state = STR("completed"),
                                  .failed = i % 5 == 0,
                                  .adcp_task_id = i == 7 ? STR("task-7") : STR(""),
                                  .history = STR("[]"),
                                  .created_at = AT + i,
                                  .updated_at = AT + i };
}

static int fill(struct tx *tx, void *arg, struct err *e)
{
    struct fixture *f = arg;
    struct tenant_row tenant = {
        .tenant_id = STR("pub"), .name = STR("Pub"), .adapter = STR("mock"), .doc = STR("{}")
    };
    if (q_tenant_put(tx, &tenant, AT, e) < 0) return -1;
    for (int i = 1; i <= 30; i++) {
        const struct a2a_owner *o = i <= 20 ? &ann : i <= 25 ? &bob : &nobody;
        struct a2a_task_row row = row_of(f, o, i);
        if (q_a2a_task_put(tx, &row, e)) return -1;
    }
    return 0;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store_options o = { .path = ":memory:" };
    struct err e;
    arena_init(&f->arena);
    loop_sim_init(&f->sim, &f->loop, AT, 1);
    assert_int_equal(store_open(&f->loop, &o, &f->store, &e), 0);
    assert_int_equal(store_write_now(f->store, fill, f, &e), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    loop_sim_finish(&f->sim);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static int64_t count(struct fixture *f, const struct a2a_owner *o)
{
    struct a2a_task_filter filter = { .owner = *o, .failed = -1, .updated_from = TIME_NONE };
    struct err e;
    int64_t n;
    assert_int_equal(q_a2a_task_count(store_read(f->store), &filter, &n, &e), 0);
    return n;
}

static void test_owner(void **state)
{
    struct fixture *f = *state;
    struct tx *tx = store_read(f->store);
    struct a2a_task_row row;
    struct err e;
    assert_int_equal(q_a2a_task_get(tx, &f->arena, &ann, STR("a2a-003"), &row, &e), 1);
    assert_int_equal(q_a2a_task_get(tx, &f->arena, &bob, STR("a2a-003"), &row, &e), 0);
    assert_int_equal(q_a2a_task_get(tx, &f->arena, &nobody, STR("a2a-003"), &row, &e), 0);
    struct a2a_owner elsewhere = { STR("other"), STR("ann") };
    assert_int_equal(q_a2a_task_get(tx, &f->arena, &elsewhere, STR("a2a-003"), &row, &e), 0);
}

static int steal(struct tx *tx, void *arg, struct err *e)
{
    struct a2a_task_row row = row_of(arg, &bob, 3);
    row.state = STR("canceled");
    return q_a2a_task_put(tx, &row, e);
}

static void test_put_never_changes_anothers(void **state)
{
    struct fixture *f = *state;
    struct a2a_task_row row;
    struct err e;
    assert_int_equal(store_write_now(f->store, steal, f, &e), 0);
    assert_int_equal(q_a2a_task_get(store_read(f->store), &f->arena, &ann, STR("a2a-003"), &row, &e), 1);
    assert_true(str_is(row.state, "completed"));
    assert_int_equal(count(f, &bob), 5);
}

static void test_pages(void **state)
{
    struct fixture *f = *state;
    struct a2a_task_filter filter = { .owner = ann, .failed = -1, .updated_from = TIME_NONE, .limit = 6 };
    struct a2a_task_row *rows;
    struct err e;
    size_t n, seen = 0;
    int last = 21;
    do {
        assert_int_equal(q_a2a_task_list(store_read(f->store), &f->arena, &filter, &rows, &n, &e), 0);
        for (size_t i = 0; i < n && i < 6; i++, seen++) {
            int id = atoi(rows[i].a2a_task_id.p + 4);
            assert_int_equal(id, last - 1);
            last = id;
        }
        filter.before_id = n ? rows[n > 6 ? 5 : n - 1].a2a_task_id : STR("");
    } while (n > 6);
    assert_int_equal(seen, 20);
    filter = (struct a2a_task_filter){
        .owner = ann, .context_id = STR("odd"), .failed = 1, .updated_from = AT + 6, .limit = 9
    };
    assert_int_equal(q_a2a_task_list(store_read(f->store), &f->arena, &filter, &rows, &n, &e), 0);
    assert_int_equal(n, 1);
    assert_true(str_is(rows[0].a2a_task_id, "a2a-015"));
}

static int decide(struct tx *tx, void *arg, struct err *e)
{
    struct a2a_decision d = { *(struct str *)arg, true, AT + 99 };
    return q_a2a_task_decided(tx, &d, e);
}

static void test_decided(void **state)
{
    struct fixture *f = *state;
    struct str named = STR("task-7"), none = STR("");
    struct a2a_task_row row;
    struct a2a_names names;
    struct err e;
    assert_int_equal(store_write_now(f->store, decide, &none, &e), 0);
    assert_int_equal(store_write_now(f->store, decide, &named, &e), 0);
    assert_int_equal(q_a2a_task_get(store_read(f->store), &f->arena, &ann, STR("a2a-007"), &row, &e), 1);
    assert_true(row.failed && row.updated_at == AT + 99);
    assert_int_equal(q_a2a_task_get(store_read(f->store), &f->arena, &ann, STR("a2a-008"), &row, &e), 1);
    assert_false(row.failed);
    assert_int_equal(q_a2a_task_names(store_read(f->store), &f->arena, named, &names, &e), 1);
    assert_true(str_is(names.a2a_task_id, "a2a-007"));
    assert_int_equal(q_a2a_task_names(store_read(f->store), &f->arena, none, &names, &e), 0);
}

static int forget(struct tx *tx, void *arg, struct err *e)
{
    if (q_a2a_task_trim(tx, &nobody, 3, e) || q_a2a_task_trim(tx, &bob, 100, e)) return -1;
    return q_a2a_task_expire(tx, AT + 11, 4, e);
}

static void test_forgetting(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(store_write_now(f->store, forget, NULL, &e), 0);
    assert_int_equal(count(f, &nobody), 3);
    assert_int_equal(count(f, &bob), 5);
    assert_int_equal(count(f, &ann), 16); /* at most four at a time */
    assert_int_equal(store_write_now(f->store, forget, NULL, &e), 0);
    assert_int_equal(store_write_now(f->store, forget, NULL, &e), 0);
    assert_int_equal(count(f, &ann), 10); /* ten are not old enough */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_put_never_changes_anothers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_decided, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgetting, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
