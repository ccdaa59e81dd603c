#include "serving/lineup.h"

#include <stdlib.h>

enum event unit_event(enum unit u)
{
    static const enum event events[UNITS_N] = { [UNIT_IMPRESSION] = EVENT_IMPRESSION,
                                                [UNIT_VIEWABLE] = EVENT_VIEWABLE,
                                                [UNIT_CLICK] = EVENT_CLICK,
                                                [UNIT_COMPLETE] = EVENT_COMPLETE };
    return events[u];
}

static bool is_for(const struct serving_creative *c, uint32_t slot)
{
    for (size_t i = 0; i < c->slots_n; i++) {
        if (c->slots[i] == slot) return true;
    }
    return c->slots_n == 0;
}

bool creative_fits(const struct serving_creative *c, const struct serving_slot *s, unsigned room)
{
    unsigned sizes = room & ~ROOM_PICTURES;
    if (c->weight <= 0 || c->medium != s->medium || ((room & ROOM_PICTURES || s->pictures_only) && !c->picture))
        return false;
    if (!is_for(c, s->key)) return false;
    if (s->duration_ms_max && c->duration_ms > s->duration_ms_max) return false;
    if (c->size.width == 0 && c->size.height == 0) return true;
    if (s->medium != MEDIUM_DISPLAY) return true; /* a player scales what it plays */
    for (size_t i = 0; i < s->sizes_n; i++) {
        if (sizes && !(sizes >> i & 1)) continue;
        if (s->sizes[i].width == c->size.width && s->sizes[i].height == c->size.height) return true;
    }
    return false;
}

/* ---- slots ---- */

static size_t slot_hash(const struct lineup *l, uint32_t publisher, struct str slot_id)
{
    return (size_t)(pair_of(STR("slot"), slot_id) + publisher * UINT64_C(0x9E3779B97F4A7C15)) & (l->slot_index_cap - 1);
}

bool lineup_find_slot(const struct lineup *l, uint32_t publisher, struct str slot_id, uint32_t *place)
{
    for (size_t i = slot_hash(l, publisher, slot_id); l->slot_index[i]; i = (i + 1) & (l->slot_index_cap - 1)) {
        const struct serving_slot *s = l->slots[l->slot_index[i] - 1].slot;
        if (s->publisher != publisher || !str_eq(s->slot_id, slot_id)) continue;
        *place = l->slot_index[i] - 1;
        return true;
    }
    return false;
}

bool lineup_find_publisher(const struct lineup *l, struct str tenant_id, uint32_t *place)
{
    for (uint32_t i = 0; i < l->publishers_n; i++) {
        if (!str_eq(l->publishers[i]->tenant_id, tenant_id)) continue;
        *place = i;
        return true;
    }
    return false;
}

static bool publisher_place(const struct lineup *l, uint32_t key, uint32_t *place)
{
    for (uint32_t i = 0; i < l->publishers_n; i++) {
        if (l->publishers[i]->key != key) continue;
        *place = i;
        return true;
    }
    return false;
}

static void index_slot(struct lineup *l, uint32_t place)
{
    const struct serving_slot *s = l->slots[place].slot;
    size_t i = slot_hash(l, s->publisher, s->slot_id);
    while (l->slot_index[i]) i = (i + 1) & (l->slot_index_cap - 1);
    l->slot_index[i] = place + 1;
}

static void add_slots(struct lineup *l, const struct lineup_parts *parts)
{
    l->slots = ARENA_ARRAY(&l->arena, struct live_slot, parts->slots_n + 1);
    for (l->slot_index_cap = 64; l->slot_index_cap < 2 * (parts->slots_n + 1);) l->slot_index_cap *= 2;
    l->slot_index = ARENA_ARRAY(&l->arena, uint32_t, l->slot_index_cap);
    for (size_t i = 0; i < parts->slots_n; i++) {
        struct live_slot s = { .slot = &parts->slots[i] };
        uint32_t place;
        if (!publisher_place(l, s.slot->publisher, &s.publisher)) continue;
        ENSURE(!keymap_get(&l->slot_places, s.slot->key, &place));
        l->slots[l->slots_n] = s;
        keymap_put(&l->slot_places, s.slot->key, l->slots_n);
        index_slot(l, l->slots_n++);
    }
}

/* ---- packages ---- */

static bool fits_any(const struct serving_package *p, const struct serving_slot *s)
{
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (creative_fits(&p->creatives[i], s, 0)) return true;
    }
    return false;
}

