#include "domain/delivery/delivery.h"

#include <salesagent/money.h>

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

/* ---- one package's past and present ---- */

/* The facts of one package that `now` can know, and how the rest is computed. */
struct history {
    const struct ad_server *server;
    const struct plan *plan;
    size_t index;
    const struct fact_row *facts; /* of this package, by day */
    size_t facts_n;
    struct delivered frozen; /* their sum */
    int64_t anchor;          /* 0: nothing is frozen */
    int64_t read_at;         /* of the newest fact, or a remote ad server's last reading; TIME_NONE */
    int64_t as_of;           /* the numbers are complete until then */
    int64_t now;
};

/* Asked about a time before the last freeze (a simulated clock), the day of `now` counts for the part that had
 * passed; later days do not count at all. */
static void rewind_to(struct fact_rows *facts, struct str source, int64_t now)
{
    for (size_t i = 0; i < facts->n; i++) {
        struct fact_row *r = &facts->rows[i];
        int64_t end = r->day_at + USEC_PER_DAY;
        if (end > r->read_at) end = r->read_at;
        if (r->day_at > now || now >= end || !str_eq(r->source, source)) continue;
        for (int m = 0; m < METRICS_N; m++) {
            if (r->delivered.of[m] == METRIC_UNKNOWN) continue;
            r->delivered.of[m] = muldiv(r->delivered.of[m], now - r->day_at, end - r->day_at, MONEY_ROUND_DOWN);
        }
    }
}

static struct history history_of(const struct act *act, const struct ad_server *server, const struct plan *plan,
                                 size_t index, const struct fact_rows *all)
{
    struct history h = { .server = server,
                         .plan = plan,
                         .index = index,
                         .now = act->now,
                         .frozen = delivered_none(),
                         .read_at = TIME_NONE,
                         .as_of = act->now };
    struct str id = plan->packages[index].package_id;
    size_t i = 0;
    while (i < all->n && !str_eq(all->rows[i].package_id, id)) i++;
    h.facts = all->rows + i;
    for (; i < all->n && str_eq(all->rows[i].package_id, id) && all->rows[i].day_at <= act->now; i++) {
        const struct fact_row *r = &all->rows[i];
        delivered_add(&h.frozen, &r->delivered);
        if (str_is(r->source, server->adapter->source)) {
            if (r->read_at > h.anchor) h.anchor = r->read_at;
            if (r->read_at > h.read_at) h.read_at = r->read_at;
        }
        h.facts_n++;
    }
    return h;
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
        *first = utc_day_start(begin);
        *last = utc_day_start(end - 1);
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
        int64_t settled = h->server->adapter->local ? h->now : h->as_of - SETTLE_US;
        list.days[i] = (struct delivery_day){ day, delivered_none(), day + USEC_PER_DAY <= settled };
    }
    for (size_t i = 0; i < h->facts_n; i++) {
        struct delivery_day *d = day_in(&list, h->facts[i].day_at);
        ENSURE(d != NULL);
        delivered_add(&d->delivered, &h->facts[i].delivered);
        if (h->server->adapter->deliver == NULL) d->is_final = h->facts[i].is_final;
    }
    if (!computed(h)) return list;
    struct delivered before = h->frozen;
    for (size_t i = 0; i < list.n; i++) {
        int64_t stop = list.days[i].day_at + USEC_PER_DAY;
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
    /* Nothing yet: worth a word only once it cannot be a matter of reporting. */
    int64_t patience = (int64_t)(staleness_s > 3600 ? staleness_s : 3600) * USEC_PER_SEC;
    return now - begin >= patience ? DELIVERY_NOT_DELIVERING : DELIVERY_DELIVERING;
}

/* Numbers of the mock are final once their time is over; those of others when the ad server says so. */
static void finality(const struct history *h, const struct delivery_range *range, const struct day_list *days,
                     struct delivery_package *d)
{
    const struct plan_package *p = d->package;
    int64_t over = ends_at(p);
    if (range->to_day != TIME_NONE && range->to_day < over) over = range->to_day;
    d->is_final = false;
    d->finalized_at = TIME_NONE;
    if (h->plan->live_from == INT64_MAX || over > h->now) return;
    for (size_t i = 0; i < days->n; i++) {
        if (!days->days[i].is_final && h->server->adapter->deliver == NULL) return;
    }
    if (!h->server->adapter->local && (h->read_at == TIME_NONE || h->as_of < over)) return;
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
    return d;
}

/* What the range really covers. */
static void set_period(struct delivery *out, const struct delivery_range *range, int64_t now)
{
    int64_t first = out->plan->start_at, last = out->plan->end_at;
    out->from_at = range->from_day != TIME_NONE ? range->from_day : first;
    out->until_at = range->to_day != TIME_NONE ? range->to_day : last;
    if (out->until_at > now) out->until_at = now;
    if (out->until_at < out->from_at) out->until_at = out->from_at;
}

