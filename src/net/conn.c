#include "net/conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "net/gzip.h"

#define AHEAD_MAX        READ_BYTES         /* read beyond the request in flight before reading pauses */
#define OUT_MAX          ((size_t)64 << 20) /* head, small bodies, one round of a stream */
#define COPY_REPLY_MAX   ((size_t)4 << 10)  /* bodies up to this leave in one piece with their head */
#define LINGER_MS        2000
#define DRAIN_IDLE_MS    250 /* longer than a request is on its way */
#define DRAIN_HALF_MS    2000
#define TLS_RECORD_BYTES 16384
#define LINGER_BYTES_MAX ((size_t)16 << 20)

struct conn_exchange {
    struct http_exchange ex;
    struct conn *conn; /* NULL once the connection is gone */
    struct loop *loop;
    struct ready ready;
    struct buf body;
    struct http_server *server; /* NULL once it is gone, which an exchange may survive */
    struct list node;           /* among the server's */
    struct share share;
    struct str tail; /* the part of a large reply that has not left */
    bool is_head, is_http10;
    bool begun; /* the reply's head is in conn->out */
    bool streaming, chunked;
    bool varies, packed; /* could be compressed for some client; is for this one */
    bool ended;          /* nothing will be added to the reply */
    bool closed_told;
    bool shrunk;
    bool late; /* given back, and not to leave before the connection's deadline */
    bool dying; /* counted in dying_n */
};

struct conn_write {
    uv_write_t req;
    struct conn *conn; /* NULL once the connection is closed */
    struct buf bytes;
};

static void conn_flush(struct conn *c);
static void parse_ahead(struct conn *c);
static void start_reading(struct conn *c);

static uint64_t now_ms(const struct conn *c)
{
    return uv_now(&c->server->d->uv);
}

static void set_deadline(struct conn *c, int after_ms)
{
    c->deadline_ms = now_ms(c) + (uint64_t)after_ms;
}

/* --- exchanges that came over a connection ------------------------------------------------------------- */

/* What waits for memory may go on, one request at a time. */
static void wake_next(struct http_server *s)
{
    struct list *n = s->queue.next;
    if (n != &s->queue) loop_ready(s->d->loop, &CONTAINER_OF(n, struct conn, queue_node)->ready);
}

static void exchange_count(struct conn_exchange *cx)
{
    if (cx->server) memory_count(cx->server, &cx->share, cx->body.cap + cx->ex.arena.used_bytes + cx->ex.shared_bytes);
}

static void conn_count(struct conn *c)
{
    size_t out = c->out.cap + c->wire.cap + (c->writing ? c->writing->bytes.cap : 0);
    memory_count(c->server, &c->share, c->h1.head.cap + c->h1.body.cap + c->ahead.cap + out);
}

size_t conn_holds(const struct conn *c)
{
    return c->share.bytes + (c->cx ? c->cx->share.bytes : 0);
}

/* Of a reply that waits for its client, nothing is kept but what has not left. */
static void exchange_shrink(struct conn_exchange *cx)
{
    struct arena rest;
    if (!cx->ended || cx->shrunk) return;
    cx->shrunk = true;
    arena_init(&rest);
    if (!cx->ex.shared) cx->tail = arena_dup(&rest, cx->tail);
    arena_finish(&cx->ex.arena);
    cx->ex.arena = rest;
    cx->ex.body = cx->ex.reply = STR_NONE;
    buf_finish(&cx->body);
    exchange_count(cx);
}

void exchanges_forget(struct http_server *s)
{
    for (struct list *n; (n = list_pop_front(&s->exchanges));)
        CONTAINER_OF(n, struct conn_exchange, node)->server = NULL;
}

static void exchange_free(struct conn_exchange *cx)
{
    struct http_server *s = cx->server;
    ready_cancel(&cx->ready);
    list_remove(&cx->node);
    if (s) {
        memory_count(s, &cx->share, 0);
        s->exchanges_n--;
        s->dying_n -= cx->dying;
        wake_next(s);
    }
    if (cx->conn) {
        cx->conn->cx = NULL;
        cx->conn->server->stats.in_flight--;
    }
    buf_finish(&cx->body);
    http_exchange_finish(&cx->ex);
    free(cx);
}

