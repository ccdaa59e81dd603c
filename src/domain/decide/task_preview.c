#include "domain/decide/task_preview.h"

#include "domain/plan/ad_catalog.h"

/* Without an ad server, or with one whose settings are wrong, there is no plan to show. */
static int load(const struct act *act, const struct task_row *task, struct task_preview *p, struct err *e)
{
    struct err unset;
    if (!str_is(task->subject_type, "media_buy") || ad_server_of(act, &p->server, &unset)) return 0;
    int found = plan_load(act, task->subject_id, PLAN_WHOLE, &p->plan, e);
    if (found < 1) return found;
    p->problems = ARENA_NEW(act->arena, struct adapter_problems);
    struct ad_catalog catalog;
    ad_catalog_init(&catalog, act, &p->server);
    p->server.adapter->admit(p->server.config, &p->plan, &catalog.catalog, p->problems);
    p->planned = true;
    return ad_catalog_check(&catalog, e);
}

static void approve(const struct act *act, const struct task_row *task, struct task_preview *p)
{
    struct deferral nothing_queued = { 0 };
    struct act rehearsing = *act;
    rehearsing.principal = NULL; /* whoever looks: it is the publisher that would decide */
    rehearsing.rehearsal = &p->calls;
    rehearsing.deferral = &nothing_queued;
    struct task_resolution r = { .task_id = task->task_id, .decision = TASK_APPROVE };
    p->impossible = task_do(&rehearsing, &r, task, &p->why) != 0;
}

int task_preview(const struct act *act, const struct task_row *task, struct task_preview *out, struct err *e)
{
    struct err undo;
    *out = (struct task_preview){ 0 };
    if (!task_open(task)) return load(act, task, out, e);
    if (tx_rehearse(act->tx, e)) return -1;
    approve(act, task, out);
    int rc = load(act, task, out, e);
    if (tx_rehearse_end(act->tx, &undo)) {
        *e = undo;
        return -1;
    }
    return rc;
}
