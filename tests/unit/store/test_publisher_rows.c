/* Every table belongs to publishers or to the installation, and removing a publisher leaves nothing of it, nor takes anything
 * of another. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "run/loop_sim.h"
#include "store/publisher_rows.h"
#include "store/stmt.h"

static bool is_in(const char *const *list, const char *name)
{
    for (; *list; list++) {
        if (strcmp(*list, name) == 0) return true;
    }
    return false;
}

struct world {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    char path[64];
};

static void world_open(struct world *w)
{
    struct err e;
    log_set_level(LOG_ERROR);
    snprintf(w->path, sizeof(w->path), "/tmp/publisher-rows-%d.db", (int)getpid());
    unlink(w->path);
    loop_sim_init(&w->sim, &w->loop, 1000, 1);
    struct store_options o = { .path = w->path, .secret = STR("0123456789abcdef0123456789abcdef") };
    if (store_open(&w->loop, &o, &w->store, &e)) fail_msg("%s", e.message);
}

static void world_close(struct world *w)
{
    store_close(w->store);
    loop_sim_finish(&w->sim);
    unlink(w->path);
}

static void each_table_is_somebodys(void **state)
{
    struct world w;
    sqlite3 *db;
    sqlite3_stmt *s;
    int n = 0;
    world_open(&w);
    assert_int_equal(sqlite3_open(w.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'table'", -1, &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        n++;
        if (is_in(publisher_tables, name) == is_in(installation_tables, name))
            fail_msg("the table %s belongs into one list of store/publisher_rows.c", name);
    }
    assert_true(n > 50);
    sqlite3_finalize(s);
    sqlite3_close(db);
    world_close(&w);
}

/* A row of each publisher in every table that has a tenant_id, with whatever its other columns must hold. */
static void fill(sqlite3 *db, const char *table, const char *tenant, int number)
{
    char sql[8192], *at = sql, *end = sql + sizeof(sql);
    sqlite3_stmt *s;
    at += snprintf(at, (size_t)(end - at), "INSERT INTO \"%s\" VALUES (", table);
    char info[128];
    snprintf(info, sizeof(info), "SELECT name, type FROM pragma_table_info('%s')", table);
    assert_int_equal(sqlite3_prepare_v2(db, info, -1, &s, NULL), SQLITE_OK);
    for (int i = 0; sqlite3_step(s) == SQLITE_ROW; i++) {
        const char *name = (const char *)sqlite3_column_text(s, 0), *type = (const char *)sqlite3_column_text(s, 1);
        if (i) at += snprintf(at, (size_t)(end - at), ", ");
        if (strcmp(name, "tenant_id") == 0) at += snprintf(at, (size_t)(end - at), "'%s'", tenant);
        else if (strcmp(type, "INTEGER") == 0) at += snprintf(at, (size_t)(end - at), "%d", number);
        else if (strcmp(type, "BLOB") == 0)
            at += snprintf(at, (size_t)(end - at), "CAST('%s%d' AS BLOB)", tenant, number);
        else at += snprintf(at, (size_t)(end - at), "'%s%d'", tenant, number);
    }
    sqlite3_finalize(s);
    at += snprintf(at, (size_t)(end - at), ")");
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", table, why);
}

static int64_t count(sqlite3 *db, const char *table, const char *tenant)
{
    char sql[256];
    sqlite3_stmt *s;
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM \"%s\" WHERE tenant_id = '%s'", table, tenant);
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) return -1; /* it has no such column */
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static int remove_one(struct tx *tx, void *arg, struct err *e)
{
    return publisher_rows_remove(tx, STR("one"), arg, e);
}

