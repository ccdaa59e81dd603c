/* Approvals that a remote ad server has to agree to. The decision is taken at once, its effect waits for the answer:
 *
 *     approve -> rehearsed (every check), a job for the ad server, the task in_progress with "execution" in its doc
 *       the ad server agreed                 -> the operation is executed in the name of who decided; completed
 *       it refused, or was silent too long   -> the task is open again, with the reason under "failure"
 *
 * So nobody hears of a buy that the ad server does not have. Approving again runs the same job again: its key is the
 * same, and the ad server's adapter finds what an earlier attempt has made. While the answer is awaited the task is
 * decided for everyone else. Should its subject end in between (its buyer cancels), what was booked is canceled.
 *
 * execution: {"job_id", "by", "at", "origin", "reason", "state" (before), "running"}. */
#pragma once

#include "domain/booking/booking.h"
#include "domain/decide/task_kinds.h"

/* For task_resolve: the rehearsal wanted an ad server; nothing of it is left. Writes the task. */
MUST_CHECK int task_execute_start(const struct act *act, const struct task_resolution *r, const struct deferral *wanted,
                                  struct task_row *task, struct err *e);

/* What the job of a task finds when it begins. */
enum task_execution {
    TASK_EXECUTES, /* *plan: how the ad server will have to look when the operation is executed */
    TASK_ENDED,    /* its subject ended by itself, or it was decided otherwise */
    TASK_WAITS     /* for another decision: nobody has approved this attempt */
};
/* Inside a write transaction, whose rows stay as they were. Fails when the operation is not possible any more. */
MUST_CHECK int task_execute_plan(const struct act *act, struct str task_id, enum task_execution *how, struct plan *plan,
                                 struct err *e);

/* The ad server agreed; the ids it gave are recorded. For a task that has ended in the meantime a new order is canceled
 * again. */
struct task_execution_result {
    struct str task_id;
    enum adapter_verb verb;
    const struct ad_server *server;
    const struct plan *plan;
};
MUST_CHECK int task_executed(const struct act *act, const struct task_execution_result *in, struct err *e);

/* It waits for somebody or something over there: the task says for what and until when. */
struct task_wait {
    struct str reason;
    int64_t until;
};
MUST_CHECK int task_execution_waits(const struct act *act, struct str task_id, const struct task_wait *wait,
                                    struct err *e);

/* It did not; nothing when the task does not wait for that. */
MUST_CHECK int task_not_executed(const struct act *act, struct str task_id, struct str reason, struct err *e);
