/* The outbound client against a server that behaves as told, in the same process. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "net/http_client_curl.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\n"

enum then { KEEP, CLOSE, RESET, DRIP };

/* What the peer does with a request, by the path it asks for. */
static const struct script {
    const char *path, *reply;
    enum then then;
} scripts[] = {
    { "/ok", OK_HEAD "hello", KEEP },
    { "/close", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", CLOSE },
    { "/unsigned",
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nwww-authenticate: Signature "
      "error=\"webhook_signature_replayed\"\r\nContent-Length: 0\r\n\r\n",
      KEEP },
    { "/empty", "HTTP/1.1 204 No Content\r\n\r\n", KEEP },
    { "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", KEEP },
    { "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", KEEP },
    { "/busy", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", KEEP },
    { "/later",
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\nContent-Length: "
      "0\r\n\r\n",
      KEEP },
    { "/moved", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", KEEP },
    { "/continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nyo", KEEP },
    { "/silent", "", KEEP },
    { "/slow", OK_HEAD, DRIP },
    { "/gone", "", CLOSE },
    { "/reset", "", RESET },
    { "/half", OK_HEAD "he", CLOSE },
    { "/half-reset", OK_HEAD "he", RESET },
    { "/half-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", CLOSE },
    { "/nonsense", "SSH-2.0-OpenSSH_9.2\r\n", CLOSE },
    { "/says-huge", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", KEEP },
    { "/is-huge", NULL, KEEP },
    { "/huge-head", NULL, KEEP },
};

struct world {
    struct loop loop;
    struct loop_uv d;
    struct http_client *client;
    uv_tcp_t listener;
    int port, connections, requests, open_now, open_most;
    struct buf seen; /* the last request */
};

struct peer {
    uv_tcp_t tcp;
    uv_timer_t drip;
    struct world *w;
    struct buf in;
    bool closing, counted;
    int handles;
};

static void on_peer_handle_closed(uv_handle_t *h)
{
    struct peer *p = h->data;
    if (--p->handles > 0) return;
    buf_finish(&p->in);
    free(p);
}

static void peer_close(struct peer *p, enum then how)
{
    if (p->closing) return;
    p->closing = true;
    if (p->counted) p->w->open_now--;
    uv_close((uv_handle_t *)&p->drip, on_peer_handle_closed);
    if (how != RESET || uv_tcp_close_reset(&p->tcp, on_peer_handle_closed) != 0) {
        uv_close((uv_handle_t *)&p->tcp, on_peer_handle_closed);
    }
}

static void peer_say(struct peer *p, const char *text, size_t n)
{
    while (n && !p->closing) {
        uv_buf_t b = uv_buf_init((char *)text, (unsigned)n);
        int rc = uv_try_write((uv_stream_t *)&p->tcp, &b, 1);
        if (rc <= 0) return; /* enough is enough: the client has stopped reading */
        text += rc;
        n -= (size_t)rc;
    }
}

static void on_drip(uv_timer_t *t)
{
    peer_say(t->data, "x", 1);
}

static void play(struct peer *p, const struct script *s)
{
    p->w->requests++;
    if (s->reply) {
        peer_say(p, s->reply, strlen(s->reply));
    } else {
        char *much = malloc(3 << 20);
        memset(much, 'z', 3 << 20);
        if (strcmp(s->path, "/is-huge") == 0) peer_say(p, "HTTP/1.1 200 OK\r\n\r\n", 19);
        if (strcmp(s->path, "/huge-head") == 0) peer_say(p, "HTTP/1.1 200 OK\r\n", 17);
        for (int i = 0; i < 400; i++) {
            if (strcmp(s->path, "/huge-head") == 0) peer_say(p, "X-Filler: ", 10);
            peer_say(p, much, 4000);
            if (strcmp(s->path, "/huge-head") == 0) peer_say(p, "\r\n", 2);
        }
        free(much);
    }
    if (s->then == CLOSE || s->then == RESET) peer_close(p, s->then);
    if (s->then == DRIP) uv_timer_start(&p->drip, on_drip, 20, 20);
}

/* The whole request when it has arrived, including a body by Content-Length. */
static bool request_complete(struct buf *in)
{
    const char *end = in->n ? strstr(in->p, "\r\n\r\n") : NULL;
    if (!end) return false;
    const char *length = strstr(in->p, "Content-Length: ");
    size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return in->n >= (size_t)(end + 4 - in->p) + body;
}

static void on_peer_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct peer *p = stream->data;
    if (n > 0) buf_add(&p->in, (struct str){ b->base, (size_t)n });
    free(b->base);
    if (n < 0) {
        peer_close(p, CLOSE);
        return;
    }
    if (!request_complete(&p->in)) return;
    if (!p->counted) {
        p->counted = true;
        if (++p->w->open_now > p->w->open_most) p->w->open_most = p->w->open_now;
    }
    buf_clear(&p->w->seen);
    buf_add(&p->w->seen, buf_str(&p->in));
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        char want[64];
        snprintf(want, sizeof(want), " %s HTTP/1.1\r\n", scripts[i].path);
        if (!strstr(p->in.p, want)) continue;
        buf_clear(&p->in);
        play(p, &scripts[i]);
        return;
    }
    fail_msg("no script for: %s", p->in.p);
}

static void on_peer_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
    *b = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void on_peer(uv_stream_t *listener, int status)
{
    struct world *w = listener->data;
    struct peer *p = calloc(1, sizeof(*p));
    p->w = w;
    p->handles = 2;
    buf_init(&p->in, 1 << 20);
    uv_tcp_init(&w->d.uv, &p->tcp);
    uv_timer_init(&w->d.uv, &p->drip);
    p->tcp.data = p->drip.data = p;
    w->connections++;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&p->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&p->tcp, on_peer_alloc, on_peer_read), 0);
}

