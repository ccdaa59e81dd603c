#include "base/rsa.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/encode.h"

#define BITS_MIN 2048

/* No passphrase is asked for at a terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static EVP_PKEY *key_of(struct str pem, struct err *e)
{
    BIO *in = pem.n && pem.n < (1 << 16) ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    if (key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= BITS_MIN) return key;
    bool rsa = key && EVP_PKEY_is_a(key, "RSA");
    EVP_PKEY_free(key);
    (void)err_set(e, "CONFIGURATION_ERROR",
                  rsa ? "the private key has fewer than %d bits"
                      : "the private key is not an RSA key of %d bits or more in PEM",
                  BITS_MIN);
    return NULL;
}

int rsa_key_check(struct str pem, struct err *e)
{
    EVP_PKEY *key = key_of(pem, e);
    if (!key) return -1;
    EVP_PKEY_free(key);
    return 0;
}

int rsa_sha256_sign(struct arena *a, struct str pem, struct str data, struct str *signature, struct err *e)
{
    EVP_PKEY *key = key_of(pem, e);
    if (!key) return -1;
    size_t n = (size_t)EVP_PKEY_get_size(key);
    uint8_t *out = arena_alloc(a, n);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL);
    bool ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, out, &n, (const uint8_t *)(data.n ? data.p : ""), data.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    if (!ok) return err_set(e, "CONFIGURATION_ERROR", "nothing can be signed with the private key");
    *signature = (struct str){ (const char *)out, n };
    return 0;
}

static bool plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e || s.p[i] == '"' || s.p[i] == '\\') return false;
    }
    return true;
}

int jwt_rs256(struct arena *a, const struct jwt *in, struct str *out, struct err *e)
{
    struct str signature;
    if (!plain(in->key_id)) return err_set(e, "CONFIGURATION_ERROR", "the key id holds characters that no key id has");
    struct str header = in->key_id.n ? arena_printf(a, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"" STR_FMT "\"}",
                                                    STR_ARG(in->key_id))
                                     : STR("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
    struct str head = base64url_encode(a, header), body = base64url_encode(a, in->claims);
    struct str input = arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(head), STR_ARG(body));
    if (rsa_sha256_sign(a, in->pem, input, &signature, e)) return -1;
    struct str tail = base64url_encode(a, signature);
    *out = arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(input), STR_ARG(tail));
    return 0;
}
