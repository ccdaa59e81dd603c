/* Schema versions. The table schema_migration lists what was applied; each migration runs in one transaction
 * together with its row, so a crash leaves either the old or the new schema. A database that holds something is copied
 * before its schema changes. */
#include "store/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_internal.h"

/* For the operator's one line: nothing is running yet, so nothing is logged. */
static int unusable(sqlite3 *db, struct err *e)
{
    return err_set(e, "CONFIGURATION_ERROR", "The database cannot be used: %s.", sqlite3_errmsg(db));
}

static int is_applied(sqlite3 *db, const char *name, bool *applied, struct err *e)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, "SELECT 1 FROM schema_migration WHERE name = ?", -1, &s, NULL) != SQLITE_OK) {
        return unusable(db, e);
    }
    (void)sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC); /* a failure shows in the step */
    int rc = sqlite3_step(s);
    *applied = rc == SQLITE_ROW;
    (void)sqlite3_finalize(s); /* repeats the step's result */
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : unusable(db, e);
}

static int record(sqlite3 *db, const char *name)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, "INSERT INTO schema_migration (name) VALUES (?)", -1, &s, NULL) != SQLITE_OK) return -1;
    (void)sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC); /* a failure shows in the step */
    int rc = sqlite3_step(s);
    (void)sqlite3_finalize(s); /* repeats the step's result */
    return rc == SQLITE_DONE ? 0 : -1;
}

static int apply(sqlite3 *db, const struct migration *m, struct err *e)
{
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) return unusable(db, e);
    if (sqlite3_exec(db, m->sql, NULL, NULL, NULL) != SQLITE_OK || record(db, m->name) ||
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        (void)err_set(e, "CONFIGURATION_ERROR", "Database migration %s failed: %s.", m->name, sqlite3_errmsg(db));
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* nothing better can be done about a failing rollback */
        return -1;
    }
    log_event(LOG_DEBUG, "store", "migrated", "name", m->name, NULL);
    return 0;
}

/* A database that lists a migration we do not have was written by a newer program. */
static int refuse_newer(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, "SELECT name FROM schema_migration", -1, &s, NULL) != SQLITE_OK) {
        return unusable(db, e);
    }
    int rc = 0;
    while (rc == 0 && sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        bool known = false;
        for (int i = 0; i < migrations_n; i++) known = known || strcmp(migrations[i].name, name) == 0;
        if (!known) {
            rc = err_set(e, "CONFIGURATION_ERROR", "The database was written by a newer version (it has %.80s).", name);
        }
    }
    (void)sqlite3_finalize(s); /* repeats the step's result */
    return rc;
}

/* What an upgrade would change is kept beside it first: the way back is to put that file in place again. A copy that is
 * there already is replaced: it is of an upgrade that did not end, and equal, or of one that was taken back, and old. */
static int keep_copy(sqlite3 *db, const char *first_new, struct err *e)
{
    char path[4096], part[4096 + 8];
    const char *database = sqlite3_db_filename(db, "main");
    if (!database || !*database) return 0; /* in memory */
    int n = snprintf(path, sizeof(path), "%s.before-%s", database, first_new);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return err_set(e, "CONFIGURATION_ERROR", "The path of the database is too long.");
    }
    (void)snprintf(part, sizeof(part), "%s.part", path); /* fits: it is the larger one */
    (void)unlink(part); /* left by a start that did not finish */
    if (store_copy(database, part, NULL, e)) {
        (void)unlink(part); /* is no copy */
        return -1;
    }
    if (rename(part, path)) {
        return err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", path, strerror(errno));
    }
    log_event(LOG_INFO, "store", "the database is upgraded; the old one is kept", "path", path, NULL);
    return 0;
}

int migrate(sqlite3 *db, struct err *e)
{
    bool empty = true, kept = false;
    if (sqlite3_exec(db, "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return unusable(db, e);
    }
    if (refuse_newer(db, e)) return -1;
    for (int i = 0; i < migrations_n; i++) {
        bool applied;
        if (is_applied(db, migrations[i].name, &applied, e)) return -1;
        empty = empty && !applied;
        if (applied) continue;
        if (!empty && !kept && keep_copy(db, migrations[i].name, e)) return -1;
        kept = true;
        if (apply(db, &migrations[i], e)) return -1;
    }
    return 0;
}
