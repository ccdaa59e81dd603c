/* Accounts: the relationship between a buyer and a brand it buys for, by id or by natural key. */
#pragma once

#include "store/store.h"

struct account_row {
    struct str tenant_id, account_id, principal_id;
    struct str brand_domain, brand_id, operator_domain; /* the natural key, with `sandbox` */
    bool sandbox;
    struct str name, status, doc;
    int64_t created_at, updated_at;
};

struct account_filter {
    struct str tenant_id, principal_id;
    struct str status;     /* empty: any */
    int sandbox;           /* -1 any, 0 live only, 1 sandbox only */
    struct str after_id;   /* empty: from the start */
    int limit;
};

/* 1 found, 0 not, -1 failed. Scoped to one principal: another's account does not exist. */
MUST_CHECK int q_account_get(struct tx *tx, struct arena *a, const struct account_row *scope_and_id,
                             struct account_row *out, struct err *e);
/* `key`: tenant_id, principal_id and the natural key. */
MUST_CHECK int q_account_by_key(struct tx *tx, struct arena *a, const struct account_row *key, struct account_row *out,
                                struct err *e);
/* By account_id, at most limit + 1 rows, so that the caller sees whether there are more. */
MUST_CHECK int q_account_list(struct tx *tx, struct arena *a, const struct account_filter *f, struct account_row **rows,
                              size_t *n, struct err *e);
/* How many accounts the principal has, of any status. */
MUST_CHECK int q_account_count(struct tx *tx, struct str tenant_id, struct str principal_id, int64_t *n, struct err *e);
MUST_CHECK int q_account_insert(struct tx *tx, const struct account_row *row, struct err *e);
/* Writes name, status, doc and updated_at of the row with this tenant_id and account_id. */
MUST_CHECK int q_account_update(struct tx *tx, const struct account_row *row, struct err *e);
/* Whose account this id is: 1 found, 0 there is none, -1 failed. */
MUST_CHECK int q_account_owner(struct tx *tx, struct arena *a, struct str tenant_id, struct str account_id,
                               struct str *principal_id, struct err *e);
/* Of all principals, by account_id from after `after_id`, at most `limit`. */
MUST_CHECK int q_accounts_of_tenant(struct tx *tx, struct arena *a, struct str tenant_id, struct str after_id,
                                    int limit, struct account_row **rows, size_t *n, struct err *e);
