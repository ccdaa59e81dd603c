/* Signals: the `run` functions of their rows in table.c. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int get_signals_run(struct tool_call *c, struct err *e);
MUST_CHECK int activate_signal_run(struct tool_call *c, struct err *e);
