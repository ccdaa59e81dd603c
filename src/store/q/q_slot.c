#include "store/q/q_slot.h"

#include "store/stmt.h"

int q_slot_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str slot_id, struct slot_row *out,
               struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT slot_key, doc FROM slot WHERE tenant_id = ? AND slot_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, slot_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct slot_row){ col_i64(s, 0), tenant_id, slot_id, col_str(s, a, 1) };
    return rc;
}

int q_slot_count(struct tx *tx, struct str tenant_id, int64_t *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM slot WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    if (stmt_step(s, e) != 1) return -1;
    *out = col_i64(s, 0);
    return 0;
}

int q_slots_of(struct tx *tx, struct arena *a, struct str tenant_id, struct slot_rows *out, struct err *e)
{
    int64_t count;
    int rc = 0;
    if (q_slot_count(tx, tenant_id, &count, e)) return -1;
    if (count > SLOTS_MAX) count = SLOTS_MAX;
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT slot_key, slot_id, doc FROM slot WHERE tenant_id = ? ORDER BY slot_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, count);
    struct slot_rows list = { ARENA_ARRAY(a, struct slot_row, (size_t)count + 1), 0 };
    while (list.n < (size_t)count && (rc = stmt_step(s, e)) == 1) {
        list.rows[list.n++] = (struct slot_row){ col_i64(s, 0), tenant_id, col_str(s, a, 1), col_str(s, a, 2) };
    }
    if (rc < 0) return -1;
    *out = list;
    return 0;
}

int q_slot_put(struct tx *tx, const struct slot_row *row, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO slot (tenant_id, slot_id, doc, created_at) VALUES (?, ?, ?, ?)"
                                            " ON CONFLICT (tenant_id, slot_id) DO UPDATE SET doc = excluded.doc"
                                            " WHERE doc IS NOT excluded.doc");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->slot_id);
    stmt_str(s, 3, row->doc);
    stmt_i64(s, 4, now);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}

int q_slot_delete(struct tx *tx, struct str tenant_id, struct str slot_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM slot WHERE tenant_id = ? AND slot_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, slot_id);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}
