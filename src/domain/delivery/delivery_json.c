#include "domain/delivery/delivery_json.h"

#include <salesagent/money.h>

void delivery_add_share(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t ppm)
{
    if (ppm >= 0) json_add_money(doc, obj, key, ppm);
}

void delivery_add_count(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t v)
{
    if (v != METRIC_UNKNOWN) json_add_i64(doc, obj, key, v);
}

void delivery_add_cost(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t micros, int64_t units,
                       int64_t per)
{
    if (micros == METRIC_UNKNOWN || units <= 0) return;
    json_add_money(doc, obj, key, muldiv(micros, per, units, MONEY_ROUND_HALF_UP));
}

int64_t delivered_known(int64_t v)
{
    return v == METRIC_UNKNOWN ? 0 : v;
}

static void add_viewability(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct delivered *d)
{
    if (d->of[METRIC_VIEWABLE] == METRIC_UNKNOWN) return;
    yyjson_mut_val *v = json_add_obj(doc, obj, "viewability");
    delivery_add_count(doc, v, "measurable_impressions", d->of[METRIC_MEASURABLE]);
    delivery_add_count(doc, v, "viewable_impressions", d->of[METRIC_VIEWABLE]);
    delivery_add_share(doc, v, "viewable_rate", delivered_share(d->of[METRIC_VIEWABLE], d->of[METRIC_MEASURABLE]));
}

void delivery_add_metrics(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct delivered *d)
{
    const int64_t *of = d->of;
    delivery_add_count(doc, obj, "impressions", of[METRIC_IMPRESSIONS]);
    json_add_money(doc, obj, "spend", delivered_known(of[METRIC_SPEND]));
    delivery_add_count(doc, obj, "clicks", of[METRIC_CLICKS]);
    delivery_add_share(doc, obj, "ctr", delivered_share(of[METRIC_CLICKS], of[METRIC_IMPRESSIONS]));
    delivery_add_count(doc, obj, "views", of[METRIC_VIEWS]);
    delivery_add_count(doc, obj, "completed_views", of[METRIC_COMPLETED_VIEWS]);
    delivery_add_share(doc, obj, "completion_rate",
                       delivered_share(of[METRIC_COMPLETED_VIEWS], of[METRIC_IMPRESSIONS]));
    delivery_add_count(doc, obj, "conversions", of[METRIC_CONVERSIONS]);
    if (of[METRIC_GRP_HUNDREDTHS] != METRIC_UNKNOWN) {
        json_add_money(doc, obj, "grps", of[METRIC_GRP_HUNDREDTHS] * (MICROS_PER_UNIT / 100));
    }
    add_viewability(doc, obj, d);
    delivery_add_cost(doc, obj, "cpm", of[METRIC_SPEND], of[METRIC_IMPRESSIONS], 1000);
    delivery_add_cost(doc, obj, "cost_per_click", of[METRIC_SPEND], of[METRIC_CLICKS], 1);
    delivery_add_cost(doc, obj, "cost_per_completed_view", of[METRIC_SPEND], of[METRIC_COMPLETED_VIEWS], 1);
    delivery_add_cost(doc, obj, "cost_per_acquisition", of[METRIC_SPEND], of[METRIC_CONVERSIONS], 1);
}
