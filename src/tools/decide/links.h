/* Tools of our own pages: a link that decides one task. And what they share with the operations on tasks. */
#pragma once

#include "tools/tool.h"

struct task_row;

MUST_CHECK int tool_x_link_get(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_link_decide(struct tool_call *c, struct err *e);

/* Adds "plan" and "impossible" to a task's object: domain/decide/task_preview.h. */
MUST_CHECK int operator_task_preview(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e);
