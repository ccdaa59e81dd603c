/* What a task is about, at a glance: its subject's name, money, flight and advertiser. */
#pragma once

#include "tools/tool.h"

struct task_row;

enum task_summary_depth {
    SUMMARY_SHORT, /* for a row of a list */
    SUMMARY_WHOLE /* with packages, what is left of the inventory, and the parts of a creative */
};

/* Adds "subject" to the task's object `o`. */
MUST_CHECK int task_summary_add(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t,
                                enum task_summary_depth depth, struct err *e);
