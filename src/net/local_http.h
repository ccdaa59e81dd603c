/* A blocking POST over a unix-domain socket, for the command line only: a short-lived process with nothing
 * else to do. */
#pragma once

#include <salesagent/http_call.h>

#include "base/arena.h"

enum local_outcome { LOCAL_ANSWERED, LOCAL_NOT_RUNNING, LOCAL_FAILED };

#define LOCAL_HEADERS_MAX 4

struct local_request {
    const char *socket_path;
    struct str path;
    struct str body; /* JSON */
    int timeout_ms;
    struct http_header headers[LOCAL_HEADERS_MAX]; /* those with a value are sent */
};

/* Posts and waits for the answer. With LOCAL_ANSWERED, *status and *response are set, the text in the arena;
 * otherwise e says why. */
MUST_CHECK enum local_outcome local_post(struct arena *a, const struct local_request *r, int *status,
                                         struct str *response, struct err *e);
