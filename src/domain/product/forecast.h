/* What a product can still deliver: its capacity over a window less what is booked and held. An estimate from the
 * publisher's own books, never a promise. */
#pragma once

#include "domain/product/product.h"

#define FORECAST_DAYS_DEFAULT 30

struct forecast {
    int64_t start_at, end_at; /* half-open */
    int64_t days;
    int64_t capacity, booked; /* impressions in the window */
    int64_t available;        /* capacity - booked, at least 0; -1 when the product's capacity is unknown */
};

/* `start_at`/`end_at` may be TIME_NONE: tomorrow, and FORECAST_DAYS_DEFAULT days. */
struct forecast_window {
    int64_t start_at, end_at;
    struct str except_buy, except_holder, except_proposal; /* what does not count as booked: store/q/q_catalog.h */
};
MUST_CHECK int forecast_product(const struct act *act, const struct product *p, struct forecast_window w,
                                struct forecast *out, struct err *e);

/* AdCP delivery-forecast of a product: what is available in the window and, where the price says it, what that
 * costs. NULL when the capacity is unknown. */
yyjson_mut_val *forecast_availability_json(yyjson_mut_doc *doc, const struct forecast *f, const struct product *p,
                                           int64_t now);

/* What every delivery-forecast of ours begins with; `unit` is a forecast-range-unit. */
yyjson_mut_val *forecast_head(yyjson_mut_doc *doc, const char *currency, const char *unit, int64_t now);

/* fixed price, else the median bid, else the floor; -1 when none is known. */
int64_t pricing_expected_rate(const struct pricing_option *o);
