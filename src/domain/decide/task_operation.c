/* See task_operation.h. */
#include "domain/decide/task_operation.h"

#include "domain/commitment/commitment.h"
#include "domain/media_buy/media_buy.h"
#include "domain/media_buy/media_buy_json.h"
#include "domain/media_buy/media_buy_update.h"

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

int task_shows_media_buy(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    struct str tool = task_tool(act, task);
    if (tool.n) return commitment_result(act, tool, task->subject_id, out, e);
    return media_buy_result(act, task->subject_id, out, e);
}

static const struct task_kind kinds[] = {
    { "create_media_buy", approve_create, reject_create, task_shows_media_buy },
    { "update_media_buy", approve_update, reject_update, task_shows_media_buy },
};

const struct task_kind *task_operation_kind(const struct task_row *task)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_is(task->kind, kinds[i].kind)) return &kinds[i];
    }
    return NULL;
}
