/* Passwords inside an operation: the hash is made by a worker, the operation runs once more for each (struct slow_hashes). */
#pragma once

#include "domain/core/act.h"

/* Does the password belong to the hash? `which` counts the operation's hashes from 0, in their order. -1: it is not known yet (or
 * cannot be: SERVICE_UNAVAILABLE); the operation must fail with it. */
MUST_CHECK int slow_hash_check(const struct act *act, size_t which, struct str password, struct str against,
                               bool *matches, struct err *e);
/* A new hash of the password, in the arena; likewise. */
MUST_CHECK int slow_hash_make(const struct act *act, size_t which, struct str password, struct str *hash,
                              struct err *e);

/* Has the operation run before this hash was there? False at its first run. */
bool slow_hash_there(const struct act *act, size_t which);

/* The work itself, for a worker's thread: touches nothing else. */
void slow_hash_do(struct slow_hash *h);
