#include "domain/delivery/delivery.h"

#include <salesagent/money.h>
#include <stdlib.h>

#include "base/tz.h"
#include "store/q/q_booking.h"

#define PPM             INT64_C(1000000)
#define SPENT_UP_PERMIL 990 /* a budget counts as used up from here on */
#define EAST_US         (14 * USEC_PER_DAY / 24) /* how far zones are from UTC at most */
#define WEST_US         (12 * USEC_PER_DAY / 24)
#define SETTLE_US       (3 * USEC_PER_DAY) /* after which a remote ad server's silence about a day is final */

/* ---- numbers ---- */

struct delivered delivered_none(void)
{
    struct delivered d;
    for (int m = 0; m < METRICS_N; m++) d.of[m] = METRIC_UNKNOWN;
    return d;
}

void delivered_add(struct delivered *sum, const struct delivered *more)
{
    for (int m = 0; m < METRICS_N; m++) {
        if (more->of[m] == METRIC_UNKNOWN) continue;
        sum->of[m] = (sum->of[m] == METRIC_UNKNOWN ? 0 : sum->of[m]) + more->of[m];
    }
}

/* What came in between two totals. */
static struct delivered growth(const struct delivered *from, const struct delivered *to)
{
    struct delivered d;
    for (int m = 0; m < METRICS_N; m++) {
        int64_t had = from->of[m] == METRIC_UNKNOWN ? 0 : from->of[m];
        d.of[m] = to->of[m] == METRIC_UNKNOWN ? METRIC_UNKNOWN : to->of[m] > had ? to->of[m] - had : 0;
    }
    return d;
}

static bool any(const struct delivered *d)
{
    for (int m = 0; m < METRICS_N; m++) {
        if (d->of[m] > 0) return true;
    }
    return false;
}

int64_t delivered_share(int64_t part, int64_t whole)
{
    if (part == METRIC_UNKNOWN || whole <= 0) return -1;
    return muldiv(part, PPM, whole, MONEY_ROUND_HALF_UP);
}

static int64_t known(int64_t v)
{
    return v == METRIC_UNKNOWN ? 0 : v;
}

int delivery_range_of(int64_t from_day, int64_t to_day, struct delivery_range *out, struct err *e)
{
    if (from_day != TIME_NONE && to_day != TIME_NONE && to_day <= from_day) {
        (void)err_set(e, "INVALID_REQUEST", "end_date must be after start_date: it is the day after the last one");
        (void)err_suggest(e, "For the one day of start_date, give the next day as end_date.");
        return err_field(e, "/end_date");
    }
    *out = (struct delivery_range){ from_day, to_day };
    return 0;
}

const char *delivery_status_name(enum delivery_status s)
{
    switch (s) {
    case DELIVERY_NONE: return NULL;
    case DELIVERY_DELIVERING: return "delivering";
    case DELIVERY_NOT_DELIVERING: return "not_delivering";
    case DELIVERY_COMPLETED: return "completed";
    case DELIVERY_BUDGET_EXHAUSTED: return "budget_exhausted";
    case DELIVERY_FLIGHT_ENDED: return "flight_ended";
    case DELIVERY_GOAL_MET: return "goal_met";
    }
    ENSURE(!"a delivery status out of its enum");
    return NULL;
}

/* ---- days ---- */

/* The day of a zone's calendar that holds `at`, written as the midnight in UTC of the same date. */
static int64_t day_of(const struct tz *zone, int64_t at)
{
    return tz_day(zone, at) * USEC_PER_DAY;
}

static int64_t day_begins(const struct tz *zone, int64_t day_at)
{
    return tz_day_begins_at(zone, day_at / USEC_PER_DAY);
}

static int64_t day_ends(const struct tz *zone, int64_t day_at)
{
    return tz_day_begins_at(zone, day_at / USEC_PER_DAY + 1);
}

/* Whose days a local ad server counts. A remote one's are those that the publisher's products declare; what is not known
 * of them here is allowed for (EAST_US, WEST_US). */
