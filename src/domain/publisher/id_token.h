/* The ID token of an identity provider (OpenID Connect Core 1.0 §2, §3.1.3.7) and what it says of a person. Pure. */
#pragma once

#include "base/arena.h"
#include "contract/json.h"

#define ID_TOKEN_BYTES_MAX ((size_t)32 << 10)
#define ID_TOKEN_SKEW_S    60 /* the provider's clock may be so far from ours */

struct id_token_expected {
    struct str issuer, client_id; /* exactly */
    struct str nonce; /* of this sign-in */
    yyjson_val *keys; /* the provider's JWKS (RFC 7517) */
    int64_t now;
};

/* In the arena of the reading. */
struct id_token {
    struct str subject; /* the person's name at the provider, which never becomes somebody else's */
    struct str email; /* in lower case; empty when none was said, or the provider has not made sure of it */
};

/* 0; 1 when it is signed with a key that is not among them (the provider may have a new one: get the keys again); -1 with what is
 * wrong with it, for the log: a person is not helped by it. */
MUST_CHECK int id_token_read(struct arena *a, struct str token, const struct id_token_expected *x, struct id_token *out,
                             struct err *e);

/* The e-mail address of an ID token's claims or of a UserInfo answer (§5.1), in lower case; empty as above. */
struct str id_token_email(struct arena *a, yyjson_val *claims);
/* An address as it is compared: in lower case. Empty when it is none ("a@b", printable ASCII, at most 254 bytes). */
struct str email_normal(struct arena *a, struct str text);
