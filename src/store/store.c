#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/stmt.h"
#include "store/store_internal.h"

#define QUEUE_MAX_DEFAULT    4096
#define BATCH_MS_MAX_DEFAULT 5
#define BATCH_COMMANDS_MAX   1024
#define COMMIT_SLOW_US       INT64_C(1000000) /* worth a line in the log */

/* --- opening and closing --------------------------------------------------------------------------------- */

static int open_connection(const struct store_options *opts, struct tx *tx, struct err *e)
{
    /* A connection is used by one thread at a time, and nobody asks SQLite how much it has allocated: both would cost a
     * mutex at every allocation. Refused once SQLite is in use, which it then is as we asked the first time. */
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(opts->path, &tx->db, flags, NULL) != SQLITE_OK) {
        err_set(e, "CONFIGURATION_ERROR", "The database cannot be opened: %s.", sqlite3_errmsg(tx->db));
        return -1;
    }
    (void)sqlite3_busy_timeout(tx->db, 2000); /* cannot fail; only start-up meets another process */
    /* The file is not mapped: what a failing disk does to a mapping is a signal, not an error. */
    static const char *const pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                                       "PRAGMA cache_size = -16000;"
                                       "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;";
    if (sqlite3_exec(tx->db, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
        return err_set(e, "CONFIGURATION_ERROR", "The database cannot be used: %s.", sqlite3_errmsg(tx->db));
    }
    if (opts->unsynced) (void)sqlite3_exec(tx->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL); /* else it is slow */
    return 0;
}

static void turn_hook_run(struct turn_hook *h);
static void commit_work(struct work *w);
static void commit_done(struct work *w);

int store_open(struct loop *loop, const struct store_options *opts, struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    s->loop = loop;
    s->opts = *opts;
    if (!s->opts.queue_max) s->opts.queue_max = QUEUE_MAX_DEFAULT;
    if (!s->opts.batch_ms_max) s->opts.batch_ms_max = BATCH_MS_MAX_DEFAULT;
    list_init(&s->queue);
    list_init(&s->batch);
    list_init(&s->commit_hooks);
    s->stats.commit_times.scale = &histogram_durations;
    s->stats.batch_sizes.scale = &histogram_numbers;
    s->commit_work = (struct work){ .work = commit_work, .done = commit_done };
    bool in_memory = strcmp(opts->path, ":memory:") == 0;
    s->reader = in_memory ? &s->write_tx : &s->read_tx;
    s->read_tx.secret = s->write_tx.secret = opts->secret;
    s->read_tx.keys = s->write_tx.keys = opts->keys;
    s->read_tx.store = s->write_tx.store = s;
    if (open_connection(opts, &s->write_tx, e) || migrate(s->write_tx.db, e) ||
        (!in_memory && open_connection(opts, &s->read_tx, e))) {
        tx_finish(&s->write_tx);
        tx_finish(&s->read_tx);
        free(s);
        return -1;
    }
    changes_follow(s);
    loop_add_hook(loop, &s->hook, turn_hook_run);
    *out = s;
    return 0;
}

static void end_read(struct store *s)
{
    if (s->reader == &s->write_tx || !s->read_tx.open) return;
    (void)sqlite3_exec(s->read_tx.db, "COMMIT", NULL, NULL, NULL); /* ending a read cannot lose anything */
    s->read_tx.open = false;
}

static void close_all(struct store *s)
{
    end_read(s);
    if (s->write_tx.open) (void)sqlite3_exec(s->write_tx.db, "ROLLBACK", NULL, NULL, NULL); /* as closing would */
    list_remove(&s->hook.node);
    tx_finish(&s->aside_tx); /* in a simulated crash it may be open: closing ends what it reads */
    tx_finish(&s->read_tx);
    tx_finish(&s->write_tx);
    memory_forget(s);
    free(s->changes);
    free(s);
}

void store_close(struct store *s)
{
    if (!s) return;
    ENSURE(s->state == W_IDLE && !s->aside_tx.open);
    struct list *n;
    while ((n = list_pop_front(&s->queue)) != NULL) {
        struct write_cmd *c = CONTAINER_OF(n, struct write_cmd, node);
        c->done(c, WRITE_LOST);
    }
    close_all(s);
}

