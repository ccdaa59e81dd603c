/* x_buy_get: one media buy whole: delivery against its plan by day and package, what its packages run, why one does not,
 * its tasks and its history. */
#include "tools/media_buy/operator_buy.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/q_account.h"
#include "store/q/q_catalog.h"
#include "store/q/q_creative.h"
#include "store/q/q_task.h"
#include "store/q/q_tenant.h"
#include "tools/delivery/operator_delivery.h"
#include "tools/operation_tools.h"

#define HISTORY_MAX 30
#define TASKS_MAX   20
#define DAYS_MAX    400

struct whole {
    struct tool_call *c;
    struct media_buy buy;
    struct plan plan;
    struct delivery delivery;
    struct creative_assignment_rows creatives;
    yyjson_mut_val *o;
};

/* --- why it is not delivering ----------------------------------------------------------------------------------- */

static void why(struct whole *w, yyjson_mut_val *list, struct str text)
{
    json_push_str(w->c->doc, list, text);
}

/* Creatives of a package by what they may: approved ones, and those that wait for a review. */
static void count_creatives(const struct whole *w, struct str package_id, size_t *approved, size_t *waiting)
{
    *approved = *waiting = 0;
    for (size_t i = 0; i < w->creatives.n; i++) {
        const struct creative_assignment_row *r = &w->creatives.rows[i];
        if (!str_eq(r->package_id, package_id)) continue;
        *approved += str_is(r->creative.status, "approved");
        *waiting += str_is(r->creative.status, "pending_review") || str_is(r->creative.status, "processing");
    }
}

static void why_creatives(struct whole *w, yyjson_mut_val *list, struct str package_id)
{
    size_t approved, waiting;
    count_creatives(w, package_id, &approved, &waiting);
    if (approved) return;
    why(w, list,
        waiting ? arena_printf(w->c->arena, "No creative is approved; %zu wait for a review.", waiting)
                : STR("No creative that may run is assigned."));
}

static void why_limits(struct whole *w, yyjson_mut_val *list, const struct plan_package *p)
{
    char text[MONEY_TEXT_MAX];
    if (p->daily_impressions > 0)
        why(w, list,
            arena_printf(w->c->arena, "It may deliver at most %lld impressions a day.",
                         (long long)p->daily_impressions));
    if (p->daily_budget_micros <= 0) return;
    (void)money_print(p->daily_budget_micros, text); /* its length is not needed */
    why(w, list, arena_printf(w->c->arena, "It may spend at most %s %s a day.", text, w->buy.row.currency));
}

/* What is known of why a package delivers nothing, or less than it should. Nothing for one that does as it should. */
static void encode_why(struct whole *w, yyjson_mut_val *o, const struct delivery_package *d,
                       const struct pacing *pacing)
{
    const struct plan_package *p = d->package;
    int64_t now = w->c->act->now;
    bool behind = pacing->status == PACING_BEHIND || pacing->status == PACING_SLIGHTLY_BEHIND;
    yyjson_mut_val *list = json_add_arr(w->c->doc, o, "why");
    if (media_buy_status_terminal(w->buy.status)) return;
    if (w->buy.status == BUY_PENDING_APPROVAL) why(w, list, STR("Nobody has decided on the media buy yet."));
    else if (p->stopped_at != INT64_MAX) why(w, list, STR("It was canceled."));
    else if (w->buy.row.paused || p->paused) why(w, list, STR("It is paused."));
    else if (d->status == DELIVERY_BUDGET_EXHAUSTED) why(w, list, STR("Its budget is spent."));
    else if (d->status == DELIVERY_GOAL_MET) why(w, list, STR("Its goal is met."));
    else if (now >= p->end_at) why(w, list, STR("Its flight is over."));
    else {
        if (now < p->start_at) why(w, list, STR("Its flight has not begun."));
        why_creatives(w, list, p->package_id);
        if (w->plan.live_from == INT64_MAX) why(w, list, STR("The ad server has not taken it yet."));
        if (behind) why_limits(w, list, p);
        if (d->status == DELIVERY_NOT_DELIVERING) why(w, list, STR("The ad server has reported nothing for it."));
        if (behind && yyjson_mut_arr_size(list) == 0)
            why(w, list, STR("It runs, but slower than its plan; the ad server says no more."));
    }
}

