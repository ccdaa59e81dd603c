/* Path to door. */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

/* The handler given to the HTTP server; `arg` is the struct dispatcher. */
void router_handle(void *arg, struct http_exchange *ex);
