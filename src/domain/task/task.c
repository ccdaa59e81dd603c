#include "domain/task/task.h"
#include "contract/document.h"

#include "base/rfc3339.h"
#include "domain/tell/events.h"
#include "domain/decide/task_execute.h"
#include "domain/core/tenant_settings.h"
#include "store/q/q_a2a.h"

#define OPEN_TASKS_MAX 50

bool task_open(const struct task_row *task)
{
    return !str_is(task->state, "completed") && !str_is(task->state, "failed");
}

const char *task_adcp_status(const struct task_row *task)
{
    if (task_open(task)) return "submitted";
    if (str_is(task->decision, "rejected")) return "rejected";
    if (str_is(task->decision, "withdrawn")) return "canceled";
    return str_is(task->state, "completed") ? "completed" : "failed";
}

/* ---- the document ---- */

yyjson_val *task_get(const struct act *act, const struct task_row *task, const char *key)
{
    return yyjson_obj_get(document_read(act->arena, task->doc), key);
}

struct str task_member(const struct act *act, const struct task_row *task, const char *key)
{
    yyjson_val *v = task_get(act, task, key);
    return v ? json_write_val(act->arena, v) : STR_NONE;
}

void task_put(const struct act *act, struct task_row *task, const char *key, struct str json_text)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    document_set_text(&d, key, json_text);
    task->doc = document_text(&d);
}

static void put_str(const struct act *act, struct task_row *task, const char *key, struct str text)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    document_set_str(&d, key, text);
    task->doc = document_text(&d);
}

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

/* ---- making and finding ---- */

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
        .due_at = in->due_at != TIME_NONE ? in->due_at : act->now + hours * 3600 * USEC_PER_SEC,
        .next_at = TIME_NONE,
        .resolved_at = TIME_NONE,
        .doc = json_write(act->arena, o),
    };
    task_set_terms(act, &row, in->verdict);
    if (q_task_insert(act->tx, &row, e) || task_changed(act, &row, "created", e)) return -1;
    *out = row;
    return 0;
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

/* ---- deciding ---- */

static const struct task_kind *find_kind(struct str kind)
{
    for (size_t i = 0; i < task_kinds_n; i++) {
        if (str_is(kind, task_kinds[i].kind)) return &task_kinds[i];
    }
    return NULL;
}

static int may_work(const struct act *act, struct err *e)
{
    if (!act->principal || act->principal->role == ROLE_OPERATOR || act->principal->role == ROLE_ADMINISTRATOR)
        return 0;
    return err_set(e, "PERMISSION_DENIED", "Only an operator of the publisher may work on tasks.");
}

/* May this act decide it? PERMISSION_DENIED: a buyer, a viewer, or an operator where the rule wants an administrator. */
static int task_may_decide(const struct act *act, const struct task_row *task, struct err *e)
{
    if (may_work(act, e)) return -1;
    bool operator_only = act->principal && act->principal->role != ROLE_ADMINISTRATOR;
    if (!operator_only || !str_is(json_str(task_get(act, task, "terms"), "role"), "administrator")) return 0;
    return err_set(e, "PERMISSION_DENIED", "The publisher's rule wants an administrator to decide this.");
}

static int already_decided(const struct act *act, const struct task_row *task, struct err *e)
{
    char at[RFC3339_MAX] = "";
    if (task->resolved_at != TIME_NONE) (void)rfc3339_print(task->resolved_at, RFC3339_SECONDS, at);
    struct str by = json_val_str(task_get(act, task, "resolved_by"));
    (void)err_set(e, "INVALID_STATE", "The task was already decided: " STR_FMT " by " STR_FMT " at %s.",
                  STR_ARG(task->decision), STR_ARG(by.n ? by : STR("the system")), at);
    return err_field(e, "/task_id");
}

