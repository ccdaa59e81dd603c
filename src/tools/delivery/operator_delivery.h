/* Delivery as the publisher's people see it: money against where it should be. */
#pragma once

#include "domain/delivery/delivery.h"
#include "tools/tool.h"

/* Adds impressions, clicks, ctr, spend, expected_spend, projected_spend, pacing, pace and utilization; what is unknown is
 * absent. */
void operator_delivery_encode(struct tool_call *c, yyjson_mut_val *o, const struct delivered *d,
                              const struct pacing *p);
/* Adds "elapsed": how much of the flight is over, 0 to 1. */
void operator_elapsed_add(struct tool_call *c, yyjson_mut_val *o, int64_t start_at, int64_t end_at);
