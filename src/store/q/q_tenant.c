#include "store/q/q_tenant.h"

#include "store/changes.h"
#include "store/stmt.h"

static int read_tenant(struct stmt *s, struct arena *a, struct tenant_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct tenant_row){ .tenant_id = col_str(s, a, 0),
                                .name = col_str(s, a, 1),
                                .host = col_str(s, a, 2),
                                .adapter = col_str(s, a, 3),
                                .doc = col_str(s, a, 4) };
    return 1;
}

int q_tenant_get(struct tx *tx, struct arena *a, struct str tenant_id, struct tenant_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT tenant_id, name, host, adapter, doc FROM tenant WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    return read_tenant(s, a, out, e);
}

int q_tenant_list(struct tx *tx, struct arena *a, size_t limit, struct tenant_row **rows, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT tenant_id, name, host, adapter, doc FROM tenant ORDER BY tenant_id LIMIT ?");
    struct tenant_row row, *list = NULL;
    size_t cap = 0;
    int rc;
    stmt_i64(s, 1, (int64_t)limit);
    *n = 0;
    while ((rc = read_tenant(s, a, &row, e)) == 1) {
        if (*n == cap) {
            struct tenant_row *more = ARENA_ARRAY(a, struct tenant_row, cap = cap ? 2 * cap : 16);
            if (*n) memcpy(more, list, *n * sizeof(*more));
            list = more;
        }
        list[(*n)++] = row;
    }
    *rows = list;
    return rc;
}

int q_tenant_by_host(struct tx *tx, struct arena *a, struct str host, struct tenant_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, name, host, adapter, doc FROM tenant WHERE host = ?");
    stmt_str(s, 1, host);
    return read_tenant(s, a, out, e);
}

int q_tenant_single(struct tx *tx, struct arena *a, struct tenant_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, name, host, adapter, doc FROM tenant LIMIT 2");
    struct tenant_row first, second;
    int rc = read_tenant(s, a, &first, e);
    if (rc != 1) return rc;
    rc = read_tenant(s, a, &second, e);
    if (rc < 0) return -1;
    if (rc == 1) return 0;
    *out = first;
    return 1;
}

static int read_principal(struct stmt *s, struct arena *a, struct principal_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct principal_row){ .tenant_id = col_str(s, a, 0),
                                   .principal_id = col_str(s, a, 1),
                                   .name = col_str(s, a, 2),
                                   .role = col_str(s, a, 3),
                                   .dialect = col_str(s, a, 4),
                                   .status = col_str(s, a, 5),
                                   .doc = col_str(s, a, 6) };
    return 1;
}

int q_tenant_count(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM tenant");
    return stmt_step(s, e) == 1 ? (int)col_i64(s, 0) : -1;
}

int q_tenant_count_readable(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM tenant WHERE json_valid(doc)");
    return stmt_step(s, e) == 1 ? (int)col_i64(s, 0) : -1;
}

int q_principal_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                    struct principal_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " OWN "tenant_id, principal_id, name, role, dialect, status, doc"
                                            " FROM principal WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return read_principal(s, a, out, e);
}

int q_signer_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str kid, struct signer_row *out,
                 struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT p.tenant_id, p.principal_id, p.name, p.role, p.dialect, p.status, p.doc, k.value"
                     " FROM principal p, json_each(p.doc, '$.request_signing.jwks.keys') k"
                     " WHERE instr(p.doc, '\"request_signing\"') > 0 AND p.status = 'active'"
                     " AND (?1 = '' OR p.tenant_id = ?1) AND json_extract(k.value, '$.kid') = ?2 LIMIT 2");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, kid);
    struct signer_row row = { 0 };
    int rc = read_principal(s, a, &row.principal, e);
    if (rc != 1) return rc;
    row.jwk = col_str(s, a, 7);
    rc = stmt_step(s, e);
    if (rc == 0) *out = row;
    return rc < 0 ? -1 : rc == 0;
}

#define TOKEN_COLUMNS                                                                                                  \
    "token_hash, tenant_id, principal_id, token_id, label, scope, sandbox, created_at, expires_at, revoked_at,"        \
    " last_used_at, may_decide"

