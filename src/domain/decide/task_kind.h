/* What the two decisions on one kind of task do, and what its buyer is shown afterwards. The kinds whose effect waits for an ad
 * server are in task_operation.c, below what asks ad servers; all others in task_kinds.c, above it, because deciding one of
 * those may be the answer that such an operation waits for. */
#pragma once

#include "domain/task/task.h"

enum task_decision { TASK_APPROVE, TASK_REJECT };

struct task_resolution {
    struct str task_id;
    enum task_decision decision;
    struct str reason; /* shown to the buyer when rejecting; may be empty */
    struct str remote_ids; /* JSON: what was typed, for booking/by_hand.h; empty for other kinds */
};

/* Each executes its operation or undoes it, and writes nothing of the task. `result` is NULL for kinds that have none. */
struct task_kind {
    const char *kind;
    MUST_CHECK int (*approve)(const struct act *act, const struct task_row *task, struct err *e);
    MUST_CHECK int (*reject)(const struct act *act, const struct task_row *task, struct str reason, struct err *e);
    MUST_CHECK int (*result)(const struct act *act, const struct task_row *task, struct str *out, struct err *e);
};

/* Here and below NULL is a kind without a row: a plain note for people, whose decision has no effect beyond itself. */
MUST_CHECK int task_kind_do(const struct task_kind *kind, const struct act *act, const struct task_resolution *r,
                            const struct task_row *task, struct err *e);

/* What the synchronous answer of the operation would be now, as JSON; empty for kinds that have none. */
MUST_CHECK int task_kind_result(const struct task_kind *kind, const struct act *act, const struct task_row *task,
                                struct str *out, struct err *e);

/* Closes a decided task as its state and decision say, with its result for whoever listens. */
MUST_CHECK int task_kind_conclude(const struct task_kind *kind, const struct act *act, struct task_row *task,
                                  struct str reason, struct err *e);
