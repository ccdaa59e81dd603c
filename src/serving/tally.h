/* What was counted since it was last written: sums by package, creative, slot, hour, event and reason; the tokens used
 * for it; and what visitors have seen. One of them is filled while another is on its way to the disk (serving.h). */
#pragma once

#include "serving/frequency.h"
#include "serving/invalid.h"

enum event {
    EVENT_IMPRESSION, /* it began to render */
    EVENT_MEASURABLE, /* whether it can be seen could be told */
    EVENT_VIEWABLE,   /* half of it for a second, of a video for two */
    EVENT_CLICK,
    EVENT_START,
    EVENT_FIRST_QUARTILE,
    EVENT_MIDPOINT,
    EVENT_THIRD_QUARTILE,
    EVENT_COMPLETE,
    EVENT_ERROR, /* the player says that it cannot show it */
    TOKEN_EVENTS_N,
    EVENT_REQUEST = TOKEN_EVENTS_N, /* somebody asked for an ad for a slot; package and creative are 0 */
    EVENT_DECISION,                 /* and got this one */
    EVENTS_N
};

/* "impression", "first_quartile", ... */
const char *event_name(enum event v);
bool event_parse(struct str name, enum event *out); /* of those with a token */

struct delta {
    uint32_t package, creative, slot; /* keys */
    uint8_t event, invalid;           /* enum event, enum invalid: VALID ones are what is reported */
    int64_t hour_at;                  /* when the hour began, in the publisher's zone; UTC microseconds */
    int64_t n;
};

struct used {
    uint32_t epoch, sequence, package;
    uint16_t bits; /* 1 << enum event */
};

struct tally {
    struct delta *deltas;
    size_t deltas_n, deltas_cap;
    uint32_t *index; /* hash to place + 1 */
    size_t index_cap;
    struct used *used;
    size_t used_n, used_cap;
    struct exposure *exposures;
    size_t exposures_n, exposures_cap;
};

void tally_init(struct tally *t);
void tally_finish(struct tally *t);
void tally_clear(struct tally *t); /* keeps the memory */
bool tally_empty(const struct tally *t);
void tally_add(struct tally *t, const struct delta *d); /* d->n more of it */
void tally_add_used(struct tally *t, const struct used *u);
void tally_add_exposure(struct tally *t, const struct exposure *e);
/* Everything of `more` too. */
void tally_merge(struct tally *t, const struct tally *more);
/* Puts what belongs to one package together, so that it can be written in parts that each stand for themselves. */
void tally_sort(struct tally *t);
