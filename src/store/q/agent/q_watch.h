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

/* ---- one publisher's ---- */

/* Jobs that were given up, by kind, of the newest WATCH_ROWS_MAX; oldest_at is when the oldest of them was made. */
MUST_CHECK int q_watch_dead(struct tx *tx, struct arena *a, struct str tenant_id, struct watch_group **out, size_t *n,
                            struct err *e);
/* Lanes that are left alone at `now` because they do not answer, and in which something of the publisher waits; `count`
 * is how often in a row. */
MUST_CHECK int q_watch_silent(struct tx *tx, struct arena *a, struct str tenant_id, int64_t now,
                              struct watch_group **out, size_t *n, struct err *e);

/* What the last look at a publisher's health found (domain/health): a JSON document, and when it was made. */
struct health_report_row {
    struct str tenant_id;
    int64_t made_at;
    struct str doc;
};
/* 1 found, 0 none was made yet, -1 failed. */
MUST_CHECK int q_health_report_get(struct tx *tx, struct arena *a, struct str tenant_id, struct health_report_row *out,
                                   struct err *e);
MUST_CHECK int q_health_report_put(struct tx *tx, const struct health_report_row *row, struct err *e);
