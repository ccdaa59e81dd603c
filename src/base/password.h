/* Passwords at rest: Argon2id (RFC 9106) in the PHC string format, which carries its own salt and costs, so that costs can be
 * raised while older hashes still verify. Both functions take a tenth of a second and 64 MiB by design: they run on a
 * worker's thread (struct slow_hash), never on the loop. */
#pragma once

#include "base/compiler.h"

#define PASSWORD_SALT_BYTES 16
#define PASSWORD_HASH_MAX   160 /* with its NUL */

/* Of a password that nobody has: what is compared for a name that is not there costs as much as for one that is. */
extern const char password_nobodys[];

/* The hash as text. -1 when there is no memory for it. */
MUST_CHECK int password_hash(struct str password, const uint8_t salt[PASSWORD_SALT_BYTES], char out[PASSWORD_HASH_MAX]);
/* False, too, for what is no hash. */
bool password_matches(struct str password, const char *hash);
