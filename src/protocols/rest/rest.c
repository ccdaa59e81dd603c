#include "protocols/rest/rest.h"

#include "base/encode.h"
#include "contract/error_codes.h"
#include "contract/limits.h"
#include "protocols/http_call_headers.h"
#include "protocols/rest/openapi.h"
#include "protocols/rest/operation_routes.h"
#include "protocols/rest/rest_routes.h"
#include "protocols/web_reply.h"

struct rest_call {
    struct call call;
    struct http_exchange *ex;
    const struct rest_route *route; /* NULL for the remote-procedure forms */
    bool problems;                  /* errors as problem details with an HTTP status of their own */
};

static void problem(struct http_exchange *ex, int status, const char *detail)
{
    struct str body = arena_printf(&ex->arena, "{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}",
                                   http_status_text(status), status, detail);
    http_exchange_reply_with(ex, status, "application/problem+json", body);
}

/* The error body of the operation with the members of RFC 9457 added. */
static struct str problem_body(struct rest_call *r, int status)
{
    struct arena *a = r->call.arena;
    yyjson_val *own = json_parse_own(a, r->call.body);
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = yyjson_is_obj(own) ? json_copy(doc, own) : yyjson_mut_obj(doc);
    /* RFC 9457 has these names for itself: `status` is a task's otherwise, `detail` the field in one of the older shapes. */
    yyjson_mut_val *field = yyjson_mut_obj_get(o, "detail");
    if (yyjson_mut_is_str(field) && !yyjson_mut_obj_get(o, "field"))
        json_add_val(doc, o, "field", yyjson_mut_val_mut_copy(doc, field));
    static const char *const taken[] = { "title", "status", "detail" };
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) (void)yyjson_mut_obj_remove_key(o, taken[i]);
    json_add_cstr(doc, o, "title", http_status_text(status));
    json_add_i64(doc, o, "status", status);
    json_add_str(doc, o, "detail", r->call.message);
    return json_write(a, o);
}

/* What AdCP answers with an empty list may be an error in an older shape, with a code of its own. */
static int status_of_older_shape(const struct call *c)
{
    yyjson_val *root = json_parse_own(c->arena, c->body);
    if (!root) return 500;
    struct str code = json_str(json_obj(root, "error"), "code");
    if (!code.n) code = json_str(root, "error_code");
    return code.n >= 9 && memcmp(code.p + code.n - 9, "NOT_FOUND", 9) == 0 ? 404 : 400;
}

static int status_of(const struct rest_call *r)
{
    const struct call *c = &r->call;
    switch (c->outcome) {
    case CALL_OK: return r->problems && c->tool_outcome == TOOL_SUBMITTED ? 202 : 200;
    case CALL_UNKNOWN_TOOL: return r->problems ? 404 : 200; /* below /adcp/ refusals are in the body, as in MCP */
    case CALL_UNAUTHENTICATED: return 401;
    case CALL_UNAVAILABLE: return 503;
    case CALL_FAILED:
        if (!r->problems) return 200;
        return c->err.code && *c->err.code ? error_code_http_status(c->err.code) : status_of_older_shape(c);
    }
    ENSURE(!"an outcome has a status");
    return 500;
}

/* GET of one thing that the tool answers with an empty list. */
static bool empty_one(const struct rest_call *r)
{
    if (!r->route || !r->route->one_of || r->call.outcome != CALL_OK) return false;
    struct str empty = arena_printf(r->call.arena, "\"%s\":[]", r->route->one_of);
    return memmem(r->call.body.p, r->call.body.n, empty.p, empty.n) != NULL;
}

static void rest_done(struct call *c)
{
    struct rest_call *r = CONTAINER_OF(c, struct rest_call, call);
    call_headers_reply(r->ex, c);
    if (empty_one(r)) {
        problem(r->ex, 404, "There is nothing of that id.");
        return;
    }
    int status = status_of(r);
    bool reads = http_req_is(r->ex, "GET") || http_req_is(r->ex, "HEAD");
    if (status >= 400 && r->problems) {
        http_exchange_reply_with(r->ex, status, "application/problem+json", problem_body(r, status));
    } else if (reads && status == 200) {
        ENSURE(http_rep_header(r->ex, "Cache-Control", STR("private, no-cache")) == 0);
        web_reply_tagged(r->ex, "application/json", c->body, STR_NONE);
    } else {
        http_exchange_reply_with(r->ex, status, "application/json", c->body);
    }
}

/* The body as an object; false after answering. An empty body reads as no arguments. */
static bool read_body(struct http_exchange *ex, yyjson_val **body)
{
    yyjson_doc *doc;
    struct err e;
    *body = NULL;
    if (!ex->body.n) return true;
    if (json_parse(&ex->arena, ex->body, &json_limits_request, &doc, &e)) {
        problem(ex, 400, "The body is not JSON.");
        return false;
    }
    *body = yyjson_doc_get_root(doc);
    if (yyjson_is_obj(*body)) return true;
    problem(ex, 400, "The body must be a JSON object.");
    return false;
}

static void start(struct dispatcher *d, struct rest_call *r, struct str tool, yyjson_val *args)
{
    r->call = (struct call){
        .arena = &r->ex->arena, .transport = TRANSPORT_REST, .tool = tool, .args = args, .done = rest_done
    };
    call_headers_read(r->ex, &r->call.headers);
    call_push_read(r->ex, &r->call.push);
    dispatch_call(d, &r->call);
}

