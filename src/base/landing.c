#include "base/landing.h"

#include <string.h>
#include <strings.h>

#define NAME_BYTES_MAX 64

static const struct {
    struct str open, close;
} brackets[] = {
    { { "%%", 2 }, { "%%", 2 } }, { { "[", 1 }, { "]", 1 } }, { { "${", 2 }, { "}", 1 } },
    { { "{{", 2 }, { "}}", 2 } }, { { "{", 1 }, { "}", 1 } },
};

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_:.-", c));
}

/* The bytes of the macro at the beginning; 0: there is none. */
static size_t macro_bytes(struct str s)
{
    for (size_t i = 0; i < sizeof(brackets) / sizeof(brackets[0]); i++) {
        size_t n = brackets[i].open.n, from = n;
        if (!str_starts(s, brackets[i].open)) continue;
        while (n < s.n && n - from < NAME_BYTES_MAX && is_name_char(s.p[n])) n++;
        if (n > from && str_starts(str_skip(s, n), brackets[i].close)) return n + brackets[i].close.n;
    }
    return 0;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whether it begins like an address that is percent-encoded, once or twice: "https%3A", "http%253a". */
static bool is_encoded(struct str s)
{
    static const struct str colons[] = { { "%3A", 3 }, { "%3a", 3 }, { "%253A", 5 }, { "%253a", 5 } };
    size_t n = s.n > 5 && strncasecmp(s.p, "https", 5) == 0 ? 5 : s.n > 4 && strncasecmp(s.p, "http", 4) == 0 ? 4 : 0;
    for (size_t i = 0; n && i < sizeof(colons) / sizeof(colons[0]); i++) {
        if (str_starts(str_skip(s, n), colons[i])) return true;
    }
    return false;
}

/* What is no escape stays; nor does an escaped zero become one. */
static struct str decoded(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = high >= 0 ? hex(s.p[i + 2]) : -1;
        bool escape = low >= 0 && high * 16 + low > 0;
        out[n++] = escape ? (char)(high * 16 + low) : s.p[i];
        if (escape) i += 2;
    }
    out[n] = '\0';
    return (struct str){ out, n };
}

struct str landing_page(struct arena *a, struct str url)
{
    size_t n = macro_bytes(url);
    bool behind = n > 0;
    for (; n; n = macro_bytes(url)) url = str_skip(url, n);
    for (int times = 0; behind && times < 2 && is_encoded(url); times++) url = decoded(a, url);
    return url;
}
