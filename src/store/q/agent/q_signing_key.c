#include "store/q/agent/q_signing_key.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

/* A row whose numbers have another size was damaged; it reads as a key that signs nothing valid. */
static void take(struct str blob, uint8_t out[SIGN_KEY_BYTES])
{
    if (blob.n == SIGN_KEY_BYTES) memcpy(out, blob.p, SIGN_KEY_BYTES);
}

int q_signing_key_list(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now, struct signing_key_row **out,
                       size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT kid, alg, x, y, d, created_at, use_from, retire_at FROM signing_key"
                                            " WHERE tenant_id = ?1 AND (retire_at IS NULL OR retire_at > ?2)"
                                            " ORDER BY use_from DESC, kid LIMIT ?3");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    stmt_i64(s, 3, SIGNING_KEYS_MAX);
    struct signing_key_row *rows = ARENA_ARRAY(a, struct signing_key_row, SIGNING_KEYS_MAX);
    size_t found = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        struct signing_key_row r = { .tenant_id = tenant_id,
                                     .kid = col_str(s, a, 0),
                                     .created_at = col_i64(s, 5),
                                     .use_from = col_i64(s, 6),
                                     .retire_at = col_time(s, 7) };
        if (sign_alg_parse(col_str(s, a, 1), &r.key.pub.alg)) continue;
        take(col_str(s, a, 2), r.key.pub.x);
        take(col_str(s, a, 3), r.key.pub.y);
        take(col_str(s, a, 4), r.key.d);
        rows[found++] = r;
    }
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}

static struct str blob_of(const uint8_t bytes[SIGN_KEY_BYTES])
{
    return (struct str){ (const char *)bytes, SIGN_KEY_BYTES };
}

int q_signing_key_insert(struct tx *tx, const struct signing_key_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO signing_key (tenant_id, kid, alg, x, y, d, created_at, use_from,"
                     " retire_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->kid);
    stmt_str(s, 3, str_from(sign_alg_name(row->key.pub.alg)));
    stmt_blob(s, 4, blob_of(row->key.pub.x));
    stmt_blob(s, 5, blob_of(row->key.pub.y));
    stmt_blob(s, 6, blob_of(row->key.d));
    stmt_i64(s, 7, row->created_at);
    stmt_i64(s, 8, row->use_from);
    stmt_time(s, 9, row->retire_at);
    return stmt_run(s, e);
}

int q_signing_key_retire_others(struct tx *tx, struct str tenant_id, struct str kid, int64_t retire_at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE signing_key SET retire_at = ?3 WHERE tenant_id = ?1 AND kid <> ?2"
                                            " AND retire_at IS NULL");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, kid);
    stmt_i64(s, 3, retire_at);
    return stmt_run(s, e);
}
