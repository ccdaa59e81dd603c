/* The campaign of a plan and its flights, as they stand over there. */
#include "adapters/triton/triton.h"

void triton_campaign_ask(struct adapter_op *op)
{
    const struct plan *p = op->plan;
    if (p->remote_id.n) triton_get(op, TRITON_CAMPAIGN, p->remote_id);
    else triton_list(op, TRITON_CAMPAIGNS, TRITON_CAMPAIGN_CODE, triton_code(op->arena, p->media_buy_id), 1);
}

static void read_campaign(const struct adapter_op *op, yyjson_val *v, struct triton_campaign *c)
{
    c->id = triton_id(op, v, TRITON_CAMPAIGN_ID);
    c->advertiser = triton_id(op, v, TRITON_CAMPAIGN_ADVERTISER);
    c->start = doc_str(v, triton_name(op, TRITON_CAMPAIGN_START));
    c->end = doc_str(v, triton_name(op, TRITON_CAMPAIGN_END));
    c->archived = doc_bool(v, triton_name(op, TRITON_CAMPAIGN_ARCHIVED), false);
    c->active = doc_bool(v, triton_name(op, TRITON_CAMPAIGN_ACTIVE), true);
}

int triton_campaign_heard(struct adapter_op *op, const struct http_call *answer, struct triton_campaign *c)
{
    struct str code = triton_code(op->arena, op->plan->media_buy_id);
    yyjson_val *root, *v;
    size_t i, n;
    bool by_id = op->plan->remote_id.n > 0;
    *c = (struct triton_campaign){ .flights_n = 0 };
    if (by_id && call_is_missing(answer)) return 0;
    if (triton_read(op, answer, "read campaigns", &root)) return -1;
    if (by_id) read_campaign(op, root, c);
    /* The filter is an assumption; what is taken for ours carries our code. */
    yyjson_arr_foreach(by_id ? NULL : doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        if (!c->id.n && str_eq(doc_str(v, triton_name(op, TRITON_CAMPAIGN_CODE)), code)) read_campaign(op, v, c);
    }
    return 0;
}

void triton_flights_ask(struct adapter_op *op, struct triton_campaign *c)
{
    triton_list(op, TRITON_FLIGHTS, TRITON_FLIGHT_CAMPAIGN, c->id, ++c->page);
}

static const struct plan_package *package_of(struct adapter_op *op, const struct triton_flight *f)
{
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        if (p->remote_id.n ? str_eq(p->remote_id, f->id) : str_eq(f->code, triton_code(op->arena, p->package_id)))
            return p;
    }
    return NULL;
}

static void flight_add(struct adapter_op *op, struct triton_campaign *c, const struct triton_flight *f)
{
    if (c->flights_n == c->flights_cap) {
        size_t cap = c->flights_cap ? 2 * c->flights_cap : TRITON_PAGE;
        struct triton_flight *more = ARENA_ARRAY(op->arena, struct triton_flight, cap);
        if (c->flights_n) memcpy(more, c->flights, c->flights_n * sizeof(*more));
        c->flights = more;
        c->flights_cap = cap;
    }
    c->flights[c->flights_n++] = *f;
}

int triton_flights_heard(struct adapter_op *op, const struct http_call *answer, struct triton_campaign *c)
{
    yyjson_val *root, *v;
    size_t i, n;
    if (triton_read(op, answer, "read flights", &root)) return -1;
    yyjson_arr_foreach(doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        struct triton_flight f = { .id = triton_id(op, v, TRITON_FLIGHT_ID),
                                   .code = doc_str(v, triton_name(op, TRITON_FLIGHT_CODE)),
                                   .status = doc_str(v, triton_name(op, TRITON_FLIGHT_STATUS)),
                                   .shown = v,
                                   .active = doc_bool(v, triton_name(op, TRITON_FLIGHT_ACTIVE), true),
                                   .archived = doc_bool(v, triton_name(op, TRITON_FLIGHT_ARCHIVED), false) };
        if (!f.id.n || !str_eq(triton_id(op, v, TRITON_FLIGHT_CAMPAIGN), c->id)) continue;
        f.package = package_of(op, &f);
        triton_recall(op, f.id, &f.memory);
        flight_add(op, c, &f);
    }
    if (!triton_more(op, root, c->page)) return 0;
    triton_flights_ask(op, c);
    return 1;
}

struct triton_flight *triton_flight_of(struct triton_campaign *c, const struct plan_package *p)
{
    for (size_t i = 0; i < c->flights_n; i++) {
        if (c->flights[i].package == p) return &c->flights[i];
    }
    return NULL;
}
