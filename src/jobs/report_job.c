#include "jobs/report_job.h"

#include <stdio.h>

#include "base/rfc3339.h"
#include "domain/delivery.h"
#include "domain/media_buy.h"
#include "domain/plan.h"
#include "domain/report.h"
#include "domain/webhook.h"
#include "jobs/job_act.h"
#include "tools/delivery_reply.h"

#define LATE_AGAIN_US (INT64_C(3600) * USEC_PER_SEC)
#define DELAY_US      (INT64_C(60) * REPORT_DELAY_MINUTES * USEC_PER_SEC)

struct waking {
    const struct act *act;
    struct report_row row;
    enum report_frequency frequency;
    struct media_buy buy;
    struct plan plan;
    bool local; /* the ad server's numbers follow from the plan */
    yyjson_val *metrics;
};

/* One report to be sent. */
struct report {
    const char *type; /* AdCP notification-type */
    int64_t start, end; /* reporting_period */
    int64_t next_at;    /* TIME_NONE: none is expected */
    struct delivered total, *packages; /* by package of the plan; NULL: no numbers (delayed) */
    bool is_adjusted, is_final;
};

/* --- numbers ----------------------------------------------------------------------------------------------------- */

static struct delivered difference(const struct delivered *to, const struct delivered *from)
{
    struct delivered d = *to;
    for (int m = 0; m < METRICS_N; m++) {
        if (to->of[m] == METRIC_UNKNOWN || from->of[m] == METRIC_UNKNOWN) continue;
        d.of[m] = to->of[m] > from->of[m] ? to->of[m] - from->of[m] : 0;
    }
    return d;
}

static int lifetime_at(const struct waking *w, int64_t at, struct delivery *out, struct err *e)
{
    struct act then = *w->act;
    then.now = at;
    return delivery_read(&then, &w->plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, out, e);
}

/* Parts of days are differences of lifetimes, which only an ad server that follows the plan can tell for a past moment. */
static int read_span(const struct waking *w, struct report *r, struct err *e)
{
    struct delivery from, to;
    size_t n = w->plan.packages_n;
    r->packages = ARENA_ARRAY(w->act->arena, struct delivered, n + 1);
    bool days = r->start == utc_day_start(r->start) && r->end == utc_day_start(r->end);
    if (days || !w->local) {
        struct delivery_range range = { utc_day_start(r->start), days ? r->end : utc_day_start(r->end) + USEC_PER_DAY };
        if (delivery_read(w->act, &w->plan, range, DELIVERY_TOTALS, &to, e)) return -1;
        r->start = range.from_day;
        r->total = to.in_range;
        for (size_t i = 0; i < n; i++) r->packages[i] = to.packages[i].in_range;
        return 0;
    }
    if (lifetime_at(w, r->start, &from, e) || lifetime_at(w, r->end, &to, e)) return -1;
    r->total = difference(&to.lifetime, &from.lifetime);
    for (size_t i = 0; i < n; i++) r->packages[i] = difference(&to.packages[i].lifetime, &from.packages[i].lifetime);
    return 0;
}

static int read_lifetime(const struct waking *w, struct report *r, struct err *e)
{
    struct delivery d;
    if (lifetime_at(w, w->act->now, &d, e)) return -1;
    r->packages = ARENA_ARRAY(w->act->arena, struct delivered, w->plan.packages_n + 1);
    r->total = d.lifetime;
    for (size_t i = 0; i < w->plan.packages_n; i++) r->packages[i] = d.packages[i].lifetime;
    return 0;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

static bool wanted(const struct waking *w, const char *metric)
{
    yyjson_val *m;
    size_t i, n;
    if (yyjson_arr_size(w->metrics) == 0 || strcmp(metric, "spend") == 0) return true;
    yyjson_arr_foreach(w->metrics, i, n, m)
    {
        if (str_is(json_val_str(m), metric)) return true;
    }
    return false;
}

static void add_metrics(const struct waking *w, yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct delivered *d)
{
    yyjson_mut_val *all = yyjson_mut_obj(doc), *key;
    delivery_add_metrics(doc, all, d);
    yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(all);
    while ((key = yyjson_mut_obj_iter_next(&it)) != NULL) {
        const char *name = yyjson_mut_get_str(key);
        if (!wanted(w, name)) continue;
        json_add_val(doc, obj, name, yyjson_mut_val_mut_copy(doc, yyjson_mut_obj_iter_get_val(key)));
    }
}

static void add_packages(const struct waking *w, yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct report *r)
{
    yyjson_mut_val *list = json_add_arr(doc, obj, "by_package");
    for (size_t i = 0; r->packages && i < w->plan.packages_n; i++) {
        const struct plan_package *p = &w->plan.packages[i];
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "package_id", p->package_id);
        json_add_cstr(doc, o, "pricing_model", pricing_model_name(p->pricing_model));
        json_add_money(doc, o, "rate", p->rate_micros);
        json_add_cstr(doc, o, "currency", w->plan.currency);
        json_add_bool(doc, o, "paused", p->paused);
        add_metrics(w, doc, o, &r->packages[i]);
    }
}

