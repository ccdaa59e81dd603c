/* Tells the buyer when the budget of a package is spent: an entry in the buy's history and, where the buyer registered a
 * webhook with the buy, an event. Once for each budget: a package that is given more may be told of again.
 *
 * Called where numbers come in: simulated delivery, an ad server that was read, and before a delivery report. */
#pragma once

#include "domain/act.h"

/* Nothing for a buy that does not exist or is over. */
MUST_CHECK int budget_watch(const struct act *act, struct str media_buy_id, struct err *e);
