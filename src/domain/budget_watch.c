#include "domain/budget_watch.h"

#include "domain/delivery.h"
#include "domain/events.h"
#include "domain/media_buy.h"

#define ACTION       "budget_exhausted"
#define HISTORY_ROWS 500 /* as far back as is looked */

/* Newest first: what came last, the telling or more money. */
static bool told(const struct history_row *rows, size_t n, struct str package_id)
{
    for (size_t i = 0; i < n; i++) {
        bool mine = !rows[i].package_id.n || str_eq(rows[i].package_id, package_id);
        if (mine && str_is(rows[i].action, ACTION)) return true;
        if (mine && str_is(rows[i].action, "updated_budget")) return false;
    }
    return false;
}

/* A goal in impressions is often met in the same moment; what is told is the money. */
static bool spent_up(const struct delivery_package *p)
{
    int64_t spend = p->lifetime.of[METRIC_SPEND];
    if (p->status == DELIVERY_BUDGET_EXHAUSTED) return true;
    return p->status == DELIVERY_GOAL_MET && p->package->budget_micros > 0 && spend >= p->package->budget_micros / 1000 * 990;
}

static int tell(const struct act *act, const struct media_buy *buy, struct str package_id, struct err *e)
{
    struct act of_time = *act; /* nobody's doing: the buyer whose call brought it to light is told like any other */
    of_time.principal = NULL;
    of_time.actor = STR("system:delivery");
    struct media_buy_change change = {
        .action = ACTION,
        .summary = arena_printf(act->arena, "The budget of package " STR_FMT " is spent", STR_ARG(package_id)),
        .package_id = package_id,
    };
    return media_buy_changed(&of_time, &buy->row, &change, e);
}

int budget_watch(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct media_buy buy;
    struct plan plan;
    struct delivery d;
    struct history_row *rows;
    size_t n;
    int found = media_buy_load(act, media_buy_id, &buy, e);
    if (found != 1 || media_buy_status_terminal(buy.status)) return found < 0 ? -1 : 0;
    found = plan_from_rows(act, &buy.row, &buy.packages, &plan, e);
    if (found || delivery_read(act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    bool any = false;
    for (size_t i = 0; i < plan.packages_n; i++) any |= spent_up(&d.packages[i]);
    if (!any) return 0;
    if (q_history_list(act->tx, act->arena, media_buy_id, HISTORY_ROWS, &rows, &n, e)) return -1;
    for (size_t i = 0; i < plan.packages_n; i++) {
        struct str id = plan.packages[i].package_id;
        if (!spent_up(&d.packages[i]) || told(rows, n, id)) continue;
        if (tell(act, &buy, id, e)) return -1;
    }
    return 0;
}
