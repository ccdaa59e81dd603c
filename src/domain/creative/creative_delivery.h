/* What single creatives delivered. Some ad servers, the built-in one among them, report by creative; their numbers count where
 * all creatives' parts of a package add up to it. Otherwise a creative's own numbers are known where it was alone in all its
 * packages for the whole of the time asked about; then they are the packages'. Nothing is guessed. A creative that was taken
 * out again (q_creative_removals_of_buy) was there until then. */
#pragma once

#include "domain/creative/creative.h"
#include "domain/delivery/delivery.h"
#include "store/q/q_creative.h"
#include "store/q/q_delivery.h"

/* What is and was assigned to one buy. */
struct creative_uses {
    struct creative_assigned_list now;
    struct creative_removal_rows removed;
    struct creative_fact_rows facts; /* what the ad server said of single ones */
};
MUST_CHECK int creative_uses_read(const struct act *act, struct str media_buy_id, struct creative_uses *out,
                                  struct err *e);

/* The numbers of `d`'s range of a creative in one buy. False, and nothing written, when they are not known. */
MUST_CHECK bool creative_delivered(const struct delivery *d, const struct creative_uses *uses, struct str creative_id,
                                   struct delivered *out);

struct creative_lifetime {
    bool known;
    int64_t impressions, as_of;
    int staleness_s;
};

/* Since it was first used, in all buys it is assigned to. `*reads` counts down with each buy looked at; when it has come
 * to 0 nothing is known any more, so that one call does bounded work. */
MUST_CHECK int creative_lifetime_read(const struct act *act, const struct creative_key *creative, int *reads,
                                      struct creative_lifetime *out, struct err *e);
