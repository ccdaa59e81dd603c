#include "store/q/agent/q_job.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

/* Jobs of a publisher that is off the air are looked at again then; so many are put off at a time. */
#define PUT_OFF_US  (INT64_C(600) * 1000000)
#define PUT_OFF_MAX 100

#define JOB_COLUMNS                                                                                                    \
    "job_id, seq, tenant_id, kind, lane, subject, state, due_at, attempts, lease_until, deadline_at, progress,"        \
    " last_error, created_at, updated_at, waits, waiting_since"

#define JOB_COLUMNS_N 17

const char *job_state_name(enum job_state s)
{
    switch (s) {
    case JOB_STATE_READY: return "ready";
    case JOB_STATE_DONE: return "done";
    case JOB_STATE_DEAD: return "dead";
    }
    ENSURE(!"a job state");
}

static enum job_state state_parse(struct str s)
{
    if (str_is(s, "done")) return JOB_STATE_DONE;
    return str_is(s, "dead") ? JOB_STATE_DEAD : JOB_STATE_READY;
}

#define PAYLOAD "(SELECT payload FROM job_payload p WHERE p.seq = job.seq)"

/* The columns of JOB_COLUMNS; a payload follows them where the statement asks for it. */
static void read_row(struct stmt *s, struct arena *a, struct job_row *out)
{
    *out = (struct job_row){ .job_id = col_str(s, a, 0),
                             .seq = col_i64(s, 1),
                             .tenant_id = col_str(s, a, 2),
                             .kind = col_str(s, a, 3),
                             .lane = col_str(s, a, 4),
                             .subject = col_str(s, a, 5),
                             .state = state_parse(col_str(s, a, 6)),
                             .due_at = col_i64(s, 7),
                             .attempts = col_i64(s, 8),
                             .lease_until = col_time(s, 9),
                             .deadline_at = col_time(s, 10),
                             .progress = col_str(s, a, 11),
                             .last_error = col_str(s, a, 12),
                             .created_at = col_i64(s, 13),
                             .updated_at = col_i64(s, 14),
                             .waits = col_i64(s, 15),
                             .waiting_since = col_time(s, 16) };
}

int q_job_insert(struct tx *tx, const struct job_row *row, struct err *e)
{
    ENSURE(row->job_id.n && row->subject.n && row->lane.n && row->kind.n);
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO job (job_id, seq, tenant_id, kind, lane, subject, state, head, due_at, deadline_at,"
                     " created_at, updated_at) VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM job), ?2, ?3,"
                     " ?4, ?5, 'ready', NOT EXISTS (SELECT 1 FROM job WHERE subject = ?5 AND state = 'ready'), ?6, ?7,"
                     " ?8, ?8)");
    AUTO_STMT struct stmt *body =
        stmt_get(tx, "INSERT INTO job_payload (seq, payload) VALUES ((SELECT max(seq) FROM job), ?)");
    stmt_str(s, 1, row->job_id);
    stmt_str(s, 2, row->tenant_id);
    stmt_str(s, 3, row->kind);
    stmt_str(s, 4, row->lane);
    stmt_str(s, 5, row->subject);
    stmt_i64(s, 6, row->due_at);
    stmt_time(s, 7, row->deadline_at);
    stmt_i64(s, 8, row->created_at);
    stmt_str(body, 1, row->payload);
    return stmt_run(s, e) || stmt_run(body, e) ? -1 : 0;
}

int q_job_waits(struct tx *tx, struct str subject, struct str except, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT 1 FROM job WHERE state = 'ready' AND subject = ? AND job_id <> ? LIMIT 1");
    stmt_str(s, 1, subject);
    stmt_str(s, 2, except);
    return stmt_step(s, e);
}

/* Two seeks, whatever the number of jobs: the next name, then the earliest job of that lane. */
int q_job_lane_next(struct tx *tx, struct arena *a, struct str after, struct job_lane_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT j.lane, j.due_at, coalesce(l.failures, 0), coalesce(l.open_until, 0) FROM job j"
                     " LEFT JOIN job_lane l ON l.lane = j.lane WHERE j.state = 'ready' AND j.head = 1 AND j.lane > ?"
                     " ORDER BY j.lane, j.due_at LIMIT 1");
    stmt_str(s, 1, after);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct job_lane_row){
        .lane = col_str(s, a, 0), .due_at = col_i64(s, 1), .failures = col_i64(s, 2), .open_until = col_i64(s, 3)
    };
    return 1;
}

