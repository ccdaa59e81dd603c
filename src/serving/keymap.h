/* Keys of rows (never 0) to places in an array. Open addressing; grows; no removal. */
#pragma once

#include "base/compiler.h"

struct keymap {
    uint32_t *keys, *places;
    size_t n, cap; /* cap is 0 or a power of two */
};

void keymap_init(struct keymap *m);
void keymap_finish(struct keymap *m);
void keymap_put(struct keymap *m, uint32_t key, uint32_t place); /* replaces */

static inline uint32_t keymap_slot(const struct keymap *m, uint32_t key)
{
    uint32_t i = key * UINT32_C(0x9E3779B1) & (uint32_t)(m->cap - 1);
    while (m->keys[i] != 0 && m->keys[i] != key) i = (i + 1) & (uint32_t)(m->cap - 1);
    return i;
}

/* False: there is none. */
static inline bool keymap_get(const struct keymap *m, uint32_t key, uint32_t *place)
{
    if (m->cap == 0 || key == 0) return false;
    uint32_t i = keymap_slot(m, key);
    if (m->keys[i] != key) return false;
    *place = m->places[i];
    return true;
}
