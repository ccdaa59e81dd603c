/* The `run` functions of the creative rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int sync_creatives_run(struct tool_call *c, struct err *e);
MUST_CHECK int list_creatives_run(struct tool_call *c, struct err *e);
MUST_CHECK int preview_creative_run(struct tool_call *c, struct err *e);
MUST_CHECK int build_creative_run(struct tool_call *c, struct err *e);
MUST_CHECK int get_creative_delivery_run(struct tool_call *c, struct err *e);
