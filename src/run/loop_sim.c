#include "run/loop_sim.h"

#include <stdlib.h>

struct sim_work {
    struct list node;
    struct work *work;
    int64_t due_at;
};

static int64_t sim_now(struct loop_driver *driver)
{
    return CONTAINER_OF(driver, struct loop_sim, driver)->now;
}

static void sim_wake(struct loop_driver *driver)
{
    CONTAINER_OF(driver, struct loop_sim, driver)->wanted = true;
}

static void sim_work(struct loop_driver *driver, struct work *w)
{
    struct loop_sim *d = CONTAINER_OF(driver, struct loop_sim, driver);
    struct sim_work *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    int64_t delay = d->work_delay_us_max ? (int64_t)(rng_u64(&d->rng) % (uint64_t)d->work_delay_us_max) : 0;
    s->work = w;
    s->due_at = d->now + delay;
    list_push_back(&d->works, &s->node);
}

void loop_sim_init(struct loop_sim *d, struct loop *l, int64_t now, uint64_t seed)
{
    *d = (struct loop_sim){ .driver = { sim_now, sim_work, sim_wake }, .loop = l, .now = now };
    list_init(&d->works);
    rng_init_seeded(&d->rng, seed);
    struct rng ids;
    rng_init_seeded(&ids, seed ^ UINT64_C(0xA5A5A5A5));
    loop_init(l, &d->driver, ids);
}

void loop_sim_finish(struct loop_sim *d)
{
    struct list *n;
    while ((n = list_pop_front(&d->works)) != NULL) {
        free(CONTAINER_OF(n, struct sim_work, node));
        d->loop->work_in_flight--;
    }
    loop_finish(d->loop);
}

static struct sim_work *earliest_work(struct loop_sim *d)
{
    struct sim_work *best = NULL;
    for (struct list *n = d->works.next; n != &d->works; n = n->next) {
        struct sim_work *s = CONTAINER_OF(n, struct sim_work, node);
        if (!best || s->due_at < best->due_at) best = s;
    }
    return best;
}

static void complete(struct loop_sim *d, struct sim_work *s)
{
    if (s->due_at > d->now) d->now = s->due_at;
    list_remove(&s->node);
    s->work->work(s->work);
    loop_work_finished(d->loop, s->work);
    free(s);
}

void loop_sim_turns(struct loop_sim *d)
{
    do {
        d->wanted = false;
    } while (loop_turn(d->loop) || d->wanted);
}

void loop_sim_settle(struct loop_sim *d)
{
    loop_sim_turns(d);
    for (struct sim_work *s; (s = earliest_work(d)) != NULL;) {
        complete(d, s);
        loop_sim_turns(d);
    }
}

bool loop_sim_next(struct loop_sim *d, int64_t until)
{
    struct sim_work *s = earliest_work(d);
    int64_t timer_at = loop_next_due(d->loop);
    int64_t work_at = s ? s->due_at : INT64_MAX;
    if (timer_at > until && work_at > until) return false;
    if (s && work_at <= timer_at) {
        complete(d, s);
    } else if (timer_at > d->now) {
        d->now = timer_at;
    }
    return true;
}

void loop_sim_run_until(struct loop_sim *d, int64_t until)
{
    ENSURE(until >= d->now);
    do {
        loop_sim_turns(d);
    } while (loop_sim_next(d, until));
    d->now = until;
    loop_sim_turns(d);
}
