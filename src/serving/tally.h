/* What was counted since it was last written: sums by package, creative, slot, hour, event and reason; the tokens used
 * for it; what visitors have seen; and which ads places in mails show. One of them is filled while another is on its way to the disk (serving.h). */
#pragma once

#include "serving/frequency.h"
#include "serving/invalid.h"
#include "serving/mail.h"

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
MUST_CHECK bool event_parse(struct str name, enum event *out); /* of those with a token */

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
    struct mail_place *places;
    size_t places_n, places_cap;
};

/* A place in a sorted tally: what lies before it in each list is of packages before it. */
struct tally_place {
    size_t deltas, used, exposures, places;
};
struct tally_place tally_end(const struct tally *t);

void tally_init(struct tally *t);
void tally_finish(struct tally *t);
void tally_clear(struct tally *t); /* keeps the memory */
bool tally_empty(const struct tally *t);
void tally_add(struct tally *t, const struct delta *d); /* d->n more of it */
void tally_add_used(struct tally *t, const struct used *u);
void tally_add_exposure(struct tally *t, const struct exposure *e);
void tally_add_place(struct tally *t, const struct mail_place *p);
/* Everything of `more` too, from that place on. */
void tally_merge(struct tally *t, const struct tally *more, struct tally_place from);
/* Puts what belongs to one package together, in the order of hours, so that it can be written in parts that each stand for
 * themselves. */
void tally_sort(struct tally *t);
