/* The pump: runs the rows of `job`.
 *
 *     a commit, or the timer of the earliest due --> look at the lanes (R) --> claim (W) --> run the kind's steps
 *                                                                                              |
 *     done / again later / dead, with the kind's own rows, in one commit (W) <----- verdict ---+
 *
 * Claims and finishes are write commands of their own, so that many of them share one commit (store.h) and a finish
 * whose domain part fails is undone alone. Bounds: RUNNING_MAX jobs at a time, LANE_MAX of one lane, one of a subject.
 * A lane that fails FAILURES_OPEN times in a row is left alone for a while (its row in job_lane survives restarts)
 * and then tried with one job at a time until it answers. A claim is a lease: after a crash the job runs again, but one
 * that was lost to crashes again and again is dead, because it may be their cause. A job that waits for somebody on the
 * other side (JOB_WAITS) has not failed: it has a deadline of its own, and what comes after it of the same subject can
 * have it looked at again at once (q_job_wake). While jobs are held (q_job_hold.h) none is begun. */
#pragma once

#include "jobs/steps.h"
#include "store/q/agent/q_job.h"

enum job_verdict {
    JOB_DONE,
    JOB_RETRY, /* again at retry_at, or when the backoff says; dead when attempts or time are used up */
    JOB_WAITS, /* again at retry_at; no attempt of those that are counted; dead when wait_until is over */
    JOB_DEAD   /* trying again is pointless */
};

enum lane_health { LANE_UNCHANGED, LANE_OK, LANE_FAILED };

struct jobs;
struct job_run;

/* How an attempt left its lane: whoever watches is told when one stops answering, and when it answers again. */
enum lane_turn { LANE_AS_BEFORE, LANE_WENT_DOWN, LANE_CAME_BACK };

/* Told of each attempt once its outcome is on the disk. */
struct jobs_observer {
    void (*attempt_ended)(struct jobs_observer *o, const struct job_run *r);
};

/* What a kind of job is. */
struct job_kind {
    const char *name;  /* job.kind */
    size_t bytes;      /* of the struct that begins with a struct job_run */
    const step_fn *steps;
    int lease_s;       /* longer than the steps can take without a steps_write of progress */
    int attempts_max;
    int horizon_s;     /* from the first attempt, when the row has no deadline of its own */
    /* What the outcome changes beside the job's row, in the same commit; may be NULL. -1 undoes the finish; the row is
     * then finished alone, with that error as its last_error, to run again like any attempt that failed, and is dead
     * when attempts or time are used up. May change run->verdict and run->reason. */
    MUST_CHECK int (*record)(struct tx *tx, struct job_run *run, struct err *e);
    void (*cancel)(struct job_run *run); /* the process stops: end the operations under way; may be NULL */
    void (*release)(struct job_run *run); /* free what the steps hold; may be NULL */
};

/* One job under way. The last step has set verdict, health and reason. */
struct job_run {
    struct steps steps;
    struct jobs *jobs;
    const struct job_kind *kind;
    struct arena arena; /* lives as long as the run; holds `row` */
    struct job_row row;
    enum job_verdict verdict;
    enum lane_health health;
    int64_t retry_at; /* not before this; 0: as the backoff says */
    int64_t wait_until; /* with JOB_WAITS: a last attempt is made then */
    char reason[200]; /* for operators; empty when done */
    const char *system; /* the adapter of the ad server that was asked, a literal; NULL: another kind of job */
    const char *verb; /* what it was asked for, a literal */
    enum lane_turn lane_turn;
    int64_t begun_at;
    struct sent_call *sent; /* traffic.h */
    int sent_n;
    enum job_state ends_as; /* for `record`: READY, DONE or DEAD once verdict, attempts and deadline are weighed */

    /* the pump's */
    struct list node;
    struct write_cmd finish;
    enum { RECORD_DUE, RECORD_FAILED, RECORD_LEFT_OUT } recording;
    struct timer again;
    int64_t next_at, deadline_at;
};

struct jobs_options {
    const struct job_kind *const *kinds; /* ends with NULL */
    const void *context; /* the kinds': jobs_context() */
    int running_max; /* 0: 128 */
    int lane_max; /* 0: 64; connections to one host are bounded by the client */
    int (*lane_max_of)(struct jobs *j,
                       struct str lane); /* of one lane, where it bears less; 0: lane_max. May be NULL */
    struct jobs_observer *observer; /* NULL: nobody */
    bool held; /* nothing is begun as long as this process runs, whatever q_job_hold says */
};

struct jobs_stats {
    uint64_t claimed, done, retried, dead, fenced;
    int running;
};

/* Releases the leases of an earlier process and starts. `client` is borrowed until the jobs have stopped. */
struct jobs *jobs_create(struct loop *loop, struct store *store, struct http_client *client,
                         const struct jobs_options *opts);

/* Claims nothing more and ends what is under way; `stopped` runs in a turn, when nothing is left. */
void jobs_stop(struct jobs *j, void (*stopped)(void *arg), void *arg);
/* Frees. Only after `stopped`. */
void jobs_destroy(struct jobs *j);

/* For the simulator: drops everything in memory as a crash would. Call before store_crash. */
void jobs_crash(struct jobs *j);

bool jobs_stopping(const struct jobs *j); /* start nothing that takes long */
void jobs_kick(struct jobs *j); /* looks for due jobs in this turn */
void jobs_stats(const struct jobs *j, struct jobs_stats *out);

struct loop *jobs_loop(const struct jobs *j);
struct store *jobs_store(const struct jobs *j);
struct http_client *jobs_client(const struct jobs *j);
void *jobs_context(const struct jobs *j); /* the kinds know what they may change of it */

/* What the kinds keep between jobs and could as well make anew; goes with the jobs, and is found by the function that
 * frees it. NULL: nobody has kept any. */
struct jobs_keep {
    void (*free)(struct jobs_keep *k);
    struct jobs_keep *next;
};
struct jobs_keep *jobs_kept(const struct jobs *j, void (*free)(struct jobs_keep *k));
void jobs_keep(struct jobs *j, struct jobs_keep *k);

/* For the last step: sets verdict and reason (cut to what the row holds) and returns STEPS_END. */
int job_run_end(struct job_run *run, enum job_verdict verdict, const char *why);

/* Microseconds until the next attempt: doubling from one second to one hour, with jitter of a quarter either way. */
int64_t jobs_backoff_us(struct rng *rng, int64_t attempts);
