/* What the decisions on each kind of task do. Kinds without a row here are plain notes for people: deciding them
 * has no effect beyond the decision. */
#include "domain/buyer/account_sync.h"
#include "domain/booking/booking.h"
#include "domain/creative/creative.h"
#include "domain/media_buy/media_buy.h"
#include "domain/product/proposal_review.h"
#include "domain/task/task.h"
#include "store/q/q_job.h"

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

static int approve_account(const struct act *act, const struct task_row *task, struct err *e)
{
    return account_decide(act, task, "active", e);
}

static int reject_account(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    (void)reason; /* the buyer finds it with the task */
    return account_decide(act, task, "rejected", e);
}

/* The ad server refused: approving has it tried again, rejecting leaves it as it is. A remote one's refusal is a dead
 * job; a local one's, which can only be of creatives, is tried here. */
static int try_again(const struct act *act, const struct task_row *task, struct err *e)
{
    yyjson_val *operation = task_get(act, task, "operation");
    struct str job_id = json_str(operation, "job_id");
    if (!job_id.n) return booking_creatives(act, json_str(operation, "media_buy_id"), CREATIVES_AGAIN, e);
    int rc = q_job_redeliver(act->tx, act->tenant->tenant_id, job_id, act->now, e);
    if (rc < 0) return -1;
    return rc ? 0 : err_set(e, "INVALID_STATE", "The job is not waiting to be tried again.");
}

static int leave_it(const struct act *act, const struct task_row *task, struct str reason, struct err *e)
{
    (void)act; /* nothing was held */
    (void)task;
    (void)reason;
    (void)e;
    return 0;
}

const struct task_kind task_kinds[] = {
    { "create_media_buy", true, approve_create, reject_create },
    { "update_media_buy", true, approve_update, reject_update },
    { "creative_review", false, approve_creative, reject_creative },
    { "account", false, approve_account, reject_account },
    { PROPOSAL_TASK, false, proposal_approve, leave_it },
    { "ad_server", false, try_again, leave_it },
};
const size_t task_kinds_n = ARRAY_LEN(task_kinds);
