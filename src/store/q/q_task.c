#include "store/q/q_task.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define COLUMNS                                                                                                        \
    "task_id, tenant_id, principal_id, account_id, kind, state, decision, subject_type, subject_id, priority,"         \
    " assigned_to, created_at, updated_at, due_at, resolved_at, doc, next_at"

/* Shared by the page and the count; the page adds ?13 and ?14. */
#define WHERE                                                                                                          \
    " WHERE tenant_id = ?1 AND (?2 = '' OR principal_id = ?2) AND (?3 = '' OR account_id = ?3)"                        \
    " AND (?4 = '' OR state IN (SELECT value FROM json_each(?4)))"                                                     \
    " AND (?5 = '' OR kind IN (SELECT value FROM json_each(?5)))"                                                      \
    " AND (?6 = '' OR task_id IN (SELECT value FROM json_each(?6)))"                                                   \
    " AND (?7 = '' OR subject_type = ?7) AND (?8 = '' OR subject_id = ?8)"                                             \
    " AND (?9 IS NULL OR created_at > ?9) AND (?10 IS NULL OR created_at < ?10)"                                       \
    " AND (?11 IS NULL OR updated_at > ?11) AND (?12 IS NULL OR updated_at < ?12)"

static int read_row(struct stmt *s, struct arena *a, struct task_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct task_row){ .task_id = col_str(s, a, 0),
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
                              .next_at = col_time(s, 16) };
    return 1;
}

static void bind_filter(struct stmt *s, const struct task_filter *f)
{
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    stmt_str(s, 3, f->account_id);
    stmt_str(s, 4, f->states);
    stmt_str(s, 5, f->kinds);
    stmt_str(s, 6, f->task_ids);
    stmt_str(s, 7, f->subject_type);
    stmt_str(s, 8, f->subject_id);
    stmt_time(s, 9, f->created_after);
    stmt_time(s, 10, f->created_before);
    stmt_time(s, 11, f->updated_after);
    stmt_time(s, 12, f->updated_before);
}

int q_task_get(struct tx *tx, struct arena *a, const struct task_key *key, struct task_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM task WHERE task_id = ?1 AND tenant_id = ?2"
                                            " AND (?3 = '' OR principal_id = ?3)");
    stmt_str(s, 1, key->task_id);
    stmt_str(s, 2, key->tenant_id);
    stmt_str(s, 3, key->principal_id);
    return read_row(s, a, out, e);
}

int q_task_list(struct tx *tx, struct arena *a, const struct task_filter *f, struct task_row **rows, size_t *n,
                struct err *e)
{
    ENSURE(f->limit > 0);
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM task" WHERE " AND (?13 = '' OR task_id < ?13)"
                                            " ORDER BY task_id DESC LIMIT ?14");
    bind_filter(s, f);
    stmt_str(s, 13, f->before_id);
    stmt_i64(s, 14, f->limit + 1);
    struct task_row *list = ARENA_ARRAY(a, struct task_row, (size_t)f->limit + 1);
    size_t count = 0;
    int rc;
    while ((rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

int q_task_count(struct tx *tx, const struct task_filter *f, int64_t *count, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT count(*) FROM task" WHERE);
    bind_filter(s, f);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *count = rc == 1 ? col_i64(s, 0) : 0;
    return 0;
}

int q_task_next(struct tx *tx, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT min(next_at) FROM task WHERE next_at IS NOT NULL AND NOT EXISTS"
                     " (SELECT 1 FROM quarantine q WHERE q.kind = '" QUARANTINE_TASK "' AND q.row_id = task_id)");
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *at = rc == 1 ? col_time(s, 0) : TIME_NONE;
    return 0;
}

int q_task_due(struct tx *tx, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, task_id FROM task WHERE next_at <= ?1" NOT_IN_QUARANTINE(
                                                QUARANTINE_TASK, "task_id") " ORDER BY next_at LIMIT ?2");
    return q_due_rows(s, a, now, rows, limit, n, e);
}

int q_task_insert(struct tx *tx, const struct task_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO task (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_str(s, 1, row->task_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->principal_id);
    stmt_str(s, 4, row->account_id);
    stmt_str(s, 5, row->kind);
    stmt_str(s, 6, row->state);
    stmt_str(s, 7, row->decision);
    stmt_str(s, 8, row->subject_type);
    stmt_str(s, 9, row->subject_id);
    stmt_str(s, 10, row->priority.n ? row->priority : STR("medium"));
    stmt_str(s, 11, row->assigned_to);
    stmt_i64(s, 12, row->created_at);
    stmt_i64(s, 13, row->updated_at);
    stmt_time(s, 14, row->due_at);
    stmt_time(s, 15, row->resolved_at);
    stmt_str(s, 16, row->doc.n ? row->doc : STR("{}"));
    stmt_time(s, 17, row->next_at);
    return stmt_run(s, e);
}

int q_task_delete(struct tx *tx, const struct task_key *key, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM task WHERE task_id = ? AND tenant_id = ? AND principal_id = ?");
    stmt_str(s, 1, key->task_id);
    stmt_str(s, 2, key->tenant_id);
    stmt_str(s, 3, key->principal_id);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) > 0;
}

int q_task_update(struct tx *tx, const struct task_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE task SET state = ?, decision = ?, priority = ?, assigned_to = ?, updated_at = ?,"
                     " due_at = ?, resolved_at = ?, doc = ?, next_at = ? WHERE task_id = ?");
    stmt_str(s, 1, row->state);
    stmt_str(s, 2, row->decision);
    stmt_str(s, 3, row->priority);
    stmt_str(s, 4, row->assigned_to);
    stmt_i64(s, 5, row->updated_at);
    stmt_time(s, 6, row->due_at);
    stmt_time(s, 7, row->resolved_at);
    stmt_str(s, 8, row->doc);
    stmt_time(s, 9, row->next_at);
    stmt_str(s, 10, row->task_id);
    return stmt_run(s, e);
}
