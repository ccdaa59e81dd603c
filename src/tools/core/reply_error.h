/* An error of one item of a call, where the reply has a list of them. */
#pragma once

#include "tools/tool.h"

/* {code, message, recovery, field?, suggestion?, details?} pushed to `arr`. */
void reply_error(struct tool_call *c, yyjson_mut_val *arr, const struct err *e);