static int find_due(struct tx *tx, struct arena *a, const struct job_claim *claim, struct job_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " JOB_COLUMNS ", " PAYLOAD " FROM job WHERE state = 'ready' AND head = 1"
                     " AND lane = ? AND due_at <= ? ORDER BY due_at, seq LIMIT 1");
    stmt_str(s, 1, claim->lane);
    stmt_i64(s, 2, claim->now);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    read_row(s, a, out);
    out->payload = col_str(s, a, JOB_COLUMNS_N);
    return 1;
}

/* A publisher that is off the air: its job is put off. 1 it was, 0 it may run, -1 failed. */
static int put_off(struct tx *tx, const struct job_claim *claim, const struct job_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE job SET due_at = ?2 WHERE job_id = ?1 AND EXISTS"
                                            " (SELECT 1 FROM publisher_off o WHERE o.tenant_id = job.tenant_id)");
    stmt_str(s, 1, row->job_id);
    stmt_i64(s, 2, claim->now + PUT_OFF_US);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_job_claim(struct tx *tx, struct arena *a, const struct job_claim *claim, struct job_row *out, struct err *e)
{
    int rc = find_due(tx, a, claim, out, e);
    for (int i = 0; rc == 1; i++) {
        int off = put_off(tx, claim, out, e);
        if (off < 0) return -1;
        if (!off) break;
        rc = i < PUT_OFF_MAX ? find_due(tx, a, claim, out, e) : 0;
    }
    if (rc != 1) return rc;
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE job SET attempts = attempts + 1, due_at = ?2, lease_until = ?2,"
                                            " updated_at = ?3 WHERE job_id = ?1");
    stmt_str(s, 1, out->job_id);
    stmt_i64(s, 2, claim->lease_until);
    stmt_i64(s, 3, claim->now);
    if (stmt_run(s, e)) return -1;
    out->attempts++;
    out->lease_until = out->due_at = claim->lease_until;
    return 1;
}

static int promote_next(struct tx *tx, struct str subject, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE job SET head = 1 WHERE job_id = (SELECT job_id FROM job WHERE subject = ?"
                     " AND state = 'ready' ORDER BY seq LIMIT 1)");
    stmt_str(s, 1, subject);
    return stmt_run(s, e);
}

int q_job_finish(struct tx *tx, const struct job_finish *f, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE job SET state = ?3, head = (?3 = 'ready'), due_at = ?4,"
                                            " deadline_at = ?5, last_error = ?6, updated_at = ?7, lease_until = NULL,"
                                            " waits = waits + ?8, waiting_since = CASE WHEN ?8 THEN"
                                            " coalesce(waiting_since, ?7) ELSE waiting_since END"
                                            " WHERE job_id = ?1 AND attempts = ?2 AND state = 'ready'");
    stmt_str(s, 1, f->job_id);
    stmt_i64(s, 2, f->attempts);
    stmt_str(s, 3, str_from(job_state_name(f->state)));
    stmt_i64(s, 4, f->due_at);
    stmt_time(s, 5, f->deadline_at);
    stmt_str(s, 6, f->last_error);
    stmt_i64(s, 7, f->now);
    stmt_i64(s, 8, f->waits);
    if (stmt_run(s, e)) return -1;
    if (tx_changes(tx) != 1) return 0;
    if (f->state != JOB_STATE_READY && promote_next(tx, f->subject, e)) return -1;
    return 1;
}

int q_job_wake(struct tx *tx, struct str subject, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE job SET due_at = ?2 WHERE subject = ?1 AND state = 'ready' AND head = 1 AND waits > 0"
                     " AND lease_until IS NULL AND due_at > ?2");
    stmt_str(s, 1, subject);
    stmt_i64(s, 2, now);
    return stmt_run(s, e);
}

int q_job_hasten(struct tx *tx, struct str subject, int64_t at, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE job SET due_at = ?2 WHERE subject = ?1 AND state = 'ready' AND head = 1"
                     " AND lease_until IS NULL AND due_at > ?2");
    stmt_str(s, 1, subject);
    stmt_i64(s, 2, at);
    return stmt_run(s, e);
}

int q_job_progress(struct tx *tx, const struct job_row *row, struct str progress, int64_t lease_until, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "UPDATE job SET progress = ?3, due_at = ?4, lease_until = ?4"
                                            " WHERE job_id = ?1 AND attempts = ?2 AND state = 'ready'");
    stmt_str(s, 1, row->job_id);
    stmt_i64(s, 2, row->attempts);
    stmt_str(s, 3, progress);
    stmt_i64(s, 4, lease_until);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) == 1;
}

