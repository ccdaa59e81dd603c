/* What is remembered is what would be made anew: until a row of it has changed, also in the transaction that changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "run/loop_sim.h"
#include "store/changes.h"
#include "store/memory.h"
#include "store/stmt.h"

struct world {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    char path[64];
};

static int makings; /* how often something was made */

static int do_sql(struct tx *tx, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, arg);
    return stmt_run(s, e);
}

static void write_now(struct world *w, const char *sql)
{
    struct err e;
    if (store_write_now(w->store, do_sql, (void *)sql, &e)) fail_msg("%s: %s", sql, e.message);
    loop_sim_settle(&w->sim);
}

static void world_open(struct world *w)
{
    struct err e;
    log_set_level(LOG_ERROR);
    (void)snprintf(w->path, sizeof(w->path), "/tmp/memory-%d.db", (int)getpid());
    unlink(w->path);
    loop_sim_init(&w->sim, &w->loop, 1000, 1);
    struct store_options o = { .path = w->path, .secret = STR("0123456789abcdef0123456789abcdef") };
    if (store_open(&w->loop, &o, &w->store, &e)) fail_msg("%s", e.message);
    write_now(w, "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES"
                 " ('t', 'n', 'mock', '{}', 1, 1), ('u', 'n', 'mock', '{}', 1, 1)");
    write_now(
        w,
        "INSERT INTO format (tenant_id, format_id, position, doc) VALUES ('t', 'f', 0, 'one'), ('u', 'f', 0, 'other')");
    makings = 0;
}

static void world_close(struct world *w)
{
    store_close(w->store);
    loop_sim_finish(&w->sim);
    unlink(w->path);
}

static int make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT doc FROM format WHERE tenant_id = ? AND format_id = ?");
    struct str *text = ARENA_NEW(a, struct str);
    makings++;
    stmt_str(s, 1, of->tenant_id);
    stmt_str(s, 2, of->id);
    int rc = stmt_step(s, e);
    if (rc == 1) *text = col_str(s, a, 0);
    *out = text;
    return rc;
}

static int make_of_buyer(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " OWN "name FROM account WHERE tenant_id = ?");
    (void)a;
    makings++;
    stmt_str(s, 1, of->tenant_id);
    *out = "";
    return stmt_step(s, e) < 0 ? -1 : 1;
}

static const char *text_in(struct tx *tx, struct arena *a, const char *tenant_id)
{
    struct memory_of of = { .make = make, .tenant_id = str_from(tenant_id), .id = STR("f") };
    const void *found;
    struct err e;
    int rc = memory_get(tx, a, &of, &found, &e);
    return rc == 1 ? ((const struct str *)found)->p : rc == 0 ? "none" : "failed";
}

static void it_is_made_once_and_anew_after_a_change(void **state)
{
    struct world w;
    struct arena a;
    (void)state;
    world_open(&w);
    arena_init(&a);
    const char *first = text_in(store_read(w.store), &a, "t");
    assert_string_equal(first, "one");
    assert_ptr_equal(text_in(store_read(w.store), &a, "t"), first);
    assert_int_equal(makings, 1);
    loop_sim_settle(&w.sim);

    write_now(&w, "UPDATE format SET doc = 'new' WHERE tenant_id = 'u'"); /* another publisher's */
    assert_ptr_equal(text_in(store_read(w.store), &a, "t"), first);
    loop_sim_settle(&w.sim);
    write_now(&w, "UPDATE format SET doc = 'two' WHERE tenant_id = 't'");
    assert_string_equal(text_in(store_read(w.store), &a, "t"), "two");
    assert_string_equal(first, "one"); /* whoever was given it still has it */
    assert_int_equal(makings, 2);
    loop_sim_settle(&w.sim);

    write_now(&w, "DELETE FROM format WHERE tenant_id = 't'");
    assert_string_equal(text_in(store_read(w.store), &a, "t"), "none");
    write_now(&w, "INSERT INTO format (tenant_id, format_id, position, doc) VALUES ('t', 'f', 0, 'three')");
    assert_string_equal(text_in(store_read(w.store), &a, "t"), "three");
    arena_finish(&a);
    world_close(&w);
}

struct writing {
    struct write_cmd cmd;
    struct arena *arena;
    const char *before, *changed, *undone, *last;
    bool fails;
};

static void sql(struct tx *tx, const char *text)
{
    struct err e;
    if (do_sql(tx, (void *)text, &e)) fail_msg("%s: %s", text, e.message);
}

static int run(struct tx *tx, struct write_cmd *c)
{
    struct writing *w = CONTAINER_OF(c, struct writing, cmd);
    struct err e;
    w->before = text_in(tx, w->arena, "t");
    assert_int_equal(tx_part(tx, &e), 0);
    sql(tx, "UPDATE format SET doc = 'changed' WHERE tenant_id = 't'");
    w->changed = text_in(tx, w->arena, "t");
    assert_int_equal(tx_part_undo(tx, &e), 0);
    w->undone = text_in(tx, w->arena, "t");
    sql(tx, "UPDATE format SET doc = 'last' WHERE tenant_id = 't'");
    w->last = text_in(tx, w->arena, "t");
    return w->fails ? -1 : 0;
}

static void done(struct write_cmd *c, enum write_result result)
{
    struct writing *w = CONTAINER_OF(c, struct writing, cmd);
    assert_int_equal(result, w->fails ? WRITE_ROLLED_BACK : WRITE_COMMITTED);
}

static void the_transaction_that_changes_it_sees_its_own(void **state)
{
    struct world w;
    struct arena a;
    struct err e;
    (void)state;
    world_open(&w);
    arena_init(&a);
    for (int fails = 1; fails >= 0; fails--) {
        struct writing write = { .cmd = { .run = run, .done = done }, .arena = &a, .fails = fails };
        assert_string_equal(text_in(store_read(w.store), &a, "t"), "one");
        assert_int_equal(store_write(w.store, &write.cmd, &e), 0);
        loop_sim_settle(&w.sim);
        assert_string_equal(write.before, "one");
        assert_string_equal(write.changed, "changed");
        assert_string_equal(write.undone, "one");
        assert_string_equal(write.last, "last");
        assert_string_equal(text_in(store_read(w.store), &a, "t"), fails ? "one" : "last");
    }
    arena_finish(&a);
    world_close(&w);
}

static void what_rests_on_a_buyer_is_not_kept_and_memory_is_bounded(void **state)
{
    struct world w;
    struct arena a;
    struct err e;
    const void *found;
    (void)state;
    world_open(&w);
    arena_init(&a);
    struct memory_of of = { .make = make_of_buyer, .tenant_id = STR("t") };
    for (int i = 0; i < 2; i++) assert_int_equal(memory_get(store_read(w.store), &a, &of, &found, &e), 1);
    assert_int_equal(makings, 2);
    for (int i = 0; i < 5000;
         i++) { /* as many ids as a caller likes: the least recent go, and are freed (the sanitizer) */
        struct arena own;
        arena_init(&own);
        of = (struct memory_of){ .make = make, .tenant_id = STR("t"), .id = STR("f"), .numbers = { i, 0, 0 } };
        assert_int_equal(memory_get(store_read(w.store), &own, &of, &found, &e), 1);
        assert_string_equal(((const struct str *)found)->p, "one");
        arena_finish(&own);
    }
    arena_finish(&a);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_made_once_and_anew_after_a_change),
        cmocka_unit_test(the_transaction_that_changes_it_sees_its_own),
        cmocka_unit_test(what_rests_on_a_buyer_is_not_kept_and_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
