/* What the publisher's people do with tasks: the command line's `salesagent task`, and whatever else decides. Not
 * AdCP tasks, so not listed; a buyer's token is refused. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int tool_x_task_list(struct tool_call *c, struct err *e);    /* {state?: one state, "open" or "all"} */
MUST_CHECK int tool_x_task_get(struct tool_call *c, struct err *e);     /* {task_id} */
MUST_CHECK int tool_x_task_assign(struct tool_call *c, struct err *e);  /* {task_id, assigned_to?, state?, comment?, priority?, due_at?} */
MUST_CHECK int tool_x_task_resolve(struct tool_call *c, struct err *e); /* {task_id, decision: approve|reject, reason?} */
