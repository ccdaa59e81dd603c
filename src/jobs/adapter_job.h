/* Runs a verb of a remote ad server after the commit that asked for it (domain/booking/booking.h writes the job).
 *
 *     begin: plan and settings from the rows -> adapter step -> its calls -> adapter step -> ... -> verdict
 *                                                    |
 *                                                    +-- progress is committed before the next call is started
 *
 *     OK         remote ids and facts are stored with the job's end, in one commit
 *     TRY_LATER  the whole verb again, with the progress recorded so far
 *     REFUSED    the job is dead and a person gets a task with the reason; approving it runs the job again
 *
 * A job with a task ends the task: its plan is what the approved operation will make of the rows, and only the ad
 * server's OK executes the operation (domain/decide/task_execute.h).
 *
 * A crash between an effect and its record is harmless, because an adapter looks for what an earlier attempt with the
 * same key has made; the key is the job's id. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind adapter_kind; /* domain/booking/booking.h: BOOKING_JOB_KIND */
