/* Tasks: what a person must decide, and what the buyer follows as an AdCP task. */
#pragma once

#include "store/q/agent/q_quarantine.h"

struct task_row {
    struct str task_id, tenant_id, principal_id, account_id;
    struct str kind, state, decision, subject_type, subject_id, priority, assigned_to;
    int64_t created_at, updated_at;
    int64_t due_at, resolved_at; /* TIME_NONE when unset */
    int64_t next_at;             /* when time alone does something to it; TIME_NONE: never */
    struct str doc;
};

struct task_filter {
    struct str tenant_id;
    struct str principal_id; /* empty: of all buyers (for the publisher's people) */
    struct str account_id;   /* empty: any */
    struct str states;       /* JSON array of states; empty: any */
    struct str kinds;        /* JSON array of kinds; empty: any */
    struct str called_as;    /* JSON array of what was called (the doc's called_as, else the kind); empty: any */
    struct str task_ids;     /* JSON array; empty: any */
    struct str subject_type, subject_id; /* empty: any */
    int64_t created_after, created_before; /* TIME_NONE: unbounded */
    int64_t updated_after, updated_before;
    struct str before_id;    /* newest first, from below this id; empty: from the newest */
    int limit;
    size_t bytes_max; /* no row follows the one with which they weigh more; 0: however much they weigh */
};

/* `principal_id` empty: whoever's. 1 found, 0 not, -1 failed. */
struct task_key {
    struct str tenant_id, principal_id, task_id;
};
MUST_CHECK int q_task_get(struct tx *tx, struct arena *a, const struct task_key *key, struct task_row *out,
                          struct err *e);
/* At most limit + 1 rows, newest first. */
/* How many of `n` rows, one at least, make a page of so many and so many bytes: are there more of them, the next begins there. */
size_t q_task_fit(const struct task_row *rows, size_t n, int limit, size_t bytes_max);
MUST_CHECK int q_task_list(struct tx *tx, struct arena *a, const struct task_filter *f, struct task_row **rows,
                           size_t *n, struct err *e);
/* How many match, whatever the page. */
/* The same of one publisher by states alone (at most TASK_STATES_MAX, ends with NULL; none: of all), newest first, those older than
 * `before_id`; at most limit + 1. Costs as many rows as it gives, whatever has been decided before. */
#define TASK_STATES_MAX 8
struct task_page {
    struct str tenant_id, before_id;
    const char *const *states;
    int limit;
    size_t bytes_max; /* as above, of each state */
};
MUST_CHECK int q_task_page(struct tx *tx, struct arena *a, const struct task_page *f, struct task_row **rows, size_t *n,
                           struct err *e);
MUST_CHECK int q_task_count(struct tx *tx, const struct task_filter *f, int64_t *count, struct err *e);
MUST_CHECK int q_task_insert(struct tx *tx, const struct task_row *row, struct err *e);
/* The least next_at of all tenants, of rows that are not in quarantine; TIME_NONE when there is none. */
MUST_CHECK int q_task_next(struct tx *tx, int64_t *at, struct err *e);
/* What is due at `now`, the oldest first, at most `limit` rows; without what is in quarantine and not to be tried yet. */
MUST_CHECK int q_task_due(struct tx *tx, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n,
                          struct err *e);
/* Of the sandbox's test controller. 1 deleted, 0 there was none, -1 failed. */
MUST_CHECK int q_task_delete(struct tx *tx, const struct task_key *key, struct err *e);
/* Writes everything that may change after the insert. */
MUST_CHECK int q_task_update(struct tx *tx, const struct task_row *row, struct err *e);
