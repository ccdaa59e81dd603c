/* What bids come to. The published guidance says what winning cost lately: a bid at its p25 would have won a quarter
 * of those auctions, one at p90 nine of ten. Where a product publishes only a floor, prices are taken to spread above
 * it the way such auctions do: half of them clear within one and a half times the floor, nine of ten within three
 * times. Nothing is drawn by chance: the same bid always stands the same. */
#include "adapters/mock/mock.h"

#include "base/compiler.h"

#define CENT      INT64_C(10000)
#define FLOOR_WIN 50000  /* at the floor itself */
#define BEST_WIN  950000 /* however high the bid */
#define POINTS    6

struct point {
    int64_t price, win_ppm;
};

/* Prices in rising order with the share they win; fewer than two when nothing is published. */
static int curve_of(const struct plan_auction *a, struct point out[POINTS])
{
    struct point known[] = {
        { a->floor_micros, FLOOR_WIN }, { a->p25_micros, 250000 }, { a->p50_micros, 500000 },
        { a->p75_micros, 750000 },      { a->p90_micros, 900000 },
    };
    bool guided = a->p25_micros > 0 || a->p50_micros > 0 || a->p75_micros > 0 || a->p90_micros > 0;
    if (!guided && a->floor_micros > 0) {
        known[2].price = muldiv(a->floor_micros, 3, 2, MONEY_ROUND_DOWN);
        known[4].price = muldiv(a->floor_micros, 3, 1, MONEY_ROUND_DOWN);
    }
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].price <= 0 || (n > 0 && known[i].price <= out[n - 1].price)) continue;
        out[n++] = known[i];
    }
    if (n == 0) return 0;
    /* Twice the highest price known is as good as any. */
    if (out[n - 1].price <= INT64_MAX / 2) {
        out[n] = (struct point){ out[n - 1].price * 2, BEST_WIN };
        n++;
    }
    return n;
}

static int64_t win_ppm(const struct point *curve, int n, int64_t bid)
{
    if (bid <= curve[0].price) {
        /* Below what is known: less, in proportion. */
        return muldiv(curve[0].win_ppm, bid, curve[0].price, MONEY_ROUND_DOWN);
    }
    for (int i = 1; i < n; i++) {
        const struct point *a = &curve[i - 1], *b = &curve[i];
        if (bid > b->price) continue;
        return a->win_ppm + muldiv(b->win_ppm - a->win_ppm, bid - a->price, b->price - a->price, MONEY_ROUND_DOWN);
    }
    return curve[n - 1].win_ppm;
}

/* The average price of the auctions a bid wins: those clear between the least price and the bid, and a bid above all
 * known prices does not pay more for it. */
static int64_t clearing(const struct plan_auction *a, const struct point *curve, int n, int64_t bid)
{
    int64_t low = curve[0].price < bid ? curve[0].price : bid;
    int64_t high = bid < curve[n - 1].price ? bid : curve[n - 1].price;
    int64_t price = low + (high - low) / 2;
    if (price >= 10 * CENT) price -= price % CENT;
    if (price < a->floor_micros) price = a->floor_micros;
    return price < bid ? price : bid;
}

bool mock_auction(const void *config, const struct plan *plan, size_t index, struct adapter_auction *out)
{
    struct point curve[POINTS];
    const struct plan_package *p = &plan->packages[index];
    if (!p->auction.bidding || p->rate_micros <= 0) return false;
    int n = curve_of(&p->auction, curve);
    if (n == 0) return false;
    *out =
        (struct adapter_auction){ win_ppm(curve, n, p->rate_micros), clearing(&p->auction, curve, n, p->rate_micros) };
    return true;
}

int64_t mock_rate(const struct plan_package *p)
{
    struct plan one = { .packages = p, .packages_n = 1 };
    struct adapter_auction a;
    return mock_auction(NULL, &one, 0, &a) ? a.clearing_micros : p->rate_micros;
}
