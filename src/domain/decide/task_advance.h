/* What time does to an open task: a reminder, an escalation, and the lapse at its due time. The moments are in the task's
 * terms (task/task_terms.h), and one timer of the application sleeps until the first of them. */
#pragma once

#include "domain/core/quarantine.h"

/* Of all publishers; each as of the time it was due. */
extern const struct due_kind task_times;