static void one_goes_and_the_other_stays(void **state)
{
    struct world w;
    sqlite3 *db;
    struct err e;
    int64_t rows = 0, filled = 0;
    world_open(&w);
    assert_int_equal(sqlite3_open(w.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL, NULL),
        SQLITE_OK);
    for (const char *const *t = publisher_tables; *t; t++) {
        if (count(db, *t, "one") != 0) continue; /* no tenant_id of its own, or a trigger has filled it */
        fill(db, *t, "one", 7);
        if (count(db, *t, "two") == 0) fill(db, *t, "two", 8);
        filled++;
    }
    assert_true(filled > 35);
    if (store_write_now(w.store, remove_one, &rows, &e)) fail_msg("%s: %s", e.code, e.message);
    assert_true(rows >= filled);
    for (const char *const *t = publisher_tables; *t; t++) {
        int64_t left = count(db, *t, "one"), others = count(db, *t, "two");
        if (left > 0) fail_msg("%s keeps a row", *t);
        if (others == 0) fail_msg("%s has lost a row of another publisher", *t);
    }
    sqlite3_close(db);
    world_close(&w);
}

/* ---- moved ---- */

static int keep_two(struct tx *tx, void *arg, struct err *e)
{
    struct str id;
    struct arena a;
    arena_init(&a);
    int rc = publisher_rows_keep(tx, STR("two"), e) || publisher_rows_only(tx, &a, &id, e) ||
             publisher_rows_shift(tx, 100, e);
    assert_true(rc || str_is(id, "two"));
    arena_finish(&a);
    return rc ? -1 : 0;
}

static int take(struct tx *tx, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "PRAGMA ignore_check_constraints = ON"); /* rows here hold anything */
    if (stmt_run(s, e)) return -1;
    return publisher_rows_take(tx, arg, e);
}

static void fill_all(sqlite3 *db, const char *tenant, int number)
{
    for (const char *const *t = publisher_tables; *t; t++) {
        if (count(db, *t, tenant) == 0) fill(db, *t, tenant, number);
    }
    fill(db, "package", tenant, number); /* it hangs on a media buy, and a creative's assignment on it */
}

/* What triggers make of the rows that come, or what is made anew. */
static bool is_made_there(const char *table)
{
    return strcmp(table, "health_report") == 0 || strcmp(table, "product_flight") == 0 || strcmp(table, "stored") == 0;
}

static void one_is_moved_to_where_others_are(void **state)
{
    struct world from, to;
    sqlite3 *a, *b;
    struct err e;
    int64_t rows = 0;
    world_open(&from);
    assert_int_equal(sqlite3_open(from.path, &a), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(a, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL, NULL),
        SQLITE_OK);
    fill_all(a, "one", 7);
    fill_all(a, "two", 8);
    if (store_write_now(from.store, keep_two, NULL, &e)) fail_msg("%s: %s", e.code, e.message);
    for (const char *const *t = publisher_tables; *t; t++) {
        if (count(a, *t, "one") > 0) fail_msg("%s keeps a row of another publisher", *t);
    }
    store_close(from.store);
    loop_sim_finish(&from.sim);
    assert_int_equal(sqlite3_close(a), SQLITE_OK);
    char moved[80];
    snprintf(moved, sizeof(moved), "%s.moved", from.path);
    unlink(moved);
    assert_int_equal(rename(from.path, moved), 0);
    world_open(&to);
    assert_int_equal(sqlite3_open(to.path, &b), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(b, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL, NULL),
        SQLITE_OK);
    fill_all(b, "three", 8); /* the same numbers as those that come */
    assert_int_equal(publisher_rows_attach(to.store, moved, &e), 0);
    (void)sqlite3_exec(b, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
    if (store_write_now(to.store, take, &rows, &e)) fail_msg("%s: %s", e.code, e.message);
    for (const char *const *t = publisher_tables; *t; t++) {
        if (count(b, *t, "two") == 0 && !is_made_there(*t)) fail_msg("%s has not come along", *t);
        if (count(b, *t, "three") == 0) fail_msg("%s has lost a row of who was there", *t);
    }
    assert_true(rows > 40);
    sqlite3_close(b);
    world_close(&to);
    unlink(moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_is_somebodys),
        cmocka_unit_test(one_goes_and_the_other_stays),
        cmocka_unit_test(one_is_moved_to_where_others_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
