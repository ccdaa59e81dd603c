#include "jobs/adapter_job.h"

#include <salesagent/adapter.h>
#include <stdio.h>

#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "domain/media_buy/budget_watch.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "domain/booking/delivery_poll.h"
#include "domain/delivery/report.h"
#include "domain/decide/task_execute.h"
#include "jobs/job_act.h"
#include "jobs/traffic.h"
#include "jobs/webhook_send.h"

#define LEASE_S 600

struct adapter_run {
    struct job_run run; /* first */
    struct job_act act; /* of the reading at the beginning: names the publisher for the plan */
    struct ad_server server;
    struct plan plan;
    struct adapter_op op;
    struct op_http http[ADAPTER_CALLS_MAX];
    int http_n;
    struct op_sleep sleep;
    struct op_write planning, write;
    struct str media_buy_id, task_id; /* of the payload */
    bool ended, waits;
};

enum { STEP_BEGIN, STEP_PLANNED, STEP_START_CALLS, STEP_RUN };

static struct adapter_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct adapter_run, run.steps);
}

static int end(struct adapter_run *r, enum job_verdict verdict, struct str why)
{
    r->run.verdict = verdict;
    (void)snprintf(r->run.reason, sizeof(r->run.reason), STR_FMT, STR_ARG(why));
    return STEPS_END;
}

/* Marks the calls whose results a step has been shown, so that calls it leaves alone are not started again. */
static void shown(struct http_call *c)
{
    (void)c;
}

/* --- beginning ----------------------------------------------------------------------------------------------------- */

static int load(struct adapter_run *r, struct err *e)
{
    yyjson_val *payload;
    struct tx *tx = store_read(jobs_store(r->run.jobs));
    if (job_act_init(&r->run, tx, "system:adapter", &r->act, e) || job_payload(&r->run, &payload, e)) return -1;
    r->media_buy_id = json_str(payload, "media_buy_id");
    r->task_id = json_str(payload, "task_id");
    if (!adapter_verb_parse(json_str(payload, "verb"), &r->op.verb)) {
        return err_set(e, "INVALID_REQUEST", "The job names no verb of an ad server.");
    }
    const struct jobs_world *world = jobs_context(r->run.jobs);
    if (world->ad_server) {
        r->server = *world->ad_server;
    } else if (ad_server_of(&r->act.act, &r->server, e)) {
        return -1;
    }
    return 0;
}

static int plan_rows(struct adapter_run *r, const struct act *act, struct err *e)
{
    int found = r->media_buy_id.n ? plan_load(act, r->media_buy_id, PLAN_WHOLE, &r->plan, e) : 0;
    if (found < 0) return -1;
    if (r->media_buy_id.n && !found) return err_set(e, "MEDIA_BUY_NOT_FOUND", "The media buy of this job is gone.");
    r->op.plan = found ? &r->plan : NULL;
    if (!found || r->op.verb != ADAPTER_REPORT) return 0;
    struct delivery_range open;
    if (delivery_open_days(act, &r->plan, &open, e)) return -1;
    r->op.from_day = open.from_day;
    r->op.to_day = open.to_day;
    return 0;
}

/* Nothing was ever asked of the ad server for it. */
static bool untouched(const struct job_row *row)
{
    return row->attempts <= 1 && !row->progress.n && !row->last_error.n;
}

/* The plan of a task is what its operation would make of the rows. */
static int plan_task(struct tx *tx, struct op_write *op, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(op, struct adapter_run, planning);
    enum task_execution how;
    if (job_act_init(&r->run, tx, "system:adapter", &r->act, e)) return -1;
    if (task_execute_plan(&r->act.act, r->task_id, &how, &r->plan, e)) return -1;
    r->waits = how == TASK_WAITS;
    if (how == TASK_EXECUTES) r->op.plan = &r->plan;
    /* An order that may be there is looked for, to be canceled. */
    if (how == TASK_ENDED && r->op.verb == ADAPTER_BOOK && !untouched(&r->run.row)) return plan_rows(r, &r->act.act, e);
    return 0;
}

static int begin_failed(struct adapter_run *r, const struct err *e)
{
    bool passing = strcmp(e->code, "SERVICE_UNAVAILABLE") == 0;
    return end(r, passing ? JOB_RETRY : JOB_DEAD, str_from(e->message));
}

static int begin(struct steps *s)
{
    struct adapter_run *r = self(s);
    struct err e;
    if (load(r, &e)) return begin_failed(r, &e);
    if (r->task_id.n) {
        steps_write(s, &r->planning, jobs_store(r->run.jobs), plan_task);
    } else if (plan_rows(r, &r->act.act, &e)) {
        return begin_failed(r, &e);
    }
    return STEP_PLANNED;
}

