/* Once a second: what came in is entered into the slots' histories, what is owed into the packages' shares, and the
 * lists of what runs in each slot are made anew. Why nothing more was shown of a package is booked here too, as far as
 * it follows from sums; so a decision has little to write. */
#include <stdlib.h>

#include "base/rfc3339.h"
#include "serving/serving_internal.h"

#define REFRESH_US  (60 * USEC_PER_SEC)
#define MET_PRIOR   50
#define MET_MAX     100000 /* then both sums are halved */
#define SLACK_PARTS 200   /* of a goal: what may be delivered beyond it, were everything on its way to come */

/* ---- slots and their forecasts ---- */

static void pass_slots(struct serving *s, int64_t now, int64_t seconds)
{
    for (uint32_t i = 0; i < s->lineup->slots_n; i++) {
        const struct live_slot *slot = &s->lineup->slots[i];
        struct slot_state *st = s->slots[slot->state];
        const struct zone_clock *c = serving_clock(s, slot->publisher, now);
        st->passed = st->requests;
        st->requests = 0;
        level_pass(&st->level, seconds, st->passed, forecast_hour(&st->forecast, now + c->offset_us));
        if (slot_history_pass(&st->history, now + c->offset_us, st->passed)) {
            st->closed++;
            s->refresh = true;
        }
        if (st->passed == 0) continue;
        count_delta(s,
                    &(struct delta){ .slot = st->key, .event = EVENT_REQUEST, .hour_at = c->hour_at, .n = st->passed });
    }
}

/* Forecasts change when an hour is over; of new slots all the time, the less the longer they have been watched. */
static bool refresh_due(const struct serving *s, int64_t now)
{
    int64_t patience = (now - s->begun_at) / 8;
    return s->refresh || now - s->refreshed_at >= (patience < REFRESH_US ? patience : REFRESH_US);
}

static void refresh_forecasts(struct serving *s, int64_t now)
{
    const struct lineup *l = s->lineup;
    for (uint32_t i = 0; i < l->slots_n; i++) {
        struct slot_state *st = s->slots[l->slots[i].state];
        forecast_init(&st->forecast);
        forecast_add(&st->forecast, &st->history, now + serving_clock(s, l->slots[i].publisher, now)->offset_us);
    }
    for (uint32_t i = 0; i < l->pools_n; i++) {
        forecast_init(&s->pools[i].forecast);
        for (uint32_t k = 0; k < l->pools[i].slots_n; k++) {
            forecast_join(&s->pools[i].forecast, &s->slots[l->slots[l->pools[i].slots[k]].state]->forecast);
        }
    }
    s->refresh = false;
    s->refreshed_at = now;
}

static void pass_pools(struct serving *s)
{
    const struct lineup *l = s->lineup;
    for (uint32_t i = 0; i < l->pools_n; i++) {
        struct pool_state *pool = &s->pools[i];
        pool->passed = 0;
        pool->level = (struct level){ 0, 0 };
        for (uint32_t k = 0; k < l->pools[i].slots_n; k++) {
            const struct slot_state *st = s->slots[l->slots[l->pools[i].slots[k]].state];
            pool->passed += st->passed;
            level_join(&pool->level, &st->level);
        }
    }
}

/* ---- what is left to do ---- */

