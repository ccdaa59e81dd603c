/* A publisher's media buys of all buyers, newest first, by state and by what they are called. Whatever history there is,
 * one call looks at a bounded number of rows: a text that few rows have is searched for page by page. */
#pragma once

#include "store/q/q_media_buy.h"

#define BUY_SEARCH_LOOKED_AT 2000 /* rows of each state that one search for a text looks at */

struct buy_search {
    struct str tenant_id;
    const char *statuses[MEDIA_BUY_FILTER_STATUSES]; /* stored ones; NULL from the first unused on; none: any */
    struct str principal_id; /* empty: any */
    struct str
        text; /* in lower case: of the buy's, the buyer's or the advertiser's name, a reference, or an id; empty: any */
    struct str before_id; /* those older than this one; empty: from the newest */
    int limit;
};

struct buy_found {
    struct str media_buy_id, buyer_name, brand_domain;
};
struct buy_search_result {
    struct buy_found *rows;
    size_t n;
    bool has_more; /* there are further ones, or rows that were not looked at */
    struct str before_id; /* where to go on, with has_more */
};
MUST_CHECK int q_buy_search(struct tx *tx, struct arena *a, const struct buy_search *f, struct buy_search_result *out,
                            struct err *e);
