#include "protocols/a2a/a2a.h"

#include "protocols/a2a/a2a_internal.h"
#include "protocols/auth.h"
#include "protocols/http_call_headers.h"

#define ADCP_AUTH_MISSING (-32028)

static const struct a2a_method methods[] = {
    { "message/send", A2A_0_3, false, a2a_send },
    { "message/stream", A2A_0_3, true, a2a_send },
    { "tasks/get", A2A_0_3, false, a2a_task_get },
    { "tasks/list", A2A_0_3, false, a2a_task_list },
    { "tasks/cancel", A2A_0_3, false, a2a_task_cancel },
    { "tasks/resubscribe", A2A_0_3, true, a2a_task_subscribe },
    { "tasks/pushNotificationConfig/set", A2A_0_3, false, a2a_push_set },
    { "tasks/pushNotificationConfig/get", A2A_0_3, false, a2a_push_get },
    { "tasks/pushNotificationConfig/list", A2A_0_3, false, a2a_push_list },
    { "tasks/pushNotificationConfig/delete", A2A_0_3, false, a2a_push_delete },
    { "agent/getAuthenticatedExtendedCard", A2A_0_3, false, a2a_extended_card },
    { "SendMessage", A2A_1_0, false, a2a_send },
    { "SendStreamingMessage", A2A_1_0, true, a2a_send },
    { "GetTask", A2A_1_0, false, a2a_task_get },
    { "ListTasks", A2A_1_0, false, a2a_task_list },
    { "CancelTask", A2A_1_0, false, a2a_task_cancel },
    { "SubscribeToTask", A2A_1_0, true, a2a_task_subscribe },
    { "CreateTaskPushNotificationConfig", A2A_1_0, false, a2a_push_set },
    { "GetTaskPushNotificationConfig", A2A_1_0, false, a2a_push_get },
    { "ListTaskPushNotificationConfigs", A2A_1_0, false, a2a_push_list },
    { "DeleteTaskPushNotificationConfig", A2A_1_0, false, a2a_push_delete },
    { "GetExtendedAgentCard", A2A_1_0, false, a2a_extended_card },
};

/* --- answers ----------------------------------------------------------------------------------------------- */

static void reply(struct a2a_request *r, int status, struct str body)
{
    http_exchange_reply_with(r->ex, status, "application/json", body);
}

void a2a_answer(struct a2a_request *r, struct str result)
{
    struct arena *a = &r->ex->arena;
    if (r->method->stream) {
        a2a_stream_begin(r);
        a2a_stream_event(r, result);
        http_exchange_end(r->ex);
        return;
    }
    reply(r, 200, jsonrpc_result(a, r->id, result));
}

static const char *reason(int code)
{
    switch (code) {
    case A2A_TASK_NOT_FOUND: return "TASK_NOT_FOUND";
    case A2A_TASK_NOT_CANCELABLE: return "TASK_NOT_CANCELABLE";
    case A2A_UNSUPPORTED: return "UNSUPPORTED_OPERATION";
    case A2A_VERSION_NOT_SUPPORTED: return "VERSION_NOT_SUPPORTED";
    case JSONRPC_INVALID_PARAMS: return "INVALID_PARAMS";
    case JSONRPC_METHOD_NOT_FOUND: return "METHOD_NOT_FOUND";
    default: return "INTERNAL";
    }
}

/* 1.0 wants google.rpc.ErrorInfo in an array; 0.3 leaves data to the agent. */
static struct str error_data(struct a2a_request *r, int code, const char *field)
{
    struct arena *a = &r->ex->arena;
    yyjson_mut_doc *doc = json_doc_new(a);
    bool v1 = r->view.generation == A2A_1_0;
    if (!v1 && !field[0]) return STR_NONE;
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    if (!v1) {
        json_add_cstr(doc, o, "field", field);
        return json_write(a, o);
    }
    json_add_cstr(doc, o, "@type", "type.googleapis.com/google.rpc.ErrorInfo");
    json_add_cstr(doc, o, "reason", reason(code));
    json_add_cstr(doc, o, "domain", "a2a-protocol.org");
    if (field[0]) json_add_cstr(doc, json_add_obj(doc, o, "metadata"), "field", field);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    yyjson_mut_arr_append(list, o);
    return json_write(a, list);
}

void a2a_fail(struct a2a_request *r, int code, const char *message)
{
    reply(r, 200, jsonrpc_error(&r->ex->arena, r->id, code, message, error_data(r, code, "")));
}

void a2a_fail_err(struct a2a_request *r, int code, const struct err *e)
{
    reply(r, 200, jsonrpc_error(&r->ex->arena, r->id, code, e->message, error_data(r, code, e->field)));
}

void a2a_unauthenticated(struct a2a_request *r, struct str body)
{
    reply(r, 401, jsonrpc_error(&r->ex->arena, r->id, ADCP_AUTH_MISSING, "Authentication is required", body));
}

void a2a_stream_begin(struct a2a_request *r)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        { "Content-Type", "text/event-stream" },
        { "Cache-Control", "no-cache" },
        { "X-Accel-Buffering", "no" },
    };
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        ENSURE(http_rep_header(r->ex, headers[i].name, str_from(headers[i].value)) == 0);
    }
    r->ex->status = 200;
    http_exchange_begin_stream(r->ex);
}

