/* The bodies of task and report webhooks: the MCP envelope of AdCP 3.0 and 3.1 (one text satisfies both), and the A2A
 * task for receivers registered through A2A's own configuration. */
#include "domain/tell/webhook_internal.h"
#include "contract/document.h"
#include "store/q/agent/q_a2a.h"

/* `result` with the buyer's context inside, as a value of `doc`; NULL when there is neither. */
static yyjson_mut_val *result_value(const struct act *act, yyjson_mut_doc *doc, const struct webhook_row *hook,
                                    const struct webhook_event *ev)
{
    yyjson_mut_val *r = json_copy(doc, document_read(act->arena, ev->result));
    if (!hook->context.n) return r;
    if (!r) r = yyjson_mut_obj(doc);
    if (!yyjson_mut_obj_get(r, "context")) (void)json_add_text(doc, r, "context", hook->context); /* damaged: absent */
    return r;
}

static struct str mcp_body(const struct act *act, const struct webhook_row *hook, const struct webhook_event *ev,
                           struct str idempotency_key)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "idempotency_key", idempotency_key);
    /* AdCP 3.1 requires it; a buyer that gave none (3.0) correlates by task. */
    json_add_str(doc, o, "operation_id", hook->operation_id.n ? hook->operation_id : ev->task_id);
    json_add_str(doc, o, "task_id", ev->task_id);
    json_add_cstr(doc, o, "task_type", ev->task_type);
    if (ev->protocol) json_add_cstr(doc, o, "protocol", ev->protocol);
    json_add_cstr(doc, o, "status", ev->status);
    json_add_time(doc, o, "timestamp", act->now);
    json_add_str_opt(doc, o, "message", ev->message);
    json_add_str_opt(doc, o, "token", hook->token);
    json_add_val(doc, o, "result", result_value(act, doc, hook, ev));
    if (hook->context.n) (void)json_add_text(doc, o, "context", hook->context); /* damaged: absent */
    return json_write(act->arena, o);
}

/* One part: 0.3 tells kinds apart, 1.0 by the member. */
static yyjson_mut_val *push_part(yyjson_mut_doc *doc, yyjson_mut_val *parts, bool v1, const char *kind)
{
    yyjson_mut_val *o = json_push_obj(doc, parts);
    if (!v1) json_add_cstr(doc, o, "kind", kind);
    return o;
}

/* How 1.0 calls the end (or the standing) of an operation. */
static const char *a2a_state(const char *status, bool v1)
{
    static const struct {
        const char *status, *v1;
    } words[] = {
        { "completed", "TASK_STATE_COMPLETED" }, { "failed", "TASK_STATE_FAILED" },
        { "rejected", "TASK_STATE_REJECTED" },   { "canceled", "TASK_STATE_CANCELED" },
        { "submitted", "TASK_STATE_SUBMITTED" }, { "working", "TASK_STATE_WORKING" },
    };
    for (size_t i = 0; v1 && i < ARRAY_LEN(words); i++) {
        if (strcmp(status, words[i].status) == 0) return words[i].v1;
    }
    return v1 ? "TASK_STATE_UNSPECIFIED" : status;
}

/* A task with the outcome as its artifact; 1.0 wraps it as an event of a stream ({"task": ...}). */
static struct str a2a_body(const struct act *act, const struct webhook_row *hook, const struct webhook_event *ev,
                           struct str idempotency_key)
{
    bool v1 = str_is(hook->channel, "a2a-1.0");
    struct a2a_names names;
    struct err ignored; /* not found and not readable are one: the operation's own id names it */
    if (q_a2a_task_names(act->tx, act->arena, ev->task_id, &names, &ignored) != 1) {
        names = (struct a2a_names){ ev->task_id, ev->task_id };
    }
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc), *o = v1 ? json_add_obj(doc, root, "task") : root;
    if (!v1) json_add_cstr(doc, o, "kind", "task");
    json_add_str(doc, o, "id", names.a2a_task_id);
    json_add_str(doc, o, "contextId", names.context_id);
    yyjson_mut_val *status = json_add_obj(doc, o, "status");
    json_add_cstr(doc, status, "state", a2a_state(ev->status, v1));
    json_add_time(doc, status, "timestamp", act->now);
    yyjson_mut_val *data = result_value(act, doc, hook, ev);
    if (ev->message.n || (data && !v1)) {
        yyjson_mut_val *message = json_add_obj(doc, status, "message");
        if (!v1) json_add_cstr(doc, message, "kind", "message");
        json_add_str(doc, message, "messageId", idempotency_key);
        json_add_cstr(doc, message, "role", v1 ? "ROLE_AGENT" : "agent");
        yyjson_mut_val *parts = json_add_arr(doc, message, "parts");
        if (ev->message.n) json_add_str(doc, push_part(doc, parts, v1, "text"), "text", ev->message);
        if (data && !v1)
            json_add_val(doc, push_part(doc, parts, v1, "data"), "data", yyjson_mut_val_mut_copy(doc, data));
    }
    if (data) {
        yyjson_mut_val *artifact = json_push_obj(doc, json_add_arr(doc, o, "artifacts"));
        json_add_str(doc, artifact, "artifactId", names.a2a_task_id);
        json_add_val(doc, push_part(doc, json_add_arr(doc, artifact, "parts"), v1, "data"), "data", data);
    }
    yyjson_mut_val *meta = json_add_obj(doc, o, "metadata");
    json_add_str(doc, meta, "idempotency_key", idempotency_key);
    json_add_str(doc, meta, "operation_id", hook->operation_id.n ? hook->operation_id : ev->task_id);
    json_add_str(doc, meta, "adcp_task_id", ev->task_id);
    json_add_cstr(doc, meta, "task_type", ev->task_type);
    json_add_str_opt(doc, meta, "token", hook->token);
    return json_write(act->arena, root);
}

struct str webhook_body(const struct act *act, const struct webhook_row *hook, const struct webhook_event *ev,
                        struct str idempotency_key)
{
    return str_starts(hook->channel, STR("a2a")) ? a2a_body(act, hook, ev, idempotency_key)
                                                 : mcp_body(act, hook, ev, idempotency_key);
}
