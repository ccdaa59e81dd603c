/* Upgrades: what is kept beside a database before its schema changes. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "run/loop_sim.h"
#include "store/migrate.h"
#include "store/store.h"

struct fixture {
    struct loop loop;
    struct loop_sim sim;
    char folder[256], path[300], kept[400];
};

static void run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int n = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

/* A database of the version before this one, with a row in it. */
static void make_old(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "CREATE TABLE schema_migration (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID");
    for (int i = 0; i < migrations_n - 1; i++) {
        char *sql = sqlite3_mprintf("INSERT INTO schema_migration VALUES (%Q)", migrations[i].name);
        run(db, migrations[i].sql);
        run(db, sql);
        sqlite3_free(sql);
    }
    run(db, "CREATE TABLE probe (x); INSERT INTO probe VALUES (42)");
    sqlite3_close(db);
}

static void open_and_close(struct fixture *f)
{
    struct err e;
    struct store *s;
    struct store_options o = { .path = f->path };
    assert_int_equal(store_open(&f->loop, &o, &s, &e), 0);
    store_close(s);
}

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n - 2; /* . and .. */
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(f->folder, sizeof(f->folder), "%s/test_migrate_XXXXXX", tmp ? tmp : P_tmpdir);
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof(f->path), "%s/a.db", f->folder);
    (void)snprintf(f->kept, sizeof(f->kept), "%s.before-%s", f->path, migrations[migrations_n - 1].name);
    loop_sim_init(&f->sim, &f->loop, INT64_C(1700000000000000), 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    loop_sim_finish(&f->sim);
    (void)unlink(f->path);
    (void)unlink(f->kept);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

static void the_old_database_is_kept_beside_the_new_one(void **state)
{
    struct fixture *f = *state;
    make_old(f->path);
    open_and_close(f);
    assert_int_equal(number(f->path, "SELECT count(*) FROM schema_migration"), migrations_n);
    assert_int_equal(number(f->path, "SELECT x FROM probe"), 42);
    assert_int_equal(number(f->kept, "SELECT count(*) FROM schema_migration"), migrations_n - 1);
    assert_int_equal(number(f->kept, "SELECT x FROM probe"), 42);
    open_and_close(f);
    assert_int_equal(files_in(f->folder), 2);
}

/* Upgraded, taken back by copying the old file into place, used, and upgraded again. */
static void the_copy_is_of_this_upgrade_not_of_an_earlier_one(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    make_old(f->kept);
    make_old(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    run(db, "UPDATE probe SET x = 43");
    sqlite3_close(db);
    open_and_close(f);
    assert_int_equal(number(f->path, "SELECT x FROM probe"), 43);
    assert_int_equal(number(f->kept, "SELECT x FROM probe"), 43);
    assert_int_equal(number(f->kept, "SELECT count(*) FROM schema_migration"), migrations_n - 1);
    assert_int_equal(files_in(f->folder), 2);
}

static void a_copy_that_cannot_be_made_stops_the_upgrade(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct store *s;
    struct store_options o = { .path = f->path };
    char part[500];
    make_old(f->path);
    (void)snprintf(part, sizeof(part), "%s.part", f->kept);
    assert_int_equal(mkdir(part, 0700), 0); /* in the way */
    assert_int_equal(store_open(&f->loop, &o, &s, &e), -1);
    assert_string_equal(e.code, "CONFIGURATION_ERROR");
    assert_int_equal(number(f->path, "SELECT count(*) FROM schema_migration"), migrations_n - 1);
    (void)rmdir(part);
}

static void a_new_database_leaves_no_copy(void **state)
{
    struct fixture *f = *state;
    open_and_close(f);
    assert_int_equal(files_in(f->folder), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_old_database_is_kept_beside_the_new_one, setup, teardown),
        cmocka_unit_test_setup_teardown(the_copy_is_of_this_upgrade_not_of_an_earlier_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_that_cannot_be_made_stops_the_upgrade, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_database_leaves_no_copy, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
