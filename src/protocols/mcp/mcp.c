/* How to read this file: mcp_handle() parses the POST, handle_request() tells the two eras apart and routes the
 * method, tools_call() hands over to dispatch and tool_done() answers. */
#include "protocols/mcp/mcp.h"

#include "contract/limits.h"
#include "protocols/http_call_headers.h"
#include "protocols/jsonrpc.h"
#include "protocols/kept.h"
#include "protocols/mcp/mcp_tools.h"

#define LATEST_LEGACY  "2025-11-25"
#define MODERN_VERSION "2026-07-28"
#define BATCH_MAX      50

/* Error codes of the stateless revision. */
#define MCP_HEADER_MISMATCH     (-32020)
#define MCP_VERSION_UNSUPPORTED (-32022)
/* Reserved by AdCP (reference §2.4). */
#define ADCP_AUTH_MISSING (-32028)

static const char *const legacy_versions[] = { "2025-03-26", "2025-06-18", LATEST_LEGACY };

/* One POST: a single request, or a batch of them answered together (2025-03-26 only). */
struct mcp_post {
    struct dispatcher *dispatcher;
    struct http_exchange *ex;
    bool batch;
    struct str *answers;
    size_t answers_n;
    size_t pending; /* items whose answer is not there yet */
};

/* One JSON-RPC request of a POST. */
struct mcp_request {
    struct mcp_post *post;
    struct call call;
    struct str id, method;
    yyjson_val *params;
    bool modern;
};

static void send_batch(struct mcp_post *p);

/* One request is answered: at once when it came alone, with the others when it is part of a batch. An empty body
 * answers a notification. */
static void answer(struct mcp_post *p, int status, struct str body)
{
    if (!p->batch) {
        http_exchange_reply_with(p->ex, status, "application/json", body);
        return;
    }
    if (body.n) p->answers[p->answers_n++] = body;
    p->pending--;
    if (p->pending == 0) send_batch(p);
}

static void answer_error(struct mcp_post *p, int status, struct str id, int code, const char *message)
{
    answer(p, status, jsonrpc_error(&p->ex->arena, id, code, message, STR_NONE));
}

static bool version_known(struct str v)
{
    for (size_t i = 0; i < ARRAY_LEN(legacy_versions); i++) {
        if (str_is(v, legacy_versions[i])) return true;
    }
    return false;
}

/* --- initialize, ping, tools/list ------------------------------------------------------------------------- */

static const char instructions[] =
    "An AdCP sales agent. Begin with get_adcp_capabilities, find products with get_products, buy with "
    "create_media_buy, upload with sync_creatives, follow with get_media_buys and get_media_buy_delivery.";

static void add_capabilities(yyjson_mut_doc *doc, yyjson_mut_val *r)
{
    yyjson_mut_val *tools = json_add_obj(doc, json_add_obj(doc, r, "capabilities"), "tools");
    json_add_bool(doc, tools, "listChanged", false);
}

static void add_server_info(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key)
{
    yyjson_mut_val *info = json_add_obj(doc, o, key);
    json_add_cstr(doc, info, "name", "salesagent");
    json_add_cstr(doc, info, "title", "Publisher sales agent (AdCP)");
    json_add_cstr(doc, info, "version", SALESAGENT_VERSION);
}

/* What every result of the stateless revision carries. */
static void add_modern(yyjson_mut_doc *doc, yyjson_mut_val *r)
{
    json_add_cstr(doc, r, "resultType", "complete");
    add_server_info(doc, json_add_obj(doc, r, "_meta"), "io.modelcontextprotocol/serverInfo");
}

/* Lists and discovery may be kept by the client; "public" ones are the same for everybody. */
static void add_cacheable(yyjson_mut_doc *doc, yyjson_mut_val *r, const char *scope)
{
    json_add_i64(doc, r, "ttlMs", 300000);
    json_add_cstr(doc, r, "cacheScope", scope);
}

static struct str initialize_result(struct arena *a, yyjson_val *params)
{
    struct str asked = json_str(params, "protocolVersion");
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *r = json_root_obj(doc);
    json_add_str(doc, r, "protocolVersion", version_known(asked) ? asked : STR(LATEST_LEGACY));
    add_capabilities(doc, r);
    add_server_info(doc, r, "serverInfo");
    json_add_cstr(doc, r, "instructions", instructions);
    return json_write(a, r);
}

