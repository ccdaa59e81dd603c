#include "store/q/q_rule.h"

#include "store/stmt.h"

int q_rule_list(struct tx *tx, struct arena *a, struct str tenant_id, struct rule_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT rule_id, position, doc, created_at, updated_at FROM rule"
                                            " WHERE tenant_id = ? ORDER BY position LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, RULES_MAX);
    struct rule_row *rows = NULL;
    size_t n = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (!rows) rows = ARENA_ARRAY(a, struct rule_row, RULES_MAX); /* most publishers have none */
        rows[n++] = (struct rule_row){ .tenant_id = tenant_id,
                                       .rule_id = col_str(s, a, 0),
                                       .position = col_i64(s, 1),
                                       .doc = col_str(s, a, 2),
                                       .created_at = col_i64(s, 3),
                                       .updated_at = col_i64(s, 4) };
    }
    if (rc < 0) return -1;
    *out = (struct rule_rows){ rows, n };
    return 0;
}

int q_rule_insert(struct tx *tx, const struct rule_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO rule (tenant_id, rule_id, position, doc, created_at, updated_at)"
                     " VALUES (?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->rule_id);
    stmt_i64(s, 3, row->position);
    stmt_str(s, 4, row->doc);
    stmt_i64(s, 5, row->created_at);
    stmt_i64(s, 6, row->updated_at);
    return stmt_run(s, e);
}

int q_rule_delete(struct tx *tx, struct str tenant_id, struct str rule_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM rule WHERE tenant_id = ? AND rule_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, rule_id);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_rule_place(struct tx *tx, const struct rule_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE rule SET position = ?, updated_at = ? WHERE tenant_id = ? AND rule_id = ?");
    stmt_i64(s, 1, row->position);
    stmt_i64(s, 2, row->updated_at);
    stmt_str(s, 3, row->tenant_id);
    stmt_str(s, 4, row->rule_id);
    return stmt_run(s, e);
}