static void add_buy(const struct waking *w, yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct report *r)
{
    yyjson_mut_val *o = json_push_obj(doc, json_add_arr(doc, obj, "media_buy_deliveries"));
    json_add_str(doc, o, "media_buy_id", w->buy.row.media_buy_id);
    json_add_cstr(doc, o, "status", r->packages ? media_buy_status_name(w->buy.status) : "reporting_delayed");
    if (!r->packages) json_add_time(doc, o, "expected_availability", r->next_at);
    if (r->is_adjusted) json_add_bool(doc, o, "is_adjusted", true);
    if (r->is_final) {
        json_add_bool(doc, o, "is_final", true);
        json_add_time(doc, o, "finalized_at", w->act->now);
    }
    yyjson_mut_val *totals = json_add_obj(doc, o, "totals");
    if (r->packages) {
        add_metrics(w, doc, totals, &r->total);
    } else {
        json_add_money(doc, totals, "spend", 0);
    }
    add_packages(w, doc, o, r);
}

static struct str result_of(const struct waking *w, const struct report *r, int64_t sequence)
{
    yyjson_mut_doc *doc = json_doc_new(w->act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "notification_type", r->type);
    json_add_i64(doc, o, "sequence_number", sequence);
    if (r->next_at != TIME_NONE) json_add_time(doc, o, "next_expected_at", r->next_at);
    json_add_bool(doc, o, "partial_data", r->packages == NULL);
    json_add_i64(doc, o, "unavailable_count", r->packages ? 0 : 1);
    yyjson_mut_val *period = json_add_obj(doc, o, "reporting_period");
    json_add_time(doc, period, "start", r->start);
    json_add_time(doc, period, "end", r->end);
    json_add_cstr(doc, o, "currency", w->plan.currency);
    add_buy(w, doc, o, r);
    return json_write(w->act->arena, o);
}

static int send(struct waking *w, const struct report *r, struct err *e)
{
    struct webhook_anchor to = { w->row.tenant_id, "report", w->row.media_buy_id };
    struct webhook_event ev = {
        .subject = arena_printf(w->act->arena, "media_buy:" STR_FMT, STR_ARG(w->row.media_buy_id)),
        .task_id = w->row.media_buy_id,
        .task_type = "media_buy_delivery",
        .protocol = "media-buy",
        .status = "completed",
        .notification_type = r->type,
        .sequence_number = ++w->row.sequence,
    };
    ev.result = result_of(w, r, w->row.sequence);
    return webhook_send(w->act, &to, &ev, e);
}

/* --- deciding ---------------------------------------------------------------------------------------------------- */

static int wake_at(const struct waking *w, int64_t at, struct err *e)
{
    struct report_wake wake = { .media_buy_id = w->row.media_buy_id, .version = w->row.version, .due_at = at };
    return report_wake(w->act, &wake, e);
}

static int put(struct waking *w, struct err *e)
{
    w->row.updated_at = w->act->now;
    return q_report_put(w->act->tx, &w->row, e);
}

static int64_t after_flight(const struct waking *w)
{
    int64_t ends = w->buy.row.end_at;
    if (w->buy.row.completed_at != TIME_NONE) ends = w->buy.row.completed_at;
    if (w->buy.row.canceled_at != TIME_NONE) ends = w->buy.row.canceled_at;
    return ends < w->act->now ? ends : w->act->now;
}

static int send_adjusted(struct waking *w, struct err *e)
{
    struct report r = { .type = "adjusted",
                        .start = w->buy.row.start_at,
                        .end = w->row.is_final ? after_flight(w) : w->row.period_start,
                        .next_at = TIME_NONE,
                        .is_adjusted = true,
                        .is_final = w->row.is_final };
    if (r.end <= r.start) return 0;
    if (!w->row.is_final) r.next_at = report_period_end(w->frequency, w->row.period_start) + DELAY_US;
    if (read_lifetime(w, &r, e) || send(w, &r, e)) return -1;
    return put(w, e);
}

