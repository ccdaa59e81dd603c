/* /healthz (and its old name /health): the process is there and its loop turns. /readyz: it can do its work, or why not:
 *
 *     200 {"ready":true,"reasons":[]}
 *     503 {"ready":false,"reasons":[{"check":"store","detail":"A write was not on the disk within a second."}]}
 *
 * Checks: store (a row is written, pulse.h), migrations, publisher (there is one whose settings can be read), draining.
 * What does not keep the others from being served is in `warnings`. */
#pragma once

#include "net/http.h"

struct server;

/* True when the request was one of these and has been, or will be, answered. */
bool health_handle(struct server *s, struct http_exchange *ex);
