/* RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), which service accounts of ad servers sign their token requests
 * with. A signature takes about a millisecond: on a worker, never on the loop. Safe on any thread. */
#pragma once

#include "base/arena.h"

/* A private key as its owner was given it: PEM, PKCS#8 ("BEGIN PRIVATE KEY") or PKCS#1, unencrypted, RSA of 2,048 bits or
 * more. Errors: CONFIGURATION_ERROR, without a word of the key. */
MUST_CHECK int rsa_key_check(struct str pem, struct err *e);

MUST_CHECK int rsa_sha256_sign(struct arena *a, struct str pem, struct str data, struct str *signature, struct err *e);

/* A JSON Web Token (RFC 7519): header {"alg":"RS256","typ":"JWT","kid":...}, `claims` is a JSON object. `key_id` may be
 * empty; it must be printable ASCII without quotes. */
struct jwt {
    struct str key_id, claims, pem;
};
MUST_CHECK int jwt_rs256(struct arena *a, const struct jwt *in, struct str *out, struct err *e);
