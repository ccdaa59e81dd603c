#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/publisher_data.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "net/http.h"
#include "protocols/router.h"

#define WAIT_MAX (INT64_C(20) * USEC_PER_SEC)

static bool fault(void *arg, enum store_fault where)
{
    struct sim *s = arg;
    return where == STORE_FAULT_COMMIT && sim_random(s, 100) < (uint64_t)s->commit_fault_percent;
}

static void start(struct sim *s, int64_t now)
{
    struct err e;
    struct core_options o = { .database = s->path, .sandbox = true, .http = s->http, .fault = fault, .fault_arg = s };
    int faults = s->commit_fault_percent;
    loop_sim_init(&s->driver, &s->loop, now, s->seed + s->crashes * 7919);
    s->driver.work_delay_us_max = 20000;
    s->commit_fault_percent = 0;
    ENSURE(core_start(&s->core, &s->loop, &o, &e) == 0);
    ENSURE(publisher_data_add_demo(s->core.store, &s->loop, &e) == 0);
    s->commit_fault_percent = faults;
}

void sim_init(struct sim *s, uint64_t seed, int64_t now)
{
    *s = (struct sim){ .seed = seed };
    log_set_level(LOG_NONE); /* injected faults are loud */
    rng_init_seeded(&s->rng, seed);
    arena_init(&s->arena);
    (void)snprintf(s->dir, sizeof(s->dir), "sim-XXXXXX");
    ENSURE(mkdtemp(s->dir) != NULL);
    (void)snprintf(s->path, sizeof(s->path), "%s/sim.db", s->dir);
    start(s, now);
}

static void remove_files(struct sim *s)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char name[160];
        (void)snprintf(name, sizeof(name), "%s%s", s->path, suffixes[i]);
        (void)unlink(name);
    }
    (void)rmdir(s->dir);
}

static void drained(void *arg)
{
    *(bool *)arg = true;
}

void sim_finish(struct sim *s)
{
    bool done = false;
    loop_sim_settle(&s->driver);
    core_drain(&s->core, drained, &done);
    loop_sim_settle(&s->driver);
    ENSURE(done);
    core_stop(&s->core);
    loop_sim_finish(&s->driver);
    remove_files(s);
    arena_finish(&s->arena);
}

void sim_restart(struct sim *s)
{
    int64_t now = s->driver.now;
    s->crashes++;
    core_crash(&s->core);
    loop_sim_finish(&s->driver);
    start(s, now);
}

uint64_t sim_random(struct sim *s, uint64_t below)
{
    return rng_u64(&s->rng) % below;
}

const char *sim_text(struct sim *s, const char *fmt, ...)
{
    char text[8192];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ENSURE(n >= 0 && (size_t)n < sizeof(text));
    return arena_dup(&s->arena, (struct str){ text, (size_t)n }).p;
}

void sim_run_until(struct sim *s, int64_t at)
{
    loop_sim_run_until(&s->driver, at);
}

/* Drives the exchange to its answer, or to the crash that this call is to meet. */
static enum sim_result drive(struct sim *s, struct http_memory *m, yyjson_val **reply, bool mcp)
{
    bool crash = sim_random(s, 100) < (uint64_t)s->crash_percent;
    s->calls++;
    router_handle(&s->core.dispatcher, &m->ex);
    if (crash) {
        /* Somewhere between the first turn and the last: the command run, the commit under way or done. */
        for (uint64_t turns = sim_random(s, 3); turns > 0; turns--) (void)loop_turn(&s->loop);
        if (sim_random(s, 2)) loop_sim_run_until(&s->driver, s->driver.now + (int64_t)sim_random(s, 25000));
    } else {
        loop_sim_settle(&s->driver);
        if (!m->replied) loop_sim_run_until(&s->driver, s->driver.now + WAIT_MAX); /* it waits for an answer from outside */
    }
    if (!m->replied) {
        ENSURE(crash);
        sim_restart(s);
        return SIM_LOST;
    }
    static const struct json_limits limits = { .bytes_max = 16 << 20, .depth_max = 64, .nodes_max = 1000000 };
    yyjson_doc *doc;
    struct err e;
    ENSURE(json_parse(&s->arena, m->ex.reply, &limits, &doc, &e) == 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *result = json_obj(root, "result");
    *reply = mcp ? json_obj(result, "structuredContent") : root;
    bool ok = mcp ? result && !json_bool_or(result, "isError", false) : m->ex.status == 200;
    if (crash) sim_restart(s);
    return ok ? SIM_OK : SIM_FAILED;
}

enum sim_result sim_call(struct sim *s, const char *token, const char *tool, const char *args, yyjson_val **reply)
{
    struct http_memory m;
    http_exchange_init_memory(&m, "POST", "/mcp");
    http_memory_header(&m, "x-adcp-auth", str_from(token));
    http_memory_body(&m, str_from(sim_text(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
                                              "{\"name\":\"%s\",\"arguments\":%s}}", tool, args)));
    enum sim_result r = drive(s, &m, reply, true);
    http_memory_finish(&m);
    return r;
}

enum sim_result sim_local(struct sim *s, const char *tool, const char *args, yyjson_val **reply)
{
    struct http_memory m;
    http_exchange_init_memory(&m, "POST", sim_text(s, "/local/%s", tool));
    m.ex.local = true;
    http_memory_body(&m, str_from(args));
    enum sim_result r = drive(s, &m, reply, false);
    http_memory_finish(&m);
    return r;
}
