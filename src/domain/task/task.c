#include "domain/task/task.h"
#include "contract/document.h"

#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/core/tenant_settings.h"
#include "domain/core/working_time.h"
#include "domain/tell/notify.h"
#include "domain/tell/people_notify.h"
#include "domain/tell/webhook.h"
#include "store/q/agent/q_a2a.h"

#define OPEN_TASKS_MAX 50

/* ---- what follows from a change ---- */

static int add_audit(const struct act *act, const struct task_row *task, const char *what, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "kind", task->kind);
    json_add_str(doc, o, "state", task->state);
    json_add_str_opt(doc, o, "decision", task->decision);
    json_add_str(doc, o, "subject",
                 arena_printf(act->arena, STR_FMT ":" STR_FMT, STR_ARG(task->subject_type), STR_ARG(task->subject_id)));
    json_add_str_opt(doc, o, "origin", act->origin);
    struct audit_entry entry = {
        .action = arena_printf(act->arena, "task.%s", what).p,
        .subject = arena_printf(act->arena, "task:" STR_FMT, STR_ARG(task->task_id)),
        .doc = json_write(act->arena, o),
    };
    return audit_add(act, &entry, e);
}

int task_changed(const struct act *act, const struct task_row *task, const char *what, struct err *e)
{
    struct people_told told = { .task = task, .what = what, .open = task_open(task) };
    return add_audit(act, task, what, e) || people_notify(act, &told, e) ? -1 : 0;
}

/* A new one: its buyer may want to be told of its end. */
static int created(const struct act *act, const struct task_new *in, const struct task_row *task, struct err *e)
{
    struct people_told told = { .task = task,
                                .what = "created",
                                .open = true,
                                .delay_us = in->people_delay_us,
                                .amount_micros = in->amount_micros };
    struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                   .principal_id = task->principal_id,
                                   .account_id = task->account_id,
                                   .anchor = task->task_id,
                                   .context = in->context };
    if (add_audit(act, task, "created", e)) return -1;
    if (in->push_config.n && webhook_register(act, &owner, in->push_config, e)) return -1;
    return people_notify(act, &told, e);
}

int task_listened(const struct act *act, const struct task_row *task, struct err *e)
{
    struct webhook_anchor to = { task->tenant_id, "task", task->task_id };
    return webhook_listened(act, &to, e);
}

/* ---- making and finding ---- */

/* Hours in which the publisher's people work, when it says which those are. What was stored was checked then. */
static int64_t due_in(const struct act *act, const struct tenant_settings *ts, int64_t hours)
{
    struct working_time w;
    const struct tz *zone;
    struct err damaged;
    yyjson_val *stated = json_obj(ts->doc, "working_hours");
    bool known = stated && working_time_read(stated, "", &w, &damaged) == 0;
    if (tz_load(act->arena, ts->timezone, &zone, &damaged)) zone = tz_utc();
    return working_time_due(known ? &w : NULL, zone, act->now, hours);
}

int task_create(const struct act *act, const struct task_new *in, struct task_row *out, struct err *e)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    int64_t hours = in->verdict && in->verdict->due_hours ? in->verdict->due_hours : ts.approval_sla_hours;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str_opt(doc, o, "description", in->description);
    json_add_str_opt(doc, o, "rule", in->rule);
    (void)json_add_text(doc, o, "operation", in->operation);             /* empty: there is none */
    (void)json_add_text(doc, o, "context", in->context);                 /* likewise */
    (void)json_add_text(doc, o, "findings", in->findings);
    (void)json_add_text(doc, o, "instructions", in->instructions);
    (void)json_add_text(doc, o, "difference", in->difference);
    (void)json_add_text(doc, o, "push_notification_config", in->push_config);
    struct task_row row = {
        .task_id = in->task_id.n ? in->task_id : id_new(act->arena, act->rng, "task-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .principal_id = in->principal_id,
        .account_id = in->account_id,
        .kind = str_from(in->kind),
        .state = STR("pending"),
        .subject_type = str_from(in->subject_type),
        .subject_id = in->subject_id,
        .priority = in->priority.n ? in->priority : STR("medium"),
        .created_at = act->now,
        .updated_at = act->now,
        .due_at = in->due_at != TIME_NONE ? in->due_at : due_in(act, &ts, hours),
        .next_at = TIME_NONE,
        .resolved_at = TIME_NONE,
        .doc = json_write(act->arena, o),
    };
    task_set_terms(act, &row, in->verdict);
    if (q_task_insert(act->tx, &row, e) || created(act, in, &row, e)) return -1;
    *out = row;
    return 0;
}