static int64_t left(int64_t goal, int64_t done)
{
    if (goal == NO_GOAL) return INT64_MAX;
    return goal > done ? goal - done : 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Decisions that so many units take. */
static int64_t decisions_for(int64_t units, int64_t yield)
{
    if (units == INT64_MAX) return INT64_MAX;
    return muldiv(units, YIELD_ONE, yield > 0 ? yield : 1, MONEY_ROUND_UP);
}

enum why package_room(const struct serving_package *p, const struct package_state *st)
{
    enum event unit = unit_event(p->unit);
    int64_t out = st->outstanding.n, expected = outstanding_expected(&st->outstanding, st->yield);
    bool strict = p->unit != UNIT_CLICK; /* of a thousand decisions one or two are clicked: no bound to work with */
    if (left(p->goal, st->counted.n[unit]) == 0) return WHY_DONE;
    if (left(p->impressions_goal, st->counted.n[EVENT_IMPRESSION]) == 0) return WHY_DONE;
    if (left(p->day_units, st->today.n[unit]) == 0) return WHY_DAY_DONE;
    if (left(p->day_impressions, st->today.n[EVENT_IMPRESSION]) == 0) return WHY_DAY_DONE;
    if (left(p->goal, st->counted.n[unit] + expected) == 0) return WHY_ON_THE_WAY;
    if (strict && p->goal != NO_GOAL && left(p->goal + p->goal / SLACK_PARTS, st->counted.n[unit] + out) == 0)
        return WHY_ON_THE_WAY;
    if (left(p->impressions_goal, st->counted.n[EVENT_IMPRESSION] + out) == 0) return WHY_ON_THE_WAY;
    if (left(p->day_units, st->today.n[unit] + (strict ? out : expected)) == 0) return WHY_ON_THE_WAY;
    if (left(p->day_impressions, st->today.n[EVENT_IMPRESSION] + out) == 0) return WHY_ON_THE_WAY;
    return WHY_SHOWN;
}

/* What keeps a package from being shown at all, at `now`. */
static enum why standing(const struct live_package *live, const struct package_state *st, int64_t now)
{
    const struct serving_package *p = live->package;
    if (p->live_from > now) return WHY_NOT_LIVE;
    if (p->stopped_at <= now || p->end_at <= now) return WHY_ENDED;
    if (p->paused) return WHY_PAUSED;
    if (p->start_at > now) return WHY_NOT_STARTED;
    if (!live->has_creatives) return WHY_NO_CREATIVE;
    if (!live->has_slots) return WHY_NO_SLOT;
    if (live->slots_n == 0) return WHY_NO_FIT;
    return package_room(p, st);
}

/* ---- shares ---- */

/* Requests the package will be considered for until `until`. */
static int64_t expected_until(struct serving *s, const struct live_package *live, int64_t now, int64_t until)
{
    const struct package_state *st = state_of(s, live);
    const struct pool_state *pool = &s->pools[live->pool];
    const struct targeting *t = &live->package->targeting;
    int64_t offset = serving_clock(s, live->publisher, now)->offset_us;
    int64_t n = forecast_between(&pool->forecast, now + offset, until + offset, t->hours_wanted ? &t->hours : NULL);
    n = muldiv(n, level_of(&pool->level), LEVEL_ONE * REQUEST_ONE, MONEY_ROUND_HALF_UP);
    return muldiv(n, st->met_sum + MET_PRIOR, st->requests_sum + MET_PRIOR, MONEY_ROUND_HALF_UP);
}

static struct pace pace_now(struct serving *s, const struct live_package *live, int64_t now)
{
    const struct serving_package *p = live->package;
    struct package_state *st = state_of(s, live);
    enum event unit = unit_event(p->unit);
    int64_t on_the_way = outstanding_expected(&st->outstanding, st->yield);
    int64_t goal = least(decisions_for(left(p->goal, st->counted.n[unit] + on_the_way), st->yield),
                         left(p->impressions_goal, st->counted.n[EVENT_IMPRESSION] + st->outstanding.n));
    int64_t day = least(decisions_for(left(p->day_units, st->today.n[unit] + on_the_way), st->yield),
                        left(p->day_impressions, st->today.n[EVENT_IMPRESSION] + st->outstanding.n));
    struct pace_input in = { .pacing = p->pacing, .owed = goal, .owed_today = -1 };
    int64_t begin = p->start_at > p->live_from ? p->start_at : p->live_from;
    int64_t aim = pace_aim_at(begin, least(p->end_at, p->stopped_at));
    in.expected = expected_until(s, live, now, aim);
    st->expected = in.expected;
    if (day != INT64_MAX) {
        int64_t day_ends = serving_clock(s, live->publisher, now)->day_ends_at;
        in.owed_today = day;
        in.expected_today = expected_until(s, live, now, least(day_ends, aim > now ? aim : day_ends));
    }
    if (goal != INT64_MAX) return pace_of(&in);
    if (p->priority == PRIORITY_AUCTION) return (struct pace){ .need = SHARE_ONE };
    struct pace voice = pace_of_voice(p->share_e4);
    if (day == INT64_MAX) return voice;
    in.owed = in.owed_today;
    in.expected = in.expected_today;
    struct pace daily = pace_of(&in);
    return daily.need < voice.need ? daily : voice;
}

/* ---- why not more was shown ---- */

static bool counts_meetings(const struct live_package *live)
{
    return live->flagged || live->package->priority == PRIORITY_AUCTION;
}

/* Most of its requests came to slots that have more to show than places. */
static bool crowded_out(const struct serving *s, const struct live_package *live)
{
    uint64_t crowded = 0;
    for (uint32_t k = 0; k < live->slots_n; k++) {
        if (s->open_slots[live->slots[k]].crowded) crowded += s->slots[s->lineup->slots[live->slots[k]].state]->passed;
    }
    return 2 * crowded > s->pools[live->pool].passed;
}

/* Of the requests since the last tick: those that are not booked yet. */
static void book_reasons(const struct serving *s, const struct live_package *live, struct package_state *st)
{
    uint32_t requests = s->pools[live->pool].passed;
    if (st->why != WHY_SHOWN) {
        reasons_count(&st->reasons, st->why, requests);
        return;
    }
    uint32_t gone = st->shown + st->kept_off, rest = requests > gone ? requests - gone : 0;
    reasons_count(&st->reasons, WHY_SHOWN, st->shown);
    switch (live->package->priority) {
    case PRIORITY_GUARANTEED:
        reasons_count(&st->reasons, crowded_out(s, live) ? WHY_OUTRANKED : WHY_PACED, rest);
        break;
    case PRIORITY_AUCTION:
    case PRIORITY_FILLER: reasons_count(&st->reasons, WHY_OUTBID, rest); break;
    }
}

static void book_meetings(struct serving *s, const struct live_package *live, struct package_state *st, int64_t now)
{
    const struct targeting *t = &live->package->targeting;
    int64_t offset = serving_clock(s, live->publisher, now)->offset_us;
    if (!counts_meetings(live) || st->why != WHY_SHOWN) return;
    if (t->hours_wanted && !week_set_has(&t->hours, week_hour(now + offset))) return; /* the forecast knows that */
    st->met_sum += st->met;
    st->requests_sum += s->pools[live->pool].passed;
    if (st->requests_sum > MET_MAX) {
        st->met_sum /= 2;
        st->requests_sum /= 2;
    }
}

static void steer(struct serving *s, const struct live_package *live, int64_t now, int64_t seconds)
{
    struct package_state *st = state_of(s, live);
    package_roll(st, serving_clock(s, live->publisher, now)->day);
    outstanding_turn(&st->outstanding, now / 1000);
    reasons_turn(&st->reasons, now);
    st->yield = outstanding_yield(&st->outstanding, live->package->unit);
    if (seconds > 0) {
        book_reasons(s, live, st);
        book_meetings(s, live, st, now);
        st->met = st->shown = st->kept_off = 0;
    }
    st->why = standing(live, st, now);
    /* What is on its way keeps no one from the lists: it may have come, or be given up, within the second. */
    if (st->why == WHY_ON_THE_WAY) st->why = WHY_SHOWN;
    st->pace = (struct pace){ 0, 0 };
    if (st->why == WHY_SHOWN && live->package->priority != PRIORITY_FILLER) st->pace = pace_now(s, live, now);
}

/* ---- the lists ---- */

/* What a thousand impressions of it bring. */
static int64_t value_of(const struct live_package *live, const struct package_state *st)
{
    const struct serving_package *p = live->package;
    if (p->unit == UNIT_IMPRESSION) return p->value_micros;
    int64_t weight = outstanding_usual_weight(p->unit),
            prior = outstanding_usual_per_million(p->unit) * weight / 1000000;
    return muldiv(p->value_micros, st->counted.n[unit_event(p->unit)] + prior, st->counted.n[EVENT_IMPRESSION] + weight,
                  MONEY_ROUND_DOWN);
}

struct bid {
    int64_t value;
    uint64_t lot; /* equal bids take turns */
    uint32_t package;
};

/* Another order of all packages at each moment. */
static uint64_t lot_of(uint32_t key, int64_t now)
{
    uint64_t z = (key ^ (uint64_t)now) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 32) * UINT64_C(0xBF58476D1CE4E5B9);
    return z ^ z >> 31;
}

