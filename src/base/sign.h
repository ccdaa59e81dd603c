/* Asymmetric signatures: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (signature as r||s, 64 bytes).
 * Pure, except that sign_generate takes randomness from the operating system; safe on any thread. */
#pragma once

#include "base/compiler.h"

#define SIGN_KEY_BYTES       32
#define SIGN_SIGNATURE_BYTES 64

enum sign_alg { SIGN_ED25519, SIGN_ES256 };

struct sign_public {
    enum sign_alg alg;
    uint8_t x[SIGN_KEY_BYTES];
    uint8_t y[SIGN_KEY_BYTES]; /* ES256 only */
};

struct sign_private {
    struct sign_public pub;
    uint8_t d[SIGN_KEY_BYTES];
};

void sign_generate(enum sign_alg alg, struct sign_private *out);

/* A private key made ready for many signatures. Any number of threads may sign with it at a time. */
struct sign_ready;
/* NULL when the key is not one (a damaged row). */
struct sign_ready *sign_ready_create(const struct sign_private *key);
void sign_ready_destroy(struct sign_ready *r); /* NULL-safe */
enum sign_alg sign_ready_alg(const struct sign_ready *r);
MUST_CHECK int sign_make(const struct sign_ready *key, struct str data, uint8_t out[SIGN_SIGNATURE_BYTES]);

/* False for a wrong signature, a signature of another length and a key that is not on its curve. */
bool sign_verify(const struct sign_public *key, struct str data, struct str signature);

/* RFC 9421 names ("ed25519", "ecdsa-p256-sha256"). */
const char *sign_alg_name(enum sign_alg alg);
MUST_CHECK int sign_alg_parse(struct str name, enum sign_alg *out);
