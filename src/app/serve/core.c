#include "app/serve/core.h"

#include "admin/pages.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/core/ad_server.h"
#include "domain/core/seal_renew.h"
#include "domain/core/audit.h"
#include "domain/media_buy/lifecycle.h"
#include "domain/decide/task_advance.h"
#include "store/q/q_task.h"
#include "protocols/request_signature.h"
#include "protocols/a2a/a2a.h"
#include "store/q/agent/q_a2a.h"
#include "store/q/agent/q_idempotency.h"
#include "store/q/q_media_buy.h"

#define EXPIRY_INTERVAL (INT64_C(3600) * USEC_PER_SEC)
#define EXPIRY_BATCH    500
#define RETRY_AFTER     (5 * USEC_PER_SEC)

/* --- what time alone changes ------------------------------------------------------------------------------ */

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == TIME_NONE) return b;
    return b == TIME_NONE || a < b ? a : b;
}

static int lifecycle_run(struct tx *tx, struct write_cmd *cmd)
{
    struct core *c = CONTAINER_OF(cmd, struct core, lifecycle_cmd);
    struct err e;
    struct act act = { .tx = tx,
                       .arena = &c->lifecycle_arena,
                       .rng = &c->loop->rng,
                       .now = loop_now(c->loop),
                       .actor = STR("system:lifecycle"),
                       .origin = STR("timer"),
                       .sandbox = c->dispatcher.sandbox };
    int64_t task_next;
    if (due_advance(&act, &lifecycle_flights, &c->lifecycle_next, &e) == 0 &&
        due_advance(&act, &task_times, &task_next, &e) == 0) {
        c->lifecycle_next = earlier(c->lifecycle_next, task_next);
        return 0;
    }
    log_event(LOG_ERROR, "lifecycle", "advance failed", "code", e.code, "message", e.message, NULL);
    return -1;
}

static void lifecycle_done(struct write_cmd *cmd, enum write_result result)
{
    struct core *c = CONTAINER_OF(cmd, struct core, lifecycle_cmd);
    c->lifecycle_running = false;
    arena_finish(&c->lifecycle_arena);
    int64_t next = result == WRITE_COMMITTED ? c->lifecycle_next : loop_now(c->loop) + RETRY_AFTER;
    if (next != TIME_NONE) timer_set(c->loop, &c->lifecycle_timer, next);
}

static void lifecycle_start(struct core *c)
{
    struct err e;
    if (c->lifecycle_running) return;
    c->lifecycle_cmd = (struct write_cmd){ .run = lifecycle_run, .done = lifecycle_done };
    if (store_write(c->store, &c->lifecycle_cmd, &e)) {
        timer_set(c->loop, &c->lifecycle_timer, loop_now(c->loop) + RETRY_AFTER);
        return;
    }
    c->lifecycle_running = true;
}

static void on_lifecycle_timer(struct timer *t)
{
    lifecycle_start(CONTAINER_OF(t, struct core, lifecycle_timer));
}

/* A commit may have brought the next change forward. */
static void on_commit(struct commit_hook *h)
{
    struct core *c = CONTAINER_OF(h, struct core, commit_hook);
    struct err e;
    int64_t next;
    int64_t task_next;
    if (q_media_buy_next_change(store_read(c->store), &next, &e) || q_task_next(store_read(c->store), &task_next, &e))
        return;
    next = earlier(next, task_next);
    if (next == TIME_NONE) return;
    if (!timer_is_set(&c->lifecycle_timer) || next < c->lifecycle_timer.due_at) {
        timer_set(c->loop, &c->lifecycle_timer, next);
    }
}

/* --- idempotency records ---------------------------------------------------------------------------------- */

static int expiry_run(struct tx *tx, struct write_cmd *cmd)
{
    struct core *c = CONTAINER_OF(cmd, struct core, expiry_cmd);
    int64_t now = loop_now(c->loop);
    struct err e;
    if (q_idempotency_expire(tx, now, EXPIRY_BATCH, &e) < 0) return -1;
    return q_a2a_task_expire(tx, now - A2A_KEEP_DAYS * USEC_PER_DAY, EXPIRY_BATCH, &e);
}

static void expiry_done(struct write_cmd *cmd, enum write_result result)
{
    struct core *c = CONTAINER_OF(cmd, struct core, expiry_cmd);
    c->expiry_running = false;
}

static void on_expiry_timer(struct timer *t)
{
    struct core *c = CONTAINER_OF(t, struct core, expiry_timer);
    struct err e;
    timer_set(c->loop, t, loop_now(c->loop) + EXPIRY_INTERVAL);
    if (c->expiry_running) return;
    c->expiry_cmd = (struct write_cmd){ .run = expiry_run, .done = expiry_done };
    c->expiry_running = store_write(c->store, &c->expiry_cmd, &e) == 0;
}

/* --- what is put right before anything else --------------------------------------------------------------- */

struct first_things {
    struct core *core;
    const struct doing *before;
};

