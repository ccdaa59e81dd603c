/* The inbound server over real loopback sockets, byte by byte. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#define GET_CLOSE "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void assert_has(const struct buf *in, const char *text)
{
    if (!in->n || !strstr(in->p, text)) fail_msg("no '%s' in '%.*s'", text, (int)in->n, in->n ? in->p : "");
}

static void a_request_gets_its_reply(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    assert_int_equal(
        client_once(&h, "POST /mcp?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", &in),
        CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 200 OK\r\n");
    assert_has(&in, "Content-Length: 3\r\n");
    assert_has(&in, "Connection: close\r\n");
    assert_has(&in, "Date: ");
    assert_has(&in, "\r\n\r\nabc");
    assert_string_equal(h.log.p, "POST /mcp a=1 3\n");
    buf_finish(&in);
    assert_int_equal(client_once(&h, "GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &in), CLIENT_EOF);
    assert_has(&in, "\r\n\r\n127.0.0.1");
    buf_finish(&in);
    harness_finish(&h);
}

static void bytes_may_come_one_at_a_time(void **state)
{
    struct harness h;
    struct buf in;
    struct str raw = STR("\r\nPOST /a%20b?q HTTP/1.1\r\nhOST: x\r\nX-E:  \r\nTransfer-Encoding: "
                         "Chunked\r\nConnection: close\r\n"
                         "\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n");
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    for (size_t i = 0; i < raw.n; i++) {
        client_send(&h, fd, (struct str){ raw.p + i, 1 });
        harness_pump(&h, 1);
    }
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "\r\n\r\nabc0123456789");
    assert_string_equal(h.log.p, "POST /a%20b q 13\n");
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    struct buf all;
    buf_init(&all, 1 << 20);
    for (int i = 0; i < 500; i++) {
        buf_addf(&all, "POST /p%d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n%04d", i, i);
    }
    buf_add(&all, STR(GET_CLOSE));
    assert_int_equal(client_once(&h, all.p, &in), CLIENT_EOF);
    assert_int_equal(h.requests, 501);
    assert_int_equal(count_of(buf_str(&in), "HTTP/1.1 200 OK\r\n"), 501);
    const char *at = in.p;
    for (int i = 0; i < 500; i++) {
        char want[16];
        snprintf(want, sizeof(want), "\r\n\r\n%04d", i);
        at = strstr(at, want);
        assert_non_null(at);
    }
    buf_finish(&in);
    buf_finish(&all);
    harness_finish(&h);
}

static void a_second_request_waits_for_the_first(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n" GET_CLOSE));
    harness_pump(&h, 30);
    assert_int_equal(h.requests, 1);
    h.held->status = 202;
    http_exchange_reply(h.held);
    h.held = NULL;
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_true(strstr(in.p, " 202 ") < strstr(in.p, " 200 "));
    assert_int_equal(h.requests, 2);
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

/* Each of these must be refused before a handler sees it. */
static const struct {
    const char *what, *raw;
    int status;
} refused[] = {
    { "content-length and chunked",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
    { "chunked and content-length",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400 },
    { "two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400 },
    { "the same length twice", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
      400 },
    { "a list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde", 400 },
    { "a signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde", 400 },
    { "a negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabcde", 400 },
    { "a hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nabcde", 400 },
    { "an overflowing length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400 },
    { "an empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400 },
    { "a folded header", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n", 400 },
    { "a folded first header", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400 },
    { "a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
    { "a length with a space before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nabcde", 400 },
    { "gzip, chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400 },
    { "chunked, identity", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400 },
    { "xchunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400 },
    { "chunked twice",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      400 },
    { "chunked after a vertical tab", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
      400 },
    { "chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
    { "a chunk size that is no number", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400 },
    { "a chunk size with 0x",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n", 400 },
    { "a signed chunk size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
      400 },
    { "a chunk size with a space",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nabcde\r\n0\r\n\r\n", 400 },
    { "an overflowing chunk size",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n10000000000000005\r\nabcde\r\n0\r\n\r\n",
      400 },
    { "a chunk longer than its size",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n", 400 },
    { "a chunk ended by a bare LF", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
      400 },
    { "bare LF line ends", "GET / HTTP/1.1\nHost: x\n\n", 400 },
    { "a bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rc\r\n\r\n", 400 },
    { "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
    { "two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400 },
    { "a Host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400 },
    { "a Host with a user", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", 400 },
    { "a header without a name", "GET / HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n", 400 },
    { "a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nfoo\r\n\r\n", 400 },
    { "a header name with a quote", "GET / HTTP/1.1\r\nHost: x\r\na\"b: c\r\n\r\n", 400 },
    { "a fragment", "GET /#f HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "a raw byte above ASCII in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "a target without a slash", "GET foo HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "a star for GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "an absolute target of another scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "an absolute target with a user", "GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501 },
    { "an unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "a method in lower case", "get / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "HTTP/0.9", "GET /\r\n\r\n", 505 },
    { "HTTP/2.0 in the request line", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505 },
    { "the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
    { "HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 400 },
    { "a TLS hello", "\x16\x03\x01\x02\x01\x01\x01", 400 },
    { "an unknown expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417 },
    { "a body beyond the limit by its length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413 },
    { "a body beyond the limit by its first chunk",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", 413 },
};

static void malformed_and_ambiguous_requests_are_refused(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ .body_bytes_max = 1000 });
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct buf in;
        char want[32];
        snprintf(want, sizeof(want), "HTTP/1.1 %d ", refused[i].status);
        enum client_end end = client_once(&h, refused[i].raw, &in);
        if (end != CLIENT_EOF) fail_msg("%s: ended with %d", refused[i].what, end);
        if (!in.n || strncmp(in.p, want, strlen(want)) != 0) {
            fail_msg("%s: got '%.*s'", refused[i].what, (int)in.n, in.n ? in.p : "");
        }
        assert_has(&in, "Connection: close\r\n");
        assert_has(&in, "application/problem+json");
        assert_int_equal(count_of(buf_str(&in), "Date: "), 1);
        buf_finish(&in);
    }
    assert_int_equal(h.requests, 0);
    assert_int_equal(http_server_stats(h.server).refused, ARRAY_LEN(refused));
    harness_finish(&h);
}

static void nul_bytes_are_refused(void **state)
{
    static const struct str raws[] = { { "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28 },
                                       { "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 35 },
                                       { "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 34 } };
    struct harness h;
    harness_start(&h, (struct http_server_options){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(raws); i++) {
        struct buf in;
        int fd = client_connect(&h);
        buf_init(&in, 1 << 20);
        client_send(&h, fd, raws[i]);
        assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
        assert_has(&in, "HTTP/1.1 400 ");
        buf_finish(&in);
        close(fd);
    }
    assert_int_equal(h.requests, 0);
    harness_finish(&h);
}

static void the_bytes_after_a_refused_request_are_no_request(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    (void)client_once(&h,
                      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n0\r\n\r\n" GET_CLOSE,
                      &in);
    assert_int_equal(h.requests, 0);
    assert_int_equal(count_of(buf_str(&in), "HTTP/1.1 "), 1);
    buf_finish(&in);
    harness_finish(&h);
}

static void add_filler(struct buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++) buf_add_char(b, 'a');
}

/* A request whose head is exactly `bytes` long. */
static void exact_head(struct buf *b, size_t bytes)
{
    buf_init(b, 1 << 20);
    buf_add(b, STR("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: "));
    add_filler(b, bytes - b->n - 4);
    buf_add(b, STR("\r\n\r\n"));
    assert_int_equal(b->n, bytes);
}

static void the_head_has_an_exact_limit(void **state)
{
    struct harness h;
    struct buf in, raw;
    harness_start(&h, (struct http_server_options){ .head_bytes_max = 1000, .headers_max = 10 });
    exact_head(&raw, 1000);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 200 ");
    buf_finish(&in);
    buf_finish(&raw);
    exact_head(&raw, 1001);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 431 ");
    buf_finish(&in);
    buf_clear(&raw);
    buf_add(&raw, STR("GET /"));
    add_filler(&raw, 2000);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 414 ");
    buf_finish(&in);
    buf_clear(&raw);
    buf_add(&raw, STR("GET / HTTP/1.1\r\nHost: x\r\n"));
    for (int i = 0; i < 10; i++) buf_add(&raw, STR("A: b\r\n"));
    buf_add(&raw, STR("\r\n"));
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 431 ");
    buf_finish(&in);
    buf_clear(&raw);
    buf_add(&raw, STR("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: "));
    add_filler(&raw, 1001);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 431 ");
    buf_finish(&in);
    buf_clear(&raw);
    buf_add(&raw, STR("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;"));
    add_filler(&raw, 1001);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 431 ");
    buf_finish(&in);
    buf_finish(&raw);
    assert_int_equal(h.requests, 1);
    harness_finish(&h);
}

static void a_client_sending_too_large_a_body_still_reads_413(void **state)
{
    struct harness h;
    struct buf in, raw;
    harness_start(&h, (struct http_server_options){ .body_bytes_max = 1000 });
    buf_init(&raw, 8 << 20);
    buf_add(&raw, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n"));
    add_filler(&raw, 4000000);
    assert_int_equal(client_once(&h, raw.p, &in), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 413 ");
    buf_finish(&in);
    buf_finish(&raw);
    harness_finish(&h);
}

static void slow_senders_are_timed_out(void **state)
{
    static const struct {
        const char *first, *drip;
        const char *want;
    } cases[] = {
        { "GET / HTTP/1.1\r\nX: ", "a", "HTTP/1.1 408 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", "", "HTTP/1.1 408 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", "a", "HTTP/1.1 408 " },
        { "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "0", "HTTP/1.1 408 " },
        { "", "", NULL },
    };
    struct harness h;
    harness_start(&h, (struct http_server_options){ .head_timeout_ms = 80,
                                                    .body_idle_timeout_ms = 80,
                                                    .keep_alive_timeout_ms = 80,
                                                    .body_bytes_per_s_min = 10000 });
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf in;
        int fd = client_connect(&h);
        buf_init(&in, 1 << 20);
        client_send(&h, fd, str_from(cases[i].first));
        for (int k = 0; k < 40 && cases[i].drip[0]; k++) {
            client_send(&h, fd, str_from(cases[i].drip));
            harness_pump(&h, 10);
        }
        enum client_end end = client_read(&h, fd, &in, NULL);
        if (end != CLIENT_EOF && end != CLIENT_RESET) fail_msg("case %zu ended with %d", i, end);
        if (cases[i].want) assert_has(&in, cases[i].want);
        else assert_int_equal(in.n, 0);
        buf_finish(&in);
        close(fd);
    }
    assert_int_equal(h.requests, 0);
    harness_finish(&h);
}

static void a_kept_connection_is_closed_when_idle(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ .keep_alive_timeout_ms = 60 });
    assert_int_equal(client_once(&h, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", &in), CLIENT_EOF);
    assert_has(&in, "\r\n\r\nhello");
    assert_null(strstr(in.p, "Connection:"));
    buf_finish(&in);
    harness_finish(&h);
}

static void expect_continue_is_answered_before_the_body(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd,
                STR("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: "
                    "close\r\n\r\n"));
    assert_int_equal(client_read(&h, fd, &in, "\r\n\r\n"), CLIENT_FOUND);
    assert_string_equal(in.p, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(h.requests, 0);
    client_send(&h, fd, STR("ok"));
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 200 OK");
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void head_and_empty_replies_have_no_body(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    assert_int_equal(client_once(&h,
                                 "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                                 "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                 &in),
                     CLIENT_EOF);
    assert_int_equal(count_of(buf_str(&in), "Content-Length: 5\r\n"), 2);
    assert_int_equal(count_of(buf_str(&in), "hello"), 0);
    buf_finish(&in);
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR("GET /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    harness_pump(&h, 20);
    h.held->status = 204;
    h.held->reply = STR("must not be sent");
    http_exchange_reply(h.held);
    h.held = NULL;
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 204 No Content\r\n");
    assert_null(strstr(in.p, "Content-Length"));
    assert_null(strstr(in.p, "must not"));
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void http10_and_absolute_targets_are_understood(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    assert_int_equal(client_once(&h, "GET /old HTTP/1.0\r\n\r\n", &in), CLIENT_EOF);
    assert_has(&in, "\r\n\r\nhello");
    buf_finish(&in);
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd,
                STR("GET http://example.com:80?x=1 HTTP/1.1\r\nHost: other\r\n\r\n"
                    "GET http://example.com/hold?x=1 HTTP/1.1\r\nHost: other\r\n\r\n"));
    harness_pump(&h, 30);
    assert_non_null(h.held);
    assert_true(str_is(h.held->host, "example.com"));
    assert_string_equal(h.log.p, "GET /old  0\nGET / x=1 0\nGET /hold x=1 0\n");
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void upgrades_are_ignored(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    assert_int_equal(client_once(&h,
                                 "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
                                 "h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" GET_CLOSE,
                                 &in),
                     CLIENT_EOF);
    assert_int_equal(count_of(buf_str(&in), "HTTP/1.1 200 OK"), 2);
    buf_finish(&in);
    harness_finish(&h);
}

/* Whatever the machine is busy with: until the server has let go of everybody. */
static void pump_until_alone(struct harness *h)
{
    for (int i = 0; i < 600 && http_server_stats(h->server).connections; i++) harness_pump(h, 50);
    assert_int_equal(http_server_stats(h->server).connections, 0);
    assert_int_equal(http_server_stats(h->server).in_flight, 0);
}

static void large_replies_wait_for_slow_readers_and_vanished_ones_do_no_harm(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    h.big_bytes = 16 << 20;
    int fd = client_connect(&h);
    buf_init(&in, 32 << 20);
    client_send(&h, fd, STR("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    harness_pump(&h, 20);
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_true(in.n > h.big_bytes);
    assert_int_equal(in.p[in.n - 1], 'x');
    buf_finish(&in);
    close(fd);
    fd = client_connect(&h); /* goes away in the middle */
    client_send(&h, fd, STR("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    close(fd);
    pump_until_alone(&h);
    assert_int_equal(h.closed, 0);
    harness_finish(&h);
}

static void who_takes_nothing_of_a_reply_is_cut_off(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ .write_timeout_ms = 100 });
    h.big_bytes = 16 << 20;
    int fd = client_connect(&h); /* never reads */
    client_send(&h, fd, STR("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    pump_until_alone(&h);
    assert_int_equal(h.closed, 0);
    close(fd);
    harness_finish(&h);
}

static void large_replies_are_compressed_for_those_who_accept_it(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ .gzip_bytes_min = 5000 });
    h.big_bytes = 100000;
    assert_int_equal(
        client_once(&h, "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n", &in),
        CLIENT_EOF);
    assert_has(&in, "Content-Encoding: gzip\r\n");
    assert_has(&in, "Vary: Accept-Encoding\r\n");
    const char *body = strstr(in.p, "\r\n\r\n") + 4;
    size_t body_n = in.n - (size_t)(body - in.p);
    assert_true(body_n < 2000);
    static char plain[100001];
    z_stream z = {
        .next_in = (Bytef *)body, .avail_in = (uInt)body_n, .next_out = (Bytef *)plain, .avail_out = sizeof(plain)
    };
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, h.big_bytes);
    assert_int_equal(plain[99999], 'x');
    inflateEnd(&z);
    buf_finish(&in);
    assert_int_equal(
        client_once(&h, "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0\r\nConnection: close\r\n\r\n", &in),
        CLIENT_EOF);
    assert_has(&in, "Vary: Accept-Encoding\r\n");
    assert_null(strstr(in.p, "gzip"));
    assert_true(in.n > h.big_bytes);
    buf_finish(&in);
    h.big_bytes = 4999;
    assert_int_equal(
        client_once(&h, "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n", &in),
        CLIENT_EOF);
    assert_null(strstr(in.p, "gzip"));
    assert_null(strstr(in.p, "Vary"));
    buf_finish(&in);
    harness_finish(&h);
}

static void an_exchange_outlives_its_client(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    client_send(&h, fd, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    assert_non_null(h.held);
    struct linger reset = { 1, 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(fd);
    harness_pump(&h, 20);
    assert_int_equal(h.closed, 1);
    assert_true(h.held->client_gone);
    http_exchange_reply_with(h.held, 200, "text/plain", STR("nobody listens"));
    h.held = NULL;
    harness_pump(&h, 10);
    harness_finish(&h);
}

static void a_half_closed_client_gets_its_reply(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    harness_pump(&h, 20);
    http_exchange_reply_with(h.held, 200, "text/plain", STR("still here"));
    h.held = NULL;
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "still here");
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void streams_flow_and_end(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" GET_CLOSE));
    assert_int_equal(client_read(&h, fd, &in, "data: 1\n\n"), CLIENT_FOUND);
    assert_has(&in, "Transfer-Encoding: chunked\r\n");
    http_exchange_write(h.held, STR("data: 2\n\n"));
    assert_int_equal(client_read(&h, fd, &in, "9\r\ndata: 2\n\n\r\n"), CLIENT_FOUND);
    http_exchange_end(h.held);
    h.held = NULL;
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "\r\n0\r\n\r\nHTTP/1.1 200 OK");
    buf_finish(&in);
    close(fd);
    harness_finish(&h);
}

static void a_stream_ends_when_its_client_leaves_or_lags(void **state)
{
    struct harness h;
    char piece[4096];
    memset(piece, 'y', sizeof(piece));
    harness_start(&h, (struct http_server_options){ 0 });
    int fd = client_connect(&h);
    client_send(&h, fd, STR("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    close(fd);
    harness_pump(&h, 20);
    assert_int_equal(h.closed, 1); /* it ended the stream itself */
    fd = client_connect(&h);
    client_send(&h, fd, STR("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    for (int i = 0; i < 10000 && h.closed == 1; i++) {
        if (!h.held->client_gone) http_exchange_write(h.held, (struct str){ piece, sizeof(piece) });
        if (i % 64 == 0) harness_pump(&h, 1);
    }
    assert_int_equal(h.closed, 2);
    h.held = NULL;
    close(fd);
    harness_finish(&h);
}

static void stopping_lets_requests_in_flight_finish(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ 0 });
    int idle = client_connect(&h), busy = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, busy, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    http_server_stop(h.server, 2000, NULL, NULL);
    assert_int_equal(client_read(&h, idle, &in, NULL), CLIENT_EOF);
    http_exchange_reply_with(h.held, 200, "text/plain", STR("last words"));
    h.held = NULL;
    assert_int_equal(client_read(&h, busy, &in, NULL), CLIENT_EOF);
    assert_has(&in, "last words");
    assert_has(&in, "Connection: close\r\n");
    close(idle);
    close(busy);
    harness_pump(&h, 30); /* the server destroys itself */
    loop_uv_finish(&h.d);
    buf_finish(&h.log);
    buf_finish(&in);
}

static void stopping_cuts_what_passes_the_deadline(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ .keep_alive_timeout_ms = 100 });
    int fd = client_connect(&h);
    client_send(&h, fd, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    harness_finish(&h); /* deadline 0, and answers the held exchange after the server is gone */
    assert_int_equal(h.closed, 1);
    close(fd);
}

static void the_oldest_idle_connection_makes_room(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ .connections_max = 2 });
    int a = client_connect(&h), b = client_connect(&h);
    buf_init(&in, 1 << 20);
    client_send(&h, b, STR("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    harness_pump(&h, 20);
    int c = client_connect(&h);
    assert_int_equal(client_read(&h, a, &in, NULL), CLIENT_EOF);
    client_send(&h, c, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"));
    harness_pump(&h, 20);
    int d = client_connect(&h); /* nobody is idle now */
    assert_int_equal(client_read(&h, d, &in, NULL), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 503 ");
    close(a);
    close(b);
    close(c);
    close(d);
    buf_finish(&in);
    harness_finish(&h);
}

/* ---- memory ---- */

#define LONG_BODY "POST / HTTP/1.1\r\nHost: x\r\n%sContent-Length: 100000\r\n\r\n"

static char piece[40000];

/* A request that stays incomplete after so many bytes of its body. */
static int begins(struct harness *h, const char *header, size_t bytes)
{
    char head[256];
    int fd = client_connect(h);
    snprintf(head, sizeof(head), LONG_BODY, header);
    client_send(h, fd, str_from(head));
    memset(piece, 'b', sizeof(piece));
    client_send(h, fd, (struct str){ piece, bytes });
    harness_pump(h, 20);
    return fd;
}

static bool knows_friends(void *arg, const struct http_exchange *head)
{
    return str_is(http_req_header(head, "x-friend"), "yes");
}

static void assert_refused(struct harness *h, int fd)
{
    struct buf in;
    buf_init(&in, 1 << 20);
    (void)client_read(h, fd, &in, NULL);
    assert_has(&in, "HTTP/1.1 503 ");
    assert_has(&in, "Retry-After: 1\r\n");
    buf_finish(&in);
    close(fd);
}

static void assert_goes_on(struct harness *h, int fd, size_t sent)
{
    struct buf in;
    buf_init(&in, 1 << 20);
    for (size_t left = 100000 - sent; left;) {
        size_t n = left < sizeof(piece) ? left : sizeof(piece);
        client_send(h, fd, (struct str){ piece, n });
        left -= n;
    }
    assert_int_equal(client_read(h, fd, &in, "bbbb"), CLIENT_FOUND);
    assert_has(&in, "HTTP/1.1 200 ");
    buf_finish(&in);
    close(fd);
}

static void bodies_of_strangers_take_a_part_of_memory_and_known_callers_the_rest(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ .memory_bytes_max = 400000, .known = knows_friends });
    int first = begins(&h, "", 40000), second = begins(&h, "", 40000);
    int third = begins(&h, "", 40000); /* the two before it hold their part */
    assert_refused(&h, third);
    int friend = begins(&h, "X-Friend: yes\r\n", 40000);
    assert_goes_on(&h, friend, 40000);
    close(second);
    assert_goes_on(&h, first, 40000);
    harness_finish(&h);
}

static void who_is_slow_makes_room(void **state)
{
    struct harness h;
    struct buf in;
    harness_start(&h, (struct http_server_options){ .memory_bytes_max = 400000 });
    int slow = begins(&h, "", 40000), other = begins(&h, "", 40000);
    harness_pump(&h, 2100);
    int quick = begins(&h, "", 40000);
    buf_init(&in, 1 << 20);
    assert_int_equal(client_read(&h, slow, &in, NULL), CLIENT_EOF);
    assert_goes_on(&h, quick, 40000);
    buf_finish(&in);
    close(slow);
    close(other);
    harness_finish(&h);
}

static void replies_nobody_takes_are_bounded(void **state)
{
    struct harness h;
    int fds[20], cut = 0;
    struct buf in;
    harness_start(&h, (struct http_server_options){ .memory_bytes_max = 40 << 20 });
    h.big_bytes = 8 << 20;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = client_connect(&h);
        client_send(&h, fds[i], STR("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        harness_pump(&h, 10);
    }
    assert_true(http_server_stats(h.server).memory_bytes < (size_t)24 << 20);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        buf_init(&in, 16 << 20);
        (void)client_read(&h, fds[i], &in, NULL);
        cut += in.n < h.big_bytes;
        buf_finish(&in);
        close(fds[i]);
    }
    assert_true(cut >= 10 && cut < 20);
    harness_finish(&h);
}

/* They are all there before the first answer has left: what nobody will get is given up before the next is made. */
static void large_answers_to_many_at_once_are_bounded(void **state)
{
    struct harness h;
    int fds[20];
    harness_start(&h, (struct http_server_options){ .memory_bytes_max = 40 << 20 });
    h.big_bytes = 8 << 20;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) fds[i] = client_connect(&h);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        client_send(&h, fds[i], STR("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    harness_pump(&h, 50);
    assert_true(h.memory_most < (size_t)24 << 20);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) close(fds[i]);
    harness_finish(&h);
}

static void what_everybody_holds_is_given_back(void **state)
{
    struct harness h;
    harness_start(&h, (struct http_server_options){ .known = knows_friends });
    for (int i = 0; i < 3; i++) {
        int fd = begins(&h, i ? "X-Friend: yes\r\n" : "", 40000);
        assert_true(http_server_stats(h.server).memory_bytes >= 40000);
        if (i) assert_goes_on(&h, fd, 40000);
        else close(fd);
        harness_pump(&h, 50);
        assert_int_equal(http_server_stats(h.server).memory_bytes, 0);
    }
    harness_finish(&h);
}

static void nobody(void *arg, struct http_exchange *ex)
{
    fail();
}

static void the_local_socket_tells_who_calls(void **state)
{
    struct harness h;
    struct buf in;
    struct stat st;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    char dir[] = "/tmp/salesagent-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", dir);
    int left = socket(AF_UNIX, SOCK_STREAM, 0); /* a crash left its socket file */
    assert_int_equal(bind(left, (struct sockaddr *)&un, sizeof(un)), 0);
    close(left);
    harness_start(&h, (struct http_server_options){ .no_tcp = true, .unix_path = str_from(un.sun_path) });
    assert_int_equal(http_server_port(h.server, 0), 0);
    assert_int_equal(stat(un.sun_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct http_server *second;
    struct err e;
    struct http_server_options again = { .no_tcp = true, .unix_path = str_from(un.sun_path) };
    assert_int_equal(http_server_start(&h.d, &again, nobody, NULL, &second, &e), -1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR(GET_CLOSE));
    assert_int_equal(client_read(&h, fd, &in, NULL), CLIENT_EOF);
    assert_has(&in, "HTTP/1.1 200 OK");
    assert_int_equal(h.local_uid, getuid());
    close(fd);
    buf_finish(&in);
    harness_finish(&h);
    assert_int_equal(access(un.sun_path, F_OK), -1);
    assert_int_equal(rmdir(dir), 0);
}

static void the_local_socket_has_a_part_of_memory_that_strangers_cannot_take(void **state)
{
    struct harness h;
    struct buf in;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    char dir[] = "/tmp/salesagent-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", dir);
    harness_start(&h, (struct http_server_options){ .memory_bytes_max = 400000, .unix_path = str_from(un.sun_path) });
    int first = begins(&h, "", 40000), second = begins(&h, "", 40000);
    assert_refused(&h, begins(&h, "", 40000));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    buf_init(&in, 1 << 20);
    client_send(&h, fd, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"));
    (void)client_read(&h, fd, &in, NULL);
    assert_has(&in, "HTTP/1.1 200 ");
    buf_finish(&in);
    close(fd);
    close(first);
    close(second);
    harness_finish(&h);
    (void)unlink(un.sun_path);
    (void)rmdir(dir);
}

static void an_address_that_cannot_be_bound_is_an_error(void **state)
{
    struct harness h;
    struct err e;
    struct http_server *s;
    harness_start(&h, (struct http_server_options){ 0 });
    struct http_server_options taken = { .listens = { { .port = http_server_port(h.server, 0) } }, .listens_n = 1 };
    assert_int_equal(http_server_start(&h.d, &taken, nobody, NULL, &s, &e), -1);
    assert_non_null(strstr(e.message, "address already in use"));
    struct http_server_options odd = { .listens = { { .host = STR("not an address") } }, .listens_n = 1 };
    assert_int_equal(http_server_start(&h.d, &odd, nobody, NULL, &s, &e), -1);
    harness_finish(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_its_reply),
        cmocka_unit_test(bytes_may_come_one_at_a_time),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_second_request_waits_for_the_first),
        cmocka_unit_test(malformed_and_ambiguous_requests_are_refused),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(the_bytes_after_a_refused_request_are_no_request),
        cmocka_unit_test(the_head_has_an_exact_limit),
        cmocka_unit_test(a_client_sending_too_large_a_body_still_reads_413),
        cmocka_unit_test(slow_senders_are_timed_out),
        cmocka_unit_test(a_kept_connection_is_closed_when_idle),
        cmocka_unit_test(expect_continue_is_answered_before_the_body),
        cmocka_unit_test(head_and_empty_replies_have_no_body),
        cmocka_unit_test(http10_and_absolute_targets_are_understood),
        cmocka_unit_test(upgrades_are_ignored),
        cmocka_unit_test(large_replies_wait_for_slow_readers_and_vanished_ones_do_no_harm),
        cmocka_unit_test(who_takes_nothing_of_a_reply_is_cut_off),
        cmocka_unit_test(large_replies_are_compressed_for_those_who_accept_it),
        cmocka_unit_test(an_exchange_outlives_its_client),
        cmocka_unit_test(a_half_closed_client_gets_its_reply),
        cmocka_unit_test(streams_flow_and_end),
        cmocka_unit_test(a_stream_ends_when_its_client_leaves_or_lags),
        cmocka_unit_test(stopping_lets_requests_in_flight_finish),
        cmocka_unit_test(stopping_cuts_what_passes_the_deadline),
        cmocka_unit_test(the_oldest_idle_connection_makes_room),
        cmocka_unit_test(large_answers_to_many_at_once_are_bounded),
        cmocka_unit_test(bodies_of_strangers_take_a_part_of_memory_and_known_callers_the_rest),
        cmocka_unit_test(who_is_slow_makes_room),
        cmocka_unit_test(replies_nobody_takes_are_bounded),
        cmocka_unit_test(what_everybody_holds_is_given_back),
        cmocka_unit_test(the_local_socket_tells_who_calls),
        cmocka_unit_test(the_local_socket_has_a_part_of_memory_that_strangers_cannot_take),
        cmocka_unit_test(an_address_that_cannot_be_bound_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
