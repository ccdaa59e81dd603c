/* What the files of the fast side share: serving.c (owning, installing, batches), steer.c (once a second), decide.c,
 * count.c. */
#pragma once

#include "serving/forecast.h"
#include "serving/frequency.h"
#include "serving/marks.h"
#include "serving/outstanding.h"
#include "serving/serving.h"

#define VISITOR_KEPT 0x80000000u /* a visitor's number: of an id that may be kept */

/* A package's memory; outlives lineups. */
struct package_state {
    uint32_t key;
    int64_t seen_at; /* when it was last part of a lineup */
    struct counted counted, today;
    int64_t day;     /* of the publisher's zone, that `today` is about */
    struct outstanding outstanding;
    int64_t yield;   /* of the last tick */
    /* Of the requests of its slots, those it was considered for: sums that halve now and then. */
    int64_t met_sum, requests_sum;
    /* Since the last tick. */
    uint32_t met, shown, kept_off; /* considered; chosen; kept from it by something about the request */
    struct pace pace;
    int64_t expected;
    enum why why;
    struct reasons reasons;
    uint32_t filtered[INVALIDS_N]; /* events, since the start */
};

/* A slot's memory. */
struct slot_state {
    uint32_t key;
    struct slot_history history;
    struct forecast forecast;
    struct level level;
    int64_t closed;    /* hours */
    uint32_t requests; /* valid ones since the last tick */
    uint32_t passed;   /* those of the tick before: what steer.c works with */
};

/* The wall clock of a publisher's zone, good until `until_at`. */
struct zone_clock {
    int64_t offset_us;
    int64_t day, day_ends_at;
    int64_t hour_at, until_at;
};

/* A package in the list of a slot. `need` and `extra` of guaranteed ones that ask nothing of the visit are sums up to
 * and with their own, so that one is found by bisection. */
struct open_package {
    uint64_t need, extra;
    uint32_t package; /* place in the lineup */
};

/* What runs in a slot just now; places in serving.open: guaranteed from the front, flagged guaranteed behind them, then
 * bids (best first), then fillers. */
struct open_slot {
    uint32_t plain_n, flagged_n, auction_n, filler_n;
    uint64_t need, extra; /* sums of the plain ones */
    bool crowded; /* they need more than there is */
};

struct pool_state {
    struct forecast forecast;
    struct level level;
    uint32_t passed; /* requests of the last tick */
};

struct serving {
    struct serving_options o;
    struct hmac_key *key;
    uint64_t chance; /* state of the generator that choices are drawn by */

    struct lineup *lineup;
    struct zone_clock *clocks; /* by publisher */
    struct open_slot *open_slots;
    struct open_package *open;
    struct open_package *scratch; /* of one decision */
    struct pool_state *pools;

    struct package_state **packages; /* by lineup's `state` */
    size_t packages_n, packages_cap;
    struct slot_state **slots;
    size_t slots_n, slots_cap;
    struct keymap package_states, slot_states;

    struct marks *marks;
    struct frequency *frequency;
    struct rates *rates;
    struct mail_places *places;
    struct serving_epoch epoch;
    uint32_t sequence;

    struct tally filling, leaving;
    bool batch_out;

    int64_t ticked_at; /* whole seconds, as microseconds */
    int64_t refreshed_at; /* when forecasts were last added up */
    int64_t begun_at;
    bool refresh; /* something about them has changed */
    struct serving_stats stats;
};

/* What a publisher's clock shows at `now`. */
const struct zone_clock *serving_clock(struct serving *s, uint32_t publisher, int64_t now);
/* Whether one more may be decided, with what is counted and on its way; else WHY_DONE, WHY_DAY_DONE, WHY_ON_THE_WAY. */
enum why package_room(const struct serving_package *p, const struct package_state *st);
/* A new day of the publisher's zone begins at nothing. */
void package_roll(struct package_state *st, int64_t day);
/* The epoch that tokens are issued in at `now`. */
void serving_turn_epoch(struct serving *s, int64_t now);
uint64_t serving_chance(struct serving *s);
/* A number below `below` (> 0). */
uint64_t serving_chance_below(struct serving *s, uint64_t below);

static inline struct package_state *state_of(const struct serving *s, const struct live_package *p)
{
    return s->packages[p->state];
}

static inline void count_delta(struct serving *s, const struct delta *d)
{
    tally_add(&s->filling, d);
}
