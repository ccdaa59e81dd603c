#include "adapters/kevel/kevel.h"

#define STALENESS_S 900
#define PLANS_MAX   50
#define NEW_ID      "2147483647"

/* What is on record as booked stands there as it was sent; empty when it is not asked for. */
static struct str booked(const struct adapter_op *op, struct str url)
{
    const struct plan *plan = op->plan;
    if (!plan || !plan->remote_id.n) return STR_NONE;
    struct str path = arena_printf(op->arena, "/v1/campaign/" STR_FMT, STR_ARG(plan->remote_id));
    struct str flights = arena_printf(op->arena, STR_FMT "/flight", STR_ARG(path));
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    if (text_has(url, flights)) {
        yyjson_mut_val *list = doc_add_arr(d, root, "items");
        for (size_t i = 0; i < plan->packages_n; i++) {
            struct kevel_memory memory;
            if (kevel_number(plan->packages[i].remote_id) <= 0) continue;
            kevel_recall(op, plan->packages[i].remote_id, &memory);
            yyjson_mut_val *f = doc_push_obj(d, list);
            doc_add_i64(d, f, "Id", kevel_number(plan->packages[i].remote_id));
            doc_add_bool(d, f, "IsActive", !memory.paused);
        }
    } else if (text_has(url, path)) {
        doc_add_i64(d, root, "Id", kevel_number(plan->remote_id));
        doc_add_str(d, root, "AdvertiserId", STR(NEW_ID));
        doc_add_bool(d, root, "IsActive", true);
    } else {
        return STR_NONE;
    }
    return doc_write(op->arena, root);
}

/* What Kevel would answer to a call of a dry run. */
static void pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer)
{
    answer->outcome = HTTP_OK;
    answer->status = 200;
    bool search = text_has(call->url, STR("/search"));
    struct str known = str_is(call->method, "GET") ? booked(op, call->url) : STR_NONE;
    if (known.n) {
        answer->response = known;
    } else if (str_is(call->method, "GET") && text_has(call->url, STR("/v1/advertiser?"))) {
        answer->response =
            arena_printf(op->arena, "{\"totalPages\":1,\"items\":[{\"Id\":" NEW_ID ",\"Title\":\"" STR_FMT "\"}]}",
                         STR_ARG(op->plan->advertiser));
    } else if (str_is(call->method, "GET") || search) {
        answer->response = STR("{\"totalPages\":1,\"items\":[]}");
    } else {
        answer->response = STR("{\"Id\":" NEW_ID "}");
    }
}

const struct adapter kevel_adapter = {
    .name = "kevel",
    .title = "Kevel",
    .staleness_s = STALENESS_S,
    .source = "kevel",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND,
    .plans_max = PLANS_MAX,
    .inventory_kinds = kevel_inventory_kinds,
    .configure = kevel_configure,
    .check_product = kevel_check_product,
    .admit = kevel_admit,
    .describe = adapter_describe_orders,
    .pretend = pretend,
    .verbs = {
        [ADAPTER_BOOK] = { .steps = kevel_book_steps, .steps_n = KEVEL_BOOK_STEPS },
        [ADAPTER_UPDATE] = { .steps = kevel_book_steps, .steps_n = KEVEL_BOOK_STEPS },
        [ADAPTER_CANCEL] = { .steps = kevel_cancel_steps, .steps_n = KEVEL_CANCEL_STEPS },
        [ADAPTER_CREATIVES] = { .steps = kevel_creatives_steps, .steps_n = KEVEL_CREATIVES_STEPS },
        [ADAPTER_LOOK] = { .steps = kevel_look_steps, .steps_n = KEVEL_LOOK_STEPS },
        [ADAPTER_REPORT] = { .steps = kevel_report_steps, .steps_n = KEVEL_REPORT_STEPS },
        [ADAPTER_INVENTORY] = { .steps = kevel_inventory_steps, .steps_n = KEVEL_INVENTORY_STEPS },
        [ADAPTER_TEST] = { .steps = kevel_test_steps, .steps_n = KEVEL_TEST_STEPS },
    },
    .limits = kevel_limits,
    .authorize = kevel_authorize,
};
