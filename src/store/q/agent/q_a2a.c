#include "store/q/agent/q_a2a.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define COLUMNS                                                                                                        \
    "a2a_task_id, tenant_id, principal_id, context_id, state, failed, skill, adcp_task_id, adcp_version,"              \
    " message, payload, history, asked, created_at, updated_at"

#define WHERE                                                                                                          \
    " WHERE tenant_id = ?1 AND principal_id = ?2 AND (?3 = '' OR context_id = ?3)"                                     \
    " AND (?4 = '' OR state = ?4) AND (?5 < 0 OR failed = ?5) AND (?6 IS NULL OR updated_at >= ?6)"

static int read_row(struct stmt *s, struct arena *a, struct a2a_task_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct a2a_task_row){ .a2a_task_id = col_str(s, a, 0),
                                  .tenant_id = col_str(s, a, 1),
                                  .principal_id = col_str(s, a, 2),
                                  .context_id = col_str(s, a, 3),
                                  .state = col_str(s, a, 4),
                                  .failed = col_i64(s, 5) != 0,
                                  .skill = col_str(s, a, 6),
                                  .adcp_task_id = col_str(s, a, 7),
                                  .adcp_version = col_str(s, a, 8),
                                  .message = col_str(s, a, 9),
                                  .payload = col_str(s, a, 10),
                                  .history = col_str(s, a, 11),
                                  .asked = col_str(s, a, 12),
                                  .created_at = col_i64(s, 13),
                                  .updated_at = col_i64(s, 14) };
    return 1;
}

int q_a2a_task_get(struct tx *tx, struct arena *a, const struct a2a_owner *owner, struct str id,
                   struct a2a_task_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " COLUMNS " FROM a2a_task WHERE a2a_task_id = ? AND tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, id);
    stmt_str(s, 2, owner->tenant_id);
    stmt_str(s, 3, owner->principal_id);
    return read_row(s, a, out, e);
}

static void bind_filter(struct stmt *s, const struct a2a_task_filter *f)
{
    stmt_str(s, 1, f->owner.tenant_id);
    stmt_str(s, 2, f->owner.principal_id);
    stmt_str(s, 3, f->context_id);
    stmt_str(s, 4, f->state);
    stmt_i64(s, 5, f->failed);
    stmt_time(s, 6, f->updated_from);
}

int q_a2a_task_list(struct tx *tx, struct arena *a, const struct a2a_task_filter *f, struct a2a_task_row **rows,
                    size_t *n, struct err *e)
{
    ENSURE(f->limit > 0);
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM a2a_task" WHERE
                                            " AND (?7 = '' OR a2a_task_id < ?7) ORDER BY a2a_task_id DESC LIMIT ?8");
    bind_filter(s, f);
    stmt_str(s, 7, f->before_id);
    stmt_i64(s, 8, f->limit + 1);
    struct a2a_task_row *list = ARENA_ARRAY(a, struct a2a_task_row, (size_t)f->limit + 2);
    size_t count = 0;
    int rc;
    while ((rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

int q_a2a_task_count(struct tx *tx, const struct a2a_task_filter *f, int64_t *count, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM a2a_task" WHERE);
    bind_filter(s, f);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *count = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

int q_a2a_task_put(struct tx *tx, const struct a2a_task_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO a2a_task (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (a2a_task_id) DO UPDATE SET state = excluded.state, failed = excluded.failed,"
            " skill = excluded.skill, adcp_task_id = excluded.adcp_task_id, adcp_version = excluded.adcp_version,"
            " message = excluded.message, payload = excluded.payload, history = excluded.history,"
            " asked = excluded.asked, updated_at = excluded.updated_at"
            " WHERE tenant_id = excluded.tenant_id AND principal_id = excluded.principal_id");
    stmt_str(s, 1, row->a2a_task_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->context_id);
    stmt_str(s, 5, row->state);
    stmt_i64(s, 6, row->failed);
    stmt_str(s, 7, row->skill);
    stmt_str(s, 8, row->adcp_task_id);
    stmt_str(s, 9, row->adcp_version);
    stmt_str(s, 10, row->message);
    stmt_str(s, 11, row->payload);
    stmt_str(s, 12, row->history.n ? row->history : STR("[]"));
    stmt_str(s, 13, row->asked);
    stmt_i64(s, 14, row->created_at);
    stmt_i64(s, 15, row->updated_at);
    return stmt_run(s, e);
}

int q_a2a_task_decided(struct tx *tx, const struct a2a_decision *d, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE a2a_task SET failed = ?, updated_at = ? WHERE adcp_task_id <> '' AND adcp_task_id = ?");
    stmt_i64(s, 1, d->failed);
    stmt_i64(s, 2, d->at);
    stmt_str(s, 3, d->adcp_task_id);
    return stmt_run(s, e);
}

int q_a2a_task_names(struct tx *tx, struct arena *a, struct str adcp_task_id, struct a2a_names *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT a2a_task_id, context_id FROM a2a_task WHERE adcp_task_id <> ''"
                                            " AND adcp_task_id = ? ORDER BY a2a_task_id DESC LIMIT 1");
    stmt_str(s, 1, adcp_task_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct a2a_names){ col_str(s, a, 0), col_str(s, a, 1) };
    return rc;
}

int q_a2a_task_expire(struct tx *tx, int64_t before, int limit, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM a2a_task WHERE a2a_task_id IN"
                     " (SELECT a2a_task_id FROM a2a_task WHERE updated_at < ? ORDER BY updated_at LIMIT ?)");
    stmt_i64(s, 1, before);
    stmt_i64(s, 2, limit);
    return stmt_run(s, e);
}

int q_a2a_task_trim(struct tx *tx, const struct a2a_owner *owner, int kept, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM a2a_task WHERE tenant_id = ?1 AND principal_id = ?2 AND a2a_task_id <="
                     " (SELECT a2a_task_id FROM a2a_task WHERE tenant_id = ?1 AND principal_id = ?2"
                     "  ORDER BY a2a_task_id DESC LIMIT 1 OFFSET ?3)");
    stmt_str(s, 1, owner->tenant_id);
    stmt_str(s, 2, owner->principal_id);
    stmt_i64(s, 3, kept);
    return stmt_run(s, e);
}
