/* Every table has a scope; and what a basis was made of counts as changed when a row of it has been written, by whomever and
 * however, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/log.h"
#include "run/loop_sim.h"
#include "store/changes.h"
#include "store/stmt.h"

struct world {
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    char path[64];
};

static int do_sql(struct tx *tx, void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, arg);
    return stmt_run(s, e);
}

static void write_now(struct world *w, const char *sql)
{
    struct err e;
    if (store_write_now(w->store, do_sql, (void *)sql, &e)) fail_msg("%s: %s", sql, e.message);
}

#define BUYER(name)                                                                                                    \
    "INSERT INTO principal (tenant_id, principal_id, name, role, created_at, updated_at) VALUES ('t', '" name          \
    "', 'n', 'buyer', 1, 1)"
#define ACCOUNT(name)                                                                                                  \
    "INSERT INTO account (tenant_id, account_id, principal_id, brand_domain, brand_id, operator, sandbox, name,"       \
    " status, doc, created_at, updated_at) VALUES ('t', 'acc-" name "', '" name "', '" name                            \
    "', '', '', 0, 'n', 'active',"                                                                                     \
    " '{}', 1, 1)"

static void world_open(struct world *w)
{
    struct err e;
    log_set_level(LOG_ERROR);
    (void)snprintf(w->path, sizeof(w->path), "/tmp/changes-%d.db", (int)getpid());
    unlink(w->path);
    loop_sim_init(&w->sim, &w->loop, 1000, 1);
    struct store_options o = { .path = w->path, .secret = STR("0123456789abcdef0123456789abcdef") };
    if (store_open(&w->loop, &o, &w->store, &e)) fail_msg("%s", e.message);
    static const char *const sql[] = {
        "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES ('t', 'n', 'mock', '{}', 1, 1)",
        "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at) VALUES ('u', 'n', 'mock', '{}', 1, 1)",
    };
    for (size_t i = 0; i < ARRAY_LEN(sql); i++) write_now(w, sql[i]);
    write_now(w, BUYER("a"));
    write_now(w, BUYER("b"));
    write_now(w, ACCOUNT("a"));
    write_now(w, ACCOUNT("b"));
}

static void world_close(struct world *w)
{
    store_close(w->store);
    loop_sim_finish(&w->sim);
    unlink(w->path);
}

/* What buyer a rests on who has asked `sql`. */
static bool basis_of(struct world *w, const char *sql, struct changes_basis *out)
{
    struct err e;
    struct tx *tx = store_read(w->store);
    struct changes_reader who = { STR("t"), STR("a") };
    changes_watch(tx);
    AUTO_STMT struct stmt *s = stmt_get(tx, sql);
    assert_int_equal(stmt_run(s, &e), 0);
    bool made = changes_basis(w->store, tx, &who, out);
    return made;
}

static void expect(struct world *w, const char *asked, const char *written, bool changes)
{
    struct changes_basis b;
    assert_true(basis_of(w, asked, &b));
    assert_true(changes_none(w->store, &b));
    write_now(w, written);
    if (changes_none(w->store, &b) == changes) fail_msg("%s, then %s", asked, written);
    loop_sim_settle(&w->sim); /* the turn's read transaction is over */
}

#define OWN_ACCOUNTS "SELECT " OWN "name FROM account WHERE tenant_id = 't' AND principal_id = 'a'"
#define ALL_ACCOUNTS "SELECT count(*) FROM account WHERE tenant_id = 't'"
#define RULES        "SELECT doc FROM rule WHERE tenant_id = 't'"

static void every_table_has_a_scope(void **state)
{
    struct world w;
    sqlite3 *db;
    sqlite3_stmt *s;
    int n = 0;
    (void)state;
    world_open(&w);
    assert_int_equal(sqlite3_open(w.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", -1, &s, NULL),
        SQLITE_OK);
    for (; sqlite3_step(s) == SQLITE_ROW; n++) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        if (!changes_scope(name)) fail_msg("the table %s has no scope (src/store/changes.c)", name);
    }
    assert_true(n > 60);
    assert_null(changes_scope("no_table"));
    (void)sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    world_close(&w);
}

