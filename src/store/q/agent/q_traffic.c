#include "store/q/agent/q_traffic.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define FORGET_EVERY 64 /* rows; what is too many meanwhile is not listed */

static int forget_oldest(struct tx *tx, const struct traffic_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "DELETE FROM sandbox_traffic WHERE tenant_id = ?1 AND principal_id = ?2 AND seq <= (SELECT seq FROM"
        " sandbox_traffic WHERE tenant_id = ?1 AND principal_id = ?2 ORDER BY sent_at DESC, seq DESC LIMIT 1 OFFSET ?3)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_i64(s, 3, TRAFFIC_KEPT);
    return stmt_run(s, e);
}

int q_traffic_insert(struct tx *tx, const struct traffic_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO sandbox_traffic (tenant_id, principal_id, sent_at, method, url, content_type, body,"
                     " http_status, purpose) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_i64(s, 3, row->sent_at);
    stmt_str(s, 4, row->method);
    stmt_str(s, 5, row->url);
    stmt_str(s, 6, row->content_type);
    stmt_str(s, 7, row->body);
    stmt_i64(s, 8, row->http_status);
    stmt_str(s, 9, row->purpose);
    if (stmt_run(s, e)) return -1;
    return tx_last_rowid(tx) % FORGET_EVERY ? 0 : forget_oldest(tx, row, e);
}

int q_traffic_list(struct tx *tx, struct arena *a, const struct traffic_filter *f, struct traffic_row **rows, size_t *n,
                   struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT sent_at, method, url, content_type, body, http_status, purpose FROM (SELECT * FROM sandbox_traffic"
            " WHERE tenant_id = ? AND principal_id = ? AND sent_at >= ? ORDER BY sent_at DESC, seq DESC LIMIT ?)"
            " ORDER BY sent_at, seq");
    struct traffic_row *list = ARENA_ARRAY(a, struct traffic_row, TRAFFIC_KEPT);
    size_t count = 0;
    int rc;
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_i64(s, 3, f->since == TIME_NONE ? INT64_MIN : f->since);
    stmt_i64(s, 4, TRAFFIC_KEPT);
    while ((rc = stmt_step(s, e)) == 1 && count < TRAFFIC_KEPT) {
        list[count++] = (struct traffic_row){ .tenant_id = f->tenant_id,
                                              .principal_id = f->principal_id,
                                              .sent_at = col_i64(s, 0),
                                              .method = col_str(s, a, 1),
                                              .url = col_str(s, a, 2),
                                              .content_type = col_str(s, a, 3),
                                              .body = col_str(s, a, 4),
                                              .http_status = col_i64(s, 5),
                                              .purpose = col_str(s, a, 6) };
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
