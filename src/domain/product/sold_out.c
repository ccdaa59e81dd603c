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

/* What one check has found out so far: packages of one product, and those of one flight in it, share the answers. */
struct seen_window {
    int64_t start_at, end_at;
    struct forecast f;
};
struct seen_product {
    struct str product_id;
    struct product product;
    bool found; /* in the catalogue */
    struct seen_window *windows;
    size_t windows_n;
    bool has_sold;
    struct flight_list sold;
};
struct seen {
    const struct act *act;
    const struct sold_out_ask *ask;
    struct seen_product *list;
    size_t n;
};

static int see_product(struct seen *s, struct str product_id, struct seen_product **out, struct err *e)
{
    const struct act *act = s->act;
    for (size_t i = 0; i < s->n; i++) {
        if (!str_eq(s->list[i].product_id, product_id)) continue;
        *out = &s->list[i];
        return 0;
    }
    struct seen_product *p = &s->list[s->n];
    *p = (struct seen_product){ .product_id = product_id };
    int found = product_load(act->tx, act->arena, act->tenant->tenant_id, product_id, &p->product, e);
    if (found < 0) return -1;
    p->found = found;
    s->n++;
    *out = p;
    return 0;
}

static int see_window(struct seen *s, struct seen_product *p, const struct package_row *row, struct forecast *out,
                      struct err *e)
{
    for (size_t i = 0; i < p->windows_n; i++) {
        if (p->windows[i].start_at != row->start_at || p->windows[i].end_at != row->end_at) continue;
        *out = p->windows[i].f;
        return 0;
    }
    struct forecast_window w = s->ask->except;
    w.start_at = row->start_at;
    w.end_at = row->end_at;
    if (forecast_product(s->act, &p->product, w, out, e)) return -1;
    if (!p->windows) p->windows = ARENA_ARRAY(s->act->arena, struct seen_window, s->ask->packages.n);
    p->windows[p->windows_n++] = (struct seen_window){ row->start_at, row->end_at, *out };
    return 0;
}

static int see_sold(struct seen *s, struct seen_product *p, struct err *e)
{
    const struct forecast_window *except = &s->ask->except;
    struct product_window w = { .tenant_id = s->act->tenant->tenant_id,
                                .product_id = p->product.product_id,
                                .except_buy = except->except_buy,
                                .except_holder = except->except_holder,
                                .except_proposal = except->except_proposal };
    if (p->has_sold) return 0;
    if (q_product_flights(s->act->tx, s->act->arena, &w, s->act->now, &p->sold, e)) return -1;
    p->has_sold = true;
    return 0;
}

/* What is left for package `mine` beside everything else that is sold, the rest of its own buy among it. */
static int left_for(struct seen *s, size_t mine, struct seen_product *product, int64_t *left, struct err *e)
{
    const struct sold_out_ask *ask = s->ask;
    struct arena *a = s->act->arena;
    if (see_sold(s, product, e)) return -1;
    struct flight_days *all = ARENA_ARRAY(a, struct flight_days, product->sold.n + ask->packages.n);
    size_t n = product->sold.n;
    if (n) memcpy(all, product->sold.rows, n * sizeof(*all));
    for (size_t i = 0; i < ask->packages.n; i++) {
        const struct package_row *p = &ask->packages.rows[i];
        bool counts = i != mine && p->canceled_at == TIME_NONE && p->impressions_goal > 0;
        if (counts && str_eq(p->product_id, product->product_id)) all[n++] = days_of(p);
    }
    *left = capacity_left(a, all, n, days_of(&ask->packages.rows[mine]), product->product.daily_impressions);
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

static int check_one(struct seen *seen, size_t i, struct str *warning, struct err *e)
{
    const struct act *act = seen->act;
    const struct sold_out_ask *ask = seen->ask;
    const struct package_row *p = &ask->packages.rows[i];
    struct seen_product *of;
    struct forecast f;
    if (p->impressions_goal <= 0 || p->canceled_at != TIME_NONE) return 0; /* nothing that can be counted */
    if (see_product(seen, p->product_id, &of, e)) return -1;
    if (!of->found) return 0; /* what is no longer in the catalogue has no capacity to compare with */
    if (of->product.daily_impressions < 0) return 0; /* nor has what states none: counting bookings would be in vain */
    if (see_window(seen, of, p, &f, e)) return -1;
    struct shortage s = { &of->product, ask->at[i], own_need(&ask->packages, p), f.available };
    if (of->product.guaranteed && f.available >= 0) {
        int64_t left;
        if (left_for(seen, i, of, &left, e)) return -1;
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
    struct seen seen = { .act = act,
                         .ask = ask,
                         .list = ARENA_ARRAY(act->arena, struct seen_product, ask->packages.n + 1) };
    for (size_t i = 0; i < ask->packages.n; i++) {
        if (ask->at[i] && check_one(&seen, i, warning, e)) return -1;
    }
    return 0;
}
