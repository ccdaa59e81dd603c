#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){ .max = max_bytes };
}

void buf_finish(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflowed = false;
}

static bool within_max(const struct buf *b, size_t more)
{
    return more <= b->max && b->n <= b->max - more;
}

/* Makes room for `more` bytes plus a NUL. False (and sticky) when that passes the maximum. */
static bool buf_reserve(struct buf *b, size_t more)
{
    if (b->overflowed) return false;
    if (!within_max(b, more)) {
        b->overflowed = true;
        return false;
    }
    size_t need = b->n + more + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need) cap *= 2;
    char *p = realloc(b->p, cap);
    ENSURE(p != NULL);
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, struct str s)
{
    if (!buf_reserve(b, s.n)) return;
    if (s.n) memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    b->p[b->n] = '\0';
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, (struct str){ &c, 1 });
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    if (!buf_reserve(b, 0)) return;
    for (;;) { /* twice when there was no room for it */
        size_t room = b->cap - b->n;
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(b->p + b->n, room, fmt, ap);
        va_end(ap);
        ENSURE(n >= 0);
        if ((size_t)n < room && within_max(b, (size_t)n)) {
            b->n += (size_t)n;
            return;
        }
        b->p[b->n] = '\0';
        if (!buf_reserve(b, (size_t)n)) return;
    }
}

void buf_add_json_str(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0; /* start of the run that needs no escape */
    buf_add_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) continue;
        buf_add(b, (struct str){ s.p + from, i - from });
        from = i + 1;
        if (c == '"' || c == '\\') {
            char pair[] = { '\\', (char)c };
            buf_add(b, (struct str){ pair, 2 });
        } else {
            char code[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
            buf_add(b, (struct str){ code, 6 });
        }
    }
    buf_add(b, (struct str){ s.p + from, s.n - from });
    buf_add_char(b, '"');
}

int buf_whole(const struct buf *b, const char *what, struct err *e)
{
    if (!b->overflowed) return 0;
    char max[24];
    (void)snprintf(max, sizeof(max), "%zu", b->max); /* fits: 20 digits at most */
    log_event(LOG_ERROR, "limit", "a text of ours is longer than it may be", "what", what, "bytes_max", max, NULL);
    return err_set(e, "SERVICE_UNAVAILABLE",
                   "The agent could not put its answer together: it is larger than it may be.");
}

void buf_consume(struct buf *b, size_t n)
{
    ENSURE(n <= b->n);
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}
