/* HTTP message signatures, RFC 9421, in the AdCP profile: requests that buyers sign (tag adcp/request-signing/v1)
 * and webhooks that we sign (tag adcp/webhook-signing/v1). Pure: time, keys, revocation and replay are handed in.
 *
 * Covered: @method, @target-uri (canonical), @authority, content-type when there is a body, content-digest as the
 * policy says. One signature is looked at: the label `sig1`, else the first with our tag. Binary values are written as
 * base64url without padding; either alphabet is read, never both mixed, unless the policy wants what RFC 8941 says: AdCP
 * 3.2 does. Source: AdCP 3.0 to 3.2 security profile, its verifier checklist (whose order decides which error is reported) and published test vectors. */
#pragma once

#include <salesagent/http_call.h>

#include "base/arena.h"
#include "base/sign.h"
#include "contract/json.h"

#define SIGNATURE_TAG_REQUEST "adcp/request-signing/v1"
#define SIGNATURE_TAG_WEBHOOK "adcp/webhook-signing/v1"
#define SIGNATURE_WINDOW_S    300
#define SIGNATURE_SKEW_S      60

struct signature_message {
    struct str method;
    struct str url; /* absolute: scheme, authority, path and query as they were on the wire */
    const struct http_header *headers; /* names in any case; repeated ones count as joined by ", " */
    size_t headers_n;
    struct str body;
};

/* ---- canonical URL ---- */

struct signature_target {
    struct str uri, authority;
};
/* -1: not an absolute http(s) URL whose host is ASCII. */
MUST_CHECK int signature_target(struct arena *a, struct str url, struct signature_target *out);

/* ---- signing ---- */

struct signature_key {
    struct str keyid;
    const struct sign_ready *key;
};
struct signature_params {
    const char *tag;
    int64_t created_s, expires_s;
    struct str nonce;
};
/* The three headers, in the order content-digest, signature-input, signature. -1: the URL or key is no good. */
#define SIGNATURE_HEADERS_N 3
MUST_CHECK int signature_sign(struct arena *a, const struct signature_message *m, const struct signature_key *key,
                              const struct signature_params *p, struct http_header out[SIGNATURE_HEADERS_N]);

/* ---- keys as JSON (RFC 7517) ---- */

struct signature_jwk {
    struct str kid, kty, crv, alg, use, adcp_use, x, y;
    bool may_verify; /* key_ops has "verify" */
};
void signature_jwk_read(yyjson_val *jwk, struct signature_jwk *out);
/* Adds `key` as a public JWK with adcp_use. */
void signature_jwk_add(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *keys, struct str kid,
                       const struct sign_public *key, const char *adcp_use);

/* ---- verifying ---- */

enum signature_digest { DIGEST_EITHER, DIGEST_REQUIRED, DIGEST_FORBIDDEN };

enum signature_known { SIGNATURE_NO, SIGNATURE_YES, SIGNATURE_STALE /* the revocation list is too old to tell */ };

/* What a verifier must ask the world. `scope` is the canonical target URI. */
struct signature_world {
    void *arg;
    bool (*key)(void *arg, struct str keyid, struct signature_jwk *out);
    enum signature_known (*revoked)(void *arg, struct str keyid);
    bool (*nonces_full)(void *arg, struct str keyid, struct str scope);
    /* Remembers the nonce until then; false when it is already known. */
    bool (*nonce_add)(void *arg, struct str keyid, struct str scope, struct str nonce, int64_t until_s);
};

struct signature_policy {
    const char *tag;
    const char *adcp_use; /* what the key must be for: "request-signing", "webhook-signing" */
    const char *codes;    /* prefix of the error codes: "request_signature", "webhook_signature" */
    enum signature_digest digest;
    bool padded; /* binary values in base64 with padding, and in nothing else */
    bool required;        /* an unsigned message is an error */
    int64_t now_s;
    struct signature_world world;
};

enum signature_outcome { SIGNATURE_ABSENT, SIGNATURE_VALID, SIGNATURE_BAD };

struct signature_verdict {
    enum signature_outcome outcome;
    char code[64];    /* of a BAD one: for WWW-Authenticate: Signature error="..." and the body */
    int step;         /* of the checklist */
    struct str keyid; /* of a VALID one; in the arena */
    bool digest_covered; /* of a VALID one */
};

/* A message with either signature header that does not verify is BAD, whatever else it carries. */
void signature_verify(struct arena *a, const struct signature_message *m, const struct signature_policy *p,
                      struct signature_verdict *out);
