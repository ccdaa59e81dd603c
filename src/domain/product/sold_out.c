/* See sold_out.h. */
#include "domain/product/sold_out.h"

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "domain/product/capacity.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What this buy's packages take of the product inside the window of one of them, goals spread evenly. */
static int64_t own_need(const struct package_rows *packages, const struct package_row *mine)
{
    int64_t sum = 0;
    for (size_t i = 0; i < packages->n; i++) {
        const struct package_row *p = &packages->rows[i];
        if (p->canceled_at != TIME_NONE || p->impressions_goal <= 0 || !str_eq(p->product_id, mine->product_id))
            continue;
        int64_t shared = earlier(p->end_at, mine->end_at) - later(p->start_at, mine->start_at);
        if (shared <= 0) continue;
        sum += muldiv(p->impressions_goal, shared / USEC_PER_SEC, later((p->end_at - p->start_at) / USEC_PER_SEC, 1),
                      MONEY_ROUND_DOWN);
    }
    return sum;
}

static struct flight_days days_of(const struct package_row *p)
{
    int64_t end = p->end_at > p->start_at ? p->end_at : p->start_at + 1;
    return (struct flight_days){ p->start_at / USEC_PER_DAY, (end + USEC_PER_DAY - 1) / USEC_PER_DAY,
                                 p->impressions_goal };
}

/* What is left for package `mine` beside everything else that is sold, the rest of its own buy among it. */
static int left_for(const struct act *act, const struct sold_out_ask *ask, size_t mine, const struct product *product,
                    int64_t *left, struct err *e)
{
    struct product_window w = { .tenant_id = act->tenant->tenant_id,
                                .product_id = product->product_id,
                                .except_buy = ask->except.except_buy,
                                .except_holder = ask->except.except_holder,
                                .except_proposal = ask->except.except_proposal };
    struct flight_list sold;
    if (q_product_flights(act->tx, act->arena, &w, act->now, &sold, e)) return -1;
    struct flight_days *all = ARENA_ARRAY(act->arena, struct flight_days, sold.n + ask->packages.n);
    size_t n = sold.n;
    if (sold.n) memcpy(all, sold.rows, sold.n * sizeof(*all));
    for (size_t i = 0; i < ask->packages.n; i++) {
        const struct package_row *p = &ask->packages.rows[i];
        bool counts = i != mine && p->canceled_at == TIME_NONE && p->impressions_goal > 0;
        if (counts && str_eq(p->product_id, product->product_id)) all[n++] = days_of(p);
    }
    *left = capacity_left(act->arena, all, n, days_of(&ask->packages.rows[mine]), product->daily_impressions);
    return 0;
}

struct shortage {
    const struct product *product;
    const char *at;
    int64_t need, available;
};

static int refuse(const struct shortage *s, struct err *e)
{
    (void)err_set(e, "PRODUCT_UNAVAILABLE",
                  "Product " STR_FMT " has %lld impressions left in this flight; the package needs %lld.",
                  STR_ARG(s->product->product_id), (long long)s->available, (long long)s->need);
    (void)err_details(e,
                      "{\"product_id\":\"" STR_FMT "\",\"available_impressions\":%lld,\"requested_impressions\":%lld}",
                      STR_ARG(s->product->product_id), (long long)s->available, (long long)s->need);
    (void)err_suggest(e, "Lower the budget, lengthen the flight, or choose another product with get_products.");
    return err_field(e, "%s/budget", s->at);
}

static int check_one(const struct act *act, const struct sold_out_ask *ask, size_t i, struct str *warning,
                     struct err *e)
{
    const struct package_row *p = &ask->packages.rows[i];
    struct forecast_window w = ask->except;
    struct forecast f;
    struct product product;
    if (p->impressions_goal <= 0 || p->canceled_at != TIME_NONE) return 0; /* nothing that can be counted */
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
    if (found <= 0) return found; /* what is no longer in the catalogue has no capacity to compare with */
    if (product.daily_impressions < 0) return 0; /* nor has what states none: counting bookings would be in vain */
    w.start_at = p->start_at;
    w.end_at = p->end_at;
    if (forecast_product(act, &product, w, &f, e)) return -1;
    struct shortage s = { &product, ask->at[i], own_need(&ask->packages, p), f.available };
    if (product.guaranteed && f.available >= 0) {
        int64_t left;
        if (left_for(act, ask, i, &product, &left, e)) return -1;
        if (s.need > f.available) return refuse(&s, e);
        s.need = p->impressions_goal;
        s.available = left;
        return s.need > s.available ? refuse(&s, e) : 0;
    }
    if (f.available < 0 || s.need <= f.available) return 0;
    *warning = arena_printf(act->arena,
                            "Product " STR_FMT " has about %lld impressions left in this flight; the package"
                            " may not spend all of its budget.",
                            STR_ARG(p->product_id), (long long)f.available);
    return 0;
}

int sold_out_check(const struct act *act, const struct sold_out_ask *ask, struct str *warning, struct err *e)
{
    for (size_t i = 0; i < ask->packages.n; i++) {
        if (ask->at[i] && check_one(act, ask, i, warning, e)) return -1;
    }
    return 0;
}
