#include "store/q_audit.h"

#include "store/stmt.h"

int q_audit_last(struct tx *tx, struct arena *a, struct audit_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT seq, at, tenant_id, actor, action, subject, doc, prev_hash, hash"
                                            " FROM audit ORDER BY seq DESC LIMIT 1");
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct audit_row){ .seq = col_i64(s, 0),
                               .at = col_i64(s, 1),
                               .tenant_id = col_str(s, a, 2),
                               .actor = col_str(s, a, 3),
                               .action = col_str(s, a, 4),
                               .subject = col_str(s, a, 5),
                               .doc = col_str(s, a, 6),
                               .prev_hash = col_str(s, a, 7),
                               .hash = col_str(s, a, 8) };
    return 1;
}

int q_audit_insert(struct tx *tx, const struct audit_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO audit (seq, at, tenant_id, actor, action, subject, doc, prev_hash, hash)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_i64(s, 1, row->seq);
    stmt_i64(s, 2, row->at);
    stmt_str(s, 3, row->tenant_id);
    stmt_str(s, 4, row->actor);
    stmt_str(s, 5, row->action);
    stmt_str(s, 6, row->subject);
    stmt_str(s, 7, row->doc);
    stmt_blob(s, 8, row->prev_hash);
    stmt_blob(s, 9, row->hash);
    return stmt_run(s, e);
}
