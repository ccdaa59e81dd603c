/* What the creative tools share when they write replies. */
#pragma once

#include "domain/creative/creative.h"
#include "tools/tool.h"

/* The stored document, parsed into the call's arena; NULL when it is damaged. */
yyjson_val *creative_stored(struct tool_call *c, struct str doc);

/* A creative's format_id or format_kind (and format_option_ref) as synced; format_id gets our agent_url when it came
 * without one, and for callers of 3.0, where it must be there, what is known by its kind alone gets one that says it. */
void creative_reply_format(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored);

/* A creative's assets that the caller's release of AdCP has: older shapes take some that lack what it wants (a video
 * without its size), and 3.1 has kinds that 3.0 has not. */
void creative_reply_assets(struct tool_call *c, yyjson_mut_val *obj, yyjson_val *stored);

/* Adds the array `as`: what a creative is made of, {asset, type, url?, content}, as text of bounded length. */
void creative_reply_parts(struct tool_call *c, yyjson_mut_val *o, const char *as, const struct creative_row *row);

/* The format that `v`, a creative or a manifest, names. A creative may be shown that no format of ours describes: then 0, its
 * assets decide, and *out is of no kind. 1 found, -1 failed. */
MUST_CHECK int creative_format_of(struct tool_call *c, yyjson_val *v, struct format_spec *out, struct err *e);
