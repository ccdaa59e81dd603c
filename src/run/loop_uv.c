#include "run/loop_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* Wall clocks jump; looking again at least this often keeps a jump from delaying timers for long. */
#define POLL_MS_MAX 30000

static int64_t uv_driver_now(struct loop_driver *driver)
{
    struct timespec ts;
    ENSURE(clock_gettime(CLOCK_REALTIME, &ts) == 0);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 +
           CONTAINER_OF(driver, struct loop_uv, driver)->clock_offset;
}

static void on_idle(uv_idle_t *idle)
{
}

static void uv_driver_wake(struct loop_driver *driver)
{
    struct loop_uv *d = CONTAINER_OF(driver, struct loop_uv, driver);
    if (uv_is_closing((uv_handle_t *)&d->idle)) return; /* there is no next turn; started now, it would never end */
    if (!uv_is_active((uv_handle_t *)&d->idle)) ENSURE(uv_idle_start(&d->idle, on_idle) == 0);
}

/* Waking a thread costs as much as a signature, so brief works go there in dozens. */
#define BRIEF_TOGETHER 16

struct uv_job {
    uv_work_t req;
    struct loop *loop;
    size_t n;
    struct work *works[BRIEF_TOGETHER];
};

static void on_work(uv_work_t *req)
{
    struct uv_job *j = CONTAINER_OF(req, struct uv_job, req);
    for (size_t i = 0; i < j->n; i++) j->works[i]->work(j->works[i]);
}

static void on_work_done(uv_work_t *req, int status)
{
    struct uv_job *j = CONTAINER_OF(req, struct uv_job, req);
    for (size_t i = 0; i < j->n; i++) loop_work_finished(j->loop, j->works[i]);
    free(j);
}

static void queue_works(struct loop_uv *d, struct work *const *works, size_t n)
{
    struct uv_job *j = calloc(1, sizeof(*j));
    ENSURE(j != NULL && n > 0 && n <= BRIEF_TOGETHER);
    memcpy(j->works, works, n * sizeof(*works));
    j->n = n;
    j->loop = d->loop;
    ENSURE(uv_queue_work(&d->uv, &j->req, on_work, on_work_done) == 0);
}

static void uv_driver_work(struct loop_driver *driver, struct work *w)
{
    struct loop_uv *d = CONTAINER_OF(driver, struct loop_uv, driver);
    if (!w->brief) {
        queue_works(d, &w, 1);
        return;
    }
    if (d->brief_n == d->brief_cap) {
        d->brief_cap = d->brief_cap ? 2 * d->brief_cap : 64;
        d->brief = realloc(d->brief, d->brief_cap * sizeof(struct work *));
        ENSURE(d->brief != NULL);
    }
    d->brief[d->brief_n++] = w;
}

/* Before the loop waits, whoever asked: a turn, or a callback since the last one. */
static void queue_brief_works(struct loop_uv *d)
{
    for (size_t at = 0; at < d->brief_n; at += BRIEF_TOGETHER) {
        size_t left = d->brief_n - at;
        queue_works(d, d->brief + at, left < BRIEF_TOGETHER ? left : BRIEF_TOGETHER);
    }
    d->brief_n = 0;
}

static void on_timer(uv_timer_t *t)
{
    /* Waking up is all: the turn in the prepare phase looks at the clock itself. */
}

static void arm_timer(struct loop_uv *d)
{
    int64_t due = loop_next_due(d->loop);
    int64_t wait_us = due == INT64_MAX ? INT64_MAX : due - uv_driver_now(&d->driver);
    uint64_t ms = wait_us <= 0 ? 0 : wait_us / 1000 >= POLL_MS_MAX ? POLL_MS_MAX : (uint64_t)(wait_us / 1000 + 1);
    uv_update_time(&d->uv);
    ENSURE(uv_timer_start(&d->timer, on_timer, ms, 0) == 0);
}

static void on_prepare(uv_prepare_t *p)
{
    struct loop_uv *d = CONTAINER_OF(p, struct loop_uv, prepare);
    (void)uv_idle_stop(&d->idle); /* cannot fail */
    if (loop_turn(d->loop)) uv_driver_wake(&d->driver);
    queue_brief_works(d);
    arm_timer(d);
}

void loop_uv_init(struct loop_uv *d, struct loop *l, struct rng rng)
{
    *d = (struct loop_uv){ .driver = { uv_driver_now, uv_driver_work, uv_driver_wake }, .loop = l };
    ENSURE(uv_loop_init(&d->uv) == 0);
    ENSURE(uv_prepare_init(&d->uv, &d->prepare) == 0 && uv_timer_init(&d->uv, &d->timer) == 0);
    ENSURE(uv_idle_init(&d->uv, &d->idle) == 0);
    ENSURE(uv_signal_init(&d->uv, &d->sigterm) == 0 && uv_signal_init(&d->uv, &d->sigint) == 0 &&
           uv_signal_init(&d->uv, &d->sighup) == 0);
    ENSURE(uv_prepare_start(&d->prepare, on_prepare) == 0);
    (void)signal(SIGPIPE, SIG_IGN); /* a peer that closes early is an ordinary write error */
    (void)signal(SIGXFSZ, SIG_IGN); /* and a file that may not grow is a full disk */
    loop_init(l, &d->driver, rng);
}

void loop_uv_set_clock(struct loop_uv *d, int64_t now)
{
    d->clock_offset += now - uv_driver_now(&d->driver);
    d->loop->now = now;
}

static void on_signal(uv_signal_t *s, int signum)
{
    struct loop_uv *d = s->data;
    if (signum == SIGHUP) d->on_hangup(d->on_hangup_arg);
    else if (d->on_stop) d->on_stop(d->on_stop_arg);
}

void loop_uv_on_stop(struct loop_uv *d, void (*on_stop)(void *arg), void *arg)
{
    d->on_stop = on_stop;
    d->on_stop_arg = arg;
    d->sigterm.data = d->sigint.data = d;
    ENSURE(uv_signal_start(&d->sigterm, on_signal, SIGTERM) == 0);
    ENSURE(uv_signal_start(&d->sigint, on_signal, SIGINT) == 0);
}

void loop_uv_on_hangup(struct loop_uv *d, void (*on_hangup)(void *arg), void *arg)
{
    d->on_hangup = on_hangup;
    d->on_hangup_arg = arg;
    d->sighup.data = d;
    ENSURE(uv_signal_start(&d->sighup, on_signal, SIGHUP) == 0);
}

void loop_uv_run(struct loop_uv *d)
{
    (void)uv_run(&d->uv, UV_RUN_DEFAULT); /* non-zero only says that handles are still open */
}

void loop_uv_stop(struct loop_uv *d)
{
    uv_stop(&d->uv);
}

void loop_uv_turn(struct loop_uv *d)
{
    (void)uv_run(&d->uv, UV_RUN_ONCE); /* as above */
}

void loop_uv_finish(struct loop_uv *d)
{
    queue_brief_works(d);
    uv_close((uv_handle_t *)&d->prepare, NULL);
    uv_close((uv_handle_t *)&d->timer, NULL);
    uv_close((uv_handle_t *)&d->idle, NULL);
    uv_close((uv_handle_t *)&d->sigterm, NULL);
    uv_close((uv_handle_t *)&d->sigint, NULL);
    uv_close((uv_handle_t *)&d->sighup, NULL);
    (void)uv_run(&d->uv, UV_RUN_DEFAULT); /* delivers the close callbacks */
    ENSURE(uv_loop_close(&d->uv) == 0);
    ENSURE(d->brief_n == 0);
    free(d->brief);
    loop_finish(d->loop);
}
