/* Tasks of the A2A protocol. */
#pragma once

#include "store/store.h"

struct a2a_task_row {
    struct str a2a_task_id, tenant_id, principal_id, context_id;
    struct str state;
    bool failed;
    struct str skill, adcp_task_id, adcp_version, message, payload, history, asked;
    int64_t created_at, updated_at;
};

struct a2a_owner {
    struct str tenant_id, principal_id;
};

struct a2a_task_filter {
    struct a2a_owner owner;
    struct str context_id; /* empty: any */
    struct str state;      /* empty: any */
    int failed;            /* -1: whatever */
    int64_t updated_from;  /* TIME_NONE: unbounded */
    struct str before_id;  /* newest first, from below this id; empty: from the newest */
    int limit;
};

/* 1 found, 0 not (or somebody else's), -1 failed. */
MUST_CHECK int q_a2a_task_get(struct tx *tx, struct arena *a, const struct a2a_owner *owner, struct str id,
                              struct a2a_task_row *out, struct err *e);
/* At most limit + 1 rows, newest first. */
MUST_CHECK int q_a2a_task_list(struct tx *tx, struct arena *a, const struct a2a_task_filter *f,
                               struct a2a_task_row **rows, size_t *n, struct err *e);
MUST_CHECK int q_a2a_task_count(struct tx *tx, const struct a2a_task_filter *f, int64_t *count, struct err *e);
/* Inserts, or replaces what may change (state, failed, skill, message, payload, history, asked, updated_at).
 * A row of another owner is left alone. */
MUST_CHECK int q_a2a_task_put(struct tx *tx, const struct a2a_task_row *row, struct err *e);

/* A person has decided an AdCP task: marks the A2A tasks that wait for it. */
struct a2a_decision {
    struct str adcp_task_id;
    bool failed;
    int64_t at;
};
MUST_CHECK int q_a2a_task_decided(struct tx *tx, const struct a2a_decision *d, struct err *e);

/* The newest A2A task that waits for an AdCP task. 1 found, 0 not, -1 failed. */
struct a2a_names {
    struct str a2a_task_id, context_id;
};
MUST_CHECK int q_a2a_task_names(struct tx *tx, struct arena *a, struct str adcp_task_id, struct a2a_names *out,
                                struct err *e);

/* Forgets at most `limit` tasks last changed before `before`. */
MUST_CHECK int q_a2a_task_expire(struct tx *tx, int64_t before, int limit, struct err *e);
/* Forgets all but the newest `kept` tasks of this owner. */
MUST_CHECK int q_a2a_task_trim(struct tx *tx, const struct a2a_owner *owner, int kept, struct err *e);