bool store_committing(const struct store *s)
{
    return s->state != W_IDLE || s->aside_tx.open;
}

void store_crash(struct store *s)
{
    close_all(s);
}

/* --- reading --------------------------------------------------------------------------------------------- */

struct tx *store_read(struct store *s)
{
    if (s->reader == &s->read_tx && !s->read_tx.open) {
        struct err e;
        if (sqlite3_exec(s->read_tx.db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK) {
            s->read_tx.open = true;
        } else {
            (void)sqlite_failed(s->read_tx.db, "begin read", &e); /* the statements will answer the callers */
        }
    }
    return s->reader;
}

static int no_reload(struct store_keys *k, struct err *e)
{
    (void)k;
    return err_set(e, "SERVICE_UNAVAILABLE", "A key was replaced at this moment; try again.");
}

static int no_save(struct store_keys *k, const struct seal_ring *ring, struct err *e)
{
    (void)k;
    (void)ring;
    return err_set(e, "SERVICE_UNAVAILABLE", "Keys are not replaced while reading.");
}

struct tx *store_aside_begin(struct store *s)
{
    struct tx *tx = &s->aside_tx;
    struct err e; /* logged where it matters; the caller does without */
    if (s->reader == &s->write_tx || tx->open) return NULL;
    if (!tx->db) {
        tx->secret = s->opts.secret;
        if (open_connection(&s->opts, tx, &e)) {
            tx_finish(tx);
            return NULL;
        }
        (void)sqlite3_exec(tx->db, "PRAGMA query_only = ON", NULL, NULL, NULL); /* else it reads all the same */
    }
    tx->keys = NULL;
    if (s->opts.keys) {
        s->aside_keys = (struct store_keys){ .ring = s->opts.keys->ring, .reload = no_reload, .save = no_save };
        tx->keys = &s->aside_keys;
    }
    tx->open = sqlite3_exec(tx->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    return tx->open ? tx : NULL;
}

void store_aside_end(struct store *s)
{
    tx_limit(&s->aside_tx, 0);
    (void)sqlite3_exec(s->aside_tx.db, "COMMIT", NULL, NULL, NULL); /* ending a read cannot lose anything */
    s->aside_tx.open = false;
}

uint64_t store_generation(const struct store *s)
{
    return s->generation;
}

/* --- writing --------------------------------------------------------------------------------------------- */

int store_write(struct store *s, struct write_cmd *c, struct err *e)
{
    ENSURE(c->run != NULL && c->done != NULL);
    if (s->queued >= s->opts.queue_max) {
        err_set(e, "RATE_LIMITED", "Too many writes are waiting.");
        err_suggest(e, "Retry after the stated number of seconds.");
        e->retry_after_s = 1;
        return -1;
    }
    list_push_back(&s->queue, &c->node);
    s->queued++;
    s->loop->driver->wake(s->loop->driver);
    return 0;
}

static bool faulty(struct store *s, enum store_fault where)
{
    return s->opts.fault && s->opts.fault(s->opts.fault_arg, where);
}

static bool exec_ok(struct store *s, const char *sql)
{
    if (sqlite3_exec(s->write_tx.db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    log_event(LOG_ERROR, "store", sql, "sqlite", sqlite3_errmsg(s->write_tx.db), NULL);
    return false;
}

/* The same, compiled once: for what every command does. */
static bool step_ok(struct store *s, const char *sql)
{
    struct err logged; /* by stmt_run */
    AUTO_STMT struct stmt *st = stmt_get(&s->write_tx, sql);
    return stmt_run(st, &logged) == 0;
}

/* Answers every command of the batch; `all_lost` when nothing of it reached the disk. */
static void answer_batch(struct store *s, bool all_lost)
{
    struct list answered;
    list_init(&answered);
    list_splice(&answered, &s->batch);
    struct list *n;
    while ((n = list_pop_front(&answered)) != NULL) {
        struct write_cmd *c = CONTAINER_OF(n, struct write_cmd, node);
        s->stats.commands++;
        c->done(c, all_lost ? WRITE_LOST : c->run_rc ? WRITE_ROLLED_BACK : WRITE_COMMITTED);
    }
}

/* Runs one command under its savepoint. False when the whole transaction is no longer usable. */
static bool run_command(struct store *s, struct write_cmd *c)
{
    if (!step_ok(s, "SAVEPOINT command")) return false;
    c->run_rc = c->run(&s->write_tx, c);
    if (sqlite3_get_autocommit(s->write_tx.db)) return false; /* a full or failing disk rolled all of it back */
    if (c->run_rc && !step_ok(s, "ROLLBACK TO command")) return false;
    return step_ok(s, "RELEASE command");
}

static int64_t real_us(struct store *s)
{
    return s->loop->driver->now(s->loop->driver);
}

static void fail_batch(struct store *s)
{
    if (s->write_tx.open && !sqlite3_get_autocommit(s->write_tx.db)) (void)exec_ok(s, "ROLLBACK");
    s->write_tx.open = false;
    changes_committed(s);
    s->stats.failed_commits++;
    answer_batch(s, /* all_lost= */ true);
}

static void start_batch(struct store *s)
{
    if (s->state != W_IDLE || list_empty(&s->queue)) return;
    int64_t until = real_us(s) + s->opts.batch_ms_max * 1000;
    bool ok = !faulty(s, STORE_FAULT_BEGIN) && exec_ok(s, "BEGIN IMMEDIATE");
    s->write_tx.open = ok;
    size_t n = 0;
    do {
        struct list *node = list_pop_front(&s->queue);
        s->queued--;
        list_push_back(&s->batch, node);
        ok = ok && run_command(s, CONTAINER_OF(node, struct write_cmd, node));
        n++;
    } while (ok && !list_empty(&s->queue) && n < BATCH_COMMANDS_MAX && real_us(s) < until);
    if (n > s->stats.largest_batch) s->stats.largest_batch = n;
    if (!ok) {
        fail_batch(s);
        return;
    }
    changes_before_commit(s);
    histogram_add(&s->stats.batch_sizes, (int64_t)n);
    s->commit_from_us = real_us(s);
    s->state = W_COMMITTING;
    loop_work(s->loop, &s->commit_work);
}

/* On the pool. The connection is this thread's until commit_done. */
static void commit_work(struct work *w)
{
    struct store *s = CONTAINER_OF(w, struct store, commit_work);
    s->commit_rc =
        faulty(s, STORE_FAULT_COMMIT) ? SQLITE_IOERR : sqlite3_exec(s->write_tx.db, "COMMIT", NULL, NULL, NULL);
}

static void say_slow(int64_t took)
{
    char ms[32];
    (void)snprintf(ms, sizeof(ms), "%lld", (long long)(took / 1000)); /* fits */
    log_event(LOG_WARN, "store", "a commit took long", "ms", ms, NULL);
}

static void commit_done(struct work *w)
{
    struct store *s = CONTAINER_OF(w, struct store, commit_work);
    int64_t took = real_us(s) - s->commit_from_us;
    histogram_add(&s->stats.commit_times, took > 0 ? took : 0); /* the wall clock may have been set back */
    s->state = W_IDLE;
    if (took > COMMIT_SLOW_US) say_slow(took);
    if (s->commit_rc != SQLITE_OK) {
        log_event(LOG_ERROR, "store", "commit failed", "sqlite", sqlite3_errstr(s->commit_rc), NULL);
        fail_batch(s);
        return;
    }
    s->write_tx.open = false;
    changes_committed(s);
    s->generation++;
    s->stats.commits++;
    end_read(s); /* what reads from here on in this turn sees the commit */
    for (struct list *n = s->commit_hooks.next, *next; n != &s->commit_hooks; n = next) {
        next = n->next;
        struct commit_hook *h = CONTAINER_OF(n, struct commit_hook, node);
        h->committed(h);
    }
    answer_batch(s, /* all_lost= */ false);
}

static void turn_hook_run(struct turn_hook *h)
{
    struct store *s = CONTAINER_OF(h, struct store, hook);
    end_read(s);
    start_batch(s);
}

void store_add_commit_hook(struct store *s, struct commit_hook *h, void (*committed)(struct commit_hook *h))
{
    h->committed = committed;
    list_push_back(&s->commit_hooks, &h->node);
}

void store_stats(const struct store *s, struct store_stats *out)
{
    *out = s->stats;
    out->queued = s->queued;
}

int store_write_now(struct store *s, int (*fn)(struct tx *tx, void *arg, struct err *e), void *arg, struct err *e)
{
    ENSURE(s->state == W_IDLE && !s->write_tx.open);
    if (!exec_ok(s, "BEGIN IMMEDIATE")) return sqlite_failed(s->write_tx.db, "begin", e);
    int rc = fn(&s->write_tx, arg, e);
    if (rc == 0) changes_before_commit(s);
    if (rc == 0 && !exec_ok(s, "COMMIT")) rc = sqlite_failed(s->write_tx.db, "commit", e);
    if (rc && !sqlite3_get_autocommit(s->write_tx.db)) (void)exec_ok(s, "ROLLBACK");
    changes_committed(s);
    if (rc == 0) {
        s->generation++;
        end_read(s);
    }
    return rc ? -1 : 0;
}

#define COPY_PAGES_A_STEP 2048
#define CHECK_STEPS       100000

static int asks_stop(void *arg)
{
    bool (*const *stop)(void) = arg;
    return (*stop)();
}

/* A copy that cannot be read is no copy. */
static int check_copy(sqlite3 *copy, struct err *e)
{
    sqlite3_stmt *check = NULL;
    int rc = sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &check, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(check);
    const char *says = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(check, 0) : sqlite3_errmsg(copy);
    int good = says && strcmp(says, "ok") == 0
                   ? 0
                   : err_set(e, "CONFIGURATION_ERROR", "The copy is damaged: %s.", says ? says : "out of memory");
    (void)sqlite3_finalize(check); /* repeats what step said */
    return good;
}

/* Piece by piece, of one moment all the same: `from` is in a read transaction. What finish finds stays in the connection. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, bool (*stop)(void))
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    bool stopped = false;
    if (!b) return false;
    while (!stopped && sqlite3_backup_step(b, COPY_PAGES_A_STEP) == SQLITE_OK) stopped = stop && stop();
    return sqlite3_backup_finish(b) == SQLITE_OK && !stopped;
}

int store_copy(const char *database, const char *path, bool (*stop)(void), struct err *e)
{
    sqlite3 *from = NULL, *to = NULL;
    int done = -1;
    if (sqlite3_open_v2(database, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s cannot be opened: %s.", database, sqlite3_errmsg(from));
        goto out;
    }
    (void)sqlite3_busy_timeout(from, 10000); /* cannot fail; a commit of the agent is waited for */
    if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", path, sqlite3_errmsg(to));
        goto out;
    }
    /* Nobody looks at half a copy: no journal, which would stay behind when the disk is full. */
    (void)sqlite3_exec(to, "PRAGMA journal_mode = OFF", NULL, NULL, NULL); /* else there is one */
    if (sqlite3_exec(from, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL) != SQLITE_OK) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s could not be copied: %s.", database, sqlite3_errmsg(from));
        goto out;
    }
    if (!copy_pages(from, to, stop)) {
        bool stopped = stop && stop();
        (void)err_set(e, "CONFIGURATION_ERROR", "%s could not be copied: %s.", database,
                      stopped ? "it was interrupted" : sqlite3_errmsg(to));
        goto out;
    }
    /* A copy is one file: without a log beside it, it can be read where nothing may be written. */
    (void)sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL); /* it is whole either way */
    if (stop) sqlite3_progress_handler(to, CHECK_STEPS, asks_stop, &stop);
    done = check_copy(to, e);
out:
    (void)sqlite3_close(to); /* nothing is open on either but the read */
    (void)sqlite3_close(from);
    return done;
}