static int read_token(struct stmt *s, struct arena *a, struct token_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct token_row){ .token_hash = col_str(s, a, 0),
                               .tenant_id = col_str(s, a, 1),
                               .principal_id = col_str(s, a, 2),
                               .token_id = col_str(s, a, 3),
                               .label = col_str(s, a, 4),
                               .scope = col_str(s, a, 5),
                               .sandbox = col_i64(s, 6) != 0,
                               .created_at = col_i64(s, 7),
                               .expires_at = col_time(s, 8),
                               .revoked_at = col_time(s, 9),
                               .last_used_at = col_time(s, 10),
                               .may_decide = col_i64(s, 11) != 0 };
    return 1;
}

int q_token_get(struct tx *tx, struct arena *a, struct str token_hash, struct token_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " OWN TOKEN_COLUMNS " FROM token WHERE token_hash = ?");
    stmt_blob(s, 1, token_hash);
    return read_token(s, a, out, e);
}

#define LIST_MAX 10000 /* a publisher's principals, or a principal's tokens: more are not listed */

static int count_one(struct stmt *s, size_t *n, struct err *e)
{
    if (stmt_step(s, e) < 0) return -1;
    int64_t rows = col_i64(s, 0);
    *n = rows > LIST_MAX ? LIST_MAX : (size_t)rows;
    return 0;
}

static int principal_count(struct tx *tx, struct str tenant_id, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM principal WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    return count_one(s, n, e);
}

static int token_count(struct tx *tx, struct str tenant_id, struct str principal_id, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM token WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return count_one(s, n, e);
}

int q_principal_list(struct tx *tx, struct arena *a, struct str tenant_id, struct principal_row **rows, size_t *n,
                     struct err *e)
{
    size_t max, got = 0;
    if (principal_count(tx, tenant_id, &max, e)) return -1;
    struct principal_row *out = ARENA_ARRAY(a, struct principal_row, max + 1);
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, principal_id, name, role, dialect, status, doc"
                                            " FROM principal WHERE tenant_id = ? ORDER BY principal_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, (int64_t)max);
    int rc;
    while ((rc = read_principal(s, a, &out[got], e)) == 1) got++;
    if (rc < 0) return -1;
    *rows = out;
    *n = got;
    return 0;
}

int q_token_list(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id, struct token_row **rows,
                 size_t *n, struct err *e)
{
    size_t max, got = 0;
    if (token_count(tx, tenant_id, principal_id, &max, e)) return -1;
    struct token_row *out = ARENA_ARRAY(a, struct token_row, max + 1);
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " TOKEN_COLUMNS " FROM token WHERE tenant_id = ? AND principal_id = ?"
                     " ORDER BY token_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    stmt_i64(s, 3, (int64_t)max);
    int rc;
    while ((rc = read_token(s, a, &out[got], e)) == 1) got++;
    if (rc < 0) return -1;
    *rows = out;
    *n = got;
    return 0;
}

int q_tenant_put(struct tx *tx, const struct tenant_row *row, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO tenant (tenant_id, name, host, adapter, doc, created_at, updated_at)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (tenant_id) DO UPDATE SET name = ?2, host = ?3,"
                     " adapter = ?4, doc = ?5, updated_at = ?6"
                     " WHERE name <> ?2 OR host IS NOT ?3 OR adapter <> ?4 OR doc <> ?5");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->name);
    stmt_str_or_null(s, 3, row->host.n ? row->host : STR_NONE);
    stmt_str(s, 4, row->adapter);
    stmt_str(s, 5, row->doc);
    stmt_i64(s, 6, now);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_principal_put(struct tx *tx, const struct principal_row *row, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO principal (tenant_id, principal_id, name, role, dialect, status, doc, created_at, updated_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (tenant_id, principal_id) DO UPDATE SET"
            " name = ?3, role = ?4, dialect = ?5, status = ?6, doc = ?7, updated_at = ?8"
            " WHERE name <> ?3 OR role <> ?4 OR dialect <> ?5 OR status <> ?6 OR doc <> ?7");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_str(s, 3, row->name);
    stmt_str(s, 4, row->role);
    stmt_str(s, 5, row->dialect);
    stmt_str(s, 6, row->status);
    stmt_str(s, 7, row->doc.n ? row->doc : STR("{}"));
    stmt_i64(s, 8, now);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_token_add(struct tx *tx, const struct token_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO token (token_hash, tenant_id, principal_id, token_id, label, scope, sandbox,"
                     " created_at, expires_at, may_decide) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                     " ON CONFLICT (token_hash) DO NOTHING");
    stmt_blob(s, 1, row->token_hash);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->token_id);
    stmt_str(s, 5, row->label);
    stmt_str(s, 6, row->scope.n ? row->scope : STR("all"));
    stmt_i64(s, 7, row->sandbox);
    stmt_i64(s, 8, row->created_at);
    stmt_time(s, 9, row->expires_at);
    stmt_i64(s, 10, row->may_decide);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_token_by_id(struct tx *tx, struct arena *a, struct str tenant_id, struct str token_id, struct token_row *out,
                  struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " TOKEN_COLUMNS " FROM token WHERE token_id = ? AND tenant_id = ?");
    stmt_str(s, 1, token_id);
    stmt_str(s, 2, tenant_id);
    return read_token(s, a, out, e);
}

int q_token_update(struct tx *tx, const struct token_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE token SET expires_at = ?, revoked_at = ?, label = ?,"
                                            " may_decide = ? WHERE token_id = ?");
    stmt_time(s, 1, row->expires_at);
    stmt_time(s, 2, row->revoked_at);
    stmt_str(s, 3, row->label);
    stmt_i64(s, 4, row->may_decide);
    stmt_str(s, 5, row->token_id);
    return stmt_run(s, e);
}

int q_token_used(struct tx *tx, const struct token_use *use, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE token SET last_used_at = ?1 WHERE token_id = ?2"
                                            " AND (last_used_at IS NULL OR last_used_at <= ?1 - ?3)");
    stmt_i64(s, 1, use->now);
    stmt_str(s, 2, use->token_id);
    stmt_i64(s, 3, use->step);
    return stmt_run(s, e);
}

