#include "store/q/q_buyer_object.h"

#include "base/rfc3339.h"
#include "store/changes.h"
#include "store/stmt.h"

#define COLUMNS "tenant_id, kind, principal_id, object_id, account_id, name, status, doc, created_at, updated_at"

/* `kind` is the one that the statement asks for; it is not read again. */
static int read_row(struct stmt *s, struct arena *a, const char *kind, struct buyer_object_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct buyer_object_row){ .key = { .tenant_id = col_str(s, a, 0),
                                               .kind = kind,
                                               .principal_id = col_str(s, a, 2),
                                               .object_id = col_str(s, a, 3),
                                               .account_id = col_str(s, a, 4) },
                                      .name = col_str(s, a, 5),
                                      .status = col_str(s, a, 6),
                                      .doc = col_str(s, a, 7),
                                      .created_at = col_i64(s, 8),
                                      .updated_at = col_i64(s, 9) };
    return 1;
}

int q_buyer_object_get(struct tx *tx, struct arena *a, const struct buyer_object_key *key, struct buyer_object_row *out,
                       struct err *e)
{
    /* The lower bound makes an index deliver in order, so that nothing is sorted. */
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN COLUMNS " FROM buyer_object WHERE tenant_id = ?1 AND kind = ?2 AND principal_id = ?3"
                     " AND object_id = ?4 AND account_id >= ?5 AND (?5 = '' OR account_id = ?5)"
                     " ORDER BY account_id LIMIT 1");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, str_from(key->kind));
    stmt_str(s, 3, key->principal_id);
    stmt_str(s, 4, key->object_id);
    stmt_str(s, 5, key->account_id);
    return read_row(s, a, key->kind, out, e);
}

int q_buyer_object_find(struct tx *tx, struct arena *a, const struct buyer_object_key *key,
                        struct buyer_object_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " COLUMNS " FROM buyer_object WHERE tenant_id = ? AND kind = ? AND object_id = ? LIMIT 1");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, str_from(key->kind));
    stmt_str(s, 3, key->object_id);
    return read_row(s, a, key->kind, out, e);
}

int q_buyer_object_put(struct tx *tx, const struct buyer_object_row *row, struct err *e)
{
    ENSURE(row->key.object_id.n > 0 && row->doc.n > 0);
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO buyer_object (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET name = excluded.name, status = excluded.status, doc = excluded.doc,"
                     " updated_at = excluded.updated_at");
    stmt_str(s, 1, row->key.tenant_id);
    stmt_str(s, 2, str_from(row->key.kind));
    stmt_str(s, 3, row->key.principal_id);
    stmt_str(s, 4, row->key.object_id);
    stmt_str(s, 5, row->key.account_id);
    stmt_str(s, 6, row->name);
    stmt_str(s, 7, row->status);
    stmt_str(s, 8, row->doc);
    stmt_i64(s, 9, row->created_at);
    stmt_i64(s, 10, row->updated_at);
    return stmt_run(s, e);
}

int q_buyer_object_delete(struct tx *tx, const struct buyer_object_key *key, struct err *e)
{
    if (q_buyer_object_parts_clear(tx, key, e)) return -1;
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM buyer_object WHERE tenant_id = ? AND kind = ? AND principal_id = ?"
                     " AND object_id = ? AND account_id = ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, str_from(key->kind));
    stmt_str(s, 3, key->principal_id);
    stmt_str(s, 4, key->object_id);
    stmt_str(s, 5, key->account_id);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}

int q_buyer_object_list(struct tx *tx, struct arena *a, const struct buyer_object_filter *f,
                        struct buyer_object_rows *out, struct err *e)
{
    ENSURE(f->limit > 0);
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN COLUMNS " FROM buyer_object WHERE tenant_id = ?1 AND kind = ?2 AND principal_id = ?3"
                     " AND object_id > ?4 AND (?5 = '' OR account_id = ?5) ORDER BY object_id, account_id LIMIT ?6");
    stmt_str(s, 1, f->scope.tenant_id);
    stmt_str(s, 2, str_from(f->scope.kind));
    stmt_str(s, 3, f->scope.principal_id);
    stmt_str(s, 4, f->after_id);
    stmt_str(s, 5, f->scope.account_id);
    stmt_i64(s, 6, (int64_t)f->limit + 1);
    struct buyer_object_rows rows = { .rows = ARENA_ARRAY(a, struct buyer_object_row, (size_t)f->limit + 1) };
    int rc;
    while ((rc = read_row(s, a, f->scope.kind, &rows.rows[rows.n], e)) == 1) {
        if (++rows.n == (size_t)f->limit + 1) break;
    }
    if (rc < 0) return -1;
    *out = rows;
    return 0;
}