void a2a_stream_event(struct a2a_request *r, struct str result)
{
    struct arena a;
    arena_init(&a); /* a stream may live long; its events need not */
    struct str json = jsonrpc_result(&a, r->id, result);
    http_exchange_write(r->ex, STR("data: "));
    http_exchange_write(r->ex, json);
    http_exchange_write(r->ex, STR("\n\n"));
    arena_finish(&a);
}

bool a2a_identify(struct a2a_request *r, enum a2a_who who, struct a2a_owner *out)
{
    struct dispatcher *d = r->dispatcher;
    struct call *probe = &r->call;
    struct err e;
    *probe = (struct call){ .arena = &r->ex->arena, .transport = TRANSPORT_A2A, .dispatcher = d };
    call_headers_read(r->ex, &probe->headers);
    bool failed = auth_identify(probe, store_read(d->store), loop_now(d->loop), &e) != 0;
    if (failed && !str_is(str_from(e.code), "AUTH_INVALID")) {
        a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
        return false;
    }
    if (failed || (who == A2A_SIGNED_IN && !probe->authenticated)) {
        probe->outcome = CALL_UNAUTHENTICATED;
        call_headers_reply(r->ex, probe);
        a2a_unauthenticated(r, STR_NONE);
        return false;
    }
    *out =
        (struct a2a_owner){ probe->tenant.tenant_id, probe->authenticated ? probe->principal.principal_id : STR("") };
    return true;
}

struct act a2a_act(const struct a2a_request *r, struct tx *tx)
{
    struct loop *loop = r->dispatcher->loop;
    return (struct act){ .tx = tx,
                         .arena = &r->ex->arena,
                         .rng = &loop->rng,
                         .now = loop_now(loop),
                         .tenant = &r->call.tenant,
                         .principal = r->call.authenticated ? &r->call.principal : NULL,
                         .actor = arena_printf(&r->ex->arena, "buyer:" STR_FMT, STR_ARG(r->task.principal_id)),
                         .origin = STR("a2a"),
                         .sandbox = r->dispatcher->sandbox };
}

/* --- the endpoint ------------------------------------------------------------------------------------------ */

static const struct a2a_method *find_method(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (str_is(name, methods[i].name)) return &methods[i];
    }
    return NULL;
}

/* "1.0", "0.3", "0.3.0"; empty is 0.3. */
static bool version_known(struct str v)
{
    return v.n == 0 || ((v.p[0] == '0' || v.p[0] == '1') && (v.n == 1 || v.p[1] == '.'));
}

static void handle_request(struct a2a_request *r, yyjson_val *req)
{
    struct arena *a = &r->ex->arena;
    yyjson_val *params = yyjson_obj_get(req, "params");
    struct str name = json_str(req, "method");
    r->id = jsonrpc_id(a, req);
    if (!yyjson_is_obj(req) || !str_is(json_str(req, "jsonrpc"), "2.0") || !name.n || !r->id.n) {
        a2a_fail(r, JSONRPC_INVALID_REQUEST, "Not a JSON-RPC 2.0 request with a method and an id");
        return;
    }
    if (!version_known(http_req_header(r->ex, "a2a-version"))) {
        a2a_fail(r, A2A_VERSION_NOT_SUPPORTED, "This agent speaks A2A 0.3 and 1.0");
        return;
    }
    r->method = find_method(name);
    if (!r->method) {
        a2a_fail(r, JSONRPC_METHOD_NOT_FOUND, "Method not found");
        return;
    }
    r->view.generation = r->method->generation;
    if (params && !yyjson_is_obj(params) && !yyjson_is_null(params)) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "params must be an object");
        return;
    }
    r->params = yyjson_is_obj(params) ? params : NULL;
    r->method->run(r);
}

bool a2a_is_for_mcp(struct http_exchange *ex)
{
    static const char *const methods_of_mcp[] = { "initialize", "ping", "tools/", "server/", "notifications/" };
    yyjson_doc *doc;
    struct err e;
    if (json_parse(&ex->arena, ex->body, &body_limits, &doc, &e)) return false;
    struct str name = json_str(yyjson_doc_get_root(doc), "method");
    for (size_t i = 0; i < ARRAY_LEN(methods_of_mcp); i++) {
        if (str_starts(name, str_from(methods_of_mcp[i]))) return true;
    }
    return false;
}

void a2a_handle(struct dispatcher *d, struct http_exchange *ex)
{
    struct a2a_request *r = ARENA_NEW(&ex->arena, struct a2a_request);
    *r = (struct a2a_request){ .dispatcher = d, .ex = ex };
    r->view = (struct a2a_view){ .arena = &ex->arena, .history_length = -1 };
    list_init(&r->stream_node);
    yyjson_doc *doc;
    struct err e;
    if (!http_req_is(ex, "POST")) {
        ENSURE(http_rep_header(ex, "Allow", STR("POST")) == 0);
        reply(
            r, 405,
            jsonrpc_error(&ex->arena, STR_NONE, JSONRPC_INVALID_REQUEST, "This endpoint answers POST only", STR_NONE));
        return;
    }
    if (json_parse(&ex->arena, ex->body, &body_limits, &doc, &e)) {
        a2a_fail(r, JSONRPC_PARSE_ERROR, arena_printf(&ex->arena, "Parse error: %s", e.message).p);
        return;
    }
    handle_request(r, yyjson_doc_get_root(doc));
}
