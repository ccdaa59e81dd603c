#include "store/q/q_stored.h"

#include "store/changes.h"
#include "store/stmt.h"

int q_stored_get(struct tx *tx, struct str tenant_id, struct str principal_id, struct stored *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN "coalesce(sum(things) FILTER (WHERE kind = 'media_buys'), 0),"
                     " coalesce(sum(things) FILTER (WHERE kind = 'creatives'), 0),"
                     " coalesce(sum(things) FILTER (WHERE kind = 'objects'), 0), coalesce(sum(bytes), 0)"
                     " FROM stored WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    if (stmt_step(s, e) != 1) return -1;
    *out = (struct stored){ col_i64(s, 0), col_i64(s, 1), col_i64(s, 2), col_i64(s, 3) };
    return 0;
}
