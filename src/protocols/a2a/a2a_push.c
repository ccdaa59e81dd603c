/* Where to tell about a task. The configurations are rows of `webhook` under the AdCP task that is followed, where
 * push_notification_config of the operation itself stands too; under the A2A task while there is none (a2a_push_follow()
 * moves them). The one kept without an id is the operation's own or the only one; it is shown under the task's id. */
#include "domain/tell/webhook.h"
#include "protocols/a2a/a2a_internal.h"
#include "protocols/http_call_headers.h"

#define CONFIGS_MAX 10 /* of one task */
#define ID_MAX      64

static struct webhook_anchor anchor_of(const struct a2a_task_row *t)
{
    return (struct webhook_anchor){ t->tenant_id, "task", t->adcp_task_id.n ? t->adcp_task_id : t->a2a_task_id };
}

/* Both names of a configuration: as it is shown, as it is kept. */
static struct str shown_id(const struct a2a_task_row *t, const struct webhook_row *hook)
{
    return hook->subscriber_id.n ? hook->subscriber_id : t->a2a_task_id;
}

static struct str kept_id(const struct a2a_task_row *t, struct str id)
{
    return str_eq(id, t->a2a_task_id) ? STR("") : id;
}

static const struct webhook_row *find(const struct webhook_row *hooks, size_t n, struct str kept)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(hooks[i].subscriber_id, kept)) return &hooks[i];
    }
    return NULL;
}

/* A configuration as each generation writes it. Credentials are never read back. */
static yyjson_mut_val *push_value(yyjson_mut_doc *doc, const struct a2a_request *r, const struct webhook_row *hook)
{
    yyjson_mut_val *outer = yyjson_mut_obj(doc), *o = outer;
    bool v1 = r->view.generation == A2A_1_0;
    json_add_str(doc, outer, "taskId", r->task.a2a_task_id);
    if (!v1) o = json_add_obj(doc, outer, "pushNotificationConfig");
    json_add_str(doc, o, "id", shown_id(&r->task, hook));
    json_add_str(doc, o, "url", hook->url);
    json_add_str_opt(doc, o, "token", hook->token);
    if (hook->scheme.n) {
        yyjson_mut_val *auth = json_add_obj(doc, o, "authentication");
        if (v1) json_add_str(doc, auth, "scheme", hook->scheme);
        if (!v1) json_push_str(doc, json_add_arr(doc, auth, "schemes"), hook->scheme);
    }
    return outer;
}

static void push_answer(struct a2a_request *r, const struct webhook_row *hook)
{
    yyjson_mut_doc *doc = json_doc_new(&r->ex->arena);
    a2a_answer(r, json_write(&r->ex->arena, push_value(doc, r, hook)));
}

/* --- what is asked for ---------------------------------------------------------------------------------------- */

/* The caller's task and its configurations. False after answering. */
struct push_list {
    struct webhook_row *hooks;
    size_t n;
};
static bool load(struct a2a_request *r, struct str task_id, struct push_list *out)
{
    struct err e;
    if (!a2a_task_load(r, task_id, A2A_SIGNED_IN, &r->task)) return false;
    struct webhook_anchor anchor = anchor_of(&r->task);
    if (q_webhook_list(store_read(r->dispatcher->store), &r->ex->arena, &anchor, &out->hooks, &out->n, &e) == 0)
        return true;
    a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
    return false;
}

/* get and delete name both alike. */
static struct str named_task(const struct a2a_request *r)
{
    return json_str(r->params, r->view.generation == A2A_1_0 ? "taskId" : "id");
}

static struct str named_config(const struct a2a_request *r)
{
    return json_str(r->params, r->view.generation == A2A_1_0 ? "id" : "pushNotificationConfigId");
}

static void not_there(struct a2a_request *r)
{
    a2a_fail(r, A2A_TASK_NOT_FOUND, "The task has no such push notification configuration");
}

void a2a_push_get(struct a2a_request *r)
{
    struct push_list all;
    if (!load(r, named_task(r), &all)) return;
    struct str wanted = named_config(r);
    const struct webhook_row *hook = find(all.hooks, all.n, kept_id(&r->task, wanted));
    if (!hook && !wanted.n && all.n) hook = &all.hooks[0];
    if (hook) {
        push_answer(r, hook);
    } else {
        not_there(r);
    }
}

void a2a_push_list(struct a2a_request *r)
{
    struct arena *a = &r->ex->arena;
    bool v1 = r->view.generation == A2A_1_0;
    struct push_list all;
    if (!load(r, named_task(r), &all)) return;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = yyjson_mut_obj(doc), *list = v1 ? json_add_arr(doc, o, "configs") : yyjson_mut_arr(doc);
    for (size_t i = 0; i < all.n; i++) yyjson_mut_arr_append(list, push_value(doc, r, &all.hooks[i]));
    if (v1) json_add_cstr(doc, o, "nextPageToken", "");
    a2a_answer(r, json_write(a, v1 ? o : list));
}

