/* A publisher's signing keys: made when first needed, rotated with overlap, published as a JWKS.
 *
 *     rotate:   new key  |-published------ used from +10 min -------------------------------------------->
 *               old key  |-used----------------------------| published until +7 days |
 *
 * Ten minutes are twice the five for which verifiers may keep a JWKS; seven days cover every delivery signed with
 * the old key that may still be looked at. */
#pragma once

#include "domain/core/act.h"
#include "domain/signature/signature.h"
#include "store/q/agent/q_signing_key.h"

/* What the keys are published for. Verifiers of AdCP 3.0 ask for this one, those of 3.1 accept it too. */
#define SIGNING_KEY_USE "webhook-signing"

/* Makes the publisher's first key unless there is one. Write transactions only. */
MUST_CHECK int signing_key_ensure(const struct act *act, struct err *e);

/* A new key, by the schedule above; out->use_from says when it begins to sign. */
MUST_CHECK int signing_key_rotate(const struct act *act, enum sign_alg alg, struct signing_key_row *out, struct err *e);

/* The key to sign with now: 1 found, 0 none, -1 failed. */
MUST_CHECK int signing_key_current(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now,
                                   struct signing_key_row *out, struct err *e);

/* {"keys": [...]}: everything a verifier may need. */
MUST_CHECK int signing_jwks(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now, struct str *json,
                            struct err *e);
