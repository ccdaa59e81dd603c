/* Wakes when a package's budget will be spent by the plan, and tells: domain/budget_watch. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind budget_kind; /* domain/media_buy/budget_watch.h: BUDGET_JOB */
