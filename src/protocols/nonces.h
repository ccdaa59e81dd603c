/* Nonces of signed requests, one set a key, in memory that grows with use and shrinks with time. What is added comes out
 * as a row for the store, and goes in again from there when the process has started anew. */
#pragma once

#include "store/q/agent/q_nonce.h"

struct nonces;

struct nonces *nonces_create(void);
void nonces_destroy(struct nonces *n);

/* Who used it for what: texts are not kept, only their digest. */
struct nonce_use {
    struct str keyid, scope, nonce;
    int64_t until_s;
};
/* False when it is known and has not expired. */
MUST_CHECK bool nonces_add(struct nonces *n, const struct nonce_use *use, int64_t now_s, struct nonce_row *out);
/* How many are in memory, those whose time is over included. */
size_t nonces_held(const struct nonces *n);
/* From the store, whatever its order. */
void nonces_restore(struct nonces *n, const struct nonce_row *row);
/* Whether `max` or more of the key have not expired. */
bool nonces_full(struct nonces *n, struct str keyid, size_t max, int64_t now_s);
