/* Asks governance agents, as an MCP client without a session: one POST of tools/call check_governance with the
 * bearer token that the buyer registered (domain/buyer/governance_check.h).
 *
 *     an answer            the verdict is recorded, done
 *     no answer, 5xx, 429  again, a few times within half a minute; then "unavailable" is recorded
 *     anything else        "unavailable" at once: the agent does not speak what we ask
 *
 * Checks of delivery (domain/media_buy/governance_delivery.h), for which no call waits, are tried for hours in every case. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind governance_kind;
extern const struct job_kind governance_delivery_kind; /* domain/media_buy/governance_delivery.h */
