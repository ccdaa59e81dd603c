#include "protocols/envelope.h"

#include "base/buf.h"
#include "contract/error_codes.h"
#include "contract/limits.h"

static const char *status_word(enum tool_outcome o)
{
    switch (o) {
    case TOOL_COMPLETED: return "completed";
    case TOOL_SUBMITTED: return "submitted";
    case TOOL_WORKING: return "working";
    case TOOL_INPUT_REQUIRED: return "input-required";
    }
    ENSURE(!"a tool outcome has a word");
    return NULL;
}

/* A closed reply says of itself whether it has a status; its sentence for people travels beside it. */
static void complete_closed(struct tool_call *t)
{
    json_add_str_opt(t->doc, t->aux, "message", t->message);
    if (t->outcome == TOOL_COMPLETED) return;
    json_add_cstr(t->doc, t->reply, "status", status_word(t->outcome));
    json_add_str_opt(t->doc, t->reply, "task_id", t->task_id);
    json_add_str_opt(t->doc, t->reply, "message", t->message);
}

void envelope_complete(struct tool_call *t, const struct tool *row)
{
    if (row->closed) {
        complete_closed(t);
        return;
    }
    if (!yyjson_mut_obj_get(t->reply, "status")) json_add_cstr(t->doc, t->reply, "status", status_word(t->outcome));
    if (t->task_id.n && !yyjson_mut_obj_get(t->reply, "task_id")) {
        json_add_str(t->doc, t->reply, "task_id", t->task_id);
    }
    if (t->message.n && !yyjson_mut_obj_get(t->reply, "message")) {
        json_add_str(t->doc, t->reply, "message", t->message);
    }
}

struct str envelope_snapshot(struct arena *a, const struct tool_call *t)
{
    yyjson_mut_val *root = yyjson_mut_obj(t->doc);
    json_add_val(t->doc, root, "reply", t->reply);
    json_add_val(t->doc, root, "aux", t->aux);
    json_add_i64(t->doc, root, "outcome", t->outcome);
    return json_write(a, root);
}

/* "/packages/0/budget" -> "packages[0].budget": AdCP's `field` is JSONPath-like, ours a JSON Pointer. */
static struct str envelope_field_path(struct arena *a, const char *pointer)
{
    struct buf b;
    buf_init(&b, 2 * ERR_FIELD_MAX + 16);
    for (const char *p = pointer; *p == '/';) {
        const char *end = strchrnul(++p, '/');
        bool index = end > p;
        for (const char *q = p; q < end; q++) index = index && *q >= '0' && *q <= '9';
        if (index) {
            buf_addf(&b, "[%.*s]", (int)(end - p), p);
        } else {
            if (b.n) buf_add_char(&b, '.');
            buf_add(&b, (struct str){ p, (size_t)(end - p) });
        }
        p = end;
    }
    struct str path = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return path;
}

/* AdCP: a whole number of seconds, of an hour at most. */
static int retry_after(int seconds)
{
    return seconds < 1 ? 1 : seconds > 3600 ? 3600 : seconds;
}

static yyjson_mut_val *error_object(yyjson_mut_doc *doc, struct arena *a, const struct err *e)
{
    const struct error_code *row = error_code_find(e->code);
    yyjson_mut_val *o = yyjson_mut_obj(doc);
    json_add_cstr(doc, o, "code", e->code);
    json_add_cstr(doc, o, "message", e->message);
    if (strcmp(e->code, "IDEMPOTENCY_CONFLICT") == 0)
        return o; /* AdCP: nothing more, it could speak of the first request */
    json_add_cstr(doc, o, "recovery", row ? error_recovery_name(row->recovery[ADCP_LINE_NEWEST]) : "correctable");
    if (e->field[0]) json_add_str(doc, o, "field", envelope_field_path(a, e->field));
    if (e->suggestion[0]) json_add_cstr(doc, o, "suggestion", e->suggestion);
    if (e->retry_after_s) json_add_i64(doc, o, "retry_after", retry_after(e->retry_after_s));
    if (e->details[0] && json_add_text(doc, o, "details", str_from(e->details))) {
        yyjson_mut_val *issues = yyjson_mut_obj_get(yyjson_mut_obj_get(o, "details"), "issues");
        if (issues) json_add_val(doc, o, "issues", yyjson_mut_val_mut_copy(doc, issues));
    }
    if (e->field[0] && !yyjson_mut_obj_get(o, "issues")) {
        yyjson_mut_val *issue = json_push_obj(doc, json_add_arr(doc, o, "issues"));
        json_add_cstr(doc, issue, "pointer", e->field);
        json_add_cstr(doc, issue, "message", e->message);
        json_add_cstr(doc, issue, "keyword", "value");
    }
    return o;
}

