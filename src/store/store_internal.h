/* Shared by store.c, stmt.c and migrate.c only. */
#pragma once

#include <sqlite3.h>

#include "store/changes.h"
#include "store/store.h"

#define STMT_CACHE_SLOTS 1024 /* power of two; far more than there are statements */

/* Which tables were read, as numbers in the table of changes.c. */
#define READS_TABLES 128
#define READS_WORDS  (READS_TABLES / 64)
struct reads {
    uint64_t own[READS_WORDS], any[READS_WORDS]; /* rows of one buyer; rows of whomever */
    bool unknown;                                /* one that has no scope */
};

struct stmt {
    const char *sql;
    sqlite3_stmt *s;
    struct tx *tx;
    bool in_use;
    bool bad; /* it could not be compiled, or not be bound */
    struct reads reads;
};

struct tx {
    sqlite3 *db;
    struct store *store;
    bool open; /* inside BEGIN */
    struct str secret; /* of the installation; borrowed from the options */
    struct store_keys *keys; /* likewise */
    struct stmt cache[STMT_CACHE_SLOTS];
    struct tx_work work;
    int64_t steps_max; /* of `work`; 0: no limit */
    int64_t ticks;     /* of the statement that runs, LIMIT_TICK steps each */
    bool over;
    struct reads reads;      /* since changes_watch */
    struct reads *compiling; /* of the statement that is being compiled; NULL: of none */
    bool compiling_own;
};

enum write_state { W_IDLE, W_COMMITTING };

struct store {
    struct loop *loop;
    struct store_options opts;
    struct tx read_tx, write_tx;
    struct tx aside_tx; /* opened when it is first wanted */
    struct store_keys aside_keys; /* the ring as it was when the worker got it */
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
    struct changes *changes; /* NULL: nobody follows them */
    struct memory *memory;   /* NULL: nothing is remembered yet */
    struct store_stats stats;
};

/* Logs what SQLite says and fills `e` with SERVICE_UNAVAILABLE. Returns -1. */
int sqlite_failed(sqlite3 *db, const char *doing, struct err *e);

/* Brings the schema up to this program's version. */
MUST_CHECK int migrate(sqlite3 *db, struct err *e);

void tx_finish(struct tx *tx);

/* changes.c: around the compilation of a statement, when one is about to be used, and of what is written. */
void changes_compile(struct tx *tx, struct reads *into, const char *sql);
void changes_compiled(struct tx *tx);
void changes_read(struct tx *tx, const struct reads *r);
void changes_follow(struct store *s);
/* Of rows that belong to the publisher or to all. False: of others, too, or the open transaction has changed one. */
MUST_CHECK bool changes_basis_shared(const struct tx *tx, const struct reads *r, struct str tenant_id,
                                     struct changes_basis *out);
/* What rests on b is as this connection would read it. */
bool changes_seen(const struct tx *tx, const struct changes_basis *b);
void changes_before_commit(struct store *s); /* in the transaction, before its COMMIT */
void changes_committed(struct store *s); /* also when it may have been: then too much counts as changed */

void memory_forget(struct store *s);
