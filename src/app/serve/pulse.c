#include "app/serve/pulse.h"

#include "base/log.h"
#include "base/rfc3339.h"
#include "store/q/agent/q_pulse.h"

static void answer(struct pulse *p, enum pulse_result result)
{
    struct list waiters, *n;
    list_init(&waiters);
    list_splice(&waiters, &p->waiters);
    timer_cancel(p->loop, &p->patience);
    if (p->last == PULSE_OK && result == PULSE_SLOW)
        log_event(LOG_ERROR, "store", "a write was not on the disk within a second", NULL);
    if (p->last != PULSE_FAILED && result == PULSE_FAILED) log_event(LOG_ERROR, "store", "cannot be written", NULL);
    if (p->last != PULSE_OK && result == PULSE_OK) log_event(LOG_INFO, "store", "can be written again", NULL);
    p->last = result;
    p->answered_at = loop_now(p->loop);
    while ((n = list_pop_front(&waiters)) != NULL) {
        struct pulse_waiter *w = CONTAINER_OF(n, struct pulse_waiter, node);
        w->done(w, result);
    }
}

static int write_row(struct tx *tx, struct write_cmd *c)
{
    struct pulse *p = CONTAINER_OF(c, struct pulse, cmd);
    struct err e; /* logged by the store; the answer says that it failed */
    return q_pulse_write(tx, loop_now(p->loop), &e);
}

static void written(struct write_cmd *c, enum write_result result)
{
    struct pulse *p = CONTAINER_OF(c, struct pulse, cmd);
    p->writing = false;
    if (result == WRITE_COMMITTED) p->writes++;
    p->took_us = loop_now(p->loop) - p->begun_at;
    answer(p, result == WRITE_COMMITTED ? PULSE_OK : PULSE_FAILED);
}

static void out_of_patience(struct timer *t)
{
    answer(CONTAINER_OF(t, struct pulse, patience), PULSE_SLOW);
}

void pulse_start(struct pulse *p, struct loop *loop, struct store *store)
{
    *p = (struct pulse){ .loop = loop, .store = store, .answered_at = TIME_NONE };
    p->patience.fire = out_of_patience;
    list_init(&p->waiters);
}

void pulse_stop(struct pulse *p)
{
    answer(p, p->last);
}

static bool is_fresh(const struct pulse *p)
{
    int64_t age = p->answered_at == TIME_NONE ? -1 : loop_now(p->loop) - p->answered_at;
    return age >= 0 && age < PULSE_FRESH_US;
}

void pulse_ask(struct pulse *p, struct pulse_waiter *w)
{
    struct err e;
    list_init(&w->node);
    if (is_fresh(p)) {
        w->done(w, p->last);
        return;
    }
    if (!p->writing) {
        p->cmd = (struct write_cmd){ .run = write_row, .done = written };
        p->begun_at = loop_now(p->loop);
        p->writing = store_write(p->store, &p->cmd, &e) == 0;
    }
    list_push_back(&p->waiters, &w->node);
    if (!p->writing) answer(p, PULSE_FAILED); /* the store's queue is full */
    else if (!timer_is_set(&p->patience)) timer_set(p->loop, &p->patience, loop_now(p->loop) + PULSE_PATIENCE_US);
}

void pulse_forget(struct pulse_waiter *w)
{
    list_remove(&w->node);
}
