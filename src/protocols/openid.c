#include "protocols/openid.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "contract/limits.h"
#include "net/url.h"

#define KNOWN_US      (INT64_C(3600) * USEC_PER_SEC) /* metadata and keys are kept so long */
#define REST_US       (INT64_C(10) * USEC_PER_SEC) /* after a failure nobody asks for so long */
#define FRESH_US      (INT64_C(30) * USEC_PER_SEC) /* an unknown key makes us ask for keys so often at most */
#define TIMEOUT_MS    10000
#define ANSWER_MAX    ((size_t)256 << 10)
#define ENDPOINT_MAX  2048
#define REDEEMING_MAX 64

/* What the provider says of itself (OpenID Connect Discovery 1.0 §3). */
struct metadata {
    struct str authorization, token, keys, userinfo;
    bool secret_in_body; /* client_secret_post; else client_secret_basic */
    bool says_issuer; /* with each code (RFC 9207) */
};

struct openid {
    struct loop *loop;
    struct http_client *client;
    struct openid_settings s;
    struct arena own, *known, arenas[2]; /* one holds what is known, the other what is being got */
    struct metadata metadata, next; /* in the arena that is known; in the other one */
    yyjson_val *keys;
    int64_t known_at, failed_at, refreshed_at; /* 0: never; the last: for a key that nobody knew */
    struct list waiting;
    bool asking;
    struct http_call call;
    int redeeming_n;
};

/* ---- what is answered ---- */

static void complain(const char *what, const char *why)
{
    log_event(LOG_WARN, "openid", what, "why", why, NULL);
}

/* NULL after a line in the log. */
static yyjson_val *answer(struct arena *a, const struct http_call *c, const char *of)
{
    yyjson_doc *doc;
    struct err e;
    if (c->outcome != HTTP_OK || c->status != 200) {
        char why[200];
        (void)snprintf(why, sizeof(why), "%s", c->outcome == HTTP_OK ? "" : c->reason);
        if (c->outcome == HTTP_OK) (void)snprintf(why, sizeof(why), "status %d", c->status);
        complain(of, why);
        return NULL;
    }
    if (json_parse(a, c->response, &json_limits_answer, &doc, &e) == 0) return yyjson_doc_get_root(doc);
    complain(of, "the answer is not JSON");
    return NULL;
}

/* Of https, or as the issuer is; empty when it is not. */
static struct str endpoint(const struct openid *o, yyjson_val *doc, const char *member)
{
    struct str url = json_str(doc, member);
    struct url parts;
    struct err e;
    bool plain = str_starts(o->s.issuer, STR("http://"));
    if (!url.n || url.n > ENDPOINT_MAX || url_parse(url, &parts, &e)) return STR_NONE;
    return parts.scheme == URL_HTTPS || plain ? url : STR_NONE;
}

static bool lists(yyjson_val *doc, const char *member, const char *word)
{
    size_t i, n;
    yyjson_val *one;
    yyjson_arr_foreach(json_arr(doc, member), i, n, one) {
        if (str_is(json_val_str(one), word)) return true;
    }
    return false;
}

static bool read_metadata(const struct openid *o, yyjson_val *doc, struct metadata *out)
{
    static const char auth_methods[] = "token_endpoint_auth_methods_supported";
    *out =
        (struct metadata){ .authorization = endpoint(o, doc, "authorization_endpoint"),
                           .token = endpoint(o, doc, "token_endpoint"),
                           .keys = endpoint(o, doc, "jwks_uri"),
                           .userinfo = endpoint(o, doc, "userinfo_endpoint"),
                           .says_issuer = json_bool_or(doc, "authorization_response_iss_parameter_supported", false) };
    out->secret_in_body =
        lists(doc, auth_methods, "client_secret_post") && !lists(doc, auth_methods, "client_secret_basic");
    if (!str_eq(json_str(doc, "issuer"), o->s.issuer)) {
        complain("the provider is not used", "it says it is another issuer");
        return false;
    }
    if (out->authorization.n && out->token.n && out->keys.n) return true;
    complain("the provider is not used", "an endpoint is missing or not https");
    return false;
}

