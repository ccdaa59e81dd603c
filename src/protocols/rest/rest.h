/* REST: the registry over plain HTTP.
 *
 *   POST /adcp/<task>        AdCP's remote-procedure form: 200 for every outcome of the operation, also errors
 *   POST /api/v1/<task>      the same with HTTP statuses and problem details (RFC 9457) for errors
 *   /api/v1/media-buys ...   resource-style routes (table in rest_routes.c) onto the same tools
 *   /api/v1/openapi.json     generated from the registry;  /docs  a page made of it
 */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

/* `rest` is the path below /api/v1/ or /adcp/, without leading slash. */
void rest_handle_api(struct dispatcher *d, struct http_exchange *ex, struct str rest);
void rest_handle_adcp(struct dispatcher *d, struct http_exchange *ex, struct str task);
