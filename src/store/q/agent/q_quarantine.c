#include "store/q/agent/q_quarantine.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define COLUMNS "kind, row_id, tenant_id, failures, deaths, reason, first_at, last_at, retry_at"

int q_due_rows(struct stmt *s, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n, struct err *e)
{
    stmt_i64(s, 1, now);
    stmt_i64(s, 2, limit);
    int rc = 0;
    *n = 0;
    while (*n < (size_t)limit && (rc = stmt_step(s, e)) == 1) {
        rows[(*n)++] = (struct due_row){ col_str(s, a, 0), col_str(s, a, 1) };
    }
    return rc < 0 ? -1 : 0;
}

static int read_row(struct stmt *s, struct arena *a, struct quarantine_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct quarantine_row){ .kind = col_str(s, a, 0),
                                    .row_id = col_str(s, a, 1),
                                    .tenant_id = col_str(s, a, 2),
                                    .failures = col_i64(s, 3),
                                    .deaths = col_i64(s, 4),
                                    .reason = col_str(s, a, 5),
                                    .first_at = col_i64(s, 6),
                                    .last_at = col_i64(s, 7),
                                    .retry_at = col_time(s, 8) };
    return 1;
}

int q_quarantine_get(struct tx *tx, struct arena *a, struct str kind, struct str row_id, struct quarantine_row *out,
                     struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM quarantine WHERE kind = ? AND row_id = ?");
    stmt_str(s, 1, kind);
    stmt_str(s, 2, row_id);
    return read_row(s, a, out, e);
}

int q_quarantine_put(struct tx *tx, const struct quarantine_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT OR REPLACE INTO quarantine (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->kind);
    stmt_str(s, 2, row->row_id);
    stmt_str(s, 3, row->tenant_id);
    stmt_i64(s, 4, row->failures);
    stmt_i64(s, 5, row->deaths);
    stmt_str(s, 6, row->reason);
    stmt_i64(s, 7, row->first_at);
    stmt_i64(s, 8, row->last_at);
    stmt_time(s, 9, row->retry_at);
    return stmt_run(s, e);
}

int q_quarantine_delete(struct tx *tx, struct str kind, struct str row_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM quarantine WHERE kind = ? AND row_id = ?");
    stmt_str(s, 1, kind);
    stmt_str(s, 2, row_id);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_quarantine_settle(struct tx *tx, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "DELETE FROM quarantine WHERE retry_at <= ?1 AND CASE kind"
        " WHEN '" QUARANTINE_FLIGHT
        "' THEN NOT EXISTS (SELECT 1 FROM media_buy WHERE media_buy_id = row_id AND next_change_at <= ?1)"
        " WHEN '" QUARANTINE_TASK "' THEN NOT EXISTS (SELECT 1 FROM task WHERE task_id = row_id AND next_at <= ?1)"
        " WHEN '" QUARANTINE_JOB "' THEN NOT EXISTS (SELECT 1 FROM job WHERE job_id = row_id AND state = 'ready') END");
    stmt_i64(s, 1, now);
    return stmt_run(s, e);
}

int q_quarantine_next(struct tx *tx, const char *kind, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT min(retry_at) FROM quarantine WHERE kind = ? AND retry_at IS NOT NULL");
    stmt_str(s, 1, str_from(kind));
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *at = rc == 1 ? col_time(s, 0) : TIME_NONE;
    return 0;
}

int q_quarantine_list(struct tx *tx, struct arena *a, struct str tenant_id, int limit, struct quarantine_row **rows,
                      size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM quarantine WHERE tenant_id = ?"
                                            " ORDER BY retry_at IS NOT NULL, first_at, row_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, limit);
    struct quarantine_row *list = ARENA_ARRAY(a, struct quarantine_row, (size_t)limit + 1);
    size_t count = 0;
    int rc = 0;
    while (count < (size_t)limit && (rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

int q_quarantine_disarm(struct tx *tx, struct str kind, struct str row_id, struct err *e)
{
    AUTO_STMT struct stmt *flight = stmt_get(
        tx, "UPDATE media_buy SET next_change_at = NULL WHERE ?1 = '" QUARANTINE_FLIGHT "' AND media_buy_id = ?2");
    AUTO_STMT struct stmt *task =
        stmt_get(tx, "UPDATE task SET next_at = NULL WHERE ?1 = '" QUARANTINE_TASK "' AND task_id = ?2");
    stmt_str(flight, 1, kind);
    stmt_str(flight, 2, row_id);
    stmt_str(task, 1, kind);
    stmt_str(task, 2, row_id);
    return stmt_run(flight, e) || stmt_run(task, e) ? -1 : 0;
}
