#include "protocols/html.h"

#include "base/encode.h"

#define FIELD_MAX    (2 << 20) /* a file of numbers */
#define BOUNDARY_MAX 70 /* RFC 2046 */

void html_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<': buf_add(b, STR("&lt;")); break;
        case '>': buf_add(b, STR("&gt;")); break;
        case '&': buf_add(b, STR("&amp;")); break;
        case '"': buf_add(b, STR("&quot;")); break;
        default: buf_add_char(b, s.p[i]);
        }
    }
}

static bool decode_value(struct http_exchange *ex, struct str encoded, struct str *value)
{
    char *text = (char *)(uintptr_t)arena_dup(&ex->arena, encoded).p;
    for (char *q = text; *q; q++) *q = *q == '+' ? ' ' : *q;
    if (http_percent_decode(&ex->arena, str_from(text), value) || value->n > FIELD_MAX) return false;
    return utf8_valid(*value) && !(value->n && memchr(value->p, 0, value->n));
}

static struct str field_value(struct http_exchange *ex, struct str encoded)
{
    struct str value;
    return decode_value(ex, encoded, &value) ? value : STR_NONE;
}

static struct str next_pair(struct str *rest)
{
    const char *end = memchr(rest->p, '&', rest->n);
    struct str pair = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
    *rest = str_skip(*rest, pair.n + (end ? 1 : 0));
    return pair;
}

/* ---- multipart/form-data ---- */

/* The boundary that the request names; empty: it is no such form. */
static struct str boundary_of(const struct http_exchange *ex)
{
    struct str type = http_req_header(ex, "content-type"), mark = STR("boundary=");
    if (!str_starts(type, STR("multipart/form-data"))) return STR_NONE;
    const char *at = memmem(type.p, type.n, mark.p, mark.n);
    if (!at) return STR_NONE;
    struct str b = str_skip(type, (size_t)(at - type.p) + mark.n);
    bool quoted = b.n && b.p[0] == '"';
    if (quoted) b = str_skip(b, 1);
    const char *end = memchr(b.p, quoted ? '"' : ';', b.n);
    if (end) b.n = (size_t)(end - b.p);
    return b.n <= BOUNDARY_MAX ? b : STR_NONE;
}

/* `name="..."` of a part's head; not that of filename="...". */
static struct str name_of(struct str head)
{
    struct str mark = STR(" name=\"");
    const char *at = memmem(head.p, head.n, mark.p, mark.n);
    if (!at) return STR_NONE;
    struct str name = str_skip(head, (size_t)(at - head.p) + mark.n);
    const char *end = memchr(name.p, '"', name.n);
    return end ? (struct str){ name.p, (size_t)(end - name.p) } : STR_NONE;
}

/* Where `before` and the boundary stand in `in`; NULL: nowhere. Allocates nothing: a body may have as many parts as bytes. */
static const char *find(struct str in, struct str before, struct str boundary)
{
    for (struct str rest = in; rest.n;) {
        const char *at = memmem(rest.p, rest.n, boundary.p, boundary.n);
        if (!at) return NULL;
        if ((size_t)(at - in.p) >= before.n && memcmp(at - before.n, before.p, before.n) == 0) return at - before.n;
        rest = str_skip(rest, (size_t)(at - rest.p) + 1);
    }
    return NULL;
}

/* The next part from `*rest` on. False: there is none that is whole. */
static bool next_part(struct str boundary, struct str *rest, struct str *name, struct str *value)
{
    const char *at = find(*rest, STR("--"), boundary);
    if (!at) return false;
    struct str part = str_skip(*rest, (size_t)(at - rest->p) + 2 + boundary.n);
    const char *end = find(part, STR("\r\n--"), boundary);
    if (!str_starts(part, STR("\r\n")) || !end) return false;
    part.n = (size_t)(end - part.p);
    *rest = str_skip(*rest, (size_t)(end - rest->p) + 2); /* the line end before the next boundary is its own */
    const char *body = memmem(part.p, part.n, "\r\n\r\n", 4);
    if (!body) return false;
    *name = name_of((struct str){ part.p, (size_t)(body - part.p) });
    *value = str_skip(part, (size_t)(body - part.p) + 4);
    return true;
}

static bool text_of(struct str raw, struct str *value)
{
    if (raw.n > FIELD_MAX || !utf8_valid(raw) || (raw.n && memchr(raw.p, 0, raw.n))) return false;
    *value = str_starts(raw, STR("\xEF\xBB\xBF")) ? str_skip(raw, 3) : raw;
    return true;
}

/* ---- either ---- */

static bool parts_sound(const struct http_exchange *ex, struct str boundary)
{
    struct str rest = ex->body, name, raw, value;
    while (next_part(boundary, &rest, &name, &raw)) {
        if (!text_of(raw, &value)) return false;
    }
    return true;
}

bool html_form_sound(struct http_exchange *ex)
{
    struct str rest = ex->body, value, boundary = boundary_of(ex);
    if (boundary.n) return parts_sound(ex, boundary);
    while (rest.n) {
        struct str pair = next_pair(&rest);
        const char *is = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
        if (is && !decode_value(ex, str_skip(pair, (size_t)(is - pair.p) + 1), &value)) return false;
    }
    return true;
}

bool html_form_next(struct http_exchange *ex, struct str *rest, const char *name, struct str *value)
{
    size_t n = strlen(name);
    struct str boundary = boundary_of(ex), found, raw;
    while (boundary.n && next_part(boundary, rest, &found, &raw)) {
        if (!str_is(found, name)) continue;
        if (!text_of(raw, value)) *value = STR_NONE;
        return true;
    }
    while (!boundary.n && rest->n) {
        struct str pair = next_pair(rest);
        if (pair.n < n + 1 || memcmp(pair.p, name, n) != 0 || pair.p[n] != '=') continue;
        *value = field_value(ex, str_skip(pair, n + 1));
        return true;
    }
    return false;
}

struct str html_form_field(struct http_exchange *ex, const char *name)
{
    struct str rest = ex->body, value;
    return html_form_next(ex, &rest, name, &value) ? value : STR_NONE;
}
