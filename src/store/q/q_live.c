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