static int zone_of(const struct act *act, const struct ad_server *server, const struct tz **out, struct err *e)
{
    const struct adapter *a = server->adapter;
    struct str name = a->local && a->day_zone ? a->day_zone(server->config) : STR_NONE;
    *out = tz_utc();
    if (!name.n || tz_load(act->arena, name, out, e) == 0) return 0;
    return err_set(e, "CONFIGURATION_ERROR", "the ad server counts its days in a time zone that is not known here");
}

static int str_order(struct str a, struct str b)
{
    int rc = memcmp(a.n ? a.p : "", b.n ? b.p : "", a.n < b.n ? a.n : b.n);
    return rc ? rc : (a.n > b.n) - (a.n < b.n);
}

/* ---- one package's past and present ---- */

/* The facts of one package that `now` can know, and how the rest is computed. */
struct history {
    const struct ad_server *server;
    const struct tz *zone; /* whose days its facts are of */
    const struct plan *plan;
    size_t index;
    const struct fact_row *facts; /* of this package, by day */
    size_t facts_n;
    struct delivered frozen; /* their sum */
    int64_t anchor; /* 0: nothing is frozen */
    int64_t read_at; /* of the newest fact, or a remote ad server's last reading; TIME_NONE */
    int64_t as_of; /* the numbers are complete until then */
    int64_t now;
};

/* Asked about a time before the last freeze (a simulated clock), the day of `now` counts for the part that had
 * passed; later days do not count at all. */
static void rewind_to(struct fact_row *r, const struct tz *zone, int64_t now)
{
    int64_t begin = day_begins(zone, r->day_at), end = day_ends(zone, r->day_at);
    if (end > r->read_at) end = r->read_at;
    if (begin > now || now >= end) return;
    for (int m = 0; m < METRICS_N; m++) {
        if (r->delivered.of[m] == METRIC_UNKNOWN) continue;
        r->delivered.of[m] = muldiv(r->delivered.of[m], now - begin, end - begin, MONEY_ROUND_DOWN);
    }
}

/* Its numbers are in our own store as soon as there are any; a remote one's are read, those of one that is worked by hand
 * come with a file. */
static bool knows_at_once(const struct adapter *a)
{
    return a->local && !a->by_hand;
}

/* Has the day begun, as far as can be known? */
static bool begun(const struct history *h, int64_t day_at)
{
    return h->server->adapter->local ? day_begins(h->zone, day_at) <= h->now : day_at <= h->now + EAST_US;
}

static int history_of(const struct act *act, struct ad_server_set *servers, const struct plan *plan, size_t index,
                      struct fact_rows *all, struct history *out, struct err *e)
{
    struct history h = { .plan = plan,
                         .index = index,
                         .now = act->now,
                         .frozen = delivered_none(),
                         .read_at = TIME_NONE,
                         .as_of = act->now };
    struct str id = plan->packages[index].package_id;
    size_t i = 0;
    if (ad_server_get(servers, plan->packages[index].ad_server, &h.server, e) || zone_of(act, h.server, &h.zone, e))
        return -1;
    while (i < all->n && !str_eq(all->rows[i].package_id, id)) i++;
    h.facts = all->rows + i;
    for (; i < all->n && str_eq(all->rows[i].package_id, id) && begun(&h, all->rows[i].day_at); i++) {
        struct fact_row *r = &all->rows[i];
        bool own = str_is(r->source, h.server->adapter->source);
        if (own) rewind_to(r, h.zone, act->now);
        delivered_add(&h.frozen, &r->delivered);
        if (own) {
            if (r->read_at > h.anchor) h.anchor = r->read_at;
            if (r->read_at > h.read_at) h.read_at = r->read_at;
        }
        h.facts_n++;
    }
    *out = h;
    return 0;
}

static bool computed(const struct history *h)
{
    return h->server->adapter->deliver != NULL && h->now > h->anchor;
}

/* Everything delivered by `until`, which is not before the anchor. */
static struct delivered total_at(const struct history *h, int64_t until)
{
    struct delivered out = h->frozen;
    if (!computed(h)) return out;
    h->server->adapter->deliver(h->server->config, h->plan, h->index, h->anchor, &h->frozen,
                                until > h->anchor ? until : h->anchor, &out);
    return out;
}

