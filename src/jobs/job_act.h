/* An act for what a job changes: the job's publisher, nobody's credential, the time of the turn. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "jobs/pump.h"

struct job_act {
    struct act act;
    struct tenant tenant;
};

/* 0, or -1: the store failed or the publisher is gone (REFERENCE_NOT_FOUND). `out` is used where it lies; everything
 * it points to lives in the run's arena. */
MUST_CHECK int job_act_init(struct job_run *run, struct tx *tx, const char *actor, struct job_act *out, struct err *e);

/* The job's payload, an object. INVALID_REQUEST when it is not. */
MUST_CHECK int job_payload(struct job_run *run, yyjson_val **out, struct err *e);
