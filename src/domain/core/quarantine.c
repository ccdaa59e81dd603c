#include "domain/core/quarantine.h"

#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/audit.h"
#include "store/q/agent/q_job.h"

#define BATCH        50
#define STEPS_MAX    200000 /* of SQLite's machine in one go: some milliseconds */
#define DEATHS_MAX   2
#define RETRY_US     (60 * USEC_PER_SEC)
#define RETRY_US_MAX (3600 * USEC_PER_SEC)

/* ---- what failed ---- */

static int64_t backoff(int64_t failures)
{
    int64_t us = RETRY_US;
    for (int64_t i = 1; i < failures && us < RETRY_US_MAX; i++) us *= 2;
    return us < RETRY_US_MAX ? us : RETRY_US_MAX;
}

/* The row as it is in quarantine, or a new one. */
static int load(const struct act *act, struct quarantine_row *q, struct err *e)
{
    struct quarantine_row before;
    int found = q_quarantine_get(act->tx, act->arena, q->kind, q->row_id, &before, e);
    if (found == 1) *q = before;
    return found < 0 ? -1 : 0;
}

static int put_back(const struct act *act, const struct due_kind *kind, const struct due_row *row,
                    const struct err *why, struct err *e)
{
    struct quarantine_row q = {
        .kind = str_from(kind->kind), .row_id = row->row_id, .tenant_id = row->tenant_id, .first_at = act->now
    };
    if (load(act, &q, e)) return -1;
    q.failures++;
    q.last_at = act->now;
    q.retry_at = act->now + backoff(q.failures);
    q.reason = arena_printf(act->arena, "%s: %s", why->code, why->message);
    log_event(LOG_ERROR, "timer", "a row failed and is tried later", "kind", kind->kind, "row",
              arena_cstr(act->arena, row->row_id), "publisher", arena_cstr(act->arena, row->tenant_id), "why",
              q.reason.p, "failures", arena_printf(act->arena, "%lld", (long long)q.failures).p, NULL);
    return q_quarantine_put(act->tx, &q, e);
}

/* ---- one row ---- */

static int advance_row(const struct act *act, const struct due_kind *kind, const struct due_row *row, struct err *e)
{
    struct err why;
    if (tx_part(act->tx, e)) return -1;
    if (kind->advance(act, row, &why) || document_whole(act->arena, &why)) {
        return tx_part_undo(act->tx, e) || put_back(act, kind, row, &why, e) ? -1 : 0;
    }
    if (q_quarantine_delete(act->tx, str_from(kind->kind), row->row_id, e) < 0) return -1;
    return tx_part_keep(act->tx, e);
}

static int run_row(const struct act *act, const struct due_kind *kind, const struct due_row *row, struct err *e)
{
    struct arena a;
    struct act own = *act;
    arena_init(&a);
    own.arena = &a;
    doing_row(str_from(kind->kind), row->tenant_id, row->row_id);
    int rc = advance_row(&own, kind, row, e);
    doing_nothing();
    arena_finish(&a);
    return rc;
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == TIME_NONE) return b;
    return b == TIME_NONE || a < b ? a : b;
}

static int next_time(const struct act *act, const struct due_kind *kind, int64_t *next_at, struct err *e)
{
    int64_t due, again;
    if (kind->next(act->tx, &due, e) || q_quarantine_next(act->tx, kind->kind, &again, e)) return -1;
    *next_at = earlier(due, again);
    return 0;
}

