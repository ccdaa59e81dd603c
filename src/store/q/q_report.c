#include "store/q/q_report.h"

#include "store/stmt.h"

int q_report_get(struct tx *tx, struct arena *a, struct str media_buy_id, struct report_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, frequency, metrics, version, period_start, sequence,"
                                            " is_delayed, is_final, updated_at FROM report_schedule"
                                            " WHERE media_buy_id = ?");
    stmt_str(s, 1, media_buy_id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct report_row){ .media_buy_id = media_buy_id,
                                .tenant_id = col_str(s, a, 0),
                                .frequency = col_str(s, a, 1),
                                .metrics = col_str(s, a, 2),
                                .version = col_i64(s, 3),
                                .period_start = col_i64(s, 4),
                                .sequence = col_i64(s, 5),
                                .is_delayed = col_i64(s, 6) != 0,
                                .is_final = col_i64(s, 7) != 0,
                                .updated_at = col_i64(s, 8) };
    return 1;
}

int q_report_put(struct tx *tx, const struct report_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT OR REPLACE INTO report_schedule (media_buy_id, tenant_id, frequency, metrics, version,"
            " period_start, sequence, is_delayed, is_final, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->media_buy_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->frequency);
    stmt_str(s, 4, row->metrics);
    stmt_i64(s, 5, row->version);
    stmt_i64(s, 6, row->period_start);
    stmt_i64(s, 7, row->sequence);
    stmt_i64(s, 8, row->is_delayed);
    stmt_i64(s, 9, row->is_final);
    stmt_i64(s, 10, row->updated_at);
    return stmt_run(s, e);
}