/* The canonical failure: {"status":"failed","adcp_error":{...},"errors":[{...}]}. */
static yyjson_mut_val *envelope_error(struct arena *a, yyjson_mut_doc *doc, const struct err *e)
{
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    json_add_cstr(doc, root, "status", "failed");
    json_add_val(doc, root, "adcp_error", error_object(doc, a, e));
    yyjson_mut_val *errors = json_add_arr(doc, root, "errors");
    yyjson_mut_arr_append(errors, error_object(doc, a, e));
    return root;
}

/* The reply cannot be read back: the caller hears that, and nothing that is half of it. */
static void unreadable(struct call *c, struct dialect_down *down)
{
    c->outcome = CALL_UNAVAILABLE;
    down->failed = true;
    err_set(&c->err, "SERVICE_UNAVAILABLE", "The agent could not write its reply.");
    down->reply =
        json_parse_own(c->arena, json_write(c->arena, envelope_error(c->arena, json_doc_new(c->arena), &c->err)));
}

/* The canonical reply as values that a dialect can read: written and read back, because what was spliced or printed
 * as raw text has no value before that. */
static void canonical_reply(struct call *c, struct dialect_down *down)
{
    if (down->failed) {
        down->reply =
            json_parse_own(c->arena, json_write(c->arena, envelope_error(c->arena, json_doc_new(c->arena), &c->err)));
        if (!down->reply) unreadable(c, down);
        return;
    }
    if (!c->canonical.n && c->fresh) c->canonical = envelope_snapshot(c->arena, c->fresh);
    yyjson_val *root = json_parse_own(c->arena, c->canonical);
    down->reply = yyjson_obj_get(root, "reply");
    down->aux = yyjson_obj_get(root, "aux");
    c->tool_outcome = (enum tool_outcome)json_i64_or(root, "outcome", TOOL_COMPLETED);
    if (!yyjson_is_obj(down->reply)) unreadable(c, down);
}

struct str envelope_added(const struct call *c, bool own_context_id)
{
    yyjson_val *context = c->args ? yyjson_obj_get(c->args, "context") : NULL;
    bool named = c->context_id.n && !own_context_id;
    if (!yyjson_is_obj(context) && !named) return STR_NONE;
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    if (yyjson_is_obj(context)) {
        buf_add(&b, STR(",\"context\":"));
        buf_add(&b, json_write_val(c->arena, context));
    }
    if (named) {
        buf_add(&b, STR(",\"context_id\":"));
        buf_add_json_str(&b, c->context_id);
    }
    struct str added = arena_dup(c->arena, buf_str(&b));
    buf_finish(&b);
    return added;
}

struct str envelope_with(struct arena *a, struct str body, struct str added)
{
    char *out = arena_alloc_raw(a, body.n + added.n + 1);
    char *p = mempcpy(out, body.p, body.n - 1);
    p = mempcpy(p, added.p ? added.p : "", added.n);
    *p++ = '}';
    *p = '\0';
    return (struct str){ out, (size_t)(p - out) };
}

/* Of a reply whose schema names all of its members. */
static bool closed_reply(const struct call *c)
{
    return c->row && c->row->closed && c->outcome == CALL_OK;
}

