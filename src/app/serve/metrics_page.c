/* The page of /metrics: what was counted, and what is looked up now. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/serve/server.h"
#include "base/crypto.h"
#include "protocols/watch.h"
#include "protocols/web_reply.h"
#include "store/q/agent/q_job_hold.h"
#include "store/q/agent/q_watch.h"

#define PAGE_BYTES_MAX ((size_t)8 << 20)

static void counter(struct metric_writer *w, const char *name, const char *help, int64_t v)
{
    metric_family(w, &(struct metric_family){ name, METRIC_COUNTER, NULL, help });
    metric_number(w, v);
}

static void gauge(struct metric_writer *w, const char *name, const char *unit, const char *help, int64_t v)
{
    metric_family(w, &(struct metric_family){ name, METRIC_GAUGE, unit, help });
    metric_number(w, v);
}

static void times(struct metric_writer *w, const char *name, const char *help, const struct histogram *h)
{
    metric_family(w, &(struct metric_family){ name, METRIC_HISTOGRAM, "seconds", help });
    metric_histogram(w, NULL, 0, h);
}

static void table(struct metric_writer *w, enum metric_type type, const char *name, const char *help,
                  const struct metric_table *t)
{
    metric_family(w, &(struct metric_family){ name, type, type == METRIC_HISTOGRAM ? "seconds" : NULL, help });
    metric_table_write(w, t);
}

/* --- the agent --------------------------------------------------------------------------------------------- */

static void write_build(struct metric_writer *w, const struct server *s)
{
    const struct metric_label labels[] = { { "version", STR(SALESAGENT_VERSION) },
                                           { "mode", s->settings->o.sandbox ? STR("sandbox") : STR("production") } };
    metric_family(w, &(struct metric_family){ "salesagent_build", METRIC_INFO, NULL, "Which program this is." });
    metric_sample(w, labels, ARRAY_LEN(labels), (struct metric_value){ 1, 0 });
}

static void write_traffic(struct metric_writer *w, const struct server *s)
{
    const struct metrics *m = &s->metrics;
    struct http_server_stats http = http_server_stats(s->http);
    table(w, METRIC_COUNTER, "salesagent_http_requests", "Requests answered.", &m->requests);
    table(w, METRIC_HISTOGRAM, "salesagent_http_request_duration_seconds", "From the whole request to its answer.",
          &m->request_times);
    table(w, METRIC_COUNTER, "salesagent_calls", "Operations called, by how they ended.", &m->calls);
    table(w, METRIC_HISTOGRAM, "salesagent_call_duration_seconds", "From the call to its answer.", &m->call_times);
    table(w, METRIC_COUNTER, "salesagent_call_errors", "Calls answered with this error (RATE_LIMITED: too many).",
          &m->errors);
    table(w, METRIC_COUNTER, "salesagent_refusals", "Requests refused before they were looked at.", &m->refusals);
    counter(w, "salesagent_http_connections_accepted", "Connections taken.", http.accepted);
    counter(w, "salesagent_http_protocol_errors", "Requests that broke the protocol or a limit of size or time.",
            http.refused);
    gauge(w, "salesagent_http_connections", NULL, "Connections open.", (int64_t)http.connections);
    gauge(w, "salesagent_http_requests_in_flight", NULL, "Requests being answered.", (int64_t)http.in_flight);
    gauge(w, "salesagent_http_memory_bytes", "bytes", "What connections and requests hold.",
          (int64_t)http.memory_bytes);
    gauge(w, "salesagent_http_memory_max_bytes", "bytes", "What they may hold together: max_memory.",
          (int64_t)s->settings->o.limits.memory_bytes_max);
}

static void write_kept(struct metric_writer *w, const struct server *s)
{
    struct kept_stats k;
    kept_stats(s->core.dispatcher.kept, &k);
    counter(w, "salesagent_reads_aside", "Long reads that a worker made.", s->core.dispatcher.aside.made);
    gauge(w, "salesagent_reads_aside_waiting", NULL, "Long reads that are made or wait.",
          (int64_t)s->core.dispatcher.aside.waiting_n);
    counter(w, "salesagent_kept_asked", "Calls whose answer might have been kept.", k.asked);
    counter(w, "salesagent_kept_answered", "Calls answered by what was kept.", k.answered);
    gauge(w, "salesagent_kept_answers", NULL, "Answers that are kept.", (int64_t)k.answers);
    gauge(w, "salesagent_kept_bytes", "bytes", "What they take.", (int64_t)k.bytes);
    gauge(w, "salesagent_kept_max_bytes", "bytes", "What they may take: keep_answers.", (int64_t)k.bytes_max);
}

