/* Secrets at rest: AES-256-GCM (NIST SP 800-38D) under keys that are kept outside the database and have versions, so
 * that a key can be replaced while what an older one has sealed can still be opened.
 *
 *     "seal1:" VERSION ":" base64url( nonce[12] | ciphertext | tag[16] )
 *
 * `about` says what the text belongs to (a publisher, an ad server). It is sealed along: text that was moved to another
 * place does not open there. */
#pragma once

#include "base/arena.h"

#define SEAL_KEY_BYTES 32
#define SEAL_KEYS_MAX  64

struct seal_key {
    int64_t version; /* from 1 */
    uint8_t bytes[SEAL_KEY_BYTES];
};

/* Ascending by version; the last one seals, all of them open. */
struct seal_ring {
    struct seal_key keys[SEAL_KEYS_MAX];
    size_t n;
};

/* Appends a key made of the system's randomness, with the next version. -1 when the ring is full. */
MUST_CHECK int seal_ring_grow(struct seal_ring *r);
/* Forgets all keys but the newest. */
void seal_ring_forget(struct seal_ring *r);

/* The text of a key file: "VERSION HEX\n" for each key. Errors: CONFIGURATION_ERROR, naming the line. */
struct str seal_ring_text(struct arena *a, const struct seal_ring *r);
MUST_CHECK int seal_ring_parse(struct str text, struct seal_ring *out, struct err *e);

/* True for what looks sealed. */
bool seal_is(struct str text);
/* The version of the key that sealed it; 0 when it is not sealed. */
int64_t seal_version(struct str text);

/* The ring has a key. `about` is not secret. */
struct str seal_text(struct arena *a, const struct seal_ring *r, struct str about, struct str plain);
/* Errors: CONFIGURATION_ERROR when its key is not in the ring, when it was changed, or belongs elsewhere. */
MUST_CHECK int seal_open(struct arena *a, const struct seal_ring *r, struct str about, struct str sealed,
                         struct str *plain, struct err *e);
