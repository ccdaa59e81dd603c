/* Hidden tools for the publisher's people. */
#pragma once

#include "tools/tool.h"

int tool_x_task_list(struct tool_call *c, struct err *e);
int tool_x_task_get(struct tool_call *c, struct err *e);
int tool_x_task_resolve(struct tool_call *c, struct err *e);
int tool_x_task_assign(struct tool_call *c, struct err *e);

int tool_x_job_list(struct tool_call *c, struct err *e);
int tool_x_job_get(struct tool_call *c, struct err *e);
int tool_x_job_redeliver(struct tool_call *c, struct err *e);
int tool_x_key_list(struct tool_call *c, struct err *e);
int tool_x_key_rotate(struct tool_call *c, struct err *e);
