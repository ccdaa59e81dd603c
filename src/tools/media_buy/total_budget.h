/* AdCP 3.2: an update that says a total_budget and no packages scales every package that still runs, in proportion to what it has,
 * all or none. The domain knows the budgets of packages. */
#pragma once

#include "domain/media_buy/media_buy.h"
#include "tools/tool.h"

/* media_buy_update of c->args, whose total, when it stands alone, was shared out first. What the ad server's plan or the publisher's
 * limits refuse of a share is refused at total_budget. */
MUST_CHECK int total_budget_update(struct tool_call *c, struct media_buy_updated *out, struct err *e);
