/* daily_budget_cap of a package (AdCP 3.2 budget_capping): a ceiling that no day of the publisher's time zone passes. Only who counts
 * what it pays for before it shows more can promise that: the built-in ad server, for units that are seen. */
#pragma once

#include "domain/product/product.h"

/* Whether caps can be bought here: all of the publisher's ad servers are the built-in one. */
MUST_CHECK int daily_caps_kept(const struct act *act, bool *kept, struct err *e);

/* Holds the member of the package at the JSON Pointer `at`, when it is there and no null. UNSUPPORTED_FEATURE when caps cannot be
 * bought here, or not at a price of this kind (clicks come when they come, time passes); VALIDATION_ERROR for what
 * does not pay for a single unit at the rate. */
MUST_CHECK int daily_cap_accept(const struct act *act, enum pricing_model model, int64_t rate_micros,
                                yyjson_val *package, const char *at, struct err *e);
