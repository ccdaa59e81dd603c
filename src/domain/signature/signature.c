#include "domain/signature/signature.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/signature/signature_fields.h"

#define BASE_BYTES_MAX 65536

/* --- the signature base, RFC 9421 §2.5 -------------------------------------------------------------------- */

struct base_input {
    const struct signature_message *m;
    const struct signature_target *target;
    const struct str *components;
    size_t components_n;
    struct str params; /* from the opening parenthesis on */
};

/* The value of a covered component; STR_NONE when the message has none. */
static struct str component_value(struct arena *a, const struct base_input *in, struct str name)
{
    if (str_is(name, "@method")) return in->m->method;
    if (str_is(name, "@target-uri")) return in->target->uri;
    if (str_is(name, "@authority")) return in->target->authority;
    return signature_header(a, in->m, name);
}

/* -1 when a covered component is absent. */
static int build_base(struct arena *a, const struct base_input *in, struct str *out)
{
    struct buf b;
    buf_init(&b, BASE_BYTES_MAX);
    int rc = 0;
    for (size_t i = 0; i < in->components_n && rc == 0; i++) {
        struct str value = component_value(a, in, in->components[i]);
        if (!value.p) rc = -1;
        buf_addf(&b, "\"" STR_FMT "\": " STR_FMT "\n", STR_ARG(in->components[i]), STR_ARG(value));
    }
    buf_addf(&b, "\"@signature-params\": " STR_FMT, STR_ARG(in->params));
    if (b.overflowed) rc = -1;
    if (rc == 0) *out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return rc;
}

/* --- signing ------------------------------------------------------------------------------------------------ */

/* `sha-256=:...:` of the body. */
static struct str signature_content_digest(struct arena *a, struct str body)
{
    uint8_t sum[SHA256_BYTES];
    sha256(body, sum);
    struct str text = base64url_encode(a, (struct str){ (const char *)sum, sizeof(sum) });
    return arena_printf(a, "sha-256=:" STR_FMT ":", STR_ARG(text));
}

int signature_sign(struct arena *a, const struct signature_message *m, const struct signature_key *key,
                   const struct signature_params *p, struct http_header out[SIGNATURE_HEADERS_N])
{
    static const struct str covered[] = {
        { "@method", 7 }, { "@target-uri", 11 }, { "@authority", 10 }, { "content-type", 12 }, { "content-digest", 14 }
    };
    struct signature_target target;
    if (signature_target(a, m->url, &target)) return -1;
    struct str digest = signature_content_digest(a, m->body);
    struct http_header headers[] = { { STR("content-type"), signature_header(a, m, STR("content-type")) },
                                     { STR("content-digest"), digest } };
    struct signature_message with = *m;
    with.headers = headers;
    with.headers_n = ARRAY_LEN(headers);
    struct str params = arena_printf(
        a,
        "(\"@method\" \"@target-uri\" \"@authority\" \"content-type\" \"content-digest\");created=%lld;expires=%lld;"
        "nonce=\"" STR_FMT "\";keyid=\"" STR_FMT "\";alg=\"%s\";tag=\"%s\"",
        (long long)p->created_s, (long long)p->expires_s, STR_ARG(p->nonce), STR_ARG(key->keyid),
        sign_alg_name(sign_ready_alg(key->key)), p->tag);
    struct base_input in = { &with, &target, covered, ARRAY_LEN(covered), params };
    struct str base;
    uint8_t sig[SIGN_SIGNATURE_BYTES];
    if (build_base(a, &in, &base) || sign_make(key->key, base, sig)) return -1;
    struct str text = base64url_encode(a, (struct str){ (const char *)sig, sizeof(sig) });
    out[0] = (struct http_header){ STR("Content-Digest"), digest };
    out[1] = (struct http_header){ STR("Signature-Input"), arena_printf(a, "sig1=" STR_FMT, STR_ARG(params)) };
    out[2] = (struct http_header){ STR("Signature"), arena_printf(a, "sig1=:" STR_FMT ":", STR_ARG(text)) };
    return 0;
}

/* --- keys --------------------------------------------------------------------------------------------------- */

void signature_jwk_read(yyjson_val *jwk, struct signature_jwk *out)
{
    *out = (struct signature_jwk){ .kid = json_str(jwk, "kid"),
                                   .kty = json_str(jwk, "kty"),
                                   .crv = json_str(jwk, "crv"),
                                   .alg = json_str(jwk, "alg"),
                                   .use = json_str(jwk, "use"),
                                   .adcp_use = json_str(jwk, "adcp_use"),
                                   .x = json_str(jwk, "x"),
                                   .y = json_str(jwk, "y") };
    yyjson_val *op;
    size_t i, n;
    yyjson_arr_foreach(json_arr(jwk, "key_ops"), i, n, op) {
        if (str_is(json_val_str(op), "verify")) out->may_verify = true;
    }
}

