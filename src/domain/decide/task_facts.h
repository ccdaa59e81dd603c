/* What people want to know of a task at a glance, wherever they meet it: in a message, on the page of a link. */
#pragma once

#include "domain/core/act.h"
#include "store/q/q_task.h"

struct task_facts {
    bool of_buy; /* the rest is about the media buy; nothing of it when it is gone */
    struct str name, advertiser, products; /* "Tech Audience - Premium Display, Run of network" */
    struct str total;                      /* "15000 USD" */
    int64_t start_at, end_at;
};

/* A damaged product is called by its id. */
MUST_CHECK int task_facts_read(const struct act *act, const struct task_row *task, struct task_facts *out,
                               struct err *e);

/* A moment as the publisher's clocks show it: "2026-01-04 00:00 Europe/Berlin". In UTC where its zone is not known. */
struct str people_time(const struct act *act, int64_t at);
