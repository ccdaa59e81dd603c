/* The assistant's opinion on a creative that waits for a person (domain/core/assistant.h). The deterministic checks have
 * passed before: what they refuse is never sent. The task is there from the first moment and people may decide at any
 * time; the opinion is a job (jobs/opinion_job.c) beside it.
 *
 *     task of a creative --> job --> POST --> opinion --> the audit trail, a finding on the task
 *                                      |                      |
 *                                      +-- none: the reason   +-- and, where the settings say so, the decision */
#pragma once

#include "domain/core/assistant.h"
#include "domain/task/task.h"
#include "store/q/q_creative.h"

#define OPINION_JOB       "creative_opinion" /* payload: {task_id, principal_id, creative_id, content} */
#define OPINION_HORIZON_S 120 /* from the creative's arrival; later opinions are not waited for */

/* SHA-256 of what a reviewer would see, as hex; the same for the same creative. */
struct str creative_content_id(const struct act *act, const struct creative_row *row);

/* Writes the job, unless the settings have no reviewer or this content was asked about for this task before. */
MUST_CHECK int opinion_request(const struct act *act, const struct creative_row *row, const struct task_row *task,
                               struct err *e);

/* How long people are not told of a new task of a creative, because the assistant may decide it: microseconds, mostly 0. */
int64_t opinion_delay(const struct act *act);

/* ---- the question ---- */

struct opinion_question {
    struct str url, body;
    struct str api_key; /* for the Authorization header; may be empty */
    int64_t timeout_ms;
    bool whole; /* nothing of the creative was left out */
};

struct opinion_key {
    struct str task_id, principal_id, creative_id;
    struct str content; /* the creative as it was when the job was written */
};

/* 1 ask, 0 there is nothing to ask any more (decided, changed, switched off), -1 failed. */
MUST_CHECK int opinion_ask(const struct act *act, const struct opinion_key *key, struct opinion_question *out,
                           struct err *e);
