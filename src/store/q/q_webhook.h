/* Webhook registrations and the log of attempts. */
#pragma once

#include "store/store.h"

struct webhook_row {
    struct str webhook_id, tenant_id, principal_id, account_id;
    struct str kind;   /* "task", "report", "account" */
    struct str anchor; /* task_id, media_buy_id, account_id */
    struct str subscriber_id, url, scheme, secret, token, operation_id, channel, context, events, challenge;
    bool active;
    int64_t created_at, updated_at;
};

/* Inserts, or replaces what stands under the same kind, anchor and subscriber; then webhook_id and created_at stay. */
MUST_CHECK int q_webhook_put(struct tx *tx, const struct webhook_row *row, struct err *e);
/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_webhook_get(struct tx *tx, struct arena *a, struct str webhook_id, struct webhook_row *out,
                             struct err *e);

struct webhook_anchor {
    struct str tenant_id;
    const char *kind;
    struct str anchor;
};
#define WEBHOOKS_OF_ANCHOR_MAX 64
/* In order of subscriber_id. */
MUST_CHECK int q_webhook_list(struct tx *tx, struct arena *a, const struct webhook_anchor *key,
                              struct webhook_row **out, size_t *n, struct err *e);
MUST_CHECK int q_webhook_delete(struct tx *tx, struct str webhook_id, struct err *e);
/* Those of one anchor go to another of the same tenant and kind; what stands there under the same subscriber stays and
 * theirs is forgotten. */
MUST_CHECK int q_webhook_move(struct tx *tx, const struct webhook_anchor *from, struct str to, struct err *e);
/* The receiver has echoed `challenge`: 1, 0 the registration has changed meanwhile, -1. */
MUST_CHECK int q_webhook_proved(struct tx *tx, struct str webhook_id, struct str challenge, int64_t now, struct err *e);

struct webhook_activity_row {
    struct str tenant_id, principal_id, subject, job_id, idempotency_key, subscriber_id, notification_type;
    int64_t sequence_number; /* -1: none */
    int64_t attempt;
    struct str status, url, error;
    int64_t http_status, response_ms; /* -1: none */
    int64_t payload_bytes, fired_at, completed_at;
};

/* Appends, and forgets a few rows that ended before `keep_since`. */
MUST_CHECK int q_webhook_activity_add(struct tx *tx, const struct webhook_activity_row *row, int64_t keep_since,
                                      struct err *e);

struct webhook_activity_filter {
    struct str tenant_id, subject;
    struct str principal_id; /* empty: of all */
    int limit;
};
/* Newest first; only those with a notification_type. */
MUST_CHECK int q_webhook_activity_list(struct tx *tx, struct arena *a, const struct webhook_activity_filter *f,
                                       struct webhook_activity_row **out, size_t *n, struct err *e);
