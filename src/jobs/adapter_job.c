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
#include "domain/plan/ad_checks.h"
#include "jobs/adapter_run.h"
#include "jobs/webhook_send.h"

#define WAIT_S_DEFAULT 600 /* until what waits is looked at again */

static struct adapter_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct adapter_run, run.steps);
}

int adapter_run_end(struct adapter_run *r, enum job_verdict verdict, struct str why)
{
    r->run.verdict = verdict;
    (void)snprintf(r->run.reason, sizeof(r->run.reason), STR_FMT, STR_ARG(why));
    return STEPS_END;
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
    r->task_waits = how == TASK_WAITS;
    if (how == TASK_EXECUTES) r->op.plan = &r->plan;
    /* An order that may be there is looked for, to be canceled. */
    if (how != TASK_ENDED || r->op.verb != ADAPTER_BOOK || untouched(&r->run.row)) return 0;
    r->op.verb = ADAPTER_CANCEL;
    return plan_rows(r, &r->act.act, e);
}

static int begin_failed(struct adapter_run *r, const struct err *e)
{
    bool passing = strcmp(e->code, "SERVICE_UNAVAILABLE") == 0;
    return adapter_run_end(r, passing ? JOB_RETRY : JOB_DEAD, str_from(e->message));
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
    return ADAPTER_STEP_PLANNED;
}

static int planned(struct steps *s)
{
    struct adapter_run *r = self(s);
    bool lost = r->task_id.n && r->planning.result == WRITE_LOST;
    if (lost) return adapter_run_end(r, JOB_RETRY, STR("The database did not answer."));
    if (r->task_id.n && r->planning.result != WRITE_COMMITTED) return begin_failed(r, &r->planning.err);
    if (r->task_waits)
        return adapter_run_end(r, JOB_DEAD, STR("Its task waits for a decision; approving that has this tried again."));
    if (r->task_id.n && !r->op.plan) return adapter_run_end(r, JOB_DONE, STR("")); /* ended before anything was asked */
    const struct adapter_verb_impl *verb = &r->server.adapter->verbs[r->op.verb];
    if (!verb->steps) return adapter_run_end(r, JOB_DEAD, STR("This ad server has nothing of the kind."));
    r->run.system = r->server.adapter->name;
    r->run.verb = adapter_verb_name(r->op.verb);
    adapter_run_init(r);
    return ADAPTER_STEP_RUN;
}

/* --- how it ended -------------------------------------------------------------------------------------------------- */

/* A wait ends at its own deadline or with the flight, whichever is first. */
static int64_t wait_until(const struct adapter_run *r, int64_t now)
{
    int64_t since = r->run.row.waiting_since != TIME_NONE ? r->run.row.waiting_since : now;
    int64_t most_s = r->op.result.wait_max_s > 0 ? r->op.result.wait_max_s : ADAPTER_WAIT_MAX_S;
    int64_t until = since + most_s * USEC_PER_SEC;
    return r->op.plan && r->op.plan->end_at < until ? r->op.plan->end_at : until;
}

int adapter_run_judge(struct adapter_run *r)
{
    const struct adapter_result *result = &r->op.result;
    int64_t now = loop_now(r->run.steps.loop);
    switch (result->verdict) {
    case ADAPTER_OK: r->run.health = LANE_OK; return adapter_run_end(r, JOB_DONE, STR(""));
    case ADAPTER_TRY_LATER:
        r->run.health = LANE_FAILED;
        if (result->retry_after_s > 0) r->run.retry_at = now + result->retry_after_s * USEC_PER_SEC;
        return adapter_run_end(r, JOB_RETRY, result->reason);
    case ADAPTER_WAITS:
        r->run.health = LANE_OK;
        r->run.retry_at = now + (result->resume_after_s > 0 ? result->resume_after_s : WAIT_S_DEFAULT) * USEC_PER_SEC;
        r->run.wait_until = wait_until(r, now);
        return adapter_run_end(r, JOB_WAITS, result->reason);
    case ADAPTER_REFUSED:
        r->run.health = LANE_OK;
        /* What it could not look up may be there after all. */
        if (r->catalog.failed) return adapter_run_end(r, JOB_RETRY, STR("The database did not answer."));
        return adapter_run_end(r, JOB_DEAD, result->reason);
    }
    ENSURE(!"a verdict");
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
        .amount_micros = buy.total_budget_micros,
        .due_at = TIME_NONE,
    };
    return task_create(act, &in, &task, e);
}

