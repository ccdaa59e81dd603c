/* Approvals that ad servers have to agree to. The decision is taken at once, its effect waits for their answers:
 *
 *     approve -> rehearsed (every check), each ad server that is concerned is asked (a job, a person's task), the task
 *                in_progress with "execution" in its doc
 *       all of them agreed          -> the operation is executed in the name of who decided; completed
 *       one refused, or was silent  -> a new buy on several ad servers: a person chooses how it goes on (booking_split.h);
 *                                      else the task is open again, with the reason under "failure", and what others
 *                                      have changed already is brought back to the rows
 *       one waits for somebody      -> "waiting" says for what, and until when
 *
 * So nobody hears of a buy that the ad servers do not have. Approving again asks again those that have not agreed: an
 * adapter finds what an earlier attempt has made. While answers are awaited the task is decided for everyone else. Should
 * its subject end in between (its buyer cancels), what was booked is canceled by what ended it.
 *
 * execution: {"asks": [{"ask_id", "ad_server", "verb", "answer"}], "by", "at", "origin", "reason", "state" (before),
 * "running"}. */
#pragma once

#include "domain/booking/booking.h"
#include "domain/decide/task_operation.h"

/* For task_resolve: the rehearsal wanted an ad server; nothing of it is left. Writes the task. */
MUST_CHECK int task_execute_start(const struct act *act, const struct task_resolution *r, const struct deferral *wanted,
                                  struct task_row *task, struct err *e);

/* What the job of a task finds when it begins. */
enum task_execution {
    TASK_EXECUTES, /* *plan: how the ad server will have to look when the operation is executed */
    TASK_ENDED,    /* its subject ended by itself, or it was decided otherwise */
    TASK_WAITS     /* for another decision: nobody has approved this attempt */
};
/* Inside a write transaction, whose rows stay as they were: the part of this ad server. Fails when the operation is not
 * possible any more. */
MUST_CHECK int task_execute_plan(const struct act *act, struct str task_id, struct str ad_server,
                                 enum task_execution *how, struct plan *plan, struct err *e);

/* One of the ad servers agreed. Executes the operation when it was the last. 1 the task waited for it, 0 not (any more), -1
 * failed. */
MUST_CHECK int task_executed(const struct act *act, struct str task_id, struct str ad_server, struct err *e);

/* It waits for somebody or something over there. */
struct task_wait {
    struct str reason;
    int64_t until;
};
MUST_CHECK int task_execution_waits(const struct act *act, struct str task_id, const struct task_wait *wait,
                                    struct err *e);

/* It did not: the task is open again. Nothing when the task does not wait for it. */
MUST_CHECK int task_not_executed(const struct act *act, struct str task_id, struct str ad_server, struct str reason,
                                 struct err *e);

/* The buy goes on without this ad server's part, which is gone from the rows: executes when no other is awaited. Returns as
 * task_executed. */
MUST_CHECK int task_executed_without(const struct act *act, struct str task_id, struct str ad_server, struct err *e);

/* A person has decided that nothing comes of it, although answers are awaited: rejected, with what that does. */
MUST_CHECK int task_execution_reject(const struct act *act, struct str task_id, struct str reason, struct err *e);
