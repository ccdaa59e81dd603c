/* See capacity.h. Stretches that hold the window begin at its first day or before and end at its last or after. Their
 * beginning goes backwards, and flights come in as it passes their first day; over the possible ends stands a tree of
 * what each end has to spare, in which a flight takes its impressions from all ends that it lies before. */
#include "domain/product/capacity.h"

#include <stdlib.h>

#include "base/compiler.h"

__extension__ typedef __int128 wide;

/* Differences between neighbouring ends; `least` is the least sum from the first of a node's leaves to any. */
struct node {
    wide sum, least;
};

struct tree {
    struct node *nodes; /* the root is 1, the leaves stand from `leaves` on */
    size_t leaves;
};

static struct node joined(struct node l, struct node r)
{
    wide right = l.sum + r.least;
    return (struct node){ l.sum + r.sum, l.least < right ? l.least : right };
}

static void take(struct tree *t, size_t i, wide amount)
{
    size_t k = t->leaves + i;
    t->nodes[k].sum = t->nodes[k].least = t->nodes[k].sum - amount;
    for (k /= 2; k > 0; k /= 2) t->nodes[k] = joined(t->nodes[2 * k], t->nodes[2 * k + 1]);
}

static int later_start_first(const void *x, const void *y)
{
    const struct flight_days *a = x, *b = y;
    return a->start_day < b->start_day ? 1 : a->start_day > b->start_day ? -1 : 0;
}

static int by_day(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

/* The window's last day and every later one on which a flight ends, ascending, each once. */
static size_t possible_ends(const struct flight_days *flights, size_t n, int64_t end_day, int64_t *ends)
{
    size_t m = 0, kept = 0;
    ends[m++] = end_day;
    for (size_t i = 0; i < n; i++) {
        if (flights[i].end_day > end_day) ends[m++] = flights[i].end_day;
    }
    qsort(ends, m, sizeof(*ends), by_day);
    for (size_t i = 0; i < m; i++) {
        if (i == 0 || ends[i] != ends[kept - 1]) ends[kept++] = ends[i];
    }
    return kept;
}

static struct tree tree_of(struct arena *a, const int64_t *ends, size_t n, int64_t from_day, int64_t daily)
{
    const wide never = (wide)1 << 120; /* of leaves that stand for no end */
    struct tree t = { .leaves = 1 };
    while (t.leaves < n) t.leaves *= 2;
    t.nodes = ARENA_ARRAY(a, struct node, 2 * t.leaves);
    for (size_t i = 0; i < t.leaves; i++) {
        int64_t before = i == 0 ? from_day : ends[i < n ? i - 1 : 0];
        wide d = i < n ? (wide)daily * (ends[i] - before) : i == n ? never : 0;
        t.nodes[t.leaves + i] = (struct node){ d, d };
    }
    for (size_t k = t.leaves - 1; k > 0; k--) t.nodes[k] = joined(t.nodes[2 * k], t.nodes[2 * k + 1]);
    return t;
}

/* The first of the ends that is not before `day`; n when there is none. */
static size_t first_end_at(const int64_t *ends, size_t n, int64_t day)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (ends[mid] < day) low = mid + 1;
        else high = mid;
    }
    return low;
}

int64_t capacity_left(struct arena *a, const struct flight_days *flights, size_t n, struct flight_days window,
                      int64_t daily)
{
    struct flight_days *sorted = ARENA_ARRAY(a, struct flight_days, n + 1);
    int64_t *ends = ARENA_ARRAY(a, int64_t, n + 1);
    if (n) memcpy(sorted, flights, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), later_start_first);
    size_t ends_n = possible_ends(flights, n, window.end_day, ends);
    struct tree t = tree_of(a, ends, ends_n, window.start_day, daily);
    wide least = 0;
    bool looked = false;
    for (size_t i = 0; i <= n; i++) {
        /* Everything that begins at the stretch's first day or later is in: what has this stretch to spare? */
        int64_t next = i < n ? sorted[i].start_day : INT64_MIN;
        int64_t here = i > 0 && sorted[i - 1].start_day < window.start_day ? sorted[i - 1].start_day : window.start_day;
        if (next < here) {
            wide spare = t.nodes[1].least + (wide)daily * (window.start_day - here);
            if (!looked || spare < least) least = spare;
            looked = true;
        }
        if (i < n) {
            size_t at = first_end_at(ends, ends_n, sorted[i].end_day);
            if (at < ends_n) take(&t, at, sorted[i].impressions);
        }
    }
    return least < 0 ? 0 : least > INT64_MAX ? INT64_MAX : (int64_t)least;
}
