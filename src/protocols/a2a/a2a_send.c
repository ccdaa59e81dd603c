/* message/send and message/stream: a message becomes a call, its outcome a task that is kept. */
#include "protocols/a2a/a2a_internal.h"
#include "dialects/choose.h"
#include "protocols/a2a/a2a_text.h"
#include "protocols/http_call_headers.h"

#define ANONYMOUS_KEPT 200 /* tasks of callers without a credential, for each publisher */

/* --- keeping and answering --------------------------------------------------------------------------------- */

static int keep_run(struct tx *tx, struct write_cmd *cmd)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    struct a2a_owner owner = { r->task.tenant_id, r->task.principal_id };
    struct err e;
    if (q_a2a_task_put(tx, &r->task, &e) || a2a_push_follow(tx, &r->task, &e)) return -1;
    if (r->push_config.n && a2a_push_register(tx, r)) return -1;
    return owner.principal_id.n ? 0 : q_a2a_task_trim(tx, &owner, ANONYMOUS_KEPT, &e);
}

/* A question of ours that waits for words keeps where to tell; an operation has registered that itself. */
static bool keep_push(struct a2a_request *r)
{
    struct call_push *push = &r->message.push;
    return !push->url.n || !r->task.principal_id.n || a2a_push_check(r, push);
}

/* What the message did is done, whether or not the record of it could be kept. */
static void keep_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    r->view.history_length = r->message.history_length;
    a2a_answer(r, a2a_task_result(&r->task, &r->view));
}

static void keep(struct a2a_request *r)
{
    struct arena *a = &r->ex->arena;
    struct a2a_task_row *t = &r->task;
    int64_t now = loop_now(r->dispatcher->loop);
    struct rng *rng = &r->dispatcher->loop->rng;
    struct err e;
    if (!t->a2a_task_id.n) {
        t->a2a_task_id = id_new(a, rng, "a2a-", now);
        t->created_at = now;
        if (!t->context_id.n)
            t->context_id = r->message.context_id.n ? r->message.context_id : id_new(a, rng, "ctx-", now);
    }
    t->updated_at = now;
    yyjson_mut_doc *doc = json_doc_new(a);
    struct str id = r->message.message_id.n ? r->message.message_id : id_new(a, rng, "msg-", now);
    struct a2a_history_entry said = { "user", id, yyjson_mut_val_mut_copy(doc, r->message.parts) };
    t->history = a2a_history_add(a, t->history, doc, &said);
    r->cmd = (struct write_cmd){ .run = keep_run, .done = keep_done };
    if (store_write(r->dispatcher->store, &r->cmd, &e)) keep_done(&r->cmd, WRITE_LOST);
}

/* --- a skill ------------------------------------------------------------------------------------------------ */

static void send_done(struct call *c)
{
    struct a2a_request *r = CONTAINER_OF(c, struct a2a_request, call);
    struct arena *a = &r->ex->arena;
    struct a2a_task_row *t = &r->task;
    call_headers_reply(r->ex, c);
    if (c->outcome == CALL_UNAUTHENTICATED) {
        a2a_unauthenticated(r, c->body);
        return;
    }
    if (c->outcome == CALL_UNKNOWN_TOOL) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "Unknown skill; the agent card lists the skills of this agent");
        return;
    }
    t->tenant_id = c->tenant.tenant_id;
    t->principal_id = c->authenticated ? c->principal.principal_id : STR("");
    t->failed = c->outcome != CALL_OK;
    t->state = !t->failed && c->tool_outcome == TOOL_INPUT_REQUIRED ? STR("input-required") : STR("completed");
    t->skill = c->tool;
    t->adcp_task_id = !t->failed && c->tool_outcome == TOOL_SUBMITTED ? c->task_id : STR("");
    t->adcp_version = c->adcp_version;
    t->message = c->message;
    if (r->understood.n) {
        const char *space = c->message.n ? " " : "";
        t->message = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(r->understood), space, STR_ARG(c->message));
    }
    t->payload = c->body;
    t->asked = STR("");
    keep(r);
}

