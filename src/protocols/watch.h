/* Who wants to know what the agent is asked: the application, for its log and its metrics. Each request has an id, which
 * its reply carries (X-Request-Id) and which a trusted proxy may have given it. */
#pragma once

#include "protocols/call.h"

/* What is known of a request; in its exchange's arena, filled on the way. */
struct request_note {
    const struct http_exchange *ex;
    struct watcher *watcher;
    struct loop *loop;
    struct str id;
    int64_t begun_us; /* by the loop's clock, at the beginning of the request */
    const char *route; /* of the table of routes: few values; "none" when there was nothing */
    const char *refused; /* "host name", "origin": by the web policy; NULL: not */
    const struct call *call; /* the last of its calls that ended; only while the request is answered; NULL: none */
    const char *tool; /* of that call: a known one's name, or "unknown" */
    const char *dialect, *outcome;
    struct str tenant_id, principal_id, code; /* code: of an error */
    int calls;
};

struct watcher {
    void (*call_ended)(struct watcher *w, const struct request_note *n, int64_t took_us);
    void (*request_ended)(struct watcher *w, const struct request_note *n, int64_t took_us);
};

/* Gives the exchange its id and its note; without a watcher, the id alone. */
void watch_request(struct dispatcher *d, struct http_exchange *ex);
/* Names the route, once it is known. `route` is static. */
void watch_route(struct http_exchange *ex, const char *route);
void watch_refused(struct http_exchange *ex, const char *what);
/* A call of this exchange has ended; from dispatch. Safe with a call that came from no exchange. */
void watch_call(const struct call *c);

/* "ok", "submitted", "refused", "unauthenticated", "unavailable", "unknown_tool" */
const char *watch_outcome(const struct call *c);
