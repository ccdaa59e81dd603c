#include "domain/house/house_record.h"

#include <salesagent/pricing.h>

#include "base/rfc3339.h"
#include "base/tz.h"
#include "domain/delivery/delivery.h"
#include "store/q/q_delivery.h"
#include "store/q/q_house.h"
#include "store/q/q_media_buy.h"

#define PART_DELTAS     200 /* a millisecond or two of writing */
#define TOKEN_BYTES     10
#define DAYS_OPENED_MAX 400 /* as long as flights are */

/* ---- parts ---- */

struct house_part house_part_next(const struct tally *t, struct tally_place from)
{
    struct tally_place to = from;
    /* All lists are sorted by package: up to and with the package that fills the part. */
    to.deltas = from.deltas + PART_DELTAS < t->deltas_n ? from.deltas + PART_DELTAS : t->deltas_n;
    if (to.deltas == t->deltas_n) return (struct house_part){ t, from, tally_end(t) };
    uint32_t last = t->deltas[to.deltas - 1].package;
    while (to.deltas < t->deltas_n && t->deltas[to.deltas].package == last) to.deltas++;
    if (to.deltas == t->deltas_n) return (struct house_part){ t, from, tally_end(t) };
    while (to.used < t->used_n && t->used[to.used].package <= last) to.used++;
    while (to.exposures < t->exposures_n && t->exposures[to.exposures].package <= last) to.exposures++;
    while (to.places < t->places_n && t->places[to.places].package <= last) to.places++;
    return (struct house_part){ t, from, to };
}

/* ---- facts ---- */

enum metric house_metric_of(enum event event)
{
    switch (event) {
    case EVENT_IMPRESSION: return METRIC_IMPRESSIONS;
    case EVENT_MEASURABLE: return METRIC_MEASURABLE;
    case EVENT_VIEWABLE: return METRIC_VIEWABLE;
    case EVENT_CLICK: return METRIC_CLICKS;
    case EVENT_START: return METRIC_VIEWS;
    case EVENT_COMPLETE: return METRIC_COMPLETED_VIEWS;
    case EVENT_FIRST_QUARTILE:
    case EVENT_MIDPOINT:
    case EVENT_THIRD_QUARTILE:
    case EVENT_ERROR:
    case EVENT_REQUEST:
    case EVENT_DECISION:
    case EVENTS_N: break;
    }
    return METRICS_N;
}

/* Everything this ad server can know, at nothing. */
static struct delivered nothing(void)
{
    static const enum metric known[] = { METRIC_IMPRESSIONS,     METRIC_CLICKS,     METRIC_SPEND,   METRIC_VIEWS,
                                         METRIC_COMPLETED_VIEWS, METRIC_MEASURABLE, METRIC_VIEWABLE };
    struct delivered d = delivered_none();
    for (size_t i = 0; i < ARRAY_LEN(known); i++) d.of[known[i]] = 0;
    return d;
}

/* The package a key stands for. */
struct owner {
    struct str tenant_id, media_buy_id;
    struct package_row row;
    enum pricing_model model;
};

/* 1 found, 0 it is gone (its numbers by the hour are kept all the same), -1 failed. */
static int find_owner(const struct act *act, uint32_t package, struct owner *out, struct err *e)
{
    struct str package_id;
    int found = q_house_key_name(act->tx, act->arena, package, &out->tenant_id, &package_id, e);
    if (found != 1) return found;
    found = q_package_get(act->tx, act->arena, package_id, &out->row, e);
    if (found != 1) return found;
    out->media_buy_id = out->row.media_buy_id;
    if (pricing_model_parse(out->row.pricing_model, &out->model)) return 1;
    return err_set(e, "SERVICE_UNAVAILABLE", "A stored package is priced by an unknown model.");
}

static struct fact_row fact_key(struct str media_buy_id, struct str package_id, int64_t day)
{
    return (struct fact_row){ .media_buy_id = media_buy_id,
                              .package_id = package_id,
                              .day_at = day * USEC_PER_DAY,
                              .source = STR(HOUSE_SOURCE),
                              .delivered = nothing() };
}

