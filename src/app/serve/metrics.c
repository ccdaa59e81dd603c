#include "app/serve/metrics.h"

#include "base/crypto.h"
#include "contract/error_codes.h"
#include "jobs/pump.h"
#include "protocols/watch.h"

/* Statuses are few, and a label's value must live on: the code of each as text. */
static const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } known[] = { { 200, "200" }, { 202, "202" }, { 204, "204" }, { 303, "303" }, { 304, "304" },
                  { 400, "400" }, { 401, "401" }, { 403, "403" }, { 404, "404" }, { 405, "405" },
                  { 406, "406" }, { 409, "409" }, { 413, "413" }, { 415, "415" }, { 422, "422" },
                  { 429, "429" }, { 500, "500" }, { 503, "503" }, { 504, "504" } };
    static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].status == status) return known[i].text;
    }
    return status >= 100 && status < 600 ? classes[status / 100 - 1] : "other";
}

void metrics_start(struct metrics *m, int64_t now)
{
    *m = (struct metrics){
        .started_at = now,
        .requests = { .labels = { "route", "code" } },
        .request_times = { .labels = { "route" }, .scale = &histogram_durations },
        .calls = { .labels = { "tool", "dialect", "outcome" } },
        .call_times = { .labels = { "tool" }, .scale = &histogram_durations },
        .errors = { .labels = { "code" } },
        .refusals = { .labels = { "of" } },
        .attempts = { .labels = { "kind", "outcome" } },
        .attempt_times = { .labels = { "kind" }, .scale = &histogram_durations },
        .ad_servers = { .labels = { "system", "verb", "outcome" } },
    };
}

void metrics_finish(struct metrics *m)
{
    struct metric_table *const all[] = { &m->requests, &m->request_times, &m->calls,         &m->call_times, &m->errors,
                                         &m->refusals, &m->attempts,      &m->attempt_times, &m->ad_servers };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) metric_table_finish(all[i]);
}

/* A duration is never negative, also when the wall clock was set back. */
static int64_t positive(int64_t us)
{
    return us > 0 ? us : 0;
}

void metrics_request(struct metrics *m, const struct request_note *n, int64_t took_us)
{
    const char *by_code[METRIC_LABELS_MAX] = { n->route, status_text(n->ex->status) };
    const char *by_route[METRIC_LABELS_MAX] = { n->route };
    metric_table_add(&m->requests, by_code, 0);
    metric_table_add(&m->request_times, by_route, positive(took_us));
    if (!n->refused) return;
    const char *refused[METRIC_LABELS_MAX] = { n->refused };
    metric_table_add(&m->refusals, refused, 0);
}

void metrics_call(struct metrics *m, const struct request_note *n, int64_t took_us)
{
    const char *by_outcome[METRIC_LABELS_MAX] = { n->tool, n->dialect, n->outcome };
    const char *by_tool[METRIC_LABELS_MAX] = { n->tool };
    metric_table_add(&m->calls, by_outcome, 0);
    metric_table_add(&m->call_times, by_tool, positive(took_us));
    if (!n->code.n) return;
    const char *code[METRIC_LABELS_MAX] = { n->call->err.code }; /* static storage, says err.h */
    metric_table_add(&m->errors, code, 0);
    if (!str_is(n->code, "AUTH_INVALID")) return;
    const char *refused[METRIC_LABELS_MAX] = { "credential" };
    metric_table_add(&m->refusals, refused, 0);
}

void metrics_attempt(struct metrics *m, const struct job_run *r, int64_t now)
{
    static const char *const outcomes[] = {
        [JOB_STATE_READY] = "again", [JOB_STATE_DONE] = "done", [JOB_STATE_DEAD] = "dead"
    };
    const char *by_outcome[METRIC_LABELS_MAX] = { r->kind->name, outcomes[r->ends_as] };
    const char *by_kind[METRIC_LABELS_MAX] = { r->kind->name };
    metric_table_add(&m->attempts, by_outcome, 0);
    metric_table_add(&m->attempt_times, by_kind, positive(now - r->begun_at));
    if (!r->system) return;
    const char *asked[METRIC_LABELS_MAX] = { r->system, r->verb, outcomes[r->ends_as] };
    metric_table_add(&m->ad_servers, asked, 0);
}