/* Where the package's delivery can begin and end. */
static int64_t begins_at(const struct plan *plan, const struct plan_package *p)
{
    return p->start_at > plan->live_from ? p->start_at : plan->live_from;
}

static int64_t ends_at(const struct plan_package *p)
{
    return p->stopped_at < p->end_at ? p->stopped_at : p->end_at;
}

struct day_list {
    struct delivery_day *days;
    size_t n;
};

static struct delivery_day *day_in(const struct day_list *list, int64_t day_at)
{
    if (list->n == 0 || day_at < list->days[0].day_at) return NULL;
    size_t i = (size_t)((day_at - list->days[0].day_at) / USEC_PER_DAY);
    return i < list->n ? &list->days[i] : NULL;
}

/* First and last day that can hold numbers; false when there is none yet. */
static bool day_bounds(const struct history *h, int64_t *first, int64_t *last)
{
    const struct plan_package *p = &h->plan->packages[h->index];
    int64_t begin = begins_at(h->plan, p), end = ends_at(p) < h->now ? ends_at(p) : h->now;
    bool any = false;
    /* A remote ad server's calendar may be a time zone away: of a flight's first and last day as UTC counts them, the ones
     * that are hardly touched are there only with facts. */
    if (!h->server->adapter->local && end - begin > EAST_US + WEST_US) {
        begin += EAST_US;
        end -= WEST_US;
    }
    if (begin < end) {
        *first = day_of(h->zone, begin);
        *last = day_of(h->zone, end - 1);
        any = true;
    }
    if (h->facts_n > 0) {
        int64_t a = h->facts[0].day_at, b = h->facts[h->facts_n - 1].day_at;
        *first = !any || a < *first ? a : *first;
        *last = !any || b > *last ? b : *last;
        any = true;
    }
    return any;
}

/* Every day from the first with numbers to the last, gaps filled with nothing delivered. */
static struct day_list days_of(const struct history *h, struct arena *a)
{
    struct day_list list = { NULL, 0 };
    int64_t first, last;
    if (!day_bounds(h, &first, &last)) return list;
    list.n = (size_t)((last - first) / USEC_PER_DAY) + 1;
    list.days = ARENA_ARRAY(a, struct delivery_day, list.n);
    for (size_t i = 0; i < list.n; i++) {
        int64_t day = first + (int64_t)i * USEC_PER_DAY;
        /* A day without facts: the ad server had nothing to say, and may still. */
        int64_t settled = knows_at_once(h->server->adapter) ? h->now : h->as_of - SETTLE_US;
        bool by_hand = h->server->adapter->by_hand; /* nobody has said anything: it is not known */
        list.days[i] = (struct delivery_day){ .day_at = day,
                                              .delivered = delivered_none(),
                                              .is_final = !by_hand && day_ends(h->zone, day) <= settled,
                                              .unknown = by_hand };
    }
    for (size_t i = 0; i < h->facts_n; i++) {
        struct delivery_day *d = day_in(&list, h->facts[i].day_at);
        ENSURE(d != NULL);
        delivered_add(&d->delivered, &h->facts[i].delivered);
        d->unknown = false;
        if (h->server->adapter->deliver == NULL) d->is_final = h->facts[i].is_final;
    }
    if (!computed(h)) return list;
    struct delivered before = h->frozen;
    for (size_t i = 0; i < list.n; i++) {
        int64_t stop = day_ends(h->zone, list.days[i].day_at);
        if (stop <= h->anchor) continue;
        struct delivered after = total_at(h, stop < h->now ? stop : h->now);
        struct delivered more = growth(&before, &after);
        delivered_add(&list.days[i].delivered, &more);
        before = after;
    }
    return list;
}

/* ---- reading ---- */

