#include "serving/marks.h"

#include <stdlib.h>

#define PAGE_TOKENS 1024
#define PAGES_MAX   (1u << 14) /* of an epoch: 16 million tokens; the issuer begins a new one long before */

struct page {
    uint16_t bits[PAGE_TOKENS];
};

struct epoch {
    uint32_t id;
    int64_t until_ms;
    struct page **pages;
    size_t pages_n;
};

struct marks {
    struct marks_options o;
    struct epoch *epochs; /* few: an epoch lasts minutes and is kept for hours */
    size_t n, cap;
    size_t bytes;
};

struct marks *marks_create(const struct marks_options *o)
{
    struct marks *m = calloc(1, sizeof(*m));
    ENSURE(m != NULL);
    m->o = *o;
    return m;
}

static void forget(struct marks *m, size_t i)
{
    struct epoch *e = &m->epochs[i];
    for (size_t p = 0; p < e->pages_n; p++) {
        if (!e->pages[p]) continue;
        free(e->pages[p]);
        m->bytes -= sizeof(struct page);
    }
    free(e->pages);
    m->epochs[i] = m->epochs[--m->n];
}

void marks_destroy(struct marks *m)
{
    if (!m) return;
    while (m->n) forget(m, m->n - 1);
    free(m->epochs);
    free(m);
}

static struct epoch *find(const struct marks *m, uint32_t id)
{
    for (size_t i = m->n; i-- > 0;) {
        if (m->epochs[i].id == id) return &m->epochs[i];
    }
    return NULL;
}

void marks_open(struct marks *m, uint32_t id, int64_t until_ms)
{
    if (find(m, id)) return;
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 16;
        m->epochs = realloc(m->epochs, m->cap * sizeof(*m->epochs));
        ENSURE(m->epochs != NULL);
    }
    m->epochs[m->n++] = (struct epoch){ .id = id, .until_ms = until_ms };
}

void marks_turn(struct marks *m, int64_t now_ms)
{
    for (size_t i = m->n; i-- > 0;) {
        if (m->epochs[i].until_ms + m->o.life_ms <= now_ms) forget(m, i);
    }
}

/* Makes room for one page at the cost of the oldest epoch, but never of `keep`. */
static bool make_room(struct marks *m, uint32_t keep)
{
    while (m->bytes + sizeof(struct page) > m->o.bytes_max) {
        size_t oldest = m->n;
        for (size_t i = 0; i < m->n; i++) {
            if (m->epochs[i].id == keep) continue;
            if (oldest == m->n || m->epochs[i].until_ms < m->epochs[oldest].until_ms) oldest = i;
        }
        if (oldest == m->n) return false;
        forget(m, oldest);
    }
    return true;
}

static struct page *known_page(const struct epoch *e, uint32_t sequence)
{
    size_t index = sequence / PAGE_TOKENS;
    return index < e->pages_n ? e->pages[index] : NULL;
}

/* The page of a token of a known epoch, made when there is none yet; NULL: there is no memory for it. */
static struct page *page_of(struct marks *m, uint32_t id, uint32_t sequence)
{
    size_t index = sequence / PAGE_TOKENS;
    struct page *known = known_page(find(m, id), sequence);
    if (known) return known;
    if (index >= PAGES_MAX || !make_room(m, id)) return NULL;
    struct epoch *e = find(m, id); /* after make_room, which moves them */
    if (index >= e->pages_n) {
        size_t n = index + 1 > 2 * e->pages_n ? index + 1 : 2 * e->pages_n;
        e->pages = realloc(e->pages, n * sizeof(*e->pages));
        ENSURE(e->pages != NULL);
        memset(e->pages + e->pages_n, 0, (n - e->pages_n) * sizeof(*e->pages));
        e->pages_n = n;
    }
    e->pages[index] = calloc(1, sizeof(struct page));
    ENSURE(e->pages[index] != NULL);
    m->bytes += sizeof(struct page);
    return e->pages[index];
}

enum mark marks_set(struct marks *m, uint32_t id, uint32_t sequence, int bit)
{
    if (!find(m, id)) return MARK_UNKNOWN;
    struct page *p = page_of(m, id, sequence);
    if (!p) return MARK_NO_MEMORY;
    uint16_t *bits = &p->bits[sequence % PAGE_TOKENS], one = (uint16_t)(1u << bit);
    if (*bits & one) return MARK_WAS_SET;
    *bits |= one;
    return MARK_SET;
}

void marks_restore(struct marks *m, uint32_t id, uint32_t sequence, uint16_t bits)
{
    struct page *p = find(m, id) ? page_of(m, id, sequence) : NULL;
    if (p) p->bits[sequence % PAGE_TOKENS] |= bits;
}

bool marks_has(const struct marks *m, uint32_t id, uint32_t sequence, int bit)
{
    const struct epoch *e = find(m, id);
    const struct page *p = e ? known_page(e, sequence) : NULL;
    return p && p->bits[sequence % PAGE_TOKENS] >> bit & 1;
}

size_t marks_bytes(const struct marks *m)
{
    return m->bytes;
}

size_t marks_epochs(const struct marks *m)
{
    return m->n;
}