/* ---- off the air ---- */

int q_tenant_off_get(struct tx *tx, struct arena *a, struct str tenant_id, struct tenant_off_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT since, actor, why FROM publisher_off WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    int rc = stmt_step(s, e);
    if (rc == 1 && out) *out = (struct tenant_off_row){ tenant_id, col_i64(s, 0), col_str(s, a, 1), col_str(s, a, 2) };
    return rc;
}

int q_tenant_off_put(struct tx *tx, const struct tenant_off_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO publisher_off (tenant_id, since, actor, why) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    stmt_str(s, 1, row->tenant_id);
    stmt_i64(s, 2, row->since);
    stmt_str(s, 3, row->actor);
    stmt_str(s, 4, row->why);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_tenant_off_delete(struct tx *tx, struct str tenant_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM publisher_off WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_tenant_jobs_due(struct tx *tx, struct str tenant_id, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE job SET due_at = ?2 WHERE tenant_id = ?1 AND state = 'ready'"
                                            " AND lease_until IS NULL AND due_at > ?2");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    return stmt_run(s, e);
}

int q_tenant_live_buys(struct tx *tx, struct str tenant_id, int64_t now, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT count(*) FROM media_buy WHERE tenant_id = ?1 AND end_at > ?2 AND status IN"
                     " ('pending_approval', 'pending_creatives', 'pending_start', 'active', 'paused')");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    if (stmt_step(s, e) != 1) return -1;
    *n = col_i64(s, 0);
    return 0;
}

int q_tokens_ending(struct tx *tx, struct arena *a, const struct token_ending_filter *f, struct token_ending **rows,
                    size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "SELECT t.token_id, t.principal_id, p.name, p.role, t.label, t.expires_at FROM token t INDEXED BY token_by_expiry"
        " JOIN principal p ON p.tenant_id = t.tenant_id AND p.principal_id = t.principal_id WHERE t.tenant_id = ?1"
        " AND t.expires_at IS NOT NULL AND t.revoked_at IS NULL AND t.expires_at > ?2 AND t.expires_at < ?3"
        " ORDER BY t.expires_at LIMIT ?4");
    struct token_ending *list = ARENA_ARRAY(a, struct token_ending, (size_t)f->limit + 1);
    int rc;
    stmt_str(s, 1, f->tenant_id);
    stmt_i64(s, 2, f->now);
    stmt_i64(s, 3, f->before);
    stmt_i64(s, 4, f->limit);
    *n = 0;
    while ((rc = stmt_step(s, e)) == 1)
        list[(*n)++] = (struct token_ending){ col_str(s, a, 0), col_str(s, a, 1), col_str(s, a, 2),
                                              col_str(s, a, 3), col_str(s, a, 4), col_i64(s, 5) };
    *rows = list;
    return rc;
}