int delivery_read(const struct act *act, const struct plan *plan, struct delivery_range range,
                  enum delivery_detail detail, struct delivery *out, struct err *e)
{
    struct ad_server server;
    struct fact_rows facts;
    if (ad_server_of(act, &server, e)) return -1;
    if (q_facts_of_buy(act->tx, act->arena, plan->media_buy_id, &facts, e)) return -1;
    rewind_to(&facts, str_from(server.adapter->source), act->now);
    struct delivery_poll_row reading = { TIME_NONE, act->now };
    int read = server.adapter->local ? 1 : q_delivery_poll_get(act->tx, plan->media_buy_id, &reading, e);
    if (read < 0) return -1;
    if (read == 0) reading.as_of = plan->start_at;
    if (reading.as_of > act->now) reading.as_of = act->now;
    struct delivery d = { .plan = plan,
                          .lifetime = delivered_none(),
                          .in_range = delivered_none(),
                          .staleness_s = server.adapter->staleness_s,
                          .as_of = reading.as_of,
                          .is_final = plan->packages_n > 0,
                          .finalized_at = TIME_NONE };
    d.packages = ARENA_ARRAY(act->arena, struct delivery_package, plan->packages_n);
    for (size_t i = 0; i < plan->packages_n; i++) {
        struct history h = history_of(act, &server, plan, i, &facts);
        if (!server.adapter->local) {
            h.read_at = reading.read_at;
            h.as_of = reading.as_of;
        }
        d.packages[i] = read_package(&h, act->arena, &range, detail);
        delivered_add(&d.lifetime, &d.packages[i].lifetime);
        delivered_add(&d.in_range, &d.packages[i].in_range);
        d.is_final = d.is_final && d.packages[i].is_final;
        if (d.packages[i].finalized_at > d.finalized_at) d.finalized_at = d.packages[i].finalized_at;
    }
    if (!d.is_final) d.finalized_at = TIME_NONE;
    set_period(&d, &range, act->now);
    *out = d;
    return 0;
}

/* ---- writing ---- */

/* The rows from the anchor's day to today; today's is written even when it is empty, because it moves the anchor. */
static int freeze_package(const struct act *act, const struct history *h, struct err *e)
{
    const struct plan_package *p = &h->plan->packages[h->index];
    int64_t today = utc_day_start(act->now), from = begins_at(h->plan, p);
    if (h->anchor > from) from = h->anchor;
    struct delivered before = h->frozen;
    for (int64_t day = utc_day_start(from); day <= today; day += USEC_PER_DAY) {
        int64_t stop = day + USEC_PER_DAY;
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
    struct ad_server server;
    struct fact_rows facts;
    if (ad_server_of(act, &server, e)) return -1;
    if (server.adapter->deliver == NULL || plan->live_from == INT64_MAX) return 0;
    if (q_facts_of_buy(act->tx, act->arena, plan->media_buy_id, &facts, e)) return -1;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        struct history h = history_of(act, &server, plan, i, &facts);
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
    if (ad_server_of(act, &server, e)) return -1;
    if (server.adapter->deliver == NULL || act->now <= begins_at(plan, package)) return 0;
    struct fact_row row = { .media_buy_id = plan->media_buy_id,
                            .package_id = package->package_id,
                            .day_at = utc_day_start(act->now),
                            .source = str_from(server.adapter->source),
                            .delivered = delivered_none(),
                            .read_at = act->now };
    int rc = q_fact_get(act->tx, &row, e);
    if (rc != 0) return rc < 0 ? -1 : 0;
    return q_fact_put(act->tx, &row, e);
}

static int add_simulated(const struct act *act, const struct plan *plan, struct str package_id,
                         const struct delivered *more, struct err *e)
{
    struct fact_row row = { .media_buy_id = plan->media_buy_id,
                            .package_id = package_id,
                            .day_at = utc_day_start(act->now),
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
        if (add_simulated(act, &plan, id, &part, e)) return -1;
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

int delivery_record(const struct act *act, const struct plan *plan, const struct adapter_result *report,
                    struct delivery_changes *changed, struct err *e)
{
    struct ad_server server;
    struct delivery_changes found = { .n = 0 };
    struct delivery_poll_row before,
        reading = { act->now, report->as_of > 0 && report->as_of < act->now ? report->as_of : act->now };
    if (ad_server_of(act, &server, e)) return -1;
    int read = q_delivery_poll_get(act->tx, plan->media_buy_id, &before, e);
    if (read < 0) return -1;
    for (size_t i = 0; i < report->facts_n; i++) {
        const struct adapter_fact *f = &report->facts[i];
        if (!of_plan(plan, f->package_id)) continue;
        struct fact_row row = { .media_buy_id = plan->media_buy_id,
                                .package_id = f->package_id,
                                .day_at = utc_day_start(f->day_at),
                                .source = str_from(server.adapter->source) };
        int rc = q_fact_get(act->tx, &row, e);
        if (rc < 0) return -1;
        bool other = rc == 0 ? any(&f->delivered) : memcmp(&row.delivered, &f->delivered, sizeof(row.delivered)) != 0;
        if (read && row.day_at + USEC_PER_DAY <= before.as_of && other) note_change(&found, row.day_at);
        row.delivered = f->delivered;
        row.is_final = f->is_final;
        row.read_at = act->now;
        if (q_fact_put(act->tx, &row, e)) return -1;
    }
    *changed = found;
    return q_delivery_poll_put(act->tx, plan->media_buy_id, &reading, e);
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