static int planned(struct steps *s)
{
    struct adapter_run *r = self(s);
    bool lost = r->task_id.n && r->planning.result == WRITE_LOST;
    if (lost) return end(r, JOB_RETRY, STR("The database did not answer."));
    if (r->task_id.n && r->planning.result != WRITE_COMMITTED) return begin_failed(r, &r->planning.err);
    if (r->waits) return end(r, JOB_DEAD, STR("Its task waits for a decision; approving that has this tried again."));
    if (r->task_id.n && !r->op.plan) return end(r, JOB_DONE, STR("")); /* ended before anything was asked */
    const struct adapter_verb_impl *verb = &r->server.adapter->verbs[r->op.verb];
    if (!verb->steps) return end(r, JOB_DEAD, STR("This ad server has nothing of the kind."));
    r->op.adapter = r->server.adapter;
    r->op.config = r->server.config;
    r->op.key = r->run.row.job_id;
    r->op.arena = &r->run.arena;
    r->op.progress = r->run.row.progress;
    return STEP_RUN;
}

/* --- running ------------------------------------------------------------------------------------------------------- */

static void finish_calls(struct adapter_run *r)
{
    for (int i = 0; i < r->http_n; i++) op_http_finish(&r->http[i]);
    r->http_n = 0;
}

/* Results into the places where the adapter filled the requests. */
static void show_results(struct adapter_run *r)
{
    for (int i = 0; i < r->http_n; i++) {
        r->op.calls[i] = r->http[i].call;
        r->op.calls[i].done = shown;
    }
}

static void note_calls(struct adapter_run *r)
{
    struct traffic_cause cause = { .media_buy_id = r->plan.media_buy_id, .purpose = STR("platform_primary") };
    if (!cause.media_buy_id.n) return; /* not for a buyer */
    for (int i = 0; i < r->http_n; i++) traffic_note(&r->run, &cause, &r->http[i].call);
}

static int progress_run(struct tx *tx, struct op_write *op, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(op, struct adapter_run, write);
    int64_t lease_until = loop_now(jobs_loop(r->run.jobs)) + LEASE_S * USEC_PER_SEC;
    int rc = q_job_progress(tx, &r->run.row, r->op.progress, lease_until, e);
    if (rc == 0) return err_set(e, "CONFLICT", "Another attempt has taken this job over.");
    return rc < 0 ? -1 : 0;
}

static int run_step(struct steps *s)
{
    struct adapter_run *r = self(s);
    const struct adapter_verb_impl *verb = &r->server.adapter->verbs[r->op.verb];
    ENSURE(r->op.pc >= 0 && r->op.pc < verb->steps_n);
    show_results(r);
    note_calls(r);
    r->op.now = loop_now(s->loop);
    r->op.sleep_ms = 0;
    r->op.pc = verb->steps[r->op.pc](&r->op);
    r->ended = r->op.pc == ADAPTER_DONE;
    finish_calls(r);
    if (r->ended || r->op.calls_n == 0 || r->op.calls[0].done == shown) r->op.calls_n = 0;
    if (r->op.progress_changed) {
        r->op.progress_changed = false;
        steps_write(s, &r->write, jobs_store(r->run.jobs), progress_run);
    }
    return STEP_START_CALLS;
}

static int judge(struct adapter_run *r)
{
    const struct adapter_result *result = &r->op.result;
    switch (result->verdict) {
    case ADAPTER_OK: r->run.health = LANE_OK; return end(r, JOB_DONE, STR(""));
    case ADAPTER_TRY_LATER:
        r->run.health = LANE_FAILED;
        if (result->retry_after_s > 0) {
            r->run.retry_at = loop_now(r->run.steps.loop) + result->retry_after_s * USEC_PER_SEC;
        }
        return end(r, JOB_RETRY, result->reason);
    case ADAPTER_REFUSED: r->run.health = LANE_OK; return end(r, JOB_DEAD, result->reason);
    }
    ENSURE(!"a verdict");
}

static int start_calls(struct steps *s)
{
    struct adapter_run *r = self(s);
    bool unrecorded = r->write.steps && r->write.result != WRITE_COMMITTED;
    if (unrecorded) return end(r, JOB_RETRY, STR("The progress could not be recorded."));
    if (r->ended) return judge(r);
    if (jobs_stopping(r->run.jobs)) return end(r, JOB_RETRY, STR("stopped"));
    ENSURE(r->op.calls_n >= 0 && r->op.calls_n <= ADAPTER_CALLS_MAX);
    for (int i = 0; i < r->op.calls_n; i++) {
        r->http[i] = (struct op_http){ .call = r->op.calls[i] };
        r->http_n = i + 1;
        steps_http(s, &r->http[i], jobs_client(r->run.jobs));
    }
    if (r->op.calls_n == 0 && r->op.sleep_ms > 0) {
        steps_sleep(s, &r->sleep, loop_now(s->loop) + r->op.sleep_ms * INT64_C(1000));
    }
    return STEP_RUN;
}

