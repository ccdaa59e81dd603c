#include "store/q/agent/q_session.h"

#include "store/stmt.h"

#define COLUMNS                                                                                                        \
    "session_hash, session_id, tenant_id, principal_id, browser, address, created_at, used_at, expires_at, ended_at,"  \
    " issuer, subject"
#define PURGE_MAX 20

static int read_row(struct stmt *s, struct arena *a, struct session_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct session_row){ .session_hash = col_str(s, a, 0),
                                 .session_id = col_str(s, a, 1),
                                 .tenant_id = col_str(s, a, 2),
                                 .principal_id = col_str(s, a, 3),
                                 .browser = col_str(s, a, 4),
                                 .address = col_str(s, a, 5),
                                 .created_at = col_i64(s, 6),
                                 .used_at = col_i64(s, 7),
                                 .expires_at = col_i64(s, 8),
                                 .ended_at = col_time(s, 9),
                                 .issuer = col_str(s, a, 10),
                                 .subject = col_str(s, a, 11) };
    return 1;
}

int q_session_get(struct tx *tx, struct arena *a, struct str session_hash, struct session_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM session WHERE session_hash = ?");
    stmt_blob(s, 1, session_hash);
    return read_row(s, a, out, e);
}

int q_session_by_id(struct tx *tx, struct arena *a, struct str tenant_id, struct str session_id,
                    struct session_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM session WHERE session_id = ? AND tenant_id = ?");
    stmt_str(s, 1, session_id);
    stmt_str(s, 2, tenant_id);
    return read_row(s, a, out, e);
}

int q_session_list(struct tx *tx, struct arena *a, const struct session_filter *f, struct session_row **rows, size_t *n,
                   struct err *e)
{
    static const char all[] =
        "SELECT " COLUMNS " FROM session INDEXED BY session_open WHERE tenant_id = ?1 AND ?2 = '' AND expires_at > ?3"
        " AND ended_at IS NULL ORDER BY created_at DESC LIMIT ?4";
    static const char one[] =
        "SELECT " COLUMNS " FROM session WHERE tenant_id = ?1 AND principal_id = ?2 AND expires_at > ?3"
        " AND ended_at IS NULL ORDER BY created_at DESC LIMIT ?4";
    AUTO_STMT struct stmt *s = stmt_get(tx, f->principal_id.n ? one : all);
    struct session_row *list = ARENA_ARRAY(a, struct session_row, (size_t)f->limit + 1);
    int rc = 0;
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_i64(s, 3, f->now);
    stmt_i64(s, 4, f->limit);
    *n = 0;
    while ((rc = read_row(s, a, &list[*n], e)) == 1) (*n)++;
    *rows = list;
    return rc;
}

int q_session_insert(struct tx *tx, const struct session_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO session (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)");
    stmt_blob(s, 1, row->session_hash);
    stmt_str(s, 2, row->session_id);
    stmt_str(s, 3, row->tenant_id);
    stmt_str(s, 4, row->principal_id);
    stmt_str(s, 5, row->browser);
    stmt_str(s, 6, row->address);
    stmt_i64(s, 7, row->created_at);
    stmt_i64(s, 8, row->used_at);
    stmt_i64(s, 9, row->expires_at);
    stmt_str(s, 10, row->issuer);
    stmt_str(s, 11, row->subject);
    return stmt_run(s, e);
}

int q_session_end(struct tx *tx, struct str session_hash, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE session SET ended_at = ? WHERE session_hash = ? AND ended_at IS NULL");
    stmt_i64(s, 1, now);
    stmt_blob(s, 2, session_hash);
    return stmt_run(s, e);
}

int q_session_used(struct tx *tx, struct str session_hash, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE session SET used_at = ? WHERE session_hash = ?");
    stmt_i64(s, 1, now);
    stmt_blob(s, 2, session_hash);
    return stmt_run(s, e);
}

static int purge_sessions(struct tx *tx, int64_t before, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM session WHERE session_hash IN (SELECT session_hash FROM session"
                     " WHERE expires_at < ? ORDER BY expires_at LIMIT ?)");
    stmt_i64(s, 1, before);
    stmt_i64(s, 2, PURGE_MAX);
    return stmt_run(s, e);
}

int q_session_purge(struct tx *tx, int64_t before, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM sign_in_link WHERE link_hash IN (SELECT link_hash FROM"
                                            " sign_in_link WHERE expires_at < ? ORDER BY expires_at LIMIT ?)");
    stmt_i64(s, 1, before);
    stmt_i64(s, 2, PURGE_MAX);
    return stmt_run(s, e) ? -1 : purge_sessions(tx, before, e);
}

int q_sign_in_link_get(struct tx *tx, struct arena *a, struct str link_hash, struct sign_in_link_row *out,
                       struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT link_hash, tenant_id, principal_id, expires_at, used_at"
                                            " FROM sign_in_link WHERE link_hash = ?");
    stmt_blob(s, 1, link_hash);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct sign_in_link_row){ .link_hash = col_str(s, a, 0),
                                      .tenant_id = col_str(s, a, 1),
                                      .principal_id = col_str(s, a, 2),
                                      .expires_at = col_i64(s, 3),
                                      .used_at = col_time(s, 4) };
    return 1;
}

int q_sign_in_link_insert(struct tx *tx, const struct sign_in_link_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO sign_in_link (link_hash, tenant_id, principal_id, expires_at,"
                                            " used_at) VALUES (?, ?, ?, ?, NULL)");
    stmt_blob(s, 1, row->link_hash);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->principal_id);
    stmt_i64(s, 4, row->expires_at);
    return stmt_run(s, e);
}

int q_sign_in_link_used(struct tx *tx, struct str link_hash, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE sign_in_link SET used_at = ? WHERE link_hash = ?");
    stmt_i64(s, 1, now);
    stmt_blob(s, 2, link_hash);
    return stmt_run(s, e);
}
