#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "net/conn.h"

#define BACKLOG           1024
#define SWEEP_MS_MAX      500
#define SWEEP_MS_MIN      5
#define SWEEP_MS_DRAINING 25
#define CROWD_TOLD_MS     60000

/* --- options ------------------------------------------------------------------------------------------- */

static void set_default(int *value, int otherwise)
{
    ENSURE(*value >= 0);
    if (*value == 0) *value = otherwise;
}

static void set_default_size(size_t *value, size_t otherwise)
{
    if (*value == 0) *value = otherwise;
}

static void fill_options(struct http_server *s, const struct http_server_options *given)
{
    struct http_server_options *o = &s->o;
    *o = *given;
    set_default_size(&o->head_bytes_max, (size_t)32 << 10);
    set_default_size(&o->headers_max, 128);
    set_default_size(&o->body_bytes_max, (size_t)8 << 20);
    set_default_size(&o->connections_max, 10000);
    set_default_size(&o->memory_bytes_max, (size_t)64 << 20);
    set_default_size(&o->gzip_bytes_min, (size_t)8 << 10);
    set_default(&o->head_timeout_ms, 10000);
    set_default(&o->body_idle_timeout_ms, 30000);
    set_default(&o->body_bytes_per_s_min, 1024);
    set_default(&o->keep_alive_timeout_ms, 75000);
    set_default(&o->write_timeout_ms, 30000);
    s->limits = (struct h1_limits){ o->head_bytes_max, o->headers_max, o->body_bytes_max };
    const int timeouts[] = { o->head_timeout_ms, o->body_idle_timeout_ms, o->keep_alive_timeout_ms,
                             o->write_timeout_ms };
    s->sweep_ms = SWEEP_MS_MAX;
    for (size_t i = 0; i < ARRAY_LEN(timeouts); i++) {
        uint64_t fine = (uint64_t)timeouts[i] / 8;
        if (fine < s->sweep_ms) s->sweep_ms = fine;
    }
    if (s->sweep_ms < SWEEP_MS_MIN) s->sweep_ms = SWEEP_MS_MIN;
}

/* --- sweeping ------------------------------------------------------------------------------------------ */

static void on_sweep(uv_timer_t *t)
{
    struct http_server *s = t->data;
    uint64_t now = uv_now(&s->d->uv);
    for (struct list *n = s->conns.next, *next; n != &s->conns; n = next) {
        next = n->next;
        struct conn *c = CONTAINER_OF(n, struct conn, node);
        if (s->draining && now >= s->drain_deadline_ms) {
            bool request = c->state == CONN_HANDLING || (c->state == CONN_READING && c->h1.state != H1_BEFORE);
            s->stats.cut += request;
            conn_close(c, "the time for stopping is over");
        } else {
            conn_sweep(c, now);
        }
    }
}

static void tell_if_stopped(struct http_server *s)
{
    if (!s->draining || s->stats.connections > 0 || s->handles_open > 0) return;
    if (s->stopped) {
        loop_ready(s->d->loop, &s->stopped_ready);
    } else {
        http_server_destroy(s);
    }
}

static void on_server_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    s->handles_open--;
    tell_if_stopped(s);
}

static void close_sweep_if_unused(struct http_server *s)
{
    if (s->stats.connections > 0) return;
    if (!s->draining) {
        (void)uv_timer_stop(&s->sweep); /* cannot fail */
    } else if (!uv_is_closing((uv_handle_t *)&s->sweep)) {
        uv_close((uv_handle_t *)&s->sweep, on_server_handle_closed);
    }
}

void server_conn_gone(struct http_server *s)
{
    ENSURE(s->magic == SERVER_MAGIC && s->stats.connections > 0);
    s->stats.connections--;
    close_sweep_if_unused(s);
    tell_if_stopped(s);
}

