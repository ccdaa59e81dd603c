#include "store/q/agent/q_pulse.h"

#include "store/stmt.h"

int q_pulse_write(struct tx *tx, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE pulse SET written_at = ? WHERE one = 1");
    stmt_i64(s, 1, now);
    return stmt_run(s, e);
}

int q_schema_count(struct tx *tx, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM schema_migration");
    return stmt_step(s, e) == 1 ? (int)col_i64(s, 0) : -1;
}
