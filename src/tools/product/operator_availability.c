/* What is left of products, for the publisher's people: x_product_days by day, x_product_fits for one question. Days are UTC
 * days, as everything that is sold is counted (domain/product/capacity.h). */
#include "base/rfc3339.h"
#include "domain/product/capacity.h"
#include "domain/product/forecast.h"
#include "tools/operation_tools.h"
#include "tools/product/operator_products.h"

#define PRODUCTS_DEFAULT 20
#define DAYS_DEFAULT     14
#define DAYS_MAX         62
#define FLIGHT_DAYS_MAX  1100

/* --- by day ----------------------------------------------------------------------------------------------------- */

struct days {
    struct tool_call *c;
    int64_t first, n; /* days since the epoch */
    int64_t sold[DAYS_MAX], held[DAYS_MAX];
};

static struct str date_text(struct arena *a, int64_t day)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(day * USEC_PER_DAY, text);
    return arena_dup(a, (struct str){ text, n });
}

/* A flight's impressions evenly over its days, each a whole number and all of them together. */
static void spread(const struct days *d, const struct flight_list *flights, int64_t *on)
{
    memset(on, 0, DAYS_MAX * sizeof(*on));
    for (size_t i = 0; i < flights->n; i++) {
        const struct flight_days *f = &flights->rows[i];
        int64_t length = f->end_day - f->start_day;
        for (int64_t k = 0; k < d->n && length > 0; k++) {
            int64_t at = d->first + k - f->start_day;
            if (at < 0 || at >= length) continue;
            on[k] += muldiv(f->impressions, at + 1, length, MONEY_ROUND_DOWN) -
                     muldiv(f->impressions, at, length, MONEY_ROUND_DOWN);
        }
    }
}

static int encode_product(struct days *d, yyjson_mut_val *list, const struct product *p, struct err *e)
{
    struct tool_call *c = d->c;
    struct product_window w = { .tenant_id = c->act->tenant->tenant_id, .product_id = p->product_id };
    struct flight_list all, holds;
    if (q_product_flights(c->act->tx, c->arena, &w, c->act->now, &all, e) ||
        q_product_holds(c->act->tx, c->arena, &w, c->act->now, &holds, e))
        return -1;
    spread(d, &all, d->sold);
    spread(d, &holds, d->held);
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_str(c->doc, o, "product_id", p->product_id);
    json_add_str(c->doc, o, "name", p->name);
    json_add_bool(c->doc, o, "on_sale", p->active);
    json_add_cstr(c->doc, o, "delivery_type", p->guaranteed ? "guaranteed" : "non_guaranteed");
    if (p->daily_impressions >= 0) json_add_i64(c->doc, o, "capacity", p->daily_impressions);
    yyjson_mut_val *days = json_add_arr(c->doc, o, "days");
    for (int64_t k = 0; k < d->n; k++) {
        yyjson_mut_val *day = json_push_obj(c->doc, days);
        int64_t sold = d->sold[k] > d->held[k] ? d->sold[k] - d->held[k] : 0;
        json_add_str(c->doc, day, "date", date_text(c->arena, d->first + k));
        json_add_i64(c->doc, day, "sold", sold);
        json_add_i64(c->doc, day, "held", d->held[k]);
        if (p->daily_impressions >= 0) json_add_i64(c->doc, day, "left", p->daily_impressions - sold - d->held[k]);
    }
    return 0;
}

static int add_product(void *arg, const struct product *p, struct err *e)
{
    struct days *d = arg;
    return encode_product(d, yyjson_mut_obj_get(d->c->reply, "products"), p, e);
}

