#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 3000

static void on_closed(struct http_exchange *ex)
{
    struct harness *h = ex->owner;
    h->closed++;
    if (ex->state == HTTP_STREAMING) http_exchange_end(ex);
}

static void on_request(void *arg, struct http_exchange *ex)
{
    struct harness *h = arg;
    h->requests++;
    buf_addf(&h->log, STR_FMT " " STR_FMT " " STR_FMT " %zu\n", STR_ARG(ex->method), STR_ARG(ex->path),
             STR_ARG(ex->query), ex->body.n);
    ex->owner = h;
    ex->closed = on_closed;
    if (ex->local) h->local_uid = ex->peer_uid;
    if (str_is(ex->path, "/hold")) {
        h->held = ex;
    } else if (str_is(ex->path, "/stream")) {
        h->held = ex;
        assert_int_equal(http_rep_header(ex, "Content-Type", STR("text/event-stream")), 0);
        http_exchange_begin_stream(ex);
        http_exchange_write(ex, STR("data: 1\n\n"));
    } else if (str_is(ex->path, "/big")) {
        size_t holds = http_server_stats(h->server).memory_bytes;
        if (holds > h->memory_most) h->memory_most = holds;
        char *p = arena_alloc(&ex->arena, h->big_bytes);
        memset(p, 'x', h->big_bytes);
        http_exchange_reply_with(ex, 200, "text/plain", (struct str){ p, h->big_bytes });
    } else if (str_is(ex->path, "/peer")) {
        http_exchange_reply_with(ex, 200, "text/plain", ex->peer);
    } else {
        http_exchange_reply_with(ex, 200, "text/plain", ex->body.n ? ex->body : STR("hello"));
    }
}

void harness_start(struct harness *h, struct http_server_options o)
{
    struct rng rng;
    struct err e;
    *h = (struct harness){ .local_uid = (uid_t)-1 };
    rng_init_seeded(&rng, 1);
    loop_uv_init(&h->d, &h->loop, rng);
    buf_init(&h->log, 1 << 20);
    if (http_server_start(&h->d, &o, on_request, h, &h->server, &e)) fail_msg("%s", e.message);
}

static void on_stopped(void *arg)
{
    struct harness *h = arg;
    h->stopped = true;
    http_server_destroy(h->server);
}

void harness_finish(struct harness *h)
{
    http_server_stop(h->server, 0, on_stopped, h);
    for (int i = 0; i < 300 && !h->stopped; i++) harness_pump(h, 10);
    assert_true(h->stopped);
    if (h->held) {
        if (h->held->state == HTTP_STREAMING) {
            http_exchange_end(h->held);
        } else {
            http_exchange_reply(h->held);
        }
        harness_pump(h, 5);
    }
    loop_uv_finish(&h->d);
    buf_finish(&h->log);
}

static void on_pump_over(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

void harness_pump(struct harness *h, int ms)
{
    bool over = false;
    uv_timer_t t;
    assert_int_equal(uv_timer_init(&h->d.uv, &t), 0);
    t.data = &over;
    uv_update_time(&h->d.uv);
    assert_int_equal(uv_timer_start(&t, on_pump_over, (uint64_t)ms, 0), 0);
    while (!over) uv_run(&h->d.uv, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&t, NULL);
    uv_run(&h->d.uv, UV_RUN_NOWAIT);
}

int client_connect(struct harness *h)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(h->server, 0)) };
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

void client_send(struct harness *h, int fd, struct str bytes)
{
    for (int waits = 0; bytes.n && waits < 1000;) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0) {
            bytes = str_skip(bytes, (size_t)n);
        } else if (errno == EAGAIN) {
            harness_pump(h, 1);
            waits++;
        } else {
            return; /* the server closed: what it said is read next */
        }
    }
}

enum client_end client_read(struct harness *h, int fd, struct buf *in, const char *want)
{
    char chunk[65536];
    uint64_t until = uv_hrtime() / 1000000 + WAIT_MS;
    while (uv_hrtime() / 1000000 < until) {
        if (want && in->n && strstr(in->p, want)) return CLIENT_FOUND;
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n == 0) return CLIENT_EOF;
        if (n > 0) {
            buf_add(in, (struct str){ chunk, (size_t)n });
        } else if (errno == EAGAIN) {
            harness_pump(h, 1);
        } else {
            return CLIENT_RESET;
        }
    }
    return CLIENT_TIMEOUT;
}

enum client_end client_once(struct harness *h, const char *bytes, struct buf *in)
{
    int fd = client_connect(h);
    buf_init(in, 64 << 20);
    client_send(h, fd, str_from(bytes));
    enum client_end end = client_read(h, fd, in, NULL);
    close(fd);
    return end;
}

size_t count_of(struct str haystack, const char *needle)
{
    size_t count = 0, n = strlen(needle);
    for (size_t i = 0; i + n <= haystack.n; i++) count += memcmp(haystack.p + i, needle, n) == 0;
    return count;
}
