#include "store/q/q_account.h"

#include "store/changes.h"
#include "store/stmt.h"

#define COLUMNS                                                                                                        \
    "tenant_id, account_id, principal_id, brand_domain, brand_id, operator, sandbox, name, status, doc, created_at,"   \
    " updated_at"

static int read_row(struct stmt *s, struct arena *a, struct account_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct account_row){ .tenant_id = col_str(s, a, 0),
                                 .account_id = col_str(s, a, 1),
                                 .principal_id = col_str(s, a, 2),
                                 .brand_domain = col_str(s, a, 3),
                                 .brand_id = col_str(s, a, 4),
                                 .operator_domain = col_str(s, a, 5),
                                 .sandbox = col_i64(s, 6) != 0,
                                 .name = col_str(s, a, 7),
                                 .status = col_str(s, a, 8),
                                 .doc = col_str(s, a, 9),
                                 .created_at = col_i64(s, 10),
                                 .updated_at = col_i64(s, 11) };
    return 1;
}

int q_account_get(struct tx *tx, struct arena *a, const struct account_row *scope_and_id, struct account_row *out,
                  struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN COLUMNS " FROM account WHERE tenant_id = ? AND account_id = ? AND principal_id = ?");
    stmt_str(s, 1, scope_and_id->tenant_id);
    stmt_str(s, 2, scope_and_id->account_id);
    stmt_str(s, 3, scope_and_id->principal_id);
    return read_row(s, a, out, e);
}

int q_account_by_key(struct tx *tx, struct arena *a, const struct account_row *key, struct account_row *out,
                     struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " OWN COLUMNS " FROM account WHERE tenant_id = ? AND principal_id = ? AND brand_domain = ?"
                     " AND brand_id = ? AND operator = ? AND sandbox = ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    stmt_str(s, 3, key->brand_domain);
    stmt_str(s, 4, key->brand_id);
    stmt_str(s, 5, key->operator_domain);
    stmt_i64(s, 6, key->sandbox);
    return read_row(s, a, out, e);
}

int q_account_list(struct tx *tx, struct arena *a, const struct account_filter *f, struct account_row **rows, size_t *n,
                   struct err *e)
{
    ENSURE(f->limit > 0);
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " OWN COLUMNS " FROM account WHERE tenant_id = ?1 AND principal_id = ?2 AND account_id > ?3"
            " AND (?4 = '' OR status = ?4) AND (?5 < 0 OR sandbox = ?5) ORDER BY account_id LIMIT ?6");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->after_id);
    stmt_str(s, 4, f->status);
    stmt_i64(s, 5, f->sandbox);
    stmt_i64(s, 6, f->limit + 1);
    struct account_row *list = ARENA_ARRAY(a, struct account_row, (size_t)f->limit + 1);
    size_t count = 0;
    int rc;
    while ((rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

int q_account_count(struct tx *tx, struct str tenant_id, struct str principal_id, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM account WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *n = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

int q_account_insert(struct tx *tx, const struct account_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO account (" COLUMNS ")"
                                            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->account_id);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->brand_domain);
    stmt_str(s, 5, row->brand_id);
    stmt_str(s, 6, row->operator_domain);
    stmt_i64(s, 7, row->sandbox);
    stmt_str(s, 8, row->name);
    stmt_str(s, 9, row->status);
    stmt_str(s, 10, row->doc.n ? row->doc : STR("{}"));
    stmt_i64(s, 11, row->created_at);
    stmt_i64(s, 12, row->updated_at);
    return stmt_run(s, e);
}

int q_account_update(struct tx *tx, const struct account_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE account SET name = ?, status = ?, doc = ?, updated_at = ?"
                                            " WHERE tenant_id = ? AND account_id = ?");
    stmt_str(s, 1, row->name);
    stmt_str(s, 2, row->status);
    stmt_str(s, 3, row->doc.n ? row->doc : STR("{}"));
    stmt_i64(s, 4, row->updated_at);
    stmt_str(s, 5, row->tenant_id);
    stmt_str(s, 6, row->account_id);
    return stmt_run(s, e);
}

int q_account_owner(struct tx *tx, struct arena *a, struct str tenant_id, struct str account_id,
                    struct str *principal_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT principal_id FROM account WHERE tenant_id = ? AND account_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, account_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *principal_id = col_str(s, a, 0);
    return rc;
}

int q_accounts_of_tenant(struct tx *tx, struct arena *a, struct str tenant_id, struct str after_id, int limit,
                         struct account_row **rows, size_t *n, struct err *e)
{
    ENSURE(limit > 0);
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " COLUMNS " FROM account WHERE tenant_id = ? AND account_id > ? ORDER BY account_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, after_id);
    stmt_i64(s, 3, limit);
    struct account_row *list = ARENA_ARRAY(a, struct account_row, (size_t)limit + 1);
    size_t count = 0;
    int rc;
    while ((rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}
