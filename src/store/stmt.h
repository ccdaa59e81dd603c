/* Prepared statements for q_*.c. One statement per SQL literal and connection, prepared once and kept.
 *
 *     AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT name, doc FROM product WHERE tenant_id = ? AND product_id = ?");
 *     stmt_str(s, 1, tenant_id);
 *     stmt_str(s, 2, product_id);
 *     int rc = stmt_step(s, e);            // 1 a row, 0 the end, -1 failed
 *     if (rc == 1) row->name = col_str(s, arena, 0);
 *
 * `sql` must be a string literal: its address is the cache key. A statement is used by one function at a time: a
 * second stmt_get() of one that is in use (a row's reader asks the same question about another row) gives a second
 * statement, which is kept as well. AUTO_STMT resets it when the variable goes out of scope. Text bound is borrowed
 * until then. */
#pragma once

#include "store/store.h"

struct stmt;

struct stmt *stmt_get(struct tx *tx, const char *sql);
void stmt_reset(struct stmt *s);
static inline void stmt_auto_reset(struct stmt **s)
{
    if (*s) stmt_reset(*s);
}
#define AUTO_STMT __attribute__((cleanup(stmt_auto_reset)))

void stmt_str(struct stmt *s, int index, struct str v); /* STR_NONE binds '' */
void stmt_str_or_null(struct stmt *s, int index, struct str v); /* STR_NONE binds NULL */
void stmt_blob(struct stmt *s, int index, struct str v);
void stmt_i64(struct stmt *s, int index, int64_t v);
void stmt_null(struct stmt *s, int index);
/* Binds NULL when `v` is TIME_NONE, else the integer. */
void stmt_time(struct stmt *s, int index, int64_t v);

/* 1: a row is there; 0: done; -1: failed. A broken constraint gives CONFLICT, everything else
 * SERVICE_UNAVAILABLE; what SQLite said goes to the log, never to the caller. */
MUST_CHECK int stmt_step(struct stmt *s, struct err *e);

/* For statements that return no rows: steps to the end. 0 or -1. */
MUST_CHECK int stmt_run(struct stmt *s, struct err *e);

/* Columns of the current row, 0-based. Text is copied into the arena. */
struct str col_str(struct stmt *s, struct arena *a, int index);
int64_t col_i64(struct stmt *s, int index);
double col_double(struct stmt *s, int index);
bool col_is_null(struct stmt *s, int index);
int64_t col_time(struct stmt *s, int index); /* TIME_NONE for NULL */

/* Rows changed by the last write on this connection. */
int64_t tx_last_rowid(struct tx *tx); /* of the last INSERT into a table that has rowids */
int64_t tx_changes(struct tx *tx);
