#include "base/first_occurrence.h"

#include <stdlib.h>

struct placed {
    struct str id;
    size_t at;
};

static int by_id(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;
    if (a->id.n != b->id.n) return a->id.n < b->id.n ? -1 : 1;
    int order = a->id.n ? memcmp(a->id.p, b->id.p, a->id.n) : 0;
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

const size_t *first_occurrences(struct arena *a, const struct str *ids, size_t n)
{
    struct placed *sorted = ARENA_ARRAY(a, struct placed, n + 1);
    size_t *first = ARENA_ARRAY(a, size_t, n + 1);
    for (size_t i = 0; i < n; i++) sorted[i] = (struct placed){ ids[i], i };
    qsort(sorted, n, sizeof(*sorted), by_id);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && str_eq(sorted[i].id, sorted[i - 1].id);
        first[sorted[i].at] = same ? first[sorted[i - 1].at] : sorted[i].at;
    }
    return first;
}
