/* Tasks after they were made: reading, listing, canceling, watching. */
#include "base/rfc3339.h"
#include "protocols/a2a/a2a_internal.h"
#include "protocols/http_call_headers.h"

#define TICK_US       (INT64_C(200) * 1000)      /* how soon a change is seen by those who watch */
#define KEEP_ALIVE_US (INT64_C(15) * USEC_PER_SEC)
#define PAGE_DEFAULT  50
#define PAGE_MAX      100

/* --- what was decided since ---------------------------------------------------------------------------------- */

static void refresh_done(struct call *c)
{
    *(bool *)c->owner = true;
}

/* The reply of get_task_status to an operation that was rejected or failed, as the failed operation would have
 * answered itself. */
static struct str failure(struct arena *a, yyjson_val *status)
{
    yyjson_val *error = json_obj(status, "error");
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_copy(doc, o, "status", yyjson_obj_get(status, "status"));
    json_add_copy(doc, o, "task_id", yyjson_obj_get(status, "task_id"));
    if (error) {
        json_add_copy(doc, o, "adcp_error", error);
        yyjson_mut_arr_append(json_add_arr(doc, o, "errors"), json_copy(doc, error));
    }
    return json_write(a, o);
}

static struct str success(struct arena *a, yyjson_val *status)
{
    yyjson_val *result = json_obj(status, "result");
    if (!result) return json_write_val(a, status);
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_copy(doc, result);
    if (!yyjson_mut_obj_get(o, "task_id")) json_add_copy(doc, o, "task_id", yyjson_obj_get(status, "task_id"));
    return json_write(a, o);
}

/* Brings what the row shows up to what was decided since: asks get_task_status with the caller's own credential. */
static void a2a_task_refresh(struct a2a_request *r, struct arena *a, struct a2a_task_row *t)
{
    bool done = false;
    if (!t->adcp_task_id.n || !tool_find(STR("get_task_status"))) return;
    yyjson_mut_doc *ask = json_doc_new(a);
    yyjson_mut_val *args = json_root_obj(ask);
    json_add_str(ask, args, "task_id", t->adcp_task_id);
    json_add_bool(ask, args, "include_result", true);
    json_add_str(ask, args, "adcp_version",
                 t->adcp_version.n ? t->adcp_version : adcp_line_version(ADCP_LINE_UNPINNED));
    struct call *c = ARENA_NEW(a, struct call);
    *c = (struct call){ .arena = a,
                        .transport = TRANSPORT_A2A,
                        .tool = STR("get_task_status"),
                        .args = json_parse_own(a, json_write(a, args)),
                        .done = refresh_done,
                        .owner = &done };
    call_headers_read(r->ex, &c->headers);
    dispatch_call(r->dispatcher, c);
    ENSURE(done); /* a read answers at once */
    if (c->outcome != CALL_OK) return;
    yyjson_val *status = json_parse_own(a, c->body);
    struct str word = json_str(status, "status");
    bool failed = str_is(word, "rejected") || str_is(word, "failed") || str_is(word, "canceled");
    if (!failed && !str_is(word, "completed")) return;
    t->failed = failed;
    t->payload = failed ? failure(a, status) : success(a, status);
    struct str why = json_str(json_obj(status, "error"), "message");
    t->message = why.n    ? why
                 : failed ? STR("The publisher decided against it.")
                          : STR("The publisher has decided: it is done.");
}

/* --- one task ------------------------------------------------------------------------------------------------ */

bool a2a_task_load(struct a2a_request *r, struct str id, enum a2a_who who, struct a2a_task_row *out)
{
    struct a2a_owner owner;
    struct err e;
    if (!id.n) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "params must name the task");
        return false;
    }
    if (!a2a_identify(r, who, &owner)) return false;
    int rc = q_a2a_task_get(store_read(r->dispatcher->store), &r->ex->arena, &owner, id, out, &e);
    if (rc < 0) a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
    if (rc == 0) a2a_fail(r, A2A_TASK_NOT_FOUND, "Task not found");
    return rc == 1;
}

/* How many messages of a task's history are shown: -1 all; `fallback` when nothing is said. False after answering a
 * number that there cannot be. */
static bool history_length(struct a2a_request *r, int fallback, int *out)
{
    yyjson_val *v = yyjson_obj_get(r->params, "historyLength");
    int64_t n = json_i64_or(r->params, "historyLength", -1);
    if (!v || yyjson_is_null(v)) {
        *out = fallback;
        return true;
    }
    if (n < 0) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "historyLength must be a whole number of 0 or more");
        return false;
    }
    *out = n > 1000 ? -1 : (int)n;
    return true;
}

/* What a request about one task answers: 1.0 wraps a task only in replies to messages and in streams. */
static struct str plain_task(struct a2a_request *r)
{
    yyjson_mut_doc *doc = json_doc_new(&r->ex->arena);
    return json_write(&r->ex->arena, a2a_task_value(doc, &r->task, &r->view));
}