/* ---- getting to know the provider ---- */

static struct arena *other(struct openid *o)
{
    return o->known == &o->arenas[0] ? &o->arenas[1] : &o->arenas[0];
}

/* Those who wait now; who asks again while they are told waits for the next answer. */
static void tell(struct openid *o, bool ready)
{
    struct list now;
    list_init(&now);
    list_splice(&now, &o->waiting);
    for (struct list *n; (n = list_pop_front(&now));) {
        struct openid_wait *w = CONTAINER_OF(n, struct openid_wait, node);
        w->done(w, ready);
    }
}

static void known(struct openid *o, yyjson_val *keys)
{
    o->asking = false;
    if (keys) {
        o->known = other(o);
        o->metadata = o->next;
        o->keys = keys;
        o->known_at = loop_now(o->loop);
        o->failed_at = 0;
    } else {
        o->failed_at = loop_now(o->loop);
    }
    tell(o, keys != NULL);
}

static void get(struct openid *o, struct str url, void (*done)(struct http_call *c))
{
    static const struct http_header accept[] = { { { "Accept", 6 }, { "application/json", 16 } } };
    o->call = (struct http_call){ .method = STR("GET"),
                                  .url = url,
                                  .headers = accept,
                                  .headers_n = ARRAY_LEN(accept),
                                  .reach = HTTP_REACH_OPERATOR,
                                  .timeout_ms = TIMEOUT_MS,
                                  .body_bytes_max = ANSWER_MAX,
                                  .done = done };
    o->client->start(o->client, &o->call);
}

static void got_keys(struct http_call *c)
{
    struct openid *o = CONTAINER_OF(c, struct openid, call);
    yyjson_val *keys = answer(other(o), c, "the provider's keys cannot be read");
    o->client->finish(o->client, c);
    known(o, keys);
}

static void got_metadata(struct http_call *c)
{
    struct openid *o = CONTAINER_OF(c, struct openid, call);
    yyjson_val *doc = answer(other(o), c, "the provider cannot be asked");
    o->client->finish(o->client, c);
    if (doc && read_metadata(o, doc, &o->next)) get(o, o->next.keys, got_keys);
    else known(o, NULL);
}

static void ask(struct openid *o)
{
    struct str issuer = o->s.issuer;
    struct arena *a = other(o);
    arena_finish(a);
    arena_init(a);
    o->asking = true;
    if (issuer.p[issuer.n - 1] == '/') issuer.n--;
    get(o, arena_printf(a, STR_FMT "/.well-known/openid-configuration", STR_ARG(issuer)), got_metadata);
}

void openid_when_ready(struct openid *o, struct openid_wait *w)
{
    int64_t now = loop_now(o->loop);
    bool again = w->fresh && now - o->refreshed_at >= FRESH_US;
    list_init(&w->node);
    if (!o->asking && o->known_at && now - o->known_at < KNOWN_US && !again) {
        w->done(w, true);
        return;
    }
    if (!o->asking && o->failed_at && now - o->failed_at < REST_US) {
        w->done(w, false);
        return;
    }
    list_push_back(&o->waiting, &w->node);
    if (again) o->refreshed_at = now;
    if (!o->asking) ask(o);
}

/* ---- the way there ---- */

/* A name or value of application/x-www-form-urlencoded: unreserved characters as they are (RFC 3986 §2.3). */
static void add_encoded(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
        if (plain && c) buf_add_char(b, (char)c);
        else buf_addf(b, "%%%02X", c);
    }
}

static void add_pair(struct buf *b, char before, const char *name, struct str value)
{
    if (before) buf_add_char(b, before);
    buf_add(b, str_from(name));
    buf_add_char(b, '=');
    add_encoded(b, value);
}

static struct str taken(struct arena *a, struct buf *b)
{
    struct str out = arena_dup(a, buf_str(b));
    buf_finish(b);
    return out;
}

