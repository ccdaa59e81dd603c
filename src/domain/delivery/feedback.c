#include "domain/delivery/feedback.h"

#include "base/id.h"
#include "domain/core/audit.h"
#include "domain/delivery/delivery.h"

#define WORTHLESS_PPM 1 /* what is stored for an index of 0, because 0 in the row is "nothing was said" */

static int pace(const struct act *act, const struct feedback *f, bool *paced, struct err *e)
{
    struct ad_server_set servers = { .act = act };
    const struct ad_server *server;
    struct plan plan;
    struct package_rows packages;
    if (f->index_ppm == FEEDBACK_NO_INDEX) return 0;
    if (delivery_freeze(act, f->media_buy_id, e)) return -1;
    int found = plan_load(act, f->media_buy_id, PLAN_NUMBERS, &plan, e);
    if (found != 1) return found;
    if (q_packages_of_buy(act->tx, act->arena, f->media_buy_id, &packages, e)) return -1;
    for (size_t i = 0; i < packages.n && i < plan.packages_n; i++) {
        struct package_row *p = &packages.rows[i];
        if (f->package_id.n && !str_eq(p->package_id, f->package_id)) continue;
        p->performance_ppm = f->index_ppm > 0 ? f->index_ppm : WORTHLESS_PPM;
        if (q_package_performance(act->tx, p, e)) return -1;
        if (ad_server_get(&servers, plan.packages[i].ad_server, &server, e)) return -1; /* in the order of the rows */
        *paced = server->adapter->paces_by_performance;
    }
    return 0;
}

int feedback_add(const struct act *act, const struct feedback *f, bool *paced, struct err *e)
{
    *paced = false;

    ENSURE(f->media_buy_id.n > 0 && f->doc.n > 0);
    struct feedback_row row = { .feedback_id = id_new(act->arena, act->rng, "fb-", act->now),
                                .tenant_id = act->tenant->tenant_id,
                                .media_buy_id = f->media_buy_id,
                                .package_id = f->package_id,
                                .at = act->now,
                                .doc = f->doc };
    if (q_feedback_insert(act->tx, &row, e) || pace(act, f, paced, e)) return -1;
    struct audit_entry entry = { .action = "media_buy.feedback",
                                 .subject = arena_printf(act->arena, "media_buy:" STR_FMT, STR_ARG(f->media_buy_id)),
                                 .doc = f->doc };
    return audit_add(act, &entry, e);
}
