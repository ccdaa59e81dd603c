#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/command/publisher_data.h"
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
    struct core_options o = { .database = s->path,
                              .sandbox = true,
                              .kept_bytes = KEPT_BYTES_PRESET,
                              .http = s->http,
                              .fault = fault,
                              .fault_arg = s };
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

/* As SIGTERM does: what is under way ends first. */
static void stop(struct sim *s)
{
    bool done = false;
    loop_sim_settle(&s->driver);
    core_drain(&s->core, drained, &done);
    loop_sim_settle(&s->driver);
    if (!done) loop_sim_run_until(&s->driver, s->driver.now + WAIT_MAX); /* an answer from outside is waited for */
    ENSURE(done);
    core_stop(&s->core);
    loop_sim_finish(&s->driver);
}

void sim_finish(struct sim *s)
{
    stop(s);
    remove_files(s);
    arena_finish(&s->arena);
}

void sim_restart(struct sim *s)
{
    int64_t now = s->driver.now;
    s->crashes++;
    if (s->on_crash) s->on_crash(s->on_crash_arg);
    core_crash(&s->core);
    loop_sim_finish(&s->driver);
    start(s, now);
}

void sim_restart_in_order(struct sim *s)
{
    stop(s);
    start(s, s->driver.now);
}

uint64_t sim_random(struct sim *s, uint64_t below)
{
    return rng_u64(&s->rng) % below;
}

const char *sim_text(struct sim *s, const char *fmt, ...)
{
    va_list ap, again;
    ENSURE(fmt);
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ENSURE(n >= 0);
    char *text = arena_alloc_raw(&s->arena, (size_t)n + 1);
    (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void sim_run_until(struct sim *s, int64_t at)
{
    loop_sim_run_until(&s->driver, at);
}

/* ---- doors ---- */

void sim_request(struct sim *s, const struct sim_request *requests, size_t n, struct sim_answer *out)
{
    struct http_memory m[SIM_AT_ONCE_MAX];
    bool crash = sim_random(s, 100) < (uint64_t)s->crash_percent, all = true;
    ENSURE(n <= SIM_AT_ONCE_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sim_request *r = &requests[i];
        http_exchange_init_memory(&m[i], "POST", r->path);
        m[i].ex.local = r->local;
        if (r->token) http_memory_header(&m[i], "x-adcp-auth", str_from(r->token));
        for (size_t k = 0; k < r->headers_n; k++) {
            http_memory_header(&m[i], arena_cstr(&s->arena, r->headers[k].name), r->headers[k].value);
        }
        if (r->form) http_memory_header(&m[i], "content-type", STR("application/x-www-form-urlencoded"));
        http_memory_body(&m[i], str_from(r->body));
        s->calls++;
        router_handle(&s->core.dispatcher, &m[i].ex);
    }
    if (crash) {
        /* Somewhere between the first turn and the last: the command run, the commit under way or done. */
        for (uint64_t turns = sim_random(s, 3); turns > 0; turns--) (void)loop_turn(&s->loop);
        if (sim_random(s, 2)) loop_sim_run_until(&s->driver, s->driver.now + (int64_t)sim_random(s, 25000));
    } else {
        loop_sim_settle(&s->driver);
        for (size_t i = 0; i < n; i++) all = all && m[i].replied;
        if (!all) loop_sim_run_until(&s->driver, s->driver.now + WAIT_MAX); /* it waits for an answer from outside */
    }
    for (size_t i = 0; i < n; i++) {
        ENSURE(crash || m[i].replied);
        out[i] = (struct sim_answer){ .lost = !m[i].replied };
        if (m[i].replied)
            out[i] = (struct sim_answer){ .status = m[i].ex.status, .body = arena_dup(&s->arena, m[i].ex.reply) };
    }
    if (crash) sim_restart(s);
    for (size_t i = 0; i < n; i++) http_memory_finish(&m[i]);
}

static yyjson_val *tree(struct sim *s, const struct sim_answer *a)
{
    static const struct json_limits limits = { .bytes_max = 64 << 20, .depth_max = 100, .nodes_max = 20000000 };
    yyjson_doc *doc;
    struct err e;
    if (json_parse(&s->arena, a->body, &limits, &doc, &e)) {
        (void)fprintf(stderr, "status %d, not JSON (%s): %.400s\n", a->status, e.message, a->body.n ? a->body.p : "");
        abort();
    }
    return yyjson_doc_get_root(doc);
}

enum sim_result sim_read(struct sim *s, enum sim_door door, const struct sim_answer *a, yyjson_val **reply)
{
    if (a->lost) return SIM_LOST;
    if (door == SIM_LINK) return a->status == 200 ? SIM_OK : SIM_FAILED;
    yyjson_val *root = tree(s, a), *result = json_obj(root, "result"), *error;
    switch (door) {
    case SIM_MCP:
        *reply = json_obj(result, "structuredContent");
        return result && !json_bool_or(result, "isError", false) ? SIM_OK : SIM_FAILED;
    case SIM_A2A:
        *reply = json_get_path(result, "/artifacts/0/parts/1/data");
        error = json_obj(*reply, "error");
        return *reply && !error && !json_obj(*reply, "adcp_error") ? SIM_OK : SIM_FAILED;
    case SIM_REST:
    case SIM_LOCAL:
    case SIM_LINK: break;
    }
    *reply = root;
    return a->status == 200 ? SIM_OK : SIM_FAILED;
}

struct sim_request sim_ask(struct sim *s, enum sim_door door, const char *token, const char *tool, const char *args)
{
    struct sim_request r = { .path = "/mcp", .token = token, .body = args };
    switch (door) {
    case SIM_MCP:
        r.body = sim_text(
            s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"%s\",\"arguments\":%s}}",
            tool, args);
        return r;
    case SIM_A2A:
        r.path = "/a2a";
        r.body = sim_text(
            s,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"message\":{\"kind\":\"message\","
            "\"messageId\":\"1\",\"role\":\"user\",\"parts\":[{\"kind\":\"data\",\"data\":{\"skill\":\"%s\","
            "\"parameters\":%s}}]}}}",
            tool, args);
        return r;
    case SIM_REST: r.path = sim_text(s, "/api/v1/%s", tool); return r;
    case SIM_LOCAL:
        r.path = sim_text(s, "/local/%s", tool);
        r.local = true;
        return r;
    case SIM_LINK:
        r.path = tool;
        r.form = true;
        return r;
    }
    ENSURE(!"a door");
}

static enum sim_result one(struct sim *s, enum sim_door door, const struct sim_request *r, yyjson_val **reply)
{
    struct sim_answer a;
    sim_request(s, r, 1, &a);
    return sim_read(s, door, &a, reply);
}

enum sim_result sim_call(struct sim *s, const char *token, const char *tool, const char *args, yyjson_val **reply)
{
    struct sim_request r = sim_ask(s, SIM_MCP, token, tool, args);
    return one(s, SIM_MCP, &r, reply);
}

enum sim_result sim_local(struct sim *s, const char *tool, const char *args, yyjson_val **reply)
{
    struct sim_request r = sim_ask(s, SIM_LOCAL, NULL, tool, args);
    return one(s, SIM_LOCAL, &r, reply);
}