static enum delivery_status status_of(const struct delivery_package *d, const struct plan *plan, int64_t now,
                                      int staleness_s)
{
    const struct plan_package *p = d->package;
    int64_t begin = begins_at(plan, p), spend = known(d->lifetime.of[METRIC_SPEND]);
    bool used_up = spend >= muldiv(p->budget_micros, SPENT_UP_PERMIL, 1000, MONEY_ROUND_DOWN) && p->budget_micros > 0;
    bool goal = p->impressions_goal > 0 && known(d->lifetime.of[METRIC_IMPRESSIONS]) >= p->impressions_goal;
    if (plan->live_from == INT64_MAX || now < begin) return DELIVERY_NONE;
    if (now >= p->end_at && p->stopped_at >= p->end_at) return used_up ? DELIVERY_COMPLETED : DELIVERY_FLIGHT_ENDED;
    if (now >= p->stopped_at) return DELIVERY_FLIGHT_ENDED;
    if (goal) return DELIVERY_GOAL_MET;
    if (used_up) return DELIVERY_BUDGET_EXHAUSTED;
    if (p->paused) return DELIVERY_NONE;
    if (known(d->lifetime.of[METRIC_IMPRESSIONS]) > 0) return DELIVERY_DELIVERING;
    /* Nothing has come yet, which says something only after the time in which an ad server reports. */
    int64_t patience = (int64_t)(staleness_s > 3600 ? staleness_s : 3600) * USEC_PER_SEC;
    return now - begin >= patience ? DELIVERY_NOT_DELIVERING : DELIVERY_DELIVERING;
}

/* Numbers of the mock are final once their time is over; those of others when the ad server says so. */
static void finality(const struct history *h, const struct delivery_range *range, const struct day_list *days,
                     struct delivery_package *d)
{
    const struct plan_package *p = d->package;
    int64_t over = ends_at(p), to = range->to_day != TIME_NONE ? day_begins(h->zone, range->to_day) : over;
    if (to < over) over = to;
    d->is_final = false;
    d->finalized_at = TIME_NONE;
    if (h->plan->live_from == INT64_MAX || over > h->now) return;
    for (size_t i = 0; i < days->n; i++) {
        if (!days->days[i].is_final && h->server->adapter->deliver == NULL) return;
    }
    if (!knows_at_once(h->server->adapter) && (h->read_at == TIME_NONE || h->as_of < over)) return;
    d->is_final = true;
    d->finalized_at = h->server->adapter->deliver == NULL && h->read_at > over ? h->read_at : over;
}

static bool unlimited(const struct delivery_range *r)
{
    return r->from_day == TIME_NONE && r->to_day == TIME_NONE;
}

/* The part of `all` inside the range. */
static struct day_list cut(const struct day_list *all, const struct delivery_range *r)
{
    size_t from = 0, to = all->n;
    while (r->from_day != TIME_NONE && from < to && all->days[from].day_at < r->from_day) from++;
    while (r->to_day != TIME_NONE && to > from && all->days[to - 1].day_at >= r->to_day) to--;
    return (struct day_list){ all->days + from, to - from };
}

static struct delivery_package read_package(const struct history *h, struct arena *a,
                                            const struct delivery_range *range, enum delivery_detail detail)
{
    struct delivery_package d = { .package = &h->plan->packages[h->index] };
    struct day_list days = { NULL, 0 };
    d.lifetime = total_at(h, h->now);
    bool walk = detail == DELIVERY_DAYS || !unlimited(range) || h->server->adapter->deliver == NULL;
    if (walk) {
        struct day_list all = days_of(h, a);
        days = cut(&all, range);
    }
    if (unlimited(range)) {
        d.in_range = d.lifetime;
    } else {
        d.in_range = delivered_none();
        for (size_t i = 0; i < days.n; i++) delivered_add(&d.in_range, &days.days[i].delivered);
        /* A metric this package knows is 0, not unknown, for days without any. */
        for (int m = 0; m < METRICS_N; m++) {
            if (d.in_range.of[m] == METRIC_UNKNOWN && d.lifetime.of[m] != METRIC_UNKNOWN) d.in_range.of[m] = 0;
        }
    }
    d.days = days.days;
    d.days_n = days.n;
    finality(h, range, &days, &d);
    d.status = status_of(&d, h->plan, h->now, h->server->adapter->staleness_s);
    bool unheard = h->server->adapter->by_hand && h->facts_n == 0;
    if (unheard && (d.status == DELIVERY_DELIVERING || d.status == DELIVERY_NOT_DELIVERING)) d.status = DELIVERY_NONE;
    return d;
}

