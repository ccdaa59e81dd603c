/* What approving a task would do now: rehearsed and undone, so that a person sees before deciding what the ad server
 * would be asked, how the plan would look, and why it would not be possible. */
#pragma once

#include "domain/booking/dry_run.h"
#include "domain/plan/plan.h"
#include "domain/decide/task_kind.h"

/* One ad server's part. */
struct preview_part {
    struct ad_server server;
    struct plan plan;
    struct adapter_problems problems; /* what the ad server objects to */
    struct dry_run requests;          /* exactly what it would be asked to book or change; of remote ones */
    struct dry_run creatives;         /* and for the creatives */
};

struct task_preview {
    bool planned; /* plan and parts are set: it is about a media buy, and there is an ad server */
    struct plan plan;
    struct preview_part *parts;
    size_t parts_n;
    struct rehearsal calls;            /* in words, one line each, in order */
    bool impossible;                   /* approving it now would fail, with `why` */
    struct err why;
};

/* Inside a write transaction, which is left as it was. A closed task shows the plan as it is. */
MUST_CHECK int task_preview(const struct act *act, const struct task_row *task, struct task_preview *out,
                            struct err *e);
