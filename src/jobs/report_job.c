#include "jobs/report_job.h"
#include "contract/document.h"

#include <stdio.h>

#include "base/rfc3339.h"
#include "domain/media_buy/budget_watch.h"
#include "domain/delivery/delivery.h"
#include "domain/delivery/delivery_json.h"
#include "domain/media_buy/media_buy.h"
#include "domain/plan/plan.h"
#include "domain/delivery/report.h"
#include "domain/tell/webhook.h"
#include "jobs/job_act.h"

#define LATE_AGAIN_US (INT64_C(3600) * USEC_PER_SEC)
#define FINAL_WAIT_US (3 * USEC_PER_DAY) /* after that a buy's report is final although its numbers are not */

struct waking {
    const struct act *act;
    struct report_row row;
    enum report_frequency frequency;
    struct media_buy buy;
    struct plan plan;
    struct report_terms terms;
    bool local; /* the ad server's numbers follow from the plan */
    yyjson_val *metrics;
};

/* One report to be sent. */
struct report {
    const char *type; /* AdCP notification-type */
    int64_t start, end; /* reporting_period */
    int64_t next_at;    /* TIME_NONE: none is expected */
    struct delivered total, *packages; /* by package of the plan; NULL: no numbers (delayed) */
    bool is_adjusted, is_final, simulated;
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

/* The days of the ad server's calendar, named by their midnight in UTC, that hold [start, end). */
static struct delivery_range days_of(const struct waking *w, int64_t start, int64_t end)
{
    int64_t last = tz_day(w->terms.zone, end - 1);
    return (struct delivery_range){ tz_day(w->terms.zone, start) * USEC_PER_DAY, (last + 1) * USEC_PER_DAY };
}

/* A remote ad server knows whole days only: what is reported is the days that hold the period, and says so. */
static int read_days(const struct waking *w, struct report *r, struct err *e)
{
    struct delivery d;
    struct delivery_range range = days_of(w, r->start, r->end);
    if (delivery_read(w->act, &w->plan, range, DELIVERY_TOTALS, &d, e)) return -1;
    r->start = tz_day_begins_at(w->terms.zone, range.from_day / USEC_PER_DAY);
    r->total = d.in_range;
    r->simulated = d.simulated;
    for (size_t i = 0; i < w->plan.packages_n; i++) r->packages[i] = d.packages[i].in_range;
    return 0;
}

/* Of an ad server that follows the plan, the lifetime at any moment is known, and parts of it are differences. */
static int read_span(const struct waking *w, struct report *r, struct err *e)
{
    struct delivery from, to;
    r->packages = ARENA_ARRAY(w->act->arena, struct delivered, w->plan.packages_n + 1);
    if (!w->local) return read_days(w, r, e);
    if (lifetime_at(w, r->start, &from, e) || lifetime_at(w, r->end, &to, e)) return -1;
    r->total = difference(&to.lifetime, &from.lifetime);
    r->simulated = to.simulated;
    for (size_t i = 0; i < w->plan.packages_n; i++) {
        r->packages[i] = difference(&to.packages[i].lifetime, &from.packages[i].lifetime);
    }
    return 0;
}

static int read_lifetime(const struct waking *w, struct report *r, struct err *e)
{
    struct delivery d;
    if (lifetime_at(w, w->act->now, &d, e)) return -1;
    r->packages = ARENA_ARRAY(w->act->arena, struct delivered, w->plan.packages_n + 1);
    r->total = d.lifetime;
    r->simulated = d.simulated;
    r->is_final = w->local || d.is_final;
    for (size_t i = 0; i < w->plan.packages_n; i++) r->packages[i] = d.packages[i].lifetime;
    return 0;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

static bool wanted(const struct waking *w, const char *metric)
{
    yyjson_val *m;
    size_t i, n;
    if (yyjson_arr_size(w->metrics) == 0 || strcmp(metric, "spend") == 0) return true;
    yyjson_arr_foreach(w->metrics, i, n, m) {
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
    if (r->simulated)
        json_add_bool(doc, json_add_obj(doc, json_add_obj(doc, o, "ext"), "salesagent"), "simulated", true);
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

/* Where the period that holds `at` begins and ends. */
static int64_t begins(const struct waking *w, int64_t at)
{
    return report_period_start(w->frequency, w->terms.zone, at);
}

static int64_t ends(const struct waking *w, int64_t at)
{
    return report_period_end(w->frequency, w->terms.zone, begins(w, at));
}

/* The periods that hold the days that changed, as far as they have been reported. */
static int send_adjusted(struct waking *w, const struct delivery_changes *days, struct err *e)
{
    const struct tz *zone = w->terms.zone;
    int64_t first = tz_day_begins_at(zone, days->first_day / USEC_PER_DAY);
    int64_t last = tz_day_begins_at(zone, days->last_day / USEC_PER_DAY + 1) - 1;
    struct report r = { .type = "adjusted", .next_at = TIME_NONE, .is_adjusted = true };
    if (w->row.is_final) {
        r.start = w->buy.row.start_at;
        r.end = after_flight(w);
    } else {
        r.start = begins(w, first);
        r.end = ends(w, last) < w->row.period_start ? ends(w, last) : w->row.period_start;
        r.next_at = ends(w, w->row.period_start) + w->terms.delay_us;
    }
    if (r.end <= r.start) return 0; /* not reported yet: the period's own report will have the new numbers */
    if (w->row.is_final ? read_lifetime(w, &r, e) : read_span(w, &r, e)) return -1;
    return send(w, &r, e) || put(w, e) ? -1 : 0;
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

static bool ran(const struct waking *w)
{
    return w->buy.row.confirmed_at != TIME_NONE && after_flight(w) > w->buy.row.start_at;
}

static int send_final(struct waking *w, struct err *e)
{
    struct report r = { .type = "final", .start = w->buy.row.start_at, .end = after_flight(w), .next_at = TIME_NONE };
    if (ran(w) && (read_lifetime(w, &r, e) || send(w, &r, e))) return -1;
    w->row.is_final = true;
    return put(w, e);
}

static int send_scheduled(struct waking *w, int64_t until, int64_t next_at, struct err *e)
{
    struct report r = { .type = "scheduled", .start = w->row.period_start, .end = until, .next_at = next_at };
    if (read_span(w, &r, e) || send(w, &r, e)) return -1;
    w->row.period_start = until;
    w->row.is_delayed = false;
    return put(w, e);
}

/* Over, but the ad server may correct itself: the last part is reported, and the final report follows. */
static int wait_for_finality(struct waking *w, int64_t over, struct err *e)
{
    if (w->row.period_start < over && send_scheduled(w, over, over + FINAL_WAIT_US, e)) return -1;
    return wake_at(w, w->act->now + LATE_AGAIN_US, e);
}

static int report_next(struct waking *w, struct err *e)
{
    int64_t boundary = begins(w, w->act->now - w->terms.delay_us);
    bool over = media_buy_status_terminal(w->buy.status);
    struct delivery d;
    if (w->row.is_final) return 0;
    if (over && !ran(w)) return send_final(w, e);
    /* Missed periods become one report; one woken early, or before the flight, goes back to sleep. */
    int64_t first_end = ends(w, w->buy.row.start_at);
    if (!over && (boundary <= w->row.period_start || boundary < first_end)) {
        int64_t next = ends(w, w->row.period_start);
        return wake_at(w, (next > first_end ? next : first_end) + w->terms.delay_us, e);
    }
    if (delivery_read(w->act, &w->plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    int64_t needed = over ? after_flight(w) : boundary, next_at = ends(w, boundary) + w->terms.delay_us;
    bool settled = w->local || d.is_final; /* also one that never began: nothing can be added */
    bool patient = w->act->now < needed + FINAL_WAIT_US;
    if (d.as_of < needed && (!over || patient)) return wait_for_numbers(w, needed, e);
    if (over) return settled || !patient ? send_final(w, e) : wait_for_finality(w, needed, e);
    return send_scheduled(w, boundary, next_at, e) || wake_at(w, next_at, e) ? -1 : 0;
}

/* --- the job ----------------------------------------------------------------------------------------------------- */

/* 1 loaded, 0 nothing to do any more, -1 failed. */
static int load(const struct act *act, yyjson_val *payload, struct waking *w, struct err *e)
{
    struct str id = json_str(payload, "media_buy_id");
    *w = (struct waking){ .act = act };
    int rc = q_report_get(act->tx, act->arena, id, &w->row, e);
    if (rc != 1) return rc;
    if (json_i64_or(payload, "version", 0) != w->row.version) return 0; /* a job of the pace before */
    if (report_frequency_parse(w->row.frequency, &w->frequency)) return 0;
    rc = media_buy_load(act, id, &w->buy, e);
    if (rc == 1) rc = plan_load(act, id, PLAN_NUMBERS, &w->plan, e);
    if (rc != 1) return rc;
    if (plan_is_local(act, &w->plan, &w->local, e)) return -1;
    if (report_terms_of(act, &w->buy.packages, &w->terms, e)) return -1;
    w->metrics = document_read(act->arena, w->row.metrics);
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
    if (budget_watch(&ja.act, w.row.media_buy_id, e)) return -1;
    yyjson_val *adjusted = json_obj(payload, "adjusted");
    if (!adjusted) return report_next(&w, e);
    struct delivery_changes days = { 1, json_i64_or(adjusted, "first_day", 0), json_i64_or(adjusted, "last_day", 0) };
    return send_adjusted(&w, &days, e);
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
