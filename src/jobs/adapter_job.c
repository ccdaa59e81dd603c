#include "jobs/adapter_job.h"

#include <salesagent/adapter.h>
#include <stdio.h>

#include "base/rfc3339.h"
#include "domain/booking/booking_forecast.h"
#include "domain/booking/booking_sight.h"
#include "domain/booking/booking_trouble.h"
#include "domain/media_buy/budget_watch.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "domain/booking/delivery_poll.h"
#include "domain/delivery/report.h"
#include "domain/decide/booking_answer.h"
#include "domain/decide/task_execute.h"
#include "domain/core/ad_checks.h"
#include "jobs/adapter_run.h"
#include "jobs/webhook_send.h"
#include "store/q/q_catalog.h"

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
    r->ask = (struct booking_ask){ .ask_id = r->run.row.job_id,
                                   .media_buy_id = json_str(payload, "media_buy_id"),
                                   .ad_server = json_str(payload, "ad_server"),
                                   .task_id = json_str(payload, "task_id") };
    if (!adapter_verb_parse(json_str(payload, "verb"), &r->ask.verb)) {
        return err_set(e, "INVALID_REQUEST", "The job names no verb of an ad server.");
    }
    r->op.verb = r->ask.verb;
    /* Jobs of the time before a publisher could have several name none: it is the first. */
    if (!r->ask.ad_server.n && ad_server_first(&r->act.act, &r->ask.ad_server, e)) return -1;
    return ad_server_of(&r->act.act, r->ask.ad_server, &r->server, e);
}

static int gone(struct err *e)
{
    return err_set(e, "MEDIA_BUY_NOT_FOUND", "The media buy of this job is gone.");
}

/* This ad server's part of the buy, as the rows are. */
static int plan_rows(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct plan whole;
    int found = plan_load(act, r->ask.media_buy_id, PLAN_WHOLE, &whole, e);
    if (found < 0) return -1;
    if (!found) return gone(e);
    if (plan_part(act, &whole, r->server.name, &r->plan, e)) return -1;
    r->plans = &r->plan;
    r->plans_n = 1;
    return 0;
}

/* Those that are due, or the ones that a look was asked for. */
static int plan_many(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct booking_rows due;
    bool look = r->ask.verb == ADAPTER_LOOK;
    if (look ? booking_look_due(act, &r->server, &due, e) : delivery_poll_due(act, &r->server, &due, e)) return -1;
    r->plans = ARENA_ARRAY(act->arena, struct plan, due.n + 1);
    for (size_t i = 0; i < due.n; i++) {
        struct plan whole;
        int found = plan_load(act, due.rows[i].media_buy_id, PLAN_NUMBERS, &whole, e);
        if (found < 0) return -1;
        if (found && plan_part(act, &whole, r->server.name, &r->plans[r->plans_n++], e)) return -1;
    }
    return 0;
}

/* From the first day that is not final in any of them. */
static int open_days(struct adapter_run *r, const struct act *act, struct err *e)
{
    for (size_t i = 0; i < r->plans_n; i++) {
        struct delivery_range open;
        if (delivery_open_days(act, &r->plans[i], &open, e)) return -1;
        if (i == 0 || open.from_day < r->op.from_day) r->op.from_day = open.from_day;
        if (i == 0 || open.to_day > r->op.to_day) r->op.to_day = open.to_day;
    }
    return 0;
}

/* In which the products of this ad server count the days of their reports. */
static int zones(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct product_zones_of of = { .tenant_id = act->tenant->tenant_id, .ad_server = r->server.name };
    if (ad_server_first(act, &of.first, e)) return -1;
    if (q_product_zones(act->tx, act->arena, &of, &r->op.zones, &r->op.zones_n, e)) return -1;
    r->op.zone = r->op.zones_n == 1 ? r->op.zones[0] : STR("UTC");
    return 0;
}

/* Nothing of it is wanted there any more: it ended while its turn had not come, or the buy goes on without it. */
static int overtaken(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct booking_row row;
    bool brings = r->ask.verb == ADAPTER_BOOK || r->ask.verb == ADAPTER_UPDATE || r->ask.verb == ADAPTER_CREATIVES;
    if (!brings) return 0;
    int found = q_booking_get(act->tx, act->arena, r->ask.media_buy_id, r->server.name, &row, e);
    if (found < 0) return -1;
    r->overtaken = found && (row.state == BOOKING_CANCELED || row.state == BOOKING_DROPPED);
    return 0;
}