/* Plain text is no dialect's: it is answered in the newest shape. */
static void call_skill(struct a2a_request *r, struct str skill, yyjson_val *args)
{
    r->call = (struct call){
        .arena = &r->ex->arena, .transport = TRANSPORT_A2A, .tool = skill, .args = args, .done = send_done
    };
    call_headers_read(r->ex, &r->call.headers);
    call_push_read(r->ex, &r->call.push);
    if (r->message.push.url.n) r->call.push = r->message.push;
    if (r->call.push.url.n) r->call.push.channel = a2a_channel(r->view.generation);
    if (r->understood.n && !r->call.headers.x_adcp_dialect.n) r->call.headers.x_adcp_dialect = dialect_of_pages();
    dispatch_call(r->dispatcher, &r->call);
}

/* --- plain text --------------------------------------------------------------------------------------------- */

static void ask_back(struct a2a_request *r, const struct a2a_owner *owner, const struct a2a_intent *intent)
{
    struct a2a_task_row *t = &r->task;
    t->tenant_id = owner->tenant_id;
    t->principal_id = owner->principal_id;
    t->state = STR("input-required");
    t->failed = false;
    t->skill = intent->skill;
    t->message =
        arena_printf(&r->ex->arena, STR_FMT " " STR_FMT, STR_ARG(intent->understood), STR_ARG(intent->missing));
    if (keep_push(r)) keep(r);
}

static void read_text(struct a2a_request *r, const struct a2a_owner *owner)
{
    struct arena *a = &r->ex->arena;
    struct a2a_intent intent;
    struct str before = r->task.asked;
    const char *line = before.n ? "\n" : "";
    r->task.asked = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(before), line, STR_ARG(r->message.text));
    a2a_text_read(a, r->task.asked, &intent);
    r->understood = intent.understood;
    if (!intent.args.n) {
        ask_back(r, owner, &intent);
        return;
    }
    call_skill(r, intent.skill, json_parse_own(a, intent.args));
}

/* --- the task it continues ---------------------------------------------------------------------------------- */

/* False after answering. A 0.3 client may go on naming a task that has ended: its context continues, in a new task. */
static bool take_task(struct a2a_request *r, const struct a2a_owner *owner)
{
    struct str wanted = r->message.context_id;
    struct a2a_task_row t;
    struct err e;
    int rc = q_a2a_task_get(store_read(r->dispatcher->store), &r->ex->arena, owner, r->message.task_id, &t, &e);
    if (rc < 0) {
        a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
        return false;
    }
    if (rc == 0) {
        a2a_fail(r, A2A_TASK_NOT_FOUND, "Task not found");
        return false;
    }
    if (wanted.n && !str_eq(wanted, t.context_id)) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "The task belongs to another context");
        return false;
    }
    bool ended = !str_is(t.state, "input-required");
    if (ended && r->view.generation == A2A_1_0) {
        a2a_fail(r, A2A_UNSUPPORTED, "The task has ended; send the message without a taskId");
        return false;
    }
    if (ended) {
        r->task.context_id = t.context_id;
    } else {
        r->task = t;
    }
    return true;
}

void a2a_send(struct a2a_request *r)
{
    struct a2a_owner owner;
    struct err e;
    if (a2a_message_read(&r->ex->arena, json_doc_new(&r->ex->arena), r->params, &r->message, &e)) {
        a2a_fail_err(r, JSONRPC_INVALID_PARAMS, &e);
        return;
    }
    bool plain = !r->message.skill.n;
    if ((plain || r->message.task_id.n) && !a2a_identify(r, A2A_ANYBODY, &owner)) return;
    if (r->message.task_id.n && !take_task(r, &owner)) return;
    if (plain) {
        read_text(r, &owner);
    } else {
        call_skill(r, r->message.skill, r->message.args);
    }
}
