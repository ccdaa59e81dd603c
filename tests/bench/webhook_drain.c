/* How fast due webhooks drain: N jobs to one loopback receiver, which is an HTTP server on the same loop, so that the
 * figure includes both sides.
 *
 *   webhook_drain [N]     default 20000; the database is a file in the working directory */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/tell/webhook.h"
#include "jobs/jobs.h"
#include "net/http_client_curl.h"
#include "net/http_server.h"
#include "store/stmt.h"

struct bench {
    struct loop loop;
    struct loop_uv uv;
    struct store *store;
    struct jobs *jobs;
    struct http_server *receiver;
    struct arena arena;
    struct timer tick;
    int wanted, received;
    int64_t began;
    char url[64];
};

static void handle(void *arg, struct http_exchange *ex)
{
    ((struct bench *)arg)->received++;
    http_exchange_reply_with(ex, 200, "application/json", STR("{}"));
}

static int fill(struct tx *tx, void *arg, struct err *e)
{
    struct bench *b = arg;
    static const struct tenant tenant = { .tenant_id = { "t", 1 }, .doc = { "{}", 2 } };
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at)"
                                            " VALUES ('t', 't', 'mock', '{}', 1, 1)");
    if (stmt_run(s, e)) return -1;
    struct act act = { .tx = tx,
                       .arena = &b->arena,
                       .rng = &b->loop.rng,
                       .now = loop_now(&b->loop),
                       .tenant = &tenant,
                       .actor = STR("system:bench"),
                       .sandbox = true };
    struct webhook_owner owner = { .kind = WEBHOOK_TASK, .principal_id = STR("p"), .anchor = STR("a") };
    if (webhook_register(&act, &owner, arena_printf(&b->arena, "{\"url\":\"%s\"}", b->url), e)) return -1;
    struct webhook_anchor to = { STR("t"), "task", STR("a") };
    for (int i = 0; i < b->wanted; i++) {
        struct webhook_event ev = { .subject = arena_printf(&b->arena, "media_buy:mb-%d", i),
                                    .task_id = STR("task-1"),
                                    .task_type = "create_media_buy",
                                    .status = "completed",
                                    .result = STR("{\"media_buy_id\":\"mb-1\",\"packages\":[]}") };
        if (webhook_send(&act, &to, &ev, e)) return -1;
    }
    return 0;
}

static void tick(struct timer *t)
{
    struct bench *b = CONTAINER_OF(t, struct bench, tick);
    struct jobs_stats st;
    jobs_stats(b->jobs, &st);
    if (st.done >= (uint64_t)b->wanted) {
        loop_uv_stop(&b->uv);
        return;
    }
    timer_set(&b->loop, t, loop_now(&b->loop) + 1000);
}

static double cpu_seconds(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double seconds(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct rng rng;
    struct err e;
    const char *path = "webhook_drain.db";
    b.wanted = argc > 1 ? (int)strtoul(argv[1], NULL, 10) : 20000;
    log_set_level(LOG_NONE);
    rng_init_system(&rng);
    arena_init(&b.arena);
    loop_uv_init(&b.uv, &b.loop, rng);
    (void)unlink(path);
    struct store_options so = { .path = path };
    struct http_server_options ho = { 0 };
    struct http_client_options co = { .user_agent = STR("bench") };
    struct agent_jobs_options jo = { .sandbox = true };
    if (store_open(&b.loop, &so, &b.store, &e) || http_server_start(&b.uv, &ho, handle, &b, &b.receiver, &e)) return 2;
    (void)snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/hook", http_server_port(b.receiver, 0));
    if (store_write_now(b.store, fill, &b, &e)) {
        fprintf(stderr, "%s\n", e.message);
        return 2;
    }
    double wall = seconds(), cpu = cpu_seconds();
    b.jobs = agent_jobs_create(&b.loop, b.store, http_client_curl_create(&b.uv, &co), &jo);
    b.tick.fire = tick;
    timer_set(&b.loop, &b.tick, loop_now(&b.loop) + 1000);
    loop_uv_run(&b.uv);
    wall = seconds() - wall;
    cpu = cpu_seconds() - cpu;
    struct store_stats st;
    store_stats(b.store, &st);
    fprintf(stdout, "%d webhooks in %.2f s: %.0f per second, %.0f us of CPU each (both sides), %llu commits\n",
            b.received, wall, b.received / wall, cpu * 1e6 / b.received, (unsigned long long)st.commits);
    return 0;
}
