#include "base/jws.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/sign.h"

#define RSA_BYTES_MIN 256
#define RSA_BYTES_MAX 1024
#define EXPONENT_MAX  8

static const uint8_t *bytes(struct str s)
{
    return (const uint8_t *)(s.n ? s.p : "");
}

static EVP_PKEY *rsa_key(const struct jws_key *k)
{
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_bin2bn(bytes(k->n), (int)k->n.n, NULL), *e = BN_bin2bn(bytes(k->e), (int)k->e.n, NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    ENSURE(n != NULL && e != NULL && b != NULL && ctx != NULL);
    ENSURE(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    if (EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0) key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    if (key && EVP_PKEY_get_bits(key) >= RSA_BYTES_MIN * 8) return key;
    EVP_PKEY_free(key);
    return NULL;
}

static bool rs256(const struct jws_key *k, struct str input, struct str signature)
{
    if (!str_is(k->kty, "RSA") || k->n.n < RSA_BYTES_MIN || k->n.n > RSA_BYTES_MAX || !k->e.n || k->e.n > EXPONENT_MAX)
        return false;
    EVP_PKEY *key = rsa_key(k);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL);
    bool ok = key && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, bytes(signature), signature.n, bytes(input), input.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

static bool of_curve(enum sign_alg alg, const struct jws_key *k, struct str input, struct str signature)
{
    struct sign_public key = { .alg = alg };
    bool ed = alg == SIGN_ED25519;
    if (!str_is(k->kty, ed ? "OKP" : "EC") || !str_is(k->crv, ed ? "Ed25519" : "P-256")) return false;
    if (k->x.n != SIGN_KEY_BYTES || (!ed && k->y.n != SIGN_KEY_BYTES)) return false;
    memcpy(key.x, k->x.p, SIGN_KEY_BYTES);
    if (!ed) memcpy(key.y, k->y.p, SIGN_KEY_BYTES);
    return sign_verify(&key, input, signature);
}

bool jws_verify(struct str alg, const struct jws_key *key, struct str input, struct str signature)
{
    if (str_is(alg, "RS256")) return rs256(key, input, signature);
    if (str_is(alg, "ES256")) return of_curve(SIGN_ES256, key, input, signature);
    if (str_is(alg, "EdDSA")) return of_curve(SIGN_ED25519, key, input, signature);
    return false;
}