static bool reply_has_body(const struct conn_exchange *cx)
{
    return !cx->is_head && cx->ex.status != 204 && cx->ex.status != 304;
}

static bool reply_keeps_alive(const struct conn *c, const struct conn_exchange *cx)
{
    return c->h1.keep_alive && !c->server->draining && !c->eof && !(cx->streaming && cx->is_http10);
}

static void add_length(struct buf *b, size_t n)
{
    char text[24];
    size_t i = sizeof(text);
    do text[--i] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    buf_add(b, STR("Content-Length: "));
    buf_add(b, (struct str){ text + i, sizeof(text) - i });
    buf_add(b, STR("\r\n"));
}

static void write_head(struct conn *c, struct conn_exchange *cx)
{
    struct http_exchange *ex = &cx->ex;
    if (ex->status == 200) buf_add(&c->out, STR("HTTP/1.1 200 OK\r\nDate: "));
    else buf_addf(&c->out, "HTTP/1.1 %d %s\r\nDate: ", ex->status, http_status_text(ex->status));
    buf_add(&c->out, str_from(server_date(c->server)));
    buf_add(&c->out, STR("\r\n"));
    for (size_t i = 0; i < ex->reply_headers_n; i++) {
        buf_add(&c->out, ex->reply_headers[i].name);
        buf_add(&c->out, STR(": "));
        buf_add(&c->out, ex->reply_headers[i].value);
        buf_add(&c->out, STR("\r\n"));
    }
    buf_add(&c->out, STR("X-Content-Type-Options: nosniff\r\n"));
    if (cx->packed) buf_add(&c->out, STR("Content-Encoding: gzip\r\n"));
    if (cx->varies) buf_add(&c->out, STR("Vary: Accept-Encoding\r\n"));
    if (cx->chunked) {
        buf_add(&c->out, STR("Transfer-Encoding: chunked\r\n"));
    } else if (!cx->streaming && ex->status != 204 && ex->status != 304) {
        add_length(&c->out, ex->lead.n + ex->reply.n);
    }
    if (!reply_keeps_alive(c, cx)) {
        buf_add(&c->out, STR("Connection: close\r\n"));
    } else if (cx->is_http10) {
        buf_add(&c->out, STR("Connection: keep-alive\r\n"));
    }
    buf_add(&c->out, STR("\r\n"));
    cx->begun = true;
}

static void pack_reply(struct conn *c, struct conn_exchange *cx)
{
    struct http_exchange *ex = &cx->ex;
    cx->varies = reply_has_body(cx) && gzip_fits(ex, c->server->o.gzip_bytes_min);
    if (!cx->varies || !http_list_has(http_req_header(ex, "Accept-Encoding"), "gzip")) return;
    http_exchange_join(ex);
    cx->packed = gzip_compress(&ex->arena, ex->reply, &ex->reply);
}

static void write_reply(struct conn *c, struct conn_exchange *cx)
{
    pack_reply(c, cx);
    write_head(c, cx);
    cx->ended = true;
    if (!reply_has_body(cx)) return;
    buf_add(&c->out, cx->ex.lead);
    if (cx->ex.reply.n <= COPY_REPLY_MAX) {
        buf_add(&c->out, cx->ex.reply);
    } else {
        cx->tail = cx->ex.reply;
    }
}

/* Everything an exchange has to do with its connection happens here, in a turn, never inside the handler's
 * call: so the handler may look at the exchange until it returns, and nothing is closed under its feet. */
static void exchange_run(struct ready *r)
{
    struct conn_exchange *cx = CONTAINER_OF(r, struct conn_exchange, ready);
    struct http_exchange *ex = &cx->ex;
    struct conn *c = cx->conn;
    if (!c) {
        if (ex->state == HTTP_GIVEN_BACK) {
            exchange_free(cx);
        } else if (!cx->closed_told) {
            cx->closed_told = true;
            if (ex->closed) ex->closed(ex);
        }
        return;
    }
    ENSURE(c->magic == CONN_MAGIC && c->state == CONN_HANDLING && c->cx == cx);
    if (ex->state == HTTP_GIVEN_BACK && !cx->streaming) write_reply(c, cx);
    if (ex->state == HTTP_GIVEN_BACK && cx->streaming && !cx->ended) {
        if (cx->chunked && reply_has_body(cx)) buf_add(&c->out, STR("0\r\n\r\n"));
        cx->ended = true;
    }
    if (c->out.overflowed) {
        conn_close(c, "reply too large");
    } else {
        conn_flush(c);
    }
}

