/* The publisher's settings for Triton Digital:
 *
 *   { "username": "...", "password": "...", "time_zone": "America/Toronto",
 *     "names": { "campaign": "{advertiser} {name}", "flight": "{product} {package}" },
 *     "create_advertisers": true, "calls_per_second": 5, "currency": "USD", "api_url": ...,
 *     "paths": { ... }, "members": { ... } }                words.c
 *
 * and the access token, a JWT that a login call gives. */
#include "adapters/triton/triton.h"

#include "base/encode.h"
#include "base/rfc3339.h"

#define API_URL     "https://tap-api.tritondigital.com/v1"
#define TEXT_MAX    512
#define CALLS_PER_S 5 /* no limit is known; this is a guest's manners */
#define PARALLEL    4
#define JOBS        4
#define TOKEN_BYTES 65536
#define TOKEN_MAX   8192
#define LIFE_S      300 /* of a token that does not say */
#define LIFE_S_MAX  86400

static int bad(struct err *e, const char *field, const char *what)
{
    (void)err_set(e, "CONFIGURATION_ERROR", "%s", what);
    return err_field(e, "%s", field);
}

static int read_names(struct arena *a, yyjson_val *root, struct triton_config *c, struct err *e)
{
    const struct title_settings names = { "campaign", "flight", TRITON_NAME_MAX, &c->campaign_name, &c->flight_name };
    return title_settings_read(a, root, &names, e);
}

static int read_account(struct arena *a, yyjson_val *root, struct triton_config *c, struct err *e)
{
    struct err unknown;
    if (doc_opt_str(a, root, "", "username", TEXT_MAX, &c->username, e) ||
        doc_opt_str(a, root, "", "password", TEXT_MAX, &c->password, e) ||
        doc_opt_str(a, root, "", "api_url", TEXT_MAX, &c->api, e) ||
        doc_opt_str(a, root, "", "currency", 3, &c->currency, e) ||
        doc_opt_str(a, root, "", "time_zone", TZ_NAME_MAX, &c->timezone, e))
        return -1;
    if (!c->username.n) return bad(e, "/username", "username must be that of a user of Triton's booking API");
    if (!c->password.n) return bad(e, "/password", "password must be the user's");
    if (!c->timezone.n || tz_load(a, c->timezone, &c->zone, &unknown))
        return bad(e, "/time_zone",
                   "time_zone must be the IANA name of the account's, as America/Toronto: its days are booked");
    if (!str_starts(c->api, STR("https://")) && !str_starts(c->api, STR("http://")))
        return bad(e, "/api_url", "api_url must be an http or https URL");
    while (c->api.p[c->api.n - 1] == '/') c->api.n--;
    return currency_valid(c->currency) ? 0 : bad(e, "/currency", "currency must be three capital letters");
}

int triton_configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                     struct err *e)
{
    static const char *const known[] = {
        "username", "password", "time_zone", "names", "create_advertisers", "calls_per_second", "currency",
        "api_url",  "paths",    "members",   NULL
    };
    struct triton_config *c = ARENA_NEW(a, struct triton_config);
    yyjson_val *root = doc_read(a, json);
    c->api = STR(API_URL);
    c->currency = arena_dup(a, str_from(site->currency));
    if (!yyjson_is_obj(root)) return bad(e, "", "Triton Digital needs settings: username, password and time_zone");
    if (doc_only(root, "", known, e) || read_account(a, root, c, e)) return -1;
    c->makes_advertisers = doc_bool(root, "create_advertisers", false);
    int64_t pace = doc_i64(root, "calls_per_second", CALLS_PER_S);
    if (pace < 1 || pace > 100)
        return bad(e, "/calls_per_second", "calls_per_second must be a whole number from 1 to 100");
    c->calls_per_s = (int)pace;
    if (read_names(a, root, c, e) || triton_words_read(a, root, &c->words, e)) return -1;
    *config = c;
    return 0;
}

