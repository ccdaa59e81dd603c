/* What time does to an open task: a reminder, an escalation, and the lapse at its due time. The moments are in the
 * task's "terms"; next_at is the least of those still to come, and one timer of the application sleeps until then. */
#include "base/rfc3339.h"
#include "domain/tell/events.h"
#include "domain/task/task.h"
#include "store/q/q_tenant.h"

struct terms {
    struct str rule_id, rule_name, role, lapse;
    int64_t remind_at, escalate_at; /* TIME_NONE: never, or done */
    bool lapsed;
};

static void read_terms(const struct act *act, const struct task_row *task, struct terms *out)
{
    struct err e;
    yyjson_val *o = task_get(act, task, "terms");
    *out = (struct terms){ .remind_at = TIME_NONE, .escalate_at = TIME_NONE };
    out->rule_id = json_str(o, "rule_id");
    out->rule_name = json_str(o, "rule_name");
    out->role = json_str(o, "role");
    out->lapse = json_str(o, "lapse");
    out->lapsed = json_bool_or(o, "lapsed", false);
    if (json_opt_time(JSON_FIELD(o, "remind_at", ""), &out->remind_at, &e)) out->remind_at = TIME_NONE;
    if (json_opt_time(JSON_FIELD(o, "escalate_at", ""), &out->escalate_at, &e)) out->escalate_at = TIME_NONE;
}

static void write_terms(const struct act *act, struct task_row *task, const struct terms *t)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str_opt(doc, o, "rule_id", t->rule_id);
    json_add_str_opt(doc, o, "rule_name", t->rule_name);
    json_add_str_opt(doc, o, "role", t->role);
    json_add_str_opt(doc, o, "lapse", t->lapse);
    if (t->remind_at != TIME_NONE) json_add_time(doc, o, "remind_at", t->remind_at);
    if (t->escalate_at != TIME_NONE) json_add_time(doc, o, "escalate_at", t->escalate_at);
    if (t->lapsed) json_add_bool(doc, o, "lapsed", true);
    task_put(act, task, "terms", json_write(act->arena, o));
    task_set_next(act, task);
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == TIME_NONE) return b;
    return b == TIME_NONE || a < b ? a : b;
}

void task_set_next(const struct act *act, struct task_row *task)
{
    struct terms t;
    read_terms(act, task, &t);
    if (task_executing(act, task)) {
        task->next_at = TIME_NONE; /* it is decided; time has no say in it */
        return;
    }
    task->next_at = earlier(t.remind_at, t.escalate_at);
    if (!t.lapsed) task->next_at = earlier(task->next_at, task->due_at);
}

void task_set_terms(const struct act *act, struct task_row *task, const struct rule_verdict *v)
{
    static const char *const lapses[] = {
        [LAPSE_STAY] = "stay", [LAPSE_REJECT] = "reject", [LAPSE_APPROVE] = "approve"
    };
    struct terms t = {
        .lapse = STR("stay"), .role = STR("operator"), .remind_at = TIME_NONE, .escalate_at = TIME_NONE
    };
    if (v) {
        t.rule_id = v->rule_id;
        t.rule_name = v->name;
        if (v->role.n) t.role = v->role;
        t.lapse = str_from(lapses[v->lapse]);
        if (v->remind_hours) t.remind_at = task->created_at + v->remind_hours * 3600 * USEC_PER_SEC;
        if (v->escalate_hours) t.escalate_at = task->created_at + v->escalate_hours * 3600 * USEC_PER_SEC;
    }
    write_terms(act, task, &t);
}

/* ---- what is due ---- */

static int lapse(const struct act *act, struct task_row *task, struct terms *t, struct err *e)
{
    t->lapsed = true;
    task->updated_at = act->now;
    write_terms(act, task, t);
    if (q_task_update(act->tx, task, e) || task_changed(act, task, "lapsed", e)) return -1;
    if (!str_is(t->lapse, "reject") && !str_is(t->lapse, "approve")) return 0;
    struct task_resolution r = { .task_id = task->task_id,
                                 .decision = str_is(t->lapse, "approve") ? TASK_APPROVE : TASK_REJECT,
                                 .reason = STR("Nobody decided in time.") };
    struct task_row out;
    return task_resolve(act, &r, &out, e); /* one that cannot be executed stays open, with its failure, for a person */
}

static int advance_one(const struct act *act, struct task_row *task, struct err *e)
{
    struct terms t;
    read_terms(act, task, &t);
    if (t.remind_at != TIME_NONE && t.remind_at <= act->now) {
        t.remind_at = TIME_NONE;
        write_terms(act, task, &t);
        return q_task_update(act->tx, task, e) ? -1 : task_changed(act, task, "reminded", e);
    }
    if (t.escalate_at != TIME_NONE && t.escalate_at <= act->now) {
        t.escalate_at = TIME_NONE;
        task->state = STR("escalated");
        task->updated_at = act->now;
        write_terms(act, task, &t);
        return q_task_update(act->tx, task, e) ? -1 : task_changed(act, task, "escalated", e);
    }
    if (!t.lapsed && task->due_at != TIME_NONE && task->due_at <= act->now) return lapse(act, task, &t, e);
    task_set_next(act, task); /* nothing of it is left: a due time was moved */
    return q_task_update(act->tx, task, e);
}

/* One event of one task, as of the time it was due. */
static int advance_due(const struct act *act, struct task_row *task, struct err *e)
{
    struct tenant_row row;
    int rc = q_tenant_get(act->tx, act->arena, task->tenant_id, &row, e);
    if (rc < 0) return -1;
    struct tenant tenant = { row.tenant_id, row.name, row.host, row.adapter, row.doc };
    struct act then = *act;
    then.tenant = &tenant;
    then.now = task->next_at;
    if (rc == 1 && task_open(task)) return advance_one(&then, task, e);
    task->next_at = TIME_NONE;
    return q_task_update(act->tx, task, e);
}

static int advance_task(const struct act *act, const struct due_row *due, struct err *e)
{
    struct task_key key = { .tenant_id = due->tenant_id, .task_id = due->row_id };
    struct task_row task;
    int found = q_task_get(act->tx, act->arena, &key, &task, e);
    return found == 1 ? advance_due(act, &task, e) : found;
}

const struct due_kind task_times = {
    .kind = QUARANTINE_TASK, .due = q_task_due, .advance = advance_task, .next = q_task_next
};
