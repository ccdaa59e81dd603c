/* The outbox: rows of `job`, and the circuit state of the lanes they travel in.
 *
 *     ready --claim--> ready, leased --finish--> done
 *       ^                    |    \--finish----> dead (visible; q_job_redeliver brings it back)
 *       +----retry, or the lease ran out
 *
 * Of one subject only the first unfinished job is claimable (`head`); so events arrive in order. A claim raises
 * `attempts`, which is also the fence: a finish that names another number changes nothing. */
#pragma once

#include "store/store.h"

enum job_state { JOB_STATE_READY, JOB_STATE_DONE, JOB_STATE_DEAD };

struct job_row {
    struct str job_id, tenant_id, kind, lane, subject, payload, progress, last_error;
    enum job_state state;
    int64_t seq, due_at, attempts, created_at, updated_at;
    int64_t lease_until, deadline_at; /* TIME_NONE when unset */
    int64_t waits;         /* how many of the attempts ended waiting: they do not count */
    int64_t waiting_since; /* the first of them; TIME_NONE: it has never waited */
};

const char *job_state_name(enum job_state s);

/* Writes a new ready job; `seq`, `state`, `attempts` and `updated_at` are set here. */
MUST_CHECK int q_job_insert(struct tx *tx, const struct job_row *row, struct err *e);

/* Whether a job of the subject waits, other than `except`: 1, 0, -1 failed. */
MUST_CHECK int q_job_waits(struct tx *tx, struct str subject, struct str except, struct err *e);

/* A lane with claimable jobs, in the order of their names. */
struct job_lane_row {
    struct str lane;
    int64_t due_at; /* of its earliest job */
    int64_t failures, open_until;
};

/* The next lane after `after` (empty: the first): 1 found, 0 none, -1 failed. */
MUST_CHECK int q_job_lane_next(struct tx *tx, struct arena *a, struct str after, struct job_lane_row *out,
                               struct err *e);

/* Leases the earliest due head of the lane, at most one: 1 claimed, 0 nothing is due, -1 failed. */
struct job_claim {
    struct str lane;
    int64_t now, lease_until;
};
MUST_CHECK int q_job_claim(struct tx *tx, struct arena *a, const struct job_claim *claim, struct job_row *out,
                           struct err *e);

/* How an attempt ended. */
struct job_finish {
    struct str job_id, subject;
    int64_t attempts; /* the fence */
    enum job_state state; /* READY: again at due_at */
    int64_t due_at, deadline_at, now;
    bool waits; /* READY, because somebody over there is not ready */
    struct str last_error;
};
/* 1 recorded, 0 the attempt is no longer ours, -1 failed. The next of the subject becomes claimable. */
MUST_CHECK int q_job_finish(struct tx *tx, const struct job_finish *f, struct err *e);

/* A job of the subject that waits for somebody on the other side is due now, because something new has come for it. */
MUST_CHECK int q_job_wake(struct tx *tx, struct str subject, int64_t now, struct err *e);

/* The subject's first job is due at `at` at the latest, unless it runs. */
MUST_CHECK int q_job_hasten(struct tx *tx, struct str subject, int64_t at, struct err *e);

/* Records what was made so far and prolongs the lease: 1, 0 no longer ours, -1. */
MUST_CHECK int q_job_progress(struct tx *tx, const struct job_row *row, struct str progress, int64_t lease_until,
                              struct err *e);

/* When the process starts: what an earlier process had leased is due now. */
MUST_CHECK int q_job_release_leases(struct tx *tx, int64_t now, struct err *e);

/* The lane answered; *failures: how often in a row it had not. */
MUST_CHECK int q_job_lane_ok(struct tx *tx, struct str lane, int64_t *failures, struct err *e);
struct job_lane_failure {
    struct str lane, error;
    int64_t now;
    int64_t threshold;             /* failures in a row that open the circuit */
    int64_t open_us, open_us_max;  /* first opening; doubled with every further failure up to the maximum */
};
/* Once more; *failures: in a row, 0 for one while the circuit is open, which counts nothing (it was in flight). */
MUST_CHECK int q_job_lane_failed(struct tx *tx, const struct job_lane_failure *f, int64_t *failures, struct err *e);

/* A lane that did not answer when it was asked last: 1, 0 nothing of the kind is known, -1 failed. */
struct job_lane_trouble {
    int64_t failures; /* in a row */
    int64_t at;       /* the last one */
    struct str error;
};
MUST_CHECK int q_job_lane_trouble(struct tx *tx, struct arena *a, struct str lane, struct job_lane_trouble *out,
                                  struct err *e);

/* 1 found, 0 not, -1 failed. An empty tenant matches every tenant. */
MUST_CHECK int q_job_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str job_id, struct job_row *out,
                         struct err *e);

struct job_filter {
    struct str tenant_id;
    struct str state;      /* "ready", "done", "dead"; empty: all */
    struct str kind;       /* empty: all */
    int64_t before_seq;    /* 0: from the newest */
    size_t limit;
};
/* Newest first. *n is how many there are (at most limit). Payloads are left out. */
MUST_CHECK int q_job_list(struct tx *tx, struct arena *a, const struct job_filter *f, struct job_row **out, size_t *n,
                          struct err *e);

/* The first kind of job after `after` that the publisher has, with how it stands: 1 found, 0 none, -1 failed. */
#define JOB_COUNT_MAX 10000 /* more are not counted */
struct job_kind_state {
    struct str kind;
    int64_t waiting, failed; /* at most JOB_COUNT_MAX */
    int64_t oldest_at;       /* of those that wait: when the oldest was made; TIME_NONE */
    int64_t done_at;         /* when the last one was done, as far as done ones are kept; TIME_NONE */
};
MUST_CHECK int q_job_kind_next(struct tx *tx, struct arena *a, struct str tenant_id, struct str after,
                               struct job_kind_state *out, struct err *e);

/* A dead or done job becomes ready again, due now, with its attempts counted anew: 1, 0 it is not one of those, -1. */
MUST_CHECK int q_job_redeliver(struct tx *tx, struct str tenant_id, struct str job_id, int64_t now, struct err *e);

/* Removes at most `limit` done jobs finished before `before`. */
MUST_CHECK int q_job_purge(struct tx *tx, int64_t before, int64_t limit, struct err *e);
