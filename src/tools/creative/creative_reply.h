/* What the creative tools share when they write replies. */
#pragma once

#include "domain/creative/creative.h"
#include "tools/tool.h"

/* The stored document, parsed into the call's arena; NULL when it is damaged. */
yyjson_val *creative_stored(struct tool_call *c, struct str doc);

/* A creative's format_id or format_kind (and format_option_ref) as synced; format_id gets our agent_url when it came
 * without one. */
void creative_reply_format(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored);
