/* x_today_get: the morning list of the people who run campaigns. Of the media buys that are under way or about to be, what
 * is behind plan, should have started, lacks a creative, starts or ends within a week. */
#include <salesagent/money.h>

#include "domain/booking/booking.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "store/q/q_ad_server.h"
#include "store/q/agent/q_job.h"
#include "store/q/q_live.h"
#include "store/q/q_tenant.h"
#include "tools/delivery/operator_delivery.h"
#include "tools/operation_tools.h"

#define LOOKED_AT_MAX 100 /* buys, the next to end first: each costs a dozen statements */
#define ENDING_MAX    20
#define SOON          (INT64_C(7) * USEC_PER_DAY)

struct today {
    struct tool_call *c;
    yyjson_mut_val *behind, *late, *lacking, *starting, *ending;
    size_t running;
    struct plan_shelf shelf;
};

static void add_share(struct tool_call *c, yyjson_mut_val *o, const char *key, int64_t e4)
{
    if (e4 != PACING_UNKNOWN) json_add_money(c->doc, o, key, e4 * (MICROS_PER_UNIT / 10000));
}

void operator_elapsed_add(struct tool_call *c, yyjson_mut_val *o, int64_t start_at, int64_t end_at)
{
    int64_t now = c->act->now, e4 = now >= end_at ? 10000 : 0;
    if (now > start_at && now < end_at) e4 = muldiv(10000, now - start_at, end_at - start_at, MONEY_ROUND_HALF_UP);
    add_share(c, o, "elapsed", e4);
}

static yyjson_mut_val *encode(struct today *t, yyjson_mut_val *list, const struct media_buy *buy,
                              const struct live_row *row)
{
    struct tool_call *c = t->c;
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_str(c->doc, o, "media_buy_id", buy->row.media_buy_id);
    json_add_str(c->doc, o, "name", buy->row.name.n ? buy->row.name : buy->row.media_buy_id);
    json_add_str(c->doc, o, "buyer", row->buyer_name);
    json_add_cstr(c->doc, o, "status", media_buy_status_name(buy->status));
    json_add_money(c->doc, o, "total_budget", buy->row.total_budget_micros);
    json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(buy->row.currency)));
    json_add_time(c->doc, o, "start_time", buy->row.start_at);
    json_add_time(c->doc, o, "end_time", buy->row.end_at);
    operator_elapsed_add(c, o, buy->row.start_at, buy->row.end_at);
    return o;
}

void operator_delivery_encode(struct tool_call *c, yyjson_mut_val *o, const struct delivered *d, const struct pacing *p)
{
    int64_t impressions = d->of[METRIC_IMPRESSIONS], spend = d->of[METRIC_SPEND], clicks = d->of[METRIC_CLICKS];
    if (impressions != METRIC_UNKNOWN) json_add_i64(c->doc, o, "impressions", impressions);
    if (clicks != METRIC_UNKNOWN) json_add_i64(c->doc, o, "clicks", clicks);
    int64_t ctr = delivered_share(clicks, impressions);
    if (ctr >= 0) json_add_money(c->doc, o, "ctr", ctr);
    json_add_money(c->doc, o, "spend", spend == METRIC_UNKNOWN ? 0 : spend);
    json_add_money(c->doc, o, "expected_spend", money_round_to_cent(p->expected_micros));
    if (p->projected_micros != PACING_UNKNOWN)
        json_add_money(c->doc, o, "projected_spend", money_round_to_cent(p->projected_micros));
    json_add_cstr(c->doc, o, "pacing", pacing_status_name(p->status));
    add_share(c, o, "pace", p->ratio_e4);
    add_share(c, o, "utilization", p->utilization_e4);
}

