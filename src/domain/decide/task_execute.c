#include "domain/decide/task_execute.h"

#include "base/rfc3339.h"
#include "store/q/q_delivery.h"
#include "store/q/q_job.h"

struct execution {
    struct str job_id, by, origin, reason, state;
    int64_t at;
    bool running;
};

static void read_execution(const struct act *act, const struct task_row *task, struct execution *out)
{
    struct err e;
    yyjson_val *o = task_get(act, task, "execution");
    *out = (struct execution){ .at = TIME_NONE };
    out->job_id = json_str(o, "job_id");
    out->by = json_str(o, "by");
    out->origin = json_str(o, "origin");
    out->reason = json_str(o, "reason");
    out->state = json_str(o, "state");
    out->running = json_bool_or(o, "running", false);
    if (json_opt_time(JSON_FIELD(o, "at", ""), &out->at, &e)) out->at = TIME_NONE;
}

static void write_execution(const struct act *act, struct task_row *task, const struct execution *x)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "job_id", x->job_id);
    json_add_str(doc, o, "by", x->by);
    if (x->at != TIME_NONE) json_add_time(doc, o, "at", x->at);
    json_add_str_opt(doc, o, "origin", x->origin);
    json_add_str_opt(doc, o, "reason", x->reason);
    json_add_str(doc, o, "state", x->state);
    json_add_bool(doc, o, "running", x->running);
    task_put(act, task, "execution", json_write(act->arena, o));
}

/* ---- start ---- */

static int add_job(const struct act *act, const struct deferral *wanted, const struct task_row *task, struct str job_id,
                   struct err *e)
{
    enum adapter_verb verb;
    ENSURE(adapter_verb_parse(str_from(wanted->verb), &verb)); /* booking.c wrote it */
    struct booking_job job = {
        .job_id = job_id, .media_buy_id = wanted->media_buy_id, .verb = verb, .task_id = task->task_id
    };
    return booking_job_add(act, &job, e);
}

int task_execute_start(const struct act *act, const struct task_resolution *r, const struct deferral *wanted,
                       struct task_row *task, struct err *e)
{
    struct execution before, x = { .by = act->actor,
                                   .at = act->now,
                                   .origin = act->origin,
                                   .reason = r->reason,
                                   .state = task->state,
                                   .running = true };
    read_execution(act, task, &before);
    x.job_id = before.job_id;
    int again = x.job_id.n ? q_job_redeliver(act->tx, task->tenant_id, x.job_id, act->now, e) : 0;
    if (again < 0) return -1;
    if (!again) { /* the first attempt, or one so long ago that its job was cleared away */
        x.job_id = id_new(act->arena, act->rng, "job-", act->now);
        if (add_job(act, wanted, task, x.job_id, e)) return -1;
    }
    write_execution(act, task, &x);
    task_drop(act, task, "failure");
    task->state = STR("in_progress");
    task->updated_at = act->now;
    task->next_at = TIME_NONE;
    return q_task_update(act->tx, task, e) || task_changed(act, task, "executing", e) ? -1 : 0;
}

/* ---- what the job does ---- */

/* In the name of who decided. */
static struct act as_decider(const struct act *act, const struct execution *x, struct deferral *deferral)
{
    struct act as = *act;
    as.actor = x->by;
    if (x->origin.n) as.origin = x->origin;
    as.deferral = deferral;
    return as;
}

static int approve(const struct act *act, const struct execution *x, const struct task_row *task, struct err *e)
{
    struct deferral already = { 0 }; /* the job that runs is what would be queued */
    struct act as = as_decider(act, x, &already);
    struct task_resolution r = { .task_id = task->task_id, .decision = TASK_APPROVE, .reason = x->reason };
    return task_do(&as, &r, task, e);
}

int task_execute_plan(const struct act *act, struct str task_id, enum task_execution *how, struct plan *plan,
                      struct err *e)
{
    struct task_row task;
    struct execution x;
    struct err undo;
    if (task_load(act, task_id, &task, e)) return -1;
    read_execution(act, &task, &x);
    *how = !task_open(&task) ? TASK_ENDED : x.running ? TASK_EXECUTES : TASK_WAITS;
    if (*how != TASK_EXECUTES) return 0;
    if (tx_rehearse(act->tx, e)) return -1;
    int rc = approve(act, &x, &task, e);
    int found = rc ? 0 : plan_load(act, task.subject_id, PLAN_WHOLE, plan, e);
    if (tx_rehearse_end(act->tx, &undo)) {
        *e = undo;
        return -1;
    }
    if (rc || found < 0) return -1;
    return found ? 0 : err_set(e, "MEDIA_BUY_NOT_FOUND", "The media buy of this task is gone.");
}

static int open_again(const struct act *act, struct execution *x, struct task_row *task, const struct err *why,
                      struct err *e)
{
    struct act as = as_decider(act, x, NULL);
    x->running = false;
    write_execution(act, task, x);
    task_drop(act, task, "waiting");
    task->state = x->state;
    task_set_next(act, task);
    return task_keep_failure(&as, task, why, e);
}

/* The buyer's buy has ended while its order was made. */
static int take_back(const struct act *act, const struct task_execution_result *in, struct err *e)
{
    enum booking_outcome outcome;
    if (in->verb != ADAPTER_BOOK) return 0; /* ending a booked buy has queued what ends it there */
    return booking_submit(act, in->server, in->plan, ADAPTER_CANCEL, &outcome, e);
}

int task_executed(const struct act *act, const struct task_execution_result *in, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct err why;
    if (task_load(act, in->task_id, &task, e)) return -1;
    if (!task_open(&task)) return take_back(act, in, e);
    read_execution(act, &task, &x);
    if (!x.running) return 0;
    if (tx_rehearse(act->tx, e)) return -1;
    if (approve(act, &x, &task, &why)) {
        if (tx_rehearse_end(act->tx, e)) return -1;
        return open_again(act, &x, &task, &why, e);
    }
    if (tx_rehearse_keep(act->tx, e)) return -1;
    struct act as = as_decider(act, &x, NULL);
    x.running = false;
    write_execution(act, &task, &x);
    task_drop(act, &task, "waiting");
    task.state = STR("completed");
    task.decision = STR("approved");
    return task_conclude(&as, &task, x.reason, e);
}

int task_execution_waits(const struct act *act, struct str task_id, const struct task_wait *wait, struct err *e)
{
    struct task_row task;
    struct execution x;
    if (task_load(act, task_id, &task, e)) return -1;
    read_execution(act, &task, &x);
    if (!task_open(&task) || !x.running) return 0;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "reason", wait->reason);
    json_add_time(doc, o, "until", wait->until);
    struct str text = json_write(act->arena, o);
    if (str_eq(task_member(act, &task, "waiting"), text)) return 0;
    task_put(act, &task, "waiting", text);
    task.updated_at = act->now;
    return q_task_update(act->tx, &task, e) || task_changed(act, &task, "waiting", e) ? -1 : 0;
}

int task_not_executed(const struct act *act, struct str task_id, struct str reason, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct err why;
    if (task_load(act, task_id, &task, e)) return -1;
    read_execution(act, &task, &x);
    if (!task_open(&task) || !x.running) return 0;
    (void)err_set(&why, "SERVICE_UNAVAILABLE", STR_FMT, STR_ARG(reason));
    return open_again(act, &x, &task, &why, e);
}
