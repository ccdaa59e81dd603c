/* A small town for the ad server's tests: publishers with slots, packages with creatives, visitors, and a clock that
 * goes when it is told to. Everything lives in one arena. */
#pragma once

#include "base/rfc3339.h"
#include "serving/serving.h"

#define T0     INT64_C(1775433600000000) /* Monday 2026-04-06T00:00:00Z */
#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR   (3600 * SECOND)
#define DAY    USEC_PER_DAY

#define TOWN_MAX 2048

struct town {
    struct arena arena;
    struct serving *serving;
    int64_t now;
    struct serving_publisher publishers[2];
    size_t publishers_n;
    struct serving_slot slots[TOWN_MAX];
    size_t slots_n;
    struct serving_package packages[TOWN_MAX];
    size_t packages_n;
    struct rng rng;
};

/* One publisher (key 1), in UTC. */
void town_init(struct town *t, uint64_t seed);
void town_finish(struct town *t);

/* Keys count from 1 in the order of adding. A slot of 300x250; a package on the slots named by bits of `slots` (bit 0: the
 * first), of one creative that fits, for a week from T0, guaranteed, paying for impressions, without goal. */
struct serving_slot *town_slot(struct town *t);
struct serving_package *town_package(struct town *t, uint64_t slots);
/* Replaces its creatives by `n` of that size. */
void town_creatives(struct town *t, struct serving_package *p, size_t n, struct size size);
/* Makes what was added or changed known to the ad server. */
void town_open(struct town *t);

/* The clock goes on, ticking every second. */
void town_pass(struct town *t, int64_t us);

/* Somebody with a browser asks for an ad for one slot (its key). */
struct choice town_ask(struct town *t, uint32_t slot);
struct choice town_ask_as(struct town *t, uint32_t slot, const struct request *r);
struct request town_request(const struct town *t);
/* An event of an ad; what came of it. */
enum invalid town_event(struct town *t, const struct choice *c, enum event event);

struct counted town_counted(const struct town *t, const struct serving_package *p);
struct package_look town_look(const struct town *t, const struct serving_package *p);
/* A number in [0, below). */
uint64_t town_chance(struct town *t, uint64_t below);
