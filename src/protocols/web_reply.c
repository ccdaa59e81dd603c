#include "protocols/web_reply.h"

#include "base/crypto.h"
#include "base/encode.h"

/* The values are our own. */
static void add(struct http_exchange *ex, const char *name, struct str value)
{
    ENSURE(http_rep_header(ex, name, value) == 0);
}

bool web_options_answered(struct http_exchange *ex, struct str allow)
{
    if (!http_req_is(ex, "OPTIONS")) return false;
    add(ex, "Allow", arena_printf(&ex->arena, STR_FMT ", OPTIONS", STR_ARG(allow)));
    http_exchange_reply_with(ex, 204, "text/plain", STR_NONE);
    return true;
}

bool web_methods_admit(struct http_exchange *ex, struct str allow)
{
    if (web_options_answered(ex, allow)) return false;
    struct str method = ex->method;
    for (struct str rest = allow; rest.n;) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ',') n++;
        if (str_eq(method, (struct str){ rest.p, n })) return true;
        rest = str_skip(rest, n + 2); /* ", " */
    }
    add(ex, "Allow", arena_printf(&ex->arena, STR_FMT ", OPTIONS", STR_ARG(allow)));
    http_exchange_reply_with(
        ex, 405, "application/problem+json",
        STR("{\"title\":\"Method Not Allowed\",\"status\":405,\"detail\":\"This path exists for other"
            " methods.\"}"));
    return false;
}

struct str web_tag(struct arena *a, struct str body)
{
    uint8_t hash[SHA256_BYTES];
    sha256(body, hash);
    struct str text = base64url_encode(a, (struct str){ (const char *)hash, 16 });
    return arena_printf(a, "\"" STR_FMT "\"", STR_ARG(text));
}

void web_reply_tagged(struct http_exchange *ex, const char *content_type, struct str body, struct str tag)
{
    if (!tag.n) tag = web_tag(&ex->arena, body);
    struct str have = http_req_header(ex, "if-none-match");
    bool same = have.n && (str_is(have, "*") || memmem(have.p, have.n, tag.p, tag.n));
    add(ex, "ETag", tag);
    http_exchange_reply_with(ex, same ? 304 : 200, content_type, same ? STR_NONE : body);
}
