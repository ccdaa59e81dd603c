#include "domain/creative/creative_delivery.h"

static const struct delivery_package *package_of(const struct delivery *d, struct str package_id)
{
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        if (str_eq(d->packages[i].package->package_id, package_id)) return &d->packages[i];
    }
    return NULL;
}

/* True when nothing else was, or may have been, shown in this package during the range. */
static bool was_alone(const struct creative_uses *uses, const struct creative_assigned *a, const struct delivery *d,
                      const struct delivery_package *p)
{
    int64_t begin = p->package->start_at > d->from_at ? p->package->start_at : d->from_at;
    for (size_t i = 0; i < uses->now.n; i++) {
        const struct creative_assigned *other = &uses->now.items[i];
        if (str_eq(other->package_id, a->package_id) && !str_eq(other->creative_id, a->creative_id)) return false;
    }
    for (size_t i = 0; i < uses->removed.n; i++) {
        const struct creative_removal_row *other = &uses->removed.rows[i];
        if (str_eq(other->package_id, a->package_id) && !str_eq(other->creative_id, a->creative_id) &&
            other->at > begin) {
            return false;
        }
    }
    return a->created_at <= begin;
}

int creative_uses_read(const struct act *act, struct str media_buy_id, struct creative_uses *out, struct err *e)
{
    return creatives_of_buys(act->tx, act->arena, &media_buy_id, 1, &out->now, e) ||
                   q_creative_removals_of_buy(act->tx, act->arena, media_buy_id, &out->removed, e) ||
                   q_creative_facts_of_buy(act->tx, act->arena, media_buy_id, &out->facts, e)
               ? -1
               : 0;
}

static bool within(const struct delivery_range *r, int64_t day_at)
{
    return (r->from_day == TIME_NONE || day_at >= r->from_day) && (r->to_day == TIME_NONE || day_at < r->to_day);
}

/* What the ad server itself says of this creative in a package; false when it says nothing, or not of all that was shown. */
static bool told(const struct creative_uses *uses, const struct delivery *d, const struct delivery_package *p,
                 struct str creative_id, struct delivered *out)
{
    struct delivered all = delivered_none(), own = delivered_none();
    for (size_t i = 0; i < uses->facts.n; i++) {
        const struct creative_fact_row *f = &uses->facts.rows[i];
        if (!str_eq(f->package_id, p->package->package_id) || !within(&d->range, f->day_at)) continue;
        delivered_add(&all, &f->delivered);
        if (str_eq(f->creative_id, creative_id)) delivered_add(&own, &f->delivered);
    }
    if (all.of[METRIC_IMPRESSIONS] == METRIC_UNKNOWN ||
        all.of[METRIC_IMPRESSIONS] != p->in_range.of[METRIC_IMPRESSIONS])
        return false;
    for (int m = 0; m < METRICS_N;
         m++) { /* a metric that is reported for others and not for this creative is 0 of it */
        if (own.of[m] == METRIC_UNKNOWN && all.of[m] != METRIC_UNKNOWN) own.of[m] = 0;
    }
    *out = own;
    return true;
}

bool creative_delivered(const struct delivery *d, const struct creative_uses *uses, struct str creative_id,
                        struct delivered *out)
{
    struct delivered sum = delivered_none();
    for (size_t i = 0; i < uses->now.n; i++) {
        const struct creative_assigned *a = &uses->now.items[i];
        if (!str_eq(a->creative_id, creative_id)) continue;
        const struct delivery_package *p = package_of(d, a->package_id);
        struct delivered part;
        if (!p) return false;
        if (was_alone(uses, a, d, p)) part = p->in_range;
        else if (!told(uses, d, p, creative_id, &part)) return false;
        delivered_add(&sum, &part);
    }
    *out = sum;
    return true;
}

static int add_buy(const struct act *act, struct str media_buy_id, struct str creative_id,
                   struct creative_lifetime *out, struct err *e)
{
    struct plan plan;
    struct delivery d;
    struct delivered one;
    struct creative_uses uses;
    int rc = plan_load(act, media_buy_id, PLAN_NUMBERS, &plan, e);
    if (rc != 1) return rc;
    if (delivery_read(act, &plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    if (creative_uses_read(act, media_buy_id, &uses, e)) return -1;
    out->known = creative_delivered(&d, &uses, creative_id, &one);
    if (!out->known) return 0;
    if (one.of[METRIC_IMPRESSIONS] > 0) out->impressions += one.of[METRIC_IMPRESSIONS];
    if (d.as_of < out->as_of) out->as_of = d.as_of;
    if (d.staleness_s > out->staleness_s) out->staleness_s = d.staleness_s;
    return 0;
}

int creative_lifetime_read(const struct act *act, const struct creative_key *creative, int *reads,
                           struct creative_lifetime *out, struct err *e)
{
    struct creative_assignment_rows used;
    struct creative_lifetime sum = { .known = true, .as_of = act->now };
    if (q_creative_assignments_of_creative(act->tx, act->arena, creative, &used, e)) return -1;
    int removed = q_creative_was_removed(act->tx, creative, e);
    if (removed < 0) return -1;
    sum.known = removed == 0;
    for (size_t i = 0; i < used.n && sum.known; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen = seen || str_eq(used.rows[k].media_buy_id, used.rows[i].media_buy_id);
        if (seen) continue;
        sum.known = (*reads)-- > 0;
        if (sum.known && add_buy(act, used.rows[i].media_buy_id, creative->creative_id, &sum, e)) return -1;
    }
    *out = sum;
    return 0;
}
