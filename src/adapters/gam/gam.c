#include "adapters/gam/gam_soap.h"

#define STALENESS_S 3600 /* reports of Ad Manager are hours behind, and are read once an hour */
#define PLANS_MAX   100

const struct adapter gam_adapter = {
    .name = "gam",
    .title = "Google Ad Manager",
    .staleness_s = STALENESS_S,
    .source = "gam",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND | 1u << METRIC_COMPLETED_VIEWS |
               1u << METRIC_MEASURABLE | 1u << METRIC_VIEWABLE,
    .plans_max = PLANS_MAX,
    .inventory_kinds = gam_inventory_kinds,
    .configure = gam_configure,
    .check_product = gam_check_product,
    .admit = gam_admit,
    .describe = adapter_describe_orders,
    .pretend = gam_pretend,
    .verbs = {
        [ADAPTER_BOOK] = { .steps = gam_book_steps, .steps_n = GAM_BOOK_STEPS },
        [ADAPTER_UPDATE] = { .steps = gam_book_steps, .steps_n = GAM_BOOK_STEPS },
        [ADAPTER_CANCEL] = { .steps = gam_cancel_steps, .steps_n = GAM_CANCEL_STEPS },
        [ADAPTER_CREATIVES] = { .steps = gam_creatives_steps, .steps_n = GAM_CREATIVES_STEPS },
        [ADAPTER_LOOK] = { .steps = gam_look_steps, .steps_n = GAM_LOOK_STEPS },
        [ADAPTER_REPORT] = { .steps = gam_report_steps, .steps_n = GAM_REPORT_STEPS },
        [ADAPTER_INVENTORY] = { .steps = gam_inventory_steps, .steps_n = GAM_INVENTORY_STEPS },
        [ADAPTER_TEST] = { .steps = gam_test_steps, .steps_n = GAM_TEST_STEPS },
        [ADAPTER_FORECAST] = { .steps = gam_forecast_steps, .steps_n = GAM_FORECAST_STEPS },
    },
    .limits = gam_limits,
    .token_ask = gam_token_ask,
    .token_read = gam_token_read,
    .authorize = gam_authorize,
    .status_of = gam_status_of,
    .forewarn = gam_forewarn,
};
