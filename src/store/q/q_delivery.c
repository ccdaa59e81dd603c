#include "store/q/q_delivery.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define METRIC_COLUMNS                                                                                                 \
    "impressions, clicks, spend_micros, views, completed_views, measurable, viewable, conversions, grp_hundredths"
_Static_assert(METRICS_N == 9 && METRIC_IMPRESSIONS == 0 && METRIC_GRP_HUNDREDTHS == 8,
               "METRIC_COLUMNS lists the metrics in the order of the enum");

static void read_metrics(struct stmt *s, int column, struct delivered *out)
{
    for (int m = 0; m < METRICS_N; m++) {
        out->of[m] = col_is_null(s, column + m) ? METRIC_UNKNOWN : col_i64(s, column + m);
    }
}

int q_facts_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct fact_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT package_id, day_at, source, is_final, read_at, " METRIC_COLUMNS
                                            " FROM delivery_fact WHERE media_buy_id = ?"
                                            " ORDER BY package_id, day_at, source");
    stmt_str(s, 1, media_buy_id);
    size_t n = 0, cap = 0;
    struct fact_row *rows = NULL;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (n == cap) {
            size_t grown = cap ? 2 * cap : 32;
            struct fact_row *more = ARENA_ARRAY(a, struct fact_row, grown);
            if (n) memcpy(more, rows, n * sizeof(*rows));
            rows = more;
            cap = grown;
        }
        struct fact_row *r = &rows[n++];
        *r = (struct fact_row){ .media_buy_id = media_buy_id,
                                .package_id = col_str(s, a, 0),
                                .day_at = col_i64(s, 1),
                                .source = col_str(s, a, 2),
                                .is_final = col_i64(s, 3) != 0,
                                .read_at = col_i64(s, 4) };
        read_metrics(s, 5, &r->delivered);
    }
    if (rc < 0) return -1;
    *out = (struct fact_rows){ rows, n };
    return 0;
}

int q_fact_get(struct tx *tx, struct fact_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT is_final, read_at, " METRIC_COLUMNS " FROM delivery_fact"
                                            " WHERE media_buy_id = ? AND package_id = ? AND day_at = ? AND source = ?");
    stmt_str(s, 1, row->media_buy_id);
    stmt_str(s, 2, row->package_id);
    stmt_i64(s, 3, row->day_at);
    stmt_str(s, 4, row->source);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    row->is_final = col_i64(s, 0) != 0;
    row->read_at = col_i64(s, 1);
    read_metrics(s, 2, &row->delivered);
    return 1;
}

int q_fact_sum(struct tx *tx, struct str media_buy_id, struct str package_id, struct str source, struct delivered *out,
               struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT sum(impressions), sum(clicks), sum(spend_micros), sum(views), sum(completed_views),"
                     " sum(measurable), sum(viewable), sum(conversions), sum(grp_hundredths) FROM delivery_fact"
                     " WHERE media_buy_id = ? AND package_id = ? AND source = ?");
    stmt_str(s, 1, media_buy_id);
    stmt_str(s, 2, package_id);
    stmt_str(s, 3, source);
    if (stmt_step(s, e) != 1) return -1;
    read_metrics(s, 0, out);
    return 0;
}

int q_fact_last_day(struct tx *tx, struct str media_buy_id, struct str package_id, struct str source, int64_t *day_at,
                    struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT day_at FROM delivery_fact WHERE media_buy_id = ?"
                                            " AND package_id = ? AND source = ? ORDER BY day_at DESC LIMIT 1");
    stmt_str(s, 1, media_buy_id);
    stmt_str(s, 2, package_id);
    stmt_str(s, 3, source);
    int rc = stmt_step(s, e);
    if (rc == 1) *day_at = col_i64(s, 0);
    return rc;
}

static void bind_metrics(struct stmt *s, int from, const struct delivered *d)
{
    for (int m = 0; m < METRICS_N; m++) {
        if (d->of[m] == METRIC_UNKNOWN) stmt_null(s, from + m);
        else stmt_i64(s, from + m, d->of[m]);
    }
}

int q_fact_put(struct tx *tx, const struct fact_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO delivery_fact (media_buy_id, package_id, day_at,"
                                            " source, is_final, read_at, " METRIC_COLUMNS
                                            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->media_buy_id);
    stmt_str(s, 2, row->package_id);
    stmt_i64(s, 3, row->day_at);
    stmt_str(s, 4, row->source);
    stmt_i64(s, 5, row->is_final);
    stmt_i64(s, 6, row->read_at);
    bind_metrics(s, 7, &row->delivered);
    return stmt_run(s, e);
}

