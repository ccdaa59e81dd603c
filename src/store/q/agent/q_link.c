#include "store/q/agent/q_link.h"

#include "store/stmt.h"

int q_link_get(struct tx *tx, struct arena *a, struct str link_id, struct link_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT link_id, tenant_id, task_id, recipient, role, expires_at, used_at"
                                            " FROM decide_link WHERE link_id = ?");
    stmt_str(s, 1, link_id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct link_row){ .link_id = col_str(s, a, 0),
                              .tenant_id = col_str(s, a, 1),
                              .task_id = col_str(s, a, 2),
                              .recipient = col_str(s, a, 3),
                              .role = col_str(s, a, 4),
                              .expires_at = col_i64(s, 5),
                              .used_at = col_time(s, 6) };
    return 1;
}

int q_link_insert(struct tx *tx, const struct link_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO decide_link (link_id, tenant_id, task_id, recipient, role,"
                                            " expires_at, used_at) VALUES (?, ?, ?, ?, ?, ?, NULL)");
    stmt_str(s, 1, row->link_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->task_id);
    stmt_str(s, 4, row->recipient);
    stmt_str(s, 5, row->role);
    stmt_i64(s, 6, row->expires_at);
    return stmt_run(s, e);
}

int q_link_used(struct tx *tx, struct str link_id, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE decide_link SET used_at = ? WHERE link_id = ?");
    stmt_i64(s, 1, now);
    stmt_str(s, 2, link_id);
    return stmt_run(s, e);
}
