#include "store/changes.h"
#include "store/q/q_media_buy.h"

#include <stdlib.h>

#include "base/rfc3339.h"
#include "store/columns.h"

/* What changes, and what is written once. */
#define BUY_CHANGES(FIRST, NEXT)                                                                                       \
    FIRST(name, text)                                                                                                  \
    NEXT(buyer_ref, text)                                                                                              \
    NEXT(po_number, text)                                                                                              \
    NEXT(status, text)                                                                                                 \
    NEXT(paused, flag)                                                                                                 \
    NEXT(currency, currency)                                                                                           \
    NEXT(total_budget_micros, number)                                                                                  \
    NEXT(start_at, number)                                                                                             \
    NEXT(end_at, number)                                                                                               \
    NEXT(revision, number)                                                                                             \
    NEXT(updated_at, number)                                                                                           \
    NEXT(confirmed_at, time)                                                                                           \
    NEXT(activated_at, time)                                                                                           \
    NEXT(completed_at, time)                                                                                           \
    NEXT(canceled_at, time)                                                                                            \
    NEXT(next_change_at, time)                                                                                         \
    NEXT(rejection_reason, text)                                                                                       \
    NEXT(actions_allowed, number) NEXT(actions_approval, number) NEXT(actions_in, text) NEXT(echo, json) NEXT(doc, json)
#define BUY_ORIGIN(FIRST, NEXT)                                                                                        \
    FIRST(media_buy_id, text)                                                                                          \
    NEXT(tenant_id, text)                                                                                              \
    NEXT(principal_id, text) NEXT(account_id, text) NEXT(created_at, number)
#define BUY COLUMN_NAMES(BUY_CHANGES) ", " COLUMN_NAMES(BUY_ORIGIN)
COLUMNS_READER(read_buy_changes, struct media_buy_row, BUY_CHANGES)
COLUMNS_READER(read_buy_origin, struct media_buy_row, BUY_ORIGIN)
COLUMNS_BINDER(bind_buy_changes, struct media_buy_row, BUY_CHANGES)
COLUMNS_BINDER(bind_buy_origin, struct media_buy_row, BUY_ORIGIN)

#define PACKAGE_CHANGES(FIRST, NEXT)                                                                                   \
    FIRST(name, text)                                                                                                  \
    NEXT(rate_micros, number)                                                                                          \
    NEXT(budget_micros, number)                                                                                        \
    NEXT(previous_budget_micros, count)                                                                                \
    NEXT(impressions_goal, count)                                                                                      \
    NEXT(pacing, text)                                                                                                 \
    NEXT(start_at, number)                                                                                             \
    NEXT(end_at, number)                                                                                               \
    NEXT(paused, flag)                                                                                                 \
    NEXT(awaits_creatives, flag)                                                                                       \
    NEXT(canceled_at, time) NEXT(remote_id, text_or_null) NEXT(ad_server, text) NEXT(doc, json)
#define PACKAGE_ORIGIN(FIRST, NEXT)                                                                                    \
    FIRST(media_buy_id, text)                                                                                          \
    NEXT(ordinal, number)                                                                                              \
    NEXT(package_id, text) NEXT(product_id, text) NEXT(pricing_option_id, text) NEXT(pricing_model, text)
#define PACKAGE COLUMN_NAMES(PACKAGE_CHANGES) ", " COLUMN_NAMES(PACKAGE_ORIGIN) ", performance_ppm"
COLUMNS_READER(read_package_changes, struct package_row, PACKAGE_CHANGES)
COLUMNS_READER(read_package_origin, struct package_row, PACKAGE_ORIGIN)
COLUMNS_BINDER(bind_package_changes, struct package_row, PACKAGE_CHANGES)
COLUMNS_BINDER(bind_package_origin, struct package_row, PACKAGE_ORIGIN)

#define HISTORY(FIRST, NEXT)                                                                                           \
    FIRST(revision, number)                                                                                            \
    NEXT(at, number) NEXT(actor, text) NEXT(action, text) NEXT(summary, text) NEXT(package_id, text)
COLUMNS_READER(read_history, struct history_row, HISTORY)
COLUMNS_BINDER(bind_history, struct history_row, HISTORY)

#define ROWS_START 8

/* ---- buys ---- */

static int read_buy(struct stmt *s, struct arena *a, struct media_buy_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    memset(out, 0, sizeof(*out));
    (void)read_buy_origin(s, a, read_buy_changes(s, a, 0, out), out);
    if (!out->currency[0]) return stored_damaged("media buy", out->media_buy_id, e);
    return 1;
}

