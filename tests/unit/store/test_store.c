/* Group commit, savepoints, faults and migrations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "run/loop_sim.h"
#include "store/stmt.h"

struct fixture {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    char path[64];
    bool fail_commit;
};

struct insert {
    struct write_cmd cmd;
    const char *id;
    bool refuse;
    int dones;
    enum write_result result;
};

static bool fault(void *arg, enum store_fault where)
{
    return where == STORE_FAULT_COMMIT && ((struct fixture *)arg)->fail_commit;
}

static void open_store(struct fixture *f)
{
    struct err e;
    struct store_options o = { .path = f->path, .fault = fault, .fault_arg = f };
    loop_sim_init(&f->sim, &f->loop, INT64_C(1700000000000000), 1);
    f->sim.work_delay_us_max = 1000;
    assert_int_equal(store_open(&f->loop, &o, &f->store, &e), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    (void)snprintf(f->path, sizeof(f->path), "test_store_%d.db", (int)getpid());
    open_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char side[80];
    store_close(f->store);
    loop_sim_finish(&f->sim);
    (void)unlink(f->path);
    (void)snprintf(side, sizeof(side), "%s-wal", f->path);
    (void)unlink(side);
    (void)snprintf(side, sizeof(side), "%s-shm", f->path);
    (void)unlink(side);
    free(f);
    return 0;
}

static int run_insert(struct tx *tx, struct write_cmd *c)
{
    struct insert *i = CONTAINER_OF(c, struct insert, cmd);
    struct err e;
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at)"
                                            " VALUES (?, ?, 'mock', '{}', 1, 1)");
    stmt_str(s, 1, str_from(i->id));
    stmt_str(s, 2, STR("n"));
    if (stmt_run(s, &e)) return -1;
    return i->refuse ? -1 : 0;
}

static void insert_done(struct write_cmd *c, enum write_result result)
{
    struct insert *i = CONTAINER_OF(c, struct insert, cmd);
    i->dones++;
    i->result = result;
}

static struct insert make(const char *id, bool refuse)
{
    return (struct insert){ .cmd = { .run = run_insert, .done = insert_done }, .id = id, .refuse = refuse };
}

static int64_t tenants(struct fixture *f)
{
    struct err e;
    AUTO_STMT struct stmt *s = stmt_get(store_read(f->store), "SELECT count(*) FROM tenant");
    assert_int_equal(stmt_step(s, &e), 1);
    return col_i64(s, 0);
}

static void a_failing_command_is_undone_alone(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct insert a = make("a", false), b = make("b", true), c = make("c", false), twice = make("a", false);
    assert_int_equal(store_write(f->store, &a.cmd, &e), 0);
    assert_int_equal(store_write(f->store, &b.cmd, &e), 0);
    assert_int_equal(store_write(f->store, &twice.cmd, &e), 0);
    assert_int_equal(store_write(f->store, &c.cmd, &e), 0);
    assert_int_equal(a.dones, 0);
    loop_sim_settle(&f->sim);
    assert_int_equal(a.result, WRITE_COMMITTED);
    assert_int_equal(b.result, WRITE_ROLLED_BACK);
    assert_int_equal(twice.result, WRITE_ROLLED_BACK);
    assert_int_equal(c.result, WRITE_COMMITTED);
    assert_int_equal(a.dones + b.dones + c.dones + twice.dones, 4);
    assert_int_equal(tenants(f), 2);
    struct store_stats st;
    store_stats(f->store, &st);
    assert_int_equal(st.commits, 1);
    assert_int_equal(store_generation(f->store), 1);
}

static void a_failing_commit_loses_the_whole_batch_and_only_that(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct insert a = make("a", false), b = make("b", false);
    f->fail_commit = true;
    assert_int_equal(store_write(f->store, &a.cmd, &e), 0);
    loop_sim_settle(&f->sim);
    assert_int_equal(a.result, WRITE_LOST);
    assert_int_equal(tenants(f), 0);
    f->fail_commit = false;
    assert_int_equal(store_write(f->store, &b.cmd, &e), 0);
    loop_sim_settle(&f->sim);
    assert_int_equal(b.result, WRITE_COMMITTED);
    assert_int_equal(tenants(f), 1);
}

static void a_crash_before_the_commit_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct insert a = make("a", false), b = make("b", false);
    assert_int_equal(store_write(f->store, &a.cmd, &e), 0);
    loop_sim_settle(&f->sim);
    assert_int_equal(store_write(f->store, &b.cmd, &e), 0);
    (void)loop_turn(&f->loop); /* runs the command and starts the commit, which never completes */
    store_crash(f->store);
    loop_sim_finish(&f->sim);
    assert_int_equal(b.dones, 0);
    open_store(f);
    assert_int_equal(tenants(f), 1);
}

