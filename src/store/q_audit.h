/* Rows of the audit trail. Nothing here updates or deletes. */
#pragma once

#include "store/store.h"

struct audit_row {
    int64_t seq, at;
    struct str tenant_id, actor, action, subject, doc;
    struct str prev_hash, hash; /* 32 bytes each */
};

/* The newest row: 1 found, 0 the trail is empty, -1 failed. */
MUST_CHECK int q_audit_last(struct tx *tx, struct arena *a, struct audit_row *out, struct err *e);
MUST_CHECK int q_audit_insert(struct tx *tx, const struct audit_row *row, struct err *e);
