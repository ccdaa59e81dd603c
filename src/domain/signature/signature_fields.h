/* The structured header fields of RFC 9421 (RFC 8941 dictionaries), as far as the AdCP profile uses them. */
#pragma once

#include "domain/signature/signature.h"

#define SIGNATURE_COMPONENTS_MAX 16

struct signature_fields {
    struct str components[SIGNATURE_COMPONENTS_MAX];
    size_t components_n;
    struct str params; /* verbatim, from the opening parenthesis on: the @signature-params value */
    bool has_created, has_expires;
    int64_t created_s, expires_s;
    struct str nonce, keyid, alg, tag; /* .p is NULL when absent */
    struct str signature;              /* decoded */
};

/* Chooses the label and reads both headers. -1: malformed, a label twice, or no signature for the label. */
MUST_CHECK int signature_fields_parse(struct arena *a, struct str input, struct str signature, const char *tag,
                                      struct signature_fields *out);

/* A header's value, repeated ones joined by ", ", outer space removed. .p is NULL when absent. */
struct str signature_header(struct arena *a, const struct signature_message *m, struct str name);

/* The sha-256 member of a Content-Digest. -1: malformed or none. */
MUST_CHECK int signature_digest_value(struct arena *a, struct str header, struct str *out);