int q_job_release_leases(struct tx *tx, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE job SET due_at = ?, lease_until = NULL WHERE lease_until IS NOT NULL");
    stmt_i64(s, 1, now);
    return stmt_run(s, e);
}

/* --- lanes ----------------------------------------------------------------------------------------------- */

int q_job_lane_ok(struct tx *tx, struct str lane, int64_t *failures, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM job_lane WHERE lane = ? RETURNING failures");
    stmt_str(s, 1, lane);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *failures = rc ? col_i64(s, 0) : 0;
    return rc ? stmt_run(s, e) : 0;
}

static int lane_failures(struct tx *tx, struct str lane, int64_t now, int64_t *failures, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT failures, open_until > ?2 FROM job_lane WHERE lane = ?1");
    stmt_str(s, 1, lane);
    stmt_i64(s, 2, now);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *failures = rc ? col_i64(s, 0) : 0;
    return rc && col_i64(s, 1) ? 1 : 0;
}

int q_job_lane_failed(struct tx *tx, const struct job_lane_failure *f, int64_t *counted, struct err *e)
{
    int64_t failures;
    int rc = lane_failures(tx, f->lane, f->now, &failures, e);
    *counted = 0;
    if (rc) return rc < 0 ? -1 : 0;
    *counted = ++failures;
    int64_t open_us = 0;
    if (failures >= f->threshold) {
        open_us = f->open_us;
        for (int64_t i = f->threshold; i < failures && open_us < f->open_us_max; i++) open_us *= 2;
        if (open_us > f->open_us_max) open_us = f->open_us_max;
    }
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO job_lane (lane, failures, open_until, last_error, updated_at) VALUES (?1, ?2, ?3, ?4,"
                     " ?5) ON CONFLICT (lane) DO UPDATE SET failures = ?2, open_until = ?3, last_error = ?4,"
                     " updated_at = ?5");
    stmt_str(s, 1, f->lane);
    stmt_i64(s, 2, failures);
    stmt_i64(s, 3, f->now + open_us);
    stmt_str(s, 4, f->error);
    stmt_i64(s, 5, f->now);
    return stmt_run(s, e);
}

/* --- for operators ---------------------------------------------------------------------------------------- */

int q_job_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str job_id, struct job_row *out,
              struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " JOB_COLUMNS ", " PAYLOAD " FROM job WHERE job_id = ?1 AND (?2 = '' OR tenant_id = ?2)");
    stmt_str(s, 1, job_id);
    stmt_str(s, 2, tenant_id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    read_row(s, a, out);
    out->payload = col_str(s, a, JOB_COLUMNS_N);
    return 1;
}

/* Jobs that wait and dead ones are few beside those that are done, and have indexes of their own; those of a kind are found by it. */
static struct stmt *list_of(struct tx *tx, const struct job_filter *f)
{
#define LIST    "SELECT " JOB_COLUMNS " FROM job "
#define PAGE    " AND (?4 = 0 OR seq < ?4) ORDER BY seq DESC LIMIT ?5"
#define OF_KIND LIST "INDEXED BY job_by_kind_seq WHERE tenant_id = ?1 AND kind = ?3 AND state = "
    if (f->tenant_id.n && f->kind.n && f->state.n) return stmt_get(tx, OF_KIND "?2" PAGE);
    if (f->tenant_id.n && f->kind.n)
        return stmt_get(tx, "SELECT * FROM (SELECT * FROM (" OF_KIND "'ready' AND ?2 = ''" PAGE
                            ") UNION ALL SELECT * FROM (" OF_KIND "'done'" PAGE ") UNION ALL SELECT * FROM (" OF_KIND
                            "'dead'" PAGE ")) ORDER BY seq DESC LIMIT ?5");
    if (f->tenant_id.n && str_is(f->state, "dead"))
        return stmt_get(tx, LIST
                        "INDEXED BY job_dead WHERE tenant_id = ?1 AND state = 'dead' AND ?2 = 'dead' AND ?3 = ''" PAGE);
    if (f->tenant_id.n && str_is(f->state, "ready"))
        return stmt_get(
            tx,
            LIST "INDEXED BY job_waiting WHERE tenant_id = ?1 AND state = 'ready' AND ?2 = 'ready' AND ?3 = ''" PAGE);
    return stmt_get(tx, LIST
                    "WHERE (?1 = '' OR tenant_id = ?1) AND (?2 = '' OR state = ?2) AND (?3 = '' OR kind = ?3)" PAGE);
}

