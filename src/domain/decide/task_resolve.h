/* The human in the loop: one function that decides whatever waits for a person. Approving a task executes its operation,
 * rejecting undoes it, and the row, the effect, the audit line and the notification are one commit; when executing fails its
 * effect is undone and the task stays open with the reason under "failure", to be decided again. The web pages, the API
 * tools, the command line, links, the assistant's opinion and the clock all call this one. Only people of the publisher
 * decide, and what the publisher has set up to decide for them. */
#pragma once

#include "domain/decide/task_kind.h"

/* Errors: PERMISSION_DENIED (not a person of the publisher), REFERENCE_NOT_FOUND, INVALID_STATE when it was decided
 * already (with how, when and by whom). When executing the operation fails this succeeds all the same, so that the reason is
 * kept: *out is then still open (task_open) and its "failure" says why; or it is executing (task_executing). */
MUST_CHECK int task_resolve(const struct act *act, const struct task_resolution *r, struct task_row *out,
                            struct err *e);