static int read_buys(struct stmt *s, struct arena *a, struct media_buy_rows *out, struct err *e)
{
    size_t cap = 0, n = 0;
    struct media_buy_row *rows = NULL, row;
    int rc;
    while ((rc = read_buy(s, a, &row, e)) == 1) {
        if (n == cap) {
            struct media_buy_row *grown = ARENA_ARRAY(a, struct media_buy_row, cap ? cap * 2 : ROWS_START);
            if (n) memcpy(grown, rows, n * sizeof(*rows));
            rows = grown;
            cap = cap ? cap * 2 : ROWS_START;
        }
        rows[n++] = row;
    }
    if (rc < 0) return -1;
    *out = (struct media_buy_rows){ rows, n };
    return 0;
}

int q_media_buy_get(struct tx *tx, struct arena *a, const struct media_buy_key *key, struct media_buy_row *out,
                    struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN BUY " FROM media_buy WHERE media_buy_id = ?1 AND tenant_id = ?2"
                     " AND (?3 = '' OR principal_id = ?3)");
    stmt_str(s, 1, key->media_buy_id);
    stmt_str(s, 2, key->tenant_id);
    stmt_str(s, 3, key->principal_id);
    return read_buy(s, a, out, e);
}

/* Of one status, ids only: the index has all of it. Adds at most f->limit to `ids`. */
static int ids_of_status(struct tx *tx, struct arena *a, const struct media_buy_filter *f, const char *status,
                         struct str *ids, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        f->account_id.n
            ? stmt_get(tx, "SELECT " OWN "media_buy_id FROM media_buy WHERE tenant_id = ?1 AND account_id = ?3"
                           " AND principal_id = ?2 AND status = ?5 AND media_buy_id < ?4"
                           " ORDER BY media_buy_id DESC LIMIT ?6")
            : stmt_get(tx, "SELECT " OWN "media_buy_id FROM media_buy WHERE tenant_id = ?1 AND principal_id = ?2"
                           " AND ?3 = '' AND status = ?5 AND media_buy_id < ?4"
                           " ORDER BY media_buy_id DESC LIMIT ?6");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->account_id);
    stmt_str(s, 4, f->before_id.n ? f->before_id : STR("~"));
    stmt_str(s, 5, str_from(status));
    stmt_i64(s, 6, f->limit);
    int rc;
    while ((rc = stmt_step(s, e)) == 1) ids[(*n)++] = col_str(s, a, 0);
    return rc;
}

static int newest_first(const void *pa, const void *pb)
{
    const struct str *a = pa, *b = pb;
    size_t least = a->n < b->n ? a->n : b->n;
    int c = memcmp(b->p, a->p, least);
    return c ? c : (b->n > a->n) - (b->n < a->n);
}

/* A buyer's poll asks for the few that run, of many that do not: each status by an index of its own, merged here. */
static int list_of_statuses(struct tx *tx, struct arena *a, const struct media_buy_filter *f,
                            struct media_buy_rows *out, struct err *e)
{
    struct str *ids = ARENA_ARRAY(a, struct str, (size_t)f->limit * MEDIA_BUY_FILTER_STATUSES);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < MEDIA_BUY_FILTER_STATUSES && f->statuses[i]; i++) {
        if (ids_of_status(tx, a, f, f->statuses[i], ids, &n, e)) return -1;
    }
    qsort(ids, n, sizeof(*ids), newest_first);
    if (n > (size_t)f->limit) n = (size_t)f->limit;
    struct media_buy_row *rows = ARENA_ARRAY(a, struct media_buy_row, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct media_buy_key key = { .tenant_id = f->tenant_id,
                                     .principal_id = f->principal_id,
                                     .media_buy_id = ids[i] };
        int rc = q_media_buy_get(tx, a, &key, &rows[kept], e);
        if (rc < 0) return -1;
        kept += rc == 1;
    }
    *out = (struct media_buy_rows){ rows, kept };
    return 0;
}

#define STATUS_AMONG "(?5 IS NULL OR status IN (?5, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17))"
_Static_assert(MEDIA_BUY_FILTER_STATUSES == 12, "as many as STATUS_AMONG has");