static struct str discover_result(struct arena *a)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *r = json_root_obj(doc);
    json_push_str(doc, json_add_arr(doc, r, "supportedVersions"), STR(MODERN_VERSION));
    add_capabilities(doc, r);
    json_add_cstr(doc, r, "instructions", instructions);
    add_cacheable(doc, r, "public");
    add_modern(doc, r);
    return json_write(a, r);
}

static struct str tools_list_result(struct mcp_request *m)
{
    struct arena *a = &m->post->ex->arena;
    struct mcp_tools tools;
    mcp_tools_list(m->post->dispatcher, m->post->ex, &tools);
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *r = json_root_obj(doc);
    json_add_raw(doc, r, "tools", tools.list);
    if (m->modern) {
        add_cacheable(doc, r, tools.for_all ? "public" : "private");
        add_modern(doc, r);
    }
    return json_write(a, r);
}

/* --- tools/call ------------------------------------------------------------------------------------------- */

/* What a result says behind its structured content. */
static struct str behind(struct arena *a, const struct mcp_request *m)
{
    bool failed = m->call.outcome != CALL_OK;
    if (!m->modern) return failed ? STR(",\"isError\":true") : STR_NONE;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *r = json_root_obj(doc);
    if (failed) json_add_bool(doc, r, "isError", true);
    add_modern(doc, r);
    struct str members = json_write(a, r); /* {...}: with a comma for the first brace, without the last */
    return arena_printf(a, ",%.*s", (int)members.n - 2, members.p + 1);
}

/* {"content":[{"type":"text","text":"<body>"}],"structuredContent":<body>,"isError":true}: as a text that may be shared when
 * it is kept, else as one of its own. */
static void answer_result(struct mcp_request *m)
{
    struct call *c = &m->call;
    struct http_exchange *ex = m->post->ex;
    struct arena *a = &ex->arena;
    struct kept_splice splice = { c->keep.added, behind(a, m) };
    struct kept_text *text = c->keep.text;
    if (text) text->refs++;
    else text = kept_text_new(c->body), splice.added = STR_NONE; /* it is in the body */
    if (!m->post->batch && !splice.added.n && !splice.behind.n) {
        ex->lead = jsonrpc_result_lead(a, m->id);
        http_exchange_share(ex, text, kept_text_unref, text->n / text->refs);
        answer(m->post, 200, (struct str){ text->p, text->n });
        return;
    }
    struct str result = kept_text_result(a, text, &splice);
    kept_text_unref(text);
    answer(m->post, 200, jsonrpc_result(a, m->id, result));
}

static void tool_done(struct call *c)
{
    struct mcp_request *m = CONTAINER_OF(c, struct mcp_request, call);
    struct mcp_post *p = m->post;
    struct arena *a = &p->ex->arena;
    if (!p->batch) call_headers_reply(p->ex, c); /* they speak of one call */
    switch (c->outcome) {
    case CALL_OK:
    case CALL_FAILED:
    case CALL_UNAVAILABLE: answer_result(m); return;
    case CALL_UNKNOWN_TOOL:
        answer(p, 200, jsonrpc_error(a, m->id, JSONRPC_INVALID_PARAMS, "Unknown tool", c->body));
        return;
    case CALL_UNAUTHENTICATED:
        answer(p, 401, jsonrpc_error(a, m->id, ADCP_AUTH_MISSING, "Authentication is required", c->body));
        return;
    }
}

static void tools_call(struct mcp_request *m)
{
    struct str name = json_str(m->params, "name");
    yyjson_val *args = yyjson_obj_get(m->params, "arguments");
    if (!name.n) {
        answer_error(m->post, 200, m->id, JSONRPC_INVALID_PARAMS, "params.name must be the name of a tool");
        return;
    }
    if (args && !yyjson_is_obj(args) && !yyjson_is_null(args)) {
        answer_error(m->post, 200, m->id, JSONRPC_INVALID_PARAMS, "params.arguments must be an object");
        return;
    }
    m->call.arena = &m->post->ex->arena; /* the rest is zero */
    m->call.transport = TRANSPORT_MCP;
    m->call.tool = name;
    m->call.args = yyjson_is_obj(args) ? args : NULL;
    m->call.done = tool_done;
    call_headers_read(m->post->ex, &m->call.headers);
    call_push_read(m->post->ex, &m->call.push);
    dispatch_call(m->post->dispatcher, &m->call);
}

