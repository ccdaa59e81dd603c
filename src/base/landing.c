#include "base/landing.h"

#include <string.h>

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

struct str landing_page(struct str url)
{
    for (size_t n = macro_bytes(url); n; n = macro_bytes(url)) url = str_skip(url, n);
    return url;
}