static int place_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Its slots in order and without repetition, so that equal sets look the same. */
static void find_slots(struct lineup *l, struct live_package *live)
{
    const struct serving_package *p = live->package;
    uint32_t *places = ARENA_ARRAY(&l->arena, uint32_t, p->slots_n + 1), n = 0, place;
    for (size_t i = 0; i < p->slots_n; i++) {
        if (!keymap_get(&l->slot_places, p->slots[i], &place)) continue;
        if (l->slots[place].publisher != live->publisher) continue;
        live->has_slots = true;
        if (fits_any(p, l->slots[place].slot)) places[n++] = place;
    }
    if (n) qsort(places, n, sizeof(*places), place_order);
    for (uint32_t i = 0; i < n; i++) {
        if (live->slots_n == 0 || places[live->slots_n - 1] != places[i]) places[live->slots_n++] = places[i];
    }
    live->slots = places;
}

static bool shown_at_all(const struct serving_package *p)
{
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].weight > 0) return true;
    }
    return false;
}

static void add_packages(struct lineup *l, const struct lineup_parts *parts)
{
    l->packages = ARENA_ARRAY(&l->arena, struct live_package, parts->packages_n + 1);
    for (size_t i = 0; i < parts->packages_n; i++) {
        struct live_package live = { .package = parts->packages[i] };
        uint32_t place;
        if (!publisher_place(l, live.package->publisher, &live.publisher)) continue;
        ENSURE(!keymap_get(&l->package_places, live.package->key, &place));
        live.has_creatives = shown_at_all(live.package);
        live.flagged = !targeting_is_open(&live.package->targeting);
        find_slots(l, &live);
        l->packages[l->packages_n] = live;
        keymap_put(&l->package_places, live.package->key, l->packages_n++);
    }
}

/* ---- pools ---- */

static bool same_slots(const struct pool *pool, const struct live_package *p)
{
    return pool->slots_n == p->slots_n && pool->publisher == p->publisher &&
           (p->slots_n == 0 || memcmp(pool->slots, p->slots, p->slots_n * sizeof(*p->slots)) == 0);
}

static size_t pool_hash(const struct live_package *p)
{
    return (size_t)pair_of(STR("pool"), (struct str){ (const char *)p->slots, p->slots_n * sizeof(*p->slots) });
}

static void add_pools(struct lineup *l)
{
    size_t cap = 64;
    while (cap < 2 * (size_t)(l->packages_n + 1)) cap *= 2;
    uint32_t *index = ARENA_ARRAY(&l->arena, uint32_t, cap);
    l->pools = ARENA_ARRAY(&l->arena, struct pool, l->packages_n + 1);
    for (uint32_t i = 0; i < l->packages_n; i++) {
        struct live_package *p = &l->packages[i];
        size_t h = pool_hash(p) & (cap - 1);
        while (index[h] && !same_slots(&l->pools[index[h] - 1], p)) h = (h + 1) & (cap - 1);
        if (index[h] == 0) {
            l->pools[l->pools_n] = (struct pool){ p->slots, p->slots_n, p->publisher };
            index[h] = ++l->pools_n;
        }
        p->pool = index[h] - 1;
    }
}

/* How long each slot's lists can get. */
static void count_candidates(struct lineup *l)
{
    for (uint32_t i = 0; i < l->packages_n; i++) {
        const struct live_package *p = &l->packages[i];
        for (uint32_t k = 0; k < p->slots_n; k++) {
            struct live_slot *s = &l->slots[p->slots[k]];
            s->guaranteed_n += p->package->priority == PRIORITY_GUARANTEED;
            s->auction_n += p->package->priority == PRIORITY_AUCTION;
            s->filler_n += p->package->priority == PRIORITY_FILLER;
        }
    }
    for (uint32_t i = 0; i < l->slots_n; i++) {
        struct live_slot *s = &l->slots[i];
        s->first = l->candidates_n;
        l->candidates_n += s->guaranteed_n + s->auction_n + s->filler_n;
    }
}

struct lineup *lineup_create(const struct lineup_parts *parts)
{
    struct lineup *l = calloc(1, sizeof(*l));
    ENSURE(l != NULL);
    arena_init(&l->arena);
    keymap_init(&l->slot_places);
    keymap_init(&l->package_places);
    const struct serving_publisher **publishers =
        ARENA_ARRAY(&l->arena, const struct serving_publisher *, parts->publishers_n + 1);
    for (size_t i = 0; i < parts->publishers_n; i++) publishers[i] = &parts->publishers[i];
    l->publishers = publishers;
    l->publishers_n = (uint32_t)parts->publishers_n;
    add_slots(l, parts);
    add_packages(l, parts);
    add_pools(l);
    count_candidates(l);
    return l;
}

void lineup_destroy(struct lineup *l)
{
    if (!l) return;
    keymap_finish(&l->slot_places);
    keymap_finish(&l->package_places);
    arena_finish(&l->arena);
    free(l);
}
