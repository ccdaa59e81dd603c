/* What a look at the whole installation counts, for metrics and the doctor: bounded, whatever is waiting. */
#pragma once

#include "store/store.h"

#define WATCH_GROUPS_MAX 100   /* lanes, kinds of tasks */
#define WATCH_ROWS_MAX   20000 /* looked at; where there are more, the count says this many */

struct watch_group {
    struct str name;
    int64_t count;
    int64_t oldest_at; /* of jobs: due_at of the earliest; of tasks: created_at */
};

/* Jobs that wait, by lane: the first unfinished one of each subject. */
MUST_CHECK int q_watch_lanes(struct tx *tx, struct arena *a, struct watch_group **out, size_t *n, struct err *e);
/* Tasks that are open, by kind. */
MUST_CHECK int q_watch_tasks(struct tx *tx, struct arena *a, struct watch_group **out, size_t *n, struct err *e);

struct watch_counts {
    int64_t jobs_ready, jobs_leased, jobs_dead; /* at most WATCH_ROWS_MAX each */
    int64_t lanes_failing;                      /* that are left alone for a while, because they do not answer */
    int64_t audit_rows, publishers;
};
MUST_CHECK int q_watch_counts(struct tx *tx, int64_t now, struct watch_counts *out, struct err *e);
