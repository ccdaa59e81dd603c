#include "tools/delivery/delivery_reply.h"
#include "contract/document.h"

#include <salesagent/money.h>

#include "store/q/q_media_buy.h"

static void add_date(struct tool_call *c, yyjson_mut_val *obj, int64_t day_at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(day_at, text);
    json_add_str(c->doc, obj, "date", arena_dup(c->arena, (struct str){ text, n }));
}

static void add_day(struct tool_call *c, yyjson_mut_val *list, int64_t day_at, const struct delivered *d)
{
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    add_date(c, o, day_at);
    json_add_i64(c->doc, o, "impressions", delivered_known(d->of[METRIC_IMPRESSIONS]));
    json_add_money(c->doc, o, "spend", delivered_known(d->of[METRIC_SPEND]));
    delivery_add_count(c->doc, o, "clicks", d->of[METRIC_CLICKS]);
    delivery_add_count(c->doc, o, "completed_views", d->of[METRIC_COMPLETED_VIEWS]);
    delivery_add_count(c->doc, o, "conversions", d->of[METRIC_CONVERSIONS]);
}

/* Copied: a plan does not live as long as the reply. */
static void add_currency(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *currency)
{
    (void)yyjson_mut_obj_add_strcpy(doc, obj, "currency", currency); /* the arena never refuses */
}

/* ---- days and windows ---- */

/* First and one-past-last day of any package; false when there is none. */
static bool day_span(const struct delivery *d, int64_t *from, int64_t *to)
{
    bool any = false;
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        const struct delivery_package *p = &d->packages[i];
        if (p->days_n == 0) continue;
        int64_t a = p->days[0].day_at, b = p->days[p->days_n - 1].day_at + USEC_PER_DAY;
        *from = !any || a < *from ? a : *from;
        *to = !any || b > *to ? b : *to;
        any = true;
    }
    return any;
}

/* What a package delivered on the days of [from, to); days are dense, so the first is found by subtraction. */
static struct delivered between(const struct delivery_package *p, int64_t from, int64_t to)
{
    struct delivered sum = delivered_none();
    if (p->days_n == 0) return sum;
    int64_t skip = (from - p->days[0].day_at) / USEC_PER_DAY;
    for (size_t i = skip > 0 ? (size_t)skip : 0; i < p->days_n && p->days[i].day_at < to; i++) {
        delivered_add(&sum, &p->days[i].delivered);
    }
    return sum;
}

/* A sum with a part that nobody knows is no sum. */
static bool day_unknown(const struct delivery *d, int64_t day)
{
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        const struct delivery_package *p = &d->packages[i];
        int64_t at = p->days_n ? (day - p->days[0].day_at) / USEC_PER_DAY : -1;
        if (at >= 0 && (size_t)at < p->days_n && p->days[at].unknown) return true;
    }
    return false;
}

static void add_daily(struct tool_call *c, yyjson_mut_val *out, const struct delivery *d)
{
    int64_t from = 0, to = 0;
    yyjson_mut_val *list = json_add_arr(c->doc, out, "daily_breakdown");
    if (!day_span(d, &from, &to)) return;
    for (int64_t day = from; day < to; day += USEC_PER_DAY) {
        struct delivered sum = delivered_none();
        if (day_unknown(d, day)) continue;
        for (size_t i = 0; i < d->plan->packages_n; i++) {
            struct delivered part = between(&d->packages[i], day, day + USEC_PER_DAY);
            delivered_add(&sum, &part);
        }
        add_day(c, list, day, &sum);
    }
}

/* The start of the next window: the next day, or the first day of the next month. */
static int64_t window_end(int64_t day, bool monthly)
{
    int64_t at = day + USEC_PER_DAY;
    if (!monthly) return at;
    char text[RFC3339_MAX];
    for (;; at += USEC_PER_DAY) {
        size_t n = rfc3339_print_date(at, text);
        if (n == 10 && text[8] == '0' && text[9] == '1') return at;
    }
}