/* --- what remains ---------------------------------------------------------------------------------------------------- */

static int store_report(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct delivery_changes changed;
    if (delivery_record(act, &r->plan, &r->op.result, &changed, e)) return -1;
    if (budget_watch(act, r->plan.media_buy_id, e)) return -1;
    return changed.n ? report_facts_changed(act, r->plan.media_buy_id, &changed, e) : 0;
}

static int asked_already(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .states = STR("[\"pending\",\"in_progress\"]"),
                             .kinds = STR("[\"ad_server\"]"),
                             .subject_type = STR("media_buy"),
                             .subject_id = media_buy_id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE };
    int64_t n;
    if (q_task_count(act->tx, &f, &n, e)) return -1;
    return n > 0;
}

/* A person sees why, and can have it tried again: domain/decide/task_kinds.c, "ad_server". */
static int ask_a_person(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct task_row task;
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = r->media_buy_id };
    struct media_buy_row buy;
    int found = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (found != 1) return found < 0 ? -1 : 0;
    struct task_new in = {
        .kind = "ad_server",
        .principal_id = buy.principal_id,
        .account_id = buy.account_id,
        .subject_type = "media_buy",
        .subject_id = buy.media_buy_id,
        .description =
            arena_printf(act->arena, "The ad server did not %s: %s", adapter_verb_phrase(r->op.verb), r->run.reason),
        .rule = STR("what the ad server refuses is for a person"),
        .operation = arena_printf(act->arena, "{\"job_id\":\"" STR_FMT "\"}", STR_ARG(r->run.row.job_id)),
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(run, struct adapter_run, run);
    struct job_act ja;
    bool dead = run->ends_as == JOB_STATE_DEAD, has_plan = r->op.plan != NULL;
    bool of_a_buy = r->task_id.n || r->media_buy_id.n;
    if (run->ends_as == JOB_STATE_READY || (!has_plan && !(dead && of_a_buy))) return 0;
    if (job_act_init(run, tx, "system:adapter", &ja, e)) return -1;
    if (dead && r->task_id.n) {
        bool refused = r->ended && r->op.result.verdict == ADAPTER_REFUSED;
        const char *who = refused ? "the ad server refused: " : r->ended ? "the ad server did not do it in time: " : "";
        struct str why = arena_printf(&run->arena, "%s%s", who, run->reason);
        return task_not_executed(&ja.act, r->task_id, why, e);
    }
    bool reading = r->op.verb == ADAPTER_REPORT;
    if (dead) {
        /* A reading that could not even begin makes no next one: a person has this one tried again. */
        int asked = reading && has_plan ? asked_already(&ja.act, r->media_buy_id, e) : 0;
        if (asked < 0 || (!asked && ask_a_person(r, &ja.act, e))) return -1;
        return reading && has_plan ? delivery_poll_next(&ja.act, &r->plan, run->row.job_id, e) : 0;
    }
    if (r->task_id.n) {
        struct task_execution_result x = { r->task_id, r->op.verb, &r->server, &r->plan, &r->op.result };
        return task_executed(&ja.act, &x, e);
    }
    if (r->op.verb == ADAPTER_CREATIVES) {
        /* What waited for the ad server to have them, moves on. */
        if (booking_creatives_taken(&ja.act, &r->plan, &r->op.result, e)) return -1;
        return media_buy_creatives_changed(&ja.act, r->plan.media_buy_id, e);
    }
    if (booking_record(&ja.act, &r->plan, &r->op.result, e)) return -1;
    if (reading && store_report(r, &ja.act, e)) return -1;
    /* A buy that was booked is read from now on; one that was read is read again. */
    bool booked = r->op.verb == ADAPTER_BOOK;
    return reading || booked ? delivery_poll_next(&ja.act, &r->plan, run->row.job_id, e) : 0;
}

static void cancel(struct job_run *run)
{
    struct adapter_run *r = CONTAINER_OF(run, struct adapter_run, run);
    for (int i = 0; i < r->http_n; i++) op_http_cancel(&r->http[i]);
    op_sleep_cancel(&r->sleep);
}

static void release(struct job_run *run)
{
    finish_calls(CONTAINER_OF(run, struct adapter_run, run));
}

static const step_fn steps[] = {
    [STEP_BEGIN] = begin, [STEP_PLANNED] = planned, [STEP_START_CALLS] = start_calls, [STEP_RUN] = run_step
};

const struct job_kind adapter_kind = { .name = BOOKING_JOB_KIND,
                                       .bytes = sizeof(struct adapter_run),
                                       .steps = steps,
                                       .lease_s = LEASE_S,
                                       .attempts_max = 60,
                                       .horizon_s = 24 * 3600,
                                       .record = record,
                                       .cancel = cancel,
                                       .release = release };