int q_media_buy_list(struct tx *tx, struct arena *a, const struct media_buy_filter *f, struct media_buy_rows *out,
                     struct err *e)
{
    ENSURE(f->limit > 0);
    if (f->principal_id.n && f->statuses[0]) return list_of_statuses(tx, a, f, out, e);
    /* Three statements, because each is answered by another index, which is already in the order wanted. */
    AUTO_STMT struct stmt *s =
        f->principal_id.n == 0
            ? stmt_get(tx, "SELECT " OWN BUY " FROM media_buy WHERE tenant_id = ?1 AND (?2 = '' OR principal_id = ?2)"
                           " AND (?3 = '' OR account_id = ?3) AND (?4 = '' OR media_buy_id < ?4) AND " STATUS_AMONG
                           " ORDER BY media_buy_id DESC LIMIT ?6")
        : f->account_id.n == 0
            ? stmt_get(tx, "SELECT " OWN BUY " FROM media_buy WHERE tenant_id = ?1 AND principal_id = ?2 AND ?3 = ''"
                           " AND media_buy_id < CASE ?4 WHEN '' THEN '~' ELSE ?4 END"
                           " ORDER BY media_buy_id DESC LIMIT ?6")
            : stmt_get(tx, "SELECT " OWN BUY " FROM media_buy WHERE tenant_id = ?1 AND account_id = ?3"
                           " AND principal_id = ?2 AND media_buy_id < CASE ?4 WHEN '' THEN '~' ELSE ?4 END"
                           " ORDER BY media_buy_id DESC LIMIT ?6");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->account_id);
    stmt_str(s, 4, f->before_id);
    stmt_i64(s, 6, f->limit);
    for (int i = 0; f->principal_id.n == 0 && i < MEDIA_BUY_FILTER_STATUSES; i++) {
        stmt_str_or_null(s, i == 0 ? 5 : 6 + i, f->statuses[i] ? str_from(f->statuses[i]) : STR_NONE);
    }
    return read_buys(s, a, out, e);
}

int q_media_buy_by_ids(struct tx *tx, struct arena *a, const struct media_buy_filter *f, struct str ids,
                       struct media_buy_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        /* The "+" keeps the planner off the tenant's index: a list of ids is always the shorter way. */
        tx,
        "SELECT " OWN BUY " FROM media_buy WHERE media_buy_id IN (SELECT value FROM json_each(?4)) AND +tenant_id = ?1"
        " AND (?2 = '' OR principal_id = ?2) AND (?3 = '' OR account_id = ?3) ORDER BY media_buy_id DESC");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->account_id);
    stmt_str(s, 4, ids);
    return read_buys(s, a, out, e);
}

/* Binds the columns that an insert and an update share, from index 1 on; returns the next index. */
int q_media_buy_insert(struct tx *tx, const struct media_buy_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO media_buy (" BUY
                                            ") VALUES (" COLUMN_MARKS(BUY_CHANGES) ", " COLUMN_MARKS(BUY_ORIGIN) ")");
    (void)bind_buy_origin(s, bind_buy_changes(s, 1, row), row);
    return stmt_run(s, e);
}

int q_media_buy_update(struct tx *tx, const struct media_buy_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE media_buy SET " COLUMN_SETS(BUY_CHANGES) " WHERE media_buy_id = ? AND tenant_id = ?");
    int i = bind_buy_changes(s, 1, row);
    stmt_str(s, i, row->media_buy_id);
    stmt_str(s, i + 1, row->tenant_id);
    return stmt_run(s, e);
}

int q_media_buy_confirmed_any(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT 1 FROM media_buy WHERE tenant_id = ? AND principal_id = ?"
                                            " AND confirmed_at IS NOT NULL LIMIT 1");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return stmt_step(s, e);
}

int q_media_buy_next_change(struct tx *tx, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT min(next_change_at) FROM media_buy WHERE next_change_at IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM quarantine q WHERE q.kind = '" QUARANTINE_FLIGHT "' AND q.row_id = media_buy_id)");
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *at = rc == 1 ? col_time(s, 0) : TIME_NONE;
    return 0;
}

int q_media_buy_due(struct tx *tx, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n,
                    struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT tenant_id, media_buy_id FROM media_buy WHERE next_change_at <= ?1" NOT_IN_QUARANTINE(
                         QUARANTINE_FLIGHT, "media_buy_id") " ORDER BY next_change_at LIMIT ?2");
    return q_due_rows(s, a, now, rows, limit, n, e);
}

/* ---- packages ---- */

