/* missing_metrics of a package's report: what was promised to be reported and is not there (AdCP get_media_buy_delivery). */
#pragma once

#include "domain/delivery/delivery.h"
#include "store/q/q_media_buy.h"
#include "tools/tool.h"

/* Adds it to `reported`, the package as written so far, when something is missing. What was committed to on the package
 * before the end of the period counts; without commitments the product's available_metrics. A package that has shown
 * nothing in the period has nothing to measure and misses nothing. */
MUST_CHECK int delivery_add_missing(struct tool_call *c, yyjson_mut_val *reported, const struct package_row *row,
                                    const struct delivery *d, struct err *e);
