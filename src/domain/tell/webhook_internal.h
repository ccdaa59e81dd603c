/* Shared by webhook.c, webhook_body.c and webhook_account.c only. */
#pragma once

#include "base/rfc3339.h"
#include "domain/tell/webhook.h"

#define WEBHOOK_HORIZON_US (INT64_C(36) * 3600 * USEC_PER_SEC) /* AdCP: a day is typical */

struct webhook_job {
    const char *kind;
    struct str idempotency_key, subject;
    const char *notification_type;
    int64_t sequence_number; /* -1: none */
    struct str body;
};
MUST_CHECK int webhook_job_add(const struct act *act, const struct webhook_row *hook, const struct webhook_job *job,
                               struct err *e);

/* The exact bytes of an event for this receiver. */
struct str webhook_body(const struct act *act, const struct webhook_row *hook, const struct webhook_event *ev,
                        struct str idempotency_key);