/* The numbers do not reach the end of the period yet: say so once, look again in an hour. */
static int wait_for_numbers(struct waking *w, int64_t until, struct err *e)
{
    int64_t again = w->act->now + LATE_AGAIN_US;
    struct report r = { .type = "delayed", .start = w->row.period_start, .end = until, .next_at = again };
    if (!w->row.is_delayed && send(w, &r, e)) return -1;
    w->row.is_delayed = true;
    return put(w, e) || wake_at(w, again, e) ? -1 : 0;
}

static int send_final(struct waking *w, struct err *e)
{
    struct report r = { .type = "final",
                        .start = w->buy.row.start_at,
                        .end = after_flight(w),
                        .next_at = TIME_NONE,
                        .is_final = true };
    bool ran = w->buy.row.confirmed_at != TIME_NONE && r.end > r.start;
    if (ran && (read_lifetime(w, &r, e) || send(w, &r, e))) return -1;
    w->row.is_final = true;
    return put(w, e);
}

static int send_scheduled(struct waking *w, int64_t boundary, struct err *e)
{
    struct report r = { .type = "scheduled",
                        .start = w->row.period_start,
                        .end = boundary,
                        .next_at = report_period_end(w->frequency, boundary) + DELAY_US };
    if (read_span(w, &r, e) || send(w, &r, e)) return -1;
    w->row.period_start = boundary;
    w->row.is_delayed = false;
    return put(w, e) || wake_at(w, r.next_at, e) ? -1 : 0;
}

static int report_next(struct waking *w, struct err *e)
{
    int64_t boundary = report_period_start(w->frequency, w->act->now);
    bool over = media_buy_status_terminal(w->buy.status);
    struct delivery d;
    if (w->row.is_final) return 0;
    /* Missed periods become one report; one woken early, or before the flight, goes back to sleep. */
    int64_t first_end = report_period_end(w->frequency, report_period_start(w->frequency, w->buy.row.start_at));
    if (!over && (boundary <= w->row.period_start || boundary < first_end)) {
        int64_t next = report_period_end(w->frequency, w->row.period_start);
        return wake_at(w, (next > first_end ? next : first_end) + DELAY_US, e);
    }
    if (delivery_read(w->act, &w->plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    int64_t needed = over ? after_flight(w) : boundary;
    if (d.as_of < needed) return wait_for_numbers(w, needed, e);
    return over ? send_final(w, e) : send_scheduled(w, boundary, e);
}

/* --- the job ----------------------------------------------------------------------------------------------------- */

/* 1 loaded, 0 nothing to do any more, -1 failed. */
static int load(const struct act *act, yyjson_val *payload, struct waking *w, struct err *e)
{
    static const struct json_limits limits = { .bytes_max = 65536, .depth_max = 4, .nodes_max = 256 };
    struct str id = json_str(payload, "media_buy_id");
    yyjson_doc *doc;
    struct ad_server server;
    *w = (struct waking){ .act = act };
    int rc = q_report_get(act->tx, act->arena, id, &w->row, e);
    if (rc != 1) return rc;
    if (json_i64_or(payload, "version", 0) != w->row.version) return 0; /* a job of the pace before */
    if (report_frequency_parse(w->row.frequency, &w->frequency)) return 0;
    rc = media_buy_load(act, id, &w->buy, e);
    if (rc == 1) rc = plan_load(act, id, PLAN_NUMBERS, &w->plan, e);
    if (rc != 1) return rc;
    if (ad_server_of(act, &server, e) || json_parse(act->arena, w->row.metrics, &limits, &doc, e)) return -1;
    w->local = server.adapter->local;
    w->metrics = yyjson_doc_get_root(doc);
    return 1;
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct job_act ja;
    struct waking w;
    yyjson_val *payload;
    if (run->verdict != JOB_DONE) return 0;
    if (job_act_init(run, tx, "system:reports", &ja, e) || job_payload(run, &payload, e)) return -1;
    int rc = load(&ja.act, payload, &w, e);
    if (rc != 1) return rc;
    return json_bool_or(payload, "adjusted", false) ? send_adjusted(&w, e) : report_next(&w, e);
}

static int begin(struct steps *s)
{
    struct job_run *run = CONTAINER_OF(s, struct job_run, steps);
    run->verdict = JOB_DONE;
    return STEPS_END;
}

static const step_fn steps[] = { begin };

const struct job_kind report_kind = { .name = REPORT_JOB,
                                      .bytes = sizeof(struct job_run),
                                      .steps = steps,
                                      .lease_s = 60,
                                      .attempts_max = 1000,
                                      .horizon_s = 30 * 86400,
                                      .record = record };
