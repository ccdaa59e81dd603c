#include "domain/house/house_money.h"

#include <stdlib.h>

#include <salesagent/money.h>
#include <salesagent/plan.h>
#include <salesagent/pricing.h>

#include "base/rfc3339.h"
#include "domain/delivery/delivery.h"
#include "domain/house/house_record.h"

struct dividing {
    struct arena *arena;
    const struct house_report_ask *ask;
    const struct house_fact_row *facts, *end; /* in the order of packages: those before the one at work are done */
    int64_t counted, divided; /* of the package at work: units so far, and the money given for them */
    struct house_shares shares;
    size_t cap;
};

static void add_share(struct dividing *d, const struct house_share *s)
{
    struct house_share *last = d->shares.n ? &d->shares.list[d->shares.n - 1] : NULL;
    bool same = last && last->package == s->package && last->creative == s->creative && last->slot == s->slot &&
                str_eq(last->spend.currency, s->spend.currency);
    if (same) {
        last->spend.micros += s->spend.micros;
        return;
    }
    if (d->shares.n == d->cap) {
        struct house_share *more = ARENA_ARRAY(d->arena, struct house_share, d->cap ? 2 * d->cap : 64);
        if (d->shares.n) memcpy(more, d->shares.list, d->shares.n * sizeof(*more));
        d->cap = d->cap ? 2 * d->cap : 64;
        d->shares.list = more;
    }
    d->shares.list[d->shares.n++] = *s;
}

/* What a package's money is divided by. */
static enum metric divisor(const struct house_fact_row *f)
{
    enum pricing_model model;
    enum metric m = pricing_model_parse(f->pricing_model, &model) ? pricing_metric(model) : METRIC_SPEND;
    return m == METRIC_SPEND ? METRIC_IMPRESSIONS : m;
}

/* Money up to the n-th unit, less what was given for those before: so nothing is lost by rounding. */
static void divide(void *arg, const struct house_count_row *row)
{
    struct dividing *d = arg;
    while (d->facts < d->end && d->facts->package < row->package) {
        d->facts++;
        d->counted = d->divided = 0;
    }
    if (d->facts == d->end || d->facts->package != row->package) return;
    enum metric unit = divisor(d->facts);
    int64_t all = d->facts->delivered.of[unit], micros = d->facts->delivered.of[METRIC_SPEND];
    if (row->event < 0 || row->event >= EVENTS_N || house_metric_of((enum event)row->event) != unit || all <= 0) return;
    d->counted = d->counted + row->n < all ? d->counted + row->n : all;
    int64_t so_far = muldiv(micros, d->counted, all, MONEY_ROUND_DOWN);
    struct house_share s = { .package = d->ask->by_package ? row->package : 0,
                             .creative = d->ask->by_creative ? row->creative : 0,
                             .slot = d->ask->by_slot ? row->slot : 0,
                             .spend = { d->facts->currency, so_far - d->divided } };
    d->divided = so_far;
    add_share(d, &s);
}

static void take_whole(struct dividing *d)
{
    for (; d->facts < d->end; d->facts++) {
        add_share(d, &(struct house_share){ .package = d->ask->by_package ? d->facts->package : 0,
                                            .spend = { d->facts->currency, d->facts->delivered.of[METRIC_SPEND] } });
    }
}

static int order(const void *a, const void *b)
{
    const struct house_share *x = a, *y = b;
    if (x->package != y->package) return x->package < y->package ? -1 : 1;
    if (x->creative != y->creative) return x->creative < y->creative ? -1 : 1;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    struct str c = x->spend.currency, k = y->spend.currency;
    int by_text = memcmp(c.p, k.p, c.n < k.n ? c.n : k.n);
    return by_text ? by_text : (c.n > k.n) - (c.n < k.n);
}

int house_money(const struct act *act, const struct house_report_ask *ask, int64_t from_day, int64_t to_day,
                struct house_shares *out, struct err *e)
{
    struct dividing d = { .arena = act->arena, .ask = ask };
    struct house_fact_ask facts = { .tenant_id = ask->tenant_id,
                                    .media_buy_id = ask->media_buy_id,
                                    .source = STR(HOUSE_SOURCE),
                                    .from_day_at = from_day * USEC_PER_DAY,
                                    .to_day_at = to_day * USEC_PER_DAY };
    struct house_fact_row *rows;
    size_t n;
    if (q_house_facts(act->tx, act->arena, &facts, &rows, &n, e)) return -1;
    d.facts = rows;
    d.end = rows + n;
    if (!ask->by_creative && !ask->by_slot) {
        take_whole(&d);
    } else if (n && q_house_parts(act->tx, ask, divide, &d, e)) {
        return -1;
    }
    /* Parts came package by package: those of one slot are put together. */
    struct house_share *all = d.shares.list;
    size_t all_n = d.shares.n;
    if (all_n) qsort(all, all_n, sizeof(*all), order);
    d.shares.n = 0;
    for (size_t i = 0; i < all_n; i++) {
        struct house_share s = all[i];
        add_share(&d, &s);
    }
    *out = d.shares;
    return 0;
}
