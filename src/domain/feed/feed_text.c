/* Which encoding a feed is in, and the feed in UTF-8. In this order: a byte order mark, zeros where UTF-16 has them, what an XML
 * declaration or Content-Type names, UTF-8 when it is that, else Windows-1252, which is what unlabelled text of the web is
 * read as (WHATWG Encoding). Latin-1 is so often named by servers that do not know that valid UTF-8 is believed instead. */
#include <iconv.h>
#include <strings.h>

#include "base/encode.h"
#include "domain/feed/feed_internal.h"

#define GROWS_MAX   4 /* bytes of UTF-8 for one byte of another encoding, at most */
#define CHARSET_MAX 40

static bool same_name(struct str a, const char *b)
{
    return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

/* What an XML declaration says; empty: nothing. */
static struct str declared(struct str body)
{
    const char *end =
        body.p && str_starts(body, STR("<?xml")) ? memmem(body.p, body.n < 200 ? body.n : 200, "?>", 2) : NULL;
    const char *at = end ? memmem(body.p, (size_t)(end - body.p), "encoding", 8) : NULL;
    if (!at) return STR_NONE;
    at += 8;
    while (at < end && (*at == ' ' || *at == '=')) at++;
    if (at == end || (*at != '"' && *at != '\'')) return STR_NONE;
    const char *close = memchr(at + 1, *at, (size_t)(end - at) - 1);
    return close ? (struct str){ at + 1, (size_t)(close - at) - 1 } : STR_NONE;
}

/* charset of a Content-Type; empty: not said. */
static struct str charset_of(struct str type)
{
    for (size_t i = 0; i + 8 < type.n; i++) {
        if (strncasecmp(type.p + i, "charset=", 8) != 0) continue;
        struct str name = str_skip(type, i + 8);
        if (name.n && name.p[0] == '"') name = str_skip(name, 1);
        size_t n = 0;
        while (n < name.n && !strchr("\"; ", name.p[n])) n++;
        return (struct str){ name.p, n };
    }
    return STR_NONE;
}

static bool is_name(struct str s)
{
    if (s.n == 0 || s.n > CHARSET_MAX) return false;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z');
        if (!letter && !(s.p[i] >= '0' && s.p[i] <= '9') && !strchr("-_.:", s.p[i])) return false;
    }
    return true;
}

static int convert(struct arena *a, const char *from, struct str *body, struct err *e)
{
    iconv_t how = iconv_open("UTF-8", from);
    if (how == (iconv_t)-1) {
        return err_set(e, "INVALID_REQUEST", "The feed is in %s, which is not read here; UTF-8 always is.", from);
    }
    size_t room = body->n * GROWS_MAX + 4, left = body->n, free_bytes = room;
    char *out = arena_alloc_raw(a, room), *in = (char *)(uintptr_t)body->p, *at = out;
    size_t rc = iconv(how, &in, &left, &at, &free_bytes);
    (void)iconv_close(how); /* nothing can be done about it */
    if (rc == (size_t)-1) {
        return err_set(e, "INVALID_REQUEST",
                       "The feed is not in %s, as which it is read, from byte %zu on; UTF-8 is best.", from,
                       body->n - left);
    }
    *body = (struct str){ out, room - free_bytes };
    return 0;
}

/* The order of bytes that marks or zeros show; NULL: none. Takes a mark away. */
static const char *wide(struct str *body)
{
    static const struct {
        struct str mark;
        const char *name;
    } marks[] = { { { "\xff\xfe\0\0", 4 }, "UTF-32LE" },
                  { { "\0\0\xfe\xff", 4 }, "UTF-32BE" },
                  { { "\xff\xfe", 2 }, "UTF-16LE" },
                  { { "\xfe\xff", 2 }, "UTF-16BE" } };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (!str_starts(*body, marks[i].mark)) continue;
        *body = str_skip(*body, marks[i].mark.n);
        return marks[i].name;
    }
    if (body->n < 2) return NULL;
    if (body->p[0] && !body->p[1]) return "UTF-16LE";
    return !body->p[0] && body->p[1] ? "UTF-16BE" : NULL;
}

static bool is_latin(struct str name)
{
    static const char *const names[] = { "iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (same_name(name, names[i])) return true;
    }
    return false;
}

int feed_text(struct arena *a, struct str content_type, struct str *body, struct err *e)
{
    if (str_starts(*body, STR("\xef\xbb\xbf"))) {
        *body = str_skip(*body, 3);
        return 0;
    }
    const char *from = wide(body);
    if (from) return convert(a, from, body, e);
    struct str name = charset_of(content_type);
    if (!is_name(name)) name = declared(*body);
    bool utf8 = utf8_valid(*body), latin = is_latin(name);
    if (!is_name(name) || latin) return utf8 ? 0 : convert(a, "WINDOWS-1252", body, e);
    /* UTF-16 that has no zeros where it would have them is named by mistake. */
    bool narrow = same_name(name, "utf-8") || same_name(name, "utf8") || same_name(name, "utf-16");
    if (narrow && utf8) return 0;
    if (narrow) return err_set(e, "INVALID_REQUEST", "The feed is not UTF-8, as it says it is.");
    return convert(a, arena_cstr(a, name), body, e);
}
