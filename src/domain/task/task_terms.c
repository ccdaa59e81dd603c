#include "domain/task/task_terms.h"

#include "base/rfc3339.h"

void task_terms_read(const struct act *act, const struct task_row *task, struct task_terms *out)
{
    struct err e;
    yyjson_val *o = task_get(act, task, "terms");
    *out = (struct task_terms){ .remind_at = TIME_NONE, .escalate_at = TIME_NONE };
    out->rule_id = json_str(o, "rule_id");
    out->rule_name = json_str(o, "rule_name");
    out->role = json_str(o, "role");
    out->lapse = json_str(o, "lapse");
    out->lapsed = json_bool_or(o, "lapsed", false);
    if (json_opt_time(JSON_FIELD(o, "remind_at", ""), &out->remind_at, &e)) out->remind_at = TIME_NONE;
    if (json_opt_time(JSON_FIELD(o, "escalate_at", ""), &out->escalate_at, &e)) out->escalate_at = TIME_NONE;
}

void task_terms_write(const struct act *act, struct task_row *task, const struct task_terms *t)
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
    struct task_terms t;
    task_terms_read(act, task, &t);
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
    struct task_terms t = {
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
    task_terms_write(act, task, &t);
}