static int plan_job(struct adapter_run *r, const struct act *act, struct err *e)
{
    bool reads = r->ask.verb == ADAPTER_REPORT || r->ask.verb == ADAPTER_LOOK;
    if (r->ask.media_buy_id.n && (overtaken(r, act, e) || plan_rows(r, act, e))) return -1;
    if (reads && !r->ask.media_buy_id.n && plan_many(r, act, e)) return -1;
    if (r->ask.verb == ADAPTER_REPORT && open_days(r, act, e)) return -1;
    return zones(r, act, e);
}

/* The plan of a task is what its operation would make of the rows. */
static int plan_task(struct tx *tx, struct op_write *op, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(op, struct adapter_run, planning);
    enum task_execution how;
    if (job_act_init(&r->run, tx, "system:adapter", &r->act, e) || overtaken(r, &r->act.act, e)) return -1;
    if (task_execute_plan(&r->act.act, r->ask.task_id, r->server.name, &how, &r->plan, e)) return -1;
    r->task_waits = how == TASK_WAITS;
    if (how != TASK_EXECUTES) return 0;
    r->plans = &r->plan;
    r->plans_n = 1;
    return 0;
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
    if (r->ask.task_id.n) {
        steps_write(s, &r->planning, jobs_store(r->run.jobs), plan_task);
    } else if (plan_job(r, &r->act.act, &e)) {
        return begin_failed(r, &e);
    }
    return ADAPTER_STEP_PLANNED;
}

static int planned(struct steps *s)
{
    struct adapter_run *r = self(s);
    bool of_task = r->ask.task_id.n > 0;
    bool needs_plan = of_task || r->ask.verb == ADAPTER_REPORT || r->ask.verb == ADAPTER_LOOK;
    if (of_task && r->planning.result == WRITE_LOST) {
        return adapter_run_end(r, JOB_RETRY, STR("The database did not answer."));
    }
    if (of_task && r->planning.result != WRITE_COMMITTED) return begin_failed(r, &r->planning.err);
    if (r->task_waits) {
        return adapter_run_end(r, JOB_DEAD, STR("Its task waits for a decision; approving that has this tried again."));
    }
    if (r->overtaken || (needs_plan && r->plans_n == 0)) {
        r->nothing = true; /* is to be asked: it ended before */
        return adapter_run_end(r, JOB_DONE, STR(""));
    }
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
    int64_t most_s = r->op.result.wait_max_s > 0 ? r->op.result.wait_max_s : r->server.wait_max_s;
    if (most_s <= 0) most_s = ADAPTER_WAIT_MAX_S;
    int64_t until = since + most_s * USEC_PER_SEC;
    return r->plans_n == 1 && r->plans[0].end_at < until ? r->plans[0].end_at : until;
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

/* What one buy has delivered, and what follows from it. */
static int store_report(const struct adapter_run *r, const struct act *act, const struct plan *plan,
                        const struct delivery_facts *facts, struct err *e)
{
    struct delivery_changes changed;
    if (delivery_record(act, &r->server, plan, facts, &changed, e)) return -1;
    if (budget_watch(act, plan->media_buy_id, e)) return -1;
    if (changed.n && report_facts_changed(act, plan->media_buy_id, &changed, e)) return -1;
    return delivery_poll_next(act, &r->server, plan, r->run.row.job_id, e);
}

/* How things stand there; and somebody looks again. */
static int looked(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct booking_sights sights = { r->plans, r->plans_n, &r->op.result };
    if (booking_seen(act, &r->server, &sights, e)) return -1;
    return booking_look_next(act, &r->server, r->run.row.job_id, e);
}

static int record_report(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct delivery_facts facts;
    struct str only = r->plans_n == 1 ? r->plans[0].media_buy_id : STR("");
    delivery_facts_sort(act->arena, only, &r->op.result, &facts);
    for (size_t i = 0; i < r->plans_n; i++) {
        if (store_report(r, act, &r->plans[i], &facts, e)) return -1;
    }
    return looked(r, act, e);
}

/* A reading that could not even begin makes no next one: a person has this one tried again. */
static int report_failed(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct booking_trouble t = { .media_buy_id = r->plans_n ? r->plans[0].media_buy_id : r->ask.media_buy_id,
                                 .ad_server = r->ask.ad_server,
                                 .verb = ADAPTER_REPORT,
                                 .job_id = r->ask.ask_id,
                                 .why = str_from(r->run.reason) };
    if (t.media_buy_id.n && booking_trouble(act, &t, e)) return -1;
    for (size_t i = 0; i < r->plans_n; i++) {
        if (delivery_poll_next(act, &r->server, &r->plans[i], r->run.row.job_id, e)) return -1;
    }
    return 0;
}

/* What was not asked for a media buy: the inventory is complete, or the test has been made. */
static int record_server(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, r->server.name };
    if (r->op.verb == ADAPTER_TEST) {
        return q_ad_server_tested(act->tx, &key, act->now, ad_checks_json(act->arena, &r->op.result), e);
    }
    if (r->op.verb != ADAPTER_INVENTORY) return 0;
    const char *const *kind = r->server.adapter->inventory_kinds;
    for (; kind && *kind; kind++) {
        if (q_ad_items_close(act->tx, &key, str_from(*kind), r->run.row.job_id, e)) return -1;
    }
    return q_ad_server_synced(act->tx, &key, act->now, e);
}

