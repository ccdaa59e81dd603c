/* Shared by store.c, stmt.c and migrate.c only. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

#define STMT_CACHE_SLOTS 1024 /* power of two; far more than there are statements */

struct stmt {
    const char *sql;
    sqlite3_stmt *s;
    struct tx *tx;
    bool in_use;
    bool bad; /* it could not be compiled, or not be bound */
};

struct tx {
    sqlite3 *db;
    bool open; /* inside BEGIN */
    struct str secret; /* of the installation; borrowed from the options */
    struct store_keys *keys; /* likewise */
    struct stmt cache[STMT_CACHE_SLOTS];
    struct tx_work work;
};

enum write_state { W_IDLE, W_COMMITTING };

struct store {
    struct loop *loop;
    struct store_options opts;
    struct tx read_tx, write_tx;
    struct tx *reader; /* &read_tx, or &write_tx for ":memory:" */
    struct list queue, batch;
    struct list commit_hooks;
    size_t queued;
    enum write_state state;
    struct work commit_work;
    int64_t commit_from_us;
    int commit_rc;
    struct turn_hook hook;
    uint64_t generation;
    struct store_stats stats;
};

/* Logs what SQLite says and fills `e` with SERVICE_UNAVAILABLE. Returns -1. */
int sqlite_failed(sqlite3 *db, const char *doing, struct err *e);

/* Brings the schema up to this program's version. */
MUST_CHECK int migrate(sqlite3 *db, struct err *e);

void tx_finish(struct tx *tx);
