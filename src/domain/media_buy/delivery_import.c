#include "domain/media_buy/delivery_import.h"

#include "base/rfc3339.h"
#include "base/tz.h"
#include "domain/booking/booking.h"
#include "domain/core/ad_server.h"
#include "domain/delivery/delivery.h"
#include "domain/delivery/delivery_csv.h"
#include "domain/delivery/report.h"
#include "domain/media_buy/budget_watch.h"
#include "store/q/q_delivery.h"

struct importing {
    const struct act *act;
    struct ad_server server;
    const struct tz *zone; /* whose days they are */
    const struct delivery_csv *csv;
    struct adapter_fact *facts; /* as many as rows */
    struct delivery_imported done;
};

static int at_line(const struct delivery_csv_row *row, const char *what, struct err *e)
{
    return err_set(e, "INVALID_REQUEST", "line %zu: %s", row->line, what);
}

/* ---- rows -> facts ---- */

static int resolve(struct importing *im, const struct delivery_csv_row *row, struct adapter_fact *out, struct err *e)
{
    const struct act *act = im->act;
    struct booked_package p = { .tenant_id = act->tenant->tenant_id,
                                .ad_server = im->server.name,
                                .id = row->package_id };
    int found = q_booked_package(act->tx, act->arena, &p, e);
    if (found < 0) return -1;
    if (!found) return at_line(row, "this ad server has no package of that id, neither ours nor its own", e);
    if (tz_day_begins_at(im->zone, row->day_at / USEC_PER_DAY + 1) > act->now)
        return at_line(row, "this day has not ended yet", e);
    *out = (struct adapter_fact){ .media_buy_id = p.media_buy_id,
                                  .package_id = p.package_id,
                                  .creative_id = row->creative_id,
                                  .day_at = row->day_at,
                                  .delivered = row->delivered,
                                  .is_final = true };
    return 0;
}

/* Two ids of one package, ours and theirs, are one package: its day may be there once. */
static int refuse_twice(const struct importing *im, const struct delivery_facts *facts, struct err *e)
{
    for (size_t i = 1; i < facts->n; i++) {
        const struct adapter_fact *a = &facts->list[i - 1], *b = &facts->list[i];
        if (a->day_at != b->day_at || !str_eq(a->package_id, b->package_id) || !str_eq(a->creative_id, b->creative_id))
            continue;
        return err_set(e, "INVALID_REQUEST", "the file says a day of the package " STR_FMT " twice",
                       STR_ARG(b->package_id));
    }
    return im->csv->n ? 0 : err_set(e, "INVALID_REQUEST", "the file has no rows");
}

/* ---- one buy ---- */

static bool has_day(const struct fact_rows *facts, struct str package_id, struct str source, int64_t day_at)
{
    for (size_t i = 0; i < facts->n; i++) {
        const struct fact_row *r = &facts->rows[i];
        if (r->day_at == day_at && str_eq(r->package_id, package_id) && str_eq(r->source, source)) return true;
    }
    return false;
}

/* Until when all its packages' days are known without a gap: the numbers are complete until then. */
static int64_t known_until(const struct importing *im, const struct plan *part, const struct fact_rows *facts)
{
    int64_t until = im->act->now;
    for (size_t i = 0; i < part->packages_n; i++) {
        const struct plan_package *p = &part->packages[i];
        int64_t end = p->stopped_at < p->end_at ? p->stopped_at : p->end_at, day = tz_day(im->zone, p->start_at);
        if (end <= p->start_at) continue;
        while (tz_day_begins_at(im->zone, day) < until && tz_day_begins_at(im->zone, day) < end &&
               has_day(facts, p->package_id, str_from(im->server.adapter->source), day * USEC_PER_DAY)) {
            day++;
        }
        int64_t at = tz_day_begins_at(im->zone, day);
        if (at < end && at < until) until = at;
    }
    return until;
}

static int note_reading(const struct importing *im, const struct plan *part, struct err *e)
{
    struct fact_rows facts;
    struct booking_row booking;
    if (q_facts_of_buy(im->act->tx, im->act->arena, part->media_buy_id, &facts, e)) return -1;
    int found = q_booking_get(im->act->tx, im->act->arena, part->media_buy_id, im->server.name, &booking, e);
    if (found != 1) return found;
    booking.as_of = known_until(im, part, &facts);
    return q_booking_put(im->act->tx, &booking, e);
}

static int store_buy(struct importing *im, const struct delivery_facts *facts, struct str media_buy_id, struct err *e)
{
    struct plan whole, part;
    struct delivery_changes changed;
    int found = plan_load(im->act, media_buy_id, PLAN_NUMBERS, &whole, e);
    if (found != 1) return found;
    if (plan_part(im->act, &whole, im->server.name, &part, e)) return -1;
    if (delivery_record(im->act, &im->server, &part, facts, &changed, e) || note_reading(im, &part, e)) return -1;
    im->done.corrected += (size_t)changed.n;
    im->done.media_buys[im->done.media_buys_n++] = media_buy_id;
    if (budget_watch(im->act, media_buy_id, e)) return -1;
    return changed.n ? report_facts_changed(im->act, media_buy_id, &changed, e) : 0;
}

static int store_all(struct importing *im, struct err *e)
{
    struct adapter_result report = { .facts = im->facts, .facts_n = im->csv->n };
    struct delivery_facts facts;
    delivery_facts_sort(im->act->arena, STR_NONE, &report, &facts);
    if (refuse_twice(im, &facts, e)) return -1;
    im->done.media_buys = ARENA_ARRAY(im->act->arena, struct str, facts.n);
    for (size_t i = 0; i < facts.n; i++) {
        bool next = i == 0 || !str_eq(facts.list[i].media_buy_id, facts.list[i - 1].media_buy_id);
        if (next && store_buy(im, &facts, facts.list[i].media_buy_id, e)) return -1;
    }
    im->done.days = facts.n;
    return 0;
}

int delivery_import(const struct act *act, struct str ad_server, struct str csv, struct delivery_imported *out,
                    struct err *e)
{
    struct delivery_csv read;
    struct importing im = { .act = act, .csv = &read, .zone = tz_utc() };
    if (ad_server_of(act, ad_server, &im.server, e)) return -1;
    const struct adapter *a = im.server.adapter;
    if (!a->by_hand) {
        return err_set(e, "INVALID_STATE", "The ad server \"" STR_FMT "\" tells its numbers by itself.",
                       STR_ARG(im.server.name));
    }
    struct str zone = a->day_zone ? a->day_zone(im.server.config) : STR_NONE;
    if (zone.n && tz_load(act->arena, zone, &im.zone, e)) return -1;
    if (delivery_csv_parse(act->arena, csv, &read, e)) return -1;
    im.facts = ARENA_ARRAY(act->arena, struct adapter_fact, read.n + 1);
    for (size_t i = 0; i < read.n; i++) {
        if (resolve(&im, &read.rows[i], &im.facts[i], e)) return -1;
    }
    if (store_all(&im, e)) return -1;
    *out = im.done;
    return 0;
}
