/* Lists that other agents keep, as last fetched. */
#pragma once

#include "store/store.h"

struct remote_list_row {
    struct str tenant_id, list_key, principal_id;
    struct str kind, agent_url, list_id, auth_token;
    struct str entries;               /* JSON [[type, value], ...]; empty before the first success */
    int64_t fetched_at, valid_until;  /* of entries; TIME_NONE before the first success */
    struct str failure, reason; /* of the latest attempt: "denied", "unreachable", "unreadable"; empty: it succeeded */
    int64_t failed_at; /* TIME_NONE when it succeeded */
    int64_t asked_at;
};

/* `key`: tenant_id and list_key. 1 found, 0 not, -1 failed. */
MUST_CHECK int q_remote_list_get(struct tx *tx, struct arena *a, const struct remote_list_row *key,
                                 struct remote_list_row *out, struct err *e);
/* Inserts the reference, or notes that it was asked for again. Of one principal the `keep` last asked for are kept. */
MUST_CHECK int q_remote_list_ask(struct tx *tx, const struct remote_list_row *row, int keep, struct err *e);
/* Writes entries, fetched_at, valid_until, failure, reason, failed_at. */
MUST_CHECK int q_remote_list_put(struct tx *tx, const struct remote_list_row *row, struct err *e);
