/* Idempotency records: one row per (caller, account, key), written in the transaction of the effect it guards. */
#pragma once

#include "store/store.h"

struct idempotency_key {
    struct str tenant_id, principal_id, account, key;
};

struct idempotency_row {
    struct str hash;  /* 32 bytes */
    struct str reply; /* STR_NONE once expired */
    int64_t created_at, expires_at;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_idempotency_get(struct tx *tx, struct arena *a, const struct idempotency_key *key,
                                 struct idempotency_row *out, struct err *e);
MUST_CHECK int q_idempotency_insert(struct tx *tx, const struct idempotency_key *key, const struct idempotency_row *row,
                                    struct err *e);
/* Drops the replies of at most `limit` records that have expired; the keys stay, to tell "expired" from "new".
 * Returns how many, -1 failed. */
MUST_CHECK int q_idempotency_expire(struct tx *tx, int64_t now, int limit, struct err *e);
