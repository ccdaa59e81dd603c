/* Wakes the stream of delivery reports of a media buy (domain/delivery/report.h says when which report is sent). All of it
 * happens in the commit that ends the job: the report's webhook, the stream's new position and the next wake-up. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind report_kind; /* domain/delivery/report.h: REPORT_JOB */