int task_called_as(const struct act *act, struct task_row *task, const char *tool, struct err *e)
{
    task_put_str(act, task, "called_as", str_from(tool));
    return q_task_update(act->tx, task, e);
}

static bool is_publisher(const struct act *act)
{
    return !act->principal || act->principal->role != ROLE_BUYER;
}

int task_load(const struct act *act, struct str task_id, struct task_row *out, struct err *e)
{
    struct task_key key = { .tenant_id = act->tenant->tenant_id, .task_id = task_id };
    if (!is_publisher(act)) key.principal_id = act->principal->principal_id;
    int found = q_task_get(act->tx, act->arena, &key, out, e);
    if (found < 0) return -1;
    if (found) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such task.");
    (void)err_suggest(e, "Call list_tasks for the tasks there are.");
    return err_field(e, "/task_id");
}

/* ---- closing ---- */

int task_may_work(const struct act *act, struct err *e)
{
    if (!act->principal || act->principal->role == ROLE_OPERATOR || act->principal->role == ROLE_ADMINISTRATOR)
        return 0;
    return err_set(e, "PERMISSION_DENIED", "Only an operator of the publisher may work on tasks.");
}

int task_already_decided(const struct act *act, const struct task_row *task, struct err *e)
{
    char at[RFC3339_MAX] = "";
    if (task->resolved_at != TIME_NONE) (void)rfc3339_print(task->resolved_at, RFC3339_SECONDS, at);
    struct str by = json_val_str(task_get(act, task, "resolved_by"));
    (void)err_set(e, "INVALID_STATE", "The task was already decided: " STR_FMT " by " STR_FMT " at %s.",
                  STR_ARG(task->decision), STR_ARG(by.n ? by : STR("the system")), at);
    return err_field(e, "/task_id");
}

int task_finish(const struct act *act, struct task_row *task, const struct task_end *end, struct err *e)
{
    const char *what = arena_cstr(act->arena, task->decision);
    task->resolved_at = task->updated_at = act->now;
    task->next_at = TIME_NONE;
    task_put_str(act, task, "resolved_by", act->actor);
    if (end->reason.n) task_put_str(act, task, "reason", end->reason);
    struct a2a_decision decision = { task->task_id, !str_is(task->decision, "approved"), act->now };
    if (q_task_update(act->tx, task, e) || q_a2a_task_decided(act->tx, &decision, e)) return -1;
    struct task_told told = { .task = task,
                              .status = task_adcp_status(task),
                              .what = what,
                              .tool = task_tool(act, task),
                              .result = end->result,
                              .reason = task_member(act, task, "reason") };
    return add_audit(act, task, what, e) || notify_task(act, &told, e) ? -1 : 0;
}

/* The effect is undone; what is left is the reason, on a task that waits for another decision. */
int task_keep_failure(const struct act *act, struct task_row *task, const struct err *why, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "code", why->code);
    json_add_str(doc, o, "message", str_from(why->message));
    json_add_str_opt(doc, o, "field", str_from(why->field));
    json_add_str_opt(doc, o, "suggestion", str_from(why->suggestion));
    json_add_time(doc, o, "at", act->now);
    json_add_str(doc, o, "by", act->actor);
    task_put(act, task, "failure", json_write(act->arena, o));
    task->updated_at = act->now;
    return q_task_update(act->tx, task, e) || task_changed(act, task, "attempt_failed", e) ? -1 : 0;
}