/* --- parts ------------------------------------------------------------------------------------------------------ */

static int encode_names(struct whole *w, struct err *e)
{
    struct tool_call *c = w->c;
    struct principal_row buyer;
    struct account_row account, key = { .tenant_id = w->buy.row.tenant_id,
                                        .principal_id = w->buy.row.principal_id,
                                        .account_id = w->buy.row.account_id };
    int rc = q_principal_get(c->act->tx, c->arena, w->buy.row.tenant_id, w->buy.row.principal_id, &buyer, e);
    if (rc < 0) return -1;
    json_add_str(c->doc, w->o, "buyer", rc == 1 ? buyer.name : w->buy.row.principal_id);
    rc = q_account_get(c->act->tx, c->arena, &key, &account, e);
    if (rc == 1)
        json_add_str_opt(c->doc, w->o, "advertiser", account.brand_domain.n ? account.brand_domain : account.name);
    return rc < 0 ? -1 : 0;
}

static void encode_creatives(struct whole *w, yyjson_mut_val *o, struct str package_id)
{
    yyjson_mut_val *list = json_add_arr(w->c->doc, o, "creatives");
    for (size_t i = 0; i < w->creatives.n; i++) {
        const struct creative_assignment_row *r = &w->creatives.rows[i];
        if (!str_eq(r->package_id, package_id)) continue;
        yyjson_mut_val *k = json_push_obj(w->c->doc, list);
        json_add_str(w->c->doc, k, "creative_id", r->key.creative_id);
        json_add_str(w->c->doc, k, "name", r->creative.name);
        json_add_str(w->c->doc, k, "format", r->creative.format_id);
        json_add_str(w->c->doc, k, "status", r->creative.status);
    }
}

static int encode_package(struct whole *w, yyjson_mut_val *list, size_t i, struct err *e)
{
    struct tool_call *c = w->c;
    const struct package_row *row = &w->buy.packages.rows[i];
    struct catalog_row product;
    int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_PRODUCT, w->buy.row.tenant_id, row->product_id, &product, e);
    if (rc < 0) return -1;
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_str(c->doc, o, "package_id", row->package_id);
    json_add_str(c->doc, o, "product", rc == 1 ? product.name : row->product_id);
    json_add_str_opt(c->doc, o, "name", row->name);
    json_add_cstr(c->doc, o, "status", package_status_at(row, w->buy.status, c->act->now));
    json_add_str(c->doc, o, "pricing_model", row->pricing_model);
    json_add_money(c->doc, o, "rate", row->rate_micros);
    json_add_money(c->doc, o, "budget", row->budget_micros);
    if (row->impressions_goal >= 0) json_add_i64(c->doc, o, "goal", row->impressions_goal);
    json_add_time(c->doc, o, "start_time", row->start_at);
    json_add_time(c->doc, o, "end_time", row->end_at);
    operator_elapsed_add(c, o, row->start_at, row->end_at);
    encode_creatives(w, o, row->package_id);
    for (size_t k = 0; k < w->plan.packages_n; k++) {
        const struct delivery_package *d = &w->delivery.packages[k];
        if (!str_eq(d->package->package_id, row->package_id)) continue;
        struct pacing p = delivery_package_pacing(d, c->act->now, PACING_BY_TIME);
        operator_delivery_encode(c, o, &d->lifetime, &p);
        encode_why(w, o, d, &p);
    }
    return 0;
}

/* What all packages delivered on one day. */
static struct delivered day_sum(const struct whole *w, int64_t day)
{
    struct delivered sum = delivered_none();
    for (size_t k = 0; k < w->plan.packages_n; k++) {
        const struct delivery_package *d = &w->delivery.packages[k];
        if (!d->days_n || day < d->days[0].day_at) continue;
        size_t at = (size_t)((day - d->days[0].day_at) / USEC_PER_DAY); /* days are dense */
        if (at < d->days_n) delivered_add(&sum, &d->days[at].delivered);
    }
    return sum;
}

