/* Ads that are on their way: decided, and not yet known to have become what they are paid for. They are remembered by
 * when they were decided, as long as their tokens are good for it; so what may still be billed is known at any time.
 *
 * It also learns how many units come of a decision, from those that are settled. */
#pragma once

#include "serving/lineup.h"

#define OUTSTANDING_STRETCHES 32
#define YIELD_SHIFT           20 /* yields are numbers of 2^20 */
#define YIELD_ONE             (INT64_C(1) << YIELD_SHIFT)

struct outstanding {
    uint32_t left[OUTSTANDING_STRETCHES];   /* not settled */
    uint32_t issued[OUTSTANDING_STRETCHES];
    uint32_t units[OUTSTANDING_STRETCHES];  /* what came of them */
    int64_t newest; /* stretch, counted since the epoch */
    int64_t n;      /* sum of left */
    int64_t stretch_ms;
    int64_t settled, settled_units;
};

/* How long a token is good for what the package pays for: three minutes for an impression or a click of a banner (most
 * come in seconds; later clicks count, but are not waited for), a quarter of an hour for the rest. */
int64_t outstanding_life_ms(enum unit unit, enum plan_medium medium);

void outstanding_init(struct outstanding *o, int64_t life_ms, int64_t now_ms);
/* Lets go of what is too old to come. Before anything else, once a second. */
void outstanding_turn(struct outstanding *o, int64_t now_ms);
void outstanding_add(struct outstanding *o, int64_t now_ms, uint32_t n);
/* A unit came of a decision made then; it is settled. */
void outstanding_unit(struct outstanding *o, int64_t issued_ms);
/* Units a decision yields, of YIELD_ONE; at first what is usual for the unit. */
int64_t outstanding_yield(const struct outstanding *o, enum unit unit);
/* What is usual for a unit before anything is known: of a million impressions, and as if seen in so many. */
int64_t outstanding_usual_per_million(enum unit unit);
int64_t outstanding_usual_weight(enum unit unit);
/* What is expected of those on their way. */
static inline int64_t outstanding_expected(const struct outstanding *o, int64_t yield)
{
    return o->n * yield >> YIELD_SHIFT;
}