void a2a_task_get(struct a2a_request *r)
{
    if (!a2a_task_load(r, json_str(r->params, "id"), A2A_ANYBODY, &r->task)) return;
    if (!history_length(r, -1, &r->view.history_length)) return;
    a2a_task_refresh(r, &r->ex->arena, &r->task);
    a2a_answer(r, plain_task(r));
}

/* --- canceling ----------------------------------------------------------------------------------------------- */

static int put_run(struct tx *tx, struct write_cmd *cmd)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    struct err e;
    return q_a2a_task_put(tx, &r->task, &e);
}

static void write_task(struct a2a_request *r, void (*done)(struct write_cmd *cmd, enum write_result result))
{
    struct err e;
    r->cmd = (struct write_cmd){ .run = put_run, .done = done };
    if (store_write(r->dispatcher->store, &r->cmd, &e)) a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
}

bool a2a_written(struct a2a_request *r, enum write_result result)
{
    if (result == WRITE_COMMITTED) return true;
    a2a_fail(r, JSONRPC_INTERNAL_ERROR, "The store could not keep this; nothing of it happened");
    return false;
}

static void cancel_done(struct write_cmd *cmd, enum write_result result)
{
    struct a2a_request *r = CONTAINER_OF(cmd, struct a2a_request, cmd);
    if (a2a_written(r, result)) a2a_answer(r, plain_task(r));
}

/* Only a task that waits for words can be canceled. What was asked of the publisher is withdrawn with AdCP's own
 * operation (update_media_buy with canceled), whose rules and fees it has. */
void a2a_task_cancel(struct a2a_request *r)
{
    if (!a2a_task_load(r, json_str(r->params, "id"), A2A_ANYBODY, &r->task)) return;
    if (!str_is(r->task.state, "input-required")) {
        a2a_fail(r, A2A_TASK_NOT_CANCELABLE, "The task has ended and cannot be canceled");
        return;
    }
    r->task.state = STR("canceled");
    r->task.message = STR("Canceled by the caller.");
    r->task.updated_at = loop_now(r->dispatcher->loop);
    write_task(r, cancel_done);
}

/* --- listing ------------------------------------------------------------------------------------------------- */

/* False after answering. */
static bool read_filter(struct a2a_request *r, struct a2a_task_filter *f)
{
    yyjson_val *p = r->params;
    struct str status = json_str(p, "status"), after = json_str(p, "statusTimestampAfter");
    int64_t size = json_i64_or(p, "pageSize", PAGE_DEFAULT);
    f->context_id = json_str(p, "contextId");
    f->before_id = json_str(p, "pageToken");
    f->updated_from = TIME_NONE;
    f->failed = -1;
    f->limit = size == 0 ? PAGE_DEFAULT : (int)(size > PAGE_MAX ? PAGE_MAX : size);
    if (size < 0) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "pageSize must be 1 to 100");
        return false;
    }
    if (after.n && rfc3339_parse(after, &f->updated_from)) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "statusTimestampAfter must be an RFC 3339 time");
        return false;
    }
    if (f->before_id.n && !id_text_valid(f->before_id, 64)) {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "pageToken is none of ours");
        return false;
    }
    if (!status.n || str_is(status, "TASK_STATE_UNSPECIFIED") || a2a_state_read(status, &f->state, &f->failed))
        return true;
    if (str_is(status, "completed") || str_is(status, "input-required") || str_is(status, "canceled")) {
        f->state = status;
    } else if (str_starts(status, STR("TASK_STATE_"))) {
        f->state = STR("none of ours");
    } else {
        a2a_fail(r, JSONRPC_INVALID_PARAMS, "status must be a task state");
        return false;
    }
    return true;
}

void a2a_task_list(struct a2a_request *r)
{
    struct arena *a = &r->ex->arena;
    struct tx *tx = store_read(r->dispatcher->store);
    struct a2a_task_filter f = { 0 };
    struct a2a_task_row *rows;
    size_t n;
    int64_t total;
    struct err e;
    if (!history_length(r, 0, &r->view.history_length) || !read_filter(r, &f)) return;
    if (!a2a_identify(r, A2A_SIGNED_IN, &f.owner)) return;
    if (q_a2a_task_list(tx, a, &f, &rows, &n, &e) || q_a2a_task_count(tx, &f, &total, &e)) {
        a2a_fail_err(r, JSONRPC_INTERNAL_ERROR, &e);
        return;
    }
    size_t shown = n > (size_t)f.limit ? (size_t)f.limit : n;
    r->view.no_artifacts = !json_bool_or(r->params, "includeArtifacts", false);
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc), *list = json_add_arr(doc, o, "tasks");
    for (size_t i = 0; i < shown; i++) {
        a2a_task_refresh(r, a, &rows[i]);
        yyjson_mut_arr_append(list, a2a_task_value(doc, &rows[i], &r->view));
    }
    json_add_str(doc, o, "nextPageToken", n > shown ? rows[shown - 1].a2a_task_id : STR(""));
    json_add_i64(doc, o, "pageSize", (int64_t)shown);
    json_add_i64(doc, o, "totalSize", total);
    a2a_answer(r, json_write(a, o));
}