int tool_x_product_days(struct tool_call *c, struct err *e)
{
    struct days d = { .c = c, .first = c->act->now / USEC_PER_DAY, .n = json_i64_or(c->args, "days", DAYS_DEFAULT) };
    struct operator_products list = { .c = c,
                                      .text = json_str(c->args, "text"),
                                      .limit = json_i64_or(c->args, "limit", PRODUCTS_DEFAULT),
                                      .at = json_i64_or(c->args, "after", 0),
                                      .each = add_product,
                                      .arg = &d };
    struct product one;
    int64_t from;
    if (rfc3339_parse_date(json_str(c->args, "from"), &from) == 0 && from / USEC_PER_DAY > d.first)
        d.first = from / USEC_PER_DAY;
    json_add_str(c->doc, c->reply, "from", date_text(c->arena, d.first));
    yyjson_mut_val *days = json_add_arr(c->doc, c->reply, "days");
    for (int64_t k = 0; k < d.n; k++) json_push_str(c->doc, days, date_text(c->arena, d.first + k));
    (void)json_add_arr(c->doc, c->reply, "products");
    if (json_has(c->args, "product_id")) {
        list.at = -1;
        if (operator_product_load(c, &one, e) || add_product(&d, &one, e)) return -1;
    } else if (operator_products_each(&list, e)) {
        return -1;
    }
    json_add_bool(c->doc, c->reply, "has_more", list.at >= 0);
    if (list.at >= 0) json_add_i64(c->doc, c->reply, "next", list.at);
    return 0;
}

/* --- one question ----------------------------------------------------------------------------------------------- */

static int read_window(struct tool_call *c, struct forecast_window *w, struct err *e)
{
    int64_t last;
    *w = (struct forecast_window){ 0 };
    if (rfc3339_parse_date(json_str(c->args, "from"), &w->start_at)) {
        (void)err_set(e, "INVALID_REQUEST", "A day is YYYY-MM-DD.");
        return err_field(e, "/from");
    }
    if (rfc3339_parse_date(json_str(c->args, "to"), &last) || last < w->start_at ||
        last - w->start_at > FLIGHT_DAYS_MAX * USEC_PER_DAY) {
        (void)err_set(e, "INVALID_REQUEST",
                      "The last day is not before the first, and the flight at most three years long.");
        return err_field(e, "/to");
    }
    w->end_at = last + USEC_PER_DAY;
    return 0;
}

/* As sold_out_check judges a package: the sum of the days, and of a guaranteed product every stretch of them. */
int tool_x_product_fits(struct tool_call *c, struct err *e)
{
    struct product p;
    struct forecast_window w;
    struct forecast f;
    struct flight_list sold;
    int64_t wanted = json_i64_or(c->args, "impressions", 0);
    if (operator_product_load(c, &p, e) || read_window(c, &w, e) || forecast_product(c->act, &p, w, &f, e)) return -1;
    json_add_str(c->doc, c->reply, "product_id", p.product_id);
    json_add_str(c->doc, c->reply, "name", p.name);
    json_add_bool(c->doc, c->reply, "on_sale", p.active);
    json_add_bool(c->doc, c->reply, "known", f.available >= 0);
    json_add_bool(c->doc, c->reply, "guaranteed", p.guaranteed);
    if (f.available < 0) return 0;
    int64_t left = f.available;
    if (p.guaranteed) {
        struct product_window all = { .tenant_id = c->act->tenant->tenant_id, .product_id = p.product_id };
        struct flight_days flight = { w.start_at / USEC_PER_DAY, w.end_at / USEC_PER_DAY, wanted };
        if (q_product_flights(c->act->tx, c->arena, &all, c->act->now, &sold, e)) return -1;
        int64_t everywhere = capacity_left(c->arena, sold.rows, sold.n, flight, p.daily_impressions);
        if (everywhere < left) left = everywhere;
    }
    json_add_bool(c->doc, c->reply, "fits", wanted <= left);
    json_add_i64(c->doc, c->reply, "left", left);
    json_add_i64(c->doc, c->reply, "capacity", f.capacity);
    json_add_i64(c->doc, c->reply, "booked", f.booked);
    return 0;
}
