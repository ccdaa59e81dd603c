/* The key that signs a publisher's webhooks, ready for use: read from its row at most once a second, because a queue that
 * drains asks thousands of times. A rotation is announced ten minutes before its key is used (domain/signature/signing_keys.h). */
#pragma once

#include "base/sign.h"
#include "jobs/pump.h"

struct webhook_key {
    struct list node;
    struct str tenant_id, kid; /* owned */
    struct sign_ready *ready;
    int64_t read_at;
    int users;
};

/* The current key; held until webhook_key_drop. 1 found, 0 the publisher has none (or a damaged one), -1 failed. */
MUST_CHECK int webhook_key_hold(struct job_run *run, struct webhook_key **out, struct err *e);
void webhook_key_drop(struct webhook_key *k); /* NULL-safe */
