#include "protocols/a2a/a2a.h"

#include "contract/limits.h"
#include "protocols/a2a/a2a_internal.h"
#include "protocols/http_call_headers.h"

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
    if (json_parse(&ex->arena, ex->body, &json_limits_request, &doc, &e)) return false;
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
        a2a_reply(
            r, 405,
            jsonrpc_error(&ex->arena, STR_NONE, JSONRPC_INVALID_REQUEST, "This endpoint answers POST only", STR_NONE));
        return;
    }
    if (json_parse(&ex->arena, ex->body, &json_limits_request, &doc, &e)) {
        a2a_fail(r, JSONRPC_PARSE_ERROR, arena_printf(&ex->arena, "Parse error: %s", e.message).p);
        return;
    }
    handle_request(r, yyjson_doc_get_root(doc));
}
