/* See task_kinds.h. */
#include "domain/commitment/offer.h"
#include "domain/decide/task_kinds.h"

#include "domain/buyer/account_sync.h"
#include "domain/booking/booking_trouble.h"
#include "domain/creative/creative.h"
#include "domain/decide/booking_split.h"
#include "domain/decide/by_hand_decide.h"
#include "domain/decide/task_operation.h"
#include "domain/media_buy/media_buy.h"
#include "domain/media_buy/media_buy_json.h"
#include "domain/product/proposal_review.h"

static int review_creative(const struct act *act, const struct task_row *task, enum creative_status status,
                           struct str reason, struct err *e)
{
    struct creative_row row;
    struct creative_change change = { .principal_id = task->principal_id,
                                      .creative_id = task->subject_id,
                                      .status = status,
                                      .reason = reason,
                                      .task_id = task->task_id };
    int found = creative_get(act, task->principal_id, task->subject_id, &row, e);
    if (found < 0) return -1;
    if (found && creative_status_stored(&row) == status) return 0; /* decided otherwise since; the same was decided */
    return media_buy_set_creative_status(act, &change, e);
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
 * job, or a change that somebody made there; a local one's, which can only be of creatives, is tried here. */
static int try_again(const struct act *act, const struct task_row *task, struct err *e)
{
    struct booking_trouble t;
    booking_trouble_read(task_get(act, task, "operation"), &t);
    bool plain = t.verb == ADAPTER_UPDATE || t.verb == ADAPTER_BOOK || t.verb == ADAPTER_LOOK;
    if (!t.job_id.n && t.verb == ADAPTER_CANCEL) return booking_stop(act, t.media_buy_id, t.ad_server, e);
    if (!t.job_id.n && plain) return booking_bring(act, t.media_buy_id, t.ad_server, e);
    if (!t.job_id.n) return booking_creatives(act, t.media_buy_id, CREATIVES_AGAIN, e);
    struct booking_ask ask = {
        .ask_id = t.job_id, .media_buy_id = t.media_buy_id, .ad_server = t.ad_server, .verb = t.verb
    };
    int rc = booking_ask_again(act, &ask, e);
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

/* Of refine_proposals, or of get_products. */
static int approve_proposal(const struct act *act, const struct task_row *task, struct err *e)
{
    return task_tool(act, task).n ? offers_approve(act, task, e) : proposal_approve(act, task, e);
}

static int show_proposal(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    return task_tool(act, task).n ? offers_result(act, task, out, e) : proposal_result(act, task, out, e);
}

static const struct task_kind kinds[] = {
    { "creative_review", approve_creative, reject_creative, NULL },
    { "account", approve_account, reject_account, account_result },
    { PROPOSAL_TASK, approve_proposal, leave_it, show_proposal },
    { TROUBLE_TASK, try_again, leave_it, task_shows_media_buy },
    { SPLIT_TASK, booking_split_approve, booking_split_reject, task_shows_media_buy },
    { BY_HAND_TASK, by_hand_done, by_hand_refused, NULL },
};

const struct task_kind *task_kind_of(const struct task_row *task)
{
    const struct task_kind *operation = task_operation_kind(task);
    for (size_t i = 0; !operation && i < ARRAY_LEN(kinds); i++) {
        if (str_is(task->kind, kinds[i].kind)) return &kinds[i];
    }
    return operation;
}
