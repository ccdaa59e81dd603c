/* See availability.h. */
#include "domain/product/availability.h"

#include <stdlib.h>

#include "base/rfc3339.h"
#include "domain/product/capacity.h"
#include "domain/product/forecast.h"

/* Bookings looked at for one product, over all its windows: a millisecond or two. */
#define WORK_MAX 50000

static int by_day(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static size_t windows_max(size_t flights)
{
    size_t max = WORK_MAX / (flights + 1);
    return max < 2 ? 2 : max > AVAILABILITY_WINDOWS_MAX ? AVAILABILITY_WINDOWS_MAX : max;
}

struct cuts {
    int64_t *days; /* ascending, each once; the first and the last are the horizon's */
    size_t n;
};

/* The first day on which a flight may begin. */
static int64_t first_day(const struct act *act, const struct product *p)
{
    int64_t today = act->now / USEC_PER_DAY;
    if (p->min_lead_hours <= 0) return today;
    int64_t lead = p->min_lead_hours * 3600 * USEC_PER_SEC;
    int64_t day = (act->now + lead + USEC_PER_DAY - 1) / USEC_PER_DAY;
    act_changes_at(act, day * USEC_PER_DAY - lead + 1); /* from then on it is the next */
    return day;
}

/* Where a window may begin or end: at the horizon's ends, on the first day that is sold, and where a booking does. */
static struct cuts cuts_of(struct arena *a, const struct flight_list *sold, struct flight_days horizon, int64_t first)
{
    struct cuts c = { ARENA_ARRAY(a, int64_t, 2 * sold->n + 3), 0 };
    int64_t from = horizon.start_day, to = horizon.end_day;
    c.days[c.n++] = from;
    c.days[c.n++] = to;
    if (first > from && first < to) c.days[c.n++] = first;
    for (size_t i = 0; i < sold->n; i++) {
        const struct flight_days *f = &sold->rows[i];
        if (f->start_day > from && f->start_day < to) c.days[c.n++] = f->start_day;
        if (f->end_day > from && f->end_day < to) c.days[c.n++] = f->end_day;
    }
    qsort(c.days, c.n, sizeof(*c.days), by_day);
    size_t kept = 1;
    for (size_t i = 1; i < c.n; i++) {
        if (c.days[i] != c.days[kept - 1]) c.days[kept++] = c.days[i];
    }
    c.n = kept;
    return c;
}

/* Evenly fewer; both ends and the first day that is sold stay. */
static void thin(struct cuts *c, size_t windows, int64_t first)
{
    size_t step = (c->n - 1 + windows - 1) / windows, kept = 1, last = c->n - 1;
    if (step <= 1) return;
    for (size_t i = 1; i < last; i++) {
        if (i % step == 0 || c->days[i] == first) c->days[kept++] = c->days[i];
    }
    c->days[kept++] = c->days[last];
    c->n = kept;
}

/* The impressions of the smallest package that a price admits; 0 where a price says nothing of impressions. */
static int64_t least_bought(const struct product *p)
{
    int64_t least = -1;
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        int64_t rate = pricing_expected_rate(o);
        int64_t n = rate > 0 && o->min_spend_micros > 0 ? pricing_impressions(o, o->min_spend_micros, rate) : 0;
        if (n < 0) n = 0;
        if (least < 0 || n < least) least = n;
    }
    return least < 0 ? 0 : least;
}

static bool same(const struct availability_window *a, const struct availability_window *b, int64_t daily)
{
    if (a->open != b->open) return false;
    if (!a->open || daily < 0) return true;
    int64_t days_a = (a->end_at - a->start_at) / USEC_PER_DAY, days_b = (b->end_at - b->start_at) / USEC_PER_DAY;
    return a->left == daily * days_a && b->left == daily * days_b;
}

static void push(struct availability_window *out, size_t *n, struct availability_window w, int64_t daily)
{
    struct availability_window *last = *n ? &out[*n - 1] : NULL;
    if (!last || !same(last, &w, daily)) {
        out[(*n)++] = w;
        return;
    }
    last->end_at = w.end_at;
    if (w.left > 0) last->left += w.left;
}

int availability_of(const struct act *act, const struct product *p, int64_t start_at, int64_t end_at,
                    struct availability_window *out, size_t *n, struct err *e)
{
    struct product_window all = { .tenant_id = act->tenant->tenant_id, .product_id = p->product_id };
    struct flight_list sold = { NULL, 0 };
    struct flight_days horizon = { start_at / USEC_PER_DAY, (end_at + USEC_PER_DAY - 1) / USEC_PER_DAY, 0 };
    int64_t first = first_day(act, p), daily = p->daily_impressions, least = least_bought(p);
    if (horizon.end_day > horizon.start_day + AVAILABILITY_DAYS_MAX)
        horizon.end_day = horizon.start_day + AVAILABILITY_DAYS_MAX;
    if (daily >= 0 && q_product_flights(act->tx, act->arena, &all, act->now, &sold, e)) return -1;
    struct cuts c = cuts_of(act->arena, &sold, horizon, first);
    thin(&c, windows_max(sold.n) - 1, first); /* that day may be one more */
    *n = 0;
    for (size_t i = 0; i + 1 < c.n; i++) {
        struct flight_days days = { c.days[i], c.days[i + 1], 0 };
        struct availability_window w = { days.start_day * USEC_PER_DAY, days.end_day * USEC_PER_DAY, -1, false };
        struct arena scratch;
        arena_init(&scratch);
        if (daily >= 0) w.left = capacity_left(&scratch, sold.rows, sold.n, days, daily);
        arena_finish(&scratch);
        bool room = !p->guaranteed || w.left < 0 || (w.left > 0 && w.left >= least);
        w.open = days.start_day >= first && room;
        push(out, n, w, daily);
    }
    int64_t last = horizon.end_day * USEC_PER_DAY;
    out[0].start_at = start_at;
    out[*n - 1].end_at = end_at < last ? end_at : last;
    return 0;
}

static void add_point(yyjson_mut_doc *doc, yyjson_mut_val *points, const struct availability_window *w)
{
    yyjson_mut_val *point = json_push_obj(doc, points);
    yyjson_mut_val *at = json_push_obj(doc, json_add_arr(doc, point, "dimensions"));
    json_add_cstr(doc, at, "kind", "time");
    json_add_time(doc, at, "start_time", w->start_at);
    json_add_time(doc, at, "end_time", w->end_at);
    json_add_cstr(doc, point, "availability_status", w->open ? "available" : "unavailable");
    yyjson_mut_val *metrics = json_add_obj(doc, point, "metrics");
    if (w->open && w->left >= 0) json_add_i64(doc, json_add_obj(doc, metrics, "impressions"), "mid", w->left);
}

yyjson_mut_val *availability_json(yyjson_mut_doc *doc, const struct product *p, const struct availability_window *w,
                                  size_t n, int64_t now)
{
    if (p->pricing_options_n == 0) return NULL;
    yyjson_mut_val *f = forecast_head(doc, p->pricing_options[0].currency, "availability", now);
    yyjson_mut_val *points = json_add_arr(doc, f, "points");
    for (size_t i = 0; i < n; i++) add_point(doc, points, &w[i]);
    return f;
}
