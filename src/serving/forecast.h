/* How many requests a slot will see: learned by hour of the week, corrected by what comes in now.
 *
 *   slot_history   one slot's hours, each the average of the weeks seen; an hour never seen is guessed from the same
 *                  hour of other days, else from all known hours, else from the requests since the slot was first seen
 *   forecast       the hours of one or several slots added up, with sums to look a period up in constant time
 *
 * Requests are counted in sixteenths, so that averages of small sites keep their fractions. Hours are those of the
 * publisher's zone: `local_at` is a time of its clock (µs, UTC plus the zone's offset). */
#pragma once

#include "serving/visit.h"

#define REQUEST_ONE  16 /* sixteenths */
#define HOUR_UNKNOWN INT64_C(-1)

struct slot_history {
    int64_t week[WEEK_HOURS]; /* sixteenths of requests an hour; HOUR_UNKNOWN */
    int64_t hour;             /* hours since the epoch of the local clock; 0: nothing was seen yet */
    int64_t hour_since;       /* local_at from which this hour was watched */
    int64_t hour_requests;
    int64_t seen_since;       /* local_at, and the requests since */
    int64_t seen_requests;
};

struct forecast {
    int64_t until[WEEK_HOURS + 1]; /* sixteenths of the hours before each */
};

void slot_history_init(struct slot_history *h);
/* From a stored row; numbers below 0 are unknown. */
void slot_history_restore(struct slot_history *h, const int64_t week[WEEK_HOURS]);

/* The hour of the week of a local time. */
int week_hour(int64_t local_at);

/* Tells that `requests` more have come since the last call. True when an hour was closed: then what is known changed. */
bool slot_history_pass(struct slot_history *h, int64_t local_at, int64_t requests);

void forecast_init(struct forecast *f);
/* One slot's hours added. */
void forecast_add(struct forecast *f, const struct slot_history *h, int64_t local_at);
/* Another forecast added. */
void forecast_join(struct forecast *f, const struct forecast *more);
/* Sixteenths of requests of [from, to), of those hours that `hours` has (NULL: all). */
int64_t forecast_between(const struct forecast *f, int64_t from, int64_t to, const struct week_set *hours);
/* Of the hour that holds local_at, whole. */
int64_t forecast_hour(const struct forecast *f, int64_t local_at);

/* ---- the present level ---- */

/* Whether more or less comes than was foretold lately: what came and what was foretold, fading by half every three
 * hours. Of several slots: the sums of both. */
struct level {
    int64_t seen, foretold; /* of requests, one part in 57,600 */
};

#define LEVEL_ONE 65536

/* `hourly` is what forecast_hour foretold. */
void level_pass(struct level *l, int64_t seconds, int64_t requests, int64_t hourly);
void level_join(struct level *l, const struct level *more);
int64_t level_of(const struct level *l); /* LEVEL_ONE: as foretold; from an eighth to eight times */
