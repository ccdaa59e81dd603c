#include "domain/buyer/inventory_index.h"

#include <stdlib.h>

static int compare(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_content(const void *x, const void *y)
{
    const struct inventory_entry *a = *(const struct inventory_entry *const *)x;
    const struct inventory_entry *b = *(const struct inventory_entry *const *)y;
    int order = compare(a->type, b->type);
    if (!order) order = compare(a->value, b->value);
    return order ? order : (a > b) - (a < b);
}

void inventory_index_make(struct arena *a, const struct inventory_entry *items, size_t n, struct inventory_index *out)
{
    struct inventory_index x = { ARENA_ARRAY(a, const struct inventory_entry *, n + 1), n };
    for (size_t i = 0; i < n; i++) x.sorted[i] = &items[i];
    qsort(x.sorted, n, sizeof(struct inventory_entry *), by_content);
    *out = x;
}

const struct inventory_entry *inventory_index_find(const struct inventory_index *x, struct str type, struct str value)
{
    size_t from = 0, to = x->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare(x->sorted[middle]->type, type);
        if (!order) order = compare(x->sorted[middle]->value, value);
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    if (from == x->n || !str_eq(x->sorted[from]->type, type) || !str_eq(x->sorted[from]->value, value)) return NULL;
    return x->sorted[from];
}