int task_open_of(const struct act *act, const struct task_subject *subject, struct task_row **rows, size_t *n,
                 struct err *e)
{
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .principal_id = subject->principal_id,
                             .states = STR(TASK_OPEN_STATES),
                             .kinds = subject->kinds,
                             .subject_type = str_from(subject->type),
                             .subject_id = subject->id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = OPEN_TASKS_MAX };
    if (q_task_list(act->tx, act->arena, &f, rows, n, e)) return -1;
    if (*n > OPEN_TASKS_MAX) *n = OPEN_TASKS_MAX; /* one more row says that there are more */
    return 0;
}

int task_withdraw_one(const struct act *act, struct task_row *task, const char *reason, struct err *e)
{
    struct task_end end = { .reason = str_from(reason) };
    task->state = STR("failed");
    task->decision = STR("withdrawn");
    return task_finish(act, task, &end, e);
}

int task_withdraw(const struct act *act, const struct task_subject *subject, const char *reason, struct err *e)
{
    struct task_row *rows;
    size_t n, withdrawn;
    do { /* what is withdrawn is open no more, so that the next list holds others */
        withdrawn = 0;
        if (task_open_of(act, subject, &rows, &n, e)) return -1;
        for (size_t i = 0; i < n; i++) {
            if (subject->but_kind && str_is(rows[i].kind, subject->but_kind)) continue;
            if (task_withdraw_one(act, &rows[i], reason, e)) return -1;
            withdrawn++;
        }
    } while (withdrawn > 0);
    return 0;
}

/* ---- working on one ---- */

static void add_comment(const struct act *act, struct task_row *task, struct str text)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    yyjson_mut_val *arr = document_get(&d, "comments");
    if (!arr) arr = json_add_arr(d.doc, d.root, "comments");
    yyjson_mut_val *c = json_push_obj(d.doc, arr);
    json_add_time(d.doc, c, "at", act->now);
    json_add_str(d.doc, c, "by", act->actor);
    json_add_str(d.doc, c, "text", text);
    task->doc = document_text(&d);
}

static bool word_in(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(word, words[i])) return true;
    }
    return false;
}

int task_update(const struct act *act, const struct task_work *w, struct task_row *out, struct err *e)
{
    static const char *const states[] = { "pending", "assigned", "in_progress", "escalated" };
    static const char *const priorities[] = { "low", "medium", "high", "urgent" };
    struct task_row task;
    if (task_may_work(act, e) || task_load(act, w->task_id, &task, e)) return -1;
    if (!task_open(&task)) return task_already_decided(act, &task, e);
    const char *what = "commented";
    if (w->priority.n && !word_in(w->priority, priorities, ARRAY_LEN(priorities))) {
        (void)err_set(e, "INVALID_REQUEST", "priority must be low, medium, high or urgent");
        return err_field(e, "/priority");
    }
    if (w->state && !word_in(str_from(w->state), states, ARRAY_LEN(states))) {
        (void)err_set(e, "INVALID_REQUEST", "state must be pending, assigned, in_progress or escalated");
        return err_field(e, "/state");
    }
    if (w->assigned_to.n) {
        task.assigned_to = w->assigned_to;
        what = "assigned";
        if (str_is(task.state, "pending")) task.state = STR("assigned");
    }
    if (w->state) {
        task.state = str_from(w->state);
        what = w->state;
    }
    if (w->priority.n) task.priority = w->priority;
    if (w->due_at != TIME_NONE) {
        task.due_at = w->due_at;
        task_set_next(act, &task);
    }
    if (w->comment.n) add_comment(act, &task, w->comment);
    task.updated_at = act->now;
    if (q_task_update(act->tx, &task, e) || task_changed(act, &task, what, e)) return -1;
    *out = task;
    return 0;
}
