#include "serving/serving_internal.h"

#include <stdlib.h>

#include "base/rfc3339.h"

#define MARKS_BYTES    ((size_t)64 << 20)
#define EXPOSURES      262144
#define PLACES         131072
#define EPOCH_MS       INT64_C(600000)
#define EPOCH_TOKENS   (1u << 22) /* then a new one begins, however young this one is */
#define VISITOR_ID_MAX 128
#define KEPT_US        USEC_PER_DAY
#define HOUR_US        (3600 * USEC_PER_SEC)

static int64_t ms_of(int64_t at)
{
    return at / 1000;
}

/* ---- chance ---- */

uint64_t serving_chance(struct serving *s)
{
    uint64_t z = (s->chance += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t serving_chance_below(struct serving *s, uint64_t below)
{
    return (uint64_t)((unsigned __int128)serving_chance(s) * below >> 64);
}

/* ---- visitors ---- */

uint32_t serving_visitor(struct serving *s, uint32_t publisher, struct str id, bool kept)
{
    char text[1 + sizeof(publisher) + VISITOR_ID_MAX];
    uint8_t code[SHA256_BYTES];
    uint32_t number;
    if (id.n == 0 || id.n > VISITOR_ID_MAX) return 0;
    text[0] = kept ? 'v' : 's';
    memcpy(text + 1, &publisher, sizeof(publisher));
    memcpy(text + 1 + sizeof(publisher), id.p, id.n);
    hmac_key_make(s->key, (struct str){ text, 1 + sizeof(publisher) + id.n }, code);
    memcpy(&number, code, sizeof(number));
    number &= ~VISITOR_KEPT;
    return kept ? number | VISITOR_KEPT : number ? number : 1;
}

/* ---- epochs ---- */

void serving_turn_epoch(struct serving *s, int64_t now)
{
    if (ms_of(now) < s->epoch.until_ms && s->sequence < EPOCH_TOKENS) return;
    s->epoch = (struct serving_epoch){ (uint32_t)rng_u64(&s->o.rng), ms_of(now) + EPOCH_MS };
    s->sequence = 0;
    marks_open(s->marks, s->epoch.epoch, s->epoch.until_ms);
}

struct serving_epoch serving_epoch(const struct serving *s)
{
    return s->epoch;
}

int64_t serving_epoch_life_ms(void)
{
    return LIFE_CLICK_MS;
}

/* ---- life ---- */

struct serving *serving_create(const struct serving_options *o, int64_t now)
{
    struct serving *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    s->o = *o;
    if (s->o.marks_bytes_max == 0) s->o.marks_bytes_max = MARKS_BYTES;
    if (s->o.exposures_max == 0) s->o.exposures_max = EXPOSURES;
    s->key = hmac_key_create(o->key);
    s->o.key = STR_NONE; /* not kept */
    s->chance = rng_u64(&s->o.rng);
    s->marks = marks_create(&(struct marks_options){ .life_ms = LIFE_CLICK_MS, .bytes_max = s->o.marks_bytes_max });
    s->frequency = frequency_create(s->o.exposures_max);
    s->places = mail_places_create(PLACES);
    s->rates = rates_create(rng_u64(&s->o.rng));
    keymap_init(&s->package_states);
    keymap_init(&s->slot_states);
    tally_init(&s->filling);
    tally_init(&s->leaving);
    s->ticked_at = now - now % USEC_PER_SEC;
    s->begun_at = now;
    serving_turn_epoch(s, now);
    return s;
}

static void drop_lineup(struct serving *s)
{
    lineup_destroy(s->lineup);
    free(s->clocks);
    free(s->open_slots);
    free(s->open);
    free(s->scratch);
    free(s->pools);
    s->lineup = NULL;
    s->clocks = NULL;
    s->open_slots = NULL;
    s->open = s->scratch = NULL;
    s->pools = NULL;
}

void serving_destroy(struct serving *s)
{
    if (!s) return;
    drop_lineup(s);
    for (size_t i = 0; i < s->packages_n; i++) free(s->packages[i]);
    for (size_t i = 0; i < s->slots_n; i++) free(s->slots[i]);
    free(s->packages);
    free(s->slots);
    keymap_finish(&s->package_states);
    keymap_finish(&s->slot_states);
    tally_finish(&s->filling);
    tally_finish(&s->leaving);
    marks_destroy(s->marks);
    frequency_destroy(s->frequency);
    rates_destroy(s->rates);
    mail_places_destroy(s->places);
    hmac_key_destroy(s->key);
    free(s);
}

const struct lineup *serving_lineup(const struct serving *s)
{
    return s->lineup;
}

/* ---- clocks ---- */

const struct zone_clock *serving_clock(struct serving *s, uint32_t publisher, int64_t now)
{
    struct zone_clock *c = &s->clocks[publisher];
    if (now < c->until_at && now >= c->hour_at) return c;
    const struct tz *zone = s->lineup->publishers[publisher]->zone;
    int64_t day = tz_day(zone, now);
    if (day != c->day || c->day_ends_at == 0) c->day_ends_at = tz_day_begins_at(zone, day + 1);
    c->day = day;
    c->offset_us = tz_offset_s(zone, now) * USEC_PER_SEC;
    c->hour_at = now - (now + c->offset_us) % HOUR_US;
    c->until_at = c->hour_at + HOUR_US < c->day_ends_at ? c->hour_at + HOUR_US : c->day_ends_at;
    return c;
}

/* ---- states ---- */

static void *grown(void *p, size_t n, size_t *cap)
{
    if (n < *cap) return p;
    *cap = *cap ? 2 * *cap : 64;
    p = realloc(p, *cap * sizeof(void *));
    ENSURE(p != NULL);
    return p;
}

void package_roll(struct package_state *st, int64_t day)
{
    if (st->day == day) return;
    st->day = day;
    st->today = (struct counted){ .n = { 0 } };
}

static uint32_t package_state(struct serving *s, const struct serving_package *p, enum plan_medium medium, int64_t now)
{
    uint32_t place;
    if (keymap_get(&s->package_states, p->key, &place)) return place;
    struct package_state *st = calloc(1, sizeof(*st));
    ENSURE(st != NULL);
    st->key = p->key;
    st->counted = p->counted;
    st->today = p->counted_today;
    st->day = p->counted_day;
    outstanding_init(&st->outstanding, outstanding_life_ms(p->unit, medium), ms_of(now));
    if (p->on_the_way > 0) outstanding_add(&st->outstanding, ms_of(now), (uint32_t)p->on_the_way);
    st->yield = outstanding_yield(&st->outstanding, p->unit);
    s->packages = grown(s->packages, s->packages_n, &s->packages_cap);
    s->packages[s->packages_n] = st;
    keymap_put(&s->package_states, p->key, (uint32_t)s->packages_n);
    return (uint32_t)s->packages_n++;
}

static uint32_t slot_state(struct serving *s, uint32_t key)
{
    uint32_t place;
    if (keymap_get(&s->slot_states, key, &place)) return place;
    struct slot_state *st = calloc(1, sizeof(*st));
    ENSURE(st != NULL);
    st->key = key;
    slot_history_init(&st->history);
    s->slots = grown(s->slots, s->slots_n, &s->slots_cap);
    s->slots[s->slots_n] = st;
    keymap_put(&s->slot_states, key, (uint32_t)s->slots_n);
    return (uint32_t)s->slots_n++;
}

/* Packages that were not part of anything for a day. Tokens of them are too old by then. */
static void forget_packages(struct serving *s, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->packages_n; i++) {
        if (now - s->packages[i]->seen_at > KEPT_US) {
            free(s->packages[i]);
        } else {
            s->packages[kept++] = s->packages[i];
        }
    }
    if (kept == s->packages_n) return;
    s->packages_n = kept;
    keymap_finish(&s->package_states);
    for (size_t i = 0; i < kept; i++) keymap_put(&s->package_states, s->packages[i]->key, (uint32_t)i);
}

static enum plan_medium medium_of(const struct serving_package *p)
{
    return p->creatives_n ? p->creatives[0].medium : MEDIUM_DISPLAY;
}

static void *zeroed(size_t n, size_t bytes)
{
    void *p = calloc(n ? n : 1, bytes);
    ENSURE(p != NULL);
    return p;
}

void serving_install(struct serving *s, struct lineup *l, int64_t now)
{
    drop_lineup(s);
    s->lineup = l;
    s->clocks = zeroed(l->publishers_n, sizeof(*s->clocks));
    s->open_slots = zeroed(l->slots_n, sizeof(*s->open_slots));
    s->open = zeroed(l->candidates_n, sizeof(*s->open));
    s->scratch = zeroed(l->packages_n, sizeof(*s->scratch));
    s->pools = zeroed(l->pools_n, sizeof(*s->pools));
    for (size_t i = 0; i < s->packages_n; i++) {
        uint32_t place;
        if (keymap_get(&l->package_places, s->packages[i]->key, &place)) s->packages[i]->seen_at = now;
    }
    forget_packages(s, now);
    for (uint32_t i = 0; i < l->packages_n; i++) {
        struct live_package *p = &l->packages[i];
        p->state = package_state(s, p->package, medium_of(p->package), now);
        s->packages[p->state]->seen_at = now;
        package_roll(s->packages[p->state], serving_clock(s, p->publisher, now)->day);
    }
    for (uint32_t i = 0; i < l->slots_n; i++) l->slots[i].state = slot_state(s, l->slots[i].slot->key);
    s->refresh = true;
    serving_tick(s, now);
}

/* ---- batches ---- */

const struct tally *serving_batch_begin(struct serving *s)
{
    if (s->batch_out || tally_empty(&s->filling)) return NULL;
    struct tally t = s->leaving;
    s->leaving = s->filling;
    s->filling = t;
    s->batch_out = true;
    tally_sort(&s->leaving);
    return &s->leaving;
}

void serving_batch_end(struct serving *s, struct tally_place written)
{
    struct tally rest;
    ENSURE(s->batch_out);
    s->batch_out = false;
    struct tally_place end = tally_end(&s->leaving);
    if (memcmp(&written, &end, sizeof(end)) != 0) {
        /* The older first, so that what visitors have seen stays in its order. */
        tally_init(&rest);
        tally_merge(&rest, &s->leaving, written);
        tally_merge(&rest, &s->filling, (struct tally_place){ 0, 0, 0, 0 });
        tally_finish(&s->filling);
        s->filling = rest;
    }
    tally_clear(&s->leaving);
}

/* ---- restoring ---- */

void serving_restore_epoch(struct serving *s, const struct serving_epoch *e)
{
    marks_open(s->marks, e->epoch, e->until_ms);
}

void serving_restore_used(struct serving *s, const struct used *u)
{
    marks_restore(s->marks, u->epoch, u->sequence, u->bits);
}

void serving_restore_exposure(struct serving *s, const struct exposure *e, int64_t now)
{
    frequency_restore(s->frequency, e, now / USEC_PER_SEC);
}

void serving_restore_place(struct serving *s, const struct mail_place *p)
{
    mail_places_put(s->places, p);
}

void serving_restore_history(struct serving *s, uint32_t slot, const int64_t week[WEEK_HOURS])
{
    uint32_t place = slot_state(s, slot); /* which may move s->slots */
    slot_history_restore(&s->slots[place]->history, week);
    s->refresh = true;
}

/* ---- looking in ---- */

bool serving_counted(const struct serving *s, uint32_t package, struct counted *total, struct counted *today,
                     int64_t *day)
{
    uint32_t place;
    if (!keymap_get(&s->package_states, package, &place)) return false;
    *total = s->packages[place]->counted;
    *today = s->packages[place]->today;
    *day = s->packages[place]->day;
    return true;
}

bool serving_look(const struct serving *s, uint32_t package, struct package_look *out)
{
    uint32_t place;
    if (!keymap_get(&s->package_states, package, &place)) return false;
    const struct package_state *st = s->packages[place];
    *out = (struct package_look){ .why = st->why,
                                  .pace = st->pace,
                                  .requests_expected = st->expected,
                                  .on_the_way = st->outstanding.n,
                                  .yield = st->yield };
    for (int w = 0; w < WHYS_N; w++) out->last_hour[w] = reasons_of(&st->reasons, (enum why)w);
    memcpy(out->filtered, st->filtered, sizeof(out->filtered));
    return true;
}

bool serving_history(const struct serving *s, uint32_t slot, int64_t week[WEEK_HOURS], int64_t *closed)
{
    uint32_t place;
    if (!keymap_get(&s->slot_states, slot, &place)) return false;
    memcpy(week, s->slots[place]->history.week, sizeof(s->slots[place]->history.week));
    *closed = s->slots[place]->closed;
    return true;
}

void serving_stats(const struct serving *s, struct serving_stats *out)
{
    *out = s->stats;
    out->marks_bytes = marks_bytes(s->marks);
    out->epochs = marks_epochs(s->marks);
    out->exposures = frequency_entries(s->frequency);
    out->packages = s->lineup ? s->lineup->packages_n : 0;
    out->slots = s->lineup ? s->lineup->slots_n : 0;
}
