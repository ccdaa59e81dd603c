/* Pacing: is the money being spent as fast as the flight passes? Pure, integers only.
 *
 * By example. For a flight of 30 days and a budget of 5,000 of which 1,562.50
 * is spent after 10 days:
 *
 *     expected to date   budget * elapsed / total        5000 * 10 / 30      = 1666.67
 *     ratio              spent / expected                1562.50 / 1666.67   = 0.9375
 *     projected          spent / elapsed * total         1562.50 / 10 * 30   = 4687.50
 *
 * "Elapsed" is counted in whole days, as people count, or exactly (PACING_BY_TIME): a whole-day count is
 * up to a day behind what has been delivered, so decisions and AdCP's pacing_index use the exact one. */
#pragma once

#include "base/rfc3339.h"

enum pacing_basis { PACING_BY_DAY, PACING_BY_TIME };

enum pacing_status {
    PACING_NOT_STARTED,
    PACING_BEHIND,          /* ratio under 0.85 */
    PACING_SLIGHTLY_BEHIND, /* 0.85 up to 0.95 */
    PACING_ON_TRACK,        /* 0.95 to 1.05, and while there is no expectation yet */
    PACING_AHEAD,           /* over 1.05 */
    PACING_COMPLETED        /* the flight is over */
};

#define PACING_UNKNOWN INT64_C(-1)

struct pacing_input {
    int64_t budget_micros, spend_micros;
    int64_t start_at, end_at; /* half-open */
    int64_t now;
};

struct pacing {
    int64_t total_days;      /* a day begun counts */
    int64_t days_elapsed;    /* whole days, 0..total_days */
    int64_t days_remaining;  /* total - elapsed */
    int64_t expected_micros; /* spend expected to date */
    int64_t projected_micros; /* spend at the end at this speed; PACING_UNKNOWN before anything is known */
    int64_t ratio_e4;        /* spend / expected in ten-thousandths; PACING_UNKNOWN while nothing is expected */
    int64_t utilization_e4;  /* spend / budget in ten-thousandths; PACING_UNKNOWN for a budget of 0 */
    int64_t projected_end_at; /* when the money or the flight ends, whichever is first; exclusive */
    enum pacing_status status;
};

/* start_at <= end_at, amounts >= 0. */
struct pacing pacing_compute(const struct pacing_input *in, enum pacing_basis basis);

/* Several packages as one buy: money and projections are summed, the period spans them all; of none, zeroes. */
struct pacing pacing_combine(const struct pacing_input *in, size_t n, enum pacing_basis basis);

/* "not_started", "behind", "slightly_behind", "on_track", "ahead", "completed". */
const char *pacing_status_name(enum pacing_status s);