void triton_limits(const void *config, struct adapter_limits *out)
{
    const struct triton_config *c = config;
    *out = (struct adapter_limits){ .calls_per_minute = 60 * c->calls_per_s, .parallel = PARALLEL, .jobs = JOBS };
}

/* ---- the token ---- */

int triton_token_ask(const void *config, int64_t now, struct arena *a, struct http_call *out, struct err *e)
{
    static const struct http_header json[] = { { { "Content-Type", 12 }, { "application/json", 16 } } };
    const struct triton_config *c = config;
    const struct triton_call *login = &c->words.call[TRITON_LOGIN];
    yyjson_mut_doc *d = doc_new(a);
    yyjson_mut_val *root = doc_root(d);
    (void)now;
    (void)e; /* it cannot fail */
    doc_add_str(d, root, c->words.member[TRITON_LOGIN_USERNAME], c->username);
    doc_add_str(d, root, c->words.member[TRITON_LOGIN_PASSWORD], c->password);
    *out = (struct http_call){ .method = login->method,
                               .url = arena_printf(a, STR_FMT STR_FMT, STR_ARG(c->api), STR_ARG(login->path)),
                               .headers = json,
                               .headers_n = 1,
                               .body = doc_write(a, root),
                               .reach = HTTP_REACH_OPERATOR,
                               .body_bytes_max = TOKEN_BYTES };
    return 0;
}

/* What it says of its end; a token that does not say is good for five minutes. */
static int64_t expiry(struct arena *a, struct str token, int64_t now)
{
    const char *first = memchr(token.p, '.', token.n);
    struct str rest = first ? str_skip(token, (size_t)(first - token.p) + 1) : STR_NONE, claims;
    const char *second = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    int64_t end = 0, at = now / USEC_PER_SEC;
    if (second) rest.n = (size_t)(second - rest.p);
    if (rest.n && base64_decode(a, rest, &claims) == 0) end = doc_i64(doc_read(a, claims), "exp", 0);
    if (end <= at || end > at + LIFE_S_MAX) end = at + (end > at ? LIFE_S_MAX : LIFE_S);
    return end * USEC_PER_SEC;
}

static bool token_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] > 0x7e) return false;
    }
    return s.n > 0 && s.n <= TOKEN_MAX;
}

enum adapter_verdict triton_token_read(const void *config, int64_t now, struct arena *a, const struct http_call *answer,
                                       struct adapter_token *out, struct str *reason)
{
    const struct triton_words *w = &((const struct triton_config *)config)->words;
    if (answer->outcome != HTTP_OK) {
        *reason = arena_printf(a, "Triton's login did not answer: %s", answer->reason);
        return ADAPTER_TRY_LATER;
    }
    yyjson_val *root = doc_read(a, answer->response);
    if (answer->status != 200 && answer->status != 201) {
        struct str text = doc_str(doc_obj(root, w->member[TRITON_ERROR_ERROR]), w->member[TRITON_ERROR_MESSAGE]);
        *reason = arena_printf(a, "Triton's login gave no token (status %d): " STR_FMT, answer->status,
                               STR_ARG(text_cut(text, 120)));
        return answer->status == 429 || answer->status >= 500 ? ADAPTER_TRY_LATER : ADAPTER_REFUSED;
    }
    struct str token = doc_str(root, w->member[TRITON_LOGIN_TOKEN]);
    if (!token_plain(token)) {
        *reason = STR("Triton's login answered without a token");
        return ADAPTER_TRY_LATER;
    }
    *out = (struct adapter_token){ token, expiry(a, token, now) };
    return ADAPTER_OK;
}

void triton_authorize(const void *config, struct str token, struct arena *a, struct http_call *call)
{
    struct http_header *h = ARENA_ARRAY(a, struct http_header, call->headers_n + 1);
    (void)config;
    if (call->headers_n) memcpy(h, call->headers, call->headers_n * sizeof(*h));
    h[call->headers_n] =
        (struct http_header){ STR("Authorization"), arena_printf(a, "Bearer " STR_FMT, STR_ARG(token)) };
    call->headers = h;
    call->headers_n++;
}
