/* Numbers: instant counts of many flights in one call, days in UTC. What is to stay as it is (days that ended two days
 * ago) is asked of a queued report, whose numbers are the ones that are billed; the rest are counts of the moment.
 *
 *   START -> COUNTED -> QUEUED ... -> (the next campaign) */
#include "adapters/kevel/kevel.h"

#include "base/rfc3339.h"

#define FINAL_DAYS  2
#define DAYS_MAX    800
#define POLL_MS     500
#define POLL_MS_MAX 15000
#define POLLS_MAX   60

enum { START, COUNTED, QUEUED, POLLED, STEPS };
_Static_assert((int)STEPS == (int)KEVEL_REPORT_STEPS, "every step has its place");

struct cell {
    const struct plan *plan;
    const struct plan_package *package;
    struct adapter_fact *days;
};

struct reporting {
    const struct plan *plans;
    size_t plans_n, plan; /* whose final days are asked for */
    struct cell *cells;
    size_t cells_n, days_n;
    int64_t from_day, last_day, final_day; /* days since 1970-01-01; those before final_day are final */
    struct str queued;
    int polls;
};

static void add_cells(struct adapter_op *op, struct reporting *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->plans_n; i++) most += r->plans[i].packages_n;
    r->cells = ARENA_ARRAY(op->arena, struct cell, most + 1);
    for (size_t i = 0; i < r->plans_n; i++) {
        for (size_t k = 0; k < r->plans[i].packages_n; k++) {
            const struct plan_package *p = &r->plans[i].packages[k];
            if (kevel_number(p->remote_id) <= 0) continue;
            struct cell *c = &r->cells[r->cells_n++];
            *c = (struct cell){ &r->plans[i], p, ARENA_ARRAY(op->arena, struct adapter_fact, r->days_n) };
            for (size_t d = 0; d < r->days_n; d++) {
                c->days[d] = (struct adapter_fact){ .media_buy_id = r->plans[i].media_buy_id,
                                                    .package_id = p->package_id,
                                                    .day_at = (r->from_day + (int64_t)d) * USEC_PER_DAY };
                for (int m = 0; m < METRICS_N; m++) c->days[d].delivered.of[m] = METRIC_UNKNOWN;
                c->days[d].delivered.of[METRIC_IMPRESSIONS] = c->days[d].delivered.of[METRIC_CLICKS] =
                    c->days[d].delivered.of[METRIC_SPEND] = 0;
            }
        }
    }
}

static struct str date_of(struct adapter_op *op, int64_t day)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print_date(day * USEC_PER_DAY, text);
    return arena_dup(op->arena, (struct str){ text, n });
}

static int start(struct adapter_op *op)
{
    struct reporting *r = ARENA_NEW(op->arena, struct reporting);
    int64_t today = op->now / USEC_PER_DAY;
    op->state = r;
    r->plans = op->plans_n ? op->plans : op->plan;
    r->plans_n = op->plans_n ? op->plans_n : 1;
    r->from_day = op->from_day / USEC_PER_DAY;
    r->last_day = op->to_day / USEC_PER_DAY - 1;
    if (r->last_day > today) r->last_day = today;
    if (r->last_day < r->from_day || !op->plan) return adapter_done(op);
    if (r->last_day - r->from_day >= DAYS_MAX) r->from_day = r->last_day - DAYS_MAX + 1;
    r->final_day = today - FINAL_DAYS;
    r->days_n = (size_t)(r->last_day - r->from_day + 1);
    add_cells(op, r);
    if (!r->cells_n) return adapter_done(op);
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *ids = doc_add_arr(d, root, "flights");
    for (size_t i = 0; i < r->cells_n; i++) doc_push_i64(d, ids, kevel_number(r->cells[i].package->remote_id));
    doc_add_str(d, root, "start", date_of(op, r->from_day));
    doc_add_str(d, root, "end", date_of(op, r->last_day));
    (void)kevel_send(op, "POST", STR("/v1/instantcounts/bulk"), root);
    return COUNTED;
}

/* -1 for what is no amount. */
static int64_t micros_of(double units)
{
    if (!(units >= 0) || units > (double)MONEY_UNITS_MAX) return -1;
    return (int64_t)(units * (double)MICROS_PER_UNIT + 0.5);
}

static bool take(struct adapter_fact *f, int64_t impressions, int64_t clicks, double revenue)
{
    int64_t micros = micros_of(revenue);
    if (impressions < 0 || clicks < 0 || micros < 0) return false;
    f->delivered.of[METRIC_IMPRESSIONS] = impressions;
    f->delivered.of[METRIC_CLICKS] = clicks;
    f->delivered.of[METRIC_SPEND] = micros;
    return true;
}

static struct adapter_fact *day_of(struct reporting *r, const struct cell *c, struct str date)
{
    int64_t at;
    if (date.n < 10 || rfc3339_parse_date((struct str){ date.p, 10 }, &at)) return NULL;
    int64_t day = at / USEC_PER_DAY;
    return day >= r->from_day && day <= r->last_day ? &c->days[day - r->from_day] : NULL;
}

