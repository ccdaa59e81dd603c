#include "domain/decide/task_execute.h"

#include "base/rfc3339.h"

/* What one ad server was asked. */
struct execution_ask {
    struct booking_ask ask;
    struct str answer; /* empty: none yet; "agreed", "refused", "left_out" */
};

struct execution {
    struct execution_ask asks[DEFERRAL_ASKS_MAX];
    size_t asks_n;
    struct str by, origin, reason, state;
    int64_t at;
    bool running;
};

/* ---- the member "execution" ---- */

static void read_ask(yyjson_val *v, const struct task_row *task, struct execution_ask *out)
{
    *out = (struct execution_ask){ .answer = json_str(v, "answer") };
    out->ask = (struct booking_ask){ .ask_id = json_str(v, "ask_id"),
                                     .media_buy_id = task->subject_id,
                                     .ad_server = json_str(v, "ad_server"),
                                     .task_id = task->task_id,
                                     .verb = ADAPTER_UPDATE };
    (void)adapter_verb_parse(json_str(v, "verb"), &out->ask.verb); /* we wrote it */
}

/* Asked before a publisher could have several ad servers: one job, of the first. */
static void read_single(const struct act *act, yyjson_val *o, const struct task_row *task, struct execution *out)
{
    struct err unknown; /* then there is none to be asked */
    struct str job_id = json_str(o, "job_id");
    if (!job_id.n) return;
    struct execution_ask *x = &out->asks[out->asks_n++];
    *x = (struct execution_ask){ .answer = STR_NONE };
    x->ask = (struct booking_ask){ .ask_id = job_id,
                                   .media_buy_id = task->subject_id,
                                   .task_id = task->task_id,
                                   .verb = str_is(task->kind, "create_media_buy") ? ADAPTER_BOOK : ADAPTER_UPDATE };
    if (ad_server_first(act, &x->ask.ad_server, &unknown)) x->ask.ad_server = STR_NONE;
}

static void read_execution(const struct act *act, const struct task_row *task, struct execution *out)
{
    yyjson_val *o = task_get(act, task, "execution"), *v;
    struct err e;
    size_t i, n;
    *out = (struct execution){ .at = TIME_NONE };
    out->by = json_str(o, "by");
    out->origin = json_str(o, "origin");
    out->reason = json_str(o, "reason");
    out->state = json_str(o, "state");
    out->running = json_bool_or(o, "running", false);
    if (json_opt_time(JSON_FIELD(o, "at", ""), &out->at, &e)) out->at = TIME_NONE;
    yyjson_arr_foreach(json_arr(o, "asks"), i, n, v) {
        if (out->asks_n < DEFERRAL_ASKS_MAX) read_ask(v, task, &out->asks[out->asks_n++]);
    }
    if (!json_has(o, "asks")) read_single(act, o, task, out);
}

static void write_execution(const struct act *act, struct task_row *task, const struct execution *x)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc), *list = json_add_arr(doc, o, "asks");
    for (size_t i = 0; i < x->asks_n; i++) {
        yyjson_mut_val *a = json_push_obj(doc, list);
        json_add_str(doc, a, "ask_id", x->asks[i].ask.ask_id);
        json_add_str(doc, a, "ad_server", x->asks[i].ask.ad_server);
        json_add_cstr(doc, a, "verb", adapter_verb_name(x->asks[i].ask.verb));
        json_add_str_opt(doc, a, "answer", x->asks[i].answer);
    }
    json_add_str(doc, o, "by", x->by);
    if (x->at != TIME_NONE) json_add_time(doc, o, "at", x->at);
    json_add_str_opt(doc, o, "origin", x->origin);
    json_add_str_opt(doc, o, "reason", x->reason);
    json_add_str(doc, o, "state", x->state);
    json_add_bool(doc, o, "running", x->running);
    task_put(act, task, "execution", json_write(act->arena, o));
}

