#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

void sha256(struct str data, uint8_t out[SHA256_BYTES])
{
    ENSURE(SHA256((const unsigned char *)(data.n ? data.p : ""), data.n, out) != NULL);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_BYTES])
{
    unsigned int n = 0;
    ENSURE(HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, (const unsigned char *)(data.n ? data.p : ""), data.n,
                out, &n) != NULL);
    ENSURE(n == SHA256_BYTES);
}

bool secret_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void random_bytes(void *out, size_t n)
{
    ENSURE(RAND_bytes(out, (int)n) == 1);
}