static void sink_reply_or_end(struct http_exchange *ex)
{
    struct conn_exchange *cx = CONTAINER_OF(ex, struct conn_exchange, ex);
    cx->late = ex->late_ms > 0 && cx->conn && !cx->conn->server->draining;
    if (cx->late) set_deadline(cx->conn, ex->late_ms);
    else loop_ready(cx->loop, &cx->ready);
}

static void sink_begin(struct http_exchange *ex)
{
    struct conn_exchange *cx = CONTAINER_OF(ex, struct conn_exchange, ex);
    cx->streaming = true;
    if (!cx->conn) return;
    cx->chunked = !cx->is_http10;
    write_head(cx->conn, cx);
    loop_ready(cx->loop, &cx->ready);
}

static void sink_write(struct http_exchange *ex, struct str piece)
{
    struct conn_exchange *cx = CONTAINER_OF(ex, struct conn_exchange, ex);
    struct conn *c = cx->conn;
    if (!c || !reply_has_body(cx)) return;
    if (c->out.n > HTTP_STREAM_QUEUE_MAX) {
        conn_close(c, "the client takes a stream too slowly");
        return;
    }
    if (cx->chunked) buf_addf(&c->out, "%zx\r\n", piece.n);
    buf_add(&c->out, piece);
    if (cx->chunked) buf_add(&c->out, STR("\r\n"));
    conn_count(c);
    loop_ready(cx->loop, &cx->ready);
}

static const struct http_sink conn_sink = { sink_reply_or_end, sink_begin, sink_write, sink_reply_or_end };

static struct conn_exchange *exchange_new(struct conn *c)
{
    struct conn_exchange *cx = calloc(1, sizeof(*cx));
    ENSURE(cx != NULL);
    http_exchange_init(&cx->ex, &conn_sink);
    ready_init(&cx->ready, exchange_run);
    cx->conn = c;
    cx->server = c->server;
    cx->share.known = c->share.known;
    list_push_back(&c->server->exchanges, &cx->node);
    c->server->exchanges_n++;
    cx->loop = c->server->d->loop;
    h1_take(&c->h1, &cx->ex, &cx->body);
    cx->is_head = http_req_is(&cx->ex, "HEAD");
    cx->is_http10 = h1_is_http10(&c->h1);
    cx->ex.peer = arena_dup(&cx->ex.arena, str_from(c->peer));
    cx->ex.local = c->local;
    cx->ex.listener = c->listener;
    cx->ex.secure = c->tls != NULL;
    cx->ex.peer_uid = c->peer_uid;
    return cx;
}

/* The complete request goes to the handler, or waits until there is memory for what becomes of it. */
static void conn_run(struct ready *r)
{
    struct conn *c = CONTAINER_OF(r, struct conn, ready);
    struct http_server *s = c->server;
    ENSURE(c->magic == CONN_MAGIC && c->state == CONN_HANDLING && !c->cx);
    list_remove(&c->queue_node);
    if (s->dying_n > 0) { /* answers nobody will get are freed before another is made */
        loop_ready(s->d->loop, &c->ready);
        return;
    }
    if (!memory_may_run(s, c->h1.body.n)) {
        list_push_back(&s->queue, &c->queue_node);
        return;
    }
    struct conn_exchange *cx = c->cx = exchange_new(c);
    conn_count(c);
    s->stats.requests++;
    s->stats.in_flight++;
    s->handler(s->handler_arg, &cx->ex);
    exchange_count(cx);
    /* What is answered leaves, or is weighed, before the next is: small requests have large answers. */
    if (cx->ex.state == HTTP_GIVEN_BACK && !cx->late) {
        ready_cancel(&cx->ready);
        exchange_run(&cx->ready);
    }
    wake_next(s);
}

