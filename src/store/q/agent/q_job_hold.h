/* Whether jobs are held: one row, or none. */
#pragma once

#include "store/store.h"

struct job_hold {
    int64_t since;
    struct str actor, why;
};

/* 1 they are held, *out (may be NULL) says since when, by whom and why, in the arena; 0 they are not; -1 failed. */
MUST_CHECK int q_job_hold_get(struct tx *tx, struct arena *a, struct job_hold *out, struct err *e);
/* Holds them; who holds them already goes on doing so. 1 they were not held, 0 they were, -1 failed. */
MUST_CHECK int q_job_hold_begin(struct tx *tx, const struct job_hold *hold, struct err *e);
/* 1 they were held, 0 they were not, -1 failed. */
MUST_CHECK int q_job_hold_end(struct tx *tx, struct err *e);
