/* Deciding by a link that people were sent (tell/people_notify.h). */
#pragma once

#include "domain/decide/task_resolve.h"
#include "store/q/agent/q_link.h"

/* Decides the link's task as its recipient; a decision that counts uses the link up, in the same commit. */
MUST_CHECK int link_decide(const struct act *act, const struct link_row *link, const struct task_resolution *r,
                           struct task_row *out, struct err *e);