static int bid_order(const void *a, const void *b)
{
    const struct bid *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? 1 : -1;
    return (x->lot > y->lot) - (x->lot < y->lot);
}

static void list_guaranteed(struct serving *s, uint32_t place)
{
    const struct live_package *live = &s->lineup->packages[place];
    const struct pace pace = state_of(s, live)->pace;
    if (pace.need == 0 && pace.extra == 0) return;
    for (uint32_t k = 0; k < live->slots_n; k++) {
        const struct live_slot *slot = &s->lineup->slots[live->slots[k]];
        struct open_slot *o = &s->open_slots[live->slots[k]];
        if (live->flagged) {
            uint32_t at = slot->first + slot->guaranteed_n - 1 - o->flagged_n++;
            s->open[at] = (struct open_package){ pace.need, pace.extra, place };
        } else {
            o->need += pace.need;
            o->extra += pace.extra;
            s->open[slot->first + o->plain_n++] = (struct open_package){ o->need, o->extra, place };
        }
    }
}

static void list_other(struct serving *s, uint32_t place)
{
    const struct live_package *live = &s->lineup->packages[place];
    const struct pace pace = state_of(s, live)->pace;
    for (uint32_t k = 0; k < live->slots_n; k++) {
        const struct live_slot *slot = &s->lineup->slots[live->slots[k]];
        struct open_slot *o = &s->open_slots[live->slots[k]];
        uint32_t at = slot->first + slot->guaranteed_n;
        at += live->package->priority == PRIORITY_AUCTION ? o->auction_n++ : slot->auction_n + o->filler_n++;
        s->open[at] = (struct open_package){ pace.need, pace.extra, place };
    }
}

