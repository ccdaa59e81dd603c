#include "tools/media_buy/media_buy_aux.h"
#include "contract/document.h"

#include "base/rfc3339.h"
#include "domain/delivery/pacing.h"
#include "domain/task/task.h"
#include "store/q/q_booking.h"
#include "store/q/q_delivery.h"
#include "tools/delivery/delivery_reply.h"

#define TASKS_MAX 20

static yyjson_val *stored(struct tool_call *c, struct str text)
{
    return document_read(c->arena, text);
}

static void add_time(struct tool_call *c, yyjson_mut_val *o, const char *key, int64_t at)
{
    if (at != TIME_NONE) json_add_time(c->doc, o, key, at);
}

/* What the caller sent that AdCP has no field for: its ext.salesagent, as it was. */
static void add_ours(struct tool_call *c, yyjson_mut_val *o, yyjson_val *doc)
{
    yyjson_val *ours = json_obj(json_obj(doc, "ext"), "salesagent"), *key, *v;
    size_t i, n;
    yyjson_obj_foreach(ours, i, n, key, v) {
        if (!yyjson_mut_obj_getn(o, yyjson_get_str(key), yyjson_get_len(key))) {
            json_add_copy(c->doc, o, yyjson_get_str(key), v);
        }
    }
}

static int64_t estimated_impressions(const struct package_row *p)
{
    bool mille = str_is(p->pricing_model, "cpm") || str_is(p->pricing_model, "vcpm");
    if (!mille || p->rate_micros <= 0) return p->impressions_goal;
    return muldiv(p->budget_micros, 1000, p->rate_micros, MONEY_ROUND_DOWN);
}

static void add_package(struct tool_call *c, yyjson_mut_val *o, const struct package_row *p,
                        enum media_buy_status status)
{
    yyjson_val *doc = stored(c, p->doc);
    int64_t estimated = estimated_impressions(p);
    json_add_str(c->doc, o, "package_id", p->package_id);
    json_add_str_opt(c->doc, o, "name", p->name);
    json_add_str(c->doc, o, "product_id", p->product_id);
    json_add_cstr(c->doc, o, "status", package_status_at(p, status, c->act->now));
    json_add_money(c->doc, o, "budget", p->budget_micros);
    if (p->previous_budget_micros >= 0) json_add_money(c->doc, o, "previous_budget", p->previous_budget_micros);
    json_add_time(c->doc, o, "start_time", p->start_at);
    json_add_time(c->doc, o, "end_time", p->end_at);
    json_add_str(c->doc, o, "pricing_option_id", p->pricing_option_id);
    json_add_str(c->doc, o, "pricing_model", p->pricing_model);
    json_add_money(c->doc, o, "rate", p->rate_micros);
    json_add_copy(c->doc, o, "bid_price", yyjson_obj_get(doc, "bid_price"));
    if (p->impressions_goal >= 0) json_add_i64(c->doc, o, "impressions", p->impressions_goal);
    if (estimated >= 0) json_add_i64(c->doc, o, "estimated_impressions", estimated);
    json_add_bool(c->doc, o, "paused", p->paused);
    json_add_bool(c->doc, o, "canceled", p->canceled_at != TIME_NONE);
    json_add_str(c->doc, o, "pacing", p->pacing);
    json_add_copy(c->doc, o, "format_ids", yyjson_obj_get(doc, "format_ids"));
    json_add_copy(c->doc, o, "targeting_overlay", yyjson_obj_get(doc, "targeting_overlay"));
    add_ours(c, o, doc);
}

static void add_creatives(struct tool_call *c, yyjson_mut_val *o, const struct media_buy_view *v, struct str buy_id)
{
    yyjson_mut_val *arr = json_add_arr(c->doc, o, "creatives");
    for (size_t i = 0; i < v->creatives.n; i++) {
        const struct creative_assigned *a = &v->creatives.items[i];
        bool seen = false;
        if (!str_eq(a->media_buy_id, buy_id)) continue;
        for (size_t k = 0; k < i; k++) {
            seen = seen || (str_eq(v->creatives.items[k].media_buy_id, buy_id) &&
                            str_eq(v->creatives.items[k].creative_id, a->creative_id));
        }
        if (seen) continue;
        yyjson_mut_val *x = json_push_obj(c->doc, arr);
        json_add_str(c->doc, x, "creative_id", a->creative_id);
        json_add_cstr(c->doc, x, "status", creative_status_name(a->status));
    }
}

/* What the buyer waits for: decisions, and permissions somebody has to grant. Other notes about the buy are none of
 * that. */
static int add_tasks(struct tool_call *c, yyjson_mut_val *o, struct str buy_id, struct err *e)
{
    struct task_filter f = { .tenant_id = c->act->tenant->tenant_id,
                             .kinds = STR("[\"create_media_buy\",\"update_media_buy\",\"permission_exception\","
                                          "\"ad_server\"]"),
                             .subject_type = STR("media_buy"),
                             .subject_id = buy_id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = TASKS_MAX };
    struct task_row *rows;
    size_t n;
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, o, "tasks");
    for (size_t i = 0; i < n && i < TASKS_MAX; i++) {
        if (str_is(rows[i].kind, "ad_server")) {
            /* Why it refused is for the publisher's people; that it did is not. */
            if (task_open(&rows[i]))
                json_add_cstr(c->doc, o, "ad_server_refused", "The ad server refused; a person looks at it.");
            continue;
        }
        yyjson_mut_val *x = json_push_obj(c->doc, arr);
        bool review = str_is(rows[i].kind, "create_media_buy");
        json_add_str(c->doc, x, "task_id", rows[i].task_id);
        json_add_str(c->doc, x, "type", review ? STR("publisher_review") : rows[i].kind);
        json_add_str(c->doc, x, "status", rows[i].state);
        json_add_str_opt(c->doc, x, "description", json_str(stored(c, rows[i].doc), "description"));
        json_add_time(c->doc, x, "created_at", rows[i].created_at);
        add_time(c, x, "due_at", rows[i].due_at);
        if (task_open(&rows[i]) && c->act->base_url.n) {
            json_add_str(
                c->doc, x, "url",
                arena_printf(c->arena, STR_FMT "/sign/" STR_FMT, STR_ARG(c->act->base_url), STR_ARG(rows[i].task_id)));
        }
    }
    return 0;
}

