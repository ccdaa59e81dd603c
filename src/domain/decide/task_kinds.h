/* The table of all kinds of tasks. */
#pragma once

#include "domain/decide/task_kind.h"

/* NULL: a plain note for people. */
const struct task_kind *task_kind_of(const struct task_row *task);
