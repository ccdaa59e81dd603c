/* A look at the health that a person asks for: a job makes it (jobs/health_job.h), what it found is kept until the next one. */
#pragma once

#include "domain/core/act.h"
#include "domain/health/finding.h"

#define HEALTH_JOB "health"

/* Queues a look, unless one waits already (*job_id is then empty), and a test of each ad server that is far away. */
MUST_CHECK int health_ask(const struct act *act, struct str *job_id, struct err *e);

/* What the last look found, appended; *made_at is TIME_NONE, and nothing appended, when there was none. */
MUST_CHECK int health_last(const struct act *act, struct findings *out, int64_t *made_at, struct err *e);

/* Keeps what a look has found. */
MUST_CHECK int health_keep(struct tx *tx, struct str tenant_id, int64_t now, const struct findings *found,
                           struct err *e);
