/* What Prometheus is told, at /metrics: of a listener with the role `metrics`, of the local socket, and of any listener for
 * whoever sends the metrics token. Counted is what the watcher and the jobs tell (observe.h); everything else is looked up
 * when it is asked for, within bounds. docs/metrics.md lists them. */
#pragma once

#include "base/metric.h"
#include "net/http.h"

struct server;
struct job_run;
struct request_note;

struct metrics {
    int64_t started_at; /* wall time */
    struct metric_table requests, request_times, calls, call_times, errors, refusals, attempts, attempt_times,
        ad_servers;
};

void metrics_start(struct metrics *m, int64_t now);
void metrics_finish(struct metrics *m);

void metrics_request(struct metrics *m, const struct request_note *n, int64_t took_us);
void metrics_call(struct metrics *m, const struct request_note *n, int64_t took_us);
void metrics_attempt(struct metrics *m, const struct job_run *r, int64_t now);

/* True when the request was for /metrics, by somebody who may see it, and has been answered. */
bool metrics_handle(struct server *s, struct http_exchange *ex, unsigned roles);