/* --- changing them --------------------------------------------------------------------------------------------- */

static void write_push(struct a2a_request *r, int (*run)(struct tx *tx, struct write_cmd *cmd),
                       void (*done)(struct write_cmd *cmd, enum write_result result))
{
    struct err e;
    r->cmd = (struct write_cmd){ .run = run, .done = done };
    if (store_write(r->dispatcher->store, &r->cmd, &e)) a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
}

bool a2a_push_check(struct a2a_request *r, struct call_push *push)
{
    struct arena *a = &r->ex->arena;
    struct webhook_row ignored = { 0 };
    struct err e;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    push->channel = a2a_channel(r->view.generation);
    call_push_add(doc, o, push);
    r->push_config = json_write(a, o);
    yyjson_val *config = json_parse_own(a, r->push_config);
    struct act act = a2a_act(r, store_read(r->dispatcher->store));
    struct webhook_source src = { config, "", WEBHOOK_TASK };
    if (webhook_read(&act, &src, &ignored, &e) == 0) return true;
    a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &e);
    return false;
}

int a2a_push_register(struct tx *tx, struct a2a_request *r)
{
    struct act act = a2a_act(r, tx);
    struct webhook_owner owner = { .kind = WEBHOOK_TASK,
                                   .principal_id = r->task.principal_id,
                                   .anchor = anchor_of(&r->task).anchor,
                                   .subscriber_id = r->push_id };
    return webhook_register(&act, &owner, r->push_config, &r->call.err);
}

int a2a_push_follow(struct tx *tx, const struct a2a_task_row *t, struct err *e)
{
    if (!t->adcp_task_id.n) return 0;
    struct webhook_anchor from = { t->tenant_id, "task", t->a2a_task_id };
    return q_webhook_move(tx, &from, t->adcp_task_id, e);
}

static int set_run(struct tx *tx, struct write_cmd *cmd)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    struct webhook_anchor anchor = anchor_of(&r->task);
    struct push_list all;
    if (q_webhook_list(tx, &r->ex->arena, &anchor, &all.hooks, &all.n, &r->call.err)) return -1;
    if (all.n >= CONFIGS_MAX && !find(all.hooks, all.n, r->push_id)) {
        return err_set(&r->call.err, "INVALID_REQUEST", "A task has at most %d push notification configurations.",
                       CONFIGS_MAX);
    }
    return a2a_push_register(tx, r);
}

static void set_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    struct push_list all;
    if (result == WRITE_ROLLED_BACK && str_is(str_from(r->call.err.code), "INVALID_REQUEST")) {
        a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &r->call.err);
        return;
    }
    if (!a2a_written(r, result) || !load(r, r->task.a2a_task_id, &all)) return;
    const struct webhook_row *hook = find(all.hooks, all.n, r->push_id);
    if (hook) {
        push_answer(r, hook);
    } else {
        not_there(r); /* deleted between the commit and now */
    }
}

void a2a_push_set(struct a2a_request *r)
{
    yyjson_val *config = json_obj(r->params, "pushNotificationConfig");
    struct call_push push;
    struct err e;
    if (!config) config = json_obj(r->params, "config");
    if (!config) config = r->params;
    if (!a2a_task_load(r, json_str(r->params, "taskId"), A2A_SIGNED_IN, &r->task)) return;
    struct str id = json_str(config, "id");
    if (id.n && !id_text_valid(id, ID_MAX)) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "The id of a configuration has at most 64 letters, digits and _ . : -");
        return;
    }
    if (a2a_push_read(config, &push, &e)) {
        a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &e);
        return;
    }
    if (!a2a_push_check(r, &push)) return;
    r->push_id = kept_id(&r->task, id);
    write_push(r, set_run, set_done);
}

static int delete_run(struct tx *tx, struct write_cmd *cmd)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    return q_webhook_delete(tx, r->push_id, &r->call.err);
}

static void delete_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    if (a2a_written(r, result)) a2a_answer(r, r->view.generation == A2A_1_0 ? STR("{}") : STR("null"));
}

void a2a_push_delete(struct a2a_request *r)
{
    struct push_list all;
    if (!load(r, named_task(r), &all)) return;
    struct str wanted = named_config(r);
    const struct webhook_row *hook = wanted.n ? find(all.hooks, all.n, kept_id(&r->task, wanted)) : NULL;
    if (!hook) {
        not_there(r);
        return;
    }
    r->push_id = hook->webhook_id;
    write_push(r, delete_run, delete_done);
}
