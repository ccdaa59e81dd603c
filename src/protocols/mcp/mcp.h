/* MCP over streamable HTTP, stateless: one POST, one JSON answer (reference transports.md §4.1-4.3). */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

/* Takes over the exchange and answers it in this or a later turn. */
void mcp_handle(struct dispatcher *d, struct http_exchange *ex);