/* What so many more units cost, after `before`; the budget is never passed. */
static int64_t cost_of_more(const struct owner *o, const struct delivered *so_far, int64_t more)
{
    enum metric unit = pricing_metric(o->model);
    if (unit == METRIC_SPEND || more <= 0) return 0;
    int64_t before = so_far->of[unit] > 0 ? so_far->of[unit] : 0,
            spent = so_far->of[METRIC_SPEND] > 0 ? so_far->of[METRIC_SPEND] : 0;
    int64_t cost =
        pricing_cost(o->model, o->row.rate_micros, before + more) - pricing_cost(o->model, o->row.rate_micros, before);
    int64_t left = o->row.budget_micros - spent;
    if (left < 0) left = 0;
    return cost < left ? cost : left;
}

/* Adds what came on one day to its fact. `so_far`: all days, brought up to date. */
static int add_to_day(const struct act *act, const struct owner *o, int64_t day, const struct delivered *more,
                      struct delivered *so_far, struct err *e)
{
    struct fact_row row = fact_key(o->media_buy_id, o->row.package_id, day);
    struct delivered add = *more;
    enum metric unit = pricing_metric(o->model);
    if (q_fact_get(act->tx, &row, e) < 0) return -1;
    add.of[METRIC_SPEND] = cost_of_more(o, so_far, unit == METRIC_SPEND ? 0 : more->of[unit]);
    delivered_add(&row.delivered, &add);
    delivered_add(so_far, &add);
    row.read_at = act->now;
    return q_fact_put(act->tx, &row, e);
}

/* ---- facts of creatives ---- */

/* What came of the creatives of a package on one day. */
struct creative_sums {
    struct creative_sum {
        uint32_t creative;
        struct delivered more;
    } *sums;
    size_t n;
};

/* Without money: a package's price is not divided among its creatives. */
static void sum_creative(struct creative_sums *c, const struct delta *d, enum metric m)
{
    size_t i = 0;
    if (d->creative == 0) return;
    while (i < c->n && c->sums[i].creative != d->creative) i++;
    if (i == c->n) {
        c->sums[c->n] = (struct creative_sum){ d->creative, nothing() };
        c->sums[c->n++].more.of[METRIC_SPEND] = METRIC_UNKNOWN;
    }
    c->sums[i].more.of[m] += d->n;
}

static int add_to_creatives(const struct act *act, const struct owner *o, int64_t day, const struct creative_sums *c,
                            struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        struct str owner;
        struct creative_fact_row row = { .media_buy_id = o->media_buy_id,
                                         .package_id = o->row.package_id,
                                         .day_at = day * USEC_PER_DAY,
                                         .source = STR(HOUSE_SOURCE),
                                         .delivered = delivered_none() };
        int found = q_house_key_name(act->tx, act->arena, c->sums[i].creative, &owner, &row.creative_id, e);
        if (found < 0) return -1;
        if (found == 0) continue;
        if (q_creative_fact_get(act->tx, &row, e) < 0) return -1;
        delivered_add(&row.delivered, &c->sums[i].more);
        if (q_creative_fact_put(act->tx, &row, e)) return -1;
    }
    return 0;
}

/* ---- a package's part of a batch ---- */

static int64_t day_of(const struct house_recorder *r, uint32_t package, int64_t hour_at)
{
    const struct tz *zone = r->zone_of(r->arg, package);
    return zone ? tz_day(zone, hour_at) : hour_at / USEC_PER_DAY;
}