/* --- the two eras ------------------------------------------------------------------------------------------ */

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

static bool header_mismatch(const struct mcp_request *m)
{
    answer_error(m->post, 400, m->id, MCP_HEADER_MISMATCH,
                 "The headers MCP-Protocol-Version, Mcp-Method and Mcp-Name must repeat what the body says");
    return false;
}

/* The stateless revision mirrors version, method and name in headers, which must agree with the body.
 * False after answering a request that breaks its rules. */
static bool modern_admitted(const struct mcp_request *m)
{
    struct mcp_post *p = m->post;
    struct arena *a = &p->ex->arena;
    yyjson_val *meta = json_obj(m->params, "_meta");
    struct str version = json_str(meta, META_VERSION);
    if (!version.n) {
        answer_error(p, 400, m->id, JSONRPC_INVALID_PARAMS, "params._meta must hold " META_VERSION);
        return false;
    }
    bool named = str_is(m->method, "tools/call");
    if (!str_eq(http_req_header(p->ex, "mcp-protocol-version"), version)) return header_mismatch(m);
    if (!str_is(version, MODERN_VERSION)) {
        yyjson_mut_doc *doc = json_doc_new(a);
        yyjson_mut_val *data = json_root_obj(doc);
        json_push_str(doc, json_add_arr(doc, data, "supported"), STR(MODERN_VERSION));
        json_add_str(doc, data, "requested", version);
        answer(p, 400,
               jsonrpc_error(a, m->id, MCP_VERSION_UNSUPPORTED, "Unsupported protocol version", json_write(a, data)));
        return false;
    }
    if (!json_obj(meta, META_CAPABILITIES)) {
        answer_error(p, 400, m->id, JSONRPC_INVALID_PARAMS, "params._meta must hold " META_CAPABILITIES);
        return false;
    }
    if (!str_eq(http_req_header(p->ex, "mcp-method"), m->method) ||
        (named && !str_eq(http_req_header(p->ex, "mcp-name"), json_str(m->params, "name")))) {
        return header_mismatch(m);
    }
    return true;
}

static void route_modern(struct mcp_request *m)
{
    struct arena *a = &m->post->ex->arena;
    if (!modern_admitted(m)) return;
    if (str_is(m->method, "server/discover")) {
        answer(m->post, 200, jsonrpc_result(a, m->id, discover_result(a)));
    } else if (str_is(m->method, "tools/list")) {
        answer(m->post, 200, jsonrpc_result(a, m->id, tools_list_result(m)));
    } else if (str_is(m->method, "tools/call")) {
        tools_call(m);
    } else {
        answer_error(m->post, 404, m->id, JSONRPC_METHOD_NOT_FOUND, "Method not found");
    }
}

static void route_legacy(struct mcp_request *m)
{
    struct arena *a = &m->post->ex->arena;
    if (str_is(m->method, "initialize")) {
        answer(m->post, 200, jsonrpc_result(a, m->id, initialize_result(a, m->params)));
    } else if (str_is(m->method, "ping")) {
        answer(m->post, 200, jsonrpc_result(a, m->id, STR("{}")));
    } else if (str_is(m->method, "tools/list")) {
        answer(m->post, 200, jsonrpc_result(a, m->id, tools_list_result(m)));
    } else if (str_is(m->method, "tools/call")) {
        tools_call(m);
    } else {
        answer_error(m->post, 200, m->id, JSONRPC_METHOD_NOT_FOUND, "Method not found");
    }
}

/* --- the endpoint ------------------------------------------------------------------------------------------ */

/* A notification, or a response to something we never asked: acknowledged without a body. */
static bool needs_no_answer(yyjson_val *req, struct str method)
{
    if (method.n) return !json_has(req, "id");
    return json_has(req, "id") && (json_has(req, "result") || json_has(req, "error"));
}

