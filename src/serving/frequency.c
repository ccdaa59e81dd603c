#include "serving/frequency.h"

#include <stdlib.h>

#define WAYS       8    /* places an entry may be in */
#define SETS_FIRST 128
#define PENDING_S  60   /* a decision without an impression is forgotten after that */

struct entry {
    struct exposure seen;
    uint16_t pending;
    uint32_t pending_s;
};

struct frequency {
    struct entry *entries; /* sets of WAYS; an empty place has visitor 0 */
    size_t sets, sets_max, n;
};

struct frequency *frequency_create(size_t entries_max)
{
    struct frequency *f = calloc(1, sizeof(*f));
    ENSURE(f != NULL);
    f->sets_max = SETS_FIRST;
    while (f->sets_max * WAYS < entries_max) f->sets_max *= 2;
    f->sets = SETS_FIRST;
    f->entries = calloc(f->sets * WAYS, sizeof(*f->entries));
    ENSURE(f->entries != NULL);
    return f;
}

void frequency_destroy(struct frequency *f)
{
    if (!f) return;
    free(f->entries);
    free(f);
}

size_t frequency_entries(const struct frequency *f)
{
    return f->n;
}

static struct entry *set_of(const struct frequency *f, const struct exposure *who)
{
    uint64_t h = ((uint64_t)who->visitor << 32 | who->package) * UINT64_C(0x9E3779B97F4A7C15);
    return &f->entries[(h >> 32 & (f->sets - 1)) * WAYS];
}

static struct entry *find(const struct frequency *f, const struct exposure *who)
{
    struct entry *set = set_of(f, who);
    for (int i = 0; i < WAYS; i++) {
        if (set[i].seen.visitor == who->visitor && set[i].seen.package == who->package) return &set[i];
    }
    return NULL;
}

static uint32_t useful_until(const struct entry *e)
{
    uint32_t pending = e->pending ? e->pending_s + PENDING_S : 0;
    return pending > e->seen.useful_until_s ? pending : e->seen.useful_until_s;
}

/* The place to write a new one: an empty one, else the one that is useful for the shortest time. */
static struct entry *place(struct entry *set)
{
    struct entry *best = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].seen.visitor == 0) return &set[i];
        if (useful_until(&set[i]) < useful_until(best)) best = &set[i];
    }
    return best;
}

static struct entry *put(struct frequency *f, const struct entry *e)
{
    struct entry *to = place(set_of(f, &e->seen));
    if (to->seen.visitor == 0) f->n++;
    *to = *e;
    return to;
}

static void grow(struct frequency *f)
{
    struct frequency bigger = { .sets = 2 * f->sets, .sets_max = f->sets_max };
    bigger.entries = calloc(bigger.sets * WAYS, sizeof(*bigger.entries));
    ENSURE(bigger.entries != NULL);
    for (size_t i = 0; i < f->sets * WAYS; i++) {
        if (f->entries[i].seen.visitor) (void)put(&bigger, &f->entries[i]);
    }
    free(f->entries);
    *f = bigger;
}

static uint16_t group_size(const struct frequency_cap *cap)
{
    int size = (cap->max + FREQUENCY_GROUPS - 1) / FREQUENCY_GROUPS;
    return (uint16_t)(size < 1 ? 1 : size > UINT16_MAX ? UINT16_MAX : size);
}

static struct entry *find_or_make(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap)
{
    struct entry *e = find(f, who);
    uint16_t size = group_size(cap);
    if (!e) {
        if (f->n * 2 > f->sets * WAYS && f->sets < f->sets_max) grow(f);
        e = put(f, &(struct entry){ .seen = { .visitor = who->visitor, .package = who->package, .group_size = size } });
    }
    /* A cap that was raised: what is known then counts for more than it was, never for less. */
    if (e->seen.group_size < size) e->seen.group_size = size;
    return e;
}

static uint32_t pending(const struct entry *e, int64_t now_s)
{
    return e->pending && now_s < (int64_t)e->pending_s + PENDING_S ? e->pending : 0;
}

/* Impressions within the window, as far as groups tell: never fewer than there were. */
static int64_t seen(const struct exposure *x, const struct frequency_cap *cap, int64_t now_s)
{
    int64_t sum = 0;
    for (int i = 0; i < FREQUENCY_GROUPS && x->at_s[i]; i++) {
        if (cap->window_s != INT64_MAX && (int64_t)x->at_s[i] + cap->window_s <= now_s) break;
        sum += i == 0 ? x->in_newest : x->group_size;
    }
    return sum;
}

bool frequency_allows(const struct frequency *f, const struct exposure *who, const struct frequency_cap *cap,
                      int64_t now_s)
{
    const struct entry *e = find(f, who);
    if (!e) return true;
    if (cap->suppress_s > 0) {
        if (pending(e, now_s) || (int64_t)e->seen.at_s[0] + cap->suppress_s > now_s) return false;
    }
    return cap->max == 0 || seen(&e->seen, cap, now_s) + pending(e, now_s) < cap->max;
}

void frequency_decided(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap, int64_t now_s)
{
    struct entry *e = find_or_make(f, who, cap);
    e->pending = (uint16_t)(pending(e, now_s) + 1);
    e->pending_s = (uint32_t)now_s;
}

static uint32_t until(const struct frequency_cap *cap, int64_t now_s)
{
    int64_t longest = cap->max && cap->window_s > cap->suppress_s ? cap->window_s : cap->suppress_s;
    return longest > UINT32_MAX - now_s ? UINT32_MAX : (uint32_t)(now_s + longest);
}

void frequency_seen(struct frequency *f, const struct exposure *who, const struct frequency_cap *cap, int64_t now_s,
                    struct exposure *out)
{
    struct entry *e = find_or_make(f, who, cap);
    struct exposure *x = &e->seen;
    if (e->pending) e->pending--;
    if (x->at_s[0] == 0 || x->in_newest >= x->group_size) {
        memmove(&x->at_s[1], &x->at_s[0], sizeof(x->at_s) - sizeof(x->at_s[0]));
        x->in_newest = 0;
    }
    x->in_newest++;
    x->at_s[0] = (uint32_t)now_s;
    x->useful_until_s = until(cap, now_s);
    *out = *x;
}

void frequency_restore(struct frequency *f, const struct exposure *e, int64_t now_s)
{
    if (e->visitor == 0 || e->group_size == 0 || e->useful_until_s <= now_s) return;
    if (f->n * 2 > f->sets * WAYS && f->sets < f->sets_max) grow(f);
    struct entry *known = find(f, e);
    if (known) {
        known->seen = *e;
    } else {
        put(f, &(struct entry){ .seen = *e });
    }
}
