/* Open tasks in the order in which people should look at them, with what says at a glance what each is about. Costs as
 * many rows as are open and asked for, whatever was decided before. */
#pragma once

#include "store/q/q_task.h"

#define TASK_QUEUE_COUNT_MAX 1000 /* counted no further */

struct task_queue_filter {
    struct str tenant_id;
    struct str kind; /* empty: any */
    struct str role; /* "operator": without those that an administrator must decide; empty: all */
    struct str text; /* in lower case: of the buy's, the buyer's or the advertiser's name, or an id; empty: any */
    int64_t after_due; /* the last row of the page before: its due time (TIME_NONE when it has none) and id */
    struct str after_id; /* empty: from the start */
    int limit;
};

struct task_queue_row {
    struct task_row task;
    struct str buyer_name, buy_name, brand_domain; /* empty where there is none */
};
/* At most limit + 1 rows, the earliest due time first, those without one last. */
MUST_CHECK int q_task_queue(struct tx *tx, struct arena *a, const struct task_queue_filter *f,
                            struct task_queue_row **rows, size_t *n, struct err *e);
MUST_CHECK int q_task_queue_count(struct tx *tx, struct str tenant_id, int64_t *n, struct err *e);
