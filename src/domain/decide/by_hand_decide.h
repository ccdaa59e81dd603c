/* What the two decisions on a task of an ad server that is worked by hand (booking/by_hand.h) do: completing it says that it is
 * done there, rejecting it that it cannot be. For task_kinds.c. */
#pragma once

#include "domain/task/task.h"

/* The ids that were typed are in the task's "remote_ids": by_hand_remotes. */
MUST_CHECK int by_hand_done(const struct act *act, const struct task_row *task, struct err *e);
MUST_CHECK int by_hand_refused(const struct act *act, const struct task_row *task, struct str reason, struct err *e);
