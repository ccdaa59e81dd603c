/* Webhooks under a hostile world, for many seeds: receivers that fail in every way, commits that fail, crashes at any
 * moment. At the end of each seed, for every event whose commit succeeded:
 *
 *     it arrived at least once, or its job is visibly dead with a reason;
 *     all its arrivals carried the same idempotency key and the same bytes, each with its own signature that verifies;
 *     events about one subject arrived for the first time in the order of their commits;
 *     nothing arrived of an event whose commit failed.
 *
 * sim_webhooks [SEEDS [FIRST]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/signing_keys.h"
#include "domain/webhook.h"
#include "http_script.h"
#include "jobs/webhook_send.h"
#include "run/loop_sim.h"
#include "store/stmt.h"

#define START       INT64_C(1700000000000000)
#define HOUR        (INT64_C(3600) * USEC_PER_SEC)
#define RECEIVERS   4
#define EVENTS      40
#define ARRIVALS    64

struct event {
    int receiver, subject; /* what is ordered */
    bool committed, lost;
    int arrivals, order;   /* order of the first arrival; 0: none */
    char key[40];
    uint8_t body[32];
};

struct world {
    uint64_t seed;
    struct rng rng; /* of the script */
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct jobs *jobs;
    struct http_script http;
    struct jobs_world options;
    struct arena arena;
    char path[64];
    int mood[RECEIVERS]; /* how a receiver behaves */
    struct event events[EVENTS];
    int arrived, crashes, replays;
    struct str nonces[EVENTS * ARRIVALS];
    int nonces_n;
    bool failed;
};

static void fail(struct world *w, const char *what, int event)
{
    w->failed = true;
    fprintf(stdout, "# seed %llu event %d: %s\n", (unsigned long long)w->seed, event, what);
}

static uint64_t below(struct world *w, uint64_t n)
{
    return rng_u64(&w->rng) % n;
}

/* --- the receivers --------------------------------------------------------------------------------------------- */

enum mood { GOOD, FLAKY, DOWN_FOR_HOURS, DEAD_FOR_EVER, REFUSING, MOODS };

static int receiver_of(const struct http_call *c)
{
    return c->url.p[sizeof("https://r") - 1] - '0';
}

static struct http_answer bad_answer(struct world *w)
{
    struct http_answer a = { HTTP_OK, 503, -1, -1, 1000 + (int64_t)below(w, 200000), "" };
    switch (below(w, 8)) {
    case 0: a.status = 500; break;
    case 1: a.status = 429; a.retry_after_s = (int)below(w, 120); break;
    case 2: a.outcome = HTTP_NOT_SENT; break;                           /* no connection, TLS failure */
    case 3: a.outcome = HTTP_UNKNOWN; a.answer_us = 10000000; break;    /* timeout, nothing happened */
    case 4: a.outcome = HTTP_UNKNOWN; a.effect_us = 5000; break;        /* reset after the effect */
    case 5: a.outcome = HTTP_UNKNOWN; a.effect_us = 9000000; a.answer_us = 10000000; break; /* slow, then timeout */
    case 6: a.outcome = HTTP_OK; a.status = 401; break;                 /* has an old JWKS */
    default: break;
    }
    return a;
}

static struct http_answer answer(void *arg, const struct http_call *c)
{
    static const int refusals[] = { 301, 302, 400, 404, 409, 410 };
    struct world *w = arg;
    struct http_answer ok = { HTTP_OK, 200, -1, 500 + (int64_t)below(w, 3000), 1000 + (int64_t)below(w, 100000), "" };
    int64_t now = loop_now(&w->loop);
    ok.answer_us += ok.effect_us;
    switch ((enum mood)w->mood[receiver_of(c)]) {
    case GOOD: return below(w, 50) ? ok : bad_answer(w);
    case FLAKY: return below(w, 2) ? ok : bad_answer(w);
    case DOWN_FOR_HOURS: return now < START + 7 * HOUR ? bad_answer(w) : ok;
    case DEAD_FOR_EVER: return bad_answer(w);
    case REFUSING:
        if (below(w, 3)) return ok;
        ok.status = refusals[below(w, 6)];
        ok.effect_us = -1;
        if (below(w, 5) == 0) ok.outcome = below(w, 2) ? HTTP_REFUSED : HTTP_TOO_LARGE;
        return ok;
    case MOODS: break;
    }
    return ok;
}

/* What the receiver knows of our keys. */
struct verifier {
    struct world *w;
    yyjson_val *keys;
};

