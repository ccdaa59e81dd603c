#include "store/q/q_media_buy.h"

#include <stdlib.h>

#include "base/rfc3339.h"
#include "store/stmt.h"

#define BUY                                                                                                            \
    "media_buy_id, tenant_id, principal_id, account_id, name, buyer_ref, po_number, status, paused, currency,"         \
    " total_budget_micros, start_at, end_at, revision, created_at, updated_at, confirmed_at, activated_at,"            \
    " completed_at, canceled_at, next_change_at, rejection_reason, actions_allowed, actions_approval, echo, doc,"      \
    " actions_in"
#define PACKAGE                                                                                                        \
    "media_buy_id, package_id, ordinal, name, product_id, pricing_option_id, pricing_model, rate_micros,"              \
    " budget_micros, previous_budget_micros, impressions_goal, pacing, start_at, end_at, paused, canceled_at,"         \
    " remote_id, doc, performance_ppm, ad_server"
#define ROWS_START 8

/* ---- buys ---- */

static int read_buy(struct stmt *s, struct arena *a, struct media_buy_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct media_buy_row){ .media_buy_id = col_str(s, a, 0),
                                   .tenant_id = col_str(s, a, 1),
                                   .principal_id = col_str(s, a, 2),
                                   .account_id = col_str(s, a, 3),
                                   .name = col_str(s, a, 4),
                                   .buyer_ref = col_str(s, a, 5),
                                   .po_number = col_str(s, a, 6),
                                   .status = col_str(s, a, 7),
                                   .paused = col_i64(s, 8) != 0,
                                   .total_budget_micros = col_i64(s, 10),
                                   .start_at = col_i64(s, 11),
                                   .end_at = col_i64(s, 12),
                                   .revision = col_i64(s, 13),
                                   .created_at = col_i64(s, 14),
                                   .updated_at = col_i64(s, 15),
                                   .confirmed_at = col_time(s, 16),
                                   .activated_at = col_time(s, 17),
                                   .completed_at = col_time(s, 18),
                                   .canceled_at = col_time(s, 19),
                                   .next_change_at = col_time(s, 20),
                                   .rejection_reason = col_str(s, a, 21),
                                   .actions_allowed = col_i64(s, 22),
                                   .actions_approval = col_i64(s, 23),
                                   .echo = col_str(s, a, 24),
                                   .doc = col_str(s, a, 25),
                                   .actions_in = col_str(s, a, 26) };
    struct str currency = col_str(s, a, 9);
    if (currency.n != 3) return stored_damaged("media buy", out->media_buy_id, e);
    memcpy(out->currency, currency.p, 3);
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
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " BUY " FROM media_buy WHERE media_buy_id = ?1 AND tenant_id = ?2"
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
        f->account_id.n ? stmt_get(tx, "SELECT media_buy_id FROM media_buy WHERE tenant_id = ?1 AND account_id = ?3"
                                       " AND principal_id = ?2 AND status = ?5 AND media_buy_id < ?4"
                                       " ORDER BY media_buy_id DESC LIMIT ?6")
                        : stmt_get(tx, "SELECT media_buy_id FROM media_buy WHERE tenant_id = ?1 AND principal_id = ?2"
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
    /* Three texts, so that each has an index that is already in the order wanted. */
    AUTO_STMT struct stmt *s =
        f->principal_id.n == 0
            ? stmt_get(tx, "SELECT " BUY " FROM media_buy WHERE tenant_id = ?1 AND (?2 = '' OR principal_id = ?2)"
                           " AND (?3 = '' OR account_id = ?3) AND (?4 = '' OR media_buy_id < ?4) AND " STATUS_AMONG
                           " ORDER BY media_buy_id DESC LIMIT ?6")
        : f->account_id.n == 0
            ? stmt_get(tx, "SELECT " BUY " FROM media_buy WHERE tenant_id = ?1 AND principal_id = ?2 AND ?3 = ''"
                           " AND media_buy_id < CASE ?4 WHEN '' THEN '~' ELSE ?4 END"
                           " ORDER BY media_buy_id DESC LIMIT ?6")
            : stmt_get(tx, "SELECT " BUY " FROM media_buy WHERE tenant_id = ?1 AND account_id = ?3"
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
        tx, "SELECT " BUY " FROM media_buy WHERE media_buy_id IN (SELECT value FROM json_each(?4)) AND +tenant_id = ?1"
            " AND (?2 = '' OR principal_id = ?2) AND (?3 = '' OR account_id = ?3) ORDER BY media_buy_id DESC");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->account_id);
    stmt_str(s, 4, ids);
    return read_buys(s, a, out, e);
}