/* --- closing ------------------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct http_server *s = c->server;
    ENSURE(c->magic == CONN_MAGIC && !c->cx && !c->writing);
    h1_finish(&c->h1);
    buf_finish(&c->ahead);
    buf_finish(&c->out);
    buf_finish(&c->wire);
    tls_destroy(c->tls);
    c->magic = 0;
    s->local_n -= c->local;
    free(c);
    server_conn_gone(s);
}

void conn_close(struct conn *c, const char *reason)
{
    ENSURE(c->magic == CONN_MAGIC);
    if (c->state == CONN_CLOSED) return;
    log_event(LOG_DEBUG, "net", "connection closed", "peer", c->local ? "local" : c->peer, "reason", reason, NULL);
    c->state = CONN_CLOSED;
    list_remove(&c->node);
    list_remove(&c->idle_node);
    list_remove(&c->queue_node);
    memory_quick(c);
    memory_count(c->server, &c->share, 0);
    ready_cancel(&c->ready);
    if (c->writing) c->writing->conn = NULL; /* its callback comes with UV_ECANCELED and frees it */
    c->writing = NULL;
    struct conn_exchange *cx = c->cx;
    if (cx) {
        c->server->stats.in_flight--;
        cx->conn = NULL;
        c->cx = NULL;
        cx->ex.client_gone = true;
        if (cx->ex.state == HTTP_GIVEN_BACK && cx->server && !cx->dying) {
            cx->dying = true;
            cx->server->dying_n++;
        }
        loop_ready(cx->loop, &cx->ready); /* tells the owner, or frees what was given back */
    }
    uv_close(&c->io.handle, on_handle_closed);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct conn *c = req->data;
    if (status < 0 && c->state != CONN_CLOSED) conn_close(c, "shutdown failed");
}

static void conn_linger(struct conn *c)
{
    c->state = CONN_LINGERING;
    set_deadline(c, c->server->draining ? DRAIN_IDLE_MS : LINGER_MS);
    if (c->eof) {
        conn_close(c, "done");
        return;
    }
    if (c->tls) {
        tls_goodbye(c->tls);
        conn_flush(c);
        if (c->state == CONN_CLOSED) return;
    }
    c->shutdown.data = c;
    if (uv_shutdown(&c->shutdown, &c->io.stream, on_shutdown)) {
        conn_close(c, "shutdown failed");
    } else {
        start_reading(c);
    }
}

/* --- writing ------------------------------------------------------------------------------------------- */

static void conn_idle(struct conn *c)
{
    list_push_back(&c->server->idle, &c->idle_node);
    set_deadline(c, c->server->o.keep_alive_timeout_ms);
}

static void reply_has_left(struct conn *c)
{
    bool keep = reply_keeps_alive(c, c->cx);
    exchange_free(c->cx);
    if (!keep) {
        conn_linger(c);
        return;
    }
    h1_next(&c->h1);
    c->state = CONN_READING;
    conn_idle(c);
    parse_ahead(c);
}