void signature_jwk_add(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *keys, struct str kid,
                       const struct sign_public *key, const char *adcp_use)
{
    bool ec = key->alg == SIGN_ES256;
    yyjson_mut_val *jwk = json_push_obj(doc, keys);
    json_add_str(doc, jwk, "kid", kid);
    json_add_cstr(doc, jwk, "kty", ec ? "EC" : "OKP");
    json_add_cstr(doc, jwk, "crv", ec ? "P-256" : "Ed25519");
    json_add_cstr(doc, jwk, "alg", ec ? "ES256" : "EdDSA");
    json_add_cstr(doc, jwk, "use", "sig");
    json_push_str(doc, json_add_arr(doc, jwk, "key_ops"), STR("verify"));
    json_add_cstr(doc, jwk, "adcp_use", adcp_use);
    json_add_str(doc, jwk, "x", base64url_encode(a, (struct str){ (const char *)key->x, SIGN_KEY_BYTES }));
    if (ec) json_add_str(doc, jwk, "y", base64url_encode(a, (struct str){ (const char *)key->y, SIGN_KEY_BYTES }));
}

static int coordinate(struct arena *a, struct str text, uint8_t out[SIGN_KEY_BYTES])
{
    struct str bytes;
    if (base64_decode(a, text, &bytes) || bytes.n != SIGN_KEY_BYTES) return -1;
    memcpy(out, bytes.p, bytes.n);
    return 0;
}

/* Step 8: what the key says about itself must fit what it is used for. */
static int key_fits(struct arena *a, const struct signature_jwk *jwk, const struct signature_policy *p,
                    enum sign_alg alg, struct sign_public *out)
{
    bool ec = alg == SIGN_ES256;
    if (!str_is(jwk->adcp_use, p->adcp_use) || !jwk->may_verify || (jwk->use.p && !str_is(jwk->use, "sig"))) return -1;
    if (!str_is(jwk->alg, ec ? "ES256" : "EdDSA") || !str_is(jwk->kty, ec ? "EC" : "OKP") ||
        !str_is(jwk->crv, ec ? "P-256" : "Ed25519")) {
        return -1;
    }
    *out = (struct sign_public){ .alg = alg };
    return coordinate(a, jwk->x, out->x) || (ec && coordinate(a, jwk->y, out->y)) ? -1 : 0;
}

/* --- verifying ---------------------------------------------------------------------------------------------- */

struct check {
    struct arena *a;
    const struct signature_message *m;
    const struct signature_policy *p;
    struct signature_fields f;
    struct signature_target target;
    struct signature_jwk jwk;
    struct sign_public key;
    enum sign_alg alg;
};

struct failure {
    int step;
    const char *suffix; /* of the code; NULL: none */
};
#define PASS          ((struct failure){ 0, NULL })
#define FAIL(n, text) ((struct failure){ (n), (text) })

static bool covers(const struct check *c, const char *name)
{
    for (size_t i = 0; i < c->f.components_n; i++) {
        if (str_is(c->f.components[i], name)) return true;
    }
    return false;
}

static bool host_is_ascii(struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] >= 0x80) return false;
    }
    return true;
}

static bool repeated_or_listed(struct check *c, const char *name)
{
    struct str v = signature_header(c->a, c->m, str_from(name));
    return covers(c, name) && v.n && memchr(v.p, ',', v.n) != NULL;
}

/* Whether a header writes these bytes as a byte sequence of RFC 8941. */
static bool writes_padded(struct check *c, struct str header, struct str bytes)
{
    struct str text = arena_printf(c->a, ":" STR_FMT ":", STR_ARG(base64_encode(c->a, bytes)));
    return memmem(header.p, header.n, text.p, text.n) != NULL;
}

static bool all_padded(struct check *c, struct str signature)
{
    struct str digest = signature_header(c->a, c->m, STR("content-digest")), sum;
    if (!writes_padded(c, signature, c->f.signature)) return false;
    return !digest.p || signature_digest_value(c->a, digest, &sum) || writes_padded(c, digest, sum);
}

static struct failure check_parse(struct check *c)
{
    struct str input = signature_header(c->a, c->m, STR("signature-input"));
    struct str sig = signature_header(c->a, c->m, STR("signature"));
    if (!input.p || !sig.p || !host_is_ascii(c->m->url)) return FAIL(1, "_header_malformed");
    if (signature_fields_parse(c->a, input, sig, c->p->tag, &c->f)) return FAIL(1, "_header_malformed");
    if (c->p->padded && !all_padded(c, sig)) return FAIL(1, "_header_malformed");
    if (repeated_or_listed(c, "content-type") || repeated_or_listed(c, "content-digest")) {
        return FAIL(1, "_header_malformed");
    }
    return PASS;
}

