/* Accounts in a publisher's file (docs/import.md): {account_id, principal_id, brand, operator, sandbox, name, status} and
 * whatever else an account's document holds (billing, payment_terms, setup, ...). */
#pragma once

#include "domain/buyer/account.h"

struct account_import {
    struct tx *tx;
    struct arena *arena;
    struct rng *rng;
    struct str tenant_id;
    int64_t now;
};

/* Brings one account to the state of `v`; members of its document that `v` does not name stay. Without an account_id the
 * natural key names it. 1 something changed, 0 nothing, -1: INVALID_REQUEST with the member's JSON Pointer. */
MUST_CHECK int account_import(const struct account_import *in, yyjson_val *v, struct err *e);

/* Adds "accounts" to `root`: every account of the publisher, without bank details and internal marks. */
MUST_CHECK int account_export(struct tx *tx, struct arena *a, struct str tenant_id, yyjson_mut_doc *doc,
                              yyjson_mut_val *root, struct err *e);
