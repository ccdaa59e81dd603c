/* RFC 9421 signatures on requests: checked once a request, before it is routed, whatever transport it is for.
 *
 * A principal's keys are in its settings (docs/import.md), "request_signing": {jwks: {keys: [...]}, revoked: [kids],
 * nonces_max, sandbox}. A valid signature is a credential: without a token the caller is the key's principal, with one
 * both must name the same. A signature that is there and does not verify is HTTP 401 with
 * WWW-Authenticate: Signature error="...", never passed over in favour of a token. Source: AdCP security profile,
 * verifier checklist.
 *
 * Nonces are remembered in memory and, as digests, in the store (request_nonce) until no signature that has them could
 * be good any more: six minutes at most. A request's nonce is committed with or before what the request changes, so no
 * restart lets a change happen twice. An answer that only reads does not wait for it. */
#pragma once

#include "net/http.h"
#include "store/store.h"

struct dispatcher;
struct nonces;

struct request_signer {
    struct str tenant_id, principal_id, keyid;
    bool sandbox;
};

/* What is remembered between requests; owned by the dispatcher. NULL-safe. */
void request_signature_finish(struct dispatcher *d);

/* False when the request has been refused and answered. Else ex->signer is the signer, or NULL. */
MUST_CHECK bool request_signature_admit(struct dispatcher *d, struct http_exchange *ex);
