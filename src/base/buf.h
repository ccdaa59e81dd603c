/* A growing byte buffer with a mandatory maximum. Sticky: once an append would pass the maximum, the buffer
 * stays as it was, `overflowed` is set and later appends do nothing; check once at the end. */
#pragma once

#include "base/compiler.h"

struct buf {
    char *p;
    size_t n, cap, max;
    bool overflowed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_finish(struct buf *b); /* idempotent */
void buf_clear(struct buf *b);  /* keeps the memory, forgets the overflow */

void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Appends `s` as a JSON string literal with quotes. */
void buf_add_json_str(struct buf *b, struct str s);
/* 0 when everything that was added is there. Else SERVICE_UNAVAILABLE, with a line in the log that names `what`: the
 * operation fails, and what it has written is undone with it. */
MUST_CHECK int buf_whole(const struct buf *b, const char *what, struct err *e);
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes */

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}
