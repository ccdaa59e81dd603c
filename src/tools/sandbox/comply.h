/* The sandbox's test controller, for table.c, and the directives it leaves for other tools, for dispatch. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int comply_test_controller_run(struct tool_call *c, struct err *e);

/* Whether a directive waits for this tool and caller. False on any failure: the call then runs as usual. */
bool comply_directed(const struct act *act, const struct tool *tool);
/* Answers the call as directed. *answered false: nothing was directed. */
MUST_CHECK int comply_answer(struct tool_call *c, const struct tool *tool, bool *answered, struct err *e);
/* After a read of AdCP 3.1 whose upstream counts as unreachable: a STALE_RESPONSE beside its payload. */
MUST_CHECK int comply_advise(struct tool_call *c, const struct tool *tool, struct err *e);