static int read_package(struct stmt *s, struct arena *a, struct package_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    memset(out, 0, sizeof(*out));
    out->performance_ppm = col_i64(s, read_package_origin(s, a, read_package_changes(s, a, 0, out), out));
    return 1;
}

/* Appends to *out, whose memory holds *cap rows. */
static int add_packages(struct stmt *s, struct arena *a, struct package_rows *out, size_t *cap, struct err *e)
{
    struct package_row row;
    int rc;
    while ((rc = read_package(s, a, &row, e)) == 1) {
        if (out->n == *cap) {
            *cap = *cap ? *cap * 2 : ROWS_START;
            struct package_row *grown = ARENA_ARRAY(a, struct package_row, *cap);
            if (out->n) memcpy(grown, out->rows, out->n * sizeof(*grown));
            out->rows = grown;
        }
        out->rows[out->n++] = row;
    }
    return rc;
}

int q_package_get(struct tx *tx, struct arena *a, struct str package_id, struct package_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " PACKAGE " FROM package WHERE package_id = ?");
    stmt_str(s, 1, package_id);
    return read_package(s, a, out, e);
}

int q_packages_of_buys(struct tx *tx, struct arena *a, const struct media_buy_rows *buys, struct package_rows *out,
                       struct err *e)
{
    struct package_rows all = { 0 };
    size_t cap = 0;
    /* One statement a buy: a single one for all of them would sort whole rows to have them in order. */
    for (size_t i = 0; i < buys->n; i++) {
        AUTO_STMT struct stmt *s =
            stmt_get(tx, "SELECT " OWN PACKAGE " FROM package WHERE media_buy_id = ? ORDER BY ordinal");
        stmt_str(s, 1, buys->rows[i].media_buy_id);
        if (add_packages(s, a, &all, &cap, e)) return -1;
    }
    *out = all;
    return 0;
}

int q_packages_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct package_rows *out, struct err *e)
{
    struct media_buy_row buy = { .media_buy_id = media_buy_id };
    return q_packages_of_buys(tx, a, &(struct media_buy_rows){ &buy, 1 }, out, e);
}

int q_package_insert(struct tx *tx, const struct package_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO package (" COLUMN_NAMES(PACKAGE_CHANGES) ", " COLUMN_NAMES(
                PACKAGE_ORIGIN) ") VALUES (" COLUMN_MARKS(PACKAGE_CHANGES) ", " COLUMN_MARKS(PACKAGE_ORIGIN) ")");
    (void)bind_package_origin(s, bind_package_changes(s, 1, row), row);
    return stmt_run(s, e);
}

int q_package_update(struct tx *tx, const struct package_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE package SET " COLUMN_SETS(PACKAGE_CHANGES) " WHERE media_buy_id = ? AND ordinal = ?");
    int i = bind_package_changes(s, 1, row);
    stmt_str(s, i, row->media_buy_id);
    stmt_i64(s, i + 1, row->ordinal);
    return stmt_run(s, e);
}

int q_package_performance(struct tx *tx, const struct package_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE package SET performance_ppm = ? WHERE media_buy_id = ? AND ordinal = ?");
    stmt_i64(s, 1, row->performance_ppm);
    stmt_str(s, 2, row->media_buy_id);
    stmt_i64(s, 3, row->ordinal);
    return stmt_run(s, e);
}

/* ---- history ---- */

int q_history_add(struct tx *tx, const struct history_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO media_buy_history (" COLUMN_NAMES(HISTORY) ", media_buy_id, seq) VALUES (" COLUMN_MARKS(
                HISTORY) ", ?7, (SELECT coalesce(max(seq), 0) + 1 FROM media_buy_history WHERE media_buy_id = ?7))");
    stmt_str(s, bind_history(s, 1, row), row->media_buy_id);
    return stmt_run(s, e);
}

int q_history_list(struct tx *tx, struct arena *a, struct str media_buy_id, int limit, struct history_row **rows,
                   size_t *n, struct err *e)
{
    ENSURE(limit > 0 && limit <= 1000);
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " OWN COLUMN_NAMES(HISTORY) " FROM"
                                                " media_buy_history WHERE media_buy_id = ? ORDER BY seq DESC LIMIT ?");
    stmt_str(s, 1, media_buy_id);
    stmt_i64(s, 2, limit);
    struct history_row *list = ARENA_ARRAY(a, struct history_row, (size_t)limit);
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        list[count] = (struct history_row){ .media_buy_id = media_buy_id };
        (void)read_history(s, a, 0, &list[count++]);
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