static void a_buyers_rows_are_changed_by_who_writes_them(void **state)
{
    struct world w;
    (void)state;
    world_open(&w);
    expect(&w, OWN_ACCOUNTS, "UPDATE account SET name = 'x' WHERE principal_id = 'a'", true);
    expect(&w, OWN_ACCOUNTS, "UPDATE account SET name = 'x' WHERE principal_id = 'b'", false);
    expect(&w, OWN_ACCOUNTS, "UPDATE account SET name = 'x' WHERE account_id = 'none'", false);
    expect(&w, OWN_ACCOUNTS, "UPDATE account SET principal_id = 'a' WHERE principal_id = 'b'", true);
    expect(&w, OWN_ACCOUNTS, "DELETE FROM account", true);
    expect(&w, OWN_ACCOUNTS, ACCOUNT("b"), false);
    expect(&w, OWN_ACCOUNTS, ACCOUNT("a"), true);
    expect(&w, OWN_ACCOUNTS,
           "INSERT OR REPLACE INTO rule (tenant_id, rule_id, position, doc, created_at, updated_at)"
           " VALUES ('t', 'r', 1, '{}', 1, 1)",
           false);
    world_close(&w);
}

static void who_looks_across_buyers_rests_on_all_of_them(void **state)
{
    struct world w;
    (void)state;
    world_open(&w);
    expect(&w, ALL_ACCOUNTS, "UPDATE account SET name = 'x' WHERE principal_id = 'b'", true);
    expect(&w, ALL_ACCOUNTS, "UPDATE principal SET name = 'x' WHERE principal_id = 'b'", false);
    world_close(&w);
}

static void a_publishers_rows_are_its_own(void **state)
{
    struct world w;
    (void)state;
    world_open(&w);
    expect(&w, RULES,
           "INSERT INTO rule (tenant_id, rule_id, position, doc, created_at, updated_at)"
           " VALUES ('u', 'r', 1, '{}', 1, 1)",
           false);
    expect(&w, RULES,
           "INSERT INTO rule (tenant_id, rule_id, position, doc, created_at, updated_at)"
           " VALUES ('t', 'r', 1, '{}', 1, 1)",
           true);
    expect(&w, RULES, "DELETE FROM rule WHERE tenant_id = 'u'", false);
    expect(&w, RULES, "DELETE FROM rule", true);
    expect(&w, "SELECT name FROM tenant WHERE tenant_id = 't'", "UPDATE tenant SET name = 'x' WHERE tenant_id = 'u'",
           true);
    world_close(&w);
}

static int fail_after(struct tx *tx, void *arg, struct err *e)
{
    return do_sql(tx, arg, e) || err_set(e, "CONFLICT", "on purpose") ? -1 : 0;
}

/* Never before the commit is answered: who reads until then reads the rows as they were. */
static void nothing_changes_before_the_commit(void **state)
{
    struct world w;
    struct changes_basis b, more;
    struct err e;
    (void)state;
    world_open(&w);
    assert_true(basis_of(&w, OWN_ACCOUNTS, &b));
    assert_int_equal(
        store_write_now(w.store, fail_after, (void *)"UPDATE account SET name = 'y' WHERE principal_id = 'b'", &e), -1);
    assert_true(changes_none(w.store, &b));
    assert_true(basis_of(&w, "SELECT " OWN "a.name FROM account a JOIN rule r ON r.tenant_id = a.tenant_id", &more));
    assert_int_equal(more.n, 2);
    world_close(&w);
}

static void what_nobody_follows_is_no_basis(void **state)
{
    struct world w;
    struct changes_basis b;
    (void)state;
    world_open(&w);
    assert_false(basis_of(&w, "SELECT count(*) FROM audit", &b));
    assert_false(basis_of(&w, "SELECT count(*) FROM job", &b));
    assert_false(basis_of(&w, "SELECT name FROM account JOIN rule USING (tenant_id)", &b));
    assert_true(basis_of(&w, "SELECT value FROM json_each('[1]')", &b));
    assert_int_equal(b.n, 0);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_has_a_scope),
        cmocka_unit_test(a_buyers_rows_are_changed_by_who_writes_them),
        cmocka_unit_test(who_looks_across_buyers_rests_on_all_of_them),
        cmocka_unit_test(a_publishers_rows_are_its_own),
        cmocka_unit_test(nothing_changes_before_the_commit),
        cmocka_unit_test(what_nobody_follows_is_no_basis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
