/* Asks the assistant for its opinion on a creative (domain/creative/creative_opinion.h).
 *
 *     an answer            the opinion, or why it is none, is recorded: done
 *     no answer, 5xx, 429  once more within the horizon; then "no opinion" is recorded
 *     anything else        "no opinion" at once: the endpoint does not speak what we ask, or not to us */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind opinion_kind; /* domain/creative/creative_opinion.h: OPINION_JOB */
