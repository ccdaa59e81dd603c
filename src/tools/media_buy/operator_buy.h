/* Media buys as the publisher's people see them. */
#pragma once

#include "tools/tool.h"

struct media_buy;

/* Adds id, name, status, money, flight and references. */
void operator_buy_encode(struct tool_call *c, yyjson_mut_val *o, const struct media_buy *buy);
