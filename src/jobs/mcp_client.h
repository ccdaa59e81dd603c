/* Calling a tool of another agent as an MCP client without a session: one POST of tools/call, answered with JSON or
 * with a stream of which the last event counts. Pure but for the call itself, which is the caller's (steps_http). */
#pragma once

#include "contract/json.h"
#include "jobs/steps.h"

#define MCP_HEADERS_MAX 4

struct mcp_ask {
    struct str url, token; /* token: of the Bearer scheme; empty: none is sent */
    struct str id, tool, arguments; /* arguments: JSON */
    enum http_reach reach;
    int timeout_ms;
    size_t answer_bytes_max;
};
/* `headers` has MCP_HEADERS_MAX places and lives as long as the call. */
void mcp_fill_call(struct arena *a, const struct mcp_ask *ask, struct http_header *headers, struct http_call *out);

struct mcp_answer {
    yyjson_val *content; /* structuredContent, else the first text block that is JSON; NULL: there is none */
    bool failed;         /* the tool says so (isError), or the answer is a JSON-RPC error */
};
/* False when it is no JSON-RPC answer at all. */
MUST_CHECK bool mcp_read_answer(struct arena *a, const struct http_call *c, size_t bytes_max, struct mcp_answer *out);
