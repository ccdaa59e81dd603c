/* The inbound side: listeners, connections, limits and orderly shutdown.
 *
 *     accept -> conn (conn.c: bytes, deadlines, order) -> h1 (h1.c: HTTP/1.1, limits) -> handler, in a turn
 *
 * A connection has at most one request with the handler; what a pipelining client sent ahead waits. Requests
 * that break the protocol or a limit never reach the handler: they get a small problem document (RFC 9457)
 * and the connection is closed. Every close is logged at debug level with its reason. */
#pragma once

#include "net/http.h"
#include "run/loop_uv.h"

struct http_server;

typedef void http_handler(void *arg, struct http_exchange *ex);

#define HTTP_LISTENS_MAX 16

/* One TCP listener. */
struct http_listen {
    struct str host; /* numeric IPv4 or IPv6 address, or "localhost" [127.0.0.1] */
    int port;        /* 0 lets the system choose; see http_server_port */
    int fd;          /* a listening socket handed over by the service manager instead of host and port; 0: none */
    bool plain;      /* no TLS here, though there is a certificate */
};

/* Zero means the default in brackets. Texts are borrowed for the call. */
struct http_server_options {
    struct http_listen listens[HTTP_LISTENS_MAX];
    size_t listens_n;     /* [one, on localhost and a port of the system's choice] */
    bool no_tcp;          /* only the local socket */
    struct str unix_path; /* empty: none. A stale socket file there is replaced; the new one has mode 0600 */
    struct str tls_certificate,
        tls_key; /* PEM files; both or neither. The TCP listeners then speak TLS only, but for the plain ones */

    size_t head_bytes_max;     /* request line and headers [32 KiB] -> 431 (414 within the request line) */
    size_t headers_max;        /* how many headers [128] -> 431 */
    size_t body_bytes_max;     /* [8 MiB] -> 413 */
    size_t connections_max;    /* [10000]; at the limit the longest idle one makes room, else 503.
                                  The local socket is not counted */
    size_t memory_bytes_max; /* what comes in, is handled or waits for its client, together [64 MiB]; strangers have a
                                  fourth of it. Beyond: who is slow is cut off, else 503 */
    size_t gzip_bytes_min; /* replies from this size are compressed for clients that accept it [8 KiB] */
    /* Is the sender of this head (headers, peer) somebody we know? Asked only while memory is scarce, with the handler's
     * arg; NULL: all are strangers. A wrong yes costs no more than memory. */
    bool (*known)(void *arg, const struct http_exchange *head);
    int head_timeout_ms; /* from the first byte to the end of the headers [10 s] -> 408 */
    int body_idle_timeout_ms; /* between two pieces of a body [30 s] -> 408 */
    int body_bytes_per_s_min; /* average, after a grace of body_idle_timeout_ms [1024] -> 408 */
    int keep_alive_timeout_ms; /* between requests [75 s] */
    int write_timeout_ms; /* without the client taking any byte of a reply [30 s] */
};

/* Listens and serves until stopped. `handler(arg, exchange)` runs in a turn of the loop. Fails
 * (SERVICE_UNAVAILABLE with the reason for the operator) when an address cannot be bound or a certificate not
 * be loaded. */
MUST_CHECK int http_server_start(struct loop_uv *d, const struct http_server_options *o, http_handler *handler,
                                 void *arg, struct http_server **server, struct err *e);

int http_server_port(const struct http_server *s, size_t listener); /* of that TCP listener; 0 without one */

/* New connections get this certificate and key; open ones keep theirs. On failure (as http_server_start) the old ones
 * stay. Only for a server that was started with TLS. */
MUST_CHECK int http_server_use_certificate(struct http_server *s, struct str certificate, struct str key,
                                           struct err *e);

/* From now on; open connections beyond a lower limit stay until they are idle and somebody wants in. */
struct http_server_limits {
    size_t connections_max, body_bytes_max, memory_bytes_max;
};
void http_server_set_limits(struct http_server *s, const struct http_server_limits *limits);

/* Stops accepting, closes idle connections, lets requests in flight finish until the deadline, then cuts the
 * rest. A kept connection is closed after a moment without a request: one may be on its way. `stopped(arg)` runs in a
 * turn when no connection is left; call http_server_destroy in it or later.
 * With NULL for `stopped` the server destroys itself. Exchanges still with their owners survive the server.
 */
void http_server_stop(struct http_server *s, int deadline_ms, void (*stopped)(void *arg), void *arg);
void http_server_destroy(struct http_server *s);

struct http_server_stats {
    size_t connections; /* open now */
    size_t in_flight; /* requests with the handler now */
    size_t memory_bytes; /* what connections and requests hold now */
    int64_t accepted; /* connections since the start */
    int64_t requests; /* requests handed to the handler since the start */
    int64_t refused; /* requests answered with a protocol or limit error since the start */
    int64_t cut; /* requests under way when the time for stopping was over */
};
struct http_server_stats http_server_stats(const struct http_server *s);
