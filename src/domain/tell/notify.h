/* What buyers are told by webhook. Nothing is fetched here: whoever has changed something hands over what there is to
 * say, in the commit of the change, and makes what is costly to make only when somebody listens (webhook_listened). A
 * buyer's own calls are answered, not notified. */
#pragma once

#include "domain/core/act.h"
#include "store/q/q_creative.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_task.h"

/* A task was closed. */
struct task_told {
    const struct task_row *task;
    const char *status;    /* AdCP task-status: completed, rejected, canceled, failed */
    const char *what;      /* approved, rejected, withdrawn */
    struct str tool;       /* what was called; empty: what the task's kind is named for */
    struct str result;     /* completed: what the synchronous answer would have been, as JSON; may be empty */
    struct str reason;     /* otherwise: for the buyer, as a JSON string; may be empty */
};
MUST_CHECK int notify_task(const struct act *act, const struct task_told *told, struct err *e);

/* A media buy was changed by time, the ad server or the publisher. */
struct media_buy_told {
    const struct media_buy_row *buy;
    struct str summary; /* one sentence for people */
    struct str result;  /* the buy as JSON */
};
/* Whether a buyer is told of such a change at all: not of its own, nor of what the decision on a task says already. `action`:
 * as in the buy's history. */
bool notify_media_buy_tells(const struct act *act, const char *action);
MUST_CHECK int notify_media_buy(const struct act *act, const struct media_buy_told *told, struct err *e);

/* AdCP creative.status_changed, to the account's subscribers. */
struct creative_transition {
    const char *from, *to; /* AdCP creative-status */
    struct str reason; /* for people; may be empty */
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
