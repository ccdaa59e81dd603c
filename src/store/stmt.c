#include "store/stmt.h"

#include <stdio.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "store/store_internal.h"

int sqlite_failed(sqlite3 *db, const char *doing, struct err *e)
{
    log_event(LOG_ERROR, "store", doing, "sqlite", sqlite3_errmsg(db), NULL);
    err_set(e, "SERVICE_UNAVAILABLE", "The store could not complete the operation.");
    e->retry_after_s = 5;
    return -1;
}

int stored_damaged(const char *what, struct str id, struct err *e)
{
    char row[128];
    (void)snprintf(row, sizeof(row), STR_FMT, STR_ARG(id)); /* a longer id is cut */
    log_event(LOG_ERROR, "store", "a stored row cannot be used", "what", what, "row", row, NULL);
    return err_set(e, "SERVICE_UNAVAILABLE", "A stored %s cannot be read; the operation was not carried out.", what);
}

static size_t slot_of(const char *sql)
{
    uint64_t h = (uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 40) & (STMT_CACHE_SLOTS - 1);
}

static void compile(struct stmt *s, struct tx *tx)
{
    changes_compile(tx, &s->reads, s->sql);
    if (sqlite3_prepare_v3(tx->db, s->sql, -1, SQLITE_PREPARE_PERSISTENT, &s->s, NULL) != SQLITE_OK) {
        log_event(LOG_ERROR, "store", "statement does not compile", "sqlite", sqlite3_errmsg(tx->db), "sql", s->sql,
                  NULL);
        s->bad = true; /* the disk, or somebody's hand in the schema: stmt_step says so */
    }
    changes_compiled(tx);
}

struct stmt *stmt_get(struct tx *tx, const char *sql)
{
    size_t i = slot_of(sql);
    for (size_t n = 0; tx->cache[i].sql && (tx->cache[i].sql != sql || tx->cache[i].in_use); n++) {
        ENSURE(n < STMT_CACHE_SLOTS);
        i = (i + 1) & (STMT_CACHE_SLOTS - 1);
    }
    struct stmt *s = &tx->cache[i];
    s->sql = sql;
    s->bad = false;
    if (!s->s) compile(s, tx);
    changes_read(tx, &s->reads);
    s->in_use = true;
    s->tx = tx;
    tx->work.statements++;
    return s;
}

void stmt_reset(struct stmt *s)
{
    s->in_use = false;
    if (!s->s) return;
    s->tx->ticks = 0;
    s->tx->work.steps += sqlite3_stmt_status(s->s, SQLITE_STMTSTATUS_VM_STEP, /* reset= */ 1);
    (void)sqlite3_reset(s->s); /* repeats the error of the last step, which was reported then */
    (void)sqlite3_clear_bindings(s->s);
}

#define LIMIT_TICK 10000

static int tick(void *arg)
{
    struct tx *tx = arg;
    tx->ticks++;
    tx->over = tx->over || tx->work.steps + tx->ticks * LIMIT_TICK > tx->steps_max;
    return tx->over;
}

void tx_limit(struct tx *tx, int64_t steps)
{
    tx->over = false;
    tx->ticks = 0;
    tx->steps_max = steps ? tx->work.steps + steps : 0;
    sqlite3_progress_handler(tx->db, steps ? LIMIT_TICK : 0, steps ? tick : NULL, tx);
}

bool tx_over(const struct tx *tx)
{
    return tx->over;
}

static int over(struct tx *tx, struct err *e)
{
    tx->over = true;
    return err_set(e, "SERVICE_UNAVAILABLE", "This takes more work than one call may.");
}

struct tx_work tx_work(const struct tx *tx)
{
    return tx->work;
}

void tx_finish(struct tx *tx)
{
    for (size_t i = 0; i < STMT_CACHE_SLOTS; i++) {
        if (tx->cache[i].s) (void)sqlite3_finalize(tx->cache[i].s); /* as in stmt_reset */
        tx->cache[i] = (struct stmt){ 0 };
    }
    if (tx->db) ENSURE(sqlite3_close(tx->db) == SQLITE_OK);
    tx->db = NULL;
    tx->open = false;
}

/* What cannot be bound (too long for SQLite, no memory) fails the statement when it is stepped. */
static void bound(struct stmt *s, int rc)
{
    if (rc != SQLITE_OK) s->bad = true;
}

