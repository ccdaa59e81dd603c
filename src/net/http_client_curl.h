/* The production http_client: libcurl's multi interface driven by the loop. One of three rooms of the outside
 * world is chosen by each call's reach, and each has its own connections, so that a connection an operator's
 * call may use is never reused for a buyer's URL. Every address is checked when its socket is made: whatever
 * DNS says between a registration and a call, nothing forbidden is connected to.
 *
 * HTTP/1.1 only; no redirects, no proxies (also not from the environment), no cookies, no .netrc, no
 * decompression. TLS certificates are verified. The Host header is the URL's authority without the scheme's
 * default port.
 *
 * When a kept connection turns out to be dead before any byte of an answer came, curl sends the request again
 * over a fresh one; so a peer may in rare cases see a request twice, and effects carry idempotency keys for
 * that. */
#pragma once

#include <salesagent/http_call.h>

#include "run/loop_uv.h"

/* Zero means the default in brackets. Everything is borrowed only during create. */
struct http_client_options {
    int in_flight_max;  /* [128], where throughput peaks; what comes beyond waits its turn */
    int per_host_max;   /* [16] to one scheme, host and port; hosts with calls waiting take turns */
    struct str ca_file; /* PEM bundle [the system's] */
    struct str user_agent;
    const char *const *fixed_dns; /* NULL-terminated "host:port:address" entries that answer before DNS */
};

struct http_client_stats {
    int in_flight, waiting;
};

struct http_client *http_client_curl_create(struct loop_uv *d, const struct http_client_options *o);
struct http_client_stats http_client_curl_stats(const struct http_client *h);

/* Drops what is under way without running any `done` and without touching the calls, whose memory may be gone
 * already; they must not be finished afterwards, and those that are done must have been finished before.
 * Memory goes when libuv has closed the handles. */
void http_client_curl_destroy(struct http_client *h);