/* A slot is crowded when what is needed of it, targeted or not, is more than it has. */
static void judge_crowds(struct serving *s)
{
    for (uint32_t i = 0; i < s->lineup->slots_n; i++) {
        const struct live_slot *slot = &s->lineup->slots[i];
        struct open_slot *o = &s->open_slots[i];
        uint64_t need = o->need;
        for (uint32_t k = 0; k < o->flagged_n; k++) need += s->open[slot->first + slot->guaranteed_n - 1 - k].need;
        o->crowded = need > SHARE_ONE;
    }
}

static void make_lists(struct serving *s, int64_t now)
{
    const struct lineup *l = s->lineup;
    struct bid *bids = calloc(l->packages_n + 1, sizeof(*bids));
    size_t n = 0;
    ENSURE(bids != NULL);
    memset(s->open_slots, 0, l->slots_n * sizeof(*s->open_slots));
    for (uint32_t i = 0; i < l->packages_n; i++) {
        const struct live_package *live = &l->packages[i];
        const struct package_state *st = state_of(s, live);
        if (st->why != WHY_SHOWN) continue;
        switch (live->package->priority) {
        case PRIORITY_GUARANTEED: list_guaranteed(s, i); break;
        case PRIORITY_AUCTION: bids[n++] = (struct bid){ value_of(live, st), lot_of(st->key, now), i }; break;
        case PRIORITY_FILLER: list_other(s, i); break;
        }
    }
    qsort(bids, n, sizeof(*bids), bid_order);
    for (size_t i = 0; i < n; i++) list_other(s, bids[i].package);
    free(bids);
    judge_crowds(s);
}

void serving_tick(struct serving *s, int64_t now)
{
    int64_t second = now - now % USEC_PER_SEC, seconds = (second - s->ticked_at) / USEC_PER_SEC;
    if (!s->lineup || (seconds <= 0 && !s->refresh)) return;
    serving_turn_epoch(s, now);
    marks_turn(s->marks, now / 1000);
    if (seconds > 0) {
        pass_slots(s, now, seconds);
        s->ticked_at = second;
    }
    if (refresh_due(s, now)) refresh_forecasts(s, now);
    pass_pools(s);
    for (uint32_t i = 0; i < s->lineup->packages_n; i++)
        steer(s, &s->lineup->packages[i], now, seconds > 0 ? seconds : 0);
    make_lists(s, now);
}