/* A trail and credentials from before they were sealed, and what the last process died on. */
static int first_things(struct tx *tx, void *arg, struct err *e)
{
    const struct first_things *f = arg;
    struct core *c = f->core;
    struct tenant nobody = { .tenant_id = STR("system") };
    struct arena a;
    arena_init(&a);
    struct act act = { .tx = tx,
                       .arena = &a,
                       .rng = &c->loop->rng,
                       .now = loop_now(c->loop),
                       .tenant = &nobody,
                       .actor = STR("system:start"),
                       .origin = STR("timer") };
    int rc = audit_seal_first(&act, e);
    struct sealing credentials;
    if (rc == 0) rc = seal_renew(tx, &a, act.now, &credentials, e);
    if (rc == 0 && f->before) rc = quarantine_note_death(&act, f->before, e);
    arena_finish(&a);
    return rc;
}

/* --- start and stop --------------------------------------------------------------------------------------- */

int core_start(struct core *c, struct loop *loop, const struct core_options *o, struct err *e)
{
    *c = (struct core){ .loop = loop };
    struct store_options so = {
        .path = o->database, .secret = o->secret, .keys = o->keys, .fault = o->fault, .fault_arg = o->fault_arg
    };
    if (store_open(loop, &so, &c->store, e)) return -1;
    struct first_things first = { c, o->before };
    if (store_write_now(c->store, first_things, &first, e)) return -1;
    c->dispatcher = (struct dispatcher){
        .loop = loop, .store = c->store, .sandbox = o->sandbox, .dry_run = o->dry_run, .web = o->web
    };
    c->dispatcher.web.sandbox = o->sandbox;
    if (o->kept_bytes) c->dispatcher.kept = kept_create(o->kept_bytes);
    arena_init(&c->lifecycle_arena);
    c->lifecycle_timer.fire = on_lifecycle_timer;
    a2a_hub_start(&c->dispatcher);
    c->dispatcher.desk = desk_serve;
    c->dispatcher.decide_link = desk_decide_link;
    c->dispatcher.sign_order = desk_sign_order;
    c->expiry_timer.fire = on_expiry_timer;
    store_add_commit_hook(c->store, &c->commit_hook, on_commit);
    timer_set(loop, &c->lifecycle_timer, loop_now(loop));
    timer_set(loop, &c->expiry_timer, loop_now(loop) + EXPIRY_INTERVAL);
    struct agent_jobs_options jo = { .world = &c->world, .observer = o->observer, .held = o->no_jobs };
    c->world =
        (struct jobs_world){ .sandbox = o->sandbox, .mail = o->mail, .machine = o->machine, .cassette = o->cassette };
    struct house_options ho = {
        .secret = o->secret, .web = &c->dispatcher.web, .sandbox = o->sandbox, .data_dir = o->data_dir
    };
    if (!o->dry_run) {
        if (house_start(&c->house, loop, c->store, &ho, e)) return -1;
        c->dispatcher.ads = house_doors(c->house);
    }
    if (!o->http) return 0;
    c->jobs = agent_jobs_create(loop, c->store, o->http, &jo);
    c->rerank = rerank_memory_create(loop, o->http);
    c->dispatcher.reranker = rerank_memory_face(c->rerank);
    if (o->openid.issuer.n) c->dispatcher.openid = openid_create(loop, o->http, &o->openid);
    return 0;
}

static void stop_timers(struct core *c)
{
    timer_cancel(c->loop, &c->lifecycle_timer);
    timer_cancel(c->loop, &c->expiry_timer);
    a2a_hub_stop(&c->dispatcher);
    request_signature_finish(&c->dispatcher);
    document_cache_finish(&c->dispatcher.documents);
    kept_destroy(c->dispatcher.kept);
    c->dispatcher.kept = NULL;
}

static void rerank_stopped(void *arg)
{
    struct core *c = arg;
    jobs_stop(c->jobs, c->drained, c->drained_arg);
}

static void house_flushed(void *arg)
{
    struct core *c = arg;
    if (c->jobs) {
        rerank_memory_stop(c->rerank, rerank_stopped, c);
    } else {
        c->drained(c->drained_arg);
    }
}

void core_drain(struct core *c, void (*drained)(void *arg), void *arg)
{
    c->drained = drained;
    c->drained_arg = arg;
    if (c->house) {
        house_flush(c->house, house_flushed, c);
    } else {
        house_flushed(c);
    }
}

void core_stop(struct core *c)
{
    stop_timers(c);
    openid_destroy(c->dispatcher.openid);
    rerank_memory_destroy(c->rerank);
    jobs_destroy(c->jobs);
    store_close(c->store);
    house_destroy(c->house);
    timer_cancel(c->loop, &c->lifecycle_timer); /* a command answered while closing sets it again */
    arena_finish(&c->lifecycle_arena);
}

void core_crash(struct core *c)
{
    stop_timers(c);
    openid_destroy(c->dispatcher.openid);
    rerank_memory_destroy(c->rerank);
    if (c->jobs) jobs_crash(c->jobs);
    house_destroy(c->house);
    store_crash(c->store);
    arena_finish(&c->lifecycle_arena);
}
