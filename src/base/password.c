#include "base/password.h"

#include <argon2.h>

/* RFC 9106, section 4, the second recommendation, in one lane: there is one thread. */
#define PASSES     3
#define MEMORY_KIB 65536
#define LANES      1
#define HASH_BYTES 32

const char password_nobodys[] =
    "$argon2id$v=19$m=65536,t=3,p=1$w/CHP2p9N8T9QFTqF6p1/Q$MXg7M0PrB+J+QAV7hzBR/OdEIsxmNEmpxjHDgKKVLrs";

int password_hash(struct str password, const uint8_t salt[PASSWORD_SALT_BYTES], char out[PASSWORD_HASH_MAX])
{
    int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, PASSWORD_SALT_BYTES,
                                   HASH_BYTES, out, PASSWORD_HASH_MAX);
    return rc == ARGON2_OK ? 0 : -1;
}

bool password_matches(struct str password, const char *hash)
{
    return argon2id_verify(hash, password.p, password.n) == ARGON2_OK;
}
