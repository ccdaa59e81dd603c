/* SQLite behind two connections that both belong to the loop thread.
 *
 *   R reads the last committed snapshot. store_read() gives a transaction that lives until the end of the turn.
 *   W writes. store_write() queues a command; when W is free the turn opens BEGIN IMMEDIATE, runs each queued
 *     command under its own SAVEPOINT and gives W to the thread pool for COMMIT (synchronous=FULL). While the disk
 *     works, the loop goes on; the next batch fills by itself. A command's `done` runs only after its commit.
 *
 *       queued --turn--> run under savepoint --error--> rolled back alone --+
 *                              |                                           |  COMMIT on the pool
 *                              +------------------- kept ------------------+----> done(COMMITTED / ROLLED_BACK)
 *                                                                          |      or, when it fails,
 *                                                                          +----> done(LOST): nothing happened
 *
 * SQL text lives only in this directory: q_*.c, one per aggregate, over the statement helpers in stmt.h. */
#pragma once

#include "base/arena.h"
#include "base/seal.h"
#include "run/loop.h"

struct store;
struct tx; /* a connection inside a transaction; valid until the command or the turn ends */

enum write_result {
    WRITE_COMMITTED,   /* run returned 0 and the batch is on disk */
    WRITE_ROLLED_BACK, /* run returned -1; its effects are undone, the rest of the batch is on disk */
    WRITE_LOST         /* the batch could not be committed; nothing of it happened */
};

/* Embedded in its owner. `run` does the reading and writing; `done` is called exactly once, in a turn. */
struct write_cmd {
    struct list node;
    MUST_CHECK int (*run)(struct tx *tx, struct write_cmd *c);
    void (*done)(struct write_cmd *c, enum write_result result);
    int run_rc;
};

/* Called after each successful commit, before the `done`s of its batch, in the order they were added. */
struct commit_hook {
    struct list node;
    void (*committed)(struct commit_hook *h);
};

struct store_stats {
    uint64_t commits, commands, failed_commits;
    size_t queued;
    size_t largest_batch;
    struct histogram commit_times, batch_sizes; /* sizes: in commands */
};

/* Where the simulator may strike. The hook returns true to make the operation fail as a broken disk would. */
enum store_fault { STORE_FAULT_BEGIN, STORE_FAULT_COMMIT };

/* The keys that seal credentials, kept outside the database. The ring has at least one. */
struct store_keys {
    struct seal_ring ring;
    MUST_CHECK int (*reload)(struct store_keys *k, struct err *e); /* reads them again from where they are kept */
    /* Writes other ones there, whole or not at all; then they are the ring. */
    MUST_CHECK int (*save)(struct store_keys *k, const struct seal_ring *ring, struct err *e);
};

struct store_options {
    const char *path;      /* a file, or ":memory:" (then R and W are one connection: tests only) */
    struct str secret;     /* of this installation, kept outside the database; borrowed until the store is closed */
    struct store_keys *keys; /* of what is sealed at rest; NULL: nothing is. Borrowed likewise */
    size_t queue_max;      /* 0: 4096 */
    int batch_ms_max;      /* a turn's writing time; 0: 5 ms */
    bool unsynced;         /* simulations: it survives their crashes, not the machine's; nothing waits for the disk */
    bool (*fault)(void *arg, enum store_fault where);
    void *fault_arg;
};

/* Opens or creates the database, checks its integrity marker and applies the migrations it lacks, all before
 * returning. Errors (CONFIGURATION_ERROR): cannot open, newer than this program, migration failed, locked by
 * another process. */
MUST_CHECK int store_open(struct loop *loop, const struct store_options *opts, struct store **out, struct err *e);

/* Commits nothing that is not committed; queued commands get WRITE_LOST. No commit may be under way. */
void store_close(struct store *s);
/* True while a commit is on its way to the disk, or a worker reads aside: a loop that stops must turn until it is answered. */
bool store_committing(const struct store *s);

/* For the simulator: drops everything in memory as a crash would, without calling any `done`. */
void store_crash(struct store *s);

/* The read transaction of this turn; never NULL (a connection that cannot read answers errors row by row). */
struct tx *store_read(struct store *s);

/* A read transaction for a worker, who has it until store_aside_end: the last commit as it was when the worker first reads. There
 * is one; it goes without the way to read keys again. NULL when it cannot be had (":memory:", or no more connections). Both are
 * called by the loop's thread. */
struct tx *store_aside_begin(struct store *s);
void store_aside_end(struct store *s);

/* Queues a write. -1 with RATE_LIMITED when the queue is full; then `done` is never called. */
MUST_CHECK int store_write(struct store *s, struct write_cmd *c, struct err *e);

void store_add_commit_hook(struct store *s, struct commit_hook *h, void (*committed)(struct commit_hook *h));
void store_stats(const struct store *s, struct store_stats *out);

/* Grows by one with every commit: what was computed from rows may be kept while it stays the same. */
uint64_t store_generation(const struct store *s);

/* A write transaction outside the loop, for commands that run alone on a database (import, migrate) and for
 * tests: runs `fn`, commits when it returns 0, rolls back otherwise. */
MUST_CHECK int store_write_now(struct store *s, int (*fn)(struct tx *tx, void *arg, struct err *e), void *arg,
                               struct err *e);

/* A rehearsal inside a write transaction: what is written between the two is undone by the second. One may be inside another. */
MUST_CHECK int tx_rehearse(struct tx *tx, struct err *e);
MUST_CHECK int tx_rehearse_end(struct tx *tx, struct err *e);
/* Instead of tx_rehearse_end: what was written stays part of the transaction. */
MUST_CHECK int tx_rehearse_keep(struct tx *tx, struct err *e);

/* A part of a write transaction that can be undone alone: a row among others. Not nested (a rehearsal in it is fine). */
MUST_CHECK int tx_part(struct tx *tx, struct err *e);
MUST_CHECK int tx_part_undo(struct tx *tx, struct err *e);
MUST_CHECK int tx_part_keep(struct tx *tx, struct err *e);

/* For a row that no version of ours could have written: SERVICE_UNAVAILABLE, and a line in the log. `what` is its kind, as
 * its owner calls it ("media buy"). Returns -1. */
MUST_CHECK int stored_damaged(const char *what, struct str id, struct err *e);

/* What a connection has been asked so far: statements, rows they gave, and steps of SQLite's machine, which do not
 * depend on how busy the computer is. Tests compare two calls by it. */
struct tx_work {
    int64_t statements, rows, steps;
};
struct tx_work tx_work(const struct tx *tx);

/* From here on the statements of `tx` may take so many steps together, 0: as many as they like. Beyond that they fail with
 * SERVICE_UNAVAILABLE, and tx_over is true until the next call of this. */
void tx_limit(struct tx *tx, int64_t steps);
bool tx_over(const struct tx *tx);

/* The installation's secret: seals what the database alone must not be able to forge. Empty in tests. */
struct str tx_secret(const struct tx *tx);

/* The keys of what is sealed at rest; NULL where there are none. */
struct store_keys *tx_keys(const struct tx *tx);

/* Copies a database, also one that an agent is using, as of one moment into `path`, and reads the copy through.
 * Needs no store: it is for a process of its own, so that the agent goes on. `stop`, when there is one, is asked all the
 * while and ends it by saying true. Errors: CONFIGURATION_ERROR; what is at `path` then is no copy, and the caller's to remove. */
MUST_CHECK int store_copy(const char *database, const char *path, bool (*stop)(void), struct err *e);
