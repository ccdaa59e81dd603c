/* A creative made from what a buyer keeps with us: the first item of one of its catalogs, as a manifest that build_creative
 * can render. The click address carries the item as a macro ({SKU}, or {ITEM_ID}), which whoever serves the ad fills in. */
#pragma once

#include "tools/tool.h"

/* The catalog that `message` names by its id, else the caller's latest. 1 made, 0 there is no catalog with items. */
MUST_CHECK int creative_from_catalog(struct tool_call *c, struct str message, yyjson_val **manifest, struct err *e);
