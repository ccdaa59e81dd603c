#include "protocols/html.h"

#include "base/encode.h"

#define FIELD_MAX 2000

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

struct str html_form_field(struct http_exchange *ex, const char *name)
{
    struct str body = ex->body, value;
    size_t n = strlen(name);
    while (body.n) {
        const char *end = memchr(body.p, '&', body.n);
        struct str pair = { body.p, end ? (size_t)(end - body.p) : body.n };
        body = str_skip(body, pair.n + (end ? 1 : 0));
        if (pair.n <= n || memcmp(pair.p, name, n) != 0 || pair.p[n] != '=') continue;
        char *text = (char *)(uintptr_t)arena_dup(&ex->arena, str_skip(pair, n + 1)).p;
        for (char *q = text; *q; q++) *q = *q == '+' ? ' ' : *q;
        if (http_percent_decode(&ex->arena, str_from(text), &value) || value.n > FIELD_MAX) return STR_NONE;
        if (!utf8_valid(value) || (value.n && memchr(value.p, 0, value.n))) return STR_NONE;
        return value;
    }
    return STR_NONE;
}

void html_send(struct http_exchange *ex, int status, struct buf *html)
{
    struct str body = arena_dup(&ex->arena, buf_str(html));
    buf_finish(html);
    ENSURE(http_rep_header(
               ex, "Content-Security-Policy",
               STR("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")) == 0);
    ENSURE(http_rep_header(ex, "Cache-Control", STR("no-store")) == 0);
    /* Not no-referrer: browsers would send "Origin: null" with the page's own form, which web_policy.c refuses. */
    ENSURE(http_rep_header(ex, "Referrer-Policy", STR("same-origin")) == 0);
    ENSURE(http_rep_header(ex, "X-Robots-Tag", STR("noindex")) == 0);
    http_exchange_reply_with(ex, status, "text/html; charset=utf-8", body);
}
