/* The `run` functions of delivery's rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int get_media_buy_delivery_run(struct tool_call *c, struct err *e);
MUST_CHECK int provide_performance_feedback_run(struct tool_call *c, struct err *e);
MUST_CHECK int x_update_performance_index_run(struct tool_call *c, struct err *e);