/* What the range really covers. */
static void set_period(struct delivery *out, const struct delivery_range *range, const struct tz *zone, int64_t now)
{
    int64_t first = out->plan->start_at, last = out->plan->end_at;
    out->range = *range;
    out->from_at = range->from_day != TIME_NONE ? day_begins(zone, range->from_day) : first;
    out->until_at = range->to_day != TIME_NONE ? day_begins(zone, range->to_day) : last;
    if (out->until_at > now) out->until_at = now;
    if (out->until_at < out->from_at) out->until_at = out->from_at;
}

/* When the package's ad server was last read; a local one is always up to date. */
static void set_reading(const struct booking_rows *bookings, struct history *h)
{
    if (knows_at_once(h->server->adapter)) return;
    h->read_at = TIME_NONE;
    h->as_of = h->plan->start_at;
    for (size_t i = 0; i < bookings->n; i++) {
        const struct booking_row *b = &bookings->rows[i];
        if (!str_eq(b->ad_server, h->server->name) || b->read_at == TIME_NONE) continue;
        h->read_at = b->read_at;
        h->as_of = b->as_of;
    }
    if (h->as_of > h->now) h->as_of = h->now;
}

int delivery_read(const struct act *act, const struct plan *plan, struct delivery_range range,
                  enum delivery_detail detail, struct delivery *out, struct err *e)
{
    struct ad_server_set servers = { .act = act };
    struct fact_rows facts;
    struct booking_rows bookings;
    struct history h = { .zone = tz_utc() };
    if (q_facts_of_buy(act->tx, act->arena, plan->media_buy_id, &facts, e)) return -1;
    if (q_bookings_of_buy(act->tx, act->arena, plan->media_buy_id, &bookings, e)) return -1;
    struct delivery d = { .plan = plan,
                          .lifetime = delivered_none(),
                          .in_range = delivered_none(),
                          .as_of = act->now,
                          .is_final = plan->packages_n > 0,
                          .finalized_at = TIME_NONE };
    d.packages = ARENA_ARRAY(act->arena, struct delivery_package, plan->packages_n);
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (history_of(act, &servers, plan, i, &facts, &h, e)) return -1;
        set_reading(&bookings, &h);
        d.packages[i] = read_package(&h, act->arena, &range, detail);
        delivered_add(&d.lifetime, &d.packages[i].lifetime);
        delivered_add(&d.in_range, &d.packages[i].in_range);
        d.is_final = d.is_final && d.packages[i].is_final;
        if (h.server->adapter->simulates) act_simulated(act);
        d.simulated = d.simulated || (h.server->adapter->simulates && !act->sandbox);
        if (h.server->adapter->staleness_s > d.staleness_s) d.staleness_s = h.server->adapter->staleness_s;
        if (h.as_of < d.as_of) d.as_of = h.as_of;
        if (d.packages[i].finalized_at > d.finalized_at) d.finalized_at = d.packages[i].finalized_at;
    }
    if (!d.is_final) d.finalized_at = TIME_NONE;
    set_period(&d, &range, h.zone, act->now);
    *out = d;
    return 0;
}

/* ---- writing ---- */

/* The rows from the anchor's day to today; today's is written even when it is empty, because it moves the anchor. */
static int freeze_package(const struct act *act, const struct history *h, struct err *e)
{
    const struct plan_package *p = &h->plan->packages[h->index];
    int64_t today = day_of(h->zone, act->now), from = begins_at(h->plan, p);
    if (h->anchor > from) from = h->anchor;
    struct delivered before = h->frozen;
    for (int64_t day = day_of(h->zone, from); day <= today; day += USEC_PER_DAY) {
        int64_t stop = day_ends(h->zone, day);
        struct delivered after = total_at(h, stop < act->now ? stop : act->now);
        struct delivered more = growth(&before, &after);
        struct fact_row row = { .media_buy_id = h->plan->media_buy_id,
                                .package_id = p->package_id,
                                .day_at = day,
                                .source = str_from(h->server->adapter->source),
                                .delivered = delivered_none() };
        before = after;
        if (day != today && !any(&more)) continue;
        if (q_fact_get(act->tx, &row, e) < 0) return -1;
        delivered_add(&row.delivered, &more);
        row.is_final = stop <= act->now;
        row.read_at = stop < act->now ? stop : act->now;
        if (q_fact_put(act->tx, &row, e)) return -1;
    }
    return 0;
}

