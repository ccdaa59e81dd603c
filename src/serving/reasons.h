/* Why a package is not shown: counts of the last hour, in twelve stretches of five minutes. */
#pragma once

#include "base/compiler.h"

enum why {
    WHY_SHOWN, /* it was */
    /* things about the package, the same for every request */
    WHY_NOT_LIVE, /* not approved, or without what it needs */
    WHY_NOT_STARTED,
    WHY_ENDED,
    WHY_PAUSED,
    WHY_NO_SLOT,     /* none of its product's slots exists */
    WHY_NO_CREATIVE, /* no approved one */
    WHY_NO_FIT,      /* none that fits a slot */
    WHY_DONE,        /* goal or budget is reached */
    WHY_DAY_DONE,    /* the limit of a day is */
    /* things about a request */
    WHY_COUNTRY,
    WHY_DEVICE,
    WHY_LANGUAGE,
    WHY_HOUR,
    WHY_KEY_VALUES,
    WHY_CAPPED,     /* seen often enough by this visitor */
    WHY_NO_VISITOR, /* it has a frequency cap, and nothing tells this visitor from others */
    WHY_ADVERTISER, /* another ad of the same advertiser is in the same request */
    WHY_ON_THE_WAY, /* the ads that are on their way will meet the goal */
    WHY_SIZE,       /* the request wants another size */
    WHY_PACED,      /* it does not need more */
    WHY_OUTRANKED,  /* others were more urgent */
    WHY_OUTBID,     /* others bid more, or guaranteed packages took it */
    WHYS_N
};

#define REASONS_STRETCHES 12

struct reasons {
    uint32_t count[REASONS_STRETCHES][WHYS_N];
    int64_t stretch; /* the newest, in stretches since the epoch */
};

/* Makes the stretch of `now` the newest, forgetting what is older than an hour. Before counting, once a second. */
void reasons_turn(struct reasons *r, int64_t now);

static inline void reasons_count(struct reasons *r, enum why why, uint32_t n)
{
    r->count[r->stretch % REASONS_STRETCHES][why] += n;
}

/* Of the last hour. */
uint64_t reasons_of(const struct reasons *r, enum why why);

/* "country", "paced", ... */
const char *why_name(enum why w);
/* For the publisher's people: "the visitor's country is not one it wants". */
const char *why_text(enum why w);
