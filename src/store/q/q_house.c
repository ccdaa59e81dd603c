#include "store/q/q_house.h"

#include "store/stmt.h"

/* ---- keys ---- */

static const char *const kinds[] = { "publisher", "package", "creative" };

/* The two ids are separated by a line feed, which no id can hold. */
struct str house_creative_owner(struct arena *a, struct str tenant_id, struct str principal_id)
{
    return arena_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(tenant_id), STR_ARG(principal_id));
}

bool house_creative_owner_read(struct str owner, struct str *tenant_id, struct str *principal_id)
{
    const char *end = owner.n ? memchr(owner.p, '\n', owner.n) : NULL;
    if (!end) return false;
    *tenant_id = (struct str){ owner.p, (size_t)(end - owner.p) };
    *principal_id = str_skip(owner, tenant_id->n + 1);
    return true;
}

static void bind_key(struct stmt *s, enum house_key_kind kind, struct str owner, struct str id)
{
    stmt_str(s, 1, str_from(kinds[kind]));
    stmt_str(s, 2, owner);
    stmt_str(s, 3, id);
}

int q_house_key_get(struct tx *tx, enum house_key_kind kind, struct str owner, struct str id, int64_t *key,
                    struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT house_key FROM house_key WHERE kind = ? AND owner = ? AND id = ?");
    bind_key(s, kind, owner, id);
    int rc = stmt_step(s, e);
    if (rc == 1) *key = col_i64(s, 0);
    return rc;
}

int q_house_key_make(struct tx *tx, enum house_key_kind kind, struct str owner, struct str id, int64_t *key,
                     struct err *e)
{
    int found = q_house_key_get(tx, kind, owner, id, key, e);
    if (found) return found < 0 ? -1 : 0;
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO house_key (kind, owner, id) VALUES (?, ?, ?)");
    bind_key(s, kind, owner, id);
    if (stmt_run(s, e)) return -1;
    *key = tx_last_rowid(tx);
    return 0;
}

int q_house_key_name(struct tx *tx, struct arena *a, int64_t key, struct str *owner, struct str *id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT owner, id FROM house_key WHERE house_key = ?");
    stmt_i64(s, 1, key);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *owner = col_str(s, a, 0);
    *id = col_str(s, a, 1);
    return 1;
}

/* ---- publishers ---- */

int q_house_publisher_add(struct tx *tx, struct str tenant_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO house_publisher (tenant_id, seq) VALUES (?,"
                                            " (SELECT coalesce(max(seq), 0) + 1 FROM house_publisher))"
                                            " ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq");
    stmt_str(s, 1, tenant_id);
    return stmt_run(s, e);
}

