#include "store/q/agent/q_audit.h"

#include "store/stmt.h"

#define COLUMNS "seq, at, tenant_id, actor, action, subject, doc, prev_hash, hash"

static int read_row(struct stmt *s, struct arena *a, struct audit_row *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct audit_row){ .seq = col_i64(s, 0),
                               .at = col_i64(s, 1),
                               .tenant_id = col_str(s, a, 2),
                               .actor = col_str(s, a, 3),
                               .action = col_str(s, a, 4),
                               .subject = col_str(s, a, 5),
                               .doc = col_str(s, a, 6),
                               .prev_hash = col_str(s, a, 7),
                               .hash = col_str(s, a, 8) };
    return 1;
}

int q_audit_last(struct tx *tx, struct arena *a, struct audit_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM audit ORDER BY seq DESC LIMIT 1");
    return read_row(s, a, out, e);
}

/* A final '*' asks for a beginning; GLOB's own signs in the rest mean themselves only in brackets, and no actor,
 * action or subject of ours holds any. */
#define REST                                                                                                           \
    " AND (?2 = '' OR actor GLOB ?2) AND (?3 = '' OR action GLOB ?3) AND (?4 = '' OR subject GLOB ?4)"                 \
    " AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6)"
#define FROM       "SELECT " COLUMNS " FROM audit "
#define ALL        FROM "WHERE ?1 = ''" REST
#define OF_TENANT  FROM "INDEXED BY audit_by_tenant WHERE tenant_id = ?1" REST
#define OF_SUBJECT FROM "INDEXED BY audit_by_subject WHERE tenant_id = ?1 AND subject = ?4" REST
#define DOWN       " AND seq < ?7 AND seq >= ?9 ORDER BY seq DESC LIMIT ?8"
#define UP         " AND seq > ?7 AND (?9 = 0 OR seq <= ?9) ORDER BY seq LIMIT ?8"

bool q_audit_is_exact(struct str pattern)
{
    return pattern.n && !memchr(pattern.p, '*', pattern.n) && !memchr(pattern.p, '?', pattern.n) &&
           !memchr(pattern.p, '[', pattern.n);
}

static struct stmt *statement_of(struct tx *tx, const struct audit_filter *f)
{
    bool down = f->before_seq != 0;
    if (!f->tenant_id.n) return stmt_get(tx, down ? ALL DOWN : ALL UP);
    if (q_audit_is_exact(f->subject)) return stmt_get(tx, down ? OF_SUBJECT DOWN : OF_SUBJECT UP);
    return stmt_get(tx, down ? OF_TENANT DOWN : OF_TENANT UP);
}

int q_audit_window(struct tx *tx, const struct audit_filter *f, int64_t rows, int64_t *to_seq, struct err *e)
{
    static const char down[] = "SELECT seq FROM audit INDEXED BY audit_by_tenant WHERE tenant_id = ? AND seq < ?"
                               " ORDER BY seq DESC LIMIT 1 OFFSET ?";
    static const char up[] = "SELECT seq FROM audit INDEXED BY audit_by_tenant WHERE tenant_id = ? AND seq > ?"
                             " ORDER BY seq LIMIT 1 OFFSET ?";
    AUTO_STMT struct stmt *s = stmt_get(tx, f->before_seq ? down : up);
    stmt_str(s, 1, f->tenant_id);
    stmt_i64(s, 2, f->before_seq ? f->before_seq : f->after_seq);
    stmt_i64(s, 3, rows - 1);
    int rc = stmt_step(s, e);
    *to_seq = rc == 1 ? col_i64(s, 0) : 0;
    return rc < 0 ? -1 : 0;
}

int q_audit_list(struct tx *tx, struct arena *a, const struct audit_filter *f, struct audit_row **rows, size_t *n,
                 struct err *e)
{
    ENSURE(f->limit > 0);
    AUTO_STMT struct stmt *s = statement_of(tx, f);
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->actor);
    stmt_str(s, 3, f->action);
    stmt_str(s, 4, f->subject);
    stmt_time(s, 5, f->from_at);
    stmt_time(s, 6, f->until_at);
    stmt_i64(s, 7, f->before_seq ? f->before_seq : f->after_seq);
    stmt_i64(s, 8, f->limit);
    stmt_i64(s, 9, f->to_seq);
    struct audit_row *list = ARENA_ARRAY(a, struct audit_row, (size_t)f->limit);
    size_t count = 0;
    int rc = 0;
    while (count < (size_t)f->limit && (rc = read_row(s, a, &list[count], e)) == 1) count++;
    if (rc < 0) return -1;
    *rows = list;
    *n = count;
    return 0;
}

int q_audit_head_get(struct tx *tx, struct arena *a, struct audit_head *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT seq, hash, seal FROM audit_head WHERE one = 1");
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct audit_head){ col_i64(s, 0), col_str(s, a, 1), col_str(s, a, 2) };
    return rc;
}

int q_audit_head_put(struct tx *tx, const struct audit_head *head, struct err *e)
{
    AUTO_STMT struct stmt *s =
        head->seq == 1 ? stmt_get(tx, "INSERT OR REPLACE INTO audit_head (seq, hash, seal, one) VALUES (?, ?, ?, 1)")
                       : stmt_get(tx, "UPDATE audit_head SET seq = ?, hash = ?, seal = ? WHERE one = 1");
    stmt_i64(s, 1, head->seq);
    stmt_blob(s, 2, head->hash);
    stmt_blob(s, 3, head->seal);
    return stmt_run(s, e);
}

int q_audit_insert(struct tx *tx, const struct audit_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO audit (seq, at, tenant_id, actor, action, subject, doc, prev_hash, hash)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_i64(s, 1, row->seq);
    stmt_i64(s, 2, row->at);
    stmt_str(s, 3, row->tenant_id);
    stmt_str(s, 4, row->actor);
    stmt_str(s, 5, row->action);
    stmt_str(s, 6, row->subject);
    stmt_str(s, 7, row->doc);
    stmt_blob(s, 8, row->prev_hash);
    stmt_blob(s, 9, row->hash);
    return stmt_run(s, e);
}
