/* Sessions of the publisher's people at the desk, and the links by which they sign in. */
#pragma once

#include "base/rfc3339.h"
#include "store/store.h"

struct session_row {
    struct str session_hash; /* 32 bytes */
    struct str session_id, tenant_id, principal_id, browser, address;
    int64_t created_at, used_at, expires_at;
    int64_t ended_at; /* TIME_NONE while it was not */
    struct str issuer, subject; /* of the identity provider that vouched for the person; empty: none did */
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_session_get(struct tx *tx, struct arena *a, struct str session_hash, struct session_row *out,
                             struct err *e);
MUST_CHECK int q_session_by_id(struct tx *tx, struct arena *a, struct str tenant_id, struct str session_id,
                               struct session_row *out, struct err *e);

struct session_filter {
    struct str tenant_id;
    struct str principal_id; /* empty: everybody's */
    int64_t now;
    int limit;
};
/* Those that are open at `now`, newest first; at most limit. */
MUST_CHECK int q_session_list(struct tx *tx, struct arena *a, const struct session_filter *f, struct session_row **rows,
                              size_t *n, struct err *e);
MUST_CHECK int q_session_insert(struct tx *tx, const struct session_row *row, struct err *e);
MUST_CHECK int q_session_end(struct tx *tx, struct str session_hash, int64_t now, struct err *e);
/* Remembers that it was used. */
MUST_CHECK int q_session_used(struct tx *tx, struct str session_hash, int64_t now, struct err *e);
/* Forgets sessions and links that are over since `before`, a few at a time. */
MUST_CHECK int q_session_purge(struct tx *tx, int64_t before, struct err *e);

struct sign_in_link_row {
    struct str link_hash; /* 32 bytes */
    struct str tenant_id, principal_id;
    int64_t expires_at;
    int64_t used_at; /* TIME_NONE while it was not */
};
MUST_CHECK int q_sign_in_link_get(struct tx *tx, struct arena *a, struct str link_hash, struct sign_in_link_row *out,
                                  struct err *e);
MUST_CHECK int q_sign_in_link_insert(struct tx *tx, const struct sign_in_link_row *row, struct err *e);
MUST_CHECK int q_sign_in_link_used(struct tx *tx, struct str link_hash, int64_t now, struct err *e);
