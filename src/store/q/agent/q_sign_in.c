#include "store/q/agent/q_sign_in.h"

#include "store/stmt.h"

#define COLUMNS "tenant_id, principal_id, password, password_at, totp_key, totp_on, totp_step"

static int read_row(struct stmt *s, struct arena *a, struct sign_in_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct sign_in_row){ .tenant_id = col_str(s, a, 0),
                                 .principal_id = col_str(s, a, 1),
                                 .password = col_str(s, a, 2),
                                 .password_at = col_i64(s, 3),
                                 .totp_key = col_str(s, a, 4),
                                 .totp_on = col_i64(s, 5) != 0,
                                 .totp_step = col_i64(s, 6) };
    return 1;
}

int q_sign_in_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                  struct sign_in_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM sign_in WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return read_row(s, a, out, e);
}

int q_sign_in_list(struct tx *tx, struct arena *a, struct str tenant_id, struct sign_in_row **rows, size_t *n,
                   struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM sign_in WHERE ?1 = '' OR tenant_id = ?1"
                                            " ORDER BY tenant_id, principal_id");
    struct sign_in_row *list = NULL, one;
    size_t found = 0, cap = 0;
    int rc;
    stmt_str(s, 1, tenant_id);
    while ((rc = read_row(s, a, &one, e)) == 1) {
        if (found == cap) {
            size_t grown = cap ? 2 * cap : 8;
            struct sign_in_row *more = ARENA_ARRAY(a, struct sign_in_row, grown);
            if (found) memcpy(more, list, found * sizeof(*list));
            list = more;
            cap = grown;
        }
        list[found++] = one;
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = found;
    return 0;
}

int q_sign_in_put(struct tx *tx, const struct sign_in_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO sign_in (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
                     " password = ?3, password_at = ?4, totp_key = ?5, totp_on = ?6, totp_step = ?7");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->principal_id);
    stmt_str(s, 3, row->password);
    stmt_i64(s, 4, row->password_at);
    stmt_str(s, 5, row->totp_key);
    stmt_i64(s, 6, row->totp_on);
    stmt_i64(s, 7, row->totp_step);
    return stmt_run(s, e);
}

int q_sign_in_delete(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM sign_in WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return stmt_run(s, e);
}