static void add_window(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d, int64_t from, int64_t to)
{
    struct delivered sum = delivered_none();
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_time(c->doc, o, "window_start", from);
    json_add_time(c->doc, o, "window_end", to);
    yyjson_mut_val *totals = json_add_obj(c->doc, o, "totals");
    yyjson_mut_val *packages = json_add_arr(c->doc, o, "by_package");
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        struct delivered part = between(&d->packages[i], from, to);
        yyjson_mut_val *p = json_push_obj(c->doc, packages);
        json_add_str(c->doc, p, "package_id", d->packages[i].package->package_id);
        delivery_add_metrics(c->doc, p, &part);
        delivered_add(&sum, &part);
    }
    delivery_add_metrics(c->doc, totals, &sum);
    json_add_bool(c->doc, o, "is_final", to <= c->act->now);
}

static void add_windows(struct tool_call *c, yyjson_mut_val *out, const struct delivery *d, bool monthly)
{
    int64_t from = 0, to = 0;
    yyjson_mut_val *list = json_add_arr(c->doc, out, "windows");
    if (!day_span(d, &from, &to)) return;
    while (from < to) {
        int64_t end = window_end(from, monthly);
        if (end > to) end = to;
        add_window(c, list, d, from, end);
        from = end;
    }
}

/* ---- a buy ---- */

static void add_finality(struct tool_call *c, yyjson_mut_val *obj, bool is_final, int64_t finalized_at)
{
    json_add_bool(c->doc, obj, "is_final", is_final);
    if (is_final) json_add_time(c->doc, obj, "finalized_at", finalized_at);
}

/* What one priced unit really cost; -1 before there was one. */
static int64_t effective_rate(const struct plan_package *p, const struct delivered *d)
{
    enum metric unit = pricing_metric(p->pricing_model);
    if (unit == METRIC_SPEND || d->of[unit] <= 0 || d->of[METRIC_SPEND] < 0) return -1;
    return muldiv(d->of[METRIC_SPEND], pricing_units_per_rate(p->pricing_model), d->of[unit], MONEY_ROUND_HALF_UP);
}

static void add_package(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d,
                        const struct delivery_package *p, const struct delivery_options *o)
{
    yyjson_mut_doc *doc = c->doc;
    const struct plan_package *plan = p->package;
    struct pacing pace = delivery_package_pacing(p, c->act->now, PACING_BY_TIME);
    const char *status = p->status == DELIVERY_NOT_DELIVERING ? NULL : delivery_status_name(p->status);
    yyjson_mut_val *out = json_push_obj(doc, list);
    json_add_str(doc, out, "package_id", plan->package_id);
    delivery_add_metrics(doc, out, &p->in_range);
    json_add_cstr(doc, out, "pricing_model", pricing_model_name(plan->pricing_model));
    int64_t effective = plan->auction.bidding ? effective_rate(plan, &p->lifetime) : -1;
    json_add_money(doc, out, "rate", effective >= 0 ? effective : plan->rate_micros);
    add_currency(doc, out, d->plan->currency);
    if (pace.ratio_e4 != PACING_UNKNOWN) json_add_money(doc, out, "pacing_index", pace.ratio_e4 * 100);
    if (status) json_add_cstr(doc, out, "delivery_status", status);
    json_add_bool(doc, out, "paused", plan->paused);
    add_finality(c, out, p->is_final, p->finalized_at);
    if (!o->package_days) return;
    yyjson_mut_val *days = json_add_arr(doc, out, "daily_breakdown");
    for (size_t i = 0; i < p->days_n; i++) {
        if (!p->days[i].unknown) add_day(c, days, p->days[i].day_at, &p->days[i].delivered);
    }
}

