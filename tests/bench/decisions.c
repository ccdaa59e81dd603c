/* What a decision of the built-in ad server costs, without HTTP: so many live packages of all kinds on so many slots.
 *
 *   decisions [--packages N] [--slots N] [--decisions N] [--quiet]
 *
 * Prints nanoseconds a decision and a counted impression. Under callgrind, with --quiet and two numbers of decisions, the
 * difference of the instructions is what these cost (decisions.mjs). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/rfc3339.h"
#include "serving/serving.h"

#define T0         INT64_C(1775433600000000) /* Monday 2026-04-06T00:00:00Z */
#define SLOTS_EACH 5 /* of a package */
#define LEARN_S    120 /* seconds of traffic before anything is measured */
#define A_SECOND   2000 /* requests of it */

struct town {
    struct arena arena;
    struct serving *serving;
    struct rng rng;
    struct serving_publisher publisher;
    struct serving_slot *slots;
    struct serving_package *packages;
    size_t slots_n, packages_n;
    int64_t now;
    uint64_t shown;
};

static uint64_t below(struct town *t, uint64_t n)
{
    return rng_u64(&t->rng) % n;
}

static void add_slots(struct town *t)
{
    static const struct size sizes[] = { { 300, 250 }, { 728, 90 } };
    t->slots = ARENA_ARRAY(&t->arena, struct serving_slot, t->slots_n);
    for (size_t i = 0; i < t->slots_n; i++) {
        t->slots[i] = (struct serving_slot){ .key = (uint32_t)i + 1,
                                             .publisher = 1,
                                             .slot_id = arena_printf(&t->arena, "slot-%zu", i),
                                             .medium = MEDIUM_DISPLAY,
                                             .sizes = sizes,
                                             .sizes_n = ARRAY_LEN(sizes) };
    }
}

/* A third each of guaranteed ones, of those that bid, and of guaranteed ones that ask something of the visit; a tenth has a
 * frequency cap. Goals so that about all of them have something to show all the time. */
static void add_packages(struct town *t)
{
    t->packages = ARENA_ARRAY(&t->arena, struct serving_package, t->packages_n);
    for (size_t i = 0; i < t->packages_n; i++) {
        struct serving_package *p = &t->packages[i];
        struct serving_creative *c = ARENA_ARRAY(&t->arena, struct serving_creative, 2);
        uint32_t *slots = ARENA_ARRAY(&t->arena, uint32_t, SLOTS_EACH);
        for (size_t k = 0; k < SLOTS_EACH; k++) slots[k] = (uint32_t)below(t, t->slots_n) + 1;
        for (size_t k = 0; k < 2; k++)
            c[k] = (struct serving_creative){
                .key = (uint32_t)(2 * i + k + 1), .size = { 300, 250 }, .weight = 1, .picture = true
            };
        *p = (struct serving_package){ .key = (uint32_t)i + 1,
                                       .publisher = 1,
                                       .package_id = arena_printf(&t->arena, "package-%zu", i),
                                       .advertiser = (uint32_t)i + 1,
                                       .start_at = T0 - USEC_PER_DAY,
                                       .end_at = T0 + 30 * USEC_PER_DAY,
                                       .live_from = T0 - USEC_PER_DAY,
                                       .stopped_at = INT64_MAX,
                                       .priority = i % 3 == 1 ? PRIORITY_AUCTION : PRIORITY_GUARANTEED,
                                       .goal = 2000000 + (int64_t)below(t, 1000000),
                                       .impressions_goal = NO_GOAL,
                                       .day_units = NO_GOAL,
                                       .day_impressions = NO_GOAL,
                                       .share_e4 = 10000,
                                       .value_micros = (int64_t)below(t, 10000000) + 1,
                                       .slots = slots,
                                       .slots_n = SLOTS_EACH,
                                       .creatives = c,
                                       .creatives_n = 2 };
        targeting_init(&p->targeting);
        if (i % 10 == 0) p->targeting.cap = (struct frequency_cap){ .max = 20, .window_s = 86400 };
        if (i % 3 == 2) {
            p->targeting.devices = DEVICE_BIT(DEVICE_DESKTOP) | DEVICE_BIT(DEVICE_MOBILE);
            p->targeting.countries_wanted = true;
            code_set_add(&p->targeting.countries, code_of(i % 2 ? STR("DE") : STR("FR")));
        }
    }
}

static void decide(struct town *t)
{
    struct ask ask = { .slot = (uint32_t)below(t, t->slots_n) };
    struct choice choice;
    struct request r = { .visit = { .country = code_of(below(t, 2) ? STR("DE") : STR("FR")),
                                    .language = CODE_UNKNOWN,
                                    .device = DEVICE_DESKTOP,
                                    .visitor = (uint32_t)below(t, 100000) + 1 },
                         .now = t->now };
    serving_decide(t->serving, &r, &ask, 1, &choice);
    if (!choice.package) return;
    t->shown++;
    struct report seen = { .event = EVENT_IMPRESSION, .token = { choice.token.c, TOKEN_CHARS }, .now = t->now };
    (void)serving_count(t->serving, &seen);
}

static void tick(struct town *t)
{
    t->now += USEC_PER_SEC;
    serving_tick(t->serving, t->now);
    const struct tally *batch = serving_batch_begin(t->serving);
    if (batch) serving_batch_end(t->serving, tally_end(batch));
}

static void run(struct town *t, int64_t decisions)
{
    for (int64_t i = 0; i < decisions; i++) {
        if (i % A_SECOND == 0) tick(t);
        decide(t);
    }
}

static void open_town(struct town *t)
{
    arena_init(&t->arena);
    rng_init_seeded(&t->rng, 17);
    struct serving_options o = { .key = STR("0123456789abcdef0123456789abcdef"), .rng = t->rng };
    t->now = T0;
    t->serving = serving_create(&o, t->now);
    t->publisher = (struct serving_publisher){ .key = 1, .tenant_id = STR("town"), .zone = tz_utc() };
    add_slots(t);
    add_packages(t);
    const struct serving_package **list = ARENA_ARRAY(&t->arena, const struct serving_package *, t->packages_n);
    for (size_t i = 0; i < t->packages_n; i++) list[i] = &t->packages[i];
    struct lineup_parts parts = { &t->publisher, 1, t->slots, t->slots_n, list, t->packages_n };
    serving_install(t->serving, lineup_create(&parts), t->now);
}

static int64_t now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts); /* exists everywhere */
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t number(int argc, char **argv, const char *name, int64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) return strtoll(argv[i + 1], NULL, 10);
    }
    return otherwise;
}

int main(int argc, char **argv)
{
    struct town t = { .slots_n = (size_t)number(argc, argv, "--slots", 100),
                      .packages_n = (size_t)number(argc, argv, "--packages", 1000) };
    int64_t decisions = number(argc, argv, "--decisions", 1000000);
    if (t.slots_n == 0 || decisions <= 0) return 2;
    open_town(&t);
    run(&t, number(argc, argv, "--learn", LEARN_S * A_SECOND));
    t.shown = 0;
    int64_t from = now_ns();
    run(&t, decisions);
    printf("{\"packages\":%zu,\"slots\":%zu,\"decisions\":%lld,\"shown\":%llu,\"ns\":%lld}\n", t.packages_n, t.slots_n,
           (long long)decisions, (unsigned long long)t.shown, (long long)((now_ns() - from) / decisions));
    serving_destroy(t.serving);
    arena_finish(&t.arena);
    return 0;
}
