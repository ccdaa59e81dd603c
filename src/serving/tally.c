#include "serving/tally.h"

#include <stdlib.h>

static const char *const event_words[EVENTS_N] = {
    "impression", "measurable",     "viewable", "click", "start",   "first_quartile",
    "midpoint",   "third_quartile", "complete", "error", "request", "decision",
};

const char *event_name(enum event v)
{
    return event_words[v];
}

bool event_parse(struct str name, enum event *out)
{
    for (int i = 0; i < TOKEN_EVENTS_N; i++) {
        if (!str_is(name, event_words[i])) continue;
        *out = (enum event)i;
        return true;
    }
    return false;
}

void tally_init(struct tally *t)
{
    *t = (struct tally){ .deltas = NULL };
}

void tally_finish(struct tally *t)
{
    free(t->deltas);
    free(t->index);
    free(t->used);
    free(t->exposures);
    free(t->places);
    tally_init(t);
}

void tally_clear(struct tally *t)
{
    t->deltas_n = t->used_n = t->exposures_n = t->places_n = 0;
    if (t->index) memset(t->index, 0, t->index_cap * sizeof(*t->index));
}

bool tally_empty(const struct tally *t)
{
    return t->deltas_n == 0 && t->used_n == 0 && t->exposures_n == 0 && t->places_n == 0;
}

/* Room for one more. */
static void *grown(void *p, size_t n, size_t *cap, size_t item_bytes)
{
    if (n < *cap) return p;
    *cap = *cap ? 2 * *cap : 64;
    p = realloc(p, *cap * item_bytes);
    ENSURE(p != NULL);
    return p;
}

static bool same(const struct delta *a, const struct delta *b)
{
    return a->package == b->package && a->creative == b->creative && a->slot == b->slot && a->event == b->event &&
           a->invalid == b->invalid && a->hour_at == b->hour_at;
}

static size_t slot_of(const struct tally *t, const struct delta *d)
{
    uint64_t h = ((uint64_t)d->package << 32 | d->creative) * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ (uint64_t)d->slot << 16 ^ (uint64_t)d->event << 8 ^ d->invalid ^ (uint64_t)d->hour_at) *
        UINT64_C(0xBF58476D1CE4E5B9);
    size_t i = (size_t)(h >> 32) & (t->index_cap - 1);
    while (t->index[i] && !same(&t->deltas[t->index[i] - 1], d)) i = (i + 1) & (t->index_cap - 1);
    return i;
}

static void reindex(struct tally *t)
{
    size_t cap = t->index_cap ? 2 * t->index_cap : 256;
    free(t->index);
    t->index = calloc(cap, sizeof(*t->index));
    ENSURE(t->index != NULL);
    t->index_cap = cap;
    for (size_t i = 0; i < t->deltas_n; i++) t->index[slot_of(t, &t->deltas[i])] = (uint32_t)i + 1;
}

void tally_add(struct tally *t, const struct delta *d)
{
    if (2 * (t->deltas_n + 1) > t->index_cap) reindex(t);
    size_t i = slot_of(t, d);
    if (t->index[i]) {
        t->deltas[t->index[i] - 1].n += d->n;
        return;
    }
    t->deltas = grown(t->deltas, t->deltas_n, &t->deltas_cap, sizeof(*t->deltas));
    t->deltas[t->deltas_n++] = *d;
    t->index[i] = (uint32_t)t->deltas_n;
}

void tally_add_used(struct tally *t, const struct used *u)
{
    t->used = grown(t->used, t->used_n, &t->used_cap, sizeof(*t->used));
    t->used[t->used_n++] = *u;
}

void tally_add_exposure(struct tally *t, const struct exposure *e)
{
    t->exposures = grown(t->exposures, t->exposures_n, &t->exposures_cap, sizeof(*t->exposures));
    t->exposures[t->exposures_n++] = *e;
}

void tally_add_place(struct tally *t, const struct mail_place *p)
{
    t->places = grown(t->places, t->places_n, &t->places_cap, sizeof(*t->places));
    t->places[t->places_n++] = *p;
}

struct tally_place tally_end(const struct tally *t)
{
    return (struct tally_place){ t->deltas_n, t->used_n, t->exposures_n, t->places_n };
}

void tally_merge(struct tally *t, const struct tally *more, struct tally_place from)
{
    for (size_t i = from.deltas; i < more->deltas_n; i++) tally_add(t, &more->deltas[i]);
    for (size_t i = from.used; i < more->used_n; i++) tally_add_used(t, &more->used[i]);
    for (size_t i = from.exposures; i < more->exposures_n; i++) tally_add_exposure(t, &more->exposures[i]);
    for (size_t i = from.places; i < more->places_n; i++) tally_add_place(t, &more->places[i]);
}

static int by_package(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int delta_order(const void *a, const void *b)
{
    const struct delta *x = a, *y = b;
    if (x->package != y->package) return by_package(x->package, y->package);
    return (x->hour_at > y->hour_at) - (x->hour_at < y->hour_at);
}

static int used_order(const void *a, const void *b)
{
    return by_package(((const struct used *)a)->package, ((const struct used *)b)->package);
}

static int place_order(const void *a, const void *b)
{
    return by_package(((const struct mail_place *)a)->package, ((const struct mail_place *)b)->package);
}

static int exposure_order(const void *a, const void *b)
{
    return by_package(((const struct exposure *)a)->package, ((const struct exposure *)b)->package);
}

void tally_sort(struct tally *t)
{
    if (t->deltas_n) qsort(t->deltas, t->deltas_n, sizeof(*t->deltas), delta_order);
    if (t->used_n) qsort(t->used, t->used_n, sizeof(*t->used), used_order);
    if (t->exposures_n) qsort(t->exposures, t->exposures_n, sizeof(*t->exposures), exposure_order);
    if (t->places_n) qsort(t->places, t->places_n, sizeof(*t->places), place_order);
    if (t->deltas_n == 0) return;
    /* The places have changed. */
    memset(t->index, 0, t->index_cap * sizeof(*t->index));
    for (size_t i = 0; i < t->deltas_n; i++) t->index[slot_of(t, &t->deltas[i])] = (uint32_t)i + 1;
}