/* The deltas [from, to) are one package's, in the order of their hours. */
static int record_package(const struct house_recorder *r, const struct delta *from, const struct delta *to,
                          struct err *e)
{
    struct owner owner;
    struct delivered so_far;
    int found = find_owner(r->act, from->package, &owner, e);
    if (found != 1) return found;
    if (q_fact_sum(r->act->tx, owner.media_buy_id, owner.row.package_id, STR(HOUSE_SOURCE), &so_far, e)) return -1;
    for (const struct delta *d = from; d < to;) {
        int64_t day = day_of(r, d->package, d->hour_at);
        struct delivered more = nothing();
        struct creative_sums creatives = { ARENA_ARRAY(r->act->arena, struct creative_sum, (size_t)(to - d)), 0 };
        for (; d < to && day_of(r, d->package, d->hour_at) == day; d++) {
            enum metric m = house_metric_of((enum event)d->event);
            if (d->invalid != VALID || m == METRICS_N) continue;
            more.of[m] += d->n;
            sum_creative(&creatives, d, m);
        }
        if (add_to_day(r->act, &owner, day, &more, &so_far, e)) return -1;
        if (add_to_creatives(r->act, &owner, day, &creatives, e)) return -1;
    }
    return q_house_way_put(r->act->tx, from->package, r->on_the_way(r->arg, from->package), r->act->now, e);
}

static int record_counts(const struct house_recorder *r, const struct house_part *part, struct err *e)
{
    const struct delta *d = part->tally->deltas;
    for (size_t i = part->from.deltas; i < part->to.deltas; i++) {
        struct house_count_row row = { d[i].package, d[i].creative, d[i].slot, d[i].hour_at,
                                       d[i].event,   d[i].invalid,  d[i].n };
        if (q_house_count_add(r->act->tx, &row, e)) return -1;
    }
    for (size_t i = part->from.deltas, k; i < part->to.deltas; i = k) {
        for (k = i; k < part->to.deltas && d[k].package == d[i].package; k++) continue;
        if (d[i].package && record_package(r, &d[i], &d[k], e)) return -1;
    }
    return 0;
}

/* ---- tokens, visitors, places ---- */

static uint8_t *put(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) *p++ = (uint8_t)(v >> 8 * i);
    return p;
}

static int record_used(const struct house_recorder *r, const struct house_part *part, struct err *e)
{
    size_t n = part->to.used - part->from.used;
    uint8_t *bytes = arena_alloc_raw(r->act->arena, n * TOKEN_BYTES + 1), *p = bytes;
    if (q_house_epoch_put(r->act->tx, r->epoch.epoch, r->epoch.until_ms, e)) return -1;
    if (n == 0) return 0;
    for (size_t i = part->from.used; i < part->to.used; i++) {
        const struct used *u = &part->tally->used[i];
        p = put(put(put(p, u->epoch, 4), u->sequence, 4), u->bits, 2);
    }
    return q_house_used_add(r->act->tx, r->act->now, (struct str){ (const char *)bytes, n * TOKEN_BYTES }, e);
}

void house_used_read(struct str tokens, void (*each)(void *arg, const struct used *u), void *arg)
{
    const uint8_t *p = (const uint8_t *)tokens.p;
    for (size_t i = 0; i + TOKEN_BYTES <= tokens.n; i += TOKEN_BYTES, p += TOKEN_BYTES) {
        struct used u = { .epoch = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3],
                          .sequence = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7],
                          .bits = (uint16_t)(p[8] << 8 | p[9]) };
        each(arg, &u);
    }
}

#define EXPOSURE_BYTES (FREQUENCY_GROUPS * 4 + 4)

static struct str exposure_bytes(struct arena *a, const struct exposure *x)
{
    uint8_t *bytes = arena_alloc_raw(a, EXPOSURE_BYTES), *p = bytes;
    for (int i = 0; i < FREQUENCY_GROUPS; i++) p = put(p, x->at_s[i], 4);
    (void)put(put(p, x->in_newest, 2), x->group_size, 2);
    return (struct str){ (const char *)bytes, EXPOSURE_BYTES };
}

static uint64_t get(const uint8_t **p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | *(*p)++;
    return v;
}

bool house_exposure_read(const struct house_exposure_row *row, struct exposure *out)
{
    const uint8_t *p = (const uint8_t *)row->seen.p;
    if (row->seen.n != EXPOSURE_BYTES) return false;
    *out = (struct exposure){ .visitor = (uint32_t)row->visitor,
                              .package = (uint32_t)row->package,
                              .useful_until_s = (uint32_t)row->useful_until_s };
    for (int i = 0; i < FREQUENCY_GROUPS; i++) out->at_s[i] = (uint32_t)get(&p, 4);
    out->in_newest = (uint16_t)get(&p, 2);
    out->group_size = (uint16_t)get(&p, 2);
    return true;
}

