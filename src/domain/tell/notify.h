/* What buyers are told by webhook, and where their wish to be told is kept. Called by events.c and by the creative
 * library in the commit of the change; a buyer's own calls are answered, not notified. */
#pragma once

#include "domain/core/act.h"
#include "domain/tell/events.h"
#include "store/q/q_creative.h"

/* Created: registers the task's push_notification_config. Decided: tells it (AdCP: completed, rejected, failed). */
MUST_CHECK int notify_task(const struct act *act, const struct task_row *task, const char *what, struct err *e);

/* Keeps the registrations of the buy as its document says (push_notification_config, reporting_webhook) and tells
 * of what the publisher or time has changed. */
MUST_CHECK int notify_media_buy(const struct act *act, const struct media_buy_row *buy,
                                const struct media_buy_change *change, struct err *e);

/* AdCP creative.status_changed, to the account's subscribers. */
struct creative_transition {
    const char *from, *to; /* AdCP creative-status */
    struct str reason;     /* for people; may be empty */
};
MUST_CHECK int notify_creative(const struct act *act, const struct creative_row *creative,
                               const struct creative_transition *t, struct err *e);

/* A call that was answered at once although it registered a webhook. AdCP sends nothing then; a sandbox does, so that a
 * buyer can try its receiver without waiting for a person. `result`: the answer as JSON. */
struct sync_answer {
    const char *task_type;
    struct str push_config, context, result;
};
MUST_CHECK int notify_sync_answer(const struct act *act, const struct sync_answer *answer, struct err *e);
