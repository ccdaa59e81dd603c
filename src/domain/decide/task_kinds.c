/* See task_kinds.h. */
#include "domain/decide/task_kinds.h"

#include "domain/buyer/account_sync.h"
#include "domain/booking/booking_trouble.h"
#include "domain/creative/creative.h"
#include "domain/decide/booking_split.h"
#include "domain/decide/by_hand_decide.h"
#include "domain/media_buy/media_buy.h"
#include "domain/media_buy/media_buy_json.h"
#include "domain/media_buy/media_buy_update.h"
#include "domain/product/proposal_review.h"

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

static int show_media_buy(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    return media_buy_result(act, task->subject_id, out, e);
}

struct task_kind {
    const char *kind;
    bool awaits_ad_server;
    MUST_CHECK int (*approve)(const struct act *act, const struct task_row *task, struct err *e);
    MUST_CHECK int (*reject)(const struct act *act, const struct task_row *task, struct str reason, struct err *e);
    MUST_CHECK int (*result)(const struct act *act, const struct task_row *task, struct str *out, struct err *e);
};

static const struct task_kind kinds[] = {
    { "create_media_buy", true, approve_create, reject_create, show_media_buy },
    { "update_media_buy", true, approve_update, reject_update, show_media_buy },
    { "creative_review", false, approve_creative, reject_creative, NULL },
    { "account", false, approve_account, reject_account, account_result },
    { PROPOSAL_TASK, false, proposal_approve, leave_it, proposal_result },
    { TROUBLE_TASK, false, try_again, leave_it, show_media_buy },
    { SPLIT_TASK, false, booking_split_approve, booking_split_reject, show_media_buy },
    { BY_HAND_TASK, false, by_hand_done, by_hand_refused, NULL },
};

static const struct task_kind *find(struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_is(kind, kinds[i].kind)) return &kinds[i];
    }
    return NULL;
}

bool task_awaits_ad_server(const struct task_row *task)
{
    const struct task_kind *kind = find(task->kind);
    return kind && kind->awaits_ad_server;
}

int task_do(const struct act *act, const struct task_resolution *r, const struct task_row *task, struct err *e)
{
    const struct task_kind *kind = find(task->kind);
    if (!kind) return 0;
    return r->decision == TASK_APPROVE ? kind->approve(act, task, e) : kind->reject(act, task, r->reason, e);
}

int task_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e)
{
    const struct task_kind *kind = find(task->kind);
    *out = task_member(act, task, "result");
    return !out->n && kind && kind->result ? kind->result(act, task, out, e) : 0;
}

int task_conclude(const struct act *act, struct task_row *task, struct str reason, struct err *e)
{
    struct task_end end = { .reason = reason };
    int listened = str_is(task->decision, "approved") ? task_listened(act, task, e) : 0;
    if (listened < 0 || (listened && task_result(act, task, &end.result, e))) return -1;
    return task_finish(act, task, &end, e);
}
