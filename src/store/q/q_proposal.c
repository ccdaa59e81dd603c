/* See q_proposal.h. */
#include "store/q/q_proposal.h"

#include "store/stmt.h"

static void bind_key(struct stmt *s, const struct proposal_row *key)
{
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    stmt_str(s, 3, key->proposal_id);
}

int q_proposal_get(struct tx *tx, struct arena *a, const struct proposal_row *key, struct proposal_row *out,
                   struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT account_id, status, doc, media_buy_id, created_at, expires_at FROM proposal"
                     " WHERE tenant_id = ? AND principal_id = ? AND proposal_id = ?");
    bind_key(s, key);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct proposal_row){ .tenant_id = key->tenant_id,
                                  .principal_id = key->principal_id,
                                  .proposal_id = key->proposal_id,
                                  .account_id = col_str(s, a, 0),
                                  .status = col_str(s, a, 1),
                                  .doc = col_str(s, a, 2),
                                  .media_buy_id = col_str(s, a, 3),
                                  .created_at = col_i64(s, 4),
                                  .expires_at = col_i64(s, 5) };
    return 1;
}

int q_proposal_put(struct tx *tx, const struct proposal_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO proposal (tenant_id, principal_id, proposal_id, account_id, status, doc, media_buy_id,"
            " created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            " ON CONFLICT (tenant_id, principal_id, proposal_id) DO UPDATE SET account_id = ?4, status = ?5, doc = ?6,"
            " media_buy_id = ?7, expires_at = ?9");
    bind_key(s, row);
    stmt_str(s, 4, row->account_id);
    stmt_str(s, 5, row->status);
    stmt_str(s, 6, row->doc);
    stmt_str(s, 7, row->media_buy_id);
    stmt_i64(s, 8, row->created_at);
    stmt_i64(s, 9, row->expires_at);
    return stmt_run(s, e);
}

int q_proposal_draft_get(struct tx *tx, struct arena *a, const struct proposal_row *key, struct proposal_row *out,
                         struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT doc, declined, created_at, expires_at FROM proposal_draft"
                                            " WHERE tenant_id = ? AND principal_id = ? AND proposal_id = ?");
    bind_key(s, key);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct proposal_row){ .tenant_id = key->tenant_id,
                                  .principal_id = key->principal_id,
                                  .proposal_id = key->proposal_id,
                                  .status = col_i64(s, 1) ? STR("declined") : STR("draft"),
                                  .doc = col_str(s, a, 0),
                                  .created_at = col_i64(s, 2),
                                  .expires_at = col_i64(s, 3) };
    return 1;
}

int q_proposal_draft_put(struct tx *tx, const struct proposal_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO proposal_draft (tenant_id, principal_id, proposal_id, doc, declined, created_at, expires_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            " ON CONFLICT (tenant_id, principal_id, proposal_id) DO UPDATE SET doc = ?4, declined = ?5");
    bind_key(s, row);
    stmt_str(s, 4, row->doc);
    stmt_i64(s, 5, str_is(row->status, "declined"));
    stmt_i64(s, 6, row->created_at);
    stmt_i64(s, 7, row->expires_at);
    return stmt_run(s, e);
}

int q_proposal_drop_drafts(struct tx *tx, const struct proposal_row *key, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM proposal_draft WHERE tenant_id = ? AND principal_id = ? AND expires_at <= ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    stmt_i64(s, 3, now);
    return stmt_run(s, e);
}

int q_proposal_drafts(struct tx *tx, const struct proposal_row *key, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT count(*) FROM proposal_draft WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *n = col_i64(s, 0);
    return rc == 1 ? 0 : -1;
}

int q_proposal_hold_add(struct tx *tx, const struct proposal_row *owner, const struct proposal_hold_row *hold,
                        struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "INSERT INTO proposal_hold (tenant_id, principal_id, proposal_id, product_id, impressions, start_at, end_at,"
        " expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (tenant_id, product_id, principal_id, proposal_id) DO UPDATE SET"
        " impressions = impressions + ?5, expires_at = ?8");
    bind_key(s, owner);
    stmt_str(s, 4, hold->product_id);
    stmt_i64(s, 5, hold->impressions);
    stmt_i64(s, 6, hold->start_at);
    stmt_i64(s, 7, hold->end_at);
    stmt_i64(s, 8, owner->expires_at);
    return stmt_run(s, e);
}

int q_proposal_holds_drop(struct tx *tx, const struct proposal_row *key, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM proposal_hold WHERE tenant_id = ? AND principal_id = ? AND proposal_id = ?");
    bind_key(s, key);
    return stmt_run(s, e);
}
