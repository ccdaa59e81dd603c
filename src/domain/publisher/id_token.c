#include "domain/publisher/id_token.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/jws.h"
#include "base/rfc3339.h"
#include "contract/limits.h"

#define EMAIL_MAX      254
#define SUBJECT_MAX    255
#define KEYS_MAX       64
#define ISSUED_AHEAD_S 300

struct parts {
    struct str header, claims, signature; /* decoded */
    struct str input; /* what was signed */
};

static int wrong(struct err *e, const char *what)
{
    return err_set(e, "INVALID_REQUEST", "the ID token %s", what);
}

/* header.claims.signature (RFC 7515 §3.1) */
static int split(struct arena *a, struct str token, struct parts *out, struct err *e)
{
    const char *first = token.n ? memchr(token.p, '.', token.n) : NULL;
    const char *last = token.n ? memrchr(token.p, '.', token.n) : NULL;
    if (token.n > ID_TOKEN_BYTES_MAX || !first || first == last) return wrong(e, "is no signed token");
    struct str head = { token.p, (size_t)(first - token.p) };
    struct str middle = { first + 1, (size_t)(last - first) - 1 };
    struct str tail = str_skip(token, (size_t)(last - token.p) + 1);
    out->input = (struct str){ token.p, (size_t)(last - token.p) };
    if (base64_decode(a, head, &out->header) || base64_decode(a, middle, &out->claims) ||
        base64_decode(a, tail, &out->signature))
        return wrong(e, "is not base64");
    return 0;
}

static yyjson_val *parse(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err ignored; /* NULL says it */
    return json_parse(a, text, &json_limits_answer, &doc, &ignored) ? NULL : yyjson_doc_get_root(doc);
}

static struct str member(struct arena *a, yyjson_val *jwk, const char *key)
{
    struct str bytes;
    return base64_decode(a, json_str(jwk, key), &bytes) ? STR_NONE : bytes;
}

static bool suits(yyjson_val *jwk, struct str kid, struct str alg)
{
    struct str use = json_str(jwk, "use"), its = json_str(jwk, "alg");
    return (!kid.n || str_eq(json_str(jwk, "kid"), kid)) && (!use.n || str_is(use, "sig")) &&
           (!its.n || str_eq(its, alg));
}

/* 0 verified; 1 no key of that name. Without a name each key may be meant. */
static int verify(struct arena *a, const struct parts *p, yyjson_val *header, yyjson_val *keys, struct err *e)
{
    struct str kid = json_str(header, "kid"), alg = json_str(header, "alg");
    yyjson_val *jwk;
    size_t i, n, tried = 0;
    if (json_has(header, "crit")) return wrong(e, "asks for extensions");
    yyjson_arr_foreach(json_arr(keys, "keys"), i, n, jwk) {
        if (i == KEYS_MAX) break;
        if (!suits(jwk, kid, alg)) continue;
        struct jws_key key = { .kty = json_str(jwk, "kty"),
                               .crv = json_str(jwk, "crv"),
                               .n = member(a, jwk, "n"),
                               .e = member(a, jwk, "e"),
                               .x = member(a, jwk, "x"),
                               .y = member(a, jwk, "y") };
        tried++;
        if (jws_verify(alg, &key, p->input, p->signature)) return 0;
    }
    return tried ? wrong(e, "has a signature that does not verify") : 1;
}

/* "aud" is a text or a list; where there are others, the token must have been made for us ("azp"). */
static bool for_us(yyjson_val *claims, struct str client_id)
{
    yyjson_val *aud = yyjson_obj_get(claims, "aud"), *one;
    bool among = str_eq(json_val_str(aud), client_id) && client_id.n;
    size_t i, n, others = 0;
    yyjson_arr_foreach(aud, i, n, one) {
        if (str_eq(json_val_str(one), client_id)) among = true;
        else others++;
    }
    if (!among) return false;
    return json_has(claims, "azp") ? str_eq(json_str(claims, "azp"), client_id) : others == 0;
}

static int check_claims(yyjson_val *claims, const struct id_token_expected *x, struct err *e)
{
    int64_t now_s = x->now / USEC_PER_SEC, exp = json_i64_or(claims, "exp", 0), iat = json_i64_or(claims, "iat", 0);
    if (!x->issuer.n || !str_eq(json_str(claims, "iss"), x->issuer)) return wrong(e, "is of another issuer");
    if (!for_us(claims, x->client_id)) return wrong(e, "is for another client");
    if (exp <= now_s - ID_TOKEN_SKEW_S) return wrong(e, "has expired");
    if (iat <= 0 || iat > now_s + ISSUED_AHEAD_S) return wrong(e, "does not say when it was made, or later than now");
    if (!x->nonce.n || !secret_eq(json_str(claims, "nonce"), x->nonce))
        return wrong(e, "is of another sign-in (nonce)");
    struct str sub = json_str(claims, "sub");
    return sub.n && sub.n <= SUBJECT_MAX ? 0 : wrong(e, "names nobody");
}

struct str email_normal(struct arena *a, struct str text)
{
    size_t ats = 0;
    if (text.n < 3 || text.n > EMAIL_MAX || text.p[0] == '@' || text.p[text.n - 1] == '@') return STR_NONE;
    char *out = arena_alloc(a, text.n);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c <= ' ' || c >= 127 || strchr("\"<>(),:;[]\\", c)) return STR_NONE;
        ats += c == '@';
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return ats == 1 ? (struct str){ out, text.n } : STR_NONE;
}

struct str id_token_email(struct arena *a, yyjson_val *claims)
{
    return json_bool_or(claims, "email_verified", false) ? email_normal(a, json_str(claims, "email")) : STR_NONE;
}

int id_token_read(struct arena *a, struct str token, const struct id_token_expected *x, struct id_token *out,
                  struct err *e)
{
    struct parts p;
    if (split(a, token, &p, e)) return -1;
    yyjson_val *header = parse(a, p.header), *claims = parse(a, p.claims);
    if (!yyjson_is_obj(header) || !yyjson_is_obj(claims)) return wrong(e, "is not JSON");
    int rc = verify(a, &p, header, x->keys, e);
    if (rc) return rc;
    if (check_claims(claims, x, e)) return -1;
    *out = (struct id_token){ json_str(claims, "sub"), id_token_email(a, claims) };
    return 0;
}
