/* See memory.h. A table of sets: what is made anew takes the place of another of its set, in turn. So it is bounded whatever
 * ids callers think of, and what is asked for all the time is seldom made twice. */
#include "store/memory.h"

#include <stdlib.h>

#include "store/store_internal.h"

#define SETS      256
#define WAYS      4
#define BYTES_MAX ((size_t)64 * 1024) /* of one: larger ones are made each time */

struct remembered {
    struct arena_shared shared;
    struct arena arena; /* holds everything below */
    struct memory_of of;
    struct reads reads;
    struct tx_work work; /* what making it took; whoever compares work (tx_work) sees it each time */
    struct changes_basis basis;
    const void *value;
};

struct memory {
    struct remembered *sets[SETS][WAYS];
    uint8_t next[SETS];
};

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(1099511628211);
    return (h ^ 0x1f) * UINT64_C(1099511628211);
}

static size_t set_of(const struct memory_of *of)
{
    uint64_t h = mix(UINT64_C(14695981039346656037), &of->make, sizeof(of->make));
    h = mix(mix(mix(h, of->tenant_id.p, of->tenant_id.n), of->id.p, of->id.n), of->also.p, of->also.n);
    for (size_t i = 0; i < ARRAY_LEN(of->numbers); i++) h = (h ^ (uint64_t)of->numbers[i]) * UINT64_C(1099511628211);
    return (size_t)((h * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
}
_Static_assert(SETS == 256, "a set is a byte");

static bool same(const struct memory_of *x, const struct memory_of *y)
{
    return x->make == y->make && str_eq(x->id, y->id) && str_eq(x->tenant_id, y->tenant_id) &&
           str_eq(x->also, y->also) && memcmp(x->numbers, y->numbers, sizeof(x->numbers)) == 0;
}

static void release(struct arena_shared *s)
{
    struct remembered *r = CONTAINER_OF(s, struct remembered, shared);
    struct arena all = r->arena; /* which holds r itself */
    arena_finish(&all);
}

static void reads_add(struct reads *to, const struct reads *more)
{
    for (size_t i = 0; i < READS_WORDS; i++) {
        to->own[i] |= more->own[i];
        to->any[i] |= more->any[i];
    }
    to->unknown |= more->unknown;
}

/* One with one reference, which is the caller's; NULL: as *rc says. */
static struct remembered *make(struct tx *tx, const struct memory_of *of, int *rc, struct err *e)
{
    struct arena all;
    struct reads before = tx->reads;
    struct tx_work work = tx->work;
    arena_init(&all);
    struct remembered *r = ARENA_NEW(&all, struct remembered);
    r->shared = (struct arena_shared){ 1, release };
    r->of = *of;
    r->of.tenant_id = arena_dup(&all, of->tenant_id);
    r->of.id = arena_dup(&all, of->id);
    r->of.also = arena_dup(&all, of->also);
    tx->reads = (struct reads){ 0 };
    *rc = of->make(tx, &all, &r->of, &r->value, e);
    r->reads = tx->reads;
    reads_add(&tx->reads, &before);
    r->work = (struct tx_work){ tx->work.statements - work.statements, tx->work.rows - work.rows,
                                tx->work.steps - work.steps };
    r->arena = all;
    if (*rc == 1) return r;
    arena_finish(&all);
    return NULL;
}

static void keep(struct store *s, size_t set, struct remembered *r)
{
    if (!s->memory) s->memory = calloc(1, sizeof(*s->memory));
    ENSURE(s->memory != NULL);
    struct memory *m = s->memory;
    size_t way = m->next[set]++ % WAYS;
    for (size_t i = 0; i < WAYS; i++) {
        struct remembered *old = m->sets[set][i];
        if (!old || same(&old->of, &r->of)) way = i;
    }
    if (m->sets[set][way]) arena_shared_unref(&m->sets[set][way]->shared);
    m->sets[set][way] = r;
    r->shared.refs++;
}

static struct remembered *find(struct tx *tx, size_t set, const struct memory_of *of)
{
    struct memory *m = tx->store->memory;
    for (size_t i = 0; m && i < WAYS; i++) {
        struct remembered *r = m->sets[set][i];
        if (r && same(&r->of, of) && changes_seen(tx, &r->basis)) return r;
    }
    return NULL;
}

int memory_get(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e)
{
    if (!tx->store || !tx->store->changes) return of->make(tx, a, of, out, e);
    size_t set = set_of(of);
    struct remembered *r = find(tx, set, of);
    if (r) {
        reads_add(&tx->reads, &r->reads);
        tx->work.statements += r->work.statements;
        tx->work.rows += r->work.rows;
        tx->work.steps += r->work.steps;
        arena_share(a, &r->shared);
        *out = r->value;
        return 1;
    }
    int rc;
    r = make(tx, of, &rc, e);
    if (!r) return rc;
    a->damaged = a->damaged || r->arena.damaged;
    arena_share(a, &r->shared);
    *out = r->value;
    if (!r->arena.damaged && r->arena.used_bytes <= BYTES_MAX &&
        changes_basis_shared(tx, &r->reads, of->tenant_id, &r->basis))
        keep(tx->store, set, r);
    arena_shared_unref(&r->shared);
    return 1;
}

void memory_forget(struct store *s)
{
    for (size_t i = 0; s->memory && i < SETS * WAYS; i++) {
        struct remembered *r = s->memory->sets[i / WAYS][i % WAYS];
        if (r) arena_shared_unref(&r->shared);
    }
    free(s->memory);
    s->memory = NULL;
}
