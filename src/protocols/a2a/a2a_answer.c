/* How A2A methods are answered, and for whom. */
#include "protocols/a2a/a2a_internal.h"
#include "protocols/auth.h"
#include "protocols/http_call_headers.h"

#define ADCP_AUTH_MISSING (-32028)

void a2a_reply(struct a2a_request *r, int status, struct str body)
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
    a2a_reply(r, 200, jsonrpc_result(a, r->id, result));
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
    a2a_reply(r, 200, jsonrpc_error(&r->ex->arena, r->id, code, message, error_data(r, code, "")));
}

void a2a_fail_err(struct a2a_request *r, int code, const struct err *e)
{
    a2a_reply(r, 200, jsonrpc_error(&r->ex->arena, r->id, code, e->message, error_data(r, code, e->field)));
}

void a2a_unauthenticated(struct a2a_request *r, struct str body)
{
    a2a_reply(r, 401, jsonrpc_error(&r->ex->arena, r->id, ADCP_AUTH_MISSING, "Authentication is required", body));
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
