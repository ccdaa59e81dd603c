/* Nonces of signed requests, as digests. */
#pragma once

#include "store/store.h"

struct nonce_row {
    uint64_t key, hi, lo;
    int64_t until_s;
};

MUST_CHECK int q_nonce_insert(struct tx *tx, const struct nonce_row *row, struct err *e);
/* Forgets at most `limit` of those whose time is over. */
MUST_CHECK int q_nonce_purge(struct tx *tx, int64_t now_s, int64_t limit, struct err *e);
/* Calls `each` for every one that is still good. */
MUST_CHECK int q_nonce_each(struct tx *tx, int64_t now_s, void (*each)(void *arg, const struct nonce_row *row),
                            void *arg, struct err *e);