static void world_start(struct world *w, const struct http_client_options *o)
{
    struct rng rng;
    struct sockaddr_in a;
    int len = sizeof(a);
    *w = (struct world){ 0 };
    rng_init_seeded(&rng, 1);
    loop_uv_init(&w->d, &w->loop, rng);
    buf_init(&w->seen, 1 << 20);
    uv_ip4_addr("127.0.0.1", 0, &a);
    uv_tcp_init(&w->d.uv, &w->listener);
    w->listener.data = w;
    assert_int_equal(uv_tcp_bind(&w->listener, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&w->listener, 128, on_peer), 0);
    assert_int_equal(uv_tcp_getsockname(&w->listener, (struct sockaddr *)&a, &len), 0);
    w->port = ntohs(a.sin_port);
    w->client = http_client_curl_create(&w->d, o);
}

static void close_peers(uv_handle_t *h, void *arg)
{
    if (h->type == UV_TCP && !uv_is_closing(h) && h->data != arg) peer_close(h->data, CLOSE);
}

static void world_finish(struct world *w)
{
    http_client_curl_destroy(w->client);
    uv_close((uv_handle_t *)&w->listener, NULL);
    uv_walk(&w->d.uv, close_peers, w);
    loop_uv_finish(&w->d);
    buf_finish(&w->seen);
}

struct request {
    struct http_call call;
    char url[256];
    int done;
    struct world *w;
};

static void on_done(struct http_call *c)
{
    struct request *r = CONTAINER_OF(c, struct request, call);
    r->done++;
}

static void request_init(struct request *r, struct world *w, const char *path)
{
    *r = (struct request){ .w = w };
    snprintf(r->url, sizeof(r->url), "http://127.0.0.1:%d%s", w->port, path);
    r->call.method = STR("GET");
    r->call.url = str_from(r->url);
    r->call.reach = HTTP_REACH_OPERATOR;
    r->call.timeout_ms = 3000;
    r->call.done = on_done;
}

static void pump_until(struct world *w, struct request *r)
{
    uint64_t until = uv_hrtime() + (uint64_t)5000000000;
    while (!r->done && uv_hrtime() < until) uv_run(&w->d.uv, UV_RUN_ONCE);
    assert_int_equal(r->done, 1);
}

