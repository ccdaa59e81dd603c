/* Passwords of the publisher's people at the desk, and the keys of their authenticator apps. */
#pragma once

#include "store/store.h"

struct sign_in_row {
    struct str tenant_id, principal_id;
    struct str password; /* Argon2id, PHC string format */
    int64_t password_at;
    struct str totp_key; /* sealed where the installation has keys; empty: none */
    bool totp_on; /* a code is wanted; else none was confirmed yet */
    int64_t totp_step; /* of the last code that was taken; 0: none was */
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_sign_in_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                             struct sign_in_row *out, struct err *e);
/* Of a publisher, by person; tenant_id empty: of all. */
MUST_CHECK int q_sign_in_list(struct tx *tx, struct arena *a, struct str tenant_id, struct sign_in_row **rows,
                              size_t *n, struct err *e);
MUST_CHECK int q_sign_in_put(struct tx *tx, const struct sign_in_row *row, struct err *e);
MUST_CHECK int q_sign_in_delete(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e);
