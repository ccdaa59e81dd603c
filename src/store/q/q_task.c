#include "store/q/q_task.h"

#include <stdlib.h>

#include "base/rfc3339.h"
#include "store/columns.h"

#define TASK_CHANGES(FIRST, NEXT)                                                                                      \
    FIRST(state, text)                                                                                                 \
    NEXT(decision, text)                                                                                               \
    NEXT(priority, text)                                                                                               \
    NEXT(assigned_to, text)                                                                                            \
    NEXT(updated_at, number) NEXT(due_at, time) NEXT(resolved_at, time) NEXT(doc, json) NEXT(next_at, time)
#define TASK_ORIGIN(FIRST, NEXT)                                                                                       \
    FIRST(task_id, text)                                                                                               \
    NEXT(tenant_id, text)                                                                                              \
    NEXT(principal_id, text)                                                                                           \
    NEXT(account_id, text) NEXT(kind, text) NEXT(subject_type, text) NEXT(subject_id, text) NEXT(created_at, number)
#define COLUMNS COLUMN_NAMES(TASK_CHANGES) ", " COLUMN_NAMES(TASK_ORIGIN)
COLUMNS_READER(read_changes, struct task_row, TASK_CHANGES)
COLUMNS_READER(read_origin, struct task_row, TASK_ORIGIN)
COLUMNS_BINDER(bind_changes, struct task_row, TASK_CHANGES)
COLUMNS_BINDER(bind_origin, struct task_row, TASK_ORIGIN)

/* Shared by the page and the count; the page adds ?13 and ?14. */
#define OF_TENANT  " WHERE tenant_id = ?1" REST
#define OF_SUBJECT " INDEXED BY task_by_subject WHERE tenant_id = ?1 AND subject_type = ?7 AND subject_id = ?8" REST
#define REST                                                                                                           \
    " AND (?2 = '' OR principal_id = ?2) AND (?3 = '' OR account_id IN (?3, ''))"                                      \
    " AND (?4 = '' OR state IN (SELECT value FROM json_each(?4)))"                                                     \
    " AND (?5 = '' OR kind IN (SELECT value FROM json_each(?5)))"                                                      \
    " AND (?15 = '' OR coalesce(json_extract(doc, '$.called_as'), kind) IN (SELECT value FROM json_each(?15)))"        \
    " AND (?6 = '' OR task_id IN (SELECT value FROM json_each(?6)))"                                                   \
    " AND (?7 = '' OR subject_type = ?7) AND (?8 = '' OR subject_id = ?8)"                                             \
    " AND (?9 IS NULL OR created_at > ?9) AND (?10 IS NULL OR created_at < ?10)"                                       \
    " AND (?11 IS NULL OR updated_at > ?11) AND (?12 IS NULL OR updated_at < ?12)"

static int read_row(struct stmt *s, struct arena *a, struct task_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    (void)read_origin(s, a, read_changes(s, a, 0, out), out);
    return 1;
}

