/* The keys with which a publisher signs what it sends. */
#pragma once

#include "base/sign.h"
#include "store/store.h"

struct signing_key_row {
    struct str tenant_id, kid;
    struct sign_private key;
    int64_t created_at, use_from, retire_at; /* retire_at: TIME_NONE while it is in use */
};

#define SIGNING_KEYS_MAX 16

/* Those published at `now`, newest first; at most SIGNING_KEYS_MAX. */
MUST_CHECK int q_signing_key_list(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now,
                                  struct signing_key_row **out, size_t *n, struct err *e);
MUST_CHECK int q_signing_key_insert(struct tx *tx, const struct signing_key_row *row, struct err *e);
/* Every key of the tenant but `kid` that has no end yet ends at `retire_at`. */
MUST_CHECK int q_signing_key_retire_others(struct tx *tx, struct str tenant_id, struct str kid, int64_t retire_at,
                                           struct err *e);
