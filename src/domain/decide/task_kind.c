/* See task_kind.h. */
#include "domain/decide/task_kind.h"

int task_kind_do(const struct task_kind *kind, const struct act *act, const struct task_resolution *r,
                 const struct task_row *task, struct err *e)
{
    if (!kind) return 0;
    return r->decision == TASK_APPROVE ? kind->approve(act, task, e) : kind->reject(act, task, r->reason, e);
}

int task_kind_result(const struct task_kind *kind, const struct act *act, const struct task_row *task, struct str *out,
                     struct err *e)
{
    *out = task_member(act, task, "result");
    return !out->n && kind && kind->result ? kind->result(act, task, out, e) : 0;
}

int task_kind_conclude(const struct task_kind *kind, const struct act *act, struct task_row *task, struct str reason,
                       struct err *e)
{
    struct task_end end = { .reason = reason };
    int listened = str_is(task->decision, "approved") ? task_listened(act, task, e) : 0;
    if (listened < 0 || (listened && task_kind_result(kind, act, task, &end.result, e))) return -1;
    return task_finish(act, task, &end, e);
}