static void a_full_queue_says_so(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static struct insert many[4097];
    char ids[4097][16];
    for (int i = 0; i < 4097; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "t%d", i);
        many[i] = make(ids[i], false);
        int rc = store_write(f->store, &many[i].cmd, &e);
        assert_int_equal(rc, i < 4096 ? 0 : -1);
    }
    assert_string_equal(e.code, "RATE_LIMITED");
    loop_sim_settle(&f->sim);
    assert_int_equal(tenants(f), 4096);
}

static void reads_see_only_what_is_committed(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct insert a = make("a", false);
    assert_int_equal(store_write(f->store, &a.cmd, &e), 0);
    (void)loop_turn(&f->loop);
    assert_int_equal(a.dones, 0);
    assert_int_equal(tenants(f), 0);
    loop_sim_settle(&f->sim);
    assert_int_equal(tenants(f), 1);
}

/* One question, one place in the program: its address is what the statement is known by. */
static struct stmt *named(struct fixture *f, const char *id)
{
    struct stmt *s = stmt_get(store_read(f->store), "SELECT name FROM tenant WHERE tenant_id = ?");
    stmt_str(s, 1, str_from(id));
    return s;
}

static void a_statement_asked_for_while_in_use_does_not_disturb_itself(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct insert a = make("a", false), b = make("b", false);
    assert_int_equal(store_write(f->store, &a.cmd, &e), 0);
    assert_int_equal(store_write(f->store, &b.cmd, &e), 0);
    loop_sim_settle(&f->sim);
    struct stmt *outer = named(f, "a");
    assert_int_equal(stmt_step(outer, &e), 1);
    struct stmt *inner = named(f, "b");
    assert_ptr_not_equal(outer, inner);
    assert_int_equal(stmt_step(inner, &e), 1);
    stmt_reset(inner);
    assert_int_equal(stmt_step(outer, &e), 0);
    stmt_reset(outer);
    struct stmt *again = named(f, "a");
    assert_ptr_equal(again, outer);
    stmt_reset(again);
}

static int add_future(struct tx *tx, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO schema_migration (name) VALUES ('9999_future')");
    return stmt_run(s, e);
}

static void a_newer_database_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct store *other;
    assert_int_equal(store_write_now(f->store, add_future, NULL, &e), 0);
    struct store_options o = { .path = f->path };
    assert_int_equal(store_open(&f->loop, &o, &other, &e), -1);
    assert_string_equal(e.code, "CONFIGURATION_ERROR");
}

static int64_t those_with_x(struct tx *tx)
{
    struct err e;
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM tenant WHERE tenant_id LIKE '%x%'");
    return stmt_step(s, &e) == 1 ? col_i64(s, 0) : -1;
}

/* Many small statements, and one that never ends. */
static void a_read_has_a_budget(void **state)
{
    struct fixture *f = *state;
    struct tx *tx = store_read(f->store);
    struct err e;
    tx_limit(tx, 1000);
    int n = 0;
    while (those_with_x(tx) == 0) assert_true(++n < 1000);
    assert_true(n > 10 && tx_over(tx));
    assert_int_equal(those_with_x(tx), -1); /* and stays over */
    tx_limit(tx, 100000);
    assert_false(tx_over(tx));
    {
        AUTO_STMT struct stmt *s =
            stmt_get(tx, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c");
        assert_int_equal(stmt_step(s, &e), -1);
        assert_true(tx_over(tx));
        assert_string_equal(e.code, "SERVICE_UNAVAILABLE");
    }
    tx_limit(tx, 0);
    assert_int_equal(those_with_x(tx), 0);
    assert_false(tx_over(tx));
}

/* What a worker reads is one commit's, whatever is committed meanwhile; there is one such read at a time. */
static void a_read_aside_sees_one_moment(void **state)
{
    struct fixture *f = *state;
    struct insert x = make("x", false);
    struct err e;
    for (int round = 0; round < 2; round++) {
        struct tx *tx = store_aside_begin(f->store);
        assert_non_null(tx);
        assert_true(store_committing(f->store));
        assert_null(store_aside_begin(f->store));
        assert_int_equal(those_with_x(tx), round);
        if (round == 0) {
            assert_int_equal(store_write(f->store, &x.cmd, &e), 0);
            loop_sim_settle(&f->sim);
            assert_int_equal(x.result, WRITE_COMMITTED);
            assert_int_equal(those_with_x(store_read(f->store)), 1);
        }
        assert_int_equal(those_with_x(tx), round);
        store_aside_end(f->store);
        assert_false(store_committing(f->store));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failing_command_is_undone_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failing_commit_loses_the_whole_batch_and_only_that, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crash_before_the_commit_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_see_only_what_is_committed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_statement_asked_for_while_in_use_does_not_disturb_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_has_a_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_aside_sees_one_moment, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
