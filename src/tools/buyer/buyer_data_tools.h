/* Catalogs, events, audiences: the `run` functions of their rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int sync_catalogs_run(struct tool_call *c, struct err *e);
MUST_CHECK int sync_event_sources_run(struct tool_call *c, struct err *e);
MUST_CHECK int log_event_run(struct tool_call *c, struct err *e);
MUST_CHECK int sync_audiences_run(struct tool_call *c, struct err *e);
