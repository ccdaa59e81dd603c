#include "serving/forecast.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"

#define HOUR_US          (3600 * USEC_PER_SEC)
#define WEEK_US          (WEEK_HOURS * HOUR_US)
#define MONDAY_HOURS     72                   /* the epoch was a Thursday */
#define WATCHED_MIN      (HOUR_US / 4)        /* less of an hour says nothing about it */
#define HEAD_START       (20 * USEC_PER_SEC) /* how long the first request of a new slot is taken to have been awaited */
#define NEW_PARTS        3 /* of ten: what the newest week weighs in an hour's average */
#define FADE_SHIFT       14 /* a 2^-14th a second: half in three hours and nine minutes */
#define PARTS            (REQUEST_ONE * INT64_C(3600)) /* of a request, in a level's sums */
#define PRIOR            (50 * PARTS) /* requests as foretold that are taken to have come before */
#define FADE_SECONDS_MAX (1 << FADE_SHIFT)

void slot_history_init(struct slot_history *h)
{
    *h = (struct slot_history){ .hour = 0 };
    for (int i = 0; i < WEEK_HOURS; i++) h->week[i] = HOUR_UNKNOWN;
}

void slot_history_restore(struct slot_history *h, const int64_t week[WEEK_HOURS])
{
    slot_history_init(h);
    for (int i = 0; i < WEEK_HOURS; i++) h->week[i] = week[i] < 0 ? HOUR_UNKNOWN : week[i];
}

int week_hour(int64_t local_at)
{
    return (int)((local_at / HOUR_US + MONDAY_HOURS) % WEEK_HOURS);
}

static void close_hour(struct slot_history *h, int64_t closed_at)
{
    int64_t watched = closed_at - h->hour_since;
    if (watched < WATCHED_MIN) return;
    if (watched > HOUR_US) watched = HOUR_US;
    int64_t *known = &h->week[(h->hour + MONDAY_HOURS) % WEEK_HOURS];
    int64_t now = muldiv(h->hour_requests * REQUEST_ONE, HOUR_US, watched, MONEY_ROUND_HALF_UP);
    *known = *known == HOUR_UNKNOWN ? now : (*known * (10 - NEW_PARTS) + now * NEW_PARTS + 5) / 10;
}

bool slot_history_pass(struct slot_history *h, int64_t local_at, int64_t requests)
{
    int64_t hour = local_at / HOUR_US;
    bool closed = false;
    if (h->hour == 0) {
        h->seen_since = h->hour_since = local_at;
        h->hour = hour;
    }
    if (hour > h->hour) {
        /* Hours that nobody watched in between stay as they are: the agent was not running. */
        close_hour(h, (h->hour + 1) * HOUR_US);
        h->hour_since = hour == h->hour + 1 ? hour * HOUR_US : local_at;
        h->hour = hour;
        h->hour_requests = 0;
        closed = true;
    }
    h->hour_requests += requests;
    h->seen_requests += requests;
    return closed;
}

/* Mean of the known hours `first`, first + step, ...; HOUR_UNKNOWN when there are none. */
static int64_t mean(const struct slot_history *h, int first, int step)
{
    int64_t sum = 0, n = 0;
    for (int i = first; i < WEEK_HOURS; i += step) {
        if (h->week[i] == HOUR_UNKNOWN) continue;
        sum += h->week[i];
        n++;
    }
    return n ? sum / n : HOUR_UNKNOWN;
}

/* By what has come since the slot was first seen, as if one request had been awaited for a while before. */
static int64_t present_rate(const struct slot_history *h, int64_t local_at)
{
    int64_t watched = h->hour ? local_at - h->seen_since : 0;
    if (watched < 0) watched = 0;
    return muldiv((h->seen_requests + 1) * REQUEST_ONE, HOUR_US, watched + HEAD_START, MONEY_ROUND_UP);
}

void forecast_init(struct forecast *f)
{
    *f = (struct forecast){ .until = { 0 } };
}

