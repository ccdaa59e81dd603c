/* See daily_cap.h. */
#include "domain/product/daily_cap.h"

#include "domain/core/ad_server.h"

int daily_caps_kept(const struct act *act, bool *kept, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    *kept = n > 0;
    for (size_t i = 0; i < n; i++) {
        const struct adapter *a = adapter_find(rows[i].adapter);
        *kept = *kept && a && a->serves;
    }
    return 0;
}

/* Counted one by one before the next is shown. */
static bool counted_first(enum pricing_model model)
{
    switch (pricing_metric(model)) {
    case METRIC_IMPRESSIONS:
    case METRIC_VIEWS:
    case METRIC_COMPLETED_VIEWS:
    case METRIC_VIEWABLE: return true;
    case METRIC_CLICKS:
    case METRIC_SPEND:
    case METRIC_MEASURABLE:
    case METRIC_CONVERSIONS:
    case METRIC_GRP_HUNDREDTHS:
    case METRICS_N: break;
    }
    return false;
}

int daily_cap_accept(const struct act *act, enum pricing_model model, int64_t rate_micros, yyjson_val *package,
                     const char *at, struct err *e)
{
    yyjson_val *given = yyjson_obj_get(package, "daily_budget_cap");
    int64_t cap = -1;
    bool kept;
    if (!given || yyjson_is_null(given)) return 0;
    if (json_opt_money(JSON_FIELD(package, "daily_budget_cap", at), &cap, e) || daily_caps_kept(act, &kept, e))
        return -1;
    if (!kept || !counted_first(model)) {
        (void)err_set(e, "UNSUPPORTED_FEATURE",
                      kept ? "What this price is paid for cannot be held to a limit of a day."
                           : "This publisher's ad servers promise no limit of a day.");
        (void)err_suggest(e, "Leave daily_budget_cap out; budget and pacing limit what is spent.");
        return err_field(e, "%s/daily_budget_cap", at);
    }
    if (cap > 0 && (rate_micros <= 0 || muldiv(cap, pricing_units_per_rate(model), rate_micros, MONEY_ROUND_DOWN) > 0))
        return 0;
    (void)err_set(e, "VALIDATION_ERROR",
                  cap > 0 ? "The cap does not pay for a single unit of this price." : "A cap is more than zero.");
    (void)err_suggest(e, "Send paused: true to stop the package.");
    return err_field(e, "%s/daily_budget_cap", at);
}
