#include "store/q/agent/q_watch.h"

#include "store/stmt.h"

static int read_groups(struct stmt *s, struct arena *a, struct watch_group **out, size_t *n, struct err *e)
{
    struct watch_group *rows = ARENA_ARRAY(a, struct watch_group, WATCH_GROUPS_MAX);
    size_t count = 0;
    int rc;
    while (count < WATCH_GROUPS_MAX && (rc = stmt_step(s, e)) == 1) {
        rows[count++] = (struct watch_group){ col_str(s, a, 0), col_i64(s, 1), col_i64(s, 2) };
    }
    if (rc < 0) return -1;
    *out = rows;
    *n = count;
    return 0;
}

int q_watch_lanes(struct tx *tx, struct arena *a, struct watch_group **out, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT lane, count(*), min(due_at) FROM (SELECT lane, due_at FROM job"
                                            " WHERE state = 'ready' AND head = 1 LIMIT ?1) GROUP BY lane LIMIT ?2");
    stmt_i64(s, 1, WATCH_ROWS_MAX);
    stmt_i64(s, 2, WATCH_GROUPS_MAX);
    return read_groups(s, a, out, n, e);
}

int q_watch_tasks(struct tx *tx, struct arena *a, struct watch_group **out, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT kind, count(*), min(created_at) FROM (SELECT k.kind, k.created_at FROM tenant t JOIN task k"
            " ON k.tenant_id = t.tenant_id AND k.state IN ('pending', 'assigned', 'in_progress', 'escalated')"
            " LIMIT ?1) GROUP BY kind LIMIT ?2");
    stmt_i64(s, 1, WATCH_ROWS_MAX);
    stmt_i64(s, 2, WATCH_GROUPS_MAX);
    return read_groups(s, a, out, n, e);
}

int q_watch_counts(struct tx *tx, int64_t now, struct watch_counts *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'ready' LIMIT ?1)),"
                     " (SELECT count(*) FROM (SELECT 1 FROM job WHERE lease_until IS NOT NULL LIMIT ?1)),"
                     " (SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'dead' LIMIT ?1)),"
                     " (SELECT count(*) FROM (SELECT 1 FROM job_lane WHERE open_until > ?2 LIMIT ?1)),"
                     " (SELECT coalesce(max(seq), 0) FROM audit), (SELECT count(*) FROM tenant)");
    stmt_i64(s, 1, WATCH_ROWS_MAX);
    stmt_i64(s, 2, now);
    if (stmt_step(s, e) != 1) return -1;
    *out = (struct watch_counts){ col_i64(s, 0), col_i64(s, 1), col_i64(s, 2),
                                  col_i64(s, 3), col_i64(s, 4), col_i64(s, 5) };
    return 0;
}

int q_watch_dead(struct tx *tx, struct arena *a, struct str tenant_id, struct watch_group **out, size_t *n,
                 struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT kind, count(*), min(created_at) FROM (SELECT kind, created_at FROM job WHERE tenant_id = ?1"
            " AND state = 'dead' ORDER BY seq DESC LIMIT ?2) GROUP BY kind LIMIT ?3");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, WATCH_ROWS_MAX);
    stmt_i64(s, 3, WATCH_GROUPS_MAX);
    return read_groups(s, a, out, n, e);
}

int q_watch_silent(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now, struct watch_group **out,
                   size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT l.lane, l.failures, l.updated_at FROM job_lane l WHERE l.open_until > ?2 AND EXISTS"
                     " (SELECT 1 FROM job j WHERE j.lane = l.lane AND j.state = 'ready' AND j.head = 1"
                     " AND j.tenant_id = ?1) LIMIT ?3");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    stmt_i64(s, 3, WATCH_GROUPS_MAX);
    return read_groups(s, a, out, n, e);
}

int q_health_report_get(struct tx *tx, struct arena *a, struct str tenant_id, struct health_report_row *out,
                        struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT made_at, doc FROM health_report WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct health_report_row){ tenant_id, col_i64(s, 0), col_str(s, a, 1) };
    return rc;
}

int q_health_report_put(struct tx *tx, const struct health_report_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO health_report (tenant_id, made_at, doc) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (tenant_id) DO UPDATE SET made_at = excluded.made_at, doc = excluded.doc");
    stmt_str(s, 1, row->tenant_id);
    stmt_i64(s, 2, row->made_at);
    stmt_str(s, 3, row->doc);
    return stmt_run(s, e);
}