static void encode_days(struct whole *w)
{
    struct tool_call *c = w->c;
    yyjson_mut_val *list = json_add_arr(c->doc, w->o, "days");
    int64_t until = w->delivery.until_at;
    for (int64_t day = utc_day_start(w->buy.row.start_at), n = 0; day < until && n < DAYS_MAX;
         day += USEC_PER_DAY, n++) {
        char text[RFC3339_MAX];
        struct delivered sum = day_sum(w, day);
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        size_t len = rfc3339_print_date(day, text);
        json_add_str(c->doc, o, "date", arena_dup(c->arena, (struct str){ text, len }));
        json_add_i64(c->doc, o, "impressions",
                     sum.of[METRIC_IMPRESSIONS] == METRIC_UNKNOWN ? 0 : sum.of[METRIC_IMPRESSIONS]);
        json_add_money(c->doc, o, "spend", sum.of[METRIC_SPEND] == METRIC_UNKNOWN ? 0 : sum.of[METRIC_SPEND]);
    }
}

static int encode_tasks(struct whole *w, struct err *e)
{
    struct tool_call *c = w->c;
    struct task_filter f = { .tenant_id = w->buy.row.tenant_id,
                             .subject_type = STR("media_buy"),
                             .subject_id = w->buy.row.media_buy_id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = TASKS_MAX };
    struct task_row *rows;
    size_t n;
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, w->o, "tasks");
    for (size_t i = 0; i < n && i < TASKS_MAX; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "task_id", rows[i].task_id);
        json_add_str(c->doc, o, "kind", rows[i].kind);
        json_add_str(c->doc, o, "state", rows[i].state);
        json_add_str_opt(c->doc, o, "decision", rows[i].decision);
        json_add_time(c->doc, o, "created_at", rows[i].created_at);
    }
    return 0;
}

static int encode_history(struct whole *w, struct err *e)
{
    struct tool_call *c = w->c;
    struct history_row *rows;
    size_t n;
    if (q_history_list(c->act->tx, c->arena, w->buy.row.media_buy_id, HISTORY_MAX, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, w->o, "history");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_time(c->doc, o, "at", rows[i].at);
        json_add_str(c->doc, o, "by", rows[i].actor);
        json_add_str(c->doc, o, "what", rows[i].action);
        json_add_str_opt(c->doc, o, "summary", rows[i].summary);
    }
    return 0;
}

static int load(struct whole *w, struct err *e)
{
    struct tool_call *c = w->c;
    int rc = media_buy_load(c->act, json_str(c->args, "media_buy_id"), &w->buy, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such media buy.");
        return err_field(e, "/media_buy_id");
    }
    if (plan_from_rows(c->act, NULL, &w->buy.row, &w->buy.packages, &w->plan, e)) return -1;
    if (delivery_read(c->act, &w->plan, DELIVERY_LIFETIME, DELIVERY_DAYS, &w->delivery, e)) return -1;
    return q_creative_assignments_of_buy(c->act->tx, c->arena, w->buy.row.media_buy_id, &w->creatives, e);
}

int tool_x_buy_get(struct tool_call *c, struct err *e)
{
    struct whole *w = ARENA_NEW(c->arena, struct whole);
    *w = (struct whole){ .c = c };
    if (load(w, e)) return -1;
    struct pacing p = delivery_pacing(&w->delivery, c->arena, c->act->now, PACING_BY_TIME);
    w->o = json_add_obj(c->doc, c->reply, "media_buy");
    operator_buy_encode(c, w->o, &w->buy);
    json_add_str_opt(c->doc, w->o, "rejection_reason", w->buy.row.rejection_reason);
    operator_delivery_encode(c, w->o, &w->delivery.lifetime, &p);
    if (w->delivery.simulated) json_add_bool(c->doc, w->o, "simulated", true);
    json_add_time(c->doc, w->o, "as_of", w->delivery.as_of);
    yyjson_mut_val *packages = json_add_arr(c->doc, w->o, "packages");
    for (size_t i = 0; i < w->buy.packages.n; i++) {
        if (encode_package(w, packages, i, e)) return -1;
    }
    encode_days(w);
    return encode_names(w, e) || encode_tasks(w, e) || encode_history(w, e) ? -1 : 0;
}
