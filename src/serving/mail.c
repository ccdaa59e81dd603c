#include "serving/mail.h"

#include <stdlib.h>

#define WAYS 8

struct mail_places {
    struct mail_place *places; /* sets of WAYS; an empty one has key 0 */
    size_t sets, n;
};

struct mail_places *mail_places_create(size_t max)
{
    struct mail_places *m = calloc(1, sizeof(*m));
    ENSURE(m != NULL);
    for (m->sets = 16; m->sets * WAYS < max;) m->sets *= 2;
    m->places = calloc(m->sets * WAYS, sizeof(*m->places));
    ENSURE(m->places != NULL);
    return m;
}

void mail_places_destroy(struct mail_places *m)
{
    if (!m) return;
    free(m->places);
    free(m);
}

static struct mail_place *set_of(const struct mail_places *m, uint32_t slot, uint64_t key)
{
    uint64_t h = (key ^ slot) * UINT64_C(0x9E3779B97F4A7C15);
    return &m->places[(h >> 32 & (m->sets - 1)) * WAYS];
}

const struct mail_place *mail_places_find(const struct mail_places *m, uint32_t slot, uint64_t key)
{
    const struct mail_place *set = set_of(m, slot, key);
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key && set[i].slot == slot) return &set[i];
    }
    return NULL;
}

void mail_places_put(struct mail_places *m, const struct mail_place *p)
{
    struct mail_place *set = set_of(m, p->slot, p->key), *to = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == p->key && set[i].slot == p->slot) {
            set[i] = *p;
            return;
        }
        if (to->key && (set[i].key == 0 || set[i].asked_s < to->asked_s)) to = &set[i];
    }
    m->n += to->key == 0;
    *to = *p;
}

size_t mail_places_count(const struct mail_places *m)
{
    return m->n;
}
