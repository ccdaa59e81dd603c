/* What the decisions on each kind of task do. Kinds without a row here are plain notes for people: deciding them
 * has no effect beyond the decision. */
#include "domain/creative.h"
#include "domain/media_buy.h"
#include "domain/task.h"

static int approve_create(const struct act *act, const struct task_row *task, struct err *e)
{
    return media_buy_approve(act, task->subject_id, e);
}

static int reject_create(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    return media_buy_reject(act, task->subject_id, reason, e);
}

static int approve_update(const struct act *act, const struct task_row *task, struct err *e)
{
    return media_buy_update_approved(act, task->subject_id, task_member(act, task, "operation"), e);
}

static int reject_update(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    (void)act; /* nothing was held: the update exists only in the task */
    (void)task;
    (void)reason;
    (void)e;
    return 0;
}

static int review_creative(const struct act *act, const struct task_row *task, enum creative_status status,
                           struct str reason, struct err *e)
{
    struct creative_change change = { .principal_id = task->principal_id,
                                      .creative_id = task->subject_id,
                                      .status = status,
                                      .reason = reason,
                                      .by_task = true };
    return creative_set_status(act, &change, e);
}

static int approve_creative(const struct act *act, const struct task_row *task, struct err *e)
{
    return review_creative(act, task, CREATIVE_APPROVED, STR_NONE, e);
}

static int reject_creative(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    return review_creative(act, task, CREATIVE_REJECTED, reason, e);
}

const struct task_kind task_kinds[] = {
    { "create_media_buy", approve_create, reject_create },
    { "update_media_buy", approve_update, reject_update },
    { "creative_review", approve_creative, reject_creative },
};
const size_t task_kinds_n = ARRAY_LEN(task_kinds);
