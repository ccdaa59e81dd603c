/* Tells the buyer when the budget of a package is spent: an entry in the buy's history and, where the buyer registered a
 * webhook with the buy, an event. Once for each budget: a package that is given more may be told of again.
 *
 * Called where numbers come in: simulated delivery, an ad server that was read, and before a delivery report. Where
 * numbers follow from the plan, a job is written for the moment at which it spends the budget. */
#pragma once

#include "domain/core/act.h"

#define BUDGET_JOB "budget" /* payload: {"media_buy_id"} */

/* Nothing for a buy that does not exist or is over. */
MUST_CHECK int budget_watch(const struct act *act, struct str media_buy_id, struct err *e);

/* Writes the job for the next budget that the plan will spend, unless one waits (other than `except`), nobody listens, or
 * the ad server is a remote one. After any change of the buy. */
MUST_CHECK int budget_watch_next(const struct act *act, struct str media_buy_id, struct str except, struct err *e);
