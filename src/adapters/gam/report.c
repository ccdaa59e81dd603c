/* Reports: one for many orders. Days are those of the network's time zone, which is what Ad Manager reports in (a report
 * in UTC is "only compatible with Revenue Verification"); that the products declare the same zone is for ADAPTER_TEST.
 *
 *   START -> MADE -> RUNNING ... -> ROWS ...     defined, run (an operation that is polled), fetched page by page
 *
 * A network runs 250 reports an hour, so a run that has been started is kept in the progress and asked for again. */
#include "adapters/gam/gam.h"
#include "adapters/parts.h"

#include "base/rfc3339.h"
#include "base/tz.h"

#define POLL_MS     250 /* the first; doubled each time */
#define POLL_MS_MAX 10000
#define POLLS_MAX   60
#define ROWS_PAGE   5000
#define DAYS_MAX    800
#define FINAL_DAYS  3 /* Google's clean-up of invalid traffic may still change the days before [general knowledge] */

enum { START, MADE, RAN, POLL, ROWS, STEPS };

struct column {
    const char *name;
    enum metric metric;
    bool money;
};

static const struct column columns[] = {
    { "AD_SERVER_IMPRESSIONS", METRIC_IMPRESSIONS, false },
    { "AD_SERVER_CLICKS", METRIC_CLICKS, false },
    { "AD_SERVER_REVENUE", METRIC_SPEND, true },
    { "AD_SERVER_COMPLETED_VIEWS", METRIC_COMPLETED_VIEWS, false },
    { "AD_SERVER_ACTIVE_VIEW_MEASURABLE_IMPRESSIONS", METRIC_MEASURABLE, false },
    { "AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS", METRIC_VIEWABLE, false },
};

struct cell {
    const struct plan *plan;
    const struct plan_package *package;
};

struct reporting {
    const struct plan *plans;
    size_t plans_n;
    struct cell *cells; /* each package that is there */
    struct adapter_fact *days; /* days_n of each cell, and of each day its parts */
    struct fact_part **parts;
    size_t cells_n, days_n;
    int64_t from_day, last_day, today; /* counted from 1970-01-01 */
    int64_t as_of;
    struct str report, run, result;
    int polls;
};

/* ---- what is asked ---- */

static int64_t network_today(struct adapter_op *op)
{
    const struct tz *z = tz_utc();
    struct str name = op->zone.n ? op->zone : op->site->timezone;
    struct err unknown; /* UTC then: today's fact may be a few hours short */
    if (name.n && tz_load(op->arena, name, &z, &unknown)) z = tz_utc();
    return tz_day(z, op->now);
}

static void add_cells(struct adapter_op *op, struct reporting *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->plans_n; i++) most += r->plans[i].packages_n;
    r->cells = ARENA_ARRAY(op->arena, struct cell, most + 1);
    for (size_t i = 0; i < r->plans_n; i++) {
        for (size_t k = 0; k < r->plans[i].packages_n; k++) {
            const struct plan_package *p = &r->plans[i].packages[k];
            if (!text_is_digits(p->remote_id, GAM_ID_MAX)) continue;
            r->cells[r->cells_n++] = (struct cell){ &r->plans[i], p };
        }
    }
}

static void add_days(struct adapter_op *op, struct reporting *r)
{
    size_t all = r->cells_n * r->days_n;
    r->days = ARENA_ARRAY(op->arena, struct adapter_fact, all + 1);
    r->parts = ARENA_ARRAY(op->arena, struct fact_part *, all + 1);
    for (size_t i = 0; i < all; i++) {
        const struct cell *c = &r->cells[i / r->days_n];
        int64_t day = r->from_day + (int64_t)(i % r->days_n);
        r->days[i] = (struct adapter_fact){ .media_buy_id = c->plan->media_buy_id,
                                            .package_id = c->package->package_id,
                                            .day_at = day * USEC_PER_DAY,
                                            .is_final = day < r->today - FINAL_DAYS };
        for (int m = 0; m < METRICS_N; m++) r->days[i].delivered.of[m] = METRIC_UNKNOWN;
        for (size_t m = 0; m < ARRAY_LEN(columns); m++) r->days[i].delivered.of[columns[m].metric] = 0;
    }
}

static void add_date(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, int64_t day)
{
    struct civil c = civil_from_days(day);
    yyjson_mut_val *v = doc_add_obj(d, o, key);
    doc_add_i64(d, v, "year", c.year);
    doc_add_i64(d, v, "month", c.month);
    doc_add_i64(d, v, "day", c.day);
}

static void add_filter(yyjson_mut_doc *d, yyjson_mut_val *def, const struct reporting *r)
{
    yyjson_mut_val *f = doc_add_obj(d, doc_push_obj(d, doc_add_arr(d, def, "filters")), "fieldFilter");
    doc_add_str(d, doc_add_obj(d, f, "field"), "dimension", STR("LINE_ITEM_ID"));
    doc_add_str(d, f, "operation", STR("IN"));
    yyjson_mut_val *one = doc_push_obj(d, doc_add_arr(d, f, "values"));
    yyjson_mut_val *ids = doc_add_arr(d, doc_add_obj(d, one, "intListValue"), "values");
    for (size_t i = 0; i < r->cells_n; i++) doc_push_str(d, ids, r->cells[i].package->remote_id);
}

