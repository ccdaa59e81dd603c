/* get_task_status and list_tasks: what a buyer follows while a person decides. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int tool_get_task_status(struct tool_call *c, struct err *e);
MUST_CHECK int tool_list_tasks(struct tool_call *c, struct err *e);
