/* What follows from a change, in one place: the buy's history, the audit trail and, for buyers who asked for it, a
 * notification job. Every mutation of a media buy or a task calls one of these, in the commit of the change. */
#pragma once

#include "domain/core/act.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_task.h"

struct media_buy_change {
    const char *action; /* AdCP history actions: created, approved, activated, paused, canceled, updated_budget, ... */
    struct str summary; /* one sentence for people */
    struct str package_id; /* empty: the buy as a whole */
};

/* `buy` is the row as it is now, its revision already counted up. */
MUST_CHECK int media_buy_changed(const struct act *act, const struct media_buy_row *buy,
                                 const struct media_buy_change *change, struct err *e);

/* `what`: created, assigned, in_progress, escalated, commented, approved, rejected. */
MUST_CHECK int task_changed(const struct act *act, const struct task_row *task, const char *what, struct err *e);