static int make(struct adapter_op *op, struct reporting *r)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, "displayName",
                arena_printf(op->arena, "salesagent " STR_FMT, STR_ARG(text_cut(op->key, 100))));
    doc_add_str(d, root, "visibility", STR("HIDDEN"));
    yyjson_mut_val *def = doc_add_obj(d, root, "reportDefinition"), *names = doc_add_arr(d, def, "dimensions");
    doc_push_str(d, names, STR("DATE"));
    doc_push_str(d, names, STR("LINE_ITEM_ID"));
    doc_push_str(d, names, STR("CREATIVE_ID"));
    names = doc_add_arr(d, def, "metrics");
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) doc_push_str(d, names, str_from(columns[i].name));
    doc_add_str(d, def, "reportType", STR("HISTORICAL"));
    doc_add_str(d, def, "currencyCode", str_from(r->plans[0].currency));
    yyjson_mut_val *range = doc_add_obj(d, doc_add_obj(d, def, "dateRange"), "fixed");
    add_date(d, range, "startDate", r->from_day);
    add_date(d, range, "endDate", r->last_day);
    add_filter(d, def, r);
    (void)gam_send(op, "POST", gam_below(op, "reports"), root);
    return MADE;
}

/* A run of an earlier attempt: "networks/N/operations/..." */
static bool resume(struct adapter_op *op, struct reporting *r)
{
    struct str run = doc_str(doc_read(op->arena, op->progress), "run");
    if (!str_starts(run, arena_printf(op->arena, STR_FMT "/operations/", STR_ARG(gam_here(op))))) return false;
    r->run = run;
    (void)gam_get(op, run);
    return true;
}

static int start(struct adapter_op *op)
{
    struct reporting *r = ARENA_NEW(op->arena, struct reporting);
    op->state = r;
    r->plans = op->plans_n ? op->plans : op->plan;
    r->plans_n = op->plans_n ? op->plans_n : 1;
    r->today = network_today(op);
    r->from_day = op->from_day / USEC_PER_DAY;
    r->last_day = op->to_day / USEC_PER_DAY - 1;
    if (r->last_day > r->today) r->last_day = r->today; /* tomorrow's numbers nobody has */
    r->as_of = op->now;
    if (r->last_day < r->from_day || !op->plan) return adapter_done(op);
    if (r->last_day - r->from_day >= DAYS_MAX) r->from_day = r->last_day - DAYS_MAX + 1;
    r->days_n = (size_t)(r->last_day - r->from_day + 1);
    add_cells(op, r);
    add_days(op, r);
    if (!r->cells_n) return adapter_done(op);
    return resume(op, r) ? POLL : make(op, r);
}

/* ---- running it ---- */

static int made(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "create reports", &root)) return ADAPTER_DONE;
    r->report = gam_id(doc_str(root, "name"));
    if (!r->report.n) return adapter_later(op, 0, "Ad Manager made a report without a name");
    yyjson_mut_doc *d = doc_new(op->arena);
    (void)gam_send(op, "POST", arena_printf(op->arena, STR_FMT ":run", STR_ARG(gam_name(op, "reports", r->report))),
                   doc_root(d));
    return RAN;
}

static void forget(struct adapter_op *op)
{
    op->progress = STR("{}");
    op->progress_changed = true;
}

static int fetch(struct adapter_op *op, struct reporting *r, struct str token)
{
    struct str path = arena_printf(op->arena, STR_FMT ":fetchRows?pageSize=%d", STR_ARG(r->result), ROWS_PAGE);
    if (token.n)
        path = arena_printf(op->arena, STR_FMT "&pageToken=" STR_FMT, STR_ARG(path),
                            STR_ARG(text_escaped(op->arena, token)));
    (void)gam_get(op, path);
    return ROWS;
}

/* An operation: still running, failed, or with the name of its result. */
static int operation(struct adapter_op *op, struct reporting *r, yyjson_val *root)
{
    if (!doc_bool(root, "done", false)) {
        if (++r->polls > POLLS_MAX) return adapter_later(op, 60, "Ad Manager is still running the report");
        op->sleep_ms = r->polls < 7 ? POLL_MS << (r->polls - 1) : POLL_MS_MAX;
        return POLL;
    }
    r->result = doc_str(doc_obj(root, "response"), "reportResult");
    struct str prefix = arena_printf(op->arena, STR_FMT "/reports/", STR_ARG(gam_here(op)));
    if (!doc_obj(root, "error") && str_starts(r->result, prefix)) return fetch(op, r, STR_NONE);
    forget(op);
    return adapter_later(op, 300, "Ad Manager could not run the report: " STR_FMT,
                         STR_ARG(text_cut(doc_str(doc_obj(root, "error"), "message"), 120)));
}