/* There are few of one subject, however many there are of the publisher. */
static bool of_subject(const struct task_filter *f)
{
    return f->subject_type.n && f->subject_id.n;
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
    stmt_str(s, 15, f->called_as);
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

static bool heavy(size_t bytes, size_t max)
{
    return max && bytes > max;
}

size_t q_task_fit(const struct task_row *rows, size_t n, int limit, size_t bytes_max)
{
    size_t fit = n > (size_t)limit ? (size_t)limit : n, bytes = 0;
    for (size_t i = 0; i < fit; i++) {
        bytes += rows[i].doc.n;
        if (i && heavy(bytes, bytes_max)) return i;
    }
    return fit;
}

int q_task_list(struct tx *tx, struct arena *a, const struct task_filter *f, struct task_row **rows, size_t *n,
                struct err *e)
{
    ENSURE(f->limit > 0);
#define PAGE " AND (?13 = '' OR task_id < ?13) ORDER BY task_id DESC LIMIT ?14"
    AUTO_STMT struct stmt *s = stmt_get(tx, of_subject(f) ? "SELECT " COLUMNS " FROM task" OF_SUBJECT PAGE
                                                          : "SELECT " COLUMNS " FROM task" OF_TENANT PAGE);
    bind_filter(s, f);
    stmt_str(s, 13, f->before_id);
    stmt_i64(s, 14, f->limit + 1);
    struct task_row *list = ARENA_ARRAY(a, struct task_row, (size_t)f->limit + 1);
    size_t count = 0, bytes = 0;
    int rc = 0;
    while (!heavy(bytes, f->bytes_max) && (rc = read_row(s, a, &list[count], e)) == 1) bytes += list[count++].doc.n;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

/* Adds those of one state; "": of all. */
static int add_state(struct tx *tx, struct arena *a, const struct task_page *f, const char *state,
                     struct task_row *rows, size_t *n, struct err *e)
{
    static const char of_all[] =
        "SELECT " COLUMNS " FROM task INDEXED BY task_by_tenant WHERE tenant_id = ?1 AND ?2 = ''"
        " AND (?3 = '' OR task_id < ?3) ORDER BY task_id DESC LIMIT ?4";
    static const char of_one[] = "SELECT " COLUMNS " FROM task INDEXED BY task_by_tenant_state WHERE tenant_id = ?1"
                                 " AND state = ?2 AND task_id < ?3 ORDER BY task_id DESC LIMIT ?4";
    AUTO_STMT struct stmt *s = stmt_get(tx, *state ? of_one : of_all);
    int rc = 0;
    size_t bytes = 0;
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, str_from(state));
    stmt_str(s, 3, f->before_id.n || !*state ? f->before_id : STR("~"));
    stmt_i64(s, 4, f->limit + 1);
    while (!heavy(bytes, f->bytes_max) && (rc = read_row(s, a, &rows[*n], e)) == 1) bytes += rows[(*n)++].doc.n;
    return rc < 0 ? -1 : 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct task_row *x = a, *y = b;
    size_t n = x->task_id.n < y->task_id.n ? x->task_id.n : y->task_id.n;
    int c = memcmp(y->task_id.p, x->task_id.p, n);
    return c ? c : (y->task_id.n > x->task_id.n) - (y->task_id.n < x->task_id.n);
}

int q_task_page(struct tx *tx, struct arena *a, const struct task_page *f, struct task_row **rows, size_t *n,
                struct err *e)
{
    size_t states = 0, most = (size_t)f->limit + 1;
    while (f->states && states < TASK_STATES_MAX && f->states[states]) states++;
    struct task_row *list = ARENA_ARRAY(a, struct task_row, most * (states ? states : 1) + 1);
    *n = 0;
    int rc = states ? 0 : add_state(tx, a, f, "", list, n, e);
    for (size_t i = 0; !rc && i < states; i++) rc = add_state(tx, a, f, f->states[i], list, n, e);
    if (rc) return -1;
    if (states > 1) qsort(list, *n, sizeof(*list), newest_first);
    if (*n > most) *n = most;
    *rows = list;
    return 0;
}

int q_task_count(struct tx *tx, const struct task_filter *f, int64_t *count, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, of_subject(f) ? "SELECT count(*) FROM task" OF_SUBJECT : "SELECT count(*) FROM task" OF_TENANT);
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
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO task (" COLUMNS
                                            ") VALUES (" COLUMN_MARKS(TASK_CHANGES) ", " COLUMN_MARKS(TASK_ORIGIN) ")");
    struct task_row task = *row;
    if (!task.priority.n) task.priority = STR("medium");
    (void)bind_origin(s, bind_changes(s, 1, &task), &task);
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
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE task SET " COLUMN_SETS(TASK_CHANGES) " WHERE task_id = ?");
    stmt_str(s, bind_changes(s, 1, row), row->task_id);
    return stmt_run(s, e);
}