/* A wait is no end; whoever decided sees what for. */
static int waits(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct task_wait wait = { str_from(r->run.reason), r->run.wait_until };
    if (r->run.verdict != JOB_WAITS || !r->task_id.n) return 0;
    return task_execution_waits(act, r->task_id, &wait, e);
}

/* What was not asked for a media buy: the inventory is complete, or the test has been made. */
static int record_server(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, r->server.name };
    const char *const *kind = r->server.adapter->inventory_kinds;
    if (r->op.verb == ADAPTER_TEST) {
        return q_ad_server_tested(act->tx, &key, act->now, ad_checks_json(act->arena, &r->op.result), e);
    }
    if (r->op.verb != ADAPTER_INVENTORY) return 0;
    for (; kind && *kind; kind++) {
        if (q_ad_items_close(act->tx, &key, str_from(*kind), r->run.row.job_id, e)) return -1;
    }
    return q_ad_server_synced(act->tx, &key, act->now, e);
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(run, struct adapter_run, run);
    struct job_act ja;
    bool dead = run->ends_as == JOB_STATE_DEAD, has_plan = r->op.plan != NULL;
    bool of_a_buy = r->task_id.n || r->media_buy_id.n;
    if (job_act_init(run, tx, "system:adapter", &ja, e)) return dead && !of_a_buy ? 0 : -1;
    /* What the ad server has given is known from now on, whatever came of the rest. */
    if (r->account && adapter_run_keep(r, &ja.act, e)) return -1;
    if (run->ends_as == JOB_STATE_READY) return waits(r, &ja.act, e);
    if (!of_a_buy) return dead ? 0 : record_server(r, &ja.act, e);
    if (!has_plan && !dead) return 0;
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
        struct task_execution_result x = { r->task_id, r->op.verb, &r->server, &r->plan };
        return task_executed(&ja.act, &x, e);
    }
    if (r->op.verb == ADAPTER_CREATIVES) {
        /* What waited for the ad server to have them, moves on. */
        if (booking_creatives_taken(&ja.act, &r->plan, &r->op.problems, e)) return -1;
        return media_buy_creatives_changed(&ja.act, r->plan.media_buy_id, e);
    }
    if (reading && store_report(r, &ja.act, e)) return -1;
    /* A buy that was booked is read from now on; one that was read is read again. */
    bool booked = r->op.verb == ADAPTER_BOOK;
    return reading || booked ? delivery_poll_next(&ja.act, &r->plan, run->row.job_id, e) : 0;
}

static void cancel(struct job_run *run)
{
    adapter_run_cancel(CONTAINER_OF(run, struct adapter_run, run));
}

static void release(struct job_run *run)
{
    adapter_run_release(CONTAINER_OF(run, struct adapter_run, run));
}

static const step_fn steps[] = {
    [ADAPTER_STEP_BEGIN] = begin,
    [ADAPTER_STEP_PLANNED] = planned,
    [ADAPTER_STEP_RUN] = adapter_run_step,
    [ADAPTER_STEP_GO] = adapter_run_go,
    [ADAPTER_STEP_LET_IN] = adapter_run_let_in,
    [ADAPTER_STEP_SIGNED] = adapter_run_signed,
    [ADAPTER_STEP_TOKEN] = adapter_run_token,
    [ADAPTER_STEP_CALL] = adapter_run_call,
    [ADAPTER_STEP_HEARD] = adapter_run_heard,
};

const struct job_kind adapter_kind = { .name = BOOKING_JOB_KIND,
                                       .bytes = sizeof(struct adapter_run),
                                       .steps = steps,
                                       .lease_s = ADAPTER_LEASE_S,
                                       .attempts_max = 60,
                                       .horizon_s = 24 * 3600,
                                       .record = record,
                                       .cancel = cancel,
                                       .release = release };