void stmt_str(struct stmt *s, int index, struct str v)
{
    bound(s, sqlite3_bind_text64(s->s, index, v.n ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void stmt_str_or_null(struct stmt *s, int index, struct str v)
{
    if (v.p) {
        stmt_str(s, index, v);
    } else {
        stmt_null(s, index);
    }
}

void stmt_blob(struct stmt *s, int index, struct str v)
{
    bound(s, sqlite3_bind_blob64(s->s, index, v.n ? v.p : "", v.n, SQLITE_STATIC));
}

void stmt_i64(struct stmt *s, int index, int64_t v)
{
    bound(s, sqlite3_bind_int64(s->s, index, v));
}

void stmt_null(struct stmt *s, int index)
{
    bound(s, sqlite3_bind_null(s->s, index));
}

void stmt_time(struct stmt *s, int index, int64_t v)
{
    if (v == TIME_NONE) {
        stmt_null(s, index);
    } else {
        stmt_i64(s, index, v);
    }
}

int stmt_step(struct stmt *s, struct err *e)
{
    if (s->bad) return sqlite_failed(s->tx->db, "statement", e);
    if (s->tx->steps_max && (s->tx->over || s->tx->work.steps > s->tx->steps_max)) return over(s->tx, e);
    int rc = sqlite3_step(s->s);
    if (rc == SQLITE_ROW) {
        s->tx->work.rows++;
        return 1;
    }
    if (rc == SQLITE_DONE) return 0;
    if (rc == SQLITE_INTERRUPT && s->tx->over) return over(s->tx, e);
    sqlite3 *db = sqlite3_db_handle(s->s);
    if ((rc & 0xff) == SQLITE_CONSTRAINT) {
        log_event(LOG_WARN, "store", "constraint", "sqlite", sqlite3_errmsg(db), NULL);
        return err_set(e, "CONFLICT", "The operation conflicts with what is already stored.");
    }
    return sqlite_failed(db, "step", e);
}

int stmt_run(struct stmt *s, struct err *e)
{
    int rc;
    while ((rc = stmt_step(s, e)) == 1) continue;
    return rc;
}

struct str col_str(struct stmt *s, struct arena *a, int index)
{
    const void *p = sqlite3_column_type(s->s, index) == SQLITE_BLOB ? sqlite3_column_blob(s->s, index)
                                                                    : (const void *)sqlite3_column_text(s->s, index);
    if (!p) return sqlite3_column_type(s->s, index) == SQLITE_NULL ? STR_NONE : arena_dup(a, STR(""));
    return arena_dup(a, (struct str){ p, (size_t)sqlite3_column_bytes(s->s, index) });
}

int64_t col_i64(struct stmt *s, int index)
{
    return sqlite3_column_int64(s->s, index);
}

double col_double(struct stmt *s, int index)
{
    return sqlite3_column_double(s->s, index);
}

bool col_is_null(struct stmt *s, int index)
{
    return sqlite3_column_type(s->s, index) == SQLITE_NULL;
}

int64_t col_time(struct stmt *s, int index)
{
    return col_is_null(s, index) ? TIME_NONE : col_i64(s, index);
}

int64_t tx_last_rowid(struct tx *tx)
{
    return sqlite3_last_insert_rowid(tx->db);
}

int64_t tx_changes(struct tx *tx)
{
    return sqlite3_changes64(tx->db);
}

int tx_rehearse(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SAVEPOINT rehearsal");
    return stmt_run(s, e);
}

int tx_rehearse_end(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *back = stmt_get(tx, "ROLLBACK TO rehearsal");
    AUTO_STMT struct stmt *end = stmt_get(tx, "RELEASE rehearsal");
    return stmt_run(back, e) || stmt_run(end, e) ? -1 : 0;
}

int tx_rehearse_keep(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *end = stmt_get(tx, "RELEASE rehearsal");
    return stmt_run(end, e);
}

int tx_part(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SAVEPOINT part");
    return stmt_run(s, e);
}

int tx_part_undo(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *back = stmt_get(tx, "ROLLBACK TO part");
    AUTO_STMT struct stmt *end = stmt_get(tx, "RELEASE part");
    return stmt_run(back, e) || stmt_run(end, e) ? -1 : 0;
}

int tx_part_keep(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *end = stmt_get(tx, "RELEASE part");
    return stmt_run(end, e);
}

struct str tx_secret(const struct tx *tx)
{
    return tx->secret;
}

struct store_keys *tx_keys(const struct tx *tx)
{
    return tx->keys;
}