static bool find_key(void *arg, struct str keyid, struct signature_jwk *out)
{
    struct verifier *v = arg;
    yyjson_val *k;
    size_t i, n;
    yyjson_arr_foreach(v->keys, i, n, k)
    {
        if (!str_eq(json_str(k, "kid"), keyid)) continue;
        signature_jwk_read(k, out);
        return true;
    }
    return false;
}

static enum signature_known never_revoked(void *arg, struct str keyid)
{
    return SIGNATURE_NO;
}

static bool never_full(void *arg, struct str keyid, struct str scope)
{
    return false;
}

static bool fresh_nonce(void *arg, struct str keyid, struct str scope, struct str nonce, int64_t until_s)
{
    struct world *w = ((struct verifier *)arg)->w;
    for (int i = 0; i < w->nonces_n; i++) {
        if (str_eq(w->nonces[i], nonce)) return false;
    }
    if (w->nonces_n < EVENTS * ARRIVALS) w->nonces[w->nonces_n++] = arena_dup(&w->arena, nonce);
    return true;
}

static const struct json_limits limits = { .bytes_max = 1 << 20, .depth_max = 32, .nodes_max = 10000 };

static yyjson_val *parse(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    return json_parse(a, text, &limits, &doc, &e) ? NULL : yyjson_doc_get_root(doc);
}

static void check_signature(struct world *w, struct arena *a, const struct http_call *c, int event)
{
    struct str jwks;
    struct err e;
    if (signing_jwks(store_read(w->store), a, STR("t"), loop_now(&w->loop), &jwks, &e)) {
        fail(w, "no keys published", event);
        return;
    }
    struct verifier v = { w, json_arr(parse(a, jwks), "keys") };
    struct signature_message m = { c->method, c->url, c->headers, c->headers_n, c->body };
    struct signature_policy p = { .tag = SIGNATURE_TAG_WEBHOOK,
                                  .adcp_use = "webhook-signing",
                                  .codes = "webhook_signature",
                                  .digest = DIGEST_REQUIRED,
                                  .required = true,
                                  .now_s = loop_now(&w->loop) / USEC_PER_SEC,
                                  .world = { &v, find_key, never_revoked, never_full, fresh_nonce } };
    struct signature_verdict verdict;
    signature_verify(a, &m, &p, &verdict);
    if (verdict.outcome != SIGNATURE_VALID) fail(w, verdict.code, event);
}

static void arrive(void *arg, const struct http_call *c)
{
    struct world *w = arg;
    struct arena a;
    arena_init(&a);
    yyjson_val *body = parse(&a, c->body);
    int n = (int)json_i64_or(json_obj(body, "result"), "event", -1);
    struct str key = json_str(body, "idempotency_key");
    uint8_t sum[32];
    sha256(c->body, sum);
    if (n < 0 || n >= EVENTS || key.n != 36) {
        fail(w, "an unknown body arrived", n);
    } else {
        struct event *ev = &w->events[n];
        if (ev->arrivals == 0) {
            memcpy(ev->key, key.p, key.n);
            memcpy(ev->body, sum, sizeof(sum));
            ev->order = ++w->arrived;
        } else {
            w->replays++;
            if (!str_is(key, ev->key)) fail(w, "a second idempotency key", n);
            if (memcmp(sum, ev->body, sizeof(sum)) != 0) fail(w, "other bytes", n);
        }
        ev->arrivals++;
        check_signature(w, &a, c, n);
    }
    arena_finish(&a);
}

/* --- the process ------------------------------------------------------------------------------------------------- */

static bool fault(void *arg, enum store_fault where)
{
    struct world *w = arg;
    return where == STORE_FAULT_COMMIT && below(w, 40) == 0;
}

static void boot(struct world *w, int64_t now)
{
    static const struct job_kind *const kinds[] = { &webhook_kind, &webhook_challenge_kind, NULL };
    struct err e;
    struct store_options o = { .path = w->path, .fault = fault, .fault_arg = w };
    struct jobs_options jo = { .kinds = kinds, .context = &w->options };
    loop_sim_init(&w->sim, &w->loop, now, w->seed * 1000 + (uint64_t)w->crashes);
    w->sim.work_delay_us_max = 3000;
    if (store_open(&w->loop, &o, &w->store, &e)) {
        fprintf(stdout, "# %s\n", e.message);
        exit(2);
    }
    http_script_init(&w->http, &w->loop);
    w->http.answer = answer;
    w->http.effect = arrive;
    w->http.arg = w;
    w->jobs = jobs_create(&w->loop, w->store, &w->http.client, &jo);
}

