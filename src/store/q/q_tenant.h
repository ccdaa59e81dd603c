/* Publishers (tenants), their principals and the principals' tokens. */
#pragma once

#include "store/store.h"

struct tenant_row {
    struct str tenant_id, name, host, adapter, doc;
};

struct principal_row {
    struct str tenant_id, principal_id, name, role, dialect, status, doc;
};

struct token_row {
    struct str token_hash; /* 32 bytes: SHA-256 of the token */
    struct str tenant_id, principal_id, token_id, label, scope;
    bool sandbox;
    bool may_decide; /* what buyers wait for: of the publisher's people alone */
    int64_t created_at, expires_at, revoked_at, last_used_at; /* TIME_NONE when unset, created_at excepted */
};

/* All of these: 1 found, 0 not, -1 failed. */
MUST_CHECK int q_tenant_get(struct tx *tx, struct arena *a, struct str tenant_id, struct tenant_row *out,
                            struct err *e);
MUST_CHECK int q_tenant_by_host(struct tx *tx, struct arena *a, struct str host, struct tenant_row *out, struct err *e);
/* The only tenant there is, when there is exactly one. */
MUST_CHECK int q_tenant_single(struct tx *tx, struct arena *a, struct tenant_row *out, struct err *e);
/* All of them, by id, at most `limit`. */
MUST_CHECK int q_tenant_list(struct tx *tx, struct arena *a, size_t limit, struct tenant_row **rows, size_t *n,
                             struct err *e);
/* How many there are; -1 failed. */
MUST_CHECK int q_tenant_count(struct tx *tx, struct err *e);
/* How many of them have settings that are JSON; -1 failed. */
MUST_CHECK int q_tenant_count_readable(struct tx *tx, struct err *e);
MUST_CHECK int q_principal_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                               struct principal_row *out, struct err *e);
MUST_CHECK int q_token_get(struct tx *tx, struct arena *a, struct str token_hash, struct token_row *out, struct err *e);

/* The active principal whose settings hold this request-signing key, and the key (request_signing.jwks.keys). Of one
 * tenant, or of all when tenant_id is empty; a kid that two principals have is nobody's. */
struct signer_row {
    struct principal_row principal;
    struct str jwk;
};
MUST_CHECK int q_signer_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str kid,
                            struct signer_row *out, struct err *e);

/* All of a tenant's principals, and all tokens of one, by id. In the arena. */
MUST_CHECK int q_principal_list(struct tx *tx, struct arena *a, struct str tenant_id, struct principal_row **rows,
                                size_t *n, struct err *e);
MUST_CHECK int q_token_list(struct tx *tx, struct arena *a, struct str tenant_id, struct str principal_id,
                            struct token_row **rows, size_t *n, struct err *e);

/* Tokens that still work and end before `before`, the next first; at most `limit`. */
struct token_ending {
    struct str token_id, principal_id, name, role, label; /* name and role of whose it is */
    int64_t expires_at;
};
struct token_ending_filter {
    struct str tenant_id;
    int64_t now, before;
    int limit;
};
MUST_CHECK int q_tokens_ending(struct tx *tx, struct arena *a, const struct token_ending_filter *f,
                               struct token_ending **rows, size_t *n, struct err *e);

/* Insert, or bring to this state; created_at is kept when the row exists. 1 something changed, 0 nothing, -1 failed. */
MUST_CHECK int q_tenant_put(struct tx *tx, const struct tenant_row *row, int64_t now, struct err *e);
MUST_CHECK int q_principal_put(struct tx *tx, const struct principal_row *row, int64_t now, struct err *e);
/* Inserts when the hash is new; 1 inserted, 0 was there. */
MUST_CHECK int q_token_by_id(struct tx *tx, struct arena *a, struct str tenant_id, struct str token_id,
                             struct token_row *out, struct err *e);
/* Writes expires_at, revoked_at, label and may_decide. */
MUST_CHECK int q_token_update(struct tx *tx, const struct token_row *row, struct err *e);
/* Remembers that it was used, unless it was within `step` before. */
struct token_use {
    struct str token_id;
    int64_t now, step;
};
MUST_CHECK int q_token_used(struct tx *tx, const struct token_use *use, struct err *e);
MUST_CHECK int q_token_add(struct tx *tx, const struct token_row *row, struct err *e);

/* ---- off the air (domain/publisher/publisher_life.h) ---- */

struct tenant_off_row {
    struct str tenant_id;
    int64_t since;
    struct str actor, why;
};
/* 1 it is off, 0 it is not, -1 failed; `out` may be NULL. */
MUST_CHECK int q_tenant_off_get(struct tx *tx, struct arena *a, struct str tenant_id, struct tenant_off_row *out,
                                struct err *e);
/* 1 changed, 0 it was so already, -1 failed. */
MUST_CHECK int q_tenant_off_put(struct tx *tx, const struct tenant_off_row *row, struct err *e);
MUST_CHECK int q_tenant_off_delete(struct tx *tx, struct str tenant_id, struct err *e);
/* What waits of its jobs is due at `now` at the latest. */
MUST_CHECK int q_tenant_jobs_due(struct tx *tx, struct str tenant_id, int64_t now, struct err *e);
/* Media buys that are not over. */
MUST_CHECK int q_tenant_live_buys(struct tx *tx, struct str tenant_id, int64_t now, int64_t *n, struct err *e);
