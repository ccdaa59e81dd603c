#include "app/core.h"

#include "base/rfc3339.h"
#include "store/q_idempotency.h"

#define EXPIRY_INTERVAL (INT64_C(3600) * USEC_PER_SEC)
#define EXPIRY_BATCH    500

/* --- idempotency records ---------------------------------------------------------------------------------- */

static int expiry_run(struct tx *tx, struct write_cmd *cmd)
{
    struct core *c = CONTAINER_OF(cmd, struct core, expiry_cmd);
    struct err e;
    return q_idempotency_expire(tx, loop_now(c->loop), EXPIRY_BATCH, &e) < 0 ? -1 : 0;
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

/* --- start and stop --------------------------------------------------------------------------------------- */

int core_start(struct core *c, struct loop *loop, const struct core_options *o, struct err *e)
{
    *c = (struct core){ .loop = loop };
    struct store_options so = { .path = o->database, .fault = o->fault, .fault_arg = o->fault_arg };
    if (store_open(loop, &so, &c->store, e)) return -1;
    c->dispatcher = (struct dispatcher){ .loop = loop, .store = c->store, .sandbox = o->sandbox, .web = o->web };
    c->dispatcher.web.sandbox = o->sandbox;
    c->expiry_timer.fire = on_expiry_timer;
    timer_set(loop, &c->expiry_timer, loop_now(loop) + EXPIRY_INTERVAL);
    return 0;
}

static void stop_timers(struct core *c)
{
    timer_cancel(c->loop, &c->expiry_timer);
}

void core_stop(struct core *c)
{
    stop_timers(c);
    store_close(c->store);
}

void core_crash(struct core *c)
{
    stop_timers(c);
    store_crash(c->store);
}