static struct execution_ask *ask_of(struct execution *x, struct str ad_server)
{
    for (size_t i = 0; i < x->asks_n; i++) {
        if (str_eq(x->asks[i].ask.ad_server, ad_server)) return &x->asks[i];
    }
    return NULL;
}

/* ---- start ---- */

/* Those that have agreed already are not asked again, unless all have: then it was our own side that failed. */
static bool somebody_disagreed(const struct execution *before)
{
    for (size_t i = 0; i < before->asks_n; i++) {
        if (!str_is(before->asks[i].answer, "agreed")) return true;
    }
    return false;
}

static int ask_one(const struct act *act, const struct deferral_ask *wanted, struct execution_ask *x, struct err *e)
{
    ENSURE(adapter_verb_parse(str_from(wanted->verb), &x->ask.verb)); /* booking.c wrote it */
    x->ask.instructions = wanted->instructions;
    x->answer = STR_NONE;
    int again = x->ask.ask_id.n ? booking_ask_again(act, &x->ask, e) : 0;
    if (again) return again < 0 ? -1 : 0;
    /* The first attempt, or one so long ago that its job was cleared away. */
    x->ask.ask_id = booking_ask_id(act, x->ask.instructions);
    return booking_ask_add(act, &x->ask, e);
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
    bool keep = somebody_disagreed(&before);
    for (size_t i = 0; i < wanted->n; i++) {
        struct execution_ask *now = &x.asks[x.asks_n++], *was = ask_of(&before, wanted->asks[i].ad_server);
        *now = was ? *was
                   : (struct execution_ask){ .ask = { .media_buy_id = wanted->media_buy_id,
                                                      .task_id = task->task_id,
                                                      .ad_server = wanted->asks[i].ad_server } };
        if (keep && str_is(now->answer, "agreed")) continue;
        if (ask_one(act, &wanted->asks[i], now, e)) return -1;
    }
    write_execution(act, task, &x);
    task_drop(act, task, "failure");
    task->state = STR("in_progress");
    task->updated_at = act->now;
    task->next_at = TIME_NONE;
    return q_task_update(act->tx, task, e) || task_changed(act, task, "executing", e) ? -1 : 0;
}

/* ---- what is asked for ---- */

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
    struct deferral already = { .n = 0 }; /* what was asked is what would be queued */
    struct act as = as_decider(act, x, &already);
    struct task_resolution r = { .task_id = task->task_id, .decision = TASK_APPROVE, .reason = x->reason };
    return task_kind_do(task_operation_kind(task), &as, &r, task, e);
}

static int part_of(const struct act *act, const struct task_row *task, struct str ad_server, struct plan *plan,
                   struct err *e)
{
    struct plan whole;
    int found = plan_load(act, task->subject_id, PLAN_WHOLE, &whole, e);
    if (found < 0) return -1;
    if (!found) return err_set(e, "MEDIA_BUY_NOT_FOUND", "The media buy of this task is gone.");
    return plan_part(act, &whole, ad_server, plan, e);
}

int task_execute_plan(const struct act *act, struct str task_id, struct str ad_server, enum task_execution *how,
                      struct plan *plan, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct err undo;
    if (task_load(act, task_id, &task, e)) return -1;
    read_execution(act, &task, &x);
    *how = !task_open(&task) ? TASK_ENDED : x.running ? TASK_EXECUTES : TASK_WAITS;
    if (*how != TASK_EXECUTES) return 0;
    if (tx_rehearse(act->tx, e)) return -1;
    int rc = approve(act, &x, &task, e) || part_of(act, &task, ad_server, plan, e) ? -1 : 0;
    if (tx_rehearse_end(act->tx, &undo)) {
        *e = undo;
        return -1;
    }
    return rc;
}

/* ---- answers ---- */

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

/* 1 the task has asked this ad server and is open, 0 not, -1 failed. */
static int asked(const struct act *act, struct str task_id, struct str ad_server, struct task_row *task,
                 struct execution *x, struct execution_ask **ask, struct err *e)
{
    if (task_load(act, task_id, task, e)) return -1;
    read_execution(act, task, x);
    *ask = ask_of(x, ad_server);
    return task_open(task) && *ask;
}

