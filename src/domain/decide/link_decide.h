/* Deciding by a link that people were sent (tell/people_notify.h). */
#pragma once

#include "domain/decide/task_resolve.h"
#include "store/q/agent/q_link.h"

#define LINK_NAME_MAX 100

/* Decides the link's task as its recipient; a decision that counts uses the link up, in the same commit. `name`: who says to
 * be deciding, kept with the decision; empty: nobody has said. */
MUST_CHECK int link_decide(const struct act *act, const struct link_row *link, const struct task_resolution *r,
                           struct str name, struct task_row *out, struct err *e);

/* Whether this link may decide the task: a rule may want an administrator. */
bool link_may_decide(const struct act *act, const struct link_row *link, const struct task_row *task);
