#include "admin/desk.h"

#include "base/encode.h"
#include "domain/publisher/session.h"

#define SECRET_MAX 128

/* Behind TLS the name is one that browsers take only with Secure, without Domain and for the whole host (RFC 6265bis,
 * __Host-), so that no neighbour can put another there. */
static const char *cookie_name(const struct http_exchange *ex)
{
    return ex->secure ? "__Host-desk" : "desk";
}

struct str desk_cookie_read(struct http_exchange *ex)
{
    struct str all = http_req_header(ex, "cookie"), name = str_from(cookie_name(ex));
    while (all.n) {
        while (all.n && (all.p[0] == ' ' || all.p[0] == ';')) all = str_skip(all, 1);
        const char *end = memchr(all.p, ';', all.n);
        struct str pair = { all.p, end ? (size_t)(end - all.p) : all.n };
        all = str_skip(all, pair.n);
        if (pair.n <= name.n || !str_starts(pair, name) || pair.p[name.n] != '=') continue;
        struct str value = str_skip(pair, name.n + 1);
        return id_text_valid(value, SECRET_MAX) ? value : STR_NONE;
    }
    return STR_NONE;
}

void desk_cookie_set(struct http_exchange *ex, struct str secret)
{
    long long life = secret.n ? (long long)(SESSION_LIFE / USEC_PER_SEC) : 0;
    struct str value = arena_printf(&ex->arena, "%s=" STR_FMT "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
                                    cookie_name(ex), STR_ARG(secret), life, ex->secure ? "; Secure" : "");
    ENSURE(http_rep_header(ex, "Set-Cookie", value) == 0); /* made by us */
}

struct str desk_form_token(struct arena *a, struct str installation_secret, struct str session)
{
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(installation_secret, arena_printf(a, "desk-form:" STR_FMT, STR_ARG(session)), mac);
    return base64url_encode(a, (struct str){ (const char *)mac, sizeof(mac) });
}

bool desk_same_origin(const struct http_exchange *ex)
{
    struct str origin = http_req_header(ex, "origin"), site = http_req_header(ex, "sec-fetch-site");
    if (site.n && !str_is(site, "same-origin")) return false;
    if (!origin.n) return site.n > 0;
    struct str scheme = ex->secure ? STR("https://") : STR("http://");
    if (!str_starts(origin, scheme) && !str_starts(origin, STR("https://"))) return false; /* TLS may end before us */
    const char *host = memmem(origin.p, origin.n, "://", 3);
    return str_eq(str_skip(origin, (size_t)(host - origin.p) + 3), ex->host);
}
