/* The assistant's opinion on a creative that waits for a person (domain/core/assistant.h). The deterministic checks have
 * passed before: what they refuse is never sent. The task is there from the first moment and people may decide at any
 * time; the opinion is a job (jobs/opinion_job.c) beside it.
 *
 *     task of a creative --> job --> POST --> opinion --> the audit trail, a finding on the task
 *                                      |                      |
 *                                      +-- none: the reason   +-- and, where the settings say so, the decision
 *
 * It decides only when all of this holds: a threshold is set and met; decision and confidence say the same; no category
 * of always_people is named, by the assistant or by the buyer; no check left a warning; the whole creative was
 * sent; its text does not speak to a reviewer; the task is still pending, untouched by a person and not asked for by a rule; the
 * creative is the one that was sent. Otherwise people decide, and the finding says why they have to. */
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

/* How long people are not told of this task, because the assistant may decide it: microseconds, mostly 0. */
int64_t opinion_delay(const struct act *act, const struct task_row *task);

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

/* ---- the answer ---- */

enum opinion_decision { OPINION_NONE, OPINION_APPROVE, OPINION_REJECT, OPINION_PEOPLE };

struct opinion {
    enum opinion_decision decision;
    int64_t confidence_bp; /* that the creative may run */
    struct str model;
    yyjson_val *categories, *reasons; /* arrays of strings; NULL with OPINION_NONE */
    struct str why; /* with OPINION_NONE: for people */
    bool whole; /* of the question */
};

/* Exactly {decision, confidence, categories, reasons}; anything else is OPINION_NONE with `why`. */
void opinion_read(struct arena *a, struct str response, struct opinion *out);

/* Records it with the task and in the audit trail, and decides where it may. What came too late is only recorded. */
MUST_CHECK int opinion_record(const struct act *act, const struct opinion_key *key, const struct opinion *o,
                              struct err *e);