static void crash(struct world *w)
{
    int64_t now = w->sim.now;
    http_script_crash(&w->http);
    jobs_crash(w->jobs);
    store_crash(w->store);
    loop_sim_finish(&w->sim);
    w->crashes++;
    boot(w, now);
}

/* --- the events -------------------------------------------------------------------------------------------------- */

static struct act act_of(struct world *w, struct tx *tx, struct arena *a)
{
    static const struct tenant tenant = { .tenant_id = { "t", 1 }, .doc = { "{}", 2 } };
    return (struct act){ .tx = tx,
                         .arena = a,
                         .rng = &w->loop.rng,
                         .now = loop_now(&w->loop),
                         .tenant = &tenant,
                         .actor = STR("system:sim"),
                         .origin = STR("timer") };
}

static int prepare(struct tx *tx, void *arg, struct err *e)
{
    struct world *w = arg;
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at)"
                                            " VALUES ('t', 't', 'mock', '{}', 1, 1)");
    if (stmt_run(s, e)) return -1;
    struct act act = act_of(w, tx, &w->arena);
    for (int i = 0; i < RECEIVERS; i++) {
        struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                       .principal_id = STR("p"),
                                       .anchor = arena_printf(&w->arena, "receiver-%d", i),
                                       .context = STR("{\"trace\":\"abc\"}") };
        struct str config = arena_printf(&w->arena, "{\"url\":\"https://r%d.example.com/hook?token=x\","
                                                    "\"operation_id\":\"op-%d\"}", i, i);
        if (webhook_register(&act, &owner, config, e)) return -1;
    }
    return 0;
}

struct cause {
    struct write_cmd cmd;
    struct world *w;
    int first, n; /* events caused by this commit */
};

static int cause_run(struct tx *tx, struct write_cmd *c)
{
    struct cause *cause = CONTAINER_OF(c, struct cause, cmd);
    struct world *w = cause->w;
    struct act act = act_of(w, tx, &w->arena);
    struct err e;
    for (int i = cause->first; i < cause->first + cause->n; i++) {
        struct event *ev = &w->events[i];
        struct webhook_anchor to = { STR("t"), "task", arena_printf(&w->arena, "receiver-%d", ev->receiver) };
        struct webhook_event what = { .subject = arena_printf(&w->arena, "media_buy:mb-%d", ev->subject),
                                      .task_id = STR("task-1"),
                                      .task_type = "create_media_buy",
                                      .status = "completed",
                                      .result = arena_printf(&w->arena, "{\"event\":%d}", i) };
        if (webhook_send(&act, &to, &what, &e)) return -1;
    }
    return 0;
}

static void cause_done(struct write_cmd *c, enum write_result result)
{
    struct cause *cause = CONTAINER_OF(c, struct cause, cmd);
    for (int i = cause->first; i < cause->first + cause->n; i++) {
        cause->w->events[i].committed = result == WRITE_COMMITTED;
        cause->w->events[i].lost = result != WRITE_COMMITTED;
    }
}

/* Whether the commit of a batch that was under way in a crash is on disk shows only afterwards. */
static void look_on_disk(struct world *w, struct cause *cause)
{
    for (int i = cause->first; i < cause->first + cause->n; i++) {
        struct event *ev = &w->events[i];
        if (ev->committed || ev->lost) continue;
        AUTO_STMT struct stmt *s =
            stmt_get(store_read(w->store), "SELECT 1 FROM job_payload WHERE instr(payload, ?) > 0 LIMIT 1");
        struct err e;
        stmt_str(s, 1, arena_printf(&w->arena, "{\\\"event\\\":%d,", i));
        ev->committed = stmt_step(s, &e) == 1;
        ev->lost = !ev->committed;
    }
}

static void make_events(struct world *w)
{
    static struct cause causes[EVENTS];
    for (int i = 0; i < EVENTS; i++) {
        w->events[i].receiver = (int)below(w, RECEIVERS);
        w->events[i].subject = (int)below(w, 3);
    }
    for (int i = 0, k = 0; i < EVENTS; k++) {
        struct err e;
        int n = 1 + (int)below(w, 3);
        if (i + n > EVENTS) n = EVENTS - i;
        causes[k] = (struct cause){ { .run = cause_run, .done = cause_done }, w, i, n };
        if (store_write(w->store, &causes[k].cmd, &e)) fail(w, "the queue is full", i);
        if (below(w, 2)) loop_sim_run_until(&w->sim, w->sim.now + (int64_t)below(w, 20000));
        if (below(w, 4) == 0) {
            for (uint64_t turns = below(w, 4); turns > 0; turns--) (void)loop_turn(&w->loop);
            crash(w);
            for (int j = 0; j <= k; j++) look_on_disk(w, &causes[j]);
        }
        loop_sim_run_until(&w->sim, w->sim.now + (int64_t)below(w, 30) * (below(w, 3) ? 10000 : 60 * USEC_PER_SEC));
        i += n;
    }
}