int task_finish(const struct act *act, struct task_row *task, struct str reason, struct err *e)
{
    task->resolved_at = task->updated_at = act->now;
    task->next_at = TIME_NONE;
    put_str(act, task, "resolved_by", act->actor);
    if (reason.n) put_str(act, task, "reason", reason);
    struct a2a_decision decision = { task->task_id, !str_is(task->decision, "approved"), act->now };
    if (q_task_update(act->tx, task, e) || q_a2a_task_decided(act->tx, &decision, e)) return -1;
    return task_changed(act, task, arena_cstr(act->arena, task->decision), e);
}

void task_drop(const struct act *act, struct task_row *task, const char *key)
{
    struct document d;
    document_open(act->arena, task->doc, &d);
    if (!document_get(&d, key)) return;
    document_remove(&d, key);
    task->doc = document_text(&d);
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

int task_execute(const struct act *act, const struct task_resolution *r, const struct task_row *task, struct err *e)
{
    const struct task_kind *kind = find_kind(task->kind);
    if (!kind) return 0;
    return r->decision == TASK_APPROVE ? kind->approve(act, task, e) : kind->reject(act, task, r->reason, e);
}

/* Somebody has approved it, and the ad server is being asked. */
static int under_way(const struct act *act, const struct task_row *task, struct err *e)
{
    yyjson_val *x = task_get(act, task, "execution");
    (void)err_set(e, "INVALID_STATE",
                  "The task was already decided: approved by " STR_FMT " at " STR_FMT "; the ad server is being asked.",
                  STR_ARG(json_str(x, "by")), STR_ARG(json_str(x, "at")));
    return err_field(e, "/task_id");
}

static int decided(const struct act *act, const struct task_resolution *r, struct task_row *task, struct err *e)
{
    task_drop(act, task, "failure");
    task->state = r->decision == TASK_APPROVE ? STR("completed") : STR("failed");
    task->decision = r->decision == TASK_APPROVE ? STR("approved") : STR("rejected");
    return task_finish(act, task, r->reason, e);
}

int task_resolve(const struct act *act, const struct task_resolution *r, struct task_row *out, struct err *e)
{
    struct task_row task;
    struct err why;
    if (may_work(act, e) || task_load(act, r->task_id, &task, e)) return -1;
    if (!task_open(&task)) return already_decided(act, &task, e);
    if (task_may_decide(act, &task, e)) return -1;
    if (task_executing(act, &task)) return under_way(act, &task, e);
    const struct task_kind *kind = find_kind(task.kind);
    struct deferral deferral = { 0 };
    struct act rehearsing = *act;
    if (kind && kind->awaits_ad_server && r->decision == TASK_APPROVE) rehearsing.deferral = &deferral;
    if (tx_rehearse(act->tx, e)) return -1;
    if (task_execute(&rehearsing, r, &task, &why)) {
        if (tx_rehearse_end(act->tx, e) || task_keep_failure(act, &task, &why, e)) return -1;
    } else if (deferral.wanted) {
        if (tx_rehearse_end(act->tx, e) || task_execute_start(act, r, &deferral, &task, e)) return -1;
    } else if (tx_rehearse_keep(act->tx, e) || decided(act, r, &task, e)) {
        return -1;
    }
    *out = task;
    return 0;
}

int task_withdraw(const struct act *act, const struct task_subject *subject, const char *reason, struct err *e)
{
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .principal_id = subject->principal_id,
                             .states = STR("[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]"),
                             .subject_type = str_from(subject->type),
                             .subject_id = subject->id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = OPEN_TASKS_MAX };
    struct task_row *rows;
    size_t n;
    if (q_task_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        rows[i].state = STR("failed");
        rows[i].decision = STR("withdrawn");
        if (task_finish(act, &rows[i], str_from(reason), e)) return -1;
    }
    return 0;
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
    if (may_work(act, e) || task_load(act, w->task_id, &task, e)) return -1;
    if (!task_open(&task)) return already_decided(act, &task, e);
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
