/* What callers of older shapes leave to the seller, spelled out as plain canonical arguments before the
 * domain sees them. Only calls with an ext.salesagent use it; c->args is replaced by an expanded copy.
 *
 *   names    a package of an existing buy may be called by its id, by the package_ref it was created with, or by its
 *            product when only one package has that product (ext.salesagent.packages_by_name)
 *   create   no pricing_option_id: the product's first option, or the first of packages[].ext.salesagent.pricing
 *            {pricing_model, currency, offered_price}; awaited_creatives that exist already are assigned
 *   update   total_budget (scaled over the packages), pacing, daily_budget, targeting_overlay_add for all packages;
 *            packages[].ext.salesagent is merged over what is stored */
#pragma once

#include "tools/tool.h"

MUST_CHECK int request_expand_create(struct tool_call *c, struct err *e);
MUST_CHECK int request_expand_update(struct tool_call *c, struct err *e);
/* Names in args.`list`[].package_id of the buy args.media_buy_id or ext.salesagent.media_buy_id. */
MUST_CHECK int request_expand_names(struct tool_call *c, const char *list, struct err *e);
/* sync_creatives: packages of the caller's own buys that wait for one of these creatives get it. */
MUST_CHECK int request_expand_awaited(struct tool_call *c, struct err *e);