struct str openid_url(const struct openid *o, struct arena *a, const struct openid_journey *j)
{
    uint8_t hash[SHA256_BYTES];
    struct buf b;
    struct str to = o->metadata.authorization;
    sha256(j->verifier, hash);
    buf_init(&b, 4 * ENDPOINT_MAX);
    buf_add(&b, to);
    add_pair(&b, memchr(to.p, '?', to.n) ? '&' : '?', "response_type", STR("code"));
    add_pair(&b, '&', "scope", STR("openid email"));
    add_pair(&b, '&', "client_id", o->s.client_id);
    add_pair(&b, '&', "redirect_uri", j->redirect_uri);
    add_pair(&b, '&', "state", j->state);
    add_pair(&b, '&', "nonce", j->nonce);
    add_pair(&b, '&', "code_challenge", base64url_encode(a, (struct str){ (const char *)hash, sizeof(hash) }));
    add_pair(&b, '&', "code_challenge_method", STR("S256"));
    return taken(a, &b);
}

/* ---- the way back ---- */

static struct openid_redemption *of_call(struct http_call *c)
{
    return CONTAINER_OF(c, struct openid_redemption, call);
}

static void end(struct openid_redemption *r, bool ok)
{
    r->openid->redeeming_n--;
    r->done(r, ok);
}

static void send_call(struct openid_redemption *r, const struct http_call *what)
{
    r->call = *what;
    r->call.headers = r->headers;
    r->call.reach = HTTP_REACH_OPERATOR;
    r->call.timeout_ms = TIMEOUT_MS;
    r->call.body_bytes_max = ANSWER_MAX;
    r->openid->client->start(r->openid->client, &r->call);
}

/* Providers that keep the ID token small say the address here (OpenID Connect Core §5.3). */
static void told_more(struct http_call *c)
{
    struct openid_redemption *r = of_call(c);
    yyjson_val *claims = answer(r->arena, c, "the provider does not say who this is");
    r->openid->client->finish(r->openid->client, c);
    bool same = claims && str_eq(json_str(claims, "sub"), r->person.subject);
    if (claims && !same) complain("UserInfo is refused", "it is about somebody else");
    if (same) r->person.email = id_token_email(r->arena, claims);
    end(r, same);
}

static void ask_more(struct openid_redemption *r)
{
    r->headers[0] = (struct http_header){ STR("Accept"), STR("application/json") };
    r->headers[1] = (struct http_header){ STR("Authorization"),
                                          arena_printf(r->arena, "Bearer " STR_FMT, STR_ARG(r->access_token)) };
    send_call(r, &(struct http_call){ .method = STR("GET"),
                                      .url = arena_dup(r->arena, r->openid->metadata.userinfo),
                                      .headers_n = 2,
                                      .done = told_more });
}

static void judge(struct openid_redemption *r);

static void judge_again(struct openid_wait *w, bool ready)
{
    struct openid_redemption *r = CONTAINER_OF(w, struct openid_redemption, wait);
    if (ready) judge(r);
    else end(r, false);
}

static bool header_safe(struct str token)
{
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] <= ' ' || token.p[i] >= 127) return false;
    }
    return token.n > 0;
}

static void judge(struct openid_redemption *r)
{
    struct openid *o = r->openid;
    const struct id_token_expected expected = { o->s.issuer, o->s.client_id, r->journey.nonce, o->keys,
                                                loop_now(o->loop) };
    struct err e;
    int rc = id_token_read(r->arena, r->id_token, &expected, &r->person, &e);
    if (rc == 1 && !r->wait.fresh) {
        r->wait = (struct openid_wait){ .done = judge_again, .fresh = true };
        openid_when_ready(o, &r->wait);
        return;
    }
    if (rc)
        complain("an ID token is refused",
                 rc == 1 ? "it is signed with a key that the provider does not publish" : e.message);
    bool more = rc == 0 && !r->person.email.n && o->metadata.userinfo.n && header_safe(r->access_token);
    if (more) ask_more(r);
    else end(r, rc == 0);
}

