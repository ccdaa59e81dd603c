/* Links that decide one task. */
#pragma once

#include "store/store.h"

struct link_row {
    struct str link_id, tenant_id, task_id, recipient, role;
    int64_t expires_at, used_at; /* used_at: TIME_NONE while it was not */
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_link_get(struct tx *tx, struct arena *a, struct str link_id, struct link_row *out, struct err *e);
MUST_CHECK int q_link_insert(struct tx *tx, const struct link_row *row, struct err *e);
MUST_CHECK int q_link_used(struct tx *tx, struct str link_id, int64_t now, struct err *e);
