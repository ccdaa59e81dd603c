#include "store/q/q_task_queue.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

/* As the index task_waiting has it. */
#define OPEN "t.state IN ('pending', 'assigned', 'in_progress', 'escalated')"
#define DUE  "ifnull(t.due_at, 9223372036854775807)"

static int read_row(struct stmt *s, struct arena *a, struct task_queue_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct task_queue_row){ .task = { .task_id = col_str(s, a, 0),
                                              .tenant_id = col_str(s, a, 1),
                                              .principal_id = col_str(s, a, 2),
                                              .account_id = col_str(s, a, 3),
                                              .kind = col_str(s, a, 4),
                                              .state = col_str(s, a, 5),
                                              .decision = col_str(s, a, 6),
                                              .subject_type = col_str(s, a, 7),
                                              .subject_id = col_str(s, a, 8),
                                              .priority = col_str(s, a, 9),
                                              .assigned_to = col_str(s, a, 10),
                                              .created_at = col_i64(s, 11),
                                              .updated_at = col_i64(s, 12),
                                              .due_at = col_time(s, 13),
                                              .resolved_at = col_time(s, 14),
                                              .doc = col_str(s, a, 15),
                                              .next_at = col_time(s, 16) },
                                    .buyer_name = col_str(s, a, 17),
                                    .buy_name = col_str(s, a, 18),
                                    .brand_domain = col_str(s, a, 19) };
    return 1;
}

int q_task_queue(struct tx *tx, struct arena *a, const struct task_queue_filter *f, struct task_queue_row **rows,
                 size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "SELECT t.task_id, t.tenant_id, t.principal_id, t.account_id, t.kind, t.state, t.decision, t.subject_type,"
        " t.subject_id, t.priority, t.assigned_to, t.created_at, t.updated_at, t.due_at, t.resolved_at, t.doc, t.next_at,"
        " ifnull(p.name, ''), ifnull(b.name, ''), ifnull(c.brand_domain, '')"
        " FROM task t INDEXED BY task_waiting"
        " LEFT JOIN principal p ON p.tenant_id = t.tenant_id AND p.principal_id = t.principal_id"
        " LEFT JOIN media_buy b ON t.subject_type = 'media_buy' AND b.media_buy_id = t.subject_id"
        " LEFT JOIN account c ON c.tenant_id = t.tenant_id AND c.account_id ="
        " CASE WHEN t.account_id = '' THEN b.account_id ELSE t.account_id END"
        " WHERE t.tenant_id = ?1 AND " OPEN " AND (" DUE ", t.task_id) > (?2, ?3)"
        " AND (?4 = '' OR t.kind = ?4)"
        " AND (?5 <> 'operator' OR ifnull(json_extract(t.doc, '$.terms.role'), 'operator') <> 'administrator')"
        " AND (?6 = '' OR instr(lower(ifnull(b.name, '')), ?6) OR instr(lower(ifnull(p.name, '')), ?6)"
        " OR instr(lower(ifnull(c.brand_domain, '')), ?6) OR instr(t.subject_id, ?6) OR instr(t.task_id, ?6)"
        " OR instr(lower(t.principal_id), ?6))"
        " ORDER BY " DUE ", t.task_id LIMIT ?7");
    struct task_queue_row *list = ARENA_ARRAY(a, struct task_queue_row, (size_t)f->limit + 1);
    int rc;
    stmt_str(s, 1, f->tenant_id);
    stmt_i64(s, 2, !f->after_id.n ? INT64_MIN : f->after_due == TIME_NONE ? INT64_MAX : f->after_due);
    stmt_str(s, 3, f->after_id);
    stmt_str(s, 4, f->kind);
    stmt_str(s, 5, f->role);
    stmt_str(s, 6, f->text);
    stmt_i64(s, 7, f->limit + 1);
    *n = 0;
    while ((rc = read_row(s, a, &list[*n], e)) == 1) (*n)++;
    *rows = list;
    return rc;
}

int q_task_queue_count(struct tx *tx, struct str tenant_id, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM (SELECT 1 FROM task t INDEXED BY task_waiting"
                                            " WHERE t.tenant_id = ? AND " OPEN " LIMIT ?)");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, TASK_QUEUE_COUNT_MAX);
    int rc = stmt_step(s, e);
    if (rc == 1) *n = col_i64(s, 0);
    return rc < 0 ? -1 : 0;
}
