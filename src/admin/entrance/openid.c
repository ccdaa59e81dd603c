/* Signing in with an identity provider (OpenID Connect). Nothing is stored between the way there and the way back: a cookie of this
 * browser holds a secret, the moment until which it counts and the publisher; state, nonce and PKCE's verifier are made of it
 * with the installation's secret, so that none of them can be known, kept or made by anybody else. */
#include "admin/pages.h"

#include "base/encode.h"
#include "base/rfc3339.h"
#include "protocols/auth.h"
#include "protocols/http_call_headers.h"
#include "protocols/openid.h"

#define JOURNEY_US (INT64_C(600) * USEC_PER_SEC)
#define TENANT_MAX 128
#define CODE_MAX   2048

static const char failed[] = "Signing in there did not work. Try again, or use a link or a password.";

/* "SECRET~UNTIL~PUBLISHER", the last in base64url, or empty */
struct journey {
    struct str cookie, tenant_id;
    int64_t until;
};

static struct str made(struct desk_request *r, const char *what, struct str cookie)
{
    uint8_t mac[SHA256_BYTES];
    struct str secret = tx_secret(store_read(r->dispatcher->store));
    hmac_sha256(secret, arena_printf(r->arena, "desk-openid-%s:" STR_FMT, what, STR_ARG(cookie)), mac);
    return base64url_encode(r->arena, (struct str){ (const char *)mac, sizeof(mac) });
}

static struct openid_journey journey_of(struct desk_request *r, struct str cookie)
{
    const struct http_exchange *ex = r->ex;
    return (struct openid_journey){
        .redirect_uri = arena_printf(r->arena, "%s://" STR_FMT "/admin/openid/callback", ex->secure ? "https" : "http",
                                     STR_ARG(ex->host)),
        .state = made(r, "state", cookie),
        .nonce = made(r, "nonce", cookie),
        .verifier = made(r, "verifier", cookie),
    };
}

/* False for one that is none of ours, or too old. */
static bool read_journey(struct desk_request *r, struct journey *out)
{
    struct str rest = desk_journey_read(r->ex);
    const char *first = rest.n ? memchr(rest.p, '~', rest.n) : NULL;
    if (!first) return false;
    out->cookie = rest;
    rest = str_skip(rest, (size_t)(first - rest.p) + 1);
    const char *second = rest.n ? memchr(rest.p, '~', rest.n) : NULL;
    struct str until = { rest.p, second ? (size_t)(second - rest.p) : 0 };
    out->until = 0;
    for (size_t i = 0; i < until.n && until.n < 13; i++) out->until = out->until * 10 + (until.p[i] - '0');
    if (base64_decode(r->arena, str_skip(rest, until.n + 1), &out->tenant_id)) return false;
    return out->until * USEC_PER_SEC > loop_now(r->dispatcher->loop) &&
           (!out->tenant_id.n || id_text_valid(out->tenant_id, TENANT_MAX));
}

/* ---- there ---- */

struct departure {
    struct openid_wait wait;
    struct desk_request *r;
};

static void depart(struct openid_wait *w, bool ready)
{
    struct desk_request *r = CONTAINER_OF(w, struct departure, wait)->r;
    struct dispatcher *d = r->dispatcher;
    struct str publisher = desk_query(r, "publisher");
    if (!ready) {
        desk_refuse_entry(r, 503,
                          "The identity provider cannot be reached now. Use a link or a password, or try again.");
        return;
    }
    if (!id_text_valid(publisher, TENANT_MAX)) publisher = STR_NONE;
    struct str secret = secret_new(r->arena, &d->loop->rng), named = base64url_encode(r->arena, publisher);
    struct str cookie = arena_printf(r->arena, STR_FMT "~%lld~" STR_FMT, STR_ARG(secret),
                                     (long long)((loop_now(d->loop) + JOURNEY_US) / USEC_PER_SEC), STR_ARG(named));
    struct openid_journey j = journey_of(r, cookie);
    desk_journey_set(r->ex, cookie);
    desk_go(r, openid_url(d->openid, r->arena, &j).p);
}

