#include "store/q/agent/q_person.h"

#include "store/stmt.h"
#include "store/store_internal.h"

#define OF_PERSON " WHERE tenant_id = ?1 AND principal_id = ?2"

static int remove_rows(struct tx *tx, const char *sql, struct str tenant_id, struct str principal_id, int64_t *rows,
                       struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, sql);
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    if (stmt_run(s, e)) return -1;
    if (rows) *rows = tx_changes(tx);
    return 0;
}

int q_person_forget(struct tx *tx, struct str tenant_id, struct str principal_id, struct person_forgotten *out,
                    struct err *e)
{
    struct person_forgotten n = { 0 };
    const struct {
        const char *sql;
        int64_t *rows;
    } steps[] = {
        { "DELETE FROM session" OF_PERSON, &n.sessions },
        { "DELETE FROM sign_in_link" OF_PERSON, NULL },
        { "DELETE FROM sign_in" OF_PERSON, NULL },
        { "DELETE FROM person_email" OF_PERSON, NULL },
        { "DELETE FROM token" OF_PERSON, &n.tokens },
        { "DELETE FROM idempotency" OF_PERSON, NULL },
        { "UPDATE task SET assigned_to = '', state = CASE state WHEN 'assigned' THEN 'pending' ELSE state END"
          " WHERE tenant_id = ?1 AND state IN ('pending', 'assigned', 'in_progress', 'escalated') AND assigned_to = ?2",
          &n.tasks },
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (remove_rows(tx, steps[i].sql, tenant_id, principal_id, steps[i].rows, e)) return -1;
    }
    *out = n;
    return 0;
}

int q_person_other_administrators(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM principal WHERE tenant_id = ? AND principal_id <> ?"
                                            " AND role = 'administrator' AND status = 'active'");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, principal_id);
    return stmt_step(s, e) == 1 ? (int)col_i64(s, 0) : -1;
}
