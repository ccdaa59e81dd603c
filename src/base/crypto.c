#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

#define SHA256_BLOCK_BYTES 64

void sha256(struct str data, uint8_t out[SHA256_BYTES])
{
    ENSURE(SHA256((const unsigned char *)(data.n ? data.p : ""), data.n, out) != NULL);
}

/* struct sha256_stream is never defined: its pointers are OpenSSL's contexts, under a name of ours. */
struct sha256_stream *sha256_begin(void)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    ENSURE(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
    return (struct sha256_stream *)c;
}

void sha256_more(struct sha256_stream *s, struct str piece)
{
    ENSURE(EVP_DigestUpdate((EVP_MD_CTX *)s, piece.p, piece.n) == 1);
}

void sha256_end(struct sha256_stream *s, uint8_t out[SHA256_BYTES])
{
    ENSURE(EVP_DigestFinal_ex((EVP_MD_CTX *)s, out, NULL) == 1);
    EVP_MD_CTX_free((EVP_MD_CTX *)s);
}

struct sha256_machine *sha256_machine_create(void)
{
    return (struct sha256_machine *)sha256_begin();
}

void sha256_machine_destroy(struct sha256_machine *m)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)m);
}

void sha256_machine_make(struct sha256_machine *m, struct str data, uint8_t out[SHA256_BYTES])
{
    EVP_MD_CTX *c = (EVP_MD_CTX *)m;
    ENSURE(EVP_DigestInit_ex2(c, NULL, NULL) == 1); /* once more the algorithm it was made for */
    ENSURE(EVP_DigestUpdate(c, data.n ? data.p : "", data.n) == 1 && EVP_DigestFinal_ex(c, out, NULL) == 1);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES])
{
    unsigned int n = 0;
    ENSURE(HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, (const unsigned char *)(data.n ? data.p : ""), data.n,
                out, &n) != NULL);
    ENSURE(n == SHA256_BYTES);
}

/* RFC 2104: the two halves of the key are digested once; a message starts from copies of that state. */
struct hmac_key {
    EVP_MD_CTX *inner, *outer, *work;
};

static EVP_MD_CTX *begun_with(const uint8_t block[SHA256_BLOCK_BYTES], uint8_t pad)
{
    uint8_t padded[SHA256_BLOCK_BYTES];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    for (size_t i = 0; i < sizeof(padded); i++) padded[i] = block[i] ^ pad;
    ENSURE(c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
    ENSURE(EVP_DigestUpdate(c, padded, sizeof(padded)) == 1);
    OPENSSL_cleanse(padded, sizeof(padded));
    return c;
}

struct hmac_key *hmac_key_create(struct str key)
{
    uint8_t block[SHA256_BLOCK_BYTES] = { 0 };
    struct hmac_key *k = calloc(1, sizeof(*k));
    ENSURE(k != NULL);
    if (key.n > sizeof(block)) {
        sha256(key, block);
    } else if (key.n) {
        memcpy(block, key.p, key.n);
    }
    k->inner = begun_with(block, 0x36);
    k->outer = begun_with(block, 0x5c);
    k->work = EVP_MD_CTX_new();
    ENSURE(k->work != NULL);
    OPENSSL_cleanse(block, sizeof(block));
    return k;
}

void hmac_key_destroy(struct hmac_key *k)
{
    if (!k) return;
    EVP_MD_CTX_free(k->inner);
    EVP_MD_CTX_free(k->outer);
    EVP_MD_CTX_free(k->work);
    free(k);
}

static void digest_after(struct hmac_key *k, const EVP_MD_CTX *begun, struct str data, uint8_t out[SHA256_BYTES])
{
    ENSURE(EVP_MD_CTX_copy_ex(k->work, begun) == 1 && EVP_DigestUpdate(k->work, data.n ? data.p : "", data.n) == 1);
    ENSURE(EVP_DigestFinal_ex(k->work, out, NULL) == 1);
}

void hmac_key_make(struct hmac_key *k, struct str data, uint8_t out[SHA256_BYTES])
{
    uint8_t half[SHA256_BYTES];
    digest_after(k, k->inner, data, half);
    digest_after(k, k->outer, (struct str){ (const char *)half, sizeof(half) }, out);
}

bool secret_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void random_bytes(void *out, size_t n)
{
    ENSURE(RAND_bytes(out, (int)n) == 1);
}
