#include "serving/geo.h"

#include <stdlib.h>

struct range {
    struct address first, last;
    int16_t country;
};

struct geo {
    struct range *ranges; /* by first address; none overlaps another */
    size_t n, cap;
};

static int compare(const struct address *a, const struct address *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

/* ---- a line ---- */

static struct str trimmed(struct str s)
{
    while (s.n && strchr(" \t\r\"", s.p[0])) s = str_skip(s, 1);
    while (s.n && strchr(" \t\r\"", s.p[s.n - 1])) s.n--;
    return s;
}

static struct str field(struct str *line)
{
    const char *comma = line->n ? memchr(line->p, ',', line->n) : NULL;
    struct str out = { line->p, comma ? (size_t)(comma - line->p) : line->n };
    *line = str_skip(*line, out.n + 1);
    return trimmed(out);
}

static struct address last_of(const struct network *n)
{
    struct address a = n->first;
    for (int bit = n->bits; bit < 128; bit++) a.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    return a;
}

static struct address first_of_network(const struct network *n)
{
    struct address a = n->first;
    for (int bit = n->bits; bit < 128; bit++) a.b[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
    return a;
}

static bool read_range(struct str line, struct range *out)
{
    struct network n;
    struct str first = field(&line), second = field(&line);
    if (memchr(first.p ? first.p : "", '/', first.n)) {
        if (!network_parse(first, &n)) return false;
        out->first = first_of_network(&n);
        out->last = last_of(&n);
        out->country = (int16_t)code_of(second);
    } else {
        if (!address_parse(first, &out->first) || !address_parse(second, &out->last)) return false;
        out->country = (int16_t)code_of(field(&line));
    }
    return out->country != CODE_UNKNOWN && compare(&out->first, &out->last) <= 0;
}

/* ---- all of them ---- */

static int by_first(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    int order = compare(&x->first, &y->first);
    return order ? order : -compare(&x->last, &y->last); /* the wider first, so that the narrower counts */
}

static void push(struct geo *g, const struct range *r)
{
    if (g->n == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 1024;
        g->ranges = realloc(g->ranges, g->cap * sizeof(*g->ranges));
        ENSURE(g->ranges != NULL);
    }
    g->ranges[g->n++] = *r;
}

/* The address after (or before) `a`; wraps round, which nobody asks for. */
static struct address next(struct address a, int by)
{
    for (int i = 15; i >= 0; i--) {
        a.b[i] = (uint8_t)(a.b[i] + by);
        if (a.b[i] != (by > 0 ? 0 : 0xff)) break;
    }
    return a;
}

/* Ends the innermost open range; those it lies in go on behind it, if anything is left of them. */
static void close_innermost(struct geo *out, struct range *open, size_t *depth)
{
    struct range closed = open[--*depth];
    push(out, &closed);
    while (*depth && compare(&open[*depth - 1].last, &closed.last) <= 0) --*depth;
    if (*depth) open[*depth - 1].first = next(closed.last, 1);
}

/* Cuts ranges at those that lie in them, so that one search finds the answer: a sweep with a stack of what is open. */
static void flatten(struct geo *g)
{
    struct geo out = { .n = 0 };
    struct range *open = calloc(g->n + 1, sizeof(*open));
    size_t depth = 0;
    ENSURE(open != NULL);
    if (g->n) qsort(g->ranges, g->n, sizeof(*g->ranges), by_first);
    for (size_t i = 0; i < g->n; i++) {
        struct range r = g->ranges[i];
        while (depth && compare(&open[depth - 1].last, &r.first) < 0) close_innermost(&out, open, &depth);
        if (depth && compare(&open[depth - 1].first, &r.first) < 0) {
            struct range before = open[depth - 1];
            before.last = next(r.first, -1);
            push(&out, &before);
        }
        open[depth++] = r;
    }
    while (depth) close_innermost(&out, open, &depth);
    free(open);
    free(g->ranges);
    *g = out;
}

int geo_create(struct str text, struct geo **out, struct err *e)
{
    struct geo *g = calloc(1, sizeof(*g));
    size_t number = 0;
    ENSURE(g != NULL);
    if (text.n > GEO_BYTES_MAX) {
        (void)err_set(e, "INVALID_REQUEST", "the file of countries is too large (at most %zu bytes)", GEO_BYTES_MAX);
        goto fail;
    }
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        struct str line = { text.p, end ? (size_t)(end - text.p) : text.n };
        struct range r;
        text = str_skip(text, line.n + 1);
        line = trimmed(line);
        number++;
        if (line.n == 0 || line.p[0] == '#') continue;
        if (!read_range(line, &r)) {
            if (number == 1) continue; /* headings */
            (void)err_set(e, "INVALID_REQUEST", "line %zu is neither \"first,last,country\" nor \"network,country\"",
                          number);
            goto fail;
        }
        if (g->n >= GEO_RANGES_MAX) {
            (void)err_set(e, "INVALID_REQUEST", "the file of countries has more than %d ranges", GEO_RANGES_MAX);
            goto fail;
        }
        push(g, &r);
    }
    flatten(g);
    *out = g;
    return 0;
fail:
    geo_destroy(g);
    return -1;
}

void geo_destroy(struct geo *g)
{
    if (!g) return;
    free(g->ranges);
    free(g);
}

int geo_country(const struct geo *g, const struct address *a)
{
    size_t low = 0, high = g->n; /* ranges that begin at or before the address */
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (compare(&g->ranges[mid].first, a) <= 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low == 0 || compare(&g->ranges[low - 1].last, a) < 0) return CODE_UNKNOWN;
    return g->ranges[low - 1].country;
}

size_t geo_ranges(const struct geo *g)
{
    return g->n;
}
