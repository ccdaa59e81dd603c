#include "domain/media_buy/budget_watch.h"

#include "base/rfc3339.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy_change.h"
#include "domain/media_buy/media_buy.h"
#include "domain/tell/webhook.h"
#include "store/q/agent/q_job.h"

#define ACTION       "budget_exhausted"
#define HISTORY_ROWS 500 /* as far back as is looked */
#define PRECISION_US (60 * USEC_PER_SEC)

/* Has the buyer been told since the budget was last changed? Rows are newest first, so the first of the two that is found
 * answers it. */
static bool told(const struct history_row *rows, size_t n, struct str package_id)
{
    for (size_t i = 0; i < n; i++) {
        bool mine = !rows[i].package_id.n || str_eq(rows[i].package_id, package_id);
        if (mine && str_is(rows[i].action, ACTION)) return true;
        if (mine && str_is(rows[i].action, "updated_budget")) return false;
    }
    return false;
}

/* The budget is spent, or as good as spent: a package whose impressions goal is met stops a little short of it. */
static bool spent_up(const struct delivery_package *p)
{
    int64_t spend = p->lifetime.of[METRIC_SPEND];
    if (p->status == DELIVERY_BUDGET_EXHAUSTED) return true;
    return p->status == DELIVERY_GOAL_MET && p->package->budget_micros > 0 &&
           spend >= p->package->budget_micros / 1000 * 990;
}

/* A live buy's plan and what was told of it. */
struct watched {
    const struct act *act;
    struct media_buy buy;
    struct plan plan;
    struct history_row *rows;
    size_t n;
    bool simulated; /* what was delivered was made up */
};

static int tell(const struct act *act, const struct watched *w, struct str package_id, struct err *e)
{
    struct act of_time = *act; /* the system acts, so that a buyer is told even when its own call found it */
    of_time.principal = NULL;
    of_time.actor = STR("system:delivery");
    struct media_buy_change change = {
        .action = ACTION,
        .summary = arena_printf(act->arena, "The budget of package " STR_FMT " is spent%s", STR_ARG(package_id),
                                w->simulated ? " (simulated: nothing was delivered)" : ""),
        .package_id = package_id,
    };
    return media_buy_changed(&of_time, &w->buy.row, &change, e);
}

/* 1 loaded, 0 there is nothing to watch, -1 failed. */
static int load(const struct act *act, struct str media_buy_id, struct watched *w, struct err *e)
{
    *w = (struct watched){ .act = act };
    int found = media_buy_load(act, media_buy_id, &w->buy, e);
    if (found != 1 || media_buy_status_terminal(w->buy.status)) return found < 0 ? -1 : 0;
    if (plan_from_rows(act, NULL, &w->buy.row, &w->buy.packages, &w->plan, e)) return -1;
    return q_history_list(act->tx, act->arena, media_buy_id, HISTORY_ROWS, &w->rows, &w->n, e) ? -1 : 1;
}

/* Marks the packages whose budget is spent at `at` and of whom that was not told; how many there are, or -1. */
static int untold(struct watched *w, int64_t at, bool *which, struct err *e)
{
    struct act then = *w->act;
    struct delivery d;
    int count = 0;
    then.now = at;
    if (delivery_read(&then, &w->plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    w->simulated = d.simulated;
    for (size_t i = 0; i < w->plan.packages_n; i++) {
        which[i] = spent_up(&d.packages[i]) && !told(w->rows, w->n, w->plan.packages[i].package_id);
        count += which[i];
    }
    return count;
}

int budget_watch(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct watched w;
    int rc = load(act, media_buy_id, &w, e);
    if (rc != 1) return rc;
    bool *which = ARENA_ARRAY(act->arena, bool, w.plan.packages_n + 1);
    if (untold(&w, act->now, which, e) < 0) return -1;
    for (size_t i = 0; i < w.plan.packages_n; i++) {
        if (which[i] && tell(act, &w, w.plan.packages[i].package_id, e)) return -1;
    }
    return 0;
}

/* --- ahead of time ------------------------------------------------------------------------------------------------ */

static int write_job(const struct act *act, struct str media_buy_id, struct str subject, int64_t due_at, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", media_buy_id);
    struct job_row row = { .job_id = id_new(act->arena, act->rng, "job-", act->now),
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR(BUDGET_JOB),
                           .lane = STR(BUDGET_JOB),
                           .subject = subject,
                           .payload = json_write(act->arena, o),
                           .due_at = due_at,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &row, e);
}

/* 1 somebody listens and no job waits, 0 not, -1 failed. What costs little is asked first. */
static int wanted(const struct act *act, struct str media_buy_id, struct str subject, struct str except, struct err *e)
{
    struct webhook_anchor key = { act->tenant->tenant_id, "task", media_buy_id };
    struct webhook_row *hooks;
    struct plan plan;
    bool local;
    size_t n;
    /* Needs an ad server whose numbers follow from the plan, and a clock that nobody else sets. */
    if (act->mock_clock || (!act->ad_server && !act->tenant->adapter.n)) return 0;
    if (q_webhook_list(act->tx, act->arena, &key, &hooks, &n, e)) return -1;
    int waits = n ? q_job_waits(act->tx, subject, except, e) : 1;
    if (waits) return waits < 0 ? -1 : 0;
    int found = plan_load(act, media_buy_id, PLAN_NUMBERS, &plan, e);
    if (found != 1) return found;
    return plan_is_local(act, &plan, &local, e) ? -1 : local;
}

int budget_watch_next(const struct act *act, struct str media_buy_id, struct str except, struct err *e)
{
    struct watched w;
    struct str subject = arena_printf(act->arena, "budget:" STR_FMT, STR_ARG(media_buy_id));
    int rc = wanted(act, media_buy_id, subject, except, e);
    if (rc == 1) rc = load(act, media_buy_id, &w, e);
    if (rc != 1 || w.buy.row.confirmed_at == TIME_NONE) return rc < 0 ? -1 : 0;
    bool *which = ARENA_ARRAY(act->arena, bool, w.plan.packages_n + 1);
    int64_t low = act->now > w.plan.start_at ? act->now : w.plan.start_at, high = w.plan.end_at - USEC_PER_SEC;
    int n = low < high ? untold(&w, high, which, e) : 0;
    if (n <= 0) return n;
    while (high - low > PRECISION_US) {
        int64_t mid = low + (high - low) / 2;
        n = untold(&w, mid, which, e);
        if (n < 0) return -1;
        if (n > 0) {
            high = mid;
        } else {
            low = mid;
        }
    }
    return write_job(act, media_buy_id, subject, high, e);
}