static int ran(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "run reports", &root)) return ADAPTER_DONE;
    r->run = doc_str(root, "name");
    if (!str_starts(r->run, arena_printf(op->arena, STR_FMT "/operations/", STR_ARG(gam_here(op))))) {
        return adapter_later(op, 60, "Ad Manager ran a report without saying which");
    }
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *p = doc_root(d);
    doc_add_str(d, p, "run", r->run);
    op->progress = doc_write(op->arena, p);
    op->progress_changed = true;
    return operation(op, r, root);
}

static int poll(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (!op->answers_n) {
        (void)gam_get(op, r->run);
        return POLL;
    }
    if (call_is_missing(&op->answers[0])) { /* operations are not kept for ever */
        forget(op);
        return make(op, r);
    }
    if (gam_read(op, &op->answers[0], "run reports", &root)) return ADAPTER_DONE;
    return operation(op, r, root);
}

/* ---- its rows ---- */

static int64_t value_of(yyjson_val *v, bool money)
{
    if (!money) return doc_i64(v, "intValue", METRIC_UNKNOWN);
    double units = doc_real(v, "doubleValue", -1);
    if (units < 0 || units > (double)MONEY_UNITS_MAX) return METRIC_UNKNOWN;
    return (int64_t)(units * (double)MICROS_PER_UNIT + 0.5);
}

/* 20260401 */
static bool read_day(int64_t n, int64_t *day)
{
    struct civil c = { n / 10000, (int)(n / 100 % 100), (int)(n % 100) };
    if (n < 19700101 || n > 99991231 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > days_in_month(c.year, c.month))
        return false;
    *day = days_from_civil(c);
    return true;
}

static struct cell *cell_of(struct reporting *r, int64_t id)
{
    for (size_t i = 0; i < r->cells_n; i++) {
        struct str have = r->cells[i].package->remote_id;
        int64_t n = 0;
        for (size_t k = 0; k < have.n && k < 18; k++) n = 10 * n + (have.p[k] - '0');
        if (n == id) return &r->cells[i];
    }
    return NULL;
}

/* Of a row by creative; empty when it is none that this agent has made. */
static struct str creative_of(struct adapter_op *op, yyjson_val *dimension)
{
    int64_t id = doc_i64(dimension, "intValue", -1);
    return id < 0 ? STR_NONE : fact_creative(op, arena_printf(op->arena, "%lld", (long long)id));
}

/* False when the row is not what was asked for. A day is the sum of its rows, and each is a creative's part of it. */
static bool take_row(struct adapter_op *op, struct reporting *r, yyjson_val *row)
{
    yyjson_val *dimensions = doc_arr(row, "dimensionValues");
    yyjson_val *values = doc_arr(yyjson_arr_get_first(doc_arr(row, "metricValueGroups")), "primaryValues");
    int64_t day;
    struct cell *c = cell_of(r, doc_i64(yyjson_arr_get(dimensions, 1), "intValue", -1));
    if (!read_day(doc_i64(yyjson_arr_get(dimensions, 0), "intValue", -1), &day)) return false;
    if (yyjson_arr_size(values) != ARRAY_LEN(columns)) return false;
    if (!c || day < r->from_day || day > r->last_day) return true; /* not of ours */
    size_t at = (size_t)(c - r->cells) * r->days_n + (size_t)(day - r->from_day);
    struct str creative = creative_of(op, yyjson_arr_get(dimensions, 2));
    struct adapter_fact *part = creative.n ? fact_part_of(op->arena, &r->parts[at], &r->days[at], creative) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        int64_t v = value_of(yyjson_arr_get(values, i), columns[i].money);
        if (!fact_add(&r->days[at], columns[i].metric, v)) return false;
        if (part && !fact_add(part, columns[i].metric, v)) return false;
    }
    return true;
}

static int finish(struct adapter_op *op, struct reporting *r)
{
    fact_join(op, r->days, r->parts, r->cells_n * r->days_n);
    op->result.as_of = r->as_of;
    forget(op);
    return adapter_done(op);
}

static int rows(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root, *row;
    size_t i, n;
    int64_t at;
    if (gam_read(op, &op->answers[0], "read reports", &root)) return ADAPTER_DONE;
    if (doc_has(root, "runTime") && !rfc3339_parse(doc_str(root, "runTime"), &at) && at < op->now) r->as_of = at;
    yyjson_arr_foreach(doc_arr(root, "rows"), i, n, row) {
        if (take_row(op, r, row)) continue;
        forget(op);
        return adapter_later(op, 300, "Ad Manager's report has rows that cannot be read");
    }
    struct str next = doc_str(root, "nextPageToken");
    return next.n ? fetch(op, r, next) : finish(op, r);
}

_Static_assert((int)STEPS == (int)GAM_REPORT_STEPS, "every step has its place");

const adapter_step gam_report_steps[GAM_REPORT_STEPS] = {
    [START] = start, [MADE] = made, [RAN] = ran, [POLL] = poll, [ROWS] = rows,
};