/* A page of somebody else's must not sign people in at a publisher of its choice, which ends their session and binds them there. */
static bool sent_from_elsewhere(struct desk_request *r)
{
    struct str site = http_req_header(r->ex, "sec-fetch-site");
    return site.n && !str_is(site, "same-origin") && !str_is(site, "none");
}

static void start(struct desk_request *r)
{
    if (sent_from_elsewhere(r)) {
        struct str publisher = desk_query(r, "publisher");
        desk_go(r, id_text_valid(publisher, TENANT_MAX)
                       ? arena_printf(r->arena, "/admin/sign-in?publisher=" STR_FMT, STR_ARG(publisher)).p
                       : "/admin/sign-in");
        return;
    }
    if (!r->dispatcher->openid) {
        desk_trouble(r, 404, "No identity provider is set up here.");
        return;
    }
    struct departure *d = ARENA_NEW(r->arena, struct departure);
    *d = (struct departure){ .wait.done = depart, .r = r };
    openid_when_ready(r->dispatcher->openid, &d->wait);
}

const struct desk_page desk_page_openid = {
    .path = "/openid", .title = "Sign in", .handle = start, .signed_out = true
};

/* ---- back ---- */

struct arrival {
    struct openid_redemption redemption;
    struct desk_request *r;
};

static void entered(struct call *c)
{
    struct desk_request *r = desk_of(c);
    if (c->outcome != CALL_OK) {
        desk_refuse_entry(r, c->outcome == CALL_UNAVAILABLE ? 503 : 403, arena_cstr(r->arena, desk_reason(r)));
        return;
    }
    desk_cookie_set(r->ex, json_str(json_parse_own(r->arena, c->body), "session"));
    desk_go(r, "/admin");
}

static void redeemed(struct openid_redemption *x, bool ok)
{
    struct desk_request *r = CONTAINER_OF(x, struct arrival, redemption)->r;
    if (!ok) {
        struct call_headers h;
        call_headers_read(r->ex, &h);
        auth_note_wrong(r->dispatcher, &h, r->tenant_id);
        desk_refuse_entry(r, 403, failed);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(r->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_str(doc, args, "issuer", openid_issuer(r->dispatcher->openid));
    json_add_str(doc, args, "subject", x->person.subject);
    json_add_str_opt(doc, args, "email", x->person.email);
    desk_add_where(r, doc, args);
    desk_call(r, "x_session_openid", doc, entered);
}

static void arrive(struct desk_request *r)
{
    struct journey j;
    struct str code = desk_query(r, "code");
    bool ours =
        r->dispatcher->openid && read_journey(r, &j) && secret_eq(desk_query(r, "state"), made(r, "state", j.cookie));
    desk_journey_set(r->ex, STR_NONE); /* it counts once */
    if (!ours) {
        desk_refuse_entry(r, 403, "This way in was begun elsewhere, or too long ago. Begin again here.");
        return;
    }
    r->tenant_id = j.tenant_id;
    if (!code.n || code.n > CODE_MAX) { /* what the provider says of it is not shown: anybody could write it */
        desk_refuse_entry(r, 403, failed);
        return;
    }
    struct arrival *a = ARENA_NEW(r->arena, struct arrival);
    *a = (struct arrival){ .redemption = { .arena = r->arena,
                                           .journey = journey_of(r, j.cookie),
                                           .code = code,
                                           .issuer = desk_query(r, "iss"),
                                           .done = redeemed },
                           .r = r };
    openid_redeem(r->dispatcher->openid, &a->redemption);
}

const struct desk_page desk_page_openid_callback = {
    .path = "/openid/callback", .title = "Sign in", .handle = arrive, .signed_out = true
};
