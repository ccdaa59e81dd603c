/* When a product can run: the days of a horizon, cut where bookings begin and end, each stretch with what could still be sold of a
 * flight over it (AdCP 3.2 offer_filters.availability_horizon). A snapshot of the publisher's own books, never a hold. */
#pragma once

#include "domain/product/product.h"

#define AVAILABILITY_WINDOWS_MAX 62
#define AVAILABILITY_DAYS_MAX    731 /* two years; who asks for more is told that the rest is not looked at */

struct availability_window {
    int64_t start_at, end_at; /* half-open */
    int64_t
        left; /* impressions that a flight over all of it could still get; -1: the product's capacity is not known */
    bool open; /* create_media_buy would take such a flight as far as time and room go */
};

/* The windows part [start_at, end_at), at most AVAILABILITY_DAYS_MAX days, without gap or overlap, in order. `out` has room for
 * AVAILABILITY_WINDOWS_MAX. They become coarser where a product has thousands of bookings. */
MUST_CHECK int availability_of(const struct act *act, const struct product *p, int64_t start_at, int64_t end_at,
                               struct availability_window *out, size_t *n, struct err *e);

/* AdCP delivery-forecast with a point for each window. NULL when the product has no price and so no currency. */
yyjson_mut_val *availability_json(yyjson_mut_doc *doc, const struct product *p, const struct availability_window *w,
                                  size_t n, int64_t now);