static struct failure check_params(struct check *c)
{
    const struct signature_fields *f = &c->f;
    if (!f->has_created || !f->has_expires || !f->nonce.p || !f->keyid.p || !f->alg.p || !f->tag.p) {
        return FAIL(2, "_params_incomplete");
    }
    if (!str_is(f->tag, c->p->tag)) return FAIL(3, "_tag_invalid");
    if (sign_alg_parse(f->alg, &c->alg)) return FAIL(4, "_alg_not_allowed");
    if (f->expires_s <= f->created_s || f->expires_s - f->created_s > SIGNATURE_WINDOW_S ||
        c->p->now_s > f->expires_s + SIGNATURE_SKEW_S || c->p->now_s < f->created_s - SIGNATURE_SKEW_S) {
        return FAIL(5, "_window_invalid");
    }
    return PASS;
}

static struct failure check_components(struct check *c)
{
    if (!covers(c, "@method") || !covers(c, "@target-uri") || !covers(c, "@authority") ||
        (c->m->body.n && !covers(c, "content-type"))) {
        return FAIL(6, "_components_incomplete");
    }
    bool digest = covers(c, "content-digest");
    if (!digest && c->p->digest == DIGEST_REQUIRED) return FAIL(6, "_components_incomplete");
    if (digest && c->p->digest == DIGEST_FORBIDDEN) return FAIL(6, "_components_unexpected");
    if (signature_target(c->a, c->m->url, &c->target)) return FAIL(6, "_header_malformed");
    return PASS;
}

static struct failure check_key(struct check *c)
{
    const struct signature_world *w = &c->p->world;
    if (!w->key(w->arg, c->f.keyid, &c->jwk) || !str_eq(c->jwk.kid, c->f.keyid)) return FAIL(7, "_key_unknown");
    if (key_fits(c->a, &c->jwk, c->p, c->alg, &c->key)) return FAIL(8, "_key_purpose_invalid");
    switch (w->revoked(w->arg, c->f.keyid)) {
    case SIGNATURE_YES: return FAIL(9, "_key_revoked");
    case SIGNATURE_STALE: return FAIL(9, "_revocation_stale");
    case SIGNATURE_NO: break;
    }
    if (w->nonces_full(w->arg, c->f.keyid, c->target.uri)) return FAIL(9, "_rate_abuse");
    return PASS;
}

/* The digest may be written in either alphabet; what counts is the sum. */
static bool digest_matches(struct check *c)
{
    struct str header = signature_header(c->a, c->m, STR("content-digest")), claimed;
    uint8_t sum[SHA256_BYTES];
    if (signature_digest_value(c->a, header, &claimed)) return false;
    sha256(c->m->body, sum);
    return secret_eq(claimed, (struct str){ (const char *)sum, sizeof(sum) });
}

static struct failure check_crypto(struct check *c)
{
    struct base_input in = { c->m, &c->target, c->f.components, c->f.components_n, c->f.params };
    struct str base;
    if (build_base(c->a, &in, &base)) return FAIL(6, "_components_incomplete");
    if (!sign_verify(&c->key, base, c->f.signature)) return FAIL(10, "_invalid");
    /* A digest that was sent is checked, whether the signature covers it or not. */
    bool sent = signature_header(c->a, c->m, STR("content-digest")).p != NULL;
    if ((sent || covers(c, "content-digest")) && !digest_matches(c)) return FAIL(11, "_digest_mismatch");
    const struct signature_world *w = &c->p->world;
    int64_t until = c->p->now_s + SIGNATURE_WINDOW_S + SIGNATURE_SKEW_S;
    if (c->f.expires_s + SIGNATURE_SKEW_S > until) until = c->f.expires_s + SIGNATURE_SKEW_S;
    if (!w->nonce_add(w->arg, c->f.keyid, c->target.uri, c->f.nonce, until)) return FAIL(12, "_replayed");
    return PASS;
}

void signature_verify(struct arena *a, const struct signature_message *m, const struct signature_policy *p,
                      struct signature_verdict *out)
{
    static struct failure (*const checks[])(struct check *) = { check_parse, check_params, check_components, check_key,
                                                                check_crypto };
    struct check c = { .a = a, .m = m, .p = p };
    *out = (struct signature_verdict){ .outcome = SIGNATURE_VALID };
    if (!signature_header(a, m, STR("signature-input")).p && !signature_header(a, m, STR("signature")).p) {
        out->outcome = p->required ? SIGNATURE_BAD : SIGNATURE_ABSENT;
        if (p->required) (void)snprintf(out->code, sizeof(out->code), "%s_required", p->codes);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        struct failure f = checks[i](&c);
        if (!f.suffix) continue;
        out->outcome = SIGNATURE_BAD;
        out->step = f.step;
        (void)snprintf(out->code, sizeof(out->code), "%s%s", p->codes, f.suffix);
        return;
    }
    out->keyid = c.f.keyid;
    out->digest_covered = covers(&c, "content-digest");
}
