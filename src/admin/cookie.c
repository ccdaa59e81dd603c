#include "admin/desk.h"

#include "base/encode.h"
#include "domain/publisher/session.h"

#define SECRET_MAX 128

#define JOURNEY_MAX  300
#define JOURNEY_LIFE 600 /* seconds */

/* Behind TLS the name is one that browsers take only with Secure, without Domain and for the whole host (RFC 6265bis,
 * __Host-), so that no neighbour can put another there. */
static struct str name_of(const struct http_exchange *ex, const char *name)
{
    return str_from(ex->secure ? name : name + sizeof("__Host-") - 1);
}
#define SESSION_COOKIE "__Host-desk"
#define JOURNEY_COOKIE "__Host-desk-openid"

static struct str read_cookie(struct http_exchange *ex, const char *cookie, size_t max)
{
    struct str all = http_req_header(ex, "cookie"), name = name_of(ex, cookie);
    while (all.n) {
        while (all.n && (all.p[0] == ' ' || all.p[0] == ';')) all = str_skip(all, 1);
        const char *end = memchr(all.p, ';', all.n);
        struct str pair = { all.p, end ? (size_t)(end - all.p) : all.n };
        all = str_skip(all, pair.n);
        if (pair.n <= name.n || !str_starts(pair, name) || pair.p[name.n] != '=') continue;
        struct str value = str_skip(pair, name.n + 1);
        return id_text_valid(value, max) ? value : STR_NONE;
    }
    return STR_NONE;
}

/* `text` empty: it is taken away. */
static void set_cookie(struct http_exchange *ex, const char *cookie, struct str text, int64_t seconds)
{
    struct str value = arena_printf(&ex->arena, STR_FMT "=" STR_FMT "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
                                    STR_ARG(name_of(ex, cookie)), STR_ARG(text), text.n ? (long long)seconds : 0LL,
                                    ex->secure ? "; Secure" : "");
    ENSURE(http_rep_header(ex, "Set-Cookie", value) == 0); /* made by us */
}

struct str desk_cookie_read(struct http_exchange *ex)
{
    return read_cookie(ex, SESSION_COOKIE, SECRET_MAX);
}

void desk_cookie_set(struct http_exchange *ex, struct str secret)
{
    set_cookie(ex, SESSION_COOKIE, secret, SESSION_LIFE / USEC_PER_SEC);
}

struct str desk_journey_read(struct http_exchange *ex)
{
    return read_cookie(ex, JOURNEY_COOKIE, JOURNEY_MAX);
}

void desk_journey_set(struct http_exchange *ex, struct str text)
{
    set_cookie(ex, JOURNEY_COOKIE, text, JOURNEY_LIFE);
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