struct str house_week_bytes(struct arena *a, const int64_t week[WEEK_HOURS])
{
    uint8_t *bytes = arena_alloc_raw(a, WEEK_HOURS * 8), *p = bytes;
    for (int i = 0; i < WEEK_HOURS; i++) p = put(p, (uint64_t)week[i], 8);
    return (struct str){ (const char *)bytes, WEEK_HOURS * 8 };
}

bool house_week_read(struct str bytes, int64_t week[WEEK_HOURS])
{
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (bytes.n != WEEK_HOURS * 8) return false;
    for (int i = 0; i < WEEK_HOURS; i++) week[i] = (int64_t)get(&p, 8);
    return true;
}

static int record_exposures(const struct house_recorder *r, const struct house_part *part, struct err *e)
{
    for (size_t i = part->from.exposures; i < part->to.exposures; i++) {
        const struct exposure *x = &part->tally->exposures[i];
        struct house_exposure_row row = { x->package, x->visitor, x->useful_until_s, exposure_bytes(r->act->arena, x) };
        if (q_house_exposure_put(r->act->tx, &row, e)) return -1;
    }
    return 0;
}

static int record_places(const struct house_recorder *r, const struct house_part *part, struct err *e)
{
    for (size_t i = part->from.places; i < part->to.places; i++) {
        const struct mail_place *m = &part->tally->places[i];
        struct house_place_row row = { m->slot, (int64_t)m->key, m->package, m->creative, m->asked_s };
        if (q_house_place_put(r->act->tx, &row, e)) return -1;
    }
    return 0;
}

int house_record(const struct house_recorder *r, const struct house_part *part, struct err *e)
{
    return record_counts(r, part, e) || record_used(r, part, e) || record_exposures(r, part, e) ||
                   record_places(r, part, e)
               ? -1
               : 0;
}

/* ---- days ---- */

int house_open_days(const struct act *act, struct str media_buy_id, struct str package_id, int64_t day, struct err *e)
{
    int64_t last;
    int found = q_fact_last_day(act->tx, media_buy_id, package_id, STR(HOUSE_SOURCE), &last, e);
    if (found < 0) return -1;
    int64_t from = found ? last / USEC_PER_DAY + 1 : day;
    if (from < day - DAYS_OPENED_MAX) from = day - DAYS_OPENED_MAX;
    for (; from <= day; from++) {
        struct fact_row row = fact_key(media_buy_id, package_id, from);
        row.read_at = act->now;
        if (q_fact_put(act->tx, &row, e)) return -1;
    }
    return 0;
}

int house_accrue(const struct act *act, struct str media_buy_id, struct str package_id, int64_t day, int64_t micros,
                 struct err *e)
{
    struct fact_row row = fact_key(media_buy_id, package_id, day);
    struct package_row package;
    struct delivered so_far;
    int found = q_package_get(act->tx, act->arena, package_id, &package, e);
    if (found != 1) return found;
    if (q_fact_sum(act->tx, media_buy_id, package_id, STR(HOUSE_SOURCE), &so_far, e)) return -1;
    if (q_fact_get(act->tx, &row, e) < 0) return -1;
    int64_t spent = so_far.of[METRIC_SPEND] > 0 ? so_far.of[METRIC_SPEND] : 0, left = package.budget_micros - spent;
    if (micros > left) micros = left > 0 ? left : 0;
    row.delivered.of[METRIC_SPEND] += micros;
    row.read_at = act->now;
    return q_fact_put(act->tx, &row, e);
}

int house_close_days(const struct act *act, struct str tenant_id, int64_t day, int64_t *n, struct err *e)
{
    return q_house_facts_close(act->tx, tenant_id, STR(HOUSE_SOURCE), day * USEC_PER_DAY, n, e);
}
