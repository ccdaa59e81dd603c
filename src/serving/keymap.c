#include "serving/keymap.h"

#include <stdlib.h>

void keymap_init(struct keymap *m)
{
    *m = (struct keymap){ .keys = NULL };
}

void keymap_finish(struct keymap *m)
{
    free(m->keys);
    free(m->places);
    keymap_init(m);
}

static void put(struct keymap *m, uint32_t key, uint32_t place)
{
    uint32_t i = keymap_slot(m, key);
    if (m->keys[i] == 0) m->n++;
    m->keys[i] = key;
    m->places[i] = place;
}

static void grow(struct keymap *m)
{
    struct keymap bigger = { .cap = m->cap ? 2 * m->cap : 64 };
    bigger.keys = calloc(bigger.cap, sizeof(*bigger.keys));
    bigger.places = calloc(bigger.cap, sizeof(*bigger.places));
    ENSURE(bigger.keys != NULL && bigger.places != NULL);
    for (size_t i = 0; i < m->cap; i++) {
        if (m->keys[i]) put(&bigger, m->keys[i], m->places[i]);
    }
    keymap_finish(m);
    *m = bigger;
}

void keymap_put(struct keymap *m, uint32_t key, uint32_t place)
{
    ENSURE(key != 0);
    if (2 * (m->n + 1) > m->cap) grow(m);
    put(m, key, place);
}
