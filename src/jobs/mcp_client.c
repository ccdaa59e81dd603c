/* See mcp_client.h. */
#include "jobs/mcp_client.h"

#include "contract/limits.h"

static struct str rpc_body(struct arena *a, const struct mcp_ask *ask)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "jsonrpc", "2.0");
    json_add_str(doc, o, "id", ask->id);
    json_add_cstr(doc, o, "method", "tools/call");
    yyjson_mut_val *params = json_add_obj(doc, o, "params");
    json_add_str(doc, params, "name", ask->tool);
    json_add_raw(doc, params, "arguments", ask->arguments);
    return json_write(a, o);
}

void mcp_fill_call(struct arena *a, const struct mcp_ask *ask, struct http_header *headers, struct http_call *out)
{
    size_t n = 0;
    headers[n++] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    headers[n++] = (struct http_header){ STR("Accept"), STR("application/json, text/event-stream") };
    headers[n++] = (struct http_header){ STR("MCP-Protocol-Version"), STR("2025-11-25") };
    if (ask->token.n) {
        struct str value = arena_printf(a, "Bearer " STR_FMT, STR_ARG(ask->token));
        headers[n++] = (struct http_header){ STR("Authorization"), value };
    }
    *out = (struct http_call){ .method = STR("POST"),
                               .url = ask->url,
                               .headers = headers,
                               .headers_n = n,
                               .body = rpc_body(a, ask),
                               .reach = ask->reach,
                               .timeout_ms = ask->timeout_ms,
                               .body_bytes_max = ask->answer_bytes_max };
}

/* The last event of a stream, or the body itself. */
static struct str json_of(const struct http_call *c)
{
    static const struct str mark = STR("data:");
    struct str body = c->response;
    if (!str_starts(c->content_type, STR("text/event-stream"))) return body;
    struct str found = STR_NONE;
    for (size_t i = 0; i < body.n;) {
        size_t n = 0;
        while (i + n < body.n && body.p[i + n] != '\n') n++;
        struct str line = { body.p + i, n };
        if (str_starts(line, mark)) found = str_skip(line, mark.n);
        i += n + 1;
    }
    return found;
}

static yyjson_val *parse(struct arena *a, struct str text, size_t bytes_max)
{
    struct json_limits limits = json_limits_list;
    yyjson_doc *doc;
    struct err ignored; /* what is no JSON is no answer */
    limits.bytes_max = bytes_max;
    return text.n && json_parse(a, text, &limits, &doc, &ignored) == 0 ? yyjson_doc_get_root(doc) : NULL;
}

static yyjson_val *content_of(struct arena *a, yyjson_val *result, size_t bytes_max)
{
    yyjson_val *block;
    size_t i, n;
    if (json_obj(result, "structuredContent")) return json_obj(result, "structuredContent");
    yyjson_arr_foreach(json_arr(result, "content"), i, n, block) {
        yyjson_val *parsed = parse(a, json_str(block, "text"), bytes_max);
        if (yyjson_is_obj(parsed)) return parsed;
    }
    return NULL;
}

bool mcp_read_answer(struct arena *a, const struct http_call *c, size_t bytes_max, struct mcp_answer *out)
{
    yyjson_val *rpc = parse(a, json_of(c), bytes_max), *result = json_obj(rpc, "result");
    bool error = json_obj(rpc, "error") != NULL;
    if (!result && !error) return false;
    *out = (struct mcp_answer){ .content = content_of(a, result, bytes_max),
                                .failed = error || json_bool_or(result, "isError", false) };
    return true;
}
