/* The parts of a package's day by creative, for reports that tell them. Two versions of one creative are one creative's. */
#pragma once

#include <salesagent/adapter.h>

#include "base/arena.h"

struct fact_part {
    struct adapter_fact fact;
    struct fact_part *next;
};

/* The creative's part of that day in its list (NULL at first); a new one has every metric of the day, at nothing. */
struct adapter_fact *fact_part_of(struct arena *a, struct fact_part **list, const struct adapter_fact *day,
                                  struct str creative_id);

/* Adds to each metric; false, and nothing usable, beyond what can be true (a thousand million millions). */
MUST_CHECK bool fact_add(struct adapter_fact *f, enum metric m, int64_t more);

/* Of the buyer's creatives, the one that this remote id was made for: kept in the catalogue's item "creative", member
 * "creative_id" of its doc. Empty: none that this agent has made. */
struct str fact_creative(struct adapter_op *op, struct str remote_id);
/* That doc. */
struct str fact_creative_doc(struct arena *a, struct str creative_id);

/* The days and then their parts, as one list: `lists` has a list for each day. */
void fact_join(struct adapter_op *op, const struct adapter_fact *days, struct fact_part *const *lists, size_t n);