static void add_buy(struct tool_call *c, yyjson_mut_val *o, const struct media_buy_row *b, enum media_buy_status status)
{
    yyjson_val *echo = stored(c, b->echo);
    json_add_str(c->doc, o, "media_buy_id", b->media_buy_id);
    json_add_cstr(c->doc, o, "status", media_buy_status_name(status));
    json_add_str_opt(c->doc, o, "name", b->name);
    json_add_str_opt(c->doc, o, "buyer_ref", b->buyer_ref);
    json_add_str_opt(c->doc, o, "po_number", b->po_number);
    json_add_money(c->doc, o, "total_budget", b->total_budget_micros);
    json_add_str(c->doc, o, "currency", str_from(b->currency));
    json_add_time(c->doc, o, "start_time", b->start_at);
    json_add_time(c->doc, o, "end_time", b->end_at);
    json_add_time(c->doc, o, "created_at", b->created_at);
    json_add_time(c->doc, o, "updated_at", b->updated_at);
    add_time(c, o, "confirmed_at", b->confirmed_at);
    add_time(c, o, "activated_at", b->activated_at);
    /* The end is exclusive; what people call the end of a flight is its last second. */
    int64_t completed_at = media_buy_completed_at(b, c->act->now);
    if (completed_at == b->end_at) completed_at -= USEC_PER_SEC;
    add_time(c, o, "completed_at", completed_at);
    if (status == BUY_CANCELED) add_time(c, o, "canceled_at", b->canceled_at);
    if (status == BUY_REJECTED) json_add_str_opt(c->doc, o, "rejection_reason", b->rejection_reason);
    json_add_str(c->doc, o, "adapter", c->act->tenant->adapter);
    json_add_i64(c->doc, o, "revision", b->revision);
    json_add_copy(c->doc, o, "context", yyjson_obj_get(echo, "context"));
    add_ours(c, o, echo);
}

/* Where snapshots were asked for: what came of the package so far. */
static void add_progress(struct tool_call *c, yyjson_mut_val *o, const struct delivery *d, struct str package_id)
{
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        const struct delivery_package *p = &d->packages[i];
        if (!str_eq(p->package->package_id, package_id)) continue;
        struct pacing pace = delivery_package_pacing(p, c->act->now, PACING_BY_TIME);
        const char *status = delivery_status_name(p->status);
        int64_t spend = p->lifetime.of[METRIC_SPEND];
        if (spend != METRIC_UNKNOWN) json_add_money(c->doc, o, "spend", spend);
        if (pace.ratio_e4 != PACING_UNKNOWN) json_add_money(c->doc, o, "pacing_index", pace.ratio_e4 * 100);
        if (status) json_add_cstr(c->doc, o, "delivery_status", status);
        delivery_add_auction(c, o, d->plan, p);
    }
}

/* What the ad servers call it: the id of the only order, or of each by its ad server. */
static int add_orders(struct tool_call *c, yyjson_mut_val *o, struct str media_buy_id, struct err *e)
{
    struct booking_rows bookings;
    if (q_bookings_of_buy(c->act->tx, c->arena, media_buy_id, &bookings, e)) return -1;
    if (bookings.n == 1) json_add_str_opt(c->doc, o, "ad_server_order_id", bookings.rows[0].remote_id);
    yyjson_mut_val *ids = bookings.n ? json_add_obj(c->doc, o, "ad_server_ids") : NULL;
    for (size_t i = 0; i < bookings.n; i++) {
        json_add_str_opt(c->doc, ids, arena_cstr(c->arena, bookings.rows[i].ad_server), bookings.rows[i].remote_id);
    }
    return 0;
}

int media_buy_aux(struct tool_call *c, const struct media_buy_view *v, const bool *only, struct err *e)
{
    if (c->no_aux) return 0;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->aux, "media_buys");
    size_t at = 0;
    for (size_t i = 0; i < v->buys.n; i++) {
        const struct media_buy_row *b = &v->buys.rows[i];
        enum media_buy_status status = media_buy_status_at(b, c->act->now);
        yyjson_mut_val *o = json_push_obj(c->doc, arr);
        add_buy(c, o, b, status);
        yyjson_mut_val *packages = json_add_arr(c->doc, o, "packages");
        for (size_t k = 0; at < v->packages.n && str_eq(v->packages.rows[at].media_buy_id, b->media_buy_id);
             at++, k++) {
            if (i == 0 && only && !only[k]) continue;
            yyjson_mut_val *p = json_push_obj(c->doc, packages);
            add_package(c, p, &v->packages.rows[at], status);
            if (v->deliveries) add_progress(c, p, &v->deliveries[i], v->packages.rows[at].package_id);
        }
        if (add_orders(c, o, b->media_buy_id, e)) return -1;
        add_creatives(c, o, v, b->media_buy_id);
        if (add_tasks(c, o, b->media_buy_id, e)) return -1;
    }
    return 0;
}
