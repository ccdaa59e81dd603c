#include "protocols/local.h"

#include "contract/limits.h"
#include "protocols/http_call_headers.h"

struct local_call {
    struct call call;
    struct http_exchange *ex;
};

static void local_done(struct call *c)
{
    struct local_call *l = CONTAINER_OF(c, struct local_call, call);
    int status = c->outcome == CALL_OK ? 200 : c->outcome == CALL_UNAVAILABLE ? 503 : 422;
    http_exchange_reply_with(l->ex, status, "application/json", c->body);
}

void local_handle(struct dispatcher *d, struct http_exchange *ex)
{
    ENSURE(ex->local);
    yyjson_doc *doc = NULL;
    struct err e;
    if (ex->body.n && json_parse(&ex->arena, ex->body, &json_limits_request, &doc, &e)) {
        http_exchange_reply_with(ex, 400, "application/json", STR("{\"error\":\"the body is not JSON\"}"));
        return;
    }
    yyjson_val *args = doc ? yyjson_doc_get_root(doc) : NULL;
    struct local_call *l = ARENA_NEW(&ex->arena, struct local_call);
    l->ex = ex;
    l->call = (struct call){ .arena = &ex->arena,
                             .transport = TRANSPORT_LOCAL,
                             .tool = str_skip(ex->path, sizeof("/local/") - 1),
                             .args = yyjson_is_obj(args) ? args : NULL,
                             .local_uid = ex->peer_uid,
                             .done = local_done };
    call_headers_read(ex, &l->call.headers);
    dispatch_call(d, &l->call);
}