static void write_file_size(struct metric_writer *w, const char *file, const char *path)
{
    struct stat st;
    const struct metric_label label = { "file", str_from(file) };
    metric_sample(w, &label, 1, (struct metric_value){ stat(path, &st) == 0 ? st.st_size : 0, 0 });
}

static void write_store(struct metric_writer *w, struct server *s, struct arena *a)
{
    struct store_stats st;
    store_stats(s->core.store, &st);
    const struct metric_label ok = { "outcome", STR("ok") }, failed = { "outcome", STR("failed") };
    metric_family(
        w, &(struct metric_family){ "salesagent_store_commits", METRIC_COUNTER, NULL, "Batches of writes committed." });
    metric_sample(w, &ok, 1, (struct metric_value){ (int64_t)st.commits, 0 });
    metric_sample(w, &failed, 1, (struct metric_value){ (int64_t)st.failed_commits, 0 });
    times(w, "salesagent_store_commit_duration_seconds", "What a commit takes, mostly waiting for the disk.",
          &st.commit_times);
    metric_family(w, &(struct metric_family){ "salesagent_store_batch_commands", METRIC_HISTOGRAM, NULL,
                                              "Commands in one commit." });
    metric_histogram(w, NULL, 0, &st.batch_sizes);
    gauge(w, "salesagent_store_queue", NULL, "Commands waiting for the next batch.", (int64_t)st.queued);
    gauge(w, "salesagent_store_writable", NULL, "1: the last probe of the store was written within a second.",
          s->pulse.last == PULSE_OK);
    metric_family(
        w, &(struct metric_family){ "salesagent_store_size_bytes", METRIC_GAUGE, "bytes", "Files of the database." });
    write_file_size(w, "database", s->dir.database);
    write_file_size(w, "wal", arena_printf(a, "%s-wal", s->dir.database).p);
    times(w, "salesagent_loop_turn_duration_seconds", "One turn of the loop: nothing else is done meanwhile.",
          &s->loop.turn_times);
}

/* --- rows -------------------------------------------------------------------------------------------------- */

enum shown { SHOWN_COUNT, SHOWN_AGE };

static void write_groups(struct metric_writer *w, const char *label, const struct watch_group *groups, size_t n,
                         int64_t now, enum shown shown)
{
    for (size_t i = 0; i < n; i++) {
        const struct metric_label l = { label, groups[i].name };
        int64_t age = now > groups[i].oldest_at ? now - groups[i].oldest_at : 0;
        metric_sample(w, &l, 1,
                      shown == SHOWN_AGE ? (struct metric_value){ age / 1000, 3 }
                                         : (struct metric_value){ groups[i].count, 0 });
    }
}

static void write_jobs(struct metric_writer *w, struct server *s, struct arena *a, const struct watch_counts *c)
{
    const struct metrics *m = &s->metrics;
    const struct {
        const char *state;
        int64_t n;
    } states[] = { { "ready", c->jobs_ready - c->jobs_leased },
                   { "running", c->jobs_leased },
                   { "dead", c->jobs_dead } };
    struct watch_group *lanes;
    size_t n;
    struct err e;
    metric_family(
        w, &(struct metric_family){ "salesagent_jobs", METRIC_GAUGE, NULL, "Jobs of the outbox that are not done." });
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        const struct metric_label l = { "state", str_from(states[i].state) };
        metric_sample(w, &l, 1, (struct metric_value){ states[i].n, 0 });
    }
    if (q_watch_lanes(store_read(s->core.store), a, &lanes, &n, &e) == 0) {
        metric_family(w, &(struct metric_family){ "salesagent_lane_jobs", METRIC_GAUGE, NULL,
                                                  "Jobs waiting, by what fails together." });
        write_groups(w, "lane", lanes, n, 0, SHOWN_COUNT);
        metric_family(w, &(struct metric_family){ "salesagent_lane_overdue_seconds", METRIC_GAUGE, "seconds",
                                                  "For how long its earliest job has been due." });
        write_groups(w, "lane", lanes, n, loop_now(&s->loop), SHOWN_AGE);
    }
    bool held = s->settings->o.no_jobs || q_job_hold_get(store_read(s->core.store), a, NULL, &e) == 1;
    gauge(w, "salesagent_jobs_held", NULL, "1: nothing is sent until somebody releases the jobs.", held);
    gauge(w, "salesagent_lanes_failing", NULL, "Lanes left alone for a while, because they do not answer.",
          c->lanes_failing);
    table(w, METRIC_COUNTER, "salesagent_job_attempts", "Attempts of jobs, webhooks among them, by how they ended.",
          &m->attempts);
    table(w, METRIC_HISTOGRAM, "salesagent_job_attempt_duration_seconds", "From the claim to the outcome.",
          &m->attempt_times);
    table(w, METRIC_COUNTER, "salesagent_ad_server_operations", "What ad servers were asked for, by how it ended.",
          &m->ad_servers);
}

