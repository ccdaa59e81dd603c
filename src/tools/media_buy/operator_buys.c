/* x_buy_list: media buys of all buyers, by state and by what they are called, with how they run. */
#include "domain/media_buy/media_buy.h"
#include "store/q/q_buy_search.h"
#include "tools/delivery/operator_delivery.h"
#include "tools/media_buy/operator_buy.h"
#include "tools/operation_tools.h"

#define LIST_DEFAULT 25

static int encode_run(struct tool_call *c, struct plan_shelf *shelf, yyjson_mut_val *o, const struct media_buy *buy,
                      struct err *e)
{
    struct plan plan;
    struct delivery d;
    bool begun = buy->status == BUY_ACTIVE || buy->status == BUY_PAUSED || buy->status == BUY_COMPLETED;
    if (!begun) return 0;
    if (plan_from_rows(c->act, shelf, &buy->row, &buy->packages, &plan, e) ||
        delivery_read(c->act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e))
        return -1;
    struct pacing p = delivery_pacing(&d, c->arena, c->act->now, PACING_BY_TIME);
    operator_delivery_encode(c, o, &d.lifetime, &p);
    if (d.simulated) json_add_bool(c->doc, o, "simulated", true);
    return 0;
}

void operator_buy_encode(struct tool_call *c, yyjson_mut_val *o, const struct media_buy *buy)
{
    json_add_str(c->doc, o, "media_buy_id", buy->row.media_buy_id);
    json_add_str(c->doc, o, "name", buy->row.name.n ? buy->row.name : buy->row.media_buy_id);
    json_add_str(c->doc, o, "principal_id", buy->row.principal_id);
    json_add_cstr(c->doc, o, "status", media_buy_status_name(buy->status));
    json_add_money(c->doc, o, "total_budget", buy->row.total_budget_micros);
    json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(buy->row.currency)));
    json_add_time(c->doc, o, "start_time", buy->row.start_at);
    json_add_time(c->doc, o, "end_time", buy->row.end_at);
    json_add_time(c->doc, o, "created_at", buy->row.created_at);
    json_add_str_opt(c->doc, o, "po_number", buy->row.po_number);
    json_add_str_opt(c->doc, o, "buyer_ref", buy->row.buyer_ref);
    operator_elapsed_add(c, o, buy->row.start_at, buy->row.end_at);
}

/* The list that is made: of the wanted states. */
struct listing {
    yyjson_mut_val *list;
    unsigned wanted;
    struct plan_shelf shelf;
};

static int add_one(struct tool_call *c, struct listing *l, const struct buy_found *found, struct err *e)
{
    struct media_buy buy;
    int rc = media_buy_load(c->act, found->media_buy_id, &buy, e);
    if (rc < 1) return rc;
    if (!(l->wanted & (1u << buy.status))) return 0; /* stored so, but time has moved on */
    yyjson_mut_val *o = json_push_obj(c->doc, l->list);
    operator_buy_encode(c, o, &buy);
    json_add_str(c->doc, o, "buyer", found->buyer_name);
    json_add_str_opt(c->doc, o, "advertiser", found->brand_domain);
    return encode_run(c, &l->shelf, o, &buy, e);
}

int tool_x_buy_list(struct tool_call *c, struct err *e)
{
    struct str status = json_str(c->args, "status"), text = json_str(c->args, "text");
    struct buy_search f = { .tenant_id = c->act->tenant->tenant_id,
                            .principal_id = json_str(c->args, "principal_id"),
                            .before_id = json_str(c->args, "before_id"),
                            .limit = (int)json_i64_or(c->args, "limit", LIST_DEFAULT) };
    struct buy_search_result found;
    enum media_buy_status one;
    unsigned wanted = (1u << BUY_STATUSES_N) - 1;
    char *lower = arena_alloc(c->arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        lower[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] + 32 : text.p[i]);
    f.text = (struct str){ lower, text.n };
    if (status.n && media_buy_status_parse(status, &one)) {
        wanted = 1u << one;
        media_buy_status_names(media_buy_stored_as(wanted), f.statuses);
    }
    if (q_buy_search(c->act->tx, c->arena, &f, &found, e)) return -1;
    struct listing l = { .list = json_add_arr(c->doc, c->reply, "media_buys"), .wanted = wanted };
    for (size_t i = 0; i < found.n; i++) {
        if (add_one(c, &l, &found.rows[i], e)) return -1;
    }
    json_add_bool(c->doc, c->reply, "has_more", found.has_more);
    if (found.has_more) json_add_str(c->doc, c->reply, "before_id", found.before_id);
    return 0;
}