const char *server_date(struct http_server *s)
{
    int64_t now_s = loop_now(s->d->loop) / 1000000;
    if (now_s != s->date_s) {
        time_t t = (time_t)now_s;
        struct tm tm;
        ENSURE(gmtime_r(&t, &tm) != NULL);
        ENSURE(strftime(s->date, sizeof(s->date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
        s->date_s = now_s;
    }
    return s->date;
}

/* --- accepting ----------------------------------------------------------------------------------------- */

/* Once a minute is enough to know. */
static void tell_of_crowd(struct http_server *s)
{
    char n[24];
    uint64_t now = uv_now(&s->d->uv);
    if (s->crowd_told_ms && now < s->crowd_told_ms + CROWD_TOLD_MS) return;
    s->crowd_told_ms = now;
    (void)snprintf(n, sizeof(n), "%zu", s->stats.connections); /* fits: 20 digits at most */
    log_event(LOG_WARN, "net", "there are as many connections as may be; the longest idle make room", "connections", n,
              NULL);
}

/* The local socket is for the publisher's own people and has room of its own, whatever goes on in the network. */
static enum conn_room make_room(struct http_server *s, bool local)
{
    size_t max = s->o.connections_max, n = s->stats.connections - s->local_n;
    if (local) return s->local_n < LOCAL_MAX ? CONN_ROOM : CONN_NO_ROOM_TO_ANSWER;
    if (n < max) return CONN_ROOM;
    tell_of_crowd(s);
    if (n > max + max / 8 + 16) return CONN_NO_ROOM_TO_ANSWER; /* those being told or closed count too */
    if (list_empty(&s->idle)) return memory_cut_slowest(s) ? CONN_ROOM : CONN_NO_ROOM;
    conn_close(CONTAINER_OF(s->idle.next, struct conn, idle_node), "makes room for a new connection");
    return CONN_ROOM;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    struct http_server *s = l->server;
    if (status < 0) {
        log_event(LOG_WARN, "net", "cannot accept", "reason", uv_strerror(status), NULL);
        return;
    }
    if (s->draining) return; /* the listener is being closed, and with it what waits there */
    enum conn_room room = make_room(s, l->local);
    if (!uv_is_active((uv_handle_t *)&s->sweep)) {
        ENSURE(uv_timer_start(&s->sweep, on_sweep, s->sweep_ms, s->sweep_ms) == 0);
    }
    conn_accept(s, l, room);
}

static int bind_failed(struct err *e, const char *where, const char *why)
{
    return err_set(e, "SERVICE_UNAVAILABLE", "cannot listen on %s: %s; choose another with --listen HOST:PORT", where,
                   why);
}

static struct listener *listener_add(struct http_server *s)
{
    ENSURE(s->listeners_n < LISTENERS_MAX);
    struct listener *l = &s->listeners[s->listeners_n++];
    l->server = s;
    l->number = -1;
    return l;
}

static int parse_address(struct str host, int port, struct sockaddr_storage *ss, struct err *e)
{
    char text[PEER_TEXT_MAX];
    if (port < 0 || port > 65535) return bind_failed(e, "this port", "ports go from 0 to 65535");
    if (host.n == 0 || str_is(host, "localhost")) host = STR("127.0.0.1");
    if (host.n >= sizeof(text)) return bind_failed(e, "this host", "not a numeric address");
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (uv_ip4_addr(text, port, (struct sockaddr_in *)ss) == 0) return 0;
    if (uv_ip6_addr(text, port, (struct sockaddr_in6 *)ss) == 0) return 0;
    return bind_failed(e, text, "not a numeric IPv4 or IPv6 address");
}

static int listen_tcp(struct http_server *s, const struct http_listen *o, struct err *e)
{
    struct sockaddr_storage ss = { 0 };
    struct listener *l = listener_add(s);
    l->number = (int)s->listeners_n - 1; /* they come first, in the order of the options */
    l->plain = o->plain;
    ENSURE(uv_tcp_init(&s->d->uv, &l->io.tcp) == 0);
    l->io.handle.data = l;
    s->handles_open++;
    int rc;
    if (o->fd > 0) {
        rc = uv_tcp_open(&l->io.tcp, o->fd);
    } else {
        if (parse_address(o->host, o->port, &ss, e)) return -1;
        rc = uv_tcp_bind(&l->io.tcp, (struct sockaddr *)&ss, 0);
    }
    if (rc == 0) rc = uv_listen(&l->io.stream, BACKLOG, on_connection);
    int len = sizeof(ss);
    if (rc == 0) rc = uv_tcp_getsockname(&l->io.tcp, (struct sockaddr *)&ss, &len);
    if (rc) {
        char where[PEER_TEXT_MAX + 16];
        (void)snprintf(where, sizeof(where), STR_FMT ":%d", STR_ARG(o->host), o->port); /* for people; may be cut */
        return bind_failed(e, o->fd > 0 ? "the socket that was passed" : where, uv_strerror(rc));
    }
    l->port = ntohs(ss.ss_family == AF_INET ? ((struct sockaddr_in *)&ss)->sin_port
                                            : ((struct sockaddr_in6 *)&ss)->sin6_port);
    return 0;
}

/* A socket file nobody listens on is left from a crash. One that answers belongs to a running server. */
static bool socket_is_stale(const struct sockaddr_un *un)
{
    struct stat st;
    if (lstat(un->sun_path, &st) || !S_ISSOCK(st.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    bool refused = connect(fd, (const struct sockaddr *)un, sizeof(*un)) && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int listen_unix(struct http_server *s, struct err *e)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    if (s->o.unix_path.n >= sizeof(un.sun_path)) return bind_failed(e, "the local socket", "its path is too long");
    memcpy(un.sun_path, s->o.unix_path.p, s->o.unix_path.n);
    if (socket_is_stale(&un)) (void)unlink(un.sun_path); /* if it stays, the bind below says so */
    struct listener *l = listener_add(s);
    ENSURE(uv_pipe_init(&s->d->uv, &l->io.pipe, 0) == 0);
    l->io.handle.data = l;
    l->local = true;
    s->handles_open++;
    int rc = uv_pipe_bind(&l->io.pipe, un.sun_path);
    /* Nobody can connect before the listen, so the mode is in force before anybody could pass it. */
    if (rc == 0 && chmod(un.sun_path, 0600)) rc = uv_translate_sys_error(errno);
    if (rc == 0) rc = uv_listen(&l->io.stream, BACKLOG, on_connection);
    if (rc) return bind_failed(e, un.sun_path, uv_strerror(rc));
    return 0; /* libuv unlinks the path when the listener is closed */
}

/* --- life ---------------------------------------------------------------------------------------------- */

static void on_stopped(struct ready *r)
{
    struct http_server *s = CONTAINER_OF(r, struct http_server, stopped_ready);
    s->stopped(s->stopped_arg);
}

int http_server_start(struct loop_uv *d, const struct http_server_options *o, http_handler *handler, void *arg,
                      struct http_server **server, struct err *e)
{
    ENSURE(handler != NULL);
    struct http_server *s = calloc(1, sizeof(*s));
    ENSURE(s != NULL);
    s->magic = SERVER_MAGIC;
    s->d = d;
    s->handler = handler;
    s->handler_arg = arg;
    s->date_s = -1;
    list_init(&s->conns);
    list_init(&s->idle);
    list_init(&s->slow[0]);
    list_init(&s->slow[1]);
    list_init(&s->queue);
    list_init(&s->exchanges);
    ready_init(&s->stopped_ready, on_stopped);
    fill_options(s, o);
    ENSURE(uv_timer_init(&d->uv, &s->sweep) == 0);
    s->sweep.data = s;
    s->handles_open = 1;
    int rc = 0;
    if (o->tls_certificate.n || o->tls_key.n) {
        rc = tls_context_create(o->tls_certificate, o->tls_key, &s->tls, e);
    }
    const struct http_listen anywhere = { 0 };
    if (rc == 0 && !o->no_tcp && !o->listens_n) rc = listen_tcp(s, &anywhere, e);
    for (size_t i = 0; rc == 0 && i < o->listens_n; i++) rc = listen_tcp(s, &o->listens[i], e);
    if (rc == 0 && o->unix_path.n) rc = listen_unix(s, e);
    memset(s->o.listens, 0, sizeof(s->o.listens)); /* these texts were borrowed */
    s->o.unix_path = s->o.tls_certificate = s->o.tls_key = STR_NONE;
    if (rc) {
        http_server_stop(s, 0, NULL, NULL);
        return -1;
    }
    *server = s;
    return 0;
}

int http_server_port(const struct http_server *s, size_t listener)
{
    return listener < s->listeners_n ? s->listeners[listener].port : 0;
}

int http_server_use_certificate(struct http_server *s, struct str certificate, struct str key, struct err *e)
{
    struct tls_context *fresh;
    ENSURE(s->tls != NULL);
    if (tls_context_create(certificate, key, &fresh, e)) return -1;
    tls_context_destroy(s->tls); /* what its connections need of it stays with them */
    s->tls = fresh;
    return 0;
}

void http_server_set_limits(struct http_server *s, const struct http_server_limits *limits)
{
    s->o.connections_max = limits->connections_max;
    s->o.body_bytes_max = s->limits.body_bytes_max = limits->body_bytes_max;
    s->o.memory_bytes_max = limits->memory_bytes_max;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    l->server->handles_open--;
    tell_if_stopped(l->server);
}

void http_server_stop(struct http_server *s, int deadline_ms, void (*stopped)(void *arg), void *arg)
{
    ENSURE(s->magic == SERVER_MAGIC && !s->draining && deadline_ms >= 0);
    s->draining = true;
    s->drain_deadline_ms = uv_now(&s->d->uv) + (uint64_t)deadline_ms;
    s->stopped = stopped;
    s->stopped_arg = arg;
    for (size_t i = 0; i < s->listeners_n; i++) uv_close(&s->listeners[i].io.handle, on_listener_closed);
    for (struct list *n = s->conns.next, *next; n != &s->conns; n = next) {
        next = n->next;
        conn_drain(CONTAINER_OF(n, struct conn, node));
    }
    if (s->sweep_ms > SWEEP_MS_DRAINING) s->sweep_ms = SWEEP_MS_DRAINING; /* a stop is waited for */
    if (s->stats.connections) ENSURE(uv_timer_start(&s->sweep, on_sweep, s->sweep_ms, s->sweep_ms) == 0);
    close_sweep_if_unused(s);
}

void http_server_destroy(struct http_server *s)
{
    if (!s) return;
    ENSURE(s->magic == SERVER_MAGIC && s->draining && s->stats.connections == 0 && s->handles_open == 0);
    ready_cancel(&s->stopped_ready);
    exchanges_forget(s);
    tls_context_destroy(s->tls);
    s->magic = 0;
    free(s);
}

struct http_server_stats http_server_stats(const struct http_server *s)
{
    struct http_server_stats stats = s->stats;
    stats.memory_bytes = s->held[0] + s->held[1];
    return stats;
}
