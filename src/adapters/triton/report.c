/* Numbers: a report of many flights by day and creative, asked for, polled and fetched as CSV. Days are the account's.
 *
 *   START -> QUEUED -> POLLED ... -> FETCHED */
#include "adapters/parts.h"
#include "adapters/triton/triton.h"

#include "base/rfc3339.h"

#define FINAL_DAYS  3 /* after which a day is taken for settled; an assumption */
#define DAYS_MAX    800
#define COLUMNS     6
#define POLL_MS     500
#define POLL_MS_MAX 15000
#define POLLS_MAX   60
#define CSV_BYTES   ((size_t)64 << 20)
#define CSV_MS      60000
#define COUNT_MAX   INT64_C(1000000000000000)

enum { START, QUEUED, POLLED, FETCHED, STEPS };
_Static_assert((int)STEPS == (int)TRITON_REPORT_STEPS, "every step has its place");

struct cell {
    const struct plan *plan;
    const struct plan_package *package;
};

struct reporting {
    struct cell *cells;
    struct adapter_fact *days; /* days_n of each cell, and of each day its parts by creative */
    struct fact_part **parts;
    size_t cells_n, days_n;
    int64_t from_day, last_day, final_day; /* days since 1970-01-01; those before final_day are final */
    struct str report;
    int polls;
};

/* What a line of the report has, in the order asked for. */
enum { DATE, FLIGHT, CREATIVE, IMPRESSIONS, COMPLETES, REVENUE };
static const enum triton_member columns[COLUMNS] = { TRITON_COLUMN_DATE,      TRITON_COLUMN_FLIGHT,
                                                     TRITON_COLUMN_CREATIVE,  TRITON_COLUMN_IMPRESSIONS,
                                                     TRITON_COLUMN_COMPLETES, TRITON_COLUMN_REVENUE };

/* ---- asking ---- */

static struct delivered nothing(void)
{
    struct delivered d;
    for (int m = 0; m < METRICS_N; m++) d.of[m] = METRIC_UNKNOWN;
    d.of[METRIC_IMPRESSIONS] = d.of[METRIC_COMPLETED_VIEWS] = d.of[METRIC_SPEND] = 0;
    return d;
}

static void add_cells(struct adapter_op *op, struct reporting *r)
{
    const struct plan *plans = op->plans_n ? op->plans : op->plan;
    size_t most = 0, plans_n = op->plans_n ? op->plans_n : 1;
    for (size_t i = 0; i < plans_n; i++) most += plans[i].packages_n;
    r->cells = ARENA_ARRAY(op->arena, struct cell, most + 1);
    for (size_t i = 0; i < plans_n; i++) {
        for (size_t k = 0; k < plans[i].packages_n; k++) {
            const struct plan_package *p = &plans[i].packages[k];
            if (!p->remote_id.n) continue;
            r->cells[r->cells_n++] = (struct cell){ &plans[i], p };
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
                                            .delivered = nothing(),
                                            .is_final = day < r->final_day };
    }
}

static void ask(struct adapter_op *op, const struct reporting *r)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *list;
    doc_add_str(d, root, triton_name(op, TRITON_REPORT_TYPE), STR("CREATIVE"));
    doc_add_str(d, root, triton_name(op, TRITON_REPORT_START), triton_date(op->arena, r->from_day));
    doc_add_str(d, root, triton_name(op, TRITON_REPORT_END), triton_date(op->arena, r->last_day));
    list = doc_add_arr(d, doc_add_obj(d, root, triton_name(op, TRITON_REPORT_FILTERS)),
                       triton_name(op, TRITON_FILTERS_FLIGHTS));
    for (size_t i = 0; i < r->cells_n; i++) doc_push_str(d, list, r->cells[i].package->remote_id);
    list = doc_add_arr(d, root, triton_name(op, TRITON_REPORT_COLUMNS));
    for (size_t i = 0; i < COLUMNS; i++) doc_push_str(d, list, str_from(triton_name(op, columns[i])));
    triton_send(op, TRITON_REPORT_CREATE, STR_NONE, root);
}

static int start(struct adapter_op *op)
{
    const struct triton_config *c = op->config;
    struct reporting *r = ARENA_NEW(op->arena, struct reporting);
    int64_t today = tz_day(c->zone, op->now);
    op->state = r;
    r->from_day = op->from_day / USEC_PER_DAY;
    r->last_day = op->to_day / USEC_PER_DAY - 1;
    if (r->last_day > today) r->last_day = today;
    if (r->last_day < r->from_day || !op->plan) return adapter_done(op);
    if (r->last_day - r->from_day >= DAYS_MAX) r->from_day = r->last_day - DAYS_MAX + 1;
    r->final_day = today - FINAL_DAYS;
    r->days_n = (size_t)(r->last_day - r->from_day + 1);
    add_cells(op, r);
    add_days(op, r);
    if (!r->cells_n) return adapter_done(op);
    ask(op, r);
    return QUEUED;
}

static int queued(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "ask for reports", &root)) return ADAPTER_DONE;
    r->report = triton_id(op, root, TRITON_REPORT_ID);
    if (!r->report.n) return adapter_later(op, 300, "Triton made a report without an id");
    op->sleep_ms = POLL_MS;
    return POLLED;
}

/* Where it is: an address that Triton gives, which may be signed; no token goes there. */
static int fetch(struct adapter_op *op, struct str url)
{
    if (!str_starts(url, STR("https://")) && !str_starts(url, STR("http://")))
        return adapter_later(op, 300, "Triton's report is at no address");
    op->calls[0] = (struct http_call){ .method = STR("GET"),
                                       .url = url,
                                       .reach = HTTP_REACH_OPERATOR,
                                       .timeout_ms = CSV_MS,
                                       .body_bytes_max = CSV_BYTES };
    op->calls_n = 1;
    op->foreign = 1;
    return FETCHED;
}

