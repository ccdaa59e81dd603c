/* Can the store be written, now? Asked by /readyz and by the watchdog. One small row is committed like anything else, so
 * that what is felt is what a buyer's write would feel; however many ask, it is written once a second at most.
 *
 *     ask --fresh answer there--> at once
 *      |
 *      +--> the write, queued with the others --committed--> PULSE_OK for all who wait
 *                                             \--failed----> PULSE_FAILED
 *           a second without either ----------------------> PULSE_SLOW (the write is still on its way) */
#pragma once

#include "run/loop.h"
#include "store/store.h"

#define PULSE_PATIENCE_US INT64_C(1000000)
#define PULSE_FRESH_US    INT64_C(1000000)

enum pulse_result { PULSE_OK, PULSE_SLOW, PULSE_FAILED };

struct pulse_waiter {
    struct list node;
    void (*done)(struct pulse_waiter *w, enum pulse_result result);
};

struct pulse {
    struct loop *loop;
    struct store *store;
    struct write_cmd cmd;
    bool writing;
    uint64_t writes; /* committed so far */
    int64_t begun_at, answered_at; /* answered_at TIME_NONE: never */
    int64_t took_us; /* the last write that was answered */
    enum pulse_result last;
    struct list waiters;
    struct timer patience;
};

void pulse_start(struct pulse *p, struct loop *loop, struct store *store);
/* Before the loop ends: answers those who wait. A write under way is answered by the store. */
void pulse_stop(struct pulse *p);

/* `done` runs once: in this call when the answer is there, else in a later turn. */
void pulse_ask(struct pulse *p, struct pulse_waiter *w);
/* The client has gone: nothing more is said. Safe at any time after pulse_ask. */
void pulse_forget(struct pulse_waiter *w);