static bool all_answered(const struct execution *x)
{
    for (size_t i = 0; i < x->asks_n; i++) {
        bool done = str_is(x->asks[i].answer, "agreed") || str_is(x->asks[i].answer, "left_out");
        if (!done) return false;
    }
    return true;
}

static int execute(const struct act *act, struct execution *x, struct task_row *task, struct err *e)
{
    struct err why;
    if (tx_rehearse(act->tx, e)) return -1;
    if (approve(act, x, task, &why)) {
        if (tx_rehearse_end(act->tx, e)) return -1;
        return open_again(act, x, task, &why, e);
    }
    if (tx_rehearse_keep(act->tx, e)) return -1;
    struct act as = as_decider(act, x, NULL);
    x->running = false;
    write_execution(act, task, x);
    task_drop(act, task, "waiting");
    task->state = STR("completed");
    task->decision = STR("approved");
    if (task_kind_conclude(task_operation_kind(task), &as, task, x->reason, e)) return -1;
    return booking_release(act, task->subject_id, e);
}

/* Notes the answer and goes on when none is missing. */
static int answered(const struct act *act, struct str task_id, struct str ad_server, const char *answer, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct execution_ask *ask;
    int open = asked(act, task_id, ad_server, &task, &x, &ask, e);
    if (open <= 0) return open;
    ask->answer = str_from(answer);
    if (x.running && all_answered(&x)) return execute(act, &x, &task, e) ? -1 : 1;
    write_execution(act, &task, &x);
    if (x.running) task_drop(act, &task, "waiting");
    task.updated_at = act->now;
    return q_task_update(act->tx, &task, e) ? -1 : x.running;
}

int task_executed(const struct act *act, struct str task_id, struct str ad_server, struct err *e)
{
    return answered(act, task_id, ad_server, "agreed", e);
}

int task_executed_without(const struct act *act, struct str task_id, struct str ad_server, struct err *e)
{
    return answered(act, task_id, ad_server, "left_out", e);
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

/* What others have changed already for a change that is not made, goes back. */
static int bring_back(const struct act *act, struct execution *x, const struct task_row *task, struct err *e)
{
    enum booking_outcome outcome;
    bool changed = false;
    for (size_t i = 0; i < x->asks_n; i++) {
        if (x->asks[i].ask.verb != ADAPTER_UPDATE || !str_is(x->asks[i].answer, "agreed")) continue;
        x->asks[i].answer = STR_NONE;
        changed = true;
    }
    return changed ? booking_update(act, task->subject_id, &outcome, e) : 0;
}

int task_not_executed(const struct act *act, struct str task_id, struct str ad_server, struct str reason, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct execution_ask *ask;
    struct err why;
    int open = asked(act, task_id, ad_server, &task, &x, &ask, e);
    if (open <= 0 || !x.running) return open < 0 ? -1 : 0;
    ask->answer = STR("refused");
    (void)err_set(&why, "SERVICE_UNAVAILABLE", STR_FMT, STR_ARG(reason));
    if (bring_back(act, &x, &task, e)) return -1;
    return open_again(act, &x, &task, &why, e);
}

int task_execution_reject(const struct act *act, struct str task_id, struct str reason, struct err *e)
{
    struct task_row task;
    struct execution x;
    struct task_resolution r = { .task_id = task_id, .decision = TASK_REJECT, .reason = reason };
    if (task_load(act, task_id, &task, e)) return -1;
    if (!task_open(&task)) return 0;
    read_execution(act, &task, &x);
    if (task_kind_do(task_operation_kind(&task), act, &r, &task, e)) return -1;
    x.running = false;
    write_execution(act, &task, &x);
    task_drop(act, &task, "waiting");
    task.state = STR("failed");
    task.decision = STR("rejected");
    return task_kind_conclude(task_operation_kind(&task), act, &task, reason, e);
}
