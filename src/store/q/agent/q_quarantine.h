/* Rows that time should have moved and that failed, or on which the process died: when they are tried again, or that they
 * wait for a person. Who is in here is left out of q_media_buy_due and q_task_due until its time has come. */
#pragma once

#include "store/store.h"

#define QUARANTINE_FLIGHT "flight" /* row_id is a media_buy_id */
#define QUARANTINE_TASK   "task"
#define QUARANTINE_JOB    "job"

struct quarantine_row {
    struct str kind, row_id, tenant_id;
    int64_t failures, deaths;
    struct str reason;
    int64_t first_at, last_at;
    int64_t retry_at; /* TIME_NONE: set aside until a person says otherwise */
};

/* A row that time has something to do with now. */
struct due_row {
    struct str tenant_id, row_id;
};

/* For q_media_buy_due and q_task_due: nothing of the quarantine whose time has not come (?1: now). */
#define NOT_IN_QUARANTINE(kind, id)                                                                                    \
    " AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.kind = '" kind "' AND q.row_id = " id                         \
    " AND (q.retry_at IS NULL OR q.retry_at > ?1))"
struct stmt;
/* Binds `now` as ?1 and `limit` as ?2 and reads (tenant_id, id) rows. */
MUST_CHECK int q_due_rows(struct stmt *s, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n,
                          struct err *e);

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_quarantine_get(struct tx *tx, struct arena *a, struct str kind, struct str row_id,
                                struct quarantine_row *out, struct err *e);
/* Inserts or replaces. */
MUST_CHECK int q_quarantine_put(struct tx *tx, const struct quarantine_row *row, struct err *e);
/* 1 deleted, 0 there was none, -1 failed. */
MUST_CHECK int q_quarantine_delete(struct tx *tx, struct str kind, struct str row_id, struct err *e);
/* Forgets those whose time has come and that have nothing due any more: somebody changed them. */
MUST_CHECK int q_quarantine_settle(struct tx *tx, int64_t now, struct err *e);
/* When the next row of the kind is to be tried again; TIME_NONE: none is. */
MUST_CHECK int q_quarantine_next(struct tx *tx, const char *kind, int64_t *at, struct err *e);
/* A publisher's, those set aside first, then by age; at most `limit`. */
MUST_CHECK int q_quarantine_list(struct tx *tx, struct arena *a, struct str tenant_id, int limit,
                                 struct quarantine_row **rows, size_t *n, struct err *e);
/* What was due is forgotten; the row itself stays as it is. */
MUST_CHECK int q_quarantine_disarm(struct tx *tx, struct str kind, struct str row_id, struct err *e);
