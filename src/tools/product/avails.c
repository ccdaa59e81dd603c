/* x_get_avails: what products can still deliver in a flight, and for how much. Capacity less what is booked and held
 * (domain/forecast), under the countries targeted, bounded by the budget, which is shared evenly. */
#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/product/forecast.h"
#include "domain/product/targeting_values.h"
#include "tools/product/catalog_tools.h"

#define PRODUCTS_MAX 100
#define DAYS_MAX     (366 * 3)

struct ask {
    struct forecast_window window;
    int64_t budget_micros; /* for each product; -1: none */
    yyjson_val *countries; /* targeted; NULL: anywhere */
    yyjson_val *regions;
};

static int read_ask(struct tool_call *c, size_t products, struct ask *ask, struct err *e)
{
    int64_t budget = -1;
    if (json_req_time(JSON_FIELD(c->args, "start_time", ""), &ask->window.start_at, e)) return -1;
    if (json_req_time(JSON_FIELD(c->args, "end_time", ""), &ask->window.end_at, e)) return -1;
    if (json_opt_money(JSON_FIELD(c->args, "budget", ""), &budget, e)) return -1;
    int64_t length = ask->window.end_at - ask->window.start_at;
    if (length <= 0 || length > DAYS_MAX * USEC_PER_DAY) {
        (void)err_set(e, "VALIDATION_ERROR", "the flight must end after it starts and last at most three years");
        return err_field(e, "/end_time");
    }
    ask->budget_micros = budget < 0 ? -1 : budget / (int64_t)products;
    yyjson_val *overlay = json_obj(c->args, "targeting_overlay");
    ask->countries = json_arr(overlay, "geo_countries");
    ask->regions = json_arr(overlay, "geo_regions");
    return 0;
}

/* The option that says what a thousand cost: the first priced so with a known rate. */
static const struct pricing_option *by_the_thousand(const struct product *p)
{
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        struct str model = str_from(pricing_model_name(o->model));
        if ((str_is(model, "cpm") || str_is(model, "vcpm")) && pricing_expected_rate(o) > 0) return o;
    }
    return NULL;
}

static int add_offer(struct tool_call *c, yyjson_mut_val *list, const struct ask *ask, const struct product *p,
                     struct err *e)
{
    struct forecast f;
    const struct pricing_option *o = by_the_thousand(p);
    int64_t rate = o ? pricing_expected_rate(o) : -1, impressions;
    if (forecast_product(c->act, p, ask->window, &f, e)) return -1;
    impressions = product_sold_in(p, ask->countries, ask->regions) ? f.available : 0;
    if (rate > 0 && ask->budget_micros >= 0) {
        int64_t bought = muldiv(ask->budget_micros, 1000, rate, MONEY_ROUND_DOWN);
        if (impressions < 0 || bought < impressions) impressions = bought;
    }
    yyjson_mut_val *out = json_push_obj(c->doc, list);
    json_add_str(c->doc, out, "product_id", p->product_id);
    json_add_str(c->doc, out, "name", p->name);
    if (impressions >= 0) json_add_i64(c->doc, out, "impressions", impressions);
    if (rate > 0) json_add_money(c->doc, out, "cpm", rate);
    if (rate > 0 && impressions >= 0) {
        int64_t cost = muldiv(impressions, rate, 1000, MONEY_ROUND_HALF_UP);
        json_add_money(c->doc, out, "total_cost", money_round_to_cent(cost));
    }
    return 0;
}

int x_get_avails_run(struct tool_call *c, struct err *e)
{
    struct ask ask = { .budget_micros = -1 };
    yyjson_val *ids, *id;
    size_t i, n;
    if (json_req_arr(JSON_FIELD(c->args, "product_ids", ""), (struct json_len){ 1, PRODUCTS_MAX }, &ids, e)) return -1;
    if (read_ask(c, yyjson_arr_size(ids), &ask, e)) return -1;
    yyjson_mut_val *offers = json_add_arr(c->doc, c->aux, "offers");
    yyjson_arr_foreach(ids, i, n, id) {
        struct product p;
        int found = product_load(c->act->tx, c->arena, c->act->tenant->tenant_id, json_val_str(id), &p, e);
        if (found < 0) return -1;
        if (!found || !p.active) {
            (void)err_set(e, "PRODUCT_NOT_FOUND", "There is no product of that id on sale.");
            return err_field(e, "/product_ids/%zu", i);
        }
        if (add_offer(c, offers, &ask, &p, e)) return -1;
    }
    return 0;
}
