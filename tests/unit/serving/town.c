#include "town.h"

void town_init(struct town *t, uint64_t seed)
{
    memset(t, 0, sizeof(*t));
    arena_init(&t->arena);
    rng_init_seeded(&t->rng, seed);
    t->now = T0;
    t->publishers[0] = (struct serving_publisher){ .key = 1, .tenant_id = STR("town"), .zone = tz_utc() };
    t->publishers_n = 1;
    struct serving_options o = { .key = STR("0123456789abcdef0123456789abcdef") };
    rng_init_seeded(&o.rng, seed + 1);
    t->serving = serving_create(&o, t->now);
}

void town_finish(struct town *t)
{
    serving_destroy(t->serving);
    arena_finish(&t->arena);
}

struct serving_slot *town_slot(struct town *t)
{
    struct serving_slot *s = &t->slots[t->slots_n++];
    struct size *size = ARENA_NEW(&t->arena, struct size);
    *size = (struct size){ 300, 250 };
    *s = (struct serving_slot){
        .key = (uint32_t)t->slots_n, .publisher = 1, .medium = MEDIUM_DISPLAY, .sizes = size, .sizes_n = 1
    };
    s->slot_id = arena_printf(&t->arena, "slot-%u", s->key);
    return s;
}

void town_creatives(struct town *t, struct serving_package *p, size_t n, struct size size)
{
    struct serving_creative *c = ARENA_ARRAY(&t->arena, struct serving_creative, n + 1);
    for (size_t i = 0; i < n; i++) {
        c[i] = (struct serving_creative){
            .key = p->key * 100 + (uint32_t)i, .medium = MEDIUM_DISPLAY, .size = size, .weight = 1
        };
    }
    p->creatives = c;
    p->creatives_n = n;
}

struct serving_package *town_package(struct town *t, uint64_t slots)
{
    struct serving_package *p = &t->packages[t->packages_n++];
    uint32_t *keys = ARENA_ARRAY(&t->arena, uint32_t, 64);
    *p = (struct serving_package){ .key = (uint32_t)t->packages_n,
                                   .publisher = 1,
                                   .start_at = T0,
                                   .end_at = T0 + 7 * DAY,
                                   .live_from = T0,
                                   .stopped_at = INT64_MAX,
                                   .goal = NO_GOAL,
                                   .impressions_goal = NO_GOAL,
                                   .day_units = NO_GOAL,
                                   .day_impressions = NO_GOAL,
                                   .share_e4 = 10000,
                                   .slots = keys };
    p->package_id = arena_printf(&t->arena, "package-%u", p->key);
    p->advertiser = p->key;
    targeting_init(&p->targeting);
    for (uint32_t i = 0; i < 64; i++) {
        if (slots >> i & 1) keys[p->slots_n++] = i + 1;
    }
    p->counted_day = T0 / DAY;
    town_creatives(t, p, 1, (struct size){ 300, 250 });
    return p;
}

void town_open(struct town *t)
{
    const struct serving_package **packages = ARENA_ARRAY(&t->arena, const struct serving_package *, t->packages_n + 1);
    for (size_t i = 0; i < t->packages_n; i++) packages[i] = &t->packages[i];
    struct lineup_parts parts = { t->publishers, t->publishers_n, t->slots, t->slots_n, packages, t->packages_n };
    serving_install(t->serving, lineup_create(&parts), t->now);
}

void town_pass(struct town *t, int64_t us)
{
    for (int64_t end = t->now + us; t->now < end;) {
        t->now = t->now + SECOND < end ? t->now + SECOND : end;
        serving_tick(t->serving, t->now);
    }
}

struct request town_request(const struct town *t)
{
    return (struct request){ .visit = { .country = CODE_UNKNOWN, .language = CODE_UNKNOWN },
                             .agent_hash = 7,
                             .now = t->now };
}

struct choice town_ask_as(struct town *t, uint32_t slot, const struct request *r)
{
    struct ask ask = { .slot = 0 };
    struct choice c;
    ENSURE(keymap_get(&serving_lineup(t->serving)->slot_places, slot, &ask.slot));
    serving_decide(t->serving, r, &ask, 1, &c);
    return c;
}

struct choice town_ask(struct town *t, uint32_t slot)
{
    struct request r = town_request(t);
    return town_ask_as(t, slot, &r);
}

enum invalid town_event(struct town *t, const struct choice *c, enum event event)
{
    struct report r = { .event = event, .token = { c->token.c, TOKEN_CHARS }, .agent_hash = 7, .now = t->now };
    return serving_count(t->serving, &r).invalid;
}

struct counted town_counted(const struct town *t, const struct serving_package *p)
{
    struct counted total, today;
    int64_t day;
    ENSURE(serving_counted(t->serving, p->key, &total, &today, &day));
    return total;
}

struct package_look town_look(const struct town *t, const struct serving_package *p)
{
    struct package_look l;
    ENSURE(serving_look(t->serving, p->key, &l));
    return l;
}

uint64_t town_chance(struct town *t, uint64_t below)
{
    return rng_u64(&t->rng) % below;
}
