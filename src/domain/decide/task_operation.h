/* The kinds of tasks that hold an operation of a buyer whose effect waits until an ad server has agreed: creating and
 * changing a media buy (task_execute.h). */
#pragma once

#include "domain/decide/task_kind.h"

/* NULL: the task is none of these. */
const struct task_kind *task_operation_kind(const struct task_row *task);

/* What kinds show that are about a media buy: the buy as it is now. */
MUST_CHECK int task_shows_media_buy(const struct act *act, const struct task_row *task, struct str *out, struct err *e);
