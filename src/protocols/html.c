#include "protocols/html.h"

#include "base/encode.h"

#define FIELD_MAX (2 << 20) /* a file of numbers, pasted */

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

bool html_form_sound(struct http_exchange *ex)
{
    struct str rest = ex->body, value;
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
    while (rest->n) {
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
