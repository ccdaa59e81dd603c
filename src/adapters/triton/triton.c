#include "adapters/triton/triton.h"

#define STALENESS_S 3600
#define PLANS_MAX   50
#define NEW_ID      "(new)"

/* Whatever was made, its id has one of these names. */
static struct str made(const struct adapter_op *op, const struct triton_words *w)
{
    static const enum triton_member ids[] = { TRITON_ADVERTISER_ID, TRITON_CAMPAIGN_ID, TRITON_FLIGHT_ID,
                                              TRITON_CREATIVE_ID, TRITON_REPORT_ID };
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (!yyjson_mut_obj_get(root, w->member[ids[i]])) doc_add_str(d, root, w->member[ids[i]], STR(NEW_ID));
    }
    return doc_write(op->arena, root);
}

/* What is on record as booked stands there as it was sent. */
static struct str booked(const struct adapter_op *op, const struct triton_words *w, const struct http_call *call)
{
    const struct plan *plan = op->plan;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *list;
    if (str_eq(call->url, triton_url(op, TRITON_CAMPAIGN, plan->remote_id))) {
        doc_add_str(d, root, w->member[TRITON_CAMPAIGN_ID], plan->remote_id);
        doc_add_str(d, root, w->member[TRITON_CAMPAIGN_ADVERTISER], STR("(advertiser)"));
        return doc_write(op->arena, root);
    }
    if (!str_starts(call->url, triton_url(op, TRITON_FLIGHTS, STR_NONE))) return STR("{}");
    list = doc_add_arr(d, root, w->member[TRITON_LIST_ITEMS]);
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        struct triton_memory memory;
        if (!p->remote_id.n) continue;
        yyjson_mut_val *f = doc_push_obj(d, list);
        triton_recall(op, p->remote_id, &memory);
        doc_add_str(d, f, w->member[TRITON_FLIGHT_ID], p->remote_id);
        doc_add_str(d, f, w->member[TRITON_FLIGHT_CAMPAIGN], plan->remote_id);
        doc_add_str(d, f, w->member[TRITON_FLIGHT_CODE], triton_code(op->arena, p->package_id));
        doc_add_bool(d, f, w->member[TRITON_FLIGHT_ACTIVE], !memory.paused);
    }
    return doc_write(op->arena, root);
}

/* What Triton would answer to a call of a dry run that has nothing of the plan yet. */
static void pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer)
{
    const struct triton_config *c = op->config;
    const struct triton_words *w = &c->words;
    struct str advertisers = w->call[TRITON_ADVERTISERS].path;
    bool reads = str_is(call->method, "GET"), asks_advertisers = text_has(call->url, advertisers);
    answer->outcome = HTTP_OK;
    answer->status = reads ? 200 : 201;
    if (reads && asks_advertisers && op->plan && text_has(call->url, str_from(w->member[TRITON_ADVERTISER_CODE]))) {
        yyjson_mut_doc *d = doc_new(op->arena);
        yyjson_mut_val *root = doc_root(d), *one = doc_push_obj(d, doc_add_arr(d, root, w->member[TRITON_LIST_ITEMS]));
        doc_add_str(d, one, w->member[TRITON_ADVERTISER_ID], STR("(advertiser)"));
        doc_add_str(d, one, w->member[TRITON_ADVERTISER_CODE], triton_code(op->arena, op->plan->advertiser));
        answer->response = doc_write(op->arena, root);
    } else if (reads) {
        answer->response = op->plan && op->plan->remote_id.n ? booked(op, w, call) : STR("{}");
    } else {
        answer->response = made(op, w);
    }
}

const struct adapter triton_adapter = {
    .name = "triton",
    .title = "Triton Digital (experimental)",
    .staleness_s = STALENESS_S,
    .source = "triton",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_COMPLETED_VIEWS | 1u << METRIC_SPEND,
    .plans_max = PLANS_MAX,
    .inventory_kinds = triton_inventory_kinds,
    .configure = triton_configure,
    .check_product = triton_check_product,
    .admit = triton_admit,
    .describe = adapter_describe_orders,
    .pretend = pretend,
    .verbs = {
        [ADAPTER_BOOK] = { .steps = triton_book_steps, .steps_n = TRITON_BOOK_STEPS },
        [ADAPTER_UPDATE] = { .steps = triton_book_steps, .steps_n = TRITON_BOOK_STEPS },
        [ADAPTER_CANCEL] = { .steps = triton_cancel_steps, .steps_n = TRITON_CANCEL_STEPS },
        [ADAPTER_CREATIVES] = { .steps = triton_creatives_steps, .steps_n = TRITON_CREATIVES_STEPS },
        [ADAPTER_LOOK] = { .steps = triton_look_steps, .steps_n = TRITON_LOOK_STEPS },
        [ADAPTER_REPORT] = { .steps = triton_report_steps, .steps_n = TRITON_REPORT_STEPS },
        [ADAPTER_INVENTORY] = { .steps = triton_inventory_steps, .steps_n = TRITON_INVENTORY_STEPS },
        [ADAPTER_TEST] = { .steps = triton_test_steps, .steps_n = TRITON_TEST_STEPS },
    },
    .limits = triton_limits,
    .token_ask = triton_token_ask,
    .token_read = triton_token_read,
    .authorize = triton_authorize,
};