static void request_run(struct request *r)
{
    r->w->client->start(r->w->client, &r->call);
    assert_int_equal(r->done, 0); /* never before start has returned */
    pump_until(r->w, r);
}

static void finish(struct request *r)
{
    r->w->client->finish(r->w->client, &r->call);
}

static void outcomes_tell_what_the_peer_may_have_done(void **state)
{
    static const struct {
        const char *path;
        enum http_outcome outcome;
        int status, retry_after_s;
        const char *body;
    } cases[] = {
        { "/ok", HTTP_OK, 200, -1, "hello" },        { "/close", HTTP_OK, 200, -1, "hello" },
        { "/empty", HTTP_OK, 204, -1, "" },          { "/chunked", HTTP_OK, 200, -1, "hello" },
        { "/missing", HTTP_OK, 404, -1, "" },        { "/busy", HTTP_OK, 429, 120, "" },
        { "/later", HTTP_OK, 503, 31 * 86400, "" },  { "/moved", HTTP_OK, 302, -1, "" },
        { "/continue", HTTP_OK, 201, -1, "yo" },     { "/silent", HTTP_UNKNOWN, 0, -1, "" },
        { "/slow", HTTP_UNKNOWN, 0, -1, "" },        { "/gone", HTTP_UNKNOWN, 0, -1, "" },
        { "/reset", HTTP_UNKNOWN, 0, -1, "" },       { "/half", HTTP_UNKNOWN, 0, -1, "" },
        { "/half-reset", HTTP_UNKNOWN, 0, -1, "" },  { "/half-chunk", HTTP_UNKNOWN, 0, -1, "" },
        { "/nonsense", HTTP_UNKNOWN, 0, -1, "" },    { "/says-huge", HTTP_TOO_LARGE, 200, -1, "" },
        { "/is-huge", HTTP_TOO_LARGE, 200, -1, "" }, { "/huge-head", HTTP_TOO_LARGE, 0, -1, "" },
    };
    struct world w;
    world_start(&w, &(struct http_client_options){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request r;
        request_init(&r, &w, cases[i].path);
        if (cases[i].outcome == HTTP_UNKNOWN) r.call.timeout_ms = 80;
        if (strcmp(cases[i].path, "/slow") == 0) r.call.timeout_ms = 50;
        request_run(&r);
        if (r.call.outcome != cases[i].outcome) {
            fail_msg("%s: outcome %d, %s", cases[i].path, r.call.outcome, r.call.reason);
        }
        assert_int_equal(r.call.status, cases[i].status);
        assert_int_equal(r.call.retry_after_s, cases[i].retry_after_s);
        assert_true(str_is(r.call.response, cases[i].body));
        assert_true((r.call.reason[0] != '\0') == (cases[i].outcome != HTTP_OK));
        finish(&r);
    }
    assert_int_equal(http_client_curl_stats(w.client).in_flight, 0);
    world_finish(&w);
}

static void a_request_is_sent_as_given(void **state)
{
    const struct http_header headers[] = { { STR("Content-Type"), STR("application/json") },
                                           { STR("X-Empty"), STR("") },
                                           { STR("Signature"), STR("sig1=:AbC=:") } };
    struct world w;
    struct request r;
    world_start(&w, &(struct http_client_options){ .user_agent = STR("test/1") });
    request_init(&r, &w, "/ok");
    r.call.method = STR("POST");
    r.call.headers = headers;
    r.call.headers_n = 3;
    r.call.body = STR("{\"a\":1}");
    request_run(&r);
    assert_true(str_is(r.call.content_type, "text/plain"));
    assert_int_equal(strncmp(w.seen.p, "POST /ok HTTP/1.1\r\n", 19), 0);
    assert_non_null(strstr(w.seen.p, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(w.seen.p, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(w.seen.p, "\r\nSignature: sig1=:AbC=:\r\n"));
    assert_non_null(strstr(w.seen.p, "\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(w.seen.p, "\r\nUser-Agent: test/1\r\n"));
    assert_null(strstr(w.seen.p, "Expect"));
    assert_non_null(strstr(w.seen.p, "\r\n\r\n{\"a\":1}"));
    finish(&r);
    request_init(&r, &w, "/ok");
    r.call.method = STR("DELETE");
    request_run(&r);
    assert_int_equal(strncmp(w.seen.p, "DELETE /ok HTTP/1.1\r\n", 21), 0);
    assert_null(strstr(w.seen.p, "Content-"));
    finish(&r);
    assert_int_equal(w.connections, 1); /* kept */
    world_finish(&w);
}

static void a_request_that_may_act_is_never_sent_twice(void **state)
{
    struct world w;
    struct request r;
    world_start(&w, &(struct http_client_options){ 0 });
    static const struct {
        const char *path, *method;
        bool stale;
        int requests;
    } cases[] = { { "/gone", "POST", true, 1 }, { "/reset", "POST", true, 1 }, { "/gone", "GET", false, 2 } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        request_init(&r, &w, "/ok"); /* leaves a connection that is kept */
        request_run(&r);
        finish(&r);
        int before = w.requests;
        request_init(&r, &w, cases[i].path);
        r.call.method = str_from(cases[i].method);
        if (cases[i].stale) r.call.body = STR("{}");
        request_run(&r);
        assert_int_equal(r.call.outcome, HTTP_UNKNOWN);
        assert_int_equal(r.call.stale_connection, cases[i].stale);
        assert_int_equal(w.requests, before + cases[i].requests);
        finish(&r);
    }
    request_init(&r, &w, "/gone"); /* over a fresh connection it is an answer that did not come */
    r.call.method = STR("POST");
    request_run(&r);
    assert_int_equal(r.call.outcome, HTTP_UNKNOWN);
    assert_false(r.call.stale_connection);
    finish(&r);
    world_finish(&w);
}

static void what_is_wrong_with_a_signature_is_heard(void **state)
{
    struct world w;
    struct request r;
    world_start(&w, &(struct http_client_options){ 0 });
    request_init(&r, &w, "/unsigned");
    request_run(&r);
    assert_int_equal(r.call.status, 401);
    assert_true(str_is(r.call.www_authenticate, "Signature error=\"webhook_signature_replayed\""));
    finish(&r);
    request_init(&r, &w, "/ok");
    request_run(&r);
    assert_int_equal(r.call.www_authenticate.n, 0);
    finish(&r);
    world_finish(&w);
}

static void what_may_not_be_sent_is_refused(void **state)
{
    static const struct {
        const char *url, *method, *header, *value;
        enum http_reach reach;
    } cases[] = {
        { "http://127.0.0.1:1/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "https://127.0.0.1:1/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "https://localhost:1/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "https://[::1]:1/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "https://[::ffff:127.0.0.1]:1/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "https://169.254.169.254/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "http://example.com/", "GET", NULL, NULL, HTTP_REACH_PUBLIC },
        { "http://10.0.0.1/", "GET", NULL, NULL, HTTP_REACH_LOOPBACK },
        { "file:///etc/passwd", "GET", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://0x7f.1/", "GET", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://a@127.0.0.1/", "GET", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "GE T", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "CONNECT", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "", NULL, NULL, HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "GET", "X-A", "b\r\nX-C: d", HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "GET", "X-A: b\r\nX", "c", HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "GET", "Host", "elsewhere", HTTP_REACH_OPERATOR },
        { "http://127.0.0.1/", "GET", "content-length", "5", HTTP_REACH_OPERATOR },
    };
    struct world w;
    world_start(&w, &(struct http_client_options){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request r;
        struct http_header h = { str_from(cases[i].header), str_from(cases[i].value) };
        request_init(&r, &w, "/");
        r.call.url = str_from(cases[i].url);
        r.call.method = str_from(cases[i].method);
        r.call.reach = cases[i].reach;
        if (cases[i].header) {
            r.call.headers = &h;
            r.call.headers_n = 1;
        }
        request_run(&r);
        if (r.call.outcome != HTTP_REFUSED) fail_msg("case %zu: outcome %d, %s", i, r.call.outcome, r.call.reason);
        assert_true(r.call.reason[0] != '\0');
        finish(&r);
    }
    assert_int_equal(w.connections, 0);
    world_finish(&w);
}

/* What DNS says at the time of the call is what counts, and every reach has its own connections. */
static void names_that_resolve_inside_are_not_connected_to(void **state)
{
    struct world w;
    struct request r;
    char entry[80], inner[80];
    world_start(&w, &(struct http_client_options){ 0 });
    int port = w.port;
    snprintf(entry, sizeof(entry), "hooks.example.com:%d:127.0.0.1", port);
    snprintf(inner, sizeof(inner), "mapped.example.com:%d:::ffff:127.0.0.1", port);
    const char *const dns[] = { entry, inner, NULL };
    http_client_curl_destroy(w.client);
    w.client = http_client_curl_create(&w.d, &(struct http_client_options){ .fixed_dns = dns });
    request_init(&r, &w, "/ok");
    snprintf(r.url, sizeof(r.url), "http://hooks.example.com:%d/ok", port);
    r.call.url = str_from(r.url);
    request_run(&r); /* the operator may; the connection is kept */
    assert_int_equal(r.call.outcome, HTTP_OK);
    finish(&r);
    assert_int_equal(w.connections, 1);
    static const char *const hosts[] = { "hooks.example.com", "mapped.example.com" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        request_init(&r, &w, "/ok");
        snprintf(r.url, sizeof(r.url), "https://%s:%d/ok", hosts[i], port);
        r.call.url = str_from(r.url);
        r.call.reach = HTTP_REACH_PUBLIC;
        request_run(&r);
        assert_int_equal(r.call.outcome, HTTP_REFUSED);
        assert_non_null(strstr(r.call.reason, "resolves to no address")); /* found when connecting */
        finish(&r);
    }
    assert_int_equal(w.connections, 1);
    world_finish(&w);
}

static void loopback_is_reached_in_sandbox_only(void **state)
{
    struct world w;
    struct request r;
    world_start(&w, &(struct http_client_options){ 0 });
    request_init(&r, &w, "/ok");
    r.call.reach = HTTP_REACH_LOOPBACK;
    request_run(&r);
    assert_int_equal(r.call.outcome, HTTP_OK);
    finish(&r);
    request_init(&r, &w, "/ok");
    snprintf(r.url, sizeof(r.url), "http://localhost:%d/ok", w.port);
    r.call.url = str_from(r.url);
    r.call.reach = HTTP_REACH_LOOPBACK;
    request_run(&r); /* through the resolver */
    assert_int_equal(r.call.outcome, HTTP_OK);
    finish(&r);
    world_finish(&w);
}

static void a_closed_port_was_certainly_not_reached(void **state)
{
    struct world w;
    struct request r;
    world_start(&w, &(struct http_client_options){ 0 });
    request_init(&r, &w, "/ok");
    uv_tcp_t taken; /* bound, not listening: the port refuses and nobody else can take it */
    struct sockaddr_in a;
    int len = sizeof(a);
    uv_ip4_addr("127.0.0.1", 0, &a);
    uv_tcp_init(&w.d.uv, &taken);
    taken.data = &w;
    assert_int_equal(uv_tcp_bind(&taken, (struct sockaddr *)&a, 0), 0);
    assert_int_equal(uv_tcp_getsockname(&taken, (struct sockaddr *)&a, &len), 0);
    snprintf(r.url, sizeof(r.url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
    r.call.url = str_from(r.url);
    request_run(&r);
    assert_int_equal(r.call.outcome, HTTP_NOT_SENT);
    finish(&r);
    request_init(&r, &w, "/ok"); /* TLS to a peer that speaks plain HTTP */
    snprintf(r.url, sizeof(r.url), "https://127.0.0.1:%d/ok", w.port);
    r.call.url = str_from(r.url);
    r.call.timeout_ms = 200;
    request_run(&r);
    assert_int_equal(r.call.outcome, HTTP_NOT_SENT);
    finish(&r);
    uv_close((uv_handle_t *)&taken, NULL);
    world_finish(&w);
}

static void the_environments_proxy_is_ignored(void **state)
{
    struct world w;
    struct request r;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    world_start(&w, &(struct http_client_options){ 0 });
    request_init(&r, &w, "/ok");
    request_run(&r);
    assert_int_equal(r.call.outcome, HTTP_OK);
    finish(&r);
    world_finish(&w);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void calls_beyond_the_caps_wait_their_turn(void **state)
{
    enum { N = 60 };
    static struct request r[N];
    struct world w;
    world_start(&w, &(struct http_client_options){ .in_flight_max = 8, .per_host_max = 3 });
    for (int i = 0; i < N; i++) {
        request_init(&r[i], &w, "/close");
        if (i % 2) snprintf(r[i].url, sizeof(r[i].url), "http://localhost:%d/close", w.port);
        r[i].call.url = str_from(r[i].url);
        w.client->start(w.client, &r[i].call);
    }
    assert_int_equal(http_client_curl_stats(w.client).in_flight, 6);
    assert_int_equal(http_client_curl_stats(w.client).waiting, N - 6);
    for (int i = 0; i < N; i++) {
        pump_until(&w, &r[i]);
        assert_int_equal(r[i].call.outcome, HTTP_OK);
        finish(&r[i]);
    }
    assert_int_equal(w.requests, N);
    assert_true(w.open_most <= 6);
    world_finish(&w);
}

static void a_canceled_call_still_ends_once(void **state)
{
    struct world w;
    struct request active, waiting, over;
    world_start(&w, &(struct http_client_options){ .per_host_max = 1 });
    request_init(&active, &w, "/silent");
    request_init(&waiting, &w, "/ok");
    request_init(&over, &w, "/ok");
    over.call.method = STR("");
    w.client->start(w.client, &active.call);
    w.client->start(w.client, &waiting.call);
    w.client->start(w.client, &over.call);
    for (int i = 0; i < 20 && w.requests == 0; i++) uv_run(&w.d.uv, UV_RUN_ONCE);
    assert_int_equal(w.requests, 1);
    w.client->cancel(w.client, &active.call);
    w.client->cancel(w.client, &waiting.call);
    pump_until(&w, &active);
    pump_until(&w, &waiting);
    pump_until(&w, &over);
    assert_int_equal(active.call.outcome, HTTP_CANCELED);
    assert_int_equal(waiting.call.outcome, HTTP_CANCELED);
    assert_int_equal(over.call.outcome, HTTP_REFUSED);
    finish(&active);
    finish(&waiting);
    finish(&over);
    assert_int_equal(http_client_curl_stats(w.client).in_flight + http_client_curl_stats(w.client).waiting, 0);
    world_finish(&w);
}

static void a_client_may_be_destroyed_with_calls_under_way(void **state)
{
    struct world w;
    struct request r[4];
    world_start(&w, &(struct http_client_options){ .per_host_max = 2 });
    for (int i = 0; i < 3; i++) {
        request_init(&r[i], &w, "/silent");
        w.client->start(w.client, &r[i].call);
    }
    for (int i = 0; i < 20 && w.requests < 2; i++) uv_run(&w.d.uv, UV_RUN_ONCE);
    request_init(&r[3], &w, "/silent");
    r[3].call.method = STR("");
    w.client->start(w.client, &r[3].call); /* over, not told */
    world_finish(&w);
    for (int i = 0; i < 3; i++) assert_int_equal(r[i].done, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_tell_what_the_peer_may_have_done),
        cmocka_unit_test(a_request_is_sent_as_given),
        cmocka_unit_test(a_request_that_may_act_is_never_sent_twice),
        cmocka_unit_test(what_is_wrong_with_a_signature_is_heard),
        cmocka_unit_test(what_may_not_be_sent_is_refused),
        cmocka_unit_test(names_that_resolve_inside_are_not_connected_to),
        cmocka_unit_test(loopback_is_reached_in_sandbox_only),
        cmocka_unit_test(a_closed_port_was_certainly_not_reached),
        cmocka_unit_test(the_environments_proxy_is_ignored),
        cmocka_unit_test(calls_beyond_the_caps_wait_their_turn),
        cmocka_unit_test(a_canceled_call_still_ends_once),
        cmocka_unit_test(a_client_may_be_destroyed_with_calls_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