void forecast_add(struct forecast *f, const struct slot_history *h, int64_t local_at)
{
    int64_t of_day[24], all = mean(h, 0, 1), sum = 0;
    if (all == HOUR_UNKNOWN) all = present_rate(h, local_at);
    for (int i = 0; i < 24; i++) {
        of_day[i] = mean(h, i, 24);
        if (of_day[i] == HOUR_UNKNOWN) of_day[i] = all;
    }
    for (int i = 0; i < WEEK_HOURS; i++) {
        sum += h->week[i] == HOUR_UNKNOWN ? of_day[i % 24] : h->week[i];
        f->until[i + 1] += sum;
    }
}

void forecast_join(struct forecast *f, const struct forecast *more)
{
    for (int i = 1; i <= WEEK_HOURS; i++) f->until[i] += more->until[i];
}

int64_t forecast_hour(const struct forecast *f, int64_t local_at)
{
    int hour = week_hour(local_at);
    return f->until[hour + 1] - f->until[hour];
}

/* From the Monday before the epoch until local_at. */
static int64_t since_monday(const struct forecast *f, int64_t local_at)
{
    int64_t at = local_at + MONDAY_HOURS * HOUR_US, in_week = at % WEEK_US;
    int64_t hour = in_week / HOUR_US, part = in_week % HOUR_US;
    int64_t weeks;
    if (__builtin_mul_overflow(at / WEEK_US, f->until[WEEK_HOURS], &weeks)) return INT64_MAX / 2;
    return weeks + f->until[hour] + muldiv(f->until[hour + 1] - f->until[hour], part, HOUR_US, MONEY_ROUND_DOWN);
}

/* With gaps: by the hour; whole weeks are alike. */
static int64_t between_hours(const struct forecast *f, int64_t from, int64_t to, const struct week_set *hours)
{
    int64_t week = 0, sum;
    for (int i = 0; i < WEEK_HOURS; i++) {
        if (week_set_has(hours, i)) week += f->until[i + 1] - f->until[i];
    }
    if (__builtin_mul_overflow((to - from) / WEEK_US, week, &sum)) return INT64_MAX / 2;
    for (int64_t at = from + (to - from) / WEEK_US * WEEK_US; at < to;) {
        int64_t stop = (at / HOUR_US + 1) * HOUR_US;
        int hour = week_hour(at);
        if (stop > to) stop = to;
        if (week_set_has(hours, hour)) {
            sum += muldiv(f->until[hour + 1] - f->until[hour], stop - at, HOUR_US, MONEY_ROUND_DOWN);
        }
        at = stop;
    }
    return sum;
}

int64_t forecast_between(const struct forecast *f, int64_t from, int64_t to, const struct week_set *hours)
{
    if (from < 0) from = 0;
    if (to <= from) return 0;
    return hours ? between_hours(f, from, to, hours) : since_monday(f, to) - since_monday(f, from);
}

/* ---- the present level ---- */

static int64_t faded(int64_t v, int64_t seconds)
{
    if (seconds >= FADE_SECONDS_MAX) return v / 4; /* after a pause of hours: little of what was */
    return v - muldiv(v, seconds, INT64_C(1) << FADE_SHIFT, MONEY_ROUND_DOWN);
}

void level_pass(struct level *l, int64_t seconds, int64_t requests, int64_t hourly)
{
    l->seen = faded(l->seen, seconds) + requests * PARTS;
    l->foretold = faded(l->foretold, seconds) + hourly * seconds;
}

void level_join(struct level *l, const struct level *more)
{
    l->seen += more->seen;
    l->foretold += more->foretold;
}

int64_t level_of(const struct level *l)
{
    int64_t v = muldiv(l->seen + PRIOR, LEVEL_ONE, l->foretold + PRIOR, MONEY_ROUND_HALF_UP);
    if (v > 8 * LEVEL_ONE) return 8 * LEVEL_ONE;
    return v < LEVEL_ONE / 8 ? LEVEL_ONE / 8 : v;
}
