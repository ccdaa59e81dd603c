#include "domain/decide/task_resolve.h"

#include "domain/booking/booking.h"
#include "domain/decide/task_execute.h"
#include "domain/decide/task_kinds.h"

/* May this act decide it? PERMISSION_DENIED: a buyer, a viewer, or an operator where the rule wants an administrator. */
static int may_decide(const struct act *act, const struct task_row *task, struct err *e)
{
    if (task_may_work(act, e)) return -1;
    bool operator_only = act->principal && act->principal->role != ROLE_ADMINISTRATOR;
    if (!operator_only || !str_is(json_str(task_get(act, task, "terms"), "role"), "administrator")) return 0;
    return err_set(e, "PERMISSION_DENIED", "The publisher's rule wants an administrator to decide this.");
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
    return task_kind_conclude(task_kind_of(task), act, task, r->reason, e);
}

static int take_remote_ids(const struct act *act, const struct task_resolution *r, struct task_row *task, struct err *e)
{
    if (!r->remote_ids.n) return 0;
    if (str_is(task->kind, BY_HAND_TASK)) {
        task_put(act, task, "remote_ids", r->remote_ids);
        return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "Only tasks of an ad server that is worked by hand take ids.");
    return err_field(e, "/remote_ids");
}

int task_resolve(const struct act *act, const struct task_resolution *r, struct task_row *out, struct err *e)
{
    struct task_row task;
    struct err why;
    if (task_may_work(act, e) || task_load(act, r->task_id, &task, e)) return -1;
    if (!task_open(&task)) return task_already_decided(act, &task, e);
    if (may_decide(act, &task, e)) return -1;
    if (task_executing(act, &task)) return under_way(act, &task, e);
    if (take_remote_ids(act, r, &task, e)) return -1;
    struct deferral deferral = { .n = 0 };
    struct act rehearsing = *act;
    if (task_operation_kind(&task) && r->decision == TASK_APPROVE) rehearsing.deferral = &deferral;
    if (tx_rehearse(act->tx, e)) return -1;
    if (task_kind_do(task_kind_of(&task), &rehearsing, r, &task, &why)) {
        if (tx_rehearse_end(act->tx, e) || task_keep_failure(act, &task, &why, e)) return -1;
    } else if (deferral.n) {
        if (tx_rehearse_end(act->tx, e) || task_execute_start(act, r, &deferral, &task, e)) return -1;
    } else if (tx_rehearse_keep(act->tx, e) || decided(act, r, &task, e)) {
        return -1;
    }
    *out = task;
    return 0;
}