/* What was asked, and what came of it. */
static struct booking_answer answer_of(const struct adapter_run *r)
{
    struct booking_answer a = { .ask = r->ask,
                                .reason = str_from(r->run.reason),
                                .problems = &r->op.problems,
                                .server = r->server.adapter ? &r->server : NULL,
                                .plan = r->plans_n ? r->plans : NULL };
    switch (r->run.ends_as) {
    case JOB_STATE_DONE: a.kind = ANSWER_AGREED; break;
    case JOB_STATE_READY:
        a.kind = ANSWER_WAITS;
        a.wait_until = r->run.wait_until;
        a.waiting_since =
            r->run.row.waiting_since != TIME_NONE ? r->run.row.waiting_since : loop_now(jobs_loop(r->run.jobs));
        break;
    case JOB_STATE_DEAD: {
        bool refused = r->ended && r->op.result.verdict == ADAPTER_REFUSED;
        a.kind = refused ? ANSWER_REFUSED : ANSWER_SILENT;
        break;
    }
    }
    return a;
}

static bool books(enum adapter_verb verb)
{
    return verb == ADAPTER_BOOK || verb == ADAPTER_UPDATE || verb == ADAPTER_CANCEL || verb == ADAPTER_CREATIVES;
}

/* The test could not be made (settings that do not open, no answer): that is its result. */
static int test_failed(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, r->ask.ad_server };
    struct adapter_check check = { .name = STR("connection"),
                                   .outcome = ADAPTER_CHECK_FAILED,
                                   .text = str_from(r->run.reason) };
    struct adapter_result result = { .checks = &check, .checks_n = 1 };
    return q_ad_server_tested(act->tx, &key, act->now, ad_checks_json(act->arena, &result), e);
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(run, struct adapter_run, run);
    struct job_act ja;
    enum job_state ends = run->ends_as;
    if (r->nothing || (ends == JOB_STATE_READY && run->verdict != JOB_WAITS && !r->account)) return 0;
    if (job_act_init(run, tx, "system:adapter", &ja, e))
        return ends == JOB_STATE_DEAD ? 0 : -1; /* its publisher is gone */
    /* What the ad server has given is known from now on, whatever came of the rest. */
    if (r->account && adapter_run_keep(r, &ja.act, e)) return -1;
    if (r->account && booking_forecast_keep(&ja.act, &r->server, r->ask.media_buy_id, &r->op.result, e)) return -1;
    if (ends == JOB_STATE_READY && run->verdict != JOB_WAITS) return 0;
    if (books(r->ask.verb)) {
        struct booking_answer a = answer_of(r);
        return booking_answered(&ja.act, &a, e);
    }
    if (ends == JOB_STATE_READY) return 0;
    if (r->ask.verb == ADAPTER_REPORT) {
        return ends == JOB_STATE_DONE ? record_report(r, &ja.act, e) : report_failed(r, &ja.act, e);
    }
    if (r->ask.verb == ADAPTER_TEST && ends == JOB_STATE_DEAD) return test_failed(r, &ja.act, e);
    if (r->ask.verb == ADAPTER_LOOK && r->server.adapter) return looked(r, &ja.act, e);
    return ends == JOB_STATE_DEAD ? 0 : record_server(r, &ja.act, e);
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