int q_creative_fact_put(struct tx *tx, const struct creative_fact_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT OR REPLACE INTO creative_fact (media_buy_id, package_id, creative_id,"
                     " day_at, source, " METRIC_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->media_buy_id);
    stmt_str(s, 2, row->package_id);
    stmt_str(s, 3, row->creative_id);
    stmt_i64(s, 4, row->day_at);
    stmt_str(s, 5, row->source);
    bind_metrics(s, 6, &row->delivered);
    return stmt_run(s, e);
}

int q_creative_fact_get(struct tx *tx, struct creative_fact_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " METRIC_COLUMNS " FROM creative_fact WHERE media_buy_id = ?"
                                            " AND package_id = ? AND creative_id = ? AND day_at = ? AND source = ?");
    stmt_str(s, 1, row->media_buy_id);
    stmt_str(s, 2, row->package_id);
    stmt_str(s, 3, row->creative_id);
    stmt_i64(s, 4, row->day_at);
    stmt_str(s, 5, row->source);
    int rc = stmt_step(s, e);
    if (rc == 1) read_metrics(s, 0, &row->delivered);
    return rc;
}

int q_creative_facts_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct creative_fact_rows *out,
                            struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT package_id, creative_id, day_at, source, " METRIC_COLUMNS
                                            " FROM creative_fact WHERE media_buy_id = ?"
                                            " ORDER BY package_id, creative_id, day_at, source");
    struct creative_fact_row *rows = NULL;
    size_t n = 0, cap = 0;
    int rc;
    stmt_str(s, 1, media_buy_id);
    while ((rc = stmt_step(s, e)) == 1) {
        if (n == cap) {
            size_t grown = cap ? 2 * cap : 32;
            struct creative_fact_row *more = ARENA_ARRAY(a, struct creative_fact_row, grown);
            if (n) memcpy(more, rows, n * sizeof(*rows));
            rows = more;
            cap = grown;
        }
        struct creative_fact_row *r = &rows[n++];
        *r = (struct creative_fact_row){ .media_buy_id = media_buy_id,
                                         .package_id = col_str(s, a, 0),
                                         .creative_id = col_str(s, a, 1),
                                         .day_at = col_i64(s, 2),
                                         .source = col_str(s, a, 3) };
        read_metrics(s, 4, &r->delivered);
    }
    if (rc < 0) return -1;
    *out = (struct creative_fact_rows){ rows, n };
    return 0;
}

int q_remote_package_put(struct tx *tx, struct str package_id, struct str remote_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE package SET remote_id = ? WHERE package_id = ?");
    stmt_str(s, 1, remote_id);
    stmt_str(s, 2, package_id);
    return stmt_run(s, e);
}

int q_remote_creative_id_put(struct tx *tx, struct str media_buy_id, struct str creative_id, struct str remote_id,
                             struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE creative_assignment SET remote_id = ?3"
                                            " WHERE media_buy_id = ?1 AND creative_id = ?2");
    stmt_str(s, 1, media_buy_id);
    stmt_str(s, 2, creative_id);
    stmt_str_or_null(s, 3, remote_id.n ? remote_id : STR_NONE);
    return stmt_run(s, e);
}

int q_creative_sent_put(struct tx *tx, const struct remote_creative *r, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE creative_assignment SET sent_at = ? WHERE package_id = ? AND creative_id = ?");
    stmt_i64(s, 1, r->sent_at);
    stmt_str(s, 2, r->package_id);
    stmt_str(s, 3, r->creative_id);
    return stmt_run(s, e);
}

int q_feedback_insert(struct tx *tx, const struct feedback_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO feedback (feedback_id, tenant_id, media_buy_id, package_id, at,"
                     " doc) VALUES (?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->feedback_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->media_buy_id);
    stmt_str(s, 4, row->package_id);
    stmt_i64(s, 5, row->at);
    stmt_str(s, 6, row->doc);
    return stmt_run(s, e);
}

int q_feedback_list(struct tx *tx, struct arena *a, struct str media_buy_id, int limit, struct feedback_row **rows,
                    size_t *n, struct err *e)
{
    ENSURE(limit > 0);
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT feedback_id, tenant_id, package_id, at, doc FROM feedback"
                                            " WHERE media_buy_id = ? ORDER BY feedback_id DESC LIMIT ?");
    stmt_str(s, 1, media_buy_id);
    stmt_i64(s, 2, limit);
    struct feedback_row *list = ARENA_ARRAY(a, struct feedback_row, (size_t)limit);
    size_t count = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        list[count++] = (struct feedback_row){ .feedback_id = col_str(s, a, 0),
                                               .tenant_id = col_str(s, a, 1),
                                               .media_buy_id = media_buy_id,
                                               .package_id = col_str(s, a, 2),
                                               .at = col_i64(s, 3),
                                               .doc = col_str(s, a, 4) };
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
