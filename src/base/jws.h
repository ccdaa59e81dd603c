/* Signatures of JSON Web Signature (RFC 7515) as identity providers make them: RS256 and ES256 (RFC 7518 §3.3, §3.4), and
 * EdDSA over Ed25519 (RFC 8037). Verifying alone; pure, safe on any thread. */
#pragma once

#include "base/compiler.h"

/* A public key: the members of its JWK, decoded. What does not belong to its kind is empty. */
struct jws_key {
    struct str kty, crv;
    struct str n, e; /* RSA */
    struct str x, y; /* EC; OKP has x alone */
};

/* False for an algorithm that is not served ("none" and the symmetric ones among them), a key of another kind, an RSA key of
 * fewer than 2,048 bits or more than 8,192, a point that is not on its curve, and a wrong signature. */
bool jws_verify(struct str alg, const struct jws_key *key, struct str input, struct str signature);
