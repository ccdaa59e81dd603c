#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES     8192
#define BLOCK_BYTES_MAX (256 * 1024) /* blocks double up to this, so that a large reply takes few of them */

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct arena_hold {
    struct arena_hold *next;
    struct arena_shared *shared;
};

void arena_init(struct arena *a)
{
    *a = (struct arena){ 0 };
}

void arena_shared_unref(struct arena_shared *s)
{
    ENSURE(s->refs > 0);
    if (--s->refs == 0) s->free(s);
}

void arena_finish(struct arena *a)
{
    for (struct arena_hold *h = a->holds; h; h = h->next) arena_shared_unref(h->shared);
    for (struct arena_block *b = a->head; b;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    arena_init(a);
}

static struct arena_block *block_new(size_t payload_bytes)
{
    struct arena_block *b = malloc(sizeof(*b) + payload_bytes);
    ENSURE(b != NULL);
    b->next = NULL;
    b->size = payload_bytes;
    b->used = 0;
    return b;
}

void arena_reserve(struct arena *a, size_t bytes)
{
    ENSURE(!a->head && bytes < SIZE_MAX / 2);
    a->head = block_new(bytes);
}

void *arena_alloc_raw(struct arena *a, size_t bytes)
{
    ENSURE(bytes < SIZE_MAX / 2);
    size_t need = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *b = a->head;
    if (!b || b->size - b->used < need) {
        size_t size = !b ? BLOCK_BYTES : b->size * 2 > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : b->size * 2;
        b = block_new(need > size ? need : size);
        /* A large one-off goes behind the current block so that the rest of that block stays in use. */
        if (a->head && need > size) {
            b->next = a->head->next;
            a->head->next = b;
        } else {
            b->next = a->head;
            a->head = b;
        }
    }
    void *p = b->data + b->used;
    b->used += need;
    a->used_bytes += need;
    return p;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    void *p = arena_alloc_raw(a, bytes);
    memset(p, 0, bytes);
    return p;
}

void arena_share(struct arena *a, struct arena_shared *s)
{
    struct arena_hold *h;
    if (a->holds && a->holds->shared == s) return; /* asked for again and again */
    h = arena_alloc_raw(a, sizeof(*h));
    *h = (struct arena_hold){ a->holds, s };
    a->holds = h;
    s->refs++;
}

void *arena_array(struct arena *a, size_t item_bytes, size_t n)
{
    size_t bytes;
    ENSURE(!__builtin_mul_overflow(item_bytes, n, &bytes));
    return arena_alloc(a, bytes);
}

struct str arena_dup(struct arena *a, struct str s)
{
    char *p = arena_alloc_raw(a, s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct str){ p, s.n };
}

const char *arena_cstr(struct arena *a, struct str s)
{
    return arena_dup(a, s).p;
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    ENSURE(fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    ENSURE(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap); /* cannot fail: the same call just measured it */
    return (struct str){ p, (size_t)n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}
