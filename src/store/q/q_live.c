#include "store/q/q_live.h"

#include "store/stmt.h"

int q_live_list(struct tx *tx, struct arena *a, const struct live_filter *f, struct live_row **rows, size_t *n,
                struct err *e)
{
    /* The states as the index media_buy_live has them. */
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT b.media_buy_id, ifnull(p.name, b.principal_id) FROM media_buy b INDEXED BY media_buy_live"
            " LEFT JOIN principal p ON p.tenant_id = b.tenant_id AND p.principal_id = b.principal_id"
            " WHERE b.tenant_id = ?1 AND b.status IN ('active', 'pending_start', 'pending_creatives', 'paused')"
            " AND b.end_at > ?2 ORDER BY b.end_at, b.media_buy_id LIMIT ?3");
    struct live_row *list = ARENA_ARRAY(a, struct live_row, (size_t)f->limit + 1);
    int rc;
    stmt_str(s, 1, f->tenant_id);
    stmt_i64(s, 2, f->ends_after);
    stmt_i64(s, 3, f->limit + 1);
    *n = 0;
    while ((rc = stmt_step(s, e)) == 1) list[(*n)++] = (struct live_row){ col_str(s, a, 0), col_str(s, a, 1) };
    *rows = list;
    return rc;
}

int q_ran_list(struct tx *tx, struct arena *a, const struct ran_filter *f, struct ran_row **rows, size_t *n,
               struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT b.media_buy_id, b.principal_id, ifnull(p.name, b.principal_id), b.account_id,"
            " coalesce(nullif(c.brand_domain, ''), c.name, b.principal_id), b.end_at"
            " FROM media_buy b INDEXED BY media_buy_by_end"
            " LEFT JOIN principal p ON p.tenant_id = b.tenant_id AND p.principal_id = b.principal_id"
            " LEFT JOIN account c ON c.tenant_id = b.tenant_id AND c.account_id = b.account_id"
            " WHERE b.tenant_id = ?1 AND b.end_at > ?2 AND b.start_at < ?3 AND (b.end_at, b.media_buy_id) > (?4, ?5)"
            " AND (?6 = '' OR b.principal_id = ?6) AND (?7 OR ifnull(c.sandbox, 0) = 0)"
            " AND b.status NOT IN ('pending_approval', 'rejected', 'failed')"
            " ORDER BY b.end_at, b.media_buy_id LIMIT ?8");
    struct ran_row *list = ARENA_ARRAY(a, struct ran_row, (size_t)f->limit + 1);
    int rc;
    stmt_str(s, 1, f->tenant_id);
    stmt_i64(s, 2, f->from_at);
    stmt_i64(s, 3, f->to_at);
    stmt_i64(s, 4, f->after_end_at);
    stmt_str(s, 5, f->after_id);
    stmt_str(s, 6, f->principal_id);
    stmt_i64(s, 7, f->sandbox);
    stmt_i64(s, 8, f->limit + 1);
    *n = 0;
    while ((rc = stmt_step(s, e)) == 1) {
        list[(*n)++] = (struct ran_row){ .media_buy_id = col_str(s, a, 0),
                                         .principal_id = col_str(s, a, 1),
                                         .buyer_name = col_str(s, a, 2),
                                         .account_id = col_str(s, a, 3),
                                         .advertiser = col_str(s, a, 4),
                                         .end_at = col_i64(s, 5) };
    }
    *rows = list;
    return rc;
}