static void redeemed(struct http_call *c)
{
    struct openid_redemption *r = of_call(c);
    yyjson_val *tokens = answer(r->arena, c, "the provider gives nothing for a code");
    r->openid->client->finish(r->openid->client, c);
    r->id_token = json_str(tokens, "id_token");
    r->access_token = json_str(tokens, "access_token");
    if (tokens && !r->id_token.n) complain("an ID token is refused", "there is none");
    if (r->id_token.n) judge(r);
    else end(r, false);
}

/* RFC 6749 §2.3.1: both are encoded before they are joined. */
static struct str basic(struct arena *a, const struct openid_settings *s)
{
    struct buf b;
    buf_init(&b, 4 * ENDPOINT_MAX);
    add_encoded(&b, s->client_id);
    buf_add_char(&b, ':');
    add_encoded(&b, s->client_secret);
    struct str both = base64_encode(a, taken(a, &b));
    return arena_printf(a, "Basic " STR_FMT, STR_ARG(both));
}

static void redeem(struct openid_wait *w, bool ready)
{
    struct openid_redemption *r = CONTAINER_OF(w, struct openid_redemption, wait);
    struct openid *o = r->openid;
    struct buf b;
    if (!ready || (r->issuer.n ? !str_eq(r->issuer, o->s.issuer) : o->metadata.says_issuer)) {
        if (ready) complain("a code is refused", "it is of another issuer");
        end(r, false);
        return;
    }
    bool in_body = !o->s.client_secret.n || o->metadata.secret_in_body;
    buf_init(&b, 8 * ENDPOINT_MAX);
    add_pair(&b, 0, "grant_type", STR("authorization_code"));
    add_pair(&b, '&', "code", r->code);
    add_pair(&b, '&', "redirect_uri", r->journey.redirect_uri);
    add_pair(&b, '&', "code_verifier", r->journey.verifier);
    if (in_body) add_pair(&b, '&', "client_id", o->s.client_id);
    if (in_body && o->s.client_secret.n) add_pair(&b, '&', "client_secret", o->s.client_secret);
    r->headers[0] = (struct http_header){ STR("Content-Type"), STR("application/x-www-form-urlencoded") };
    r->headers[1] = (struct http_header){ STR("Accept"), STR("application/json") };
    r->headers[2] = (struct http_header){ STR("Authorization"), in_body ? STR_NONE : basic(r->arena, &o->s) };
    send_call(r, &(struct http_call){ .method = STR("POST"),
                                      .url = arena_dup(r->arena, o->metadata.token),
                                      .headers_n = in_body ? 2 : 3,
                                      .body = taken(r->arena, &b),
                                      .done = redeemed });
}

void openid_redeem(struct openid *o, struct openid_redemption *r)
{
    r->openid = o;
    r->wait = (struct openid_wait){ .done = redeem };
    if (o->redeeming_n++ >= REDEEMING_MAX) end(r, false);
    else openid_when_ready(o, &r->wait);
}

/* ---- life ---- */

struct openid *openid_create(struct loop *loop, struct http_client *client, const struct openid_settings *s)
{
    struct openid *o = calloc(1, sizeof(*o));
    ENSURE(o != NULL);
    o->loop = loop;
    o->client = client;
    arena_init(&o->own);
    o->s = (struct openid_settings){ arena_dup(&o->own, s->issuer), arena_dup(&o->own, s->client_id),
                                     arena_dup(&o->own, s->client_secret), arena_dup(&o->own, s->label) };
    arena_init(&o->arenas[0]);
    arena_init(&o->arenas[1]);
    o->known = &o->arenas[0];
    list_init(&o->waiting);
    return o;
}

void openid_destroy(struct openid *o)
{
    if (!o) return;
    arena_finish(&o->own);
    arena_finish(&o->arenas[0]);
    arena_finish(&o->arenas[1]);
    free(o);
}

struct str openid_label(const struct openid *o)
{
    return o->s.label;
}

struct str openid_issuer(const struct openid *o)
{
    return o->s.issuer;
}
