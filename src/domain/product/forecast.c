/* See forecast.h. */
#include "domain/product/forecast.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "store/q/q_catalog.h"

int forecast_product(const struct act *act, const struct product *p, struct forecast_window w, struct forecast *out,
                     struct err *e)
{
    struct forecast f = { .start_at = w.start_at, .end_at = w.end_at, .available = -1 };
    if (f.start_at == TIME_NONE) f.start_at = utc_day_start(act->now) + USEC_PER_DAY;
    if (f.end_at == TIME_NONE || f.end_at <= f.start_at) f.end_at = f.start_at + FORECAST_DAYS_DEFAULT * USEC_PER_DAY;
    f.days = (f.end_at - f.start_at + USEC_PER_DAY - 1) / USEC_PER_DAY;
    if (p->daily_impressions >= 0) {
        struct product_window pw = { .tenant_id = act->tenant->tenant_id,
                                     .product_id = p->product_id,
                                     .start_at = f.start_at,
                                     .end_at = f.end_at,
                                     .except_buy = w.except_buy,
                                     .except_holder = w.except_holder,
                                     .except_proposal = w.except_proposal };
        if (q_product_booked(act->tx, act->arena, &pw, act->now, &f.booked, e)) return -1;
        f.capacity = muldiv(p->daily_impressions, f.days, 1, MONEY_ROUND_DOWN);
        f.available = f.capacity > f.booked ? f.capacity - f.booked : 0;
    }
    *out = f;
    return 0;
}

int64_t pricing_expected_rate(const struct pricing_option *o)
{
    if (o->fixed_price_micros >= 0) return o->fixed_price_micros;
    return o->p50_micros >= 0 ? o->p50_micros : o->floor_micros;
}

static bool is_cpm(const struct pricing_option *o)
{
    return o->model == PRICING_CPM || o->model == PRICING_VCPM;
}

/* From 85% of the estimate to all of it: days differ by about that much, and nobody is promised more than the estimate. */
static void add_range(yyjson_mut_doc *doc, yyjson_mut_val *metrics, const char *key, int64_t mid)
{
    yyjson_mut_val *r = json_add_obj(doc, metrics, key);
    json_add_i64(doc, r, "low", muldiv(mid, 85, 100, MONEY_ROUND_DOWN));
    json_add_i64(doc, r, "mid", mid);
    json_add_i64(doc, r, "high", mid);
}

static void add_spend(yyjson_mut_doc *doc, yyjson_mut_val *metrics, int64_t micros)
{
    yyjson_mut_val *r = json_add_obj(doc, metrics, "spend");
    json_add_money(doc, r, "low", money_round_to_cent(muldiv(micros, 85, 100, MONEY_ROUND_DOWN)));
    json_add_money(doc, r, "mid", money_round_to_cent(micros));
    json_add_money(doc, r, "high", money_round_to_cent(micros));
}

yyjson_mut_val *forecast_head(yyjson_mut_doc *doc, const char *currency, const char *unit, int64_t now)
{
    yyjson_mut_val *f = yyjson_mut_obj(doc);
    json_add_cstr(doc, f, "method", "estimate");
    (void)yyjson_mut_obj_add_strcpy(doc, f, "currency", currency); /* the option may live shorter than the reply */
    json_add_cstr(doc, f, "forecast_range_unit", unit);
    json_add_time(doc, f, "generated_at", now);
    return f;
}

yyjson_mut_val *forecast_availability_json(yyjson_mut_doc *doc, const struct forecast *f, const struct product *p,
                                           int64_t now)
{
    if (f->available < 0 || p->pricing_options_n == 0) return NULL;
    const struct pricing_option *o = &p->pricing_options[0];
    yyjson_mut_val *out = forecast_head(doc, o->currency, "availability", now);
    yyjson_mut_val *point = json_push_obj(doc, json_add_arr(doc, out, "points"));
    yyjson_mut_val *metrics = json_add_obj(doc, point, "metrics");
    add_range(doc, metrics, "impressions", f->available);
    if (p->daily_uniques >= 0 && f->available > 0) {
        /* People come back: each day adds half as many new ones as the day before. */
        add_range(doc, metrics, "reach", muldiv(p->daily_uniques, f->days < 3 ? f->days : 3, 2, MONEY_ROUND_UP));
    }
    int64_t rate = pricing_expected_rate(o);
    if (is_cpm(o) && rate > 0) add_spend(doc, metrics, muldiv(f->available, rate, 1000, MONEY_ROUND_DOWN));
    return out;
}
