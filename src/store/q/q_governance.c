#include "store/q/q_governance.h"

#include "store/stmt.h"

int q_governance_insert(struct tx *tx, const struct governance_check_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO governance_check (job_id, tenant_id, principal_id, account_id, plan_id, question, asked_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->job_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->account_id);
    stmt_str(s, 5, row->plan_id);
    stmt_str(s, 6, row->question);
    stmt_i64(s, 7, row->asked_at);
    return stmt_run(s, e);
}

int q_governance_get(struct tx *tx, struct arena *a, struct str job_id, struct governance_check_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT job_id, tenant_id, principal_id, account_id, plan_id, question, verdict, answer, asked_at,"
                     " answered_at FROM governance_check WHERE job_id = ?");
    stmt_str(s, 1, job_id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct governance_check_row){ .job_id = col_str(s, a, 0),
                                          .tenant_id = col_str(s, a, 1),
                                          .principal_id = col_str(s, a, 2),
                                          .account_id = col_str(s, a, 3),
                                          .plan_id = col_str(s, a, 4),
                                          .question = col_str(s, a, 5),
                                          .verdict = col_str(s, a, 6),
                                          .answer = col_str(s, a, 7),
                                          .asked_at = col_i64(s, 8),
                                          .answered_at = col_time(s, 9) };
    return 1;
}

int q_governance_answer(struct tx *tx, const struct governance_check_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE governance_check SET verdict = ?, answer = ?, answered_at = ? WHERE job_id = ?");
    stmt_str(s, 1, row->verdict);
    stmt_str(s, 2, row->answer.n ? row->answer : STR("{}"));
    stmt_time(s, 3, row->answered_at);
    stmt_str(s, 4, row->job_id);
    return stmt_run(s, e);
}
