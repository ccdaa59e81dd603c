#include "app/serve/service.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "app/serve/server.h"
#include "base/log.h"
#include "store/q/agent/q_watch.h"

#define STATUS_INTERVAL  (INT64_C(30) * USEC_PER_SEC) /* without a watchdog */
#define FEEDS_A_WATCHDOG 4                            /* so that two lost ones do not matter */

/* --- the socket -------------------------------------------------------------------------------------------- */

/* A datagram that is not taken at once is lost: the service manager is asked for nothing, and nobody waits for it. */
static void tell(const struct service *v, const char *text)
{
    if (v->fd >= 0) (void)send(v->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A path, or '@' and the name of an abstract socket. -1 with errno. */
static int open_socket(const char *name)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = strlen(name);
    if (n < 2 || n >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@')) {
        errno = EINVAL;
        return -1;
    }
    memcpy(to.sun_path, name, n);
    if (name[0] == '@') to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0) return fd;
    int why = errno;
    (void)close(fd); /* nothing was sent */
    errno = why;
    return -1;
}

/* A decimal number of at most 15 digits, or -1. */
static int64_t number(const char *text)
{
    int64_t v = 0;
    if (!text || !*text || strlen(text) > 15) return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return -1;
        v = v * 10 + (*text - '0');
    }
    return v;
}

/* --- what it is told ---------------------------------------------------------------------------------------- */

static void tell_status(struct service *v, const char *before)
{
    struct server *s = v->server;
    struct http_server_stats http = http_server_stats(s->http);
    struct watch_counts c;
    struct arena a;
    struct err e;
    arena_init(&a);
    const char *store = s->pulse.last == PULSE_OK ? "" : "; THE STORE CANNOT BE WRITTEN";
    if (q_watch_counts(store_read(s->core.store), loop_now(&s->loop), &c, &e)) {
        tell(v, arena_printf(&a, "%sSTATUS=The store cannot be read", before).p);
    } else {
        tell(v, arena_printf(&a,
                             "%sSTATUS=Serving %lld publisher%s; %lld connections, %lld requests; %lld jobs wait, "
                             "%lld are dead%s",
                             before, (long long)c.publishers, c.publishers == 1 ? "" : "s", (long long)http.connections,
                             (long long)http.in_flight, (long long)c.jobs_ready, (long long)c.jobs_dead, store)
                    .p);
    }
    arena_finish(&a);
}

static void feed(struct service *v)
{
    if (v->server->pulse.writes == v->writes_reported) return;
    v->writes_reported = v->server->pulse.writes;
    tell_status(v, "WATCHDOG=1\n");
}

static void on_pulse(struct pulse_waiter *w, enum pulse_result result)
{
    struct service *v = CONTAINER_OF(w, struct service, asked);
    v->asking = false;
    feed(v);
    if (result != PULSE_OK) tell_status(v, "");
}

/* A write that took longer than the pulse's patience counts at the next round. */
static void on_timer(struct timer *t)
{
    struct service *v = CONTAINER_OF(t, struct service, timer);
    struct loop *loop = &v->server->loop;
    timer_set(loop, t, loop_now(loop) + (v->watchdog_us ? v->watchdog_us / FEEDS_A_WATCHDOG : STATUS_INTERVAL));
    if (!v->watchdog_us) {
        tell_status(v, "");
        return;
    }
    feed(v);
    if (v->asking) return;
    v->asking = true;
    pulse_ask(&v->server->pulse, &v->asked);
}

/* --- the interface ----------------------------------------------------------------------------------------- */

void service_start(struct service *v, struct server *s)
{
    const char *name = getenv("NOTIFY_SOCKET"), *pid = getenv("WATCHDOG_PID");
    *v = (struct service){ .server = s, .fd = -1 };
    v->timer.fire = on_timer;
    v->asked.done = on_pulse;
    if (!name) return;
    v->fd = open_socket(name);
    if (v->fd < 0) {
        log_event(LOG_WARN, "serve", "the service manager cannot be reached", "socket", name, "why", strerror(errno),
                  NULL);
        return;
    }
    int64_t us = number(getenv("WATCHDOG_USEC"));
    if (us > 0 && (!pid || number(pid) == (int64_t)getpid())) v->watchdog_us = us;
}

void service_ready(struct service *v)
{
    if (v->fd < 0) return;
    tell_status(v, "READY=1\n");
    timer_set(&v->server->loop, &v->timer, loop_now(&v->server->loop));
}

void service_reloading(struct service *v)
{
    struct timespec ts;
    struct arena a;
    if (v->fd < 0 || clock_gettime(CLOCK_MONOTONIC, &ts)) return;
    arena_init(&a);
    tell(v, arena_printf(&a, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the settings again",
                         (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000)
                .p);
    arena_finish(&a);
}

void service_reloaded(struct service *v)
{
    if (v->fd >= 0) tell_status(v, "READY=1\n");
}

void service_stopping(struct service *v, int64_t requests)
{
    struct arena a;
    arena_init(&a);
    tell(v, arena_printf(&a, "STOPPING=1\nSTATUS=Stopping; %lld requests are being answered", (long long)requests).p);
    arena_finish(&a);
}

void service_finish(struct service *v)
{
    timer_cancel(&v->server->loop, &v->timer);
    if (v->asking) pulse_forget(&v->asked);
    if (v->fd >= 0) (void)close(v->fd); /* datagrams need no goodbye */
    v->fd = -1;
}
