/* Media buys that are under way or about to be, the next to end first: what can fall behind, be late or lack something. */
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
/* At most limit + 1. Costs as many rows as it gives. */
MUST_CHECK int q_live_list(struct tx *tx, struct arena *a, const struct live_filter *f, struct live_row **rows,
                           size_t *n, struct err *e);
