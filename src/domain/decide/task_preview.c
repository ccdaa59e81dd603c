#include "domain/decide/task_preview.h"

#include "domain/core/ad_catalog.h"
#include "domain/decide/task_kinds.h"

static int load_part(const struct act *act, const struct plan *whole, struct str name, struct preview_part *p,
                     struct err *e)
{
    struct ad_catalog catalog;
    struct booking_row row;
    if (ad_server_of(act, name, &p->server, e) || plan_part(act, whole, name, &p->plan, e)) return -1;
    int found = q_booking_get(act->tx, act->arena, whole->media_buy_id, name, &row, e);
    if (found < 0) return -1;
    ad_catalog_init(&catalog, act, &p->server);
    p->server.adapter->admit(p->server.config, &p->plan, &catalog.catalog, &p->problems);
    enum adapter_verb verb = found && row.state == BOOKING_BOOKED ? ADAPTER_UPDATE : ADAPTER_BOOK;
    if (dry_run(act, &p->server, &p->plan, verb, &p->requests, e)) return -1;
    if (dry_run(act, &p->server, &p->plan, ADAPTER_CREATIVES, &p->creatives, e)) return -1;
    return ad_catalog_check(&catalog, e);
}

/* Without an ad server, or with one whose settings are wrong, there is no plan to show. */
static int load(const struct act *act, const struct task_row *task, struct task_preview *p, struct err *e)
{
    struct plan_server_names servers;
    struct err unset;
    if (!str_is(task->subject_type, "media_buy")) return 0;
    int found = plan_load(act, task->subject_id, PLAN_WHOLE, &p->plan, e);
    if (found < 1) return found;
    plan_servers(&p->plan, &servers);
    p->parts = ARENA_ARRAY(act->arena, struct preview_part, servers.n + 1);
    for (size_t i = 0; i < servers.n; i++) {
        if (load_part(act, &p->plan, servers.names[i], &p->parts[i], &unset)) return 0;
        p->parts_n++;
    }
    p->planned = p->parts_n > 0;
    return 0;
}

static void approve(const struct act *act, const struct task_row *task, struct task_preview *p)
{
    struct deferral nothing_queued = { .n = 0 };
    struct act rehearsing = *act;
    rehearsing.principal = NULL; /* whoever looks: it is the publisher that would decide */
    rehearsing.rehearsal = &p->calls;
    rehearsing.deferral = &nothing_queued;
    struct task_resolution r = { .task_id = task->task_id, .decision = TASK_APPROVE };
    p->impossible = task_kind_do(task_kind_of(task), &rehearsing, &r, task, &p->why) != 0;
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
