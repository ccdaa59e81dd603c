/* Tools of our own pages: opening a session by a one-time link, what is shown before, and leaving. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int tool_x_sign_in_get(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_open(struct tool_call *c, struct err *e);
MUST_CHECK int tool_x_session_close(struct tool_call *c, struct err *e);
