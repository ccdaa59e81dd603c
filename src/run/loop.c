#include "run/loop.h"

#include <stdlib.h>

#define READY_PER_TURN_MAX 4096
#define PATIENT_US         2000 /* of a turn, and one of them at least */

void loop_init(struct loop *l, struct loop_driver *driver, struct rng rng)
{
    *l = (struct loop){ .driver = driver, .rng = rng };
    l->turn_times.scale = &histogram_durations;
    list_init(&l->ready);
    list_init(&l->patient);
    list_init(&l->hooks);
    l->now = driver->now(driver);
}

void loop_finish(struct loop *l)
{
    ENSURE(l->work_in_flight == 0);
    free(l->heap);
    l->heap = NULL;
    l->heap_n = l->heap_cap = 0;
}

void ready_init(struct ready *r, void (*run)(struct ready *r))
{
    list_init(&r->node);
    r->run = run;
    r->patient = false;
}

void loop_ready(struct loop *l, struct ready *r)
{
    ENSURE(r->run != NULL);
    if (!list_empty(&r->node)) return;
    list_push_back(r->patient ? &l->patient : &l->ready, &r->node);
    l->driver->wake(l->driver);
}

void ready_cancel(struct ready *r)
{
    if (r->run) list_remove(&r->node);
}

/* --- timers: a binary heap of pointers, each timer knowing its place ------------------------------------ */

static void heap_place(struct loop *l, size_t slot, struct timer *t)
{
    l->heap[slot - 1] = t;
    t->slot = slot;
}

static void heap_up(struct loop *l, struct timer *t)
{
    size_t slot = t->slot;
    while (slot > 1 && l->heap[slot / 2 - 1]->due_at > t->due_at) {
        heap_place(l, slot, l->heap[slot / 2 - 1]);
        slot /= 2;
    }
    heap_place(l, slot, t);
}

static void heap_down(struct loop *l, struct timer *t)
{
    size_t slot = t->slot;
    for (;;) {
        size_t child = slot * 2;
        if (child > l->heap_n) break;
        if (child < l->heap_n && l->heap[child]->due_at < l->heap[child - 1]->due_at) child++;
        if (l->heap[child - 1]->due_at >= t->due_at) break;
        heap_place(l, slot, l->heap[child - 1]);
        slot = child;
    }
    heap_place(l, slot, t);
}

void timer_set(struct loop *l, struct timer *t, int64_t due_at)
{
    ENSURE(t->fire != NULL);
    if (t->slot == 0) {
        if (l->heap_n == l->heap_cap) {
            l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 64;
            l->heap = realloc(l->heap, l->heap_cap * sizeof(*l->heap));
            ENSURE(l->heap != NULL);
        }
        l->heap_n++;
        heap_place(l, l->heap_n, t);
    }
    t->due_at = due_at;
    heap_up(l, t);
    heap_down(l, t);
}

void timer_cancel(struct loop *l, struct timer *t)
{
    if (t->slot == 0) return;
    struct timer *last = l->heap[l->heap_n - 1];
    size_t slot = t->slot;
    l->heap_n--;
    t->slot = 0;
    if (last == t) return;
    heap_place(l, slot, last);
    heap_up(l, last);
    heap_down(l, last);
}

int64_t loop_next_due(const struct loop *l)
{
    return l->heap_n ? l->heap[0]->due_at : INT64_MAX;
}

/* --- work ------------------------------------------------------------------------------------------------ */

static void work_ready(struct ready *r)
{
    struct work *w = CONTAINER_OF(r, struct work, ready);
    w->done(w);
}

void loop_work(struct loop *l, struct work *w)
{
    ENSURE(w->work != NULL && w->done != NULL);
    ready_init(&w->ready, work_ready);
    l->work_in_flight++;
    l->driver->work(l->driver, w);
}

void loop_work_finished(struct loop *l, struct work *w)
{
    ENSURE(l->work_in_flight > 0);
    l->work_in_flight--;
    loop_ready(l, &w->ready);
}

/* --- the turn -------------------------------------------------------------------------------------------- */

void loop_add_hook(struct loop *l, struct turn_hook *h, void (*run)(struct turn_hook *h))
{
    h->run = run;
    list_push_back(&l->hooks, &h->node);
}

static void fire_due_timers(struct loop *l)
{
    /* Only timers due at the start: one that sets itself again for "now" waits for the next turn. */
    for (size_t n = l->heap_n; n > 0 && l->heap_n > 0 && l->heap[0]->due_at <= l->now; n--) {
        struct timer *t = l->heap[0];
        timer_cancel(l, t);
        t->fire(t);
    }
}

static void run_list(struct list *list, int max)
{
    for (int i = 0; i < max && !list_empty(list); i++) {
        struct ready *r = CONTAINER_OF(list_pop_front(list), struct ready, node);
        r->run(r);
    }
}

static void run_patient(struct loop *l)
{
    int64_t from = l->driver->now(l->driver), spent = 0;
    for (int i = 0; i < READY_PER_TURN_MAX && !list_empty(&l->patient) && spent >= 0 && spent < PATIENT_US; i++) {
        run_list(&l->patient, 1);
        run_list(&l->ready, READY_PER_TURN_MAX); /* what came of it */
        spent = l->driver->now(l->driver) - from; /* the wall clock may be set back: then the next turn goes on */
    }
}

bool loop_turn(struct loop *l)
{
    l->now = l->driver->now(l->driver);
    l->turns++;
    fire_due_timers(l);
    run_list(&l->ready, READY_PER_TURN_MAX);
    run_patient(l);
    for (struct list *n = l->hooks.next, *next; n != &l->hooks; n = next) {
        next = n->next;
        struct turn_hook *h = CONTAINER_OF(n, struct turn_hook, node);
        h->run(h);
    }
    int64_t took = l->driver->now(l->driver) - l->now;
    histogram_add(&l->turn_times, took > 0 ? took : 0); /* the wall clock may have been set back */
    return !list_empty(&l->ready) || !list_empty(&l->patient);
}
