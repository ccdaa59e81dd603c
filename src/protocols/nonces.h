/* Nonces of signed requests, one set a key, in memory that grows with use and shrinks with time. */
#pragma once

#include <salesagent/str.h>

struct nonces;

struct nonces *nonces_create(void);
void nonces_destroy(struct nonces *n);

/* Who used it for what: texts are not kept, only their digest. */
struct nonce_use {
    struct str keyid, scope, nonce;
    int64_t until_s;
};
/* False when it is known and has not expired. */
bool nonces_add(struct nonces *n, const struct nonce_use *use, int64_t now_s);
/* How many of the key have not expired. */
size_t nonces_count(struct nonces *n, struct str keyid, int64_t now_s);
