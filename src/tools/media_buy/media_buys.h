/* create_media_buy, update_media_buy, get_media_buys. */
#pragma once

#include "tools/tool.h"

MUST_CHECK int tool_create_media_buy(struct tool_call *c, struct err *e);
MUST_CHECK int tool_update_media_buy(struct tool_call *c, struct err *e);
MUST_CHECK int tool_get_media_buys(struct tool_call *c, struct err *e);