/* All that was to go out has been taken by the kernel. */
static void conn_drained(struct conn *c)
{
    c->deadline_ms = c->state == CONN_HANDLING ? 0 : c->deadline_ms;
    buf_finish(&c->out);
    buf_finish(&c->wire);
    memory_quick(c);
    conn_count(c);
    if (c->state == CONN_REFUSING) {
        conn_linger(c);
    } else if (c->state == CONN_HANDLING && c->cx && c->cx->ended) {
        reply_has_left(c);
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct conn_write *w = CONTAINER_OF(req, struct conn_write, req);
    struct conn *c = w->conn;
    buf_finish(&w->bytes);
    free(w);
    if (!c) return;
    c->writing = NULL;
    if (status < 0) {
        conn_close(c, uv_strerror(status));
    } else {
        conn_flush(c);
    }
}

/* Hands what the kernel would not take at once to libuv. The bytes move along; the tail is in the exchange,
 * which stays until on_written or the close. */
static void write_rest(struct conn *c, struct buf *bytes, struct str *tail)
{
    struct conn_write *w = calloc(1, sizeof(*w));
    ENSURE(w != NULL);
    w->conn = c;
    w->bytes = *bytes;
    buf_init(bytes, OUT_MAX);
    uv_buf_t bufs[2] = { uv_buf_init(w->bytes.p, (unsigned)w->bytes.n),
                         uv_buf_init((char *)tail->p, (unsigned)tail->n) };
    unsigned skip = w->bytes.n == 0, count = 2 - skip - (tail->n == 0);
    c->writing = w;
    c->queue_seen = w->bytes.n + tail->n;
    *tail = STR_NONE;
    set_deadline(c, c->server->o.write_timeout_ms);
    int rc = uv_write(&w->req, &c->io.stream, bufs + skip, count, on_written);
    if (rc) {
        c->writing = NULL;
        buf_finish(&w->bytes);
        free(w);
        conn_close(c, uv_strerror(rc));
        return;
    }
    memory_slow(c);
    conn_count(c);
    if (c->state == CONN_HANDLING && !memory_fits(c)) conn_close(c, "too much of memory is taken");
}

/* True when the kernel took all of it; otherwise the rest waits, or the connection is closed. */
static bool write_some(struct conn *c, struct buf *bytes, struct str *tail)
{
    ENSURE(bytes->n <= OUT_MAX && tail->n <= UINT32_MAX);
    uv_buf_t bufs[2] = { uv_buf_init(bytes->p, (unsigned)bytes->n), uv_buf_init((char *)tail->p, (unsigned)tail->n) };
    unsigned skip = bytes->n == 0, count = 2 - skip - (tail->n == 0);
    int rc = uv_try_write(&c->io.stream, bufs + skip, count);
    if (rc < 0 && rc != UV_EAGAIN) {
        conn_close(c, uv_strerror(rc));
        return false;
    }
    size_t sent = rc < 0 ? 0 : (size_t)rc, from_bytes = sent < bytes->n ? sent : bytes->n;
    buf_consume(bytes, from_bytes);
    *tail = str_skip(*tail, sent - from_bytes);
    if (bytes->n + tail->n == 0) return true;
    if (c->cx) exchange_shrink(c->cx);
    write_rest(c, bytes, tail);
    return false;
}

static void conn_flush(struct conn *c)
{
    struct str none = STR_NONE;
    while (!c->writing && c->state != CONN_CLOSED) {
        struct buf *bytes = c->tls ? &c->wire : &c->out;
        struct str *tail = c->cx ? &c->cx->tail : &none;
        if (c->tls) {
            if (tls_seal(c->tls, &c->out, tail, &c->wire)) {
                conn_close(c, "TLS failed");
                return;
            }
            tail = &none;
        }
        if (bytes->n + tail->n == 0) {
            conn_drained(c);
            return;
        }
        if (!write_some(c, bytes, tail)) return;
    }
}

/* Answers a request that never becomes one, and closes. */
static void conn_refuse(struct conn *c, int status, const char *reason)
{
    char body[256];
    int n = snprintf(body, sizeof(body), "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}",
                     http_status_text(status), status, reason);
    ENSURE(n > 0 && (size_t)n < sizeof(body));
    log_event(LOG_DEBUG, "net", "request refused", "peer", c->local ? "local" : c->peer, "reason", reason, NULL);
    c->server->stats.refused++;
    c->state = CONN_REFUSING;
    list_remove(&c->idle_node);
    memory_quick(c);
    buf_finish(&c->h1.head);
    buf_finish(&c->h1.body);
    c->deadline_ms = 0;
    buf_addf(&c->out,
             "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"
             "%sConnection: close\r\n\r\n%s",
             status, http_status_text(status), server_date(c->server), n, status == 503 ? "Retry-After: 1\r\n" : "",
             body);
    conn_flush(c);
}

/* --- reading ------------------------------------------------------------------------------------------- */

static void note_progress(struct conn *c, enum h1_state before)
{
    const struct http_server_options *o = &c->server->o;
    if (before == H1_BEFORE && c->h1.state != H1_BEFORE) {
        list_remove(&c->idle_node);
        memory_slow(c);
        set_deadline(c, o->head_timeout_ms);
    }
    if (c->h1.state != H1_BODY) return;
    if (before != H1_BODY) {
        c->body_from_ms = now_ms(c);
        c->body_seen = 0;
    }
    if (before != H1_BODY || c->h1.body.n > c->body_seen) {
        c->body_seen = c->h1.body.n;
        set_deadline(c, o->body_idle_timeout_ms);
        /* The average counts too: whoever drips a byte now and then is cut off all the same. */
        uint64_t latest = c->body_from_ms + (uint64_t)o->body_idle_timeout_ms +
                          (uint64_t)c->body_seen * 1000 / (uint64_t)o->body_bytes_per_s_min;
        if (latest < c->deadline_ms) c->deadline_ms = latest;
    }
    if (c->h1.expects_continue && c->h1.body.n == 0) {
        buf_add(&c->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
        conn_flush(c);
    }
    c->h1.expects_continue = false;
}

/* Feeds the parser. Returns how many bytes it took; the rest waits until the request has been answered. */
static size_t conn_parse(struct conn *c, struct str bytes)
{
    ENSURE(c->state == CONN_READING);
    enum h1_state before = c->h1.state;
    size_t taken = h1_feed(&c->h1, bytes);
    if (c->h1.state == H1_FAILED) {
        conn_refuse(c, c->h1.fail_status, c->h1.fail_reason);
        return bytes.n;
    }
    note_progress(c, before);
    if (c->state == CONN_READING && c->h1.state == H1_COMPLETE) {
        list_remove(&c->idle_node);
        memory_quick(c);
        c->state = CONN_HANDLING;
        c->deadline_ms = 0;
        c->ready.patient = !memory_is_known(c);
        loop_ready(c->server->d->loop, &c->ready);
    }
    if (c->state == CONN_CLOSED) return bytes.n;
    conn_count(c);
    if (c->state == CONN_READING && c->h1.state != H1_BEFORE && !memory_fits(c)) {
        conn_refuse(c, 503, "too much is on its way to this server at the moment");
        return bytes.n;
    }
    return taken;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;
    *buf = uv_buf_init(c->server->read_buf, sizeof(c->server->read_buf));
}

static void on_eof(struct conn *c)
{
    c->eof = true;
    c->reading = false;
    (void)uv_read_stop(&c->io.stream); /* always succeeds */
    if (c->state == CONN_READING) {
        conn_close(c, c->h1.state == H1_BEFORE ? "client closed" : "client closed within a request");
    } else if (c->state == CONN_LINGERING) {
        conn_close(c, "done");
    } else if (c->cx && c->cx->streaming) {
        conn_close(c, "client closed within a stream");
    }
    /* Otherwise a client may have shut down only its own side: it still gets its reply. */
}

static void on_bytes(struct conn *c, struct str bytes)
{
    if (c->state == CONN_READING) bytes = str_skip(bytes, conn_parse(c, bytes));
    if (c->state == CONN_LINGERING || c->state == CONN_REFUSING) {
        c->dropped_bytes += bytes.n;
        if (c->dropped_bytes > LINGER_BYTES_MAX) conn_close(c, "client keeps sending");
    } else if (c->state == CONN_HANDLING && bytes.n) {
        buf_add(&c->ahead, bytes);
        conn_count(c);
        if (c->ahead.n >= AHEAD_MAX) {
            c->reading = false;
            (void)uv_read_stop(&c->io.stream); /* always succeeds */
        }
    }
}

static void on_tls_bytes(struct conn *c, struct str wire)
{
    char plain[TLS_RECORD_BYTES];
    size_t n;
    enum tls_read rc;
    tls_feed(c->tls, wire);
    while ((rc = tls_read(c->tls, plain, sizeof(plain), &n)) == TLS_DATA) {
        on_bytes(c, (struct str){ plain, n });
        if (c->state == CONN_CLOSED) return;
    }
    tls_collect(c->tls, &c->wire); /* the handshake's answers, alerts */
    if (c->wire.n) conn_flush(c);
    if (c->state == CONN_CLOSED) return;
    if (rc == TLS_BROKEN) {
        conn_close(c, "not TLS, or broken TLS");
    } else if (rc == TLS_END) {
        on_eof(c);
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = stream->data;
    ENSURE(c->magic == CONN_MAGIC && c->state != CONN_CLOSED);
    if (n == UV_EOF) {
        on_eof(c);
    } else if (n < 0) {
        conn_close(c, uv_strerror((int)n));
    } else if (n > 0 && c->tls) {
        on_tls_bytes(c, (struct str){ buf->base, (size_t)n });
    } else if (n > 0) {
        on_bytes(c, (struct str){ buf->base, (size_t)n });
    }
}

static void start_reading(struct conn *c)
{
    if (c->reading || c->eof) return;
    int rc = uv_read_start(&c->io.stream, on_alloc, on_read);
    if (rc) {
        conn_close(c, uv_strerror(rc));
        return;
    }
    c->reading = true;
}

/* Between two requests: goes on with what a pipelining client sent ahead. */
static void parse_ahead(struct conn *c)
{
    if (c->ahead_at < c->ahead.n) c->ahead_at += conn_parse(c, str_skip(buf_str(&c->ahead), c->ahead_at));
    if (c->ahead_at == c->ahead.n) {
        buf_finish(&c->ahead);
        c->ahead_at = 0;
    }
    if (c->state == CONN_READING && c->eof) {
        conn_close(c, "client closed");
    } else if (c->state != CONN_CLOSED && c->ahead.n == 0) {
        start_reading(c);
    }
}

/* --- what the server calls ----------------------------------------------------------------------------- */

void conn_accept(struct http_server *s, struct listener *l, enum conn_room room)
{
    struct conn *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    *c = (struct conn){ .magic = CONN_MAGIC, .server = s, .local = l->local, .listener = l->number };
    c->share.known = l->local; /* whoever may open the local socket is no stranger */
    ENSURE((l->local ? uv_pipe_init(&s->d->uv, &c->io.pipe, 0) : uv_tcp_init(&s->d->uv, &c->io.tcp)) == 0);
    c->io.handle.data = c;
    list_init(&c->node);
    list_init(&c->idle_node);
    list_init(&c->slow_node);
    list_init(&c->queue_node);
    ready_init(&c->ready, conn_run);
    h1_init(&c->h1, &s->limits);
    buf_init(&c->ahead, AHEAD_MAX + READ_BYTES);
    buf_init(&c->out, OUT_MAX);
    buf_init(&c->wire, OUT_MAX);
    if (s->tls && !l->local && !l->plain) c->tls = tls_create(s->tls);
    list_push_back(&s->conns, &c->node);
    s->stats.connections++;
    s->local_n += l->local;
    s->stats.accepted++;
    int rc = uv_accept(&l->io.stream, &c->io.stream);
    if (rc) {
        conn_close(c, uv_strerror(rc));
        return;
    }
    conn_name_peer(c);
    if (!c->local) (void)uv_tcp_nodelay(&c->io.tcp, 1); /* only latency would suffer */
    if (room == CONN_NO_ROOM_TO_ANSWER) {
        conn_close(c, "far too many connections");
    } else if (room == CONN_NO_ROOM) {
        conn_refuse(c, 503, "too many connections");
    } else {
        conn_idle(c);
        set_deadline(c, s->o.head_timeout_ms); /* who connects has something to say */
        start_reading(c);
    }
}

void conn_drain(struct conn *c)
{
    if (c->state == CONN_READING && c->h1.state == H1_BEFORE) {
        uint64_t soon = now_ms(c) + DRAIN_IDLE_MS; /* the request that may be on its way is answered, and the last */
        if (c->deadline_ms > soon) c->deadline_ms = soon;
    } else if (c->state == CONN_READING) {
        uint64_t soon = now_ms(c) + DRAIN_HALF_MS; /* half a request: its rest may be on its way */
        if (c->deadline_ms > soon) c->deadline_ms = soon;
    } else if (c->state == CONN_HANDLING && c->cx && c->cx->streaming && c->cx->ex.close_on_drain) {
        conn_close(c, "server stops");
    }
}

static void on_deadline(struct conn *c)
{
    if (c->cx && c->cx->late) {
        c->cx->late = false;
        c->deadline_ms = 0;
        loop_ready(c->server->d->loop, &c->cx->ready);
    } else if (c->writing) {
        conn_close(c, "the client does not take its reply");
    } else if (c->state == CONN_READING && c->h1.state == H1_BEFORE) {
        conn_close(c, "idle");
    } else if (c->state == CONN_READING) {
        conn_refuse(c, 408, c->h1.state == H1_HEAD ? "the headers came too slowly" : "the body came too slowly");
    } else if (c->state == CONN_LINGERING) {
        conn_close(c, "done, client lingers");
    }
}

void conn_sweep(struct conn *c, uint64_t at_ms)
{
    ENSURE(c->magic == CONN_MAGIC && c->state != CONN_CLOSED);
    if (c->writing) {
        size_t queued = uv_stream_get_write_queue_size(&c->io.stream);
        if (queued < c->queue_seen) set_deadline(c, c->server->o.write_timeout_ms);
        c->queue_seen = queued;
    }
    if (c->deadline_ms && at_ms >= c->deadline_ms) on_deadline(c);
}