static int freeze_plan(const struct act *act, const struct plan *plan, struct err *e)
{
    struct ad_server_set servers = { .act = act };
    struct fact_rows facts;
    if (plan->live_from == INT64_MAX) return 0;
    if (q_facts_of_buy(act->tx, act->arena, plan->media_buy_id, &facts, e)) return -1;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        struct history h;
        if (history_of(act, &servers, plan, i, &facts, &h, e)) return -1;
        if (!computed(&h) || act->now <= begins_at(plan, p) || begins_at(plan, p) >= ends_at(p)) continue;
        if (freeze_package(act, &h, e)) return -1;
    }
    return 0;
}

int delivery_freeze(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct plan plan;
    int rc = plan_load(act, media_buy_id, PLAN_NUMBERS, &plan, e);
    return rc == 1 ? freeze_plan(act, &plan, e) : rc;
}

int delivery_begin(const struct act *act, const struct plan *plan, const struct plan_package *package, struct err *e)
{
    struct ad_server server;
    const struct tz *zone;
    if (ad_server_of(act, package->ad_server, &server, e) || zone_of(act, &server, &zone, e)) return -1;
    if (server.adapter->deliver == NULL || act->now <= begins_at(plan, package)) return 0;
    struct fact_row row = { .media_buy_id = plan->media_buy_id,
                            .package_id = package->package_id,
                            .day_at = day_of(zone, act->now),
                            .source = str_from(server.adapter->source),
                            .delivered = delivered_none(),
                            .read_at = act->now };
    int rc = q_fact_get(act->tx, &row, e);
    if (rc != 0) return rc < 0 ? -1 : 0;
    return q_fact_put(act->tx, &row, e);
}

static int add_simulated(const struct act *act, const struct plan *plan, const struct plan_package *package,
                         const struct delivered *more, struct err *e)
{
    struct ad_server server;
    const struct tz *zone;
    if (ad_server_of(act, package->ad_server, &server, e) || zone_of(act, &server, &zone, e)) return -1;
    struct fact_row row = { .media_buy_id = plan->media_buy_id,
                            .package_id = package->package_id,
                            .day_at = day_of(zone, act->now),
                            .source = STR(DELIVERY_SOURCE_SIMULATED),
                            .delivered = delivered_none() };
    if (q_fact_get(act->tx, &row, e) < 0) return -1;
    delivered_add(&row.delivered, more);
    row.read_at = act->now;
    return q_fact_put(act->tx, &row, e);
}

/* The share of package `index`, so that the shares of all add up to `more` exactly. */
static struct delivered portion(const struct plan *plan, size_t index, const struct delivered *more)
{
    int64_t total = 0, upto = 0;
    for (size_t i = 0; i < plan->packages_n; i++) {
        total += plan->packages[i].budget_micros;
        if (i < index) upto += plan->packages[i].budget_micros;
    }
    int64_t with = upto + plan->packages[index].budget_micros;
    if (total == 0) { /* no budgets to go by: evenly */
        total = (int64_t)plan->packages_n;
        upto = (int64_t)index;
        with = upto + 1;
    }
    struct delivered d = delivered_none();
    for (int m = 0; m < METRICS_N; m++) {
        int64_t v = more->of[m];
        if (v == METRIC_UNKNOWN) continue;
        d.of[m] = muldiv(v, with, total, MONEY_ROUND_DOWN) - muldiv(v, upto, total, MONEY_ROUND_DOWN);
    }
    return d;
}