int q_job_list(struct tx *tx, struct arena *a, const struct job_filter *f, struct job_row **out, size_t *n,
               struct err *e)
{
    AUTO_STMT struct stmt *s = list_of(tx, f);
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->state);
    stmt_str(s, 3, f->kind);
    stmt_i64(s, 4, f->before_seq);
    stmt_i64(s, 5, (int64_t)f->limit);
    struct job_row *rows = ARENA_ARRAY(a, struct job_row, f->limit);
    size_t found = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) read_row(s, a, &rows[found++]);
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}

int q_job_redeliver(struct tx *tx, struct str tenant_id, struct str job_id, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "UPDATE job SET state = 'ready', attempts = 0, waits = 0, waiting_since = NULL, due_at = ?3, deadline_at = NULL, lease_until = NULL,"
        " updated_at = ?3, head = NOT EXISTS (SELECT 1 FROM job o WHERE o.subject = job.subject"
        " AND o.state = 'ready') WHERE job_id = ?1 AND (?2 = '' OR tenant_id = ?2) AND state <> 'ready'");
    stmt_str(s, 1, job_id);
    stmt_str(s, 2, tenant_id);
    stmt_i64(s, 3, now);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) == 1;
}

int q_job_purge(struct tx *tx, int64_t before, int64_t limit, struct err *e)
{
#define OLD " FROM job WHERE state = 'done' AND updated_at < ?1 ORDER BY updated_at, job_id LIMIT ?2)"
    AUTO_STMT struct stmt *bodies = stmt_get(tx, "DELETE FROM job_payload WHERE seq IN (SELECT seq" OLD);
    AUTO_STMT struct stmt *jobs = stmt_get(tx, "DELETE FROM job WHERE job_id IN (SELECT job_id" OLD);
    stmt_i64(bodies, 1, before);
    stmt_i64(bodies, 2, limit);
    stmt_i64(jobs, 1, before);
    stmt_i64(jobs, 2, limit);
    return stmt_run(bodies, e) || stmt_run(jobs, e) ? -1 : 0;
#undef OLD
}

static int kind_after(struct tx *tx, struct arena *a, struct str tenant_id, struct str after, struct str *kind,
                      struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT kind FROM job INDEXED BY job_by_kind WHERE tenant_id = ? AND kind > ?"
                     " ORDER BY kind LIMIT 1");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, after);
    int rc = stmt_step(s, e);
    if (rc == 1) *kind = col_str(s, a, 0);
    return rc;
}

int q_job_kind_next(struct tx *tx, struct arena *a, struct str tenant_id, struct str after, struct job_kind_state *out,
                    struct err *e)
{
    struct job_kind_state x;
    int rc = kind_after(tx, a, tenant_id, after, &x.kind, e);
    if (rc != 1) return rc;
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM job INDEXED BY job_by_kind WHERE tenant_id = ?1 AND kind = ?2"
        " AND state = 'ready' LIMIT ?3)), (SELECT count(*) FROM (SELECT 1 FROM job INDEXED BY job_by_kind"
        " WHERE tenant_id = ?1 AND kind = ?2 AND state = 'dead' LIMIT ?3)), (SELECT min(created_at) FROM"
        " (SELECT created_at FROM job INDEXED BY job_by_kind WHERE tenant_id = ?1 AND kind = ?2 AND state = 'ready'"
        " ORDER BY updated_at LIMIT ?3)), (SELECT max(updated_at) FROM job INDEXED BY job_by_kind WHERE tenant_id = ?1"
        " AND kind = ?2 AND state = 'done')");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, x.kind);
    stmt_i64(s, 3, JOB_COUNT_MAX);
    rc = stmt_step(s, e);
    if (rc != 1) return rc;
    x.waiting = col_i64(s, 0);
    x.failed = col_i64(s, 1);
    x.oldest_at = col_time(s, 2);
    x.done_at = col_time(s, 3);
    *out = x;
    return 1;
}

int q_job_lane_trouble(struct tx *tx, struct arena *a, struct str lane, struct job_lane_trouble *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT failures, updated_at, last_error FROM job_lane WHERE lane = ?");
    stmt_str(s, 1, lane);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = (struct job_lane_trouble){ col_i64(s, 0), col_i64(s, 1), col_str(s, a, 2) };
    return rc;
}