/* The buy's pricing model and what a unit really cost, when its packages agree on one. */
static void add_effective_rate(struct tool_call *c, yyjson_mut_val *out, yyjson_mut_val *totals,
                               const struct delivery *d)
{
    for (size_t i = 1; i < d->plan->packages_n; i++) {
        if (d->plan->packages[i].pricing_model != d->plan->packages[0].pricing_model) return;
    }
    if (d->plan->packages_n == 0) return;
    enum pricing_model model = d->plan->packages[0].pricing_model;
    enum metric unit = pricing_metric(model);
    json_add_cstr(c->doc, out, "pricing_model", pricing_model_name(model));
    if (unit == METRIC_SPEND) return;
    delivery_add_cost(c->doc, totals, "effective_rate", d->in_range.of[METRIC_SPEND], d->in_range.of[unit],
                      pricing_units_per_rate(model));
}

void delivery_add_buy(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d, enum media_buy_status status,
                      const struct delivery_options *o)
{
    yyjson_mut_val *out = json_push_obj(c->doc, list);
    json_add_str(c->doc, out, "media_buy_id", d->plan->media_buy_id);
    add_currency(c->doc, out, d->plan->currency);
    json_add_cstr(c->doc, out, "status", media_buy_status_name(status));
    yyjson_mut_val *totals = json_add_obj(c->doc, out, "totals");
    delivery_add_metrics(c->doc, totals, &d->in_range);
    add_effective_rate(c, out, totals, d);
    yyjson_mut_val *packages = json_add_arr(c->doc, out, "by_package");
    for (size_t i = 0; i < d->plan->packages_n; i++) add_package(c, packages, d, &d->packages[i], o);
    add_finality(c, out, d->is_final, d->finalized_at);
    if (o->days) add_daily(c, out, d);
    if (o->windows != WINDOWS_NONE) add_windows(c, out, d, o->windows == WINDOWS_MONTHLY);
}

/* ---- for dialects ---- */

static int64_t remaining(int64_t budget, int64_t spend)
{
    return spend < budget ? budget - spend : 0;
}

static void add_plain_counts(struct tool_call *c, yyjson_mut_val *obj, const struct delivered *d)
{
    delivery_add_count(c->doc, obj, "impressions", d->of[METRIC_IMPRESSIONS]);
    delivery_add_count(c->doc, obj, "clicks", d->of[METRIC_CLICKS]);
    json_add_money(c->doc, obj, "spend", delivered_known(d->of[METRIC_SPEND]));
    delivery_add_share(c->doc, obj, "ctr", delivered_share(d->of[METRIC_CLICKS], d->of[METRIC_IMPRESSIONS]));
    delivery_add_count(c->doc, obj, "completed_views", d->of[METRIC_COMPLETED_VIEWS]);
}

static void add_cents(struct tool_call *c, yyjson_mut_val *obj, const char *key, int64_t micros)
{
    if (micros >= 0) json_add_money(c->doc, obj, key, money_round_to_cent(micros));
}

static void add_pacing(struct tool_call *c, yyjson_mut_val *out, const struct pacing *p)
{
    add_cents(c, out, "expected_spend", p->expected_micros);
    add_cents(c, out, "projected_spend", p->projected_micros);
    json_add_time(c->doc, out, "projected_end", p->projected_end_at);
    if (p->ratio_e4 != PACING_UNKNOWN) json_add_money(c->doc, out, "pacing_ratio", p->ratio_e4 * 100);
    json_add_cstr(c->doc, out, "pacing_status", pacing_status_name(p->status));
    if (p->utilization_e4 != PACING_UNKNOWN) json_add_money(c->doc, out, "utilization", p->utilization_e4 * 100);
    json_add_i64(c->doc, out, "days_elapsed", p->days_elapsed);
    json_add_i64(c->doc, out, "days_remaining", p->days_remaining);
    json_add_i64(c->doc, out, "total_days", p->total_days);
}

