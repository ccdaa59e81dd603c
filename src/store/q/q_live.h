/* Media buys by when they run: those under way or about to be, and those that ran in a stretch of days. */
#pragma once

#include "store/q/q_media_buy.h"

struct live_filter {
    struct str tenant_id;
    int64_t ends_after;
    int limit;
};
struct live_row {
    struct str media_buy_id, buyer_name;
};
/* At most limit + 1, the next to end first: what can fall behind, be late or lack something. Costs as many rows as it gives. */
MUST_CHECK int q_live_list(struct tx *tx, struct arena *a, const struct live_filter *f, struct live_row **rows,
                           size_t *n, struct err *e);

/* Those that somebody agreed to and whose flight shares a moment with [from_at, to_at), by the end of it. */
struct ran_filter {
    struct str tenant_id, principal_id; /* the latter empty: of all buyers */
    int64_t from_at, to_at;
    int64_t after_end_at; /* beyond this row of the last page; 0 and empty: from the first */
    struct str after_id;
    bool sandbox; /* those of sandbox accounts, too */
    int limit;
};
struct ran_row {
    struct str media_buy_id, principal_id, buyer_name, account_id, advertiser;
    int64_t end_at;
};
/* At most limit + 1. Looks at the buys that end after from_at. */
MUST_CHECK int q_ran_list(struct tx *tx, struct arena *a, const struct ran_filter *f, struct ran_row **rows, size_t *n,
                          struct err *e);