int due_advance(const struct act *act, const struct due_kind *kind, int64_t *next_at, struct err *e)
{
    struct due_row rows[BATCH];
    size_t n;
    int64_t before = tx_work(act->tx).steps;
    if (kind->due(act->tx, act->arena, act->now, rows, BATCH, &n, e)) return -1;
    if (n == 0 && q_quarantine_settle(act->tx, act->now, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (run_row(act, kind, &rows[i], e)) return -1;
        if (tx_work(act->tx).steps - before > STEPS_MAX) break;
    }
    return next_time(act, kind, next_at, e);
}

/* ---- what the process died on ---- */

/* The job ends as one whose attempts are used up: it is in the outbox, and can be sent again from there. */
static int bury_job(const struct act *act, const struct quarantine_row *q, struct err *e)
{
    struct job_row row;
    int found = q_job_get(act->tx, act->arena, q->tenant_id, q->row_id, &row, e);
    if (found != 1 || row.state != JOB_STATE_READY) return found < 0 ? -1 : 0;
    struct job_finish f = { .job_id = row.job_id,
                            .subject = row.subject,
                            .attempts = row.attempts,
                            .state = JOB_STATE_DEAD,
                            .due_at = act->now,
                            .deadline_at = row.deadline_at,
                            .now = act->now,
                            .last_error = q->reason };
    return q_job_finish(act->tx, &f, e) < 0 ? -1 : 0;
}

static bool is_kind(const char *operation)
{
    return strcmp(operation, QUARANTINE_FLIGHT) == 0 || strcmp(operation, QUARANTINE_TASK) == 0 ||
           strcmp(operation, QUARANTINE_JOB) == 0;
}

int quarantine_note_death(const struct act *act, const struct doing *before, struct err *e)
{
    if (!before->row[0] || !is_kind(before->operation)) return 0;
    struct quarantine_row q = { .kind = str_from(before->operation),
                                .row_id = str_from(before->row),
                                .tenant_id = str_from(before->publisher),
                                .first_at = act->now };
    if (load(act, &q, e)) return -1;
    q.deaths++;
    q.last_at = act->now;
    q.retry_at = act->now;
    q.reason = arena_printf(act->arena, "The agent ended %lld times in the middle of it.", (long long)q.deaths);
    if (q.deaths >= DEATHS_MAX) {
        q.retry_at = TIME_NONE;
        log_event(LOG_ERROR, "timer", "set aside: the agent ended in the middle of it again; see salesagent quarantine",
                  "kind", before->operation, "row", before->row, "publisher", before->publisher, NULL);
        if (str_is(q.kind, QUARANTINE_JOB) && bury_job(act, &q, e)) return -1;
    }
    return q_quarantine_put(act->tx, &q, e);
}

/* ---- what people say ---- */

static int find(const struct act *act, struct str kind, struct str row_id, struct quarantine_row *q, struct err *e)
{
    int found = q_quarantine_get(act->tx, act->arena, kind, row_id, q, e);
    if (found < 0) return -1;
    if (found && str_eq(q->tenant_id, act->tenant->tenant_id)) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "Nothing of that kind and id is in quarantine.");
    (void)err_suggest(e, "salesagent quarantine list shows what is.");
    return err_field(e, "/id");
}

static int audit(const struct act *act, const char *action, const struct quarantine_row *q, struct err *e)
{
    struct audit_entry line = {
        .action = action,
        .subject = arena_printf(act->arena, STR_FMT ":" STR_FMT, STR_ARG(q->kind), STR_ARG(q->row_id)),
        .doc = arena_printf(act->arena, "{\"failures\":%lld,\"deaths\":%lld}", (long long)q->failures,
                            (long long)q->deaths),
    };
    return audit_add(act, &line, e);
}

int quarantine_retry(const struct act *act, struct str kind, struct str row_id, struct err *e)
{
    struct quarantine_row q;
    if (find(act, kind, row_id, &q, e) || q_quarantine_delete(act->tx, kind, row_id, e) < 0) return -1;
    bool job = str_is(kind, QUARANTINE_JOB);
    if (job && q_job_redeliver(act->tx, act->tenant->tenant_id, row_id, act->now, e) < 0) return -1;
    return audit(act, "quarantine.retry", &q, e);
}

int quarantine_drop(const struct act *act, struct str kind, struct str row_id, struct err *e)
{
    struct quarantine_row q;
    if (find(act, kind, row_id, &q, e) || q_quarantine_delete(act->tx, kind, row_id, e) < 0) return -1;
    if (q_quarantine_disarm(act->tx, kind, row_id, e)) return -1;
    return audit(act, "quarantine.drop", &q, e);
}
