/* Whether what a package promises is still there: the product's capacity over the package's flight, less what other
 * buys and held proposals have booked and what the other packages of the same buy take of it. Guaranteed products are
 * refused when it is not; the others are bought as available, with a word of warning. */
#pragma once

#include "domain/product/forecast.h"
#include "store/q/q_media_buy.h"

struct sold_out_ask {
    struct package_rows packages;  /* of the whole buy as it will be */
    const char *const *at;         /* by package: its JSON Pointer in the request; NULL: not in question */
    struct forecast_window except; /* what does not count as booked; the window itself is each package's */
};

/* PRODUCT_UNAVAILABLE with field `at`/budget, for the first that does not fit. `*warning` is set when a product that is
 * not guaranteed may fall short, and stays as it was otherwise. */
MUST_CHECK int sold_out_check(const struct act *act, const struct sold_out_ask *ask, struct str *warning,
                              struct err *e);
