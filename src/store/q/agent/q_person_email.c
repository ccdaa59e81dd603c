#include "store/q/agent/q_person_email.h"

#include "store/columns.h"

#define EMAIL_COLUMNS(FIRST, NEXT)                                                                                     \
    FIRST(tenant_id, text) NEXT(principal_id, text) NEXT(email, text) NEXT(issuer, text) NEXT(subject, text)
COLUMNS_READER(read_columns, struct person_email_row, EMAIL_COLUMNS)
COLUMNS_BINDER(bind_columns, struct person_email_row, EMAIL_COLUMNS)
#define SELECT "SELECT " COLUMN_NAMES(EMAIL_COLUMNS) " FROM person_email WHERE tenant_id = ?"

static int read_row(struct stmt *s, struct arena *a, struct person_email_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc == 1) (void)read_columns(s, a, 0, out); /* the number behind them */
    return rc;
}

int q_person_email_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                       struct person_email_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT " AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return read_row(s, a, out, e);
}

int q_person_email_by_email(struct tx *tx, struct arena *a, struct str tenant_id, struct str email,
                            struct person_email_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT " AND email = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, email);
    return read_row(s, a, out, e);
}

int q_person_email_by_subject(struct tx *tx, struct arena *a, struct str tenant_id, const struct person_email_row *who,
                              struct person_email_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT " AND issuer = ? AND subject = ? AND subject <> ''");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, who->issuer);
    stmt_str(s, 3, who->subject);
    return read_row(s, a, out, e);
}

int q_person_email_list(struct tx *tx, struct arena *a, struct str tenant_id, struct person_email_row **rows, size_t *n,
                        struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT " ORDER BY principal_id");
    struct person_email_row *list = NULL, one;
    size_t found = 0, cap = 0;
    int rc;
    stmt_str(s, 1, tenant_id);
    while ((rc = read_row(s, a, &one, e)) == 1) {
        if (found == cap) {
            size_t grown = cap ? 2 * cap : 8;
            struct person_email_row *more = ARENA_ARRAY(a, struct person_email_row, grown);
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

int q_person_email_of_identity(struct tx *tx, struct arena *a, const struct person_email_row *who, size_t max,
                               struct person_email_row **rows, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " COLUMN_NAMES(EMAIL_COLUMNS) " FROM person_email WHERE issuer = ?"
                                                  " AND subject = ? AND subject <> '' ORDER BY tenant_id LIMIT ?");
    struct person_email_row *list = ARENA_ARRAY(a, struct person_email_row, max + 1);
    int rc = 0;
    stmt_str(s, 1, who->issuer);
    stmt_str(s, 2, who->subject);
    stmt_i64(s, 3, (int64_t)max);
    *n = 0;
    while (*n < max && (rc = read_row(s, a, &list[*n], e)) == 1) ++*n;
    *rows = list;
    return rc < 0 ? -1 : 0;
}

int q_person_email_put(struct tx *tx, const struct person_email_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO person_email (" COLUMN_NAMES(EMAIL_COLUMNS) ") VALUES (" COLUMN_MARKS(
                         EMAIL_COLUMNS) ") ON CONFLICT (tenant_id, principal_id) DO UPDATE SET email = excluded.email,"
                                        " issuer = excluded.issuer, subject = excluded.subject");
    (void)bind_columns(s, 1, row); /* the number behind them */
    return stmt_run(s, e);
}

int q_person_email_delete(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM person_email WHERE tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return stmt_run(s, e);
}