/* The ad server inside. */
static void write_ads(struct metric_writer *w, const struct server *s)
{
    struct serving_stats st;
    if (!s->core.house) return;
    serving_stats(house_serving(s->core.house), &st);
    const struct {
        const char *outcome;
        uint64_t n;
    } events[] = { { "counted", st.counted }, { "filtered", st.filtered }, { "forged", st.forged } };
    counter(w, "salesagent_ads_requests", "Requests for ads, of one slot or several.", (int64_t)st.requests);
    counter(w, "salesagent_ads_decisions", "Ads handed out.", (int64_t)st.decisions);
    metric_family(w, &(struct metric_family){ "salesagent_ads_events", METRIC_COUNTER, NULL,
                                              "Impressions, clicks and the like, by what came of them." });
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        const struct metric_label l = { "outcome", str_from(events[i].outcome) };
        metric_sample(w, &l, 1, (struct metric_value){ (int64_t)events[i].n, 0 });
    }
    gauge(w, "salesagent_ads_packages", NULL, "Packages that may be shown, now or later.", (int64_t)st.packages);
    gauge(w, "salesagent_ads_slots", NULL, "Slots.", (int64_t)st.slots);
}

static void write_backups(struct metric_writer *w, const struct server *s)
{
    const struct backup_schedule *b = &s->backups;
    if (!b->keep) return; /* the agent makes none */
    metric_family(w, &(struct metric_family){ "salesagent_backup_last_success_timestamp_seconds", METRIC_GAUGE,
                                              "seconds", "When the last backup was made, since 1970; 0: never." });
    metric_sample(w, NULL, 0, (struct metric_value){ b->made_at, 6 });
    counter(w, "salesagent_backup_failures", "Backups that failed.", (int64_t)b->failures);
}

static void write_rows(struct metric_writer *w, struct server *s, struct arena *a)
{
    struct tx *tx = store_read(s->core.store);
    struct watch_counts c;
    struct watch_group *tasks;
    size_t n;
    struct err e; /* what cannot be read is left out, and /readyz says why */
    if (q_watch_counts(tx, loop_now(&s->loop), &c, &e)) return;
    write_jobs(w, s, a, &c);
    if (q_watch_tasks(tx, a, &tasks, &n, &e) == 0) {
        metric_family(
            w, &(struct metric_family){ "salesagent_tasks_open", METRIC_GAUGE, NULL, "Tasks that wait for somebody." });
        write_groups(w, "kind", tasks, n, 0, SHOWN_COUNT);
        metric_family(w, &(struct metric_family){ "salesagent_task_oldest_age_seconds", METRIC_GAUGE, "seconds",
                                                  "The age of the oldest open task." });
        write_groups(w, "kind", tasks, n, loop_now(&s->loop), SHOWN_AGE);
    }
    counter(w, "salesagent_audit_rows", "Rows of the audit trail.", c.audit_rows);
    gauge(w, "salesagent_publishers", NULL, "Publishers.", c.publishers);
}

/* --- the process ------------------------------------------------------------------------------------------- */

static int64_t resident_bytes(void)
{
    char text[128] = "";
    char *end = text;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    bool got = fgets(text, sizeof(text), f) != NULL;
    (void)fclose(f); /* it was only read */
    if (!got) return 0;
    (void)strtoll(text, &end, 10); /* the size; the second number is what is resident */
    return strtoll(end, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int64_t descriptors_open(void)
{
    int64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d) return 0;
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;) n += entry->d_name[0] != '.';
    (void)closedir(d);
    return n - 1; /* the directory's own */
}

