/* AdCP 3.2's targeting input: each dimension alone. What is left out stays, null clears it. The domain knows whole overlays. */
#pragma once

#include "tools/tool.h"

/* A new package's overlay without nulls: there is nothing that it would inherit. NULL for none. */
yyjson_mut_val *targeting_new(yyjson_mut_doc *doc, yyjson_val *overlay);

/* Replaces each overlay in args.packages of an update of args.media_buy_id by what it makes of the stored one. What names no buy
 * or package of the caller's is left to be refused. */
MUST_CHECK int targeting_patch(struct tool_call *c, struct err *e);