/* Arguments were put together from several places: as values that the rest of the program can read. NULL when the
 * path, the query or a header brought in what JSON cannot hold: bytes that are not UTF-8, the character U+0000. */
static yyjson_val *freeze(struct arena *a, yyjson_mut_val *args)
{
    yyjson_doc *doc;
    struct err e;
    return json_parse(a, json_write(a, args), &json_limits_own, &doc, &e) ? NULL : yyjson_doc_get_root(doc);
}

/* The arguments as the route puts them together, and the key from its header. */
static void start_route(struct dispatcher *d, struct rest_call *r, struct str tool, yyjson_mut_doc *doc,
                        yyjson_mut_val *args)
{
    struct http_exchange *ex = r->ex;
    struct arena *a = &ex->arena;
    struct str key = http_req_header(ex, "idempotency-key");
    if (key.n && !http_req_is(ex, "GET") && !yyjson_mut_obj_get(args, "idempotency_key")) {
        json_add_str(doc, args, "idempotency_key", key);
    }
    yyjson_val *frozen = freeze(a, args);
    if (frozen) {
        start(d, r, tool, frozen);
    } else {
        problem(ex, 400, "The path, the query or the Idempotency-Key is not UTF-8 text.");
    }
}

static void handle_route(struct dispatcher *d, struct http_exchange *ex, const struct rest_match *m)
{
    struct rest_call *r = ARENA_NEW(&ex->arena, struct rest_call);
    struct err e;
    yyjson_val *body;
    yyjson_mut_val *args;
    yyjson_mut_doc *doc = json_doc_new(&ex->arena);
    *r = (struct rest_call){ .ex = ex, .route = m->route, .problems = true };
    if (!read_body(ex, &body)) return;
    if (rest_routes_args(ex, m, body, doc, &args, &e)) {
        problem(ex, 400, e.message);
    } else {
        start_route(d, r, str_from(m->route->tool), doc, args);
    }
}

static void handle_operation(struct dispatcher *d, struct http_exchange *ex, const struct operation_match *m)
{
    struct rest_call *r = ARENA_NEW(&ex->arena, struct rest_call);
    struct err e;
    yyjson_val *body;
    yyjson_mut_val *args;
    yyjson_mut_doc *doc = json_doc_new(&ex->arena);
    *r = (struct rest_call){ .ex = ex, .problems = true };
    if (!read_body(ex, &body)) return;
    if (operation_routes_args(ex, m, body, doc, &args, &e)) {
        problem(ex, 400, e.message);
    } else {
        start_route(d, r, str_from(m->operation->name), doc, args);
    }
}

static void handle_rpc(struct dispatcher *d, struct http_exchange *ex, struct str task, bool problems)
{
    struct rest_call *r = ARENA_NEW(&ex->arena, struct rest_call);
    yyjson_val *body;
    struct str name;
    r->ex = ex;
    r->problems = problems;
    if (http_percent_decode(&ex->arena, task, &name) || !utf8_valid(name)) {
        problem(ex, 400, "The path is not percent-encoded UTF-8.");
        return;
    }
    if (!http_req_is(ex, "POST") && !tool_find(name)) {
        problem(ex, 404, "There is nothing at this path.");
        return;
    }
    if (!web_methods_admit(ex, STR("POST"))) return;
    if (read_body(ex, &body)) start(d, r, name, body);
}

void rest_handle_adcp(struct dispatcher *d, struct http_exchange *ex, struct str task)
{
    handle_rpc(d, ex, task, false);
}

static struct str openapi_text(struct arena *a, const void *sandbox)
{
    return openapi_document(a, *(const bool *)sandbox);
}

static struct str operations_text(struct arena *a, const void *unused)
{
    return openapi_operations(a);
}

static struct str tag_of(struct arena *a, const void *text)
{
    return web_tag(a, *(const struct str *)text);
}

/* Buyers' operations, or the publisher's own. */
static void send_openapi(struct dispatcher *d, struct http_exchange *ex, bool own)
{
    if (!web_methods_admit(ex, STR("GET, HEAD"))) return;
    ENSURE(http_rep_header(ex, "Cache-Control", STR("public, max-age=300")) == 0);
    struct str text = own ? document_cache_text(&d->documents, DOCUMENT_OPENAPI_OPERATIONS, operations_text, NULL)
                          : document_cache_text(&d->documents, DOCUMENT_OPENAPI, openapi_text, &d->sandbox);
    enum cached_document tag = own ? DOCUMENT_OPENAPI_OPERATIONS_TAG : DOCUMENT_OPENAPI_TAG;
    web_reply_tagged(ex, "application/json", text, document_cache_text(&d->documents, tag, tag_of, &text));
}

void rest_handle_api(struct dispatcher *d, struct http_exchange *ex, struct str rest)
{
    struct rest_match m;
    struct operation_match o;
    bool own = str_is(rest, "publisher/openapi.json");
    if (own || str_is(rest, "openapi.json")) {
        send_openapi(d, ex, own);
        return;
    }
    rest_routes_match(&ex->arena, ex->method, rest, &m);
    operation_routes_match(&ex->arena, ex->method, rest, &o);
    if (m.route) {
        handle_route(d, ex, &m);
    } else if (o.operation) {
        handle_operation(d, ex, &o);
    } else if (m.allow.n || o.allow.n) {
        (void)web_methods_admit(ex, m.allow.n ? m.allow : o.allow); /* it is none of those */
    } else {
        handle_rpc(d, ex, rest, true);
    }
}