static int polled(struct adapter_op *op)
{
    struct reporting *r = op->state;
    yyjson_val *root;
    if (!op->answers_n) {
        triton_get(op, TRITON_REPORT, r->report);
        return POLLED;
    }
    if (triton_read(op, &op->answers[0], "read reports", &root)) return ADAPTER_DONE;
    struct str status = doc_str(root, triton_name(op, TRITON_REPORT_STATUS));
    if (str_is(status, "COMPLETED")) return fetch(op, doc_str(root, triton_name(op, TRITON_REPORT_URL)));
    if (++r->polls > POLLS_MAX) return adapter_later(op, 300, "Triton is still running the report");
    op->sleep_ms = r->polls < 5 ? POLL_MS << r->polls : POLL_MS_MAX;
    return POLLED;
}

/* ---- reading ---- */

static struct str line_of(struct str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    struct str line = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
    *rest = str_skip(*rest, line.n + (end ? 1 : 0));
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

/* Nothing in it needs quotes: days, ids and numbers. False when there are other than `COLUMNS` of them. */
static bool split(struct str line, struct str out[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *comma = line.n ? memchr(line.p, ',', line.n) : NULL;
        if (!comma && i < COLUMNS - 1) return false;
        if (comma && i == COLUMNS - 1) return false;
        out[i] = (struct str){ line.p, comma ? (size_t)(comma - line.p) : line.n };
        line = str_skip(line, out[i].n + (comma ? 1 : 0));
        if (out[i].n >= 2 && out[i].p[0] == '"' && out[i].p[out[i].n - 1] == '"')
            out[i] = (struct str){ out[i].p + 1, out[i].n - 2 };
    }
    return true;
}

static bool header_good(const struct adapter_op *op, struct str line)
{
    struct str cell[COLUMNS];
    if (!split(line, cell)) return false;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!str_is(cell[i], triton_name(op, columns[i]))) return false;
    }
    return true;
}

/* Digits with at most six decimals, as millionths; whole ones only with `whole`. */
static bool number(struct str s, bool whole, int64_t *out)
{
    int64_t n = 0, unit = MICROS_PER_UNIT;
    size_t i = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        if (n > COUNT_MAX / 10) return false;
        n = 10 * n + (s.p[i++] - '0');
    }
    if (i == 0) return false;
    *out = n;
    if (whole) return i == s.n;
    if (n > MONEY_MICROS_MAX / MICROS_PER_UNIT) return false;
    *out = n * MICROS_PER_UNIT;
    if (i < s.n && s.p[i++] != '.') return false;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        unit /= 10;
        *out += (s.p[i] - '0') * unit; /* beyond millionths: cut */
    }
    return true;
}

static struct cell *cell_of(struct reporting *r, struct str flight)
{
    for (size_t i = 0; i < r->cells_n; i++) {
        if (str_eq(r->cells[i].package->remote_id, flight)) return &r->cells[i];
    }
    return NULL;
}

static bool take(struct adapter_op *op, struct reporting *r, struct str line)
{
    struct str cell[COLUMNS];
    int64_t at, impressions, completes, micros;
    if (!split(line, cell) || cell[DATE].n != 10 || rfc3339_parse_date(cell[DATE], &at)) return false;
    if (!number(cell[IMPRESSIONS], true, &impressions) || !number(cell[COMPLETES], true, &completes) ||
        !number(cell[REVENUE], false, &micros))
        return false;
    struct cell *c = cell_of(r, cell[FLIGHT]);
    int64_t day = at / USEC_PER_DAY;
    if (!c || day < r->from_day || day > r->last_day) return true; /* of what was not asked for */
    size_t place = (size_t)(c - r->cells) * r->days_n + (size_t)(day - r->from_day);
    struct str creative = fact_creative(op, cell[CREATIVE]);
    struct adapter_fact *part =
        creative.n ? fact_part_of(op->arena, &r->parts[place], &r->days[place], creative) : NULL;
    struct adapter_fact *both[] = { &r->days[place], part };
    for (size_t i = 0; i < ARRAY_LEN(both) && both[i]; i++) {
        if (!fact_add(both[i], METRIC_IMPRESSIONS, impressions) ||
            !fact_add(both[i], METRIC_COMPLETED_VIEWS, completes) || !fact_add(both[i], METRIC_SPEND, micros))
            return false;
    }
    return true;
}

static int fetched(struct adapter_op *op)
{
    struct reporting *r = op->state;
    const struct http_call *answer = &op->answers[0];
    if (adapter_no_answer(op, answer)) return ADAPTER_DONE;
    if (answer->status != 200) return adapter_later(op, 300, "Triton's report could not be fetched");
    struct str rest = answer->response;
    if (!header_good(op, line_of(&rest))) return adapter_later(op, 300, "Triton's report cannot be read");
    while (rest.n) {
        struct str line = line_of(&rest);
        if (line.n && !take(op, r, line)) return adapter_later(op, 300, "Triton's report cannot be read");
    }
    fact_join(op, r->days, r->parts, r->cells_n * r->days_n);
    op->result.as_of = op->now;
    return adapter_done(op);
}

const adapter_step triton_report_steps[TRITON_REPORT_STEPS] = {
    [START] = start, [QUEUED] = queued, [POLLED] = polled, [FETCHED] = fetched
};