int delivery_simulate(const struct act *act, struct str media_buy_id, struct str package_id,
                      const struct delivered *more, struct err *e)
{
    struct plan plan;
    int rc = plan_load(act, media_buy_id, PLAN_NUMBERS, &plan, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no such media buy");
    if (freeze_plan(act, &plan, e)) return -1;
    bool found = false;
    for (size_t i = 0; i < plan.packages_n; i++) {
        struct str id = plan.packages[i].package_id;
        if (package_id.n && !str_eq(package_id, id)) continue;
        struct delivered part = package_id.n ? *more : portion(&plan, i, more);
        if (add_simulated(act, &plan, &plan.packages[i], &part, e)) return -1;
        found = true;
    }
    return found ? 0 : err_set(e, "PACKAGE_NOT_FOUND", "the media buy has no such package");
}

static bool of_plan(const struct plan *plan, struct str package_id)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (str_eq(plan->packages[i].package_id, package_id)) return true;
    }
    return false;
}

static void note_change(struct delivery_changes *c, int64_t day_at)
{
    if (c->n++ == 0 || day_at < c->first_day) c->first_day = day_at;
    if (c->n == 1 || day_at > c->last_day) c->last_day = day_at;
}

/* By buy, package, day and creative; what is said of a whole day comes before its parts. */
static int by_place(const void *x, const void *y)
{
    const struct adapter_fact *a = x, *b = y;
    int rc = str_order(a->media_buy_id, b->media_buy_id);
    if (rc == 0) rc = str_order(a->package_id, b->package_id);
    if (rc == 0) rc = (a->day_at > b->day_at) - (a->day_at < b->day_at);
    return rc ? rc : str_order(a->creative_id, b->creative_id);
}

void delivery_facts_sort(struct arena *a, struct str only_buy, const struct adapter_result *report,
                         struct delivery_facts *out)
{
    struct adapter_fact *list = ARENA_ARRAY(a, struct adapter_fact, report->facts_n + 1);
    for (size_t i = 0; i < report->facts_n; i++) {
        list[i] = report->facts[i];
        list[i].day_at = utc_day_start(list[i].day_at);
        if (!list[i].media_buy_id.n) list[i].media_buy_id = only_buy;
    }
    if (report->facts_n) qsort(list, report->facts_n, sizeof(*list), by_place);
    *out = (struct delivery_facts){ list, report->facts_n, report->as_of };
}

/* The first fact of a buy. */
static size_t facts_of(const struct delivery_facts *facts, struct str media_buy_id)
{
    size_t low = 0, high = facts->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (str_order(facts->list[mid].media_buy_id, media_buy_id) < 0) low = mid + 1;
        else high = mid;
    }
    return low;
}

struct recording {
    const struct ad_server *server;
    const struct plan *plan;
    struct booking_row booking;
    struct delivery_changes changes;
};

static int record_day(const struct act *act, struct recording *r, const struct adapter_fact *f, struct err *e)
{
    struct fact_row row = { .media_buy_id = r->plan->media_buy_id,
                            .package_id = f->package_id,
                            .day_at = f->day_at,
                            .source = str_from(r->server->adapter->source) };
    int rc = q_fact_get(act->tx, &row, e);
    if (rc < 0) return -1;
    bool other = rc == 0 ? any(&f->delivered) : memcmp(&row.delivered, &f->delivered, sizeof(row.delivered)) != 0;
    bool read = r->booking.read_at != TIME_NONE && row.day_at + USEC_PER_DAY <= r->booking.as_of;
    if (read && other) note_change(&r->changes, row.day_at);
    row.delivered = f->delivered;
    row.is_final = f->is_final;
    row.read_at = act->now;
    return q_fact_put(act->tx, &row, e);
}

static int record_part(const struct act *act, const struct recording *r, const struct adapter_fact *f, struct err *e)
{
    struct creative_fact_row row = { .media_buy_id = r->plan->media_buy_id,
                                     .package_id = f->package_id,
                                     .creative_id = f->creative_id,
                                     .day_at = f->day_at,
                                     .source = str_from(r->server->adapter->source),
                                     .delivered = f->delivered };
    return q_creative_fact_put(act->tx, &row, e);
}

