/* See task_advance.h. */
#include "domain/decide/task_advance.h"

#include "base/rfc3339.h"
#include "domain/decide/task_resolve.h"
#include "store/q/q_tenant.h"

/* ---- what is due ---- */

static int lapse(const struct act *act, struct task_row *task, struct task_terms *t, struct err *e)
{
    t->lapsed = true;
    task->updated_at = act->now;
    task_terms_write(act, task, t);
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
    struct task_terms t;
    task_terms_read(act, task, &t);
    if (t.remind_at != TIME_NONE && t.remind_at <= act->now) {
        t.remind_at = TIME_NONE;
        task_terms_write(act, task, &t);
        return q_task_update(act->tx, task, e) ? -1 : task_changed(act, task, "reminded", e);
    }
    if (t.escalate_at != TIME_NONE && t.escalate_at <= act->now) {
        t.escalate_at = TIME_NONE;
        task->state = STR("escalated");
        task->updated_at = act->now;
        task_terms_write(act, task, &t);
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
