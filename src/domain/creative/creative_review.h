/* The task that stands for a creative waiting in pending_review: one that the agent opens, and those that
 * a buyer may ask for (tools/decide/human_tasks.c); the first decision closes all of them. */
#pragma once

#include "domain/creative/creative.h"
#include "domain/rule/rule.h"
#include "domain/task/task.h"

/* Opens it, unless it is open: the creative was changed again before anybody looked. `verdict`: the rule that asks for
 * a person, or NULL. */
MUST_CHECK int creative_review_open(const struct act *act, const struct creative_row *row,
                                    const struct rule_verdict *verdict, struct err *e);

/* The creative left pending_review: what is open of it is closed, but for the task that is being decided (STR_NONE: no
 * task is). 0 also when none is open. */
MUST_CHECK int creative_review_close(const struct act *act, const struct creative_row *row, struct str but_task_id,
                                     struct err *e);

/* The open one. 1 found, 0 there is none, -1 failed. */
MUST_CHECK int creative_review_find(const struct act *act, const struct creative_row *row, struct task_row *out,
                                    struct err *e);
