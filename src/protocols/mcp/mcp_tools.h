/* What tools/list shows. Everybody sees AdCP's tools; a token of the publisher's people shows first the operations that it
 * may call, then the tools of AdCP that it may call. */
#pragma once

#include "protocols/dispatch.h"

struct mcp_tools {
    struct str list; /* a JSON array */
    bool for_all; /* the same for everybody: it may be kept by whoever is between */
};

/* The query "schemas" says how much is told of the arguments: nothing below the first level unless it is "outline" (two
 * levels) or "full"; "tools=publisher" shows a person the
 * publisher's operations alone. A credential that is not accepted shows what strangers see. */
void mcp_tools_list(struct dispatcher *d, struct http_exchange *ex, struct mcp_tools *out);