static void write_process(struct metric_writer *w, const struct server *s)
{
    struct rusage ru = { 0 };
    struct rlimit rl = { 0 };
    (void)getrusage(RUSAGE_SELF, &ru); /* zeros are what is left to say */
    (void)getrlimit(RLIMIT_NOFILE, &rl);
    int64_t cpu_us =
        ((int64_t)ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
    metric_family(w,
                  &(struct metric_family){ "process_cpu_seconds", METRIC_COUNTER, "seconds", "Time on a processor." });
    metric_sample(w, NULL, 0, (struct metric_value){ cpu_us, 6 });
    gauge(w, "process_resident_memory_bytes", "bytes", "Memory in use.", resident_bytes());
    gauge(w, "process_open_fds", NULL, "Descriptors open.", descriptors_open());
    gauge(w, "process_max_fds", NULL, "Descriptors there may be.", (int64_t)rl.rlim_cur);
    metric_family(w, &(struct metric_family){ "process_start_time_seconds", METRIC_GAUGE, "seconds",
                                              "When it was started, since 1970." });
    metric_sample(w, NULL, 0, (struct metric_value){ s->metrics.started_at, 6 });
}

/* --- the request ------------------------------------------------------------------------------------------- */

/* The weight (times 1000) a list header gives a media type: 0 when it does not name it. */
static int weight_of(struct str accept, const char *type)
{
    size_t n = strlen(type);
    int best = 0;
    while (accept.n) {
        const char *comma = memchr(accept.p, ',', accept.n);
        struct str item = { accept.p, comma ? (size_t)(comma - accept.p) : accept.n };
        accept = str_skip(accept, item.n + 1);
        while (item.n && item.p[0] == ' ') item = str_skip(item, 1);
        if (item.n < n || memcmp(item.p, type, n) != 0) continue;
        const char *q = memmem(item.p, item.n, "q=", 2);
        int w = !q ? 1000 : q[2] == '1' ? 1000 : 0;
        for (int i = 0, unit = 100; q && i < 3 && q + 4 + i < item.p + item.n && q[2] == '0'; i++, unit /= 10) {
            if (q[4 + i] < '0' || q[4 + i] > '9') break;
            w += (q[4 + i] - '0') * unit;
        }
        if (w > best) best = w;
    }
    return best;
}

static bool token_sent(const struct server *s, const struct http_exchange *ex)
{
    struct str wanted = s->settings->o.metrics_token, sent = http_req_header(ex, "authorization");
    if (!wanted.n || !str_starts(sent, STR("Bearer "))) return false;
    sent = str_skip(sent, sizeof("Bearer ") - 1);
    uint8_t a[SHA256_BYTES], b[SHA256_BYTES]; /* digests, so that their lengths tell nothing either */
    sha256(wanted, a);
    sha256(sent, b);
    return memcmp(a, b, sizeof(a)) == 0; /* who guesses does not choose digests, so the time tells nothing */
}

static void write_page(struct metric_writer *w, struct server *s, struct arena *a)
{
    write_build(w, s);
    write_traffic(w, s);
    write_kept(w, s);
    write_store(w, s, a);
    write_rows(w, s, a);
    write_ads(w, s);
    write_backups(w, s);
    write_process(w, s);
    metric_end(w);
}

bool metrics_handle(struct server *s, struct http_exchange *ex, unsigned roles)
{
    if (!str_is(ex->path, "/metrics")) return false;
    bool may = ex->local || (roles & WEB_METRICS) || token_sent(s, ex);
    if (!may) return false; /* there is nothing at this path, for them */
    watch_route(ex, "/metrics");
    if (!ex->local && !web_methods_admit(ex, STR("GET, HEAD"))) return true;
    struct str accept = http_req_header(ex, "accept");
    int om = weight_of(accept, "application/openmetrics-text");
    bool openmetrics = om > 0 && om >= weight_of(accept, "text/plain");
    struct buf text;
    buf_init(&text, PAGE_BYTES_MAX);
    struct metric_writer w = { .out = &text, .format = openmetrics ? METRIC_OPENMETRICS : METRIC_PROMETHEUS };
    write_page(&w, s, &ex->arena);
    struct str page = arena_dup(&ex->arena, buf_str(&text));
    bool whole = !text.overflowed;
    buf_finish(&text);
    http_exchange_reply_with(ex, whole ? 200 : 500,
                             openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                         : "text/plain; version=0.0.4; charset=utf-8",
                             whole ? page : STR_NONE);
    return true;
}
