/* What dialects other than AdCP are rendered from, for the tools of the media buy family (tools/README.md). */
#pragma once

#include "domain/media_buy/media_buy_json.h"
#include "tools/tool.h"

/* Adds "media_buys" to c->aux for all buys of the view. `only` (by package, in order) selects the packages of the
 * first buy, NULL all. Nothing when the call wants no aux. */
MUST_CHECK int media_buy_aux(struct tool_call *c, const struct media_buy_view *v, const bool *only, struct err *e);