static bool same_day(const struct adapter_fact *a, const struct adapter_fact *b)
{
    return a->day_at == b->day_at && str_eq(a->package_id, b->package_id) && str_eq(a->media_buy_id, b->media_buy_id);
}

/* One package's day, which begins at list[i]: what is said of it as a whole, else the sum of its parts. Gives the index
 * behind it. */
static int record_one(const struct act *act, struct recording *r, const struct delivery_facts *facts, size_t *i,
                      struct err *e)
{
    const struct adapter_fact *first = &facts->list[*i];
    struct adapter_fact day = *first;
    bool ours = of_plan(r->plan, first->package_id);
    for (; *i < facts->n && same_day(first, &facts->list[*i]); (*i)++) {
        const struct adapter_fact *f = &facts->list[*i];
        if (!f->creative_id.n || !ours) continue;
        if (record_part(act, r, f, e)) return -1;
        if (!first->creative_id.n || f == first) continue;
        delivered_add(&day.delivered, &f->delivered);
        day.is_final = day.is_final && f->is_final;
    }
    return ours ? record_day(act, r, &day, e) : 0;
}

int delivery_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                    const struct delivery_facts *facts, struct delivery_changes *changed, struct err *e)
{
    struct recording r = { .server = server, .plan = plan, .changes = { .n = 0 } };
    int found = q_booking_get(act->tx, act->arena, plan->media_buy_id, server->name, &r.booking, e);
    if (found < 0) return -1;
    if (!found) {
        r.booking = q_booking_new(plan->tenant_id, plan->media_buy_id, server->name, act->now);
        r.booking.state = BOOKING_BOOKED; /* what is read is booked */
    }
    for (size_t i = facts_of(facts, plan->media_buy_id);
         i < facts->n && str_eq(facts->list[i].media_buy_id, plan->media_buy_id);) {
        if (record_one(act, &r, facts, &i, e)) return -1;
    }
    *changed = r.changes;
    r.booking.read_at = act->now;
    r.booking.as_of = facts->as_of > 0 && facts->as_of < act->now ? facts->as_of : act->now;
    return q_booking_put(act->tx, &r.booking, e);
}

int delivery_open_days(const struct act *act, const struct plan *plan, struct delivery_range *out, struct err *e)
{
    struct delivery d;
    struct delivery_range all = { utc_day_start(plan->start_at) - USEC_PER_DAY,
                                  utc_day_start(act->now) + 2 * USEC_PER_DAY };
    if (delivery_read(act, plan, DELIVERY_LIFETIME, DELIVERY_DAYS, &d, e)) return -1;
    int64_t from = all.to_day;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct delivery_package *p = &d.packages[i];
        int64_t open = all.from_day;
        for (size_t k = 0; k < p->days_n && p->days[k].is_final; k++) open = p->days[k].day_at + USEC_PER_DAY;
        if (open < from) from = open;
    }
    *out = (struct delivery_range){ from < all.to_day ? from : all.from_day, all.to_day };
    return 0;
}

/* ---- pacing ---- */

static struct pacing_input pacing_input_of(const struct delivery_package *p, int64_t now)
{
    int64_t end = ends_at(p->package), spend = known(p->lifetime.of[METRIC_SPEND]);
    if (end < p->package->start_at) end = p->package->start_at;
    return (struct pacing_input){ .budget_micros = p->package->budget_micros,
                                  .spend_micros = spend,
                                  .start_at = p->package->start_at,
                                  .end_at = end,
                                  .now = now };
}

struct pacing delivery_package_pacing(const struct delivery_package *p, int64_t now, enum pacing_basis basis)
{
    struct pacing_input in = pacing_input_of(p, now);
    return pacing_compute(&in, basis);
}

struct pacing delivery_pacing(const struct delivery *d, struct arena *a, int64_t now, enum pacing_basis basis)
{
    size_t n = d->plan->packages_n;
    struct pacing_input *in = ARENA_ARRAY(a, struct pacing_input, n);
    for (size_t i = 0; i < n; i++) in[i] = pacing_input_of(&d->packages[i], now);
    return pacing_combine(in, n, basis);
}