static int look_at_running(struct today *t, const struct media_buy *buy, const struct live_row *row, struct err *e)
{
    struct plan plan;
    struct delivery d;
    struct tool_call *c = t->c;
    bool ends = buy->row.end_at <= c->act->now + SOON;
    t->running++;
    if (plan_from_rows(c->act, &t->shelf, &buy->row, &buy->packages, &plan, e) ||
        delivery_read(c->act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e))
        return -1;
    struct pacing p = delivery_pacing(&d, c->arena, c->act->now, PACING_BY_TIME);
    bool behind = p.status == PACING_BEHIND || p.status == PACING_SLIGHTLY_BEHIND;
    if (!behind && !ends) return 0;
    yyjson_mut_val *o = encode(t, behind ? t->behind : t->ending, buy, row);
    operator_delivery_encode(c, o, &d.lifetime, &p);
    if (d.simulated) json_add_bool(c->doc, o, "simulated", true);
    json_add_time(c->doc, o, "as_of", d.as_of);
    return 0;
}

static int look_at(struct today *t, const struct live_row *row, struct err *e)
{
    struct media_buy buy;
    int64_t now = t->c->act->now;
    int rc = media_buy_load(t->c->act, row->media_buy_id, &buy, e);
    if (rc < 1) return rc;
    if (buy.status == BUY_ACTIVE) return look_at_running(t, &buy, row, e);
    if (buy.status != BUY_PENDING_CREATIVES && buy.status != BUY_PENDING_START) return 0;
    bool lacks = buy.status == BUY_PENDING_CREATIVES;
    if (buy.row.start_at <= now) encode(t, t->late, &buy, row);
    else if (buy.row.start_at <= now + SOON) encode(t, lacks ? t->lacking : t->starting, &buy, row);
    return 0;
}

/* Tokens that end soon: whoever calls with one is refused then. */
static int add_ending(struct tool_call *c, struct err *e)
{
    struct token_ending_filter f = { c->act->tenant->tenant_id, c->act->now, c->act->now + 2 * SOON, ENDING_MAX };
    struct token_ending *rows;
    size_t n;
    if (q_tokens_ending(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "credentials_ending");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "token_id", rows[i].token_id);
        json_add_str(c->doc, o, "principal_id", rows[i].principal_id);
        json_add_str(c->doc, o, "name", rows[i].name);
        json_add_str(c->doc, o, "role", rows[i].role);
        json_add_str_opt(c->doc, o, "label", rows[i].label);
        json_add_time(c->doc, o, "expires_at", rows[i].expires_at);
    }
    return 0;
}

/* Ad servers that did not answer when they were asked last, with what they said. */
static int add_out_of_reach(struct tool_call *c, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(c->act->tx, c->arena, c->act->tenant->tenant_id, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "out_of_reach");
    for (size_t i = 0; i < n; i++) {
        struct job_lane_trouble t;
        struct str lane = booking_lane(c->arena, c->act->tenant->tenant_id, rows[i].name);
        int rc = q_job_lane_trouble(c->act->tx, c->arena, lane, &t, e);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "ad_server", rows[i].name);
        json_add_i64(c->doc, o, "failures", t.failures);
        json_add_time(c->doc, o, "at", t.at);
        json_add_str(c->doc, o, "error", t.error);
    }
    return 0;
}

int tool_x_today_get(struct tool_call *c, struct err *e)
{
    struct live_filter f = { .tenant_id = c->act->tenant->tenant_id,
                             .ends_after = c->act->now,
                             .limit = LOOKED_AT_MAX };
    struct live_row *rows;
    size_t n;
    if (q_live_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    struct today t = { .c = c,
                       .behind = json_add_arr(c->doc, c->reply, "behind"),
                       .late = json_add_arr(c->doc, c->reply, "late"),
                       .lacking = json_add_arr(c->doc, c->reply, "lacking_creatives"),
                       .starting = json_add_arr(c->doc, c->reply, "starting"),
                       .ending = json_add_arr(c->doc, c->reply, "ending") };
    size_t looked_at = n > LOOKED_AT_MAX ? LOOKED_AT_MAX : n;
    for (size_t i = 0; i < looked_at; i++) {
        if (look_at(&t, &rows[i], e)) return -1;
    }
    if (add_ending(c, e) || add_out_of_reach(c, e)) return -1;
    json_add_i64(c->doc, c->reply, "running", (int64_t)t.running);
    json_add_i64(c->doc, c->reply, "looked_at", (int64_t)looked_at);
    json_add_bool(c->doc, c->reply, "has_more", n > looked_at);
    json_add_time(c->doc, c->reply, "now", c->act->now);
    return 0;
}
