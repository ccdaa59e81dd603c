/* Tasks as callers of older shapes know them: anyone may raise one, its owner may follow it, people of the publisher
 * complete it, and its outcome can be checked against what is really there. */
#pragma once

#include "domain/task/task.h"
#include "tools/tool.h"

MUST_CHECK int x_create_task_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_list_tasks_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_complete_task_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_verify_task_run(struct tool_call *c, struct err *e);

/* human_verify.c: compares `expected` (an object, NULL: what the task itself asked for) with the state of the task's
 * media buy and writes aux.verified, actual_state, expected_state, discrepancies[]. */
MUST_CHECK int human_verify(struct tool_call *c, const struct task_row *task, yyjson_val *expected, bool *verified,
                            struct err *e);
