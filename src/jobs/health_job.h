/* Looks at a publisher's health because somebody asked (domain/health/health_ask.h) and keeps what was found for them to
 * read. It is tried once: a look that could not be made is asked for again by whoever wants it. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind health_kind; /* HEALTH_JOB */
