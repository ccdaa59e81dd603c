#include "serving/pace.h"

#include "base/rfc3339.h"

#define MARGIN_PARTS  50
#define MARGIN_US_MAX (6 * 3600 * USEC_PER_SEC)

/* More than 2^31 opportunities are as good as that many. */
static uint64_t ratio(int64_t owed, int64_t expected)
{
    if (owed <= 0) return 0;
    if (expected < 1) expected = 1;
    unsigned __int128 q = ((unsigned __int128)(uint64_t)owed << 32) / (uint64_t)expected;
    return q > URGENCY_MAX ? URGENCY_MAX : (uint64_t)q;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The share that a pacing asks for where even pacing would ask for `even`. */
static uint64_t needed(enum plan_pacing pacing, uint64_t even)
{
    if (pacing != PACING_FRONT_LOADED || even >= SHARE_ONE) return even;
    return least(2 * even, SHARE_ONE);
}

struct pace pace_of(const struct pace_input *in)
{
    struct pace p = { .need = needed(in->pacing, ratio(in->owed, in->expected)) };
    bool may = in->owed > 0 && in->owed_today != 0;
    /* A daily limit is spread over its day as the goal over the flight. */
    if (in->owed_today >= 0) p.need = least(p.need, needed(in->pacing, ratio(in->owed_today, in->expected_today)));
    if (in->pacing == PACING_ASAP && may && p.need < SHARE_ONE) p.extra = SHARE_ONE - p.need;
    return p;
}

struct pace pace_of_voice(int share_e4)
{
    return (struct pace){ .need = SHARE_ONE / 10000 * (uint64_t)share_e4 };
}

int64_t pace_aim_at(int64_t start_at, int64_t end_at)
{
    int64_t margin = (end_at - start_at) / MARGIN_PARTS;
    return end_at - (margin < MARGIN_US_MAX ? margin : MARGIN_US_MAX);
}
