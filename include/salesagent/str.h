/* Byte slices. A `struct str` borrows bytes owned by someone else; it is not NUL-terminated.
 * Everything inside the program that is text travels as one; a NUL-terminated string exists only at a
 * system call or library border. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(lit)   ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_NONE   ((struct str){ NULL, 0 })
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

/* A slice over a NUL-terminated string (NULL gives the empty slice). Borrowed. */
static inline struct str str_from(const char *cstr)
{
    return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_from(cstr));
}

static inline bool str_starts(struct str a, struct str prefix)
{
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

/* The part of `a` after its first `n` bytes (empty when there are fewer). */
static inline struct str str_skip(struct str a, size_t n)
{
    return n >= a.n ? (struct str){ a.p + a.n, 0 } : (struct str){ a.p + n, a.n - n };
}