/* Binds the columns that an insert and an update share, from index 1 on; returns the next index. */
static int bind_buy(struct stmt *s, const struct media_buy_row *r)
{
    int i = 1;
    stmt_str(s, i++, r->name);
    stmt_str(s, i++, r->buyer_ref);
    stmt_str(s, i++, r->po_number);
    stmt_str(s, i++, r->status);
    stmt_i64(s, i++, r->paused);
    stmt_str(s, i++, str_from(r->currency));
    stmt_i64(s, i++, r->total_budget_micros);
    stmt_i64(s, i++, r->start_at);
    stmt_i64(s, i++, r->end_at);
    stmt_i64(s, i++, r->revision);
    stmt_i64(s, i++, r->updated_at);
    stmt_time(s, i++, r->confirmed_at);
    stmt_time(s, i++, r->activated_at);
    stmt_time(s, i++, r->completed_at);
    stmt_time(s, i++, r->canceled_at);
    stmt_time(s, i++, r->next_change_at);
    stmt_str(s, i++, r->rejection_reason);
    stmt_i64(s, i++, r->actions_allowed);
    stmt_i64(s, i++, r->actions_approval);
    stmt_str(s, i++, r->echo.n ? r->echo : STR("{}"));
    stmt_str(s, i++, r->doc.n ? r->doc : STR("{}"));
    return i;
}

int q_media_buy_insert(struct tx *tx, const struct media_buy_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "INSERT INTO media_buy (name, buyer_ref, po_number, status, paused, currency, total_budget_micros, start_at,"
        " end_at, revision, updated_at, confirmed_at, activated_at, completed_at, canceled_at, next_change_at,"
        " rejection_reason, actions_allowed, actions_approval, echo, doc, media_buy_id, tenant_id, principal_id,"
        " account_id, created_at, actions_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?)");
    int i = bind_buy(s, row);
    stmt_str(s, i++, row->media_buy_id);
    stmt_str(s, i++, row->tenant_id);
    stmt_str(s, i++, row->principal_id);
    stmt_str(s, i++, row->account_id);
    stmt_i64(s, i++, row->created_at);
    stmt_str(s, i++, row->actions_in);
    return stmt_run(s, e);
}

int q_media_buy_update(struct tx *tx, const struct media_buy_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "UPDATE media_buy SET name = ?, buyer_ref = ?, po_number = ?, status = ?, paused = ?, currency = ?,"
            " total_budget_micros = ?, start_at = ?, end_at = ?, revision = ?, updated_at = ?, confirmed_at = ?,"
            " activated_at = ?, completed_at = ?, canceled_at = ?, next_change_at = ?, rejection_reason = ?,"
            " actions_allowed = ?, actions_approval = ?, echo = ?, doc = ? WHERE media_buy_id = ? AND tenant_id = ?");
    int i = bind_buy(s, row);
    stmt_str(s, i++, row->media_buy_id);
    stmt_str(s, i++, row->tenant_id);
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
    *out = (struct package_row){ .media_buy_id = col_str(s, a, 0),
                                 .package_id = col_str(s, a, 1),
                                 .ordinal = col_i64(s, 2),
                                 .name = col_str(s, a, 3),
                                 .product_id = col_str(s, a, 4),
                                 .pricing_option_id = col_str(s, a, 5),
                                 .pricing_model = col_str(s, a, 6),
                                 .rate_micros = col_i64(s, 7),
                                 .budget_micros = col_i64(s, 8),
                                 .previous_budget_micros = col_is_null(s, 9) ? -1 : col_i64(s, 9),
                                 .impressions_goal = col_is_null(s, 10) ? -1 : col_i64(s, 10),
                                 .pacing = col_str(s, a, 11),
                                 .start_at = col_i64(s, 12),
                                 .end_at = col_i64(s, 13),
                                 .paused = col_i64(s, 14) != 0,
                                 .canceled_at = col_time(s, 15),
                                 .remote_id = col_str(s, a, 16),
                                 .doc = col_str(s, a, 17),
                                 .performance_ppm = col_i64(s, 18),
                                 .ad_server = col_str(s, a, 19) };
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
            stmt_get(tx, "SELECT " PACKAGE " FROM package WHERE media_buy_id = ? ORDER BY ordinal");
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

