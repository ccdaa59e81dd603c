#include "store/q/q_remote_list.h"

#include "store/stmt.h"

int q_remote_list_get(struct tx *tx, struct arena *a, const struct remote_list_row *key, struct remote_list_row *out,
                      struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT principal_id, kind, agent_url, list_id, auth_token, entries, fetched_at, valid_until, failure,"
            " reason, failed_at, asked_at FROM remote_list WHERE tenant_id = ? AND list_key = ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->list_key);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct remote_list_row){ .tenant_id = key->tenant_id,
                                     .list_key = key->list_key,
                                     .principal_id = col_str(s, a, 0),
                                     .kind = col_str(s, a, 1),
                                     .agent_url = col_str(s, a, 2),
                                     .list_id = col_str(s, a, 3),
                                     .auth_token = col_str(s, a, 4),
                                     .entries = col_str(s, a, 5),
                                     .fetched_at = col_time(s, 6),
                                     .valid_until = col_time(s, 7),
                                     .failure = col_str(s, a, 8),
                                     .reason = col_str(s, a, 9),
                                     .failed_at = col_time(s, 10),
                                     .asked_at = col_i64(s, 11) };
    return 1;
}

static int forget_old(struct tx *tx, const struct remote_list_row *row, int keep, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM remote_list WHERE tenant_id = ?1 AND list_key IN (SELECT list_key FROM remote_list"
                     " WHERE tenant_id = ?1 AND principal_id = ?2 ORDER BY asked_at DESC LIMIT -1 OFFSET ?3)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_i64(s, 3, keep);
    return stmt_run(s, e);
}

int q_remote_list_ask(struct tx *tx, const struct remote_list_row *row, int keep, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO remote_list (tenant_id, list_key, principal_id, kind, agent_url, list_id, auth_token,"
            " asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->list_key);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->kind);
    stmt_str(s, 5, row->agent_url);
    stmt_str(s, 6, row->list_id);
    stmt_str(s, 7, row->auth_token);
    stmt_i64(s, 8, row->asked_at);
    return stmt_run(s, e) || forget_old(tx, row, keep, e) ? -1 : 0;
}

int q_remote_list_put(struct tx *tx, const struct remote_list_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE remote_list SET entries = ?, fetched_at = ?, valid_until = ?, failure = ?, reason = ?,"
                     " failed_at = ? WHERE tenant_id = ? AND list_key = ?");
    stmt_str(s, 1, row->entries);
    stmt_time(s, 2, row->fetched_at);
    stmt_time(s, 3, row->valid_until);
    stmt_str(s, 4, row->failure);
    stmt_str(s, 5, row->reason);
    stmt_time(s, 6, row->failed_at);
    stmt_str(s, 7, row->tenant_id);
    stmt_str(s, 8, row->list_key);
    return stmt_run(s, e);
}