/* {"method", "params"} without JSON-RPC's own members, as AdCP:Buy v1's page prints it for /mcp/sse. */
static bool is_bare(const struct mcp_post *p, yyjson_val *req)
{
    return !p->batch && str_starts(p->ex->path, STR("/mcp/sse")) && yyjson_is_obj(req) && !json_has(req, "jsonrpc");
}

static void handle_request(struct mcp_post *p, yyjson_val *req)
{
    struct arena *a = &p->ex->arena;
    struct str id = jsonrpc_id(a, req), method = json_str(req, "method");
    yyjson_val *params = yyjson_obj_get(req, "params");
    bool bare = is_bare(p, req);
    if (!bare && (!yyjson_is_obj(req) || !str_is(json_str(req, "jsonrpc"), "2.0"))) {
        answer_error(p, 400, id, JSONRPC_INVALID_REQUEST, "Not a JSON-RPC 2.0 request");
        return;
    }
    if (!bare && needs_no_answer(req, method)) {
        answer(p, 202, STR_NONE);
        return;
    }
    if (bare && !id.n) id = STR("null");
    if (!method.n || (!bare && (!id.n || str_is(id, "null")))) {
        answer_error(p, 400, id, JSONRPC_INVALID_REQUEST, "A request has a method and an id, a string or an integer");
        return;
    }
    if (params && !yyjson_is_obj(params)) {
        answer_error(p, 200, id, JSONRPC_INVALID_PARAMS, "params must be an object");
        return;
    }
    struct mcp_request *m = ARENA_NEW(a, struct mcp_request);
    m->post = p;
    m->id = id;
    m->method = method;
    m->params = params;
    struct str version = http_req_header(p->ex, "mcp-protocol-version");
    m->modern = json_has(json_obj(params, "_meta"), META_VERSION) || str_is(version, MODERN_VERSION);
    if (m->modern) {
        route_modern(m);
        return;
    }
    if (version.n && !version_known(version)) {
        answer_error(p, 400, id, -32000, "Unsupported protocol version");
        return;
    }
    route_legacy(m);
}

static void send_batch(struct mcp_post *p)
{
    struct arena *a = &p->ex->arena;
    if (p->answers_n == 0) {
        http_exchange_reply_with(p->ex, 202, "application/json", STR_NONE);
        return;
    }
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    for (size_t i = 0; i < p->answers_n; i++) json_push_raw(doc, list, p->answers[i]);
    http_exchange_reply_with(p->ex, 200, "application/json", json_write(a, list));
}

/* Batches exist in 2025-03-26 only, which is also what a client without the version header speaks. */
static void handle_batch(struct mcp_post *p, yyjson_val *list)
{
    struct str version = http_req_header(p->ex, "mcp-protocol-version");
    size_t n = yyjson_arr_size(list), i, max;
    yyjson_val *req;
    if ((version.n && !str_is(version, legacy_versions[0])) || n == 0 || n > BATCH_MAX) {
        answer_error(p, 400, STR_NONE, JSONRPC_INVALID_REQUEST, "The body must be one JSON-RPC request object");
        return;
    }
    p->batch = true;
    p->answers = ARENA_ARRAY(&p->ex->arena, struct str, n);
    p->pending = n + 1; /* one more, so that nothing is sent before all have been started */
    yyjson_arr_foreach(list, i, max, req) handle_request(p, req);
    answer(p, 202, STR_NONE);
}

void mcp_handle(struct dispatcher *d, struct http_exchange *ex)
{
    struct mcp_post *p = ARENA_NEW(&ex->arena, struct mcp_post);
    *p = (struct mcp_post){ .dispatcher = d, .ex = ex };
    if (!http_req_is(ex, "POST")) {
        ENSURE(http_rep_header(ex, "Allow", STR("POST")) == 0);
        answer_error(p, 405, STR_NONE, JSONRPC_INVALID_REQUEST, "This endpoint answers POST only");
        return;
    }
    yyjson_doc *doc;
    struct err e;
    if (json_parse(&ex->arena, ex->body, &json_limits_request, &doc, &e)) {
        answer_error(p, 400, STR_NONE, JSONRPC_PARSE_ERROR, arena_printf(&ex->arena, "Parse error: %s", e.message).p);
        return;
    }
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (yyjson_is_arr(root)) {
        handle_batch(p, root);
    } else {
        handle_request(p, root);
    }
}