static void bind_i64_or_null(struct stmt *s, int index, int64_t v)
{
    if (v < 0) {
        stmt_null(s, index);
    } else {
        stmt_i64(s, index, v);
    }
}

static int bind_package(struct stmt *s, const struct package_row *r)
{
    int i = 1;
    stmt_str(s, i++, r->name);
    stmt_i64(s, i++, r->rate_micros);
    stmt_i64(s, i++, r->budget_micros);
    bind_i64_or_null(s, i++, r->previous_budget_micros);
    bind_i64_or_null(s, i++, r->impressions_goal);
    stmt_str(s, i++, r->pacing);
    stmt_i64(s, i++, r->start_at);
    stmt_i64(s, i++, r->end_at);
    stmt_i64(s, i++, r->paused);
    stmt_time(s, i++, r->canceled_at);
    stmt_str_or_null(s, i++, r->remote_id.n ? r->remote_id : STR_NONE);
    stmt_str(s, i++, r->ad_server);
    stmt_str(s, i++, r->doc.n ? r->doc : STR("{}"));
    return i;
}

int q_package_insert(struct tx *tx, const struct package_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "INSERT INTO package (name, rate_micros, budget_micros, previous_budget_micros, impressions_goal, pacing,"
        " start_at, end_at, paused, canceled_at, remote_id, ad_server, doc, media_buy_id, ordinal, package_id, product_id,"
        " pricing_option_id, pricing_model) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    int i = bind_package(s, row);
    stmt_str(s, i++, row->media_buy_id);
    stmt_i64(s, i++, row->ordinal);
    stmt_str(s, i++, row->package_id);
    stmt_str(s, i++, row->product_id);
    stmt_str(s, i++, row->pricing_option_id);
    stmt_str(s, i++, row->pricing_model);
    return stmt_run(s, e);
}

int q_package_update(struct tx *tx, const struct package_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "UPDATE package SET name = ?, rate_micros = ?, budget_micros = ?, previous_budget_micros = ?,"
            " impressions_goal = ?, pacing = ?, start_at = ?, end_at = ?, paused = ?, canceled_at = ?, remote_id = ?,"
            " ad_server = ?, doc = ? WHERE media_buy_id = ? AND ordinal = ?");
    int i = bind_package(s, row);
    stmt_str(s, i++, row->media_buy_id);
    stmt_i64(s, i++, row->ordinal);
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
        tx, "INSERT INTO media_buy_history (media_buy_id, seq, revision, at, actor, action, summary, package_id)"
            " VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM media_buy_history WHERE media_buy_id = ?1),"
            " ?2, ?3, ?4, ?5, ?6, ?7)");
    stmt_str(s, 1, row->media_buy_id);
    stmt_i64(s, 2, row->revision);
    stmt_i64(s, 3, row->at);
    stmt_str(s, 4, row->actor);
    stmt_str(s, 5, row->action);
    stmt_str(s, 6, row->summary);
    stmt_str(s, 7, row->package_id);
    return stmt_run(s, e);
}

int q_history_list(struct tx *tx, struct arena *a, struct str media_buy_id, int limit, struct history_row **rows,
                   size_t *n, struct err *e)
{
    ENSURE(limit > 0 && limit <= 1000);
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT revision, at, actor, action, summary, package_id FROM"
                                            " media_buy_history WHERE media_buy_id = ? ORDER BY seq DESC LIMIT ?");
    stmt_str(s, 1, media_buy_id);
    stmt_i64(s, 2, limit);
    struct history_row *list = ARENA_ARRAY(a, struct history_row, (size_t)limit);
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        list[count++] = (struct history_row){ .media_buy_id = media_buy_id,
                                              .revision = col_i64(s, 0),
                                              .at = col_i64(s, 1),
                                              .actor = col_str(s, a, 2),
                                              .action = col_str(s, a, 3),
                                              .summary = col_str(s, a, 4),
                                              .package_id = col_str(s, a, 5) };
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