static void add_envelope(struct call *c, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
    if (closed_reply(c)) {
        if (c->replayed) json_add_bool(doc, body, "replayed", true);
        if (c->row->says_version) json_add_str_opt(doc, body, "adcp_version", c->adcp_version);
        return;
    }
    if (c->replayed) json_add_bool(doc, body, "replayed", true);
    /* Buyers that leave the key to their client library learn it here; the published storyboard `idempotency` reads it. */
    yyjson_val *key = c->args ? yyjson_obj_get(c->args, "idempotency_key") : NULL;
    bool keyed = c->row && c->row->idempotency == IDEM_REQUIRED && yyjson_is_str(key) && c->outcome == CALL_OK;
    if (keyed && !yyjson_mut_obj_get(body, "idempotency_key")) json_add_copy(doc, body, "idempotency_key", key);
    if (c->adcp_version.n && !yyjson_mut_obj_get(body, "adcp_version")) {
        json_add_str(doc, body, "adcp_version", c->adcp_version);
    }
}

/* The test controller's arguments are not held to a schema: a context may be anything there. */
static bool has_context(const struct call *c)
{
    return yyjson_is_obj(c->args ? yyjson_obj_get(c->args, "context") : NULL);
}

/* The reply as text. What is the call's alone stands at its end, so that the rest can be kept. */
static void write_body(struct call *c, yyjson_mut_doc *doc, yyjson_mut_val *body)
{
    if (has_context(c)) yyjson_mut_obj_remove_key(body, "context");
    if (!c->dialect->adcp3) {
        if (has_context(c)) json_add_copy(doc, body, "context", yyjson_obj_get(c->args, "context"));
        c->body = json_write(c->arena, body);
        return;
    }
    add_envelope(c, doc, body);
    c->keep.own_context_id = closed_reply(c) || yyjson_mut_obj_get(body, "context_id") != NULL;
    c->keep.added = envelope_added(c, c->keep.own_context_id);
    struct str plain = json_write(c->arena, body);
    bool own_context = yyjson_mut_obj_get(body, "context") != NULL;
    c->keep.plain = own_context ? STR_NONE : plain;
    c->body = c->keep.added.n ? envelope_with(c->arena, plain, c->keep.added) : plain;
}

/* The dialect that is the canonical form takes a fresh reply as it stands. */
static void render_verbatim(struct call *c)
{
    const struct tool_call *t = c->fresh;
    c->message = t->message;
    c->task_id = t->task_id;
    c->tool_outcome = t->outcome;
    write_body(c, t->doc, t->reply);
}

/* Older shapes leave our ext out; that numbers are made up is said in them all the same. */
static void add_simulated(const struct call *c, const struct dialect_down *down, yyjson_mut_val *body)
{
    yyjson_val *ours = json_obj(json_obj(down->reply, "ext"), "salesagent");
    if (c->dialect->adcp3 || down->failed || !json_bool_or(ours, "simulated", false)) return;
    yyjson_mut_val *ext = yyjson_mut_obj_get(body, "ext");
    if (!yyjson_mut_is_obj(ext)) {
        yyjson_mut_obj_remove_key(body, "ext");
        ext = json_add_obj(down->doc, body, "ext");
    }
    yyjson_mut_val *out = yyjson_mut_obj_get(ext, "salesagent");
    if (!out) out = json_add_obj(down->doc, ext, "salesagent");
    json_add_bool(down->doc, out, "simulated", true);
}

void envelope_render(struct call *c)
{
    struct dialect_down down = { .request = &c->request, .failed = c->outcome != CALL_OK };
    if (!down.failed && c->fresh && c->dialect->verbatim) {
        render_verbatim(c);
        return;
    }
    canonical_reply(c, &down);
    c->message = down.failed ? str_from(c->err.message) : json_str(down.reply, "message");
    if (!c->message.n && !down.failed) c->message = json_str(down.aux, "message");
    c->task_id = json_str(down.reply, "task_id");
    if (down.failed) c->retry_after_s = c->err.retry_after_s;
    down.doc = json_doc_new(c->arena);
    yyjson_mut_val *body = c->dialect->down(&down);
    ENSURE(body != NULL && yyjson_mut_is_obj(body));
    /* What AdCP answers with an empty list may be an error in an older shape. */
    bool failed = yyjson_mut_obj_get(body, "error") || yyjson_mut_obj_get(body, "error_code");
    if (!c->dialect->adcp3 && c->outcome == CALL_OK && failed) c->outcome = CALL_FAILED;
    add_simulated(c, &down, body);
    write_body(c, down.doc, body);
}