int q_house_publishers_since(struct tx *tx, struct arena *a, int64_t seq, size_t max, struct house_publisher_rows *out,
                             struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT tenant_id, seq FROM house_publisher WHERE seq > ? ORDER BY seq LIMIT ?");
    struct house_publisher_rows list = { ARENA_ARRAY(a, struct house_publisher_row, max + 1), 0 };
    int rc = 0;
    stmt_i64(s, 1, seq);
    stmt_i64(s, 2, (int64_t)max);
    while (list.n < max && (rc = stmt_step(s, e)) == 1) {
        list.rows[list.n++] = (struct house_publisher_row){ col_str(s, a, 0), col_i64(s, 1) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

/* ---- buys ---- */

static int next_change(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE house_change SET seq = seq + 1");
    return stmt_run(s, e);
}

int q_house_buy_touch(struct tx *tx, struct str tenant_id, struct str media_buy_id, struct err *e)
{
    if (next_change(tx, e)) return -1;
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO house_buy (media_buy_id, tenant_id, seq)"
                                            " SELECT ?, ?, seq FROM house_change WHERE true"
                                            " ON CONFLICT (media_buy_id) DO UPDATE SET seq = excluded.seq");
    stmt_str(s, 1, media_buy_id);
    stmt_str(s, 2, tenant_id);
    return stmt_run(s, e);
}

int q_house_buy_accrued_get(struct tx *tx, struct str media_buy_id, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT accrued_at FROM house_buy WHERE media_buy_id = ?");
    stmt_str(s, 1, media_buy_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *at = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

int q_house_buy_accrued_put(struct tx *tx, struct str media_buy_id, int64_t at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE house_buy SET accrued_at = ? WHERE media_buy_id = ?");
    stmt_i64(s, 1, at);
    stmt_str(s, 2, media_buy_id);
    return stmt_run(s, e);
}

int q_house_buy_forget(struct tx *tx, struct str media_buy_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM house_buy WHERE media_buy_id = ?");
    stmt_str(s, 1, media_buy_id);
    return stmt_run(s, e);
}

int q_house_buys_since(struct tx *tx, struct arena *a, int64_t seq, size_t max, struct house_buy_rows *out,
                       struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT media_buy_id, tenant_id, seq FROM house_buy WHERE seq > ? ORDER BY seq, media_buy_id LIMIT ?");
    struct house_buy_rows list = { ARENA_ARRAY(a, struct house_buy_row, max + 1), 0 };
    int rc = 0;
    stmt_i64(s, 1, seq);
    stmt_i64(s, 2, (int64_t)max);
    while (list.n < max && (rc = stmt_step(s, e)) == 1) {
        list.rows[list.n++] = (struct house_buy_row){ col_str(s, a, 0), col_str(s, a, 1), col_i64(s, 2) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

int q_house_buys_of(struct tx *tx, struct arena *a, struct str tenant_id, struct house_buy_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT media_buy_id, seq FROM house_buy WHERE tenant_id = ? ORDER BY media_buy_id");
    struct house_buy_rows list = { NULL, 0 };
    size_t cap = 0;
    int rc;
    stmt_str(s, 1, tenant_id);
    while ((rc = stmt_step(s, e)) == 1) {
        if (list.n == cap) {
            struct house_buy_row *more = ARENA_ARRAY(a, struct house_buy_row, cap ? 2 * cap : 32);
            if (list.n) memcpy(more, list.rows, list.n * sizeof(*more));
            cap = cap ? 2 * cap : 32;
            list.rows = more;
        }
        list.rows[list.n++] = (struct house_buy_row){ col_str(s, a, 0), tenant_id, col_i64(s, 1) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

/* ---- a batch ---- */

int q_house_count_add(struct tx *tx, const struct house_count_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO house_count (package, hour_at, slot, creative, event, invalid, n) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (package, hour_at, slot, creative, event, invalid) DO UPDATE SET n = n + excluded.n");
    stmt_i64(s, 1, row->package);
    stmt_i64(s, 2, row->hour_at);
    stmt_i64(s, 3, row->slot);
    stmt_i64(s, 4, row->creative);
    stmt_i64(s, 5, row->event);
    stmt_i64(s, 6, row->invalid);
    stmt_i64(s, 7, row->n);
    return stmt_run(s, e);
}

int q_house_way_put(struct tx *tx, int64_t package, int64_t n, int64_t at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO house_way (package, n, at) VALUES (?, ?, ?)");
    stmt_i64(s, 1, package);
    stmt_i64(s, 2, n);
    stmt_i64(s, 3, at);
    return stmt_run(s, e);
}

int q_house_way_get(struct tx *tx, int64_t package, int64_t *n, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT n, at FROM house_way WHERE package = ?");
    stmt_i64(s, 1, package);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *n = col_i64(s, 0);
    *at = col_i64(s, 1);
    return 1;
}

int q_house_used_add(struct tx *tx, int64_t at, struct str tokens, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO house_used (at, tokens) VALUES (?, ?)");
    stmt_i64(s, 1, at);
    stmt_blob(s, 2, tokens);
    return stmt_run(s, e);
}

int q_house_epoch_put(struct tx *tx, int64_t epoch, int64_t until_ms, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO house_epoch (epoch, until_ms) VALUES (?, ?)");
    stmt_i64(s, 1, epoch);
    stmt_i64(s, 2, until_ms);
    return stmt_run(s, e);
}

int q_house_exposure_put(struct tx *tx, const struct house_exposure_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO house_exposure (package, visitor, useful_until_s, seen) VALUES (?, ?, ?, ?)"
                     " ON CONFLICT (package, visitor) DO UPDATE SET useful_until_s ="
                     " excluded.useful_until_s, seen = excluded.seen");
    stmt_i64(s, 1, row->package);
    stmt_i64(s, 2, row->visitor);
    stmt_i64(s, 3, row->useful_until_s);
    stmt_blob(s, 4, row->seen);
    return stmt_run(s, e);
}

int q_house_place_put(struct tx *tx, const struct house_place_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO house_place (slot, key, package, creative, asked_s)"
                                            " VALUES (?, ?, ?, ?, ?)");
    stmt_i64(s, 1, row->slot);
    stmt_i64(s, 2, row->key);
    stmt_i64(s, 3, row->package);
    stmt_i64(s, 4, row->creative);
    stmt_i64(s, 5, row->asked_s);
    return stmt_run(s, e);
}

int q_house_history_put(struct tx *tx, int64_t slot, struct str week, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO house_history (slot, week) VALUES (?, ?)");
    stmt_i64(s, 1, slot);
    stmt_blob(s, 2, week);
    return stmt_run(s, e);
}

int q_house_facts_close(struct tx *tx, struct str tenant_id, struct str source, int64_t day_at, int64_t *n,
                        struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE delivery_fact SET is_final = 1 WHERE media_buy_id IN (SELECT media_buy_id FROM house_buy"
                     " WHERE tenant_id = ?) AND source = ? AND day_at < ? AND is_final = 0");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, source);
    stmt_i64(s, 3, day_at);
    if (stmt_run(s, e)) return -1;
    *n = tx_changes(tx);
    return 0;
}

/* ---- at the start ---- */

int q_house_epochs(struct tx *tx, void (*each)(void *arg, int64_t epoch, int64_t until_ms), void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT epoch, until_ms FROM house_epoch ORDER BY until_ms");
    int rc;
    while ((rc = stmt_step(s, e)) == 1) each(arg, col_i64(s, 0), col_i64(s, 1));
    return rc;
}

int q_house_used(struct tx *tx, int64_t since, void (*each)(void *arg, struct str tokens), void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tokens FROM house_used WHERE at >= ? ORDER BY at");
    struct arena a;
    int rc;
    stmt_i64(s, 1, since);
    for (;;) {
        arena_init(&a);
        rc = stmt_step(s, e);
        if (rc == 1) each(arg, col_str(s, &a, 0));
        arena_finish(&a);
        if (rc != 1) return rc;
    }
}

int q_house_exposures(struct tx *tx, int64_t now_s, void (*each)(void *arg, const struct house_exposure_row *row),
                      void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT package, visitor, useful_until_s, seen FROM house_exposure WHERE useful_until_s > ?");
    struct arena a;
    int rc;
    stmt_i64(s, 1, now_s);
    for (;;) {
        arena_init(&a);
        rc = stmt_step(s, e);
        if (rc == 1)
            each(arg, &(struct house_exposure_row){ col_i64(s, 0), col_i64(s, 1), col_i64(s, 2), col_str(s, &a, 3) });
        arena_finish(&a);
        if (rc != 1) return rc;
    }
}

int q_house_places(struct tx *tx, int64_t since_s, void (*each)(void *arg, const struct house_place_row *row),
                   void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT slot, key, package, creative, asked_s FROM house_place WHERE asked_s > ? ORDER BY asked_s");
    int rc;
    stmt_i64(s, 1, since_s);
    while ((rc = stmt_step(s, e)) == 1) {
        each(arg,
             &(struct house_place_row){ col_i64(s, 0), col_i64(s, 1), col_i64(s, 2), col_i64(s, 3), col_i64(s, 4) });
    }
    return rc;
}

int q_house_histories(struct tx *tx, void (*each)(void *arg, int64_t slot, struct str week), void *arg, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT slot, week FROM house_history");
    struct arena a;
    int rc;
    for (;;) {
        arena_init(&a);
        rc = stmt_step(s, e);
        if (rc == 1) each(arg, col_i64(s, 0), col_str(s, &a, 1));
        arena_finish(&a);
        if (rc != 1) return rc;
    }
}

/* ---- expiry ---- */

static int gone(struct stmt *s, struct tx *tx, int64_t before, int64_t max, int64_t *n, struct err *e)
{
    stmt_i64(s, 1, before);
    stmt_i64(s, 2, max);
    if (stmt_run(s, e)) return -1;
    *n += tx_changes(tx);
    return 0;
}

static int expire_counts(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "DELETE FROM house_count WHERE (package, hour_at, slot, creative, event, invalid) IN (SELECT package, hour_at, slot,"
        " creative, event, invalid FROM house_count WHERE hour_at < ? LIMIT ?)");
    return gone(s, tx, x->counts_before, x->max, n, e);
}

static int expire_used(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM house_used WHERE used_id IN (SELECT used_id FROM house_used WHERE at < ? LIMIT ?)");
    return gone(s, tx, x->used_before, x->max, n, e);
}

static int expire_epochs(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "DELETE FROM house_epoch WHERE epoch IN (SELECT epoch FROM house_epoch WHERE until_ms < ? LIMIT ?)");
    return gone(s, tx, x->epochs_before_ms, x->max, n, e);
}

static int expire_exposures(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM house_exposure WHERE (package, visitor) IN (SELECT package, visitor"
                     " FROM house_exposure WHERE useful_until_s < ? LIMIT ?)");
    return gone(s, tx, x->exposures_before_s, x->max, n, e);
}

static int expire_places(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM house_place WHERE (slot, key) IN (SELECT slot, key FROM house_place"
                     " WHERE asked_s < ? LIMIT ?)");
    return gone(s, tx, x->places_before_s, x->max, n, e);
}

int q_house_expire_counts(struct tx *tx, struct str tenant_id, int64_t before, int64_t max, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "DELETE FROM house_count WHERE (package, hour_at, slot, creative, event, invalid) IN (SELECT c.package, c.hour_at,"
        " c.slot, c.creative, c.event, c.invalid FROM house_key x CROSS JOIN house_count c ON c.package = x.house_key"
        " AND c.hour_at < ?1 WHERE x.kind = 'package' AND x.owner = ?3 LIMIT ?2)");
    *n = 0;
    stmt_str(s, 3, tenant_id);
    return gone(s, tx, before, max, n, e);
}

int q_house_expire(struct tx *tx, const struct house_expiry *x, int64_t *n, struct err *e)
{
    *n = 0;
    return expire_counts(tx, x, n, e) || expire_used(tx, x, n, e) || expire_epochs(tx, x, n, e) ||
                   expire_exposures(tx, x, n, e) || expire_places(tx, x, n, e)
               ? -1
               : 0;
}

/* ---- reports ---- */

/* Packages that ran in these hours, by their media buys: those that ended earlier are many. What comes in late comes within a day
 * of the end. */
#define OF_BUY(buy)        " AND m.media_buy_id = " buy
#define RAN(buy, from, to) " AND " buy " = '' AND m.end_at > " from " - 86400000000 AND m.start_at < " to
#define PACKAGES                                                                                                       \
    " CROSS JOIN package y ON y.media_buy_id = m.media_buy_id CROSS JOIN house_key x ON x.kind = 'package'"            \
    " AND x.owner = m.tenant_id AND x.id = y.package_id"
#define REPORT                                                                                                         \
    "SELECT CASE WHEN ?1 THEN c.package ELSE 0 END AS p, CASE WHEN ?2 THEN c.creative ELSE 0 END AS k,"                \
    " CASE WHEN ?3 THEN c.slot ELSE 0 END AS s, CASE WHEN ?4 THEN c.hour_at ELSE 0 END AS h, c.event, c.invalid,"      \
    " sum(c.n) FROM media_buy m"
#define REPORT_COUNTS                                                                                                  \
    PACKAGES " CROSS JOIN house_count c ON c.package = x.house_key"                                                    \
             " AND c.hour_at >= ?5 AND c.hour_at < ?6 WHERE m.tenant_id = ?7"
#define REPORT_ORDER " GROUP BY p, k, s, h, c.event, c.invalid ORDER BY p, h, k, s, c.event, c.invalid LIMIT ?9"

int q_house_report(struct tx *tx, struct arena *a, const struct house_report_ask *ask, struct house_report_rows *out,
                   struct err *e)
{
    static const char report_of_buy[] = REPORT REPORT_COUNTS OF_BUY("?8") REPORT_ORDER;
    static const char report_of_all[] =
        REPORT " INDEXED BY media_buy_by_end" REPORT_COUNTS RAN("?8", "?5", "?6") REPORT_ORDER;
    AUTO_STMT struct stmt *s = stmt_get(tx, ask->media_buy_id.n ? report_of_buy : report_of_all);
    struct house_report_rows list = { ARENA_ARRAY(a, struct house_count_row, ask->max + 1), 0, false };
    int rc = 0;
    stmt_i64(s, 1, ask->by_package);
    stmt_i64(s, 2, ask->by_creative);
    stmt_i64(s, 3, ask->by_slot);
    stmt_i64(s, 4, ask->by_hour);
    stmt_i64(s, 5, ask->from);
    stmt_i64(s, 6, ask->to);
    stmt_str(s, 7, ask->tenant_id);
    stmt_str(s, 8, ask->media_buy_id);
    stmt_i64(s, 9, (int64_t)ask->max + 1);
    while ((rc = stmt_step(s, e)) == 1) {
        list.more = list.n == ask->max;
        if (list.more) break;
        list.rows[list.n++] = (struct house_count_row){ .package = col_i64(s, 0),
                                                        .creative = col_i64(s, 1),
                                                        .slot = col_i64(s, 2),
                                                        .hour_at = col_i64(s, 3),
                                                        .event = (int)col_i64(s, 4),
                                                        .invalid = (int)col_i64(s, 5),
                                                        .n = col_i64(s, 6) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

int q_house_requests(struct tx *tx, struct arena *a, const struct house_report_ask *ask, int event,
                     struct house_report_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT CASE WHEN ?1 THEN c.slot ELSE 0 END AS s, sum(c.n) FROM house_count c"
            " CROSS JOIN slot z ON z.slot_key = c.slot WHERE c.package = 0 AND c.hour_at >= ?2 AND c.hour_at < ?3"
            " AND c.event = ?4 AND c.invalid = 0 AND z.tenant_id = ?5 GROUP BY s ORDER BY s LIMIT ?6");
    struct house_report_rows list = { ARENA_ARRAY(a, struct house_count_row, ask->max + 1), 0, false };
    int rc = 0;
    stmt_i64(s, 1, ask->by_slot);
    stmt_i64(s, 2, ask->from);
    stmt_i64(s, 3, ask->to);
    stmt_i64(s, 4, event);
    stmt_str(s, 5, ask->tenant_id);
    stmt_i64(s, 6, (int64_t)ask->max + 1);
    while ((rc = stmt_step(s, e)) == 1) {
        list.more = list.n == ask->max;
        if (list.more) break;
        list.rows[list.n++] = (struct house_count_row){ .slot = col_i64(s, 0), .event = event, .n = col_i64(s, 1) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

int q_house_parts(struct tx *tx, const struct house_report_ask *ask,
                  void (*each)(void *arg, const struct house_count_row *row), void *arg, struct err *e)
{
#define PARTS "SELECT c.package, c.creative, c.slot, c.event, sum(c.n) FROM media_buy m"
#define PARTS_COUNTS                                                                                                   \
    PACKAGES " CROSS JOIN house_count c ON c.package = x.house_key AND c.hour_at >= ?1 AND c.hour_at < ?2"             \
             " WHERE m.tenant_id = ?3 AND c.invalid = 0"
#define PARTS_ORDER " GROUP BY c.package, c.creative, c.slot, c.event ORDER BY c.package, c.creative, c.slot, c.event"
    static const char parts_of_buy[] = PARTS PARTS_COUNTS OF_BUY("?4") PARTS_ORDER;
    static const char parts_of_all[] =
        PARTS " INDEXED BY media_buy_by_end" PARTS_COUNTS RAN("?4", "?1", "?2") PARTS_ORDER;
    AUTO_STMT struct stmt *s = stmt_get(tx, ask->media_buy_id.n ? parts_of_buy : parts_of_all);
    int rc;
    stmt_i64(s, 1, ask->from);
    stmt_i64(s, 2, ask->to);
    stmt_str(s, 3, ask->tenant_id);
    stmt_str(s, 4, ask->media_buy_id);
    while ((rc = stmt_step(s, e)) == 1) {
        struct house_count_row row = { .package = col_i64(s, 0),
                                       .creative = col_i64(s, 1),
                                       .slot = col_i64(s, 2),
                                       .event = (int)col_i64(s, 3),
                                       .n = col_i64(s, 4) };
        each(arg, &row);
    }
    return rc;
}

int q_house_facts(struct tx *tx, struct arena *a, const struct house_fact_ask *ask, struct house_fact_row **rows,
                  size_t *n, struct err *e)
{
#define FACTS                                                                                                          \
    "SELECT x.house_key, m.currency, y.pricing_model, sum(f.impressions), sum(f.clicks), sum(f.views),"                \
    " sum(f.completed_views), sum(f.viewable), sum(f.spend_micros) FROM media_buy m"
#define FACTS_DAYS                                                                                                     \
    PACKAGES " CROSS JOIN delivery_fact f ON f.media_buy_id = y.media_buy_id AND f.package_id = y.package_id"          \
             " AND f.day_at >= ?1 AND f.day_at < ?2 AND f.source = ?3 WHERE m.tenant_id = ?4"
#define FACTS_ORDER " GROUP BY x.house_key ORDER BY x.house_key"
    static const char facts_of_buy[] = FACTS FACTS_DAYS OF_BUY("?5") FACTS_ORDER;
    static const char facts_of_all[] =
        FACTS " INDEXED BY media_buy_by_end" FACTS_DAYS RAN("?5", "?1", "?2") FACTS_ORDER;
    AUTO_STMT struct stmt *s = stmt_get(tx, ask->media_buy_id.n ? facts_of_buy : facts_of_all);
    static const enum metric columns[] = { METRIC_IMPRESSIONS,     METRIC_CLICKS,   METRIC_VIEWS,
                                           METRIC_COMPLETED_VIEWS, METRIC_VIEWABLE, METRIC_SPEND };
    struct house_fact_row *list = NULL;
    size_t cap = 0, count = 0;
    int rc;
    stmt_i64(s, 1, ask->from_day_at);
    stmt_i64(s, 2, ask->to_day_at);
    stmt_str(s, 3, ask->source);
    stmt_str(s, 4, ask->tenant_id);
    stmt_str(s, 5, ask->media_buy_id);
    while ((rc = stmt_step(s, e)) == 1) {
        if (count == cap) {
            struct house_fact_row *more = ARENA_ARRAY(a, struct house_fact_row, cap ? 2 * cap : 64);
            if (count) memcpy(more, list, count * sizeof(*more));
            cap = cap ? 2 * cap : 64;
            list = more;
        }
        struct house_fact_row *row = &list[count++];
        *row = (struct house_fact_row){ .package = col_i64(s, 0),
                                        .currency = col_str(s, a, 1),
                                        .pricing_model = col_str(s, a, 2) };
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) row->delivered.of[columns[i]] = col_i64(s, 3 + (int)i);
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