/* --- watching ------------------------------------------------------------------------------------------------ */

static void stream_end(struct a2a_request *r)
{
    list_remove(&r->stream_node);
    r->dispatcher->a2a.streams_n--;
    http_exchange_end(r->ex);
}

static void stream_closed(struct http_exchange *ex)
{
    stream_end(ex->owner);
}

/* True while the AdCP task behind it is open. */
static bool waiting(struct a2a_request *r, struct arena *a, struct a2a_task_row *t)
{
    struct str before = t->payload;
    if (!t->adcp_task_id.n) return false;
    a2a_task_refresh(r, a, t);
    return t->payload.p == before.p;
}

static void look(struct a2a_request *r)
{
    struct a2a_owner owner = { r->task.tenant_id, r->task.principal_id };
    enum a2a_generation g = r->view.generation;
    struct a2a_task_row t;
    struct arena a;
    struct err e;
    arena_init(&a);
    int rc = q_a2a_task_get(store_read(r->dispatcher->store), &a, &owner, r->task.a2a_task_id, &t, &e);
    bool changed = rc == 1 && t.updated_at != r->shown_at; /* a decision touches the row: q_a2a_task_decided() */
    if (changed) r->shown_at = t.updated_at;
    if (changed && !waiting(r, &a, &t)) {
        a2a_stream_event(r, a2a_artifact_event(&a, &t, g));
        a2a_stream_event(r, a2a_status_event(&a, &t, g));
        stream_end(r);
    } else if (rc == 0) {
        stream_end(r); /* it was forgotten meanwhile */
    }
    arena_finish(&a);
}

static void on_tick(struct timer *timer)
{
    struct a2a_hub *h = CONTAINER_OF(timer, struct a2a_hub, tick);
    struct dispatcher *d = CONTAINER_OF(h, struct dispatcher, a2a);
    int64_t now = loop_now(d->loop);
    uint64_t generation = store_generation(d->store);
    bool alive = now - h->alive_at >= KEEP_ALIVE_US;
    struct list all;
    list_init(&all);
    list_splice(&all, &h->streams);
    while (!list_empty(&all)) {
        struct list *node = list_pop_front(&all);
        struct a2a_request *r = CONTAINER_OF(node, struct a2a_request, stream_node);
        list_push_back(&h->streams, node);
        if (alive) http_exchange_write(r->ex, STR(": still waiting\n\n"));
        if (generation != h->seen) look(r);
    }
    if (alive) h->alive_at = now;
    h->seen = generation;
    if (h->streams_n) timer_set(d->loop, &h->tick, now + TICK_US);
}

void a2a_task_subscribe(struct a2a_request *r)
{
    struct dispatcher *d = r->dispatcher;
    struct a2a_hub *h = &d->a2a;
    if (!a2a_task_load(r, json_str(r->params, "id"), A2A_ANYBODY, &r->task)) return;
    bool open = waiting(r, &r->ex->arena, &r->task);
    if (!open && r->view.generation == A2A_1_0 && !str_is(r->task.state, "input-required")) {
        a2a_fail(r, A2A_UNSUPPORTED, "The task has ended; read it with GetTask");
        return;
    }
    if (!open || h->streams_n == A2A_STREAMS_MAX) {
        a2a_answer(r, a2a_task_result(&r->task, &r->view));
        return;
    }
    r->shown_at = r->task.updated_at;
    r->ex->owner = r;
    r->ex->closed = stream_closed;
    r->ex->close_on_drain = true;
    a2a_stream_begin(r);
    a2a_stream_event(r, a2a_task_result(&r->task, &r->view));
    list_push_back(&h->streams, &r->stream_node);
    if (h->streams_n++ == 0) {
        h->alive_at = loop_now(d->loop);
        h->seen = store_generation(d->store);
        timer_set(d->loop, &h->tick, h->alive_at + TICK_US);
    }
}

void a2a_hub_start(struct dispatcher *d)
{
    list_init(&d->a2a.streams);
    d->a2a.tick.fire = on_tick;
}

void a2a_hub_stop(struct dispatcher *d)
{
    timer_cancel(d->loop, &d->a2a.tick);
    while (!list_empty(&d->a2a.streams)) {
        stream_end(CONTAINER_OF(d->a2a.streams.next, struct a2a_request, stream_node));
    }
}
