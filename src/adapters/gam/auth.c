/* The access token: an assertion signed with a service account's key (RFC 7523), or a refresh token (RFC 6749 §6).
 * One function makes it for every verb. */
#include "adapters/gam/gam.h"

#include "base/rfc3339.h"
#include "base/rsa.h"

#define SCOPE       "https://www.googleapis.com/auth/admanager https://www.googleapis.com/auth/dfp"
#define LIFE_S      3600 /* the longest that Google allows */
#define TOKEN_BYTES 65536
#define TOKEN_MAX   4096

static int assertion_body(const struct gam_config *c, int64_t now, struct arena *a, struct str *body, struct err *e)
{
    yyjson_mut_doc *d = doc_new(a);
    yyjson_mut_val *claims = doc_root(d);
    int64_t at = now / USEC_PER_SEC;
    struct str jwt;
    doc_add_str(d, claims, "iss", c->email);
    doc_add_str(d, claims, "scope", STR(SCOPE));
    doc_add_str(d, claims, "aud", c->token_url);
    doc_add_i64(d, claims, "iat", at);
    doc_add_i64(d, claims, "exp", at + LIFE_S);
    struct jwt in = { .key_id = c->key_id, .claims = doc_write(a, claims), .pem = c->private_key };
    if (jwt_rs256(a, &in, &jwt, e)) return -1;
    *body = arena_printf(a, "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Ajwt-bearer&assertion=" STR_FMT,
                         STR_ARG(jwt));
    return 0;
}

int gam_token_ask(const void *config, int64_t now, struct arena *a, struct http_call *out, struct err *e)
{
    static const struct http_header form[] = { { { "Content-Type", 12 },
                                                 { "application/x-www-form-urlencoded", 33 } } };
    const struct gam_config *c = config;
    struct str body;
    if (!c->private_key.n) {
        body = arena_printf(
            a, "grant_type=refresh_token&client_id=" STR_FMT "&client_secret=" STR_FMT "&refresh_token=" STR_FMT,
            STR_ARG(text_escaped(a, c->client_id)), STR_ARG(text_escaped(a, c->client_secret)),
            STR_ARG(text_escaped(a, c->refresh_token)));
    } else if (assertion_body(c, now, a, &body, e)) {
        return -1;
    }
    *out = (struct http_call){ .method = STR("POST"),
                               .url = c->token_url,
                               .headers = form,
                               .headers_n = 1,
                               .body = body,
                               .reach = HTTP_REACH_OPERATOR,
                               .body_bytes_max = TOKEN_BYTES };
    return 0;
}

/* Why Google gave none: {"error": "invalid_grant", "error_description": "..."}. */
static struct str told(struct arena *a, const struct http_call *answer)
{
    yyjson_val *root = doc_read(a, answer->response);
    struct str code = text_cut(doc_str(root, "error"), 60), text = text_cut(doc_str(root, "error_description"), 100);
    return arena_printf(a, "Google gave no access token (status %d): " STR_FMT " " STR_FMT, answer->status,
                        STR_ARG(code), STR_ARG(text));
}

static bool token_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] > 0x7e) return false;
    }
    return s.n > 0 && s.n <= TOKEN_MAX;
}

enum adapter_verdict gam_token_read(const void *config, int64_t now, struct arena *a, const struct http_call *answer,
                                    struct adapter_token *out, struct str *reason)
{
    (void)config;
    if (answer->outcome != HTTP_OK) {
        *reason = arena_printf(a, "Google's token endpoint did not answer: %s", answer->reason);
        return ADAPTER_TRY_LATER;
    }
    if (answer->status != 200) {
        *reason = told(a, answer);
        bool busy = answer->status == 429 || answer->status >= 500;
        return busy ? ADAPTER_TRY_LATER : ADAPTER_REFUSED;
    }
    yyjson_val *root = doc_read(a, answer->response);
    struct str token = doc_str(root, "access_token");
    int64_t life = doc_i64(root, "expires_in", LIFE_S);
    if (!token_plain(token)) {
        *reason = STR("Google's token endpoint answered without a token");
        return ADAPTER_TRY_LATER;
    }
    if (life < 0 || life > 10 * LIFE_S) life = LIFE_S;
    *out = (struct adapter_token){ token, now + life * USEC_PER_SEC };
    return ADAPTER_OK;
}

void gam_authorize(const void *config, struct str token, struct arena *a, struct http_call *call)
{
    (void)config;
    struct http_header *h = ARENA_ARRAY(a, struct http_header, call->headers_n + 1);
    if (call->headers_n) memcpy(h, call->headers, call->headers_n * sizeof(*h));
    h[call->headers_n] =
        (struct http_header){ STR("Authorization"), arena_printf(a, "Bearer " STR_FMT, STR_ARG(token)) };
    call->headers = h;
    call->headers_n++;
}