int q_buyer_object_count(struct tx *tx, const struct buyer_object_key *scope, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT count(*) FROM buyer_object WHERE tenant_id = ?1 AND kind = ?2 AND principal_id = ?3"
                     " AND (?4 = '' OR account_id = ?4)");
    stmt_str(s, 1, scope->tenant_id);
    stmt_str(s, 2, str_from(scope->kind));
    stmt_str(s, 3, scope->principal_id);
    stmt_str(s, 4, scope->account_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *n = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

int q_buyer_object_user(struct tx *tx, struct arena *a, const struct buyer_object_key *key, const char *where,
                        int64_t now, struct str *media_buy_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " OWN "m.media_buy_id FROM media_buy m JOIN package p ON p.media_buy_id = m.media_buy_id"
            " WHERE m.tenant_id = ?1 AND m.principal_id = ?3 AND m.status IN ('pending_approval', 'pending_creatives',"
            " 'pending_start', 'active', 'paused') AND p.canceled_at IS NULL AND p.end_at > ?7 AND instr(p.doc, ?5) > 0"
            " AND EXISTS (SELECT 1 FROM json_tree(p.doc) t WHERE t.atom = ?5 AND t.fullkey LIKE ?6)"
            " AND (?4 = '' OR m.account_id = ?4 OR NOT EXISTS (SELECT 1 FROM buyer_object o WHERE o.tenant_id = ?1"
            " AND o.kind = ?2 AND o.principal_id = ?3 AND o.object_id = ?5 AND o.account_id = m.account_id)) LIMIT 1");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, str_from(key->kind));
    stmt_str(s, 3, key->principal_id);
    stmt_str(s, 4, key->account_id);
    stmt_str(s, 5, key->object_id);
    stmt_str(s, 6, str_from(where));
    stmt_i64(s, 7, now);
    int rc = stmt_step(s, e);
    if (rc == 1) *media_buy_id = col_str(s, a, 0);
    return rc;
}

/* ---- parts ---- */

static void bind_object(struct stmt *s, const struct buyer_object_key *of)
{
    stmt_str(s, 1, of->tenant_id);
    stmt_str(s, 2, str_from(of->kind));
    stmt_str(s, 3, of->principal_id);
    stmt_str(s, 4, of->account_id);
    stmt_str(s, 5, of->object_id);
}

#define OF_OBJECT " tenant_id = ? AND kind = ? AND principal_id = ? AND account_id = ? AND object_id = ?"

int q_buyer_object_part_put(struct tx *tx, const struct buyer_object_key *of, const struct buyer_object_part *part,
                            struct err *e)
{
    AUTO_STMT struct stmt *insert = stmt_get(
        tx, "INSERT INTO buyer_object_part (tenant_id, kind, principal_id, account_id, object_id, part_id, doc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_object(insert, of);
    stmt_str(insert, 6, part->part_id);
    stmt_str(insert, 7, part->doc);
    if (stmt_run(insert, e)) return -1;
    if (tx_changes(tx) > 0) return 1;
    AUTO_STMT struct stmt *update =
        stmt_get(tx, "UPDATE buyer_object_part SET doc = ?7 WHERE tenant_id = ?1 AND kind = ?2 AND principal_id = ?3"
                     " AND account_id = ?4 AND object_id = ?5 AND part_id = ?6");
    bind_object(update, of);
    stmt_str(update, 6, part->part_id);
    stmt_str(update, 7, part->doc);
    return stmt_run(update, e);
}

int q_buyer_object_part_delete(struct tx *tx, const struct buyer_object_key *of, struct str part_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM buyer_object_part WHERE" OF_OBJECT " AND part_id = ?");
    bind_object(s, of);
    stmt_str(s, 6, part_id);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}

int q_buyer_object_parts_clear(struct tx *tx, const struct buyer_object_key *of, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM buyer_object_part WHERE" OF_OBJECT);
    bind_object(s, of);
    return stmt_run(s, e);
}

int q_buyer_object_part_first(struct tx *tx, struct arena *a, const struct buyer_object_key *of,
                              struct buyer_object_part *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT part_id, doc FROM buyer_object_part WHERE" OF_OBJECT " ORDER BY part_id LIMIT 1");
    bind_object(s, of);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct buyer_object_part){ .part_id = col_str(s, a, 0), .doc = col_str(s, a, 1) };
    return rc;
}

int q_buyer_object_parts_count(struct tx *tx, const struct buyer_object_key *of, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM buyer_object_part WHERE" OF_OBJECT);
    bind_object(s, of);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *n = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

/* ---- events ---- */

int q_event_add(struct tx *tx, const struct event_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO logged_event (tenant_id, principal_id, event_source_id, event_id, event_type, event_at,"
            " logged_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_str(s, 3, row->event_source_id);
    stmt_str(s, 4, row->event_id);
    stmt_str(s, 5, row->event_type);
    stmt_i64(s, 6, row->event_at);
    stmt_i64(s, 7, row->logged_at);
    stmt_str(s, 8, row->doc);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}

int q_event_summary(struct tx *tx, const struct event_row *source, struct event_summary *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*), max(logged_at) FROM logged_event WHERE tenant_id = ?"
                                            " AND principal_id = ? AND event_source_id = ?");
    stmt_str(s, 1, source->tenant_id);
    stmt_str(s, 2, source->principal_id);
    stmt_str(s, 3, source->event_source_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *out = (struct event_summary){ .n = rc == 1 ? col_i64(s, 0) : 0, .last_at = rc == 1 ? col_time(s, 1) : TIME_NONE };
    return 0;
}
