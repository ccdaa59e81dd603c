#include "domain/delivery/pacing.h"

#include <salesagent/money.h>

#define E4                 10000
#define BEHIND_E4          8500
#define SLIGHTLY_BEHIND_E4 9500
#define AHEAD_E4           10500

const char *pacing_status_name(enum pacing_status s)
{
    switch (s) {
    case PACING_NOT_STARTED: return "not_started";
    case PACING_BEHIND: return "behind";
    case PACING_SLIGHTLY_BEHIND: return "slightly_behind";
    case PACING_ON_TRACK: return "on_track";
    case PACING_AHEAD: return "ahead";
    case PACING_COMPLETED: return "completed";
    }
    ENSURE(!"a pacing status out of its enum");
    return "";
}

/* Elapsed and total in one unit: days, or microseconds. */
struct span {
    int64_t elapsed, total;
};

static int64_t days_up(int64_t us)
{
    return (us + USEC_PER_DAY - 1) / USEC_PER_DAY;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static struct span days_of(const struct pacing_input *in)
{
    int64_t total = days_up(in->end_at - in->start_at);
    if (in->now >= in->end_at) return (struct span){ total, total };
    return (struct span){ clamp((in->now - in->start_at) / USEC_PER_DAY, 0, total), total };
}

static struct span span_of(const struct pacing_input *in, enum pacing_basis basis)
{
    if (basis == PACING_BY_DAY) return days_of(in);
    int64_t total = in->end_at - in->start_at;
    return (struct span){ clamp(in->now - in->start_at, 0, total), total };
}

static int64_t ratio_e4(int64_t part, int64_t whole)
{
    return whole > 0 ? muldiv(part, E4, whole, MONEY_ROUND_HALF_UP) : PACING_UNKNOWN;
}

static enum pacing_status judge(const struct pacing_input *in, int64_t ratio)
{
    if (in->now >= in->end_at) return PACING_COMPLETED;
    if (in->now < in->start_at) return PACING_NOT_STARTED;
    if (ratio == PACING_UNKNOWN) return PACING_ON_TRACK;
    if (ratio < BEHIND_E4) return PACING_BEHIND;
    if (ratio < SLIGHTLY_BEHIND_E4) return PACING_SLIGHTLY_BEHIND;
    return ratio <= AHEAD_E4 ? PACING_ON_TRACK : PACING_AHEAD;
}

/* When the budget is used up at the present speed, unless the flight ends before. */
static int64_t money_ends_at(const struct pacing_input *in, int64_t projected)
{
    if (projected == PACING_UNKNOWN || projected <= in->budget_micros) return in->end_at;
    int64_t lasts = muldiv(in->end_at - in->start_at, in->budget_micros, projected, MONEY_ROUND_UP);
    int64_t at = in->start_at + lasts;
    return in->spend_micros < in->budget_micros && at < in->now ? in->now : at;
}

static int64_t projection(const struct pacing_input *in, enum pacing_basis basis)
{
    struct span s = span_of(in, basis);
    if (in->now >= in->end_at) return in->spend_micros;
    return s.elapsed > 0 ? muldiv(in->spend_micros, s.total, s.elapsed, MONEY_ROUND_HALF_UP) : PACING_UNKNOWN;
}

struct pacing pacing_compute(const struct pacing_input *in, enum pacing_basis basis)
{
    return pacing_combine(in, 1, basis);
}

struct pacing pacing_combine(const struct pacing_input *in, size_t n, enum pacing_basis basis)
{
    struct pacing_input all = n ? in[0] : (struct pacing_input){ 0 };
    all.budget_micros = all.spend_micros = 0;
    int64_t expected = 0, projected = 0;
    bool known = false;
    for (size_t i = 0; i < n; i++) {
        struct span s = span_of(&in[i], basis);
        int64_t p = projection(&in[i], basis);
        if (in[i].start_at < all.start_at) all.start_at = in[i].start_at;
        if (in[i].end_at > all.end_at) all.end_at = in[i].end_at;
        all.budget_micros += in[i].budget_micros;
        all.spend_micros += in[i].spend_micros;
        if (s.total > 0) expected += muldiv(in[i].budget_micros, s.elapsed, s.total, MONEY_ROUND_HALF_UP);
        known = known || p != PACING_UNKNOWN;
        /* A package that has not begun is taken to spend what it is meant to, once others have. */
        projected += p != PACING_UNKNOWN ? p : in[i].budget_micros;
    }
    struct span days = days_of(&all);
    struct pacing out = { .total_days = days.total,
                          .days_elapsed = days.elapsed,
                          .days_remaining = days.total - days.elapsed,
                          .expected_micros = expected,
                          .projected_micros = known ? projected : PACING_UNKNOWN };
    /* In the first thousandth of a flight almost nothing is expected, and a ratio to it would be huge or 0 by chance. */
    struct span time = span_of(&all, PACING_BY_TIME);
    bool early = basis == PACING_BY_TIME && all.now < all.end_at && time.elapsed < time.total / 1000;
    out.ratio_e4 = early ? PACING_UNKNOWN : ratio_e4(all.spend_micros, expected);
    out.utilization_e4 = ratio_e4(all.spend_micros, all.budget_micros);
    out.projected_end_at = money_ends_at(&all, out.projected_micros);
    out.status = judge(&all, out.ratio_e4);
    return out;
}
