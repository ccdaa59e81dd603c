/* The production driver: libuv calls loop_turn() before every poll, arms one timer for the earliest of ours and
 * runs work on its thread pool. Only run/ and net/ may use `uv`. */
#pragma once

#include <uv.h>

#include "run/loop.h"

struct loop_uv {
    struct loop_driver driver;
    struct loop *loop;
    struct work **brief; /* of this turn, not handed to the pool yet */
    size_t brief_n, brief_cap;
    int64_t clock_offset; /* added to the real clock; sandbox only, 0 otherwise */
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_idle_t idle; /* active only while a turn is wanted at once */
    uv_signal_t sigterm, sigint, sighup;
    void (*on_stop)(void *arg);
    void *on_stop_arg;
    void (*on_hangup)(void *arg);
    void *on_hangup_arg;
};

/* Initialises `d` and `l` together. Aborts only when the system has no resources for an event loop. */
void loop_uv_init(struct loop_uv *d, struct loop *l, struct rng rng);

/* Sets the clock to `now`, from where it runs on; also the time of the turn, before the first one. */
void loop_uv_set_clock(struct loop_uv *d, int64_t now);

/* SIGTERM and SIGINT call `on_stop(arg)` on the loop thread, once each time. SIGPIPE and SIGXFSZ are
 * ignored: what they tell is an error of the write. */
void loop_uv_on_stop(struct loop_uv *d, void (*on_stop)(void *arg), void *arg);

/* The same for SIGHUP. */
void loop_uv_on_hangup(struct loop_uv *d, void (*on_hangup)(void *arg), void *arg);

void loop_uv_run(struct loop_uv *d);  /* until loop_uv_stop and nothing is active */
void loop_uv_turn(struct loop_uv *d); /* one more iteration after that */
void loop_uv_stop(struct loop_uv *d); /* makes loop_uv_run return after the current iteration */
void loop_uv_finish(struct loop_uv *d);
