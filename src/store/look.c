#include "store/look.h"

#include <sqlite3.h>

#include "base/encode.h"
#include "store/migrate.h"

static int unusable(const char *path, const char *why, struct err *e)
{
    return err_set(e, "CONFIGURATION_ERROR", "%s is no whole database of this program: %s.", path, why);
}

/* The first column of the first row, as text in the arena; empty when there is no row. */
static int text_of(sqlite3 *db, const char *sql, struct arena *a, struct str *out)
{
    sqlite3_stmt *s = NULL;
    *out = STR_NONE;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) return -1;
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL) {
        *out =
            arena_dup(a, (struct str){ (const char *)sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0) });
    }
    (void)sqlite3_finalize(s); /* repeats what step said */
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) return -1;
    int64_t n = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;
    (void)sqlite3_finalize(s); /* repeats what step said */
    return n;
}

static int look_at_migrations(sqlite3 *db, struct arena *a, struct store_facts *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT name FROM schema_migration ORDER BY name", -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        bool known = false;
        for (int i = 0; i < migrations_n; i++) known = known || strcmp(migrations[i].name, name) == 0;
        out->last = arena_dup(a, str_from(name));
        if (!known) out->newer = out->last;
        out->migrations++;
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(s); /* repeats what step said */
    return rc == SQLITE_DONE && out->migrations > 0 ? 0 : -1;
}

static int look(sqlite3 *db, struct arena *a, const char *path, struct store_facts *out, struct err *e)
{
    struct str says;
    struct store_facts f = { 0 };
    if (text_of(db, "PRAGMA integrity_check(1)", a, &says)) return unusable(path, sqlite3_errmsg(db), e);
    if (!str_is(says, "ok")) return unusable(path, arena_cstr(a, says), e);
    if (look_at_migrations(db, a, &f)) return unusable(path, "it has no schema of ours", e);
    f.publishers = number_of(db, "SELECT count(*) FROM tenant");
    f.audit_seq = number_of(db, "SELECT coalesce(max(seq), 0) FROM audit");
    if (f.publishers < 0 || f.audit_seq < 0 ||
        text_of(db, "SELECT lower(hex(hash)) FROM audit ORDER BY seq DESC LIMIT 1", a, &f.audit_hash))
        return unusable(path, sqlite3_errmsg(db), e);
    *out = f;
    return 0;
}

int store_look(struct arena *a, const char *path, struct store_facts *out, struct err *e)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK
                 ? look(db, a, path, out, e)
                 : err_set(e, "CONFIGURATION_ERROR", "%s cannot be opened: %s.", path, sqlite3_errmsg(db));
    (void)sqlite3_close(db); /* nothing is open on it */
    return rc;
}