/* --- what must hold ------------------------------------------------------------------------------------------------ */

static void check_event(struct world *w, int i)
{
    struct event *ev = &w->events[i];
    if (ev->lost && ev->arrivals) fail(w, "arrived, but its commit failed", i);
    if (!ev->committed) return;
    AUTO_STMT struct stmt *s = stmt_get(store_read(w->store), "SELECT state, last_error FROM job"
                                                              " JOIN job_payload USING (seq) WHERE instr(payload, ?) > 0");
    struct err e;
    stmt_str(s, 1, arena_printf(&w->arena, "{\\\"event\\\":%d,", i));
    if (stmt_step(s, &e) != 1) {
        fail(w, "the job is gone", i);
        return;
    }
    struct str state = col_str(s, &w->arena, 0), why = col_str(s, &w->arena, 1);
    if (str_is(state, "ready")) fail(w, "still waiting after a week", i);
    if (str_is(state, "done") && ev->arrivals == 0) fail(w, "done, but never arrived", i);
    if (str_is(state, "dead") && why.n == 0) fail(w, "dead without a reason", i);
    for (int k = 0; k < i; k++) {
        struct event *before = &w->events[k];
        if (before->receiver != ev->receiver || before->subject != ev->subject) continue;
        if (before->order && ev->order && before->order > ev->order) fail(w, "overtook an earlier event", i);
    }
}

/* What the seeds together have seen: a simulation in which nothing happens proves nothing. */
struct totals {
    int committed, lost, arrived, replays, dead, crashes;
};

static void add_totals(const struct world *w, struct totals *t)
{
    for (int i = 0; i < EVENTS; i++) {
        const struct event *ev = &w->events[i];
        t->committed += ev->committed;
        t->lost += ev->lost;
        t->arrived += ev->arrivals > 0;
        t->dead += ev->committed && ev->arrivals == 0;
    }
    t->replays += w->replays;
    t->crashes += w->crashes;
}

static bool run_seed(uint64_t seed, struct totals *totals)
{
    struct world *w = calloc(1, sizeof(*w));
    struct err e;
    char side[80];
    w->seed = seed;
    rng_init_seeded(&w->rng, seed);
    arena_init(&w->arena);
    (void)snprintf(w->path, sizeof(w->path), "sim_webhooks_%d.db", (int)getpid());
    (void)unlink(w->path);
    for (int i = 0; i < RECEIVERS; i++) w->mood[i] = (int)below(w, MOODS);
    boot(w, START);
    if (store_write_now(w->store, prepare, w, &e)) fail(w, e.message, -1);
    make_events(w);
    for (int i = 0; i < 3; i++) {
        loop_sim_run_until(&w->sim, w->sim.now + (int64_t)below(w, 10) * HOUR);
        crash(w);
    }
    loop_sim_run_until(&w->sim, START + 7 * 24 * HOUR);
    for (int i = 0; i < EVENTS; i++) check_event(w, i);
    bool failed = w->failed;
    add_totals(w, totals);
    http_script_crash(&w->http);
    jobs_crash(w->jobs);
    store_crash(w->store);
    loop_sim_finish(&w->sim);
    arena_finish(&w->arena);
    (void)unlink(w->path);
    (void)snprintf(side, sizeof(side), "%s-wal", w->path);
    (void)unlink(side);
    (void)snprintf(side, sizeof(side), "%s-shm", w->path);
    (void)unlink(side);
    free(w);
    return !failed;
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? (int)strtoul(argv[1], NULL, 10) : 60;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int failed = 0;
    struct totals t = { 0 };
    log_set_level(LOG_NONE);
    for (int i = 0; i < seeds; i++) failed += !run_seed(first + (uint64_t)i, &t);
    fprintf(stdout, "# %d events committed, %d lost, %d arrived, %d dead unseen, %d repeated arrivals, %d crashes\n",
            t.committed, t.lost, t.arrived, t.dead, t.replays, t.crashes);
    failed += seeds >= 20 && !(t.lost && t.arrived && t.dead && t.replays && t.crashes);
    fprintf(stdout, "1..1\n%s 1 - webhooks arrive or are visibly dead, over %d seeds\n", failed ? "not ok" : "ok", seeds);
    return failed != 0;
}
