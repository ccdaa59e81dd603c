#include "store/q/agent/q_job_hold.h"

#include "store/stmt.h"

int q_job_hold_get(struct tx *tx, struct arena *a, struct job_hold *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT since, actor, why FROM job_hold WHERE one = 1");
    int rc = stmt_step(s, e);
    if (rc == 1 && out) *out = (struct job_hold){ col_i64(s, 0), col_str(s, a, 1), col_str(s, a, 2) };
    return rc;
}

int q_job_hold_begin(struct tx *tx, const struct job_hold *hold, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO job_hold (one, since, actor, why) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING");
    stmt_i64(s, 1, hold->since);
    stmt_str(s, 2, hold->actor);
    stmt_str(s, 3, hold->why);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_job_hold_end(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM job_hold WHERE one = 1");
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}
