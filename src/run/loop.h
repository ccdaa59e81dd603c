/* The turn. One thread runs everything; I/O completions only record a result and mark something ready, and
 * loop_turn() then runs what is ready in an order written in one place (loop.c):
 *
 *     1. read the clock once      -> loop_now() is constant for the whole turn
 *     2. fire the timers that are due
 *     3. run the ready list until it is empty (bounded; what is left runs next turn), then as much of the patient
 *        list as fits into two milliseconds: requests of strangers, so that a crowd of them cannot fill a turn
 *     4. run the end-of-turn hooks in the order they were added (store: end read transaction, start a write
 *        batch; net: write replies)
 *
 * The loop itself knows no libuv. A driver gives it time, a thread pool and somebody to call loop_turn():
 * loop_uv.h in production, loop_sim.h in tests, where time is virtual and the order of completions is seeded. */
#pragma once

#include "base/arena.h"
#include "base/id.h"
#include "base/list.h"
#include "base/metric.h"

struct loop;

/* Something to run in a turn. Embedded in its owner; on the ready list at most once. */
struct ready {
    struct list node;
    void (*run)(struct ready *r);
    bool patient; /* runs after all that is not, in what is left of a turn's time for such (PATIENT_US) */
};

/* Fires once at or after due_at (wall microseconds). Embedded in its owner. Zero-initialise before first use. */
struct timer {
    int64_t due_at;
    size_t slot; /* 1-based place in the heap; 0: not set */
    void (*fire)(struct timer *t);
};

/* Runs `work` on the thread pool, then `done` inside a later turn. `work` touches only what it was given. */
struct work {
    void (*work)(struct work *w);
    void (*done)(struct work *w);
    bool brief; /* takes microseconds: those of a turn may share a thread's attention, one after another */
    struct ready ready;
    void *driver_data;
};

struct turn_hook {
    struct list node;
    void (*run)(struct turn_hook *h);
};

struct loop_driver {
    int64_t (*now)(struct loop_driver *d);                  /* wall clock, microseconds */
    void (*work)(struct loop_driver *d, struct work *w);    /* queue w->work; afterwards loop_work_finished(w) */
    void (*wake)(struct loop_driver *d);                    /* a turn is wanted as soon as possible */
};

struct loop {
    struct loop_driver *driver;
    struct rng rng;
    int64_t now;
    struct list ready, patient;
    struct list hooks;
    struct timer **heap; /* binary heap by due_at */
    size_t heap_n, heap_cap;
    size_t work_in_flight;
    uint64_t turns;
    struct histogram turn_times;
};

void loop_init(struct loop *l, struct loop_driver *driver, struct rng rng);
void loop_finish(struct loop *l);

/* The time of this turn. */
static inline int64_t loop_now(const struct loop *l)
{
    return l->now;
}

void ready_init(struct ready *r, void (*run)(struct ready *r));
void loop_ready(struct loop *l, struct ready *r); /* idempotent */
void ready_cancel(struct ready *r);

void timer_set(struct loop *l, struct timer *t, int64_t due_at); /* moves it when already set */
void timer_cancel(struct loop *l, struct timer *t);              /* safe when not set */
static inline bool timer_is_set(const struct timer *t)
{
    return t->slot != 0;
}

void loop_work(struct loop *l, struct work *w);
/* For drivers: w->work has returned; called on the loop thread. */
void loop_work_finished(struct loop *l, struct work *w);

void loop_add_hook(struct loop *l, struct turn_hook *h, void (*run)(struct turn_hook *h));

/* Runs one turn. Returns true when ready items are left over for an immediate next turn. */
bool loop_turn(struct loop *l);

/* When the next timer is due; INT64_MAX when none is set. */
int64_t loop_next_due(const struct loop *l);
