/* What the decisions on each kind of task do, and what its buyer is shown afterwards. A kind without a row in the table is
 * a plain note for people: deciding it has no effect beyond the decision. */
#pragma once

#include "domain/task/task.h"

enum task_decision { TASK_APPROVE, TASK_REJECT };

struct task_resolution {
    struct str task_id;
    enum task_decision decision;
    struct str reason; /* shown to the buyer when rejecting; may be empty */
    struct str remote_ids; /* JSON: what was typed, for booking/by_hand.h; empty for other kinds */
};

/* Its effect waits until a remote ad server has agreed: task_execute.h. */
bool task_awaits_ad_server(const struct task_row *task);

/* Executes the operation or undoes it; writes nothing of the task. */
MUST_CHECK int task_do(const struct act *act, const struct task_resolution *r, const struct task_row *task,
                       struct err *e);

/* What the synchronous answer of the operation would be now, as JSON; empty for kinds that have none. */
MUST_CHECK int task_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e);

/* Closes a decided task as its state and decision say, with its result for whoever listens. */
MUST_CHECK int task_conclude(const struct act *act, struct task_row *task, struct str reason, struct err *e);
