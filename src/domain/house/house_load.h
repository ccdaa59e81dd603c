/* What the built-in ad server runs, read from the rows: publishers with their slots, and media buys with their packages, in
 * the terms of the serving side (serving/lineup.h). Everything lives in the act's arena, which its owner keeps as long as the
 * lineup that is made of it. */
#pragma once

#include "domain/core/act.h"
#include "domain/house/house_content.h"
#include "serving/serving.h"
#include "serving/site.h"

#define HOUSE_KEEP_US                                                                                                  \
    (2 * INT64_C(86400000000)) /* how long a buy stays in memory after its last flight: clicks still come */

struct house_publisher {
    struct serving_publisher publisher; /* its `more` is the site below */
    struct ad_site site;
    const struct serving_slot *slots;
    size_t slots_n;
    struct str country_file; /* empty: none */
    int keep_days; /* how long numbers by the hour are kept */
};

/* act->tenant's. 1, or 0 when the publisher has no built-in ad server (any more), -1 failed. */
MUST_CHECK int house_publisher_load(const struct act *act, struct house_publisher *out, struct err *e);

/* A package that owes money for its time, whatever is shown: its budget, evenly over its flight. */
struct house_rent {
    const struct serving_package *package;
    int64_t budget_micros, from_at, to_at;
};

struct house_buy {
    struct str media_buy_id;
    const struct serving_package *packages;
    size_t packages_n;
    const struct house_rent *rents;
    size_t rents_n;
    int64_t over_at; /* when the last of its flights is over */
};

/* The packages that are booked on the built-in ad server. 1, or 0 when there is no such buy, -1 failed. `publisher` is the
 * key of act->tenant's. */
MUST_CHECK int house_buy_load(const struct act *act, struct str media_buy_id, uint32_t publisher, struct house_buy *out,
                              struct err *e);

/* A copy that lives in `to` and borrows nothing from what the buy was loaded with. */
void house_buy_keep(struct arena *to, const struct house_buy *from, struct house_buy *out);

/* Where a creative leads, by its key; also long after its packages are over. 1, 0, -1. */
MUST_CHECK int house_destination(struct tx *tx, struct arena *a, int64_t creative_key, struct str *url, struct err *e);
