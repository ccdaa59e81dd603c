#include "jobs/pump.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/doing.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/document.h"
#include "jobs/traffic.h"
#include "store/q/agent/q_job_hold.h"

#define RUNNING_MAX    128
#define LANE_MAX       64
#define FAILURES_OPEN  5
#define OPEN_US        (INT64_C(30) * USEC_PER_SEC)
#define OPEN_US_MAX    (INT64_C(900) * USEC_PER_SEC)
#define LOST_MAX       10 /* attempts beyond a kind's own that may be lost to crashes */
#define BACKOFF_US     USEC_PER_SEC
#define BACKOFF_US_MAX (INT64_C(3600) * USEC_PER_SEC)
#define AGAIN_US       INT64_C(50000) /* the store's queue was full */
#define PURGE_EVERY_US (INT64_C(600) * USEC_PER_SEC)
#define KEEP_DONE_US   (INT64_C(7) * USEC_PER_DAY)
#define PURGE_ROWS     500
#define JOB_OPERATION  "job"

struct jobs {
    struct loop *loop;
    struct store *store;
    struct http_client *client;
    struct jobs_options opts;
    struct list running; /* struct job_run */
    struct commit_hook hook;
    struct ready look;
    struct timer due, again;
    struct write_cmd claim;
    bool claiming, started, stopping, kicked;
    struct list claimed; /* struct job_run made by the claim under way */
    struct arena scratch;
    char lane_cursor[256]; /* the lane served last; the next look begins after it */
    int64_t purged_at;
    struct jobs_keep *keep;
    struct jobs_stats stats;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

int64_t jobs_backoff_us(struct rng *rng, int64_t attempts)
{
    int64_t d = BACKOFF_US;
    for (int64_t i = 1; i < attempts && d < BACKOFF_US_MAX; i++) d *= 2;
    if (d > BACKOFF_US_MAX) d = BACKOFF_US_MAX;
    return d - d / 4 + (int64_t)(rng_u64(rng) % (uint64_t)(d / 2));
}

static const struct job_kind *kind_of(const struct jobs *j, struct str name)
{
    for (const struct job_kind *const *k = j->opts.kinds; *k; k++) {
        if (str_is(name, (*k)->name)) return *k;
    }
    return NULL;
}

static struct job_run *run_of(struct list *n)
{
    return CONTAINER_OF(n, struct job_run, node);
}

static void run_free(struct job_run *r)
{
    if (r->kind->release) r->kind->release(r);
    arena_finish(&r->arena);
    free(r);
}

static bool running_id(const struct jobs *j, struct str job_id)
{
    for (struct list *n = j->running.next; n != &j->running; n = n->next) {
        if (str_eq(run_of(n)->row.job_id, job_id)) return true;
    }
    return false;
}

static int running_in(const struct jobs *j, struct str lane)
{
    int count = 0;
    for (struct list *n = j->running.next; n != &j->running; n = n->next) count += str_eq(run_of(n)->row.lane, lane);
    for (struct list *n = j->claimed.next; n != &j->claimed; n = n->next) count += str_eq(run_of(n)->row.lane, lane);
    return count;
}

/* --- finishing ------------------------------------------------------------------------------------------- */

static void maybe_stopped(struct jobs *j)
{
    if (!j->stopping || !j->stopped || !list_empty(&j->running) || j->claiming) return;
    void (*stopped)(void *) = j->stopped;
    j->stopped = NULL;
    stopped(j->stopped_arg);
}

/* Decides what the row becomes. A last attempt is always made at the deadline. */
static void weigh(struct job_run *r)
{
    int64_t now = loop_now(r->jobs->loop);
    r->deadline_at =
        r->row.deadline_at != TIME_NONE ? r->row.deadline_at : now + (int64_t)r->kind->horizon_s * USEC_PER_SEC;
    r->next_at = now;
    if (r->verdict == JOB_DONE) {
        r->ends_as = JOB_STATE_DONE;
        return;
    }
    bool waits = r->verdict == JOB_WAITS;
    if (waits) r->deadline_at = TIME_NONE; /* trouble after the wait has the time that trouble has */
    bool over =
        waits ? now >= r->wait_until : r->row.attempts - r->row.waits >= r->kind->attempts_max || now >= r->deadline_at;
    if (r->verdict == JOB_DEAD || over) {
        r->ends_as = JOB_STATE_DEAD;
        return;
    }
    if (waits) {
        r->next_at = r->retry_at < r->wait_until ? r->retry_at : r->wait_until;
        r->ends_as = JOB_STATE_READY;
        return;
    }
    int64_t next = now + jobs_backoff_us(&r->jobs->loop->rng, r->row.attempts - r->row.waits);
    if (r->retry_at > next) next = r->retry_at;
    r->next_at = next < r->deadline_at ? next : r->deadline_at;
    r->ends_as = JOB_STATE_READY;
}

static int record_lane(struct tx *tx, struct job_run *r, struct err *e)
{
    struct job_lane_failure f = { .lane = r->row.lane,
                                  .error = str_from(r->reason),
                                  .now = loop_now(r->jobs->loop),
                                  .threshold = FAILURES_OPEN,
                                  .open_us = OPEN_US,
                                  .open_us_max = OPEN_US_MAX };
    int64_t failures;
    r->lane_turn = LANE_AS_BEFORE;
    switch (r->health) {
    case LANE_UNCHANGED: return 0;
    case LANE_OK:
        if (q_job_lane_ok(tx, r->row.lane, &failures, e)) return -1;
        if (failures >= FAILURES_OPEN) r->lane_turn = LANE_CAME_BACK;
        return 0;
    case LANE_FAILED:
        if (q_job_lane_failed(tx, &f, &failures, e)) return -1;
        if (failures == FAILURES_OPEN) r->lane_turn = LANE_WENT_DOWN;
        return 0;
    }
    ENSURE(!"a lane health");
}

/* The rows beside the job's own. */
static int record_outcome(struct tx *tx, struct job_run *r, struct err *e)
{
    if (traffic_record(tx, r, e)) return -1;
    if (r->kind->record && r->kind->record(tx, r, e)) return -1;
    return document_whole(&r->arena, e);
}

static void not_recorded(struct job_run *r, const struct err *e)
{
    log_event(LOG_WARN, "jobs", "outcome not recorded", "kind", r->kind->name, "code", e->code, "why", e->message,
              NULL);
    r->recording = RECORD_FAILED;
    r->verdict = JOB_RETRY;
    (void)snprintf(r->reason, sizeof(r->reason), "The outcome could not be recorded: %.150s", e->message);
}

static int finish_row(struct tx *tx, struct job_run *r)
{
    struct err e;
    weigh(r);
    if (r->recording == RECORD_DUE && record_outcome(tx, r, &e)) {
        not_recorded(r, &e);
        return -1;
    }
    weigh(r); /* recording may have changed the verdict */
    struct job_finish f = { .job_id = r->row.job_id,
                            .subject = r->row.subject,
                            .attempts = r->row.attempts,
                            .state = r->ends_as,
                            .due_at = r->next_at,
                            .deadline_at = r->deadline_at,
                            .now = loop_now(r->jobs->loop),
                            .waits = r->verdict == JOB_WAITS,
                            .last_error = str_from(r->reason) };
    int rc = q_job_finish(tx, &f, &e);
    if (rc == 0) r->jobs->stats.fenced++;
    if (rc != 1) return -1;
    return record_lane(tx, r, &e);
}

static int finish_run(struct tx *tx, struct write_cmd *c)
{
    struct job_run *r = CONTAINER_OF(c, struct job_run, finish);
    doing_row(r->steps.subject.operation, r->row.tenant_id, r->row.job_id);
    int rc = finish_row(tx, r);
    doing_nothing();
    return rc;
}

static void count(struct jobs *j, const struct job_run *r)
{
    switch (r->ends_as) {
    case JOB_STATE_DONE: j->stats.done++; break;
    case JOB_STATE_READY: j->stats.retried++; break;
    case JOB_STATE_DEAD:
        j->stats.dead++;
        log_event(LOG_WARN, "jobs", "dead", "job", arena_cstr(&((struct job_run *)r)->arena, r->row.job_id), "kind",
                  r->kind->name, "why", r->reason, NULL);
        break;
    }
}

static void finish_submit(struct job_run *r);

/* Rolled back: its record failed, and it is finished without, to run again; or somebody else has it. Lost: the disk
 * failed, and the outcome is still true, so it is offered again. */
static void finish_done(struct write_cmd *c, enum write_result result)
{
    struct job_run *r = CONTAINER_OF(c, struct job_run, finish);
    struct jobs *j = r->jobs;
    if (result == WRITE_LOST && !j->stopping) {
        timer_set(j->loop, &r->again, loop_now(j->loop) + 20 * AGAIN_US);
        return;
    }
    if (result == WRITE_ROLLED_BACK && r->recording == RECORD_FAILED) {
        r->recording = RECORD_LEFT_OUT;
        finish_submit(r);
        return;
    }
    if (result == WRITE_COMMITTED) {
        count(j, r);
        if (j->opts.observer) j->opts.observer->attempt_ended(j->opts.observer, r);
    }
    list_remove(&r->node);
    run_free(r);
    jobs_kick(j);
    maybe_stopped(j);
}

static void finish_again(struct timer *t)
{
    finish_submit(CONTAINER_OF(t, struct job_run, again));
}

static void finish_submit(struct job_run *r)
{
    struct err e; /* a full queue is a wait */
    struct jobs *j = r->jobs;
    r->finish = (struct write_cmd){ .run = finish_run, .done = finish_done };
    if (store_write(j->store, &r->finish, &e) == 0) return;
    r->again.fire = finish_again;
    timer_set(j->loop, &r->again, loop_now(j->loop) + AGAIN_US);
}

static void run_ended(struct steps *s)
{
    struct job_run *r = CONTAINER_OF(s, struct job_run, steps);
    r->again.fire = finish_again;
    finish_submit(r);
}

/* --- claiming -------------------------------------------------------------------------------------------- */

static struct job_run *run_make(struct jobs *j, const struct job_kind *kind)
{
    struct job_run *r = calloc(1, kind->bytes);
    ENSURE(r != NULL);
    r->jobs = j;
    r->kind = kind;
    r->verdict = JOB_RETRY;
    r->begun_at = loop_now(j->loop);
    arena_init(&r->arena);
    list_init(&r->node);
    return r;
}

/* For rows whose kind this program does not know: an upgrade taken back, say. They end dead, with the reason. */
static int unknown_step(struct steps *s)
{
    struct job_run *r = CONTAINER_OF(s, struct job_run, steps);
    r->verdict = JOB_DEAD;
    (void)snprintf(r->reason, sizeof(r->reason), "This program has no job of kind '%.*s'.", STR_ARG(r->row.kind));
    return STEPS_END;
}

static const step_fn unknown_steps[] = { unknown_step };
static const struct job_kind unknown_kind = {
    .name = "unknown", .bytes = sizeof(struct job_run), .steps = unknown_steps, .attempts_max = 1, .horizon_s = 1
};

/* For rows whose attempts do not even end: whatever it is that stops the program each time must not do so for ever. It
 * ends dead without its kind's rows, because making those may be what does it. */
static int endless_step(struct steps *s)
{
    struct job_run *r = CONTAINER_OF(s, struct job_run, steps);
    r->verdict = JOB_DEAD;
    (void)snprintf(r->reason, sizeof(r->reason), "Given up: the program stopped during too many of its %lld attempts.",
                   (long long)r->row.attempts);
    return STEPS_END;
}

static const step_fn endless_steps[] = { endless_step };
static const struct job_kind endless_kind = {
    .name = "endless", .bytes = sizeof(struct job_run), .steps = endless_steps, .attempts_max = 1, .horizon_s = 1
};

static const struct job_kind *kind_for(const struct jobs *j, const struct job_row *row)
{
    const struct job_kind *kind = kind_of(j, row->kind);
    if (!kind) return &unknown_kind;
    return row->attempts - row->waits > kind->attempts_max + LOST_MAX ? &endless_kind : kind;
}

#define LEASE_US_DEFAULT (INT64_C(180) * USEC_PER_SEC)

/* 1 claimed, 0 nothing due here, -1. The lease is the longest of any kind: which kind it is shows only afterwards. */
static int claim_one(struct jobs *j, struct tx *tx, struct str lane, struct err *e)
{
    struct arena a;
    arena_init(&a);
    struct job_row row;
    int64_t lease_us = LEASE_US_DEFAULT;
    for (const struct job_kind *const *k = j->opts.kinds; *k; k++) {
        if ((*k)->lease_s * USEC_PER_SEC > lease_us) lease_us = (*k)->lease_s * USEC_PER_SEC;
    }
    int64_t now = loop_now(j->loop);
    struct job_claim claim = { .lane = lane, .now = now, .lease_until = now + lease_us };
    int rc = q_job_claim(tx, &a, &claim, &row, e);
    if (rc != 1 || running_id(j, row.job_id)) {
        /* Running here for longer than its lease: the claim has just prolonged it, and the old run is fenced. */
        arena_finish(&a);
        return rc;
    }
    struct job_run *r = run_make(j, kind_for(j, &row));
    r->arena = a;
    r->row = row;
    list_push_back(&j->claimed, &r->node);
    return 1;
}

static int room(const struct jobs *j)
{
    int used = 0;
    for (struct list *n = j->running.next; n != &j->running; n = n->next) used++;
    for (struct list *n = j->claimed.next; n != &j->claimed; n = n->next) used++;
    return j->opts.running_max - used;
}

static int lane_room(struct jobs *j, const struct job_lane_row *lane)
{
    int most = j->opts.lane_max, own = j->opts.lane_max_of ? j->opts.lane_max_of(j, lane->lane) : 0;
    if (own > 0 && own < most) most = own;
    if (lane->failures >= FAILURES_OPEN) most = 1;
    return most - running_in(j, lane->lane);
}

/* Serves the lanes with due jobs and room, beginning after the one served last, so that busy lanes early in the
 * alphabet do not starve the others. */
static int claim_pass(struct jobs *j, struct tx *tx, struct str from, struct str until, struct err *e)
{
    int64_t now = loop_now(j->loop);
    struct str after = from;
    struct job_lane_row lane;
    int rc;
    while (room(j) > 0 && (rc = q_job_lane_next(tx, &j->scratch, after, &lane, e)) != 0) {
        if (rc < 0) return -1;
        after = lane.lane;
        if (lane.open_until <= now && lane.due_at <= now) {
            for (int free_n = lane_room(j, &lane); free_n > 0 && room(j) > 0; free_n--) {
                rc = claim_one(j, tx, lane.lane, e);
                if (rc < 0) return -1;
                if (rc == 0) break;
                if (lane.lane.n < sizeof(j->lane_cursor)) {
                    memcpy(j->lane_cursor, lane.lane.p, lane.lane.n);
                    j->lane_cursor[lane.lane.n] = '\0';
                }
            }
        }
        if (until.n && lane.lane.n >= until.n && memcmp(lane.lane.p, until.p, until.n) >= 0) break;
    }
    return 0;
}

static void drop_claimed(struct jobs *j)
{
    struct list *n;
    while ((n = list_pop_front(&j->claimed)) != NULL) run_free(run_of(n));
}

/* What cannot be read is held: a job more or less now does no harm, one too many cannot be had back. */
static bool held(const struct jobs *j, struct tx *tx)
{
    struct err e;
    return j->opts.held || q_job_hold_get(tx, NULL, NULL, &e) != 0;
}

static int claim_run(struct tx *tx, struct write_cmd *c)
{
    struct jobs *j = CONTAINER_OF(c, struct jobs, claim);
    struct err e;
    int64_t now = loop_now(j->loop);
    arena_finish(&j->scratch);
    drop_claimed(j);
    if (j->stopping) return -1;
    if (!j->started && q_job_release_leases(tx, now, &e)) return -1;
    if (held(j, tx)) return 0;
    struct str cursor = arena_dup(&j->scratch, str_from(j->lane_cursor));
    if (claim_pass(j, tx, cursor, STR_NONE, &e) || (cursor.n && claim_pass(j, tx, STR_NONE, cursor, &e))) {
        drop_claimed(j);
        return -1;
    }
    if (now - j->purged_at >= PURGE_EVERY_US) {
        if (q_job_purge(tx, now - KEEP_DONE_US, PURGE_ROWS, &e)) return -1;
        j->purged_at = now;
    }
    return 0;
}

static void claim_done(struct write_cmd *c, enum write_result result)
{
    struct jobs *j = CONTAINER_OF(c, struct jobs, claim);
    j->claiming = false;
    if (result != WRITE_COMMITTED) {
        drop_claimed(j);
        if (!j->stopping) timer_set(j->loop, &j->again, loop_now(j->loop) + 20 * AGAIN_US);
        maybe_stopped(j);
        return;
    }
    j->started = true;
    struct list *n;
    while ((n = list_pop_front(&j->claimed)) != NULL) {
        struct job_run *r = run_of(n);
        list_push_back(&j->running, &r->node);
        j->stats.claimed++;
        steps_start(&r->steps, j->loop, r->kind->steps, run_ended);
        r->steps.subject = (struct steps_subject){ STR(JOB_OPERATION), r->row.tenant_id, r->row.job_id };
        if (j->stopping && r->kind->cancel) r->kind->cancel(r);
    }
    jobs_kick(j); /* sets the timer for what is not due yet */
    maybe_stopped(j); /* nothing was due, and stopping waited for this claim */
}

/* --- looking --------------------------------------------------------------------------------------------- */

static void claim_submit(struct jobs *j)
{
    struct err e; /* a full queue is a wait */
    if (j->claiming || j->stopping) return;
    j->claim = (struct write_cmd){ .run = claim_run, .done = claim_done };
    if (store_write(j->store, &j->claim, &e)) {
        timer_set(j->loop, &j->again, loop_now(j->loop) + AGAIN_US);
        return;
    }
    j->claiming = true;
}

/* Reads the lanes: is anything due with room for it, and if not, when will it be? */
static void look(struct ready *ready)
{
    struct jobs *j = CONTAINER_OF(ready, struct jobs, look);
    if (j->stopping || j->claiming) return;
    if (!j->started) {
        claim_submit(j);
        return;
    }
    struct tx *tx = store_read(j->store);
    if (room(j) <= 0 || held(j, tx)) return; /* a finish kicks, and so does the commit that releases them */
    int64_t now = loop_now(j->loop), earliest = INT64_MAX;
    struct str after = STR_NONE;
    struct job_lane_row lane;
    struct arena a;
    struct err e;
    int rc;
    arena_init(&a);
    while ((rc = q_job_lane_next(tx, &a, after, &lane, &e)) == 1) {
        after = lane.lane;
        if (lane_room(j, &lane) <= 0) continue;
        int64_t at = lane.due_at > lane.open_until ? lane.due_at : lane.open_until;
        if (at < earliest) earliest = at;
        if (earliest <= now) break;
    }
    arena_finish(&a);
    if (rc < 0) earliest = now + USEC_PER_SEC; /* the disk may be better then */
    timer_cancel(j->loop, &j->due);
    if (rc >= 0 && earliest <= now) {
        claim_submit(j);
    } else if (earliest != INT64_MAX) {
        timer_set(j->loop, &j->due, earliest);
    }
}

void jobs_kick(struct jobs *j)
{
    if (!j->stopping) loop_ready(j->loop, &j->look);
}

static void committed(struct commit_hook *h)
{
    jobs_kick(CONTAINER_OF(h, struct jobs, hook));
}

static void due_fired(struct timer *t)
{
    jobs_kick(CONTAINER_OF(t, struct jobs, due));
}

static void again_fired(struct timer *t)
{
    jobs_kick(CONTAINER_OF(t, struct jobs, again));
}

/* --- starting and stopping -------------------------------------------------------------------------------- */

struct jobs *jobs_create(struct loop *loop, struct store *store, struct http_client *client,
                         const struct jobs_options *opts)
{
    struct jobs *j = calloc(1, sizeof(*j));
    ENSURE(j != NULL && opts->kinds != NULL);
    j->loop = loop;
    j->store = store;
    j->client = client;
    j->opts = *opts;
    if (!j->opts.running_max) j->opts.running_max = RUNNING_MAX;
    if (!j->opts.lane_max) j->opts.lane_max = LANE_MAX;
    list_init(&j->running);
    list_init(&j->claimed);
    arena_init(&j->scratch);
    ready_init(&j->look, look);
    j->due.fire = due_fired;
    j->again.fire = again_fired;
    store_add_commit_hook(store, &j->hook, committed);
    jobs_kick(j);
    return j;
}

/* A finish that waits for room in the queue or for the disk is given up: the lease brings its job back. */
static void abandon_waiting(struct jobs *j)
{
    for (struct list *n = j->running.next, *next; n != &j->running; n = next) {
        next = n->next;
        struct job_run *r = run_of(n);
        if (!timer_is_set(&r->again)) continue;
        timer_cancel(j->loop, &r->again);
        list_remove(&r->node);
        run_free(r);
    }
}

static void stop_look(struct ready *ready)
{
    maybe_stopped(CONTAINER_OF(ready, struct jobs, look));
}

void jobs_stop(struct jobs *j, void (*stopped)(void *arg), void *arg)
{
    ENSURE(!j->stopping);
    j->stopping = true;
    j->stopped = stopped;
    j->stopped_arg = arg;
    timer_cancel(j->loop, &j->due);
    timer_cancel(j->loop, &j->again);
    abandon_waiting(j);
    for (struct list *n = j->running.next; n != &j->running; n = n->next) {
        struct job_run *r = run_of(n);
        if (r->kind->cancel && r->steps.table && r->steps.pending > 0) r->kind->cancel(r);
    }
    ready_cancel(&j->look);
    ready_init(&j->look, stop_look);
    loop_ready(j->loop, &j->look);
}

static void free_kept(struct jobs *j)
{
    for (struct jobs_keep *k = j->keep, *next; k; k = next) {
        next = k->next;
        k->free(k);
    }
}

void jobs_destroy(struct jobs *j)
{
    if (!j) return;
    ENSURE(list_empty(&j->running) && !j->claiming);
    drop_claimed(j);
    ready_cancel(&j->look);
    list_remove(&j->hook.node);
    free_kept(j);
    arena_finish(&j->scratch);
    free(j);
}

void jobs_crash(struct jobs *j)
{
    struct list *n;
    timer_cancel(j->loop, &j->due);
    timer_cancel(j->loop, &j->again);
    ready_cancel(&j->look);
    drop_claimed(j);
    while ((n = list_pop_front(&j->running)) != NULL) {
        struct job_run *r = run_of(n);
        ready_cancel(&r->steps.ready);
        timer_cancel(j->loop, &r->again);
        arena_finish(&r->arena);
        free(r);
    }
    free_kept(j);
    arena_finish(&j->scratch);
    free(j);
}

void jobs_stats(const struct jobs *j, struct jobs_stats *out)
{
    *out = j->stats;
    out->running = 0;
    for (struct list *n = j->running.next; n != &j->running; n = n->next) out->running++;
}

bool jobs_stopping(const struct jobs *j)
{
    return j->stopping;
}

struct loop *jobs_loop(const struct jobs *j)
{
    return j->loop;
}

struct store *jobs_store(const struct jobs *j)
{
    return j->store;
}

struct http_client *jobs_client(const struct jobs *j)
{
    return j->client;
}

struct jobs_keep *jobs_kept(const struct jobs *j, void (*free)(struct jobs_keep *k))
{
    struct jobs_keep *k = j->keep;
    while (k && k->free != free) k = k->next;
    return k;
}

void jobs_keep(struct jobs *j, struct jobs_keep *k)
{
    k->next = j->keep;
    j->keep = k;
}

int job_run_end(struct job_run *run, enum job_verdict verdict, const char *why)
{
    run->verdict = verdict;
    (void)snprintf(run->reason, sizeof(run->reason), "%.*s", (int)sizeof(run->reason) - 1, why);
    return STEPS_END;
}

void *jobs_context(const struct jobs *j)
{
    return (void *)(uintptr_t)j->opts.context;
}