/* What the buyer called the package, and what it bid. */
static void add_aux_terms(struct tool_call *c, yyjson_mut_val *out, struct str package_doc)
{
    yyjson_val *terms = document_read(c->arena, package_doc);
    json_add_copy(c->doc, out, "package_ref", json_get_path(terms, "/ext/salesagent/package_ref"));
    json_add_copy(c->doc, out, "bid_price", yyjson_obj_get(terms, "bid_price"));
}

void delivery_add_auction(struct tool_call *c, yyjson_mut_val *out, const struct plan *plan,
                          const struct delivery_package *p)
{
    struct ad_server server;
    struct adapter_auction now;
    struct err ignored; /* a wrong configuration was refused before; these facts are only left out */
    int64_t price = effective_rate(p->package, &p->lifetime);
    if (!p->package->auction.bidding) return;
    if (price >= 0) json_add_money(c->doc, out, "clearing_price", price);
    if (ad_server_of(c->act, p->package->ad_server, &server, &ignored) || server.adapter->auction == NULL) return;
    size_t index = (size_t)(p->package - plan->packages);
    if (server.adapter->simulates) act_simulated(c->act);
    if (server.adapter->auction(server.config, plan, index, &now))
        delivery_add_share(c->doc, out, "win_rate", now.win_ppm);
}

static void add_aux_package(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d, size_t index,
                            const struct package_row *row)
{
    const struct delivery_package *p = &d->packages[index];
    struct pacing pace = delivery_package_pacing(p, c->act->now, PACING_BY_DAY);
    yyjson_mut_val *out = json_push_obj(c->doc, list);
    json_add_str(c->doc, out, "package_id", p->package->package_id);
    json_add_str(c->doc, out, "name", p->package->name);
    add_aux_terms(c, out, row->doc);
    delivery_add_auction(c, out, d->plan, p);
    json_add_money(c->doc, out, "budget", p->package->budget_micros);
    add_plain_counts(c, out, &p->in_range);
    json_add_money(c->doc, out, "budget_remaining",
                   remaining(p->package->budget_micros, delivered_known(p->lifetime.of[METRIC_SPEND])));
    if (pace.ratio_e4 != PACING_UNKNOWN) json_add_money(c->doc, out, "pacing_ratio", pace.ratio_e4 * 100);
    if (pace.utilization_e4 != PACING_UNKNOWN) json_add_money(c->doc, out, "utilization", pace.utilization_e4 * 100);
}

void delivery_add_aux(struct tool_call *c, yyjson_mut_val *list, const struct delivery *d,
                      const struct package_row *rows, const char *status)
{
    int64_t budget = 0;
    if (c->no_aux) return;
    yyjson_mut_val *out = json_push_obj(c->doc, list);
    for (size_t i = 0; i < d->plan->packages_n; i++) budget += d->plan->packages[i].budget_micros;
    json_add_str(c->doc, out, "media_buy_id", d->plan->media_buy_id);
    json_add_cstr(c->doc, out, "status", status);
    add_currency(c->doc, out, d->plan->currency);
    json_add_time(c->doc, out, "start_time", d->plan->start_at);
    json_add_time(c->doc, out, "end_time", d->plan->end_at);
    json_add_time(c->doc, out, "as_of", d->as_of);
    json_add_money(c->doc, out, "budget", budget);
    add_plain_counts(c, json_add_obj(c->doc, out, "totals"), &d->in_range);
    json_add_money(c->doc, out, "budget_remaining", remaining(budget, delivered_known(d->lifetime.of[METRIC_SPEND])));
    if (d->plan->packages_n > 0) {
        struct pacing pace = delivery_pacing(d, c->arena, c->act->now, PACING_BY_DAY);
        add_pacing(c, out, &pace);
    }
    yyjson_mut_val *packages = json_add_arr(c->doc, out, "packages");
    for (size_t i = 0; i < d->plan->packages_n; i++) add_aux_package(c, packages, d, i, &rows[i]);
}
