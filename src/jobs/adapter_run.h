/* Runs the steps of one verb of a remote ad server (include/salesagent/adapter.h says what an adapter may rely on).
 *
 *     step --> what is new is committed --> sleep, work or calls --> step --> ... --> the verb has ended
 *                                            |
 *                                            +-- calls: let in (token) -> made at the account's pace -> heard
 *                                                        ^                                                |
 *                                                        +---- 401: a new token, once; 429: after a while +
 *
 * jobs/adapter_job.c chooses what is run and records how it ended. */
#pragma once

#include "domain/booking/booking.h"
#include "domain/core/ad_catalog.h"
#include "domain/plan/plan.h"
#include "jobs/ad_account.h"
#include "jobs/job_act.h"

#define ADAPTER_LEASE_S 600

struct adapter_run {
    struct job_run run; /* first */
    struct job_act act; /* of the reading at the beginning: names the publisher */
    struct ad_server server;
    struct booking_ask ask; /* of the payload */
    struct plan plan;       /* when there is one only */
    struct plan *plans;
    size_t plans_n;
    struct adapter_op op;
    struct op_write planning;
    bool task_waits; /* for another decision */
    bool overtaken;  /* its booking has ended */
    bool nothing;    /* was to be asked */

    /* how it goes */
    struct ad_account *account;
    struct ad_catalog catalog;
    struct ad_memo memo;
    struct op_http http[ADAPTER_CALLS_MAX];
    struct http_call answers[ADAPTER_CALLS_MAX];
    int http_n;
    unsigned due;       /* bit 1 << i: calls[i] is to be made (again) */
    unsigned refreshed; /* it was refused with an older token already */
    int held[ADAPTER_CALLS_MAX]; /* how often it was answered 429 */
    struct str token;
    struct op_http token_call;
    struct op_event token_wait;
    bool fetching;
    struct err token_err;
    struct op_work work;
    struct op_sleep sleep;
    struct op_write write;
    bool wrote, ended;
    size_t remotes_kept; /* of op.remotes: recorded */
    int64_t lease_at;    /* when it was last renewed */
    int steps_n;
};

/* The steps of the kind; the first two are adapter_job.c's. */
enum {
    ADAPTER_STEP_BEGIN,
    ADAPTER_STEP_PLANNED,
    ADAPTER_STEP_RUN,
    ADAPTER_STEP_GO,
    ADAPTER_STEP_LET_IN,
    ADAPTER_STEP_SIGNED,
    ADAPTER_STEP_TOKEN,
    ADAPTER_STEP_CALL,
    ADAPTER_STEP_HEARD
};
int adapter_run_step(struct steps *s);
int adapter_run_go(struct steps *s);
int adapter_run_let_in(struct steps *s);
int adapter_run_signed(struct steps *s);
int adapter_run_token(struct steps *s);
int adapter_run_call(struct steps *s);
int adapter_run_heard(struct steps *s);

/* Makes op ready: server, plan and verb are chosen. */
void adapter_run_init(struct adapter_run *r);
/* The verb has ended (or the process stops): sets the run's verdict and returns STEPS_END. In adapter_job.c. */
int adapter_run_judge(struct adapter_run *r);
int adapter_run_end(struct adapter_run *r, enum job_verdict verdict, struct str why);
/* Records what the steps found and nobody has recorded yet. */
MUST_CHECK int adapter_run_keep(struct adapter_run *r, const struct act *act, struct err *e);
void adapter_run_cancel(struct adapter_run *r);
void adapter_run_release(struct adapter_run *r);
