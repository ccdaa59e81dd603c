#include "store/q/agent/q_idempotency.h"

#include "store/stmt.h"

static void bind_key(struct stmt *s, const struct idempotency_key *key)
{
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    stmt_str(s, 3, key->account);
    stmt_str(s, 4, key->key);
}

int q_idempotency_get(struct tx *tx, struct arena *a, const struct idempotency_key *key, struct idempotency_row *out,
                      struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT hash, reply, created_at, expires_at FROM idempotency"
                                            " WHERE tenant_id = ? AND principal_id = ? AND account_id = ? AND key = ?");
    bind_key(s, key);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct idempotency_row){
        .hash = col_str(s, a, 0), .reply = col_str(s, a, 1), .created_at = col_i64(s, 2), .expires_at = col_i64(s, 3)
    };
    return 1;
}

int q_idempotency_insert(struct tx *tx, const struct idempotency_key *key, const struct idempotency_row *row,
                         struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO idempotency (tenant_id, principal_id, account_id, key, hash, reply, created_at,"
                     " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    bind_key(s, key);
    stmt_blob(s, 5, row->hash);
    stmt_str(s, 6, row->reply);
    stmt_i64(s, 7, row->created_at);
    stmt_i64(s, 8, row->expires_at);
    return stmt_run(s, e);
}

int q_idempotency_expire(struct tx *tx, int64_t now, int limit, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE idempotency SET reply = NULL WHERE (tenant_id, principal_id, account_id, key) IN"
                     " (SELECT tenant_id, principal_id, account_id, key FROM idempotency"
                     "  WHERE reply IS NOT NULL AND expires_at <= ? LIMIT ?)");
    stmt_i64(s, 1, now);
    stmt_i64(s, 2, limit);
    return stmt_run(s, e) ? -1 : (int)tx_changes(tx);
}
