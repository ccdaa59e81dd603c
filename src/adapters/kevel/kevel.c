#include "adapters/kevel/kevel.h"

#define STALENESS_S 900
#define PLANS_MAX   50
#define NEW_ID      "2147483647"

/* What Kevel would answer to a call of a dry run that has nothing of the plan yet. */
static void pretend(const struct adapter_op *op, const struct http_call *call, struct http_call *answer)
{
    answer->outcome = HTTP_OK;
    answer->status = 200;
    bool search = text_has(call->url, STR("/search"));
    if (str_is(call->method, "GET") && text_has(call->url, STR("/v1/advertiser?"))) {
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
