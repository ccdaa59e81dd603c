/* Where to tell about a task: one push configuration for each. */
#include "domain/webhook.h"
#include "protocols/a2a_internal.h"
#include "protocols/http_call_headers.h"

static const struct json_limits own = { .bytes_max = SIZE_MAX / 4, .depth_max = JSON_DEPTH_HARD, .nodes_max = SIZE_MAX / 4 };

/* A configuration as each generation writes it. Credentials are never read back. */
static yyjson_mut_val *push_value(yyjson_mut_doc *doc, const struct a2a_request *r, yyjson_val *kept)
{
    yyjson_mut_val *outer = yyjson_mut_obj(doc), *o = outer;
    bool v1 = r->view.generation == A2A_1_0;
    struct str scheme = json_str(kept, "scheme");
    json_add_str(doc, outer, "taskId", r->task.a2a_task_id);
    if (!v1) o = json_add_obj(doc, outer, "pushNotificationConfig");
    json_add_copy(doc, o, "id", yyjson_obj_get(kept, "id"));
    json_add_copy(doc, o, "url", yyjson_obj_get(kept, "url"));
    json_add_copy(doc, o, "token", yyjson_obj_get(kept, "token"));
    if (scheme.n) {
        yyjson_mut_val *auth = json_add_obj(doc, o, "authentication");
        if (v1) json_add_str(doc, auth, "scheme", scheme);
        if (!v1) json_push_str(doc, json_add_arr(doc, auth, "schemes"), scheme);
    }
    return outer;
}

/* What is kept, or NULL. */
static yyjson_val *push_kept(struct a2a_request *r)
{
    yyjson_doc *doc;
    struct err e;
    if (!r->task.push.n || json_parse(&r->ex->arena, r->task.push, &own, &doc, &e)) return NULL;
    return yyjson_doc_get_root(doc);
}

static void push_answer(struct a2a_request *r)
{
    yyjson_mut_doc *doc = json_doc_new(&r->ex->arena);
    a2a_answer(r, json_write(&r->ex->arena, push_value(doc, r, push_kept(r))));
}

/* The same place as push_notification_config of the operation itself: the registration under its AdCP task. */
static int push_run(struct tx *tx, struct write_cmd *cmd)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    struct act act = a2a_act(r, tx);
    struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                   .principal_id = r->task.principal_id,
                                   .anchor = r->task.adcp_task_id };
    if (q_a2a_task_put(tx, &r->task, &r->call.err)) return -1;
    if (!r->task.adcp_task_id.n) return 0;
    if (r->call.canonical.n) return webhook_register(&act, &owner, r->call.canonical, &r->call.err);
    struct webhook_anchor anchor = { r->task.tenant_id, "task", r->task.adcp_task_id };
    struct webhook_row *hooks;
    size_t n;
    if (q_webhook_list(tx, act.arena, &anchor, &hooks, &n, &r->call.err)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (q_webhook_delete(tx, hooks[i].webhook_id, &r->call.err)) return -1;
    }
    return 0;
}

static void write_push(struct a2a_request *r, void (*done)(struct write_cmd *cmd, enum write_result result))
{
    struct err e;
    r->task.updated_at = loop_now(r->dispatcher->loop);
    r->cmd = (struct write_cmd){ .run = push_run, .done = done };
    if (store_write(r->dispatcher->store, &r->cmd, &e)) a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
}

/* The configuration for AdCP's side in r->call.canonical. False after answering: a URL that may not be called, a
 * token or credential that is too short. */
static bool push_check(struct a2a_request *r, struct call_push *push)
{
    struct arena *a = &r->ex->arena;
    struct webhook_row ignored = { 0 };
    yyjson_doc *parsed;
    struct err e;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    push->channel = a2a_channel(r->view.generation);
    call_push_add(doc, o, push);
    r->call.canonical = json_write(a, o);
    ENSURE(json_parse(a, r->call.canonical, &own, &parsed, &e) == 0); /* our own text */
    struct act act = a2a_act(r, store_read(r->dispatcher->store));
    struct webhook_source src = { yyjson_doc_get_root(parsed), "", WEBHOOK_TASK };
    if (webhook_read(&act, &src, &ignored, &e) == 0) return true;
    a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &e);
    return false;
}

static void push_set_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    if (a2a_written(r, result)) push_answer(r);
}

void a2a_push_set(struct a2a_request *r)
{
    struct arena *a = &r->ex->arena;
    yyjson_val *config = json_obj(r->params, "pushNotificationConfig");
    struct call_push push;
    struct err e;
    if (!config) config = json_obj(r->params, "config");
    if (!config) config = r->params;
    if (!a2a_task_load(r, json_str(r->params, "taskId"), A2A_SIGNED_IN, &r->task)) return;
    if (a2a_push_read(config, &push, &e)) {
        a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &e);
        return;
    }
    if (!push_check(r, &push)) return;
    struct str id = json_str(config, "id");
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "id", id.n ? id : r->task.a2a_task_id);
    json_add_str(doc, o, "url", push.url);
    json_add_str_opt(doc, o, "token", push.token);
    json_add_str_opt(doc, o, "scheme", push.scheme);
    json_add_str_opt(doc, o, "credentials", push.credentials);
    r->task.push = json_write(a, o);
    write_push(r, push_set_done);
}

void a2a_push_get(struct a2a_request *r)
{
    bool v1 = r->view.generation == A2A_1_0;
    struct str id = json_str(r->params, v1 ? "taskId" : "id");
    struct str wanted = json_str(r->params, v1 ? "id" : "pushNotificationConfigId");
    if (!a2a_task_load(r, id, A2A_SIGNED_IN, &r->task)) return;
    yyjson_val *kept = push_kept(r);
    if (!kept || (wanted.n && !str_eq(wanted, json_str(kept, "id")))) {
        a2a_fail(r, A2A_TASK_NOT_FOUND, "The task has no such push notification configuration");
        return;
    }
    push_answer(r);
}

void a2a_push_list(struct a2a_request *r)
{
    struct arena *a = &r->ex->arena;
    bool v1 = r->view.generation == A2A_1_0;
    if (!a2a_task_load(r, json_str(r->params, v1 ? "taskId" : "id"), A2A_SIGNED_IN, &r->task)) return;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = yyjson_mut_obj(doc), *list = v1 ? json_add_arr(doc, o, "configs") : yyjson_mut_arr(doc);
    yyjson_val *kept = push_kept(r);
    if (kept) yyjson_mut_arr_append(list, push_value(doc, r, kept));
    if (v1) json_add_cstr(doc, o, "nextPageToken", "");
    a2a_answer(r, json_write(a, v1 ? o : list));
}

static void push_delete_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    if (a2a_written(r, result)) a2a_answer(r, r->view.generation == A2A_1_0 ? STR("{}") : STR("null"));
}

void a2a_push_delete(struct a2a_request *r)
{
    bool v1 = r->view.generation == A2A_1_0;
    struct str wanted = json_str(r->params, v1 ? "id" : "pushNotificationConfigId");
    if (!a2a_task_load(r, json_str(r->params, v1 ? "taskId" : "id"), A2A_SIGNED_IN, &r->task)) return;
    yyjson_val *kept = push_kept(r);
    if (!kept || !str_eq(wanted, json_str(kept, "id"))) {
        a2a_fail(r, A2A_TASK_NOT_FOUND, "The task has no such push notification configuration");
        return;
    }
    r->task.push = STR("");
    write_push(r, push_delete_done);
}
