#include "base/sign.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#define POINT_BYTES (1 + 2 * SIGN_KEY_BYTES)

const char *sign_alg_name(enum sign_alg alg)
{
    switch (alg) {
    case SIGN_ED25519: return "ed25519";
    case SIGN_ES256: return "ecdsa-p256-sha256";
    }
    ENSURE(!"a signature algorithm");
}

int sign_alg_parse(struct str name, enum sign_alg *out)
{
    if (str_is(name, "ed25519")) {
        *out = SIGN_ED25519;
    } else if (str_is(name, "ecdsa-p256-sha256")) {
        *out = SIGN_ES256;
    } else {
        return -1;
    }
    return 0;
}

static void point_of(const struct sign_public *pub, uint8_t out[POINT_BYTES])
{
    out[0] = 4; /* uncompressed */
    memcpy(out + 1, pub->x, SIGN_KEY_BYTES);
    memcpy(out + 1 + SIGN_KEY_BYTES, pub->y, SIGN_KEY_BYTES);
}

/* `d` may be NULL for a public key. NULL when the numbers are no key. */
static EVP_PKEY *es256_key(const struct sign_public *pub, const uint8_t *d)
{
    EVP_PKEY *key = NULL;
    uint8_t point[POINT_BYTES];
    point_of(pub, point);
    BIGNUM *scalar = d ? BN_bin2bn(d, SIGN_KEY_BYTES, NULL) : NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    ENSURE(b != NULL && ctx != NULL);
    ENSURE(OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0));
    ENSURE(OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)));
    if (scalar) ENSURE(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, scalar));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    int selection = d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &key, selection, params) <= 0) key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(scalar);
    return key;
}

/* The public half is computed, not believed: signing under a wrong one would give the key away. */
static EVP_PKEY *private_key(const struct sign_private *k)
{
    if (k->pub.alg == SIGN_ES256) return es256_key(&k->pub, k->d);
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->d, SIGN_KEY_BYTES);
}

static EVP_PKEY *public_key(const struct sign_public *k)
{
    if (k->alg == SIGN_ES256) return es256_key(k, NULL);
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->x, SIGN_KEY_BYTES);
}

static const EVP_MD *digest_of(enum sign_alg alg)
{
    return alg == SIGN_ES256 ? EVP_sha256() : NULL;
}

void sign_generate(enum sign_alg alg, struct sign_private *out)
{
    *out = (struct sign_private){ .pub.alg = alg };
    size_t n = SIGN_KEY_BYTES;
    EVP_PKEY *key = alg == SIGN_ES256 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    ENSURE(key != NULL);
    if (alg == SIGN_ED25519) {
        ENSURE(EVP_PKEY_get_raw_private_key(key, out->d, &n) == 1 && n == SIGN_KEY_BYTES);
        ENSURE(EVP_PKEY_get_raw_public_key(key, out->pub.x, &n) == 1 && n == SIGN_KEY_BYTES);
    } else {
        BIGNUM *x = NULL, *y = NULL, *d = NULL;
        ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1);
        ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1);
        ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1);
        ENSURE(BN_bn2binpad(x, out->pub.x, SIGN_KEY_BYTES) == SIGN_KEY_BYTES);
        ENSURE(BN_bn2binpad(y, out->pub.y, SIGN_KEY_BYTES) == SIGN_KEY_BYTES);
        ENSURE(BN_bn2binpad(d, out->d, SIGN_KEY_BYTES) == SIGN_KEY_BYTES);
        BN_free(x);
        BN_free(y);
        BN_clear_free(d);
    }
    EVP_PKEY_free(key);
}

static int der_to_pair(const uint8_t *der, size_t n, uint8_t out[SIGN_SIGNATURE_BYTES])
{
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
    if (!s) return -1;
    int ok = BN_bn2binpad(ECDSA_SIG_get0_r(s), out, SIGN_KEY_BYTES) == SIGN_KEY_BYTES &&
             BN_bn2binpad(ECDSA_SIG_get0_s(s), out + SIGN_KEY_BYTES, SIGN_KEY_BYTES) == SIGN_KEY_BYTES;
    ECDSA_SIG_free(s);
    return ok ? 0 : -1;
}

/* Finding an algorithm's implementation costs OpenSSL 3 a tenth of a signature: done once, and copied. */
struct sign_ready {
    enum sign_alg alg;
    EVP_PKEY *key;
    EVP_MD_CTX *prepared;
};

struct sign_ready *sign_ready_create(const struct sign_private *k)
{
    struct sign_ready *r = calloc(1, sizeof(*r));
    ENSURE(r != NULL);
    r->alg = k->pub.alg;
    r->key = private_key(k);
    r->prepared = EVP_MD_CTX_new();
    ENSURE(r->prepared != NULL);
    if (r->key && EVP_DigestSignInit(r->prepared, NULL, digest_of(r->alg), NULL, r->key) == 1) return r;
    sign_ready_destroy(r);
    return NULL;
}

void sign_ready_destroy(struct sign_ready *r)
{
    if (!r) return;
    EVP_MD_CTX_free(r->prepared);
    EVP_PKEY_free(r->key);
    free(r);
}

enum sign_alg sign_ready_alg(const struct sign_ready *r)
{
    return r->alg;
}

int sign_make(const struct sign_ready *k, struct str data, uint8_t out[SIGN_SIGNATURE_BYTES])
{
    uint8_t raw[128];
    size_t n = sizeof(raw);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL);
    int ok = EVP_MD_CTX_copy_ex(ctx, k->prepared) == 1 &&
             EVP_DigestSign(ctx, raw, &n, (const uint8_t *)(data.n ? data.p : ""), data.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) return -1;
    if (k->alg == SIGN_ES256) return der_to_pair(raw, n, out);
    ENSURE(n == SIGN_SIGNATURE_BYTES);
    memcpy(out, raw, n);
    return 0;
}

/* r||s -> DER, into `out` of at least 80 bytes. 0 on failure. */
static size_t pair_to_der(const uint8_t *pair, uint8_t *out)
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair, SIGN_KEY_BYTES, NULL), *v = BN_bin2bn(pair + SIGN_KEY_BYTES, SIGN_KEY_BYTES, NULL);
    ENSURE(s != NULL && r != NULL && v != NULL);
    ENSURE(ECDSA_SIG_set0(s, r, v) == 1);
    uint8_t *p = out;
    int n = i2d_ECDSA_SIG(s, &p);
    ECDSA_SIG_free(s);
    return n > 0 ? (size_t)n : 0;
}

bool sign_verify(const struct sign_public *k, struct str data, struct str signature)
{
    if (signature.n != SIGN_SIGNATURE_BYTES) return false;
    uint8_t der[80];
    const uint8_t *sig = (const uint8_t *)signature.p;
    size_t n = signature.n;
    if (k->alg == SIGN_ES256) {
        n = pair_to_der(sig, der);
        sig = der;
        if (n == 0) return false;
    }
    EVP_PKEY *key = public_key(k);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL);
    bool ok = key && EVP_DigestVerifyInit(ctx, NULL, digest_of(k->alg), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, sig, n, (const uint8_t *)(data.n ? data.p : ""), data.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}