static int finish(struct adapter_op *op, struct reporting *r)
{
    struct adapter_fact *facts = ARENA_ARRAY(op->arena, struct adapter_fact, r->cells_n * r->days_n);
    for (size_t i = 0; i < r->cells_n; i++) memcpy(facts + i * r->days_n, r->cells[i].days, r->days_n * sizeof(*facts));
    op->result.facts = facts;
    op->result.facts_n = r->cells_n * r->days_n;
    op->result.as_of = op->now;
    return adapter_done(op);
}

/* ---- what is final ---- */

static int next_queue(struct adapter_op *op, struct reporting *r)
{
    while (r->plan < r->plans_n && kevel_number(r->plans[r->plan].remote_id) <= 0) r->plan++;
    if (r->plan == r->plans_n || r->from_day >= r->final_day) return finish(op, r);
    int64_t until = r->final_day <= r->last_day ? r->final_day : r->last_day + 1;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *groups;
    doc_add_str(d, root, "StartDateISO",
                arena_printf(op->arena, STR_FMT "T00:00:00Z", STR_ARG(date_of(op, r->from_day))));
    doc_add_str(d, root, "EndDateISO", arena_printf(op->arena, STR_FMT "T00:00:00Z", STR_ARG(date_of(op, until))));
    groups = doc_add_arr(d, root, "GroupBy");
    doc_push_str(d, groups, STR("day"));
    doc_push_str(d, groups, STR("flightId"));
    doc_add_i64(d, doc_push_obj(d, doc_add_arr(d, root, "Parameters")), "campaignId",
                kevel_number(r->plans[r->plan].remote_id));
    doc_add_str(d, root, "TimeZone", STR("UTC"));
    r->polls = 0;
    (void)kevel_send(op, "POST", STR("/v1/report/queue"), root);
    return QUEUED;
}

static int counted(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root, *k, *v;
    size_t i, n;
    if (kevel_read(op, &op->answers[0], "read counts", &root)) return ADAPTER_DONE;
    for (size_t c = 0; c < r->cells_n; c++) {
        yyjson_val *days = doc_obj(doc_obj(root, "flights"), arena_cstr(op->arena, r->cells[c].package->remote_id));
        yyjson_obj_foreach(days, i, n, k, v) {
            struct adapter_fact *f = day_of(r, &r->cells[c], doc_text(k));
            if (!f) continue;
            if (!take(f, doc_i64(v, "impressions", -1), doc_i64(v, "clicks", -1), doc_real(v, "revenue", -1))) {
                return adapter_later(op, 300, "Kevel's counts cannot be read");
            }
        }
    }
    return next_queue(op, r);
}

static int queued(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "queue reports", &root)) return ADAPTER_DONE;
    r->queued = doc_str(root, "Id");
    if (!r->queued.n || r->queued.n > 64) return adapter_later(op, 300, "Kevel queued a report without an id");
    op->sleep_ms = POLL_MS;
    return POLLED;
}

static struct cell *cell_of(struct reporting *r, int64_t flight)
{
    for (size_t i = 0; i < r->cells_n; i++) {
        if (r->cells[i].plan == &r->plans[r->plan] && kevel_number(r->cells[i].package->remote_id) == flight)
            return &r->cells[i];
    }
    return NULL;
}

/* The days before final_day are what the report says, also where it says nothing. */
static bool take_report(struct reporting *r, yyjson_val *result)
{
    yyjson_val *record, *detail;
    size_t i, n, k, m;
    for (size_t c = 0; c < r->cells_n; c++) {
        if (r->cells[c].plan != &r->plans[r->plan]) continue;
        for (size_t d = 0; d < r->days_n && r->from_day + (int64_t)d < r->final_day; d++) {
            (void)take(&r->cells[c].days[d], 0, 0, 0);
            r->cells[c].days[d].is_final = true;
        }
    }
    yyjson_arr_foreach(doc_arr(result, "Records"), i, n, record) {
        yyjson_arr_foreach(doc_arr(record, "Details"), k, m, detail) {
            struct cell *c = cell_of(r, doc_i64(doc_obj(detail, "Grouping"), "FlightId", -1));
            struct adapter_fact *f = c ? day_of(r, c, doc_str(record, "Date")) : NULL;
            if (!f || !f->is_final) continue;
            if (!take(f, doc_i64(detail, "Impressions", -1), doc_i64(detail, "Clicks", -1),
                      doc_real(detail, "Revenue", -1)))
                return false;
        }
    }
    return true;
}

static int polled(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (!op->answers_n) {
        (void)kevel_get(
            op, arena_printf(op->arena, "/v1/report/queue/" STR_FMT, STR_ARG(text_escaped(op->arena, r->queued))));
        return POLLED;
    }
    if (kevel_read(op, &op->answers[0], "read reports", &root)) return ADAPTER_DONE;
    yyjson_val *result = doc_obj(root, "Result");
    if (!result) {
        if (++r->polls > POLLS_MAX) return adapter_later(op, 300, "Kevel is still running the report");
        op->sleep_ms = r->polls < 5 ? POLL_MS << r->polls : POLL_MS_MAX;
        return POLLED;
    }
    if (!take_report(r, result)) return adapter_later(op, 300, "Kevel's report cannot be read");
    r->plan++;
    return next_queue(op, r);
}

const adapter_step kevel_report_steps[KEVEL_REPORT_STEPS] = {
    [START] = start, [COUNTED] = counted, [QUEUED] = queued, [POLLED] = polled
};
